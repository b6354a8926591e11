//! CREATE STREAM over a topic.

use weir_catalog::{Column, ColumnRole, Schema, Source, SourceKind, SqlType};
use weir_sql::statement::{self, CreateSource};

use crate::{
    Context, CreateSourcePlan, Error, ErrorKind,
    bind::types::resolve_type,
    format_support::check_formats,
    properties::{SOURCE_PROPERTIES, With},
};

/// Names that every source has already.
pub const RESERVED_COLUMNS: &[&str] = &[
    "ROWTIME",
    "ROWPARTITION",
    "ROWOFFSET",
    "WINDOWSTART",
    "WINDOWEND",
];

pub fn plan(
    create: &CreateSource,
    text: &str,
    context: &Context<'_>,
) -> Result<CreateSourcePlan, Error> {
    if create.kind == statement::SourceKind::Table {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "Tables are not in this version: CREATE STREAM is.",
        )
        .at(create.name.span));
    }
    let with = With::try_new(&create.properties, SOURCE_PROPERTIES)?;
    let Some(topic) = with.text("KAFKA_TOPIC")? else {
        return Err(Error::new(
            ErrorKind::Property,
            "Missing required property \"KAFKA_TOPIC\" which has no default value.",
        ));
    };
    let (key_format, value_format) = with.formats(context, None)?;
    let schema = schema(create, context)?;
    check_headers(&schema, context)?;
    let value_format = with.wrapped(value_format, &schema, context)?;
    check_formats(&schema, &key_format, &value_format)?;
    let timestamp = with.timestamp(&schema)?;
    let spec = with.topic(topic.clone(), None)?;
    check_topic(&spec, context)?;
    Ok(CreateSourcePlan {
        source: Source {
            name: create.name.value.clone(),
            kind: SourceKind::Stream,
            topic,
            schema,
            key_format,
            value_format,
            timestamp,
            is_source: create.is_source,
            created_by: None,
            statement: text.to_owned(),
        },
        or_replace: create.or_replace,
        if_not_exists: create.if_not_exists,
        topic: spec,
    })
}

fn check_headers(schema: &Schema, context: &Context<'_>) -> Result<(), Error> {
    let mut columns = schema.columns.iter();
    let has_headers =
        columns.any(|column| matches!(column.role, ColumnRole::Headers | ColumnRole::Header(_)));
    let switch = context.properties.get("ksql.headers.columns.enabled");
    if has_headers && switch.is_some_and(|value| value.eq_ignore_ascii_case("false")) {
        return Err(Error::new(
            ErrorKind::Invalid,
            "Cannot create Stream because schema with headers columns is disabled.",
        ));
    }
    Ok(())
}

/// The topic must be there, or the statement must say how to make it.
fn check_topic(spec: &crate::TopicSpec, context: &Context<'_>) -> Result<(), Error> {
    match (context.topics.topic(&spec.name), spec.partitions) {
        (None, None) => Err(Error::new(
            ErrorKind::UnknownTopic,
            format!(
                "Topic '{}' does not exist. If you want to create a new topic for the stream/table please re-run the statement providing the required 'PARTITIONS' configuration in the WITH clause (and optionally 'REPLICAS'). For example: CREATE STREAM/TABLE ... WITH (KAFKA_TOPIC='{}', PARTITIONS=1, ...)",
                spec.name, spec.name
            ),
        )),
        (Some(facts), Some(partitions)) if facts.partitions != partitions => Err(Error::new(
            ErrorKind::Property,
            format!(
                "A Kafka topic with the name '{}' already exists, with different partition/replica configuration than required. KSQL expects {partitions} partitions (topic has {}), and {} replication factor (topic has {}).",
                spec.name, facts.partitions, spec.replicas, facts.replicas
            ),
        )),
        _ => Ok(()),
    }
}

pub(crate) fn schema(create: &CreateSource, context: &Context<'_>) -> Result<Schema, Error> {
    if create.columns.is_empty() {
        return Err(Error::new(
            ErrorKind::Invalid,
            "No columns supplied. The statement does not define any columns.",
        )
        .at(create.name.span));
    }
    let mut columns: Vec<Column> = Vec::with_capacity(create.columns.len());
    for definition in &create.columns {
        let name = definition.name.value.clone();
        if RESERVED_COLUMNS.contains(&name.as_str()) {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!(
                    "'{name}' is a reserved column name. You cannot use it as a name for a column."
                ),
            )
            .at(definition.name.span));
        }
        if columns.iter().any(|column| column.name == name) {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("Duplicate column names: {name}"),
            )
            .at(definition.name.span));
        }
        let sql_type = resolve_type(&definition.type_name, context.catalog)?;
        let role = role(definition, &sql_type, &columns)?;
        columns.push(Column {
            name,
            sql_type,
            role,
        });
    }
    Ok(Schema::new(columns))
}

fn role(
    definition: &statement::ColumnDefinition,
    sql_type: &SqlType,
    before: &[Column],
) -> Result<ColumnRole, Error> {
    let refuse = |message: String| Err(Error::new(ErrorKind::Key, message).at(definition.span));
    let name = &definition.name.value;
    match &definition.role {
        statement::ColumnRole::Value => Ok(ColumnRole::Value),
        statement::ColumnRole::Key => Ok(ColumnRole::Key),
        statement::ColumnRole::PrimaryKey => refuse(format!(
            "Column `{name}` is a 'PRIMARY KEY' column: please use 'KEY' for streams.\nTables have PRIMARY KEYs, which are unique and NON NULL.\nStreams have KEYs, which have no uniqueness or NON NULL constraints."
        )),
        statement::ColumnRole::Headers => {
            if *sql_type != headers_type() {
                return refuse(format!(
                    "Invalid type for HEADERS column: expected ARRAY<STRUCT<`KEY` STRING, `VALUE` BYTES>>, got {sql_type}"
                ));
            }
            let has_headers = before
                .iter()
                .any(|column| matches!(column.role, ColumnRole::Headers | ColumnRole::Header(_)));
            if has_headers {
                return refuse("Schema already contains a HEADERS column.".to_owned());
            }
            Ok(ColumnRole::Headers)
        }
        statement::ColumnRole::Header(key) => {
            if *sql_type != SqlType::Bytes {
                return refuse(format!(
                    "Invalid type for HEADER('{key}') column: expected BYTES, got {sql_type}"
                ));
            }
            if before
                .iter()
                .any(|column| column.role == ColumnRole::Headers)
            {
                return refuse("Schema already contains a HEADERS column.".to_owned());
            }
            if before
                .iter()
                .any(|column| column.role == ColumnRole::Header(key.clone()))
            {
                return refuse(format!("Schema already contains a HEADER('{key}') column."));
            }
            Ok(ColumnRole::Header(key.clone()))
        }
    }
}

/// `ARRAY<STRUCT<KEY STRING, VALUE BYTES>>`.
pub fn headers_type() -> SqlType {
    SqlType::array(SqlType::structure([
        ("KEY".to_owned(), SqlType::String),
        ("VALUE".to_owned(), SqlType::Bytes),
    ]))
}
