//! Topics as a program uses them: list, create, produce, consume.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use weir_kafka::{
    Broker, NewRecord, NewTopic, Offset, OffsetSpec, PartitionId, ReaderEvent, Record,
    Subscription, Timestamp, Topic, TopicPartition, Writer, partitioner::partition_for_key,
};

use crate::Error;

/// A batch that every topic takes, whatever its limit: half of Kafka's default.
pub(crate) const BATCH_BYTES: usize = 500_000;

/// How many producers there were: records without a key go round the partitions, also when each comes with a producer of its
/// own.
static PRODUCERS: AtomicU32 = AtomicU32::new(0);

/// The broker's topics.
#[derive(Debug, Clone)]
pub struct Topics {
    pub(crate) broker: Arc<dyn Broker>,
}

impl Topics {
    /// All of them, in the order of their names.
    pub async fn list(&self) -> Result<Vec<Topic>, Error> {
        Ok(self.broker.topics().await?)
    }

    /// The topic of this name, if there is one.
    pub async fn get(&self, name: &str) -> Result<Option<Topic>, Error> {
        Ok(self.broker.topic(name).await?)
    }

    /// Makes a topic; `config` by Kafka's names: `retention.ms`, `cleanup.policy`, …
    pub async fn create(
        &self,
        name: &str,
        partitions: i32,
        config: BTreeMap<String, String>,
    ) -> Result<Topic, Error> {
        Ok(self
            .broker
            .create_topic(&NewTopic {
                name: name.to_owned(),
                partitions,
                replicas: -1,
                config,
            })
            .await?)
    }

    /// Deletes a topic and its records.
    pub async fn delete(&self, name: &str) -> Result<(), Error> {
        Ok(self.broker.delete_topic(name).await?)
    }

    /// Writes records, by their keys' partitions; those without one go round. Returns when they are durable.
    pub async fn produce(&self, topic: &str, records: Vec<NewRecord>) -> Result<(), Error> {
        let mut producer = self.producer(topic).await?;
        producer.send(records).await?;
        producer.flush().await
    }

    /// A writer to one topic.
    pub async fn producer(&self, topic: &str) -> Result<Producer, Error> {
        let Some(facts) = self.broker.topic(topic).await? else {
            return Err(Error::user(format!("Topic '{topic}' does not exist.")));
        };
        let writer = self.broker.writer(&format!("producer-{topic}")).await?;
        Ok(Producer {
            topic: topic.into(),
            partitions: facts.partitions.max(1),
            limit: facts.max_message_bytes.clamp(1, 64 << 20),
            next: PRODUCERS.fetch_add(1, Ordering::Relaxed),
            writer,
        })
    }

    /// Reads all partitions, from the beginning or from now on.
    pub async fn consume(&self, topic: &str, from_beginning: bool) -> Result<TopicReader, Error> {
        let Some(facts) = self.broker.topic(topic).await? else {
            return Err(Error::user(format!("Topic '{topic}' does not exist.")));
        };
        let partitions: Vec<PartitionId> = (0..facts.partitions).collect();
        let spec = if from_beginning {
            OffsetSpec::Earliest
        } else {
            OffsetSpec::Latest
        };
        let starts = self.broker.offsets(topic, &partitions, spec).await?;
        let ends = self
            .broker
            .offsets(topic, &partitions, OffsetSpec::Latest)
            .await?;
        let assigned = partitions
            .iter()
            .zip(&starts)
            .map(|(partition, start)| (TopicPartition::new(topic, *partition), *start));
        let reader = self
            .broker
            .reader(Subscription::Assign(assigned.collect()))
            .await?;
        let ends = partitions.iter().copied().zip(ends).collect();
        let positions = partitions.into_iter().zip(starts).collect();
        Ok(TopicReader {
            broker: self.broker.clone(),
            topic: topic.into(),
            reader: Some(reader),
            ends,
            positions,
        })
    }
}

/// A line as a record; what stands before the separator is its key, and a line without one has none.
pub fn record_of_line(line: Bytes, separator: Option<&str>, timestamp: Timestamp) -> NewRecord {
    let found = separator
        .filter(|separator| !separator.is_empty())
        .and_then(|separator| {
            let at = memchr::memmem::find(&line, separator.as_bytes())?;
            Some((line.slice(..at), line.slice(at + separator.len()..)))
        });
    let (key, value) = match found {
        Some((key, value)) => (Some(key), value),
        None => (None, line),
    };
    NewRecord {
        timestamp,
        key,
        value: Some(value),
        headers: Vec::new(),
    }
}

/// Where records were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Which partition they are in.
    pub partition: PartitionId,
    /// Of the first of them, and after the last.
    pub offsets: Range<Offset>,
}

/// Writes to one topic, in batches that it takes.
pub struct Producer {
    topic: Arc<str>,
    partitions: i32,
    limit: usize,
    next: u32,
    writer: Box<dyn Writer>,
}

impl Producer {
    /// Returns when the broker has acknowledged them, with the offsets that they have.
    pub async fn send(&mut self, records: Vec<NewRecord>) -> Result<Vec<Written>, Error> {
        let mut by_partition: BTreeMap<PartitionId, Vec<NewRecord>> = BTreeMap::new();
        for record in records {
            let partition = match &record.key {
                Some(key) => partition_for_key(key, self.partitions),
                None => {
                    self.next = self.next.wrapping_add(1);
                    (self.next % self.partitions.unsigned_abs()) as PartitionId
                }
            };
            by_partition.entry(partition).or_default().push(record);
        }
        let mut written = Vec::new();
        for (partition, records) in by_partition {
            let partition = TopicPartition {
                topic: self.topic.clone(),
                partition,
            };
            for batch in batches(records, BATCH_BYTES.min(self.limit)) {
                let count = batch.len() as Offset;
                let first = self.writer.write(&partition, batch).await?;
                written.push(Written {
                    partition: partition.partition,
                    offsets: first..first + count,
                });
            }
        }
        Ok(written)
    }

    /// Returns when all is durable.
    pub async fn flush(&mut self) -> Result<(), Error> {
        Ok(self.writer.commit(&[]).await?)
    }
}

/// In order, each of at most `limit` bytes unless a single record is larger.
pub(crate) fn batches(records: Vec<NewRecord>, limit: usize) -> Vec<Vec<NewRecord>> {
    let mut batches = Vec::new();
    let mut batch = Vec::new();
    let mut size = 0;
    for record in records {
        let own = record.size_estimate();
        if size + own > limit && !batch.is_empty() {
            batches.push(std::mem::take(&mut batch));
            size = 0;
        }
        size += own;
        batch.push(record);
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}

/// Records of a topic as they come. After an error it can be asked again: it goes on where it was.
pub struct TopicReader {
    broker: Arc<dyn Broker>,
    topic: Arc<str>,
    /// `None` after an error.
    reader: Option<Box<dyn weir_kafka::Reader>>,
    ends: BTreeMap<PartitionId, Offset>,
    positions: BTreeMap<PartitionId, Offset>,
}

impl TopicReader {
    /// What came, with the partition, or nothing if nothing did within `wait`.
    pub async fn next(
        &mut self,
        wait: Duration,
    ) -> Result<Option<(PartitionId, Vec<Record>)>, Error> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            None => {
                let (broker, where_it_was) = (self.broker.clone(), self.where_it_was());
                self.reader.insert(broker.reader(where_it_was).await?)
            }
        };
        let event = match reader.next(wait).await {
            Ok(event) => event,
            Err(error) => {
                self.reader = None;
                return Err(error.into());
            }
        };
        match event {
            Some(ReaderEvent::Records {
                partition,
                batches,
                next_offset,
            }) => {
                self.positions.insert(partition.partition, next_offset);
                let records = batches
                    .into_iter()
                    .flat_map(|batch| batch.records)
                    .collect();
                Ok(Some((partition.partition, records)))
            }
            _ => Ok(None),
        }
    }

    fn where_it_was(&self) -> Subscription {
        let positions = self.positions.iter();
        let assigned = positions.map(|(partition, offset)| {
            let partition = TopicPartition::new(self.topic.clone(), *partition);
            (partition, *offset)
        });
        Subscription::Assign(assigned.collect())
    }

    /// The next offset of each partition.
    pub fn positions(&self) -> &BTreeMap<PartitionId, Offset> {
        &self.positions
    }

    /// Whether all that was there when the reader was made has been read.
    pub fn is_at_end(&self) -> bool {
        self.ends
            .iter()
            .all(|(partition, end)| self.positions.get(partition).is_some_and(|at| at >= end))
    }
}
