//! An engine over a broker in memory, on a clock that turns while somebody waits.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;
use weir_engine::{
    Builder, Engine, Error, Response, RowStream, Session,
    parts::{Broker, NewRecord, OffsetSpec, Record, TestClock, TopicPartition},
    rows::to_json,
    testing::World,
};
use weir_kafka::{ReaderEvent, Subscription};

/// The time at which every test starts: 2023-11-14T22:13:20Z.
pub const START: i64 = 1_700_000_000_000;

/// How long anything may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct House {
    pub world: World,
    pub clock: Arc<TestClock>,
    pub engine: Engine,
    pub session: Session,
}

impl House {
    /// An engine whose queries start at the end of their topics.
    pub async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    /// An engine whose session reads topics from their beginnings.
    pub async fn earliest() -> Self {
        let mut house = Self::new().await;
        house
            .run("SET 'auto.offset.reset'='earliest';")
            .await
            .unwrap();
        house
    }

    pub async fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        Self::over(World::new(1), change).await
    }

    /// A process that starts over what another has left.
    pub async fn over(world: World, change: impl FnOnce(Builder) -> Builder) -> Self {
        let clock = Arc::new(TestClock::new(START));
        let builder = change(world.builder().clock(clock.clone()));
        let engine = builder.build().await.unwrap();
        let session = engine.session();
        Self {
            world,
            clock,
            engine,
            session,
        }
    }

    /// Stops the process at a checkpoint and starts another over the same topics.
    pub async fn restarted(self) -> Self {
        self.restarted_with(|builder| builder).await
    }

    /// The same, with other settings.
    pub async fn restarted_with(self, change: impl FnOnce(Builder) -> Builder) -> Self {
        self.world.stop(self.engine).await.unwrap();
        Self::over(self.world, change).await
    }

    pub async fn run(&mut self, script: &str) -> Result<Vec<Response>, Error> {
        self.engine.execute(&mut self.session, script).await
    }

    /// Runs statements that must succeed, whatever they answer.
    pub async fn go(&mut self, script: &str) {
        if let Err(error) = self.run(script).await {
            panic!("{}", error.render());
        }
    }

    /// The one entity that a statement answers with, as clients get it.
    pub async fn ask(&mut self, statement: &str) -> Value {
        let responses = match self.run(statement).await {
            Ok(responses) => responses,
            Err(error) => panic!("{}", error.render()),
        };
        match responses.as_slice() {
            [Response::Entity(entity)] => serde_json::to_value(entity).unwrap(),
            others => panic!("{} answers, not one entity, to {statement}", others.len()),
        }
    }

    /// The message of a statement that changes something.
    pub async fn say(&mut self, statement: &str) -> String {
        let answer = self.ask(statement).await;
        match answer["@type"].as_str() {
            Some("currentStatus") => {
                assert_eq!(answer["commandStatus"]["status"], "SUCCESS");
                text(&answer["commandStatus"]["message"])
            }
            Some("warning_entity") => format!("warning: {}", text(&answer["message"])),
            other => panic!("{other:?}"),
        }
    }

    /// The sentence with which a statement is refused.
    pub async fn refusal(&mut self, script: &str) -> String {
        match self.run(script).await {
            Ok(_) => panic!("not refused: {script:.200}"),
            Err(error) => {
                assert!(
                    matches!(
                        error.kind,
                        weir_engine::ErrorKind::User | weir_engine::ErrorKind::Unsupported
                    ),
                    "{error}"
                );
                error.message
            }
        }
    }

    /// Refused, with all of this in its message.
    pub async fn refuses(&mut self, script: &str, part: &str) {
        let message = self.refusal(script).await;
        assert!(
            message.contains(part),
            "{script:.200}\n says {message:.1000}\n not {part}"
        );
    }

    pub async fn stream(&mut self, select: &str) -> RowStream {
        match self.run(select).await {
            Ok(mut responses) if responses.len() == 1 => match responses.remove(0) {
                Response::Rows(stream) => stream,
                _ => panic!("no rows: {select}"),
            },
            Ok(_) => panic!("not one answer: {select}"),
            Err(error) => panic!("{}", error.render()),
        }
    }

    /// All rows of a query that ends.
    pub async fn rows(&mut self, select: &str) -> Vec<Value> {
        let mut stream = self.stream(select).await;
        let mut rows = Vec::new();
        loop {
            match tokio::time::timeout(PATIENCE, stream.next()).await {
                Err(_) => panic!("{} rows and no end: {select}", rows.len()),
                Ok(None) => return rows,
                Ok(Some(batch)) => rows.extend(values(to_json(&batch, &stream.schema))),
            }
        }
    }

    /// The first rows of a query.
    pub async fn take(&self, stream: &mut RowStream, count: usize) -> Vec<Value> {
        let mut rows = Vec::new();
        while rows.len() < count {
            match tokio::time::timeout(PATIENCE, stream.next()).await {
                Ok(Some(batch)) => rows.extend(values(to_json(&batch, &stream.schema))),
                Ok(None) => panic!("the query ended after {} of {count} rows", rows.len()),
                Err(_) => panic!("{} of {count} rows came", rows.len()),
            }
        }
        rows
    }

    pub async fn topic(&self, name: &str, partitions: i32) {
        let topics = self.engine.topics();
        topics
            .create(name, partitions, BTreeMap::new())
            .await
            .unwrap();
    }

    /// Values without a key into partition 0.
    pub async fn put(&self, topic: &str, values: &[&str]) {
        let records = values
            .iter()
            .map(|value| record(None, Some(value.as_bytes())));
        self.write(topic, 0, records.collect()).await;
    }

    pub async fn write(&self, topic: &str, partition: i32, records: Vec<NewRecord>) {
        let mut writer = self.world.broker.writer("test").await.unwrap();
        writer
            .write(&TopicPartition::new(topic, partition), records)
            .await
            .unwrap();
    }

    pub async fn ends(&self, topic: &str) -> Vec<i64> {
        let facts = self.world.broker.topic(topic).await.unwrap().unwrap();
        let partitions: Vec<i32> = (0..facts.partitions).collect();
        let broker = &self.world.broker;
        broker
            .offsets(topic, &partitions, OffsetSpec::Latest)
            .await
            .unwrap()
    }

    /// All records of a topic, partition by partition.
    pub async fn records(&self, topic: &str) -> Vec<Record> {
        let mut records = Vec::new();
        for (partition, end) in self.ends(topic).await.into_iter().enumerate() {
            let at = TopicPartition::new(topic, partition as i32);
            let subscription = Subscription::Assign(vec![(at, 0)]);
            let mut reader = self.world.broker.reader(subscription).await.unwrap();
            let mut next = 0;
            while next < end {
                if let Some(ReaderEvent::Records {
                    batches,
                    next_offset,
                    ..
                }) = reader.next(PATIENCE).await.unwrap()
                {
                    records.extend(batches.into_iter().flat_map(|batch| batch.records));
                    next = next_offset;
                }
            }
        }
        records
    }

    /// The values of a topic as text, once there are so many of them.
    pub async fn texts(&self, topic: &str, count: usize) -> Vec<String> {
        self.until(&format!("{count} records in {topic}"), async || {
            let ends = self.ends(topic).await;
            ends.iter().sum::<i64>() >= count as i64
        })
        .await;
        self.records(topic).await.iter().map(shown).collect()
    }

    /// The values of a topic as JSON, once there are so many of them.
    pub async fn jsons(&self, topic: &str, count: usize) -> Vec<Value> {
        let texts = self.texts(topic, count).await;
        texts
            .iter()
            .map(|text| serde_json::from_str(text).unwrap())
            .collect()
    }

    /// Waits, while the clock runs.
    pub async fn until(&self, what: &str, mut test: impl AsyncFnMut() -> bool) {
        let started = Instant::now();
        while !test().await {
            assert!(started.elapsed() < PATIENCE, "never: {what}");
            self.clock.advance(Duration::from_millis(50));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The state of a query, as SHOW QUERIES has it.
    pub async fn state_of(&mut self, id: &str) -> String {
        let answer = self.ask("SHOW QUERIES;").await;
        let queries = answer["queries"].as_array().unwrap();
        let found = queries.iter().find(|query| query["id"] == id);
        found.map_or("gone".to_owned(), |query| text(&query["state"]))
    }

    /// Waits until a query has read its source to the end as it is now.
    pub async fn caught_up(&self, id: &str, topic: &str) {
        let ends = self.ends(topic).await;
        self.until(&format!("{id} at the end of {topic}"), async || {
            let statuses = self.engine.statuses();
            let positions = &statuses[id].positions;
            (0..).zip(&ends).all(|(partition, end)| {
                *end == 0 || positions.get(&partition).is_some_and(|at| at >= end)
            })
        })
        .await;
    }
}

/// A record of the tests' time.
pub fn record(key: Option<&[u8]>, value: Option<&[u8]>) -> NewRecord {
    NewRecord {
        timestamp: START,
        key: key.map(bytes::Bytes::copy_from_slice),
        value: value.map(bytes::Bytes::copy_from_slice),
        headers: Vec::new(),
    }
}

/// A record's value as text.
pub fn shown(record: &Record) -> String {
    record
        .value
        .as_deref()
        .map_or("<null>".to_owned(), |value| {
            String::from_utf8_lossy(value).into_owned()
        })
}

pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

/// One member of each object in a list.
pub fn each(list: &Value, name: &str) -> Vec<String> {
    let list = list.as_array().unwrap_or_else(|| panic!("{list}"));
    list.iter().map(|item| text(&item[name])).collect()
}

fn values(rows: Vec<Vec<Value>>) -> Vec<Value> {
    rows.into_iter().map(Value::Array).collect()
}
