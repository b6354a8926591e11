//! Statements of one request that are logged and begun together.

use std::sync::Arc;

use weir_engine::{
    Error,
    parts::{Broker, CheckpointStore, MemoryCheckpoints},
    testing::World,
};
use weir_kafka::{ErrorKind, memory::Call};
use weir_runtime::Checkpoint;

use crate::support::House;

const LOG: &str = "_weir_default__statements";

/// It keeps nothing of queries whose ids begin so.
#[derive(Debug)]
struct Refusing(Arc<MemoryCheckpoints>, &'static str);

#[async_trait::async_trait]
impl CheckpointStore for Refusing {
    async fn load(
        &self,
        query: &str,
        partition: i32,
    ) -> Result<Option<Checkpoint>, weir_runtime::Error> {
        self.0.load(query, partition).await
    }

    async fn save(
        &self,
        query: &str,
        partition: i32,
        checkpoint: &Checkpoint,
    ) -> Result<(), weir_runtime::Error> {
        if query.starts_with(self.1) {
            return Err(weir_runtime::Error::external("no room for this one"));
        }
        self.0.save(query, partition, checkpoint).await
    }

    async fn load_plan(&self, query: &str) -> Result<Option<String>, weir_runtime::Error> {
        self.0.load_plan(query).await
    }

    async fn save_plan(&self, query: &str, plan: &str) -> Result<(), weir_runtime::Error> {
        self.0.save_plan(query, plan).await
    }

    async fn remove(&self, query: &str) -> Result<(), weir_runtime::Error> {
        self.0.remove(query).await
    }
}

/// Over a stream `s`, and a stream `alerts` to write to.
async fn over(mut house: House) -> House {
    house
        .go("CREATE STREAM s (n INT) WITH (kafka_topic='t', value_format='JSON', partitions=1); \
             CREATE STREAM alerts (n INT) WITH (kafka_topic='alerts', value_format='JSON', partitions=1);")
        .await;
    house
}

/// How many answers there were, and the error.
async fn run(house: &mut House, script: &str) -> (usize, Result<(), Error>) {
    let mut answers = Vec::new();
    let outcome = house
        .engine
        .execute_into(&mut house.session, script, &mut answers)
        .await;
    (answers.len(), outcome)
}

fn streams(names: &[&str]) -> String {
    let statement = |name: &&str| format!("CREATE STREAM {name} AS SELECT * FROM s;");
    names.iter().map(statement).collect()
}

#[tokio::test]
async fn where_a_query_does_not_start_the_others_are_answered() {
    let world = World::new(1);
    let store = Arc::new(Refusing(world.checkpoints.clone(), "CSAS_BAD"));
    let mut house = over(House::over(world, |builder| builder.checkpoints(store)).await).await;
    let (answers, outcome) = run(&mut house, &streams(&["a", "bad1", "b", "bad2", "c"])).await;
    assert_eq!(answers, 3);
    let error = outcome.unwrap_err();
    assert_eq!(error.message, "no room for this one");
    let of = error.statement.unwrap_or_default();
    assert_eq!(of, "CREATE STREAM bad1 AS SELECT * FROM s");
    let hint = error.hint.unwrap_or_default();
    assert_eq!(
        hint,
        "2 of the statements after it are in force: send only what is not"
    );
    let ids: Vec<String> = house.engine.statuses().into_keys().collect();
    let begun: Vec<_> = ids.iter().map(|id| &id[..6]).collect();
    assert_eq!(begun, ["CSAS_A", "CSAS_B", "CSAS_C"]);
    for (id, status) in [
        ("stream/`BAD1`/create", "ERROR"),
        ("stream/`BAD2`/create", "ERROR"),
        ("stream/`C`/create", "SUCCESS"),
    ] {
        let known = house.engine.command_statuses().remove(id).unwrap();
        assert_eq!(known.status, status, "{id}");
    }
}

#[tokio::test]
async fn what_is_too_large_for_one_batch_of_the_log_is_logged_in_several() {
    let mut house = over(House::new().await).await;
    let before = house.ends(LOG).await[0];
    let rules: String = (0..20)
        .map(|number| format!("INSERT INTO alerts SELECT * FROM s WHERE n = {number};"))
        .collect();
    let faults = house.world.broker.faults();
    faults.fail_next_of(Call::Write, 2, ErrorKind::TooLarge);
    house.go(&rules).await;
    assert_eq!(house.ends(LOG).await[0], before + 20);
    assert_eq!(house.engine.statuses().len(), 20);
    // One that is too large by itself is where it ends, and what is said about it is about it.
    faults.fail_next_of(Call::Write, 3, ErrorKind::TooLarge);
    let (answers, outcome) = run(&mut house, &streams(&["a", "b", "c", "d"])).await;
    assert_eq!(answers, 0);
    let error = outcome.unwrap_err();
    let of = error.statement.unwrap_or_default();
    assert_eq!(of, "CREATE STREAM a AS SELECT * FROM s");
    assert_eq!(house.ends(LOG).await[0], before + 20);
}

#[tokio::test]
async fn few_topics_are_made_before_their_statements_are_logged() {
    let mut house = over(House::new().await).await;
    let names: Vec<String> = (0..40).map(|number| format!("s{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let topics = async |house: &House| house.world.broker.topics().await.unwrap().len();
    let before = topics(&house).await;
    house
        .world
        .broker
        .faults()
        .fail_next_of(Call::Write, 1, ErrorKind::Storage);
    assert!(run(&mut house, &streams(&names)).await.1.is_err());
    assert_eq!(topics(&house).await, before + 16);
    house.go(&streams(&names)).await;
    assert_eq!(house.engine.statuses().len(), 40);
    assert_eq!(topics(&house).await, before + 40);
}

/// `INSERT INTO … SELECT` as often as asked for, each of which lets every record through.
fn inserts(count: usize) -> String {
    (0..count)
        .map(|number| format!("INSERT INTO alerts SELECT n + {number} AS n FROM s WHERE n >= 0;"))
        .collect()
}

#[tokio::test]
async fn more_than_begin_together_are_all_begun_and_start_again() {
    const MANY: usize = 300;
    let mut house = over(House::earliest().await).await;
    house.go(&inserts(MANY)).await;
    assert_eq!(house.engine.statuses().len(), MANY);
    let patience = std::time::Duration::from_secs(60);
    for round in 1..=2 {
        house.put("t", &[r#"{"n":1000}"#]).await;
        house.engine.settled(patience).await.unwrap();
        let alerts = house.ends("alerts").await[0] as usize;
        assert_eq!(alerts, round * MANY, "in round {round}");
        house = house.restarted().await;
        assert_eq!(house.engine.statuses().len(), MANY);
    }
}

#[tokio::test]
async fn where_the_last_of_many_is_wrong_none_is_begun() {
    let mut house = over(House::new().await).await;
    let before = house.ends(LOG).await;
    for count in [70, 300] {
        let script = inserts(count) + "INSERT INTO alerts SELECT nobody AS n FROM s;";
        let (answers, outcome) = run(&mut house, &script).await;
        let of = outcome.unwrap_err().statement.unwrap_or_default();
        assert_eq!(of, "INSERT INTO alerts SELECT nobody AS n FROM s");
        assert_eq!((answers, house.engine.statuses().len()), (0, 0));
        assert_eq!(house.ends(LOG).await, before);
    }
}
