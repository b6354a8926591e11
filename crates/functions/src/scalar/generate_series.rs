//! GENERATE_SERIES: the numbers from one to another, both included, in steps. A step of 0 or away from the end gives NULL, and
//! so does a series that is too long.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, Int32Array, Int64Array},
    buffer::NullBuffer,
    datatypes::DataType,
};
use datafusion_common::{Result, internal_datafusion_err};

use crate::{
    collections::{Ends, list},
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    size,
};

pub fn function() -> Builtin {
    let kinds = [Parameter::INTEGER, Parameter::BIGINT];
    let variants = kinds.into_iter().flat_map(|kind| {
        let bounds = [("start", kind.clone()), ("end", kind.clone())];
        let [start, end] = bounds.clone();
        let with_step = [start, end, ("step", Parameter::INTEGER)];
        let series = Parameter::array(kind);
        [
            Variant::giving(
                bounds,
                "The numbers from the first to the second, up or down by 1.",
                series.clone(),
                generate_series,
            ),
            Variant::giving(
                with_step,
                "The numbers from the first as far as the second, by the step. NULL for a step of 0 or in the wrong direction.",
                series,
                generate_series,
            ),
        ]
    });
    Builtin::new(
        "GENERATE_SERIES",
        "ARRAY",
        "Makes an array of numbers.",
        variants.collect(),
    )
    .shown_as("GENERATE_SERIES")
}

/// As many numbers as are within the bounds of a result, and of a batch.
const LONGEST: i64 = (size::LARGEST_RESULT / 8) as i64;
const LONGEST_BATCH: i64 = (size::LARGEST_BATCH / 8) as i64;

fn generate_series(call: &Call) -> Result<ArrayRef> {
    let (start, end) = (call.argument(0)?, call.argument(1)?);
    let is_narrow = *start.data_type() == DataType::Int32;
    let step = call.arguments.get(2);
    let mut numbers: Vec<i64> = Vec::new();
    let (mut ends, mut validity) = (Ends::new(call.rows), Vec::with_capacity(call.rows));
    for row in 0..call.rows {
        let bounds = start.integer(row).zip(end.integer(row));
        let series = bounds.and_then(|(start, end)| {
            let step = match step {
                Some(step) => Some(step.integer(row)?),
                None => None,
            };
            let room = LONGEST.min(LONGEST_BATCH - numbers.len() as i64);
            let series = Series::try_new(start, end, step, is_narrow)?;
            (series.length <= room).then_some(series)
        });
        validity.push(series.is_some());
        if let Some(series) = series {
            numbers.extend(series.numbers());
        }
        ends.push(numbers.len())?;
    }
    let numbers: ArrayRef = match is_narrow {
        true => {
            let narrow = numbers.into_iter().map(i32::try_from);
            let narrow = narrow.collect::<Result<Vec<_>, _>>();
            Arc::new(Int32Array::from(narrow.map_err(|_| {
                internal_datafusion_err!("a series of INTEGERs has other numbers")
            })?))
        }
        false => Arc::new(Int64Array::from(numbers)),
    };
    list(
        &call.returns,
        ends.finish(),
        numbers,
        Some(NullBuffer::from(validity)),
    )
}

struct Series {
    start: i64,
    step: i64,
    length: i64,
    is_narrow: bool,
}

impl Series {
    /// In the arithmetic of INTEGERs or BIGINTs, which wraps: as ksqlDB, which takes the difference of the ends for their order.
    fn try_new(start: i64, end: i64, step: Option<i64>, is_narrow: bool) -> Option<Self> {
        let narrow = |number: i64| {
            if is_narrow {
                i64::from(number as i32)
            } else {
                number
            }
        };
        let difference = narrow(end.wrapping_sub(start));
        let step = step.unwrap_or(if difference > 0 { 1 } else { -1 });
        let is_away = (difference > 0 && step < 0) || (difference < 0 && step > 0);
        if step == 0 || is_away {
            return None;
        }
        // The number of steps is an INTEGER.
        let steps = difference.wrapping_div(step) as i32;
        let length = i64::from(steps.wrapping_add(1));
        (length >= 0).then_some(Self {
            start,
            step,
            length,
            is_narrow,
        })
    }

    fn numbers(self) -> impl Iterator<Item = i64> {
        (0..self.length).map(move |place| {
            let number = self.start.wrapping_add(place.wrapping_mul(self.step));
            if self.is_narrow {
                i64::from(number as i32)
            } else {
                number
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Builder, ListBuilder};
    use datafusion_common::ScalarValue;
    use weir_catalog::SqlType;

    use crate::testing::{call, integers, null};

    fn check<const N: usize>(arguments: [ScalarValue; N], expected: &[i32]) {
        let expected: Vec<_> = expected.iter().copied().map(Some).collect();
        call("GENERATE_SERIES", &arguments, integers(&expected));
    }

    fn check_null<const N: usize>(arguments: [ScalarValue; N]) {
        let element = SqlType::from_arrow(&arguments[0].data_type()).unwrap();
        call(
            "GENERATE_SERIES",
            &arguments,
            null(&SqlType::array(element)),
        );
    }

    #[test]
    fn integers_up_and_down() {
        check([0.into(), 3.into()], &[0, 1, 2, 3]);
        check([1.into(), (-2).into()], &[1, 0, -1, -2]);
        check([5.into(), 5.into()], &[5]);
        check([(-2).into(), 1.into(), 2.into()], &[-2, 0]);
        check([0.into(), 9.into(), 3.into()], &[0, 3, 6, 9]);
        check([1.into(), (-2).into(), (-2).into()], &[1, -1]);
        check([5.into(), 5.into(), (-7).into()], &[5]);
        check(
            [i32::MAX.into(), (i32::MAX - 1).into()],
            &[i32::MAX, i32::MAX - 1],
        );
        // The difference wraps, and with it the direction.
        check([i32::MIN.into(), i32::MAX.into()], &[i32::MIN, i32::MAX]);
    }

    #[test]
    fn bigints() {
        let bigints = |numbers: &[i64]| {
            let mut lists = ListBuilder::new(Int64Builder::new());
            lists.append_value(numbers.iter().copied().map(Some));
            ScalarValue::List(Arc::new(lists.finish()))
        };
        let check = |arguments: &[ScalarValue], expected: &[i64]| {
            call("GENERATE_SERIES", arguments, bigints(expected));
        };
        check(
            &[(1_i64 << 40).into(), ((1_i64 << 40) + 1).into()],
            &[1 << 40, (1 << 40) + 1],
        );
        check(&[0_i64.into(), 10_i64.into(), 5.into()], &[0, 5, 10]);
        check(&[3_i64.into(), 1.into()], &[3, 2, 1]);
        // The number of steps is cut to an INTEGER.
        check(&[0_i64.into(), i64::MAX.into()], &[]);
        check_null([0_i64.into(), 1_i64.into(), 0.into()]);
        check_null([None::<i64>.into(), 1_i64.into()]);
    }

    #[test]
    fn what_gives_nothing() {
        check_null([0.into(), 3.into(), 0.into()]);
        check_null([0.into(), 3.into(), (-1).into()]);
        check_null([3.into(), 0.into(), 1.into()]);
        check_null([None::<i32>.into(), 3.into()]);
        check_null([0.into(), None::<i32>.into()]);
        check_null([0.into(), 3.into(), None::<i32>.into()]);
        check_null([0.into(), (3 << 20).into()]);
        check_null([0.into(), i32::MAX.into()]);
    }
}
