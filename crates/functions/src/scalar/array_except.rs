//! ARRAY_EXCEPT: what is in one array and not in another, each value once.

use std::collections::HashSet;

use arrow::array::ArrayRef;
use datafusion_common::Result;

use crate::{
    collections::{Collections, Picks},
    kernel::Call,
    operators::encoding::Encoded,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let array = Parameter::array(Parameter::Generic("T"));
    let variant = Variant::giving(
        [("array", array.clone()), ("exceptions", array.clone())],
        "The elements of the first array, each value once, that are not in the second.",
        array,
        |call| of_first(call, |is_in_second| !is_in_second),
    );
    Builtin::new(
        "ARRAY_EXCEPT",
        "ARRAY",
        "Removes the elements of one array from another.",
        vec![variant],
    )
}

/// The distinct elements of the first array for which `keeps` likes whether the second has them.
pub fn of_first(call: &Call, keeps: fn(bool) -> bool) -> Result<ArrayRef> {
    let first = Collections::try_new(call.argument(0)?)?;
    let second = Collections::try_new(call.argument(1)?)?;
    let is_one_for_all = call.argument(1)?.is_constant();
    let elements = Encoded::try_new(first.elements())?;
    let others = Encoded::try_new(second.elements())?;
    let (mut known, mut in_second) = (HashSet::new(), HashSet::new());
    let picks = Picks::of_rows(call, |row, picks| {
        let (first, second) = (first.get(row)?, second.get(row)?);
        if !is_one_for_all || in_second.is_empty() {
            in_second.clear();
            in_second.extend(second.map(|place| others.get(place)));
        }
        known.clear();
        let kept = first.filter(|place| {
            let element = elements.get(*place);
            keeps(in_second.contains(element)) && known.insert(element)
        });
        picks.extend(kept.map(|place| (0, place)));
        Some(())
    })?;
    picks.arrays(&call.returns, &[first.elements()])
}

#[cfg(test)]
mod tests {
    use weir_catalog::SqlType;

    use crate::testing::{array_of, call, integers, null, texts};

    #[test]
    fn cases() {
        let nothing = || null(&SqlType::array(SqlType::Integer));
        let some = || integers(&[Some(1), None, Some(2), Some(1), Some(3)]);
        let check = |first, second, expected| call("ARRAY_EXCEPT", &[first, second], expected);
        check(
            some(),
            integers(&[Some(2)]),
            integers(&[Some(1), None, Some(3)]),
        );
        check(
            some(),
            integers(&[None, Some(1)]),
            integers(&[Some(2), Some(3)]),
        );
        check(
            some(),
            integers(&[]),
            integers(&[Some(1), None, Some(2), Some(3)]),
        );
        check(integers(&[]), some(), integers(&[]));
        check(some(), some(), integers(&[]));
        check(nothing(), some(), nothing());
        check(some(), nothing(), nothing());
        check(
            texts(&[Some("a"), Some("é")]),
            texts(&[Some("A"), Some("é")]),
            texts(&[Some("a")]),
        );
        let lists = [texts(&[Some("a")]), texts(&[None])];
        check(
            array_of(&lists),
            array_of(&lists[1..]),
            array_of(&lists[..1]),
        );
    }
}
