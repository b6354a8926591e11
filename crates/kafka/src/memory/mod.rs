//! Inside the process, gone with it: for tests and pipes.
//!
//! Everything that is random comes from the seed: topic ids, and the [`Faults`] that a test asks for. A topic keeps all
//! that is written to it, unless it has `retention.bytes`; `retention.ms` has no effect, since time here is the test's.
//!
//! ```text
//! MemoryBroker ── topics ──▶ Topic ── partitions ──▶ Partition { Log, Bell }
//!      └── faults(): what the next calls run into
//! ```

mod faults;
mod log;
mod reader;
mod topic;
mod transaction;
mod writer;

pub use faults::{Call, FaultRates, Faults};
pub use transaction::Transaction;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::{
    Broker, ConsumerGroup, Error, ErrorKind, NewRecord, NewTopic, Offset, OffsetSpec, PartitionId,
    Reader, Result, Subscription, Timestamp, Topic, TopicPartition, Writer,
    local::{self, Groups, LocalReader, lock},
};
use faults::WriteFaults;
use reader::{MemoryReader, MemorySource};
use topic::MemoryTopic;
use writer::MemoryWriter;

/// Topics in memory. Clones are the same broker.
#[derive(Clone)]
pub struct MemoryBroker {
    shared: Arc<Shared>,
}

struct Shared {
    cluster_id: String,
    topics: Mutex<BTreeMap<String, Arc<MemoryTopic>>>,
    groups: Mutex<Groups>,
    /// Topic ids come from here.
    random: Mutex<StdRng>,
    time: Mutex<Box<dyn Fn() -> Timestamp + Send>>,
    faults: Faults,
    /// Whether writers write to partition 0 whatever they are told.
    has_one_lane: AtomicBool,
    is_closed: AtomicBool,
}

impl MemoryBroker {
    /// Two brokers of one seed have the same ids, and meet the same faults when they are asked the same.
    pub fn new(seed: u64) -> Self {
        let shared = Shared {
            cluster_id: format!("memory-{seed:016x}"),
            topics: Mutex::default(),
            groups: Mutex::default(),
            random: Mutex::new(StdRng::seed_from_u64(seed)),
            time: Mutex::new(Box::new(local::system_time)),
            faults: Faults::new(seed),
            has_one_lane: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
        };
        let broker = Self {
            shared: Arc::new(shared),
        };
        let waiting = Arc::downgrade(&broker.shared);
        broker.shared.faults.on_availability(move || {
            if let Some(shared) = waiting.upgrade() {
                shared.wake_all();
            }
        });
        broker
    }

    /// What the calls of this broker, its readers and its writers run into.
    pub fn faults(&self) -> Faults {
        self.shared.faults.clone()
    }

    /// From now on all that is written goes to partition 0, however many a topic has: the order of a topic's records is
    /// then the one in which they were written.
    pub fn write_to_first_partition(&self) {
        self.shared.has_one_lane.store(true, Ordering::Relaxed);
    }

    /// The time that topics with `LogAppendTime` give to records from now on, until it is set again.
    pub fn set_time(&self, now: Timestamp) {
        self.set_clock(move || now);
    }

    /// Where topics with `LogAppendTime` take the time from; the machine's clock unless told otherwise.
    pub fn set_clock(&self, now: impl Fn() -> Timestamp + Send + 'static) {
        *lock(&self.shared.time) = Box::new(now);
    }

    /// Begins a transaction of another producer. What it writes is not read before it ends, nor is what comes after.
    pub fn begin_transaction(&self) -> Transaction {
        Transaction::new(self.clone())
    }

    /// Drops the records before `offset`, as Kafka's DeleteRecords does (KIP-107): whoever has read them all says so, and
    /// a topic that is a pipe stays small.
    pub fn delete_records(&self, partition: &TopicPartition, offset: Offset) -> Result<()> {
        let found = self.find(&partition.topic)?;
        let found = found.partition(partition.partition)?;
        lock(&found.log).delete_before(offset);
        Ok(())
    }

    /// What the records of all topics take in memory, about.
    pub fn held_bytes(&self) -> u64 {
        let topics = lock(&self.shared.topics);
        topics.values().map(|topic| topic.held_bytes()).sum()
    }

    /// The offset that `set_group_offsets` last gave to a group here.
    pub fn group_offset(&self, group: &str, partition: &TopicPartition) -> Option<Offset> {
        lock(&self.shared.groups).offset(group, partition)
    }

    fn find(&self, name: &str) -> Result<Arc<MemoryTopic>> {
        let topics = lock(&self.shared.topics);
        let topic = topics.get(name).cloned();
        topic.ok_or_else(|| local::unknown_topic(name))
    }

    fn now(&self) -> Timestamp {
        lock(&self.shared.time)()
    }

    async fn before(&self, call: Call) -> Result<()> {
        self.check_open()?;
        self.shared.faults.before(call).await
    }

    async fn before_write(&self) -> Result<WriteFaults> {
        self.check_open()?;
        self.shared.faults.before_write().await
    }

    fn check_open(&self) -> Result<()> {
        if self.shared.is_closed.load(Ordering::Acquire) {
            return Err(local::closed());
        }
        Ok(())
    }

    /// What a reader that waits must hear of at once.
    fn check_readable(&self) -> Result<()> {
        self.check_open()?;
        self.shared.faults.check_available()
    }

    fn append(&self, partition: &TopicPartition, records: Vec<NewRecord>) -> Result<Offset> {
        let topic = self.find(&partition.topic)?;
        let partition = match self.shared.has_one_lane.load(Ordering::Relaxed) {
            true => 0,
            false => partition.partition,
        };
        topic.append(partition, records, self.now())
    }

    fn next_topic_id(&self) -> String {
        let bytes = lock(&self.shared.random).random::<u128>().to_be_bytes();
        let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
        id.simple().to_string()
    }
}

#[async_trait]
impl Broker for MemoryBroker {
    async fn cluster_id(&self) -> Result<String> {
        self.before(Call::Admin).await?;
        Ok(self.shared.cluster_id.clone())
    }

    async fn topics(&self) -> Result<Vec<Topic>> {
        self.before(Call::Admin).await?;
        let topics = lock(&self.shared.topics);
        Ok(topics.values().map(|topic| topic.describe()).collect())
    }

    async fn topic(&self, name: &str) -> Result<Option<Topic>> {
        self.before(Call::Admin).await?;
        let topics = lock(&self.shared.topics);
        Ok(topics.get(name).map(|topic| topic.describe()))
    }

    async fn create_topic(&self, topic: &NewTopic) -> Result<Topic> {
        self.before(Call::Admin).await?;
        let (partitions, config) = local::check_new_topic(topic)?;
        let id = self.next_topic_id();
        let mut topics = lock(&self.shared.topics);
        if topics.contains_key(&topic.name) {
            return Err(local::topic_exists(&topic.name));
        }
        let created = MemoryTopic::new(&topic.name, id, partitions, config);
        let described = created.describe();
        topics.insert(topic.name.clone(), Arc::new(created));
        Ok(described)
    }

    async fn delete_topic(&self, name: &str) -> Result<()> {
        self.before(Call::Admin).await?;
        let removed = lock(&self.shared.topics).remove(name);
        let topic = removed.ok_or_else(|| local::unknown_topic(name))?;
        lock(&self.shared.groups).forget_topic(name);
        topic.delete();
        Ok(())
    }

    async fn add_partitions(&self, name: &str, total: i32) -> Result<()> {
        self.before(Call::Admin).await?;
        self.find(name)?.add_partitions(total)
    }

    async fn offsets(
        &self,
        topic: &str,
        partitions: &[PartitionId],
        spec: OffsetSpec,
    ) -> Result<Vec<Offset>> {
        self.before(Call::Admin).await?;
        let topic = self.find(topic)?;
        let offsets = partitions.iter().map(|partition| {
            let partition = topic.partition(*partition)?;
            let log = lock(&partition.log);
            Ok(log.offset(spec))
        });
        offsets.collect()
    }

    async fn reader(&self, subscription: Subscription) -> Result<Box<dyn Reader>> {
        self.before(Call::Admin).await?;
        let Subscription::Assign(assigned) = subscription else {
            return Err(local::no_groups());
        };
        let sources = assigned.into_iter().map(|(partition, offset)| {
            let topic = self.find(&partition.topic)?;
            let source = MemorySource::try_new(self.clone(), topic, partition.partition)?;
            Ok((partition, offset, source))
        });
        let reader = LocalReader::try_new(sources.collect::<Result<_>>()?)?;
        Ok(Box::new(MemoryReader::new(self.clone(), reader)))
    }

    async fn writer(&self, _id: &str) -> Result<Box<dyn Writer>> {
        self.before(Call::Admin).await?;
        Ok(Box::new(MemoryWriter::new(self.clone())))
    }

    async fn set_group_offsets(
        &self,
        group: &str,
        positions: &[(TopicPartition, Offset)],
    ) -> Result<()> {
        self.before(Call::Admin).await?;
        if group.is_empty() {
            let reason = "the name of a group must not be empty";
            return Err(Error::new(ErrorKind::Invalid, reason));
        }
        for (partition, _) in positions {
            self.find(&partition.topic)?
                .partition(partition.partition)?;
        }
        lock(&self.shared.groups).set(group, positions);
        Ok(())
    }

    async fn consumer_groups(&self) -> Result<Vec<ConsumerGroup>> {
        self.before(Call::Admin).await?;
        Ok(lock(&self.shared.groups).list())
    }

    async fn close(&self) -> Result<()> {
        self.shared.is_closed.store(true, Ordering::Release);
        self.shared.wake_all();
        Ok(())
    }
}

impl Shared {
    fn wake_all(&self) {
        for topic in lock(&self.topics).values() {
            topic.wake();
        }
    }
}

impl fmt::Debug for MemoryBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBroker")
            .field("cluster_id", &self.shared.cluster_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
