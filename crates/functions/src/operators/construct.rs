//! `ARRAY[…]`, `MAP(…)`, `STRUCT(…)` and `||`.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, ListArray, MapArray, StringArray, StringBuilder, StructArray},
    buffer::{NullBuffer, OffsetBuffer},
    compute::interleave,
    datatypes::DataType,
};
use datafusion_common::{DataFusionError, Result};
use datafusion_expr::Expr;
use weir_catalog::SqlType;

use crate::column::{call, downcast, function, on_arrays};

/// Elements of one type, at least one.
pub fn make_array(elements: Vec<Expr>, element_type: &SqlType) -> Expr {
    let returns = SqlType::array(element_type.clone());
    let data_type = returns.to_arrow();
    let made = function("ARRAY", "", &returns, move |arguments, rows| {
        on_arrays(arguments, rows, |arrays| {
            let DataType::List(item) = &data_type else {
                return Err(DataFusionError::Internal("an ARRAY is no list".into()));
            };
            let (values, offsets) = rows_of(arrays)?;
            Ok(Arc::new(ListArray::try_new(
                item.clone(),
                offsets,
                values,
                None,
            )?))
        })
    });
    call(made, elements)
}

/// Row by row, the values of all arrays side by side.
fn rows_of(arrays: &[ArrayRef]) -> Result<(ArrayRef, OffsetBuffer<i32>)> {
    let rows = arrays.first().map_or(0, |array| array.len());
    let places: Vec<_> = (0..rows)
        .flat_map(|row| (0..arrays.len()).map(move |array| (array, row)))
        .collect();
    let references: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
    let values = interleave(&references, &places)?;
    Ok((
        values,
        OffsetBuffer::from_lengths(std::iter::repeat_n(arrays.len(), rows)),
    ))
}

/// STRING keys, then as many values of one type. A row with a NULL key is NULL as a whole; of two equal keys the last
/// one is found.
pub fn make_map(keys: Vec<Expr>, values: Vec<Expr>, value_type: &SqlType) -> Expr {
    let returns = SqlType::map(SqlType::String, value_type.clone());
    let data_type = returns.to_arrow();
    let size = keys.len();
    let made = function("MAP", "", &returns, move |arguments, rows| {
        on_arrays(arguments, rows, |arrays| {
            let DataType::Map(entries, _) = &data_type else {
                return Err(DataFusionError::Internal("a MAP is no map".into()));
            };
            let DataType::Struct(fields) = entries.data_type() else {
                return Err(DataFusionError::Internal("a MAP has no entries".into()));
            };
            let (keys, values) = arrays.split_at(size);
            let valid: NullBuffer = (0..keys[0].len())
                .map(|row| keys.iter().all(|key| key.is_valid(row)))
                .collect();
            let filled: Vec<ArrayRef> = keys.iter().map(without_nulls).collect::<Result<_>>()?;
            let (keys, offsets) = rows_of(&filled)?;
            let (values, _) = rows_of(values)?;
            let entries_array = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
            Ok(Arc::new(MapArray::try_new(
                entries.clone(),
                offsets,
                entries_array,
                Some(valid),
                false,
            )?))
        })
    });
    call(made, keys.into_iter().chain(values).collect())
}

/// Keys must not be NULL, not even in a row that is.
fn without_nulls(keys: &ArrayRef) -> Result<ArrayRef> {
    let keys = downcast::<StringArray>(keys)?;
    Ok(Arc::new(
        keys.iter()
            .map(|key| Some(key.unwrap_or("")))
            .collect::<StringArray>(),
    ))
}

/// Members in the order of `returns`, a STRUCT type.
pub fn make_struct(members: Vec<Expr>, returns: &SqlType) -> Expr {
    let data_type = returns.to_arrow();
    let made = function("STRUCT", "", returns, move |arguments, rows| {
        on_arrays(arguments, rows, |arrays| {
            let DataType::Struct(fields) = &data_type else {
                return Err(DataFusionError::Internal("a STRUCT is no struct".into()));
            };
            Ok(Arc::new(StructArray::try_new(
                fields.clone(),
                arrays.to_vec(),
                None,
            )?))
        })
    });
    call(made, members)
}

/// `a || b || …` of STRINGs: NULLs are left out; all NULL gives the empty text.
pub fn concat(operands: Vec<Expr>) -> Expr {
    let joined = function("||", "", &SqlType::String, |arguments, rows| {
        on_arrays(arguments, rows, concat_arrays)
    });
    call(joined, operands)
}

pub fn concat_arrays(arrays: &[ArrayRef]) -> Result<ArrayRef> {
    let texts = arrays
        .iter()
        .map(downcast::<StringArray>)
        .collect::<Result<Vec<_>>>()?;
    let rows = texts.first().map_or(0, |texts| texts.len());
    let bytes = texts.iter().map(|texts| texts.value_data().len()).sum();
    let mut builder = StringBuilder::with_capacity(rows, bytes);
    let mut joined = String::new();
    for row in 0..rows {
        joined.clear();
        joined.extend(
            texts
                .iter()
                .filter(|texts| texts.is_valid(row))
                .map(|texts| texts.value(row)),
        );
        builder.append_value(&joined);
    }
    Ok(Arc::new(builder.finish()))
}
