//! Reads a partition's log. A position that is asked for in a row costs no look-up: the reader knows where in which file
//! it stopped.

use std::sync::Arc;

use async_trait::async_trait;

use super::{EmbeddedBroker, log::Log, on_files, segment::Cursor, topic::EmbeddedTopic};
use crate::{
    Offset, PartitionId, Result,
    local::{Bell, Fetched, Source},
};

pub(super) struct EmbeddedSource {
    broker: EmbeddedBroker,
    topic: Arc<EmbeddedTopic>,
    log: Arc<Log>,
    cursor: Option<Cursor>,
}

impl EmbeddedSource {
    pub(super) fn try_new(
        broker: EmbeddedBroker,
        topic: Arc<EmbeddedTopic>,
        partition: PartitionId,
    ) -> Result<Self> {
        let log = topic.log(partition)?;
        Ok(Self {
            broker,
            topic,
            log,
            cursor: None,
        })
    }
}

#[async_trait]
impl Source for EmbeddedSource {
    async fn fetch(&mut self, offset: Offset) -> Result<Option<Fetched>> {
        self.broker.check_open()?;
        self.topic.check_exists()?;
        // At the end there is no file to look into.
        if !self.log.has(offset)? {
            return Ok(None);
        }
        let (log, cursor) = (Arc::clone(&self.log), self.cursor);
        let fetched = on_files(move || log.fetch(offset, cursor)).await;
        // A topic that was deleted meanwhile is no damage.
        self.topic.check_exists()?;
        let Some((fetched, cursor)) = fetched? else {
            return Ok(None);
        };
        self.cursor = cursor;
        Ok(Some(fetched))
    }

    fn bell(&self) -> &Bell {
        &self.log.bell
    }
}
