//! Checkpoints in a folder: one log of what was saved.
//!
//! ```text
//! save ─▶ what waits ─▶ one line: write, sync ─▶ what holds, and where it stands ─▶ load
//!         (queue)       (log.rs, line.rs)        (held.rs)
//! ```
//!
//! A line is what was saved together: it is appended, synced once, and only then are those answered who wait for it. What is
//! saved while a line is written comes into the next one, so the queries of a process share a write and a sync, however many
//! they are. What stands in a line holds until a later one says otherwise. When the log is several times as long as what
//! holds, what holds is written anew, beside it, and takes its place.
//!
//! After a crash the last line may be torn: nobody was told that it is kept, and it is cut off. Anything else that is not as
//! it was written (a disk that lied, an editor) is an error that names the file, the place and the way out, unless what
//! follows shows that it does not hold any more: positions are never guessed.
//!
//! Earlier versions had a file for each query and partition, and one for its plan. What they left is taken into the log when
//! it is opened.

mod held;
mod line;
mod log;
mod old;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fmt::Display,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use serde_json::value::RawValue;
use tokio::sync::{Semaphore, oneshot};

use self::{
    held::{Held, Place},
    line::{Entry, Told},
    log::Log,
};
use super::{Checkpoint, CheckpointStore};
use crate::Error;

/// So many ask the disk at once: a thousand queries that start together are not to have a thread each.
const ASKED: usize = 8;

#[derive(Debug, Clone)]
pub struct FileCheckpoints {
    shared: Arc<Shared>,
}

/// Whoever needs more than one of the locks takes them one after the other, so nobody who reads waits for a disk that writes.
#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    path: PathBuf,
    queue: Mutex<Queue>,
    /// Whoever writes has it, from the write to the end of the sync.
    log: Mutex<Log>,
    held: Arc<Mutex<Held>>,
    /// Files of an earlier version that cannot be used, by name, and why.
    broken: Mutex<BTreeMap<String, Error>>,
    /// Whoever asks the disk has one.
    turns: Arc<Semaphore>,
}

/// What is to be written.
#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Waiting>,
    /// The queries of what is being written now.
    in_hand: Vec<String>,
    is_written: bool,
}

#[derive(Debug)]
struct Waiting {
    told: Told,
    done: Answer,
}

/// Whoever waits for it is told when it is durable.
type Answer = oneshot::Sender<Result<(), Error>>;

impl FileCheckpoints {
    /// Makes the folder if it is not there, clears away what a crash left half written, and takes in what an earlier version
    /// left.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, Error> {
        let folder = folder.into();
        let (mut log, held) = Log::open(&folder)?;
        let broken = old::take_in(&folder, &mut log)?;
        Ok(Self {
            shared: Arc::new(Shared {
                path: log.path().to_owned(),
                folder,
                queue: Mutex::default(),
                log: Mutex::new(log),
                held,
                broken: Mutex::new(broken),
                turns: Arc::new(Semaphore::new(ASKED)),
            }),
        })
    }

    /// Returns when it is durable, with all else that was there to be written.
    async fn append(&self, entry: Entry<'_>) -> Result<(), Error> {
        let (done, is_done) = oneshot::channel();
        let told = Told::try_new(&entry)?;
        let is_first = {
            let mut queue = lock(&self.shared.queue);
            queue.waiting.push(Waiting { told, done });
            !std::mem::replace(&mut queue.is_written, true)
        };
        if is_first {
            let writing = Writing {
                shared: self.shared.clone(),
                is_over: false,
            };
            tokio::task::spawn_blocking(move || writing.run());
        }
        let ended = || Err(Error::internal("checkpoints are not written any more"));
        is_done.await.unwrap_or_else(|_| ended())
    }

    /// Asks the disk, on a thread that may wait for it.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Shared) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let shared = self.shared.clone();
        let turn = self.shared.turns.clone().acquire_owned().await;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            question(&shared)
        })
        .await;
        done.unwrap_or_else(|error| Err(Error::internal(format!("checkpoint: {error}"))))
    }
}

#[async_trait]
impl CheckpointStore for FileCheckpoints {
    async fn load(&self, query: &str, partition: i32) -> Result<Option<Checkpoint>, Error> {
        let query = query.to_owned();
        self.ask(move |shared| {
            let place = |held: &Held| held.index.position(&query, partition);
            let Some(text) = shared.read(place)? else {
                return shared.check_old(&old::checkpoint_name(&query, partition));
            };
            let entry = shared.entry(&text)?;
            let json = entry.checkpoint.map_or("", RawValue::get);
            let checkpoint = Checkpoint::from_json(json.as_bytes());
            checkpoint
                .map(Some)
                .map_err(|why| damaged(&shared.path, why))
        })
        .await
    }

    async fn save(
        &self,
        query: &str,
        partition: i32,
        checkpoint: &Checkpoint,
    ) -> Result<(), Error> {
        let json = RawValue::from_string(checkpoint.to_json()?)
            .map_err(|error| Error::internal(format!("checkpoint of `{query}`: {error}")))?;
        self.append(Entry::position(query, partition, &json)).await
    }

    async fn load_plan(&self, query: &str) -> Result<Option<String>, Error> {
        let query = query.to_owned();
        self.ask(move |shared| {
            let Some(text) = shared.read(|held| held.index.plan(&query))? else {
                return shared.check_old(&old::plan_name(&query));
            };
            Ok(shared.entry(&text)?.plan)
        })
        .await
    }

    async fn save_plan(&self, query: &str, plan: &str) -> Result<(), Error> {
        self.append(Entry::plan(query, plan)).await
    }

    async fn remove(&self, query: &str) -> Result<(), Error> {
        let id = query.to_owned();
        // Every query that is new is forgotten first: mostly there is nothing.
        let is_known = self.ask(move |shared| {
            shared.remove_old(&id)?;
            Ok(shared.knows(&id))
        });
        if !is_known.await? {
            return Ok(());
        }
        self.append(Entry::forgotten(query)).await
    }
}

impl Shared {
    /// What stands at a place, if there is one.
    fn read(&self, place: impl FnOnce(&Held) -> Option<Place>) -> Result<Option<Vec<u8>>, Error> {
        let mut held = lock(&self.held);
        let text = place(&held).map(|place| held.read(place)).transpose();
        text.map_err(|error| cannot("read", &self.path, error))
    }

    fn entry<'a>(&self, text: &'a [u8]) -> Result<Entry<'a>, Error> {
        serde_json::from_slice(text).map_err(|error| damaged(&self.path, error))
    }

    /// Whether anything is kept of a query, or about to be.
    fn knows(&self, query: &str) -> bool {
        // In this order: what has left the queue holds.
        let is_coming = {
            let queue = lock(&self.queue);
            let mut waiting = queue.waiting.iter().map(|waiting| &waiting.told.query);
            queue.in_hand.iter().any(|known| known == query) || waiting.any(|known| known == query)
        };
        is_coming || lock(&self.held).index.knows(query)
    }

    /// There is nothing, unless a file of an earlier version is there that cannot be used.
    fn check_old<T>(&self, name: &str) -> Result<Option<T>, Error> {
        let mut broken = lock(&self.broken);
        match broken.get(name) {
            Some(error) if self.folder.join(name).exists() => Err(error.clone()),
            _ => {
                broken.remove(name);
                Ok(None)
            }
        }
    }

    fn remove_old(&self, query: &str) -> Result<(), Error> {
        let mut broken = lock(&self.broken);
        let names = broken.keys().filter(|name| old::is_of(name, query));
        let names: Vec<String> = names.cloned().collect();
        for name in names {
            old::remove(&self.folder.join(&name))?;
            broken.remove(&name);
        }
        Ok(())
    }
}

/// Whoever writes what waits, until nothing does.
struct Writing {
    shared: Arc<Shared>,
    is_over: bool,
}

impl Writing {
    fn run(mut self) {
        loop {
            let (told, done) = self.take();
            if self.is_over {
                return;
            }
            let mut log = lock(&self.shared.log);
            let written = log.append(&told);
            lock(&self.shared.queue).in_hand.clear();
            for done in done {
                let _ = done.send(written.clone());
            }
            log.shorten();
        }
    }

    /// All that waits. If there is nothing, it is over, and the next one who comes begins again.
    fn take(&mut self) -> (Vec<Told>, Vec<Answer>) {
        let mut queue = lock(&self.shared.queue);
        self.is_over = queue.waiting.is_empty();
        queue.is_written = !self.is_over;
        let waiting = std::mem::take(&mut queue.waiting);
        let ids = waiting.iter().map(|waiting| waiting.told.query.clone());
        queue.in_hand = ids.collect();
        let waiting = waiting.into_iter();
        waiting.map(|one| (one.told, one.done)).unzip()
    }
}

/// If it comes to an end before, the next one writes, and those who wait are told so.
impl Drop for Writing {
    fn drop(&mut self) {
        if !self.is_over {
            *lock(&self.shared.queue) = Queue::default();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cannot(what: &str, path: &Path, error: io::Error) -> Error {
    Error::external(format!("cannot {what} `{}`: {error}", path.display()))
}

fn damaged(path: &Path, why: impl Display) -> Error {
    Error::external(format!(
        "checkpoints in `{}` cannot be used: {why}; restore the file: without it the queries begin anew",
        path.display()
    ))
}
