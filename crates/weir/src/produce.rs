//! `weir produce`: lines to records.

use std::{collections::BTreeMap, path::Path, time::SystemTime};

use bytes::Bytes;
use weir_engine::parts::NewRecord;

use crate::{cli::ProduceArguments, connection, failure::Failure, lines::Lines};

/// How many lines are written in one go.
const CHUNK_LINES: usize = 5000;
const CHUNK_BYTES: usize = 4 << 20;

pub async fn run(arguments: ProduceArguments) -> Result<(), Failure> {
    let engine = connection::headless_engine(&arguments.engine, "`weir produce`").await?;
    let topics = engine.topics();
    if topics.get(&arguments.topic).await?.is_none() {
        topics
            .create(&arguments.topic, arguments.partitions, BTreeMap::new())
            .await?;
    }
    let mut producer = topics.producer(&arguments.topic).await?;
    let path = arguments.file.as_deref().unwrap_or(Path::new("-"));
    let mut lines = Lines::open(path).await?;
    let (mut chunk, mut size, mut count) = (Vec::new(), 0, 0_u64);
    while let Some(line) = lines.next().await? {
        size += line.len();
        count += 1;
        chunk.push(record(line, arguments.key_separator.as_deref()));
        if chunk.len() >= CHUNK_LINES || size >= CHUNK_BYTES {
            producer.send(std::mem::take(&mut chunk)).await?;
            size = 0;
        }
    }
    producer.send(chunk).await?;
    producer.flush().await?;
    engine.shutdown().await?;
    eprintln!("{count} records written to `{}`", arguments.topic);
    Ok(())
}

/// A line as a record of now; what stands before the separator is its key.
pub fn record(line: Bytes, separator: Option<&str>) -> NewRecord {
    let found = separator
        .filter(|separator| !separator.is_empty())
        .and_then(|separator| {
            let at = memchr::memmem::find(&line, separator.as_bytes())?;
            Some((line.slice(..at), line.slice(at + separator.len()..)))
        });
    let (key, value) = match found {
        Some((key, value)) => (Some(key), value),
        None => (None, line),
    };
    NewRecord {
        timestamp: now(),
        key,
        value: Some(value),
        headers: Vec::new(),
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |elapsed| elapsed.as_millis() as i64)
}
