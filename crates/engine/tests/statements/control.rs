//! TERMINATE, PAUSE, RESUME.

use weir_engine::parts::{Broker, CheckpointStore};
use weir_runtime::Checkpoint;

use crate::support::{House, each};

async fn house() -> House {
    let mut house = House::earliest().await;
    house.topic("t", 1).await;
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    house.go("CREATE STREAM x AS SELECT * FROM s;").await;
    house
        .go("CREATE STREAM y (a INT) WITH (kafka_topic='y', value_format='JSON', partitions=1);")
        .await;
    house
        .go("INSERT INTO y WITH (query_id='more') SELECT * FROM s;")
        .await;
    house
}

async fn ids(house: &mut House) -> Vec<String> {
    each(&house.ask("SHOW QUERIES;").await["queries"], "id")
}

#[tokio::test]
async fn a_terminated_query_is_gone_and_its_stream_stays() {
    let mut house = house().await;
    let before = ids(&mut house).await;
    assert_eq!(before, ["CSAS_X_1", "MORE"]);
    let answer = house.ask("TERMINATE csas_x_1;").await;
    assert_eq!(answer["commandId"], "terminate/CSAS_X_1/execute");
    assert_eq!(answer["commandStatus"]["message"], "Query terminated.");
    assert_eq!(ids(&mut house).await, ["MORE"]);
    house.put("t", &[r#"{"a":1}"#]).await;
    house.texts("y", 1).await;
    assert_eq!(house.ends("X").await, [0]);
    house.go("INSERT INTO x VALUES (2);").await;
    house.go("DROP STREAM x;").await;
    house.go("TERMINATE ALL;").await;
    assert!(ids(&mut house).await.is_empty());
    // Nothing to terminate is no error.
    house.go("TERMINATE ALL;").await;
}

#[tokio::test]
async fn a_paused_query_reads_nothing_until_it_is_resumed() {
    let mut house = house().await;
    house.put("t", &[r#"{"a":1}"#]).await;
    house.texts("X", 1).await;
    house.texts("y", 1).await;
    assert_eq!(house.say("PAUSE CSAS_X_1;").await, "Query paused.");
    assert_eq!(house.state_of("CSAS_X_1").await, "PAUSED");
    house.put("t", &[r#"{"a":2}"#]).await;
    house.texts("y", 2).await;
    assert_eq!(house.ends("X").await, [1]);
    // It is as it was after a restart too.
    let mut house = house.restarted().await;
    assert_eq!(house.state_of("CSAS_X_1").await, "PAUSED");
    assert_eq!(house.say("RESUME ALL;").await, "Query resumed.");
    assert_eq!(house.texts("X", 2).await, [r#"{"A":1}"#, r#"{"A":2}"#]);
    house
        .until("running", async || {
            let statuses = house.engine.statuses();
            statuses["CSAS_X_1"].state == weir_engine::parts::QueryState::Running
        })
        .await;
    assert_eq!(house.state_of("CSAS_X_1").await, "RUNNING");
    house.go("PAUSE ALL;").await;
    assert_eq!(house.state_of("MORE").await, "PAUSED");
}

#[tokio::test]
async fn a_paused_query_that_is_replaced_stays_paused() {
    let mut house = house().await;
    house.put("t", &[r#"{"a":1}"#]).await;
    house.texts("X", 1).await;
    house.texts("y", 1).await;
    house.go("PAUSE CSAS_X_1;").await;
    house
        .go("CREATE OR REPLACE STREAM x AS SELECT a, a * 10 AS b FROM s;")
        .await;
    assert_eq!(house.state_of("CSAS_X_1").await, "PAUSED");
    house.put("t", &[r#"{"a":2}"#]).await;
    house.texts("y", 2).await;
    assert_eq!(house.ends("X").await, [1]);
    let mut house = house.restarted().await;
    assert_eq!(house.state_of("CSAS_X_1").await, "PAUSED");
    house.go("RESUME CSAS_X_1;").await;
    let rows = [r#"{"A":1}"#, r#"{"A":2,"B":20}"#];
    assert_eq!(house.texts("X", 2).await, rows);
    // One that runs is replaced by one that runs.
    house
        .go("CREATE OR REPLACE STREAM x AS SELECT a, a * 100 AS b FROM s;")
        .await;
    house.put("t", &[r#"{"a":3}"#]).await;
    assert_eq!(house.texts("X", 3).await[2], r#"{"A":3,"B":300}"#);
}

#[tokio::test]
async fn a_query_with_the_id_of_one_that_has_ended_begins_anew() {
    let mut house = house().await;
    house.put("t", &[r#"{"a":1}"#, r#"{"a":2}"#]).await;
    house.texts("y", 2).await;
    house.caught_up("MORE", "t").await;
    house.go("TERMINATE more;").await;
    house
        .go("INSERT INTO y WITH (query_id='more') SELECT a + 10 AS a FROM s;")
        .await;
    let rows = house.texts("y", 4).await;
    assert_eq!(rows[2..], [r#"{"A":11}"#, r#"{"A":12}"#]);
    // What the query that has ended left behind, because the folder could not be written then, does no harm.
    house.caught_up("MORE", "t").await;
    let left = checkpoint(&house).await;
    house.go("TERMINATE more;").await;
    let checkpoints = house.world.checkpoints.clone();
    checkpoints.save("MORE", 0, &left).await.unwrap();
    house
        .go("INSERT INTO y WITH (query_id='more') SELECT a + 20 AS a FROM s;")
        .await;
    let rows = house.texts("y", 6).await;
    assert_eq!(rows[4..], [r#"{"A":21}"#, r#"{"A":22}"#]);
    // Ids with numbers come again when the statement log is gone.
    house.caught_up("CSAS_X_1", "t").await;
    house.world.stop(house.engine).await.unwrap();
    let log = "_weir_default__statements";
    house.world.broker.delete_topic(log).await.unwrap();
    let mut house = House::over(house.world, |builder| builder).await;
    house
        .go("SET 'auto.offset.reset'='earliest'; \
             CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    house
        .go("CREATE STREAM x AS SELECT a + 30 AS a FROM s;")
        .await;
    assert_eq!(house.state_of("CSAS_X_1").await, "RUNNING");
    let rows = house.texts("X", 4).await;
    assert_eq!(rows[2..], [r#"{"A":31}"#, r#"{"A":32}"#]);
    // And after the next start it goes on.
    house.caught_up("CSAS_X_1", "t").await;
    let house = house.restarted().await;
    house.put("t", &[r#"{"a":3}"#]).await;
    assert_eq!(house.texts("X", 5).await[4], r#"{"A":33}"#);
}

/// Of the query MORE, at the end of its topic.
async fn checkpoint(house: &House) -> Checkpoint {
    let checkpoints = &house.world.checkpoints;
    let end = house.ends("t").await[0];
    house
        .until("a checkpoint", async || {
            let kept = checkpoints.load("MORE", 0).await.unwrap();
            kept.is_some_and(|kept| kept.positions["t-0"] == end)
        })
        .await;
    checkpoints.load("MORE", 0).await.unwrap().unwrap()
}

#[tokio::test]
async fn queries_that_are_not_there_are_refused() {
    let mut house = house().await;
    assert_eq!(
        house.refusal("TERMINATE nope;").await,
        "Failed to terminate query with query ID: 'NOPE'"
    );
    assert_eq!(house.refusal("PAUSE nope;").await, "Unknown queryId: NOPE");
    assert_eq!(house.refusal("RESUME nope;").await, "Unknown queryId: NOPE");
    // Quoted, the id is as it is written.
    assert_eq!(
        house.refusal("TERMINATE `more`;").await,
        "Failed to terminate query with query ID: 'more'"
    );
    assert_eq!(ids(&mut house).await.len(), 2);
}

#[tokio::test]
async fn a_push_query_is_terminated_by_its_id() {
    let mut house = house().await;
    let mut stream = house.stream("SELECT * FROM s EMIT CHANGES;").await;
    let queries = house.ask("SHOW QUERIES;").await;
    let push = queries["queries"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(push["queryType"], "PUSH");
    assert_eq!(push["id"], stream.query_id.as_str());
    assert_eq!(push["queryString"], "SELECT * FROM s EMIT CHANGES");
    let answer = house.ask(&format!("TERMINATE {};", stream.query_id)).await;
    assert_eq!(answer["@type"], "terminate_query");
    assert_eq!(answer["queryId"], stream.query_id.as_str());
    assert_eq!(answer["wasTerminated"], true);
    assert!(stream.next().await.is_none());
    assert_eq!(stream.end().await, weir_engine::StreamEnd::Terminated);
    house
        .until("gone", async || house.engine.statuses().len() == 2)
        .await;
}
