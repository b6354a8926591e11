//! Rules and other queries over one topic come, go, pause and change while records flow, and none notices the others.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use weir_engine::{
    parts::{Broker, QueryState, TopicPartition},
    testing::World,
};
use weir_kafka::{ErrorKind, memory::Call};

use crate::support::{House, record};

/// The ways in which rules are run.
const WAYS: [&[(&str, &str)]; 3] = [
    &[],
    &[("weir.rules.raw.filter", "false")],
    &[("weir.rules.index.enable", "false")],
];

async fn running(way: &[(&str, &str)]) -> House {
    House::with(|builder| {
        let properties = way.iter();
        properties.fold(builder, |builder, (name, value)| {
            builder.property(name, *value)
        })
    })
    .await
}

const NETWORK: &str = "CREATE STREAM net (event_id VARCHAR, action VARCHAR, source_port INT, padding VARCHAR) \
    WITH (KAFKA_TOPIC='network', VALUE_FORMAT='JSON', PARTITIONS=1);";

/// What is right about a record.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// Its port, if it has one.
    Good(Option<u16>),
    /// What stands in the port's place is none.
    BadPort,
    /// No JSON object at all.
    Bad,
    /// NULL as a whole.
    Null,
}

/// Firewalls, resolvers, and what else gets into such a topic.
fn network(number: usize, padding: usize) -> (Shape, String) {
    let port = 1_024 + number as u16;
    let (shape, source_port) = match number % 9 {
        3 => (Shape::BadPort, json!("http")),
        5 => (Shape::BadPort, json!({"name": "x", "v": 4})),
        6 => (Shape::Good(None), Value::Null),
        7 => (Shape::Good(Some(port)), json!(port.to_string())),
        _ => (Shape::Good(Some(port)), json!(port)),
    };
    let event = json!({
        "event_id": format!("ev{number}"),
        "source": if number.is_multiple_of(2) { json!("perimeter-firewall") } else { json!({"name": "x"}) },
        "action": if is_denied(number) { "deny" } else { "allow" },
        "source_port": source_port,
        "padding": "p".repeat(padding),
    });
    match number % 23 {
        1 => (Shape::Bad, format!("{event}}}}}")),
        4 => (Shape::Null, "null".to_owned()),
        11 => (Shape::Bad, format!("[{event}]")),
        13 => (
            Shape::Bad,
            "<134>Mar 10 09:00:01 fw01 %ASA-6-302013: Built outbound TCP connection".to_owned(),
        ),
        17 => (Shape::Bad, event.to_string()[..40].to_owned()),
        19 => (Shape::Bad, "\"text\"".to_owned()),
        _ => (shape, event.to_string()),
    }
}

fn is_denied(number: usize) -> bool {
    number % 4 < 3
}

async fn put_network(house: &House, numbers: Range<usize>, padding: usize) {
    let events: Vec<String> = numbers.map(|number| network(number, padding).1).collect();
    for chunk in events.chunks(3_000) {
        house
            .put(
                "network",
                &chunk.iter().map(String::as_str).collect::<Vec<_>>(),
            )
            .await;
    }
}

/// The events among these that a rule about denied connections is to find.
fn denied(numbers: Range<usize>, names_port: bool) -> Vec<String> {
    let is_taken = |number: &usize| match network(*number, 0).0 {
        Shape::Good(_) => is_denied(*number),
        Shape::BadPort => is_denied(*number) && !names_port,
        Shape::Bad | Shape::Null => false,
    };
    let ids = numbers.filter(is_taken);
    ids.map(|number| format!("ev{number}")).collect()
}

fn bad(numbers: Range<usize>, names_port: bool) -> u64 {
    let shapes = numbers.map(|number| network(number, 0).0);
    let is_bad = |shape: &Shape| match shape {
        Shape::Bad => true,
        Shape::BadPort => names_port,
        _ => false,
    };
    shapes.filter(is_bad).count() as u64
}

/// The events in a topic, once there are so many.
async fn ids(house: &House, topic: &str, count: usize) -> Vec<String> {
    let events = house.jsons(topic, count).await;
    let id = |event: &Value| event["EVENT_ID"].as_str().unwrap().to_owned();
    events.iter().map(id).collect()
}

#[tokio::test]
async fn whether_a_record_is_bad_hangs_on_the_columns_that_a_query_names() {
    const PARTS: [usize; 5] = [0, 300, 600, 900, 1_200];
    for way in WAYS {
        let mut house = running(way).await;
        house.go(NETWORK).await;
        for (sink, more) in [("ids", ""), ("ports", ", source_port INT"), ("late", "")] {
            house
                .go(&format!("CREATE STREAM {sink} (event_id VARCHAR{more}) WITH (KAFKA_TOPIC='{sink}', VALUE_FORMAT='JSON', PARTITIONS=1);"))
                .await;
        }
        let bad_records = |house: &House, id: &str| {
            let statuses = house.engine.statuses();
            statuses[id].bad_records.values().sum::<u64>()
        };
        house
            .go("SET 'auto.offset.reset'='earliest'; \
                 INSERT INTO ids WITH (QUERY_ID='ids') SELECT event_id FROM net WHERE action = 'deny';")
            .await;
        put_network(&house, PARTS[0]..PARTS[1], 0).await;
        house.caught_up("IDS", "network").await;
        // Now one that names the port reads along, after it has read what there was.
        house
            .go("INSERT INTO ports WITH (QUERY_ID='ports') SELECT event_id, source_port FROM net WHERE action = 'deny';")
            .await;
        house.caught_up("PORTS", "network").await;
        put_network(&house, PARTS[1]..PARTS[2], 0).await;
        house.caught_up("IDS", "network").await;
        house.caught_up("PORTS", "network").await;
        assert_eq!(
            bad_records(&house, "PORTS"),
            bad(0..PARTS[2], true),
            "{way:?}"
        );
        house.go("TERMINATE ports;").await;
        put_network(&house, PARTS[2]..PARTS[3], 0).await;
        house.caught_up("IDS", "network").await;
        // One whose condition alone names it.
        house
            .go("SET 'auto.offset.reset'='latest'; \
                 INSERT INTO late WITH (QUERY_ID='late') SELECT event_id FROM net WHERE action = 'deny' AND (source_port IS NULL OR source_port > 0);")
            .await;
        put_network(&house, PARTS[3]..PARTS[4], 0).await;
        house.caught_up("IDS", "network").await;
        house.caught_up("LATE", "network").await;
        assert_eq!(
            bad_records(&house, "IDS"),
            bad(0..PARTS[4], false),
            "{way:?}"
        );
        assert_eq!(
            bad_records(&house, "LATE"),
            bad(PARTS[3]..PARTS[4], true),
            "{way:?}"
        );
        let wanted = denied(0..PARTS[4], false);
        assert_eq!(ids(&house, "ids", wanted.len()).await, wanted, "{way:?}");
        let wanted = denied(0..PARTS[2], true);
        assert_eq!(ids(&house, "ports", wanted.len()).await, wanted, "{way:?}");
        let wanted = denied(PARTS[3]..PARTS[4], true);
        assert_eq!(ids(&house, "late", wanted.len()).await, wanted, "{way:?}");
    }
}

/// With so much waiting that records are skipped unread, where a rule is all that asks.
#[tokio::test]
async fn the_rows_of_a_rule_are_the_same_when_records_are_skipped_unread() {
    const EVENTS: usize = 6_000;
    let mut of_ways = Vec::new();
    for way in WAYS {
        let mut house = running(way).await;
        // What comes in one go is enough to be behind by.
        let large = [("max.message.bytes".to_owned(), "8000000".to_owned())];
        let topics = house.engine.topics();
        topics.create("network", 1, large.into()).await.unwrap();
        house.go(NETWORK).await;
        house
            .go("CREATE STREAM found (event_id VARCHAR) WITH (KAFKA_TOPIC='found', VALUE_FORMAT='JSON', PARTITIONS=1);")
            .await;
        put_network(&house, 0..EVENTS, 600).await;
        house
            .go("SET 'auto.offset.reset'='earliest'; \
                 INSERT INTO found WITH (QUERY_ID='few') SELECT event_id FROM net WHERE event_id LIKE 'ev50%' AND source_port > 0; \
                 INSERT INTO found WITH (QUERY_ID='fewer') SELECT event_id FROM net WHERE event_id = 'ev4242';")
            .await;
        house.caught_up("FEW", "network").await;
        house.caught_up("FEWER", "network").await;
        let wanted = (0..EVENTS).filter(|number| {
            let is_few = format!("ev{number}").starts_with("ev50");
            match network(*number, 0).0 {
                Shape::Good(port) => is_few && port.is_some() || *number == 4_242,
                Shape::BadPort => *number == 4_242,
                _ => false,
            }
        });
        let mut wanted: Vec<String> = wanted.map(|number| format!("ev{number}")).collect();
        let mut found = ids(&house, "found", wanted.len()).await;
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{way:?}");
        let stats = house.engine.reader_stats()[&TopicPartition::new("network", 0)];
        assert_eq!(stats.records_fetched, EVENTS as u64, "{way:?}");
        of_ways.push(stats.records_skipped);
    }
    assert!(of_ways[0] > 3_000 && of_ways[1..] == [0, 0], "{of_ways:?}");
}

/// A record that says its own offset, and what conditions are about.
fn event(number: usize) -> String {
    let kind = ["logon", "LogOff", "process_start", "file_write"][number % 4];
    let line = format!("C:\\Tools\\t{}.exe -n {}", number % 5, number % 7);
    json!({"n": number, "kind": kind, "line": line, "port": if number.is_multiple_of(11) { json!("http") } else { json!(number % 3) }})
        .to_string()
}

const EVENTS: &str = "CREATE STREAM s (n INT, kind VARCHAR, line VARCHAR, port INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);";

/// What a query lets through: as SQL, and as the test knows it. The first is no rule.
type Condition = (&'static str, fn(usize) -> bool);

const CONDITIONS: [Condition; 8] = [
    ("", |_| true),
    ("WHERE kind = 'logon'", |n| n % 4 == 0),
    ("WHERE kind ILIKE '%log%' AND line LIKE '%t3.exe%'", |n| {
        n % 4 < 2 && n % 5 == 3
    }),
    (
        "WHERE kind IN ('file_write', 'logon') AND NOT line LIKE '%-n 2'",
        |n| (n % 4 == 0 || n % 4 == 3) && n % 7 != 2,
    ),
    ("WHERE n % 3 = 1", |n| n % 3 == 1),
    ("WHERE kind = 'logon' AND LEN(line) > 0", |n| n % 4 == 0),
    // Bad in a column that the others do not name.
    ("WHERE kind = 'LogOff' AND port = 1", |n| {
        n % 4 == 1 && n % 3 == 1 && n % 11 != 0
    }),
    ("WHERE kind = 'nothing of the kind'", |_| false),
];

/// Writes events at no even pace until it is dropped.
struct Feeder {
    is_over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Feeder {
    fn start(world: &World, seed: u64) -> Self {
        let (broker, is_over) = (world.broker.clone(), Arc::new(AtomicBool::new(false)));
        let told = is_over.clone();
        let mut random = StdRng::seed_from_u64(seed);
        let feed = async move {
            let mut writer = broker.writer("feeder").await.unwrap();
            let mut next = 0;
            while !told.load(Ordering::Relaxed) {
                let count = random.random_range(1..20);
                let events = (next..next + count).map(|n| record(None, Some(event(n).as_bytes())));
                let to = TopicPartition::new("s", 0);
                writer.write(&to, events.collect()).await.unwrap();
                next += count;
                tokio::time::sleep(Duration::from_micros(random.random_range(0..8_000))).await;
            }
        };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().unwrap();
            runtime.block_on(feed);
        });
        Self {
            is_over,
            thread: Some(thread),
        }
    }

    fn stop(mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// A query, from the statement that starts it to the one that ends it.
#[derive(Debug)]
struct Life {
    number: usize,
    condition: usize,
    /// Between these it was accepted; its first event is the first from there on.
    accepted: (i64, i64),
    is_created: bool,
    /// How often it was replaced.
    version: usize,
    is_paused: bool,
    has_ended: bool,
}

impl Life {
    fn id(&self) -> String {
        format!("Q{}", self.number)
    }

    fn sink(&self) -> String {
        format!("OUT{}", self.number)
    }

    fn statement(&self) -> String {
        let (sink, condition) = (self.sink(), CONDITIONS[self.condition].0);
        let id = self.id();
        match self.is_created {
            true => format!(
                "CREATE OR REPLACE STREAM {sink} AS SELECT n, {} AS v FROM s {condition};",
                self.version
            ),
            false => format!(
                "INSERT INTO {sink} WITH (QUERY_ID='{id}') SELECT n, {} AS v FROM s {condition};",
                self.version
            ),
        }
    }

    /// What stands in its sink, from the event it was accepted at to the one before `end`, or to where it was ended: without
    /// a gap, each once and in order, but for `repeats`, after which it begins again at something it has given.
    fn check(&self, rows: &[Value], end: i64, repeats: usize) {
        let numbers: Vec<usize> = rows
            .iter()
            .map(|row| row["N"].as_u64().unwrap() as usize)
            .collect();
        let is_wanted = CONDITIONS[self.condition].1;
        let next_wanted = |from: usize, end: i64| (from..end as usize).find(|n| is_wanted(*n));
        let Some(first) = numbers.first() else {
            if !self.has_ended {
                assert_eq!(next_wanted(self.accepted.1 as usize, end), None, "{self:?}");
            }
            return;
        };
        let from = next_wanted(self.accepted.0 as usize, end).unwrap();
        let last_from = next_wanted(self.accepted.1 as usize, end);
        assert!(
            from <= *first && last_from.is_none_or(|last| *first <= last),
            "{self:?} begins at {first}, and not between {from} and {last_from:?}"
        );
        assert!(is_wanted(*first), "{self:?} has {first}");
        let (mut highest, mut backwards) = (*first, 0);
        for pair in numbers.windows(2) {
            let next = next_wanted(pair[0] + 1, end);
            if Some(pair[1]) != next {
                backwards += 1;
                let is_repeated = (*first..=highest).contains(&pair[1]) && is_wanted(pair[1]);
                assert!(
                    is_repeated && backwards <= repeats,
                    "{self:?} has {} after {}, and not {next:?}",
                    pair[1],
                    pair[0]
                );
            }
            highest = highest.max(pair[1]);
        }
        if !self.has_ended {
            assert_eq!(
                next_wanted(highest + 1, end),
                None,
                "{self:?} ends at {highest}"
            );
        }
        let versions = rows.iter().map(|row| row["V"].as_u64().unwrap());
        assert!(versions.is_sorted() || repeats > 0, "{self:?}");
    }
}

/// Queries over one topic, through several processes.
struct Play {
    world: World,
    random: StdRng,
    lives: Vec<Life>,
    columns: usize,
}

impl Play {
    /// One thing that somebody does.
    async fn act(&mut self, house: &mut House) {
        let running: Vec<usize> = (0..self.lives.len())
            .filter(|life| !self.lives[*life].has_ended)
            .collect();
        let one = match running.is_empty() {
            true => None,
            false => Some(running[self.random.random_range(0..running.len())]),
        };
        match (self.random.random_range(0..20), one) {
            (0..7, _) | (_, None) => {
                let count = [1, 1, 1, 5][self.random.random_range(0..4)];
                self.deploy(house, count).await;
            }
            (7..10, Some(one)) if running.len() > 3 => {
                let id = self.query(house, one).await;
                house.go(&format!("TERMINATE {id};")).await;
                self.lives[one].has_ended = true;
            }
            (10..14, Some(one)) => {
                let id = self.query(house, one).await;
                let is_paused = !self.lives[one].is_paused;
                let word = if is_paused { "PAUSE" } else { "RESUME" };
                house.go(&format!("{word} {id};")).await;
                self.lives[one].is_paused = is_paused;
            }
            (14..16, Some(one)) if self.lives[one].is_created => {
                self.lives[one].version += 1;
                house.go(&self.lives[one].statement()).await;
            }
            (16, _) => {
                self.columns += 1;
                house
                    .go(&format!("ALTER STREAM s ADD c{} VARCHAR;", self.columns))
                    .await;
            }
            (17, _) => {
                // Somebody looks, and is slow to take the rows.
                let mut rows = house
                    .stream("SELECT * FROM s WHERE kind = 'logon' EMIT CHANGES;")
                    .await;
                tokio::time::sleep(Duration::from_millis(300)).await;
                house.take(&mut rows, 5).await;
            }
            (18, _) => {
                let faults = house.world.broker.faults();
                faults.fail_next_of(
                    Call::Read,
                    self.random.random_range(1..3),
                    ErrorKind::Unavailable,
                );
            }
            _ => {}
        }
    }

    async fn deploy(&mut self, house: &mut House, count: usize) {
        let is_earliest = self.random.random_bool(0.4);
        let reset = if is_earliest { "earliest" } else { "latest" };
        house
            .go(&format!("SET 'auto.offset.reset'='{reset}';"))
            .await;
        let first = self.lives.len();
        for number in first..first + count {
            let life = Life {
                number,
                condition: self.random.random_range(0..CONDITIONS.len()),
                accepted: (0, 0),
                is_created: self.random.random_bool(0.3),
                version: 0,
                is_paused: false,
                has_ended: false,
            };
            if !life.is_created {
                let sink = life.sink();
                house
                    .go(&format!("CREATE STREAM {sink} (n INT, v INT) WITH (KAFKA_TOPIC='{sink}', VALUE_FORMAT='JSON', PARTITIONS=1);"))
                    .await;
            }
            self.lives.push(life);
        }
        let new = &mut self.lives[first..];
        let script: String = new.iter().map(Life::statement).collect();
        let before = house.ends("s").await[0];
        house.go(&script).await;
        let after = house.ends("s").await[0];
        for life in new {
            life.accepted = match is_earliest {
                true => (0, 0),
                false => (before, after),
            };
        }
    }

    async fn query(&self, house: &mut House, life: usize) -> String {
        let life = &self.lives[life];
        if !life.is_created {
            return life.id();
        }
        let prefix = format!("CSAS_{}_", life.sink());
        let statuses = house.engine.statuses();
        let found = statuses.keys().find(|id| id.starts_with(&prefix));
        found.unwrap_or_else(|| panic!("{prefix}")).clone()
    }

    fn declare(&self) {
        let runtime = threads();
        runtime.block_on(async {
            let mut house = self.house().await;
            house.go(EVENTS).await;
            house.world.stop(house.engine).await.unwrap();
        });
        runtime.shutdown_timeout(Duration::from_secs(10));
    }

    /// One process: it starts, people do things, and it ends at a checkpoint or is cut off.
    fn process(&mut self, acts: usize, is_cut_off: bool) {
        let runtime = threads();
        let engine = runtime.block_on(async {
            let mut house = self.house().await;
            for _ in 0..acts {
                self.act(&mut house).await;
                let pause = self.random.random_range(0..12_000);
                tokio::time::sleep(Duration::from_micros(pause)).await;
            }
            house.world.broker.faults().clear();
            if !is_cut_off {
                house.world.stop(house.engine.clone()).await.unwrap();
            }
            house.engine
        });
        // Who is cut off does nothing more when the next one starts.
        runtime.shutdown_timeout(Duration::from_secs(10));
        drop(engine);
    }

    async fn house(&self) -> House {
        let house = House::over(self.world.clone(), |builder| {
            builder.property("commit.interval.ms", "40")
        });
        let house = house.await;
        let clock = house.clock.clone();
        tokio::spawn(async move {
            loop {
                clock.advance(Duration::from_millis(1));
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        house
    }

    /// All that is left to do is done.
    async fn finish(&mut self) -> BTreeMap<usize, Vec<Value>> {
        let mut house = self.house().await;
        house.go("RESUME ALL;").await;
        let settled = house.engine.settled(Duration::from_secs(60)).await;
        if let Err(error) = settled {
            let statuses = house.engine.statuses();
            let waiting = statuses.iter().filter(|(_, status)| {
                status.state != QueryState::Running || !status.errors.is_empty()
            });
            panic!("{error}\n{:#?}", waiting.collect::<Vec<_>>());
        }
        house
            .until("all read together", async || {
                house.engine.reader_stats()[&TopicPartition::new("s", 0)].readers == 1
            })
            .await;
        house
            .world
            .clone()
            .stop(house.engine.clone())
            .await
            .unwrap();
        let mut rows = BTreeMap::new();
        for life in &self.lives {
            rows.insert(life.number, house.jsons(&life.sink(), 0).await);
        }
        rows
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_queries_catch_up_while_records_flow_one_fails_and_one_is_slow() {
    let play = Play {
        world: World::new(50),
        random: StdRng::seed_from_u64(50),
        lives: Vec::new(),
        columns: 0,
    };
    let mut house = play.house().await;
    house.go(EVENTS).await;
    for sink in ["first", "gone"] {
        house
            .go(&format!("CREATE STREAM {sink} (n INT) WITH (KAFKA_TOPIC='{sink}', VALUE_FORMAT='JSON', PARTITIONS=1);"))
            .await;
    }
    house
        .go(
            "INSERT INTO first WITH (QUERY_ID='first') SELECT n FROM s WHERE kind = 'logon'; \
             INSERT INTO gone WITH (QUERY_ID='failing') SELECT n FROM s;",
        )
        .await;
    house.world.broker.delete_topic("gone").await.unwrap();
    let feeder = Feeder::start(&house.world, 50);
    let slow = house.stream("SELECT * FROM s EMIT CHANGES;").await;
    house
        .until("some events", async || house.ends("s").await[0] > 1_500)
        .await;
    let life = |number: usize| Life {
        number,
        condition: number % CONDITIONS.len(),
        accepted: (0, 0),
        is_created: number.is_multiple_of(5),
        version: 0,
        is_paused: false,
        has_ended: false,
    };
    let lives: Vec<Life> = (0..50).map(life).collect();
    let sinks = lives.iter().filter(|life| !life.is_created).map(Life::sink);
    let sinks = sinks.map(|sink| {
        format!("CREATE STREAM {sink} (n INT, v INT) WITH (KAFKA_TOPIC='{sink}', VALUE_FORMAT='JSON', PARTITIONS=1);")
    });
    house.go(&sinks.collect::<String>()).await;
    let script: String = lives.iter().map(Life::statement).collect();
    house
        .go(&format!("SET 'auto.offset.reset'='earliest'; {script}"))
        .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    feeder.stop();
    let end = house.ends("s").await[0];
    house
        .until("all but one at the end", async || {
            let mut statuses = house.engine.statuses();
            statuses.retain(|id, _| id != "FAILING" && *id != slow.query_id);
            let positions = statuses
                .values()
                .map(|status| status.positions.get(&0).copied());
            statuses.len() == 51 && positions.flatten().filter(|at| *at >= end).count() == 51
        })
        .await;
    let failing = &house.engine.statuses()["FAILING"];
    assert_eq!(failing.state, QueryState::Retrying);
    drop(slow);
    house
        .until("all read together", async || {
            house.engine.reader_stats()[&TopicPartition::new("s", 0)].readers == 1
        })
        .await;
    house.go("TERMINATE failing;").await;
    house.engine.settled(Duration::from_secs(20)).await.unwrap();
    for life in &lives {
        life.check(&house.jsons(&life.sink(), 0).await, end, 0);
    }
    let firsts = (0..end).filter(|n| n % 4 == 0).count();
    assert_eq!(house.texts("first", firsts).await.len(), firsts);
}

fn threads() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap()
}

fn play(seed: u64, is_cut_off: bool) {
    const PROCESSES: usize = 4;
    let world = World::new(seed);
    let mut play = Play {
        world: world.clone(),
        random: StdRng::seed_from_u64(seed),
        lives: Vec::new(),
        columns: 0,
    };
    play.declare();
    let feeder = Feeder::start(&world, seed);
    for _ in 0..PROCESSES {
        play.process(25, is_cut_off);
    }
    feeder.stop();
    let (rows, end) = threads().block_on(async {
        let rows = play.finish().await;
        let end = world
            .broker
            .offsets("s", &[0], weir_engine::parts::OffsetSpec::Latest);
        (rows, end.await.unwrap()[0])
    });
    let repeats = if is_cut_off { PROCESSES } else { 0 };
    for life in &play.lives {
        life.check(&rows[&life.number], end, repeats);
    }
    let all: usize = rows.values().map(Vec::len).sum();
    assert!(
        play.lives.len() > 10 && all > 1_000,
        "{} queries, {all} rows",
        play.lives.len()
    );
}

/// More than a few where `WEIR_TEST_SEEDS` says how many.
fn seeds(first: u64) -> Range<u64> {
    let count = std::env::var("WEIR_TEST_SEEDS").ok();
    let count = count.and_then(|count| count.parse().ok()).unwrap_or(2);
    1_000 * first..1_000 * first + count
}

#[test]
fn queries_that_come_go_pause_and_change_miss_nothing_and_repeat_nothing() {
    seeds(1).for_each(|seed| play(seed, false));
}

#[test]
fn queries_of_processes_that_are_cut_off_miss_nothing_and_repeat_only_what_was_last() {
    seeds(2).for_each(|seed| play(seed, true));
}
