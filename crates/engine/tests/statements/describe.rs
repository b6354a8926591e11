//! DESCRIBE and EXPLAIN.

use serde_json::{Value, json};
use weir_engine::Response;

use crate::support::{House, each, text};

async fn house() -> House {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM s (k VARCHAR KEY, a INT, m DECIMAL(4,2), h ARRAY<STRUCT<key STRING, value BYTES>> HEADERS) \
             WITH (kafka_topic='t', value_format='JSON', partitions=2);")
        .await;
    house
        .go("CREATE STREAM x AS SELECT k, a FROM s WHERE a > 1;")
        .await;
    house
}

#[tokio::test]
async fn a_stream_is_described_in_short() {
    let mut house = house().await;
    let answer = house.ask("DESCRIBE s;").await;
    assert_eq!(answer["@type"], "sourceDescription");
    let described = &answer["sourceDescription"];
    assert_eq!(
        described["fields"],
        json!([
            {"name": "K", "schema": {"type": "STRING", "fields": null, "memberSchema": null}, "type": "KEY"},
            {"name": "A", "schema": {"type": "INTEGER", "fields": null, "memberSchema": null}},
            {"name": "M", "schema": {"type": "DECIMAL", "fields": null, "memberSchema": null, "parameters": {"precision": 4, "scale": 2}}},
            {"name": "H", "type": "HEADER", "schema": {"type": "ARRAY", "fields": null, "memberSchema": {"type": "STRUCT", "memberSchema": null, "fields": [
                {"name": "KEY", "schema": {"type": "STRING", "fields": null, "memberSchema": null}},
                {"name": "VALUE", "schema": {"type": "BYTES", "fields": null, "memberSchema": null}}]}}}
        ])
    );
    assert_eq!(described["name"], "S");
    assert_eq!(described["type"], "STREAM");
    assert_eq!(described["windowType"], Value::Null);
    assert_eq!(described["extended"], false);
    assert_eq!(described["keyFormat"], "KAFKA");
    assert_eq!(described["valueFormat"], "JSON");
    assert_eq!(described["topic"], "t");
    assert_eq!(each(&described["readQueries"], "id"), ["CSAS_X_1"]);
    assert_eq!(described["writeQueries"], json!([]));
    assert_eq!(described["sourceConstraints"], json!(["X"]));
}

#[tokio::test]
async fn extended_adds_the_topic_and_how_far_its_queries_are() {
    let mut house = house().await;
    house.put("t", &[r#"{"a":1}"#, r#"{"a":2}"#, "{"]).await;
    house.caught_up("CSAS_X_1", "t").await;
    let described = house.ask("DESCRIBE s EXTENDED;").await["sourceDescription"].clone();
    assert_eq!(described["extended"], true);
    assert_eq!(described["partitions"], 2);
    assert_eq!(described["replication"], 1);
    assert!(
        text(&described["statement"]).starts_with("CREATE STREAM s (k VARCHAR KEY, a INT"),
        "{}",
        described["statement"]
    );
    assert!(
        text(&described["statement"]).ends_with("partitions=2);"),
        "{}",
        described["statement"]
    );
    let described = house.ask("DESCRIBE x EXTENDED;").await["sourceDescription"].clone();
    assert_eq!(each(&described["writeQueries"], "id"), ["CSAS_X_1"]);
    assert_eq!(
        described["queryOffsetSummaries"][0]["topicSummaries"],
        json!([{"kafkaTopic": "t", "offsets": [
            {"partition": 0, "logStartOffset": 0, "logEndOffset": 3, "consumerOffset": 3},
            {"partition": 1, "logStartOffset": 0, "logEndOffset": 0, "consumerOffset": 0}]}])
    );
    assert!(
        text(&described["errorStats"]).contains("CSAS_X_1: 1 bad records"),
        "{}",
        described["errorStats"]
    );
}

#[tokio::test]
async fn what_is_not_there_is_refused() {
    let mut house = house().await;
    house
        .go("CREATE STREAM `low` (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    for statement in ["DESCRIBE nope;", "DESCRIBE nope EXTENDED;"] {
        assert_eq!(
            house.refusal(statement).await,
            "Could not find STREAM/TABLE 'NOPE' in the Metastore"
        );
    }
    let error = house.run("DESCRIBE low;").await.err().unwrap();
    assert_eq!(
        error.message,
        "Could not find STREAM/TABLE 'LOW' in the Metastore"
    );
    assert_eq!(error.hint.as_deref(), Some("did you mean \"low\"?"));
    assert_eq!(
        house.ask("DESCRIBE `low`;").await["sourceDescription"]["name"],
        "low"
    );
}

#[tokio::test]
async fn a_running_query_is_explained() {
    let mut house = house().await;
    let answer = house.ask("EXPLAIN csas_x_1;").await;
    assert_eq!(answer["@type"], "queryDescription");
    let explained = &answer["queryDescription"];
    assert_eq!(explained["id"], "CSAS_X_1");
    assert_eq!(explained["sources"], json!(["S"]));
    assert_eq!(explained["sinks"], json!(["X"]));
    assert_eq!(explained["queryType"], "PERSISTENT");
    assert_eq!(
        explained["overriddenProperties"],
        json!({"auto.offset.reset": "earliest"})
    );
    assert_eq!(each(&explained["fields"], "name"), ["K", "A"]);
    assert_eq!(explained["fields"][0]["type"], "KEY");
    assert_eq!(explained["queryErrors"], json!([]));
    assert_eq!(
        house.refusal("EXPLAIN nope;").await,
        "Query with id:NOPE does not exist, use SHOW QUERIES to view the full set of queries."
    );
}

#[tokio::test]
async fn a_statement_is_explained_whatever_stands_before_the_word() {
    let house = house().await;
    let explain = "EXPLAIN CREATE STREAM y AS SELECT k, a FROM s WHERE a > 1";
    let text = format!("\n -- what; of /* it?\n /* 'EXPLAIN' */ {explain}");
    let mut session = house.engine.session();
    let answers = house.engine.execute_statement(&mut session, &text).await;
    let answers = answers.unwrap();
    let [Response::Entity(entity)] = &*answers else {
        panic!()
    };
    let explained = &serde_json::to_value(entity).unwrap()["queryDescription"];
    let statement = "CREATE STREAM y AS SELECT k, a FROM s WHERE a > 1";
    assert_eq!(explained["statementText"], statement);
    assert_eq!(explained["queryType"], "PERSISTENT");
}

#[tokio::test]
async fn statements_are_explained_and_nothing_runs() {
    let mut house = house().await;
    for (statement, kind, sinks) in [
        (
            "SELECT a FROM s WHERE a > 1 EMIT CHANGES",
            "PUSH",
            json!([]),
        ),
        ("SELECT a FROM s", "PULL", json!([])),
        (
            "CREATE STREAM y AS SELECT * FROM s",
            "PERSISTENT",
            json!(["Y"]),
        ),
        (
            "INSERT INTO x SELECT k, a FROM s",
            "PERSISTENT",
            json!(["X"]),
        ),
    ] {
        let answer = house.ask(&format!("EXPLAIN {statement};")).await;
        let explained = &answer["queryDescription"];
        assert_eq!(explained["queryType"], kind, "{statement}");
        assert_eq!(explained["sinks"], sinks);
        assert_eq!(explained["statementText"], statement);
        assert!(!text(&explained["executionPlan"]).is_empty());
    }
    house
        .ask("/* why */ explain -- so\n SELECT a FROM s;")
        .await;
    let queries = house.ask("SHOW QUERIES;").await;
    assert_eq!(each(&queries["queries"], "id"), ["CSAS_X_1"]);
    assert_eq!(
        house.refusal("EXPLAIN SHOW STREAMS;").await,
        "The provided statement does not run a ksql query"
    );
    house
        .refuses(
            "EXPLAIN SELECT nope FROM s;",
            "SELECT column 'NOPE' cannot be resolved.",
        )
        .await;
    house
        .refuses(
            "EXPLAIN CREATE STREAM x AS SELECT * FROM s;",
            "Cannot add stream 'X': A stream with the same name already exists",
        )
        .await;
}
