//! Batches through operators: reader, task, sink and checkpoint. Never sees SQL text.
//!
//! ```text
//! reader (1 fetch, 2 decode, 3 date) ── Arc<Batch> ──▶ task (4 process, 5 encode, 6 produce, 7 checkpoint)
//! ```
//!
//! One reader for each topic partition, whatever the number of queries; one task for each query and partition.

mod batch;
pub mod checkpoint;
pub mod clock;
mod control;
mod date;
mod decode;
mod durable;
mod encode;
mod error;
mod expression;
mod fetch;
mod insert;
mod inspect;
mod layout;
mod measure;
mod operators;
mod passage;
mod pipeline;
mod position;
pub mod processing_log;
pub mod query;
mod reader;
mod readers;
mod report;
mod retry;
mod rule_pipeline;
pub mod rules;
mod settle;
mod sink;
mod stream_time;
mod supervise;
mod task;
mod tasks;
mod topics;
mod view;
mod worker;

pub use checkpoint::{Checkpoint, CheckpointStore, FileCheckpoints, MemoryCheckpoints};
pub use clock::{Clock, SystemClock, TestClock};
pub use error::{Error, ErrorKind};
pub use insert::evaluate;
pub use inspect::{Inspected, Inspector};
pub use measure::{Durations, QueryMeasures};
pub use pipeline::Pipeline;
pub use processing_log::ProcessingLogEntry;
pub use query::{Output, Query, QuerySpec, QueryState, QueryStatus, Rows};
pub use rule_pipeline::{RulePipeline, RuleProgram, RuleStats};
pub use rules::{Explanation, Listed, NoRule, RuleFacts, RuleOptions, SharedAtom};

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::runtime::Handle;
use weir_formats::ColumnRequest;
use weir_kafka::{Broker, Offset, TopicPartition};

use control::{Activity, Control, Wish};
use position::Progress;
use readers::Readers;
use rules::{Neighbour, QueryRule};
use sink::Sinks;
use topics::Topics;

/// How long queries may take to reach a checkpoint when the runtime is shut down; then they are cut off.
const SHUTDOWN_PATIENCE: Duration = Duration::from_millis(2_500);

/// What all queries of a process share: the readers and their decoders.
pub struct Runtime {
    options: Arc<Options>,
    readers: Readers,
    topics: Arc<Topics>,
    sinks: Arc<Sinks>,
    queries: Mutex<Running>,
    activity: Activity,
    /// Set under the lock of `queries`: nothing starts any more.
    is_closed: AtomicBool,
}

/// The queries by id; some may have ended.
#[derive(Default)]
struct Running {
    by_id: BTreeMap<String, Registered>,
    /// How many there are when those that have ended are forgotten.
    most: usize,
}

/// A query that was started.
struct Registered {
    control: Arc<Control>,
    plan: Arc<weir_plan::QueryPlan>,
    rule: Option<Arc<QueryRule>>,
}

/// What a runtime is made of. Time, disk and network come in from here and nowhere else.
#[derive(Clone)]
pub struct Options {
    pub broker: Arc<dyn Broker>,
    pub clock: Arc<dyn Clock>,
    pub checkpoints: Arc<dyn CheckpointStore>,
    /// Entries for the processing log. A task that reports much waits for room, within bounds; what
    /// does not fit then is counted on its query.
    pub processing_log: tokio::sync::mpsc::Sender<ProcessingLogEntry>,
    /// Whether entries hold the record itself: a copy, since a slice would keep all that was fetched with it.
    pub logs_records: bool,
    /// How often positions are kept while records flow (`commit.interval.ms`).
    pub commit_interval: Duration,
    /// How often topics are looked at: new partitions, a topic made again.
    pub topic_poll: Duration,
    /// The first wait after a failure; doubled from failure to failure.
    pub retry_initial: Duration,
    pub retry_max: Duration,
    /// What a task takes in one go, at most.
    pub epoch_rows: usize,
    pub epoch_bytes: usize,
    /// How long a task may hold up the others of its reader, in all, before it reads on its own.
    pub slow_task_patience: Duration,
    /// How long a position past the end of its partition is waited for, as a broker that restarts may show an older
    /// end for a while, before the partition counts as truncated.
    pub truncation_patience: Duration,
    /// Whose threads the queries run on; those of whoever starts a query if none are named. What answers people is not to
    /// stand in a line behind hundreds of batches.
    pub threads: Option<Handle>,
}

/// What a topic partition cost so far. Records are counted each time that they are fetched or decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReaderStats {
    pub records_fetched: u64,
    /// Of them, those that concern no query, as their bytes told.
    pub records_skipped: u64,
    pub records_decoded: u64,
    /// Of keys and values fetched.
    pub bytes_fetched: u64,
    /// What it took to find the records that concern rules, for all rules together.
    pub rules_time: Duration,
    /// How many readers there are at this moment: one, unless tasks stand at different offsets.
    pub readers: usize,
}

/// While one of these lives, readers fetch nothing: queries that start meanwhile at the same offsets share their reader from
/// the first record.
#[must_use]
pub struct Hold {
    readers: Readers,
}

impl Options {
    pub fn new(
        broker: Arc<dyn Broker>,
        clock: Arc<dyn Clock>,
        checkpoints: Arc<dyn CheckpointStore>,
        processing_log: tokio::sync::mpsc::Sender<ProcessingLogEntry>,
    ) -> Self {
        Self {
            broker,
            clock,
            checkpoints,
            processing_log,
            logs_records: false,
            commit_interval: Duration::from_secs(2),
            topic_poll: Duration::from_secs(5),
            retry_initial: Duration::from_millis(500),
            retry_max: Duration::from_secs(60),
            epoch_rows: 4_096,
            epoch_bytes: 8 << 20,
            slow_task_patience: Duration::from_millis(200),
            truncation_patience: Duration::from_secs(30),
            threads: None,
        }
    }
}

impl Runtime {
    /// Call [`Runtime::start`] inside a tokio runtime.
    pub fn new(options: Options) -> Self {
        let options = Arc::new(options);
        let activity = Activity::default();
        Self {
            readers: Readers::new(options.clone(), activity.clone()),
            sinks: Arc::new(Sinks::new(options.broker.clone())),
            options,
            topics: Arc::default(),
            queries: Mutex::default(),
            activity,
            is_closed: AtomicBool::new(false),
        }
    }

    /// Starts a query; it runs until its source ends, it is stopped, or the runtime is shut down.
    ///
    /// Returns when the positions that a persistent query starts from are kept. What the broker refuses is no error of
    /// this call: the query waits for it and its status says so.
    pub async fn start(&self, spec: QuerySpec) -> Result<Query, Error> {
        let dataflow = spec.plan.dataflow()?;
        let vocabulary = &self.readers.vocabulary;
        let mut needs = check(&spec, &dataflow)?;
        vocabulary.share_needs(&mut needs);
        let needs = Arc::new(needs);
        let clock = self.options.clock.clone();
        let source = spec.is_persistent.then(|| spec.plan.source.topic.clone());
        let limit = spec.plan.limit;
        let activity = self.activity.clone();
        let control = Arc::new(Control::new(
            &spec.id,
            clock.clone(),
            limit,
            source,
            activity,
        ));
        let rule = QueryRule::of(&spec, &dataflow, &needs, vocabulary).ok();
        let rule = rule.map(Arc::new);
        // Tasks ask for it with their first batch, and most rules never have one.
        drop(dataflow);
        spec.plan.rest();
        self.register(Registered {
            control: control.clone(),
            plan: spec.plan.clone(),
            rule: rule.clone(),
        })?;
        // Whoever called may be cut off while the start is kept: what is registered must come to an end.
        let unstarted = Unstarted(Some(control.clone()));
        self.keep_start(&spec).await?;
        if spec.is_paused {
            control.wish(Wish::Pause);
        }
        if control.has_enough_rows() {
            control.wish(Wish::Stop(QueryState::Completed));
        }
        let topic = &spec.plan.source.topic;
        let log = self.options.processing_log.clone();
        let logs_records = self.options.logs_records;
        let reports = report::Reports::new(control.clone(), clock, topic, log, logs_records);
        let shared = worker::Shared {
            options: self.options.clone(),
            readers: self.readers.clone(),
            topics: self.topics.clone(),
            sinks: self.sinks.clone(),
            rule,
            needs,
            control: control.clone(),
            reports: Arc::new(reports),
            spec,
        };
        // Readers, tasks and writers are started from there, and run there.
        let supervising = Box::new(supervise::Supervisor::new(Arc::new(shared))).run();
        match &self.options.threads {
            Some(threads) => threads.spawn(supervising),
            None => tokio::spawn(supervising),
        };
        unstarted.disarm();
        Ok(Query { control })
    }

    /// Two queries of one name would overwrite one another's checkpoints.
    fn register(&self, query: Registered) -> Result<(), Error> {
        let control = &query.control;
        let mut queries = self.queries();
        if self.is_closed.load(Ordering::Acquire) {
            return Err(Error::external("the engine is being stopped"));
        }
        let known = queries.by_id.get(&control.id);
        if known.is_some_and(|known| !known.control.has_ended()) {
            return Err(Error::internal(format!(
                "query `{}` runs already",
                control.id
            )));
        }
        if queries.by_id.len() >= queries.most {
            queries.by_id.retain(|_, query| !query.control.has_ended());
            queries.most = 2 * queries.by_id.len() + 16;
        }
        queries.by_id.insert(control.id.clone(), query);
        Ok(())
    }

    /// The queries that read now.
    fn neighbours(&self) -> Vec<Neighbour> {
        let queries = self.queries();
        let running = queries.by_id.values();
        let running =
            running.filter(|query| !query.control.has_ended() && !query.control.is_paused());
        let neighbour = |query: &Registered| Neighbour {
            id: query.control.id.clone(),
            plan: query.plan.clone(),
            rule: query.rule.clone(),
            link: query.control.first_link(),
        };
        running.map(neighbour).collect()
    }

    /// Keeps where a new persistent query starts, so that nothing falls between if the process ends before its first
    /// checkpoint. A checkpoint that is there, whatever it is, is left alone.
    async fn keep_start(&self, spec: &QuerySpec) -> Result<(), Error> {
        if !spec.is_persistent {
            return Ok(());
        }
        let source = &spec.plan.source.topic;
        // Without the topic its id is not known; the tasks see to it when it is there.
        let Ok(Some(topic)) = self.options.broker.topic(source).await else {
            return Ok(());
        };
        let store = &self.options.checkpoints;
        for partition in 0..topic.partitions {
            // A checkpoint that cannot be read is for its task to report.
            if !matches!(store.load(&spec.id, partition).await, Ok(None)) {
                continue;
            }
            let start = Progress {
                topic_id: topic.id.as_str().into(),
                position: spec.start.get(&partition).copied().unwrap_or(0),
                stream_time: None,
            };
            let at = TopicPartition::new(source.as_str(), partition);
            let checkpoint = start.to_checkpoint(&at, &spec.fingerprint);
            store.save(&spec.id, partition, &checkpoint).await?;
        }
        Ok(())
    }

    /// Keeps readers from fetching while several queries are started.
    pub fn hold(&self) -> Hold {
        self.readers.hold();
        Hold {
            readers: self.readers.clone(),
        }
    }

    /// Evaluates constant expressions and encodes them: INSERT VALUES. The key's bytes decide the partition.
    pub fn encode_values(
        &self,
        plan: &weir_plan::InsertValuesPlan,
    ) -> Result<weir_kafka::NewRecord, Error> {
        insert::encode_values(plan, self.options.clock.now())
    }

    /// By topic partition, since the runtime was made.
    pub fn reader_stats(&self) -> BTreeMap<TopicPartition, ReaderStats> {
        self.readers.stats()
    }

    /// The next offset of each partition that is read; of several readers' the lowest.
    pub fn reader_positions(&self) -> BTreeMap<TopicPartition, Offset> {
        self.readers.positions()
    }

    /// Whether a query can be started as far as is known before: for a statement that is about to be kept.
    pub fn check(&self, spec: &QuerySpec) -> Result<(), Error> {
        check(spec, &*spec.plan.dataflow()?).map(|_| ())
    }

    /// Stops every query at a checkpoint, within five seconds, and starts none any more.
    pub async fn shutdown(&self) {
        let running = self.close();
        let stops = running
            .iter()
            .map(|control| control.stop(SHUTDOWN_PATIENCE));
        for stopped in futures::future::join_all(stops).await {
            if let Err(error) = stopped {
                tracing::warn!(%error, "query was cut off");
            }
        }
    }

    /// Cuts every query off where it is, without a checkpoint: what they do is another process's now.
    pub async fn abandon(&self) {
        let running = self.close();
        for control in &running {
            control.abort.cancel();
        }
        for control in &running {
            control.finished().await;
        }
    }

    fn close(&self) -> Vec<Arc<Control>> {
        let mut queries = self.queries();
        self.is_closed.store(true, Ordering::Release);
        let running = std::mem::take(&mut queries.by_id).into_values();
        running.map(|query| query.control).collect()
    }

    fn queries(&self) -> MutexGuard<'_, Running> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds what a query can never do before it is started.
fn check(spec: &QuerySpec, dataflow: &weir_plan::Dataflow) -> Result<layout::Needs, Error> {
    let needs = layout::Needs::new(&spec.plan.source, &dataflow.scan)?;
    for (declared, requests) in &needs.parts {
        let requests = requests.iter().map(|request| ColumnRequest::clone(request));
        declared.decoder(&requests.collect::<Vec<_>>())?;
    }
    let fields = dataflow.scan.iter();
    let fields = fields.map(|column| column.sql_type.to_arrow_field(&column.name));
    let columns = arrow::datatypes::Schema::new(fields.collect::<Vec<_>>());
    operators::Operators::try_new(&dataflow.steps, &Arc::new(columns))?;
    if let Output::Sink(sink) = &spec.output {
        worker::encoder(spec, sink)?;
    }
    Ok(needs)
}

/// Ends a query that was registered and did not come to run.
struct Unstarted(Option<Arc<Control>>);

impl Unstarted {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Unstarted {
    fn drop(&mut self) {
        if let Some(control) = self.0.take() {
            control.end(QueryState::Failed);
        }
    }
}

/// What nobody can stop any more ends by itself, without a checkpoint.
impl Drop for Runtime {
    fn drop(&mut self) {
        for control in self.close() {
            control.abort.cancel();
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.readers.release();
    }
}
