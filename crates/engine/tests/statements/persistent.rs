//! CREATE STREAM … AS SELECT and INSERT INTO … SELECT.

use serde_json::json;
use weir_engine::parts::NewRecord;

use crate::support::{House, START, each, record};

const S: &str = "CREATE STREAM s (k VARCHAR KEY, a INT, b VARCHAR) WITH (kafka_topic='t', value_format='JSON', partitions=1);";

async fn house() -> House {
    let mut house = House::earliest().await;
    house.go(S).await;
    house
}

#[tokio::test]
async fn a_query_fills_a_topic_of_its_name_with_the_formats_of_its_source() {
    let mut house = house().await;
    let answer = house
        .ask("CREATE STREAM x AS SELECT k, a + 1 AS a1, b FROM s WHERE a > 1;")
        .await;
    assert_eq!(answer["@type"], "currentStatus");
    assert_eq!(answer["commandId"], "stream/`X`/create");
    assert_eq!(
        answer["commandStatus"],
        json!({"status": "SUCCESS", "message": "Created query with ID CSAS_X_1", "queryId": "CSAS_X_1"})
    );
    let rows = [
        (r#"{"a":1,"b":"no"}"#, 5),
        (r#"{"a":2,"b":null}"#, 6),
        (r#"{"a":3,"b":"x"}"#, 7),
    ];
    let mut records = Vec::new();
    for (value, time) in rows {
        let mut record = record(Some(b"key"), Some(value.as_bytes()));
        record.timestamp = START + time;
        record.headers = vec![weir_kafka::Header {
            key: "h".into(),
            value: Some("v".into()),
        }];
        records.push(record);
    }
    house.write("t", 0, records).await;
    assert_eq!(
        house.texts("X", 2).await,
        [r#"{"A1":3,"B":null}"#, r#"{"A1":4,"B":"x"}"#]
    );
    let records = house.records("X").await;
    // Time, key and headers are those of the row that it comes from.
    assert_eq!(records[0].timestamp, START + 6);
    assert_eq!(records[0].key.as_deref(), Some(&b"key"[..]));
    assert_eq!(records[1].headers.len(), 1);
}

#[tokio::test]
async fn with_names_the_topic_its_partitions_and_formats() {
    let mut house = house().await;
    house
        .go("CREATE STREAM x WITH (kafka_topic='out', partitions=3, value_format='DELIMITED', value_delimiter='|', key_format='JSON') AS SELECT * FROM s;")
        .await;
    assert_eq!(house.ends("out").await.len(), 3);
    house
        .write(
            "t",
            0,
            vec![record(Some(b"key"), Some(br#"{"a":1,"b":"x"}"#))],
        )
        .await;
    assert_eq!(house.texts("out", 1).await, ["1|x"]);
    assert_eq!(
        house.records("out").await[0].key.as_deref(),
        Some(&br#""key""#[..])
    );
    let described = house.ask("DESCRIBE x EXTENDED;").await["sourceDescription"].clone();
    assert_eq!(described["keyFormat"], "JSON");
    assert_eq!(described["valueFormat"], "DELIMITED");
    assert_eq!(described["partitions"], 3);
}

#[tokio::test]
async fn a_query_starts_at_the_end_unless_told_otherwise() {
    let mut house = House::new().await;
    house.go(S).await;
    house.put("t", &[r#"{"a":1}"#]).await;
    house.go("CREATE STREAM late AS SELECT k, a FROM s;").await;
    house
        .go("SET 'auto.offset.reset'='earliest'; CREATE STREAM early AS SELECT k, a FROM s;")
        .await;
    house.put("t", &[r#"{"a":2}"#]).await;
    assert_eq!(house.texts("LATE", 1).await, [r#"{"A":2}"#]);
    assert_eq!(house.texts("EARLY", 2).await, [r#"{"A":1}"#, r#"{"A":2}"#]);
}

#[tokio::test]
async fn chained_queries_pass_rows_on() {
    let mut house = house().await;
    house.go("CREATE STREAM x AS SELECT k, a FROM s; CREATE STREAM y AS SELECT k, a * 10 AS a FROM x WHERE a <> 2;").await;
    house
        .put("t", &[r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#])
        .await;
    assert_eq!(house.texts("Y", 2).await, [r#"{"A":10}"#, r#"{"A":30}"#]);
}

#[tokio::test]
async fn several_queries_write_into_one_stream() {
    let mut house = house().await;
    house.go("CREATE STREAM sink (k VARCHAR KEY, a INT) WITH (kafka_topic='sink', value_format='JSON', partitions=1);").await;
    let answer = house
        .ask("INSERT INTO sink WITH (QUERY_ID='first_one') SELECT k, a FROM s WHERE a = 1;")
        .await;
    assert_eq!(answer["commandId"], "stream/SINK/create");
    assert_eq!(
        answer["commandStatus"]["message"],
        "Created query with ID FIRST_ONE"
    );
    assert_eq!(answer["commandStatus"]["queryId"], "FIRST_ONE");
    let answer = house
        .ask("INSERT INTO sink SELECT k, a FROM s WHERE a = 2;")
        .await;
    assert_eq!(answer["commandStatus"]["queryId"], "INSERTQUERY_3");
    house.put("t", &[r#"{"a":1}"#, r#"{"a":2}"#]).await;
    let mut rows = house.texts("sink", 2).await;
    rows.sort();
    assert_eq!(rows, [r#"{"A":1}"#, r#"{"A":2}"#]);
}

#[tokio::test]
async fn two_inserts_in_one_script_are_two_queries() {
    let mut house = house().await;
    house
        .go("CREATE STREAM sink (k VARCHAR KEY, a INT) WITH (kafka_topic='sink', value_format='JSON', partitions=1); \
             INSERT INTO sink SELECT k, a FROM s WHERE a = 1; \
             INSERT INTO sink SELECT k, a FROM s WHERE a = 2;")
        .await;
    let queries = house.ask("SHOW QUERIES;").await;
    assert_eq!(
        each(&queries["queries"], "id"),
        ["INSERTQUERY_2", "INSERTQUERY_3"]
    );
}

#[tokio::test]
async fn what_does_not_fit_the_sink_is_refused() {
    let mut house = house().await;
    house.go("CREATE STREAM sink (k VARCHAR KEY, a INT, b VARCHAR) WITH (kafka_topic='sink', value_format='JSON', partitions=1);").await;
    house
        .refuses(
            "INSERT INTO sink SELECT k, b, a FROM s;",
            "Incompatible schema between results and sink.\nResult schema is `K` STRING KEY, `B` STRING, `A` INTEGER\nSink schema is `K` STRING KEY, `A` INTEGER, `B` STRING",
        )
        .await;
    for (statement, part) in [
        (
            "INSERT INTO sink SELECT k, a FROM s;",
            "Incompatible schema between results and sink.",
        ),
        (
            "INSERT INTO sink SELECT k, CAST(a AS BIGINT) AS a, b FROM s;",
            "Incompatible schema between results and sink.",
        ),
        (
            "INSERT INTO nope SELECT * FROM s;",
            "Source `NOPE` does not exist.",
        ),
        (
            "INSERT INTO sink SELECT * FROM nope;",
            "NOPE does not exist.",
        ),
        (
            "INSERT INTO sink WITH (query_id='CSAS_1') SELECT * FROM s;",
            "Query IDs must not start with a reserved query ID prefix (INSERTQUERY_, CTAS_, CSAS_, CST_). Got 'CSAS_1'.",
        ),
        (
            "INSERT INTO sink WITH (query_id='a b') SELECT * FROM s;",
            "Query IDs may contain only alphanumeric characters and '_'. Got: 'a b'",
        ),
        (
            "INSERT INTO sink WITH (nope='a') SELECT * FROM s;",
            "Invalid config variable(s) in the WITH clause: NOPE",
        ),
    ] {
        house.refuses(statement, part).await;
    }
    house
        .go("INSERT INTO sink WITH (query_id='twice') SELECT * FROM s;")
        .await;
    house
        .refuses(
            "INSERT INTO sink WITH (query_id='TWICE') SELECT * FROM s;",
            "Query ID 'TWICE' already exists.",
        )
        .await;
}

#[tokio::test]
async fn projections_keep_the_rules_of_keys_and_names() {
    let mut house = house().await;
    for (select, part) in [
        (
            "SELECT a FROM s",
            "Key missing from projection (ie, SELECT). See https://cnfl.io/2LV7ouS.\nThe query used to build `X` must include the key column K in its projection (eg, SELECT K...).",
        ),
        (
            "SELECT k, k AS k2, a FROM s",
            "The projection contains a key column (`K`) more than once, aliased as: K and K2.",
        ),
        (
            "SELECT k FROM s",
            "The projection contains no value columns.",
        ),
        (
            "SELECT k, a AS rowtime FROM s",
            "`ROWTIME` is a reserved column name. You cannot use it as an alias for a column.",
        ),
        (
            "SELECT k, rowtime FROM s",
            "Reserved column name in select: `ROWTIME`. Please remove or alias the column.",
        ),
        (
            "SELECT k, a, b AS a FROM s",
            "Duplicate value columns found in schema: ",
        ),
        (
            "SELECT * FROM s LIMIT 3",
            "CREATE STREAM AS SELECT statements don't support LIMIT clause.",
        ),
        (
            "SELECT k, null AS n FROM s",
            "Can't infer a type of null. Please explicitly cast it to a required type, e.g. CAST(null AS VARCHAR).",
        ),
        (
            "SELECT k, nope FROM s",
            "SELECT column 'NOPE' cannot be resolved.",
        ),
        (
            "SELECT k, x.a FROM s",
            "SELECT column 'X.A' cannot be resolved.",
        ),
        (
            "SELECT k, a FROM s WHERE a",
            "Type error in WHERE expression: Should evaluate to boolean but is ",
        ),
        (
            "SELECT k, a FROM s WHERE nope = 1",
            "WHERE column 'NOPE' cannot be resolved.",
        ),
        (
            "SELECT k, a FROM s EMIT FINAL",
            "EMIT FINAL is only supported for windowed aggregations.",
        ),
        (
            "SELECT k, nope(a) AS n FROM s",
            "Can't find any functions with the name 'NOPE'",
        ),
    ] {
        house
            .refuses(&format!("CREATE STREAM x AS {select};"), part)
            .await;
    }
    house.go("CREATE STREAM named AS SELECT b, k AS kk, a + 1, s.a AS q, b || 'x', rowtime AS t, AS_VALUE(k) AS copy FROM s;").await;
    let fields = house.ask("DESCRIBE named;").await["sourceDescription"]["fields"].clone();
    assert_eq!(
        each(&fields, "name"),
        ["KK", "B", "KSQL_COL_0", "Q", "KSQL_COL_1", "T", "COPY"]
    );
    house
        .refuses(
            "CREATE STREAM named AS SELECT * FROM s;",
            "Cannot add stream 'NAMED': A stream with the same name already exists",
        )
        .await;
    assert_eq!(
        house
            .say("CREATE STREAM IF NOT EXISTS named AS SELECT * FROM s;")
            .await,
        "warning: Cannot add stream `NAMED`: A stream with the same name already exists."
    );
    let queries = house.ask("SHOW QUERIES;").await;
    assert_eq!(each(&queries["queries"], "id"), ["CSAS_NAMED_1"]);
}

#[tokio::test]
async fn or_replace_keeps_the_query_and_its_place() {
    let mut house = house().await;
    house.go("CREATE STREAM x AS SELECT k, a FROM s;").await;
    house.put("t", &[r#"{"a":1,"b":"p"}"#]).await;
    house.texts("X", 1).await;
    let said = house
        .say("CREATE OR REPLACE STREAM x AS SELECT k, a * 2 AS a, b FROM s WHERE a <> 2;")
        .await;
    assert_eq!(said, "Created query with ID CSAS_X_1");
    house
        .put("t", &[r#"{"a":2,"b":"q"}"#, r#"{"a":3,"b":"r"}"#])
        .await;
    assert_eq!(
        house.texts("X", 2).await,
        [r#"{"A":1}"#, r#"{"A":6,"B":"r"}"#]
    );
    house
        .refuses(
            "CREATE OR REPLACE STREAM x AS SELECT k, b FROM s;",
            "which is not upgradeable to",
        )
        .await;
    let mut house = house.restarted().await;
    house.put("t", &[r#"{"a":4,"b":"s"}"#]).await;
    assert_eq!(house.texts("X", 3).await[2], r#"{"A":8,"B":"s"}"#);
    assert_eq!(house.state_of("CSAS_X_1").await, "RUNNING");
    // With another writer on it the query is no longer alone.
    house.go("INSERT INTO x SELECT * FROM s;").await;
    house
        .refuses(
            "CREATE OR REPLACE STREAM x AS SELECT k, a, b FROM s;",
            "REPLACE for sink `X` is not supported because there are multiple queries writing into it: [CSAS_X_1, INSERTQUERY_3]",
        )
        .await;
}

#[tokio::test]
async fn a_row_without_a_value_passes_select_star_and_no_where() {
    let mut house = house().await;
    house.go("CREATE STREAM all_rows AS SELECT * FROM s; CREATE STREAM some AS SELECT * FROM s WHERE a IS NULL;").await;
    house
        .write(
            "t",
            0,
            vec![record(Some(b"k"), None), record(Some(b"k"), Some(b"{}"))],
        )
        .await;
    assert_eq!(
        house.texts("ALL_ROWS", 2).await,
        ["<null>", r#"{"A":null,"B":null}"#]
    );
    assert_eq!(house.texts("SOME", 1).await, [r#"{"A":null,"B":null}"#]);
}

/// ksqlDB dates such a record by its task's stream time, which moves on record by record.
#[tokio::test]
async fn a_record_without_a_value_has_the_stream_time_of_those_before_it_however_they_come() {
    let at = |time: i64, value: Option<&[u8]>| NewRecord {
        timestamp: START + time,
        ..record(Some(b"k"), value)
    };
    let value: Option<&[u8]> = Some(br#"{"a":7}"#);
    let records = [
        at(0, None),
        at(10, value),
        at(4, None),
        // Bad for the query, and so none of its time.
        at(50, Some(b"[")),
        at(5, None),
        at(20, value),
        // A time that no record may have: it is not written, and stream time moves on.
        at(30, Some(br#"{"a":-1}"#)),
        at(6, None),
        at(90, value),
    ];
    for size in [1, 2, records.len()] {
        let mut house = House::earliest().await;
        house
            .go("CREATE STREAM s (k STRING KEY, a BIGINT) WITH (kafka_topic='t', value_format='JSON', partitions=1); \
                 CREATE STREAM x WITH (timestamp='a') AS SELECT * FROM s;")
            .await;
        for (count, chunk) in records.chunks(size).enumerate() {
            house.write("t", 0, chunk.to_vec()).await;
            if size < records.len() {
                house.caught_up("CSAS_X_1", "t").await;
                // In the middle the checkpoint has to know it.
                if count == 2 {
                    house = house.restarted().await;
                }
            }
        }
        house.texts("X", 7).await;
        let times: Vec<i64> = house
            .records("X")
            .await
            .iter()
            .map(|r| r.timestamp)
            .collect();
        let stream = |time: i64| START + time;
        let wanted = [stream(0), 7, stream(10), stream(10), 7, stream(30), 7];
        assert_eq!(times, wanted, "{size} at a time");
    }
}

#[tokio::test]
async fn a_query_made_again_is_another_query() {
    let mut house = house().await;
    house.go("CREATE STREAM `Low` AS SELECT k, a FROM s;").await;
    house.put("t", &[r#"{"a":1}"#]).await;
    house.texts("Low", 1).await;
    house.caught_up("CSAS_LOW_1", "t").await;
    house
        .go("DROP STREAM `Low`; CREATE STREAM `Low` AS SELECT k, a FROM s;")
        .await;
    // From the beginning again, into the topic that stayed.
    assert_eq!(house.texts("Low", 2).await, [r#"{"A":1}"#, r#"{"A":1}"#]);
    assert_eq!(house.state_of("CSAS_LOW_3").await, "RUNNING");
    house.go("TERMINATE csas_low_3;").await;
    // An id that was free is free again, and knows nothing of the one before.
    for _ in 0..2 {
        let rows = house.ends("Low").await[0] as usize;
        house
            .go("INSERT INTO `Low` WITH (query_id='again') SELECT k, a FROM s;")
            .await;
        assert_eq!(house.texts("Low", rows + 1).await.len(), rows + 1);
        house.go("TERMINATE again;").await;
    }
}
