//! `Engine::settled`: when nothing is left to do, through chains of queries, and what it says when that never comes.

use std::time::Duration;

use weir_engine::testing::World;
use weir_kafka::memory::FaultRates;

use crate::support::{House, record};

const PATIENCE: Duration = Duration::from_secs(20);

async fn chained() -> House {
    let mut house = House::earliest().await;
    house
        .go(
            "CREATE STREAM a (n INT) WITH (kafka_topic='a', value_format='JSON', partitions=3);
             CREATE STREAM b AS SELECT n + 1 AS n FROM a;
             CREATE STREAM c AS SELECT n + 1 AS n FROM b WHERE n % 2 = 0;
             CREATE STREAM d AS SELECT n + 1 AS n FROM c;",
        )
        .await;
    house
}

async fn count(house: &House, topic: &str) -> i64 {
    house.ends(topic).await.iter().sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_that_was_written_has_passed_through_the_chain() {
    let house = chained().await;
    let mut written = 0;
    for burst in 1..60 {
        for partition in 0..3 {
            let values = (0..burst).map(|n| format!("{{\"n\":{n}}}"));
            let records = values.map(|value| record(None, Some(value.as_bytes())));
            house.write("a", partition, records.collect()).await;
            written += burst;
        }
        house.engine.settled(PATIENCE).await.unwrap();
        assert_eq!(count(&house, "B").await, written);
        let even = count(&house, "C").await;
        assert!(even > 0 || written < 6);
        assert_eq!(count(&house, "D").await, even, "after burst {burst}");
    }
}

#[tokio::test]
async fn what_is_paused_has_nothing_to_do_and_goes_on_when_it_is_resumed() {
    let mut house = chained().await;
    house.go("PAUSE ALL;").await;
    house.put("a", &["{\"n\":1}", "{\"n\":2}"]).await;
    house.engine.settled(PATIENCE).await.unwrap();
    assert_eq!(count(&house, "B").await, 0);
    house.go("RESUME ALL;").await;
    house.engine.settled(PATIENCE).await.unwrap();
    assert_eq!(count(&house, "B").await, 2);
    assert_eq!(count(&house, "D").await, 1);
}

#[tokio::test]
async fn what_a_failed_write_took_along_is_not_settled_before_it_is_written() {
    let world = World::new(3);
    // On the machine's clock: a query that waits before it tries again does go on.
    let builder = world.builder();
    let builder = builder.property("ksql.query.retry.backoff.initial.ms", "5");
    let builder = builder.property("ksql.query.retry.backoff.max.ms", "20");
    let engine = builder.build().await.unwrap();
    let mut session = engine.session();
    let script = "SET 'auto.offset.reset'='earliest';
        CREATE STREAM a (n INT) WITH (kafka_topic='a', value_format='JSON', partitions=1);
        CREATE STREAM b AS SELECT n FROM a;
        CREATE STREAM c AS SELECT n FROM b;";
    engine.execute(&mut session, script).await.unwrap();
    let faults = world.broker.faults();
    faults.set_rates(FaultRates {
        storage: 0.2,
        lost_acknowledgement: 0.1,
        ..FaultRates::default()
    });
    let topics = engine.topics();
    for round in 1..40 {
        let values = (0..10).map(|n| record(None, Some(format!("{{\"n\":{n}}}").as_bytes())));
        let values: Vec<_> = values.collect();
        while topics.produce("a", values.clone()).await.is_err() {}
        engine.settled(PATIENCE).await.unwrap();
        for topic in ["B", "C"] {
            let records = world.records(topic).await.unwrap();
            let found = records.iter().map(Vec::len).sum::<usize>();
            assert!(
                found >= round * 10,
                "{found} records in {topic} after round {round}"
            );
        }
    }
    assert!(faults.met() > 20, "{} faults", faults.met());
    faults.clear();
    engine.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_cannot_go_on_is_named_with_its_reason() {
    let mut house = House::earliest().await;
    house
        .go(
            "CREATE STREAM a (n INT) WITH (kafka_topic='a', value_format='JSON', partitions=1);
             CREATE STREAM b AS SELECT n FROM a;",
        )
        .await;
    house.engine.settled(PATIENCE).await.unwrap();
    house.engine.topics().delete("B").await.unwrap();
    house.put("a", &["{\"n\":1}"]).await;
    let error = house
        .engine
        .settled(Duration::from_millis(300))
        .await
        .unwrap_err();
    assert!(error.message.contains("`CSAS_B_1`"), "{error}");
    assert!(error.message.contains("cannot go on: "), "{error}");
}
