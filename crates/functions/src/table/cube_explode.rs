//! CUBE_EXPLODE: an array in every way in which its elements can be replaced by NULL.

use std::{ops::Range, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanBufferBuilder, ListArray, UInt32Array},
    buffer::{NullBuffer, OffsetBuffer},
    compute::take,
    datatypes::DataType,
};
use datafusion_common::{Result, internal_err};
use weir_catalog::SqlType;

use super::{Place, Rows, TableFunction, over_array};
use crate::kernel::Call;

/// Longer arrays have no rows: twenty elements are a million of them already.
const MOST_ELEMENTS: u32 = 20;

pub fn function() -> TableFunction {
    let overload = over_array(
        "From all NULL to the array itself, the first element changing slowest. An element that is NULL stays NULL and makes no rows more. NULL has no rows, nor has an array of more than 20 elements.",
        |arguments| match arguments {
            [array] => array.clone(),
            _ => SqlType::array(SqlType::String),
        },
        "ARRAY<T>",
    );
    TableFunction::new(
        "CUBE_EXPLODE",
        "Makes a row of each way to replace elements of an array by NULL.",
        vec![overload],
        CubeExplode,
    )
}

struct CubeExplode;

impl Rows for CubeExplode {
    fn counts(&self, call: &Call) -> Result<Vec<u32>> {
        let argument = call.argument(0)?;
        let lists = argument.array().as_list::<i32>();
        let rows = 0..call.rows;
        Ok(rows.map(|row| count(lists, argument.index(row))).collect())
    }

    fn values(&self, call: &Call, places: &[Place]) -> Result<ArrayRef> {
        let DataType::List(field) = &call.returns else {
            return internal_err!("CUBE_EXPLODE gives arrays, not {}", call.returns);
        };
        let argument = call.argument(0)?;
        let lists = argument.array().as_list::<i32>();
        let (mut elements, mut is_kept) = (Vec::new(), BooleanBufferBuilder::new(0));
        let (mut lengths, mut validity) = (Vec::with_capacity(places.len()), Vec::new());
        let mut cube = Cube::default();
        let mut last = None;
        for place in places {
            // The combinations of a row mostly stand side by side.
            if last != Some(place.row) {
                cube.look_at(lists, argument.index(place.row as usize));
                last = Some(place.row);
            }
            let is_there = place.index < cube.count;
            validity.push(is_there);
            lengths.push(if is_there { cube.elements.len() } else { 0 });
            if is_there {
                elements.extend_from_slice(&cube.elements);
                cube.bits
                    .iter()
                    .for_each(|bit| is_kept.append(place.index & bit != 0));
            }
        }
        let is_kept = NullBuffer::new(is_kept.finish());
        let elements = UInt32Array::new(elements.into(), Some(is_kept));
        Ok(Arc::new(ListArray::try_new(
            field.clone(),
            OffsetBuffer::from_lengths(lengths),
            take(lists.values(), &elements, None)?,
            Some(NullBuffer::from(validity)),
        )?))
    }

    fn repeats(&self) -> bool {
        true
    }
}

/// Where a row's elements are.
fn elements(lists: &ListArray, row: usize) -> Range<u32> {
    let start = lists.value_offsets()[row].unsigned_abs();
    start..start + lists.value_length(row).unsigned_abs()
}

/// How many combinations there are of a row.
fn count(lists: &ListArray, row: usize) -> u32 {
    let elements = elements(lists, row);
    if lists.is_null(row) || elements.len() as u32 > MOST_ELEMENTS {
        return 0;
    }
    let nulls = lists.values().nulls().map_or(0, |nulls| {
        nulls
            .slice(elements.start as usize, elements.len())
            .null_count()
    });
    1 << (elements.len() - nulls)
}

/// A row's elements and what they are in its combinations.
#[derive(Default)]
struct Cube {
    elements: Vec<u32>,
    /// For each element the bit of a combination's number that says whether it stays; the last one's is the lowest. None for
    /// those that are NULL anyway.
    bits: Vec<u32>,
    count: u32,
}

impl Cube {
    fn look_at(&mut self, lists: &ListArray, row: usize) {
        self.elements.clear();
        self.bits.clear();
        self.count = count(lists, row);
        if self.count == 0 {
            return;
        }
        let mut bit = self.count;
        for element in elements(lists, row) {
            let is_known = lists.values().is_valid(element as usize);
            bit >>= u32::from(is_known);
            self.elements.push(element);
            self.bits.push(if is_known { bit } else { 0 });
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use super::*;
    use crate::{
        kernel::Argument,
        table::testing::check,
        testing::{integers, texts},
    };

    #[test]
    fn every_combination_is_a_row_and_the_first_element_changes_slowest() {
        let cube = function();
        check(
            &cube,
            &integers(&[Some(1), Some(2)]),
            &[
                integers(&[None, None]),
                integers(&[None, Some(2)]),
                integers(&[Some(1), None]),
                integers(&[Some(1), Some(2)]),
            ],
        );
        check(
            &cube,
            &texts(&[None, Some("b"), None]),
            &[texts(&[None, None, None]), texts(&[None, Some("b"), None])],
        );
        check(&cube, &integers(&[None]), &[integers(&[None])]);
        check(&cube, &integers(&[]), &[integers(&[])]);
        let none = ScalarValue::try_new_null(&integers(&[]).data_type()).unwrap();
        check(&cube, &none, &[]);
    }

    #[test]
    fn twenty_elements_are_a_million_rows_and_twenty_one_are_none() {
        let counts = |numbers: Vec<Option<i32>>| {
            let array = integers(&numbers).to_array().unwrap();
            let call = Call {
                returns: array.data_type().clone(),
                arguments: vec![Argument::column(array)],
                rows: 1,
            };
            let counts = CubeExplode.counts(&call).unwrap()[0];
            let last = Place {
                row: 0,
                index: counts.saturating_sub(1),
            };
            let values = CubeExplode.values(&call, &[last]).unwrap();
            (counts, ScalarValue::try_from_array(&values, 0).unwrap())
        };
        let twenty: Vec<Option<i32>> = (0..20).map(Some).collect();
        assert_eq!(counts(twenty.clone()), (1 << 20, integers(&twenty)));
        let more = [twenty, vec![None]].concat();
        let (count, none) = counts(more);
        assert_eq!(count, 0);
        assert!(none.is_null());
    }
}
