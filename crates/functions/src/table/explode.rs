//! EXPLODE: a row for each element of an array.

use arrow::{
    array::{Array, ArrayRef, AsArray, UInt32Array},
    compute::take,
};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::{Place, Rows, TableFunction, over_array};
use crate::kernel::Call;

pub fn function() -> TableFunction {
    let overload = over_array(
        "One row for each element, NULLs too. An empty array and NULL have none.",
        |arguments| match arguments {
            [SqlType::Array(element)] => element.as_ref().clone(),
            _ => SqlType::String,
        },
        "T",
    );
    TableFunction::new(
        "EXPLODE",
        "Makes a row of each element of an array.",
        vec![overload],
        Explode,
    )
}

struct Explode;

impl Rows for Explode {
    fn counts(&self, call: &Call) -> Result<Vec<u32>> {
        let argument = call.argument(0)?;
        let lists = argument.array().as_list::<i32>();
        let count = |row| match lists.is_valid(row) {
            true => lists.value_length(row).unsigned_abs(),
            false => 0,
        };
        let rows = 0..call.rows;
        Ok(rows.map(|row| count(argument.index(row))).collect())
    }

    fn values(&self, call: &Call, places: &[Place]) -> Result<ArrayRef> {
        let argument = call.argument(0)?;
        let lists = argument.array().as_list::<i32>();
        let element = |place: &Place| {
            let row = argument.index(place.row as usize);
            let length = lists.value_length(row).unsigned_abs();
            let is_there = lists.is_valid(row) && place.index < length;
            let offset = lists.value_offsets()[row].unsigned_abs();
            is_there.then(|| offset + place.index)
        };
        let elements: UInt32Array = places.iter().map(element).collect();
        Ok(take(lists.values(), &elements, None)?)
    }

    fn repeats(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use super::*;
    use crate::{
        table::testing::check,
        testing::{integers, text, texts},
    };

    #[test]
    fn each_element_is_a_row() {
        let explode = function();
        let numbers = |of: &[Option<i32>]| -> Vec<ScalarValue> {
            of.iter()
                .map(|number| ScalarValue::Int32(*number))
                .collect()
        };
        check(
            &explode,
            &integers(&[Some(1), None, Some(3)]),
            &numbers(&[Some(1), None, Some(3)]),
        );
        check(&explode, &integers(&[None]), &numbers(&[None]));
        check(&explode, &integers(&[]), &[]);
        check(
            &explode,
            &texts(&[Some("ä"), Some("")]),
            &[text("ä"), text("")],
        );
        let none = ScalarValue::try_new_null(&integers(&[]).data_type()).unwrap();
        check(&explode, &none, &[]);
    }

    #[test]
    fn the_manual_says_what_comes_of_what() {
        let explode = function();
        let overload = &explode.manual().overloads[0];
        assert_eq!(overload.arguments[0].sql_type, "ARRAY<T>");
        assert_eq!(overload.returns, "T");
        assert_eq!(explode.manual().category, "TABLE");
    }
}
