//! What ASSERT VALUES and ASSERT STREAM ask, for scenarios.

use std::sync::Arc;

use datafusion_expr::Expr;
use weir_catalog::{Column, ColumnRole, FormatSpec, Schema, Source, SqlType};
use weir_sql::{
    Ident,
    statement::{AssertValues, CreateSource, SourceKind},
};

use crate::{
    Context, Error, ErrorKind,
    bind::{self, Scope},
    create_source,
    properties::{SOURCE_PROPERTIES, With},
    query::unknown_source,
};

/// What a record is compared with.
#[derive(Debug, Clone)]
pub struct AssertPlan {
    pub source: Arc<Source>,
    /// Those that are listed, in the order of the list; without a list all of the key and the value.
    pub columns: Vec<AssertColumn>,
}

#[derive(Debug, Clone)]
pub struct AssertColumn {
    pub column: Column,
    /// The record's own time, and no column of the source.
    pub is_row_time: bool,
    /// Without column references.
    pub expected: Expr,
}

/// ASSERT VALUES; with `is_null`, ASSERT NULL VALUES, which names columns of the key.
pub fn values(
    assert: &AssertValues,
    is_null: bool,
    context: &Context<'_>,
) -> Result<AssertPlan, Error> {
    let source = find(&assert.source, context)?;
    let columns = columns(assert, is_null, source)?;
    if columns.len() != assert.values.len() {
        let message = if assert.columns.is_empty() {
            let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
            format!(
                "Expected a value for each column. Expected Columns: [{}]. Got {}",
                names.join(", "),
                assert.values.len()
            )
        } else {
            format!(
                "Expected number columns and values to match: {}, {}",
                columns.len(),
                assert.values.len()
            )
        };
        return Err(Error::new(ErrorKind::Invalid, message).at(assert.source.span));
    }
    let scope = Scope::without_columns(context.catalog, context.functions);
    let columns = columns.into_iter().zip(&assert.values);
    let columns = columns.map(|(column, value)| {
        let typed = bind::expression(value, &scope, "ASSERT VALUES")?;
        let expected = bind::constant_into(value, typed, &column.sql_type, &column.name)?;
        Ok(AssertColumn {
            is_row_time: source.schema.column(&column.name).is_none(),
            column,
            expected,
        })
    });
    Ok(AssertPlan {
        source: source.clone(),
        columns: columns.collect::<Result<_, Error>>()?,
    })
}

/// ASSERT COUNT.
pub fn counted<'a>(name: &Ident, context: &Context<'a>) -> Result<&'a Arc<Source>, Error> {
    find(name, context)
}

fn find<'a>(name: &Ident, context: &Context<'a>) -> Result<&'a Arc<Source>, Error> {
    let found = context.catalog.source(&name.value);
    found.ok_or_else(|| unknown_source(&name.value, name.span, context))
}

fn columns(assert: &AssertValues, is_null: bool, source: &Source) -> Result<Vec<Column>, Error> {
    let is_meant = |column: &&Column| match column.role {
        ColumnRole::Key => true,
        ColumnRole::Value => !is_null,
        ColumnRole::Headers | ColumnRole::Header(_) => false,
    };
    if assert.columns.is_empty() {
        let all = source.schema.keys_first().filter(is_meant);
        return Ok(all.cloned().collect());
    }
    let listed = assert.columns.iter().map(|name| {
        let column = match (name.value.as_str(), source.schema.column(&name.value)) {
            ("ROWTIME", None) => Column::value("ROWTIME", SqlType::BigInt),
            (_, Some(column)) => column.clone(),
            (unknown, None) => {
                let names = source.schema.columns.iter();
                let names: Vec<&str> = names.map(|column| column.name.as_str()).collect();
                let mut error = Error::new(
                    ErrorKind::UnknownColumn,
                    format!("Column name `{unknown}` does not exist."),
                );
                error.hint = Scope::nearest_property(unknown, &names);
                return Err(error.at(name.span));
            }
        };
        if is_null && column.role != ColumnRole::Key && column.name != "ROWTIME" {
            return Err(Error::new(
                ErrorKind::Key,
                format!(
                    "ASSERT NULL VALUES names columns of the key, and {} is none: where the value is NULL, there is nothing else to compare.",
                    column.name
                ),
            )
            .at(name.span));
        }
        Ok(column)
    });
    listed.collect()
}

/// The properties that ASSERT STREAM and ASSERT TABLE look at.
const COMPARED: &[&str] = &[
    "KAFKA_TOPIC",
    "FORMAT",
    "KEY_FORMAT",
    "VALUE_FORMAT",
    "KEY_DELIMITER",
    "VALUE_DELIMITER",
    "WRAP_SINGLE_VALUE",
    "TIMESTAMP",
    "TIMESTAMP_FORMAT",
];

/// ASSERT STREAM and ASSERT TABLE: the kind, the columns if any are listed, and each property that is listed.
pub fn source(assert: &CreateSource, context: &Context<'_>) -> Result<(), Error> {
    let actual = find(&assert.name, context)?;
    let with = With::try_new(&assert.properties, SOURCE_PROPERTIES)?;
    refuse_others(assert)?;
    let compare = |what: &str, expected: &str, found: &str| {
        if expected == found {
            return Ok(());
        }
        let message = format!(
            "Expected {what} does not match actual for source {}. Expected: {expected}, Actual: {found}",
            actual.name
        );
        Err(Error::new(ErrorKind::Invalid, message).at(assert.name.span))
    };
    let kind = match assert.kind {
        SourceKind::Stream => weir_catalog::SourceKind::Stream,
        SourceKind::Table => weir_catalog::SourceKind::Table,
    };
    compare("type", &kind.to_string(), &actual.kind.to_string())?;
    if !assert.columns.is_empty() {
        let expected = create_source::schema(assert, context)?;
        let keys_first = |schema: &Schema| Schema::new(schema.keys_first().cloned().collect());
        let (expected, found) = (keys_first(&expected), keys_first(&actual.schema));
        compare("schema", &expected.to_string(), &found.to_string())?;
    }
    if let Some(topic) = with.text("KAFKA_TOPIC")? {
        compare("kafka topic", &topic, &actual.topic)?;
    }
    let both = with.text("FORMAT")?;
    for (part, format) in [("key", &actual.key_format), ("value", &actual.value_format)] {
        let property = |name: &str| with.text(&format!("{}_{name}", part.to_uppercase()));
        if let Some(name) = property("FORMAT")?.or_else(|| both.clone()) {
            let name = name.to_uppercase();
            compare(&format!("{part} format"), &name, &format.format.to_string())?;
        }
        if let Some(delimiter) = property("DELIMITER")? {
            let what = format!("{part} delimiter");
            compare(&what, &delimiter, &shown_delimiter(format))?;
        }
    }
    if let Some(is_wrapped) = with.boolean("WRAP_SINGLE_VALUE")? {
        let feature = |is_wrapped| match is_wrapped {
            true => "[WRAP_SINGLES]",
            false => "[UNWRAP_SINGLES]",
        };
        let found = feature(actual.value_format.wrap_single);
        compare("value serde features", feature(is_wrapped), found)?;
    }
    let timestamp = actual.timestamp.as_ref();
    if let Some(column) = with.text("TIMESTAMP")? {
        let unquoted = column.strip_prefix('`');
        let unquoted = unquoted.and_then(|column| column.strip_suffix('`'));
        let column = unquoted.map_or_else(|| column.to_uppercase(), str::to_owned);
        let found = timestamp.map_or("none", |timestamp| &timestamp.column);
        compare("timestamp column", &column, found)?;
    }
    if let Some(format) = with.text("TIMESTAMP_FORMAT")? {
        let found = timestamp.and_then(|timestamp| timestamp.format.as_deref());
        compare("timestamp format", &format, found.unwrap_or("none"))?;
    }
    Ok(())
}

/// What is listed is compared, and what cannot be compared is not to be listed.
fn refuse_others(assert: &CreateSource) -> Result<(), Error> {
    let other = assert
        .properties
        .entries
        .iter()
        .find(|property| !COMPARED.contains(&property.name.value.to_uppercase().as_str()));
    match other {
        None => Ok(()),
        Some(property) => Err(Error::new(
            ErrorKind::Property,
            format!(
                "{} cannot be asserted: a source is compared by {}.",
                property.name.value.to_uppercase(),
                COMPARED.join(", ")
            ),
        )
        .at(property.name.span)),
    }
}

fn shown_delimiter(format: &FormatSpec) -> String {
    match format.delimiter {
        Some(' ') => "SPACE".to_owned(),
        Some('\t') => "TAB".to_owned(),
        Some(character) => character.to_string(),
        None => ",".to_owned(),
    }
}
