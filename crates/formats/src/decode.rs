//! Bytes to columns.

use arrow::array::{ArrayRef, BooleanArray};
use weir_catalog::{Column, Format, FormatSpec, SqlType, Window};

use crate::{
    BadRecord, Error, Misfit, delimited::DelimitedDecoder, json::JsonDecoder, kafka::KafkaDecoder,
    window,
};

/// A column to decode: what stands at `path`, read as `sql_type`.
///
/// Two queries that ask for the same path and type ask for the same column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ColumnRequest {
    pub path: ColumnPath,
    pub sql_type: SqlType,
}

/// A declared column's name, then names of members of its STRUCTs: `["WINLOG", "EVENT_DATA", "COMMANDLINE"]`.
pub type ColumnPath = Vec<String>;

/// Decodes the keys or the values of records. One per format, schema and set of columns; reused from batch to batch.
#[derive(Debug)]
pub struct Decoder {
    decoder: AnyDecoder,
    requests: usize,
    /// What stands behind each key.
    window: Option<Window>,
}

#[derive(Debug)]
enum AnyDecoder {
    /// NONE: no column, every part is NULL.
    Nothing,
    Json(Box<JsonDecoder>),
    Delimited(DelimitedDecoder),
    Kafka(KafkaDecoder),
}

/// What came out: every column has a row for every record, NULL where the record is bad.
#[derive(Debug)]
pub struct Decoded {
    /// In the order of the requests.
    pub columns: Vec<ArrayRef>,
    /// True where the whole key or value is NULL: null bytes, or `null` in JSON.
    pub is_null: BooleanArray,
    /// Empty as a rule; in the order of the rows.
    pub misfits: Vec<Misfit>,
}

impl Decoder {
    /// `columns` are the declared ones of this part of the record, in order (DELIMITED reads by position and KAFKA has
    /// but one); `requests` are those to produce. For a key of one column, `format.wrap_single` must be false.
    pub fn try_new(
        format: &FormatSpec,
        columns: &[Column],
        requests: &[ColumnRequest],
    ) -> Result<Self, Error> {
        let decoder = match format.format {
            Format::None => AnyDecoder::Nothing,
            Format::Json => AnyDecoder::Json(Box::new(JsonDecoder::new(format, columns, requests))),
            Format::Delimited => {
                AnyDecoder::Delimited(DelimitedDecoder::try_new(format, columns, requests)?)
            }
            Format::Kafka => AnyDecoder::Kafka(KafkaDecoder::try_new(columns, requests)?),
        };
        Ok(Self {
            decoder,
            requests: requests.len(),
            window: format.window,
        })
    }

    pub fn decode(&mut self, records: &[Option<&[u8]>]) -> Decoded {
        let Some(window) = self.window else {
            return self.decode_all(records);
        };
        let mut misfits = Vec::new();
        let keys = records.iter().enumerate().map(|(row, record)| {
            let key = window::split(window, (*record)?);
            if key.is_none() {
                let why = format!("the key is too short to have a {window} window behind it");
                misfits.push(Misfit {
                    row,
                    column: None,
                    reason: BadRecord::new("no_window", why),
                });
            }
            key.map(|(key, _)| key)
        });
        let keys: Vec<_> = keys.collect();
        let mut decoded = self.decode_all(&keys);
        if !misfits.is_empty() {
            // What is too short is there, and is no key.
            let is_null = (0..records.len()).map(|row| {
                let is_short = keys[row].is_none() && records[row].is_some();
                Some(decoded.is_null.value(row) && !is_short)
            });
            decoded.is_null = is_null.collect();
        }
        decoded.misfits.extend(misfits);
        decoded.misfits.sort_by_key(|misfit| misfit.row);
        decoded
    }

    fn decode_all(&mut self, records: &[Option<&[u8]>]) -> Decoded {
        match &mut self.decoder {
            AnyDecoder::Json(decoder) => decoder.decode(records),
            AnyDecoder::Delimited(decoder) => decoder.decode(records),
            AnyDecoder::Kafka(decoder) => decoder.decode(records),
            AnyDecoder::Nothing => {
                debug_assert_eq!(self.requests, 0);
                Decoded {
                    columns: Vec::new(),
                    is_null: BooleanArray::from(vec![true; records.len()]),
                    misfits: Vec::new(),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
    use weir_catalog::{Format, SqlType};

    use super::*;

    #[test]
    fn a_key_too_short_for_its_window_is_bad_and_not_null() {
        let format = FormatSpec {
            format: Format::Kafka,
            delimiter: None,
            wrap_single: false,
            window: Some(Window::Tumbling { size_ms: 1_000 }),
        };
        let columns = [Column::key("K", SqlType::String)];
        let requests = [ColumnRequest {
            path: vec!["K".to_owned()],
            sql_type: SqlType::String,
        }];
        let mut decoder = Decoder::try_new(&format, &columns, &requests).unwrap();
        let key = b"k\0\0\0\0\0\0\0\x05".as_slice();
        let decoded = decoder.decode(&[Some(b"short"), None, Some(key)]);
        let is_null: Vec<bool> = decoded.is_null.values().iter().collect();
        assert_eq!(is_null, [false, true, false]);
        let rows: Vec<_> = decoded.misfits.iter().map(|bad| bad.row).collect();
        assert_eq!(rows, [0]);
        let keys = decoded.columns[0].as_string::<i32>();
        assert!(keys.is_null(0) && keys.is_null(1));
        assert_eq!(keys.value(2), "k");
    }
}
