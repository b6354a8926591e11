//! ARRAYs and MAPs made of elements and entries of others.
//!
//! **Invariant:** a result is no larger than its arguments together, and rows whose arguments together are too large are
//! NULL: a constant beside a column, or a lambda that appends its state to itself, can make much of little.

use std::{ops::Range, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray},
    buffer::{BooleanBuffer, NullBuffer, OffsetBuffer, ScalarBuffer},
    compute::interleave,
    datatypes::DataType,
};
use datafusion_common::{Result, internal_datafusion_err, plan_err};

use crate::{
    kernel::{Argument, Call},
    size,
};

/// An argument of ARRAYs or MAPs.
#[derive(Debug)]
pub struct Collections<'a> {
    argument: &'a Argument,
    offsets: &'a [i32],
    start: usize,
    /// The elements of an ARRAY; the keys and the values of a MAP.
    pub columns: Vec<ArrayRef>,
}

impl<'a> Collections<'a> {
    pub fn try_new(argument: &'a Argument) -> Result<Self> {
        let array = argument.array();
        let (columns, offsets) = match array.data_type() {
            DataType::List(_) => {
                let lists = array.as_list::<i32>();
                (vec![lists.values()], lists.value_offsets())
            }
            DataType::Map(..) => {
                let maps = array.as_map();
                (vec![maps.keys(), maps.values()], maps.value_offsets())
            }
            other => return plan_err!("{other} is no collection"),
        };
        // Of a slice of a longer column, only what belongs to it.
        let start = offsets.first().copied().unwrap_or(0) as usize;
        let end = offsets.last().copied().unwrap_or(0) as usize;
        let columns = columns.into_iter();
        Ok(Self {
            argument,
            offsets,
            start,
            columns: columns
                .map(|column| column.slice(start, end - start))
                .collect(),
        })
    }

    /// The elements of an ARRAY, the keys of a MAP.
    pub fn elements(&self) -> &ArrayRef {
        &self.columns[0]
    }

    /// The places of a row's elements; `None`: the row is NULL.
    pub fn get(&self, row: usize) -> Option<Range<usize>> {
        if self.argument.is_null(row) {
            return None;
        }
        let place = self.argument.index(row);
        let (start, end) = (
            self.offsets[place] as usize,
            self.offsets[place + 1] as usize,
        );
        Some(start - self.start..end - self.start)
    }
}

/// The rows whose arguments are too large together; `None`: there are none.
pub fn too_large(call: &Call) -> Option<BooleanBuffer> {
    let all = call.arguments.iter().map(|argument| {
        let times = if argument.is_constant() {
            call.rows as u64
        } else {
            1
        };
        size::of(argument.array()).saturating_mul(times)
    });
    if all.fold(0, u64::saturating_add) <= size::LARGEST_RESULT {
        return None;
    }
    let sizes = call.arguments.iter();
    let sizes: Vec<_> = sizes
        .map(|argument| size::of_rows(std::slice::from_ref(argument.array())))
        .collect();
    let mut made = 0_u64;
    let rows = BooleanBuffer::collect_bool(call.rows, |row| {
        let of_row = call.arguments.iter().zip(&sizes);
        let of_row = of_row.map(|(argument, sizes)| sizes[argument.index(row)]);
        let of_row = of_row.fold(0, u64::saturating_add);
        let is_too_large = of_row > size::LARGEST_RESULT.min(size::LARGEST_BATCH - made);
        made += if is_too_large { 0 } else { of_row };
        is_too_large
    });
    (rows.count_set_bits() > 0).then_some(rows)
}

/// Collections that are made one by one of what is in others.
#[derive(Debug)]
pub struct Picks {
    places: Vec<(usize, usize)>,
    ends: Ends,
    validity: Vec<bool>,
}

impl Picks {
    pub fn new(rows: usize) -> Self {
        Self {
            places: Vec::new(),
            ends: Ends::new(rows),
            validity: Vec::with_capacity(rows),
        }
    }

    /// For each row that is not too large, `pick` says what is in it; `None`: the row is NULL.
    pub fn of_rows(
        call: &Call,
        mut pick: impl FnMut(usize, &mut Vec<(usize, usize)>) -> Option<()>,
    ) -> Result<Self> {
        let too_large = too_large(call);
        let mut picks = Self::new(call.rows);
        for row in 0..call.rows {
            let before = picks.places.len();
            let is_too_large = too_large.as_ref().is_some_and(|rows| rows.value(row));
            let is_there = !is_too_large && pick(row, &mut picks.places).is_some();
            if !is_there {
                picks.places.truncate(before);
            }
            picks.validity.push(is_there);
            picks.ends.push(picks.places.len())?;
        }
        Ok(picks)
    }

    /// ARRAYs: each place is a source and an element of it.
    pub fn arrays(self, returns: &DataType, sources: &[&ArrayRef]) -> Result<ArrayRef> {
        let elements = picked(sources, &self.places)?;
        let validity = Some(NullBuffer::from(self.validity));
        list(returns, self.ends.finish(), elements, validity)
    }

    /// MAPs: each place is a source and an entry of it.
    pub fn maps(
        self,
        returns: &DataType,
        keys: &[&ArrayRef],
        values: &[&ArrayRef],
    ) -> Result<ArrayRef> {
        let values = picked(values, &self.places)?;
        self.with_values(returns, keys, values)
    }

    /// MAPs whose values stand at places of their own, one for each key.
    pub fn pairs(
        self,
        returns: &DataType,
        keys: &[&ArrayRef],
        values: &[&ArrayRef],
        places: &[(usize, usize)],
    ) -> Result<ArrayRef> {
        let values = picked(values, places)?;
        self.with_values(returns, keys, values)
    }

    fn with_values(
        self,
        returns: &DataType,
        keys: &[&ArrayRef],
        values: ArrayRef,
    ) -> Result<ArrayRef> {
        let keys = picked(keys, &self.places)?;
        let validity = Some(NullBuffer::from(self.validity));
        map(returns, self.ends.finish(), keys, values, validity)
    }
}

fn picked(sources: &[&ArrayRef], places: &[(usize, usize)]) -> Result<ArrayRef> {
    let sources: Vec<&dyn Array> = sources.iter().map(|source| source.as_ref()).collect();
    Ok(interleave(&sources, places)?)
}

/// Offsets of collections that are made one by one.
#[derive(Debug)]
pub struct Ends {
    ends: Vec<i32>,
}

impl Ends {
    pub fn new(rows: usize) -> Self {
        let mut ends = Vec::with_capacity(rows + 1);
        ends.push(0);
        Self { ends }
    }

    /// A collection ends before the element at `end`.
    pub fn push(&mut self, end: usize) -> Result<()> {
        let end = i32::try_from(end)
            .map_err(|_| internal_datafusion_err!("a batch has too many elements"))?;
        self.ends.push(end);
        Ok(())
    }

    pub fn finish(self) -> OffsetBuffer<i32> {
        OffsetBuffer::new(ScalarBuffer::from(self.ends))
    }
}

/// A column of ARRAYs.
pub fn list(
    returns: &DataType,
    offsets: OffsetBuffer<i32>,
    elements: ArrayRef,
    validity: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let DataType::List(item) = returns else {
        return plan_err!("expected an ARRAY, got {returns}");
    };
    let validity = validity.filter(|validity| validity.null_count() > 0);
    let lists = ListArray::try_new(Arc::clone(item), offsets, elements, validity)?;
    Ok(Arc::new(lists))
}

/// A column of MAPs; the keys of a row differ, and none is NULL.
pub fn map(
    returns: &DataType,
    offsets: OffsetBuffer<i32>,
    keys: ArrayRef,
    values: ArrayRef,
    validity: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let DataType::Map(entries, _) = returns else {
        return plan_err!("expected a MAP, got {returns}");
    };
    let DataType::Struct(members) = entries.data_type() else {
        return plan_err!("expected a MAP, got {returns}");
    };
    let validity = validity.filter(|validity| validity.null_count() > 0);
    let pairs = StructArray::try_new(members.clone(), vec![keys, values], None)?;
    let maps = MapArray::try_new(Arc::clone(entries), offsets, pairs, validity, false)?;
    Ok(Arc::new(maps))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Builder, ListBuilder};

    use super::*;

    #[test]
    fn rows_whose_arguments_are_too_large_together_are_told() {
        let lists = |lengths: &[i64]| -> ArrayRef {
            let mut lists = ListBuilder::new(Int64Builder::new());
            for length in lengths {
                lists.append_value((0..*length).map(Some));
            }
            Arc::new(lists.finish())
        };
        let check = |column: &[i64], constant: i64, expected: Option<&[bool]>| {
            let call = Call {
                arguments: vec![
                    Argument::column(lists(column)),
                    Argument::constant(lists(&[constant])),
                ],
                rows: column.len(),
                returns: DataType::Null,
            };
            let found = too_large(&call).map(|rows| rows.iter().collect::<Vec<_>>());
            assert_eq!(found.as_deref(), expected);
        };
        check(&[1, 2, 3], 4, None);
        check(&[1, 3 << 20, 2], 4, Some(&[false, true, false]));
        check(&[1, 1 << 20, 2], (1 << 20) + 1, Some(&[false, true, false]));
        check(&[1; 70], 1 << 20, None);
        let mut last = vec![false; 130];
        last[127..].fill(true);
        check(&[1; 130], 1 << 20, Some(&last));
    }
}
