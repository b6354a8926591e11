//! The elements of all rows side by side.

use std::{ops::Range, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, UInt32Array},
    buffer::{NullBuffer, OffsetBuffer},
    compute::take,
    datatypes::DataType,
};
use datafusion_common::{Result, plan_err};

/// A column of ARRAYs or MAPs, flattened: nothing of a NULL row is in it.
#[derive(Debug)]
pub struct Elements {
    /// The elements of an ARRAY; the keys and the values of a MAP.
    pub columns: Vec<ArrayRef>,
    /// The row that each element is of.
    pub rows: UInt32Array,
    pub validity: Option<NullBuffer>,
    offsets: OffsetBuffer<i32>,
}

impl Elements {
    pub fn try_new(collections: &ArrayRef) -> Result<Self> {
        let (columns, offsets) = match collections.data_type() {
            DataType::List(_) => {
                let lists = collections.as_list::<i32>();
                (vec![Arc::clone(lists.values())], lists.value_offsets())
            }
            DataType::Map(..) => {
                let maps = collections.as_map();
                let columns = [maps.keys(), maps.values()];
                (columns.map(Arc::clone).to_vec(), maps.value_offsets())
            }
            other => return plan_err!("{other} is no collection"),
        };
        let validity = collections.logical_nulls();
        match &validity {
            Some(validity) if validity.null_count() > 0 => {
                let lengths = |row: usize| match validity.is_valid(row) {
                    true => range(offsets, row),
                    false => 0..0,
                };
                let ranges: Vec<_> = (0..collections.len()).map(lengths).collect();
                let places = ranges.iter().cloned().flatten();
                let places: UInt32Array = places.map(|place| place as u32).collect();
                let columns = columns.iter().map(|column| take(column, &places, None));
                let columns = columns.collect::<Result<Vec<_>, _>>()?;
                Self::over(
                    columns,
                    ranges.into_iter().map(|range| range.len()),
                    Some(validity.clone()),
                )
            }
            _ => {
                let start = offsets.first().copied().unwrap_or(0) as usize;
                let end = offsets.last().copied().unwrap_or(0) as usize;
                let columns = columns
                    .iter()
                    .map(|column| column.slice(start, end - start));
                let lengths = (0..collections.len()).map(|row| range(offsets, row).len());
                Self::over(columns.collect(), lengths, None)
            }
        }
    }

    fn over(
        columns: Vec<ArrayRef>,
        lengths: impl Iterator<Item = usize> + Clone,
        validity: Option<NullBuffer>,
    ) -> Result<Self> {
        let rows = lengths.clone().enumerate();
        let rows = rows.flat_map(|(row, length)| std::iter::repeat_n(row as u32, length));
        Ok(Self {
            columns,
            rows: UInt32Array::from_iter_values(rows),
            validity,
            offsets: OffsetBuffer::from_lengths(lengths),
        })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The places of a row's elements.
    pub fn of(&self, row: usize) -> Range<usize> {
        range(&self.offsets, row)
    }

    pub fn offsets(&self) -> &OffsetBuffer<i32> {
        &self.offsets
    }
}

fn range(offsets: &[i32], row: usize) -> Range<usize> {
    offsets[row] as usize..offsets[row + 1] as usize
}
