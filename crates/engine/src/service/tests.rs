//! One owner, and positions that outlive a folder: two processes' worth of engines over one broker in memory.

use std::{path::Path, sync::Arc, time::Duration};

use tempfile::TempDir;
use weir_kafka::{Broker, ErrorKind, MemoryBroker, NewRecord, TopicPartition};
use weir_runtime::{FileCheckpoints, TestClock};

use super::{Service, lease::TIME_TO_LIVE, topic_name};
use crate::{Builder, DeployOptions, Engine, Error};

const PATIENCE: Duration = Duration::from_secs(20);

struct World {
    broker: Arc<MemoryBroker>,
    clock: Arc<TestClock>,
}

impl World {
    fn new() -> Self {
        Self {
            broker: Arc::new(MemoryBroker::new(1)),
            clock: Arc::new(TestClock::new(1_700_000_000_000)),
        }
    }

    async fn take(&self, folder: &Path) -> Result<Service, Error> {
        let local = Arc::new(FileCheckpoints::open(folder)?);
        let (broker, clock) = (self.broker.clone(), self.clock.clone());
        Service::take(broker, clock, "s", folder, local).await
    }

    /// Turns the clock until the future is done: a second passes in some milliseconds.
    async fn while_time_passes<T>(&self, future: impl Future<Output = T>) -> T {
        let turning = async {
            loop {
                tokio::time::sleep(Duration::from_millis(5)).await;
                self.clock.advance(Duration::from_millis(500));
            }
        };
        tokio::select! {
            done = tokio::time::timeout(PATIENCE, future) => done.expect("it takes too long"),
            () = turning => unreachable!("time passes for ever"),
        }
    }

    fn builder(&self, folder: &Path) -> Builder {
        Engine::builder()
            .broker(self.broker.clone())
            .data(folder)
            .service_id("s")
            .headless(true)
            .shared()
    }

    async fn values(&self, topic: &str) -> Vec<String> {
        let mut values = Vec::new();
        let broker: Arc<dyn Broker> = self.broker.clone();
        let partition = TopicPartition::new(topic, 0);
        crate::topic_log::read_all(&broker, &partition, |record| {
            values.push(String::from_utf8_lossy(&record.value.unwrap_or_default()).into_owned());
        })
        .await
        .unwrap();
        values
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn value(text: &str) -> NewRecord {
    NewRecord {
        timestamp: 0,
        key: None,
        value: Some(bytes::Bytes::copy_from_slice(text.as_bytes())),
        headers: Vec::new(),
    }
}

#[tokio::test]
async fn a_second_process_is_refused_with_the_name_of_the_first() {
    let (world, one, two) = (World::new(), folder(), folder());
    let first = world.take(one.path()).await.unwrap();
    let second = world.while_time_passes(world.take(two.path())).await;
    let error = second.map(drop).unwrap_err();
    let process = format!(
        "service `s` is in use by process {} on ",
        std::process::id()
    );
    assert!(error.message.starts_with(&process), "{error}");
    assert!(error.hint.unwrap().contains("--service-id"));
    first.check().unwrap();
}

#[tokio::test]
async fn a_lease_that_was_given_back_is_taken_at_once() {
    let (world, one, two) = (World::new(), folder(), folder());
    let first = world.take(one.path()).await.unwrap();
    first.release().await;
    // Nobody turns the clock: whoever waited would wait for ever.
    let second = tokio::time::timeout(PATIENCE, world.take(two.path())).await;
    second.unwrap().unwrap();
}

#[tokio::test]
async fn the_folder_of_a_process_that_was_killed_goes_on_at_once() {
    let (world, one) = (World::new(), folder());
    drop(world.take(one.path()).await.unwrap());
    let again = tokio::time::timeout(PATIENCE, world.take(one.path())).await;
    again.unwrap().unwrap();
}

#[tokio::test]
async fn another_folder_waits_until_the_lease_of_a_dead_process_has_run_out() {
    let (world, one, two) = (World::new(), folder(), folder());
    drop(world.take(one.path()).await.unwrap());
    let taking = world.take(two.path());
    tokio::pin!(taking);
    let early = tokio::time::timeout(Duration::from_millis(200), &mut taking).await;
    assert!(early.is_err(), "taken while it may be good");
    world.clock.advance(TIME_TO_LIVE);
    let early = tokio::time::timeout(Duration::from_millis(200), &mut taking).await;
    assert!(
        early.is_err(),
        "taken before what was under way has arrived"
    );
    world.while_time_passes(taking).await.unwrap();
}

#[tokio::test]
async fn of_two_that_wait_one_gets_it() {
    let world = World::new();
    let folders = [folder(), folder(), folder()];
    drop(world.take(folders[0].path()).await.unwrap());
    let both = futures::future::join(world.take(folders[1].path()), world.take(folders[2].path()));
    let (one, two) = world.while_time_passes(both).await;
    assert_eq!(
        [one.is_ok(), two.is_ok()].iter().filter(|it| **it).count(),
        1
    );
}

#[tokio::test]
async fn who_reads_a_higher_epoch_writes_nothing_any_more() {
    let (world, one) = (World::new(), folder());
    let service = world.take(one.path()).await.unwrap();
    let mut writer = service.broker.writer("test").await.unwrap();
    let topic = TopicPartition::new(topic_name("s"), 0);
    writer.write(&topic, vec![value("{}")]).await.unwrap();

    let mut other = world.broker.writer("other").await.unwrap();
    let mark =
        r#"{"version":1,"epoch":2,"instance":"i","process":"p","holder":"process 7 on elsewhere"}"#;
    let record = NewRecord {
        key: Some("lease".into()),
        ..value(mark)
    };
    other.write(&topic, vec![record]).await.unwrap();
    let lost = world.while_time_passes(service.lost()).await;
    assert!(
        lost.message.starts_with("process 7 on elsewhere has taken"),
        "{lost}"
    );
    let refused = writer.write(&topic, vec![value("{}")]).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::InUse);
    // The lease is not given back: it is not ours.
    service.release().await;
    let last = world.values(&topic_name("s")).await.pop().unwrap();
    assert!(!last.contains("is_released\":true"), "{last}");
}

#[tokio::test]
async fn while_the_lease_cannot_be_renewed_nothing_is_written_and_then_it_goes_on() {
    let (world, one) = (World::new(), folder());
    let service = world.take(one.path()).await.unwrap();
    let mut writer = service.broker.writer("test").await.unwrap();
    let topic = TopicPartition::new(topic_name("s"), 0);
    world.clock.advance(TIME_TO_LIVE);
    // The renewal is due, but the broker is away.
    world.broker.faults().set_available(false);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let refused = writer.write(&topic, vec![value("{}")]);
    let refused = world.while_time_passes(refused).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Unavailable);
    world.broker.faults().set_available(true);
    let written = writer.write(&topic, vec![value("{}")]);
    world.while_time_passes(written).await.unwrap();
}

const RULE: &str =
    "CREATE STREAM a (v INT) WITH (kafka_topic='a', value_format='JSON', partitions=1);
    CREATE STREAM b AS SELECT v FROM a WHERE v > 0;";

/// Runs a file on a folder until all of `records` is processed.
async fn run(world: &World, folder: &Path, script: &str, records: &[&str]) -> Result<(), Error> {
    let engine = world.builder(folder).build().await?;
    let outcome = async {
        let mut deployment = engine.deploy(script, DeployOptions::default()).await?;
        deployment.ready().await?;
        let records = records.iter().map(|text| value(text)).collect();
        engine.topics().produce("a", records).await?;
        deployment.mark_end().await?;
        deployment.until_end().await
    };
    let outcome = outcome.await;
    engine.shutdown().await?;
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_folder_goes_on_where_another_one_stood_and_a_stale_one_does_not_go_back() {
    let (world, one, two) = (World::new(), folder(), folder());
    run(&world, one.path(), RULE, &[r#"{"v":1}"#])
        .await
        .unwrap();
    // What comes while nothing runs must be there too.
    let between = vec![value(r#"{"v":2}"#)];
    let partition = TopicPartition::new("a", 0);
    let mut writer = world.broker.writer("test").await.unwrap();
    writer.write(&partition, between).await.unwrap();
    run(&world, two.path(), RULE, &[r#"{"v":3}"#])
        .await
        .unwrap();
    assert_eq!(
        world.values("B").await,
        [1, 2, 3].map(|v| format!("{{\"V\":{v}}}"))
    );
    run(&world, one.path(), RULE, &[r#"{"v":4}"#])
        .await
        .unwrap();
    assert_eq!(
        world.values("B").await,
        [1, 2, 3, 4].map(|v| format!("{{\"V\":{v}}}"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_select_goes_on_from_its_position_and_only_as_or_replace_allows() {
    let (world, one) = (World::new(), folder());
    run(&world, one.path(), RULE, &[r#"{"v":1}"#])
        .await
        .unwrap();
    let wider = RULE.replace(
        "SELECT v FROM a WHERE v > 0",
        "SELECT v, v * 10 AS w FROM a",
    );
    run(&world, one.path(), &wider, &[r#"{"v":-2}"#])
        .await
        .unwrap();
    assert_eq!(
        world.values("B").await,
        [r#"{"V":1}"#, r#"{"V":-2,"W":-20}"#]
    );

    let narrower = RULE.replace("SELECT v FROM", "SELECT v + 1 AS w FROM");
    let refused = run(&world, one.path(), &narrower, &[]).await.unwrap_err();
    assert!(refused.message.contains("not upgradeable"), "{refused}");
    assert!(refused.hint.unwrap().contains("another name"));

    // A query that is not in the file keeps its position, and finds it when it is there again.
    let other = RULE.replace("STREAM b ", "STREAM c ");
    run(&world, one.path(), &other, &[r#"{"v":3}"#])
        .await
        .unwrap();
    run(&world, one.path(), &wider, &[r#"{"v":4}"#])
        .await
        .unwrap();
    let last_two = world.values("B").await.split_off(2);
    assert_eq!(last_two, [r#"{"V":3,"W":30}"#, r#"{"V":4,"W":40}"#]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_that_appears_while_nothing_runs_is_read_from_its_first_record() {
    let (world, one) = (World::new(), folder());
    run(&world, one.path(), RULE, &[r#"{"v":1}"#])
        .await
        .unwrap();
    world.broker.add_partitions("a", 2).await.unwrap();
    let mut writer = world.broker.writer("test").await.unwrap();
    let new = TopicPartition::new("a", 1);
    let before_the_start = vec![value(r#"{"v":2}"#)];
    writer.write(&new, before_the_start).await.unwrap();
    run(
        &world,
        one.path(),
        &RULE.replace("partitions=1", "partitions=2"),
        &[],
    )
    .await
    .unwrap();
    assert_eq!(world.values("B").await, [r#"{"V":1}"#, r#"{"V":2}"#]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_failed_in_doubt_is_none_after_a_restart_either() {
    let world = World::new();
    let builder = || Engine::builder().broker(world.broker.clone());
    let engine = builder().build().await.unwrap();
    let mut session = engine.session();
    let declare = |name: &str| {
        format!(
            "CREATE STREAM {name} (v INT) WITH (kafka_topic='{name}', value_format='JSON', partitions=1);"
        )
    };
    engine.execute(&mut session, &declare("a")).await.unwrap();
    // The record is written, and nobody hears of it.
    world.broker.faults().lose_acknowledgements(1);
    let failed = engine.execute(&mut session, &declare("b")).await;
    assert!(failed.is_err());
    engine.execute(&mut session, &declare("c")).await.unwrap();
    engine.shutdown().await.unwrap();
    let engine = builder().build().await.unwrap();
    let state = engine.state();
    let has = |name: &str| state.catalog.source(name).is_some();
    assert_eq!(["A", "B", "C"].map(has), [true, false, true]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_bad_records_is_in_the_processing_log_to_the_last() {
    const BAD: usize = 40_000;
    let world = World::new();
    let engine = Engine::builder()
        .broker(world.broker.clone())
        .service_id("s")
        .build()
        .await
        .unwrap();
    let mut session = engine.session();
    engine.execute(&mut session, RULE).await.unwrap();
    let records = (0..BAD).map(|number| value(&format!(r#"{{"v":"bad {number}"}}"#)));
    engine
        .topics()
        .produce("a", records.collect())
        .await
        .unwrap();
    let all_is_read = async {
        loop {
            let statuses = engine.statuses();
            let read = |status: &weir_runtime::QueryStatus| status.records_in >= BAD as u64;
            if statuses.values().all(read) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), all_is_read)
        .await
        .expect("it takes too long");
    engine.shutdown().await.unwrap();
    assert_eq!(world.values("sksql_processing_log").await.len(), BAD);
}

#[tokio::test]
async fn no_statement_writes_to_a_services_own_topics_or_deletes_them() {
    let world = World::new();
    let engine = Engine::builder()
        .broker(world.broker.clone())
        .service_id("s");
    let engine = engine.build().await.unwrap();
    let mut session = engine.session();
    let script =
        "CREATE STREAM own (v INT) WITH (kafka_topic='_weir_s_statements', value_format='JSON');";
    engine.execute(&mut session, script).await.unwrap();
    for refused in [
        "INSERT INTO own (v) VALUES (1);",
        "INSERT INTO own SELECT * FROM own;",
        "CREATE STREAM x WITH (kafka_topic='_weir_s_statements') AS SELECT * FROM own;",
        "DROP STREAM own DELETE TOPIC;",
    ] {
        let error = engine.execute(&mut session, refused).await.err().unwrap();
        assert!(
            error.message.contains("one of Weir's own"),
            "{refused}: {error}"
        );
    }
    engine
        .execute(&mut session, "DROP STREAM own;")
        .await
        .unwrap();
}
