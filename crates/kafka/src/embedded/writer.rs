//! Writes to partitions' logs; remembers up to where, so that `commit` syncs these, what was read, and nothing else.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;

use super::{EmbeddedBroker, Shared, log::Log};
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

    /// A topic that is gone meanwhile has nothing left to sync.
    fn logs_of(&self, read: &[(TopicPartition, Offset)]) -> Vec<(Arc<Log>, Offset)> {
        let log = |(partition, position): &(TopicPartition, Offset)| {
            let topic = self.broker.find(&partition.topic).ok()?;
            Some((topic.log(partition.partition).ok()?, *position))
        };
        read.iter().filter_map(log).collect()
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
        let append = move |_: &Shared| appended.append(&records, now);
        let (base, end) = self.broker.on_files(append).await?;
        self.written.insert(partition.clone(), (log, end));
        Ok(base)
    }

    async fn commit(&mut self, read: &[(TopicPartition, Offset)]) -> Result<()> {
        let written: Vec<_> = self.written.values().cloned().collect();
        let read = self.logs_of(read);
        let outcomes = self.broker.sync(move |_| {
            for (log, position) in read {
                log.sync_read(position)?;
            }
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
