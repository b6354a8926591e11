//! MAP_UNION: the entries of two maps; those of the second count where both have a key. A NULL map is as an empty one beside
//! another.

use std::collections::HashMap;

use arrow::array::{ArrayRef, AsArray};
use datafusion_common::Result;

use crate::{
    collections::{Collections, Picks},
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let map = Parameter::map(Parameter::STRING, Parameter::Generic("T"));
    let variant = Variant::giving(
        [("first", map.clone()), ("second", map.clone())],
        "The entries of both maps; for a key that both have, that of the second. If one is NULL, the other; NULL if both are.",
        map,
        union,
    );
    Builtin::new(
        "MAP_UNION",
        "MAP",
        "Returns the entries of two maps.",
        vec![variant],
    )
    .takes_null()
}

fn union(call: &Call) -> Result<ArrayRef> {
    let first = Collections::try_new(call.argument(0)?)?;
    let second = Collections::try_new(call.argument(1)?)?;
    let keys = [first.elements(), second.elements()];
    let names = keys.map(|keys| keys.as_string::<i32>());
    let mut known: HashMap<&str, usize> = HashMap::new();
    let picks = Picks::of_rows(call, |row, picks| {
        let (a, b) = (first.get(row), second.get(row));
        if a.is_none() && b.is_none() {
            return None;
        }
        known.clear();
        let a = a.into_iter().flatten().map(|place| (0, place));
        let b = b.into_iter().flatten().map(|place| (1, place));
        for (map, place) in a.chain(b) {
            let at = *known.entry(names[map].value(place)).or_insert(picks.len());
            match picks.get_mut(at) {
                Some(entry) => *entry = (map, place),
                None => picks.push((map, place)),
            }
        }
        Some(())
    })?;
    picks.maps(
        &call.returns,
        &keys,
        &[&first.columns[1], &second.columns[1]],
    )
}

#[cfg(test)]
mod tests {
    use weir_catalog::SqlType;

    use crate::testing::{call, map_of, null};

    #[test]
    fn cases() {
        let check = |first, second, expected| call("MAP_UNION", &[first, second], expected);
        let some = || map_of(&[("foo", Some(1)), ("bar", Some(2))]);
        let nothing = || null(&SqlType::map(SqlType::String, SqlType::Integer));
        check(
            some(),
            map_of(&[("é", Some(-1)), ("foo", Some(9))]),
            map_of(&[("foo", Some(9)), ("bar", Some(2)), ("é", Some(-1))]),
        );
        check(
            some(),
            map_of(&[("foo", None)]),
            map_of(&[("foo", None), ("bar", Some(2))]),
        );
        check(some(), map_of(&[]), some());
        check(map_of(&[]), map_of(&[]), map_of(&[]));
        check(some(), nothing(), some());
        check(nothing(), some(), some());
        check(nothing(), nothing(), nothing());
    }
}
