//! SLICE: the elements of an array from one position to another, the first at 1. Without one of them, from the beginning or
//! to the end; NULL if they lie outside of the array.

use std::ops::Range;

use arrow::array::ArrayRef;
use datafusion_common::Result;

use crate::{
    collections::{Collections, Picks},
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let array = Parameter::array(Parameter::Generic("T"));
    let variant = Variant::giving(
        [
            ("array", array.clone()),
            ("from", Parameter::INTEGER),
            ("to", Parameter::INTEGER),
        ],
        "The elements at the positions from `from` to `to`, counted from 1. NULL stands for the beginning and the end; the \
         result is NULL if a position is outside of the array.",
        array,
        slice,
    );
    Builtin::new(
        "SLICE",
        "ARRAY",
        "Returns a part of an array.",
        vec![variant],
    )
    .takes_null()
}

fn slice(call: &Call) -> Result<ArrayRef> {
    let array = Collections::try_new(call.argument(0)?)?;
    let (from, to) = (call.argument(1)?, call.argument(2)?);
    let picks = Picks::of_rows(call, |row, picks| {
        let part = part(array.get(row)?, from.integer(row), to.integer(row))?;
        picks.extend(part.map(|place| (0, place)));
        Some(())
    })?;
    picks.arrays(&call.returns, &[array.elements()])
}

fn part(places: Range<usize>, from: Option<i64>, to: Option<i64>) -> Option<Range<usize>> {
    let start = usize::try_from(from.unwrap_or(1) - 1).ok()?;
    let end = match to {
        Some(to) => usize::try_from(to).ok()?,
        None => places.len(),
    };
    let is_inside = start <= end && end <= places.len();
    is_inside.then(|| places.start + start..places.start + end)
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;
    use weir_catalog::SqlType;

    use crate::testing::{array_of, call, null, texts};

    #[test]
    fn cases() {
        let four = || texts(&[Some("a"), None, Some("c"), Some("d")]);
        let nothing = || null(&SqlType::array(SqlType::String));
        let check = |from: Option<i32>, to: Option<i32>, expected: ScalarValue| {
            call("SLICE", &[four(), from.into(), to.into()], expected);
        };
        check(Some(2), Some(3), texts(&[None, Some("c")]));
        check(Some(1), Some(4), four());
        check(Some(4), Some(4), texts(&[Some("d")]));
        check(None, Some(1), texts(&[Some("a")]));
        check(Some(3), None, texts(&[Some("c"), Some("d")]));
        check(None, None, four());
        // Nothing, but inside.
        check(Some(3), Some(2), texts(&[]));
        check(Some(5), Some(4), texts(&[]));
        check(Some(1), Some(0), texts(&[]));
        check(Some(0), Some(2), nothing());
        check(Some(-1), Some(2), nothing());
        check(Some(1), Some(5), nothing());
        check(Some(4), Some(2), nothing());
        check(Some(1), Some(-1), nothing());
        check(Some(i32::MIN), Some(i32::MAX), nothing());
        call("SLICE", &[nothing(), 1.into(), 1.into()], nothing());
        let lists = [texts(&[Some("a")]), texts(&[])];
        call(
            "SLICE",
            &[array_of(&lists), 2.into(), 2.into()],
            array_of(&lists[1..]),
        );
    }
}
