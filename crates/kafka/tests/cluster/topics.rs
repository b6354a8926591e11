//! Topics that go and come back under a reader and a writer.

use std::time::{Duration, Instant};

use weir_kafka::{Broker, ErrorKind, NewTopic, ReaderEvent};

use crate::fixture::{PATIENCE, broker, read_to, reader, text, topic, value};

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
