//! `--input TOPIC=FILE`: lines fed to a topic, no faster than the queries read them.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use weir_engine::{Deployment, Engine};

use crate::{failure::Failure, lines::Lines, produce::record};

/// How many records may wait between the file and the slowest query.
const AHEAD: i64 = 50_000;

/// What a topic in memory keeps: enough for what waits, so that a filter over any number of events stays small.
const KEPT_BYTES: usize = 512 << 20;

const CHUNK_LINES: usize = 2000;
const CHUNK_BYTES: usize = 2 << 20;

/// A topic and the file that feeds it.
#[derive(Debug)]
pub struct Input {
    topic: String,
    file: PathBuf,
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

    /// Writes all lines; returns when they are in the topic.
    pub async fn feed(&self, engine: &Engine, deployment: &Deployment) -> Result<(), Failure> {
        let mut producer = engine.topics().producer(&self.topic).await?;
        let mut lines = Lines::open(&self.file).await?;
        let (mut chunk, mut size, mut written) = (Vec::new(), 0, 0_i64);
        let before = self.read_so_far(deployment).await;
        while let Some(line) = lines.next().await? {
            size += line.len();
            chunk.push(record(line, None));
            if chunk.len() >= CHUNK_LINES || size >= CHUNK_BYTES {
                written += chunk.len() as i64;
                producer.send(std::mem::take(&mut chunk)).await?;
                size = 0;
                self.wait_for_readers(deployment, before, written).await;
            }
        }
        producer.send(chunk).await?;
        producer.flush().await?;
        Ok(())
    }

    async fn wait_for_readers(&self, deployment: &Deployment, before: i64, written: i64) {
        while written - (self.read_so_far(deployment).await - before) > AHEAD {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// The sum of the slowest query's positions; without a query over the topic nothing is waited for.
    async fn read_so_far(&self, deployment: &Deployment) -> i64 {
        let positions = deployment.positions(&self.topic).await;
        if positions.is_empty() {
            i64::MAX / 2
        } else {
            positions.values().sum()
        }
    }
}
