//! Statements and records that mean harm: a row or a clear error, and the next one works.

use std::fmt::Write as _;

use serde_json::{Value, json};
use weir_engine::{parts::QueryState, rows::to_json};

use crate::support::{House, each, record, shown, text};

async fn house() -> House {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM s (n INT, c VARCHAR) WITH (kafka_topic='t', value_format='JSON', partitions=1);")
        .await;
    house
        .put("t", &[r#"{"n":1,"c":"one"}"#, r#"{"n":2,"c":"two"}"#])
        .await;
    house
}

async fn still_works(house: &mut House) {
    assert_eq!(
        house.rows("SELECT n FROM s WHERE c = 'two';").await,
        [json!([2])]
    );
}

/// Runs on a thread with the stack that a server's threads have.
fn on_a_small_stack<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_stack_size(2 << 20)
            .enable_all()
            .build()
            .unwrap()
            .block_on(test());
    });
    if let Err(panic) = thread.unwrap().join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn a_statement_of_ten_megabytes_runs_or_is_refused() {
    on_a_small_stack(|| async {
        let mut house = house().await;
        let long = "x".repeat(10 << 20);
        assert!(
            house
                .rows(&format!("SELECT n FROM s WHERE c = '{long}';"))
                .await
                .is_empty()
        );
        assert_eq!(
            house
                .rows(&format!("SELECT n FROM s WHERE c LIKE '%{long}' OR n = 2;"))
                .await,
            [json!([2])]
        );
        assert_eq!(
            house
                .rows(&format!("SELECT n /* {long} */ FROM s WHERE n = 2;"))
                .await,
            [json!([2])]
        );
        house
            .refuses(&format!("SELECT {long} FROM s;"), "cannot be resolved")
            .await;
        house
            .refuses(&format!("SELECT n FROM s WHERE {long}"), "missing ';'")
            .await;
        house
            .refuses(&format!("{long};"), "Unknown statement")
            .await;
        house
            .refuses(&format!("SELECT '{long}"), "Syntax Error")
            .await;
        // A rule of this length is a rule like any other; what does not go into the statement log is refused, and nothing
        // is left of it.
        house
            .say(&format!(
                "CREATE STREAM x AS SELECT n FROM s WHERE c <> '{long}';"
            ))
            .await;
        house.say("DROP STREAM x;").await;
        let longer = "x".repeat(70 << 20);
        let refused = house
            .refusal(&format!(
                "CREATE STREAM y AS SELECT n FROM s WHERE c <> '{longer}';"
            ))
            .await;
        assert!(refused.len() < 1_000, "{} bytes", refused.len());
        assert_eq!(
            each(&house.ask("SHOW STREAMS;").await["streams"], "name"),
            ["KSQL_PROCESSING_LOG", "S"]
        );
        assert!(each(&house.ask("SHOW QUERIES;").await["queries"], "id").is_empty());
        house.go("CREATE STREAM x AS SELECT n FROM s;").await;
        still_works(&mut house).await;
    });
}

#[test]
fn a_thousand_brackets_are_refused() {
    on_a_small_stack(|| async {
        let mut house = house().await;
        for (open, close) in [
            ("(", ")"),
            ("NOT (", ")"),
            ("ARRAY[", "]"),
            ("ABS(", ")"),
            ("CASE WHEN b THEN ", " END"),
            ("- ", ""),
        ] {
            let text = format!(
                "SELECT {}n{} FROM s;",
                open.repeat(1_000),
                close.repeat(1_000)
            );
            let message = house.refusal(&text).await;
            assert!(
                message.contains("deep") && message.len() < 1_000,
                "{open}: {message}"
            );
        }
        let types = format!(
            "CREATE STREAM x (a {}INT{}) WITH (kafka_topic='t', value_format='JSON');",
            "ARRAY<".repeat(1_000),
            ">".repeat(1_000)
        );
        house.refuses(&types, "deep").await;
        for open in ["(", "ARRAY[", "SELECT ", "STRUCT<"] {
            house
                .refuses(&format!("SELECT {};", open.repeat(1_000)), "")
                .await;
        }
        // A hundred are read, and run.
        assert_eq!(
            house
                .rows(&format!(
                    "SELECT {}n{} AS n FROM s WHERE n = 2;",
                    "(".repeat(100),
                    ")".repeat(100)
                ))
                .await,
            [json!([2])]
        );
        still_works(&mut house).await;
    });
}

#[test]
fn a_hundred_thousand_ors_are_run_and_explained_and_dropped() {
    on_a_small_stack(|| async {
        let mut house = house().await;
        let mut ors = String::from("n=2");
        for number in 1..100_000 {
            write!(ors, " OR n={}", number % 7 + 10).unwrap();
        }
        let explained = house
            .ask(&format!("EXPLAIN SELECT n FROM s WHERE {ors};"))
            .await;
        assert!(!text(&explained["queryDescription"]["executionPlan"]).is_empty());
        let said = house
            .say(&format!("CREATE STREAM x AS SELECT n FROM s WHERE {ors};"))
            .await;
        assert_eq!(said, "Created query with ID CSAS_X_1");
        assert_eq!(house.texts("X", 1).await, [r#"{"N":2}"#]);
        house.ask("EXPLAIN csas_x_1;").await;
        let mut house = house.restarted().await;
        house
            .put("t", &[r#"{"n":2}"#, r#"{"n":3}"#, r#"{"n":16}"#])
            .await;
        assert_eq!(
            house.texts("X", 3).await[1..],
            [r#"{"N":2}"#, r#"{"N":16}"#]
        );
        house.go("DROP STREAM x;").await;
        house.go("CREATE STREAM y AS SELECT n FROM s;").await;
    });
}

#[test]
fn a_hundred_thousand_ors_of_patterns_are_run() {
    on_a_small_stack(|| async {
        let mut house = house().await;
        let mut ors = String::from("c LIKE 'tw_'");
        for number in 1..100_000 {
            write!(ors, " OR c LIKE '%{number}%'").unwrap();
        }
        assert_eq!(
            house.rows(&format!("SELECT n FROM s WHERE {ors};")).await,
            [json!([2])]
        );
        let items: Vec<String> = (2..100_000).map(|number| number.to_string()).collect();
        assert_eq!(
            house
                .rows(&format!(
                    "SELECT n FROM s WHERE n IN ({});",
                    items.join(",")
                ))
                .await,
            [json!([2])]
        );
        still_works(&mut house).await;
    });
}

/// A record, what is then the value of `c`, or why there is none.
enum Then {
    Row(Value),
    Bad,
}
use Then::{Bad, Row};

#[test]
fn records_that_mean_harm_are_rows_or_set_aside_and_the_next_ones_come() {
    on_a_small_stack(|| async {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let deep = nested(10_000);
        let megabyte = "y".repeat(900_000);
        let cases: Vec<(Vec<u8>, Then)> = vec![
            // Text that is no UTF-8 comes with replacement characters, as Java reads it.
            (
                b"{\"n\":1,\"c\":\"a\xffb\"}".to_vec(),
                Row(json!("a\u{fffd}b")),
            ),
            (
                b"{\"n\":1,\"c\":\"a\xc3\"}".to_vec(),
                Row(json!("a\u{fffd}")),
            ),
            (b"\xff\xfe".to_vec(), Bad),
            (
                br#"{"n":1,"c":"first","c":"second"}"#.to_vec(),
                Row(json!("second")),
            ),
            (br#"{"n":"bad","n":1,"c":"x"}"#.to_vec(), Row(json!("x"))),
            (br#"{"n":1,"n":"bad","c":"x"}"#.to_vec(), Bad),
            (
                br#"{"n":1,"c":"a\ud800b"}"#.to_vec(),
                Row(json!("a\u{fffd}b")),
            ),
            (
                br#"{"n":1,"c":"\udc00\ud83d\ude00"}"#.to_vec(),
                Row(json!("\u{fffd}😀")),
            ),
            (br#"{"n":1,"c":"a\u0000b"}"#.to_vec(), Row(json!("a\u{0}b"))),
            (
                format!(r#"{{"n":1,"c":"{megabyte}"}}"#).into_bytes(),
                Row(json!(megabyte)),
            ),
            (
                format!(r#"{{"n":1,"other":"{megabyte}","c":"after"}}"#).into_bytes(),
                Row(json!("after")),
            ),
            (
                format!(r#"{{"n":1,"c":"x","other":{deep}}}"#).into_bytes(),
                Bad,
            ),
            (format!(r#"{{"n":1,"c":{deep}}}"#).into_bytes(), Bad),
            (deep.clone().into_bytes(), Bad),
            ("[".repeat(10_000).into_bytes(), Bad),
            ("{\"a\":".repeat(10_000).into_bytes(), Bad),
            (br#"{"n":1,"c":"x"} trailing"#.to_vec(), Bad),
            (
                br#"{"n":99999999999999999999,"c":"big"}"#.to_vec(),
                Row(json!("big")),
            ),
            (br#"{"n":1e400,"c":"wide"}"#.to_vec(), Row(json!("wide"))),
            (b"".to_vec(), Bad),
            (vec![0; 1_000], Bad),
        ];
        let mut house = house().await;
        house.go("CREATE STREAM x AS SELECT n, c FROM s;").await;
        house.texts("X", 2).await;
        let mut rows = 2;
        for (number, (bytes, then)) in cases.iter().enumerate() {
            let start: String = String::from_utf8_lossy(bytes).chars().take(60).collect();
            house
                .write(
                    "t",
                    0,
                    vec![
                        record(None, Some(bytes)),
                        record(None, Some(br#"{"n":7,"c":"next"}"#)),
                    ],
                )
                .await;
            let before = rows;
            rows += 1 + usize::from(matches!(then, Row(_)));
            house.caught_up("CSAS_X_1", "t").await;
            let written = house.texts("X", rows).await;
            assert_eq!(written.len(), rows, "{number}: {start}");
            assert_eq!(
                written[rows - 1],
                r#"{"N":7,"C":"next"}"#,
                "{number}: {start}"
            );
            if let Row(wanted) = then {
                let row: Value = serde_json::from_str(&written[before]).unwrap();
                assert!(&row["C"] == wanted, "{number}: {start}");
            }
        }
        assert_eq!(house.state_of("CSAS_X_1").await, "RUNNING");
        let bad = cases.iter().filter(|(_, then)| matches!(then, Bad)).count();
        let statuses = house.engine.statuses();
        assert_eq!(
            statuses["CSAS_X_1"].bad_records.values().sum::<u64>() as usize,
            bad
        );
        // Each is in the processing log, with its place.
        let log = "default_ksql_processing_log";
        let entries = house.jsons(log, bad).await;
        assert_eq!(entries.len(), bad);
        let offsets = cases
            .iter()
            .enumerate()
            .filter(|(_, (_, then))| matches!(then, Bad))
            .map(|(number, _)| 2 + 2 * number);
        for (entry, offset) in entries.iter().zip(offsets) {
            let error = &entry["message"]["deserializationError"];
            let message = text(&error["errorMessage"]);
            assert!(
                message.ends_with(&format!("(topic: t, partition: 0, offset: {offset})")),
                "{message}"
            );
            assert!(message.len() < 1_000);
            assert_eq!(error["topic"], "t");
        }
        still_works(&mut house).await;
    });
}

#[tokio::test]
async fn a_bad_record_lands_in_the_processing_log_in_its_shape() {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM s (k INT KEY, n INT, st STRUCT<a INT>) WITH (kafka_topic='t', format='JSON', partitions=2); CREATE STREAM x AS SELECT k, n, st->a FROM s;")
        .await;
    house
        .write(
            "t",
            1,
            vec![
                record(Some(b"1"), Some(b"{}")),
                record(Some(b"1"), Some(b"{")),
                record(Some(b"k"), Some(b"{}")),
                record(None, Some(br#"{"st":{"a":"x"}}"#)),
            ],
        )
        .await;
    let log = "default_ksql_processing_log";
    let mut entries = house.jsons(log, 3).await;
    assert_eq!(house.records(log).await[0].key, None);
    let place = |entry: &Value| {
        let message = text(&entry["message"]["deserializationError"]["errorMessage"]);
        message.rsplit(' ').next().unwrap().to_owned()
    };
    entries.sort_by_key(place);
    for (entry, (offset, target)) in entries.iter().zip([(1, "value"), (2, "key"), (3, "value")]) {
        let members: Vec<_> = entry
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(members, ["logger", "level", "time", "message"]);
        assert_eq!(
            entry["logger"],
            "processing.CSAS_X_1.KsqlTopic.Source.deserializer"
        );
        assert_eq!(entry["level"], "ERROR");
        assert!(entry["time"].is_i64());
        let message = &entry["message"];
        assert_eq!(message["type"], 0);
        for other in [
            "recordProcessingError",
            "productionError",
            "serializationError",
            "kafkaStreamsThreadError",
        ] {
            assert_eq!(message.get(other), Some(&Value::Null), "{other}");
        }
        let error = &message["deserializationError"];
        assert_eq!(error["target"], target);
        assert_eq!(error["topic"], "t");
        assert_eq!(error["recordB64"], Value::Null);
        assert!(error["cause"].is_array());
        assert!(
            text(&error["errorMessage"])
                .contains(&format!("topic: t, partition: 1, offset: {offset}"))
        );
    }
    // The same as a stream.
    let rows = house
        .rows("SELECT level, message->type AS t, message->deserializationError->`topic` AS source, message->deserializationError->target AS target FROM KSQL_PROCESSING_LOG;")
        .await;
    assert_eq!(rows.len(), 3);
    assert!(rows.contains(&json!(["ERROR", 0, "t", "key"])), "{rows:?}");
    let described = house.ask("DESCRIBE KSQL_PROCESSING_LOG;").await;
    assert_eq!(
        each(&described["sourceDescription"]["fields"], "name"),
        ["LOGGER", "LEVEL", "TIME", "MESSAGE"]
    );
}

#[tokio::test]
async fn the_processing_log_shows_rows_only_if_it_may() {
    let mut house = House::with(|builder| {
        builder
            .property("ksql.logging.processing.rows.include", "true")
            .service_id("svc_")
    })
    .await;
    house.go("SET 'auto.offset.reset'='earliest'; CREATE STREAM s (n INT) WITH (kafka_topic='t', value_format='JSON', partitions=1); CREATE STREAM x AS SELECT * FROM s;").await;
    house.put("t", &["{x"]).await;
    let entry = &house.jsons("svc_ksql_processing_log", 1).await[0];
    assert_eq!(
        entry["message"]["deserializationError"]["recordB64"],
        "e3g="
    );
}

#[tokio::test]
async fn the_processing_log_is_not_reported_on_itself() {
    let mut house = House::earliest().await;
    let log = "default_ksql_processing_log";
    house
        .go("CREATE STREAM s (n INT) WITH (kafka_topic='t', value_format='JSON', partitions=1); CREATE STREAM x AS SELECT * FROM s; \
             CREATE STREAM alarms AS SELECT level, message->deserializationError->errorMessage AS why FROM KSQL_PROCESSING_LOG; \
             CREATE STREAM wrong (time BOOLEAN) WITH (kafka_topic='default_ksql_processing_log', value_format='JSON'); CREATE STREAM y AS SELECT * FROM wrong;")
        .await;
    house.put(log, &["this is no entry"]).await;
    house.put("t", &["{"]).await;
    // The entry for the bad record of `t`, and none for those of the log.
    house.texts("ALARMS", 1).await;
    house.caught_up("CSAS_ALARMS_2", log).await;
    house.caught_up("CSAS_Y_4", log).await;
    let statuses = house.engine.statuses();
    assert_eq!(
        statuses["CSAS_ALARMS_2"].bad_records.values().sum::<u64>(),
        1
    );
    assert_eq!(statuses["CSAS_Y_4"].bad_records.values().sum::<u64>(), 2);
    house.put("t", &["{"]).await;
    house.texts("ALARMS", 2).await;
    let entries: Vec<String> = house.records(log).await.iter().map(shown).collect();
    assert_eq!(entries.len(), 3, "{entries:#?}");
    assert!(
        entries[1..]
            .iter()
            .all(|entry| entry.contains("processing.CSAS_X_1."))
    );
}

#[tokio::test]
async fn rows_that_cannot_be_written_are_in_the_processing_log_too() {
    let mut house = house().await;
    // A topic that takes no large record.
    let config =
        std::collections::BTreeMap::from([("max.message.bytes".to_owned(), "1000".to_owned())]);
    house
        .engine
        .topics()
        .create("small", 1, config)
        .await
        .unwrap();
    house
        .go("CREATE STREAM x WITH (kafka_topic='small') AS SELECT n, c FROM s;")
        .await;
    house
        .put(
            "t",
            &[
                &json!({"n": 3, "c": "z".repeat(2_000)}).to_string(),
                r#"{"n":4,"c":"four"}"#,
            ],
        )
        .await;
    let written = house.texts("small", 3).await;
    assert_eq!(written[2], r#"{"N":4,"C":"four"}"#);
    let entry = &house.jsons("default_ksql_processing_log", 1).await[0];
    assert_eq!(entry["message"]["type"], 2);
    assert!(
        text(&entry["message"]["productionError"]["errorMessage"])
            .contains("topic: t, partition: 0, offset: 2"),
        "{entry}"
    );
    let statuses = house.engine.statuses();
    assert_eq!(statuses["CSAS_X_1"].state, QueryState::Running);
}

#[tokio::test]
async fn a_push_query_goes_on_after_a_bad_record() {
    let mut house = house().await;
    let mut stream = house.stream("SELECT n FROM s EMIT CHANGES;").await;
    house.take(&mut stream, 2).await;
    house.put("t", &["{", r#"{"n":"x"}"#, r#"{"n":3}"#]).await;
    let batch = stream.next().await.unwrap();
    assert_eq!(to_json(&batch, &stream.schema), [[json!(3)]]);
}

#[tokio::test]
async fn a_record_that_the_topic_does_not_take_is_refused() {
    let mut house = house().await;
    let long = "z".repeat(2 << 20);
    let refused = house
        .refusal(&format!("INSERT INTO s VALUES (3, '{long}');"))
        .await;
    assert!(refused.contains("t") && refused.len() < 1_000, "{refused}");
    house.go("INSERT INTO s VALUES (3, 'three');").await;
    assert_eq!(house.ends("t").await, [3]);
    still_works(&mut house).await;
}
