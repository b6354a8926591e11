//! SELECT: push and pull.

use serde_json::json;
use weir_engine::StreamEnd;

use crate::support::{House, START, record};

async fn house() -> House {
    let mut house = House::new().await;
    house
        .go("CREATE STREAM s (k VARCHAR KEY, a INT, st STRUCT<f INT, g STRUCT<f INT>>) WITH (kafka_topic='t', value_format='JSON', partitions=1);")
        .await;
    house
}

#[tokio::test]
async fn a_pull_query_reads_what_is_there_and_ends() {
    let mut house = house().await;
    assert!(house.rows("SELECT * FROM s;").await.is_empty());
    house
        .put(
            "t",
            &[r#"{"a":1}"#, r#"{"a":2,"st":{"f":3}}"#, r#"{"a":3}"#],
        )
        .await;
    assert_eq!(
        house.rows("SELECT * FROM s;").await,
        [
            json!([null, 1, null]),
            json!([null, 2, {"F": 3, "G": null}]),
            json!([null, 3, null])
        ]
    );
    assert_eq!(
        house.rows("SELECT a FROM s WHERE a > 1 LIMIT 1;").await,
        [json!([2])]
    );
    assert!(house.rows("SELECT a FROM s LIMIT 0;").await.is_empty());
    assert_eq!(house.rows("SELECT a FROM s LIMIT 25;").await.len(), 3);
    let mut stream = house.stream("SELECT a FROM s LIMIT 2;").await;
    house.take(&mut stream, 2).await;
    assert!(stream.next().await.is_none());
    assert_eq!(stream.end().await, StreamEnd::LimitReached);
    let mut stream = house.stream("SELECT a FROM s;").await;
    house.take(&mut stream, 3).await;
    assert!(stream.next().await.is_none());
    assert_eq!(stream.end().await, StreamEnd::Completed);
    for (limit, end) in [
        (0, StreamEnd::LimitReached),
        (3, StreamEnd::LimitReached),
        (4, StreamEnd::Completed),
    ] {
        let mut stream = house
            .stream(&format!("SELECT a FROM s LIMIT {limit};"))
            .await;
        while stream.next().await.is_some() {}
        assert_eq!(stream.end().await, end, "{limit}");
    }
    assert!(stream.query_id.starts_with("query_"), "{}", stream.query_id);
}

#[tokio::test]
async fn a_push_query_sees_what_comes_and_ends_at_its_limit() {
    let mut house = house().await;
    house.put("t", &[r#"{"a":1}"#]).await;
    let mut stream = house.stream("SELECT a FROM s EMIT CHANGES LIMIT 2;").await;
    assert!(
        stream.query_id.starts_with("transient_S_"),
        "{}",
        stream.query_id
    );
    house
        .put("t", &[r#"{"a":2}"#, r#"{"a":3}"#, r#"{"a":4}"#])
        .await;
    assert_eq!(house.take(&mut stream, 2).await, [json!([2]), json!([3])]);
    assert!(stream.next().await.is_none());
    assert_eq!(stream.end().await, StreamEnd::LimitReached);
    house.go("SET 'auto.offset.reset'='earliest';").await;
    let mut stream = house.stream("SELECT a FROM s EMIT CHANGES;").await;
    assert_eq!(house.take(&mut stream, 4).await.len(), 4);
    stream.terminate().await;
    assert_eq!(stream.end().await, StreamEnd::Terminated);
    let mut none = house.stream("SELECT a FROM s EMIT CHANGES LIMIT 0;").await;
    assert!(
        tokio::time::timeout(std::time::Duration::from_secs(5), none.next())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn rows_without_a_value_are_no_rows_of_a_select() {
    let mut house = house().await;
    house
        .write(
            "t",
            0,
            vec![
                record(Some(b"k"), None),
                record(Some(b"k"), Some(br#"{"a":1}"#)),
            ],
        )
        .await;
    assert_eq!(house.rows("SELECT k, a FROM s;").await, [json!(["k", 1])]);
    house.go("SET 'auto.offset.reset'='earliest';").await;
    assert_eq!(
        house.rows("SELECT k, a FROM s EMIT CHANGES LIMIT 1;").await,
        [json!(["k", 1])]
    );
}

#[tokio::test]
async fn pseudo_columns_are_there() {
    let mut house = house().await;
    house.put("t", &[r#"{"a":1}"#, r#"{"a":2}"#]).await;
    house.go("SET 'auto.offset.reset'='earliest';").await;
    assert_eq!(
        house.rows("SELECT rowtime, rowpartition, rowoffset, a FROM s WHERE rowoffset = 1 EMIT CHANGES LIMIT 1;").await,
        [json!([START, 0, 1, 2])]
    );
    assert_eq!(
        house
            .rows("SELECT rowtime FROM s WHERE rowtime = '2023-11-14T22:13:20' LIMIT 1;")
            .await,
        [json!([START])]
    );
    assert_eq!(
        house
            .rows(
                "SELECT rowtime FROM s WHERE rowtime BETWEEN '2023-11-14' AND '2023-11-15' LIMIT 1;"
            )
            .await,
        [json!([START])]
    );
    for (select, part) in [
        (
            "SELECT a, rowpartition FROM s;",
            "Pull queries don't support the following columns in SELECT clauses: `ROWPARTITION`",
        ),
        (
            "SELECT a, rowoffset + 1 FROM s;",
            "Pull queries don't support the following columns in SELECT clauses: `ROWOFFSET`",
        ),
        (
            "SELECT a FROM s WHERE rowpartition = 1;",
            "Pull queries don't support the following columns in WHERE clauses: `ROWPARTITION`",
        ),
    ] {
        house.refuses(select, part).await;
    }
}

#[tokio::test]
async fn names_of_columns_follow_their_expressions() {
    let mut house = house().await;
    let stream = house
        .stream(
            "SELECT x.a AS q, st->f, st->g->f, a + 1, `A` b, 'x', x.st, a FROM s x EMIT CHANGES;",
        )
        .await;
    let names: Vec<_> = stream
        .schema
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["Q", "F", "F_1", "KSQL_COL_0", "B", "KSQL_COL_1", "ST", "A"]
    );
    let stream = house
        .stream("SELECT s.*, st->*, k AS `Key` FROM s EMIT CHANGES;")
        .await;
    assert_eq!(
        stream.schema.to_string(),
        "`K` STRING, `A` INTEGER, `ST` STRUCT<`F` INTEGER, `G` STRUCT<`F` INTEGER>>, `F` INTEGER, `G` STRUCT<`F` INTEGER>, `Key` STRING"
    );
}

#[tokio::test]
async fn what_a_select_cannot_be_is_refused() {
    let mut house = house().await;
    for (select, part) in [
        ("SELECT * FROM nope;", "NOPE does not exist."),
        (
            "SELECT nope FROM s;",
            "SELECT column 'NOPE' cannot be resolved.",
        ),
        (
            "SELECT a, a FROM s;",
            "Duplicate value columns found in schema: `A` INTEGER",
        ),
        (
            "SELECT null FROM s;",
            "Can't infer a type of null. Please explicitly cast it to a required type, e.g. CAST(null AS VARCHAR).",
        ),
        (
            "SELECT a FROM s GROUP BY a;",
            "Pull queries don't support GROUP BY clauses. See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push query.",
        ),
        (
            "SELECT a FROM s PARTITION BY a;",
            "Pull queries don't support PARTITION BY clauses.",
        ),
        (
            "SELECT a FROM s WINDOW TUMBLING (SIZE 1 SECOND);",
            "Pull queries don't support WINDOW clauses.",
        ),
        (
            "SELECT a FROM s LIMIT -1;",
            "Pull queries don't support negative integers in the LIMIT clause. See https://cnfl.io/queries for more info.",
        ),
        ("SELECT a FROM s LIMIT heh;", "line 1:23: Syntax Error"),
        ("SELECT a FROM s ORDER BY a;", "line 1:23: Syntax Error"),
        ("SELECT a FROM s EMIT CHANGES WHERE a = 1;", "Syntax Error"),
        ("SELECT FROM s;", "line 1:8: Syntax Error"),
        ("SELECT a + FROM s;", "Syntax Error"),
        (
            "SELECT a FROM s WHERE a = NULL;",
            "Comparison with NULL not supported: ",
        ),
        ("SELECT a FROM s WHERE a = 'x' AND;", "Syntax Error"),
        (
            "SELECT a FROM s WHERE k = 1;",
            "Cannot compare K (STRING) to 1 (INTEGER) with EQUAL.",
        ),
        (
            "SELECT a + k FROM s;",
            "Unsupported arithmetic types. INTEGER STRING",
        ),
        (
            "SELECT a + NULL FROM s;",
            "Arithmetic on types INTEGER and null are not supported.",
        ),
        ("SELECT st->nope FROM s;", "NOPE"),
        ("SELECT CASE a WHEN 1 THEN 2 END FROM s EMIT CHANGES;", ""),
        (
            "SELECT a FROM s x WHERE y.a = 1;",
            "WHERE column 'Y.A' cannot be resolved.",
        ),
        ("SELECT `topic FROM s;", "Syntax Error"),
        ("SELECT 'topic FROM s;", "Syntax Error"),
        (
            "SELECT 9223372036854775808 FROM s;",
            "Invalid numeric literal: 9223372036854775808",
        ),
        ("SELECT 1E999 FROM s;", "Number overflows DOUBLE: 1E999"),
    ] {
        house.refuses(select, part).await;
    }
    // The next one works.
    assert!(house.rows("SELECT a FROM s;").await.is_empty());
}
