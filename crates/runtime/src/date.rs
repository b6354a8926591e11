//! Step 3: when each record happened.
//!
//! A record's time is its own timestamp, or what stands in the column that the source's TIMESTAMP property names. A record
//! whose value is NULL has no such column: it keeps its own timestamp. A time that is NULL or negative is marked here,
//! and set aside by the tasks that go by it.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array},
    compute::{kernels::zip::zip, min},
    datatypes::{DataType, Int64Type, TimestampMillisecondType},
};
use weir_kafka::Record;

use crate::{Error, batch::Times};

/// The timestamps that the records carry.
pub(crate) fn by_record(records: &[Record]) -> Times {
    let times = records.iter().map(|record| record.timestamp);
    Times::new(Int64Array::from_iter_values(times))
}

/// The values of a BIGINT or TIMESTAMP column.
pub(crate) fn by_column(
    column: &ArrayRef,
    is_null_value: &BooleanArray,
    by_record: &Times,
) -> Result<Times, Error> {
    let times = match column.data_type() {
        DataType::Int64 => column.as_primitive::<Int64Type>().clone(),
        _ => column
            .as_primitive_opt::<TimestampMillisecondType>()
            .map(|times| times.reinterpret_cast::<Int64Type>())
            .ok_or_else(|| {
                Error::internal(format!("a {} column cannot date rows", column.data_type()))
            })?,
    };
    if is_null_value.true_count() == 0 {
        return Ok(Times::new(times));
    }
    let times = zip(is_null_value, &*by_record.times, &times)?;
    Ok(Times::new(times.as_primitive::<Int64Type>().clone()))
}

impl Times {
    fn new(times: Int64Array) -> Self {
        let has_bad = times.null_count() > 0 || min(&times).is_some_and(|lowest| lowest < 0);
        Self {
            times: Arc::new(times),
            has_bad,
        }
    }

    /// Why a record cannot be dated; `None` if it can.
    pub fn problem(&self, row: usize) -> Option<(&'static str, String)> {
        if self.times.is_null(row) {
            return Some((
                "timestamp_null",
                "the column that dates the row is NULL".to_owned(),
            ));
        }
        let time = self.times.value(row);
        let reason = || format!("the row's time is before 1970: {time}");
        (time < 0).then(|| ("timestamp_negative", reason()))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::TimestampMillisecondArray;

    use super::*;

    fn records(times: &[i64]) -> Vec<Record> {
        let record = |(offset, timestamp): (usize, &i64)| Record {
            offset: offset as i64,
            timestamp: *timestamp,
            key: None,
            value: None,
            headers: Vec::new(),
        };
        times.iter().enumerate().map(record).collect()
    }

    #[test]
    fn a_record_has_its_own_timestamp() {
        let times = by_record(&records(&[5, 3]));
        assert_eq!(times.times.values(), &[5, 3]);
        assert!(!times.has_bad);
    }

    #[test]
    fn a_time_before_1970_is_marked() {
        let times = by_record(&records(&[5, -3]));
        assert!(times.has_bad);
        assert_eq!(times.problem(0), None);
        assert_eq!(times.problem(1).unwrap().0, "timestamp_negative");
    }

    #[test]
    fn a_column_dates_and_a_null_value_falls_back_to_the_record() {
        let own = by_record(&records(&[1, 2, 3]));
        let column: ArrayRef =
            Arc::new(TimestampMillisecondArray::from(vec![Some(70), None, None]));
        let is_null = BooleanArray::from(vec![false, true, false]);
        let times = by_column(&column, &is_null, &own).unwrap();
        assert_eq!(times.times.value(0), 70);
        assert_eq!(times.times.value(1), 2);
        assert_eq!(times.problem(2).unwrap().0, "timestamp_null");
    }
}
