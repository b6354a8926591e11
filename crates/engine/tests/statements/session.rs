//! SET, UNSET, DEFINE, UNDEFINE, SHOW VARIABLES.

use serde_json::json;
use weir_engine::Response;

use crate::support::{House, each};

async fn note(house: &mut House, statement: &str) -> String {
    match house.run(statement).await.unwrap().remove(0) {
        Response::Note(note) => note,
        _ => panic!("no note: {statement}"),
    }
}

#[tokio::test]
async fn properties_are_set_for_the_session_and_unset() {
    let mut house = House::new().await;
    assert_eq!(
        note(
            &mut house,
            "SET 'ksql.streams.auto.offset.reset'='earliest';"
        )
        .await,
        "Successfully changed local property 'auto.offset.reset' to 'earliest'. Use the UNSET command to revert your change."
    );
    assert_eq!(
        note(&mut house, "SET 'auto.offset.reset' = 'latest';").await,
        "Successfully changed local property 'auto.offset.reset' from 'earliest' to 'latest'."
    );
    // Another session has its own.
    assert!(house.engine.session().properties.is_empty());
    assert_eq!(
        note(&mut house, "UNSET 'auto.offset.reset';").await,
        "Successfully unset local property 'auto.offset.reset' (value was 'latest')."
    );
    for (statement, part) in [
        (
            "UNSET 'auto.offset.reset';",
            "Cannot unset local property 'auto.offset.reset' which was never set in the first place",
        ),
        ("SET 'nope'='1';", "Unknown property: nope"),
        (
            "SET 'auto.offset.reset'='middle';",
            "Invalid value middle for configuration auto.offset.reset",
        ),
        (
            "SET 'ksql.service.id'='x';",
            "prohibited by the KSQL server",
        ),
        ("SET auto='x';", "Syntax Error"),
    ] {
        house.refuses(statement, part).await;
    }
    assert!(house.session.properties.is_empty());
}

#[tokio::test]
async fn variables_stand_for_names_literals_and_parts_of_strings() {
    let mut house = House::earliest().await;
    house.topic("topic-7", 1).await;
    assert!(matches!(
        house
            .run("DEFINE name = 'my_stream';")
            .await
            .unwrap()
            .as_slice(),
        [Response::Done]
    ));
    house
        .go("DEFINE FORMAT = '''JSON'''; DEFINE no = '7'; DEFINE quote = 'it''s';")
        .await;
    let answer = house.ask("SHOW VARIABLES;").await;
    assert_eq!(answer["@type"], "variables");
    assert_eq!(
        answer["variables"],
        json!([{"name": "format", "value": "'JSON'"}, {"name": "name", "value": "my_stream"}, {"name": "no", "value": "7"}, {"name": "quote", "value": "it's"}])
    );
    house
        .go("CREATE STREAM ${name} (a INT, b VARCHAR) WITH (kafka_topic='topic-${NO}', value_format=${format});")
        .await;
    house
        .go("INSERT INTO ${name} VALUES (${no}, '<${quote}>');")
        .await;
    assert_eq!(
        house.rows("SELECT * FROM my_stream WHERE a = ${no};").await,
        [json!([7, "<it's>"])]
    );
    // What is not defined is text.
    assert_eq!(
        house.rows("SELECT '${nope}' AS x FROM my_stream;").await,
        [json!(["${nope}"])]
    );
    // A variable brings no clause of its own.
    house
        .go("DEFINE evil = 'my_stream; DROP STREAM my_stream';")
        .await;
    house.refuses("SELECT * FROM ${evil};", "").await;
    house.go("DESCRIBE my_stream;").await;
    house.go("UNDEFINE name;").await;
    let warned = house.ask("UNDEFINE name;").await;
    assert_eq!(warned["@type"], "warning_entity");
    assert_eq!(
        warned["message"],
        "Cannot undefine variable 'name' which was never defined"
    );
    assert_eq!(
        each(&house.ask("SHOW VARIABLES;").await["variables"], "name").len(),
        4
    );
}

#[tokio::test]
async fn a_query_keeps_what_was_put_in_for_its_variables() {
    let mut house = House::earliest().await;
    house.go("DEFINE least = '5'; CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON', partitions=1);").await;
    house
        .go("CREATE STREAM x AS SELECT * FROM s WHERE a > ${least};")
        .await;
    house.go("DEFINE least = '50';").await;
    let mut house = house.restarted().await;
    house.put("t", &[r#"{"a":5}"#, r#"{"a":6}"#]).await;
    assert_eq!(house.texts("X", 1).await, [r#"{"A":6}"#]);
    house.go("SHOW VARIABLES;").await;
}

#[tokio::test]
async fn substitution_can_be_switched_off() {
    let mut house =
        House::with(|builder| builder.property("ksql.variable.substitution.enable", "false")).await;
    house.topic("t", 1).await;
    house.go("DEFINE t = 't'; CREATE STREAM s (a VARCHAR) WITH (kafka_topic='t', value_format='JSON');").await;
    house.go("INSERT INTO s VALUES ('${t}');").await;
    assert_eq!(house.rows("SELECT * FROM s;").await, [json!(["${t}"])]);
}
