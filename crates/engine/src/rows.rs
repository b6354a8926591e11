//! Result rows: as they come from a query, and as JSON values (reference, "Query responses").

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll},
};

use arrow::{
    array::{Array, ArrayRef, AsArray, new_null_array},
    datatypes::{
        DataType, Date32Type, Decimal128Type, Decimal256Type, Float64Type, Int32Type, Int64Type,
        Time32MillisecondType, TimestampMillisecondType,
    },
    record_batch::RecordBatch,
};
use base64::Engine as _;
use serde_json::{Map, Number, Value};
use tokio::sync::mpsc;
use weir_catalog::{Schema, SqlType, calendar, text};
use weir_kafka::{Broker, OffsetSpec, PartitionId};
use weir_runtime::{Query, QueryState, Rows};

use crate::{Engine, Error};

/// The rows of a push or pull query: a stream of Arrow batches. Dropping it ends the query.
///
/// ```
/// use futures::StreamExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), weir_engine::Error> {
/// # let engine = weir_engine::Engine::builder().memory(0).build().await?;
/// # let mut session = engine.session();
/// # let create = "CREATE STREAM s (a INT) WITH (kafka_topic='s', value_format='JSON', partitions=1);";
/// # engine.execute(&mut session, create).await?;
/// let rows = engine.subscribe("SELECT * FROM s EMIT CHANGES LIMIT 2;").await?;
/// engine
///     .execute(&mut session, "INSERT INTO s VALUES (1); INSERT INTO s VALUES (2);")
///     .await?;
/// let counts: Vec<usize> = rows.map(|batch| batch.num_rows()).collect().await;
/// assert_eq!(counts.iter().sum::<usize>(), 2);
/// # engine.shutdown().await
/// # }
/// ```
#[derive(Debug)]
pub struct RowStream {
    /// Which TERMINATE ends it by.
    pub query_id: String,
    /// The columns of the batches, in their order.
    pub schema: Schema,
    query: Query,
    rows: mpsc::Receiver<Rows>,
    source: (Arc<dyn Broker>, Arc<str>),
}

/// Says how far a query is behind its source topic.
#[derive(Debug, Clone)]
pub struct Lag {
    query: Query,
    broker: Arc<dyn Broker>,
    topic: Arc<str>,
}

impl Lag {
    /// How many records are there that the query has not read yet.
    pub async fn records(&self) -> Result<u64, Error> {
        let positions = self.query.status().positions;
        let partitions: Vec<PartitionId> = positions.keys().copied().collect();
        let latest = OffsetSpec::Latest;
        let ends = self
            .broker
            .offsets(&self.topic, &partitions, latest)
            .await?;
        let left = ends.iter().zip(positions.values());
        Ok(left
            .map(|(end, at)| end.saturating_sub(*at).max(0) as u64)
            .sum())
    }
}

/// Why there are no more rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEnd {
    /// As many rows came as its LIMIT says.
    LimitReached,
    /// It reached the end that its source had at the start.
    Completed,
    /// It was ended.
    Terminated,
    /// It cannot go on, and why.
    Failed(String),
}

impl RowStream {
    pub(crate) fn new(
        query: Query,
        schema: Schema,
        rows: mpsc::Receiver<Rows>,
        source: (Arc<dyn Broker>, Arc<str>),
    ) -> Self {
        Self {
            query_id: query.id().to_owned(),
            schema,
            query,
            rows,
            source,
        }
    }

    /// What says how far the query is behind.
    pub fn lag(&self) -> Lag {
        let (broker, topic) = self.source.clone();
        Lag {
            query: self.query.clone(),
            broker,
            topic,
        }
    }

    /// The next rows; `None` when the query has ended.
    pub async fn next(&mut self) -> Option<RecordBatch> {
        self.rows.recv().await.map(|rows| rows.batch)
    }

    /// Why it ended; waits for the end.
    pub async fn end(&self) -> StreamEnd {
        match self.query.finished().await {
            QueryState::Completed if self.query.has_reached_limit() => StreamEnd::LimitReached,
            QueryState::Completed => StreamEnd::Completed,
            QueryState::Failed => {
                let status = self.query.status();
                StreamEnd::Failed(
                    status
                        .errors
                        .last()
                        .map_or_else(|| "the query failed".to_owned(), |(_, why)| why.clone()),
                )
            }
            _ => StreamEnd::Terminated,
        }
    }

    /// How the query fares.
    pub fn status(&self) -> weir_runtime::QueryStatus {
        self.query.status()
    }

    /// Ends the query.
    pub async fn terminate(&self) {
        // A push query keeps no positions: there is nothing to wait for.
        let _ = self.query.stop(std::time::Duration::from_secs(1)).await;
    }
}

/// The same batches as [`RowStream::next`] gives.
impl futures::Stream for RowStream {
    type Item = RecordBatch;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut TaskContext<'_>,
    ) -> Poll<Option<RecordBatch>> {
        let next = self.rows.poll_recv(context);
        next.map(|rows| rows.map(|rows| rows.batch))
    }
}

impl Drop for RowStream {
    fn drop(&mut self) {
        self.rows.close();
    }
}

/// The rows of a batch as JSON values, by the columns of a schema.
pub fn to_json(batch: &RecordBatch, schema: &Schema) -> Vec<Vec<Value>> {
    (0..batch.num_rows())
        .map(|row| {
            let columns = batch.columns().iter().zip(&schema.columns);
            columns
                .map(|(array, column)| value(array, row, &column.sql_type))
                .collect()
        })
        .collect()
}

/// The rows of a batch as JSON objects, by the names of a schema's columns.
pub fn to_objects(batch: &RecordBatch, schema: &Schema) -> Vec<Value> {
    let names = || schema.columns.iter().map(|column| column.name.clone());
    to_json(batch, schema)
        .into_iter()
        .map(|row| Value::Object(names().zip(row).collect()))
        .collect()
}

impl Engine {
    /// The rows of a query, all of them, as JSON objects.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), weir_engine::Error> {
    /// # let engine = weir_engine::Engine::builder().memory(0).build().await?;
    /// # let create = "CREATE STREAM s (a INT) WITH (kafka_topic='s', value_format='JSON', partitions=1);";
    /// # engine.execute(&mut engine.session(), create).await?;
    /// engine.execute(&mut engine.session(), "INSERT INTO s VALUES (7);").await?;
    /// let rows = engine.query_json("SELECT a, 'seven' AS name FROM s;").await?;
    /// assert_eq!(rows[0].to_string(), r#"{"A":7,"NAME":"seven"}"#);
    /// # engine.shutdown().await
    /// # }
    /// ```
    pub async fn query_json(&self, sql: &str) -> Result<Vec<Value>, Error> {
        let mut stream = self.subscribe(sql).await?;
        let mut rows = Vec::new();
        while let Some(batch) = stream.next().await {
            rows.extend(to_objects(&batch, &stream.schema));
        }
        Ok(rows)
    }
}

/// One value: numbers keep their digits, times are ISO text, BYTES base64.
pub fn value(array: &ArrayRef, row: usize, sql_type: &SqlType) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match sql_type {
        SqlType::Boolean => Value::Bool(array.as_boolean().value(row)),
        SqlType::Integer => Value::from(array.as_primitive::<Int32Type>().value(row)),
        SqlType::BigInt => Value::from(array.as_primitive::<Int64Type>().value(row)),
        SqlType::Double => {
            let number = array.as_primitive::<Float64Type>().value(row);
            Number::from_f64(number).map_or_else(
                || Value::String(text::Double(number).to_string()),
                Value::Number,
            )
        }
        SqlType::Decimal { scale, .. } => decimal(array, row, *scale),
        SqlType::String => Value::String(array.as_string::<i32>().value(row).to_owned()),
        SqlType::Bytes => Value::String(
            base64::engine::general_purpose::STANDARD.encode(array.as_binary::<i32>().value(row)),
        ),
        SqlType::Time => {
            let time = array.as_primitive::<Time32MillisecondType>().value(row);
            Value::String(calendar::Time(i64::from(time)).to_string())
        }
        SqlType::Date => {
            let days = array.as_primitive::<Date32Type>().value(row);
            Value::String(calendar::Date(i64::from(days)).to_string())
        }
        SqlType::Timestamp => {
            let time = array.as_primitive::<TimestampMillisecondType>().value(row);
            Value::String(calendar::Timestamp(time).to_string())
        }
        SqlType::Array(element) => {
            let values = array.as_list::<i32>().value(row);
            Value::Array(
                (0..values.len())
                    .map(|index| value(&values, index, element))
                    .collect(),
            )
        }
        SqlType::Map(key, of) => {
            let entries = array.as_map().value(row);
            let keys = key_texts(entries.column(0), key);
            let keys = keys.as_string::<i32>();
            let members = (0..entries.len()).map(|index| {
                (
                    keys.value(index).to_owned(),
                    value(entries.column(1), index, of),
                )
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
        SqlType::Struct(fields) => {
            let members = array.as_struct();
            let members = fields
                .iter()
                .zip(members.columns())
                .map(|(field, column)| (field.name.clone(), value(column, row, &field.sql_type)));
            Value::Object(members.collect::<Map<_, _>>())
        }
    }
}

/// The names of a MAP's members: an expression may make one whose keys are no texts.
fn key_texts(keys: &ArrayRef, key_type: &SqlType) -> ArrayRef {
    let texts = weir_functions::cast_array(keys, key_type, &SqlType::String);
    texts.unwrap_or_else(|_| new_null_array(&DataType::Utf8, keys.len()))
}

/// A JSON number where 64 bits or a double hold all its digits, else text.
fn decimal(array: &ArrayRef, row: usize, scale: u8) -> Value {
    let text = decimal_text(array, row, scale);
    let exact = serde_json::from_str::<Number>(&text)
        .ok()
        .filter(|number| number.to_string() == text);
    exact.map_or(Value::String(text), Value::Number)
}

fn decimal_text(array: &ArrayRef, row: usize, scale: u8) -> String {
    if matches!(array.data_type(), DataType::Decimal128(..)) {
        let unscaled = array.as_primitive::<Decimal128Type>().value(row);
        text::Decimal { unscaled, scale }.to_string()
    } else {
        let unscaled = array.as_primitive::<Decimal256Type>().value(row);
        text::Decimal { unscaled, scale }.to_string()
    }
}

/// A row as a JSON array, straight into bytes: what the HTTP API sends. Numbers keep all their digits, DECIMALs too.
pub fn append_row(out: &mut Vec<u8>, batch: &RecordBatch, row: usize, schema: &Schema) {
    let columns = batch.columns().iter().zip(&schema.columns);
    list(out, columns, |out, (array, column)| {
        append(out, array, row, &column.sql_type);
    });
}

fn list<T>(
    out: &mut Vec<u8>,
    items: impl Iterator<Item = T>,
    mut each: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    separated(out, items, &mut each);
    out.push(b']');
}

fn separated<T>(
    out: &mut Vec<u8>,
    items: impl Iterator<Item = T>,
    each: &mut impl FnMut(&mut Vec<u8>, T),
) {
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        each(out, item);
    }
}

fn append(out: &mut Vec<u8>, array: &ArrayRef, row: usize, sql_type: &SqlType) {
    if array.is_null(row) {
        out.extend_from_slice(b"null");
        return;
    }
    match sql_type {
        SqlType::Boolean => put(out, &array.as_boolean().value(row)),
        SqlType::Integer => put(out, &array.as_primitive::<Int32Type>().value(row)),
        SqlType::BigInt => put(out, &array.as_primitive::<Int64Type>().value(row)),
        SqlType::String => put(out, array.as_string::<i32>().value(row)),
        SqlType::Double => {
            let number = array.as_primitive::<Float64Type>().value(row);
            match number.is_finite() {
                true => put(out, &number),
                false => put(out, &text::Double(number).to_string()),
            }
        }
        SqlType::Decimal { scale, .. } => {
            out.extend_from_slice(decimal_text(array, row, *scale).as_bytes());
        }
        SqlType::Bytes | SqlType::Time | SqlType::Date | SqlType::Timestamp => {
            put(out, &value(array, row, sql_type));
        }
        SqlType::Array(element) => {
            let values = array.as_list::<i32>().value(row);
            list(out, 0..values.len(), |out, index| {
                append(out, &values, index, element);
            });
        }
        SqlType::Map(key, of) => {
            let entries = array.as_map().value(row);
            let keys = key_texts(entries.column(0), key);
            let (keys, values) = (keys.as_string::<i32>(), entries.column(1));
            out.push(b'{');
            separated(out, 0..entries.len(), &mut |out, index| {
                put(out, keys.value(index));
                out.push(b':');
                append(out, values, index, of);
            });
            out.push(b'}');
        }
        SqlType::Struct(fields) => {
            let members = fields.iter().zip(array.as_struct().columns());
            out.push(b'{');
            separated(out, members, &mut |out, (field, column)| {
                put(out, field.name.as_str());
                out.push(b':');
                append(out, column, row, &field.sql_type);
            });
            out.push(b'}');
        }
    }
}

/// What serde_json writes of it.
fn put<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // A Vec takes all that is written, and these values have no members that could fail.
    let _ = serde_json::to_writer(out, value);
}

/// The value as Java's `toString` has it: what tables show.
pub fn java_text(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(java_text).collect::<Vec<_>>().join(", ")
        ),
        Value::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|(name, value)| format!("{name}={}", java_text(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}
