//! Read committed, against transactions of another producer.
//!
//! krafka's transactional producer wants `delivery_timeout` to be no shorter than `request_timeout` and `linger` together and no
//! longer than `transaction_timeout`.

use std::time::{Duration, Instant};

use krafka::{Kafka, Record, producer::TransactionalProducer};
use weir_kafka::{Broker, Offset, OffsetSpec, ReaderEvent, TopicPartition};

use crate::fixture::{PATIENCE, broker, read_to, reader, text, topic, unique, value, variable};

async fn producer() -> TransactionalProducer {
    let servers = variable("WEIR_TEST_KAFKA").unwrap();
    let kafka = Kafka::builder(servers).connect().await.unwrap();
    let builder = kafka
        .producer()
        .transaction_timeout(Duration::from_secs(60))
        .delivery_timeout(Duration::from_secs(45));
    builder
        .build_transactional(unique("transaction"))
        .await
        .unwrap()
}

async fn send(
    producer: &TransactionalProducer,
    to: &TopicPartition,
    values: impl Iterator<Item = String>,
) {
    let mut waiting = Vec::new();
    for value in values {
        let record = Record::new(&*to.topic, value).partition(to.partition);
        waiting.push(producer.enqueue(record).await.unwrap());
    }
    producer.flush().await.unwrap();
    for delivery in waiting {
        let _ = delivery.await.unwrap();
    }
}

/// A coordinator answers when it has written down how a transaction ends; the partitions get their markers after that.
async fn wait_for_end(broker: &dyn Broker, of: &TopicPartition, expected: Offset) {
    let until = Instant::now() + PATIENCE;
    loop {
        let partitions = [of.partition];
        let ends = broker.offsets(&of.topic, &partitions, OffsetSpec::Latest);
        let end = ends.await.unwrap()[0];
        if end == expected {
            return;
        }
        assert!(end < expected, "the log ends at {end}, past {expected}");
        assert!(Instant::now() < until, "the log still ends at {end}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn committed_and_aborted_transactions_alternate() {
    let Some(broker) = broker().await else {
        return;
    };
    let partition = topic(&broker, "alternate").await;
    let producer = producer().await;
    let mut expected = Vec::new();
    for number in 0..20 {
        producer.begin().unwrap();
        let values: Vec<String> = (0..7).map(|it| format!("{number} {it}")).collect();
        send(&producer, &partition, values.clone().into_iter()).await;
        if number % 2 == 0 {
            producer.commit().await.unwrap();
            expected.extend(values);
        } else {
            producer.abort().await.unwrap();
        }
    }
    // 20 transactions of 7 records and a marker.
    let end = 160;
    wait_for_end(&broker, &partition, end).await;
    for from in [0, 7, 8, 100, 159] {
        let records = read_to(&mut *reader(&broker, &partition, from).await, end).await;
        let later = expected.iter().filter(|text| {
            let (transaction, record) = text.split_once(' ').unwrap();
            transaction.parse::<i64>().unwrap() * 8 + record.parse::<i64>().unwrap() >= from
        });
        let later: Vec<&String> = later.collect();
        let found: Vec<String> = records.iter().map(text).collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), later, "from {from}");
    }
    producer.close().await.unwrap();
}

/// Many fetches long: nothing of it may be handed over before its end is known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aborted_transaction_of_28_megabytes_leaves_nothing() {
    let Some(broker) = broker().await else {
        return;
    };
    let partition = topic(&broker, "aborted").await;
    let mut writer = broker.writer("test").await.unwrap();
    writer
        .write(&partition, vec![value("before")])
        .await
        .unwrap();
    let producer = producer().await;
    producer.begin().unwrap();
    send(
        &producer,
        &partition,
        (0..10_000).map(|number| format!("{number} {}", "x".repeat(2800))),
    )
    .await;
    producer.abort().await.unwrap();
    wait_for_end(&broker, &partition, 10_002).await;
    writer
        .write(&partition, vec![value("after")])
        .await
        .unwrap();
    let end = 10_003;
    wait_for_end(&broker, &partition, end).await;
    let records = read_to(&mut *reader(&broker, &partition, 0).await, end).await;
    let found: Vec<_> = records
        .iter()
        .map(|record| (record.offset, text(record)))
        .collect();
    assert_eq!(found, [(0, "before".into()), (10_002, "after".into())]);
    producer.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_transaction_holds_back_what_follows() {
    let Some(broker) = broker().await else {
        return;
    };
    let partition = topic(&broker, "open").await;
    let mut writer = broker.writer("test").await.unwrap();
    writer
        .write(&partition, vec![value("first")])
        .await
        .unwrap();
    let producer = producer().await;
    producer.begin().unwrap();
    send(&producer, &partition, ["open".to_owned()].into_iter()).await;
    writer
        .write(&partition, vec![value("behind")])
        .await
        .unwrap();

    let latest = || broker.offsets(&partition.topic, &[0], OffsetSpec::Latest);
    assert_eq!(latest().await.unwrap(), [1]);
    let mut reader = reader(&broker, &partition, 0).await;
    let records = read_to(&mut *reader, 1).await;
    assert_eq!(records.iter().map(text).collect::<Vec<_>>(), ["first"]);
    let nothing = reader.next(Duration::from_secs(1)).await.unwrap();
    assert!(nothing.is_none(), "{nothing:?}");

    producer.commit().await.unwrap();
    let records = read_to(&mut *reader, 4).await;
    assert_eq!(
        records.iter().map(text).collect::<Vec<_>>(),
        ["open", "behind"]
    );
    assert_eq!(latest().await.unwrap(), [4]);
    producer.close().await.unwrap();
}

/// The position goes past the marker though no record says so, or a reader would never be at the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_ends_in_a_marker_is_read_to_its_end() {
    let Some(broker) = broker().await else {
        return;
    };
    let partition = topic(&broker, "marker").await;
    let producer = producer().await;
    producer.begin().unwrap();
    send(&producer, &partition, ["lost".to_owned()].into_iter()).await;
    producer.abort().await.unwrap();
    let mut reader = reader(&broker, &partition, 0).await;
    let event = reader.next(Duration::from_secs(10)).await.unwrap();
    let Some(ReaderEvent::Records {
        batches,
        next_offset,
        ..
    }) = event
    else {
        panic!("{event:?}");
    };
    assert!(batches.iter().all(|batch| batch.records.is_empty()));
    assert_eq!(next_offset, 2);
    assert_eq!(
        broker
            .offsets(&partition.topic, &[0], OffsetSpec::Latest)
            .await
            .unwrap(),
        [2]
    );
    producer.close().await.unwrap();
}
