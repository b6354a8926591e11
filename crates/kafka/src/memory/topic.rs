//! A topic and its partitions. It outlives its deletion for those that still hold it, and says so to them.

use std::sync::{
    Arc, Mutex, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use super::log::Log;
use crate::{
    NewRecord, Offset, PartitionId, Result, Timestamp, Topic,
    local::{self, Bell, TopicConfig, lock},
};

#[derive(Debug)]
pub(super) struct MemoryTopic {
    name: String,
    id: String,
    config: TopicConfig,
    partitions: RwLock<Vec<Arc<Partition>>>,
    is_deleted: AtomicBool,
}

#[derive(Debug)]
pub(super) struct Partition {
    pub log: Mutex<Log>,
    pub bell: Bell,
}

impl MemoryTopic {
    pub(super) fn new(name: &str, id: String, partitions: i32, config: TopicConfig) -> Self {
        let made = (0..partitions).map(|_| Arc::new(Partition::new(&config)));
        Self {
            name: name.to_owned(),
            id,
            partitions: RwLock::new(made.collect()),
            config,
            is_deleted: AtomicBool::new(false),
        }
    }

    pub(super) fn describe(&self) -> Topic {
        let partitions = self.partitions.read();
        let partitions = partitions.unwrap_or_else(PoisonError::into_inner).len();
        Topic {
            name: self.name.clone(),
            id: self.id.clone(),
            partitions: partitions as i32,
            replicas: vec![1; partitions],
            is_internal: false,
            max_message_bytes: self.config.max_message_bytes,
        }
    }

    pub(super) fn partition(&self, id: PartitionId) -> Result<Arc<Partition>> {
        let partitions = self.partitions.read();
        let partitions = partitions.unwrap_or_else(PoisonError::into_inner);
        let index = usize::try_from(id).ok();
        let found = index.and_then(|index| partitions.get(index)).cloned();
        found.ok_or_else(|| local::unknown_partition(&self.name, id))
    }

    pub(super) fn add_partitions(&self, total: i32) -> Result<()> {
        let partitions = self.partitions.write();
        let mut partitions = partitions.unwrap_or_else(PoisonError::into_inner);
        local::check_raise(&self.name, partitions.len() as i32, total)?;
        partitions.resize_with(total as usize, || Arc::new(Partition::new(&self.config)));
        Ok(())
    }

    pub(super) fn append(
        &self,
        partition: PartitionId,
        records: Vec<NewRecord>,
        now: Timestamp,
    ) -> Result<Offset> {
        let partition = self.partition(partition)?;
        let size = local::batch_size(&records);
        local::check_size(&self.name, size, self.config.max_message_bytes)?;
        let offset = lock(&partition.log).append(records, now);
        partition.bell.ring();
        Ok(offset)
    }

    /// What all partitions take in memory, about.
    pub(super) fn held_bytes(&self) -> u64 {
        let partitions = self.partitions.read();
        let partitions = partitions.unwrap_or_else(PoisonError::into_inner);
        let held = partitions
            .iter()
            .map(|partition| lock(&partition.log).held_bytes());
        held.sum()
    }

    pub(super) fn check_exists(&self) -> Result<()> {
        if self.is_deleted.load(Ordering::Acquire) {
            return Err(local::unknown_topic(&self.name));
        }
        Ok(())
    }

    pub(super) fn delete(&self) {
        self.is_deleted.store(true, Ordering::Release);
        self.wake();
    }

    /// Makes the readers that wait look again.
    pub(super) fn wake(&self) {
        let partitions = self.partitions.read();
        for partition in partitions.unwrap_or_else(PoisonError::into_inner).iter() {
            partition.bell.ring();
        }
    }
}

impl Partition {
    fn new(config: &TopicConfig) -> Self {
        Self {
            log: Mutex::new(Log::new(config.timestamps, config.retention_bytes)),
            bell: Bell::default(),
        }
    }
}
