//! Literals, and what they become where another type is asked for.

use arrow_schema::DataType;
use datafusion_common::ScalarValue;
use datafusion_expr::{Expr, lit};
use weir_catalog::SqlType;
use weir_functions::{check_cast, operators, operators::time_text};
use weir_sql::{Expression, ExpressionKind, expression::Literal};

use super::Typed;
use crate::{Error, ErrorKind};

pub fn literal(value: &Literal) -> Result<Typed, String> {
    Ok(match value {
        Literal::Null => Typed {
            expr: Expr::Literal(ScalarValue::Null, None),
            sql_type: None,
            is_certain: false,
        },
        Literal::Boolean(value) => Typed::certain(lit(*value)),
        Literal::Integer(value) => Typed::new(lit(*value), SqlType::Integer),
        Literal::BigInt(value) => Typed::new(lit(*value), SqlType::BigInt),
        Literal::Double(value) => Typed::new(lit(*value), SqlType::Double),
        Literal::String(value) => Typed::new(lit(value.as_str()), SqlType::String),
        Literal::Decimal(digits) => decimal(digits)?,
    })
}

/// Precision and scale are those of the digits; a number below 1 counts one digit before the point.
fn decimal(text: &str) -> Result<Typed, String> {
    let digits = text.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let precision = whole.len().max(1) + fraction.len();
    let too_long = || {
        format!(
            "Invalid numeric literal: {}",
            text.chars().take(80).collect::<String>()
        )
    };
    let precision = u8::try_from(precision).map_err(|_| too_long())?;
    if precision > SqlType::MAX_DECIMAL_PRECISION {
        return Err(too_long());
    }
    let scale = u8::try_from(fraction.len()).map_err(|_| too_long())?;
    let sql_type = SqlType::Decimal { precision, scale };
    Ok(Typed::new(
        operators::cast(lit(text), &SqlType::String, &sql_type),
        sql_type,
    ))
}

/// NULL of a type.
pub fn null(sql_type: &SqlType) -> Expr {
    let value = ScalarValue::try_from(&sql_type.to_arrow()).unwrap_or(ScalarValue::Null);
    Expr::Literal(value, None)
}

/// The expression as `to`, by an implicit widening that is known to be allowed.
pub fn coerce(typed: Typed, to: &SqlType) -> Expr {
    match typed.sql_type {
        None => null(to),
        Some(from) => operators::cast(typed.expr, &from, to),
    }
}

/// A number literal as a wider number: a literal again where that is exact, so that an IN of them is a set.
pub fn widened_literal(typed: Typed, to: &SqlType) -> Expr {
    let widened = match (&typed.expr, to) {
        (Expr::Literal(ScalarValue::Int32(Some(value)), _), SqlType::BigInt) => {
            Some(ScalarValue::Int64(Some(i64::from(*value))))
        }
        (Expr::Literal(ScalarValue::Int32(Some(value)), _), SqlType::Double) => {
            Some(ScalarValue::Float64(Some(f64::from(*value))))
        }
        _ => None,
    };
    match widened {
        Some(value) => Expr::Literal(value, None),
        None => coerce(typed, to),
    }
}

/// The text of a STRING literal.
pub fn text_of(expression: &Expression) -> Option<&str> {
    match &expression.kind {
        ExpressionKind::Literal(Literal::String(text)) => Some(text),
        _ => None,
    }
}

/// A STRING literal where another type is asked for: parsed now, refused now.
pub fn parsed_literal(text: &str, to: &SqlType) -> Result<Expr, String> {
    let invalid = || {
        format!(
            "invalid input syntax for type {to}: \"{}\".",
            text.chars().take(80).collect::<String>()
        )
    };
    let trimmed = text.trim();
    let value = match to {
        SqlType::Boolean => {
            let lower = trimmed.to_ascii_lowercase();
            let is_word = |word: &str| !lower.is_empty() && word.starts_with(&lower);
            let is_true = is_word("true") || is_word("yes");
            if !is_true && !is_word("false") && !is_word("no") {
                return Err(invalid());
            }
            ScalarValue::Boolean(Some(is_true))
        }
        SqlType::Integer => ScalarValue::Int32(Some(trimmed.parse().map_err(|_| invalid())?)),
        SqlType::BigInt => ScalarValue::Int64(Some(trimmed.parse().map_err(|_| invalid())?)),
        SqlType::Double => ScalarValue::Float64(Some(trimmed.parse().map_err(|_| invalid())?)),
        SqlType::Timestamp => ScalarValue::TimestampMillisecond(
            Some(time_text::parse_timestamp(trimmed).ok_or_else(invalid)?),
            None,
        ),
        SqlType::Date => {
            ScalarValue::Date32(Some(time_text::parse_date(trimmed).ok_or_else(invalid)?))
        }
        SqlType::Time => ScalarValue::Time32Millisecond(Some(
            time_text::parse_time(trimmed).ok_or_else(invalid)?,
        )),
        SqlType::String => ScalarValue::Utf8(Some(text.to_owned())),
        SqlType::Decimal { .. } | SqlType::Bytes => {
            return Ok(operators::cast(lit(text), &SqlType::String, to));
        }
        _ => return Err(invalid()),
    };
    debug_assert!(value.data_type() == to.to_arrow() || value.data_type() == DataType::Utf8);
    Ok(Expr::Literal(value, None))
}

/// A number literal as `to`, if that is a DECIMAL with room for all of its digits; anything else as it is.
pub fn literal_as_decimal(expression: &Expression, typed: Typed, to: &SqlType) -> Typed {
    let ExpressionKind::Literal(literal) = &expression.kind else {
        return typed;
    };
    let digits = match literal {
        Literal::Integer(value) => value.to_string(),
        Literal::BigInt(value) => value.to_string(),
        Literal::Decimal(digits) => digits.clone(),
        _ => return typed,
    };
    let Ok(exact) = decimal(&digits) else {
        return typed;
    };
    match &exact.sql_type {
        Some(from) if matches!(to, SqlType::Decimal { .. }) && is_widening(from, to) => {
            Typed::new(operators::cast(exact.expr, from, to), to.clone())
        }
        _ => typed,
    }
}

/// A value for a column of INSERT VALUES: numbers widen, texts are parsed, containers member by member.
pub fn constant_into(
    expression: &Expression,
    typed: Typed,
    to: &SqlType,
    column: &str,
) -> Result<Expr, Error> {
    let refuse = |from: String| {
        Error::new(
            ErrorKind::Type,
            format!(
                "Expected type {to} for field `{column}` but got {}({from})",
                super::shown(expression)
            ),
        )
        .at(expression.span)
    };
    let Some(from) = typed.sql_type.clone() else {
        return Ok(null(to));
    };
    if from == *to {
        return Ok(typed.expr);
    }
    if let (Some(text), false) = (text_of(expression), *to == SqlType::String) {
        return parsed_literal(text, to)
            .map_err(|message| Error::new(ErrorKind::Type, message).at(expression.span));
    }
    if is_widening(&from, to) && check_cast(&from, to).is_ok() {
        return Ok(operators::cast(typed.expr, &from, to));
    }
    Err(refuse(from.to_string()))
}

/// Whether no digit is lost; element by element in containers, missing members of a STRUCT are NULL.
fn is_widening(from: &SqlType, to: &SqlType) -> bool {
    use SqlType::{Array, BigInt, Decimal, Double, Integer, Map, Struct};
    match (from, to) {
        (from, to) if from == to => true,
        (Integer, BigInt | Double | Decimal { .. })
        | (BigInt, Double | Decimal { .. })
        | (Decimal { .. }, Double) => true,
        (
            Decimal {
                precision: p1,
                scale: s1,
            },
            Decimal {
                precision: p2,
                scale: s2,
            },
        ) => s1 <= s2 && p1 - s1 <= p2 - s2,
        (Array(from), Array(to)) => is_widening(from, to),
        (Map(from_key, from), Map(to_key, to)) => {
            is_widening(from_key, to_key) && is_widening(from, to)
        }
        (Struct(from), Struct(to)) => from.iter().all(|field| {
            to.iter().any(|target| {
                target.name == field.name && is_widening(&field.sql_type, &target.sql_type)
            })
        }),
        _ => false,
    }
}
