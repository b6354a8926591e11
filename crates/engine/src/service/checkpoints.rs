//! Checkpoints in the data folder, and a copy of them in the service's topic for when the folder is lost.
//!
//! The folder is written at every checkpoint and the topic at most once a second, so the folder is never behind, unless
//! another process ran the service in between, on a folder of its own: then the topic is the truth.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use weir_kafka::{Broker, NewRecord, Record, TopicPartition, Writer};
use weir_runtime::{Checkpoint, CheckpointStore, Clock, Error as RuntimeError};

use super::key_of;

/// How often changes go to the topic.
const PACE: Duration = Duration::from_secs(1);

/// How many records are written in one go: a batch stays far below a broker's limit.
const CHUNK: usize = 200;

/// What the topic holds, by key.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    records: BTreeMap<Bytes, Bytes>,
    /// The folder was the service's last: what it has is newer.
    pub is_behind: bool,
}

impl Kept {
    pub fn see(&mut self, record: Record) {
        match (record.key, record.value) {
            (Some(key), Some(value)) => {
                // Slices of a fetch's buffer would keep all of it.
                let (key, value) = (Bytes::copy_from_slice(&key), Bytes::copy_from_slice(&value));
                self.records.insert(key, value);
            }
            (Some(key), None) => {
                self.records.remove(&key);
            }
            (None, _) => {}
        }
    }
}

#[derive(Debug)]
pub(crate) struct SharedCheckpoints {
    local: Arc<dyn CheckpointStore>,
    partition: TopicPartition,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
    /// What the topic is yet to be told; `None` removes.
    changes: Mutex<BTreeMap<Bytes, Option<Bytes>>>,
}

impl SharedCheckpoints {
    pub fn new(
        local: Arc<dyn CheckpointStore>,
        kept: Kept,
        partition: TopicPartition,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            local,
            partition,
            clock,
            kept: Mutex::new(kept),
            changes: Mutex::default(),
        }
    }

    /// Tells the topic what changed, from time to time, for ever.
    pub async fn publish(self: Arc<Self>, broker: Arc<dyn Broker>) {
        let mut writer = None;
        loop {
            self.clock.sleep(PACE).await;
            if let Err(error) = self.publish_with(&broker, &mut writer).await {
                writer = None;
                tracing::warn!(%error, topic = %self.partition.topic, "positions could not be copied to the cluster, it is tried again");
            }
        }
    }

    /// Tells the topic what changed since the last time.
    pub async fn publish_now(&self, broker: &Arc<dyn Broker>) -> Result<(), weir_kafka::Error> {
        self.publish_with(broker, &mut None).await
    }

    async fn publish_with(
        &self,
        broker: &Arc<dyn Broker>,
        writer: &mut Option<Box<dyn Writer>>,
    ) -> Result<(), weir_kafka::Error> {
        let changes = std::mem::take(&mut *lock(&self.changes));
        let list: Vec<_> = changes.into_iter().collect();
        for (index, chunk) in list.chunks(CHUNK).enumerate() {
            if let Err(error) = self.write(broker, writer, chunk).await {
                let mut changes = lock(&self.changes);
                for (key, value) in &list[index * CHUNK..] {
                    // What came meanwhile is newer.
                    changes.entry(key.clone()).or_insert_with(|| value.clone());
                }
                return Err(error);
            }
        }
        Ok(())
    }

    async fn write(
        &self,
        broker: &Arc<dyn Broker>,
        writer: &mut Option<Box<dyn Writer>>,
        changes: &[(Bytes, Option<Bytes>)],
    ) -> Result<(), weir_kafka::Error> {
        let now = self.clock.now();
        let records = changes.iter().map(|(key, value)| NewRecord {
            timestamp: now,
            key: Some(key.clone()),
            value: value.clone(),
            headers: Vec::new(),
        });
        let writer = match writer {
            Some(writer) => writer,
            None => writer.insert(broker.writer(&self.partition.topic).await?),
        };
        writer.write(&self.partition, records.collect()).await?;
        Ok(())
    }

    fn change(&self, key: Bytes, value: Option<Bytes>) {
        let mut kept = lock(&self.kept);
        match &value {
            Some(value) => kept.records.insert(key.clone(), value.clone()),
            None => kept.records.remove(&key),
        };
        drop(kept);
        lock(&self.changes).insert(key, value);
    }

    /// What counts of the two: `local` is what the folder has.
    fn newer<T>(
        &self,
        local: Option<T>,
        key: &Bytes,
        read: impl FnOnce(&[u8]) -> Result<T, RuntimeError>,
    ) -> Result<Option<T>, RuntimeError> {
        let kept = lock(&self.kept);
        match (local, kept.records.get(key)) {
            (Some(local), _) if kept.is_behind => Ok(Some(local)),
            (_, Some(bytes)) => read(bytes).map(Some),
            (local, None) => Ok(local),
        }
    }
}

#[async_trait]
impl CheckpointStore for SharedCheckpoints {
    async fn load(&self, query: &str, partition: i32) -> Result<Option<Checkpoint>, RuntimeError> {
        let local = self.local.load(query, partition).await?;
        self.newer(local, &position_key(query, partition), |bytes| {
            Checkpoint::from_json(bytes).map_err(|why| {
                RuntimeError::external(format!(
                    "the position of query `{query}`, partition {partition}, in topic `{}` cannot be used: {why}",
                    self.partition.topic
                ))
            })
        })
    }

    async fn save(
        &self,
        query: &str,
        partition: i32,
        checkpoint: &Checkpoint,
    ) -> Result<(), RuntimeError> {
        self.local.save(query, partition, checkpoint).await?;
        let value = checkpoint.to_json()?;
        self.change(position_key(query, partition), Some(Bytes::from(value)));
        Ok(())
    }

    async fn load_plan(&self, query: &str) -> Result<Option<String>, RuntimeError> {
        let local = self.local.load_plan(query).await?;
        self.newer(local, &plan_key(query), |bytes| {
            Ok(String::from_utf8_lossy(bytes).into_owned())
        })
    }

    async fn save_plan(&self, query: &str, plan: &str) -> Result<(), RuntimeError> {
        self.local.save_plan(query, plan).await?;
        self.change(
            plan_key(query),
            Some(Bytes::copy_from_slice(plan.as_bytes())),
        );
        Ok(())
    }

    async fn remove(&self, query: &str) -> Result<(), RuntimeError> {
        self.local.remove(query).await?;
        let positions = key_of(&["position", query, ""]);
        let of_query: Vec<Bytes> = {
            let kept = lock(&self.kept);
            let keys = kept.records.keys();
            keys.filter(|key| is_position_of(key, &positions) || **key == plan_key(query))
                .cloned()
                .collect()
        };
        for key in of_query {
            self.change(key, None);
        }
        Ok(())
    }
}

fn position_key(query: &str, partition: i32) -> Bytes {
    key_of(&["position", query, &partition.to_string()])
}

fn plan_key(query: &str) -> Bytes {
    key_of(&["plan", query])
}

/// Ids may hold slashes: the partition is what follows the last one.
fn is_position_of(key: &[u8], prefix: &[u8]) -> bool {
    key.strip_prefix(prefix)
        .is_some_and(|rest| !rest.is_empty() && rest.iter().all(u8::is_ascii_digit))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
