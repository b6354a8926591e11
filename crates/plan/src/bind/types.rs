//! Types as written to types as they are: aliases expanded, bounds checked.

use std::collections::HashSet;

use weir_catalog::{Catalog, SqlType};
use weir_sql::statement::{TypeName, TypeNameKind};

use crate::{Error, ErrorKind};

/// What a written type means; a user's own types are looked up and expanded.
pub fn resolve_type(name: &TypeName, catalog: &Catalog) -> Result<SqlType, Error> {
    let resolved = resolve(name, catalog)?;
    check_size(&resolved).map_err(|message| Error::new(ErrorKind::Type, message).at(name.span))?;
    Ok(resolved)
}

/// How deep a type may nest, with the user's own types put in.
const MOST_DEPTH: usize = 256;

/// How many types a type may be made of, with the user's own types put in. Types of types double at each step: forty
/// short statements would name more fields than there is memory.
const MOST_TYPES: usize = 100_000;

fn check_size(whole: &SqlType) -> Result<(), String> {
    let mut count = 0;
    let mut waiting = vec![(whole, 1)];
    while let Some((next, depth)) = waiting.pop() {
        count += 1;
        if count > MOST_TYPES {
            return Err(format!("the type is made of more than {MOST_TYPES} types"));
        }
        if depth > MOST_DEPTH {
            return Err(format!("the type nests more than {MOST_DEPTH} levels deep"));
        }
        match next {
            SqlType::Array(element) => waiting.push((element, depth + 1)),
            SqlType::Map(key, value) => {
                waiting.extend([(&**key, depth + 1), (&**value, depth + 1)])
            }
            SqlType::Struct(fields) => {
                waiting.extend(fields.iter().map(|field| (&field.sql_type, depth + 1)));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The type without what is in it: `DECIMAL`, `STRUCT`.
pub fn base_name(sql_type: &SqlType) -> String {
    match sql_type {
        SqlType::Array(_) => "ARRAY".to_owned(),
        SqlType::Map(..) => "MAP".to_owned(),
        SqlType::Struct(_) => "STRUCT".to_owned(),
        SqlType::Decimal { .. } => "DECIMAL".to_owned(),
        other => other.to_string(),
    }
}

fn resolve(name: &TypeName, catalog: &Catalog) -> Result<SqlType, Error> {
    let invalid = |message: String| Error::new(ErrorKind::Type, message).at(name.span);
    Ok(match &name.kind {
        TypeNameKind::Boolean => SqlType::Boolean,
        TypeNameKind::Integer => SqlType::Integer,
        TypeNameKind::BigInt => SqlType::BigInt,
        TypeNameKind::Double => SqlType::Double,
        TypeNameKind::Decimal { precision, scale } => {
            decimal(*precision, *scale).map_err(invalid)?
        }
        TypeNameKind::String => SqlType::String,
        TypeNameKind::Bytes => SqlType::Bytes,
        TypeNameKind::Time => SqlType::Time,
        TypeNameKind::Date => SqlType::Date,
        TypeNameKind::Timestamp => SqlType::Timestamp,
        TypeNameKind::Array(element) => SqlType::array(resolve(element, catalog)?),
        TypeNameKind::Map(key, value) => {
            SqlType::map(resolve(key, catalog)?, resolve(value, catalog)?)
        }
        TypeNameKind::Struct(fields) => {
            let mut names = HashSet::with_capacity(fields.len());
            let mut resolved: Vec<(String, SqlType)> = Vec::with_capacity(fields.len());
            for (field, type_name) in fields {
                let sql_type = resolve(type_name, catalog)?;
                if !names.insert(field.value.as_str()) {
                    return Err(invalid(format!(
                        "Duplicate field names found in STRUCT: '`{}` {sql_type}'.",
                        field.value
                    )));
                }
                resolved.push((field.value.clone(), sql_type));
            }
            SqlType::structure(resolved)
        }
        TypeNameKind::Named(custom) => match catalog.custom_type(&custom.value) {
            Some(sql_type) => sql_type.clone(),
            None => {
                return Err(invalid(format!(
                    "Cannot resolve unknown type: {}",
                    custom.value
                )));
            }
        },
    })
}

fn decimal(precision: u32, scale: u32) -> Result<SqlType, String> {
    if precision < 1 {
        return Err(format!(
            "DECIMAL precision must be >= 1: DECIMAL({precision},{scale})"
        ));
    }
    if scale > precision {
        return Err(format!(
            "DECIMAL precision must be >= scale: DECIMAL({precision},{scale})"
        ));
    }
    match (u8::try_from(precision), u8::try_from(scale)) {
        (Ok(precision), Ok(scale)) if precision <= SqlType::MAX_DECIMAL_PRECISION => {
            Ok(SqlType::Decimal { precision, scale })
        }
        _ => Err(format!(
            "DECIMAL({precision},{scale}) has more digits than the {} that are kept here",
            SqlType::MAX_DECIMAL_PRECISION
        )),
    }
}
