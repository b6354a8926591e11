//! What a format can carry, as keys and as values.

use weir_catalog::{Column, ColumnRole, Format, FormatSpec, Schema, SqlType};

use weir_sql::Span;

use crate::{Error, ErrorKind};

/// Refuses columns that their format has no form for.
pub fn check_formats(schema: &Schema, key: &FormatSpec, value: &FormatSpec) -> Result<(), Error> {
    check_formats_at(schema, key, value, |_| None)
}

/// The same, with the place of the column that is refused; `place` knows where a column was declared.
pub fn check_formats_at(
    schema: &Schema,
    key: &FormatSpec,
    value: &FormatSpec,
    place: impl Fn(&str) -> Option<Span>,
) -> Result<(), Error> {
    let keys: Vec<&Column> = schema.keys().collect();
    let values: Vec<&Column> = schema.values().collect();
    let placed = |error: Error, column: &str| match place(column) {
        Some(span) => error.at(span),
        None => error,
    };
    if let Some(column) = keys.iter().find(|column| contains_map(&column.sql_type)) {
        return Err(placed(map_key(column), &column.name));
    }
    for (part, columns, spec) in [("Key", &keys, key), ("Value", &values, value)] {
        if let Some((reason, column)) = reason(columns, spec.format) {
            let shown = shown(columns);
            let features = features(part, columns, spec);
            let error = Error::new(
                ErrorKind::Property,
                format!(
                    "{part} format does not support schema.\nformat: {}\nschema: Persistence{{columns=[{shown}], features=[{features}]}}\nreason: {reason}",
                    spec.format
                ),
            );
            let error = placed(error, &column.name);
            return Err(match spec.format {
                Format::Json => error.hint("declare it with STRING keys: JSON has no others"),
                _ => error.hint(format!(
                    "{}_FORMAT='JSON' takes columns of all types, and any number of them",
                    part.to_uppercase()
                )),
            });
        }
    }
    Ok(())
}

/// The order of a map's entries is nobody's promise, and keys are compared as bytes.
fn map_key(column: &Column) -> Error {
    Error::new(
        ErrorKind::Key,
        format!(
            "Map keys, including types that contain maps, are not supported as they may lead to unexpected behavior due to inconsistent serialization. Key column name: `{}`. Column type: {}. See https://github.com/confluentinc/ksql/issues/6621 for more.",
            column.name, column.sql_type
        ),
    )
}

/// Why a format cannot carry these columns, and the first that it cannot.
fn reason<'a>(columns: &[&'a Column], format: Format) -> Option<(String, &'a Column)> {
    let unsupported = |sql_type: &SqlType| {
        format!(
            "The '{format}' format does not support type '{}'",
            kind_of(sql_type)
        )
    };
    let first = |is_refused: &dyn Fn(&SqlType) -> bool| {
        let mut refused = columns.iter().filter(|column| is_refused(&column.sql_type));
        refused.next().copied()
    };
    match format {
        Format::None => {
            let column = first(&|_| true)?;
            let shown = shown(columns);
            let why = format!(
                "The 'NONE' format can only be used when no columns are defined. Got: [{shown}]"
            );
            Some((why, column))
        }
        Format::Kafka if columns.len() > 1 => {
            let shown = shown(columns);
            let why = format!("The 'KAFKA' format only supports a single field. Got: [{shown}]");
            Some((why, columns.get(1)?))
        }
        Format::Kafka => {
            let column = first(&|sql_type| !is_kafkas(sql_type))?;
            Some((unsupported(&column.sql_type), column))
        }
        Format::Delimited => {
            let column = first(&is_nested)?;
            let why = unsupported(&column.sql_type);
            Some((format!("{why}, column: `{}`", column.name), column))
        }
        Format::Json => {
            let column = first(&has_other_map_keys)?;
            let why = "JSON only supports MAP types with STRING keys";
            Some((why.to_owned(), column))
        }
    }
}

/// What ksqlDB notes of a format beside its name: whether a single field stands alone.
fn features(part: &str, columns: &[&Column], spec: &FormatSpec) -> &'static str {
    let is_alone = columns.len() == 1 && spec.format == Format::Json;
    match is_alone && (part == "Key" || !spec.wrap_single) {
        true => "UNWRAP_SINGLES",
        false => "",
    }
}

fn shown(columns: &[&Column]) -> String {
    let shown = columns.iter().map(|column| {
        let role = if column.role == ColumnRole::Key {
            " KEY"
        } else {
            ""
        };
        format!("`{}` {}{role}", column.name, column.sql_type)
    });
    shown.collect::<Vec<_>>().join(", ")
}

fn is_kafkas(sql_type: &SqlType) -> bool {
    use SqlType::{BigInt, Bytes, Double, Integer, String};
    matches!(sql_type, Integer | BigInt | Double | String | Bytes)
}

fn is_nested(sql_type: &SqlType) -> bool {
    matches!(
        sql_type,
        SqlType::Array(_) | SqlType::Map(..) | SqlType::Struct(_)
    )
}

/// The name of a type without what is in it.
fn kind_of(sql_type: &SqlType) -> String {
    match sql_type {
        SqlType::Array(_) => "ARRAY".to_owned(),
        SqlType::Map(..) => "MAP".to_owned(),
        SqlType::Struct(_) => "STRUCT".to_owned(),
        SqlType::Decimal { .. } => "DECIMAL".to_owned(),
        other => other.to_string(),
    }
}

fn contains_map(sql_type: &SqlType) -> bool {
    any_map(sql_type, &|_| true)
}

fn has_other_map_keys(sql_type: &SqlType) -> bool {
    any_map(sql_type, &|key| *key != SqlType::String)
}

/// Whether a map whose key is one of those is somewhere in a type.
fn any_map(sql_type: &SqlType, of_key: &impl Fn(&SqlType) -> bool) -> bool {
    match sql_type {
        SqlType::Map(key, value) => of_key(key) || any_map(key, of_key) || any_map(value, of_key),
        SqlType::Array(element) => any_map(element, of_key),
        SqlType::Struct(fields) => fields.iter().any(|field| any_map(&field.sql_type, of_key)),
        _ => false,
    }
}
