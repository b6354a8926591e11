//! A runtime over a broker in memory, on a turned clock, with queries written in SQL.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::mpsc;
use weir_catalog::Catalog;
use weir_functions::Registry;
use weir_kafka::{
    Broker, NewRecord, NewTopic, Offset, OffsetSpec, PartitionId, ReaderEvent, Record,
    Subscription, TopicPartition, memory::MemoryBroker, partitioner::partition_for_key,
};
use weir_plan::{Context, Plan, QueryPlan, Sink, TopicFacts, Topics};
use weir_runtime::{
    CheckpointStore, MemoryCheckpoints, Options, Output, ProcessingLogEntry, Query, QuerySpec,
    Rows, Runtime, TestClock,
};
use weir_sql::{Variables, parse_statement};

/// The time at which every test starts.
pub const START: i64 = 1_700_000_000_000;

/// How long anything may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct World {
    pub broker: MemoryBroker,
    pub clock: Arc<TestClock>,
    pub checkpoints: Arc<MemoryCheckpoints>,
    pub runtime: Arc<Runtime>,
    pub log: mpsc::Receiver<ProcessingLogEntry>,
    pub catalog: Catalog,
}

struct AnyTopic;

impl Topics for AnyTopic {
    fn topic(&self, _: &str) -> Option<TopicFacts> {
        Some(TopicFacts {
            partitions: 1,
            replicas: 1,
        })
    }
}

impl World {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Options)) -> Self {
        Self::over(MemoryBroker::new(1), Arc::default(), change)
    }

    /// A process that starts over what others have left.
    pub fn over(
        broker: MemoryBroker,
        checkpoints: Arc<MemoryCheckpoints>,
        change: impl FnOnce(&mut Options),
    ) -> Self {
        Self::with_store(broker, checkpoints.clone(), checkpoints, change)
    }

    pub fn with_store(
        broker: MemoryBroker,
        store: Arc<dyn CheckpointStore>,
        checkpoints: Arc<MemoryCheckpoints>,
        change: impl FnOnce(&mut Options),
    ) -> Self {
        let clock = Arc::new(TestClock::new(START));
        let (sender, log) = mpsc::channel(10_000);
        let mut options = Options::new(Arc::new(broker.clone()), clock.clone(), store, sender);
        change(&mut options);
        Self {
            broker,
            clock,
            checkpoints,
            runtime: Arc::new(Runtime::new(options)),
            log,
            catalog: Catalog::default(),
        }
    }

    pub async fn topic(&self, name: &str, partitions: i32) {
        self.topic_with(name, partitions, &[]).await;
    }

    pub async fn topic_with(&self, name: &str, partitions: i32, config: &[(&str, &str)]) {
        let config = config.iter();
        let topic = NewTopic {
            name: name.to_owned(),
            partitions,
            replicas: 1,
            config: config
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
        };
        self.broker.create_topic(&topic).await.unwrap();
    }

    /// Runs a CREATE STREAM that declares a topic.
    pub fn declare(&mut self, text: &str) {
        match plan(text, &self.catalog) {
            Plan::CreateSource(created) => self.catalog.replace(created.source),
            _ => panic!("no declaration: {text}"),
        }
    }

    pub async fn produce(&self, topic: &str, partition: PartitionId, values: &[&str]) {
        let records = values.iter().map(|value| record(None, Some(value)));
        self.produce_records(topic, partition, records.collect())
            .await;
    }

    pub async fn produce_records(&self, topic: &str, to: PartitionId, records: Vec<NewRecord>) {
        let mut writer = self.broker.writer("test").await.unwrap();
        let to = TopicPartition::new(topic, to);
        writer.write(&to, records).await.unwrap();
    }

    /// A persistent query from `CREATE STREAM … AS SELECT`; from the first record on.
    pub fn persistent(&mut self, id: &str, text: &str) -> QuerySpec {
        let Plan::CreateAsSelect(created) = plan(text, &self.catalog) else {
            panic!("no query: {text}");
        };
        let created = Arc::unwrap_or_clone(created);
        self.catalog.replace(created.source);
        spec(
            id,
            created.query,
            Output::Sink(Arc::new(created.sink)),
            true,
        )
    }

    /// A push or pull query.
    pub fn rows(&self, id: &str, text: &str) -> (QuerySpec, mpsc::Receiver<Rows>) {
        let Plan::Select(query) = plan(text, &self.catalog) else {
            panic!("no query: {text}");
        };
        let (sender, rows) = mpsc::channel(4);
        (spec(id, query, Output::Rows(sender), false), rows)
    }

    pub fn insert(&self, text: &str) -> weir_plan::InsertValuesPlan {
        match plan(text, &self.catalog) {
            Plan::InsertValues(values) => values,
            _ => panic!("no INSERT VALUES: {text}"),
        }
    }

    pub async fn start(&self, spec: QuerySpec) -> Query {
        self.runtime.start(spec).await.unwrap()
    }

    /// All that stands in a partition.
    pub async fn records(&self, topic: &str, partition: PartitionId) -> Vec<Record> {
        records(&self.broker, topic, partition).await
    }

    pub async fn values(&self, topic: &str, partition: PartitionId) -> Vec<String> {
        let records = self.records(topic, partition).await;
        records
            .into_iter()
            .map(|record| text(record.value))
            .collect()
    }

    /// Waits until so many records stand in partition 0; then what they are.
    pub async fn wait_for_values(&self, topic: &str, count: usize) -> Vec<String> {
        let broker = &self.broker;
        eventually(
            &format!("{count} records in {topic}"),
            async || match broker.offsets(topic, &[0], OffsetSpec::Latest).await {
                Ok(end) => end[0] >= count as Offset,
                Err(_) => false,
            },
        )
        .await;
        self.values(topic, 0).await
    }
}

pub async fn records(broker: &MemoryBroker, topic: &str, partition: PartitionId) -> Vec<Record> {
    let at = TopicPartition::new(topic, partition);
    let bounds = [OffsetSpec::Earliest, OffsetSpec::Latest];
    let start = broker
        .offsets(topic, &[partition], bounds[0])
        .await
        .unwrap()[0];
    let end = broker
        .offsets(topic, &[partition], bounds[1])
        .await
        .unwrap()[0];
    let assigned = Subscription::Assign(vec![(at, start)]);
    let mut reader = broker.reader(assigned).await.unwrap();
    let (mut found, mut position) = (Vec::new(), start);
    while position < end {
        if let Some(ReaderEvent::Records {
            batches,
            next_offset,
            ..
        }) = reader.next(Duration::from_millis(100)).await.unwrap()
        {
            found.extend(batches.into_iter().flat_map(|batch| batch.records));
            position = next_offset;
        }
    }
    found
}

fn plan(text: &str, catalog: &Catalog) -> Plan {
    let functions = Registry::builtin();
    let properties = BTreeMap::new();
    let context = Context {
        catalog,
        functions: &functions,
        topics: &AnyTopic,
        properties: &properties,
    };
    let parsed = parse_statement(text, &Variables::default()).unwrap();
    weir_plan::plan(&parsed.statement, &parsed.text.into(), &context)
        .unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn spec(id: &str, plan: QueryPlan, output: Output, is_persistent: bool) -> QuerySpec {
    QuerySpec {
        id: id.to_owned(),
        plan: Arc::new(plan),
        fingerprint: "f".to_owned(),
        start: BTreeMap::new(),
        until: None,
        output,
        is_persistent,
        has_origin_headers: false,
        is_paused: false,
        fails_on_bad_time: false,
        rules: weir_runtime::RuleOptions::default(),
    }
}

/// The sink of a persistent query.
pub fn sink(spec: &QuerySpec) -> &Sink {
    match &spec.output {
        Output::Sink(sink) => sink,
        Output::Rows(_) => panic!("{} has no sink", spec.id),
    }
}

pub fn record(key: Option<&str>, value: Option<&str>) -> NewRecord {
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    NewRecord {
        timestamp: START,
        key: key.map(bytes),
        value: value.map(bytes),
        headers: Vec::new(),
    }
}

pub fn text(bytes: Option<Bytes>) -> String {
    bytes.map_or("NULL".to_owned(), |bytes| {
        String::from_utf8(bytes.to_vec()).unwrap()
    })
}

pub fn partition_of(key: &str, partitions: i32) -> PartitionId {
    partition_for_key(key.as_bytes(), partitions)
}

/// Waits until it is so, in real time: the other tasks must get their turn.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, wait).await;
    assert!(waited.is_ok(), "not within {PATIENCE:?}: {what}");
}

impl World {
    /// Waits until it is so while the clock runs, half a second in every few milliseconds.
    pub async fn turning<F: Future<Output = bool>>(
        &self,
        what: &str,
        mut is_so: impl FnMut() -> F,
    ) {
        let clock = self.clock.clone();
        eventually(what, || {
            clock.advance(Duration::from_millis(500));
            is_so()
        })
        .await;
    }

    /// The same, for records in partition 0 of a topic.
    pub async fn turning_values(&self, topic: &str, count: usize) -> Vec<String> {
        let broker = self.broker.clone();
        self.turning(&format!("{count} records in {topic}"), || {
            let (broker, topic) = (broker.clone(), topic.to_owned());
            async move {
                match broker.offsets(&topic, &[0], OffsetSpec::Latest).await {
                    Ok(end) => end[0] >= count as Offset,
                    Err(_) => false,
                }
            }
        })
        .await;
        self.values(topic, 0).await
    }
}
