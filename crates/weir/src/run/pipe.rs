//! Topics in memory as a pipe: what every query and output has taken is dropped, and the inputs wait while much is held.
//!
//! So a filter over any number of events stays small, however slow its outputs are read, and nothing is dropped that
//! somebody is still to read.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use weir_engine::{
    Builder, Deployment, Engine,
    parts::{Broker, MemoryBroker, MemoryCheckpoints, QueryState, QueryStatus, TopicPartition},
};

use crate::failure::Failure;

/// What the topics may hold before the inputs wait.
const HELD_BYTES: u64 = 64 << 20;

/// How often what was read is dropped.
const TICK: Duration = Duration::from_millis(20);

/// A query is dropped behind where it would go on after a failure, so that moves often.
const COMMIT_MILLISECONDS: &str = "50";

/// A broker in memory, and who reads it.
#[derive(Debug, Clone)]
pub struct Pipe {
    broker: Arc<MemoryBroker>,
    checkpoints: Arc<MemoryCheckpoints>,
    /// How far each output has come.
    outputs: Arc<Mutex<Vec<Taken>>>,
}

/// How far one output has come in its topic, by partition.
#[derive(Debug, Clone)]
pub struct Taken {
    topic: String,
    positions: Arc<Mutex<BTreeMap<i32, i64>>>,
    is_done: Arc<AtomicBool>,
}

impl Taken {
    pub fn new(topic: &str) -> Self {
        Self {
            topic: topic.to_owned(),
            positions: Arc::default(),
            is_done: Arc::default(),
        }
    }

    /// It takes no more: nothing waits for it.
    pub fn done(&self) {
        self.is_done.store(true, Ordering::Release);
    }

    pub fn set(&self, positions: &BTreeMap<i32, i64>) {
        lock(&self.positions).clone_from(positions);
    }
}

impl Pipe {
    pub fn new() -> Self {
        Self {
            broker: Arc::new(MemoryBroker::new(0)),
            checkpoints: Arc::default(),
            outputs: Arc::default(),
        }
    }

    /// An engine over it. The topics are empty at first: what is fed is what there is.
    pub fn build_on(&self, builder: Builder) -> Builder {
        builder
            .broker(self.broker.clone())
            .checkpoints(self.checkpoints.clone())
            .property("auto.offset.reset", "earliest")
            .property("commit.interval.ms", COMMIT_MILLISECONDS)
    }

    /// From now on nothing is dropped that this output has not taken.
    pub fn add_output(&self, taken: Taken) {
        lock(&self.outputs).push(taken);
    }

    /// Drops what everybody has taken, again and again.
    pub async fn keep_small(&self) -> Result<(), Failure> {
        loop {
            tokio::time::sleep(TICK).await;
            self.drop_what_is_taken().await?;
        }
    }

    async fn drop_what_is_taken(&self) -> Result<(), Failure> {
        let queries = self.checkpoints.lowest();
        for topic in self.broker.topics().await.map_err(Failure::new)? {
            for partition in 0..topic.partitions {
                let at = TopicPartition::new(topic.name.as_str(), partition);
                let of_outputs = lock(&self.outputs)
                    .iter()
                    .filter(|taken| taken.topic == topic.name)
                    .filter(|taken| !taken.is_done.load(Ordering::Acquire))
                    .map(|taken| lock(&taken.positions).get(&partition).copied().unwrap_or(0))
                    .min();
                let of_queries = queries.get(&at.to_string()).copied();
                // What nobody reads is for nobody.
                let taken = of_queries.into_iter().chain(of_outputs).min();
                let deleted = self.broker.delete_records(&at, taken.unwrap_or(i64::MAX));
                deleted.map_err(Failure::new)?;
            }
        }
        Ok(())
    }

    /// Returns when the topics hold little enough for more.
    pub async fn wait_for_room(
        &self,
        engine: &Engine,
        deployment: &Deployment,
    ) -> Result<(), Failure> {
        while self.broker.held_bytes() > HELD_BYTES {
            check_alive(engine, deployment).await?;
            tokio::time::sleep(TICK / 10).await;
        }
        Ok(())
    }
}

/// A query that has failed for good is waited for by nobody: its failure is the run's.
async fn check_alive(engine: &Engine, deployment: &Deployment) -> Result<(), Failure> {
    let statuses = engine.statuses();
    let has_failed = |status: &QueryStatus| status.state == QueryState::Failed;
    if statuses.values().any(has_failed) {
        deployment.ready().await?;
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use weir_engine::parts::{Broker, NewRecord, NewTopic, OffsetSpec, TopicPartition};

    use super::{Pipe, Taken};

    #[tokio::test]
    async fn what_an_output_has_not_taken_stays_and_what_nobody_takes_goes() {
        let pipe = Pipe::new();
        let topic = NewTopic {
            name: "t".to_owned(),
            partitions: 1,
            replicas: 1,
            config: BTreeMap::new(),
        };
        pipe.broker.create_topic(&topic).await.unwrap();
        let record = NewRecord {
            timestamp: 0,
            key: None,
            value: Some("v".into()),
            headers: Vec::new(),
        };
        let mut writer = pipe.broker.writer("test").await.unwrap();
        let at = TopicPartition::new("t", 0);
        writer.write(&at, vec![record; 10]).await.unwrap();
        let slow = Taken::new("t");
        pipe.add_output(slow.clone());
        let start = async || {
            pipe.drop_what_is_taken().await.unwrap();
            let earliest = pipe.broker.offsets("t", &[0], OffsetSpec::Earliest).await;
            earliest.unwrap()[0]
        };
        assert_eq!(start().await, 0);
        slow.set(&BTreeMap::from([(0, 4)]));
        assert_eq!(start().await, 4);
        slow.done();
        assert_eq!(start().await, 10);
    }
}
