//! `--output TOPIC=FILE`: a topic's values as lines, as they come.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

use tokio::{sync::watch, task::JoinHandle};
use weir_engine::{Engine, TopicReader};

use super::{input::split, pipe::Taken};
use crate::{failure::Failure, follow::follow, stdout::Stdout};

/// A topic and the file that its values go to.
#[derive(Debug)]
pub struct Output {
    topic: String,
    file: PathBuf,
}

/// An output whose place in the topic is known, before any query writes to it.
pub struct Prepared {
    topic: String,
    target: Target,
    taken: Taken,
    /// `None`: the topic is not there yet, and all that it will hold is new.
    reader: Option<TopicReader>,
}

/// A writer at work.
pub struct Writing {
    engine: Engine,
    topic: String,
    end: watch::Sender<Option<i64>>,
    /// `None` when its end was noticed.
    task: Option<JoinHandle<Result<(), Failure>>>,
}

enum Target {
    Stdout,
    File(File, PathBuf),
}

/// `TOPIC=FILE`, each.
pub fn parse(arguments: &[String]) -> Result<Vec<Output>, Failure> {
    arguments
        .iter()
        .map(|argument| split(argument, "--output").map(|(topic, file)| Output { topic, file }))
        .collect()
}

impl Output {
    /// Opens the file. `goes_on`: the topics outlive this process, so what an earlier one has written stays.
    pub async fn prepare(self, engine: &Engine, goes_on: bool) -> Result<Prepared, Failure> {
        let topics = engine.topics();
        let reader = match topics.get(&self.topic).await? {
            Some(_) => Some(topics.consume(&self.topic, false).await?),
            None => None,
        };
        Ok(Prepared {
            target: Target::open(&self.file, goes_on)?,
            taken: Taken::new(&self.topic),
            topic: self.topic,
            reader,
        })
    }
}

impl Prepared {
    /// How far it has come.
    pub fn taken(&self) -> Taken {
        self.taken.clone()
    }

    /// Begins to write.
    pub async fn start(self, engine: &Engine) -> Result<Writing, Failure> {
        let reader = match self.reader {
            Some(reader) => reader,
            None => engine.topics().consume(&self.topic, true).await.map_err(|error| {
                Failure::from(error).hint(format!(
                    "`--output {}=…` names a topic that a query of the file writes, in the same letter case",
                    self.topic
                ))
            })?,
        };
        let (end, ends) = watch::channel(None);
        let task = tokio::spawn(write(reader, self.target, self.taken, ends));
        Ok(Writing {
            engine: engine.clone(),
            topic: self.topic,
            end,
            task: Some(task),
        })
    }
}

impl Writing {
    /// Returns when it writes no more: nobody reads it, or it cannot.
    pub async fn ended(&mut self) -> Result<(), Failure> {
        let Some(task) = &mut self.task else {
            return Ok(());
        };
        let outcome = task.await;
        self.task = None;
        outcome.map_err(|error| {
            Failure::new(format!("the writer of `{}` ended: {error}", self.topic))
        })?
    }

    /// Returns when all that is in the topic now is written.
    pub async fn finish(mut self) -> Result<(), Failure> {
        let reader = self.engine.topics().consume(&self.topic, false).await?;
        let _ = self.end.send(Some(read_so_far(&reader)));
        self.ended().await
    }
}

/// The sum of a reader's positions: how many offsets were passed.
fn read_so_far(reader: &TopicReader) -> i64 {
    reader.positions().values().sum()
}

async fn write(
    mut reader: TopicReader,
    mut target: Target,
    taken: Taken,
    mut ends: watch::Receiver<Option<i64>>,
) -> Result<(), Failure> {
    loop {
        if ends.borrow().is_some_and(|end| read_so_far(&reader) >= end) {
            return Ok(());
        }
        let next = tokio::select! {
            next = follow(&mut reader) => next?,
            changed = ends.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                continue;
            }
        };
        let mut text = Vec::new();
        for record in &next {
            text.extend_from_slice(record.value.as_deref().unwrap_or(b"null"));
            text.push(b'\n');
        }
        if !target.write(&text)?.is_read() {
            taken.done();
            return Ok(());
        }
        taken.set(reader.positions());
    }
}

impl Target {
    fn open(path: &Path, goes_on: bool) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        let mut options = File::options();
        let options = match goes_on {
            true => options.append(true),
            false => options.write(true).truncate(true),
        };
        let file = options.create(true).open(path);
        let file = file.map_err(|error| cannot_write(path, &error))?;
        Ok(Self::File(file, path.to_owned()))
    }

    /// Writes whole lines at once, so that two outputs to one place do not cut each other's.
    fn write(&mut self, text: &[u8]) -> Result<Stdout, Failure> {
        match self {
            Self::Stdout => Stdout::write(text),
            Self::File(file, path) => match file.write_all(text) {
                Ok(()) => Ok(Stdout::Read),
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Stdout::Gone),
                Err(error) => Err(cannot_write(path, &error)),
            },
        }
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write `{}`: {error}", path.display()))
}
