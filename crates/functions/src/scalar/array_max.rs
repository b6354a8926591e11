//! ARRAY_MAX: the greatest element of an array that is not NULL.

use std::cmp::Ordering;

use arrow::{
    array::{Array, ArrayRef, UInt32Array},
    compute::take,
};
use datafusion_common::Result;

use crate::{
    collections::Collections,
    kernel::Call,
    operators::order::{WithNaturalOrder, with_natural_order},
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let element = Parameter::Generic("T");
    let variant = Variant::giving(
        [("array", Parameter::array(element.clone()))],
        "The greatest of the elements that are not NULL; NULL if there is none, or if they have no order.",
        element,
        |call| extreme(call, Ordering::Greater),
    );
    Builtin::new(
        "ARRAY_MAX",
        "ARRAY",
        "Returns the greatest element of an array.",
        vec![variant],
    )
}

/// The first of the elements that come out as `wanted` when compared with those before them.
pub fn extreme(call: &Call, wanted: Ordering) -> Result<ArrayRef> {
    let array = Collections::try_new(call.argument(0)?)?;
    let extreme = Extreme {
        array: &array,
        rows: call.rows,
        wanted,
    };
    let places = with_natural_order(array.elements(), extreme);
    Ok(take(array.elements(), &places, None)?)
}

struct Extreme<'a> {
    array: &'a Collections<'a>,
    rows: usize,
    wanted: Ordering,
}

impl WithNaturalOrder for Extreme<'_> {
    type Output = UInt32Array;

    fn visit(self, order: Option<impl Fn(usize, usize) -> Ordering>) -> UInt32Array {
        let elements = self.array.elements();
        let nulls = elements.logical_nulls();
        let is_there = |place: &usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*place));
        let of_row = |row: usize| {
            let mut places = self.array.get(row)?.filter(is_there);
            let first = places.next()?;
            let best = match &order {
                Some(order) => places.fold(first, |best, place| match order(place, best) {
                    order if order == self.wanted => place,
                    _ => best,
                }),
                // One has not to be compared with anything.
                None => places.next().is_none().then_some(first)?,
            };
            Some(best as u32)
        };
        (0..self.rows).map(of_row).collect()
    }
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;
    use weir_catalog::SqlType;

    use crate::testing::{array_of, bytes, call, decimal, integers, null, texts};

    #[test]
    fn cases() {
        let check = |array, expected: ScalarValue| call("ARRAY_MAX", &[array], expected);
        check(
            integers(&[Some(0), None, Some(i32::MAX), Some(-1)]),
            i32::MAX.into(),
        );
        check(integers(&[Some(i32::MIN)]), i32::MIN.into());
        check(integers(&[None, None]), ScalarValue::Int32(None));
        check(integers(&[]), ScalarValue::Int32(None));
        check(
            null(&SqlType::array(SqlType::Integer)),
            ScalarValue::Int32(None),
        );
        check(
            array_of(&[false.into(), true.into(), ScalarValue::Boolean(None)]),
            true.into(),
        );
        check(
            array_of(&[0.0.into(), f64::NAN.into(), f64::INFINITY.into()]),
            f64::NAN.into(),
        );
        check(array_of(&[(-0.0).into(), 0.0.into()]), 0.0.into());
        check(
            array_of(&[decimal(-99, 3, 1), decimal(90, 3, 1)]),
            decimal(90, 3, 1),
        );
        // UTF-16 units: U+FF00 is above the pair of U+1F600.
        check(
            texts(&[Some("foo"), None, Some("Food"), Some("food")]),
            "food".into(),
        );
        check(
            texts(&[Some("\u{1f600}"), Some("\u{ff00}")]),
            "\u{ff00}".into(),
        );
        check(array_of(&[bytes(&[0x80]), bytes(&[0x7f])]), bytes(&[0x7f]));
        check(
            array_of(&[ScalarValue::Date32(Some(1)), ScalarValue::Date32(Some(2))]),
            ScalarValue::Date32(Some(2)),
        );
        // ARRAYs have no order.
        let lists = [integers(&[Some(1)]), integers(&[Some(2)])];
        check(array_of(&lists), null(&SqlType::array(SqlType::Integer)));
        check(array_of(&lists[..1]), lists[0].clone());
    }
}
