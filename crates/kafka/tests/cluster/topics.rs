//! Topics that go and come back under a reader and a writer.

use std::time::{Duration, Instant};

use weir_kafka::{
    Broker, ErrorKind, NewTopic, OffsetSpec, ReaderEvent, Subscription, TopicPartition,
};

use crate::fixture::{
    PATIENCE, broker, connect, read_to, reader, text, topic, unique, value, variable,
};

/// The new one is longer than the position in the old one: without its id it would be read on in the middle.
#[tokio::test]
async fn a_topic_made_again_is_not_read_as_the_first() {
    let Some(broker) = broker().await else {
        return;
    };
    let partition = topic(&broker, "again").await;
    let mut writer = broker.writer("test").await.unwrap();
    writer
        .write(&partition, vec![value("old"); 3])
        .await
        .unwrap();
    let mut old = reader(&broker, &partition, 0).await;
    assert_eq!(read_to(&mut *old, 3).await.len(), 3);

    broker.delete_topic(&partition.topic).await.unwrap();
    let again = NewTopic {
        name: partition.topic.to_string(),
        partitions: 1,
        replicas: 1,
        config: Default::default(),
    };
    broker.create_topic(&again).await.unwrap();
    // The same writer goes on: its sequence numbers mean nothing to the new topic.
    assert_eq!(
        writer
            .write(&partition, vec![value("new"); 10])
            .await
            .unwrap(),
        0
    );

    let until = Instant::now() + PATIENCE;
    let error = loop {
        assert!(Instant::now() < until);
        match old.next(Duration::from_secs(1)).await {
            Ok(Some(ReaderEvent::Records { batches, .. })) => panic!("{batches:?}"),
            Ok(_) => {}
            Err(error) if error.is_retriable() => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind, ErrorKind::UnknownTopic);
    assert!(error.message.contains("made again"), "{error}");
    let records = read_to(&mut *reader(&broker, &partition, 0).await, 10).await;
    assert!(records.iter().all(|record| text(record) == "new"));
}

/// Each partition has its turn, though an answer has room for one only, and the first has always more.
#[tokio::test]
async fn no_partition_waits_until_the_others_are_at_their_end() {
    let Some(servers) = variable("WEIR_TEST_KAFKA") else {
        return;
    };
    let small = [("fetch.max.bytes", "1")];
    let broker = connect(&servers, &small).await.unwrap();
    let topic = NewTopic {
        name: unique("turns"),
        partitions: 3,
        replicas: 1,
        config: Default::default(),
    };
    let topic = broker.create_topic(&topic).await.unwrap();
    let partitions: Vec<_> = (0..3)
        .map(|partition| TopicPartition::new(topic.name.as_str(), partition))
        .collect();
    let mut writer = broker.writer("test").await.unwrap();
    for partition in &partitions {
        for number in 0..10 {
            let record = value(&number.to_string());
            writer.write(partition, vec![record]).await.unwrap();
        }
    }
    let assigned = partitions.iter().map(|partition| (partition.clone(), 0));
    let assigned = Subscription::Assign(assigned.collect());
    let mut reader = broker.reader(assigned).await.unwrap();
    let until = Instant::now() + PATIENCE;
    let mut positions = [0; 3];
    while positions.iter().any(|position| *position < 10) {
        assert!(Instant::now() < until, "{positions:?}");
        let event = reader.next(Duration::from_secs(1)).await.unwrap();
        if let Some(ReaderEvent::Records {
            partition,
            next_offset,
            ..
        }) = event
        {
            positions[partition.partition as usize] = next_offset;
        }
        let (first, last) = (positions.iter().max(), positions.iter().min());
        assert!(first.unwrap() - last.unwrap() <= 3, "{positions:?}");
    }
}

#[tokio::test]
async fn offsets_are_told_as_often_as_they_are_asked_for() {
    let Some(broker) = broker().await else {
        return;
    };
    let partition = topic(&broker, "twice").await;
    let mut writer = broker.writer("test").await.unwrap();
    writer.write(&partition, vec![value("v"); 2]).await.unwrap();
    let asked = broker.offsets(&partition.topic, &[0, 0, 0], OffsetSpec::Latest);
    let told = tokio::time::timeout(Duration::from_secs(20), asked).await;
    assert_eq!(told.expect("at once").unwrap(), [2, 2, 2]);
}
