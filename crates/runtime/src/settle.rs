//! When there is nothing left to do: for tests, and for whoever wants an answer about all that was written so far.

use weir_kafka::{Offset, OffsetSpec, PartitionId};

use crate::{Error, Runtime, control::Control};

impl Runtime {
    /// Returns when no persistent query has anything left to do: all that is in their source topics is processed, and
    /// all that came of it is acknowledged, through chains of queries too. What is paused has nothing to do.
    ///
    /// Queries that feed one another in a circle may never come to rest, and one that cannot go on does not either:
    /// bound the time.
    pub async fn settled(&self) -> Result<(), Error> {
        let mut activity = self.activity.watch();
        loop {
            let before = *activity.borrow_and_update();
            let mut is_settled = true;
            for control in self.persistent() {
                is_settled &= self.is_at_rest(&control).await?;
            }
            // Queries were looked at one after the other: only if none moved meanwhile was it one moment.
            if is_settled && *activity.borrow() == before {
                return Ok(());
            }
            if activity.changed().await.is_err() {
                return Err(Error::internal("the runtime counts no more"));
            }
        }
    }

    /// What `settled` waits for: the persistent queries that have something left to do, each with why it cannot go on, if it
    /// cannot.
    pub async fn unsettled(&self) -> Result<Vec<(String, Option<String>)>, Error> {
        let mut unsettled = Vec::new();
        for control in self.persistent() {
            if !self.is_at_rest(&control).await? {
                unsettled.push((control.id.clone(), control.why_it_waits()));
            }
        }
        Ok(unsettled)
    }

    /// The persistent queries that have not processed all that is in their source, paused ones too.
    pub async fn behind(&self) -> Result<Vec<String>, Error> {
        let mut behind = Vec::new();
        for control in self.persistent() {
            if !self.has_settled(&control).await? {
                behind.push(control.id.clone());
            }
        }
        Ok(behind)
    }

    /// How many entries the processing log was given since the runtime was made.
    pub fn log_entries(&self) -> u64 {
        self.activity.log_entries()
    }

    fn persistent(&self) -> Vec<std::sync::Arc<Control>> {
        let queries = self.queries();
        let controls = queries.by_id.values().map(|query| &query.control);
        let persistent = controls.filter(|control| control.source.is_some());
        persistent
            .filter(|control| !control.has_ended())
            .cloned()
            .collect()
    }

    async fn is_at_rest(&self, control: &Control) -> Result<bool, Error> {
        match control.is_paused() {
            true => Ok(control.has_landed()),
            false => self.has_settled(control).await,
        }
    }

    async fn has_settled(&self, control: &Control) -> Result<bool, Error> {
        let Some(source) = &control.source else {
            return Ok(true);
        };
        let ends = self.ends(source).await?;
        Ok(ends.is_some_and(|ends| control.has_settled(&ends)) || control.has_ended())
    }

    /// `None`: there is no such topic.
    async fn ends(&self, topic: &str) -> Result<Option<Vec<(PartitionId, Offset)>>, Error> {
        let broker = &self.options.broker;
        let Some(found) = broker.topic(topic).await? else {
            return Ok(None);
        };
        let partitions: Vec<PartitionId> = (0..found.partitions).collect();
        let ends = broker.offsets(topic, &partitions, OffsetSpec::Latest);
        match ends.await {
            Ok(ends) => Ok(Some(partitions.into_iter().zip(ends).collect())),
            Err(error) if error.kind == weir_kafka::ErrorKind::UnknownTopic => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
