//! ARRAY, MAP and STRUCT to the same shape of other types.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, ListArray, MapArray, StructArray, UInt32Array, new_null_array},
    buffer::OffsetBuffer,
    compute::take,
    datatypes::DataType,
};
use datafusion_common::{Result, internal_datafusion_err, plan_err};
use weir_catalog::{Field, SqlType};

use super::cast_array;

pub(super) fn array(list: &ListArray, from: &SqlType, to: &SqlType) -> Result<ArrayRef> {
    let values = cast_array(list.values(), from, to)?;
    let item = Arc::new(to.to_arrow_field("item"));
    let offsets = list.offsets().clone();
    let list = ListArray::try_new(item, offsets, values, list.nulls().cloned())?;
    Ok(Arc::new(list))
}

/// By exact name; a member that is new is NULL.
pub(super) fn structure(structure: &StructArray, from: &[Field], to: &[Field]) -> Result<ArrayRef> {
    let members = to.iter().map(|to| {
        let old = from.iter().zip(structure.columns());
        match old.into_iter().find(|(from, _)| from.name == to.name) {
            Some((from, member)) => cast_array(member, &from.sql_type, &to.sql_type),
            None => Ok(new_null_array(&to.sql_type.to_arrow(), structure.len())),
        }
    });
    let members = members.collect::<Result<Vec<_>>>()?;
    let fields = to
        .iter()
        .map(|to| to.sql_type.to_arrow_field(&to.name))
        .collect();
    let nulls = structure.nulls().cloned();
    let length = structure.len();
    Ok(Arc::new(StructArray::try_new_with_length(
        fields, members, nulls, length,
    )?))
}

/// An entry whose key cannot be cast is left out: there is no NULL key.
pub(super) fn map(map: &MapArray, from: &SqlType, to: &SqlType) -> Result<ArrayRef> {
    let (SqlType::Map(from_key, from_value), SqlType::Map(to_key, to_value)) = (from, to) else {
        return plan_err!("Cast of {from} to {to} is not supported");
    };
    let keys = cast_array(map.keys(), from_key, to_key)?;
    let values = cast_array(map.values(), from_value, to_value)?;
    let (keys, values, offsets) = match keys.null_count() {
        0 => (keys, values, map.offsets().clone()),
        _ => without_null_keys(&keys, &values, map.offsets())?,
    };
    let DataType::Map(entries, is_sorted) = to.to_arrow() else {
        return plan_err!("{to} is no MAP");
    };
    let DataType::Struct(members) = entries.data_type() else {
        return plan_err!("{to} is no MAP");
    };
    let pairs = StructArray::try_new(members.clone(), vec![keys, values], None)?;
    let nulls = map.nulls().cloned();
    Ok(Arc::new(MapArray::try_new(
        entries, offsets, pairs, nulls, is_sorted,
    )?))
}

fn without_null_keys(
    keys: &ArrayRef,
    values: &ArrayRef,
    offsets: &OffsetBuffer<i32>,
) -> Result<(ArrayRef, ArrayRef, OffsetBuffer<i32>)> {
    let too_long = |_| internal_datafusion_err!("too many entries in one batch");
    let mut places: Vec<u32> = Vec::with_capacity(keys.len());
    let mut lengths = Vec::with_capacity(offsets.len());
    for row in offsets.windows(2) {
        let before = places.len();
        for entry in (row[0] as usize..row[1] as usize).filter(|entry| keys.is_valid(*entry)) {
            places.push(u32::try_from(entry).map_err(too_long)?);
        }
        lengths.push(places.len() - before);
    }
    let places = UInt32Array::from(places);
    let keys = take(keys, &places, None)?;
    let values = take(values, &places, None)?;
    Ok((keys, values, OffsetBuffer::from_lengths(lengths)))
}
