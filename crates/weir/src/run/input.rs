//! `--input TOPIC=FILE`: lines fed to a topic, no faster than the queries read them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use weir_engine::{Deployment, Engine};

use super::pipe::Pipe;
use crate::{failure::Failure, lines::Lines, produce::record};

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
    pub async fn prepare(
        &self,
        engine: &Engine,
        script: &str,
        is_memory: bool,
    ) -> Result<(), Failure> {
        let topics = engine.topics();
        if topics.get(&self.topic).await?.is_some() {
            return Ok(());
        }
        let mut config = BTreeMap::new();
        if is_memory {
            config.insert("max.message.bytes".to_owned(), (64 << 20).to_string());
        }
        // As the file would have it: its declaration must fit the topic.
        let partitions = weir_engine::declared_partitions(script, &self.topic).unwrap_or(1);
        topics.create(&self.topic, partitions, config).await?;
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

    /// Writes all lines; returns when they are in the topic. Through a pipe no faster than what is behind it can take.
    pub async fn run(
        mut self,
        engine: &Engine,
        deployment: &Deployment,
        pipe: Option<&Pipe>,
    ) -> Result<(), Failure> {
        let mut producer = engine.topics().producer(&self.topic).await?;
        loop {
            let chunk = self.lines.next_chunk(CHUNK_LINES, CHUNK_BYTES).await?;
            if chunk.is_empty() {
                break;
            }
            let records = chunk.into_iter().map(|line| record(line, None));
            producer.send(records.collect()).await?;
            if let Some(pipe) = pipe {
                pipe.wait_for_room(engine, deployment).await?;
            }
        }
        producer.flush().await?;
        Ok(())
    }
}
