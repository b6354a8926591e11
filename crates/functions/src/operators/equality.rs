//! Deep equality of ARRAY, MAP and STRUCT values, as Java's `equals`.
//!
//! Nested NULLs are equal, a nested NaN is itself, `0.0` is not `-0.0`; the order of a MAP's entries does not count.

use std::cmp::Ordering;

use arrow::array::{DynComparator, make_comparator};
use arrow::{
    array::{Array, ArrayRef, AsArray, MapArray},
    compute::SortOptions,
    datatypes::{DataType, Float64Type},
};
use datafusion_common::{Result, plan_err};

/// Whether the value at a place of the left array equals that at a place of the right one.
pub(crate) type Equality = Box<dyn Fn(usize, usize) -> bool + Send + Sync>;

/// For two arrays of one type; its depth is that of the type, which the parser bounds.
pub(crate) fn try_new(left: &ArrayRef, right: &ArrayRef) -> Result<Equality> {
    let values = match left.data_type() {
        DataType::List(_) => list(left, right)?,
        DataType::Map(..) => map(left, right)?,
        DataType::Struct(_) => structure(left, right)?,
        DataType::Float64 => doubles(left, right)?,
        _ => {
            let compare = comparator(left, right)?;
            // This one knows NULLs.
            return Ok(Box::new(move |i, j| compare(i, j).is_eq()));
        }
    };
    let (left_nulls, right_nulls) = (left.logical_nulls(), right.logical_nulls());
    Ok(Box::new(move |i, j| {
        let is_left_null = left_nulls.as_ref().is_some_and(|nulls| nulls.is_null(i));
        let is_right_null = right_nulls.as_ref().is_some_and(|nulls| nulls.is_null(j));
        match (is_left_null, is_right_null) {
            (true, true) => true,
            (false, false) => values(i, j),
            _ => false,
        }
    }))
}

/// As Java's `Double.equals`: there is one NaN, whatever its bits, and two zeroes.
fn doubles(left: &ArrayRef, right: &ArrayRef) -> Result<Equality> {
    let both = left
        .as_primitive_opt::<Float64Type>()
        .zip(right.as_primitive_opt::<Float64Type>());
    let Some((left, right)) = both else {
        return plan_err!("a DOUBLE can only be compared with a DOUBLE");
    };
    let (left, right) = (left.values().clone(), right.values().clone());
    Ok(Box::new(move |i, j| {
        let (a, b) = (left[i], right[j]);
        a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
    }))
}

fn comparator(left: &ArrayRef, right: &ArrayRef) -> Result<DynComparator> {
    Ok(make_comparator(left, right, SortOptions::default())?)
}

fn list(left: &ArrayRef, right: &ArrayRef) -> Result<Equality> {
    let (Some(left), Some(right)) = (left.as_list_opt::<i32>(), right.as_list_opt::<i32>()) else {
        return plan_err!("an ARRAY can only be compared with an ARRAY");
    };
    let elements = try_new(left.values(), right.values())?;
    let (left, right) = (left.offsets().clone(), right.offsets().clone());
    Ok(Box::new(move |i, j| {
        let (a, b) = (range(&left, i), range(&right, j));
        a.len() == b.len() && a.zip(b).all(|(i, j)| elements(i, j))
    }))
}

fn structure(left: &ArrayRef, right: &ArrayRef) -> Result<Equality> {
    let (Some(left), Some(right)) = (left.as_struct_opt(), right.as_struct_opt()) else {
        return plan_err!("a STRUCT can only be compared with a STRUCT");
    };
    let members = left
        .columns()
        .iter()
        .zip(right.columns())
        .map(|(left, right)| try_new(left, right))
        .collect::<Result<Vec<_>>>()?;
    Ok(Box::new(move |i, j| {
        members.iter().all(|is_equal| is_equal(i, j))
    }))
}

fn map(left: &ArrayRef, right: &ArrayRef) -> Result<Equality> {
    let (Some(left), Some(right)) = (left.as_map_opt(), right.as_map_opt()) else {
        return plan_err!("a MAP can only be compared with a MAP");
    };
    let keys = comparator(left.keys(), right.keys())?;
    let values = try_new(left.values(), right.values())?;
    let (left_order, right_order) = (key_order(left)?, key_order(right)?);
    let (left, right) = (left.offsets().clone(), right.offsets().clone());
    Ok(Box::new(move |i, j| {
        let (a, b) = (range(&left, i), range(&right, j));
        if a.len() != b.len() {
            return false;
        }
        let is_entry_equal = |i: usize, j: usize| keys(i, j).is_eq() && values(i, j);
        if a.clone().zip(b.clone()).all(|(i, j)| is_entry_equal(i, j)) {
            return true;
        }
        // Sorting keeps maps of many entries in foreign data from costing their square.
        let (mut a, mut b): (Vec<_>, Vec<_>) = (a.collect(), b.collect());
        a.sort_by(|i, j| left_order(*i, *j));
        b.sort_by(|i, j| right_order(*i, *j));
        a.into_iter().zip(b).all(|(i, j)| is_entry_equal(i, j))
    }))
}

fn key_order(map: &MapArray) -> Result<Box<dyn Fn(usize, usize) -> Ordering + Send + Sync>> {
    comparator(map.keys(), map.keys())
}

fn range(offsets: &[i32], row: usize) -> std::ops::Range<usize> {
    offsets[row] as usize..offsets[row + 1] as usize
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        Float64Builder, Int32Builder, ListBuilder, MapBuilder, StringBuilder, StructArray,
    };
    use std::sync::Arc;

    use super::*;

    fn check(array: ArrayRef, i: usize, j: usize, expected: bool) {
        let equal = try_new(&array, &array).unwrap();
        assert_eq!(equal(i, j), expected, "{array:?} {i} {j}");
        assert_eq!(equal(j, i), expected, "{array:?} {j} {i}");
    }

    #[test]
    fn nested_nulls_and_nans_are_equal() {
        let mut lists = ListBuilder::new(Float64Builder::new());
        lists.append_value([Some(1.0), None, Some(f64::NAN)]);
        lists.append_value([Some(1.0), None, Some(-f64::NAN)]);
        lists.append_value([Some(1.0), None]);
        lists.append_value([Some(1.0), Some(0.0)]);
        lists.append_value([Some(1.0), Some(-0.0)]);
        lists.append_null();
        lists.append_null();
        let lists: ArrayRef = Arc::new(lists.finish());
        check(lists.clone(), 0, 1, true);
        check(lists.clone(), 0, 2, false);
        check(lists.clone(), 2, 3, false);
        check(lists.clone(), 3, 4, false);
        check(lists.clone(), 4, 5, false);
        check(lists, 5, 6, true);
    }

    #[test]
    fn the_order_of_a_maps_entries_does_not_count() {
        let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
        for entries in [
            [("a", 1), ("b", 2)],
            [("b", 2), ("a", 1)],
            [("a", 1), ("b", 3)],
        ] {
            for (key, value) in entries {
                maps.keys().append_value(key);
                maps.values().append_value(value);
            }
            maps.append(true).unwrap();
        }
        let maps: ArrayRef = Arc::new(maps.finish());
        check(maps.clone(), 0, 0, true);
        check(maps.clone(), 0, 1, true);
        check(maps.clone(), 1, 2, false);
        let field = arrow::datatypes::Field::new("M", maps.data_type().clone(), true);
        let structure = StructArray::try_new(vec![field].into(), vec![maps], None).unwrap();
        check(Arc::new(structure.clone()), 0, 1, true);
        check(Arc::new(structure), 0, 2, false);
    }
}
