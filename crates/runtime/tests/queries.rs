//! What queries do: filter, project, sinks, rows, limits, ends.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod support;

use std::{collections::BTreeMap, time::Duration};

use arrow::{array::AsArray, datatypes::Int32Type};
use support::*;
use weir_runtime::{QueryState, Rows};

const ORDERS: &str =
    "CREATE STREAM orders (id INT, name VARCHAR) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON');";

async fn orders(partitions: i32) -> World {
    let mut world = World::new();
    world.topic("orders", partitions).await;
    world.declare(ORDERS);
    world
}

fn ids(rows: &Rows) -> Vec<i32> {
    rows.batch
        .column(0)
        .as_primitive::<Int32Type>()
        .values()
        .to_vec()
}

#[tokio::test]
async fn a_filter_passes_only_the_rows_that_satisfy_it() {
    let mut world = orders(1).await;
    world.topic("LARGE", 1).await;
    let spec = world.persistent(
        "CSAS_LARGE_1",
        "CREATE STREAM large AS SELECT id, UCASE(name) AS name FROM orders WHERE id > 1 AND name LIKE 'b%';",
    );
    let query = world.start(spec).await;
    let values = [
        r#"{"id":1,"name":"b"}"#,
        r#"{"id":2,"name":"bc"}"#,
        r#"{"id":3,"name":"x"}"#,
    ];
    world.produce("orders", 0, &values).await;
    world
        .produce("orders", 0, &[r#"{"id":4,"name":"bd"}"#])
        .await;
    let found = world.wait_for_values("LARGE", 2).await;
    assert_eq!(
        found,
        [r#"{"ID":2,"NAME":"BC"}"#, r#"{"ID":4,"NAME":"BD"}"#]
    );
    assert_eq!(query.status().state, QueryState::Running);
    assert_eq!(query.status().records_in, 4);
    assert_eq!(query.status().rows_out, 2);
    query.stop(PATIENCE).await.unwrap();
    assert_eq!(query.status().state, QueryState::Stopped);
    let kept = &world.checkpoints.of("CSAS_LARGE_1")[&0];
    assert_eq!(kept.positions, BTreeMap::from([("orders-0".to_owned(), 4)]));
    assert_eq!(
        kept.stream_time,
        BTreeMap::from([("orders".to_owned(), START)])
    );
}

#[tokio::test]
async fn a_limit_is_exact_across_partitions() {
    let world = orders(3).await;
    for partition in 0..3 {
        let values = vec![r#"{"id":1}"#; 50];
        world.produce("orders", partition, &values).await;
    }
    let (spec, mut rows) = world.rows("q", "SELECT id FROM orders EMIT CHANGES LIMIT 70;");
    let query = world.start(spec).await;
    let mut count = 0;
    while let Some(rows) = rows.recv().await {
        count += ids(&rows).len();
    }
    assert_eq!(count, 70);
    assert_eq!(query.finished().await, QueryState::Completed);
}

#[tokio::test]
async fn a_bounded_query_ends_at_the_offsets_it_was_given() {
    let world = orders(2).await;
    world
        .produce("orders", 0, &[r#"{"id":1}"#, r#"{"id":2}"#, r#"{"id":3}"#])
        .await;
    world.produce("orders", 1, &[r#"{"id":10}"#]).await;
    let (mut spec, mut rows) = world.rows("q", "SELECT id FROM orders;");
    spec.until = Some(BTreeMap::from([(0, 2), (1, 0)]));
    let query = world.start(spec).await;
    assert_eq!(ids(&rows.recv().await.unwrap()), [1, 2]);
    assert!(rows.recv().await.is_none());
    assert_eq!(query.finished().await, QueryState::Completed);
}

#[tokio::test]
async fn a_query_stops_when_nobody_takes_its_rows() {
    let world = orders(1).await;
    let (spec, rows) = world.rows("q", "SELECT id FROM orders EMIT CHANGES;");
    let query = world.start(spec).await;
    drop(rows);
    assert_eq!(query.finished().await, QueryState::Stopped);
}

#[tokio::test]
async fn a_null_value_passes_a_projection_and_no_filter_and_is_no_result_row() {
    let mut world = orders(1).await;
    world.topic("ALL_ORDERS", 1).await;
    world.topic("SOME_ORDERS", 1).await;
    let all = world.persistent("A", "CREATE STREAM all_orders AS SELECT * FROM orders;");
    let some = "CREATE STREAM some_orders AS SELECT * FROM orders WHERE id IS NULL OR id > 0;";
    let some = world.persistent("B", some);
    let (push, mut rows) = world.rows("q", "SELECT id FROM orders EMIT CHANGES LIMIT 2;");
    for spec in [all, some, push] {
        world.start(spec).await;
    }
    let one = |value| record(None, value);
    let records = vec![
        one(Some(r#"{"id":1}"#)),
        one(None),
        one(Some("null")),
        one(Some(r#"{"id":2}"#)),
    ];
    world.produce_records("orders", 0, records).await;
    let (first, second) = (r#"{"ID":1,"NAME":null}"#, r#"{"ID":2,"NAME":null}"#);
    assert_eq!(
        world.wait_for_values("ALL_ORDERS", 4).await,
        [first, "NULL", "NULL", second]
    );
    assert_eq!(
        world.wait_for_values("SOME_ORDERS", 2).await,
        [first, second]
    );
    let mut taken = Vec::new();
    while let Some(rows) = rows.recv().await {
        taken.extend(ids(&rows));
    }
    assert_eq!(taken, [1, 2]);
}

#[tokio::test]
async fn keys_decide_partitions_and_without_a_key_the_source_partition_does() {
    let mut world = World::new();
    world.topic("keyed", 3).await;
    world.topic("COPY", 2).await;
    world.declare("CREATE STREAM keyed (k VARCHAR KEY, v INT) WITH (KAFKA_TOPIC='keyed', VALUE_FORMAT='JSON');");
    let spec = world.persistent("Q", "CREATE STREAM copy AS SELECT * FROM keyed;");
    world.start(spec).await;
    let keys = ["a", "b", "c", "d", "e", "f"];
    for key in keys {
        world
            .produce_records("keyed", 2, vec![record(Some(key), Some("{\"v\":1}"))])
            .await;
    }
    for partition in 0..3 {
        world.produce("keyed", partition, &["{\"v\":2}"]).await;
    }
    let copied = async || {
        let mut all = Vec::new();
        for partition in 0..2 {
            for record in world.records("COPY", partition).await {
                all.push((partition, text(record.key), text(record.value)));
            }
        }
        all.sort();
        all
    };
    eventually("all copies", async || {
        copied().await.len() == keys.len() + 3
    })
    .await;
    let mut expected: Vec<_> = keys
        .map(|key| (partition_of(key, 2), key.to_owned(), "{\"V\":1}".to_owned()))
        .to_vec();
    expected.extend([0, 1, 0].map(|to| (to, "NULL".to_owned(), "{\"V\":2}".to_owned())));
    expected.sort();
    assert_eq!(copied().await, expected);
}

#[tokio::test]
async fn headers_go_on_unchanged_and_the_origin_stands_behind_them() {
    let mut world = orders(2).await;
    world.topic("COPY", 2).await;
    let mut spec = world.persistent("Q", "CREATE STREAM copy AS SELECT * FROM orders;");
    spec.has_origin_headers = true;
    world.start(spec).await;
    let header = |key: &str, value: Option<&'static str>| weir_kafka::Header {
        key: key.to_owned(),
        value: value.map(bytes::Bytes::from),
    };
    let mut with_headers = record(None, Some(r#"{"id":1}"#));
    with_headers.headers = vec![
        header("b", Some("1")),
        header("a", None),
        header("b", Some("2")),
    ];
    let expected = with_headers.headers.clone();
    world.produce("orders", 1, &["not JSON"]).await;
    world.produce_records("orders", 1, vec![with_headers]).await;
    eventually("the copy", async || {
        !world.records("COPY", 1).await.is_empty()
    })
    .await;
    let copy = world.records("COPY", 1).await.remove(0);
    assert_eq!(copy.headers[..3], expected);
    let origin = [
        header("weir.origin.topic", Some("orders")),
        header("weir.origin.partition", Some("1")),
        header("weir.origin.offset", Some("1")),
    ];
    assert_eq!(copy.headers[3..], origin);
}

#[tokio::test]
async fn rows_are_dated_by_the_record_by_a_column_and_by_the_sinks_column() {
    let mut world = World::new();
    world.topic("dated", 1).await;
    for topic in ["BY_RECORD", "BY_COLUMN", "BY_SINK"] {
        world.topic(topic, 1).await;
    }
    world.declare(
        "CREATE STREAM plain (t BIGINT, u BIGINT) WITH (KAFKA_TOPIC='dated', VALUE_FORMAT='JSON');",
    );
    world.declare("CREATE STREAM dated (t BIGINT, u BIGINT) WITH (KAFKA_TOPIC='dated', VALUE_FORMAT='JSON', TIMESTAMP='t');");
    let by_record = world.persistent(
        "R",
        "CREATE STREAM by_record AS SELECT u, ROWTIME AS rt FROM plain;",
    );
    let by_column = world.persistent(
        "C",
        "CREATE STREAM by_column AS SELECT u, ROWTIME AS rt FROM dated;",
    );
    let by_sink =
        "CREATE STREAM by_sink WITH (TIMESTAMP='u') AS SELECT u, ROWTIME AS rt FROM dated;";
    let by_sink = world.persistent("S", by_sink);
    let mut queries = Vec::new();
    for spec in [by_record, by_column, by_sink] {
        queries.push(world.start(spec).await);
    }
    let mut before_1970 = record(None, Some(r#"{"t":5,"u":50}"#));
    before_1970.timestamp = -1;
    let records = vec![
        record(None, Some(r#"{"t":7,"u":70}"#)),
        record(None, Some(r#"{"t":null,"u":71}"#)),
        record(None, Some(r#"{"t":-3,"u":72}"#)),
        record(None, Some(r#"{"t":8,"u":-1}"#)),
        before_1970,
    ];
    world.produce_records("dated", 0, records).await;
    let check = async |topic: &str, expected: &[(i64, &str)]| {
        world.wait_for_values(topic, expected.len()).await;
        let records = world.records(topic, 0).await.into_iter();
        let found: Vec<_> = records
            .map(|record| (record.timestamp, text(record.value)))
            .collect();
        let expected = expected.iter();
        let expected: Vec<_> = expected
            .map(|(time, value)| (*time, value.to_string()))
            .collect();
        assert_eq!(found, expected, "{topic}");
    };
    let start = START.to_string();
    let own = |u: i64| format!("{{\"U\":{u},\"RT\":{start}}}");
    let plain = [own(70), own(71), own(72), own(-1)];
    let plain: Vec<(i64, &str)> = plain.iter().map(|value| (START, value.as_str())).collect();
    check("BY_RECORD", &plain).await;
    let dated = [
        (7, r#"{"U":70,"RT":7}"#),
        (8, r#"{"U":-1,"RT":8}"#),
        (5, r#"{"U":50,"RT":5}"#),
    ];
    check("BY_COLUMN", &dated).await;
    check(
        "BY_SINK",
        &[(70, r#"{"U":70,"RT":7}"#), (50, r#"{"U":50,"RT":5}"#)],
    )
    .await;
    let bad = |index: usize| queries[index].status().bad_records;
    assert_eq!(bad(0), BTreeMap::from([("timestamp_negative", 1)]));
    assert_eq!(
        bad(1),
        BTreeMap::from([("timestamp_negative", 1), ("timestamp_null", 1)])
    );
    let of_sink = [
        ("sink_timestamp", 1),
        ("timestamp_negative", 1),
        ("timestamp_null", 1),
    ];
    assert_eq!(bad(2), BTreeMap::from(of_sink));
}

#[tokio::test]
async fn texts_date_rows_and_records_by_a_format() {
    let mut world = World::new();
    for topic in ["texts", "SOURCE", "SINK"] {
        world.topic(topic, 1).await;
    }
    world.declare("CREATE STREAM dated (t STRING, u STRING) WITH (KAFKA_TOPIC='texts', VALUE_FORMAT='JSON', TIMESTAMP='t', TIMESTAMP_FORMAT='yyyy-MM-dd''T''HH:mm:ssX');");
    world.declare(
        "CREATE STREAM plain (t STRING, u STRING) WITH (KAFKA_TOPIC='texts', VALUE_FORMAT='JSON');",
    );
    let source = world.persistent(
        "R",
        "CREATE STREAM source AS SELECT ROWTIME AS rt FROM dated;",
    );
    let sink = world.persistent("W", "CREATE STREAM sink WITH (TIMESTAMP='u', TIMESTAMP_FORMAT='dd/MM/yyyy HH:mm XXX') AS SELECT u FROM plain;");
    let (source, sink) = (world.start(source).await, world.start(sink).await);
    let values = [
        r#"{"t":"2018-05-11T21:58:33Z","u":"12/05/2018 00:58 +03:00"}"#,
        r#"{"t":"not a timestamp","u":"nor this"}"#,
        r#"{"t":null,"u":null}"#,
        r#"{"t":"1969-12-31T23:59:59Z","u":"31/12/1969 23:59 +00:00"}"#,
        r#"{"t":"2018-05-11t23:58:33+02","u":"11/05/2018 21:59 -00:00"}"#,
    ];
    world.produce("texts", 0, &values).await;
    world.wait_for_values("SOURCE", 2).await;
    world.wait_for_values("SINK", 2).await;
    let times = async |topic: &str| {
        let records = world.records(topic, 0).await.into_iter();
        records.map(|record| record.timestamp).collect::<Vec<_>>()
    };
    assert_eq!(times("SOURCE").await, [1_526_075_913_000; 2]);
    assert_eq!(times("SINK").await, [1_526_075_880_000, 1_526_075_940_000]);
    let of_source = [
        ("timestamp_negative", 1),
        ("timestamp_null", 1),
        ("timestamp_unreadable", 1),
    ];
    assert_eq!(source.status().bad_records, BTreeMap::from(of_source));
    let of_sink = BTreeMap::from([("sink_timestamp", 3)]);
    assert_eq!(sink.status().bad_records, of_sink);
}

/// What is before the bad record is done once, and the query stands there until somebody helps.
#[tokio::test]
async fn a_query_that_must_not_lose_a_record_fails_at_one_without_a_time() {
    let mut world = World::new();
    for topic in ["texts", "SOURCE", "SINK"] {
        world.topic(topic, 1).await;
    }
    let with = "WITH (KAFKA_TOPIC='texts', VALUE_FORMAT='JSON'";
    let format = "TIMESTAMP='t', TIMESTAMP_FORMAT='yyyy'";
    world.declare(&format!(
        "CREATE STREAM dated (t STRING, u INT) {with}, {format});"
    ));
    world.declare(&format!("CREATE STREAM plain (t STRING, u INT) {with});"));
    let source = world.persistent("R", "CREATE STREAM source AS SELECT u FROM dated;");
    let sink = format!("CREATE STREAM sink WITH ({format}) AS SELECT t, u FROM plain;");
    let sink = world.persistent("W", &sink);
    let mut queries = Vec::new();
    for mut spec in [source, sink] {
        spec.fails_on_bad_time = true;
        queries.push(world.start(spec).await);
    }
    let values = [
        r#"{"t":"2018","u":1}"#,
        r#"{"t":"2019","u":2}"#,
        r#"{"t":"soon","u":3}"#,
        r#"{"t":"2020","u":4}"#,
    ];
    world.produce("texts", 0, &values).await;
    for query in &queries {
        eventually("the query fails again and again", async || {
            world.clock.advance(Duration::from_secs(60));
            query.status().errors.len() > 2
        })
        .await;
        let status = query.status();
        let why = &status.errors[0].1;
        let expected =
            "texts-0@2: Unable to parse string timestamp. timestamp=soon timestamp_format=yyyy";
        assert_eq!(why, expected);
        assert_eq!(status.positions, BTreeMap::from([(0, 2)]));
        assert!(status.bad_records.is_empty());
    }
    for topic in ["SOURCE", "SINK"] {
        assert_eq!(world.values(topic, 0).await.len(), 2, "{topic}");
    }
}

#[tokio::test]
async fn a_record_too_large_for_the_sink_is_reported_and_the_others_go_on() {
    let mut world = orders(1).await;
    world
        .topic_with("COPY", 1, &[("max.message.bytes", "2000")])
        .await;
    let spec = world.persistent("Q", "CREATE STREAM copy AS SELECT * FROM orders;");
    let query = world.start(spec).await;
    let sized = |id: usize, size: usize| format!(r#"{{"id":{id},"name":"{}"}}"#, "x".repeat(size));
    let sizes = (0..60).map(|id| sized(id, if id % 20 == 7 { 3_000 } else { 300 }));
    let values: Vec<String> = sizes.collect();
    world
        .produce(
            "orders",
            0,
            &values.iter().map(String::as_str).collect::<Vec<_>>(),
        )
        .await;
    world.wait_for_values("COPY", 57).await;
    eventually("three reports", async || {
        query.status().bad_records == BTreeMap::from([("too_large", 3)])
    })
    .await;
    let mut offsets = Vec::new();
    while offsets.len() < 3 {
        let entry = world.log.recv().await.unwrap();
        assert!(matches!(
            entry.problem,
            weir_runtime::processing_log::Problem::Production { .. }
        ));
        offsets.push(entry.offset);
    }
    assert_eq!(offsets, [7, 27, 47]);
    query.stop(PATIENCE).await.unwrap();
    assert_eq!(world.checkpoints.of("Q")[&0].positions["orders-0"], 60);
}

#[tokio::test]
async fn trailing_transactions_that_were_aborted_do_not_keep_a_bounded_query_from_its_end() {
    let world = orders(1).await;
    world.produce("orders", 0, &[r#"{"id":1}"#]).await;
    let mut aborted = world.broker.begin_transaction();
    let at = weir_kafka::TopicPartition::new("orders", 0);
    aborted
        .write(&at, vec![record(None, Some(r#"{"id":2}"#)); 5])
        .unwrap();
    aborted.abort();
    use weir_kafka::Broker;
    let end = world
        .broker
        .offsets("orders", &[0], weir_kafka::OffsetSpec::Latest)
        .await
        .unwrap();
    assert!(end[0] > 1);
    let (mut spec, mut rows) = world.rows("q", "SELECT id FROM orders;");
    spec.until = Some(BTreeMap::from([(0, end[0])]));
    let query = world.start(spec).await;
    assert_eq!(ids(&rows.recv().await.unwrap()), [1]);
    assert!(rows.recv().await.is_none());
    assert_eq!(query.finished().await, QueryState::Completed);
    assert_eq!(query.status().positions, BTreeMap::from([(0, end[0])]));
}

#[tokio::test]
async fn deep_and_wide_predicates_run_on_a_small_stack() {
    let mut world = orders(1).await;
    let nested = format!("{}id > 1{}", "(NOT (NOT ".repeat(60), "))".repeat(60));
    let wide = (0..20_000)
        .map(|id| format!("id = {}", id + 2))
        .collect::<Vec<_>>()
        .join(" OR ");
    for (index, predicate) in [nested, wide].iter().enumerate() {
        let text = format!("SELECT id FROM orders WHERE {predicate} EMIT CHANGES LIMIT 1;");
        let (spec, mut rows) = world.rows(&format!("q{index}"), &text);
        let query = world.start(spec).await;
        world
            .produce("orders", 0, &[r#"{"id":1}"#, r#"{"id":2}"#])
            .await;
        assert_eq!(ids(&rows.recv().await.unwrap()), [2]);
        assert_eq!(query.finished().await, QueryState::Completed);
        world.declare(ORDERS);
    }
}

#[tokio::test]
async fn constants_become_a_record() {
    let mut world = World::new();
    world.declare("CREATE STREAM s (k INT KEY, a VARCHAR, b DOUBLE) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');");
    let check = |text: &str, expected: (i64, Option<&[u8]>, &str)| {
        let plan = world.insert(text);
        let made = world.runtime.encode_values(&plan).unwrap();
        let value = made.value.unwrap();
        let found = (
            made.timestamp,
            made.key.as_deref(),
            std::str::from_utf8(&value).unwrap(),
        );
        assert_eq!(found, expected, "{text}");
    };
    check(
        "INSERT INTO s (k, a, b) VALUES (7, UCASE('x'), 1.5);",
        (START, Some(&[0, 0, 0, 7]), r#"{"A":"X","B":1.5}"#),
    );
    check(
        "INSERT INTO s (ROWTIME, a) VALUES (5, 'y');",
        (5, None, r#"{"A":"y","B":null}"#),
    );
    let negative = world.insert("INSERT INTO s (ROWTIME, a) VALUES (-5, 'y');");
    assert!(world.runtime.encode_values(&negative).is_err());
}
