//! Writes to partitions' logs; remembers up to where, so that `commit` syncs these and nothing else.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;

use super::{EmbeddedBroker, log::Log, on_files};
use crate::{ErrorKind, NewRecord, Offset, Result, TopicPartition, Writer, local};

pub(super) struct EmbeddedWriter {
    broker: EmbeddedBroker,
    /// What was written since the last commit: the log, and the offset after the last record.
    written: BTreeMap<TopicPartition, (Arc<Log>, Offset)>,
}

impl EmbeddedWriter {
    pub(super) fn new(broker: EmbeddedBroker) -> Self {
        Self {
            broker,
            written: BTreeMap::new(),
        }
    }
}

#[async_trait]
impl Writer for EmbeddedWriter {
    async fn write(
        &mut self,
        partition: &TopicPartition,
        records: Vec<NewRecord>,
    ) -> Result<Offset> {
        let topic = self.broker.find(&partition.topic)?;
        let log = topic.log(partition.partition)?;
        let size = local::batch_size(&records);
        local::check_size(&topic.name, size, topic.config.max_message_bytes)?;
        let (now, appended) = (self.broker.now(), Arc::clone(&log));
        let (base, end) = on_files(move || appended.append(&records, now)).await?;
        self.written.insert(partition.clone(), (log, end));
        Ok(base)
    }

    async fn commit(&mut self) -> Result<()> {
        let written: Vec<_> = self.written.values().cloned().collect();
        let outcomes = on_files(move || {
            let outcomes = written.iter().map(|(log, end)| log.sync(*end));
            Ok(outcomes.collect::<Vec<_>>())
        });
        let mut first_error = Ok(());
        let mut outcomes = outcomes.await?.into_iter();
        self.written.retain(|partition, _| {
            let Some(Err(error)) = outcomes.next() else {
                return false;
            };
            // Of a topic that is gone there is nothing left to sync: it is said once.
            let is_gone = error.kind == ErrorKind::UnknownTopic;
            if first_error.is_ok() {
                first_error = Err(error.at(partition));
            }
            !is_gone
        });
        first_error
    }
}
