//! Old records go, in whole files.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use weir_kafka::{
    Broker, EmbeddedBroker, EmbeddedOptions, ErrorKind, NewRecord, OffsetSpec, Timestamp,
};

use crate::world::{
    log_files, make_topic, partition, read_from, record, records_from, write_committed,
};

struct Setup {
    broker: EmbeddedBroker,
    dir: tempfile::TempDir,
    now: Arc<AtomicI64>,
}

async fn setup(retention_interval: Duration, config: &[(&str, &str)]) -> Setup {
    let dir = tempfile::tempdir().unwrap();
    let now = Arc::new(AtomicI64::new(0));
    let clock = Arc::clone(&now);
    let options = EmbeddedOptions {
        retention_interval,
        clock: Arc::new(move || clock.load(Ordering::SeqCst)),
        ..EmbeddedOptions::default()
    };
    let broker = EmbeddedBroker::open(dir.path(), options).unwrap();
    make_topic(&broker, "t", config).await;
    Setup { broker, dir, now }
}

fn at(timestamp: Timestamp) -> NewRecord {
    NewRecord {
        timestamp,
        ..record(&"x".repeat(50))
    }
}

async fn write_at(broker: &EmbeddedBroker, times: impl IntoIterator<Item = Timestamp>) {
    let mut writer = broker.writer("w").await.unwrap();
    for time in times {
        writer.write(&partition("t"), vec![at(time)]).await.unwrap();
    }
}

async fn start(broker: &EmbeddedBroker) -> i64 {
    let offsets = broker.offsets("t", &[0], OffsetSpec::Earliest).await;
    offsets.unwrap()[0]
}

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_topic_keeps_about_as_many_bytes_as_it_says() {
    let config = [("retention.bytes", "1000"), ("segment.bytes", "300")];
    let Setup { broker, dir, .. } = setup(HOUR, &config).await;
    write_at(&broker, 0..200).await;
    let start = start(&broker).await;
    let sizes = log_files(dir.path())
        .into_iter()
        .map(|log| log.metadata().unwrap().len());
    let kept: u64 = sizes.sum();
    assert!((1000..1600).contains(&kept), "{kept} bytes kept");
    assert!(start > 150, "starts at {start}");
    let records = records_from(&broker, "t", start).await.unwrap();
    assert_eq!(records.len() as i64, 200 - start);
    let error = read_from(&broker, "t", start - 1).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OffsetOutOfRange);
    // The start is where it was when the folder is opened again.
    broker.close().await.unwrap();
    let broker = crate::world::open(dir.path());
    assert_eq!(self::start(&broker).await, start);
}

#[tokio::test]
async fn records_go_when_they_are_too_old_and_the_newest_file_stays() {
    let config = [("retention.ms", "100"), ("segment.bytes", "300")];
    let Setup { broker, dir, now } = setup(Duration::from_millis(5), &config).await;
    write_at(&broker, 1..=20).await;
    let files = log_files(dir.path()).len();
    assert!(files > 4);
    now.store(101, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(
        start(&broker).await,
        0,
        "the newest record of each file is young enough"
    );
    now.store(1_000_000, Ordering::SeqCst);
    let until = std::time::Instant::now() + Duration::from_secs(30);
    while log_files(dir.path()).len() > 1 {
        assert!(std::time::Instant::now() < until, "old files stay");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let start = start(&broker).await;
    assert!((1..20).contains(&start), "{start}");
    assert_eq!(
        records_from(&broker, "t", start).await.unwrap().len() as i64,
        20 - start
    );
}

#[tokio::test]
async fn a_compacted_topic_and_one_without_limits_keep_all() {
    for config in [
        [("cleanup.policy", "compact"), ("segment.bytes", "300")],
        [("retention.ms", "-1"), ("segment.bytes", "300")],
    ] {
        let Setup {
            broker,
            now,
            dir: _dir,
        } = setup(Duration::from_millis(2), &config).await;
        now.store(i64::MAX, Ordering::SeqCst);
        write_at(&broker, 0..50).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert_eq!(start(&broker).await, 0, "{config:?}");
    }
}

/// A reader that is overtaken is told, and the one beside it reads on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_what_goes_away_are_told_and_never_see_damage() {
    let config = [("retention.bytes", "2000"), ("segment.bytes", "300")];
    let Setup {
        broker, dir: _dir, ..
    } = setup(HOUR, &config).await;
    let writing = broker.clone();
    let writer = tokio::spawn(async move { write_at(&writing, 0..2000).await });
    let (mut overtaken, mut rounds) = (0, 0);
    while !writer.is_finished() {
        rounds += 1;
        let start = start(&broker).await;
        match records_from(&broker, "t", start).await {
            Ok(records) => assert!(records.iter().map(|record| record.offset).is_sorted()),
            Err(error) => {
                assert_eq!(error.kind, ErrorKind::OffsetOutOfRange, "{error}");
                overtaken += 1;
            }
        }
    }
    writer.await.unwrap();
    println!("{overtaken} of {rounds} reads were overtaken");
    write_committed(&broker, "t", &["last"]).await;
    let start = start(&broker).await;
    let read = read_from(&broker, "t", start).await.unwrap();
    assert_eq!(read.last().map(String::as_str), Some("last"));
}
