//! One test in SQL: an engine over topics of its own, statement by statement (reference, `run-ksql-test`).
//!
//! Nothing here sleeps: after each statement that writes or changes anything it is waited until no query has anything
//! left to do, and the clock stands still, so that a scenario gives the same rows each time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use weir_kafka::{
    Broker, NewRecord, Offset, OffsetSpec, PartitionId, Record, Topic, TopicPartition,
};
use weir_runtime::TestClock;
use weir_sql::{Statement, expression::Literal, statement::CreateSource};

use super::{Failure, World, order::Order};
use crate::{Engine, Error, Session, topic_log};

/// Where the clock of a scenario stands: 2020-01-01T00:00:00Z.
pub const START: i64 = 1_577_836_800_000;

/// How long queries may take to come to rest.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// A test that is being run.
pub struct Scenario {
    world: World,
    clock: Arc<TestClock>,
    pub(super) engine: Engine,
    pub(super) session: Session,
    order: Order,
    pub(super) arrivals: BTreeMap<String, Arrivals>,
}

/// The records of a topic in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    topic_id: String,
    /// By partition: what is below is in `records`.
    ends: Vec<Offset>,
    pub records: Vec<(PartitionId, Offset)>,
    /// How many of them an ASSERT has read.
    pub read: usize,
}

/// What a statement did.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Asked or told the session something.
    None,
    /// Changed what exists or wrote a record.
    Changed,
    /// It is a RUN SCRIPT, which is for the caller to read.
    Script(String),
}

impl Scenario {
    /// An engine over empty topics.
    pub async fn start() -> Result<Self, Error> {
        let world = World::new(0);
        let clock = Arc::new(TestClock::new(START));
        let engine = engine(&world, &clock).await?;
        Ok(Self {
            session: engine.session(),
            world,
            clock,
            engine,
            order: Order::default(),
            arrivals: BTreeMap::new(),
        })
    }

    /// Stops the engine at a checkpoint and starts another one over the same topics, as a process would.
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.world.stop(self.engine.clone()).await?;
        self.engine = engine(&self.world, &self.clock).await?;
        self.settle().await
    }

    /// Ends the engine.
    pub async fn stop(self) -> Result<(), Error> {
        self.world.stop(self.engine).await
    }

    /// Runs one statement, and waits until nothing is left to do.
    pub async fn run(&mut self, text: &str) -> Result<Effect, Failure> {
        let parsed = self.engine.parse(&self.session, text);
        let parsed = parsed.map_err(Failure::unparsed)?;
        let within = |failure: Failure| failure.within(&parsed.text);
        match &parsed.statement {
            Statement::RunScript { path } => return Ok(Effect::Script(path.clone())),
            Statement::AssertValues(assert) => {
                let read = self.assert_values(assert, false).await;
                return read.map(|()| Effect::None).map_err(within);
            }
            Statement::AssertNullValues(assert) => {
                let read = self.assert_values(assert, true).await;
                return read.map(|()| Effect::None).map_err(within);
            }
            Statement::AssertSource(assert) => {
                let compared = self.assert_source(assert);
                return compared.map(|()| Effect::None).map_err(within);
            }
            Statement::AssertCount { count, source } => {
                let counted = self.assert_count(*count, source).await;
                return counted.map(|()| Effect::None).map_err(within);
            }
            _ => {}
        }
        let effect = effect_of(&parsed.statement).map_err(Failure::of_statement);
        let effect = effect.map_err(within)?;
        if let Statement::CreateSource(create) = &parsed.statement {
            let made = self.make_topic_of(create).await;
            made.map_err(Failure::of_statement)?;
        }
        let ran = self.engine.run_parsed(&mut self.session, &parsed).await;
        ran.map_err(Failure::of_statement).map_err(within)?;
        if effect == Effect::Changed {
            let settled = self.settle().await;
            settled.map_err(Failure::of_statement).map_err(within)?;
        }
        Ok(effect)
    }

    /// Writes values to a topic, which is made with so many partitions if it is not there, and waits until nothing is
    /// left to do. The clock dates them.
    pub async fn feed(
        &mut self,
        topic: &str,
        partitions: i32,
        values: Vec<bytes::Bytes>,
    ) -> Result<(), Error> {
        let topics = self.engine.topics();
        if topics.get(topic).await?.is_none() {
            topics.create(topic, partitions, BTreeMap::new()).await?;
        }
        let records = values.into_iter().map(|value| NewRecord {
            timestamp: START,
            key: None,
            value: Some(value),
            headers: Vec::new(),
        });
        topics.produce(topic, records.collect()).await?;
        self.settle().await
    }

    /// All records of all topics but the engine's own, by topic and partition: what two runs of a scenario must agree on.
    pub async fn contents(&self) -> Result<BTreeMap<String, Vec<Vec<Record>>>, Error> {
        let mut contents = BTreeMap::new();
        for topic in self.topics().await? {
            let records = self.world.records(&topic.name).await?;
            contents.insert(topic.name, records);
        }
        Ok(contents)
    }

    async fn settle(&mut self) -> Result<(), Error> {
        self.order.settle(&self.engine).await?;
        self.note_arrivals().await
    }

    /// ksqlDB's runner has every topic that a source is declared over: one that is not there is made, with a partition.
    async fn make_topic_of(&self, create: &CreateSource) -> Result<(), Error> {
        let property = |name: &str| create.properties.get(name).map(|property| &property.value);
        let Some(Literal::String(topic)) = property("KAFKA_TOPIC") else {
            return Ok(());
        };
        let topics = self.engine.topics();
        if property("PARTITIONS").is_some() || topics.get(topic).await?.is_some() {
            return Ok(());
        }
        match topics.create(topic, 1, BTreeMap::new()).await {
            // No topic can have this name: the statement says so.
            Err(error) if error.kind == crate::ErrorKind::User => Ok(()),
            made => made.map(|_| ()),
        }
    }

    async fn note_arrivals(&mut self) -> Result<(), Error> {
        let topics = self.topics().await?;
        let names: BTreeSet<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
        self.arrivals
            .retain(|name, _| names.contains(name.as_str()));
        for topic in &topics {
            let ends = self.ends(topic).await?;
            let arrivals = self.arrivals.entry(topic.name.clone()).or_default();
            if arrivals.topic_id != topic.id {
                *arrivals = Arrivals {
                    topic_id: topic.id.clone(),
                    ..Arrivals::default()
                };
            }
            arrivals.ends.resize(ends.len(), 0);
            for (partition, (known, end)) in (0..).zip(arrivals.ends.iter_mut().zip(ends)) {
                let new = (*known..end).map(|offset| (partition, offset));
                arrivals.records.extend(new);
                *known = end;
            }
        }
        Ok(())
    }

    async fn topics(&self) -> Result<Vec<Topic>, Error> {
        let mut topics = self.engine.topics().list().await?;
        topics.retain(|topic| !topic.name.starts_with("_weir_"));
        Ok(topics)
    }

    async fn ends(&self, topic: &Topic) -> Result<Vec<Offset>, Error> {
        let partitions: Vec<PartitionId> = (0..topic.partitions).collect();
        let broker = &self.world.broker;
        let ends = broker.offsets(&topic.name, &partitions, OffsetSpec::Latest);
        Ok(ends.await?)
    }

    /// The records of a partition from `start` to before `end`.
    pub(super) async fn read(
        &self,
        topic: &str,
        partition: PartitionId,
        start: Offset,
        end: Offset,
    ) -> Result<Vec<Record>, Error> {
        let broker: Arc<dyn Broker> = self.world.broker.clone();
        let at = TopicPartition::new(topic, partition);
        let mut records = Vec::new();
        topic_log::read(&broker, &at, start, end, |record| records.push(record)).await?;
        Ok(records)
    }
}

async fn engine(world: &World, clock: &Arc<TestClock>) -> Result<Engine, Error> {
    let builder = world.builder().clock(clock.clone());
    let builder = builder.property("auto.offset.reset", "earliest");
    builder.build().await
}

/// What a statement does in a scenario, or why it has none.
fn effect_of(statement: &Statement) -> Result<Effect, Error> {
    let refuse = |what: &str| {
        let error = Error::user(format!("{what} is no statement of a scenario."));
        Err(error.hint(
            "a scenario creates, alters and drops sources, inserts, pauses, resumes and terminates, sets, defines and asserts; what is in a stream is for ASSERT VALUES to say",
        ))
    };
    match statement {
        Statement::CreateSource(_)
        | Statement::CreateAsSelect(_)
        | Statement::InsertSelect(_)
        | Statement::InsertValues(_)
        | Statement::DropSource(_)
        | Statement::AlterSource(_)
        | Statement::CreateType { .. }
        | Statement::DropType { .. }
        | Statement::Terminate(_)
        | Statement::Pause(_)
        | Statement::Resume(_) => Ok(Effect::Changed),
        Statement::Set { .. }
        | Statement::Unset { .. }
        | Statement::Define { .. }
        | Statement::Undefine { .. }
        | Statement::AssertTopic(_)
        | Statement::AssertSchema(_)
        | Statement::AlterSystem { .. }
        | Statement::Connector { .. } => Ok(Effect::None),
        Statement::Select(_) => refuse("SELECT"),
        Statement::Print(_) => refuse("PRINT"),
        Statement::Show(_) => refuse("SHOW"),
        Statement::Describe { .. } | Statement::DescribeFunction { .. } => refuse("DESCRIBE"),
        Statement::Explain(_) => refuse("EXPLAIN"),
        // These are run before.
        Statement::RunScript { .. }
        | Statement::AssertValues(_)
        | Statement::AssertNullValues(_)
        | Statement::AssertSource(_)
        | Statement::AssertCount { .. } => Ok(Effect::None),
    }
}
