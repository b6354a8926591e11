//! Several statements at once, and RUN SCRIPT.

use weir_engine::Response;

use crate::support::{House, each};

async fn streams(house: &mut House) -> Vec<String> {
    each(&house.ask("SHOW STREAMS;").await["streams"], "name")
}

#[tokio::test]
async fn each_statement_of_a_script_answers() {
    let mut house = House::new().await;
    let answers = house
        .run(
            "-- first\nCREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON', partitions=1);\n\
             SET 'auto.offset.reset'='earliest'; INSERT INTO s VALUES (1); /* last; */ CREATE STREAM x AS SELECT * FROM s;\nSHOW STREAMS;\n-- end",
        )
        .await
        .unwrap();
    assert!(matches!(
        answers.as_slice(),
        [
            Response::Entity(_),
            Response::Note(_),
            Response::Done,
            Response::Entity(_),
            Response::Entity(_)
        ]
    ));
    assert_eq!(house.texts("X", 1).await, [r#"{"A":1}"#]);
    assert!(house.run("").await.unwrap().is_empty());
    assert!(house.run(" -- nothing\n;; ").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_wrong_last_statement_leaves_nothing_done() {
    let mut house = House::new().await;
    house.topic("there", 1).await;
    house.go("CREATE STREAM old (a INT) WITH (kafka_topic='there', value_format='JSON'); CREATE STREAM q AS SELECT * FROM old;").await;
    let good = "CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON', partitions=1); INSERT INTO old VALUES (1); DEFINE v = 'x'; \
                SET 'auto.offset.reset'='earliest'; CREATE STREAM x AS SELECT * FROM s; TERMINATE csas_q_1; ";
    for (wrong, part) in [
        (
            "CREATE STREAM y AS SELECT nope FROM s;",
            "'NOPE' cannot be resolved",
        ),
        (
            "CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON');",
            "same name already exists",
        ),
        ("SELECT * FROM nope;", "NOPE does not exist."),
        (
            "INSERT INTO s VALUES (1, 2);",
            "Expected a value for each column.",
        ),
        ("DROP STREAM s;", "Cannot drop S."),
        ("DROP STREAM nope;", "Stream NOPE does not exist."),
        (
            "DESCRIBE nope;",
            "Could not find STREAM/TABLE 'NOPE' in the Metastore",
        ),
        (
            "DESCRIBE FUNCTION nope;",
            "Can't find any functions with the name 'NOPE'",
        ),
        ("EXPLAIN nope;", "Query with id:NOPE does not exist"),
        ("EXPLAIN SELECT nope FROM s;", "'NOPE' cannot be resolved"),
        (
            "TERMINATE csas_q_1;",
            "Failed to terminate query with query ID: 'CSAS_Q_1'",
        ),
        ("PAUSE nope;", "Unknown queryId: NOPE"),
        ("PRINT nope;", "Could not find topic 'nope'"),
        ("SET 'nope'='x';", "Unknown property: nope"),
        ("SHOW CONNECTORS;", "not in this version"),
        ("SELEC;", "Unknown statement 'SELEC'"),
        ("SHOW STREAMS", "missing ';' at '<EOF>'"),
    ] {
        house.refuses(&format!("{good}{wrong}"), part).await;
        assert_eq!(
            streams(&mut house).await,
            ["KSQL_PROCESSING_LOG", "OLD", "Q"],
            "{wrong}"
        );
        assert_eq!(house.state_of("CSAS_Q_1").await, "RUNNING", "{wrong}");
        assert_eq!(house.ends("there").await, [0], "{wrong}");
        assert!(
            house.engine.topics().get("t").await.unwrap().is_none(),
            "{wrong}"
        );
        assert!(house.session.properties.is_empty(), "{wrong}");
        assert!(house.session.variables.get("V").is_none(), "{wrong}");
    }
}

#[tokio::test]
async fn statements_of_a_script_see_what_those_before_them_do() {
    let mut house = House::new().await;
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON', partitions=1); \
             CREATE STREAM x AS SELECT * FROM s; INSERT INTO x WITH (query_id='q') SELECT * FROM s; \
             DESCRIBE x; EXPLAIN csas_x_1; EXPLAIN q; PAUSE q; RESUME q; TERMINATE q; DROP STREAM x DELETE TOPIC; DROP STREAM s DELETE TOPIC; \
             CREATE STREAM s (b INT) WITH (kafka_topic='t', value_format='JSON', partitions=2); \
             TERMINATE ALL; DROP STREAM s;")
        .await;
    assert_eq!(streams(&mut house).await, ["KSQL_PROCESSING_LOG"]);
    assert_eq!(house.ends("t").await.len(), 2);
    house.go("CREATE TYPE ty AS INT; CREATE STREAM s (a ty) WITH (kafka_topic='t', value_format='JSON'); DROP TYPE ty;").await;
    house.go("DEFINE n = 's2'; CREATE STREAM ${n} (a INT) WITH (kafka_topic='t', value_format='JSON'); PRINT t LIMIT 0; ASSERT TOPIC t;").await;
    assert_eq!(
        streams(&mut house).await,
        ["KSQL_PROCESSING_LOG", "S", "S2"]
    );
}

#[tokio::test]
async fn a_file_is_run_as_if_it_stood_there() {
    let mut house = House::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("it's.sql");
    std::fs::write(
        &path,
        "DEFINE n = 's'; CREATE STREAM ${n} (a INT) WITH (kafka_topic='t', value_format='JSON', partitions=1); SHOW STREAMS;",
    )
    .unwrap();
    let quoted = path.display().to_string().replace('\'', "''");
    let answers = house.run(&format!("RUN SCRIPT '{quoted}';")).await.unwrap();
    assert!(matches!(
        answers.as_slice(),
        [Response::Done, Response::Entity(_), Response::Entity(_)]
    ));
    assert_eq!(house.session.variables.get("N"), Some("s"));
    std::fs::write(
        &path,
        "CREATE STREAM s2 (a INT) WITH (kafka_topic='t', value_format='JSON'); DROP STREAM nope;",
    )
    .unwrap();
    house
        .refuses(
            &format!("RUN SCRIPT '{quoted}';"),
            "Stream NOPE does not exist.",
        )
        .await;
    assert_eq!(streams(&mut house).await, ["KSQL_PROCESSING_LOG", "S"]);
    house
        .refuses(
            "RUN SCRIPT '/nowhere/x.sql';",
            "Failed to read file: /nowhere/x.sql",
        )
        .await;
    // A script that runs itself comes to an end.
    std::fs::write(&path, format!("RUN SCRIPT '{quoted}';")).unwrap();
    house
        .refuses(&format!("RUN SCRIPT '{quoted}';"), "deep")
        .await;
    std::fs::write(&path, [0xff, 0xfe, b';']).unwrap();
    house
        .refuses(&format!("RUN SCRIPT '{quoted}';"), "Failed to read file: ")
        .await;
}

#[tokio::test]
async fn assertions_of_scenarios_are_for_scenarios() {
    let mut house = House::new().await;
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON', partitions=1);")
        .await;
    for statement in [
        "ASSERT VALUES s (a) VALUES (1);",
        "ASSERT NULL VALUES s (a) KEY (1);",
        "ASSERT STREAM s (a INT);",
        "ASSERT COUNT 0 IN s;",
    ] {
        house
            .refuses(statement, "is for scenarios: `weir test` runs them.")
            .await;
        // In a script nothing of it is done.
        house
            .refuses(
                &format!("DROP STREAM s; {statement}"),
                "`weir test` runs them.",
            )
            .await;
    }
    assert_eq!(streams(&mut house).await, ["KSQL_PROCESSING_LOG", "S"]);
}
