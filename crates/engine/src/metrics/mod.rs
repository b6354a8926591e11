//! What an engine measures, as text that Prometheus reads.
//!
//! ```text
//! tasks and readers count (atomics) ──▶ Engine::metrics: a snapshot, with the ends of topics ──▶ Metrics::encode: text
//! ```
//!
//! **Rule:** nothing is kept per series. A query that is terminated has none from then on, counters begin at 0 with the
//! process, and the number of series has a bound: `weir.metrics.queries.max` and `weir.metrics.partitions.max` say how many
//! queries and partitions have series of their own; how many have none is a metric too.

pub(crate) mod ends;
mod process;
mod text;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError},
    time::Duration,
};

use prometheus_client::{encoding::prometheus_text, registry::Registry};
use weir_kafka::{Offset, PartitionId, TopicPartition};
use weir_runtime::{QueryMeasures, QueryState, ReaderStats};

use crate::{Engine, queries::Persistent};
use process::Process;

/// The figures of an engine at one moment.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), weir_engine::Error> {
/// # use weir_engine::{Engine, Metrics};
/// let engine = Engine::builder().memory(0).build().await?;
/// let text = engine.metrics().await.encode();
/// assert!(text.contains("weir_uptime_seconds"));
/// assert_eq!(Metrics::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
/// # engine.shutdown().await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Metrics {
    snapshot: Arc<Snapshot>,
}

/// What the text is made of.
#[derive(Debug, Default)]
struct Snapshot {
    /// Those that have series of their own.
    queries: Vec<QueryFigures>,
    omitted_queries: usize,
    /// All of them, by state.
    states: BTreeMap<&'static str, u64>,
    push_queries: usize,
    partitions: Vec<PartitionFigures>,
    omitted_partitions: usize,
    uptime: Duration,
    process: Process,
}

#[derive(Debug)]
struct QueryFigures {
    id: String,
    state: &'static str,
    /// `None` for a query that could not be started.
    measures: Option<QueryMeasures>,
    /// `None` while the ends of its topic are not known.
    lag: Option<Lag>,
}

/// What a query has before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Lag {
    records: u64,
    time: Duration,
}

#[derive(Debug)]
struct PartitionFigures {
    topic: Arc<str>,
    partition: PartitionId,
    stats: ReaderStats,
    lag: Option<u64>,
}

/// The next offset of each partition of a topic, by topic.
type Ends = BTreeMap<Arc<str>, BTreeMap<PartitionId, Offset>>;

impl Metrics {
    /// What an HTTP answer with [`Metrics::encode`] as its body calls itself.
    pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

    /// The text, in version 0.0.4 of Prometheus's format. Whoever has metrics of their own may append them.
    pub fn encode(&self) -> String {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(text::Page(self.snapshot.clone())));
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry).expect("writing to a string does not fail");
        text
    }
}

impl Engine {
    /// What the engine measures, now. Asks the broker where the topics that are read end, at most once a second and for at
    /// most two seconds; where it does not answer there is no lag in the answer.
    pub async fn metrics(&self) -> Metrics {
        let state = self.state();
        let runtime = &self.inner.parts.runtime;
        let readers = runtime.reader_stats();
        let positions = runtime.reader_positions();
        let now = self.inner.parts.clock.now();
        let mut queries: Vec<(&Persistent, Option<QueryMeasures>)> = state
            .queries
            .values()
            .map(|query| {
                (
                    query,
                    query.query.as_ref().map(weir_runtime::Query::measures),
                )
            })
            .collect();
        // Those that have series keep them: a query that is new does not push another out.
        queries.sort_by_key(|(_, measures)| measures.as_ref().map(|measures| measures.started));
        let ends = self.ends(&queries, &positions).await;
        let mut states = BTreeMap::new();
        for (_, measures) in &queries {
            *states.entry(state_name(measures.as_ref())).or_default() += 1;
        }
        let most = self.most("weir.metrics.queries.max");
        let omitted_queries = queries.len().saturating_sub(most);
        let figures = queries.into_iter().take(most);
        let figures = figures.map(|(query, measures)| figures_of(query, measures, &ends, now));
        let readers = readers.into_iter().filter(|(_, stats)| stats.readers > 0);
        let mut partitions: Vec<PartitionFigures> = readers
            .map(|(at, stats)| PartitionFigures {
                lag: reader_lag(&at, &positions, &ends),
                topic: at.topic,
                partition: at.partition,
                stats,
            })
            .collect();
        let most = self.most("weir.metrics.partitions.max");
        let omitted_partitions = partitions.len().saturating_sub(most);
        partitions.truncate(most);
        let pushes = self.inner.pushes.lock();
        let push_queries = pushes.unwrap_or_else(PoisonError::into_inner).len();
        Metrics {
            snapshot: Arc::new(Snapshot {
                queries: figures.collect(),
                omitted_queries,
                states,
                push_queries,
                partitions,
                omitted_partitions,
                uptime: self.inner.watch.started.elapsed(),
                process: Process::now(),
            }),
        }
    }

    /// Where the partitions end that queries or readers stand in.
    async fn ends(
        &self,
        queries: &[(&Persistent, Option<QueryMeasures>)],
        positions: &BTreeMap<TopicPartition, Offset>,
    ) -> Ends {
        let mut wanted: BTreeMap<Arc<str>, BTreeSet<PartitionId>> = BTreeMap::new();
        for (query, measures) in queries {
            let Some(measures) = measures else { continue };
            let partitions = measures.status.positions.keys();
            let topic = query.plan.source.topic.as_str();
            wanted.entry(topic.into()).or_default().extend(partitions);
        }
        for at in positions.keys() {
            let partitions = wanted.entry(at.topic.clone()).or_default();
            partitions.insert(at.partition);
        }
        self.inner
            .watch
            .ends(&self.inner.parts.broker, wanted)
            .await
    }

    fn most(&self, setting: &str) -> usize {
        let value = self.inner.parts.settings.get(setting);
        // What is no number was refused when the engine was built.
        value
            .and_then(|value| value.trim().parse().ok())
            .unwrap_or(usize::MAX)
    }
}

fn figures_of(
    query: &Persistent,
    measures: Option<QueryMeasures>,
    ends: &Ends,
    now: i64,
) -> QueryFigures {
    let ends = ends.get(query.plan.source.topic.as_str());
    QueryFigures {
        id: query.id.clone(),
        state: state_name(measures.as_ref()),
        lag: measures
            .as_ref()
            .zip(ends)
            .map(|(measures, ends)| lag(measures, ends, now)),
        measures,
    }
}

/// In records: what is between the query's positions and the ends. In time: how old the last record is that was processed,
/// in the partition where it is oldest among those with something left to read; nothing left is no lag. Before the first
/// record it counts from the query's start.
fn lag(measures: &QueryMeasures, ends: &BTreeMap<PartitionId, Offset>, now: i64) -> Lag {
    let mut lag = Lag::default();
    for (partition, position) in &measures.status.positions {
        let left = ends.get(partition).map_or(0, |end| end - position);
        let Ok(left @ 1..) = u64::try_from(left) else {
            continue;
        };
        lag.records += left;
        let last = measures.last_times.get(partition);
        let since = now.saturating_sub(*last.unwrap_or(&measures.started));
        let time = Duration::from_millis(u64::try_from(since).unwrap_or(0));
        lag.time = lag.time.max(time);
    }
    lag
}

fn reader_lag(
    at: &TopicPartition,
    positions: &BTreeMap<TopicPartition, Offset>,
    ends: &Ends,
) -> Option<u64> {
    let end = ends.get(&at.topic)?.get(&at.partition)?;
    let position = positions.get(at)?;
    Some(u64::try_from(end - position).unwrap_or(0))
}

fn state_name(measures: Option<&QueryMeasures>) -> &'static str {
    match measures.map(|measures| measures.status.state) {
        None => "not_started",
        Some(QueryState::Starting) => "starting",
        Some(QueryState::Running) => "running",
        Some(QueryState::Paused) => "paused",
        Some(QueryState::Retrying) => "retrying",
        Some(QueryState::Failed) => "failed",
        Some(QueryState::Stopped) => "stopped",
        Some(QueryState::Completed) => "completed",
    }
}
