//! The natural order of values, as Java's `compareTo`.

use std::cmp::Ordering;

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{
        ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Decimal256Type, Float64Type,
        Int32Type, Int64Type, Time32MillisecondType, TimeUnit, TimestampMillisecondType,
    },
};

use super::comparison::{signed_order, utf16_order};

/// Something to be done with the order of the values of one array.
pub(crate) trait WithNaturalOrder {
    type Output;

    /// `order` compares the values at two places, neither of them NULL; `None`: such values have no order.
    fn visit(self, order: Option<impl Fn(usize, usize) -> Ordering>) -> Self::Output;
}

/// Calls `visit` with the order of `values`, with a closure of its own for each type.
pub(crate) fn with_natural_order<V: WithNaturalOrder>(values: &ArrayRef, visit: V) -> V::Output {
    match values.data_type() {
        DataType::Boolean => {
            let values = values.as_boolean();
            visit.visit(Some(|a, b| values.value(a).cmp(&values.value(b))))
        }
        DataType::Int32 => primitive::<Int32Type, V>(values, visit),
        DataType::Int64 => primitive::<Int64Type, V>(values, visit),
        DataType::Date32 => primitive::<Date32Type, V>(values, visit),
        DataType::Time32(TimeUnit::Millisecond) => {
            primitive::<Time32MillisecondType, V>(values, visit)
        }
        DataType::Timestamp(TimeUnit::Millisecond, None) => {
            primitive::<TimestampMillisecondType, V>(values, visit)
        }
        DataType::Decimal128(..) => primitive::<Decimal128Type, V>(values, visit),
        DataType::Decimal256(..) => primitive::<Decimal256Type, V>(values, visit),
        DataType::Float64 => {
            let values = values.as_primitive::<Float64Type>().values();
            visit.visit(Some(|a: usize, b: usize| {
                double_order(values[a], values[b])
            }))
        }
        DataType::Utf8 => {
            let values = values.as_string::<i32>();
            visit.visit(Some(|a, b| utf16_order(values.value(a), values.value(b))))
        }
        DataType::Binary => {
            let values = values.as_binary::<i32>();
            visit.visit(Some(|a, b| signed_order(values.value(a), values.value(b))))
        }
        _ => visit.visit(None::<fn(usize, usize) -> Ordering>),
    }
}

fn primitive<T: ArrowPrimitiveType, V: WithNaturalOrder>(values: &ArrayRef, visit: V) -> V::Output
where
    T::Native: Ord,
{
    let values = values.as_primitive::<T>().values();
    visit.visit(Some(|a: usize, b: usize| values[a].cmp(&values[b])))
}

/// `Double.compareTo`: NaN comes last, `-0.0` before `0.0`.
fn double_order(a: f64, b: f64) -> Ordering {
    match a.partial_cmp(&b) {
        Some(Ordering::Equal) => b.is_sign_negative().cmp(&a.is_sign_negative()),
        Some(order) => order,
        None => a.is_nan().cmp(&b.is_nan()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_in_javas_order() {
        let sorted = [
            f64::NEG_INFINITY,
            -1.0,
            -0.0,
            0.0,
            1.0,
            f64::INFINITY,
            f64::NAN,
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(double_order(*a, *b), i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(double_order(f64::NAN, -f64::NAN), Ordering::Equal);
        assert_eq!(double_order(5.0, 5.0), Ordering::Equal);
    }
}
