//! `ARRAY[…]`, `MAP(…)`, `STRUCT(…)` and `||`.

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, AsArray, ListArray, MapArray, StringArray, StructArray, UInt32Array,
        make_comparator,
    },
    buffer::{OffsetBuffer, ScalarBuffer},
    compute::{SortOptions, interleave, take},
    datatypes::{DataType, Field, Fields},
};
use datafusion_common::{Result, internal_datafusion_err, plan_err};
use datafusion_expr::{Expr, ScalarUDF};
use weir_catalog::SqlType;

use crate::{
    kernel::{self, Call, Kernel},
    texts::{ByteStrings, Texts},
};

/// `ARRAY[item, …]`, items of one type, at least one.
pub fn make_array(items: Vec<Expr>, item_type: &SqlType) -> Expr {
    let returns = SqlType::array(item_type.clone()).to_arrow();
    kernel::call(MakeArray { returns }, items)
}

/// `MAP(key := value, …)`, as many keys as values, at least one. The last of equal keys counts. A NULL key is the
/// text `null` where keys are STRINGs, and makes no entry else.
pub fn make_map(keys: Vec<Expr>, values: Vec<Expr>, value_type: &SqlType) -> Expr {
    let value = value_type.to_arrow();
    kernel::call(MakeMap { value }, keys.into_iter().chain(values).collect())
}

/// `STRUCT(name := value, …)`: values in the order of `returns`, a STRUCT.
pub fn make_struct(values: Vec<Expr>, returns: &SqlType) -> Expr {
    let returns = returns.to_arrow();
    kernel::call(MakeStruct { returns }, values)
}

/// `left || right || …` and CONCAT, of STRINGs or of BYTES: skips NULLs; nothing but NULLs is the empty text.
pub fn concat(parts: Vec<Expr>) -> Expr {
    kernel::call(Concat, parts)
}

/// ARRAY[…], MAP(…), STRUCT(…).
pub(crate) fn is_constructor(udf: &ScalarUDF) -> bool {
    kernel::kernel_of::<MakeArray>(udf).is_some()
        || kernel::kernel_of::<MakeMap>(udf).is_some()
        || kernel::kernel_of::<MakeStruct>(udf).is_some()
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MakeArray {
    returns: DataType,
}

impl Kernel for MakeArray {
    fn name(&self) -> &str {
        "ARRAY"
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType> {
        match &self.returns {
            DataType::List(of) if arguments.iter().all(|item| item == of.data_type()) => {
                Ok(self.returns.clone())
            }
            _ => plan_err!("the items of an ARRAY are of one type"),
        }
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        let DataType::List(item) = &call.returns else {
            return plan_err!("expected an ARRAY, got {}", call.returns);
        };
        let items = call.columns()?;
        let values = rows_of(&items, call.rows)?;
        let offsets = OffsetBuffer::from_repeated_length(items.len(), call.rows);
        let list = ListArray::try_new(Arc::clone(item), offsets, values, None)?;
        Ok(Arc::new(list))
    }
}

/// Row after row, in each the value of all columns.
fn rows_of(columns: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    let arrays: Vec<&dyn Array> = columns.iter().map(AsRef::as_ref).collect();
    let places: Vec<(usize, usize)> = (0..rows)
        .flat_map(|row| (0..columns.len()).map(move |column| (column, row)))
        .collect();
    Ok(interleave(&arrays, &places)?)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MakeMap {
    value: DataType,
}

impl Kernel for MakeMap {
    fn name(&self) -> &str {
        "MAP"
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType> {
        let Some(key) = arguments.first() else {
            return plan_err!("a MAP has at least one entry");
        };
        let entries = Fields::from(vec![
            Field::new("keys", key.clone(), false),
            Field::new("values", self.value.clone(), true),
        ]);
        let entries = Field::new("entries", DataType::Struct(entries), false);
        Ok(DataType::Map(Arc::new(entries), false))
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        let DataType::Map(entries, _) = &call.returns else {
            return plan_err!("expected a MAP, got {}", call.returns);
        };
        let DataType::Struct(members) = entries.data_type() else {
            return plan_err!("expected a MAP, got {}", call.returns);
        };
        let columns = call.columns()?;
        let count = columns.len() / 2;
        let (keys, values) = columns.split_at(count);
        let (keys, values) = (rows_of(keys, call.rows)?, rows_of(values, call.rows)?);
        let keys = named_keys(&keys);
        let (places, offsets) = distinct_entries(&keys, count, call.rows)?;
        let keys = take(&keys, &places, None)?;
        let values = take(&values, &places, None)?;
        let pairs = StructArray::try_new(members.clone(), vec![keys, values], None)?;
        let map = MapArray::try_new(Arc::clone(entries), offsets, pairs, None, false)?;
        Ok(Arc::new(map))
    }
}

/// STRINGs with `null` for NULL, as ksqlDB writes a key that a MAP cannot have here; other keys as they are.
pub(crate) fn named_keys(keys: &ArrayRef) -> ArrayRef {
    match keys.as_string_opt::<i32>() {
        Some(names) if names.null_count() > 0 => {
            let names = names.iter().map(|name| name.unwrap_or("null"));
            Arc::new(StringArray::from_iter_values(names))
        }
        _ => Arc::clone(keys),
    }
}

/// The places of the entries that stay, `count` for each row before, and where each row's begin.
fn distinct_entries(
    keys: &ArrayRef,
    count: usize,
    rows: usize,
) -> Result<(UInt32Array, OffsetBuffer<i32>)> {
    let order = make_comparator(keys, keys, SortOptions::default())?;
    let mut places: Vec<u32> = Vec::with_capacity(keys.len());
    let mut ends: Vec<i32> = vec![0];
    for row in 0..rows {
        let entries = row * count..(row + 1) * count;
        for entry in entries.clone().filter(|entry| keys.is_valid(*entry)) {
            // A statement's own entries are few: no need for a set.
            let mut later = entry + 1..entries.end;
            if !later.any(|other| keys.is_valid(other) && order(entry, other).is_eq()) {
                places.push(u32::try_from(entry).map_err(|_| too_long())?);
            }
        }
        ends.push(i32::try_from(places.len()).map_err(|_| too_long())?);
    }
    Ok((places.into(), OffsetBuffer::new(ScalarBuffer::from(ends))))
}

fn too_long() -> datafusion_common::DataFusionError {
    internal_datafusion_err!("too many entries in one batch")
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MakeStruct {
    returns: DataType,
}

impl Kernel for MakeStruct {
    fn name(&self) -> &str {
        "STRUCT"
    }

    fn display(&self, arguments: &[String]) -> Option<String> {
        let DataType::Struct(fields) = &self.returns else {
            return None;
        };
        let members = fields.iter().zip(arguments);
        let members = members.map(|(field, value)| format!("{} := {value}", field.name()));
        Some(format!(
            "STRUCT({})",
            members.collect::<Vec<_>>().join(", ")
        ))
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType> {
        match &self.returns {
            DataType::Struct(fields) if fields.len() == arguments.len() => Ok(self.returns.clone()),
            _ => plan_err!("a STRUCT has a value for each member"),
        }
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        let DataType::Struct(fields) = &call.returns else {
            return plan_err!("expected a STRUCT, got {}", call.returns);
        };
        let columns = call.columns()?;
        let structure = StructArray::try_new_with_length(fields.clone(), columns, None, call.rows)?;
        Ok(Arc::new(structure))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Concat;

impl Kernel for Concat {
    fn name(&self) -> &str {
        "||"
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments.split_first() {
            Some((first @ (DataType::Utf8 | DataType::Binary), rest))
                if rest.iter().all(|part| part == first) =>
            {
                Ok(first.clone())
            }
            _ => plan_err!("only STRINGs, or BYTES, can be concatenated"),
        }
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        concatenate(call)
    }
}

/// The parts of each row, NULLs left out.
pub(crate) fn concatenate(call: &Call) -> Result<ArrayRef> {
    if call.returns == SqlType::Bytes.to_arrow() {
        return concatenate_bytes(call);
    }
    let parts = call.arguments.iter().map(|argument| argument.strings());
    let parts = parts.collect::<Result<Vec<_>>>()?;
    let mut results = Texts::new(call.rows);
    let mut joined = String::new();
    for row in 0..call.rows {
        let row = || parts.iter().filter_map(move |part| part.get(row));
        joined.clear();
        let has_room = results.has_room(row().map(str::len).sum());
        joined.extend(row().filter(|_| has_room));
        results.push(has_room.then_some(&joined));
    }
    results.finish()
}

fn concatenate_bytes(call: &Call) -> Result<ArrayRef> {
    let mut results = ByteStrings::new(call.rows);
    let mut joined = Vec::new();
    for row in 0..call.rows {
        let parts = || {
            call.arguments
                .iter()
                .filter_map(move |part| part.bytes(row))
        };
        joined.clear();
        let has_room = results.has_room(parts().map(<[u8]>::len).sum());
        let kept = parts().filter(|_| has_room);
        kept.for_each(|part| joined.extend_from_slice(part));
        results.push(has_room.then_some(&joined));
    }
    results.finish()
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use super::*;
    use crate::{operators::cast, testing};

    /// The text of what `make` makes.
    fn check(
        make: impl Fn(Vec<Expr>) -> Expr,
        returns: &SqlType,
        arguments: &[ScalarValue],
        expected: &str,
    ) {
        let make = |arguments| cast(make(arguments), returns, &SqlType::String);
        testing::check(make, arguments, &expected.into());
    }

    #[test]
    fn arrays_hold_their_items_in_order() {
        let make = |items| make_array(items, &SqlType::Integer);
        let returns = SqlType::array(SqlType::Integer);
        check(
            make,
            &returns,
            &[1.into(), None::<i32>.into(), 3.into()],
            "[1, null, 3]",
        );
        let nested = |items| {
            let inner = make_array(items, &SqlType::Integer);
            make_array(
                vec![inner.clone(), inner],
                &SqlType::array(SqlType::Integer),
            )
        };
        let returns = SqlType::array(returns);
        check(nested, &returns, &[1.into(), 2.into()], "[[1, 2], [1, 2]]");
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        let make = |mut arguments: Vec<Expr>| {
            let values = arguments.split_off(3);
            make_map(arguments, values, &SqlType::Integer)
        };
        let returns = SqlType::map(SqlType::String, SqlType::Integer);
        let values = [1.into(), 2.into(), None::<i32>.into()];
        let check = |keys: [ScalarValue; 3], expected| {
            let arguments: Vec<_> = keys.into_iter().chain(values.clone()).collect();
            check(make, &returns, &arguments, expected);
        };
        check(["a".into(), "b".into(), "c".into()], "{a=1, b=2, c=null}");
        check(["a".into(), "b".into(), "a".into()], "{b=2, a=null}");
        check(
            ["a".into(), ScalarValue::Utf8(None), "c".into()],
            "{a=1, null=2, c=null}",
        );
    }

    #[test]
    fn structs_have_their_members_names() {
        let returns = SqlType::structure([
            ("A".to_owned(), SqlType::Integer),
            ("b".to_owned(), SqlType::String),
        ]);
        let make = |values| make_struct(values, &returns);
        check(make, &returns, &[1.into(), "x".into()], "Struct{A=1,b=x}");
    }

    #[test]
    fn what_would_be_too_long_is_null() {
        let half: ScalarValue = "x".repeat(9 << 20).into();
        testing::check(concat, &[half.clone(), half], &ScalarValue::Utf8(None));
    }

    #[test]
    fn concatenation_skips_nulls() {
        let text = |text: Option<&str>| ScalarValue::Utf8(text.map(Into::into));
        testing::check(
            concat,
            &[text(Some("a")), text(None), text(Some("é"))],
            &"aé".into(),
        );
        testing::check(concat, &[text(None), text(None)], &"".into());
        let bytes = |bytes: Option<&[u8]>| ScalarValue::Binary(bytes.map(Into::into));
        testing::check(
            concat,
            &[bytes(Some(b"a")), bytes(None), bytes(Some(&[0xff]))],
            &bytes(Some(b"a\xff")),
        );
    }
}
