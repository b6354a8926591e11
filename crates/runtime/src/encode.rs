//! Step 5: rows to records of the sink's topic.

use std::{collections::HashSet, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray},
    datatypes::{Int64Type, TimestampMillisecondType},
};
use bytes::Bytes;
use weir_catalog::{ColumnRole, Schema, SqlType, Window, source::TimestampColumn};
use weir_formats::{BadRecord, Encoded, Encoder, window};
use weir_kafka::{Header, NewRecord, Offset};
use weir_plan::Sink;

use crate::{
    Error,
    batch::{Batch, Run, Times},
    date::TextTime,
    layout::{Declared, Part},
    processing_log::Target,
    report::Reports,
    stream_time::StreamTime,
};

/// A record on its way out, and the offset of the one that it came from.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub record: NewRecord,
    pub origin: Offset,
    /// What stands behind the key in the record's.
    pub window: Option<Window>,
}

impl Outgoing {
    /// What the partition goes by: the key without the window behind it, so that all windows of a key are in one
    /// (Kafka Streams' `WindowedStreamPartitioner`).
    pub fn partitioned_by(&self) -> Option<&[u8]> {
        let key = self.record.key.as_deref()?;
        let Some(window) = self.window else {
            return Some(key);
        };
        Some(window::split(window, key).map_or(key, |(key, _)| key))
    }

    /// Of its key and its value.
    pub fn bytes(&self) -> usize {
        let size = |bytes: &Option<Bytes>| bytes.as_ref().map_or(0, Bytes::len);
        size(&self.record.key) + size(&self.record.value)
    }
}

#[derive(Debug)]
pub(crate) struct RowEncoder {
    /// What stands behind each key.
    window: Option<Window>,
    key: PartEncoder,
    value: PartEncoder,
    time: Option<SinkTime>,
    /// Names the topic in headers, if records are to say where they come from.
    origin: Option<Arc<str>>,
}

/// The result's column that dates the record, and how its texts are read.
#[derive(Debug)]
struct SinkTime {
    column: usize,
    format: Option<TextTime>,
}

/// What is to be written.
#[derive(Debug, Default)]
pub(crate) struct EncodedRows {
    pub records: Vec<Outgoing>,
    /// The first row that the sink cannot date, if the query must not go on past it: where it came from, and why.
    pub failure: Option<(Offset, String)>,
}

/// The key's or the value's columns of the result.
#[derive(Debug)]
struct PartEncoder {
    encoder: Encoder,
    columns: Vec<usize>,
}

impl RowEncoder {
    /// `result` are the columns that come, by whose names the sink's are found; `origin` is the topic that rows come
    /// from, if their records are to name it.
    pub fn try_new(sink: &Sink, result: &Schema, origin: Option<Arc<str>>) -> Result<Self, Error> {
        let time = match &sink.timestamp {
            None => None,
            Some(timestamp) => Some(SinkTime::try_new(sink, result, timestamp)?),
        };
        Ok(Self {
            key: PartEncoder::try_new(sink, result, Part::Key)?,
            value: PartEncoder::try_new(sink, result, Part::Value)?,
            time,
            window: sink.key_format.window,
            origin,
        })
    }

    /// Rows that cannot be written are reported, and left out; with `fails_on_bad_time` the first that cannot be dated is
    /// the end.
    pub fn encode(
        &mut self,
        batch: &Batch,
        run: &Run,
        times: &Times,
        stream_time: &mut StreamTime<'_>,
        reports: &Reports,
        fails_on_bad_time: bool,
    ) -> EncodedRows {
        let keys = self.key.encode(run, run.has_no_key.as_ref());
        let values = self.value.encode(run, run.is_null.as_ref());
        let offset = |row: usize| batch.records[run.origin(row)].offset;
        let report = |target: Target, failures: &[(usize, BadRecord)]| {
            for (row, reason) in failures {
                reports.not_encoded(batch.partition, offset(*row), target, reason);
            }
        };
        report(Target::Key, &keys.failures);
        report(Target::Value, &values.failures);
        let failures = keys.failures.iter().chain(&values.failures);
        let failed: HashSet<usize> = failures.map(|(row, _)| *row).collect();
        let mut records = Vec::with_capacity(run.len());
        for (row, (key, value)) in keys.rows.into_iter().zip(values.rows).enumerate() {
            if failed.contains(&row) {
                continue;
            }
            let timestamp = match self.timestamp(run, row, times, stream_time) {
                Ok(timestamp) => timestamp,
                Err(why) if fails_on_bad_time => {
                    let failure = Some((offset(row), why));
                    // The record is tried again whole: none of its rows leaves before.
                    records.retain(|outgoing: &Outgoing| outgoing.origin < offset(row));
                    return EncodedRows { records, failure };
                }
                Err(why) => {
                    reports.no_sink_time(batch.partition, offset(row), why);
                    continue;
                }
            };
            records.push(Outgoing {
                record: NewRecord {
                    timestamp,
                    key: self.windowed(key, batch, run.origin(row)),
                    value,
                    headers: self.headers(batch, run.origin(row)),
                },
                origin: offset(row),
                window: self.window,
            });
        }
        EncodedRows {
            records,
            failure: None,
        }
    }

    /// With the window of the input record's key behind it, where keys have windows.
    fn windowed(&self, key: Option<Bytes>, batch: &Batch, origin: usize) -> Option<Bytes> {
        let Some(window) = self.window else {
            return key;
        };
        let of_input = batch.records[origin].key.as_deref();
        let (_, bytes) = window::split(window, of_input?)?;
        Some([&key?, bytes].concat().into())
    }

    fn timestamp(
        &self,
        run: &Run,
        row: usize,
        times: &Times,
        stream_time: &mut StreamTime<'_>,
    ) -> Result<i64, String> {
        let own = times.times.value(run.origin(row));
        let Some(time) = &self.time else {
            return Ok(own);
        };
        // A record without a value has no column that could date it.
        if run
            .is_null
            .as_ref()
            .is_some_and(|is_null| is_null.value(row))
        {
            return Ok(stream_time.at(run.origin(row)).unwrap_or(own));
        }
        time.of(run, row)
    }

    /// Those of the input record, unchanged; then where it stood, if that is asked for.
    fn headers(&self, batch: &Batch, origin: usize) -> Vec<Header> {
        let record = &batch.records[origin];
        let mut headers = record.headers.clone();
        if let Some(topic) = &self.origin {
            let header = |key: &str, value: String| Header {
                key: key.to_owned(),
                value: Some(Bytes::from(value)),
            };
            headers.push(header("weir.origin.topic", topic.to_string()));
            headers.push(header("weir.origin.partition", batch.partition.to_string()));
            headers.push(header("weir.origin.offset", record.offset.to_string()));
        }
        headers
    }
}

impl SinkTime {
    fn try_new(sink: &Sink, result: &Schema, timestamp: &TimestampColumn) -> Result<Self, Error> {
        let name = &timestamp.column;
        let column = sink.schema.column(name).ok_or_else(|| {
            Error::user(format!(
                "The TIMESTAMP column set in the WITH clause does not exist in the schema: '{name}'"
            ))
        })?;
        let format = match (&column.sql_type, &timestamp.format) {
            (SqlType::BigInt | SqlType::Timestamp, _) => None,
            (SqlType::String, Some(format)) => Some(TextTime::try_new(format)?),
            _ => {
                return Err(Error::user(format!(
                    "Timestamp column, `{name}`, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified."
                )));
            }
        };
        Ok(Self {
            column: place(result, name)?,
            format,
        })
    }

    fn of(&self, run: &Run, row: usize) -> Result<i64, String> {
        let column = run.rows.column(self.column);
        if column.is_null(row) {
            return Err("the sink's TIMESTAMP column is NULL".to_owned());
        }
        let time =
            if let (Some(format), Some(texts)) = (&self.format, column.as_string_opt::<i32>()) {
                let text = texts.value(row);
                format.read(text).ok_or_else(|| format.problem(text))?
            } else if let Some(times) = column.as_primitive_opt::<Int64Type>() {
                times.value(row)
            } else {
                column.as_primitive::<TimestampMillisecondType>().value(row)
            };
        match time {
            0.. => Ok(time),
            _ => Err(format!(
                "the sink's TIMESTAMP column is before 1970: {time}"
            )),
        }
    }
}

/// Where the result has the sink's column of this name.
fn place(result: &Schema, name: &str) -> Result<usize, Error> {
    let place = result.columns.iter().position(|column| column.name == name);
    place.ok_or_else(|| Error::internal(format!("the result has no column `{name}`")))
}

impl PartEncoder {
    fn try_new(sink: &Sink, result: &Schema, part: Part) -> Result<Self, Error> {
        let (role, format) = match part {
            Part::Key => (ColumnRole::Key, &sink.key_format),
            Part::Value => (ColumnRole::Value, &sink.value_format),
        };
        let columns = sink.schema.columns.iter();
        let columns: Vec<_> = columns
            .filter(|column| column.role == role)
            .cloned()
            .collect();
        let places = columns.iter().map(|column| place(result, &column.name));
        let places = places.collect::<Result<_, _>>()?;
        let declared = Declared::of(part, format, columns);
        let encoder = Encoder::try_new(&declared.format, &declared.columns)
            .map_err(|error| Error::user(error.message))?;
        Ok(Self {
            encoder,
            columns: places,
        })
    }

    fn encode(&mut self, run: &Run, is_null: Option<&BooleanArray>) -> Encoded {
        let columns = self.columns.iter();
        let columns: Vec<ArrayRef> = columns
            .map(|column| run.rows.column(*column).clone())
            .collect();
        self.encoder.encode(&columns, run.len(), is_null)
    }
}
