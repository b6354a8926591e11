//! `+ - * / %` and the sign: integers wrap, DOUBLE is IEEE, DECIMAL is exact or NULL.
//!
//! Result types are those of ksqlDB (reference, "Numeric result types"). A division by zero of integers or DECIMALs, an
//! inexact DECIMAL quotient and an overflow are NULL.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, Float64Array, Int32Array, Int64Array, StringArray, StringBuilder},
    datatypes::i256,
};
use datafusion_common::{DataFusionError, Result};
use datafusion_expr::Expr;
use weir_catalog::SqlType;

use crate::{
    column::{call, downcast, function, on_arrays},
    decimal,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArithmeticOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl ArithmeticOperator {
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }
}

/// What `left operator right` gives; `None` if these types have no such operator.
pub fn arithmetic_type(
    operator: ArithmeticOperator,
    left: &SqlType,
    right: &SqlType,
) -> Option<SqlType> {
    use SqlType::{BigInt, Decimal, Double, Integer, String};
    match (left, right) {
        (String, String) if operator == ArithmeticOperator::Add => Some(String),
        (left, right) if !left.is_number() || !right.is_number() => None,
        (Double, _) | (_, Double) => Some(Double),
        (Decimal { .. }, _) | (_, Decimal { .. }) => {
            decimal_type(operator, as_decimal(left)?, as_decimal(right)?)
        }
        (BigInt, _) | (_, BigInt) => Some(BigInt),
        _ => Some(Integer),
    }
}

/// INTEGER stands for DECIMAL(10, 0) and BIGINT for DECIMAL(19, 0) beside a DECIMAL.
pub fn as_decimal(sql_type: &SqlType) -> Option<(u8, u8)> {
    match sql_type {
        SqlType::Integer => Some((10, 0)),
        SqlType::BigInt => Some((19, 0)),
        SqlType::Decimal { precision, scale } => Some((*precision, *scale)),
        _ => None,
    }
}

fn decimal_type(
    operator: ArithmeticOperator,
    (p1, s1): (u8, u8),
    (p2, s2): (u8, u8),
) -> Option<SqlType> {
    let (p1, s1, p2, s2) = (i32::from(p1), i32::from(s1), i32::from(p2), i32::from(s2));
    let (precision, scale) = match operator {
        ArithmeticOperator::Add | ArithmeticOperator::Subtract => {
            let scale = s1.max(s2);
            (scale + (p1 - s1).max(p2 - s2) + 1, scale)
        }
        ArithmeticOperator::Multiply => (p1 + p2 + 1, s1 + s2),
        ArithmeticOperator::Divide => {
            let scale = 6.max(s1 + p2 + 1);
            (p1 - s1 + s2 + scale, scale)
        }
        ArithmeticOperator::Modulo => {
            let scale = s1.max(s2);
            ((p1 - s1).min(p2 - s2) + scale, scale)
        }
    };
    // ksqlDB has no bound; a result that needs more digits than there are here is NULL for the row.
    let most = i32::from(SqlType::MAX_DECIMAL_PRECISION);
    let precision = u8::try_from(precision.clamp(1, most)).ok()?;
    let scale = u8::try_from(scale.clamp(0, most)).ok()?;
    Some(SqlType::Decimal {
        precision: precision.max(scale),
        scale,
    })
}

/// `left operator right`. For INTEGER, BIGINT, DOUBLE and STRING both sides have the result's type; for DECIMAL each is a
/// DECIMAL of its own.
pub fn arithmetic(operator: ArithmeticOperator, left: Expr, right: Expr, result: &SqlType) -> Expr {
    let returns = result.clone();
    let computed = function(operator.symbol(), "", result, move |arguments, rows| {
        on_arrays(arguments, rows, |arrays| {
            compute(operator, &arrays[0], &arrays[1], &returns)
        })
    });
    call(computed, vec![left, right])
}

/// `-operand`, of the same type.
pub fn negate(operand: Expr, sql_type: &SqlType) -> Expr {
    let returns = sql_type.clone();
    let negated = function("-", "", sql_type, move |arguments, rows| {
        on_arrays(arguments, rows, |arrays| negated(&arrays[0], &returns))
    });
    call(negated, vec![operand])
}

fn negated(array: &ArrayRef, sql_type: &SqlType) -> Result<ArrayRef> {
    Ok(match sql_type {
        SqlType::Integer => Arc::new(
            downcast::<Int32Array>(array)?
                .unary::<_, arrow::datatypes::Int32Type>(i32::wrapping_neg),
        ),
        SqlType::BigInt => Arc::new(
            downcast::<Int64Array>(array)?
                .unary::<_, arrow::datatypes::Int64Type>(i64::wrapping_neg),
        ),
        SqlType::Double => Arc::new(
            downcast::<Float64Array>(array)?
                .unary::<_, arrow::datatypes::Float64Type>(|value| -value),
        ),
        SqlType::Decimal { precision, scale } => {
            let values = decimal::values(array)?;
            decimal::array(
                values
                    .into_iter()
                    .map(|value| value.map(i256::wrapping_neg)),
                *precision,
                *scale,
            )?
        }
        other => return Err(DataFusionError::Internal(format!("{other} has no sign"))),
    })
}

fn compute(
    operator: ArithmeticOperator,
    left: &ArrayRef,
    right: &ArrayRef,
    result: &SqlType,
) -> Result<ArrayRef> {
    Ok(match result {
        SqlType::Integer => {
            let (left, right) = (
                downcast::<Int32Array>(left)?,
                downcast::<Int32Array>(right)?,
            );
            Arc::new(
                pairs(left, right)
                    .map(|pair| pair.and_then(|(a, b)| integer(operator, a, b)))
                    .collect::<Int32Array>(),
            )
        }
        SqlType::BigInt => {
            let (left, right) = (
                downcast::<Int64Array>(left)?,
                downcast::<Int64Array>(right)?,
            );
            Arc::new(
                pairs(left, right)
                    .map(|pair| pair.and_then(|(a, b)| bigint(operator, a, b)))
                    .collect::<Int64Array>(),
            )
        }
        SqlType::Double => {
            let (left, right) = (
                downcast::<Float64Array>(left)?,
                downcast::<Float64Array>(right)?,
            );
            Arc::new(
                pairs(left, right)
                    .map(|pair| pair.map(|(a, b)| double(operator, a, b)))
                    .collect::<Float64Array>(),
            )
        }
        SqlType::String => Arc::new(joined(downcast(left)?, downcast(right)?)),
        SqlType::Decimal { precision, scale } => {
            let scales = (scale_of(left), scale_of(right));
            let (left, right) = (decimal::values(left)?, decimal::values(right)?);
            let values = left
                .into_iter()
                .zip(right)
                .map(|(left, right)| exact(operator, left?, right?, scales, *scale));
            decimal::array(values, *precision, *scale)?
        }
        other => {
            return Err(DataFusionError::Internal(format!(
                "{other} has no arithmetic"
            )));
        }
    })
}

fn pairs<'a, T: arrow::array::ArrowPrimitiveType>(
    left: &'a arrow::array::PrimitiveArray<T>,
    right: &'a arrow::array::PrimitiveArray<T>,
) -> impl Iterator<Item = Option<(T::Native, T::Native)>> + 'a {
    left.iter()
        .zip(right)
        .map(|(left, right)| Some((left?, right?)))
}

fn integer(operator: ArithmeticOperator, left: i32, right: i32) -> Option<i32> {
    match operator {
        ArithmeticOperator::Add => Some(left.wrapping_add(right)),
        ArithmeticOperator::Subtract => Some(left.wrapping_sub(right)),
        ArithmeticOperator::Multiply => Some(left.wrapping_mul(right)),
        ArithmeticOperator::Divide => (right != 0).then(|| left.wrapping_div(right)),
        ArithmeticOperator::Modulo => (right != 0).then(|| left.wrapping_rem(right)),
    }
}

fn bigint(operator: ArithmeticOperator, left: i64, right: i64) -> Option<i64> {
    match operator {
        ArithmeticOperator::Add => Some(left.wrapping_add(right)),
        ArithmeticOperator::Subtract => Some(left.wrapping_sub(right)),
        ArithmeticOperator::Multiply => Some(left.wrapping_mul(right)),
        ArithmeticOperator::Divide => (right != 0).then(|| left.wrapping_div(right)),
        ArithmeticOperator::Modulo => (right != 0).then(|| left.wrapping_rem(right)),
    }
}

fn double(operator: ArithmeticOperator, left: f64, right: f64) -> f64 {
    match operator {
        ArithmeticOperator::Add => left + right,
        ArithmeticOperator::Subtract => left - right,
        ArithmeticOperator::Multiply => left * right,
        ArithmeticOperator::Divide => left / right,
        ArithmeticOperator::Modulo => left % right,
    }
}

fn scale_of(array: &ArrayRef) -> u8 {
    match SqlType::from_arrow(array.data_type()) {
        Some(SqlType::Decimal { scale, .. }) => scale,
        _ => 0,
    }
}

/// Rounding mode UNNECESSARY: what cannot be written with `scale` digits is no result.
fn exact(
    operator: ArithmeticOperator,
    left: i256,
    right: i256,
    (s1, s2): (u8, u8),
    scale: u8,
) -> Option<i256> {
    let aligned = s1.max(s2);
    match operator {
        ArithmeticOperator::Add => {
            decimal::rescale(left, s1, scale)?.checked_add(decimal::rescale(right, s2, scale)?)
        }
        ArithmeticOperator::Subtract => {
            decimal::rescale(left, s1, scale)?.checked_sub(decimal::rescale(right, s2, scale)?)
        }
        ArithmeticOperator::Multiply => left.checked_mul(right),
        ArithmeticOperator::Modulo => {
            decimal::rescale(left, s1, aligned)?.checked_rem(decimal::rescale(right, s2, aligned)?)
        }
        ArithmeticOperator::Divide => {
            if right == i256::ZERO {
                return None;
            }
            let shift = u32::from(scale) + u32::from(s2);
            let numerator =
                left.checked_mul(decimal::power_of_ten(shift.checked_sub(u32::from(s1))?)?)?;
            (numerator.checked_rem(right)? == i256::ZERO).then(|| numerator.checked_div(right))?
        }
    }
}

/// `'a' + NULL` is `'anull'`: Java's string concatenation.
fn joined(left: &StringArray, right: &StringArray) -> StringArray {
    let mut builder = StringBuilder::with_capacity(
        left.len(),
        left.value_data().len() + right.value_data().len(),
    );
    for (left, right) in left.iter().zip(right) {
        let joined = [left.unwrap_or("null"), right.unwrap_or("null")].concat();
        builder.append_value(joined);
    }
    builder.finish()
}
