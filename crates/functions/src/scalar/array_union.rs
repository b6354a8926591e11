//! ARRAY_UNION: what is in one of two arrays or in both, each value once, where it came first.

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
        [("first", array.clone()), ("second", array.clone())],
        "The elements of the first array and then those of the second, each value once.",
        array,
        union,
    );
    Builtin::new(
        "ARRAY_UNION",
        "ARRAY",
        "Returns what is in one of two arrays.",
        vec![variant],
    )
}

fn union(call: &Call) -> Result<ArrayRef> {
    let arrays = [
        Collections::try_new(call.argument(0)?)?,
        Collections::try_new(call.argument(1)?)?,
    ];
    let encoded = [
        Encoded::try_new(arrays[0].elements())?,
        Encoded::try_new(arrays[1].elements())?,
    ];
    let mut known = HashSet::new();
    let picks = Picks::of_rows(call, |row, picks| {
        known.clear();
        let (first, second) = (arrays[0].get(row)?, arrays[1].get(row)?);
        let all = first
            .map(|place| (0, place))
            .chain(second.map(|place| (1, place)));
        picks.extend(all.filter(|(array, place)| known.insert(encoded[*array].get(*place))));
        Some(())
    })?;
    picks.arrays(&call.returns, &[arrays[0].elements(), arrays[1].elements()])
}

#[cfg(test)]
mod tests {
    use weir_catalog::SqlType;

    use crate::testing::{array_of, call, integers, null, texts};

    #[test]
    fn cases() {
        let nothing = || null(&SqlType::array(SqlType::Integer));
        let some = || integers(&[Some(2), None, Some(2)]);
        let check = |first, second, expected| call("ARRAY_UNION", &[first, second], expected);
        check(
            some(),
            integers(&[Some(1), Some(2), None]),
            integers(&[Some(2), None, Some(1)]),
        );
        check(some(), integers(&[]), integers(&[Some(2), None]));
        check(integers(&[]), some(), integers(&[Some(2), None]));
        check(integers(&[]), integers(&[]), integers(&[]));
        check(nothing(), some(), nothing());
        check(some(), nothing(), nothing());
        check(
            texts(&[Some("foo"), Some("bar"), Some("foo")]),
            texts(&[Some("foo"), Some("baz")]),
            texts(&[Some("foo"), Some("bar"), Some("baz")]),
        );
        let lists = [
            texts(&[Some("ab"), Some("c")]),
            texts(&[Some("a"), Some("bc")]),
        ];
        check(array_of(&lists[..1]), array_of(&lists), array_of(&lists));
    }
}
