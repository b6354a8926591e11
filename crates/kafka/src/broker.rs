//! The trait: what the engine asks of Kafka, shaped so that groups and transactions fit in later.
//!
//! ```text
//! reader(Assign | Join) → Reader ── next() ──▶ Assigned | Revoked | Records { batches, next_offset }
//! writer(id)            → Writer ── write(batch)… commit(positions) ──▶ acknowledged
//! ```

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;

use crate::{FetchedBatch, NewRecord, Offset, PartitionId, Result, Timestamp};

/// A cluster of topics. Cheap to share; every method may be called from many tasks at once.
#[async_trait]
pub trait Broker: fmt::Debug + Send + Sync + 'static {
    /// The cluster's own id: the same for as long as its topics are.
    async fn cluster_id(&self) -> Result<String>;

    /// All topics, internal ones too, in the order of their names.
    async fn topics(&self) -> Result<Vec<Topic>>;

    /// `None`: there is no such topic now.
    async fn topic(&self, name: &str) -> Result<Option<Topic>>;

    /// [`crate::ErrorKind::TopicExists`] if there is one of that name.
    async fn create_topic(&self, topic: &NewTopic) -> Result<Topic>;

    /// [`crate::ErrorKind::UnknownTopic`] if there is none of that name.
    async fn delete_topic(&self, name: &str) -> Result<()>;

    /// Raises the number of partitions to `total`.
    async fn add_partitions(&self, name: &str, total: i32) -> Result<()>;

    /// The offset that `spec` means in each of these partitions, in their order.
    async fn offsets(
        &self,
        topic: &str,
        partitions: &[PartitionId],
        spec: OffsetSpec,
    ) -> Result<Vec<Offset>>;

    /// Reads committed records only.
    async fn reader(&self, subscription: Subscription) -> Result<Box<dyn Reader>>;

    /// `id` names the writer in the broker's logs, and later its transactions.
    async fn writer(&self, id: &str) -> Result<Box<dyn Writer>>;

    /// Sets a group's offsets without being its member, so that Kafka's own tools show position and lag.
    async fn set_group_offsets(
        &self,
        group: &str,
        positions: &[(TopicPartition, Offset)],
    ) -> Result<()>;

    /// The groups that have offsets for each topic: `SHOW TOPICS EXTENDED` counts them.
    async fn consumer_groups(&self) -> Result<Vec<ConsumerGroup>>;

    /// Closes connections, flushes what is not on disk. Nothing may be called after it.
    async fn close(&self) -> Result<()>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerGroup {
    pub id: String,
    pub members: usize,
    /// The topics that it has offsets in or members for.
    pub topics: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    pub name: String,
    /// Differs from that of a topic of the same name that was deleted.
    pub id: String,
    /// How many partitions it has.
    pub partitions: i32,
    /// The number of replicas of each partition, in their order.
    pub replicas: Vec<i32>,
    /// Kafka's own, such as `__consumer_offsets`.
    pub is_internal: bool,
    /// The largest batch that it takes, in bytes (`max.message.bytes`).
    pub max_message_bytes: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    pub name: String,
    pub partitions: i32,
    /// −1: the broker's default.
    pub replicas: i16,
    /// By Kafka's names: `retention.ms`, `cleanup.policy`, `message.timestamp.type`, …
    pub config: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    pub topic: Arc<str>,
    pub partition: PartitionId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetSpec {
    /// The oldest record there is.
    Earliest,
    /// The offset that the next committed record will have (the last stable offset).
    Latest,
    /// The first record at or after this time; the end if there is none.
    AtTime(Timestamp),
}

/// What a reader reads.
#[derive(Debug, Clone)]
pub enum Subscription {
    /// These partitions from these offsets, whoever else reads them.
    Assign(Vec<(TopicPartition, Offset)>),
    /// A share of these topics, as the group's coordinator says. Not yet: [`crate::ErrorKind::Unsupported`].
    Join { group: String, topics: Vec<String> },
}

/// Reads records in the order of their offsets. Not shared: one reader, one owner.
#[async_trait]
pub trait Reader: Send {
    /// What came, or `None` when nothing did within `wait`. Safe to drop while it waits: nothing is lost.
    ///
    /// Errors are of three sorts, by [`crate::ErrorKind`], each with its partition ([`crate::Error::partition`]): `OffsetOutOfRange` (the position is below the log's start or past its
    /// end: seek), `UnknownTopic` (it is gone), and what is retriable. After an error the reader may be asked again.
    async fn next(&mut self, wait: Duration) -> Result<Option<ReaderEvent>>;

    /// Goes on from `offset` in a partition that it reads.
    async fn seek(&mut self, partition: &TopicPartition, offset: Offset) -> Result<()>;
}

/// `Assigned` and `Revoked` come only to a reader that joined a group.
#[derive(Debug)]
pub enum ReaderEvent {
    Assigned(Vec<TopicPartition>),
    Revoked(Vec<TopicPartition>),
    Records {
        partition: TopicPartition,
        batches: Vec<FetchedBatch>,
        /// What to ask for next: past the last record, past control records and aborted ones too.
        next_offset: Offset,
    },
}

/// Writes records. What one writer writes to one partition stands there in that order.
#[async_trait]
pub trait Writer: Send + Sync {
    /// Writes a batch that the topic takes (see [`Topic::max_message_bytes`]); returns when the broker has acknowledged
    /// it, with the offset of its first record.
    async fn write(
        &mut self,
        partition: &TopicPartition,
        records: Vec<NewRecord>,
    ) -> Result<Offset>;

    /// Waits until all that was written is durable by the broker's own rule; for the embedded broker, synced to disk.
    ///
    /// `read`: up to where the caller has read, if it will remember that and not read it again. When this returns, what stands
    /// before these positions is durable too: else a power cut could take it, and what is written in its place later would never
    /// be read. With transactions, later, these positions are committed together with the output.
    async fn commit(&mut self, read: &[(TopicPartition, Offset)]) -> Result<()>;
}

impl TopicPartition {
    pub fn new(topic: impl Into<Arc<str>>, partition: PartitionId) -> Self {
        Self {
            topic: topic.into(),
            partition,
        }
    }
}

/// `topic-3`, as Kafka writes it.
impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}
