//! ARRAY_INTERSECT: what is in both of two arrays, each value once, in the order of the first.

use super::array_except::of_first;
use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let array = Parameter::array(Parameter::Generic("T"));
    let variant = Variant::giving(
        [("first", array.clone()), ("second", array.clone())],
        "The elements of the first array, each value once, that are in the second too.",
        array,
        |call| of_first(call, |is_in_second| is_in_second),
    );
    Builtin::new(
        "ARRAY_INTERSECT",
        "ARRAY",
        "Returns what two arrays have in common.",
        vec![variant],
    )
}

#[cfg(test)]
mod tests {
    use weir_catalog::SqlType;

    use crate::testing::{array_of, call, integers, map, map_of, null};

    #[test]
    fn cases() {
        let nothing = || null(&SqlType::array(SqlType::Integer));
        let some = || integers(&[Some(0), Some(0), Some(1), None, Some(-1), None]);
        let check = |first, second, expected| call("ARRAY_INTERSECT", &[first, second], expected);
        check(
            some(),
            integers(&[Some(1), Some(-2), Some(0)]),
            integers(&[Some(0), Some(1)]),
        );
        check(some(), integers(&[None]), integers(&[None]));
        check(some(), integers(&[Some(7)]), integers(&[]));
        check(some(), integers(&[]), integers(&[]));
        check(integers(&[]), some(), integers(&[]));
        check(nothing(), some(), nothing());
        check(some(), nothing(), nothing());
        let turned = map_of(&[("b", None), ("a", Some(1))]);
        check(
            array_of(&[map_of(&[]), map()]),
            array_of(&[turned]),
            array_of(&[map()]),
        );
    }
}
