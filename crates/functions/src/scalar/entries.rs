//! ENTRIES: the entries of a map as an array of STRUCTs of a key `K` and a value `V`, in the order of the keys if asked for.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, StructArray},
    datatypes::DataType,
};
use datafusion_common::{Result, plan_err};
use weir_catalog::SqlType;

use crate::{
    collections::{Collections, Picks},
    kernel::Call,
    operators::comparison::utf16_order,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let kinds = [
        SqlType::Integer,
        SqlType::BigInt,
        SqlType::Double,
        SqlType::Boolean,
        SqlType::String,
    ];
    let variant = |value: SqlType| {
        let value = Parameter::Is(value);
        Variant::giving(
            [
                ("map", Parameter::map(Parameter::STRING, value.clone())),
                ("sorted", Parameter::BOOLEAN),
            ],
            "A STRUCT of the key `K` and the value `V` for each entry, in the order of the keys if `sorted` is TRUE.",
            Parameter::array(Parameter::Struct(vec![
                ("K", Parameter::STRING),
                ("V", value),
            ])),
            entries,
        )
    };
    let variants = kinds.map(variant).into();
    Builtin::new("ENTRIES", "MAP", "Returns the entries of a map.", variants).shown_as("ENTRIES")
}

fn entries(call: &Call) -> Result<ArrayRef> {
    let (maps, sorted) = (Collections::try_new(call.argument(0)?)?, call.argument(1)?);
    let DataType::List(item) = &call.returns else {
        return plan_err!("expected an ARRAY");
    };
    let DataType::Struct(members) = item.data_type() else {
        return plan_err!("expected an ARRAY of STRUCTs");
    };
    let columns = maps.columns.clone();
    let structs: ArrayRef = Arc::new(StructArray::try_new(members.clone(), columns, None)?);
    let keys = maps.elements().as_string::<i32>();
    let booleans = sorted.array().as_boolean();
    let picks = Picks::of_rows(call, |row, picks| {
        let (entries, sorted) = (maps.get(row)?, sorted.index(row));
        let is_sorted = booleans.is_valid(sorted).then(|| booleans.value(sorted))?;
        let before = picks.len();
        picks.extend(entries.map(|place| (0, place)));
        if is_sorted {
            picks[before..].sort_by(|(_, a), (_, b)| utf16_order(keys.value(*a), keys.value(*b)));
        }
        Some(())
    })?;
    picks.arrays(&call.returns, &[&structs])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{BooleanBuilder, MapBuilder, StringBuilder};
    use datafusion_common::ScalarValue;
    use weir_catalog::SqlType;

    use crate::testing::{array_of, call, map_of, null, structure, text};

    fn entry(key: &str, value: impl Into<ScalarValue>) -> ScalarValue {
        structure(&[("K", text(key)), ("V", value.into())])
    }

    #[test]
    fn cases() {
        let check = |map, sorted: ScalarValue, expected| call("ENTRIES", &[map, sorted], expected);
        let some = || {
            map_of(&[
                ("b", Some(1)),
                ("a", None),
                ("\u{ff00}", Some(2)),
                ("\u{1f600}", Some(3)),
            ])
        };
        let written = [
            entry("b", 1),
            entry("a", None::<i32>),
            entry("\u{ff00}", 2),
            entry("\u{1f600}", 3),
        ];
        let in_order = [1, 0, 3, 2].map(|place: usize| written[place].clone());
        check(some(), false.into(), array_of(&written));
        check(some(), true.into(), array_of(&in_order));
        let of = |value| {
            SqlType::structure([("K".to_owned(), SqlType::String), ("V".to_owned(), value)])
        };
        let nothing = || null(&SqlType::array(of(SqlType::Integer)));
        check(some(), ScalarValue::Boolean(None), nothing());
        check(
            null(&SqlType::map(SqlType::String, SqlType::Integer)),
            true.into(),
            nothing(),
        );
        let mut maps = MapBuilder::new(None, StringBuilder::new(), BooleanBuilder::new());
        maps.keys().append_value("k");
        maps.values().append_value(true);
        maps.append(true).unwrap();
        check(
            ScalarValue::Map(Arc::new(maps.finish())),
            true.into(),
            array_of(&[entry("k", true)]),
        );
        for value in [SqlType::BigInt, SqlType::Double, SqlType::String] {
            let map = null(&SqlType::map(SqlType::String, value.clone()));
            check(map, true.into(), null(&SqlType::array(of(value))));
        }
    }
}
