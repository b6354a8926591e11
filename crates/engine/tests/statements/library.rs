//! The engine as a library: what a program around it can do that statements alone do not say.

use std::sync::Arc;

use futures::StreamExt;
use serde_json::json;
use weir_engine::{
    Engine, Session,
    arrow::array::{AsArray, StringArray},
    parts::SqlType,
    scalar_function,
};

use crate::support::House;

fn is_send<T: Send>(_: &T) {}

/// Never called: it compiles only while every door's future can move to another thread.
#[expect(dead_code, reason = "what is tested is that it compiles")]
fn futures_are_send(engine: &Engine, session: &mut Session) {
    is_send(&Engine::builder().memory(0).build());
    is_send(&engine.execute_statement(session, ""));
    is_send(&engine.execute(session, ""));
    is_send(&engine.query(""));
    is_send(&engine.subscribe(""));
    is_send(&engine.metrics());
    is_send(&engine.deploy("", weir_engine::DeployOptions::default()));
    is_send(&engine.shutdown());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_may_run_in_a_task_of_its_own() {
    let house = House::new().await;
    let engine = house.engine.clone();
    let create =
        "CREATE STREAM s (a INT) WITH (kafka_topic='s', value_format='JSON', partitions=1);";
    let task = tokio::spawn(async move {
        let answers = engine.execute(&mut engine.session(), create).await;
        answers.map(|answers| answers.len())
    });
    assert_eq!(task.await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn rows_are_a_stream_of_batches_that_ends_with_the_query() {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='s', value_format='JSON', partitions=1);")
        .await;
    let rows = house.stream("SELECT a FROM s EMIT CHANGES LIMIT 3;").await;
    house
        .put(
            "s",
            &[r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#, r#"{"a":4}"#],
        )
        .await;
    let batches: Vec<_> = rows.collect().await;
    assert_eq!(
        batches.iter().map(|batch| batch.num_rows()).sum::<usize>(),
        3
    );
}

#[tokio::test]
async fn a_function_of_the_program_is_called_in_statements_and_described() {
    let initial = scalar_function("INITIAL", [SqlType::String], SqlType::String, |columns| {
        let texts = columns[0].as_string::<i32>().iter();
        let firsts = texts.map(|text| text?.chars().next().map(String::from));
        Arc::new(firsts.collect::<StringArray>())
    });
    let mut house = House::with(|builder| {
        builder
            .function(initial)
            .property("auto.offset.reset", "earliest")
    })
    .await;
    house
        .go("CREATE STREAM s (name VARCHAR) WITH (kafka_topic='s', value_format='JSON', partitions=1); \
             CREATE STREAM a AS SELECT initial(name) AS i FROM s WHERE INITIAL(name) <> 'z';")
        .await;
    let values = [
        r#"{"name":"anna"}"#,
        r#"{"name":"zoe"}"#,
        r#"{"name":""}"#,
        r#"{"name":"bob"}"#,
    ];
    house.put("s", &values).await;
    assert_eq!(
        house.jsons("A", 2).await,
        [json!({"I": "a"}), json!({"I": "b"})]
    );
    house
        .refuses("SELECT INITIAL(5) FROM s;", "INITIAL(STRING")
        .await;
    let answer = house.ask("DESCRIBE FUNCTION initial;").await;
    assert_eq!(answer["functions"][0]["returnType"], "STRING");
}

#[test]
fn what_is_shown_of_a_builder_has_no_secret_in_it() {
    let builder = Engine::builder()
        .property("sasl.jaas.config", "password=hunter2")
        .property("ssl.key.password", "hunter2")
        .property("ksql.service.id", "soc_");
    let shown = format!("{builder:?}");
    assert!(
        shown.contains("soc_") && shown.contains("[hidden]"),
        "{shown}"
    );
    assert!(!shown.contains("hunter2"), "{shown}");
}
