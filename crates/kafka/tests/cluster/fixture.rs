//! A cluster to test against, and short words.

use std::io::Write as _;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime},
};

use bytes::Bytes;
use weir_kafka::{
    Broker, ErrorKind, NewRecord, NewTopic, Offset, Reader, ReaderEvent, Record, Result,
    Subscription, Timestamp, TopicPartition,
    cluster::{ClusterBroker, ClusterConfig},
};

/// How long a test waits for what must come. A broker that is started again takes a minute where the machine has much to do.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// What `scripts/kafka.sh env` says. `None`, after a line that says so, where there is no Kafka.
pub fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    if value.is_none() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "{name} is not set, and CI tests against a real Kafka"
        );
        // Past the test runner, which shows nothing of tests that pass.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: {name} is not set; see scripts/kafka.sh"
        );
    }
    value
}

pub async fn connect(servers: &str, properties: &[(&str, &str)]) -> Result<ClusterBroker> {
    let mut all = BTreeMap::from([("bootstrap.servers".to_owned(), servers.to_owned())]);
    all.extend(
        properties
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    ClusterBroker::connect(ClusterConfig::from_properties(&all)?).await
}

/// The plain listener of the test cluster.
pub async fn broker() -> Option<ClusterBroker> {
    let servers = variable("WEIR_TEST_KAFKA")?;
    Some(connect(&servers, &[]).await.unwrap())
}

pub fn unique(name: &str) -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    format!("test-{name}-{:x}", since.unwrap().as_nanos())
}

pub async fn topic(broker: &dyn Broker, name: &str) -> TopicPartition {
    topic_with(broker, name, &[]).await
}

pub async fn topic_with(
    broker: &dyn Broker,
    name: &str,
    config: &[(&str, &str)],
) -> TopicPartition {
    let config = config
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let topic = NewTopic {
        name: unique(name),
        partitions: 1,
        replicas: 1,
        config: config.collect(),
    };
    let topic = broker.create_topic(&topic).await.unwrap();
    TopicPartition::new(topic.name, 0)
}

/// A record of now: retention would take an old one, and a broker that starts again forgets the writer of records that are
/// older than a day (`producer.id.expiration.ms`).
pub fn value(text: &str) -> NewRecord {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    NewRecord {
        timestamp: since.unwrap().as_millis() as Timestamp,
        key: None,
        value: Some(Bytes::copy_from_slice(text.as_bytes())),
        headers: Vec::new(),
    }
}

pub fn text(record: &Record) -> String {
    String::from_utf8(record.value.clone().unwrap().to_vec()).unwrap()
}

pub async fn reader(broker: &dyn Broker, from: &TopicPartition, offset: Offset) -> Box<dyn Reader> {
    let assigned = Subscription::Assign(vec![(from.clone(), offset)]);
    broker.reader(assigned).await.unwrap()
}

/// Reads up to `end`, through outages if there are any: as long as something comes now and then.
pub async fn read_to(reader: &mut dyn Reader, end: Offset) -> Vec<Record> {
    let mut until = Instant::now() + PATIENCE;
    let (mut records, mut position) = (Vec::new(), 0);
    while position < end {
        assert!(
            Instant::now() < until,
            "at {position} of {end}, and nothing in {PATIENCE:?}"
        );
        match reader.next(Duration::from_secs(1)).await {
            Ok(Some(ReaderEvent::Records {
                batches,
                next_offset,
                ..
            })) => {
                records.extend(batches.into_iter().flat_map(|batch| batch.records));
                position = next_offset;
                until = Instant::now() + PATIENCE;
            }
            Ok(_) => {}
            Err(error) => assert!(error.is_retriable(), "{error}"),
        }
    }
    records
}

/// Writes, and writes again while the cluster is away, as a caller does.
pub async fn write_through(
    writer: &mut dyn weir_kafka::Writer,
    to: &TopicPartition,
    records: Vec<NewRecord>,
) -> Offset {
    let until = Instant::now() + PATIENCE;
    loop {
        match writer.write(to, records.clone()).await {
            Ok(offset) => return offset,
            Err(error) => {
                assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
                assert!(Instant::now() < until, "{error}");
            }
        }
    }
}
