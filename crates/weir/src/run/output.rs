//! `--output TOPIC=FILE`: a topic's values as lines, as they come.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle};
use weir_engine::{Engine, TopicReader};

use super::input::split;
use crate::failure::Failure;

/// A topic and the file that its values go to.
#[derive(Debug)]
pub struct Output {
    topic: String,
    file: PathBuf,
}

/// A writer at work.
pub struct Writing {
    engine: Engine,
    topic: String,
    end: watch::Sender<Option<i64>>,
    task: JoinHandle<Result<(), Failure>>,
}

/// `TOPIC=FILE`, each.
pub fn parse(arguments: &[String]) -> Result<Vec<Output>, Failure> {
    arguments
        .iter()
        .map(|argument| split(argument, "--output").map(|(topic, file)| Output { topic, file }))
        .collect()
}

impl Output {
    /// Begins to write what comes from now on.
    pub async fn start(self, engine: &Engine) -> Result<Writing, Failure> {
        let reader = engine.topics().consume(&self.topic, false).await?;
        let already = read_so_far(&reader);
        let file: Box<dyn Write + Send> = if self.file == Path::new("-") {
            Box::new(std::io::stdout())
        } else {
            let file = File::create(&self.file);
            Box::new(file.map_err(|error| {
                Failure::new(format!("cannot write `{}`: {error}", self.file.display()))
            })?)
        };
        let (end, ends) = watch::channel(None);
        let task = tokio::spawn(write(reader, already, BufWriter::new(file), ends));
        Ok(Writing {
            engine: engine.clone(),
            topic: self.topic,
            end,
            task,
        })
    }
}

impl Writing {
    /// Returns when all that is in the topic now is written.
    pub async fn finish(self) -> Result<(), Failure> {
        let reader = self.engine.topics().consume(&self.topic, false).await?;
        let _ = self.end.send(Some(read_so_far(&reader)));
        self.task.await.map_err(|error| {
            Failure::new(format!("the writer of `{}` ended: {error}", self.topic))
        })?
    }
}

/// The sum of a reader's positions: how many offsets were passed.
fn read_so_far(reader: &TopicReader) -> i64 {
    reader.positions().values().sum()
}

async fn write(
    mut reader: TopicReader,
    mut position: i64,
    mut file: BufWriter<Box<dyn Write + Send>>,
    mut ends: watch::Receiver<Option<i64>>,
) -> Result<(), Failure> {
    loop {
        if ends.borrow().is_some_and(|end| position >= end) {
            return finish(file.flush());
        }
        let next = tokio::select! {
            next = reader.next(Duration::from_secs(3600)) => next?,
            changed = ends.changed() => {
                if changed.is_err() {
                    return finish(file.flush());
                }
                continue;
            }
        };
        let Some((_, records)) = next else { continue };
        for record in &records {
            let value = record.value.as_deref().unwrap_or(b"null");
            if let Err(error) = file.write_all(value).and_then(|()| file.write_all(b"\n")) {
                return finish(Err(error));
            }
        }
        finish(file.flush())?;
        position = read_so_far(&reader);
    }
}

/// A reader of our output that has gone is no failure of ours.
fn finish(written: std::io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write: {error}")))
        }
        _ => Ok(()),
    }
}
