//! `s->f`, `a[i]`, `m[k]`: what is not there is NULL.

use arrow::{
    array::{
        Array, ArrayRef, Int32Array, ListArray, MapArray, StringArray, StructArray, UInt32Array,
    },
    buffer::NullBuffer,
    compute::take,
};
use datafusion_common::Result;
use datafusion_expr::Expr;
use weir_catalog::SqlType;

use crate::column::{call, downcast, function, on_arrays};

/// The member at `index` of a STRUCT; NULL where the STRUCT is.
pub fn field(base: Expr, index: usize, name: &str, returns: &SqlType) -> Expr {
    let field = function("->", name, returns, move |arguments, rows| {
        on_arrays(arguments, rows, |arrays| {
            member(downcast(&arrays[0])?, index)
        })
    });
    call(field, vec![base])
}

/// The member's own NULLs and those of the STRUCT around it.
pub fn member(structure: &StructArray, index: usize) -> Result<ArrayRef> {
    let column = structure.column(index);
    let Some(outer) = structure.nulls() else {
        return Ok(column.clone());
    };
    let nulls = NullBuffer::union(Some(outer), column.nulls());
    let data = column.to_data().into_builder().nulls(nulls).build()?;
    Ok(arrow::array::make_array(data))
}

/// The element at a place: from 1 on, negative from the end; 0 and what is outside is NULL. `index` is an INTEGER.
pub fn element(base: Expr, index: Expr, returns: &SqlType) -> Expr {
    let element = function("[]", "array", returns, |arguments, rows| {
        on_arrays(arguments, rows, |arrays| {
            let (lists, places) = (
                downcast::<ListArray>(&arrays[0])?,
                downcast::<Int32Array>(&arrays[1])?,
            );
            let indices: UInt32Array = (0..lists.len())
                .map(|row| place(lists, places, row))
                .collect();
            Ok(take(lists.values(), &indices, None)?)
        })
    });
    call(element, vec![base, index])
}

fn place(lists: &ListArray, places: &Int32Array, row: usize) -> Option<u32> {
    if lists.is_null(row) || places.is_null(row) {
        return None;
    }
    let (length, place) = (
        i64::from(lists.value_length(row)),
        i64::from(places.value(row)),
    );
    let offset = if place > 0 { place - 1 } else { length + place };
    let is_inside = place != 0 && (0..length).contains(&offset);
    is_inside.then(|| u32::try_from(i64::from(lists.value_offsets()[row]) + offset).ok())?
}

/// The value of a STRING key; the last one if the key is there twice.
pub fn map_value(base: Expr, key: Expr, returns: &SqlType) -> Expr {
    let value = function("[]", "map", returns, |arguments, rows| {
        on_arrays(arguments, rows, |arrays| {
            let (maps, wanted) = (
                downcast::<MapArray>(&arrays[0])?,
                downcast::<StringArray>(&arrays[1])?,
            );
            let keys = downcast::<StringArray>(maps.keys())?;
            let indices: UInt32Array = (0..maps.len())
                .map(|row| {
                    if maps.is_null(row) || wanted.is_null(row) {
                        return None;
                    }
                    let (start, end) = (maps.value_offsets()[row], maps.value_offsets()[row + 1]);
                    let entry = (start..end)
                        .rev()
                        .find(|entry| keys.value(*entry as usize) == wanted.value(row))?;
                    u32::try_from(entry).ok()
                })
                .collect();
            Ok(take(maps.values(), &indices, None)?)
        })
    });
    call(value, vec![base, key])
}
