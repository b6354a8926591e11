//! The statement log: a topic of what was said, so that an engine that starts again runs what ran.
//!
//! One partition, no retention limit. A statement is validated before it is written, and written before it applies. The
//! number in a query's id is the offset of its statement.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use weir_kafka::{Broker, NewRecord, Offset, PartitionId, Record, TopicPartition, Writer};

use crate::{Error, topic_log};

/// Of [`Entry`]; what is higher is reported and not applied.
const VERSION: u32 = 1;

/// In bytes. A rule of many thousand alternatives is one record, and larger than a broker takes unless it is told.
const LARGEST: &str = "67108864";

/// One statement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    pub version: u32,
    /// The query that it started, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_id: Option<String>,
    /// After the variables were put in.
    pub statement: String,
    /// What SET had changed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
    /// Where the query starts, by partition: the ends of its source when the statement was accepted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub start: BTreeMap<PartitionId, Offset>,
    /// Milliseconds since 1970.
    pub time: i64,
}

/// The log, open for reading and writing.
pub struct StatementLog {
    partition: TopicPartition,
    writer: Box<dyn Writer>,
    next: Offset,
}

/// The topic of a service's statements.
pub fn topic_name(service_id: &str) -> String {
    format!("_weir_{service_id}_statements")
}

impl StatementLog {
    /// Opens the log, and makes it if it is not there; gives all that is in it, with the offsets.
    pub async fn open(
        broker: &Arc<dyn Broker>,
        service_id: &str,
    ) -> Result<(Self, Vec<(Offset, Entry)>), Error> {
        let name = topic_name(service_id);
        let config = [
            ("retention.ms", "-1"),
            ("retention.bytes", "-1"),
            ("cleanup.policy", "delete"),
            ("max.message.bytes", LARGEST),
        ];
        let partition = topic_log::open(broker, &name, &config).await?;
        let mut entries = Vec::new();
        let end = topic_log::read_all(broker, &partition, |record| {
            entries.extend(read(&record).map(|entry| (record.offset, entry)));
        })
        .await?;
        let writer = broker.writer(&name).await?;
        Ok((
            Self {
                partition,
                writer,
                next: end,
            },
            entries,
        ))
    }

    /// The offset that the next statement will have.
    pub fn next_offset(&self) -> Offset {
        self.next
    }

    /// Writes a statement; returns when it is durable.
    pub async fn append(&mut self, mut entry: Entry) -> Result<Offset, Error> {
        entry.version = VERSION;
        let value = serde_json::to_vec(&entry).map_err(|error| {
            Error::external(format!("the statement cannot be written: {error}"))
        })?;
        let record = NewRecord {
            timestamp: entry.time,
            key: None,
            value: Some(Bytes::from(value)),
            headers: Vec::new(),
        };
        let offset = self.writer.write(&self.partition, vec![record]).await?;
        self.writer.commit(&[]).await?;
        self.next = offset + 1;
        Ok(offset)
    }
}

/// What a record says; `None`, and a line in the log, if this version cannot tell.
fn read(record: &Record) -> Option<Entry> {
    let offset = record.offset;
    match serde_json::from_slice::<Entry>(record.value.as_deref()?) {
        Ok(entry) if entry.version <= VERSION => Some(entry),
        Ok(entry) => {
            let version = entry.version;
            tracing::error!(
                offset,
                version,
                "a statement of a later version is not applied"
            );
            None
        }
        Err(error) => {
            tracing::error!(offset, %error, "a record of the statement log cannot be read, it is left out");
            None
        }
    }
}
