//! Columns that grow row by row, lag behind, and can be cut back.
//!
//! A member that most records lack must cost nothing: a column is only touched where there is a value, and the rows that
//! it missed are filled with NULLs when it is next touched or finished. A value that turns out to be replaced, by a
//! duplicate member, is cut off again.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{
        ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Decimal256Array,
        Float64Array, Int32Array, Int64Array, StringArray, Time32MillisecondArray,
        TimestampMillisecondArray,
    },
    buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer},
    datatypes::i256,
};
use weir_catalog::SqlType;

/// So few values are compared with one another; more are put into a table.
const FEW: usize = 16;

/// A growing column of one scalar type.
#[derive(Debug)]
pub struct Column {
    is_valid: Vec<bool>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Boolean(Vec<bool>),
    /// INTEGER, DATE, TIME.
    Int32(Vec<i32>),
    /// BIGINT, TIMESTAMP.
    Int64(Vec<i64>),
    Double(Vec<f64>),
    Decimal(Vec<i256>),
    /// STRING, BYTES.
    Bytes {
        offsets: Vec<i32>,
        data: Vec<u8>,
    },
}

/// One value.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    Boolean(bool),
    Int32(i32),
    Int64(i64),
    Double(f64),
    Decimal(i256),
    Bytes(&'a [u8]),
}

impl Column {
    pub fn new(sql_type: &SqlType) -> Self {
        let values = match sql_type {
            SqlType::Boolean => Values::Boolean(Vec::new()),
            SqlType::Integer | SqlType::Date | SqlType::Time => Values::Int32(Vec::new()),
            SqlType::BigInt | SqlType::Timestamp => Values::Int64(Vec::new()),
            SqlType::Double => Values::Double(Vec::new()),
            SqlType::Decimal { .. } => Values::Decimal(Vec::new()),
            _ => Values::Bytes {
                offsets: vec![0],
                data: Vec::new(),
            },
        };
        Self {
            is_valid: Vec::new(),
            values,
        }
    }

    /// Fills with NULLs up to `row`, then appends. A value of another kind than the column's is a NULL.
    pub fn push(&mut self, row: usize, value: Value<'_>) {
        self.pad(row);
        let mut fits = true;
        match (&mut self.values, value) {
            (Values::Boolean(values), Value::Boolean(value)) => values.push(value),
            (Values::Int32(values), Value::Int32(value)) => values.push(value),
            (Values::Int64(values), Value::Int64(value)) => values.push(value),
            (Values::Double(values), Value::Double(value)) => values.push(value),
            (Values::Decimal(values), Value::Decimal(value)) => values.push(value),
            (Values::Bytes { offsets, data }, Value::Bytes(bytes)) => {
                data.extend_from_slice(bytes);
                offsets.push(data.len() as i32);
            }
            _ => fits = false,
        }
        if fits {
            self.is_valid.push(true);
        }
    }

    /// NULLs up to, and without, `row`.
    pub fn pad(&mut self, row: usize) {
        let missing = row.saturating_sub(self.is_valid.len());
        if missing == 0 {
            return;
        }
        self.is_valid.resize(row, false);
        match &mut self.values {
            Values::Boolean(values) => values.resize(row, false),
            Values::Int32(values) => values.resize(row, 0),
            Values::Int64(values) => values.resize(row, 0),
            Values::Double(values) => values.resize(row, 0.0),
            Values::Decimal(values) => values.resize(row, i256::ZERO),
            Values::Bytes { offsets, data } => offsets.resize(row + 1, data.len() as i32),
        }
    }

    /// Forgets the rows from `row` on.
    pub fn truncate(&mut self, row: usize) {
        self.is_valid.truncate(row);
        match &mut self.values {
            Values::Boolean(values) => values.truncate(row),
            Values::Int32(values) => values.truncate(row),
            Values::Int64(values) => values.truncate(row),
            Values::Double(values) => values.truncate(row),
            Values::Decimal(values) => values.truncate(row),
            Values::Bytes { offsets, data } => {
                offsets.truncate(row + 1);
                data.truncate(offsets.last().map_or(0, |end| *end as usize));
            }
        }
    }

    /// The rows of `start..end` whose bytes come again later in it, in order.
    pub fn repeated(&self, start: usize, end: usize, found: &mut Vec<usize>) {
        let Values::Bytes { offsets, data } = &self.values else {
            return;
        };
        let bytes = |row: usize| &data[offsets[row] as usize..offsets[row + 1] as usize];
        if end - start <= FEW {
            let comes_again =
                |row: &usize| (*row + 1..end).any(|later| bytes(later) == bytes(*row));
            found.extend((start..end).filter(comes_again));
            return;
        }
        let mut last: HashMap<&[u8], usize> = HashMap::with_capacity(end - start);
        let earlier = (start..end).filter_map(|row| last.insert(bytes(row), row));
        let first = found.len();
        found.extend(earlier);
        found[first..].sort_unstable();
    }

    /// The array of `rows` rows; the column is empty afterwards.
    pub fn finish(&mut self, rows: usize, sql_type: &SqlType) -> ArrayRef {
        self.pad(rows);
        let nulls = nulls(&mut self.is_valid);
        match &mut self.values {
            Values::Boolean(values) => {
                let array = BooleanArray::new(BooleanBuffer::from(std::mem::take(values)), nulls);
                Arc::new(array)
            }
            Values::Int32(values) => {
                let values = ScalarBuffer::from(std::mem::take(values));
                match sql_type {
                    SqlType::Date => Arc::new(Date32Array::new(values, nulls)),
                    SqlType::Time => Arc::new(Time32MillisecondArray::new(values, nulls)),
                    _ => Arc::new(Int32Array::new(values, nulls)),
                }
            }
            Values::Int64(values) => {
                let values = ScalarBuffer::from(std::mem::take(values));
                match sql_type {
                    SqlType::Timestamp => Arc::new(TimestampMillisecondArray::new(values, nulls)),
                    _ => Arc::new(Int64Array::new(values, nulls)),
                }
            }
            Values::Double(values) => Arc::new(Float64Array::new(
                ScalarBuffer::from(std::mem::take(values)),
                nulls,
            )),
            Values::Decimal(values) => decimals(std::mem::take(values), nulls, sql_type),
            Values::Bytes { offsets, data } => {
                let offsets = std::mem::replace(offsets, vec![0]);
                // Offsets only ever grow, from 0 on.
                let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
                let data = Buffer::from(std::mem::take(data));
                if *sql_type == SqlType::Bytes {
                    return Arc::new(BinaryArray::new(offsets, data, nulls));
                }
                match StringArray::try_new(offsets.clone(), data, nulls) {
                    Ok(array) => Arc::new(array),
                    // What is pushed is UTF-8; were it not, no text is better than a wrong one.
                    Err(_) => Arc::new(StringArray::new_null(offsets.len() - 1)),
                }
            }
        }
    }
}

fn decimals(values: Vec<i256>, nulls: Option<NullBuffer>, sql_type: &SqlType) -> ArrayRef {
    let SqlType::Decimal { precision, scale } = sql_type else {
        return arrow::array::new_null_array(&sql_type.to_arrow(), values.len());
    };
    let rows = values.len();
    let array: Option<ArrayRef> = if *precision <= 38 {
        let narrow: Vec<i128> = values
            .into_iter()
            .map(|value| value.to_i128().unwrap_or(0))
            .collect();
        let array = Decimal128Array::new(ScalarBuffer::from(narrow), nulls);
        array
            .with_precision_and_scale(*precision, *scale as i8)
            .ok()
            .map(|array| Arc::new(array) as ArrayRef)
    } else {
        let array = Decimal256Array::new(ScalarBuffer::from(values), nulls);
        array
            .with_precision_and_scale(*precision, *scale as i8)
            .ok()
            .map(|array| Arc::new(array) as ArrayRef)
    };
    array.unwrap_or_else(|| arrow::array::new_null_array(&sql_type.to_arrow(), rows))
}

/// The validity as a buffer; `None` if all is there.
pub fn nulls(is_valid: &mut Vec<bool>) -> Option<NullBuffer> {
    let is_valid = std::mem::take(is_valid);
    if is_valid.iter().all(|is_valid| *is_valid) {
        return None;
    }
    Some(NullBuffer::from(is_valid))
}
