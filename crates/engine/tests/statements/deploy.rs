//! A file of statements that is run, changed, and run again: `Engine::deploy`.

use weir_engine::{DeployOptions, Deployment, Error, testing::World};
use weir_runtime::CheckpointStore;

use crate::support::House;

const SOURCES: &str = "
    CREATE STREAM s (k INT KEY, a INT, l ARRAY<INT>, m ARRAY<INT>, t BIGINT) WITH (kafka_topic='t', value_format='JSON', partitions=1);
    CREATE STREAM texts (k INT KEY, a INT) WITH (kafka_topic='t', value_format='DELIMITED');
    CREATE STREAM dated (k INT KEY, a INT, t BIGINT) WITH (kafka_topic='t', value_format='JSON', timestamp='t');
    CREATE STREAM other (k INT KEY, a INT) WITH (kafka_topic='other', value_format='JSON', partitions=1);
    CREATE STREAM same (k INT KEY, a INT) WITH (kafka_topic='t', value_format='JSON');";

/// Runs a file over the world, from the beginning of its topics, until it is told otherwise.
async fn run(world: &World, script: &str) -> Result<(House, Deployment), Error> {
    let house = House::over(world.clone(), |builder| {
        builder
            .headless(true)
            .property("auto.offset.reset", "earliest")
    });
    let house = house.await;
    let options = DeployOptions::default();
    match house.engine.deploy(script, options).await {
        Ok(deployment) => {
            deployment.ready().await?;
            Ok((house, deployment))
        }
        Err(error) => {
            world.clone().stop(house.engine).await?;
            Err(error)
        }
    }
}

async fn stop((house, deployment): (House, Deployment)) {
    drop(deployment);
    house.world.stop(house.engine).await.unwrap();
}

#[tokio::test]
async fn a_changed_file_is_refused_what_or_replace_is_refused_in_the_same_words() {
    let create = "CREATE STREAM x WITH (value_format='JSON') AS";
    for (before, after, part) in [
        (
            "SELECT k, a FROM s",
            "SELECT k, a FROM other",
            "must have matching topicName. Values differ: t vs. other",
        ),
        (
            "SELECT k, a FROM s",
            "SELECT k, a AS b FROM s",
            "The following columns are changed, missing or reordered: [`A` INTEGER]",
        ),
        (
            "SELECT k, a FROM s",
            "SELECT k, a FROM texts",
            "must have matching formats. Values differ: KAFKA and JSON vs. KAFKA and DELIMITED",
        ),
        (
            "SELECT k, a FROM s",
            "SELECT k, a FROM dated",
            "must have matching timestampColumn. Values differ: none vs. `T`",
        ),
        (
            "SELECT * FROM s PARTITION BY a + 1",
            "SELECT * FROM s PARTITION BY a + 2",
            "must have matching keyExpressions. Values differ: '[(A + 1)]' vs. '[(A + 2)]'",
        ),
        (
            "SELECT k AS k, a FROM s PARTITION BY k",
            "SELECT k, a FROM s",
            "must have matching keyExpressions. Values differ: '[K]' vs. 'null'",
        ),
        (
            "SELECT k, EXPLODE(l) AS e FROM s",
            "SELECT k, a AS e FROM s",
            "must have matching tableFunctions. Values differ: '[EXPLODE]' vs. '[]'",
        ),
    ] {
        let mut house = House::new().await;
        house.go(&format!("{SOURCES} {create} {before};")).await;
        let at_the_prompt = house
            .refusal(&format!(
                "{} {after};",
                create.replacen("CREATE", "CREATE OR REPLACE", 1)
            ))
            .await;
        assert!(at_the_prompt.contains(part), "{at_the_prompt}");

        let world = World::new(1);
        let file = format!("{SOURCES}\n{create} {before};");
        stop(run(&world, &file).await.unwrap()).await;
        let changed = format!("{SOURCES}\n{create} {after};");
        let Err(error) = run(&world, &changed).await else {
            panic!("not refused: {after}");
        };
        assert_eq!(error.message, at_the_prompt);
        assert!(error.render().contains("STREAM x "), "{}", error.render());
        let column = error.position().map(|position| position.column);
        assert_eq!(column, Some(15), "{}", error.render());
        assert!(error.hint.unwrap().contains("under another name"));
        // Nothing of it was kept: the file as it was runs as it did.
        stop(run(&world, &file).await.unwrap()).await;
    }
}

#[tokio::test]
async fn a_changed_file_goes_on_as_far_as_or_replace_allows() {
    let world = World::new(1);
    let create = "CREATE STREAM x AS";
    let file = |query: &str| format!("{SOURCES} {create} {query};");
    let (house, deployment) = run(
        &world,
        &file("SELECT k, a FROM s WHERE a > 0 PARTITION BY k"),
    )
    .await
    .unwrap();
    house.put("t", &[r#"{"a":1}"#]).await;
    house.texts("X", 1).await;
    house.caught_up("CSAS_X", "t").await;
    stop((house, deployment)).await;
    // Another filter, one more column, the same topic under another name.
    for (query, value) in [
        ("SELECT k, a, a * 2 AS b FROM s PARTITION BY k", 2),
        ("SELECT k, a, a * 3 AS b FROM same PARTITION BY k", 3),
    ] {
        let (house, deployment) = run(&world, &file(query)).await.unwrap();
        house.put("t", &[&format!(r#"{{"a":{value}}}"#)]).await;
        let rows = house.texts("X", value as usize).await;
        let last = format!(r#"{{"A":{value},"B":{}}}"#, value * value);
        assert_eq!(rows[value as usize - 1..], [last], "{query}");
        house.caught_up("CSAS_X", "t").await;
        stop((house, deployment)).await;
    }
}

#[tokio::test]
async fn the_same_words_are_the_same_query_whatever_a_version_called_its_keys() {
    let world = World::new(1);
    let file = format!("{SOURCES} CREATE STREAM x AS SELECT * FROM s PARTITION BY a + 1;");
    stop(run(&world, &file).await.unwrap()).await;
    let kept = world
        .checkpoints
        .load_plan("CSAS_X")
        .await
        .unwrap()
        .unwrap();
    let by_another = kept.replace("(A + 1)", "A+1");
    assert_ne!(kept, by_another);
    world
        .checkpoints
        .save_plan("CSAS_X", &by_another)
        .await
        .unwrap();
    stop(run(&world, &file).await.unwrap()).await;
}

#[tokio::test]
async fn an_insert_over_another_source_begins_anew_also_over_the_same_topic() {
    let world = World::new(1);
    let file = |source: &str| {
        format!(
            "{SOURCES} CREATE STREAM y (k INT KEY, a INT) WITH (kafka_topic='y', value_format='JSON', partitions=1);
             INSERT INTO y SELECT k, a FROM {source};"
        )
    };
    let (house, deployment) = run(&world, &file("s")).await.unwrap();
    house.put("t", &[r#"{"a":1}"#, r#"{"a":2}"#]).await;
    house.texts("y", 2).await;
    house.caught_up("INSERTQUERY_Y_0", "t").await;
    stop((house, deployment)).await;
    let (house, deployment) = run(&world, &file("same")).await.unwrap();
    let rows = house.texts("y", 4).await;
    assert_eq!(rows[2..], [r#"{"A":1}"#, r#"{"A":2}"#]);
    house.caught_up("INSERTQUERY_Y_0", "t").await;
    stop((house, deployment)).await;
    // The same one again goes on.
    let (house, deployment) = run(&world, &file("same")).await.unwrap();
    house.put("t", &[r#"{"a":3}"#]).await;
    assert_eq!(house.texts("y", 5).await[4], r#"{"A":3}"#);
    stop((house, deployment)).await;
}
