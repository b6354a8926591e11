//! The data folder: who has it, and small files that are replaced as a whole.
//!
//! ```text
//! DIR/lock                       locked by the process that has the folder; its pid is inside
//! DIR/cluster.json               the cluster's id
//! DIR/groups.json                offsets of groups
//! DIR/topics/ID/meta.json        a topic: name, partitions, settings
//! DIR/topics/ID/P/BASE.log       records of partition P from offset BASE on
//! ```
//!
//! A topic's name is anyone's choice, so no path is made of it: folders are called by ids that are ours.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Error, ErrorKind, Result};

/// The version of all files in a folder.
pub(super) const VERSION: u32 = 1;

/// A broker of this very process that was dropped lets go of its folder when its last write is done: it is looked at
/// again for a moment.
const LOOKS: u32 = 50;
const GLANCE: Duration = Duration::from_millis(10);

/// A folder that is ours until this is dropped.
#[derive(Debug)]
pub(super) struct FolderLock {
    _file: File,
}

impl FolderLock {
    pub(super) fn acquire(dir: &Path) -> Result<Self> {
        let path = dir.join("lock");
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options
            .open(&path)
            .map_err(|error| storage("open", &path, error))?;
        let mut looks = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {
                    let holder = holder(&mut file);
                    looks += 1;
                    if holder != Some(std::process::id()) || looks == LOOKS {
                        return Err(in_use(dir, holder));
                    }
                    std::thread::sleep(GLANCE);
                }
                Err(TryLockError::Error(error)) => return Err(storage("lock", &path, error)),
            }
        }
        let pid = std::process::id().to_string();
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(pid.as_bytes()))
            .map_err(|error| storage("write", &path, error))?;
        Ok(Self { _file: file })
    }
}

/// The process that has the folder, if it has written its number.
fn holder(lock: &mut File) -> Option<u32> {
    let mut pid = String::new();
    lock.rewind().ok()?;
    lock.take(20).read_to_string(&mut pid).ok()?;
    pid.trim().parse().ok()
}

fn in_use(dir: &Path, holder: Option<u32>) -> Error {
    let owner = match holder {
        Some(pid) => format!("process {pid}"),
        None => "another process".to_owned(),
    };
    let reason = format!("{} is in use by {owner}", dir.display());
    Error::new(ErrorKind::InUse, reason)
}

#[derive(Debug, Serialize, Deserialize)]
struct ClusterFile {
    version: u32,
    cluster_id: String,
}

/// The id that the folder was given when it was first opened.
pub(super) fn cluster_id(dir: &Path) -> Result<String> {
    let path = dir.join("cluster.json");
    if let Some(file) = read_json::<ClusterFile>(&path)? {
        check_version(&path, file.version)?;
        return Ok(file.cluster_id);
    }
    let cluster_id = uuid::Uuid::new_v4().simple().to_string();
    let file = ClusterFile {
        version: VERSION,
        cluster_id: cluster_id.clone(),
    };
    write_json(&path, &file)?;
    Ok(cluster_id)
}

pub(super) fn check_version(path: &Path, version: u32) -> Result<()> {
    if version == VERSION {
        return Ok(());
    }
    let path = path.display();
    let reason =
        format!("{path} has format version {version}; this program knows version {VERSION}");
    Err(Error::new(ErrorKind::Unsupported, reason))
}

/// `None`: there is no such file.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(storage("read", path, error)),
    };
    let parsed = serde_json::from_slice(&bytes);
    parsed.map(Some).map_err(|error| {
        let reason = format!("{} is damaged: {error}", path.display());
        Error::new(ErrorKind::Corrupt, reason)
    })
}

/// Replaces a file as a whole: after a crash it is the old one or the new one. Durable when it returns.
pub(super) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let bytes = serde_json::to_vec(value).expect("our own files have text keys");
    let new = path.with_extension("json.new");
    write_synced(&new, &bytes).map_err(|error| storage("write", &new, error))?;
    fs::rename(&new, path).map_err(|error| storage("write", path, error))?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the names in a folder durable: what was created, renamed or removed in it.
pub(super) fn sync_folder(dir: &Path) -> Result<()> {
    // Elsewhere folders cannot be opened as files, and renames are durable by the file system's own journal.
    if cfg!(unix) {
        let synced = File::open(dir).and_then(|folder| folder.sync_all());
        synced.map_err(|error| storage("sync", dir, error))?;
    }
    Ok(())
}

pub(super) fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| storage("create", path, error))
}

/// Makes a folder, and those above it that are missing; durable when it returns, or a power cut would take all that is in it.
pub(super) fn create_data_folder(path: &Path) -> Result<()> {
    let parents = path.ancestors().skip(1);
    let missing = parents.take_while(|parent| !parent.as_os_str().is_empty() && !parent.exists());
    let depth = if path.exists() {
        0
    } else {
        missing.count() + 1
    };
    create_folder(path)?;
    for parent in path.ancestors().skip(1).take(depth) {
        let is_here = parent.as_os_str().is_empty();
        sync_folder(if is_here { Path::new(".") } else { parent })?;
    }
    Ok(())
}

/// What is in a folder, in the order of the names.
pub(super) fn list(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).map_err(|error| storage("read", dir, error))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let paths: io::Result<Vec<_>> = paths.collect();
    let mut paths = paths.map_err(|error| storage("read", dir, error))?;
    paths.sort();
    Ok(paths)
}

pub(super) fn remove_folder(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(storage("remove", path, error))
        }
        _ => Ok(()),
    }
}

pub(super) fn storage(action: &str, path: &Path, error: io::Error) -> Error {
    let reason = format!("could not {action} {}: {error}", path.display());
    Error::new(ErrorKind::Storage, reason)
}
