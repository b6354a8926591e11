use std::time::{Duration, Instant};

use bytes::Bytes;

use super::*;
use crate::{ReaderEvent, Record};

fn value(text: &str) -> NewRecord {
    NewRecord {
        timestamp: 1_000,
        key: None,
        value: Some(Bytes::copy_from_slice(text.as_bytes())),
        headers: Vec::new(),
    }
}

async fn topic(broker: &MemoryBroker, config: &[(&str, &str)]) -> TopicPartition {
    let config = config.iter();
    let topic = NewTopic {
        name: "t".into(),
        partitions: 1,
        replicas: -1,
        config: config
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
    };
    broker.create_topic(&topic).await.unwrap();
    TopicPartition::new("t", 0)
}

async fn write(broker: &MemoryBroker, to: &TopicPartition, text: &str) -> Result<Offset> {
    let mut writer = broker.writer("w").await.unwrap();
    writer.write(to, vec![value(text)]).await
}

async fn reader(broker: &MemoryBroker, from: &TopicPartition, offset: Offset) -> Box<dyn Reader> {
    let assigned = Subscription::Assign(vec![(from.clone(), offset)]);
    broker.reader(assigned).await.unwrap()
}

/// What is there now, and where the reader stands after it.
async fn drain(reader: &mut dyn Reader) -> (Vec<Record>, Option<Offset>) {
    let (mut records, mut position) = (Vec::new(), None);
    while let Some(event) = reader.next(Duration::ZERO).await.unwrap() {
        let ReaderEvent::Records {
            batches,
            next_offset,
            ..
        } = event
        else {
            panic!("{event:?}");
        };
        records.extend(batches.into_iter().flat_map(|batch| batch.records));
        position = Some(next_offset);
    }
    (records, position)
}

fn texts(records: &[Record]) -> Vec<&str> {
    let values = records.iter().map(|record| record.value.as_deref());
    values
        .map(|value| std::str::from_utf8(value.unwrap()).unwrap())
        .collect()
}

async fn read(broker: &MemoryBroker, from: &TopicPartition) -> Vec<String> {
    let mut reader = reader(broker, from, 0).await;
    let (records, _) = drain(&mut *reader).await;
    texts(&records).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn only_committed_transactions_are_read() {
    let broker = MemoryBroker::new(1);
    let t = topic(&broker, &[]).await;
    write(&broker, &t, "a").await.unwrap();
    let mut kept = broker.begin_transaction();
    let mut dropped = broker.begin_transaction();
    kept.write(&t, vec![value("b"), value("c")]).unwrap();
    dropped.write(&t, vec![value("x")]).unwrap();
    write(&broker, &t, "d").await.unwrap();

    // Nothing past the first open transaction, not even what is committed.
    let mut reader = reader(&broker, &t, 0).await;
    let (records, position) = drain(&mut *reader).await;
    assert_eq!((texts(&records), position), (vec!["a"], Some(1)));
    let latest = broker.offsets("t", &[0], OffsetSpec::Latest).await.unwrap();
    assert_eq!(latest, [1]);
    let at = OffsetSpec::AtTime(1_001);
    assert_eq!(broker.offsets("t", &[0], at).await.unwrap(), [1]);

    dropped.abort();
    assert_eq!(drain(&mut *reader).await.1, None);
    kept.commit();
    let (records, position) = drain(&mut *reader).await;
    assert_eq!(texts(&records), ["b", "c", "d"]);
    let offsets: Vec<_> = records.iter().map(|record| record.offset).collect();
    assert_eq!(offsets, [1, 2, 4]);
    assert_eq!(position, Some(7), "past the control records at 5 and 6");
}

#[tokio::test]
async fn an_aborted_transaction_moves_the_position_and_gives_nothing() {
    let broker = MemoryBroker::new(1);
    let t = topic(&broker, &[]).await;
    let mut reader = reader(&broker, &t, 0).await;
    let mut transaction = broker.begin_transaction();
    transaction.write(&t, vec![value("x"); 10]).unwrap();
    transaction.abort();
    let (records, position) = drain(&mut *reader).await;
    assert_eq!((records.len(), position), (0, Some(11)));
}

#[tokio::test]
async fn ending_a_transaction_wakes_its_readers() {
    let broker = MemoryBroker::new(1);
    let t = topic(&broker, &[]).await;
    let mut reader = reader(&broker, &t, 0).await;
    let mut transaction = broker.begin_transaction();
    transaction.write(&t, vec![value("x")]).unwrap();
    let waiting = tokio::spawn(async move { reader.next(Duration::from_secs(30)).await });
    tokio::task::yield_now().await;
    let began = Instant::now();
    transaction.commit();
    assert!(waiting.await.unwrap().unwrap().is_some());
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn old_records_go_when_the_topic_is_full() {
    let broker = MemoryBroker::new(1);
    let t = topic(&broker, &[("retention.bytes", "10")]).await;
    for number in 0..10 {
        write(&broker, &t, &format!("{number}abc")).await.unwrap();
    }
    let earliest = broker.offsets("t", &[0], OffsetSpec::Earliest).await;
    assert_eq!(earliest.unwrap(), [8], "two records of four bytes fit");
    let error = reader(&broker, &t, 7).await.next(Duration::ZERO).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind, ErrorKind::OffsetOutOfRange);
    let expected = "offset 7 is out of range: the log goes from 8 to 10";
    assert_eq!(error.message, expected);
    write(&broker, &t, "larger than the topic keeps")
        .await
        .unwrap();
    let mut reader = reader(&broker, &t, 10).await;
    assert_eq!(drain(&mut *reader).await.0.len(), 1, "the newest stays");
}

#[tokio::test]
async fn what_was_read_can_be_dropped_but_no_open_transaction() {
    let broker = MemoryBroker::new(1);
    let t = topic(&broker, &[]).await;
    for number in 0..4 {
        write(&broker, &t, &format!("{number}")).await.unwrap();
    }
    let before = broker.held_bytes();
    broker.delete_records(&t, 3).unwrap();
    assert!(broker.held_bytes() < before);
    let earliest = broker.offsets("t", &[0], OffsetSpec::Earliest).await;
    assert_eq!(earliest.unwrap(), [3]);
    let mut transaction = broker.begin_transaction();
    transaction.write(&t, vec![value("open")]).unwrap();
    write(&broker, &t, "behind").await.unwrap();
    broker.delete_records(&t, 100).unwrap();
    transaction.commit();
    let mut reader = reader(&broker, &t, 4).await;
    assert_eq!(drain(&mut *reader).await.0.len(), 2);
    assert!(
        broker
            .delete_records(&TopicPartition::new("t", 9), 1)
            .is_err()
    );
}

#[tokio::test]
async fn planned_failures_come_in_order_and_end() {
    let broker = MemoryBroker::new(1);
    let t = topic(&broker, &[]).await;
    let faults = broker.faults();
    faults.fail_next_of(Call::Write, 2, ErrorKind::Storage);
    faults.fail_next_of(Call::Commit, 1, ErrorKind::Unavailable);
    let mut writer = broker.writer("w").await.unwrap();
    for _ in 0..2 {
        let error = writer.write(&t, vec![value("a")]).await.unwrap_err();
        assert!(error.kind == ErrorKind::Storage && error.is_retriable());
    }
    writer.write(&t, vec![value("a")]).await.unwrap();
    let error = writer.commit(&[]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    writer.commit(&[]).await.unwrap();
    assert_eq!(read(&broker, &t).await, ["a"]);
    assert_eq!(faults.met(), 3);
}

#[tokio::test]
async fn a_lost_acknowledgement_leaves_the_record_behind() {
    let broker = MemoryBroker::new(1);
    let t = topic(&broker, &[]).await;
    broker.faults().lose_acknowledgements(1);
    let error = write(&broker, &t, "a").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    write(&broker, &t, "a").await.unwrap();
    broker.faults().duplicate_writes(1);
    write(&broker, &t, "b").await.unwrap();
    assert_eq!(read(&broker, &t).await, ["a", "a", "b", "b"]);
}

#[tokio::test]
async fn a_broker_that_goes_away_tells_those_that_wait() {
    let broker = MemoryBroker::new(1);
    let t = topic(&broker, &[]).await;
    let mut reader = reader(&broker, &t, 0).await;
    let faults = broker.faults();
    let (waited, ()) = tokio::join!(reader.next(Duration::from_secs(30)), async {
        tokio::task::yield_now().await;
        faults.set_available(false);
    });
    assert_eq!(waited.unwrap_err().kind, ErrorKind::Unavailable);
    let refused = broker.topics().await.unwrap_err();
    assert_eq!(refused.message, "the broker cannot be reached");
    faults.set_available(true);
    write(&broker, &t, "a").await.unwrap();
    assert_eq!(drain(&mut *reader).await.0.len(), 1);
}

#[tokio::test]
async fn one_seed_meets_the_same_faults() {
    async fn run(seed: u64) -> (Vec<bool>, Vec<String>, String) {
        let broker = MemoryBroker::new(seed);
        let t = topic(&broker, &[]).await;
        let id = broker.topic("t").await.unwrap().unwrap().id;
        broker.faults().set_rates(FaultRates {
            unavailable: 0.1,
            storage: 0.1,
            lost_acknowledgement: 0.1,
            duplicate: 0.1,
            ..FaultRates::default()
        });
        let mut outcomes = Vec::new();
        let mut writer = MemoryWriter::new(broker.clone());
        for number in 0..200 {
            let records = vec![value(&number.to_string())];
            outcomes.push(writer.write(&t, records).await.is_ok());
        }
        broker.faults().clear();
        (outcomes, read(&broker, &t).await, id)
    }
    let first = run(42).await;
    assert_eq!(first, run(42).await);
    assert_ne!(first, run(43).await);
    assert!(first.0.contains(&false) && first.0.contains(&true));
}

#[tokio::test]
async fn log_append_time_is_the_tests() {
    let broker = MemoryBroker::new(1);
    let t = topic(&broker, &[("message.timestamp.type", "LogAppendTime")]).await;
    broker.set_time(77);
    write(&broker, &t, "a").await.unwrap();
    broker.set_time(-5);
    write(&broker, &t, "b").await.unwrap();
    let mut reader = reader(&broker, &t, 0).await;
    let (records, _) = drain(&mut *reader).await;
    let times: Vec<_> = records.iter().map(|record| record.timestamp).collect();
    assert_eq!(times, [77, -5]);
}

#[tokio::test]
async fn a_topic_made_again_is_another_one_to_its_readers() {
    let broker = MemoryBroker::new(1);
    let t = topic(&broker, &[]).await;
    let mut reader = reader(&broker, &t, 0).await;
    broker.delete_topic("t").await.unwrap();
    topic(&broker, &[]).await;
    write(&broker, &t, "new").await.unwrap();
    for _ in 0..2 {
        let error = reader.next(Duration::ZERO).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::UnknownTopic);
        assert_eq!(error.message, "topic `t` does not exist");
    }
}

#[tokio::test]
async fn a_closed_broker_says_so() {
    let broker = MemoryBroker::new(1);
    let t = topic(&broker, &[]).await;
    let mut reader = reader(&broker, &t, 0).await;
    let (waited, closed) = tokio::join!(reader.next(Duration::from_secs(30)), broker.close());
    closed.unwrap();
    assert_eq!(waited.unwrap_err().message, "the broker is closed");
    assert!(broker.topics().await.is_err());
}
