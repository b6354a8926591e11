//! `weir produce`: lines to records.

use std::{collections::BTreeMap, io::IsTerminal, path::Path, time::SystemTime};

use bytes::Bytes;
use weir_engine::{Engine, parts::NewRecord, record_of_line};
use weir_server::client::Client;

use crate::{
    cli::ProduceArguments,
    connection::{self, Door},
    failure::Failure,
    lines::Lines,
    signals::Signals,
};

/// How many lines are written in one go, at most.
const CHUNK_LINES: usize = 5000;
const CHUNK_BYTES: usize = 4 << 20;

pub async fn run(arguments: ProduceArguments) -> Result<(), Failure> {
    let path = arguments.file.as_deref().unwrap_or(Path::new("-"));
    let lines = Lines::open(path).await?;
    let door =
        connection::topics_door(&arguments.client, &arguments.engine, "`weir produce`").await?;
    if path == Path::new("-") && std::io::stdin().is_terminal() {
        eprintln!("one record a line; Ctrl-D ends");
    }
    let count = match door {
        Door::Own(engine) => {
            let outcome = produce(&engine, &arguments, lines).await;
            let stopped = engine.shutdown().await;
            let count = outcome?;
            stopped?;
            count
        }
        Door::Server(server) => send(&server, &arguments, lines).await?,
    };
    let records = if count == 1 { "record" } else { "records" };
    eprintln!("{count} {records} written to `{}`", arguments.topic);
    Ok(())
}

/// Writes all lines, or those that came before Ctrl-C; how many there were.
async fn produce(
    engine: &Engine,
    arguments: &ProduceArguments,
    mut lines: Lines,
) -> Result<u64, Failure> {
    let topics = engine.topics();
    if topics.get(&arguments.topic).await?.is_none() {
        topics
            .create(&arguments.topic, arguments.partitions, BTreeMap::new())
            .await?;
    }
    let mut producer = topics.producer(&arguments.topic).await?;
    let mut signals = Signals::listen()?;
    let mut count = 0;
    loop {
        let chunk = tokio::select! {
            chunk = lines.next_chunk(CHUNK_LINES, CHUNK_BYTES) => chunk?,
            () = signals.told_to_stop() => break,
        };
        if chunk.is_empty() {
            break;
        }
        count += chunk.len() as u64;
        let separator = arguments.key_separator.as_deref();
        let records = chunk.into_iter().map(|line| record(line, separator));
        producer.send(records.collect()).await?;
    }
    producer.flush().await?;
    Ok(count)
}

/// Sends all lines to a server, or those that came before Ctrl-C; how many there were.
async fn send(
    server: &Client,
    arguments: &ProduceArguments,
    mut lines: Lines,
) -> Result<u64, Failure> {
    let mut signals = Signals::listen()?;
    let mut count = 0;
    // Once without a line, so that the topic is there when the first one comes.
    let mut chunk = Vec::new();
    loop {
        let body = body_of(&chunk);
        let separator = arguments.key_separator.as_deref();
        let partitions = Some(arguments.partitions);
        let sent = server.produce(&arguments.topic, body, separator, partitions);
        count += tokio::select! {
            sent = sent => sent?.records,
            // Whether these were written nobody knows.
            () = signals.told_to_stop() => return Err(Failure::interrupted()),
        };
        chunk = tokio::select! {
            chunk = lines.next_chunk(CHUNK_LINES, CHUNK_BYTES) => chunk?,
            () = signals.told_to_stop() => break,
        };
        if chunk.is_empty() {
            break;
        }
    }
    Ok(count)
}

fn body_of(lines: &[Bytes]) -> Bytes {
    let mut body = Vec::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for line in lines {
        body.extend_from_slice(line);
        body.push(b'\n');
    }
    body.into()
}

/// A line as a record of now; what stands before the separator is its key.
pub fn record(line: Bytes, separator: Option<&str>) -> NewRecord {
    record_of_line(line, separator, now())
}

/// Milliseconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |elapsed| elapsed.as_millis() as i64)
}
