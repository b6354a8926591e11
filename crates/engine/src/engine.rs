//! The engine: one for each process and service id.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use weir_catalog::Catalog;
use weir_functions::Registry;
use weir_kafka::{Broker, Topic};
use weir_plan::{Context, TopicFacts, TopicSpec};
use weir_runtime::{CheckpointStore, Clock, ProcessingLogEntry, Query, QuerySpec, Runtime};

use crate::{
    Builder, Error, Session, Topics,
    commands::Commands,
    data_dir::DataDir,
    execute::accept_as_before,
    mask, metrics, processing_log, properties,
    queries::{Persistent, Queries},
    service::Service,
    statement_log::{Entry, StatementLog},
};

/// So many queries are started at a time.
const STARTING: usize = 256;

/// Runs statements, and the queries that they make. Cheap to clone: all clones are one engine.
///
/// ```
/// use weir_engine::{Engine, arrow::array::AsArray};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), weir_engine::Error> {
/// let engine = Engine::builder().memory(0).build().await?;
/// let mut session = engine.session();
/// engine
///     .execute(
///         &mut session,
///         "CREATE STREAM s (a INT) WITH (kafka_topic='s', value_format='JSON', partitions=1);
///          INSERT INTO s VALUES (1); INSERT INTO s VALUES (20);",
///     )
///     .await?;
/// let batches = engine.query("SELECT a + 1 AS b FROM s WHERE a > 10;").await?;
/// let column = batches[0].column(0).as_primitive::<weir_engine::arrow::datatypes::Int32Type>();
/// assert_eq!(column.values(), &[21]);
/// engine.shutdown().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

/// What an engine is made of.
pub(crate) struct Parts {
    pub broker: Arc<dyn Broker>,
    pub runtime: Runtime,
    pub checkpoints: Arc<dyn CheckpointStore>,
    pub clock: Arc<dyn Clock>,
    pub threads: Handle,
    pub functions: Registry,
    /// Defaults and what was configured.
    pub settings: BTreeMap<String, String>,
    /// What was configured.
    pub configured: BTreeMap<String, String>,
    pub service_id: String,
    pub cluster_id: String,
    pub is_headless: bool,
    /// Whether others can see the broker: a cluster's tools show our positions.
    pub is_cluster: bool,
    /// A broker that the caller gave is the caller's to close.
    pub owns_broker: bool,
    /// On a cluster: the lease, and where positions are copied to.
    pub service: Option<Service>,
    /// Held for its lock.
    #[expect(dead_code, reason = "held, not read")]
    pub data: Option<DataDir>,
    pub catalog: Catalog,
}

pub(crate) struct Inner {
    pub parts: Parts,
    /// What there is now: read without waiting for whoever changes it.
    state: watch::Sender<Arc<State>>,
    /// Statements that change anything go one after the other.
    changes: tokio::sync::Mutex<Option<StatementLog>>,
    /// Ended for good: see [`Engine::dismantle`].
    is_dismantled: AtomicBool,
    /// What became of the statements that changed something.
    pub commands: Commands,
    /// Push queries that run, by id.
    pub pushes: Mutex<BTreeMap<String, (String, Query)>>,
    /// What is kept for whoever asks for metrics.
    pub watch: metrics::ends::Watch,
    background: Mutex<Vec<JoinHandle<()>>>,
    /// How many entries the processing log's writer is done with.
    pub log_done: tokio::sync::watch::Sender<u64>,
    /// The writer of the processing log, and how it is told that no more comes.
    processing_log: Mutex<Option<(CancellationToken, JoinHandle<()>)>>,
}

/// What statements change: a copy, that then takes the place of what was there.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub catalog: Catalog,
    pub queries: Queries,
    /// The number of the next statement that takes effect: its offset in the log, if there is one.
    pub sequence: i64,
}

/// The right to change the state, which one statement has at a time.
pub(crate) struct Change<'a> {
    log: tokio::sync::MutexGuard<'a, Option<StatementLog>>,
    state: &'a watch::Sender<Arc<State>>,
    is_dismantled: &'a AtomicBool,
}

impl Change<'_> {
    /// A copy of the state, to be changed. What the log is in doubt of is settled first.
    pub async fn copy(&mut self, now: i64) -> Result<State, Error> {
        let mut next = State::clone(&self.state.borrow());
        if let Some(log) = self.log.as_mut() {
            log.settle(now).await?;
            next.sequence = log.next_offset();
        }
        Ok(next)
    }

    /// Writes a statement to the log, if there is one: the next one has the number after it.
    pub async fn record(&mut self, next: &mut State, entry: Entry) -> Result<(), Error> {
        next.sequence += 1;
        self.record_all(next, vec![entry]).await
    }

    /// Writes statements to the log, if there is one, all or none; `next` has their numbers behind it.
    pub async fn record_all(&mut self, next: &mut State, entries: Vec<Entry>) -> Result<(), Error> {
        if let Some(log) = self.log.as_mut() {
            log.append(entries).await?;
            next.sequence = log.next_offset();
        }
        Ok(())
    }

    /// There is no log any more, and no statement takes effect again.
    pub fn forget(&mut self) {
        *self.log = None;
        self.is_dismantled.store(true, Ordering::Release);
    }

    /// From now on this is what there is.
    pub fn publish(&self, state: &State) {
        self.state.send_replace(Arc::new(state.clone()));
    }
}

impl Engine {
    /// Says where the topics are and what else an engine is made of.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) async fn start(
        parts: Parts,
        entries: mpsc::Receiver<ProcessingLogEntry>,
    ) -> Result<Self, Error> {
        let is_on = |name: &str| {
            parts
                .settings
                .get(name)
                .is_some_and(|value| value.eq_ignore_ascii_case("true"))
        };
        let log_topic = processing_log::topic_name(&parts.service_id);
        let has_topic = is_on("ksql.logging.processing.topic.auto.create")
            && processing_log::make_topic(&parts.broker, &log_topic).await?;
        let includes_rows = is_on("ksql.logging.processing.rows.include");
        let has_stream = has_topic && is_on("ksql.logging.processing.stream.auto.create");
        let stop_log = CancellationToken::new();
        let log_done = tokio::sync::watch::Sender::new(0);
        let log_writer = tokio::spawn(processing_log::run(
            parts.broker.clone(),
            log_topic.clone(),
            includes_rows,
            entries,
            stop_log.clone(),
            log_done.clone(),
        ));
        let state = State {
            catalog: parts.catalog.clone(),
            ..State::default()
        };
        let engine = Self {
            inner: Arc::new(Inner {
                parts,
                state: watch::Sender::new(Arc::new(state)),
                changes: tokio::sync::Mutex::new(None),
                is_dismantled: AtomicBool::new(false),
                commands: Commands::default(),
                pushes: Mutex::default(),
                watch: metrics::ends::Watch::new(),
                background: Mutex::default(),
                log_done,
                processing_log: Mutex::new(Some((stop_log, log_writer))),
            }),
        };
        if has_stream {
            engine.declare_processing_log(&log_topic).await?;
        }
        if !engine.inner.parts.is_headless {
            engine.replay().await?;
        }
        if engine.inner.parts.is_cluster {
            engine.publish_positions();
        }
        engine.stop_when_lost();
        Ok(engine)
    }

    /// What there is now.
    pub(crate) fn state(&self) -> Arc<State> {
        self.inner.state.borrow().clone()
    }

    /// Waits for a caller's turn to change the state; not for one who has gone meanwhile.
    pub(crate) async fn change_state_for(&self, session: &Session) -> Result<Change<'_>, Error> {
        tokio::select! {
            biased;
            change = self.change_state() => Ok(change),
            () = session.has_gone.cancelled() => {
                Err(Error::external("the client went away before the statement's turn came"))
            }
        }
    }

    /// Waits for its turn to change the state.
    pub(crate) async fn change_state(&self) -> Change<'_> {
        Change {
            log: self.inner.changes.lock().await,
            state: &self.inner.state,
            is_dismantled: &self.inner.is_dismantled,
        }
    }

    /// Returns when the statement of this number has taken effect (`commandSequenceNumber`).
    pub async fn has_applied(&self, number: i64) {
        let mut states = self.inner.state.subscribe();
        // The sender lives as long as the engine.
        let _ = states.wait_for(|state| state.sequence > number).await;
    }

    /// A caller's own settings: none changed yet.
    pub fn session(&self) -> Session {
        Session::default()
    }

    /// The topics of its broker: to list, create, write and read.
    pub fn topics(&self) -> Topics {
        Topics {
            broker: self.inner.parts.broker.clone(),
        }
    }

    /// The streams and types that are declared now, as they stand between two statements.
    pub fn catalog(&self) -> weir_catalog::Catalog {
        self.state().catalog.clone()
    }

    /// Whose topics and positions these are (`ksql.service.id`).
    pub fn service_id(&self) -> &str {
        &self.inner.parts.service_id
    }

    /// What the broker calls itself.
    pub fn cluster_id(&self) -> &str {
        &self.inner.parts.cluster_id
    }

    /// What each topic partition cost so far: three queries over a topic fetch and decode it once.
    pub fn reader_stats(&self) -> BTreeMap<weir_kafka::TopicPartition, weir_runtime::ReaderStats> {
        self.inner.parts.runtime.reader_stats()
    }

    /// The status of every persistent query, by id.
    pub fn statuses(&self) -> BTreeMap<String, weir_runtime::QueryStatus> {
        let state = self.state();
        let running = state
            .queries
            .values()
            .filter_map(|query| Some((query.id.clone(), query.query.as_ref()?.status())));
        running.collect()
    }

    /// Returns when another process has taken this service over: nothing runs here any more. Never returns without a
    /// cluster.
    pub async fn lost(&self) -> Error {
        match &self.inner.parts.service {
            Some(service) => service.lost().await,
            None => std::future::pending().await,
        }
    }

    /// Refuses what would act for a service that another process runs now.
    pub(crate) fn check_ours(&self) -> Result<(), Error> {
        if self.is_dismantled() {
            return Err(Error::user("The cluster has been terminated.")
                .hint("start the program again for a new one"));
        }
        self.inner
            .parts
            .service
            .as_ref()
            .map_or(Ok(()), Service::check)
    }

    /// Whether [`Engine::dismantle`] has ended the service.
    pub fn is_dismantled(&self) -> bool {
        self.inner.is_dismantled.load(Ordering::Acquire)
    }

    /// The threads that queries run on: for what costs as much as a query does, rows for many clients.
    pub fn query_threads(&self) -> &Handle {
        &self.inner.parts.threads
    }

    /// Stops all queries at a checkpoint; topics can be read and written until [`Engine::shutdown`].
    pub async fn stop_queries(&self) {
        self.inner.parts.runtime.shutdown().await;
    }

    /// Stops all queries at a checkpoint, gives the service back and closes the broker, unless the caller gave it.
    pub async fn shutdown(&self) -> Result<(), Error> {
        self.stop_queries().await;
        let background: Vec<_> = {
            let mut background = self
                .inner
                .background
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            background.drain(..).collect()
        };
        for task in background {
            task.abort();
        }
        let processing_log = self
            .inner
            .processing_log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some((stop, writer)) = processing_log {
            processing_log::finish(&stop, writer).await;
        }
        if let Some(service) = &self.inner.parts.service {
            service.release().await;
        }
        if self.inner.parts.owns_broker {
            self.inner.parts.broker.close().await?;
        }
        Ok(())
    }

    /// What runs here ends as soon as another process has the service.
    fn stop_when_lost(&self) {
        let Some(service) = &self.inner.parts.service else {
            return;
        };
        let (lost, weak) = (service.lost(), Arc::downgrade(&self.inner));
        let task = tokio::spawn(async move {
            lost.await;
            if let Some(inner) = weak.upgrade() {
                inner.parts.runtime.abandon().await;
            }
        });
        self.keep_in_background(task);
    }

    fn keep_in_background(&self, task: JoinHandle<()>) {
        self.inner
            .background
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(task);
    }

    async fn declare_processing_log(&self, topic: &str) -> Result<(), Error> {
        let change = self.change_state().await;
        let mut state = State::clone(&self.state());
        let world = World::look(&self.inner.parts.broker).await?;
        let parsed = weir_sql::parse_statement(
            &processing_log::declaration(topic),
            &weir_sql::Variables::default(),
        )?;
        let session = Session::default();
        let settings = self.settings(&session);
        let context = self.context(&state.catalog, &world, &settings);
        if let weir_plan::Plan::CreateSource(plan) =
            weir_plan::plan(&parsed.statement, &parsed.text.into(), &context)?
        {
            state.catalog.replace(plan.source);
            change.publish(&state);
        }
        Ok(())
    }

    /// Applies what the statement log holds, then starts the queries that are left.
    async fn replay(&self) -> Result<(), Error> {
        let (log, entries) =
            StatementLog::open(&self.inner.parts.broker, &self.inner.parts.service_id).await?;
        let mut change = self.change_state().await;
        let mut state = State::clone(&self.state());
        let mut world = World::look(&self.inner.parts.broker).await?;
        for (offset, entry) in entries {
            if let Err(error) = self.reapply(&mut state, &mut world, offset, &entry) {
                let error = error.within(&entry.statement);
                let shown = mask::without_secrets(&entry.statement);
                let shown: String = shown.chars().take(200).collect();
                tracing::error!(offset, %error, statement = %shown, "a statement no longer applies; the others do");
            }
        }
        state.sequence = log.next_offset();
        *change.log = Some(log);
        let hold = self.inner.parts.runtime.hold();
        for (id, started) in self.start_all(state.queries.values()).await {
            let Some(query) = state.queries.get_mut(&id) else {
                continue;
            };
            match started {
                Ok(running) => query.query = Some(running),
                // It can be looked at and terminated; the others run.
                Err(error) => {
                    tracing::error!(query = %id, %error, "a query cannot be started; the others are");
                }
            }
        }
        drop(hold);
        change.publish(&state);
        Ok(())
    }

    /// Starts queries, many at a time: each asks the broker for a few things, and on a cluster that takes a while.
    pub(crate) async fn start_all(
        &self,
        queries: impl Iterator<Item = &Persistent>,
    ) -> Vec<(String, Result<Query, weir_runtime::Error>)> {
        let (runtime, settings) = (&self.inner.parts.runtime, &self.inner.parts.settings);
        let specs = queries.map(|query| query.spec(settings));
        let mut specs: Vec<QuerySpec> = specs.collect();
        let mut started = Vec::with_capacity(specs.len());
        while !specs.is_empty() {
            let some: Vec<QuerySpec> = specs.drain(..specs.len().min(STARTING)).collect();
            let starts = some
                .into_iter()
                .map(|spec| async { (spec.id.clone(), runtime.start(spec).await) });
            started.extend(futures::future::join_all(starts).await);
        }
        started
    }

    /// What is in force for a statement: the server's settings, and over them the session's.
    pub(crate) fn settings(&self, session: &Session) -> BTreeMap<String, String> {
        let mut settings = self.inner.parts.settings.clone();
        if let Some(logged) = &session.logged {
            // What was not set then is not set now, whatever the server's configuration says since.
            settings.retain(|name, _| !properties::DECIDED_ONCE.contains(&name.as_str()));
            settings.extend(logged.clone());
        }
        settings.extend(session.properties.clone());
        if session.logged.is_some() {
            accept_as_before(&mut settings);
        }
        settings
    }

    pub(crate) fn context<'a>(
        &'a self,
        catalog: &'a Catalog,
        world: &'a World,
        settings: &'a BTreeMap<String, String>,
    ) -> Context<'a> {
        Context {
            catalog,
            functions: &self.inner.parts.functions,
            topics: world,
            properties: settings,
        }
    }

    pub(crate) fn entry(&self, statement: &str, session: &Session) -> Entry {
        let settings = &self.inner.parts.settings;
        let kept = properties::DECIDED_ONCE
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), settings.get(*name)?.clone())));
        Entry {
            statement: statement.to_owned(),
            settings: kept.collect(),
            properties: session.properties.clone(),
            time: self.inner.parts.clock.now(),
            ..Entry::default()
        }
    }

    /// On a cluster: what the readers have read, as the offsets of a group, so that Kafka's own tools show the lag.
    fn publish_positions(&self) {
        let weak = Arc::downgrade(&self.inner);
        let task = tokio::spawn(async move {
            let mut published = BTreeMap::new();
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                let Some(inner) = weak.upgrade() else { return };
                let positions = inner.parts.runtime.reader_positions();
                if positions == published {
                    continue;
                }
                let group = format!("_weir_{}", inner.parts.service_id);
                let list: Vec<_> = positions
                    .iter()
                    .map(|(partition, offset)| (partition.clone(), *offset))
                    .collect();
                match inner.parts.broker.set_group_offsets(&group, &list).await {
                    Ok(()) => published = positions,
                    Err(error) => {
                        tracing::debug!(%error, %group, "the group's offsets could not be set")
                    }
                }
            }
        });
        self.keep_in_background(task);
    }
}

/// The topics at one moment, and those that a script is about to make.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    pub topics: BTreeMap<String, TopicFacts>,
}

impl World {
    pub async fn look(broker: &Arc<dyn Broker>) -> Result<Self, Error> {
        let topics = broker.topics().await?;
        Ok(Self {
            topics: topics
                .into_iter()
                .map(|topic| (topic.name.clone(), facts(&topic)))
                .collect(),
        })
    }

    pub fn add(&mut self, name: &str, partitions: i32, replicas: i16) {
        self.topics.entry(name.to_owned()).or_insert(TopicFacts {
            partitions,
            replicas,
        });
    }

    /// A topic that a statement will have made.
    pub fn make(&mut self, spec: &TopicSpec) {
        // The broker's default is not known; one replica there is.
        self.add(
            &spec.name,
            spec.partitions.unwrap_or(1),
            spec.replicas.max(1),
        );
    }
}

fn facts(topic: &Topic) -> TopicFacts {
    let replicas = topic.replicas.first().copied().unwrap_or(1);
    TopicFacts {
        partitions: topic.partitions,
        replicas: i16::try_from(replicas).unwrap_or(1),
    }
}

impl weir_plan::Topics for World {
    fn topic(&self, name: &str) -> Option<TopicFacts> {
        self.topics.get(name).copied()
    }
}

/// Whether a property may be shown as it is.
pub(crate) fn shown(name: &str, value: &str) -> String {
    if properties::is_secret(name) {
        "[hidden]".to_owned()
    } else {
        value.to_owned()
    }
}
