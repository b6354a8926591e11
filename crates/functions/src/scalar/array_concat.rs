//! ARRAY_CONCAT: the elements of one array and then those of another. A NULL array is as an empty one beside another.

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
        [("first", array.clone()), ("second", array.clone())],
        "The elements of the first array, then those of the second. If one is NULL, the other; NULL if both are.",
        array,
        concat,
    );
    Builtin::new(
        "ARRAY_CONCAT",
        "ARRAY",
        "Appends an array to another.",
        vec![variant],
    )
    .takes_null()
}

fn concat(call: &Call) -> Result<ArrayRef> {
    let first = Collections::try_new(call.argument(0)?)?;
    let second = Collections::try_new(call.argument(1)?)?;
    let picks = Picks::of_rows(call, |row, picks| {
        let (a, b) = (first.get(row), second.get(row));
        if a.is_none() && b.is_none() {
            return None;
        }
        picks.extend(a.into_iter().flatten().map(|place| (0, place)));
        picks.extend(b.into_iter().flatten().map(|place| (1, place)));
        Some(())
    })?;
    picks.arrays(&call.returns, &[first.elements(), second.elements()])
}

#[cfg(test)]
mod tests {
    use weir_catalog::SqlType;

    use crate::testing::{call, integers, null, texts};

    #[test]
    fn cases() {
        let nothing = || null(&SqlType::array(SqlType::Integer));
        let (some, others) = (integers(&[Some(1), None, Some(1)]), integers(&[Some(2)]));
        let check = |first, second, expected| call("ARRAY_CONCAT", &[first, second], expected);
        check(
            some.clone(),
            others.clone(),
            integers(&[Some(1), None, Some(1), Some(2)]),
        );
        check(some.clone(), integers(&[]), some.clone());
        check(integers(&[]), integers(&[]), integers(&[]));
        check(some.clone(), nothing(), some.clone());
        check(nothing(), some.clone(), some);
        check(nothing(), nothing(), nothing());
        check(
            texts(&[Some("é")]),
            texts(&[None]),
            texts(&[Some("é"), None]),
        );
    }
}
