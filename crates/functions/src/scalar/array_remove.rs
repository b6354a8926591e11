//! ARRAY_REMOVE: an array without the elements that equal a value; without its NULLs, if that is NULL.

use arrow::array::ArrayRef;
use datafusion_common::Result;

use crate::{
    collections::{Collections, Picks},
    kernel::Call,
    operators::encoding::Encoded,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let element = Parameter::Generic("T");
    let array = Parameter::array(element.clone());
    let variant = Variant::giving(
        [("array", array.clone()), ("value", element)],
        "The elements that do not equal the value; those that are not NULL, if it is NULL.",
        array,
        remove,
    );
    Builtin::new(
        "ARRAY_REMOVE",
        "ARRAY",
        "Removes a value from an array.",
        vec![variant],
    )
    .takes_null()
}

fn remove(call: &Call) -> Result<ArrayRef> {
    let (array, value) = (Collections::try_new(call.argument(0)?)?, call.argument(1)?);
    let elements = Encoded::try_new(array.elements())?;
    let values = Encoded::try_new(value.array())?;
    let picks = Picks::of_rows(call, |row, picks| {
        let removed = values.get(value.index(row));
        let kept = array
            .get(row)?
            .filter(|place| elements.get(*place) != removed);
        picks.extend(kept.map(|place| (0, place)));
        Some(())
    })?;
    picks.arrays(&call.returns, &[array.elements()])
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;
    use weir_catalog::SqlType;

    use crate::testing::{array_of, call, integers, null, text, texts};

    #[test]
    fn cases() {
        let check =
            |array, value: ScalarValue, expected| call("ARRAY_REMOVE", &[array, value], expected);
        let some = || integers(&[Some(1), None, Some(2), Some(1)]);
        check(some(), 1.into(), integers(&[None, Some(2)]));
        check(some(), 7.into(), some());
        check(
            some(),
            ScalarValue::Int32(None),
            integers(&[Some(1), Some(2), Some(1)]),
        );
        check(integers(&[Some(1)]), 1.into(), integers(&[]));
        check(integers(&[]), 1.into(), integers(&[]));
        let nothing = null(&SqlType::array(SqlType::Integer));
        check(nothing.clone(), 1.into(), nothing.clone());
        check(nothing.clone(), ScalarValue::Int32(None), nothing);
        check(
            texts(&[Some("a"), Some("A")]),
            text("a"),
            texts(&[Some("A")]),
        );
        check(
            array_of(&[f64::NAN.into(), 1.0.into()]),
            (-f64::NAN).into(),
            array_of(&[1.0.into()]),
        );
        let lists = [integers(&[None]), integers(&[Some(2)])];
        check(array_of(&lists), lists[0].clone(), array_of(&lists[1..]));
    }
}
