//! Queries that write into one topic run one after the other in a scenario, in the order in which they were made, as they
//! do in ksqlDB's runner: which record comes next must not hang on which thread was faster.

use std::collections::{BTreeMap, BTreeSet};

use weir_runtime::Query;

use super::scenario::PATIENCE;
use crate::{Engine, Error};

/// The queries in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Order {
    ids: Vec<String>,
}

impl Order {
    /// Waits until nothing is left to do. Returns with all queries held back that share a sink.
    pub async fn settle(&mut self, engine: &Engine) -> Result<(), Error> {
        let held = self.hold(engine);
        engine.settled(PATIENCE).await?;
        // A query that is behind runs alone; what it wrote may be another's input.
        while let Some(query) = behind(engine, &held).await? {
            query.resume();
            engine.settled(PATIENCE).await?;
            query.pause();
            engine.settled(PATIENCE).await?;
        }
        Ok(())
    }

    /// Pauses the queries that share a sink, lets the others run, and gives those held back in their order. What was
    /// paused by its user is left alone.
    fn hold(&mut self, engine: &Engine) -> Vec<Query> {
        let state = engine.state();
        self.ids.retain(|id| state.queries.contains_key(id));
        for id in state.queries.keys() {
            if !self.ids.contains(id) {
                self.ids.push(id.clone());
            }
        }
        let mut writers: BTreeMap<&str, usize> = BTreeMap::new();
        for query in state.queries.values() {
            *writers.entry(&query.sink.topic).or_default() += 1;
        }
        let shared: BTreeSet<&str> = writers
            .into_iter()
            .filter_map(|(topic, count)| (count > 1).then_some(topic))
            .collect();
        let mut held = Vec::new();
        for persistent in self.ids.iter().filter_map(|id| state.queries.get(id)) {
            let Some(query) = &persistent.query else {
                continue;
            };
            match (
                persistent.is_paused,
                shared.contains(persistent.sink.topic.as_str()),
            ) {
                (true, _) => {}
                (false, true) => {
                    query.pause();
                    held.push(query.clone());
                }
                (false, false) => query.resume(),
            }
        }
        held
    }
}

/// The first of these queries that has something left to do.
async fn behind(engine: &Engine, held: &[Query]) -> Result<Option<Query>, Error> {
    let behind = engine.inner.parts.runtime.behind().await?;
    let is_behind = |query: &&Query| behind.iter().any(|id| id == query.id());
    Ok(held.iter().find(is_behind).cloned())
}
