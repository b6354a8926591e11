//! Several expressions brought to one type: ARRAY, MAP, IN.
//!
//! The first that is not NULL sets the type. Numbers widen; STRING literals are read as the numbers and words that are
//! asked for, other literals become text beside STRINGs; STRUCTs unite their fields. The elements of constructors are
//! taken one by one, so that `ARRAY['3', NULL]` may stand beside an `ARRAY<BIGINT>`.

use datafusion_expr::Expr;
use weir_catalog::{Field, SqlType};
use weir_functions::operators;
use weir_sql::{Expression, ExpressionKind, expression::Literal};

use super::{
    Scope, Typed,
    comparison::common_type,
    expression,
    literal::{null, parsed_literal, text_of, widened_literal},
    shown,
};
use crate::{Error, ErrorKind};

/// The type that all have in common; `None` if all are NULL.
pub fn common<'a>(
    items: impl Iterator<Item = (&'a Expression, &'a Typed)>,
) -> Result<Option<SqlType>, Error> {
    let mut known: Option<SqlType> = None;
    for (item, typed) in items {
        let Some(found) = &typed.sql_type else {
            continue;
        };
        known = Some(match known {
            None => found.clone(),
            Some(known) => join(&known, item, found).map_err(|mismatch| {
                let message = match mismatch {
                    Mismatch::Literal(message) => message,
                    Mismatch::Types => format!(
                        "operator does not exist: {known} = {found} ({})\nHint: You might need to add explicit type casts.",
                        shown(item)
                    ),
                };
                Error::new(ErrorKind::Type, message).at(item.span)
            })?,
        });
    }
    Ok(known)
}

/// Why two have no type in common.
enum Mismatch {
    Types,
    /// A text that is not what is asked for; in words.
    Literal(String),
}

/// The type for what is `known` and an item of type `found`.
fn join(known: &SqlType, item: &Expression, found: &SqlType) -> Result<SqlType, Mismatch> {
    match (known, found, &item.kind) {
        (known, found, _) if known == found => Ok(known.clone()),
        (SqlType::String, _, ExpressionKind::Literal(_)) => Ok(SqlType::String),
        (known, SqlType::String, ExpressionKind::Literal(Literal::String(text))) => {
            join_text(known, text)
        }
        (SqlType::Array(known), SqlType::Array(found), ExpressionKind::Array(items)) => {
            let elements = items.iter().map(|item| (item, found.as_ref()));
            join_all(known, elements).map(SqlType::array)
        }
        (SqlType::Array(known), SqlType::Array(found), _) => {
            join(known, item, found).map(SqlType::array)
        }
        (
            SqlType::Map(key, known),
            SqlType::Map(found_key, found),
            ExpressionKind::Map(entries),
        ) => {
            let keys = entries.iter().map(|(key, _)| (key, found_key.as_ref()));
            let values = entries.iter().map(|(_, value)| (value, found.as_ref()));
            Ok(SqlType::map(join_all(key, keys)?, join_all(known, values)?))
        }
        (SqlType::Map(key, known), SqlType::Map(found_key, found), _) => Ok(SqlType::map(
            join(key, item, found_key)?,
            join(known, item, found)?,
        )),
        (SqlType::Struct(known), SqlType::Struct(found), _) => join_fields(known, item, found),
        (known, found, _) if known.is_number() && found.is_number() => {
            common_type(known, found).ok_or(Mismatch::Types)
        }
        _ => Err(Mismatch::Types),
    }
}

fn join_all<'a>(
    known: &SqlType,
    items: impl Iterator<Item = (&'a Expression, &'a SqlType)>,
) -> Result<SqlType, Mismatch> {
    let mut known = known.clone();
    for (item, found) in items {
        known = match &item.kind {
            ExpressionKind::Literal(Literal::Null) => known,
            ExpressionKind::Literal(Literal::String(_)) => join(&known, item, &SqlType::String)?,
            _ => join(&known, item, found)?,
        };
    }
    Ok(known)
}

/// All fields of both: those of a constructor first, else the known ones.
fn join_fields(known: &[Field], item: &Expression, found: &[Field]) -> Result<SqlType, Mismatch> {
    let member = |name: &str| match &item.kind {
        ExpressionKind::Struct(members) => members
            .iter()
            .find(|(member, _)| member.value == name)
            .map_or(item, |(_, value)| value),
        _ => item,
    };
    let (first, second) = match &item.kind {
        ExpressionKind::Struct(_) => (found, known),
        _ => (known, found),
    };
    let of = |fields: &'_ [Field], name: &str| {
        let field = fields.iter().find(|field| field.name == name);
        field.map(|field| field.sql_type.clone())
    };
    let rest = second
        .iter()
        .filter(|field| of(first, &field.name).is_none());
    let mut fields: Vec<(String, SqlType)> = Vec::with_capacity(first.len());
    for Field { name, sql_type } in first.iter().chain(rest) {
        let sql_type = match (of(known, name), of(found, name)) {
            (Some(known), Some(found)) => join(&known, member(name), &found)?,
            _ => sql_type.clone(),
        };
        fields.push((name.clone(), sql_type));
    }
    Ok(SqlType::structure(fields))
}

/// A STRING literal beside something else: numbers may widen for it.
fn join_text(known: &SqlType, text: &str) -> Result<SqlType, Mismatch> {
    if !known.is_number() {
        return match parsed_literal(text, known) {
            Ok(_) => Ok(known.clone()),
            Err(message) if matches!(known, SqlType::Boolean) => Err(Mismatch::Literal(message)),
            Err(_) => Err(Mismatch::Types),
        };
    }
    match number_type(text.trim()) {
        Some(found) => common_type(known, &found).ok_or(Mismatch::Types),
        None => {
            let name = match known {
                SqlType::Decimal { .. } => "DECIMAL".to_owned(),
                known => known.to_string(),
            };
            let text: String = text.chars().take(80).collect();
            Err(Mismatch::Literal(format!(
                "invalid input syntax for type {name}: \"{text}\"."
            )))
        }
    }
}

/// The narrowest type that holds the number which a text is: `12`, `1.50`, `2e1`.
fn number_type(text: &str) -> Option<SqlType> {
    // In ksqlDB the least and the greatest of a type are already of the next one.
    if text
        .parse()
        .is_ok_and(|number: i32| number > i32::MIN && number < i32::MAX)
    {
        return Some(SqlType::Integer);
    }
    if text
        .parse()
        .is_ok_and(|number: i64| number > i64::MIN && number < i64::MAX)
    {
        return Some(SqlType::BigInt);
    }
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i16>().ok()?),
        None => (text, 0),
    };
    let digits = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = (whole.len() + fraction.len() > 0)
        && whole
            .bytes()
            .chain(fraction.bytes())
            .all(|b| b.is_ascii_digit());
    if !is_number {
        return None;
    }
    let whole = whole.trim_start_matches('0').len();
    let scale = i64::try_from(fraction.len()).ok()? - i64::from(exponent);
    let precision = i64::try_from(whole + fraction.len()).ok()?;
    // `2e1` has the digits of 20, and a number below 1 has one before the point, as a DECIMAL literal has.
    let precision = precision.max(scale + 1) - scale.min(0);
    let (precision, scale) = (
        u8::try_from(precision).ok()?,
        u8::try_from(scale.max(0)).ok()?,
    );
    (precision <= SqlType::MAX_DECIMAL_PRECISION).then_some(SqlType::Decimal { precision, scale })
}

/// An item as the type that all have in common.
pub fn convert(
    item: &Expression,
    typed: Typed,
    to: &SqlType,
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Expr, Error> {
    let Some(from) = typed.sql_type.clone() else {
        return Ok(null(to));
    };
    if from == *to {
        return Ok(typed.expr);
    }
    let bound = |item: &Expression| expression(item, scope, clause);
    match (&item.kind, to) {
        (ExpressionKind::Literal(_), to) => match text_of(item) {
            Some(text) => parsed_literal(text, to)
                .map_err(|message| Error::new(ErrorKind::Type, message).at(item.span)),
            None => Ok(widened_literal(typed, to)),
        },
        (ExpressionKind::Array(items), SqlType::Array(element)) => {
            scope.copies.spend(&typed.expr)?;
            let items = items
                .iter()
                .map(|item| convert(item, bound(item)?, element, scope, clause));
            Ok(operators::make_array(
                items.collect::<Result<_, _>>()?,
                element,
            ))
        }
        (ExpressionKind::Map(entries), SqlType::Map(key_type, value_type)) => {
            scope.copies.spend(&typed.expr)?;
            let (mut keys, mut values) = (Vec::new(), Vec::new());
            for (key, value) in entries {
                keys.push(convert(key, bound(key)?, key_type, scope, clause)?);
                values.push(convert(value, bound(value)?, value_type, scope, clause)?);
            }
            Ok(operators::make_map(keys, values, value_type))
        }
        (ExpressionKind::Struct(members), SqlType::Struct(fields)) => {
            scope.copies.spend(&typed.expr)?;
            let values = fields.iter().map(|field| {
                match members.iter().find(|(name, _)| name.value == field.name) {
                    Some((_, value)) => {
                        convert(value, bound(value)?, &field.sql_type, scope, clause)
                    }
                    None => Ok(null(&field.sql_type)),
                }
            });
            Ok(operators::make_struct(
                values.collect::<Result<_, _>>()?,
                to,
            ))
        }
        _ => Ok(operators::cast(typed.expr, &from, to)),
    }
}

#[cfg(test)]
mod tests {
    use super::number_type;

    #[test]
    fn a_text_is_the_narrowest_number() {
        let check = |text: &str, expected: &str| {
            let found = number_type(text).map_or("none".to_owned(), |found| found.to_string());
            assert_eq!(found, expected, "{text}");
        };
        check("12", "INTEGER");
        check("-2147483649", "BIGINT");
        check("4.000", "DECIMAL(4, 3)");
        check("0.05", "DECIMAL(3, 2)");
        check("-.5", "DECIMAL(2, 1)");
        check("0.0", "DECIMAL(2, 1)");
        check("007.5", "DECIMAL(2, 1)");
        check("2e1", "DECIMAL(2, 0)");
        check("2147483647", "BIGINT");
        check("2147483646", "INTEGER");
        check("-9223372036854775808", "DECIMAL(19, 0)");
        check("9223372036854775808", "DECIMAL(19, 0)");
        check("1.5E-3", "DECIMAL(5, 4)");
        check("10 - not a number", "none");
        check("", "none");
        check("1e9999", "none");
        check(".", "none");
    }
}
