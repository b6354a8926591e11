//! Writes to partitions in memory. A batch is acknowledged when it stands there, so there is nothing to wait for in
//! `commit`, but the faults that were asked for.

use async_trait::async_trait;

use super::{Call, MemoryBroker, faults};
use crate::{NewRecord, Offset, Result, TopicPartition, Writer};

pub(super) struct MemoryWriter {
    broker: MemoryBroker,
}

impl MemoryWriter {
    pub(super) fn new(broker: MemoryBroker) -> Self {
        Self { broker }
    }
}

#[async_trait]
impl Writer for MemoryWriter {
    async fn write(
        &mut self,
        partition: &TopicPartition,
        records: Vec<NewRecord>,
    ) -> Result<Offset> {
        let faults = self.broker.before_write().await?;
        if faults.is_duplicated {
            self.broker.append(partition, records.clone())?;
        }
        let offset = self.broker.append(partition, records)?;
        if faults.is_acknowledgement_lost {
            return Err(faults::lost_acknowledgement());
        }
        Ok(offset)
    }

    async fn commit(&mut self, _read: &[(TopicPartition, Offset)]) -> Result<()> {
        self.broker.before(Call::Commit).await
    }
}
