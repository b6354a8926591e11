//! INSERT INTO … VALUES.

use serde_json::{Value, json};
use weir_engine::Response;
use weir_kafka::{Broker, ErrorKind, memory::Call};

use crate::support::{House, START, shown};

const ALL: &str = "CREATE STREAM s (k VARCHAR KEY, b BOOLEAN, i INT, l BIGINT, d DOUBLE, m DECIMAL(6,2), v VARCHAR, y BYTES, t TIME, da DATE, ts TIMESTAMP, \
    a ARRAY<BIGINT>, p MAP<VARCHAR, DOUBLE>, st STRUCT<f DECIMAL(4,1), g VARCHAR>) WITH (kafka_topic='t', value_format='JSON', partitions=1);";

async fn house() -> House {
    let mut house = House::earliest().await;
    house.go(ALL).await;
    house
}

#[tokio::test]
async fn all_types_are_written_and_nothing_is_answered() {
    let mut house = house().await;
    let answers = house
        .run(
            "INSERT INTO s VALUES ('key', true, 1, 2, 3, 4.5, 'it''s', 'AQI=', '12:30:01', '2020-02-29', '2020-01-01T00:00:01.500', \
             ARRAY[1, 2], MAP('x':=1), STRUCT(f:=1, g:='y'));",
        )
        .await
        .unwrap();
    assert!(matches!(answers.as_slice(), [Response::Done]));
    let records = house.records("t").await;
    assert_eq!(
        shown(&records[0]),
        r#"{"B":true,"I":1,"L":2,"D":3.0,"M":4.50,"V":"it's","Y":"AQI=","T":45001000,"DA":18321,"TS":1577836801500,"A":[1,2],"P":{"x":1.0},"ST":{"F":1.0,"G":"y"}}"#
    );
    assert_eq!(records[0].key.as_deref(), Some(&b"key"[..]));
    assert_eq!(records[0].timestamp, START);
}

#[tokio::test]
async fn columns_may_be_named_and_the_rest_is_null() {
    let mut house = house().await;
    house
        .go("INSERT INTO s (rowtime, l, v) VALUES (1234, 1 + 2, UCASE('x') || 'y');")
        .await;
    let records = house.records("t").await;
    assert_eq!(records[0].timestamp, 1234);
    assert_eq!(records[0].key, None);
    let value: Value = serde_json::from_str(&shown(&records[0])).unwrap();
    assert_eq!(value["L"], 3);
    assert_eq!(value["V"], "Xy");
    assert_eq!(value["ST"], Value::Null);
    assert_eq!(value.as_object().unwrap().len(), 13);
}

#[tokio::test]
async fn strings_become_what_the_column_is() {
    let mut house = house().await;
    house
        .go("INSERT INTO s (b, i, l, d, m) VALUES ('ye', '7', '8', '2.5', '1.25'); INSERT INTO s (b, i) VALUES ('f', -7); INSERT INTO s (v) VALUES (NULL);")
        .await;
    assert_eq!(
        house
            .rows("SELECT b, i, l, d, CAST(m AS VARCHAR) AS m FROM s;")
            .await,
        [
            json!([true, 7, 8, 2.5, "1.25"]),
            json!([false, -7, null, null, null]),
            json!([null, null, null, null, null])
        ]
    );
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_nothing_is_written() {
    let mut house = house().await;
    house
        .go("CREATE STREAM h (k INT KEY, v INT, hs ARRAY<STRUCT<key STRING, value BYTES>> HEADERS) WITH (kafka_topic='h', value_format='JSON', partitions=1); \
             CREATE STREAM h1 (v INT, x BYTES HEADER('x')) WITH (kafka_topic='h', value_format='JSON');")
        .await;
    for (statement, part) in [
        (
            "INSERT INTO s VALUES ('key', true);",
            "Expected a value for each column. Expected Columns: [K, B, I, L, D, M, V, Y, T, DA, TS, A, P, ST]. Got 2",
        ),
        (
            "INSERT INTO s (i, l) VALUES (1);",
            "Expected number columns and values to match: 2, 1",
        ),
        (
            "INSERT INTO s (i) VALUES (1, 2);",
            "Expected number columns and values to match: 1, 2",
        ),
        (
            "INSERT INTO s (nope) VALUES (1);",
            "Column name `NOPE` does not exist.",
        ),
        (
            "INSERT INTO s (rowoffset) VALUES (1);",
            "Inserting into column `ROWOFFSET` is not allowed.",
        ),
        (
            "INSERT INTO s (rowpartition) VALUES (1);",
            "Inserting into column `ROWPARTITION` is not allowed.",
        ),
        (
            "INSERT INTO h (v, hs) VALUES (1, ARRAY[]);",
            "Cannot insert into HEADER columns: HS",
        ),
        (
            "INSERT INTO h VALUES (1, 2);",
            "Cannot insert into HEADER columns: HS",
        ),
        (
            "INSERT INTO h1 (x) VALUES ('AQI=');",
            "Cannot insert into HEADER columns: X",
        ),
        (
            "INSERT INTO nope VALUES (1);",
            "Cannot insert values into an unknown stream/table: `NOPE`",
        ),
        ("INSERT INTO s (i) VALUES (v);", "V"),
        (
            "INSERT INTO s (i) VALUES ('x');",
            "invalid input syntax for type INTEGER: \"x\"",
        ),
        (
            "INSERT INTO s (i) VALUES (true);",
            "Expected type INTEGER for field `I` but got true(BOOLEAN)",
        ),
        (
            "INSERT INTO s (i) VALUES (12345678901);",
            "Expected type INTEGER for field `I` but got 12345678901(BIGINT)",
        ),
        (
            "INSERT INTO s (b) VALUES (1);",
            "Expected type BOOLEAN for field `B` but got 1(INTEGER)",
        ),
        ("INSERT INTO s (a) VALUES (ARRAY['x']);", "`A`"),
        (
            "INSERT INTO s (rowtime) VALUES ('x');",
            "invalid input syntax for type BIGINT: \"x\".",
        ),
        ("INSERT INTO s (m) VALUES (123456.7);", "`M`"),
    ] {
        house.refuses(statement, part).await;
    }
    assert_eq!(house.ends("t").await, [0]);
    assert_eq!(house.ends("h").await, [0]);
    house.go("INSERT INTO h (k, v) VALUES (1, 2);").await;
    house.go("INSERT INTO h1 (v) VALUES (2);").await;
    assert_eq!(house.ends("h").await, [2]);
}

#[tokio::test]
async fn insert_values_can_be_switched_off() {
    let mut house =
        House::with(|builder| builder.property("ksql.insert.into.values.enabled", "false")).await;
    house.go(ALL).await;
    house
        .refuses(
            "INSERT INTO s (i) VALUES (1);",
            "The server has disabled INSERT INTO ... VALUES functionality. To enable it, restart your ksqlDB server with 'ksql.insert.into.values.enabled'=true",
        )
        .await;
}

#[tokio::test]
async fn what_the_broker_refuses_is_marked_at_the_stream() {
    let mut house = House::new().await;
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON', partitions=1);")
        .await;
    let marked = "  1 | INSERT INTO s VALUES (1)\n                  ^\n";
    let faults = house.world.broker.faults();
    faults.fail_next_of(Call::Write, 1, ErrorKind::Unauthorized);
    let error = house.run("INSERT INTO s VALUES (1);").await.err().unwrap();
    assert_eq!(error.kind, weir_engine::ErrorKind::Forbidden);
    assert!(error.render().contains(marked), "{}", error.render());
    house.world.broker.delete_topic("t").await.unwrap();
    let error = house.run("INSERT INTO s VALUES (1);").await.err().unwrap();
    assert_eq!(error.kind, weir_engine::ErrorKind::User, "{error}");
    assert!(error.render().contains(marked), "{}", error.render());
}

#[tokio::test]
async fn keys_go_to_their_partitions_in_their_format() {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM s (a INT KEY, b VARCHAR KEY, v INT) WITH (kafka_topic='t', format='JSON', partitions=4); \
             CREATE STREAM one (a STRUCT<f INT> KEY, v INT) WITH (kafka_topic='one', key_format='JSON', value_format='DELIMITED', partitions=1); \
             CREATE STREAM d (a INT KEY, b VARCHAR KEY, v INT, w VARCHAR) WITH (kafka_topic='d', format='DELIMITED', partitions=1); \
             CREATE STREAM n (v INT) WITH (kafka_topic='n', key_format='NONE', value_format='KAFKA', partitions=1);")
        .await;
    for number in 0..8 {
        house
            .go(&format!("INSERT INTO s VALUES ({number}, 'x', {number});"))
            .await;
    }
    let records = house.records("t").await;
    assert_eq!(records.len(), 8);
    assert!(house.ends("t").await.iter().filter(|end| **end > 0).count() > 1);
    assert!(
        records
            .iter()
            .any(|record| record.key.as_deref() == Some(&br#"{"A":3,"B":"x"}"#[..]))
    );
    // A key that is not given is none.
    house.go("INSERT INTO s (v) VALUES (8);").await;
    let records = house.records("t").await;
    assert!(records.iter().any(|record| record.key.is_none()));
    house.go("INSERT INTO one VALUES (STRUCT(f:=1), 2);").await;
    let records = house.records("one").await;
    assert_eq!(records[0].key.as_deref(), Some(&br#"{"F":1}"#[..]));
    assert_eq!(shown(&records[0]), "2");
    house
        .go("INSERT INTO d VALUES (1, 'a,b', 2, 'q\"q');")
        .await;
    let records = house.records("d").await;
    assert_eq!(records[0].key.as_deref(), Some(&br#"1,"a,b""#[..]));
    assert_eq!(shown(&records[0]), r#"2,"q""q""#);
    house.go("INSERT INTO n VALUES (258);").await;
    assert_eq!(
        house.records("n").await[0].value.as_deref(),
        Some(&[0, 0, 1, 2][..])
    );
    assert_eq!(house.rows("SELECT * FROM n;").await, [json!([258])]);
}
