//! CREATE STREAM over a topic.

use std::collections::HashSet;

use weir_catalog::{Column, ColumnRole, Schema, Source, SourceKind, SqlType};
use weir_sql::{
    Span,
    statement::{self, CreateSource},
};

use crate::{
    Context, CreateSourcePlan, Error, ErrorKind, TopicFacts, TopicSpec,
    bind::types::resolve_type,
    format_support::check_formats_at,
    properties::{SOURCE_PROPERTIES, With},
    windowed_key,
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
        )
        .at(create.name.span)
        .hint("say whose records these are: WITH (KAFKA_TOPIC='…', …)"));
    };
    let (mut key_format, value_format) = with.formats(context, None)?;
    key_format.window = windowed_key::window(&with)?;
    let schema = schema(create, context)?;
    if key_format.window.is_some() && schema.keys().next().is_none() {
        return Err(
            Error::new(ErrorKind::Key, "Windowed sources require a key column.")
                .at(create.name.span)
                .hint("say with KEY which column is the one behind which the windows are"),
        );
    }
    let value_format = with.wrapped(value_format, &schema, context)?;
    let declared = |name: &str| {
        let mut columns = create.columns.iter();
        columns.find(|column| column.name.value == name)
    };
    check_formats_at(&schema, &key_format, &value_format, |name| {
        declared(name).map(|column| column.span)
    })?;
    let timestamp = with.timestamp(&schema);
    let timestamp = timestamp.map_err(|error| with.place(error, "TIMESTAMP"))?;
    let spec = with.topic(topic.clone(), None)?;
    check_topic(&spec, context).map_err(|error| with.place(error, "KAFKA_TOPIC"))?;
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

/// The topic must be there, or the statement must say how to make it.
fn check_topic(spec: &TopicSpec, context: &Context<'_>) -> Result<(), Error> {
    let found = context.topics.topic(&spec.name);
    if found.is_none() && spec.partitions.is_none() {
        return Err(Error::new(
            ErrorKind::UnknownTopic,
            format!(
                "Topic '{}' does not exist. If you want to create a new topic for the stream/table please re-run the statement providing the required 'PARTITIONS' configuration in the WITH clause (and optionally 'REPLICAS'). For example: CREATE STREAM/TABLE ... WITH (KAFKA_TOPIC='{}', PARTITIONS=1, ...)",
                spec.name, spec.name
            ),
        ));
    }
    check_like(spec, found)
}

/// A topic that is there already must be as a statement asks for it. What a sink only has from its source is not asked of
/// it: a source's topic may grow, and its queries start again.
pub fn check_like(spec: &TopicSpec, found: Option<TopicFacts>) -> Result<(), Error> {
    let Some(found) = found.filter(|_| spec.is_said) else {
        return Ok(());
    };
    let partitions = spec.partitions.unwrap_or(found.partitions);
    // More replicas than were asked for are as good.
    if found.partitions == partitions && found.replicas >= spec.replicas {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Property,
        format!(
            "A Kafka topic with the name '{}' already exists, with different partition/replica configuration than required. KSQL expects {partitions} partitions (topic has {}), {} replication factor (topic has {}).",
            spec.name, found.partitions, spec.replicas, found.replicas
        ),
    )
    .hint(format!(
        "PARTITIONS={}, REPLICAS={} are those of the topic",
        found.partitions, found.replicas
    )))
}

pub(crate) fn schema(create: &CreateSource, context: &Context<'_>) -> Result<Schema, Error> {
    if create.columns.is_empty() {
        return Err(Error::new(
            ErrorKind::Invalid,
            "No columns supplied. The statement does not define any columns.",
        )
        .at(create.name.span)
        .hint("name the columns and their types: CREATE STREAM … (a INT, …) WITH (…)"));
    }
    if let Some((span, names)) = duplicates(create) {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("Duplicate column names: {names}"),
        )
        .at(span)
        .hint("names that are not quoted are the same in upper and lower case"));
    }
    let has_headers = create.columns.iter().any(|column| {
        matches!(
            column.role,
            statement::ColumnRole::Headers | statement::ColumnRole::Header(_)
        )
    });
    let switch = context.properties.get("ksql.headers.columns.enabled");
    if has_headers && switch.is_some_and(|value| value.eq_ignore_ascii_case("false")) {
        return Err(Error::new(
            ErrorKind::Invalid,
            "Cannot create Stream because schema with headers columns is disabled.",
        )
        .at(create.name.span)
        .hint("ksql.headers.columns.enabled=true in the server's configuration allows them"));
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

/// The columns whose names are there more than once, and the place of the second.
fn duplicates(create: &CreateSource) -> Option<(Span, String)> {
    let mut seen = HashSet::new();
    let mut repeated: Vec<&statement::ColumnDefinition> = Vec::new();
    for column in &create.columns {
        let is_known = |other: &&statement::ColumnDefinition| other.name.value == column.name.value;
        if !seen.insert(column.name.value.as_str()) && !repeated.iter().any(is_known) {
            repeated.push(column);
        }
    }
    let first = repeated.first()?.name.span;
    let names = repeated
        .iter()
        .map(|column| format!("`{}`", column.name.value));
    Some((first, names.collect::<Vec<_>>().join(", ")))
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
