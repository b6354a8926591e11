//! Checkpoints that are gone with the process: tests, pipes, queries of a temporary engine.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;

use weir_kafka::Offset;

use super::{Checkpoint, CheckpointStore};
use crate::Error;

#[derive(Debug, Default)]
pub struct MemoryCheckpoints {
    kept: Mutex<BTreeMap<(String, i32), Checkpoint>>,
    plans: Mutex<BTreeMap<String, String>>,
}

impl MemoryCheckpoints {
    /// How far every query has read and need not read again, by topic partition: the lowest position of all.
    pub fn lowest(&self) -> BTreeMap<String, Offset> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lowest = BTreeMap::new();
        for (at, position) in kept.values().flat_map(|checkpoint| &checkpoint.positions) {
            let known = lowest.entry(at.clone()).or_insert(*position);
            *known = (*known).min(*position);
        }
        lowest
    }

    /// All that is kept of a query, by partition.
    pub fn of(&self, query: &str) -> BTreeMap<i32, Checkpoint> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .filter(|((id, _), _)| id == query)
            .map(|((_, partition), checkpoint)| (*partition, checkpoint.clone()))
            .collect()
    }
}

#[async_trait]
impl CheckpointStore for MemoryCheckpoints {
    async fn load(&self, query: &str, partition: i32) -> Result<Option<Checkpoint>, Error> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.get(&(query.to_owned(), partition)).cloned())
    }

    async fn save(
        &self,
        query: &str,
        partition: i32,
        checkpoint: &Checkpoint,
    ) -> Result<(), Error> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert((query.to_owned(), partition), checkpoint.clone());
        Ok(())
    }

    async fn load_plan(&self, query: &str) -> Result<Option<String>, Error> {
        let plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(plans.get(query).cloned())
    }

    async fn save_plan(&self, query: &str, plan: &str) -> Result<(), Error> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.insert(query.to_owned(), plan.to_owned());
        Ok(())
    }

    async fn remove(&self, query: &str) -> Result<(), Error> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let of_query = (query.to_owned(), i32::MIN)..=(query.to_owned(), i32::MAX);
        let keys: Vec<_> = kept.range(of_query).map(|(key, _)| key.clone()).collect();
        for key in &keys {
            kept.remove(key);
        }
        drop(kept);
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.remove(query);
        Ok(())
    }
}
