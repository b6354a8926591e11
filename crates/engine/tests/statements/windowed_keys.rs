//! Streams over keys with windows behind them, and what is as bad to miss at night.

use serde_json::{Value, json};

use crate::support::{House, each, record};

/// A key, and the start of its window.
fn windowed(key: &str, start: i64) -> Vec<u8> {
    [key.as_bytes(), &start.to_be_bytes()].concat()
}

#[tokio::test]
async fn all_windows_of_a_key_are_in_one_partition_of_the_sink() {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM w (k VARCHAR KEY, n INT) WITH (kafka_topic='w', value_format='JSON', partitions=4, window_type='TUMBLING', window_size='1 SECOND'); \
             CREATE STREAM x AS SELECT k, n, WINDOWEND AS until FROM w WHERE WINDOWSTART > 0;")
        .await;
    let records = (0..6).map(|start| {
        let key = windowed("k", start * 1_000);
        record(Some(&key), Some(br#"{"n": 1}"#))
    });
    house.write("w", 0, records.collect()).await;
    house.caught_up("CSAS_X_1", "w").await;
    let ends = house.ends("X").await;
    let filled: Vec<&i64> = ends.iter().filter(|end| **end > 0).collect();
    assert_eq!(filled, [&5], "{ends:?}");
    let keys: Vec<Vec<u8>> = house
        .records("X")
        .await
        .iter()
        .map(|one| one.key.as_deref().unwrap().to_vec())
        .collect();
    assert_eq!(keys[0], windowed("k", 1_000));
    let rows = house
        .rows("SELECT k, WINDOWSTART, WINDOWEND, until FROM x LIMIT 1;")
        .await;
    assert_eq!(rows, [json!(["k", 1_000, 2_000, 2_000])]);
    house
        .refuses(
            "CREATE OR REPLACE STREAM w (k VARCHAR KEY, n INT) WITH (kafka_topic='w', value_format='JSON', window_type='TUMBLING', window_size='1 DAY');",
            "TUMBLING windows of 86400000 ms",
        )
        .await;
}

#[tokio::test]
async fn a_key_without_a_window_is_set_aside() {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM w (k VARCHAR KEY, n INT) WITH (kafka_topic='w', value_format='JSON', partitions=1, window_type='SESSION');")
        .await;
    let short = record(Some(b"short"), Some(br#"{"n": 1}"#));
    house.write("w", 0, vec![short]).await;
    let key = [b"k".as_slice(), &9_i64.to_be_bytes(), &5_i64.to_be_bytes()].concat();
    house
        .write("w", 0, vec![record(Some(&key), Some(br#"{"n": 2}"#))])
        .await;
    let rows = house.rows("SELECT * FROM w;").await;
    assert_eq!(rows, [json!(["k", 5, 9, 2])]);
    let rows = house.rows("SELECT n, WINDOWSTART AS a FROM w;").await;
    assert_eq!(rows, [json!([1, null]), json!([2, 5])]);
}

#[tokio::test]
async fn the_record_as_it_came_is_a_column() {
    let mut house = House::earliest().await;
    house
        .go(
            "CREATE STREAM s (a INT) WITH (kafka_topic='s', value_format='JSON', partitions=1); \
             CREATE STREAM r (raw_value VARCHAR) WITH (kafka_topic='s', value_format='JSON');",
        )
        .await;
    let raw = r#"{"a" : 1.0,  "raw_value":"own", "ä":"ö"}"#;
    house.put("s", &[raw]).await;
    assert_eq!(
        house.rows("SELECT a, RAW_VALUE FROM s;").await,
        [json!([1, raw])]
    );
    // A declared column goes before it, and * has it not.
    assert_eq!(
        house.rows("SELECT raw_value FROM r;").await,
        [json!(["own"])]
    );
    assert_eq!(house.rows("SELECT * FROM s;").await, [json!([1])]);
    house
        .go("CREATE STREAM t AS SELECT RAW_VALUE AS event FROM s;")
        .await;
    let written: Value = serde_json::from_str(&house.texts("T", 1).await[0]).unwrap();
    assert_eq!(written["EVENT"], raw);
}

#[tokio::test]
async fn a_constant_that_is_a_list_is_not_made_for_every_row() {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='s', value_format='JSON', partitions=1);")
        .await;
    let records: Vec<String> = (0..1_000)
        .map(|number| format!("{{\"a\":{number}}}"))
        .collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    house.put("s", &records).await;
    let rows = house
        .rows("SELECT a, EXPLODE(GENERATE_SERIES(1, 1000000)) AS e FROM s EMIT CHANGES LIMIT 3;")
        .await;
    assert_eq!(rows, [json!([0, 1]), json!([0, 2]), json!([0, 3])]);
    let rows = house
        .rows("SELECT ARRAY_LENGTH(TRANSFORM(GENERATE_SERIES(1, 300), x => GENERATE_SERIES(1, 1000000))) AS n FROM s LIMIT 1;")
        .await;
    assert_eq!(rows, [json!([null])]);
}

#[tokio::test]
async fn what_was_accepted_is_not_asked_again() {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM s (a ARRAY<INT>, h BYTES HEADER('h')) WITH (kafka_topic='s', value_format='JSON', partitions=1); \
             CREATE STREAM x AS SELECT TRANSFORM(a, n => n + 1) AS b FROM s;")
        .await;
    let house = house.restarted_with(|builder| {
        builder
            .property("ksql.lambdas.enabled", "false")
            .property("ksql.headers.columns.enabled", "false")
            .property("ksql.readonly.topics", "X")
    });
    let mut house = house.await;
    let queries = house.ask("SHOW QUERIES;").await;
    assert_eq!(each(&queries["queries"], "id"), ["CSAS_X_1"]);
    house.put("s", &[r#"{"a": [1]}"#]).await;
    assert_eq!(house.texts("X", 1).await, [r#"{"B":[2]}"#]);
    house
        .refuses("SELECT TRANSFORM(a, n => n) FROM s;", "ambda")
        .await;
}
