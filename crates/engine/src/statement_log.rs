//! The statement log: a topic of what was said, so that an engine that starts again runs what ran.
//!
//! One partition, no retention limit. A statement is validated before it is written, and written before it applies. The
//! number in a query's id is the offset of its statement.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use weir_kafka::{Broker, NewRecord, Offset, PartitionId, Record, TopicPartition, Writer};

use crate::{Error, ErrorKind, topic_log};

/// Of [`Entry`]; what is higher is reported and not applied.
const VERSION: u32 = 1;

/// In bytes. A rule of many thousand alternatives is one record, and larger than a broker takes unless it is told.
const LARGEST: &str = "67108864";

/// One statement.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Entry {
    pub version: u32,
    /// Its own; see [`Entry::void`].
    #[serde(default)]
    pub id: String,
    /// The id of an entry that was answered with an error, although it may stand in the log: it never took effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void: Option<String>,
    /// The query that it started, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_id: Option<String>,
    /// After the variables were put in.
    #[serde(default)]
    pub statement: String,
    /// What the server's configuration said of formats and names: it may say something else when the entry is read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
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
    broker: Arc<dyn Broker>,
    partition: TopicPartition,
    /// `None` after a failure.
    writer: Option<Box<dyn Writer>>,
    next: Offset,
    /// The entries whose writing failed: nobody knows whether they stand in the log.
    doubtful: Vec<String>,
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
        let voided: BTreeSet<String> = entries
            .iter()
            .filter_map(|(_, entry): &(Offset, Entry)| entry.void.clone())
            .collect();
        entries.retain(|(_, entry)| entry.void.is_none() && !voided.contains(&entry.id));
        let log = Self {
            broker: broker.clone(),
            partition,
            writer: None,
            next: end,
            doubtful: Vec::new(),
        };
        Ok((log, entries))
    }

    /// The offset that the next statement will have.
    pub fn next_offset(&self) -> Offset {
        self.next
    }

    /// Sees to it that a statement that failed while it was written is not one. To be called before another one is numbered.
    pub async fn settle(&mut self, now: i64) -> Result<(), Error> {
        if self.doubtful.is_empty() {
            return Ok(());
        }
        let void = |id: &String| Entry {
            void: Some(id.clone()),
            time: now,
            ..Entry::default()
        };
        self.write(self.doubtful.iter().map(void).collect()).await?;
        self.doubtful.clear();
        Ok(())
    }

    /// Writes statements, all or none; returns when they are durable.
    pub async fn append(&mut self, mut entries: Vec<Entry>) -> Result<(), Error> {
        let Some(first) = entries.first() else {
            return Ok(());
        };
        self.settle(first.time).await?;
        for entry in &mut entries {
            entry.id = uuid::Uuid::new_v4().to_string();
        }
        // Also for a caller that is cut off meanwhile.
        self.doubtful = entries.iter().map(|entry| entry.id.clone()).collect();
        let written = self.write(entries).await;
        // What is too large is refused before it is kept; everything else may have arrived.
        if written
            .as_ref()
            .map_or_else(|error| error.kind == ErrorKind::User, |()| true)
        {
            self.doubtful.clear();
        }
        written
    }

    /// In one batch.
    async fn write(&mut self, entries: Vec<Entry>) -> Result<(), Error> {
        let count = entries.len() as Offset;
        let records = entries.into_iter().map(record).collect::<Result<_, _>>()?;
        // Taken out: a writer that has failed is not used again.
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.broker.writer(&self.partition.topic).await?,
        };
        let offset = writer.write(&self.partition, records).await?;
        writer.commit(&[]).await?;
        self.writer = Some(writer);
        self.next = offset + count;
        Ok(())
    }
}

fn record(mut entry: Entry) -> Result<NewRecord, Error> {
    entry.version = VERSION;
    let value = serde_json::to_vec(&entry)
        .map_err(|error| Error::external(format!("the statement cannot be written: {error}")))?;
    Ok(NewRecord {
        timestamp: entry.time,
        key: None,
        value: Some(Bytes::from(value)),
        headers: Vec::new(),
    })
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
