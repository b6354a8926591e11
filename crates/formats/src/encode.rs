//! Columns to bytes.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, BooleanArray};
use bytes::Bytes;
use weir_catalog::{Column, Format, FormatSpec};

use crate::{
    BadRecord, Error, delimited::DelimitedEncoder, json::JsonEncoder, kafka::KafkaEncoder,
};

/// Encodes the keys or the values of rows. Reused from batch to batch.
#[derive(Debug)]
pub struct Encoder {
    encoder: AnyEncoder,
}

#[derive(Debug)]
enum AnyEncoder {
    Nothing,
    Json(JsonEncoder),
    Delimited(DelimitedEncoder),
    Kafka(KafkaEncoder),
}

/// Which rows have nothing in any of these columns: a key of several columns, all of them NULL, is no key.
pub fn rows_of_nulls(arrays: &[ArrayRef], rows: usize) -> BooleanArray {
    (0..rows)
        .map(|row| Some(arrays.iter().all(|array| array.is_null(row))))
        .collect()
}

/// The bytes of every row, slices of one buffer.
#[derive(Debug)]
pub struct Encoded {
    /// `None`: null bytes, for a row that is NULL as a whole.
    pub rows: Vec<Option<Bytes>>,
    /// Rows that this format cannot write, with the reason; their bytes are `None`.
    pub failures: Vec<(usize, BadRecord)>,
}

impl Encoder {
    /// `columns` are those of this part of the record, in order. For a key of one column, `format.wrap_single` must be
    /// false.
    pub fn try_new(format: &FormatSpec, columns: &[Column]) -> Result<Self, Error> {
        let encoder = match format.format {
            _ if columns.is_empty() => AnyEncoder::Nothing,
            Format::None => AnyEncoder::Nothing,
            Format::Json => AnyEncoder::Json(JsonEncoder::new(format, columns)),
            Format::Delimited => AnyEncoder::Delimited(DelimitedEncoder::try_new(format, columns)?),
            Format::Kafka => AnyEncoder::Kafka(KafkaEncoder::try_new(columns)?),
        };
        Ok(Self { encoder })
    }

    /// `arrays` are the columns, in the order given to [`Encoder::try_new`], all of `rows` rows; `is_null` tells which
    /// rows are NULL as a whole (`None`: none is).
    pub fn encode(
        &mut self,
        arrays: &[ArrayRef],
        rows: usize,
        is_null: Option<&BooleanArray>,
    ) -> Encoded {
        let mut buffer = Vec::new();
        let mut ranges: Vec<Option<Range<usize>>> = Vec::with_capacity(rows);
        let mut failures = Vec::new();
        for row in 0..rows {
            if is_null.is_some_and(|is_null| is_null.is_valid(row) && is_null.value(row)) {
                ranges.push(None);
                continue;
            }
            let start = buffer.len();
            let written = match &mut self.encoder {
                AnyEncoder::Nothing => Ok(false),
                AnyEncoder::Json(encoder) => Ok(encoder.write(arrays, row, &mut buffer)),
                AnyEncoder::Delimited(encoder) => Ok(encoder.write(arrays, row, &mut buffer)),
                AnyEncoder::Kafka(encoder) => encoder.write(arrays, row, &mut buffer),
            };
            match written {
                Ok(true) => ranges.push(Some(start..buffer.len())),
                Ok(false) => ranges.push(None),
                Err(reason) => {
                    buffer.truncate(start);
                    failures.push((row, reason));
                    ranges.push(None);
                }
            }
        }
        let shared = Bytes::from(buffer);
        let rows = ranges
            .into_iter()
            .map(|range| range.map(|range| shared.slice(range)))
            .collect();
        Encoded { rows, failures }
    }
}
