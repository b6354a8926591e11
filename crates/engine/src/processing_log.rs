//! The processing log: what went wrong with a record, as a topic and a stream (reference, "Processing log").
//!
//! It is never reported on itself, and never in a query's way: what comes faster than it can be written is dropped and
//! counted by the runtime.

use std::{sync::Arc, time::Duration};

use base64::Engine as _;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use weir_kafka::{Broker, NewRecord, TopicPartition, Writer};
use weir_runtime::{
    ProcessingLogEntry,
    processing_log::{Problem, Target},
};

use crate::{
    Error, topic_log,
    topics::{BATCH_BYTES, batches},
};

/// How many entries wait to be written.
pub const QUEUE: usize = 16_384;

/// How often a write that may succeed later is tried again, and how long is waited in between.
const RETRIES: usize = 30;
const PAUSE: Duration = Duration::from_secs(1);

/// How long the last entries may take when the engine stops.
const LAST_WORDS: Duration = Duration::from_secs(4);

/// The declaration of the log's stream.
pub fn declaration(topic: &str) -> String {
    format!(
        "CREATE STREAM KSQL_PROCESSING_LOG (logger VARCHAR, level VARCHAR, time BIGINT, message STRUCT<type INT, \
         deserializationError STRUCT<target STRING, errorMessage STRING, recordB64 STRING, cause ARRAY<STRING>, `topic` STRING>, \
         recordProcessingError STRUCT<errorMessage STRING, record STRING, cause ARRAY<STRING>>, \
         productionError STRUCT<errorMessage STRING>, \
         serializationError STRUCT<target STRING, errorMessage STRING, record STRING, cause ARRAY<STRING>, `topic` STRING>, \
         kafkaStreamsThreadError STRUCT<errorMessage STRING, threadName STRING, cause ARRAY<STRING>>>) \
         WITH (KAFKA_TOPIC='{topic}', VALUE_FORMAT='JSON', KEY_FORMAT='KAFKA')"
    )
}

/// The topic of a service's log.
pub fn topic_name(service_id: &str) -> String {
    format!("{service_id}ksql_processing_log")
}

/// Makes the topic if it is not there. False, and a line in the log, if we may not: detections do not wait for a right
/// that only their reports need.
pub async fn make_topic(broker: &Arc<dyn Broker>, name: &str) -> Result<bool, Error> {
    match topic_log::open(broker, name, &[]).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind == weir_kafka::ErrorKind::Unauthorized => {
            tracing::warn!(topic = name, %error, "there is no processing log: records that are set aside are counted, and said here");
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// Writes entries as they come, until it is told that there are no more; then what is left. `done` counts those that it is
/// done with.
pub async fn run(
    broker: Arc<dyn Broker>,
    topic: String,
    includes_rows: bool,
    mut entries: mpsc::Receiver<ProcessingLogEntry>,
    stop: CancellationToken,
    done: watch::Sender<u64>,
) {
    let partition = TopicPartition::new(topic.as_str(), 0);
    let mut writer: Option<Box<dyn Writer>> = None;
    let mut waiting = Vec::new();
    loop {
        let received = tokio::select! {
            biased;
            received = entries.recv_many(&mut waiting, 500) => received,
            () = stop.cancelled() => 0,
        };
        if received == 0 {
            return;
        }
        let records = waiting
            .drain(..)
            .filter(|entry| entry.topic != topic)
            .map(|entry| record(&entry, includes_rows))
            .collect::<Vec<_>>();
        for batch in batches(records, BATCH_BYTES) {
            let count = batch.len();
            let written = write_patiently(&broker, &partition, &mut writer, batch, &stop);
            if let Err(error) = written.await {
                tracing::warn!(%topic, %error, count, "entries of the processing log could not be written, they are lost");
            }
        }
        done.send_modify(|done| *done += received as u64);
    }
}

/// What the broker cannot take now it may take later; meanwhile entries wait in the queue.
async fn write_patiently(
    broker: &Arc<dyn Broker>,
    partition: &TopicPartition,
    writer: &mut Option<Box<dyn Writer>>,
    records: Vec<NewRecord>,
    stop: &CancellationToken,
) -> Result<(), weir_kafka::Error> {
    let mut retries = 0;
    loop {
        let error = match write(broker, partition, writer, records.clone()).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        *writer = None;
        retries += 1;
        if !error.is_retriable() || retries > RETRIES || stop.is_cancelled() {
            return Err(error);
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Lets the writer write what is left, for a while.
pub async fn finish(stop: &CancellationToken, writer: JoinHandle<()>) {
    stop.cancel();
    let abort = writer.abort_handle();
    if tokio::time::timeout(LAST_WORDS, writer).await.is_err() {
        tracing::warn!(
            "the last entries of the processing log could not be written in time, they are lost"
        );
        abort.abort();
    }
}

async fn write(
    broker: &Arc<dyn Broker>,
    partition: &TopicPartition,
    writer: &mut Option<Box<dyn Writer>>,
    records: Vec<NewRecord>,
) -> Result<(), weir_kafka::Error> {
    let writer = match writer {
        Some(writer) => writer,
        None => writer.insert(broker.writer("processing-log").await?),
    };
    writer.write(partition, records).await.map(|_| ())
}

fn record(entry: &ProcessingLogEntry, includes_rows: bool) -> NewRecord {
    let value = json!({"logger": entry.logger, "level": "ERROR", "time": entry.time, "message": message(entry, includes_rows)});
    NewRecord {
        timestamp: entry.time,
        key: None,
        value: Some(Bytes::from(value.to_string())),
        headers: Vec::new(),
    }
}

fn message(entry: &ProcessingLogEntry, includes_rows: bool) -> Value {
    let place = format!(
        "topic: {}, partition: {}, offset: {}",
        entry.topic, entry.partition, entry.offset
    );
    let described = |message: &str| format!("{message} ({place})");
    let target = |target: &Target| match target {
        Target::Key => "key",
        Target::Value => "value",
    };
    let (kind, member, body) = match &entry.problem {
        Problem::Deserialization {
            target: part,
            kind,
            message,
            record,
        } => {
            let shown = record
                .as_ref()
                .filter(|_| includes_rows)
                .map(|bytes| base64::engine::general_purpose::STANDARD.encode(bytes));
            let body = json!({"target": target(part), "errorMessage": described(message), "recordB64": shown, "cause": [kind], "topic": entry.topic});
            (0, "deserializationError", body)
        }
        Problem::Processing { message } => (
            1,
            "recordProcessingError",
            json!({"errorMessage": described(message), "record": null, "cause": []}),
        ),
        Problem::Production { message } => (
            2,
            "productionError",
            json!({"errorMessage": described(message)}),
        ),
        Problem::Serialization {
            target: part,
            message,
        } => (
            3,
            "serializationError",
            json!({"target": target(part), "errorMessage": described(message), "record": null, "cause": [], "topic": entry.topic}),
        ),
    };
    let mut message = json!({
        "type": kind, "deserializationError": null, "recordProcessingError": null, "productionError": null,
        "serializationError": null, "kafkaStreamsThreadError": null
    });
    message[member] = body;
    message
}
