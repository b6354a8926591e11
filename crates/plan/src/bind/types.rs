//! Types as written to types as they are: aliases expanded, bounds checked.

use weir_catalog::{Catalog, SqlType};
use weir_sql::statement::{TypeName, TypeNameKind};

use crate::{Error, ErrorKind};

/// What a written type means; a user's own types are looked up and expanded.
pub fn resolve_type(name: &TypeName, catalog: &Catalog) -> Result<SqlType, Error> {
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
        TypeNameKind::Array(element) => SqlType::array(resolve_type(element, catalog)?),
        TypeNameKind::Map(key, value) => {
            let key = resolve_type(key, catalog)?;
            if key != SqlType::String {
                return Err(invalid(format!(
                    "MAP keys must be STRING here, but are {key}."
                )));
            }
            SqlType::map(key, resolve_type(value, catalog)?)
        }
        TypeNameKind::Struct(fields) => {
            let mut resolved: Vec<(String, SqlType)> = Vec::with_capacity(fields.len());
            for (field, type_name) in fields {
                if resolved.iter().any(|(known, _)| *known == field.value) {
                    return Err(invalid(format!(
                        "Duplicate field names found in STRUCT: '`{}` {}'.",
                        field.value,
                        resolve_type(type_name, catalog)?
                    )));
                }
                resolved.push((field.value.clone(), resolve_type(type_name, catalog)?));
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
