//! Topics that are missing, deleted, made again, and that gain partitions.

use weir_engine::parts::{Broker, QueryState};

use crate::support::{House, record};

async fn house() -> House {
    let mut house = House::earliest().await;
    house
        .go(
            "CREATE STREAM a (n INT) WITH (kafka_topic='a', value_format='JSON', partitions=1); \
             CREATE STREAM b (n INT) WITH (kafka_topic='b', value_format='JSON', partitions=1); \
             CREATE STREAM xa AS SELECT * FROM a; CREATE STREAM xb AS SELECT * FROM b;",
        )
        .await;
    house.put("a", &[r#"{"n":1}"#]).await;
    house.put("b", &[r#"{"n":1}"#]).await;
    house.texts("XA", 1).await;
    house.texts("XB", 1).await;
    house
}

async fn until_state(house: &House, id: &str, state: QueryState) {
    house
        .until(&format!("{id} is {state:?}"), async || {
            house.engine.statuses()[id].state == state
        })
        .await;
}

#[tokio::test]
async fn a_deleted_topic_is_an_error_of_its_query_alone_until_it_is_made_again() {
    let mut house = house().await;
    house.engine.topics().delete("a").await.unwrap();
    until_state(&house, "CSAS_XA_2", QueryState::Retrying).await;
    assert_eq!(house.state_of("CSAS_XA_2").await, "ERROR");
    let explained = house.ask("EXPLAIN csas_xa_2;").await;
    let errors = explained["queryDescription"]["queryErrors"]
        .as_array()
        .unwrap();
    assert!(
        errors[0]["errorMessage"]
            .as_str()
            .unwrap()
            .contains("topic `a` does not exist"),
        "{errors:?}"
    );
    // The other one does not notice.
    house.put("b", &[r#"{"n":2}"#]).await;
    assert_eq!(house.texts("XB", 2).await[1], r#"{"N":2}"#);
    assert_eq!(house.state_of("CSAS_XB_3").await, "RUNNING");
    // What is made again is another topic, read from its beginning.
    house.topic("a", 1).await;
    house.put("a", &[r#"{"n":5}"#]).await;
    assert_eq!(house.texts("XA", 2).await[1], r#"{"N":5}"#);
    until_state(&house, "CSAS_XA_2", QueryState::Running).await;
}

#[tokio::test]
async fn a_topic_made_again_between_two_looks_loses_no_record() {
    let house = house().await;
    house.engine.topics().delete("a").await.unwrap();
    house.topic("a", 1).await;
    house.put("a", &[r#"{"n":7}"#, r#"{"n":8}"#]).await;
    assert_eq!(
        house.texts("XA", 3).await[1..],
        [r#"{"N":7}"#, r#"{"N":8}"#]
    );
}

#[tokio::test]
async fn a_topic_that_is_missing_at_the_start_is_waited_for() {
    let mut house = house().await;
    house.engine.topics().delete("a").await.unwrap();
    let mut house = {
        house.go("SHOW QUERIES;").await;
        house.restarted().await
    };
    until_state(&house, "CSAS_XA_2", QueryState::Retrying).await;
    assert_eq!(house.state_of("CSAS_XA_2").await, "ERROR");
    house.put("b", &[r#"{"n":2}"#]).await;
    house.texts("XB", 2).await;
    house.topic("a", 2).await;
    house
        .write("a", 1, vec![record(None, Some(br#"{"n":9}"#))])
        .await;
    assert_eq!(house.texts("XA", 2).await[1], r#"{"N":9}"#);
}

#[tokio::test]
async fn a_missing_sink_topic_stops_its_query_and_no_other() {
    let mut house = house().await;
    house.engine.topics().delete("XA").await.unwrap();
    house.put("a", &[r#"{"n":2}"#]).await;
    until_state(&house, "CSAS_XA_2", QueryState::Retrying).await;
    house.put("b", &[r#"{"n":2}"#]).await;
    house.texts("XB", 2).await;
    assert_eq!(house.state_of("CSAS_XB_3").await, "RUNNING");
    house.topic("XA", 1).await;
    // The row that could not be written comes.
    let rows = house.texts("XA", 1).await;
    assert!(rows.contains(&r#"{"N":2}"#.to_owned()), "{rows:?}");
}

#[tokio::test]
async fn new_partitions_are_read_from_their_beginning() {
    let house = house().await;
    house.world.broker.add_partitions("a", 3).await.unwrap();
    house
        .write("a", 2, vec![record(None, Some(br#"{"n":2}"#))])
        .await;
    house
        .write("a", 1, vec![record(None, Some(br#"{"n":3}"#))])
        .await;
    let mut rows = house.texts("XA", 3).await;
    rows.sort();
    assert_eq!(rows, [r#"{"N":1}"#, r#"{"N":2}"#, r#"{"N":3}"#]);
    let house = house.restarted().await;
    house
        .write("a", 2, vec![record(None, Some(br#"{"n":4}"#))])
        .await;
    assert_eq!(house.texts("XA", 4).await.len(), 4);
}

#[tokio::test]
async fn a_select_over_a_topic_that_is_gone_is_refused() {
    let mut house = house().await;
    house.engine.topics().delete("a").await.unwrap();
    house
        .refuses("SELECT * FROM a;", "Topic 'a' does not exist.")
        .await;
    house
        .refuses("INSERT INTO a VALUES (1);", "Topic 'a' does not exist.")
        .await;
    assert_eq!(house.rows("SELECT * FROM b;").await.len(), 1);
}
