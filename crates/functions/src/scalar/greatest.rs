//! GREATEST: the greatest of the values that are not NULL.

use std::cmp::Ordering;

use arrow::{
    array::{Array, ArrayRef, BooleanArray},
    buffer::BooleanBuffer,
    compute::kernels::zip::zip,
};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::numbers::PLAIN;
use crate::{
    kernel::{Argument, Call},
    operators::{
        cast::cast_array,
        comparison::{WithOrder, with_order},
    },
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    Builtin::new(
        "GREATEST",
        "OTHER",
        "Returns the greatest of several values.",
        variants("The greatest of the values that are not NULL; NULL if all are.", |call| {
            extreme(call, Ordering::Greater)
        }),
    ).takes_null()
}

/// An overload for each type that has an order.
pub fn variants(description: &'static str, body: fn(&Call) -> Result<ArrayRef>) -> Vec<Variant> {
    let others = [
        SqlType::String,
        SqlType::Bytes,
        SqlType::Date,
        SqlType::Time,
        SqlType::Timestamp,
    ];
    let kinds = PLAIN.into_iter().chain(others.map(Parameter::Is));
    let mut variants: Vec<Variant> = kinds
        .map(|parameter| {
            let parameters = [("first", parameter.clone()), ("others", parameter)];
            Variant::new(parameters, description, |types| types[0].clone(), body).variadic()
        })
        .collect();
    let decimals = [("first", Parameter::AnyDecimal), ("others", Parameter::AnyDecimal)];
    let decimals = Variant::new(decimals, description, widest, body).variadic();
    variants.push(decimals.returns_as("DECIMAL"));
    variants
}

/// The DECIMAL that holds all of them.
fn widest(types: &[SqlType]) -> SqlType {
    let (mut whole, mut places) = (0, 0);
    for sql_type in types {
        if let SqlType::Decimal { precision, scale } = sql_type {
            whole = whole.max(precision.saturating_sub(*scale));
            places = places.max(*scale);
        }
    }
    SqlType::Decimal {
        precision: (whole + places).clamp(1, SqlType::MAX_DECIMAL_PRECISION),
        scale: places,
    }
}

/// The value that comes out as `wanted` when compared with each other one.
pub fn extreme(call: &Call, wanted: Ordering) -> Result<ArrayRef> {
    let mut columns = call.columns()?.into_iter().map(|column| as_result(column, call));
    let Some(first) = columns.next() else {
        return Ok(arrow::array::new_null_array(&call.returns, call.rows));
    };
    columns.try_fold(first?, |best, column| better(best, column?, wanted))
}

/// DECIMALs come with the types that they had.
fn as_result(column: ArrayRef, call: &Call) -> Result<ArrayRef> {
    let types = (SqlType::from_arrow(column.data_type()), SqlType::from_arrow(&call.returns));
    match types {
        (Some(from), Some(to)) if from != to => cast_array(&column, &from, &to),
        _ => Ok(column),
    }
}

fn better(best: ArrayRef, column: ArrayRef, wanted: Ordering) -> Result<ArrayRef> {
    let (left, right) = (Argument::column(column.clone()), Argument::column(best.clone()));
    let is_better = with_order(&left, &right, IsBetter { left: &left, right: &right, rows: column.len(), wanted })?;
    Ok(zip(&BooleanArray::new(is_better, None), &column, &best)?)
}

struct IsBetter<'a> {
    left: &'a Argument,
    right: &'a Argument,
    rows: usize,
    wanted: Ordering,
}

impl WithOrder for IsBetter<'_> {
    type Output = BooleanBuffer;

    fn visit(self, order: impl Fn(usize) -> Option<Ordering>) -> BooleanBuffer {
        BooleanBuffer::collect_bool(self.rows, |row| {
            match (self.left.is_null(row), self.right.is_null(row)) {
                (true, _) => false,
                (false, true) => true,
                (false, false) => self.order_with_nan(order(row), row) == self.wanted,
            }
        })
    }
}

impl IsBetter<'_> {
    /// As Java's `Double.compareTo`: NaN is above everything.
    fn order_with_nan(&self, order: Option<Ordering>, row: usize) -> Ordering {
        use arrow::{array::AsArray, datatypes::Float64Type};
        let is_nan = |argument: &Argument| {
            let doubles = argument.array().as_primitive_opt::<Float64Type>();
            doubles.is_some_and(|doubles| doubles.value(argument.index(row)).is_nan())
        };
        order.unwrap_or_else(|| is_nan(self.left).cmp(&is_nan(self.right)))
    }
}

