//! JSON, DELIMITED, KAFKA and NONE, for keys and values, and what TIMESTAMP and headers do.

use serde_json::{Value, json};

use crate::support::{House, START, record, shown};

async fn declared(columns: &str, properties: &str) -> House {
    let mut house = House::earliest().await;
    house
        .go(&format!(
            "CREATE STREAM s ({columns}) WITH (kafka_topic='t', {properties}, partitions=1);"
        ))
        .await;
    house
}

/// How many records were set aside while all rows were read.
async fn rows_and_bad(house: &mut House) -> (Vec<Value>, u64) {
    let mut stream = house.stream("SELECT * FROM s;").await;
    let mut rows = Vec::new();
    while let Some(batch) = stream.next().await {
        rows.extend(
            weir_engine::rows::to_json(&batch, &stream.schema)
                .into_iter()
                .map(Value::Array),
        );
    }
    (rows, stream.status().bad_records.values().sum())
}

#[tokio::test]
async fn json_is_read_leniently_and_written_in_full() {
    let mut house = declared(
        "s VARCHAR, i INT, l BIGINT, d DOUBLE, b BOOLEAN, m DECIMAL(4,2), a ARRAY<INT>, `low` INT",
        "value_format='JSON'",
    )
    .await;
    house
        .put(
            "t",
            &[
                r#"{"S":"x","I":1,"L":2,"D":3,"B":true,"M":1.5,"A":[1],"low":1}"#,
                // Names in any case, numbers as text, anything as text.
                r#"{"s":{"a": [1, "x"]},"i":"7","l":"8","d":"2.5","m":"1.25","LOW":5,"unknown":{}}"#,
                r#"{"s":1.50,"i":1.9,"a":null}"#,
                r#"{"s":true}"#,
                r#"{"s":[1,"b",null]}"#,
                r#"{"S":"exact","s":"other","i":1,"I":2,"i":3}"#,
                "null",
                "{}",
                // Bad ones.
                r#"{"b":"true"}"#,
                r#"{"i":"x"}"#,
                r#"{"m":1.555}"#,
                r#"{"a":5}"#,
                r#"{"i":1"#,
                "",
            ],
        )
        .await;
    let (rows, bad) = rows_and_bad(&mut house).await;
    assert_eq!(bad, 6);
    let first: Vec<Value> = rows.iter().map(|row| row[0].clone()).collect();
    assert_eq!(
        first,
        [
            json!("x"),
            json!(r#"{"a":[1,"x"]}"#),
            json!("1.50"),
            json!("true"),
            json!("[1, b, null]"),
            json!("exact"),
            Value::Null
        ]
    );
    assert_eq!(
        rows[1].as_array().unwrap()[1..4],
        [json!(7), json!(8), json!(2.5)]
    );
    assert_eq!(rows[1][7], Value::Null);
    assert_eq!(rows[2][1], 1);
    house
        .go("CREATE STREAM x AS SELECT * FROM s WHERE s = 'x' OR d > 2;")
        .await;
    assert_eq!(
        house.texts("X", 2).await,
        [
            r#"{"S":"x","I":1,"L":2,"D":3.0,"B":true,"M":1.50,"A":[1],"low":1}"#,
            r#"{"S":"{\"a\":[1,\"x\"]}","I":7,"L":8,"D":2.5,"B":null,"M":1.25,"A":null,"low":null}"#
        ]
    );
}

#[tokio::test]
async fn a_single_value_is_wrapped_unless_it_is_not() {
    let mut house = declared("v INT", "value_format='JSON'").await;
    house.put("t", &[r#"{"v":1}"#]).await;
    house
        .go("CREATE STREAM bare WITH (wrap_single_value=false) AS SELECT * FROM s;")
        .await;
    assert_eq!(house.texts("BARE", 1).await, ["1"]);
    house
        .go("CREATE STREAM wrapped AS SELECT * FROM bare;")
        .await;
    assert_eq!(house.texts("WRAPPED", 1).await, [r#"{"V":1}"#]);
    assert_eq!(house.rows("SELECT * FROM bare;").await, [json!([1])]);
    let mut house =
        House::with(|builder| builder.property("ksql.persistence.wrap.single.values", "false"))
            .await;
    house.go("CREATE STREAM s (v INT) WITH (kafka_topic='t', value_format='JSON', partitions=1); INSERT INTO s VALUES (5);").await;
    assert_eq!(house.texts("t", 1).await, ["5"]);
}

#[tokio::test]
async fn delimited_is_one_line_of_exactly_these_columns() {
    let mut house = declared(
        "i INT, s VARCHAR, d DOUBLE, b BOOLEAN, m DECIMAL(4,2), y BYTES, ts TIMESTAMP",
        "value_format='DELIMITED'",
    )
    .await;
    house
        .put(
            "t",
            &[
                "1,x,2.5,true,1.25,AQI=,5",
                "2,\"a,\"\"b\",,TRUE,,,",
                "3,\"two\nlines\",1,no,1,,\nsecond line",
                "4,x",
                " 5,x,1,true,1,,",
                "x,x,1,true,1,,",
                "6,x,1,true,1.255,,",
                "",
            ],
        )
        .await;
    let (rows, bad) = rows_and_bad(&mut house).await;
    assert_eq!(bad, 5, "{rows:?}");
    assert_eq!(
        rows[0],
        json!([1, "x", 2.5, true, 1.25, "AQI=", "1970-01-01T00:00:00.005"])
    );
    assert_eq!(rows[1], json!([2, "a,\"b", null, true, null, null, null]));
    assert_eq!(rows[2][1], "two\nlines");
    assert_eq!(rows[2][3], false);
    house
        .go("CREATE STREAM x WITH (value_delimiter='TAB') AS SELECT * FROM s WHERE i < 3;")
        .await;
    assert_eq!(
        house.texts("X", 2).await,
        [
            "1\tx\t2.5\ttrue\t1.25\tAQI=\t5",
            "2\t\"a,\"\"b\"\t\ttrue\t\t\t"
        ]
    );
}

#[tokio::test]
async fn kafkas_own_formats_are_bytes_of_one_column() {
    for (sql_type, bytes, value) in [
        ("INT", &[0, 0, 1, 0][..], json!(256)),
        ("BIGINT", &[0xff; 8][..], json!(-1)),
        ("DOUBLE", &[0x40, 4, 0, 0, 0, 0, 0, 0][..], json!(2.5)),
        ("VARCHAR", "grün".as_bytes(), json!("grün")),
        ("BYTES", &[1, 2][..], json!("AQI=")),
    ] {
        let mut house =
            declared(&format!("k {sql_type} KEY, v {sql_type}"), "format='KAFKA'").await;
        house
            .write(
                "t",
                0,
                vec![
                    record(Some(bytes), Some(bytes)),
                    record(None, Some(bytes)),
                    record(Some(bytes), None),
                ],
            )
            .await;
        let (rows, bad) = rows_and_bad(&mut house).await;
        assert_eq!(
            (rows, bad),
            (vec![json!([value, value]), json!([null, value])], 0),
            "{sql_type}"
        );
        house
            .go("CREATE STREAM x AS SELECT * FROM s WHERE k IS NOT NULL;")
            .await;
        house.texts("X", 1).await;
        let written = &house.records("X").await[0];
        assert_eq!(
            (written.key.as_deref(), written.value.as_deref()),
            (Some(bytes), Some(bytes)),
            "{sql_type}"
        );
    }
    // What has not the right length is bad; no bytes at all are an empty text.
    let mut house = declared("k INT KEY, v VARCHAR", "format='KAFKA'").await;
    house
        .write(
            "t",
            0,
            vec![
                record(Some(b"\0"), Some(b"x")),
                record(Some(b""), Some(b"x")),
                record(Some(&[0, 0, 0, 1]), Some(b"")),
            ],
        )
        .await;
    assert_eq!(rows_and_bad(&mut house).await, (vec![json!([1, ""])], 2));
}

#[tokio::test]
async fn a_key_of_no_format_is_not_looked_at_and_not_written() {
    let mut house = declared("v INT, w INT", "value_format='JSON', key_format='NONE'").await;
    house
        .write("t", 0, vec![record(Some(b"\xff"), Some(br#"{"v":1}"#))])
        .await;
    house.go("CREATE STREAM x AS SELECT * FROM s;").await;
    assert_eq!(house.texts("X", 1).await, [r#"{"V":1,"W":null}"#]);
    assert_eq!(house.records("X").await[0].key, None);
    // A result that has a key needs a format for it.
    let described = house.ask("DESCRIBE x EXTENDED;").await;
    assert_eq!(described["sourceDescription"]["keyFormat"], "NONE");
    house.refuses(
        "CREATE STREAM k (k INT KEY, v INT) WITH (kafka_topic='t', value_format='JSON', key_format='NONE');",
        "The 'NONE' format can only be used when no columns are defined. Got: [`K` INTEGER KEY]",
    ).await;
}

#[tokio::test]
async fn a_bad_key_is_as_bad_as_a_bad_value() {
    let mut house = declared("k INT KEY, v INT", "value_format='JSON', key_format='JSON'").await;
    house
        .write(
            "t",
            0,
            vec![
                record(Some(b"1"), Some(br#"{"v":1}"#)),
                record(Some(b"x"), Some(br#"{"v":2}"#)),
                record(None, Some(br#"{"v":3}"#)),
            ],
        )
        .await;
    assert_eq!(
        rows_and_bad(&mut house).await,
        (vec![json!([1, 1]), json!([null, 3])], 1)
    );
}

#[tokio::test]
async fn a_timestamp_column_dates_rows_and_records() {
    let mut house = declared("t BIGINT, v INT", "value_format='JSON', timestamp='t'").await;
    house
        .put(
            "t",
            &[
                r#"{"t":5,"v":1}"#,
                r#"{"v":2}"#,
                r#"{"t":-1,"v":3}"#,
                r#"{"t":7,"v":4}"#,
            ],
        )
        .await;
    assert_eq!(
        house.rows("SELECT rowtime, v FROM s;").await,
        [json!([5, 1]), json!([7, 4])]
    );
    house.go("CREATE STREAM x AS SELECT v, t + 100 AS later FROM s; CREATE STREAM y WITH (timestamp='later') AS SELECT v, t + 100 AS later FROM s;").await;
    house.texts("X", 2).await;
    house.texts("Y", 2).await;
    let times = |records: Vec<weir_engine::parts::Record>| {
        records
            .iter()
            .map(|record| record.timestamp)
            .collect::<Vec<_>>()
    };
    assert_eq!(times(house.records("X").await), [5, 7]);
    assert_eq!(times(house.records("Y").await), [105, 107]);
    house.go("INSERT INTO s (t, v) VALUES (9, 9);").await;
    assert!(house.records("t").await[4].timestamp >= START);
}

#[tokio::test]
async fn headers_are_columns_that_are_read_and_passed_on() {
    let mut house = declared(
        "v INT, h ARRAY<STRUCT<key STRING, value BYTES>> HEADERS",
        "value_format='JSON'",
    )
    .await;
    house.go("CREATE STREAM one (v INT, x BYTES HEADER('x'), n BYTES HEADER('none')) WITH (kafka_topic='t', value_format='JSON');").await;
    let mut with = record(None, Some(br#"{"v":1}"#));
    with.headers = [("x", &b"\x01"[..]), ("y", b"2"), ("x", b"\x01\x02")]
        .map(|(key, value)| weir_kafka::Header {
            key: key.into(),
            value: Some(value.into()),
        })
        .to_vec();
    house
        .write("t", 0, vec![with, record(None, Some(br#"{"v":2}"#))])
        .await;
    assert_eq!(
        house.rows("SELECT h FROM s;").await,
        [
            json!([[{"KEY": "x", "VALUE": "AQ=="}, {"KEY": "y", "VALUE": "Mg=="}, {"KEY": "x", "VALUE": "AQI="}]]),
            json!([[]])
        ]
    );
    // The last of a name.
    assert_eq!(
        house.rows("SELECT x, n FROM one;").await,
        [json!(["AQI=", null]), json!([null, null])]
    );
    house.go("CREATE STREAM q AS SELECT v, x FROM one;").await;
    let texts = house.texts("Q", 2).await;
    assert_eq!(texts[0], r#"{"V":1,"X":"AQI="}"#);
    assert_eq!(house.records("Q").await[0].headers.len(), 3);
    assert_eq!(shown(&house.records("Q").await[1]), r#"{"V":2,"X":null}"#);
}

#[tokio::test]
async fn a_stream_may_have_keys_and_no_values() {
    let mut house = declared("k INT KEY", "key_format='KAFKA', value_format='NONE'").await;
    house.go("INSERT INTO s VALUES (7);").await;
    let records = house.records("t").await;
    assert_eq!(records[0].key.as_deref(), Some(&[0, 0, 0, 7][..]));
    assert_eq!(records[0].value, None);
}
