//! A process that ends, and the next one.

use serde_json::Value;
use weir_engine::{Engine, parts::QueryState, testing::World};

use crate::support::{House, record, shown};

const LOOKS: [&str; 12] = [
    "SHOW QUERIES;",
    "SHOW QUERIES EXTENDED;",
    "SHOW STREAMS;",
    "SHOW STREAMS EXTENDED;",
    "SHOW TYPES;",
    "DESCRIBE s EXTENDED;",
    "DESCRIBE x EXTENDED;",
    "DESCRIBE y EXTENDED;",
    "EXPLAIN csas_x_2;",
    "EXPLAIN named;",
    "EXPLAIN insertquery_5;",
    "SHOW TOPICS;",
];

async fn looks(house: &mut House) -> Vec<Value> {
    let mut looks = Vec::new();
    for statement in LOOKS {
        let mut look = house.ask(statement).await;
        leave_out_statistics(&mut look);
        looks.push(look);
    }
    looks
}

/// What queries have done is counted from the start of the process.
fn leave_out_statistics(look: &mut Value) {
    match look {
        Value::Object(members) => {
            members.retain(|name, _| name != "statistics");
            members.values_mut().for_each(leave_out_statistics);
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_statistics),
        _ => {}
    }
}

async fn all_run(house: &House) {
    house
        .until("all run", async || {
            let statuses = house.engine.statuses();
            statuses
                .values()
                .all(|status| matches!(status.state, QueryState::Running | QueryState::Paused))
        })
        .await;
}

#[tokio::test]
async fn what_is_shown_after_a_restart_is_the_same_to_the_byte() {
    let mut house = House::earliest().await;
    house
        .go("CREATE TYPE id AS STRUCT<a INT, b VARCHAR>; \
             CREATE STREAM s (k VARCHAR KEY, n INT, i id, m DECIMAL(5,2)) WITH (kafka_topic='t', value_format='JSON', partitions=2);")
        .await;
    house.go("CREATE STREAM x AS SELECT k, n, i->b AS b FROM s WHERE n > 1 OR i->b LIKE '%x!%' ESCAPE '!';").await;
    house.go("CREATE STREAM y (k VARCHAR KEY, n INT, b VARCHAR) WITH (kafka_topic='y', value_format='DELIMITED', partitions=3);").await;
    house
        .go("INSERT INTO y WITH (query_id='named') SELECT k, n, b FROM x;")
        .await;
    house
        .go("SET 'auto.offset.reset'='latest'; INSERT INTO y SELECT k, n * 2 AS n, b FROM x;")
        .await;
    house.go("CREATE STREAM gone AS SELECT * FROM s; DROP STREAM gone DELETE TOPIC; PAUSE insertquery_5;").await;
    house.go("DEFINE v = 'zed'; CREATE STREAM ${v} AS SELECT k, '${v}' AS z FROM s; ALTER STREAM s ADD later INT;").await;
    house
        .write(
            "t",
            0,
            vec![record(Some(b"k"), Some(br#"{"n":2,"i":{"b":"q"}}"#))],
        )
        .await;
    house.texts("y", 1).await;
    all_run(&house).await;
    house.caught_up("NAMED", "X").await;
    house.caught_up("CSAS_X_2", "t").await;
    house.caught_up("CSAS_ZED_9", "t").await;
    let before = looks(&mut house).await;
    let mut house = house.restarted().await;
    all_run(&house).await;
    let after = looks(&mut house).await;
    for ((statement, before), after) in LOOKS.iter().zip(&before).zip(&after) {
        let (before, after) = (before.to_string(), after.to_string());
        let differs = before.bytes().zip(after.bytes()).position(|(b, a)| b != a);
        let around = |text: &str| {
            let at = differs.unwrap_or(text.len());
            String::from_utf8_lossy(
                &text.as_bytes()[at.saturating_sub(60)..text.len().min(at + 60)],
            )
            .into_owned()
        };
        assert!(
            before == after,
            "{statement}\n{}\n{}",
            around(&before),
            around(&after)
        );
    }
    // And once more, from what the second process wrote.
    house.go("RESUME insertquery_5; TERMINATE named;").await;
    let shown = house.ask("SHOW QUERIES;").await.to_string();
    let mut house = house.restarted().await;
    all_run(&house).await;
    assert_eq!(house.ask("SHOW QUERIES;").await.to_string(), shown);
}

#[tokio::test]
async fn a_query_goes_on_where_it_stopped() {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM s (n INT) WITH (kafka_topic='t', value_format='JSON', partitions=1); CREATE STREAM x AS SELECT * FROM s;")
        .await;
    house.put("t", &[r#"{"n":1}"#]).await;
    house.texts("X", 1).await;
    let World { broker, .. } = house.world.clone();
    house.world.clone().stop(house.engine).await.unwrap();
    // What comes while nobody is there is not lost.
    let mut writer = weir_engine::parts::Broker::writer(&*broker, "test")
        .await
        .unwrap();
    let records = vec![record(None, Some(br#"{"n":2}"#))];
    writer
        .write(&weir_engine::parts::TopicPartition::new("t", 0), records)
        .await
        .unwrap();
    let house = House::over(house.world, |builder| builder).await;
    house.put("t", &[r#"{"n":3}"#]).await;
    let rows = house.texts("X", 3).await;
    // It stopped at a checkpoint: nothing comes twice.
    assert_eq!(rows, [r#"{"N":1}"#, r#"{"N":2}"#, r#"{"N":3}"#]);
}

#[tokio::test]
async fn a_query_that_starts_late_keeps_its_place_although_nothing_came() {
    let mut house = House::new().await;
    house
        .go("CREATE STREAM s (n INT) WITH (kafka_topic='t', value_format='JSON', partitions=1);")
        .await;
    house.put("t", &[r#"{"n":1}"#]).await;
    house.go("CREATE STREAM x AS SELECT * FROM s;").await;
    house.world.clone().stop(house.engine).await.unwrap();
    let mut writer = weir_engine::parts::Broker::writer(&*house.world.broker, "test")
        .await
        .unwrap();
    writer
        .write(
            &weir_engine::parts::TopicPartition::new("t", 0),
            vec![record(None, Some(br#"{"n":2}"#))],
        )
        .await
        .unwrap();
    let house = House::over(house.world, |builder| builder).await;
    assert_eq!(house.texts("X", 1).await, [r#"{"N":2}"#]);
}

#[tokio::test]
async fn what_the_configuration_says_later_moves_no_topic_and_changes_no_format() {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM s (n INT) WITH (kafka_topic='t', value_format='JSON', partitions=1);")
        .await;
    house.go("CREATE STREAM x AS SELECT * FROM s;").await;
    house.put("t", &[r#"{"n":1}"#]).await;
    house.texts("X", 1).await;
    let house = house.restarted_with(|builder| {
        builder
            .property("ksql.output.topic.name.prefix", "later_")
            .property("ksql.persistence.wrap.single.values", "false")
            .property("ksql.persistence.default.format.key", "JSON")
    });
    let mut house = house.await;
    house.put("t", &[r#"{"n":2}"#]).await;
    assert_eq!(house.texts("X", 2).await, [r#"{"N":1}"#, r#"{"N":2}"#]);
    // What is said now goes by what is configured now, and stays so.
    house
        .go("SET 'auto.offset.reset'='earliest'; CREATE STREAM y AS SELECT * FROM s;")
        .await;
    let mut house = house.restarted().await;
    house.put("t", &[r#"{"n":3}"#]).await;
    house.texts("later_Y", 3).await;
    house.texts("X", 3).await;
    let topics = house.ask("SHOW TOPICS;").await;
    let topics = crate::support::each(&topics["topics"], "name");
    for gone in ["later_X", "Y"] {
        assert!(!topics.contains(&gone.to_owned()), "{topics:?}");
    }
}

/// A version that asks for more than the one that accepted a statement runs what that one ran.
#[tokio::test]
async fn what_would_be_refused_now_and_was_accepted_then_is_in_force() {
    let sources =
        "CREATE STREAM s (n INT, o INT) WITH (kafka_topic='t', value_format='JSON', partitions=1)";
    // The first entry with an id started the query.
    let accepted: &[(&str, Option<&str>)] = &[
        (sources, None),
        ("CREATE TYPE id AS INT", None),
        ("CREATE TYPE id AS STRING", None),
        ("DROP TYPE never_there", None),
        ("DROP STREAM never_there", None),
        (
            "CREATE STREAM ksql_processing_log (mine id) WITH (kafka_topic='mine', value_format='JSON')",
            None,
        ),
        ("CREATE STREAM x AS SELECT n FROM s", Some("CSAS_X_6")),
        ("ALTER STREAM x ADD more id", None),
        ("ALTER STREAM x ADD n INT", None),
        (
            "CREATE OR REPLACE STREAM s (o INT, n INT) WITH (kafka_topic='t', value_format='JSON')",
            None,
        ),
        (
            "CREATE STREAM w (n INT) WITH (kafka_topic='_weir_w', value_format='JSON', partitions=1)",
            None,
        ),
        ("INSERT INTO w SELECT n FROM s", Some("INSERTQUERY_11")),
        (
            "CREATE STREAM left_over (n INT) WITH (kafka_topic='l', value_format='JSON', partitions=1)",
            None,
        ),
        (
            "CREATE STREAM y AS SELECT n FROM left_over",
            Some("CSAS_Y_13"),
        ),
        ("DROP STREAM left_over", None),
    ];
    let world = World::new(1);
    let house = House::over(world.clone(), |builder| builder).await;
    for topic in ["t", "mine", "_weir_w", "l", "X", "Y"] {
        house.topic(topic, 1).await;
    }
    let entries = accepted
        .iter()
        .enumerate()
        .map(|(number, (statement, query))| {
            let mut entry = serde_json::json!({
                "version": 1,
                "id": number.to_string(),
                "statement": statement,
                "time": 0,
            });
            if let Some(query) = query {
                entry["query_id"] = (*query).into();
            }
            record(None, Some(entry.to_string().as_bytes()))
        });
    house
        .write("_weir_default__statements", 0, entries.collect())
        .await;
    let mut house = house.restarted().await;
    all_run(&house).await;
    let queries = house.ask("SHOW QUERIES;").await;
    let ids = crate::support::each(&queries["queries"], "id");
    assert_eq!(ids, ["CSAS_X_6", "CSAS_Y_13", "INSERTQUERY_11"]);
    let columns = async |house: &mut House, stream: &str| {
        let answer = house.ask(&format!("DESCRIBE {stream};")).await;
        crate::support::each(&answer["sourceDescription"]["fields"], "name")
    };
    assert_eq!(columns(&mut house, "s").await, ["O", "N"]);
    assert_eq!(columns(&mut house, "x").await, ["N", "MORE"]);
    assert_eq!(columns(&mut house, "ksql_processing_log").await, ["MINE"]);
    assert_eq!(
        house.ask("SHOW TYPES;").await["types"]["ID"]["type"],
        "STRING"
    );
    house.put("t", &[r#"{"n":1}"#]).await;
    assert_eq!(house.texts("X", 1).await, [r#"{"N":1}"#]);
    assert_eq!(house.texts("_weir_w", 1).await, [r#"{"N":1}"#]);
    // Each of these is refused when it is new.
    for statement in [
        "CREATE TYPE id AS STRING;",
        "DROP TYPE never_there;",
        "DROP STREAM never_there;",
        "CREATE STREAM ksql_processing_log (mine id) WITH (kafka_topic='mine', value_format='JSON');",
        "ALTER STREAM x ADD another id;",
        "CREATE OR REPLACE STREAM s (n INT, o INT) WITH (kafka_topic='t', value_format='JSON');",
        "INSERT INTO w SELECT n FROM s;",
        "DROP STREAM s;",
    ] {
        house.refusal(statement).await;
    }
}

/// Each process is a runtime of its own, cut off in the middle of its work.
#[test]
fn a_process_that_is_cut_off_loses_nothing() {
    const RECORDS: usize = 4_000;
    let world = World::new(7);
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
    };
    let first = runtime();
    let engine: Engine = first.block_on(async {
        let mut house = House::over(world.clone(), |builder| builder).await;
        house
            .go("SET 'auto.offset.reset'='earliest'; CREATE STREAM s (n INT) WITH (kafka_topic='t', value_format='JSON', partitions=1); \
                 CREATE STREAM x AS SELECT * FROM s WHERE n % 2 = 0;")
            .await;
        house.engine
    });
    drop(engine);
    first.shutdown_background();
    let mut written = 0;
    for round in 0..5 {
        let process = runtime();
        process.block_on(async {
            let house = House::over(world.clone(), |builder| {
                builder.property("commit.interval.ms", "20")
            })
            .await;
            let values: Vec<String> = (written..written + RECORDS / 5)
                .map(|n| format!("{{\"n\":{n}}}"))
                .collect();
            written += values.len();
            for chunk in values.chunks(40) {
                house
                    .put("t", &chunk.iter().map(String::as_str).collect::<Vec<_>>())
                    .await;
                house.clock.advance(std::time::Duration::from_millis(7));
                tokio::task::yield_now().await;
            }
            if round < 4 {
                house
                    .until("some rows", async || {
                        house.ends("X").await[0] > (round + 1) * 20
                    })
                    .await;
            }
            std::mem::forget(house.engine);
        });
        process.shutdown_background();
    }
    let last = runtime();
    last.block_on(async {
        let house = House::over(world.clone(), |builder| builder).await;
        house.caught_up("CSAS_X_1", "t").await;
        house.texts("X", RECORDS / 2).await;
        house.world.stop(house.engine.clone()).await.unwrap();
        let seen: std::collections::BTreeSet<String> =
            house.records("X").await.iter().map(shown).collect();
        let wanted: std::collections::BTreeSet<String> = (0..RECORDS)
            .filter(|n| n % 2 == 0)
            .map(|n| format!("{{\"N\":{n}}}"))
            .collect();
        assert!(seen == wanted, "{} of {}", seen.len(), wanted.len());
    });
}

#[tokio::test]
async fn statements_of_one_request_are_logged_together_or_not_at_all() {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM s (n INT) WITH (kafka_topic='t', value_format='JSON', partitions=1); \
             CREATE STREAM alerts (n INT, rule VARCHAR) WITH (kafka_topic='alerts', value_format='JSON', partitions=1);")
        .await;
    let rules = |from: usize| -> String {
        let rule = |number: usize| {
            format!("INSERT INTO alerts SELECT n, 'r{number}' AS rule FROM s WHERE n = {number};")
        };
        (from..from + 20).map(rule).collect()
    };
    let log = "_weir_default__statements";
    let before = house.ends(log).await[0];
    // What was written may stand in the log; that it was not answered for counts.
    house.world.broker.faults().lose_acknowledgements(1);
    assert!(house.run(&rules(0)).await.is_err());
    assert!(house.engine.statuses().is_empty());
    house.go(&rules(100)).await;
    let ids: Vec<String> = house.engine.statuses().into_keys().collect();
    assert_eq!(ids.len(), 20);
    // Twenty that are void, as many that say so, and those that hold, each with the number of its place.
    assert_eq!(house.ends(log).await[0], before + 60);
    for number in before + 40..before + 60 {
        let id = format!("INSERTQUERY_{number}");
        assert!(ids.contains(&id), "{id} {ids:?}");
    }
    let mut house = house.restarted().await;
    all_run(&house).await;
    let again: Vec<String> = house.engine.statuses().into_keys().collect();
    assert_eq!(again, ids);
    house.put("t", &[r#"{"n":3}"#, r#"{"n":107}"#]).await;
    let alerts = house.jsons("alerts", 1).await;
    assert_eq!(alerts[0]["RULE"], "r107");
    // One that is wrong among many leaves nothing done.
    let wrong = format!(
        "{} INSERT INTO alerts SELECT nothing FROM s; {}",
        rules(200),
        rules(300)
    );
    assert!(house.run(&wrong).await.is_err());
    assert_eq!(house.engine.statuses().len(), 20);
}

#[tokio::test]
async fn a_query_waits_for_its_first_record_as_it_was_planned() {
    let mut house = House::earliest().await;
    house.topic("t", 2).await;
    house
        .go("CREATE TYPE NUMBER AS BIGINT; \
             CREATE STREAM s (a VARCHAR, p STRUCT<q INT>) WITH (kafka_topic='t', value_format='JSON'); \
             CREATE STREAM x AS SELECT CAST(a AS NUMBER) + p->q AS n FROM s WHERE a LIKE '1%'; \
             DROP TYPE NUMBER; CREATE TYPE NUMBER AS VARCHAR; \
             ALTER STREAM s ADD b VARCHAR;")
        .await;
    house
        .put("t", &[r#"{"a":"12","p":{"q":3}}"#, r#"{"a":"2"}"#])
        .await;
    assert_eq!(house.texts("X", 1).await, [r#"{"N":15}"#]);
    let mut house = house.restarted().await;
    house.put("t", &[r#"{"a":"14","p":{"q":3}}"#]).await;
    assert_eq!(house.texts("X", 2).await, [r#"{"N":15}"#, r#"{"N":17}"#]);
    assert_eq!(house.state_of("CSAS_X_2").await, "RUNNING");
}
