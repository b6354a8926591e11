//! Queries on one topic share its reading, and none notices the others.

use serde_json::json;
use weir_engine::parts::TopicPartition;

use crate::support::House;

const EVENTS: usize = 3_000;

async fn house() -> House {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM e (n INT, c VARCHAR, w STRUCT<id INT, deep STRUCT<x VARCHAR>>, m MAP<VARCHAR, INT>) WITH (kafka_topic='e', value_format='JSON', partitions=1);")
        .await;
    house
}

/// Every seventh is bad in `m`, every eleventh in `w->id`; one in a hundred is no JSON at all.
fn events() -> Vec<String> {
    (0..EVENTS)
        .map(|number| {
            if number % 100 == 99 {
                return format!("{{\"n\":{number},");
            }
            let id = if number % 11 == 0 { json!("none") } else { json!(number) };
            let m = if number % 7 == 0 { json!([1]) } else { json!({"k": number}) };
            json!({"n": number, "c": format!("c{}", number % 10), "w": {"id": id, "deep": {"x": "y"}}, "m": m}).to_string()
        })
        .collect()
}

async fn fill(house: &House) {
    let events = events();
    for chunk in events.chunks(500) {
        house
            .put("e", &chunk.iter().map(String::as_str).collect::<Vec<_>>())
            .await;
    }
}

const FIRST: &str = "CREATE STREAM one AS SELECT n, c FROM e WHERE c LIKE '%3';";

#[tokio::test]
async fn three_queries_fetch_and_decode_each_record_once() {
    let mut house = house().await;
    house
        .go(&format!("{FIRST} CREATE STREAM two AS SELECT n, w->id FROM e WHERE w->id > 10; CREATE STREAM three AS SELECT n, m['k'] AS k FROM e;"))
        .await;
    house
        .until("all run", async || {
            let statuses = house.engine.statuses();
            statuses
                .values()
                .all(|status| status.state == weir_engine::parts::QueryState::Running)
        })
        .await;
    fill(&house).await;
    for id in ["CSAS_ONE_1", "CSAS_TWO_2", "CSAS_THREE_3"] {
        house.caught_up(id, "e").await;
    }
    let stats = house.engine.reader_stats()[&TopicPartition::new("e", 0)];
    assert_eq!(stats.records_fetched, EVENTS as u64);
    assert_eq!(stats.records_decoded, EVENTS as u64);
    assert_eq!(stats.readers, 1);
    // What is bad is bad for those that name it.
    let statuses = house.engine.statuses();
    let bad = |id: &str| statuses[id].bad_records.values().sum::<u64>() as usize;
    let count = |test: &dyn Fn(usize) -> bool| (0..EVENTS).filter(|number| test(*number)).count();
    let torn = |number: usize| number % 100 == 99;
    assert_eq!(bad("CSAS_ONE_1"), count(&torn));
    assert_eq!(bad("CSAS_TWO_2"), count(&|n| torn(n) || n % 11 == 0));
    assert_eq!(bad("CSAS_THREE_3"), count(&|n| torn(n) || n % 7 == 0));
}

#[tokio::test]
async fn a_querys_rows_are_the_same_alone_and_beside_others() {
    let mut alone = house().await;
    alone.go(FIRST).await;
    fill(&alone).await;
    let wanted: Vec<usize> = (0..EVENTS)
        .filter(|n| n % 10 == 3 && n % 100 != 99)
        .collect();
    let alone = alone.texts("ONE", wanted.len()).await;
    assert_eq!(alone[..2], [r#"{"N":3,"C":"c3"}"#, r#"{"N":13,"C":"c3"}"#]);

    let mut beside = house().await;
    // Columns that fit no record, the same names as other types, and all of them.
    beside
        .go("CREATE STREAM odd (n BOOLEAN, c ARRAY<INT>, w BIGINT) WITH (kafka_topic='e', value_format='JSON'); \
             CREATE STREAM text (a INT, b INT) WITH (kafka_topic='e', value_format='DELIMITED'); \
             CREATE STREAM q1 AS SELECT * FROM odd; CREATE STREAM q2 AS SELECT n, m, w FROM e; CREATE STREAM q3 AS SELECT * FROM text;")
        .await;
    beside.go(FIRST).await;
    fill(&beside).await;
    assert_eq!(beside.texts("ONE", wanted.len()).await, alone);
    for (id, topic) in [("CSAS_Q1_3", "Q1"), ("CSAS_Q3_5", "Q3")] {
        beside.caught_up(id, "e").await;
        assert_eq!(beside.ends(topic).await, [0]);
        let statuses = beside.engine.statuses();
        assert_eq!(
            statuses[id].bad_records.values().sum::<u64>(),
            EVENTS as u64
        );
        assert_eq!(statuses[id].state, weir_engine::parts::QueryState::Running);
    }
}
