//! How much memory values take, about: what bounds collections that functions make, and the pieces in which the bodies of
//! lambdas are evaluated.

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::DataType,
};

/// As many places are evaluated in one go at most.
pub const LONGEST_PIECE: usize = 1 << 16;

/// The first piece, while it is not known yet what a body captures and how much it makes.
pub const FIRST_PIECE: usize = 16;

/// How many times longer than a piece the next one is at most.
const GROWTH: usize = 8;

/// Captured values are copied for each element; so much of them at a time, and about so much of what is made of them.
pub const LARGEST_PIECE: u64 = 16 << 20;

/// What one result may be made of, and all results of a batch together: what is larger is NULL.
pub const LARGEST_RESULT: u64 = 16 << 20;
pub const LARGEST_BATCH: u64 = 1 << 30;

/// How many places are evaluated after so many that made so much.
pub fn next_piece(places: usize, made: u64) -> usize {
    let each = made / (places.max(1) as u64);
    let fitting = usize::try_from(LARGEST_PIECE / each.max(1)).unwrap_or(usize::MAX);
    fitting
        .min(places.saturating_mul(GROWTH))
        .clamp(1, LONGEST_PIECE)
}

/// All values of an array.
pub fn of(array: &ArrayRef) -> u64 {
    let below = match array.data_type() {
        DataType::Utf8 => spread(array.as_string::<i32>().value_offsets()),
        DataType::Binary => spread(array.as_binary::<i32>().value_offsets()),
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            of(&within(lists.values(), lists.value_offsets()))
        }
        DataType::Map(..) => {
            let maps = array.as_map();
            let [keys, values] = [maps.keys(), maps.values()];
            of(&within(keys, maps.value_offsets())) + of(&within(values, maps.value_offsets()))
        }
        DataType::Struct(_) => array.as_struct().columns().iter().map(of).sum(),
        _ => 0,
    };
    below + 8 * array.len() as u64
}

/// The values of all columns, row by row.
pub fn of_rows(columns: &[ArrayRef]) -> Vec<u64> {
    let rows = columns.first().map_or(0, |column| column.len());
    let mut sizes = vec![0_u64; rows];
    for column in columns {
        for (row, size) in each(column).into_iter().enumerate() {
            if let Some(known) = sizes.get_mut(row) {
                *known = known.saturating_add(size);
            }
        }
    }
    sizes
}

fn each(array: &ArrayRef) -> Vec<u64> {
    match array.data_type() {
        DataType::Utf8 => lengths(array.as_string::<i32>().value_offsets()),
        DataType::Binary => lengths(array.as_binary::<i32>().value_offsets()),
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            sums(lists.value_offsets(), &each(lists.values()))
        }
        DataType::Map(..) => {
            let maps = array.as_map();
            let entries = of_rows(&[maps.keys().clone(), maps.values().clone()]);
            sums(maps.value_offsets(), &entries)
        }
        DataType::Struct(_) => of_rows(array.as_struct().columns()),
        _ => vec![8; array.len()],
    }
}

fn spread(offsets: &[i32]) -> u64 {
    let ends = offsets.last().zip(offsets.first());
    ends.map_or(0, |(last, first)| (last - first).unsigned_abs().into())
}

fn within(values: &ArrayRef, offsets: &[i32]) -> ArrayRef {
    let start = offsets.first().copied().unwrap_or(0).unsigned_abs() as usize;
    values.slice(start, spread(offsets) as usize)
}

fn lengths(offsets: &[i32]) -> Vec<u64> {
    let pairs = offsets.windows(2);
    pairs.map(|pair| 8 + spread(pair)).collect()
}

/// For each list, the sum over its elements.
fn sums(offsets: &[i32], sizes: &[u64]) -> Vec<u64> {
    let of_range = |pair: &[i32]| match pair {
        [start, end] => sizes.get(*start as usize..*end as usize),
        _ => None,
    };
    let lists = offsets.windows(2);
    lists
        .map(|pair| 8 + of_range(pair).map_or(0, |sizes| sizes.iter().sum()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int32Builder, ListBuilder, StringArray};

    use super::*;

    #[test]
    fn sizes_count_what_is_nested() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("abcd"), None, Some("é")]));
        assert_eq!(of_rows(std::slice::from_ref(&texts)), [12, 8, 10]);
        assert_eq!(of(&texts), 30);
        assert_eq!(of(&texts.slice(1, 2)), 18);
        let mut lists = ListBuilder::new(Int32Builder::new());
        lists.append_value([Some(1), None]);
        lists.append_null();
        let lists: ArrayRef = Arc::new(lists.finish());
        assert_eq!(of_rows(std::slice::from_ref(&lists)), [24, 8]);
        assert_eq!(of(&lists), 32);
        assert_eq!(of_rows(&[lists.clone(), lists]), [48, 16]);
    }
}
