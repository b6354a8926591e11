//! Reads partitions in memory, and runs into the faults that were asked for.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

use super::{
    Call, MemoryBroker,
    topic::{MemoryTopic, Partition},
};
use crate::{
    Offset, PartitionId, Reader, ReaderEvent, Result, TopicPartition,
    local::{Bell, Fetched, LocalReader, Source, lock},
};

pub(super) struct MemoryReader {
    broker: MemoryBroker,
    reader: LocalReader<MemorySource>,
}

impl MemoryReader {
    pub(super) fn new(broker: MemoryBroker, reader: LocalReader<MemorySource>) -> Self {
        Self { broker, reader }
    }
}

#[async_trait]
impl Reader for MemoryReader {
    async fn next(&mut self, wait: Duration) -> Result<Option<ReaderEvent>> {
        self.broker.before(Call::Read).await?;
        self.reader.next(wait).await
    }

    async fn seek(&mut self, partition: &TopicPartition, offset: Offset) -> Result<()> {
        self.reader.seek(partition, offset).await
    }
}

/// One partition of a topic that may be deleted meanwhile.
pub(super) struct MemorySource {
    broker: MemoryBroker,
    topic: Arc<MemoryTopic>,
    partition: Arc<Partition>,
}

impl MemorySource {
    pub(super) fn try_new(
        broker: MemoryBroker,
        topic: Arc<MemoryTopic>,
        partition: PartitionId,
    ) -> Result<Self> {
        let partition = topic.partition(partition)?;
        Ok(Self {
            broker,
            topic,
            partition,
        })
    }
}

#[async_trait]
impl Source for MemorySource {
    async fn fetch(&mut self, offset: Offset) -> Result<Option<Fetched>> {
        self.broker.check_readable()?;
        self.topic.check_exists()?;
        lock(&self.partition.log).fetch(offset)
    }

    fn bell(&self) -> &Bell {
        &self.partition.bell
    }
}
