//! Many queries that write to few topics: what they share, and what they do not.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod support;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use support::{PATIENCE, World, eventually};
use tokio::sync::watch;
use weir_kafka::{
    Broker, ConsumerGroup, Error, ErrorKind, MemoryBroker, NewRecord, NewTopic, Offset, OffsetSpec,
    PartitionId, Reader, Result, Subscription, Topic, TopicPartition, Writer,
};
use weir_runtime::{Checkpoint, CheckpointStore, MemoryCheckpoints, Query, QueryState};

/// A broker whose writers are counted, and told what to do.
#[derive(Debug, Clone)]
struct Watched {
    broker: MemoryBroker,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// By the writers' ids.
    writers: BTreeMap<String, usize>,
    /// By topic: how many records each write had.
    writes: BTreeMap<String, Vec<usize>>,
    /// What was said to be read.
    committed: BTreeMap<TopicPartition, Offset>,
    /// Topics to which nothing comes through.
    stuck: Vec<String>,
    /// Topics to which writes fail.
    broken: Vec<String>,
    /// How long the next write takes.
    slow: Option<Duration>,
    /// Topics that cannot be looked at, and how often it was tried.
    hidden: BTreeMap<String, usize>,
    commits_fail: bool,
}

impl Watched {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// The writers of a sink.
    fn writers(&self, topic: &str) -> usize {
        let seen = self.seen();
        let of_topic = |id: &&String| id.starts_with(&format!("weir-{topic}-"));
        let ids = seen.writers.keys().filter(of_topic);
        ids.map(|id| seen.writers[id]).sum()
    }
}

struct WatchedWriter {
    watched: Watched,
    writer: Box<dyn Writer>,
}

#[async_trait]
impl Broker for Watched {
    async fn cluster_id(&self) -> Result<String> {
        self.broker.cluster_id().await
    }
    async fn topics(&self) -> Result<Vec<Topic>> {
        self.broker.topics().await
    }
    async fn topic(&self, name: &str) -> Result<Option<Topic>> {
        if let Some(looks) = self.seen().hidden.get_mut(name) {
            *looks += 1;
            return Err(Error::new(ErrorKind::Unavailable, "the sink is hidden"));
        }
        self.broker.topic(name).await
    }
    async fn create_topic(&self, topic: &NewTopic) -> Result<Topic> {
        self.broker.create_topic(topic).await
    }
    async fn delete_topic(&self, name: &str) -> Result<()> {
        self.broker.delete_topic(name).await
    }
    async fn add_partitions(&self, name: &str, total: i32) -> Result<()> {
        self.broker.add_partitions(name, total).await
    }
    async fn offsets(
        &self,
        topic: &str,
        partitions: &[PartitionId],
        spec: OffsetSpec,
    ) -> Result<Vec<Offset>> {
        self.broker.offsets(topic, partitions, spec).await
    }
    async fn reader(&self, subscription: Subscription) -> Result<Box<dyn Reader>> {
        self.broker.reader(subscription).await
    }
    async fn writer(&self, id: &str) -> Result<Box<dyn Writer>> {
        *self.seen().writers.entry(id.to_owned()).or_default() += 1;
        Ok(Box::new(WatchedWriter {
            watched: self.clone(),
            writer: self.broker.writer(id).await?,
        }))
    }
    async fn set_group_offsets(
        &self,
        group: &str,
        positions: &[(TopicPartition, Offset)],
    ) -> Result<()> {
        self.broker.set_group_offsets(group, positions).await
    }
    async fn consumer_groups(&self) -> Result<Vec<ConsumerGroup>> {
        self.broker.consumer_groups().await
    }
    async fn close(&self) -> Result<()> {
        self.broker.close().await
    }
}

#[async_trait]
impl Writer for WatchedWriter {
    async fn write(&mut self, to: &TopicPartition, records: Vec<NewRecord>) -> Result<Offset> {
        let (is_stuck, is_broken, slow) = {
            let mut seen = self.watched.seen();
            let topic = to.topic.to_string();
            let writes = seen.writes.entry(topic.clone()).or_default();
            writes.push(records.len());
            (
                seen.stuck.contains(&topic),
                seen.broken.contains(&topic),
                seen.slow.take(),
            )
        };
        if let Some(slow) = slow {
            tokio::time::sleep(slow).await;
        }
        if is_stuck {
            std::future::pending::<()>().await;
        }
        if is_broken {
            return Err(Error::new(ErrorKind::Unavailable, "the sink is broken"));
        }
        let is_poison = |record: &NewRecord| {
            let value = record.value.as_deref().unwrap_or_default();
            value.windows(6).any(|part| part == b"poison")
        };
        if records.iter().any(is_poison) {
            return Err(Error::new(ErrorKind::Invalid, "poison"));
        }
        self.writer.write(to, records).await
    }

    async fn commit(&mut self, read: &[(TopicPartition, Offset)]) -> Result<()> {
        {
            let mut seen = self.watched.seen();
            if seen.commits_fail {
                return Err(Error::new(ErrorKind::Unavailable, "the disk is gone"));
            }
            for (partition, position) in read {
                let known = seen.committed.entry(partition.clone()).or_default();
                *known = (*known).max(*position);
            }
        }
        self.writer.commit(read).await
    }
}

async fn world() -> (World, Watched) {
    let broker = MemoryBroker::new(1);
    let watched = Watched {
        broker: broker.clone(),
        seen: Arc::default(),
    };
    let given = watched.clone();
    let mut world = World::over(broker, Arc::default(), |options| {
        options.broker = Arc::new(given);
        options.commit_interval = Duration::from_secs(2);
    });
    for topic in ["events", "alerts", "others"] {
        world.topic(topic, 1).await;
    }
    world.declare(
        "CREATE STREAM events (id INT, name VARCHAR) WITH (kafka_topic='events', value_format='JSON');",
    );
    (world, watched)
}

/// A query that lets one id through.
async fn query(world: &mut World, id: &str, sink: &str, of: i32) -> Query {
    let text = format!(
        "CREATE STREAM {id} WITH (kafka_topic='{sink}') AS SELECT name, '{id}' AS rule FROM events WHERE id = {of};"
    );
    let spec = world.persistent(id, &text);
    world.start(spec).await
}

async fn running(queries: &[Query]) {
    eventually("all run", async || {
        let running = |query: &Query| query.status().state == QueryState::Running;
        queries.iter().all(running)
    })
    .await;
}

fn position(world: &World, id: &str) -> Option<Offset> {
    let kept = world.checkpoints.of(id);
    kept.get(&0)
        .map(|checkpoint| checkpoint.positions["events-0"])
}

#[tokio::test]
async fn rows_of_many_queries_go_out_in_one_write_of_one_writer() {
    let (mut world, watched) = world().await;
    let mut queries = Vec::new();
    for number in 0..50 {
        queries.push(query(&mut world, &format!("Q{number}"), "alerts", 1).await);
    }
    running(&queries).await;
    assert_eq!(watched.writers("alerts"), 0);
    world
        .produce("events", 0, &[r#"{"id":1,"name":"a"}"#])
        .await;
    let values = world.wait_for_values("alerts", 50).await;
    for number in 0..50 {
        let row = format!(r#"{{"NAME":"a","RULE":"Q{number}"}}"#);
        let found = values.iter().filter(|value| **value == row).count();
        assert_eq!(found, 1, "{row}");
    }
    assert_eq!(watched.writers("alerts"), 1);
    let writes = watched.seen().writes["alerts"].clone();
    assert!(writes.len() <= 25, "{writes:?}");
    // Each is acknowledged by itself.
    world
        .turning("all positions are kept", async || {
            (0..50).all(|number| position(&world, &format!("Q{number}")) == Some(1))
        })
        .await;
}

#[tokio::test]
async fn a_query_without_a_row_opens_nothing_and_what_it_read_is_durable_before_its_position() {
    let (mut world, watched) = world().await;
    let queries = [
        query(&mut world, "Q1", "alerts", 1).await,
        query(&mut world, "Q2", "alerts", 2).await,
    ];
    running(&queries).await;
    watched.seen().commits_fail = true;
    world
        .produce("events", 0, &[r#"{"id":3,"name":"a"}"#])
        .await;
    world
        .turning("both wait", async || {
            queries
                .iter()
                .all(|query| query.status().state == QueryState::Retrying)
        })
        .await;
    assert_eq!(
        [position(&world, "Q1"), position(&world, "Q2")],
        [Some(0); 2]
    );
    watched.seen().commits_fail = false;
    world
        .turning("the positions are kept", async || {
            ["Q1", "Q2"]
                .iter()
                .all(|id| position(&world, id) == Some(1))
        })
        .await;
    let read = TopicPartition::new("events", 0);
    assert_eq!(watched.seen().committed[&read], 1);
    assert_eq!(watched.writers("alerts"), 0);
    assert!(!watched.seen().writes.contains_key("alerts"));
}

#[tokio::test]
async fn a_sink_that_takes_nothing_holds_nobody_back_who_does_not_write_to_it() {
    let (mut world, watched) = world().await;
    let stuck = query(&mut world, "STUCK", "alerts", 1).await;
    let silent = query(&mut world, "SILENT", "alerts", 9).await;
    let other = query(&mut world, "OTHER", "others", 1).await;
    running(&[stuck.clone(), silent.clone(), other.clone()]).await;
    watched.seen().stuck.push("alerts".to_owned());
    for name in ["a", "b", "c"] {
        let event = format!(r#"{{"id":1,"name":"{name}"}}"#);
        world.produce("events", 0, &[&event]).await;
    }
    world.wait_for_values("others", 3).await;
    world
        .turning("the others' positions are kept", async || {
            ["SILENT", "OTHER"]
                .iter()
                .all(|id| position(&world, id) == Some(3))
        })
        .await;
    assert_eq!(position(&world, "STUCK"), Some(0));
    assert_eq!(silent.status().state, QueryState::Running);
    assert!(world.values("alerts", 0).await.is_empty());
}

#[tokio::test]
async fn after_a_write_that_failed_every_row_comes_again_and_who_had_none_does_not_notice() {
    let (mut world, watched) = world().await;
    let mut queries = Vec::new();
    for number in 0..5 {
        queries.push(query(&mut world, &format!("Q{number}"), "alerts", 1).await);
    }
    let silent = query(&mut world, "SILENT", "alerts", 9).await;
    running(&queries).await;
    running(std::slice::from_ref(&silent)).await;
    watched.seen().broken.push("alerts".to_owned());
    world
        .produce("events", 0, &[r#"{"id":1,"name":"a"}"#])
        .await;
    world
        .turning("those with rows try again", async || {
            queries
                .iter()
                .all(|query| query.status().state == QueryState::Retrying)
        })
        .await;
    for query in &queries {
        let (_, why) = query.status().errors.last().cloned().unwrap();
        assert!(why.contains("the sink is broken"), "{why}");
    }
    assert_eq!(silent.status().state, QueryState::Running);
    assert!(silent.status().errors.is_empty());
    watched.seen().broken.clear();
    let values = world.turning_values("alerts", 5).await;
    for number in 0..5 {
        let row = format!(r#"{{"NAME":"a","RULE":"Q{number}"}}"#);
        assert!(values.contains(&row), "{row}");
    }
    world
        .turning("all positions are kept", async || {
            (0..5).all(|number| position(&world, &format!("Q{number}")) == Some(1))
        })
        .await;
}

#[tokio::test]
async fn what_the_broker_refuses_for_its_content_fails_its_own_query_alone() {
    let (mut world, _watched) = world().await;
    let text = "CREATE STREAM bad WITH (kafka_topic='alerts') AS SELECT 'poison' AS name FROM events WHERE id = 1;";
    let spec = world.persistent("BAD", text);
    let bad = world.start(spec).await;
    let mut queries = vec![bad.clone()];
    for number in 0..5 {
        queries.push(query(&mut world, &format!("Q{number}"), "alerts", 1).await);
    }
    running(&queries).await;
    world
        .produce("events", 0, &[r#"{"id":1,"name":"a"}"#])
        .await;
    let values = world.wait_for_values("alerts", 5).await;
    assert_eq!(values.len(), 5);
    world
        .turning("the others' positions are kept", async || {
            (0..5).all(|number| position(&world, &format!("Q{number}")) == Some(1))
        })
        .await;
    assert_eq!(bad.status().state, QueryState::Retrying);
    assert_eq!(position(&world, "BAD"), Some(0));
    for query in &queries[1..] {
        assert!(query.status().errors.is_empty(), "{:?}", query.status());
    }
}

/// A store that saves nothing while it is held up.
#[derive(Debug)]
struct HeldUp {
    kept: Arc<MemoryCheckpoints>,
    is_held_up: watch::Sender<bool>,
    waiting: watch::Sender<usize>,
}

type Kept<T> = std::result::Result<T, weir_runtime::Error>;

#[async_trait]
impl CheckpointStore for HeldUp {
    async fn load(&self, query: &str, partition: i32) -> Kept<Option<Checkpoint>> {
        self.kept.load(query, partition).await
    }

    async fn save(&self, query: &str, partition: i32, checkpoint: &Checkpoint) -> Kept<()> {
        self.waiting.send_modify(|waiting| *waiting += 1);
        let mut is_held_up = self.is_held_up.subscribe();
        is_held_up.wait_for(|is_held_up| !is_held_up).await.unwrap();
        self.waiting.send_modify(|waiting| *waiting -= 1);
        self.kept.save(query, partition, checkpoint).await
    }

    async fn load_plan(&self, query: &str) -> Kept<Option<String>> {
        self.kept.load_plan(query).await
    }

    async fn save_plan(&self, query: &str, plan: &str) -> Kept<()> {
        self.kept.save_plan(query, plan).await
    }

    async fn remove(&self, query: &str) -> Kept<()> {
        self.kept.remove(query).await
    }
}

#[tokio::test]
async fn rows_go_out_while_a_checkpoint_takes_its_time() {
    let store = Arc::new(HeldUp {
        kept: Arc::default(),
        is_held_up: watch::Sender::new(false),
        waiting: watch::Sender::new(0),
    });
    let (given, kept) = (store.clone(), store.kept.clone());
    let mut world = World::with_store(MemoryBroker::new(1), given, kept, |options| {
        options.commit_interval = Duration::from_secs(2);
    });
    for topic in ["events", "alerts"] {
        world.topic(topic, 1).await;
    }
    world.declare(
        "CREATE STREAM events (id INT, name VARCHAR) WITH (kafka_topic='events', value_format='JSON');",
    );
    let query = query(&mut world, "Q", "alerts", 1).await;
    running(std::slice::from_ref(&query)).await;
    store.is_held_up.send_replace(true);
    let event = [r#"{"id":1,"name":"a"}"#];
    world.produce("events", 0, &event).await;
    world
        .turning("a checkpoint is on its way", async || {
            *store.waiting.borrow() == 1
        })
        .await;
    // More than a task's queue takes.
    for more in 2..=6 {
        world.produce("events", 0, &event).await;
        world.wait_for_values("alerts", more).await;
    }
    assert_eq!(position(&world, "Q"), Some(0));
    store.is_held_up.send_replace(false);
    world
        .turning("the position is kept", async || {
            position(&world, "Q") == Some(6)
        })
        .await;
    query.stop(PATIENCE).await.unwrap();
    assert_eq!(*store.waiting.borrow(), 0);
}

#[tokio::test]
async fn a_look_at_the_sink_that_fails_fails_nobody_who_writes_to_it() {
    let (mut world, watched) = world().await;
    let queries = [
        query(&mut world, "Q1", "alerts", 1).await,
        query(&mut world, "Q2", "alerts", 1).await,
    ];
    running(&queries).await;
    let event = r#"{"id":1,"name":"a"}"#;
    world.produce("events", 0, &[event]).await;
    world.wait_for_values("alerts", 2).await;
    watched.seen().hidden.insert("alerts".to_owned(), 0);
    world
        .turning("the looks fail", async || {
            watched.seen().hidden["alerts"] >= 3
        })
        .await;
    world.produce("events", 0, &[event]).await;
    world
        .turning("the positions are kept", async || {
            ["Q1", "Q2"]
                .iter()
                .all(|id| position(&world, id) == Some(2))
        })
        .await;
    assert_eq!(world.values("alerts", 0).await.len(), 4);
    for query in &queries {
        assert_eq!(query.status().state, QueryState::Running);
        assert!(query.status().errors.is_empty(), "{:?}", query.status());
    }
}

#[tokio::test]
async fn what_is_wrong_with_few_records_costs_few_requests_more() {
    let (mut world, watched) = world().await;
    let mut queries = vec![query(&mut world, "FIRST", "alerts", 2).await];
    for number in 0..2 {
        let text = format!(
            "CREATE STREAM bad{number} WITH (kafka_topic='alerts') AS SELECT 'poison' AS name FROM events WHERE id = 1;"
        );
        let spec = world.persistent(&format!("BAD{number}"), &text);
        queries.push(world.start(spec).await);
        for number in 64 * number..64 * (number + 1) {
            queries.push(query(&mut world, &format!("Q{number}"), "alerts", 1).await);
        }
    }
    running(&queries).await;
    // While this is on its way, all that follows gathers.
    watched.seen().slow = Some(Duration::from_secs(1));
    world
        .produce("events", 0, &[r#"{"id":2,"name":"a"}"#])
        .await;
    eventually("the first write", async || {
        watched.seen().writes.contains_key("alerts")
    })
    .await;
    world
        .produce("events", 0, &[r#"{"id":1,"name":"a"}"#])
        .await;
    world.wait_for_values("alerts", 129).await;
    let writes = watched.seen().writes["alerts"].clone();
    // One by one there would be at least as many as queries.
    assert!(writes.len() <= 50, "{writes:?}");
    assert!(writes.iter().sum::<usize>() <= 10 * 130, "{writes:?}");
}

/// More tasks than a sink's queue has places: what has been given a place takes it, also while its task waits for another.
#[tokio::test]
async fn checkpoints_that_wait_for_their_place_keep_nobody_from_writing() {
    const TASKS: usize = 2_200;
    const EVENTS: usize = 4;
    let (mut world, watched) = world().await;
    let mut queries = Vec::with_capacity(TASKS);
    for number in 0..TASKS {
        queries.push(query(&mut world, &format!("Q{number}"), "alerts", 1).await);
    }
    running(&queries).await;
    for _ in 0..EVENTS {
        watched.seen().slow = Some(Duration::from_millis(200));
        let event = r#"{"id":1,"name":"a"}"#;
        world.produce("events", 0, &[event]).await;
        // All of them are due, with the next event there already.
        world.clock.advance(Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let values = world.turning_values("alerts", EVENTS * TASKS).await;
    assert_eq!(values.len(), EVENTS * TASKS);
    world
        .turning("the positions are kept", async || {
            (0..TASKS).all(|number| position(&world, &format!("Q{number}")) == Some(4))
        })
        .await;
}
