//! The persistent queries that there are.

use std::{collections::BTreeMap, sync::Arc};

use rpds::RedBlackTreeMapSync;
use weir_kafka::{Offset, PartitionId};
use weir_plan::{PersistentPlan, QueryPlan, Sink};
use weir_runtime::{Output, Query, QuerySpec, RuleOptions};

/// A query that runs until it is terminated.
#[derive(Debug, Clone)]
pub struct Persistent {
    pub id: String,
    /// The statement, variables put in.
    pub statement: Arc<str>,
    pub plan: Arc<QueryPlan>,
    /// Of the plan and the sink.
    pub fingerprint: String,
    pub sink: Arc<Sink>,
    /// The stream that it writes into.
    pub target: String,
    /// For CREATE … AS SELECT: what OR REPLACE is checked against.
    pub created: Option<Arc<PersistentPlan>>,
    pub overridden: BTreeMap<String, String>,
    pub start: BTreeMap<PartitionId, Offset>,
    pub is_paused: bool,
    /// `None` until it is started.
    pub query: Option<Query>,
}

impl Persistent {
    /// `settings`: the server's; what SET had changed is stronger.
    pub fn spec(&self, settings: &BTreeMap<String, String>) -> QuerySpec {
        let is = |name: &str, wanted: &str| {
            self.overridden
                .get(name)
                .or_else(|| settings.get(name))
                .is_some_and(|value| value.eq_ignore_ascii_case(wanted))
        };
        let is_true = |name: &str| is(name, "true");
        let rules = RuleOptions {
            has_index: !is("weir.rules.index.enable", "false"),
            has_raw_filter: !is("weir.rules.raw.filter", "false"),
        };
        QuerySpec {
            id: self.id.clone(),
            plan: self.plan.clone(),
            fingerprint: self.fingerprint.clone(),
            start: self.start.clone(),
            until: None,
            output: Output::Sink(self.sink.clone()),
            is_persistent: true,
            is_paused: self.is_paused,
            has_origin_headers: is_true("weir.sink.origin.headers"),
            fails_on_bad_time: is_true("ksql.timestamp.throw.on.invalid"),
            rules,
        }
    }

    pub fn reads(&self, source: &str) -> bool {
        self.plan.source.name == source
    }
}

/// Persistent queries by id. A copy shares all that is not changed in it: one is made for each statement, and there may be
/// thousands of queries.
#[derive(Debug, Clone, Default)]
pub struct Queries(RedBlackTreeMapSync<String, Persistent>);

impl Queries {
    pub fn get(&self, id: &str) -> Option<&Persistent> {
        self.0.get(id)
    }

    pub fn get_mut(&mut self, id: &str) -> Option<&mut Persistent> {
        self.0.get_mut(id)
    }

    pub fn contains_key(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    pub fn insert(&mut self, query: Persistent) {
        self.0.insert_mut(query.id.clone(), query);
    }

    pub fn remove(&mut self, id: &str) -> Option<Persistent> {
        let removed = self.0.get(id).cloned();
        self.0.remove_mut(id);
        removed
    }

    /// Lets go of what a query's plan can make again, if there is such a query: thousands of statements may be applied before
    /// the first query starts.
    pub fn rest(&self, id: &str) {
        if let Some(query) = self.0.get(id) {
            query.plan.rest();
        }
    }

    pub fn len(&self) -> usize {
        self.0.size()
    }

    /// In order.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// In the order of the ids.
    pub fn values(&self) -> impl Iterator<Item = &Persistent> {
        self.0.values()
    }
}
