//! Transactions as another producer has them: for tests of what reading committed records only means.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    MemoryBroker,
    log::TransactionId,
    topic::{MemoryTopic, Partition},
};
use crate::{NewRecord, Offset, Result, TopicPartition, local::lock};

/// Numbers the transactions of this process; only differences matter.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Writes that become visible together, or never. Dropped without an end it stays open, and readers stop before it.
#[must_use = "a transaction that is dropped stays open"]
#[derive(Debug)]
pub struct Transaction {
    broker: MemoryBroker,
    id: TransactionId,
    written: BTreeMap<TopicPartition, (Arc<MemoryTopic>, Arc<Partition>)>,
}

impl Transaction {
    pub(super) fn new(broker: MemoryBroker) -> Self {
        Self {
            broker,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            written: BTreeMap::new(),
        }
    }

    /// Writes past all faults; returns the offset of the first record.
    pub fn write(&mut self, to: &TopicPartition, records: Vec<NewRecord>) -> Result<Offset> {
        let topic = self.broker.find(&to.topic)?;
        let partition = topic.partition(to.partition)?;
        let now = self.broker.now();
        let offset = lock(&partition.log).append_open(self.id, records, now);
        self.written.insert(to.clone(), (topic, partition));
        Ok(offset)
    }

    /// Makes what was written visible. Takes an offset in each partition, as in Kafka.
    pub fn commit(self) {
        self.end(true);
    }

    /// Hides what was written for ever. Takes an offset in each partition, as in Kafka.
    pub fn abort(self) {
        self.end(false);
    }

    fn end(self, is_committed: bool) {
        let now = self.broker.now();
        for (_, partition) in self.written.values() {
            lock(&partition.log).end_transaction(self.id, is_committed, now);
            partition.bell.ring();
        }
    }
}
