//! What the bare fetch costs, in microseconds of CPU an event: the share that Kafka has of a query's cost.
//!
//! ```text
//! cargo run --release -p weir-kafka --example fetch -- load SERVERS TOPIC FILE[.gz] COUNT [COMPRESSION]
//! cargo run --release -p weir-kafka --example fetch -- read SERVERS TOPIC
//! ```
//!
//! `load` makes the topic, of one partition, and writes the file's lines over and over, COUNT in all, in batches of 900 KB.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Read},
    time::{Duration, Instant, SystemTime},
};

use bytes::Bytes;
use weir_kafka::{
    Broker, NewRecord, NewTopic, OffsetSpec, ReaderEvent, Subscription, TopicPartition,
    cluster::{ClusterBroker, ClusterConfig},
};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const BATCH: usize = 900_000;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["load", servers, topic, file, count] => {
            load(servers, topic, file, count.parse()?, "none").await
        }
        ["load", servers, topic, file, count, compression] => {
            load(servers, topic, file, count.parse()?, compression).await
        }
        ["read", servers, topic] => read(servers, topic).await,
        _ => Err("see the first lines of this file".into()),
    }
}

async fn connect(servers: &str, compression: &str) -> Outcome<ClusterBroker> {
    let mut properties = BTreeMap::new();
    properties.insert("bootstrap.servers".to_owned(), servers.to_owned());
    properties.insert("compression.type".to_owned(), compression.to_owned());
    let config = ClusterConfig::from_properties(&properties)?;
    Ok(ClusterBroker::connect(config).await?)
}

async fn load(
    servers: &str,
    topic: &str,
    file: &str,
    count: usize,
    compression: &str,
) -> Outcome<()> {
    let broker = connect(servers, compression).await?;
    let new = NewTopic {
        name: topic.to_owned(),
        partitions: 1,
        replicas: -1,
        config: BTreeMap::new(),
    };
    broker.create_topic(&new).await?;
    let lines = lines(file)?;
    let to = TopicPartition::new(topic, 0);
    let mut writer = broker.writer("load").await?;
    let (mut batch, mut size) = (Vec::new(), 0);
    let (start, cpu) = (Instant::now(), cpu_time()?);
    let timestamp = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)?
        .as_millis() as i64;
    for line in lines.iter().cycle().take(count) {
        let record = NewRecord {
            timestamp,
            key: None,
            value: Some(line.clone()),
            headers: Vec::new(),
        };
        if size + record.size_estimate() > BATCH {
            writer.write(&to, std::mem::take(&mut batch)).await?;
            size = 0;
        }
        size += record.size_estimate();
        batch.push(record);
    }
    if !batch.is_empty() {
        writer.write(&to, batch).await?;
    }
    writer.commit(&[]).await?;
    report("load", compression, count, start, cpu_time()? - cpu, 0);
    Ok(())
}

fn lines(file: &str) -> Outcome<Vec<Bytes>> {
    let opened = File::open(file)?;
    let reader: Box<dyn Read> = match file.ends_with(".gz") {
        true => Box::new(flate2::read::MultiGzDecoder::new(opened)),
        false => Box::new(opened),
    };
    let lines = BufReader::new(reader).split(b'\n');
    Ok(lines
        .map(|line| line.map(Bytes::from))
        .collect::<Result<_, _>>()?)
}

async fn read(servers: &str, topic: &str) -> Outcome<()> {
    let broker = connect(servers, "none").await?;
    let end = broker.offsets(topic, &[0], OffsetSpec::Latest).await?[0];
    let from = vec![(TopicPartition::new(topic, 0), 0)];
    let mut reader = broker.reader(Subscription::Assign(from)).await?;
    let (mut events, mut bytes, mut position) = (0, 0, 0);
    let (start, cpu) = (Instant::now(), cpu_time()?);
    while position < end {
        let Some(ReaderEvent::Records {
            batches,
            next_offset,
            ..
        }) = reader.next(Duration::from_secs(10)).await?
        else {
            continue;
        };
        for record in batches.iter().flat_map(|batch| &batch.records) {
            events += 1;
            bytes += record.value.as_ref().map_or(0, Bytes::len);
        }
        position = next_offset;
    }
    report("read", topic, events, start, cpu_time()? - cpu, bytes);
    Ok(())
}

fn report(what: &str, of: &str, events: usize, start: Instant, cpu: f64, bytes: usize) {
    let wall = start.elapsed().as_secs_f64();
    println!(
        r#"{{"what":"{what}","of":"{of}","events":{events},"bytes":{bytes},"wall_s":{wall:.2},"events_per_s":{:.0},"cpu_us_per_event":{:.2}}}"#,
        events as f64 / wall,
        cpu * 1e6 / events as f64,
    );
}

/// User and system time of this process, in seconds, by the hundredth.
fn cpu_time() -> Outcome<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat
        .rsplit_once(") ")
        .ok_or("no name in /proc/self/stat")?
        .1;
    let fields: Vec<&str> = after_name.split(' ').collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / 100.0)
}
