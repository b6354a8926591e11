//! Checkpoints in the data folder, and a copy of them in the service's topic for when the folder is lost.
//!
//! The folder is written at every checkpoint and the topic at most once a second, so the folder is never behind, unless
//! another process ran the service in between, on a folder of its own: then the topic is the truth. What changed of all
//! queries goes out together, in batches, and not more than one batch a second: of ten thousand queries the copy is some
//! seconds behind, and whoever goes on from it repeats as much.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use weir_kafka::{Broker, ErrorKind, NewRecord, Record, TopicPartition, Writer};
use weir_runtime::{Checkpoint, CheckpointStore, Clock, Error as RuntimeError};

use super::key_of;

/// How often changes go to the topic.
const PACE: Duration = Duration::from_secs(1);

/// How many bytes are written in one go, about: half of what a broker takes unless it is told.
const CHUNK: usize = 500_000;

/// What the topic holds, by key.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    records: BTreeMap<Bytes, Bytes>,
    /// The folder's process was the service's last: the topic is behind it.
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
        let mut batches = 1;
        loop {
            self.clock.sleep(PACE * batches).await;
            let published = self.publish_with(&broker, &mut writer).await;
            batches = published.as_ref().map_or(1, |batches| (*batches).max(1));
            if let Err(error) = published {
                writer = None;
                tracing::warn!(%error, topic = %self.partition.topic, "positions could not be copied to the cluster, it is tried again");
            }
        }
    }

    /// Tells the topic what changed since the last time.
    pub async fn publish_now(&self, broker: &Arc<dyn Broker>) -> Result<(), weir_kafka::Error> {
        self.publish_with(broker, &mut None).await.map(|_| ())
    }

    /// Gives the number of batches.
    async fn publish_with(
        &self,
        broker: &Arc<dyn Broker>,
        writer: &mut Option<Box<dyn Writer>>,
    ) -> Result<u32, weir_kafka::Error> {
        let mut batches = 0;
        loop {
            let chunk = self.next_chunk();
            if chunk.is_empty() {
                return Ok(batches);
            }
            batches += 1;
            match self.write(broker, writer, &chunk).await {
                Ok(()) => {}
                // A record that no broker takes holds up no other.
                Err(error) if error.kind == ErrorKind::TooLarge && chunk.len() == 1 => {
                    let key = String::from_utf8_lossy(&chunk[0].0).into_owned();
                    tracing::warn!(%key, %error, "it is in the data folder only");
                }
                Err(error) => return Err(error),
            }
            // Only now: a write that is cut off in the middle is still to be done.
            let mut changes = lock(&self.changes);
            for (key, value) in &chunk {
                if changes.get(key) == Some(value) {
                    changes.remove(key);
                }
            }
        }
    }

    /// The first of what the topic is yet to be told, as much as fits into one write. Positions come before `query/…`.
    fn next_chunk(&self) -> Vec<(Bytes, Option<Bytes>)> {
        let changes = lock(&self.changes);
        let mut size = 0;
        let fits = |(key, value): &(&Bytes, &Option<Bytes>)| {
            let is_first = size == 0;
            size += key.len() + value.as_ref().map_or(0, Bytes::len) + 40;
            is_first || size <= CHUNK
        };
        let chunk = changes.iter().take_while(fits);
        chunk
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
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

    /// Which counts of the two: `local` is what the folder has, as the topic would have it. What the topic has not is told
    /// to it.
    fn newer(&self, local: Option<String>, key: Bytes) -> Option<Bytes> {
        let (of_topic, is_behind) = {
            let kept = lock(&self.kept);
            (kept.records.get(&key).cloned(), kept.is_behind)
        };
        match (local.map(Bytes::from), of_topic) {
            (Some(local), of_topic) if is_behind || of_topic.is_none() => {
                if of_topic.as_ref() != Some(&local) {
                    self.change(key, Some(local.clone()));
                }
                Some(local)
            }
            (_, of_topic) => of_topic,
        }
    }
}

#[async_trait]
impl CheckpointStore for SharedCheckpoints {
    async fn load(&self, query: &str, partition: i32) -> Result<Option<Checkpoint>, RuntimeError> {
        let local = self.local.load(query, partition).await?;
        let local = local.map(|checkpoint| checkpoint.to_json()).transpose()?;
        let Some(json) = self.newer(local, position_key(query, partition)) else {
            return Ok(None);
        };
        let checkpoint = Checkpoint::from_json(&json).map_err(|why| {
            RuntimeError::external(format!(
                "the position of query `{query}`, partition {partition}, in topic `{}` cannot be used: {why}",
                self.partition.topic
            ))
        })?;
        Ok(Some(checkpoint))
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
        let newer = self.newer(local, plan_key(query));
        Ok(newer.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
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
            let keys = kept.records.range(positions.clone()..);
            let keys = keys.map(|(key, _)| key);
            let of_query = keys
                .take_while(|key| key.starts_with(&positions))
                .filter(|key| is_position_of(key, &positions))
                .cloned();
            let plan = plan_key(query);
            let plan = kept.records.contains_key(&plan).then_some(plan);
            of_query.chain(plan).collect()
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
    key_of(&["query", query])
}

/// Ids may hold slashes: the partition is what follows the last one.
fn is_position_of(key: &[u8], prefix: &[u8]) -> bool {
    key.strip_prefix(prefix)
        .is_some_and(|rest| !rest.is_empty() && rest.iter().all(u8::is_ascii_digit))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
