//! DROP STREAM.

use crate::support::{House, each};

async fn house() -> House {
    let mut house = House::new().await;
    house.topic("t", 1).await;
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    house
}

#[tokio::test]
async fn a_stream_is_dropped_and_its_topic_stays_unless_it_is_to_go_too() {
    let mut house = house().await;
    assert_eq!(
        house.say("DROP STREAM s;").await,
        "Source `S` (topic: t) was dropped."
    );
    assert_eq!(house.ends("t").await, [0]);
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    house.go("DROP STREAM IF EXISTS s DELETE TOPIC;").await;
    assert!(house.engine.topics().get("t").await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_not_there_is_refused_unless_if_exists() {
    let mut house = house().await;
    house
        .go("CREATE STREAM `Quoted` (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    assert_eq!(
        house.refusal("DROP STREAM nope;").await,
        "Stream NOPE does not exist."
    );
    assert_eq!(
        house.refusal("DROP STREAM quoted;").await,
        "Stream QUOTED does not exist.\nDid you mean \"Quoted\"? Hint: wrap the source name in double quotes to make it case-sensitive."
    );
    assert_eq!(
        house.say("DROP STREAM IF EXISTS nope;").await,
        "Source `NOPE` does not exist."
    );
    assert_eq!(
        house.refusal("DROP TABLE s;").await,
        "Incompatible data source type is stream, but statement was DROP table"
    );
}

#[tokio::test]
async fn a_stream_that_is_read_or_written_is_not_dropped() {
    let mut house = house().await;
    house.go("CREATE STREAM x AS SELECT * FROM s;").await;
    house.go("CREATE STREAM y AS SELECT * FROM s;").await;
    assert_eq!(
        house.refusal("DROP STREAM s;").await,
        "Cannot drop S.\nThe following streams and/or tables read from this source: [X, Y].\nYou need to drop them before dropping S."
    );
    house
        .go("INSERT INTO y WITH (QUERY_ID='more') SELECT * FROM x;")
        .await;
    assert_eq!(
        house.refusal("DROP STREAM x;").await,
        "Cannot drop X.\nThe following queries read from this source: [MORE].\nThe following queries write into this source: [].\nYou need to terminate them before dropping X."
    );
    assert_eq!(
        house.refusal("DROP STREAM y;").await,
        "Cannot drop Y.\nThe following queries read from this source: [].\nThe following queries write into this source: [MORE].\nYou need to terminate them before dropping Y."
    );
    house.go("TERMINATE more;").await;
    // The query that created a stream ends with it.
    house
        .go("DROP STREAM y; DROP STREAM x; DROP STREAM s;")
        .await;
    let queries = house.ask("SHOW QUERIES;").await;
    assert_eq!(each(&queries["queries"], "id").len(), 0);
}

#[tokio::test]
async fn a_topic_that_others_use_is_not_deleted() {
    let mut house = house().await;
    house
        .go("CREATE STREAM s2 (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    assert_eq!(
        house.refusal("DROP STREAM s DELETE TOPIC;").await,
        "Refusing to delete topic. Found other data sources (S2) using topic t"
    );
    house.go("DROP STREAM s;").await;
    house.go("DROP STREAM s2 DELETE TOPIC;").await;
}
