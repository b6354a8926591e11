//! A broker to test, and the short words in which the cases are written.

use std::{
    any::Any,
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use weir_kafka::{
    Broker, ErrorKind, NewRecord, NewTopic, Offset, OffsetSpec, Reader, ReaderEvent, Record,
    Subscription, Timestamp, Topic, TopicPartition,
};

use crate::transactions::TransactionalProducer;

/// How long a case waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Makes producers that have transactions.
pub type Producers =
    Box<dyn Fn() -> BoxFuture<'static, Box<dyn TransactionalProducer>> + Send + Sync>;

pub struct Fixture {
    pub broker: Arc<dyn Broker>,
    producers: Option<Producers>,
    prefix: String,
    /// What must outlive the broker, such as its folder.
    _kept: Box<dyn Any + Send + Sync>,
}

impl Fixture {
    pub fn new(broker: impl Broker, kept: impl Any + Send + Sync) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let nanos = since.expect("the clock is past 1970").as_nanos();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self {
            broker: Arc::new(broker),
            producers: None,
            prefix: format!("contract-{nanos:x}-{count}"),
            _kept: Box::new(kept),
        }
    }

    pub fn with_producers(self, producers: Producers) -> Self {
        Self {
            producers: Some(producers),
            ..self
        }
    }

    /// Another producer, with transactions; `None` where nobody can write one.
    pub async fn producer(&self) -> Option<Box<dyn TransactionalProducer>> {
        match &self.producers {
            Some(producers) => Some(producers().await),
            None => None,
        }
    }

    /// A topic's name that no other case uses.
    pub fn name(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    pub async fn topic(&self, name: &str, partitions: i32) -> Topic {
        self.topic_with(name, partitions, &[]).await
    }

    pub async fn topic_with(&self, name: &str, partitions: i32, config: &[(&str, &str)]) -> Topic {
        let topic = new_topic(&self.name(name), partitions, config);
        self.broker.create_topic(&topic).await.unwrap()
    }

    /// A topic of one partition.
    pub async fn partition(&self, name: &str) -> TopicPartition {
        TopicPartition::new(self.topic(name, 1).await.name, 0)
    }

    pub async fn write(&self, to: &TopicPartition, records: Vec<NewRecord>) -> Offset {
        let mut writer = self.broker.writer("contract").await.unwrap();
        let offset = writer.write(to, records).await.unwrap();
        writer.commit(&[]).await.unwrap();
        offset
    }

    /// Writes values `from..to`, each in a batch of its own.
    pub async fn write_numbers(&self, to: &TopicPartition, numbers: std::ops::Range<u32>) {
        let mut writer = self.broker.writer("contract").await.unwrap();
        for number in numbers {
            let records = vec![value(&number.to_string())];
            writer.write(to, records).await.unwrap();
        }
        writer.commit(&[]).await.unwrap();
    }

    pub async fn reader(&self, from: &TopicPartition, offset: Offset) -> Box<dyn Reader> {
        let assigned = Subscription::Assign(vec![(from.clone(), offset)]);
        self.broker.reader(assigned).await.unwrap()
    }

    pub async fn offset(&self, of: &TopicPartition, spec: OffsetSpec) -> Offset {
        let partitions = [of.partition];
        let offsets = self.broker.offsets(&of.topic, &partitions, spec);
        let offsets = offsets.await.unwrap();
        assert_eq!(offsets.len(), 1);
        offsets[0]
    }

    /// Where a partition ends once it ends after `offset`, and goes on to for a while no more.
    pub async fn partition_end_after(&self, of: &TopicPartition, offset: Offset) -> Offset {
        let until = Instant::now() + PATIENCE;
        let mut end = offset;
        loop {
            assert!(Instant::now() < until, "{of} still ends at {end}");
            tokio::time::sleep(Duration::from_millis(200)).await;
            let now = self.offset(of, OffsetSpec::Latest).await;
            if now > offset && now == end {
                return end;
            }
            end = now;
        }
    }

    /// All that is committed in a partition now.
    pub async fn read_all(&self, from: &TopicPartition) -> Vec<Record> {
        let start = self.offset(from, OffsetSpec::Earliest).await;
        let end = self.offset(from, OffsetSpec::Latest).await;
        let mut reader = self.reader(from, start).await;
        read_to(&mut *reader, end).await
    }

    pub async fn close(&self) {
        self.broker.close().await.unwrap();
    }
}

/// Reads until the reader of one partition stands at `end`.
pub async fn read_to(reader: &mut dyn Reader, end: Offset) -> Vec<Record> {
    let until = Instant::now() + PATIENCE;
    let mut records = Vec::new();
    let mut position = None;
    while position.is_none_or(|position| position < end) {
        assert!(
            Instant::now() < until,
            "only {} records came",
            records.len()
        );
        if end == 0 {
            break;
        }
        if let Some((_, came, next)) = next_records(reader, PATIENCE).await {
            let first = came.first().map_or(next, |record| record.offset);
            assert!(position.is_none_or(|position| first >= position));
            assert!(came.windows(2).all(|pair| pair[0].offset < pair[1].offset));
            assert!(came.last().is_none_or(|last| last.offset < next));
            records.extend(came);
            position = Some(next);
        }
    }
    records
}

/// What comes next, and where to go on.
pub async fn next_records(
    reader: &mut dyn Reader,
    wait: Duration,
) -> Option<(TopicPartition, Vec<Record>, Offset)> {
    match reader.next(wait).await.unwrap()? {
        ReaderEvent::Records {
            partition,
            batches,
            next_offset,
        } => {
            let records = batches.into_iter().flat_map(|batch| batch.records);
            Some((partition, records.collect(), next_offset))
        }
        other => panic!("a reader that is assigned its partitions got {other:?}"),
    }
}

/// The first error of a reader that must have one; a cluster may need a while to know of it.
pub async fn first_error(reader: &mut dyn Reader) -> weir_kafka::Error {
    let until = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < until, "no error came");
        match reader.next(Duration::from_millis(200)).await {
            Err(error) if error.kind == ErrorKind::Unavailable => {}
            Err(error) => return error,
            Ok(_) => {}
        }
    }
}

pub fn new_topic(name: &str, partitions: i32, config: &[(&str, &str)]) -> NewTopic {
    let config = config.iter();
    let config: BTreeMap<_, _> = config
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    NewTopic {
        name: name.to_owned(),
        partitions,
        replicas: 1,
        config,
    }
}

pub fn record(key: Option<&str>, value: Option<&str>, timestamp: Timestamp) -> NewRecord {
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    NewRecord {
        timestamp,
        key: key.map(bytes),
        value: value.map(bytes),
        headers: Vec::new(),
    }
}

/// A record of today, so that no retention touches it.
pub fn value(value: &str) -> NewRecord {
    record(None, Some(value), now())
}

pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.expect("the clock is past 1970").as_millis() as Timestamp
}

pub fn values(records: &[Record]) -> Vec<String> {
    let values = records.iter().map(|record| {
        let value = record.value.as_ref().expect("the value is not null");
        String::from_utf8(value.to_vec()).expect("the value is text")
    });
    values.collect()
}

pub fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}
