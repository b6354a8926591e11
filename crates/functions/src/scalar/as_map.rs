//! AS_MAP: a map of an array of keys and an array of values, pair by pair.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray, new_null_array};
use datafusion_common::Result;

use crate::{
    collections::{Collections, Picks},
    kernel::Call,
    operators::construct,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let element = Parameter::Generic("T");
    let variant = Variant::giving(
        [
            ("keys", Parameter::array(Parameter::STRING)),
            ("values", Parameter::array(element.clone())),
        ],
        "Each key with the value at its position; NULL where there is none. Of equal keys the last counts, and a NULL key is \
         the text null.",
        Parameter::map(Parameter::STRING, element),
        as_map,
    );
    Builtin::new(
        "AS_MAP",
        "MAP",
        "Makes a map of keys and values.",
        vec![variant],
    )
    .shown_as("AS_MAP")
}

fn as_map(call: &Call) -> Result<ArrayRef> {
    let keys = Collections::try_new(call.argument(0)?)?;
    let values = Collections::try_new(call.argument(1)?)?;
    let texts = construct::named_keys(keys.elements());
    let names = texts.as_string::<i32>();
    // Where a key is and where its value is, by the place at which the key came first.
    let mut entries: Vec<(usize, Option<usize>)> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let picks = Picks::of_rows(call, |row, picks| {
        let (keys, values) = (keys.get(row)?, values.get(row)?);
        entries.clear();
        known.clear();
        let values = values.map(Some).chain(std::iter::repeat(None));
        for (key, value) in keys.zip(values) {
            let at = *known.entry(names.value(key)).or_insert(entries.len());
            match entries.get_mut(at) {
                Some(entry) => entry.1 = value,
                None => entries.push((key, value)),
            }
        }
        for (key, value) in &entries {
            picks.push((0, *key));
            pairs.push(value.map_or((1, 0), |value| (0, value)));
        }
        Some(())
    })?;
    let missing = new_null_array(values.elements().data_type(), 1);
    picks.pairs(
        &call.returns,
        &[&texts],
        &[values.elements(), &missing],
        &pairs,
    )
}

#[cfg(test)]
mod tests {
    use weir_catalog::SqlType;

    use crate::testing::{call, integers, map_of, null, texts};

    #[test]
    fn cases() {
        let check = |keys, values, expected| call("AS_MAP", &[keys, values], expected);
        let ab = || texts(&[Some("a"), Some("b")]);
        check(
            ab(),
            integers(&[Some(1), Some(2)]),
            map_of(&[("a", Some(1)), ("b", Some(2))]),
        );
        check(
            ab(),
            integers(&[Some(1), None]),
            map_of(&[("a", Some(1)), ("b", None)]),
        );
        check(
            ab(),
            integers(&[Some(1), Some(2), Some(3)]),
            map_of(&[("a", Some(1)), ("b", Some(2))]),
        );
        check(
            ab(),
            integers(&[Some(1)]),
            map_of(&[("a", Some(1)), ("b", None)]),
        );
        check(ab(), integers(&[]), map_of(&[("a", None), ("b", None)]));
        check(texts(&[]), integers(&[Some(1)]), map_of(&[]));
        check(
            texts(&[Some("a"), Some("b"), Some("a")]),
            integers(&[Some(1), Some(2), Some(3)]),
            map_of(&[("a", Some(3)), ("b", Some(2))]),
        );
        check(
            texts(&[Some("a"), Some("a")]),
            integers(&[Some(1)]),
            map_of(&[("a", None)]),
        );
        check(
            texts(&[None, Some("é")]),
            integers(&[Some(1), Some(2)]),
            map_of(&[("null", Some(1)), ("é", Some(2))]),
        );
        let nothing = || null(&SqlType::map(SqlType::String, SqlType::Integer));
        check(
            null(&SqlType::array(SqlType::String)),
            integers(&[Some(1)]),
            nothing(),
        );
        check(ab(), null(&SqlType::array(SqlType::Integer)), nothing());
    }
}
