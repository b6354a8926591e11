//! Comparisons, LIKE, BETWEEN, IN: predicates that are never NULL.

use datafusion_common::ScalarValue;
use datafusion_expr::Expr;
use weir_catalog::SqlType;
use weir_functions::operators::{self, ComparisonOperator};
use weir_sql::{Expression, ExpressionKind, expression as tree};

use super::{
    Scope, Typed, compile_error, expression,
    literal::text_of,
    shown, type_error,
    types::base_name,
    unify::{common, convert},
};
use crate::{Error, ErrorKind};

pub fn operator_of(operator: tree::ComparisonOperator) -> ComparisonOperator {
    match operator {
        tree::ComparisonOperator::Equal => ComparisonOperator::Equal,
        tree::ComparisonOperator::NotEqual => ComparisonOperator::NotEqual,
        tree::ComparisonOperator::Less => ComparisonOperator::Less,
        tree::ComparisonOperator::LessOrEqual => ComparisonOperator::LessOrEqual,
        tree::ComparisonOperator::Greater => ComparisonOperator::Greater,
        tree::ComparisonOperator::GreaterOrEqual => ComparisonOperator::GreaterOrEqual,
        tree::ComparisonOperator::IsDistinctFrom => ComparisonOperator::IsDistinctFrom,
        tree::ComparisonOperator::IsNotDistinctFrom => ComparisonOperator::IsNotDistinctFrom,
    }
}

/// Both sides as written, for what errors repeat and for literals.
pub struct Sides<'a> {
    pub left: &'a Expression,
    pub right: &'a Expression,
}

/// `left operator right` with both sides brought to one type.
pub fn compare(
    operator: ComparisonOperator,
    left: Typed,
    right: Typed,
    sides: &Sides<'_>,
    clause: &str,
) -> Result<Expr, Error> {
    let (Some(left_type), Some(right_type)) = (left.sql_type.clone(), right.sql_type.clone())
    else {
        return with_null(operator, left, right, sides, clause);
    };
    let refuse = || {
        let message = format!(
            "Cannot compare {} ({left_type}) to {} ({right_type}) with {}.",
            shown(sides.left),
            shown(sides.right),
            ksqldb_name(operator)
        );
        type_error(clause, message).at(sides.left.span.to(sides.right.span))
    };
    if let Some(compared) = row_time_with_text(operator, &left, &right, sides)? {
        return Ok(compared);
    }
    let common = common_type(&left_type, &right_type).ok_or_else(refuse)?;
    let has_order = !matches!(
        common,
        SqlType::Boolean | SqlType::Array(_) | SqlType::Map(..) | SqlType::Struct(_)
    );
    if operator.is_ordering() && !has_order {
        return Err(refuse());
    }
    let left = operators::cast(left.expr, &left_type, &common);
    let right = operators::cast(right.expr, &right_type, &common);
    Ok(operators::compare(operator, left, right))
}

/// The operator as ksqlDB's errors call it.
fn ksqldb_name(operator: ComparisonOperator) -> &'static str {
    match operator {
        ComparisonOperator::Equal => "EQUAL",
        ComparisonOperator::NotEqual => "NOT_EQUAL",
        ComparisonOperator::Less => "LESS_THAN",
        ComparisonOperator::LessOrEqual => "LESS_THAN_OR_EQUAL",
        ComparisonOperator::Greater => "GREATER_THAN",
        ComparisonOperator::GreaterOrEqual => "GREATER_THAN_OR_EQUAL",
        ComparisonOperator::IsDistinctFrom => "IS_DISTINCT_FROM",
        ComparisonOperator::IsNotDistinctFrom => "IS_NOT_DISTINCT_FROM",
    }
}

fn with_null(
    operator: ComparisonOperator,
    left: Typed,
    right: Typed,
    sides: &Sides<'_>,
    clause: &str,
) -> Result<Expr, Error> {
    let is_null_safe = matches!(
        operator,
        ComparisonOperator::IsDistinctFrom | ComparisonOperator::IsNotDistinctFrom
    );
    if is_null_safe {
        let other = if left.sql_type.is_none() { right } else { left };
        let is_null = other.expr.is_null();
        let is_not_null = Expr::Not(Box::new(is_null.clone()));
        return Ok(if operator == ComparisonOperator::IsDistinctFrom {
            is_not_null
        } else {
            is_null
        });
    }
    let name = |side: &Typed| side.sql_type.as_ref().map_or("NULL".to_owned(), base_name);
    let message = format!(
        "Comparison with NULL not supported: {} {} {}\nUse 'IS NULL' or 'IS NOT NULL' instead.",
        name(&left),
        operator.symbol(),
        name(&right)
    );
    Err(type_error(clause, message).at(sides.left.span.to(sides.right.span)))
}

/// `ROWTIME > '2020-01-01'`: the text is rewritten to milliseconds.
fn row_time_with_text(
    operator: ComparisonOperator,
    left: &Typed,
    right: &Typed,
    sides: &Sides<'_>,
) -> Result<Option<Expr>, Error> {
    let is_row_time = |side: &Expression| matches!(&side.kind, ExpressionKind::Column { name, .. } if ["ROWTIME", "WINDOWSTART", "WINDOWEND"].contains(&name.value.as_str()));
    let milliseconds = |side: &Expression| match text_of(side) {
        Some(text) => {
            let parsed = operators::time_text::parse_timestamp(text).ok_or_else(|| {
                Error::new(
                    ErrorKind::Type,
                    format!(
                        "Failed to parse timestamp '{}'.",
                        text.chars().take(80).collect::<String>()
                    ),
                )
                .at(side.span)
                .hint("write yyyy-MM-dd'T'HH:mm:ss.SSS, or fewer of its parts")
            })?;
            Ok(Some(Expr::Literal(ScalarValue::Int64(Some(parsed)), None)))
        }
        None => Ok(None),
    };
    if is_row_time(sides.left)
        && let Some(right) = milliseconds(sides.right)?
    {
        return Ok(Some(operators::compare(operator, left.expr.clone(), right)));
    }
    if is_row_time(sides.right)
        && let Some(left) = milliseconds(sides.left)?
    {
        return Ok(Some(operators::compare(operator, left, right.expr.clone())));
    }
    Ok(None)
}

/// The type in which two values are compared.
pub fn common_type(left: &SqlType, right: &SqlType) -> Option<SqlType> {
    use SqlType::{Date, Decimal, Double, String, Time, Timestamp};
    match (left, right) {
        (left, right) if left == right => Some(left.clone()),
        (left, right) if left.is_number() && right.is_number() => match (left, right) {
            (Double, _) | (_, Double) => Some(Double),
            (Decimal { .. }, _) | (_, Decimal { .. }) => {
                let ((p1, s1), (p2, s2)) = (
                    operators::arithmetic::as_decimal(left)?,
                    operators::arithmetic::as_decimal(right)?,
                );
                let scale = s1.max(s2);
                let precision = scale
                    .saturating_add((p1 - s1).max(p2 - s2))
                    .min(SqlType::MAX_DECIMAL_PRECISION);
                Some(Decimal { precision, scale })
            }
            _ => Some(SqlType::BigInt),
        },
        (Date | String, Timestamp) | (Timestamp, Date | String) => Some(Timestamp),
        (Date, String) | (String, Date) => Some(Date),
        (Time, String) | (String, Time) => Some(Time),
        _ => None,
    }
}

/// `operand LIKE pattern`, or ANY of several.
pub fn like(
    operand: &Expression,
    patterns: &[Expression],
    like: operators::Like,
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Expr, Error> {
    let text = |side: &Expression| {
        let bound = expression(side, scope, clause)?;
        match bound.sql_type {
            None => Ok(super::literal::null(&SqlType::String)),
            Some(SqlType::String) => Ok(bound.expr),
            Some(other) => Err(Error::new(
                ErrorKind::Type,
                format!(
                    "Like condition must be between strings. Got: {} ({other}).",
                    shown(side)
                ),
            )
            .at(side.span)
            .hint(format!("write CAST({} AS STRING)", shown(side)))),
        }
    };
    let value = text(operand)?;
    let bound = patterns.iter().map(text).collect::<Result<Vec<_>, _>>()?;
    operators::like(value, bound, like).map_err(|bad| {
        let span = patterns.get(bad.index).map_or(operand.span, |one| one.span);
        Error::new(ErrorKind::Invalid, bad.message).at(span)
    })
}

/// `operand IN (items)`, all brought to one type: by a set where the items are constants, else one after the other.
pub fn is_in(
    operand: &Expression,
    items: &[Expression],
    scope: &Scope<'_>,
    clause: &'static str,
) -> Result<Expr, Error> {
    let bound = expression(operand, scope, clause)?;
    if bound.sql_type.is_none() {
        let message = format!(
            "Comparison with NULL not supported: {} IN (…)\nUse 'IS NULL' or 'IS NOT NULL' instead.",
            shown(operand)
        );
        return Err(type_error(clause, message).at(operand.span));
    }
    let typed = items
        .iter()
        .map(|item| expression(item, scope, clause))
        .collect::<Result<Vec<_>, _>>()?;
    let all = std::iter::once((operand, &bound)).chain(items.iter().zip(&typed));
    let Some(to) = common(all).map_err(|error| compile_error(clause, error))? else {
        return Ok(datafusion_expr::lit(false));
    };
    let operand = convert(operand, bound, &to, scope, clause)?;
    let (mut constants, mut others) = (Vec::new(), Vec::new());
    for (item, typed) in items.iter().zip(typed) {
        if typed.sql_type.is_none() {
            // A NULL item can equal nothing.
            continue;
        }
        match convert(item, typed, &to, scope, clause)
            .map_err(|error| compile_error(clause, error))?
        {
            Expr::Literal(value, _) => constants.push(value),
            other => others.push(other),
        }
    }
    let mut alternatives: Vec<Expr> = Vec::new();
    match operators::in_set(operand.clone(), &constants) {
        Some(set) => alternatives.push(set),
        None => others.extend(
            constants
                .into_iter()
                .map(|value| Expr::Literal(value, None)),
        ),
    }
    for other in others {
        scope.copies.spend(&operand)?;
        alternatives.push(operators::compare(
            ComparisonOperator::Equal,
            operand.clone(),
            other,
        ));
    }
    Ok(super::expression::balanced(alternatives, Expr::or, false))
}
