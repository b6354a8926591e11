//! What the functions of dates and times share: values by row, columns of them, and the clock.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use arrow::{
    array::{
        Array, ArrayRef, AsArray, Date32Array, PrimitiveArray, Time32MillisecondArray,
        TimestampMillisecondArray,
    },
    datatypes::{
        ArrowPrimitiveType, Date32Type, Int32Type, Int64Type, Time32MillisecondType,
        TimestampMillisecondType,
    },
};
use datafusion_common::{Result, internal_err};

use crate::{kernel::Argument, texts::Texts};

/// As the manual groups them.
pub const CATEGORY: &str = "DATE / TIME";

/// A column or constant of numbers, dates or times, whose values are asked for row by row.
pub struct Numbers<'a> {
    values: Values<'a>,
    argument: &'a Argument,
}

enum Values<'a> {
    Integer(&'a PrimitiveArray<Int32Type>),
    BigInt(&'a PrimitiveArray<Int64Type>),
    Date(&'a PrimitiveArray<Date32Type>),
    Time(&'a PrimitiveArray<Time32MillisecondType>),
    Timestamp(&'a PrimitiveArray<TimestampMillisecondType>),
}

impl<'a> Numbers<'a> {
    pub fn try_new(argument: &'a Argument) -> Result<Self> {
        let array = argument.array();
        let values = if let Some(values) = array.as_primitive_opt() {
            Values::Integer(values)
        } else if let Some(values) = array.as_primitive_opt() {
            Values::BigInt(values)
        } else if let Some(values) = array.as_primitive_opt() {
            Values::Date(values)
        } else if let Some(values) = array.as_primitive_opt() {
            Values::Time(values)
        } else if let Some(values) = array.as_primitive_opt() {
            Values::Timestamp(values)
        } else {
            return internal_err!("{} is no number, date or time", array.data_type());
        };
        Ok(Self { values, argument })
    }

    /// Days of a date, milliseconds of a time or an instant.
    pub fn get(&self, row: usize) -> Option<i64> {
        let index = self.argument.index(row);
        fn at<T: ArrowPrimitiveType>(
            values: &PrimitiveArray<T>,
            index: usize,
        ) -> Option<T::Native> {
            values.is_valid(index).then(|| values.value(index))
        }
        match self.values {
            Values::Integer(values) => at(values, index).map(i64::from),
            Values::BigInt(values) => at(values, index),
            Values::Date(values) => at(values, index).map(i64::from),
            Values::Time(values) => at(values, index).map(i64::from),
            Values::Timestamp(values) => at(values, index),
        }
    }
}

pub fn dates(rows: usize, date: impl FnMut(usize) -> Option<i32>) -> Result<ArrayRef> {
    Ok(Arc::new((0..rows).map(date).collect::<Date32Array>()))
}

pub fn times(rows: usize, time: impl FnMut(usize) -> Option<i32>) -> Result<ArrayRef> {
    let times = (0..rows).map(time);
    Ok(Arc::new(times.collect::<Time32MillisecondArray>()))
}

pub fn timestamps(rows: usize, timestamp: impl FnMut(usize) -> Option<i64>) -> Result<ArrayRef> {
    let timestamps = (0..rows).map(timestamp);
    Ok(Arc::new(timestamps.collect::<TimestampMillisecondArray>()))
}

/// Texts that `write` appends to a buffer that is empty; NULL where it gives `None`.
pub fn texts(
    rows: usize,
    mut write: impl FnMut(usize, &mut String) -> Option<()>,
) -> Result<ArrayRef> {
    let mut texts = Texts::new(rows);
    let mut buffer = String::new();
    for row in 0..rows {
        buffer.clear();
        let is_there = write(row, &mut buffer);
        texts.push(is_there.map(|()| buffer.as_str()));
    }
    texts.finish()
}

/// Milliseconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.unwrap_or_default().as_millis();
    i64::try_from(millis).unwrap_or(i64::MAX)
}

#[cfg(test)]
pub mod testing {
    use datafusion_common::ScalarValue;

    pub fn date(days: i32) -> ScalarValue {
        ScalarValue::Date32(Some(days))
    }

    pub fn time(millis: i32) -> ScalarValue {
        ScalarValue::Time32Millisecond(Some(millis))
    }

    pub fn timestamp(millis: i64) -> ScalarValue {
        ScalarValue::TimestampMillisecond(Some(millis), None)
    }

    pub const NO_DATE: ScalarValue = ScalarValue::Date32(None);
    pub const NO_TIME: ScalarValue = ScalarValue::Time32Millisecond(None);
    pub const NO_TIMESTAMP: ScalarValue = ScalarValue::TimestampMillisecond(None, None);
}
