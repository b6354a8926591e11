//! `--input TOPIC=FILE`: lines fed to a topic, no faster than the queries read them.

use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use weir_engine::{
    Deployment, Engine,
    parts::{QueryState, QueryStatus},
};

use crate::{failure::Failure, lines::Lines, produce::record};

/// How much may wait between the file and the slowest query.
const AHEAD_RECORDS: i64 = 50_000;
const AHEAD_BYTES: usize = 128 << 20;

/// What a topic in memory keeps, so that a filter over any number of events stays small. Well above what may wait: a
/// record that is dropped before every query has read it would be an alert lost.
const KEPT_BYTES: usize = 512 << 20;

const CHUNK_LINES: usize = 2000;
const CHUNK_BYTES: usize = 2 << 20;

/// A topic and the file that feeds it.
#[derive(Debug)]
pub struct Input {
    topic: String,
    file: PathBuf,
}

/// An input that was found readable, before anything runs.
pub struct Feed {
    topic: String,
    lines: Lines,
}

/// `TOPIC=FILE`, each.
pub fn parse(arguments: &[String]) -> Result<Vec<Input>, Failure> {
    arguments
        .iter()
        .map(|argument| split(argument, "--input").map(|(topic, file)| Input { topic, file }))
        .collect()
}

pub fn split(argument: &str, option: &str) -> Result<(String, PathBuf), Failure> {
    match argument.split_once('=') {
        Some((topic, file)) if !topic.is_empty() && !file.is_empty() => {
            Ok((topic.to_owned(), PathBuf::from(file)))
        }
        _ => Err(
            Failure::new(format!("`{option} {argument}` is not TOPIC=FILE"))
                .hint("`-` as the file is standard input or output"),
        ),
    }
}

impl Input {
    pub fn is_standard_input(&self) -> bool {
        self.file == Path::new("-")
    }

    pub async fn open(self) -> Result<Feed, Failure> {
        Ok(Feed {
            lines: Lines::open(&self.file).await?,
            topic: self.topic,
        })
    }
}

impl Feed {
    /// Makes the topic if it is not there.
    pub async fn prepare(&self, engine: &Engine, is_memory: bool) -> Result<(), Failure> {
        let topics = engine.topics();
        if topics.get(&self.topic).await?.is_some() {
            return Ok(());
        }
        let mut config = BTreeMap::new();
        if is_memory {
            config.insert("retention.bytes".to_owned(), KEPT_BYTES.to_string());
            config.insert("max.message.bytes".to_owned(), (64 << 20).to_string());
        }
        topics.create(&self.topic, 1, config).await?;
        Ok(())
    }

    /// In memory nobody else reads a topic: one that no query reads is a name mistaken.
    pub async fn check_read(&self, deployment: &Deployment) -> Result<(), Failure> {
        if deployment.positions(&self.topic).await.is_empty() {
            return Err(Failure::new(format!(
                "`--input {}=…`: no query of the file reads topic `{}`",
                self.topic, self.topic
            ))
            .hint("the name is that of KAFKA_TOPIC in CREATE STREAM, in the same letter case"));
        }
        Ok(())
    }

    /// Writes all lines; returns when they are in the topic. A topic in memory forgets, so there the slowest query is
    /// waited for.
    pub async fn run(
        mut self,
        engine: &Engine,
        deployment: &Deployment,
        is_memory: bool,
    ) -> Result<(), Failure> {
        let mut producer = engine.topics().producer(&self.topic).await?;
        let mut ahead = Ahead::new(self.read_so_far(deployment).await);
        loop {
            let chunk = self.lines.next_chunk(CHUNK_LINES, CHUNK_BYTES).await?;
            if chunk.is_empty() {
                break;
            }
            ahead.add(&chunk);
            let records = chunk.into_iter().map(|line| record(line, None));
            producer.send(records.collect()).await?;
            while is_memory && ahead.is_too_far(self.read_so_far(deployment).await) {
                check_alive(engine, deployment).await?;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        producer.flush().await?;
        Ok(())
    }

    /// The sum of the slowest query's positions.
    async fn read_so_far(&self, deployment: &Deployment) -> i64 {
        deployment.positions(&self.topic).await.values().sum()
    }
}

/// A query that has failed for good is waited for by nobody: its failure is the run's.
async fn check_alive(engine: &Engine, deployment: &Deployment) -> Result<(), Failure> {
    let statuses = engine.statuses().await;
    let has_failed = |status: &QueryStatus| status.state == QueryState::Failed;
    if statuses.values().any(has_failed) {
        deployment.ready().await?;
    }
    Ok(())
}

/// What was written and is not read by every query.
struct Ahead {
    /// Positions, summed up over the partitions.
    written: i64,
    /// Where each chunk ends, and its bytes.
    chunks: VecDeque<(i64, usize)>,
    bytes: usize,
}

impl Ahead {
    fn new(position: i64) -> Self {
        Self {
            written: position,
            chunks: VecDeque::new(),
            bytes: 0,
        }
    }

    fn add(&mut self, chunk: &[Bytes]) {
        let bytes = chunk.iter().map(Bytes::len).sum();
        self.written += chunk.len() as i64;
        self.chunks.push_back((self.written, bytes));
        self.bytes += bytes;
    }

    fn is_too_far(&mut self, read: i64) -> bool {
        while let Some((_, bytes)) = self.chunks.pop_front_if(|(end, _)| *end <= read) {
            self.bytes -= bytes;
        }
        self.written - read > AHEAD_RECORDS || self.bytes > AHEAD_BYTES
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{AHEAD_BYTES, AHEAD_RECORDS, Ahead};

    #[test]
    fn what_waits_is_bounded_in_records_and_in_bytes() {
        let mut ahead = Ahead::new(7);
        ahead.add(&vec![Bytes::from_static(b"a"); AHEAD_RECORDS as usize]);
        assert!(!ahead.is_too_far(7));
        ahead.add(&[Bytes::from_static(b"b")]);
        assert!(ahead.is_too_far(7));
        assert!(!ahead.is_too_far(8));

        let mut ahead = Ahead::new(0);
        ahead.add(&[vec![b'a'; AHEAD_BYTES].into()]);
        assert!(!ahead.is_too_far(0));
        ahead.add(&[Bytes::from_static(b"b")]);
        assert!(ahead.is_too_far(0));
        assert!(!ahead.is_too_far(1));
    }
}
