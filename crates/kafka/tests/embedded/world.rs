//! A folder, and the short words in which the tests are written.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use weir_kafka::{
    Broker, EmbeddedBroker, EmbeddedOptions, NewRecord, NewTopic, Offset, OffsetSpec, ReaderEvent,
    Record, Result, Subscription, TopicPartition, Writer,
};

pub fn open(dir: &Path) -> EmbeddedBroker {
    EmbeddedBroker::open(dir, EmbeddedOptions::default()).unwrap()
}

pub async fn make_topic(broker: &EmbeddedBroker, name: &str, config: &[(&str, &str)]) {
    let config = config.iter();
    let topic = NewTopic {
        name: name.to_owned(),
        partitions: 1,
        replicas: 1,
        config: config
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    };
    broker.create_topic(&topic).await.unwrap();
}

pub fn partition(topic: &str) -> TopicPartition {
    TopicPartition::new(topic, 0)
}

pub fn record(value: &str) -> NewRecord {
    NewRecord {
        timestamp: now(),
        key: None,
        value: Some(Bytes::copy_from_slice(value.as_bytes())),
        headers: Vec::new(),
    }
}

/// A record that is old is one that retention may take.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis() as i64
}

/// Writes each value in a batch of its own, and does not commit.
pub async fn write(broker: &EmbeddedBroker, topic: &str, values: &[&str]) -> Box<dyn Writer> {
    let mut writer = broker.writer("w").await.unwrap();
    for value in values {
        let records = vec![record(value)];
        writer.write(&partition(topic), records).await.unwrap();
    }
    writer
}

/// Writes values, committing each.
pub async fn write_committed(broker: &EmbeddedBroker, topic: &str, values: &[&str]) {
    for value in values {
        let mut writer = write(broker, topic, &[value]).await;
        writer.commit(&[]).await.unwrap();
    }
}

/// Values from `offset` to the end that the log has now.
pub async fn read_from(
    broker: &EmbeddedBroker,
    topic: &str,
    offset: Offset,
) -> Result<Vec<String>> {
    let records = records_from(broker, topic, offset).await?;
    let values = records.iter().map(|record| {
        let value = record.value.as_ref().expect("values are not null here");
        String::from_utf8(value.to_vec()).expect("values are text here")
    });
    Ok(values.collect())
}

pub async fn records_from(
    broker: &EmbeddedBroker,
    topic: &str,
    offset: Offset,
) -> Result<Vec<Record>> {
    let assigned = Subscription::Assign(vec![(partition(topic), offset)]);
    let mut reader = broker.reader(assigned).await?;
    let mut records = Vec::new();
    while let Some(event) = reader.next(Duration::ZERO).await? {
        let ReaderEvent::Records { batches, .. } = event else {
            panic!("{event:?}");
        };
        records.extend(batches.into_iter().flat_map(|batch| batch.records));
    }
    Ok(records)
}

pub async fn end(broker: &EmbeddedBroker, topic: &str) -> Result<Offset> {
    let offsets = broker.offsets(topic, &[0], OffsetSpec::Latest).await?;
    Ok(offsets[0])
}

/// The files of all logs, in the order of their paths.
pub fn log_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![dir.join("topics")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "log") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
