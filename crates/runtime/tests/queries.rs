//! What queries do: filter, project, sinks, rows, limits, ends.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod support;

use std::collections::BTreeMap;

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
