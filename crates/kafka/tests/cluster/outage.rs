//! A broker that is killed and comes back, on the same port with the same data, while it is read and written.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use weir_kafka::{
    Broker, ErrorKind, NewTopic, Offset, PartitionId, Reader, ReaderEvent, Record, Subscription,
    TopicPartition, cluster::ClusterBroker,
};

use crate::fixture::{
    PATIENCE, connect, read_to, reader, text, topic, unique, value, variable, write_through,
};

/// A broker of its own, so that the other tests do not notice; gone with its data at the end.
struct OwnKafka {
    name: String,
}

impl OwnKafka {
    fn start() -> (Self, String) {
        let own = Self {
            name: unique("outage"),
        };
        own.run(&["start", "--listeners", "plain"]);
        let env = own.run(&["env"]);
        let servers = env.trim().split_once('=').unwrap().1.to_owned();
        (own, servers)
    }

    fn run(&self, arguments: &[&str]) -> String {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scripts/kafka.sh");
        let output = Command::new(script)
            .arg("--name")
            .arg(&self.name)
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    async fn kill_and_start(&self) {
        tokio::task::block_in_place(|| {
            self.run(&["stop", "--kill"]);
            self.run(&["start"]);
        });
    }
}

impl Drop for OwnKafka {
    fn drop(&mut self) {
        self.run(&["wipe"]);
    }
}

async fn connect_to(servers: &str) -> ClusterBroker {
    connect(servers, &[]).await.unwrap()
}

/// Many writers, so that some batches are always on their way: in the log, and not acknowledged, when the broker is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_broker_that_is_killed_and_comes_back_loses_and_repeats_nothing() {
    const PARTITIONS: i32 = 12;
    const RECORDS: i64 = 500;
    if variable("WEIR_TEST_KAFKA").is_none() {
        return;
    }
    let (kafka, servers) = tokio::task::block_in_place(OwnKafka::start);
    let broker = connect_to(&servers).await;
    let topic = NewTopic {
        name: unique("outage"),
        partitions: PARTITIONS,
        replicas: 1,
        config: BTreeMap::new(),
    };
    let topic = broker.create_topic(&topic).await.unwrap();
    let partitions = (0..PARTITIONS).map(|partition| TopicPartition::new(&*topic.name, partition));
    let partitions: Vec<_> = partitions.collect();

    let reading = {
        let broker = connect_to(&servers).await;
        let assigned = partitions.iter().map(|partition| (partition.clone(), 0));
        let mut reader = broker
            .reader(Subscription::Assign(assigned.collect()))
            .await
            .unwrap();
        tokio::spawn(async move { read_all_to(&mut *reader, PARTITIONS, RECORDS).await })
    };
    let mut writing = Vec::new();
    for partition in partitions {
        let broker = connect_to(&servers).await;
        writing.push(tokio::spawn(async move {
            let mut writer = broker.writer("test").await.unwrap();
            for number in 0..RECORDS {
                let record = value(&number.to_string());
                assert_eq!(
                    write_through(&mut *writer, &partition, vec![record]).await,
                    number
                );
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        }));
    }
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        kafka.kill_and_start().await;
    }
    for written in writing {
        written.await.unwrap();
    }
    let expected: Vec<String> = (0..RECORDS).map(|number| number.to_string()).collect();
    for (partition, records) in reading.await.unwrap() {
        let found: Vec<String> = records.iter().map(text).collect();
        assert_eq!(found, expected, "partition {partition}");
    }
}

/// Reads that many partitions up to `end`, through outages: as long as something comes now and then.
async fn read_all_to(
    reader: &mut dyn Reader,
    partitions: i32,
    end: Offset,
) -> BTreeMap<PartitionId, Vec<Record>> {
    let mut until = Instant::now() + PATIENCE;
    let mut records: BTreeMap<_, Vec<Record>> = BTreeMap::new();
    let mut positions: BTreeMap<_, _> = (0..partitions).map(|partition| (partition, 0)).collect();
    while positions.values().any(|position| *position < end) {
        assert!(
            Instant::now() < until,
            "{positions:?} of {end}, and nothing in {PATIENCE:?}"
        );
        match reader.next(Duration::from_secs(1)).await {
            Ok(Some(ReaderEvent::Records {
                partition,
                batches,
                next_offset,
            })) => {
                let came = batches.into_iter().flat_map(|batch| batch.records);
                records.entry(partition.partition).or_default().extend(came);
                positions.insert(partition.partition, next_offset);
                until = Instant::now() + PATIENCE;
            }
            Ok(_) => {}
            Err(error) => assert!(error.is_retriable(), "{error}"),
        }
    }
    records
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_the_broker_is_away_the_errors_say_so() {
    if variable("WEIR_TEST_KAFKA").is_none() {
        return;
    }
    let (kafka, servers) = tokio::task::block_in_place(OwnKafka::start);
    let broker = connect(&servers, &[("delivery.timeout.ms", "2000")])
        .await
        .unwrap();
    let partition = topic(&broker, "away").await;
    let mut writer = broker.writer("test").await.unwrap();
    writer
        .write(&partition, vec![value("before")])
        .await
        .unwrap();
    let mut reader = reader(&broker, &partition, 0).await;
    read_to(&mut *reader, 1).await;

    tokio::task::block_in_place(|| kafka.run(&["stop", "--kill"]));
    let mut refused = None;
    for _ in 0..20 {
        refused = reader
            .next(Duration::from_millis(500))
            .await
            .err()
            .or(refused);
    }
    let refused = refused.unwrap();
    assert_eq!(refused.kind, ErrorKind::Unavailable, "{refused}");
    assert!(
        refused.message.contains(&*partition.to_string()) && refused.message.contains(&servers),
        "{refused}"
    );
    let refused = writer
        .write(&partition, vec![value("during")])
        .await
        .unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Unavailable, "{refused}");
    assert_eq!(
        broker.topics().await.unwrap_err().kind,
        ErrorKind::Unavailable
    );
    assert_eq!(
        writer.commit(&[]).await.unwrap_err().kind,
        ErrorKind::Unavailable
    );

    tokio::task::block_in_place(|| kafka.run(&["start"]));
    // The same records once more: the broker has them once.
    assert_eq!(
        write_through(&mut *writer, &partition, vec![value("during")]).await,
        1
    );
    writer.commit(&[]).await.unwrap();
    let records = read_to(&mut *reader, 2).await;
    assert_eq!(records.iter().map(text).collect::<Vec<_>>(), ["during"]);
}
