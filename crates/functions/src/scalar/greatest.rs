//! GREATEST: the greatest of the values that are not NULL.

use std::cmp::Ordering;

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray},
    buffer::BooleanBuffer,
    compute::kernels::zip::zip,
    datatypes::Float64Type,
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
        "MATHEMATICAL",
        "Returns the greatest of several values.",
        variants(
            "The greatest of the values that are not NULL; NULL if all are.",
            |call| extreme(call, Ordering::Greater),
        ),
    )
    .takes_null()
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
    let decimals = [
        ("first", Parameter::AnyDecimal),
        ("others", Parameter::AnyDecimal),
    ];
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
    let mut columns = call
        .columns()?
        .into_iter()
        .map(|column| as_result(column, call));
    let Some(first) = columns.next() else {
        return Ok(arrow::array::new_null_array(&call.returns, call.rows));
    };
    columns.try_fold(first?, |best, column| better(best, column?, wanted))
}

/// DECIMALs come with the types that they had.
fn as_result(column: ArrayRef, call: &Call) -> Result<ArrayRef> {
    let types = (
        SqlType::from_arrow(column.data_type()),
        SqlType::from_arrow(&call.returns),
    );
    match types {
        (Some(from), Some(to)) if from != to => cast_array(&column, &from, &to),
        _ => Ok(column),
    }
}

fn better(best: ArrayRef, column: ArrayRef, wanted: Ordering) -> Result<ArrayRef> {
    let doubles = (
        column.as_primitive_opt::<Float64Type>(),
        best.as_primitive_opt::<Float64Type>(),
    );
    let is_better = match doubles {
        (Some(left), Some(right)) => {
            let order = |row| order_of_doubles(left.value(row), right.value(row));
            is_better(&column, &best, wanted, order)
        }
        _ => {
            let (left, right) = (
                Argument::column(column.clone()),
                Argument::column(best.clone()),
            );
            let (column, best) = (&column, &best);
            with_order(
                &left,
                &right,
                IsBetter {
                    column,
                    best,
                    wanted,
                },
            )?
        }
    };
    Ok(zip(&BooleanArray::new(is_better, None), &column, &best)?)
}

/// As Java's `Double.compareTo`: NaN is above everything, `0.0` above `-0.0`.
fn order_of_doubles(left: f64, right: f64) -> Ordering {
    match left.partial_cmp(&right) {
        Some(Ordering::Equal) => right.is_sign_negative().cmp(&left.is_sign_negative()),
        Some(order) => order,
        None => left.is_nan().cmp(&right.is_nan()),
    }
}

struct IsBetter<'a> {
    column: &'a ArrayRef,
    best: &'a ArrayRef,
    wanted: Ordering,
}

impl WithOrder for IsBetter<'_> {
    type Output = BooleanBuffer;

    fn visit(self, order: impl Fn(usize) -> Option<Ordering>) -> BooleanBuffer {
        // Only DOUBLEs may have no order, and they do not come here.
        let order = |row| order(row).unwrap_or(Ordering::Equal);
        is_better(self.column, self.best, self.wanted, order)
    }
}

fn is_better(
    column: &ArrayRef,
    best: &ArrayRef,
    wanted: Ordering,
    order: impl Fn(usize) -> Ordering,
) -> BooleanBuffer {
    BooleanBuffer::collect_bool(column.len(), |row| {
        match (column.is_null(row), best.is_null(row)) {
            (true, _) => false,
            (false, true) => true,
            (false, false) => order(row) == wanted,
        }
    })
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use crate::{
        Registry,
        testing::{bytes, call, decimal, no_bytes, no_text, text},
    };
    use weir_catalog::SqlType;

    /// Checks both functions.
    fn check(
        values: &[ScalarValue],
        greatest: impl Into<ScalarValue>,
        least: impl Into<ScalarValue>,
    ) {
        call("GREATEST", values, greatest);
        call("LEAST", values, least);
    }

    #[test]
    fn numbers() {
        check(&[3.into(), None::<i32>.into(), 7.into()], 7, 3);
        check(
            &[i64::MIN.into(), i64::MAX.into(), ScalarValue::Null],
            i64::MAX,
            i64::MIN,
        );
        check(
            &[None::<i32>.into(), None::<i32>.into()],
            None::<i32>,
            None::<i32>,
        );
        check(&[5.into()], 5, 5);
        check(&[ScalarValue::Null, 5.into()], 5, 5);
        check(&[1.into(), 2_i64.into(), 0.5.into()], 2.0, 0.5);
        check(&[1.0.into(), f64::NAN.into()], f64::NAN, 1.0);
        check(
            &[f64::NAN.into(), f64::INFINITY.into()],
            f64::NAN,
            f64::INFINITY,
        );
        check(&[0.0.into(), (-0.0).into()], 0.0, -0.0);
        check(&[(-0.0).into(), 0.0.into()], 0.0, -0.0);
        check(
            &[decimal(123_456_789, 9, 2), decimal(123_456, 6, 6)],
            decimal(1_234_567_890_000, 13, 6),
            decimal(123_456, 13, 6),
        );
    }

    #[test]
    fn texts_and_bytes_are_in_javas_order() {
        check(&[text("a"), no_text(), text("é")], text("é"), text("a"));
        check(&[text("b"), text("A"), text("")], text("b"), text(""));
        check(
            &[text("\u{ff21}"), text("😀")],
            text("\u{ff21}"),
            text("😀"),
        );
        check(
            &[bytes(&[0x7f]), bytes(&[0x80]), no_bytes()],
            bytes(&[0x7f]),
            bytes(&[0x80]),
        );
    }

    #[test]
    fn times_take_texts() {
        let date = |days| ScalarValue::Date32(Some(days));
        check(
            &[date(1), text("1970-01-03"), ScalarValue::Date32(None)],
            date(2),
            date(1),
        );
        let time = |millis| ScalarValue::Time32Millisecond(Some(millis));
        check(&[time(5), text("00:00:01")], time(1000), time(5));
        let instant = |millis| ScalarValue::TimestampMillisecond(Some(millis), None);
        check(&[instant(-1), text("1970-01-01")], instant(0), instant(-1));
    }

    #[test]
    fn arguments_of_several_types_are_ambiguous() {
        let refused = |types: &[Option<SqlType>], message: &str| {
            let registry = Registry::builtin();
            let error = registry
                .get("GREATEST")
                .unwrap()
                .resolve(types)
                .unwrap_err();
            assert!(error.message.starts_with(message), "{error}");
        };
        let (integer, bigint) = (Some(SqlType::Integer), Some(SqlType::BigInt));
        refused(
            &[integer.clone(), bigint],
            "Function 'greatest' cannot be resolved due to ambiguous method parameters (INTEGER, BIGINT).",
        );
        refused(
            &[None, None],
            "Function 'greatest' cannot be resolved due to ambiguous method parameters (null, null).",
        );
        let decimal = SqlType::Decimal {
            precision: 2,
            scale: 1,
        };
        refused(
            &[Some(decimal), integer.clone()],
            "Function 'greatest' cannot be resolved due to ambiguous method parameters (DECIMAL(2, 1), INTEGER).",
        );
        refused(&[], "Function 'greatest' does not accept parameters ().");
        refused(
            &[Some(SqlType::Boolean), Some(SqlType::Boolean)],
            "Function 'greatest' does not accept parameters (BOOLEAN, BOOLEAN).",
        );
        refused(
            &[integer, Some(SqlType::String)],
            "Function 'greatest' does not accept parameters (INTEGER, STRING).",
        );
    }
}
