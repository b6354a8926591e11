//! One fetch and one decode for all queries on a partition, and none of them notices the others.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod support;

use std::{collections::BTreeMap, time::Duration};

use arrow::{array::AsArray, datatypes::Int32Type};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use support::*;
use tokio::sync::mpsc;
use weir_kafka::TopicPartition;
use weir_runtime::{CheckpointStore, Query, QueryState, ReaderStats, Rows};

const EVENTS: &str = "CREATE STREAM events (id INT, a INT, b INT, c STRUCT<d INT, e VARCHAR>) WITH (KAFKA_TOPIC='events', VALUE_FORMAT='JSON');";

async fn events() -> World {
    let mut world = World::with(|options| {
        options.epoch_rows = 5;
        options.slow_task_patience = Duration::from_millis(50);
    });
    world.topic("events", 1).await;
    world.declare(EVENTS);
    world
}

fn stats(world: &World) -> ReaderStats {
    world.runtime.reader_stats()[&TopicPartition::new("events", 0)]
}

async fn produce_ids(world: &World, ids: std::ops::Range<i32>) {
    let values: Vec<String> = ids.map(|id| format!("{{\"id\":{id}}}")).collect();
    world
        .produce(
            "events",
            0,
            &values.iter().map(String::as_str).collect::<Vec<_>>(),
        )
        .await;
}

async fn next_ids(rows: &mut mpsc::Receiver<Rows>) -> Vec<i32> {
    let rows = rows.recv().await.unwrap();
    rows.batch
        .column(0)
        .as_primitive::<Int32Type>()
        .values()
        .to_vec()
}

async fn take(rows: &mut mpsc::Receiver<Rows>, count: usize) -> Vec<i32> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let next = tokio::time::timeout(PATIENCE, next_ids(rows)).await;
        taken.extend(next.unwrap_or_else(|_| panic!("{} of {count} rows came", taken.len())));
    }
    taken
}

#[tokio::test]
async fn three_queries_on_a_topic_fetch_and_decode_each_record_once() {
    let world = events().await;
    produce_ids(&world, 0..1_000).await;
    let hold = world.runtime.hold();
    let mut queries = Vec::new();
    for (index, columns) in ["id, a", "id, b, c->d", "id"].iter().enumerate() {
        let text = format!("SELECT {columns} FROM events EMIT CHANGES;");
        let (spec, rows) = world.rows(&format!("q{index}"), &text);
        queries.push((world.start(spec).await, rows));
    }
    // All have found their place before the first record is fetched.
    eventually("all queries run", async || {
        queries
            .iter()
            .all(|(query, _)| query.status().state == QueryState::Running)
    })
    .await;
    drop(hold);
    let mut receivers: Vec<_> = queries.into_iter().map(|(_, rows)| rows).collect();
    let all: Vec<i32> = (0..1_000).collect();
    let taken = receivers.iter_mut().map(|rows| take(rows, 1_000));
    for taken in futures::future::join_all(taken).await {
        assert_eq!(taken, all);
    }
    let stats = stats(&world);
    assert_eq!(
        (stats.records_fetched, stats.records_decoded, stats.readers),
        (1_000, 1_000, 1)
    );
    let bytes: usize = (0..1_000).map(|id| format!("{{\"id\":{id}}}").len()).sum();
    assert_eq!(stats.bytes_fetched, bytes as u64);
}

#[tokio::test]
async fn a_query_that_comes_later_reads_along_from_its_own_offset() {
    let world = events().await;
    let (spec, mut first) = world.rows("first", "SELECT id FROM events EMIT CHANGES;");
    world.start(spec).await;
    produce_ids(&world, 0..20).await;
    take(&mut first, 20).await;
    let (mut spec, mut latest) = world.rows("latest", "SELECT id, a FROM events EMIT CHANGES;");
    spec.start = BTreeMap::from([(0, 20)]);
    world.start(spec).await;
    let (spec, mut earliest) = world.rows("earliest", "SELECT id, b FROM events EMIT CHANGES;");
    world.start(spec).await;
    assert_eq!(take(&mut earliest, 20).await, (0..20).collect::<Vec<_>>());
    eventually("one reader", async || stats(&world).readers == 1).await;
    let before = stats(&world);
    produce_ids(&world, 20..30).await;
    for rows in [&mut first, &mut latest, &mut earliest] {
        assert_eq!(take(rows, 10).await, (20..30).collect::<Vec<_>>());
    }
    assert_eq!(stats(&world).records_decoded - before.records_decoded, 10);
    assert_eq!(
        world.runtime.reader_positions()[&TopicPartition::new("events", 0)],
        30
    );
}

#[tokio::test]
async fn a_slow_query_holds_up_no_other_and_misses_nothing() {
    let world = events().await;
    let (slow, mut slow_rows) = world.rows("slow", "SELECT id FROM events EMIT CHANGES;");
    let (fast, mut fast_rows) = world.rows("fast", "SELECT id FROM events EMIT CHANGES;");
    let hold = world.runtime.hold();
    world.start(slow).await;
    world.start(fast).await;
    drop(hold);
    produce_ids(&world, 0..2_000).await;
    // Nobody takes the slow one's rows, while the clock runs.
    let clock = world.clock.clone();
    let turning = async {
        loop {
            clock.advance(Duration::from_millis(10));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let taken = tokio::select! {
        taken = take(&mut fast_rows, 2_000) => taken,
        () = turning => unreachable!("it turns for ever"),
    };
    let all: Vec<i32> = (0..2_000).collect();
    assert_eq!(taken, all);
    assert_eq!(stats(&world).readers, 2);
    assert_eq!(take(&mut slow_rows, 2_000).await, all);
    eventually("one reader", async || stats(&world).readers == 1).await;
    produce_ids(&world, 2_000..2_003).await;
    assert_eq!(take(&mut slow_rows, 3).await, [2_000, 2_001, 2_002]);
}

/// What a rule was not handed has not passed it by, wherever the reader is that it left.
#[tokio::test]
async fn a_slow_rule_is_not_past_what_waits_for_a_reader_of_its_own() {
    let world = events().await;
    let rule = "SELECT id FROM events WHERE id >= 0 EMIT CHANGES;";
    let (slow, mut slow_rows) = world.rows("slow", rule);
    let (fast, mut fast_rows) = world.rows("fast", rule);
    let hold = world.runtime.hold();
    let slow = world.start(slow).await;
    let fast = world.start(fast).await;
    eventually("both run", async || {
        [&slow, &fast]
            .iter()
            .all(|query| query.status().state == QueryState::Running)
    })
    .await;
    produce_ids(&world, 0..100).await;
    drop(hold);
    eventually("all is fetched", async || {
        stats(&world).records_fetched == 100
    })
    .await;
    // The reader that the slow one will get fetches nothing yet.
    let hold = world.runtime.hold();
    let clock = world.clock.clone();
    let turning = async {
        loop {
            clock.advance(Duration::from_millis(10));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let all: Vec<i32> = (0..100).collect();
    tokio::select! {
        taken = take(&mut fast_rows, 100) => assert_eq!(taken, all),
        () = turning => unreachable!("it turns for ever"),
    }
    assert_eq!(stats(&world).readers, 2);
    eventually("the fast one is through", async || {
        fast.status().positions[&0] == 100
    })
    .await;
    // Now it takes what it was handed, and has nothing left to do.
    let mut taken = take(&mut slow_rows, 5).await;
    while let Ok(rows) =
        tokio::time::timeout(Duration::from_millis(200), next_ids(&mut slow_rows)).await
    {
        taken.extend(rows);
    }
    let handed = taken.len() as i64;
    assert!(handed < 100, "{handed}");
    assert_eq!(slow.status().positions[&0], handed);
    // A position is kept meanwhile.
    world.clock.advance(Duration::from_secs(10));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(slow.status().positions[&0], handed);
    drop(hold);
    taken.extend(take(&mut slow_rows, 100 - taken.len()).await);
    assert_eq!(taken, all);
    assert_eq!(slow.status().errors, []);
}

/// However long after one another they came, after a crash they are to read on together.
#[tokio::test]
async fn rules_keep_their_positions_at_the_same_moments() {
    const RULES: i32 = 12;
    let mut world = events().await;
    world.topic("alerts", 1).await;
    let mut produced = 0;
    for number in 0..RULES {
        let text = format!(
            "CREATE STREAM r{number} WITH (KAFKA_TOPIC='alerts', VALUE_FORMAT='JSON') AS SELECT id FROM events WHERE id = {};",
            -1 - number
        );
        let spec = world.persistent(&format!("R{number}"), &text);
        let query = world.start(spec).await;
        eventually("it runs", async || {
            query.status().state == QueryState::Running
        })
        .await;
        for _ in 0..5 {
            produce_ids(&world, produced..produced + 3).await;
            produced += 3;
            let end = i64::from(produced);
            eventually("the records have passed", async || {
                query.status().positions.get(&0) == Some(&end)
            })
            .await;
            world.clock.advance(Duration::from_millis(100));
        }
    }
    // The last of these moments is now, and they may be about to.
    eventually("all stand at one offset", async || {
        let mut kept = std::collections::BTreeSet::new();
        for number in 0..RULES {
            let checkpoint = world.checkpoints.load(&format!("R{number}"), 0).await;
            kept.insert(checkpoint.unwrap().unwrap().positions["events-0"]);
        }
        kept.len() == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_timing_every_query_sees_every_record_once_and_in_order() {
    for seed in 0..12 {
        let mut random = StdRng::seed_from_u64(seed);
        let world = events().await;
        let clock = world.clock.clone();
        let turning = tokio::spawn(async move {
            loop {
                clock.advance(Duration::from_millis(20));
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        let total = 600;
        let mut readers = Vec::new();
        let mut produced = 0;
        let mut number = 0;
        while produced < total {
            let more = random.random_range(1..40).min(total - produced);
            produce_ids(&world, produced..produced + more).await;
            produced += more;
            if random.random_bool(0.4) {
                let columns = ["id", "id, a", "id, c->e"][random.random_range(0..3)];
                let text = format!("SELECT {columns} FROM events EMIT CHANGES;");
                let (mut spec, rows) = world.rows(&format!("q{number}"), &text);
                let from = random.random_range(0..=produced);
                spec.start = BTreeMap::from([(0, i64::from(from))]);
                world.start(spec).await;
                let pause = Duration::from_micros([0, 0, 300, 3_000][random.random_range(0..4)]);
                readers.push((
                    from,
                    tokio::spawn(read_slowly(rows, (total - from) as usize, pause)),
                ));
                number += 1;
            }
            tokio::time::sleep(Duration::from_micros(random.random_range(0..2_000))).await;
        }
        let count = readers.len();
        let mut still_open = Vec::new();
        for (from, reader) in readers {
            let (taken, rows) = tokio::time::timeout(PATIENCE, reader)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(
                taken,
                (from..total).collect::<Vec<_>>(),
                "seed {seed}, from {from}"
            );
            still_open.push(rows);
        }
        assert!(count > 0, "seed {seed} starts no query");
        eventually("one reader", async || stats(&world).readers == 1).await;
        turning.abort();
    }
}

async fn read_slowly(
    mut rows: mpsc::Receiver<Rows>,
    count: usize,
    pause: Duration,
) -> (Vec<i32>, mpsc::Receiver<Rows>) {
    let mut taken = Vec::new();
    while taken.len() < count {
        taken.extend(next_ids(&mut rows).await);
        tokio::time::sleep(pause).await;
    }
    (taken, rows)
}

/// Rows of a query over what stands in the topic, and its bad records.
async fn result(
    world: &World,
    query: &Query,
    rows: &mut mpsc::Receiver<Rows>,
) -> (Vec<String>, BTreeMap<&'static str, u64>) {
    let mut shown = Vec::new();
    while let Some(rows) = rows.recv().await {
        for row in 0..rows.batch.num_rows() {
            let cells = rows.batch.columns().iter();
            let cells = cells
                .map(|column| arrow::util::display::array_value_to_string(column, row).unwrap());
            shown.push(cells.collect::<Vec<_>>().join("|"));
        }
    }
    assert_eq!(query.finished().await, QueryState::Completed);
    let _ = world;
    (shown, query.status().bad_records)
}

#[tokio::test]
async fn a_querys_rows_are_the_same_alone_and_beside_queries_whose_columns_do_not_fit() {
    let world = events().await;
    let mut random = StdRng::seed_from_u64(7);
    let whole = ["not JSON", "", "[1]", "{\"id\":", "null"];
    let fields = [
        "1",
        "\"x\"",
        "{}",
        "null",
        "\"17\"",
        "[2]",
        "99999999999999999999",
        "{\"d\":1}",
        "{\"d\":\"y\",\"e\":2}",
    ];
    let values: Vec<String> = (0..400)
        .map(|id| match random.random_range(0..10) {
            0 => whole[random.random_range(0..whole.len())].to_owned(),
            _ => {
                let mut field = || fields[random.random_range(0..fields.len())];
                format!(
                    "{{\"id\":{id},\"a\":{},\"b\":{},\"c\":{}}}",
                    field(),
                    field(),
                    field()
                )
            }
        })
        .collect();
    world
        .produce(
            "events",
            0,
            &values.iter().map(String::as_str).collect::<Vec<_>>(),
        )
        .await;
    let texts = [
        "SELECT id FROM events;",
        "SELECT id, a FROM events WHERE b > 0;",
        "SELECT id, b FROM events;",
        "SELECT id, c FROM events;",
        "SELECT id, c->d FROM events WHERE c->e LIKE '%2%' OR a = 1;",
        "SELECT 'x' AS x FROM events;",
    ];
    let bounded = |id: String, text: &str| {
        let (mut spec, rows) = world.rows(&id, text);
        spec.until = Some(BTreeMap::from([(0, 400)]));
        (spec, rows)
    };
    let mut alone = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let (spec, mut rows) = bounded(format!("alone{index}"), text);
        let query = world.start(spec).await;
        alone.push(result(&world, &query, &mut rows).await);
    }
    assert!(
        alone
            .iter()
            .all(|(rows, bad)| !rows.is_empty() && !bad.is_empty())
    );
    let before = stats(&world).records_decoded;
    let hold = world.runtime.hold();
    let mut queries = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let (spec, rows) = bounded(format!("beside{index}"), text);
        queries.push((world.start(spec).await, rows));
    }
    eventually("all queries run", async || {
        queries
            .iter()
            .all(|(query, _)| query.status().state == QueryState::Running)
    })
    .await;
    drop(hold);
    let together = queries
        .iter_mut()
        .map(|(query, rows)| result(&world, query, rows));
    let together = futures::future::join_all(together).await;
    assert_eq!(stats(&world).records_decoded - before, 400);
    for ((text, alone), together) in texts.iter().zip(alone).zip(together) {
        assert_eq!(alone, together, "{text}");
    }
}
