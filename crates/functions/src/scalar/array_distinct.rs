//! ARRAY_DISTINCT: each value once, where it came first.

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
        [("array", array.clone())],
        "The elements without those that equal one before them. A NULL is kept once.",
        array,
        distinct,
    );
    Builtin::new(
        "ARRAY_DISTINCT",
        "ARRAY",
        "Removes duplicates from an array.",
        vec![variant],
    )
}

fn distinct(call: &Call) -> Result<ArrayRef> {
    let array = Collections::try_new(call.argument(0)?)?;
    let encoded = Encoded::try_new(array.elements())?;
    let mut known = HashSet::new();
    let picks = Picks::of_rows(call, |row, picks| {
        known.clear();
        let elements = array
            .get(row)?
            .filter(|place| known.insert(encoded.get(*place)));
        picks.extend(elements.map(|place| (0, place)));
        Some(())
    })?;
    picks.arrays(&call.returns, &[array.elements()])
}

#[cfg(test)]
mod tests {
    use weir_catalog::SqlType;

    use crate::testing::{array_of, call, integers, map, map_of, null, texts};

    #[test]
    fn cases() {
        let check = |array, expected| call("ARRAY_DISTINCT", &[array], expected);
        check(
            integers(&[Some(0), Some(1), Some(0), Some(-1)]),
            integers(&[Some(0), Some(1), Some(-1)]),
        );
        check(integers(&[None, Some(1), None]), integers(&[None, Some(1)]));
        check(integers(&[]), integers(&[]));
        check(
            null(&SqlType::array(SqlType::Integer)),
            null(&SqlType::array(SqlType::Integer)),
        );
        check(
            texts(&[Some("a"), Some("A"), Some("a")]),
            texts(&[Some("a"), Some("A")]),
        );
        check(
            array_of(&[
                0.0.into(),
                (-0.0).into(),
                f64::NAN.into(),
                (-f64::NAN).into(),
                0.0.into(),
            ]),
            array_of(&[0.0.into(), (-0.0).into(), f64::NAN.into()]),
        );
        let lists = [
            integers(&[Some(1), None]),
            integers(&[Some(1)]),
            integers(&[Some(1), None]),
        ];
        check(array_of(&lists), array_of(&lists[..2]));
        let turned = map_of(&[("b", None), ("a", Some(1))]);
        check(
            array_of(&[map(), turned, map_of(&[])]),
            array_of(&[map(), map_of(&[])]),
        );
    }
}
