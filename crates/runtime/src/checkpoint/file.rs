//! Checkpoints in a folder: one log of what was saved.
//!
//! ```text
//! checkpoints.log
//!   {"checkpoints":1}
//!   a38f8f2e01f9c1d4 [{"query":"CSAS_ALERTS_1","partition":0,"checkpoint":{…}},{"query":"SIGMA_2","partition":0,…}]
//!   0c1af2e9d5b1a7c3 [{"query":"SIGMA_2","plan":"…"}]            what its owner wrote down about the query
//!   93dd0b6f8e1b24f7 [{"query":"CSAS_ALERTS_1"}]                 the query is forgotten
//! ```
//!
//! A line is what was saved together: it is appended, synced once, and only then are those answered who wait for it. What is
//! saved while a line is written comes into the next one, so the queries of a process share a write and a sync, however many
//! they are. What stands in a line holds until a later one says otherwise. When the log is several times as long as what
//! holds, what holds is written anew, beside it, and takes its place.
//!
//! After a crash the last line may be torn: nobody was told that it is kept, and it is cut off. Anything else that is not as
//! it was written (a disk that lied, an editor) is an error that names the file: positions are never guessed.
//!
//! Earlier versions had a file for each query and partition, and one for its plan. They are read where the log says nothing
//! yet, and removed when it does.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::{Checkpoint, CheckpointStore, old_file};
use crate::Error;

/// The log's name in its folder.
const NAME: &str = "checkpoints.log";

/// Of the log; a higher one is refused.
const VERSION: u32 = 1;

/// A log this short is not worth writing anew.
const SHORT: u64 = 1 << 20;

/// How many times as long as what holds the log may become.
const SLACK: u64 = 4;

/// No log comes near; a file that does is none of ours.
const LARGEST: u64 = 4 << 30;

/// What is written anew goes into lines of about this length.
const LINE: usize = 64 << 10;

/// A check and a space.
const CHECK: usize = 17;

#[derive(Debug, Clone)]
pub struct FileCheckpoints {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    log: Mutex<Log>,
    queue: Mutex<Queue>,
}

/// What is to be written.
#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Waiting>,
    is_written: bool,
}

#[derive(Debug)]
struct Waiting {
    query: String,
    what: What,
    /// As it stands in a line.
    text: String,
    done: oneshot::Sender<Result<(), Error>>,
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Position(i32),
    Plan,
    Forgotten,
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct Head {
    checkpoints: u32,
}

/// A part of a line.
#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    query: std::borrow::Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partition: Option<i32>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    checkpoint: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
}

/// The file, and where what holds stands in it.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: File,
    /// Where the next line goes.
    end: u64,
    kept: BTreeMap<String, Kept>,
    /// The bytes of what holds.
    live: u64,
    /// From which length on it is looked at whether to write it anew.
    patience: u64,
    /// A write failed: what stands past `end`, or whether it is durable, nobody knows.
    is_doubtful: bool,
    /// Files of earlier versions, by name.
    old: BTreeSet<String>,
}

/// What holds of a query.
#[derive(Debug, Default)]
struct Kept {
    positions: Vec<(i32, Place)>,
    plan: Option<Place>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    at: u64,
    length: u32,
}

impl FileCheckpoints {
    /// Makes the folder if it is not there, and clears away what a crash left half written.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, Error> {
        let folder = folder.into();
        let log = Log::open(&folder)?;
        Ok(Self {
            shared: Arc::new(Shared {
                folder,
                log: Mutex::new(log),
                queue: Mutex::default(),
            }),
        })
    }

    /// Returns when it is durable, with all else that was there to be written.
    async fn append(&self, query: &str, what: What, entry: &Entry<'_>) -> Result<(), Error> {
        let text = serde_json::to_string(entry)
            .map_err(|error| Error::internal(format!("checkpoint of `{query}`: {error}")))?;
        let (done, is_done) = oneshot::channel();
        let is_first = {
            let mut queue = lock(&self.shared.queue);
            queue.waiting.push(Waiting {
                query: query.to_owned(),
                what,
                text,
                done,
            });
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

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Shared) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let shared = self.shared.clone();
        let done = tokio::task::spawn_blocking(move || read(&shared)).await;
        done.unwrap_or_else(|error| Err(Error::internal(format!("checkpoint: {error}"))))
    }
}

#[async_trait]
impl CheckpointStore for FileCheckpoints {
    async fn load(&self, query: &str, partition: i32) -> Result<Option<Checkpoint>, Error> {
        let query = query.to_owned();
        self.read(move |shared| {
            let log = lock(&shared.log);
            let kept = log
                .kept
                .get(&query)
                .and_then(|kept| kept.position(partition));
            let Some(place) = kept else {
                return log.old_checkpoint(&shared.folder, &query, partition);
            };
            let text = log.read(place)?;
            let entry: Entry<'_> =
                serde_json::from_slice(&text).map_err(|error| damaged(&log.path, error))?;
            let json = entry.checkpoint.map_or("", RawValue::get);
            let checkpoint = Checkpoint::from_json(json.as_bytes());
            checkpoint.map(Some).map_err(|why| damaged(&log.path, why))
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
        let entry = Entry {
            query: query.into(),
            partition: Some(partition),
            checkpoint: Some(&json),
            plan: None,
        };
        self.append(query, What::Position(partition), &entry).await
    }

    async fn load_plan(&self, query: &str) -> Result<Option<String>, Error> {
        let query = query.to_owned();
        self.read(move |shared| {
            let log = lock(&shared.log);
            let Some(place) = log.kept.get(&query).and_then(|kept| kept.plan) else {
                return log.old_plan(&shared.folder, &query);
            };
            let text = log.read(place)?;
            let entry: Entry<'_> =
                serde_json::from_slice(&text).map_err(|error| damaged(&log.path, error))?;
            Ok(entry.plan)
        })
        .await
    }

    async fn save_plan(&self, query: &str, plan: &str) -> Result<(), Error> {
        let entry = Entry {
            query: query.into(),
            partition: None,
            checkpoint: None,
            plan: Some(plan.to_owned()),
        };
        self.append(query, What::Plan, &entry).await
    }

    async fn remove(&self, query: &str) -> Result<(), Error> {
        let id = query.to_owned();
        // Every query that is new is forgotten first: mostly there is nothing.
        if !self.read(move |shared| Ok(shared.knows(&id))).await? {
            return Ok(());
        }
        let entry = Entry {
            query: query.into(),
            partition: None,
            checkpoint: None,
            plan: None,
        };
        self.append(query, What::Forgotten, &entry).await
    }
}

impl Shared {
    /// Whether anything is kept of a query, or about to be.
    fn knows(&self, query: &str) -> bool {
        let log = lock(&self.log);
        let prefix = old_file::prefix(query);
        log.kept.contains_key(query)
            || log.old.iter().any(|name| name.starts_with(&prefix))
            || lock(&self.queue)
                .waiting
                .iter()
                .any(|waiting| waiting.query == query)
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
            // In this order: whoever has the log sees what waits, or what became of it.
            let mut log = lock(&self.shared.log);
            let waiting = {
                let mut queue = lock(&self.shared.queue);
                queue.is_written = !queue.waiting.is_empty();
                self.is_over = queue.waiting.is_empty();
                std::mem::take(&mut queue.waiting)
            };
            if self.is_over {
                return;
            }
            let written = log.append(&self.shared.folder, &waiting);
            for waiting in waiting {
                let _ = waiting.done.send(written.clone());
            }
            log.shorten(&self.shared.folder);
        }
    }
}

/// If it comes to an end before, the next one writes, and those who wait are told so.
impl Drop for Writing {
    fn drop(&mut self) {
        if !self.is_over {
            let mut queue = lock(&self.shared.queue);
            queue.is_written = false;
            queue.waiting.clear();
        }
    }
}

impl Log {
    fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(NAME);
        let cannot = |error| cannot("open", &path, error);
        fs::create_dir_all(folder).map_err(cannot)?;
        let mut old = BTreeSet::new();
        for entry in fs::read_dir(folder).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".new") {
                fs::remove_file(entry.path()).map_err(cannot)?;
            } else if name != NAME {
                old.insert(name);
            }
        }
        if !path.exists() {
            let head = head()?;
            replace(folder, &path, head.as_bytes()).map_err(cannot)?;
        }
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).open(&path).map_err(cannot)?;
        let mut log = Self {
            path: path.clone(),
            file,
            end: 0,
            kept: BTreeMap::new(),
            live: 0,
            patience: SHORT,
            is_doubtful: false,
            old,
        };
        log.scan()?;
        Ok(log)
    }

    /// Finds what holds, and cuts off a torn end.
    fn scan(&mut self) -> Result<(), Error> {
        let cannot = |log: &Self, error| cannot("read", &log.path, error);
        let length = self.file.metadata().map_err(|error| cannot(self, error))?;
        if length.len() > LARGEST {
            return Err(damaged(&self.path, "it is too large"));
        }
        let mut text = Vec::new();
        let read = self.file.read_to_end(&mut text);
        read.map_err(|error| cannot(self, error))?;
        let mut lines = Lines { text: &text, at: 0 };
        let head = lines.next().map(|(_, line)| serde_json::from_slice(line));
        match head {
            Some(Ok(Head { checkpoints })) if checkpoints <= VERSION => {}
            Some(Ok(Head { checkpoints })) => {
                let why = format!(
                    "it has version {checkpoints}, this program knows {VERSION}: a newer one wrote it"
                );
                return Err(damaged(&self.path, why));
            }
            Some(Err(error)) => return Err(damaged(&self.path, error)),
            None => return Err(damaged(&self.path, "it has no first line")),
        }
        self.end = lines.at as u64;
        while let Some((at, line)) = lines.next() {
            match parts(line) {
                Some(parts) => {
                    for part in parts {
                        // A part is a slice of the line, and the line of the text.
                        let offset = part.get().as_ptr() as usize - text.as_ptr() as usize;
                        self.note(offset as u64, part)?;
                    }
                    self.end = lines.at as u64;
                }
                None if is_followed(&text[at..])
                    || lines.any(|(_, line)| parts(line).is_some()) =>
                {
                    let why = format!("what stands at byte {at} is not what was written there");
                    return Err(damaged(&self.path, why));
                }
                None => break,
            }
        }
        let torn = text.len() as u64 - self.end;
        if torn > 0 {
            tracing::warn!(file = %self.path.display(), bytes = torn, "the last line was not written whole, it is left out");
            let cut = self.file.set_len(self.end);
            let cut = cut.and_then(|()| self.file.sync_all());
            cut.map_err(|error| cannot(self, error))?;
        }
        Ok(())
    }

    fn note(&mut self, at: u64, part: &RawValue) -> Result<(), Error> {
        let text = part.get();
        let entry: Entry<'_> =
            serde_json::from_str(text).map_err(|error| damaged(&self.path, error))?;
        let what = match (entry.partition, &entry.plan) {
            (Some(partition), _) => What::Position(partition),
            (None, Some(_)) => What::Plan,
            (None, None) => What::Forgotten,
        };
        let length =
            u32::try_from(text.len()).map_err(|_| damaged(&self.path, "it is too large"))?;
        self.hold(&entry.query, what, Place { at, length });
        Ok(())
    }

    /// What was said at this place holds from now on.
    fn hold(&mut self, query: &str, what: What, place: Place) {
        if what == What::Forgotten {
            if let Some(kept) = self.kept.remove(query) {
                self.live -= kept.length();
            }
            return;
        }
        if !self.kept.contains_key(query) {
            self.kept.insert(query.to_owned(), Kept::default());
        }
        if let Some(kept) = self.kept.get_mut(query) {
            self.live -= kept.length();
            kept.put(what, place);
            self.live += kept.length();
        }
    }

    /// Returns when all of it is durable.
    fn append(&mut self, folder: &Path, waiting: &[Waiting]) -> Result<(), Error> {
        if self.is_doubtful {
            self.write_anew(folder)
                .map_err(|error| cannot("write", &self.path, error))?;
        }
        let texts = waiting.iter().map(|waiting| waiting.text.as_str());
        let (line, offsets) = line(texts);
        // From here until it is synced.
        self.is_doubtful = true;
        self.write(&line)
            .map_err(|error| cannot("write", &self.path, error))?;
        self.is_doubtful = false;
        for (waiting, offset) in waiting.iter().zip(offsets) {
            let place = Place {
                at: self.end + offset as u64,
                length: waiting.text.len() as u32,
            };
            self.hold(&waiting.query, waiting.what, place);
            self.clear_old(folder, &waiting.query, waiting.what);
        }
        self.end += line.len() as u64;
        Ok(())
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(line.as_bytes())?;
        self.file.sync_data()
    }

    /// Writes what holds anew when the log is several times as long.
    fn shorten(&mut self, folder: &Path) {
        if self.is_doubtful || self.end < self.patience || self.end < SLACK * self.live {
            return;
        }
        if let Err(error) = self.write_anew(folder) {
            tracing::warn!(file = %self.path.display(), %error, "the log of checkpoints could not be shortened");
            self.patience = 2 * self.end;
        }
    }

    /// What holds, in a file of its own that takes the log's place.
    fn write_anew(&mut self, folder: &Path) -> io::Result<()> {
        let mut text = head().map_err(io::Error::other)?;
        let mut kept: BTreeMap<String, Kept> = BTreeMap::new();
        let mut batch: Vec<(&str, What, String)> = Vec::new();
        let mut size = 0;
        let flush = |batch: &mut Vec<(&str, What, String)>,
                     text: &mut String,
                     kept: &mut BTreeMap<String, Kept>| {
            let (line, offsets) = line(batch.iter().map(|(_, _, part)| part.as_str()));
            for ((query, what, part), offset) in batch.drain(..).zip(offsets) {
                let place = Place {
                    at: (text.len() + offset) as u64,
                    length: part.len() as u32,
                };
                kept.entry(query.to_owned()).or_default().put(what, place);
            }
            text.push_str(&line);
        };
        for (query, held) in &self.kept {
            let positions = held.positions.iter();
            let positions =
                positions.map(|(partition, place)| (What::Position(*partition), *place));
            for (what, place) in positions.chain(held.plan.map(|place| (What::Plan, place))) {
                let part = String::from_utf8(self.bytes(place)?).map_err(io::Error::other)?;
                size += part.len();
                batch.push((query, what, part));
                if size >= LINE {
                    flush(&mut batch, &mut text, &mut kept);
                    size = 0;
                }
            }
        }
        if !batch.is_empty() {
            flush(&mut batch, &mut text, &mut kept);
        }
        replace(folder, &self.path, text.as_bytes())?;
        self.file = OpenOptions::new().read(true).write(true).open(&self.path)?;
        self.live = kept.values().map(Kept::length).sum();
        self.kept = kept;
        self.end = text.len() as u64;
        self.patience = SHORT;
        self.is_doubtful = false;
        Ok(())
    }

    fn read(&self, place: Place) -> Result<Vec<u8>, Error> {
        self.bytes(place)
            .map_err(|error| cannot("read", &self.path, error))
    }

    fn bytes(&self, place: Place) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; place.length as usize];
        let mut file = &self.file;
        file.seek(SeekFrom::Start(place.at))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn old_checkpoint(
        &self,
        folder: &Path,
        query: &str,
        partition: i32,
    ) -> Result<Option<Checkpoint>, Error> {
        let name = old_file::checkpoint_name(query, partition);
        match self.old.contains(&name) {
            true => old_file::load(&folder.join(name), query, partition),
            false => Ok(None),
        }
    }

    fn old_plan(&self, folder: &Path, query: &str) -> Result<Option<String>, Error> {
        let path = folder.join(old_file::plan_name(query));
        if !self.old.contains(&old_file::plan_name(query)) {
            return Ok(None);
        }
        let plan = fs::read_to_string(&path).map_err(|error| cannot("read", &path, error))?;
        Ok(Some(plan))
    }

    /// Removes what an earlier version wrote and the log now says.
    fn clear_old(&mut self, folder: &Path, query: &str, what: What) {
        if self.old.is_empty() {
            return;
        }
        let prefix = old_file::prefix(query);
        let names: Vec<String> = match what {
            What::Position(partition) => vec![old_file::checkpoint_name(query, partition)],
            What::Plan => vec![old_file::plan_name(query)],
            What::Forgotten => {
                let names = self.old.iter().filter(|name| name.starts_with(&prefix));
                names.cloned().collect()
            }
        };
        for name in names {
            if self.old.remove(&name)
                && let Err(error) = fs::remove_file(folder.join(&name))
            {
                tracing::warn!(file = name, %error, "a checkpoint of an earlier version could not be removed");
            }
        }
        if what == What::Forgotten {
            // It must not be there again after a power cut, when the log may not say any more that it is forgotten.
            let synced = File::open(folder).and_then(|folder| folder.sync_all());
            if let Err(error) = synced {
                tracing::warn!(folder = %folder.display(), %error, "the folder could not be synced");
            }
        }
    }
}

impl Kept {
    fn position(&self, partition: i32) -> Option<Place> {
        let found = self.positions.iter().find(|(known, _)| *known == partition);
        found.map(|(_, place)| *place)
    }

    fn put(&mut self, what: What, place: Place) {
        match what {
            What::Position(partition) => {
                let known = self.positions.iter_mut();
                match known.into_iter().find(|(known, _)| *known == partition) {
                    Some((_, known)) => *known = place,
                    None => self.positions.push((partition, place)),
                }
            }
            What::Plan => self.plan = Some(place),
            What::Forgotten => {}
        }
    }

    fn length(&self) -> u64 {
        let positions = self.positions.iter().map(|(_, place)| place);
        let places = positions.chain(&self.plan);
        places.map(|place| u64::from(place.length)).sum()
    }
}

/// Lines that end, with where they begin.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.text.get(self.at..)?;
        let length = rest.iter().position(|byte| *byte == b'\n')?;
        let at = self.at;
        self.at += length + 1;
        Some((at, &rest[..length]))
    }
}

/// The parts of a line, if it is whole.
fn parts(line: &[u8]) -> Option<Vec<&RawValue>> {
    let (check, text) = line.split_at_checked(CHECK)?;
    let check = check.strip_suffix(b" ")?;
    if check != old_file::hash(text).as_bytes() {
        return None;
    }
    serde_json::from_slice(text).ok()
}

/// Whether a line that was written whole begins here, and does not end where it did.
fn is_followed(text: &[u8]) -> bool {
    let Some((check, text)) = text.split_at_checked(CHECK) else {
        return false;
    };
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
    let Some(Ok(value)) = values.next() else {
        return false;
    };
    let value = value.get().as_bytes();
    check.strip_suffix(b" ") == Some(old_file::hash(value).as_bytes()) && text.len() > value.len()
}

/// Parts as a line, and where each of them begins in it.
fn line<'a>(parts: impl Iterator<Item = &'a str>) -> (String, Vec<usize>) {
    let mut text = String::new();
    let mut offsets = Vec::new();
    for part in parts {
        text.push(if text.is_empty() { '[' } else { ',' });
        offsets.push(CHECK + text.len());
        text.push_str(part);
    }
    text.push(']');
    let check = old_file::hash(text.as_bytes());
    (format!("{check} {text}\n"), offsets)
}

fn head() -> Result<String, Error> {
    let head = Head {
        checkpoints: VERSION,
    };
    let head = serde_json::to_string(&head);
    head.map(|head| head + "\n")
        .map_err(|error| Error::internal(format!("checkpoints: {error}")))
}

/// Written beside its place, synced, and renamed over it: after a crash there is the old one or the new one.
fn replace(folder: &Path, path: &Path, text: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    // The name is durable only when the folder is.
    File::open(folder)?.sync_all()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cannot(what: &str, path: &Path, error: io::Error) -> Error {
    Error::external(format!("cannot {what} `{}`: {error}", path.display()))
}

fn damaged(path: &Path, why: impl std::fmt::Display) -> Error {
    Error::external(format!(
        "checkpoints in `{}` cannot be used: {why}; restore it, or remove it to start the queries anew",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{super::VERSION as OF_CHECKPOINT, *};

    fn checkpoint(position: i64) -> Checkpoint {
        Checkpoint {
            version: OF_CHECKPOINT,
            fingerprint: "f".to_owned(),
            topic_id: "t".to_owned(),
            positions: BTreeMap::from([("events-0".to_owned(), position)]),
            stream_time: BTreeMap::from([("events".to_owned(), -5)]),
        }
    }

    async fn position(store: &FileCheckpoints, query: &str) -> Option<i64> {
        let loaded = store.load(query, 0).await.unwrap();
        loaded.map(|checkpoint| checkpoint.positions["events-0"])
    }

    fn lines(folder: &Path) -> usize {
        let text = fs::read_to_string(folder.join(NAME)).unwrap();
        text.lines().count() - 1
    }

    /// As an earlier version kept it.
    fn old(query: &str, partition: i32, checkpoint: &Checkpoint) -> String {
        let json = checkpoint.to_json().unwrap();
        let check = old_file::hash(json.as_bytes());
        format!(
            r#"{{"query":"{query}","partition":{partition},"check":"{check}","checkpoint":{json}}}"#
        )
    }

    #[tokio::test]
    async fn what_was_saved_last_is_loaded_also_after_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileCheckpoints::open(folder.path()).unwrap();
        assert_eq!(store.load("Q", 0).await.unwrap(), None);
        store.save("Q", 0, &checkpoint(1)).await.unwrap();
        store.save("Q", 0, &checkpoint(2)).await.unwrap();
        store.save("Q", 1, &checkpoint(3)).await.unwrap();
        store.save_plan("Q", "{\"a\": \"ä\\n\"}").await.unwrap();
        store.save("R", 0, &checkpoint(4)).await.unwrap();
        store.remove("R").await.unwrap();
        for store in [store, FileCheckpoints::open(folder.path()).unwrap()] {
            assert_eq!(store.load("Q", 0).await.unwrap(), Some(checkpoint(2)));
            assert_eq!(store.load("Q", 1).await.unwrap(), Some(checkpoint(3)));
            assert_eq!(store.load("R", 0).await.unwrap(), None);
            let plan = store.load_plan("Q").await.unwrap();
            assert_eq!(plan.as_deref(), Some("{\"a\": \"ä\\n\"}"));
            assert_eq!(store.load_plan("R").await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn what_falls_together_is_written_and_synced_together() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileCheckpoints::open(folder.path()).unwrap();
        let held = lock(&store.shared.log);
        let ids: Vec<String> = (0..200).map(|index| format!("Q{index}")).collect();
        let mut saves: Vec<_> = ids
            .iter()
            .map(|id| {
                let (store, id) = (store.clone(), id.clone());
                Box::pin(async move { store.save(&id, 0, &checkpoint(7)).await })
            })
            .collect();
        // Each is on its way; what is written first waits for the log.
        for save in &mut saves {
            assert!(futures::poll!(save).is_pending());
        }
        drop(held);
        for saved in futures::future::join_all(saves).await {
            saved.unwrap();
        }
        assert!(lines(folder.path()) <= 2, "{}", lines(folder.path()));
        let store = FileCheckpoints::open(folder.path()).unwrap();
        for id in &ids {
            assert_eq!(position(&store, id).await, Some(7));
        }
    }

    #[tokio::test]
    async fn hostile_ids_stay_apart_and_inside_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("checkpoints");
        let store = FileCheckpoints::open(&inner).unwrap();
        let long = "Ä".repeat(500);
        let longer = "Ä".repeat(501);
        let ids = [
            "../x",
            "a",
            "A",
            "A.0",
            "",
            "/etc/passwd",
            "A/B",
            "A\0B",
            "%41",
            "a\"b\n",
            &long,
            &longer,
        ];
        for (index, id) in ids.iter().enumerate() {
            store.save(id, 0, &checkpoint(index as i64)).await.unwrap();
        }
        store.remove("A").await.unwrap();
        // Of one that is not known nothing is written.
        let before = lines(&inner);
        store.remove("unknown").await.unwrap();
        assert_eq!(lines(&inner), before);
        let store = FileCheckpoints::open(&inner).unwrap();
        for (index, id) in ids.iter().enumerate() {
            let expected = (*id != "A").then_some(index as i64);
            assert_eq!(position(&store, id).await, expected, "{id}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_torn_end_is_cut_off_and_what_was_acknowledged_before_holds() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileCheckpoints::open(folder.path()).unwrap();
        store.save("Q", 0, &checkpoint(16)).await.unwrap();
        let path = folder.path().join(NAME);
        let before = fs::read(&path).unwrap();
        store.save("Q", 0, &checkpoint(17)).await.unwrap();
        let whole = fs::read(&path).unwrap();
        for length in before.len()..whole.len() {
            // What a crash leaves of a line: its beginning, or its length with nothing in it.
            let mut zeros = whole[..length].to_vec();
            zeros.resize(whole.len(), 0);
            for left in [&whole[..length], &zeros] {
                fs::write(&path, left).unwrap();
                let store = FileCheckpoints::open(folder.path()).unwrap();
                assert_eq!(position(&store, "Q").await, Some(16), "{length}");
                // It goes on behind what is whole.
                store.save("Q", 0, &checkpoint(18)).await.unwrap();
                let store = FileCheckpoints::open(folder.path()).unwrap();
                assert_eq!(position(&store, "Q").await, Some(18), "{length}");
            }
        }
    }

    #[tokio::test]
    async fn a_file_changed_anywhere_is_an_error_never_another_position() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileCheckpoints::open(folder.path()).unwrap();
        store.save("Q", 0, &checkpoint(17)).await.unwrap();
        store.save("R", 0, &checkpoint(18)).await.unwrap();
        let path = folder.path().join(NAME);
        let whole = fs::read(&path).unwrap();
        let last = whole[..whole.len() - 1]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .unwrap();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(&path, &flipped).unwrap();
            match FileCheckpoints::open(folder.path()) {
                Err(error) => {
                    assert!(at <= last || at == whole.len() - 1, "byte {at}");
                    assert!(error.message.contains(NAME), "{error}");
                }
                Ok(store) => {
                    // The last line alone cannot be told from one that was torn.
                    assert!(at > last || at < 20, "byte {at}");
                    let expected = (at < last).then_some(18);
                    assert_eq!(position(&store, "R").await, expected, "byte {at}");
                    assert_eq!(position(&store, "Q").await, Some(17), "byte {at}");
                }
            }
        }
        let head = whole.iter().position(|byte| *byte == b'\n').unwrap();
        for length in 0..=head {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(FileCheckpoints::open(folder.path()).is_err(), "{length}");
        }
    }

    #[tokio::test]
    async fn after_a_write_that_failed_everything_that_holds_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileCheckpoints::open(folder.path()).unwrap();
        store.save("Q", 0, &checkpoint(1)).await.unwrap();
        store.save("R", 0, &checkpoint(2)).await.unwrap();
        {
            let mut log = lock(&store.shared.log);
            log.file = File::open(&log.path).unwrap();
        }
        let error = store.save("Q", 0, &checkpoint(3)).await.unwrap_err();
        assert!(error.message.contains(NAME), "{error}");
        assert_eq!(position(&store, "Q").await, Some(1));
        // The part of a line that got there must not stand before what comes next.
        let mut half = OpenOptions::new()
            .append(true)
            .open(folder.path().join(NAME))
            .unwrap();
        half.write_all(b"0123456789abcdef [{").unwrap();
        store.save("Q", 0, &checkpoint(4)).await.unwrap();
        for store in [store, FileCheckpoints::open(folder.path()).unwrap()] {
            assert_eq!(position(&store, "Q").await, Some(4));
            assert_eq!(position(&store, "R").await, Some(2));
        }
    }

    #[tokio::test]
    async fn the_log_stays_as_long_as_what_holds_some_times_over() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileCheckpoints::open(folder.path()).unwrap();
        lock(&store.shared.log).patience = 4_000;
        store.save_plan("Q9", "a plan").await.unwrap();
        for round in 0..100 {
            for query in 0..10 {
                let id = format!("Q{query}");
                store.save(&id, 0, &checkpoint(round)).await.unwrap();
                let mut log = lock(&store.shared.log);
                log.patience = log.patience.min(4_000);
            }
        }
        let length = fs::metadata(folder.path().join(NAME)).unwrap().len();
        assert!(length < 16_000, "{length}");
        let store = FileCheckpoints::open(folder.path()).unwrap();
        for query in 0..10 {
            assert_eq!(position(&store, &format!("Q{query}")).await, Some(99));
        }
        let plan = store.load_plan("Q9").await.unwrap();
        assert_eq!(plan.as_deref(), Some("a plan"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_newer_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileCheckpoints::open(folder.path()).unwrap();
        let newer = Checkpoint {
            version: OF_CHECKPOINT + 1,
            ..checkpoint(1)
        };
        store.save("Q", 0, &newer).await.unwrap();
        let error = store.load("Q", 0).await.unwrap_err();
        assert!(error.message.contains("a newer one wrote it"), "{error}");
        fs::write(folder.path().join(NAME), "{\"checkpoints\":2}\n").unwrap();
        let error = FileCheckpoints::open(folder.path()).unwrap_err();
        assert!(error.message.contains("a newer one wrote it"), "{error}");
    }

    #[tokio::test]
    async fn what_a_crash_left_half_written_is_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileCheckpoints::open(folder.path()).unwrap();
        store.save("Q", 0, &checkpoint(1)).await.unwrap();
        fs::write(folder.path().join("checkpoints.new"), "{").unwrap();
        let store = FileCheckpoints::open(folder.path()).unwrap();
        assert_eq!(position(&store, "Q").await, Some(1));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn files_of_an_earlier_version_are_read_until_the_log_says_more() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("Q.0.json"), old("Q", 0, &checkpoint(5))).unwrap();
        fs::write(at("Q.1.json"), old("Q", 1, &checkpoint(6))).unwrap();
        fs::write(at("Q.plan"), "an old plan").unwrap();
        fs::write(at("R.0.json"), old("R", 0, &checkpoint(7))).unwrap();
        let cut = old("S", 0, &checkpoint(8));
        fs::write(at("S.0.json"), &cut[..cut.len() - 1]).unwrap();
        fs::write(at("T.0.json"), old("another", 0, &checkpoint(8))).unwrap();
        let store = FileCheckpoints::open(folder.path()).unwrap();
        assert_eq!(position(&store, "Q").await, Some(5));
        assert_eq!(store.load("Q", 1).await.unwrap(), Some(checkpoint(6)));
        assert_eq!(
            store.load_plan("Q").await.unwrap().as_deref(),
            Some("an old plan")
        );
        for (query, file) in [("S", "S.0.json"), ("T", "T.0.json")] {
            let error = store.load(query, 0).await.unwrap_err();
            assert!(error.message.contains(file), "{error}");
        }
        store.save("Q", 0, &checkpoint(9)).await.unwrap();
        store.save_plan("Q", "a plan").await.unwrap();
        store.remove("R").await.unwrap();
        for store in [store, FileCheckpoints::open(folder.path()).unwrap()] {
            assert_eq!(position(&store, "Q").await, Some(9));
            assert_eq!(store.load("Q", 1).await.unwrap(), Some(checkpoint(6)));
            assert_eq!(
                store.load_plan("Q").await.unwrap().as_deref(),
                Some("a plan")
            );
            assert_eq!(store.load("R", 0).await.unwrap(), None);
        }
        assert!(!at("Q.0.json").exists() && !at("Q.plan").exists() && !at("R.0.json").exists());
        assert!(at("Q.1.json").exists());
    }
}
