//! Checkpoints in a folder: one small file for each query and partition.
//!
//! ```text
//! CSAS_ALERTS_1.0.json      {"query":"CSAS_ALERTS_1","partition":0,"checkpoint":{…},"check":"…"}
//! CSAS_ALERTS_1.plan        what its owner wrote down about the query
//! ```
//!
//! A file is written beside its place, synced, and renamed over it; then the folder is synced. After a crash there is the
//! old one or the new one. Whatever else stands there (a disk that lied, an editor) is an error that names the file:
//! positions are never guessed.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Checkpoint, CheckpointStore};
use crate::Error;

/// A longer name is cut, and made unique by a hash of the whole: file systems take 255 bytes.
const LONGEST_NAME: usize = 120;

/// No checkpoint of positions comes near; a file that does is none of ours.
const LARGEST_FILE: u64 = 64 << 20;

#[derive(Debug, Clone)]
pub struct FileCheckpoints {
    folder: Arc<PathBuf>,
}

/// What stands in a file. It names its owner, because the file's name may have been cut.
#[derive(Serialize, Deserialize)]
struct Kept {
    query: String,
    partition: i32,
    /// Of the checkpoint's JSON: a bit that flipped in a number would still be JSON.
    check: String,
    checkpoint: Box<serde_json::value::RawValue>,
}

impl FileCheckpoints {
    /// Makes the folder if it is not there, and clears away what a crash left half written.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, Error> {
        let folder = folder.into();
        let cannot = |error| cannot("open", &folder, error);
        fs::create_dir_all(&folder).map_err(cannot)?;
        for entry in fs::read_dir(&folder).map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            if path.extension().is_some_and(|extension| extension == "new") {
                fs::remove_file(&path).map_err(cannot)?;
            }
        }
        Ok(Self {
            folder: Arc::new(folder),
        })
    }

    fn path(&self, query: &str, partition: i32) -> PathBuf {
        self.folder
            .join(format!("{}.{partition}.json", file_name(query)))
    }

    fn plan_path(&self, query: &str) -> PathBuf {
        self.folder.join(format!("{}.plan", file_name(query)))
    }
}

#[async_trait]
impl CheckpointStore for FileCheckpoints {
    async fn load(&self, query: &str, partition: i32) -> Result<Option<Checkpoint>, Error> {
        let (path, query) = (self.path(query, partition), query.to_owned());
        blocking(move || load(&path, &query, partition)).await
    }

    async fn save(
        &self,
        query: &str,
        partition: i32,
        checkpoint: &Checkpoint,
    ) -> Result<(), Error> {
        let path = self.path(query, partition);
        let text = to_text(query, partition, checkpoint)?;
        let folder = self.folder.clone();
        blocking(move || {
            write(&folder, &path, &text).map_err(|error| cannot("write", &path, error))
        })
        .await
    }

    async fn load_plan(&self, query: &str) -> Result<Option<String>, Error> {
        let path = self.plan_path(query);
        blocking(move || match fs::read_to_string(&path) {
            Ok(plan) => Ok(Some(plan)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(cannot("read", &path, error)),
        })
        .await
    }

    async fn save_plan(&self, query: &str, plan: &str) -> Result<(), Error> {
        let (folder, path, plan) = (self.folder.clone(), self.plan_path(query), plan.to_owned());
        blocking(move || {
            write(&folder, &path, &plan).map_err(|error| cannot("write", &path, error))
        })
        .await
    }

    async fn remove(&self, query: &str) -> Result<(), Error> {
        let (folder, prefix) = (self.folder.clone(), format!("{}.", file_name(query)));
        blocking(move || {
            remove(&folder, &prefix).map_err(|error| cannot("remove from", &folder, error))
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Error::internal(format!("checkpoint: {error}"))))
}

fn to_text(query: &str, partition: i32, checkpoint: &Checkpoint) -> Result<String, Error> {
    let internal = |error| Error::internal(format!("checkpoint of `{query}`: {error}"));
    let checkpoint =
        serde_json::value::RawValue::from_string(checkpoint.to_json()?).map_err(internal)?;
    let kept = Kept {
        query: query.to_owned(),
        partition,
        check: hash(checkpoint.get().as_bytes()),
        checkpoint,
    };
    serde_json::to_string(&kept).map_err(internal)
}

fn write(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    // The name is durable only when the folder is.
    File::open(folder)?.sync_all()
}

fn load(path: &Path, query: &str, partition: i32) -> Result<Option<Checkpoint>, Error> {
    let text = match fs::metadata(path).map(|facts| facts.len()) {
        Ok(length) if length > LARGEST_FILE => return Err(damaged(path, "it is too large")),
        Ok(_) => fs::read(path).map_err(|error| cannot("read", path, error))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot("read", path, error)),
    };
    let kept: Kept = serde_json::from_slice(&text).map_err(|error| damaged(path, error))?;
    if (kept.query.as_str(), kept.partition) != (query, partition) {
        let owner = format!(
            "it belongs to query `{}`, partition {}",
            kept.query, kept.partition
        );
        return Err(damaged(path, owner));
    }
    if kept.check != hash(kept.checkpoint.get().as_bytes()) {
        return Err(damaged(path, "its check does not fit its content"));
    }
    let checkpoint = Checkpoint::from_json(kept.checkpoint.get().as_bytes());
    checkpoint.map(Some).map_err(|why| damaged(path, why))
}

fn remove(folder: &Path, prefix: &str) -> io::Result<()> {
    let mut was_there = false;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            fs::remove_file(entry.path())?;
            was_there = true;
        }
    }
    match was_there {
        true => File::open(folder)?.sync_all(),
        false => Ok(()),
    }
}

/// An id as a file's name: different for different ids, also where case does not count, and free of points and slashes.
fn file_name(query: &str) -> String {
    let mut name = String::with_capacity(query.len());
    for byte in query.bytes() {
        match byte {
            b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => name.push(char::from(byte)),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    if name.len() > LONGEST_NAME {
        name.truncate(LONGEST_NAME);
        name.push('~');
        name.push_str(&hash(query.as_bytes()));
    }
    name
}

/// FNV-1a of 64 bits: the same in every version and process. Finds accidents, not forgers.
fn hash(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn cannot(what: &str, path: &Path, error: io::Error) -> Error {
    Error::external(format!("cannot {what} `{}`: {error}", path.display()))
}

fn damaged(path: &Path, why: impl std::fmt::Display) -> Error {
    Error::external(format!(
        "checkpoint `{}` cannot be used: {why}; restore it, or remove it to start the query anew",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{super::VERSION, *};

    fn checkpoint(position: i64) -> Checkpoint {
        Checkpoint {
            version: VERSION,
            fingerprint: "f".to_owned(),
            topic_id: "t".to_owned(),
            positions: BTreeMap::from([("events-0".to_owned(), position)]),
            stream_time: BTreeMap::from([("events".to_owned(), -5)]),
        }
    }

    #[tokio::test]
    async fn what_was_saved_last_is_loaded_also_after_reopening() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileCheckpoints::open(folder.path()).unwrap();
        assert_eq!(store.load("Q", 0).await.unwrap(), None);
        store.save("Q", 0, &checkpoint(1)).await.unwrap();
        store.save("Q", 0, &checkpoint(2)).await.unwrap();
        store.save("Q", 1, &checkpoint(3)).await.unwrap();
        let store = FileCheckpoints::open(folder.path()).unwrap();
        assert_eq!(store.load("Q", 0).await.unwrap(), Some(checkpoint(2)));
        assert_eq!(store.load("Q", 1).await.unwrap(), Some(checkpoint(3)));
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
            &long,
            &longer,
        ];
        for (index, id) in ids.iter().enumerate() {
            store.save(id, 0, &checkpoint(index as i64)).await.unwrap();
        }
        for (index, id) in ids.iter().enumerate() {
            let expected = Some(checkpoint(index as i64));
            assert_eq!(store.load(id, 0).await.unwrap(), expected, "{id}");
        }
        store.remove("A").await.unwrap();
        assert_eq!(store.load("A", 0).await.unwrap(), None);
        assert_eq!(store.load("A.0", 0).await.unwrap(), Some(checkpoint(3)));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_file_cut_or_changed_anywhere_is_an_error_never_a_position() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileCheckpoints::open(folder.path()).unwrap();
        store.save("Q", 0, &checkpoint(17)).await.unwrap();
        let path = store.path("Q", 0);
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let error = store.load("Q", 0).await.unwrap_err();
            assert!(error.message.contains("Q.0.json"), "{error}");
        }
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(&path, &flipped).unwrap();
            if let Ok(loaded) = store.load("Q", 0).await {
                assert_eq!(loaded, Some(checkpoint(17)), "byte {at}");
            }
        }
    }

    #[tokio::test]
    async fn a_newer_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileCheckpoints::open(folder.path()).unwrap();
        let newer = Checkpoint {
            version: VERSION + 1,
            ..checkpoint(1)
        };
        store.save("Q", 0, &newer).await.unwrap();
        let error = store.load("Q", 0).await.unwrap_err();
        assert!(error.message.contains("a newer one wrote it"), "{error}");
    }

    #[tokio::test]
    async fn what_a_crash_left_half_written_is_cleared_away() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileCheckpoints::open(folder.path()).unwrap();
        store.save("Q", 0, &checkpoint(1)).await.unwrap();
        fs::write(folder.path().join("Q.0.new"), "{").unwrap();
        let store = FileCheckpoints::open(folder.path()).unwrap();
        assert_eq!(store.load("Q", 0).await.unwrap(), Some(checkpoint(1)));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
