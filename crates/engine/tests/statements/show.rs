//! SHOW, LIST, and DESCRIBE FUNCTION.

use serde_json::json;

use crate::support::{House, each, text};

async fn house() -> House {
    let mut house = House::new().await;
    house
        .go("CREATE STREAM s (k VARCHAR KEY, a INT) WITH (kafka_topic='t', value_format='JSON', partitions=2); \
             CREATE STREAM d (a INT) WITH (kafka_topic='t', value_format='DELIMITED', key_format='NONE'); \
             CREATE STREAM x AS SELECT k, a FROM s WHERE a > 1;")
        .await;
    house
}

#[tokio::test]
async fn topics_are_listed_by_name_without_the_engines_own() {
    let mut house = house().await;
    house.topic("_schemas", 1).await;
    let answer = house.ask("SHOW TOPICS;").await;
    assert_eq!(answer["@type"], "kafka_topics");
    assert_eq!(answer["statementText"], "SHOW TOPICS;");
    assert_eq!(answer["warnings"], json!([]));
    assert_eq!(
        answer["topics"],
        json!([
            {"name": "X", "replicaInfo": [1, 1]},
            {"name": "default_ksql_processing_log", "replicaInfo": [1]},
            {"name": "t", "replicaInfo": [1, 1]}
        ])
    );
    let all = house.ask("LIST ALL TOPICS;").await;
    assert_eq!(
        each(&all["topics"], "name"),
        [
            "X",
            "_schemas",
            "_weir_default__statements",
            "default_ksql_processing_log",
            "t"
        ]
    );
    let extended = house.ask("LIST TOPICS EXTENDED;").await;
    assert_eq!(extended["@type"], "kafka_topics_extended");
    assert_eq!(
        extended["topics"][0],
        json!({"name": "X", "replicaInfo": [1, 1], "consumerCount": 0, "consumerGroupCount": 0})
    );
}

#[tokio::test]
async fn streams_and_tables_are_listed_with_their_formats() {
    let mut house = house().await;
    let answer = house.ask("LIST STREAMS;").await;
    assert_eq!(answer["@type"], "streams");
    assert_eq!(
        each(&answer["streams"], "name"),
        ["D", "KSQL_PROCESSING_LOG", "S", "X"]
    );
    assert_eq!(
        answer["streams"][0],
        json!({"type": "STREAM", "name": "D", "topic": "t", "keyFormat": "NONE", "valueFormat": "DELIMITED", "isWindowed": false})
    );
    assert_eq!(house.ask("SHOW TABLES;").await["tables"], json!([]));
    for statement in ["SHOW STREAMS EXTENDED;", "DESCRIBE STREAMS EXTENDED;"] {
        let answer = house.ask(statement).await;
        assert_eq!(answer["@type"], "source_descriptions");
        assert_eq!(
            each(&answer["sourceDescriptions"], "name"),
            ["D", "KSQL_PROCESSING_LOG", "S", "X"]
        );
        assert_eq!(answer["sourceDescriptions"][2]["partitions"], 2);
        assert_eq!(
            answer["sourceDescriptions"][2]["sourceConstraints"],
            json!(["X"])
        );
        for described in answer["sourceDescriptions"].as_array().unwrap() {
            let statement = format!("DESCRIBE {} EXTENDED;", text(&described["name"]));
            let alone = &house.ask(&statement).await["sourceDescription"];
            let members = described.as_object().unwrap().iter();
            // What queries did may have gone on in the meantime.
            for (member, value) in members.filter(|(member, _)| *member != "statistics") {
                assert_eq!(*value, alone[member], "{statement} {member}");
            }
        }
    }
    assert_eq!(house.ask("DESCRIBE STREAMS;").await["@type"], "streams");
    assert_eq!(
        house.ask("LIST TABLES EXTENDED;").await["sourceDescriptions"],
        json!([])
    );
}

#[tokio::test]
async fn queries_are_listed_with_their_sinks() {
    let mut house = house().await;
    house
        .until("running", async || {
            let statuses = house.engine.statuses();
            statuses
                .values()
                .all(|status| status.state == weir_engine::parts::QueryState::Running)
        })
        .await;
    let answer = house.ask("SHOW QUERIES;").await;
    assert_eq!(
        answer["queries"],
        json!([{
            "queryString": "CREATE STREAM x AS SELECT k, a FROM s WHERE a > 1",
            "sinks": ["X"], "sinkKafkaTopics": ["X"], "id": "CSAS_X_2", "statusCount": {"RUNNING": 1},
            "queryType": "PERSISTENT", "state": "RUNNING"
        }])
    );
    let extended = house.ask("LIST QUERIES EXTENDED;").await;
    assert_eq!(extended["@type"], "query_descriptions");
    assert_eq!(extended["queryDescriptions"][0]["sources"], json!(["S"]));
}

#[tokio::test]
async fn functions_are_listed_and_described() {
    let mut house = house().await;
    let answer = house.ask("SHOW FUNCTIONS;").await;
    assert_eq!(answer["@type"], "function_names");
    let names = each(&answer["functions"], "name");
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(names, sorted);
    let functions = answer["functions"].as_array().unwrap();
    let ucase = functions
        .iter()
        .find(|function| function["name"] == "UCASE")
        .unwrap();
    assert_eq!(ucase["type"], "SCALAR");
    assert_eq!(ucase["category"], "STRING");
    let answer = house.ask("DESCRIBE FUNCTION lpad;").await;
    assert_eq!(answer["@type"], "describe_function");
    assert_eq!(answer["name"], "LPAD");
    assert_eq!(answer["type"], "SCALAR");
    let overload = &answer["functions"][0];
    assert_eq!(overload["arguments"].as_array().unwrap().len(), 3);
    assert_eq!(overload["returnType"], "STRING");
    assert_eq!(overload["arguments"][1]["type"], "INTEGER");
    assert_eq!(overload["arguments"][1]["isVariadic"], false);
    assert_eq!(
        house.refusal("DESCRIBE FUNCTION nope;").await,
        "Can't find any functions with the name 'NOPE'"
    );
}

#[tokio::test]
async fn properties_are_listed_and_secrets_are_hidden() {
    let mut house = House::with(|builder| {
        builder
            .property("ssl.keystore.password", "s3cret")
            .property("ksql.output.topic.name.prefix", "p_")
    })
    .await;
    house.go("SET 'auto.offset.reset'='earliest';").await;
    let answer = house.ask("SHOW PROPERTIES;").await;
    assert_eq!(answer["@type"], "properties");
    let listed = answer["properties"].as_array().unwrap();
    let named = |name: &str| {
        listed
            .iter()
            .find(|property| property["name"] == name)
            .unwrap()
    };
    assert_eq!(
        named("auto.offset.reset"),
        &json!({"name": "auto.offset.reset", "scope": "KSQL", "value": "earliest", "editable": true, "level": "QUERY"})
    );
    assert_eq!(named("ssl.keystore.password")["value"], "[hidden]");
    assert_eq!(named("ksql.output.topic.name.prefix")["editable"], false);
    assert_eq!(
        answer["overwrittenProperties"],
        json!(["auto.offset.reset"])
    );
    let defaults: Vec<_> = answer["defaultProperties"]
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .collect();
    assert!(defaults.contains(&"commit.interval.ms".to_owned()));
    assert!(!defaults.contains(&"ksql.output.topic.name.prefix".to_owned()));
    assert!(!answer.to_string().contains("s3cret"));
}

#[tokio::test]
async fn what_cannot_be_shown_is_a_syntax_error() {
    let mut house = house().await;
    for statement in [
        "SHOW NOTHING;",
        "SHOW;",
        "LIST ALL STREAMS;",
        "SHOW TOPICS NOW;",
    ] {
        house.refuses(statement, "Syntax Error").await;
    }
}
