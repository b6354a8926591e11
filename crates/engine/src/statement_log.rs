//! The statement log: a topic of what was said, so that an engine that starts again runs what ran.
//!
//! One partition, no retention limit. A statement is validated before it is written, and written before it applies. The
//! number in a query's id is the offset of its statement.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use weir_kafka::{
    Broker, ErrorKind, NewRecord, NewTopic, Offset, OffsetSpec, PartitionId, ReaderEvent,
    Subscription, TopicPartition, Writer,
};

use crate::Error;

/// Of [`Entry`]; what is higher is reported and not applied.
const VERSION: u32 = 1;

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
        if broker.topic(&name).await?.is_none() {
            let topic = NewTopic {
                name: name.clone(),
                partitions: 1,
                replicas: -1,
                config: BTreeMap::from([
                    ("retention.ms".to_owned(), "-1".to_owned()),
                    ("retention.bytes".to_owned(), "-1".to_owned()),
                    ("cleanup.policy".to_owned(), "delete".to_owned()),
                ]),
            };
            match broker.create_topic(&topic).await {
                Ok(_) => {}
                Err(error) if error.kind == ErrorKind::TopicExists => {}
                Err(error) => return Err(error.into()),
            }
        }
        let partition = TopicPartition::new(name.as_str(), 0);
        let end = end_of(broker, &name).await?;
        let entries = read(broker, &partition, end).await?;
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

async fn end_of(broker: &Arc<dyn Broker>, name: &str) -> Result<Offset, Error> {
    let ends = broker.offsets(name, &[0], OffsetSpec::Latest).await?;
    Ok(ends.first().copied().unwrap_or(0))
}

async fn read(
    broker: &Arc<dyn Broker>,
    partition: &TopicPartition,
    end: Offset,
) -> Result<Vec<(Offset, Entry)>, Error> {
    let mut entries = Vec::new();
    let starts = broker
        .offsets(&partition.topic, &[0], OffsetSpec::Earliest)
        .await?;
    let mut at = starts.first().copied().unwrap_or(0);
    let mut reader = broker
        .reader(Subscription::Assign(vec![(partition.clone(), at)]))
        .await?;
    while at < end {
        let Some(event) = reader.next(Duration::from_secs(30)).await? else {
            return Err(Error::external(format!(
                "the statement log `{}` did not answer within 30 s",
                partition.topic
            )));
        };
        let ReaderEvent::Records {
            batches,
            next_offset,
            ..
        } = event
        else {
            continue;
        };
        for record in batches
            .iter()
            .flat_map(|batch| &batch.records)
            .filter(|record| record.offset < end)
        {
            let parsed = record.value.as_deref().map(serde_json::from_slice::<Entry>);
            match parsed {
                Some(Ok(entry)) if entry.version <= VERSION => entries.push((record.offset, entry)),
                Some(Ok(entry)) => tracing::error!(
                    offset = record.offset,
                    version = entry.version,
                    "a statement of a later version is not applied"
                ),
                Some(Err(error)) => {
                    tracing::error!(offset = record.offset, %error, "a record of the statement log cannot be read, it is left out")
                }
                None => {}
            }
        }
        at = next_offset;
    }
    Ok(entries)
}
