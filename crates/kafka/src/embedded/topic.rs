//! A topic's folder: what it is called, and a log for each partition.
//!
//! A topic appears and disappears by a rename of its folder, so that a crash leaves it whole or not there:
//! `ID.new` is one that was never there, `ID.gone` one that is deleted; both are removed when the data folder is opened.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::{Deserialize, Serialize};

use super::{
    disk::Disk,
    folder::{self, storage},
    log::{Log, LogSettings},
};
use crate::{
    Error, ErrorKind, NewTopic, PartitionId, Result, Topic,
    local::{self, TopicConfig, lock},
};

#[derive(Debug)]
pub(super) struct EmbeddedTopic {
    pub name: String,
    id: String,
    dir: PathBuf,
    meta: Mutex<Meta>,
    pub config: TopicConfig,
    logs: RwLock<Vec<Arc<Log>>>,
    is_deleted: AtomicBool,
    opening: Opening,
}

/// What topics are opened with.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    pub segment_bytes: u64,
    pub disk: Arc<dyn Disk>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Meta {
    version: u32,
    name: String,
    partitions: i32,
    config: BTreeMap<String, String>,
}

impl EmbeddedTopic {
    /// Makes a topic; durable when it returns. If it cannot, nothing is left.
    pub(super) fn create(
        topics: &Path,
        topic: &NewTopic,
        partitions: i32,
        opening: &Opening,
    ) -> Result<Self> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let (new, dir) = (topics.join(format!("{id}.new")), topics.join(id));
        let meta = Meta {
            version: folder::VERSION,
            name: topic.name.clone(),
            partitions,
            config: topic.config.clone(),
        };
        let made = meta.make(&new, &dir);
        let opened = made.and_then(|()| Self::open(dir.clone(), opening));
        if opened.is_err() {
            // Best effort: the first error is the one to tell.
            let _ = folder::remove_folder(&new).and(folder::remove_folder(&dir));
        }
        opened
    }

    pub(super) fn open(dir: PathBuf, opening: &Opening) -> Result<Self> {
        let path = dir.join("meta.json");
        let meta: Option<Meta> = folder::read_json(&path)?;
        let meta = meta.ok_or_else(|| damaged(&path, "it is missing"))?;
        folder::check_version(&path, meta.version)?;
        let config = TopicConfig::try_new(&meta.config)
            .and_then(|config| local::check_topic_name(&meta.name).map(|()| config))
            .map_err(|error| damaged(&path, &error.message))?;
        let id = dir.file_name().map(|name| name.to_string_lossy());
        let mut topic = Self {
            name: meta.name.clone(),
            id: id.unwrap_or_default().into_owned(),
            dir,
            config,
            logs: RwLock::default(),
            is_deleted: AtomicBool::new(false),
            opening: opening.clone(),
            meta: Mutex::new(meta.clone()),
        };
        let logs: Result<Vec<_>> = (0..meta.partitions)
            .map(|partition| topic.open_log(partition))
            .collect();
        topic.logs = RwLock::new(logs?);
        Ok(topic)
    }

    pub(super) fn describe(&self) -> Topic {
        let partitions = lock(&self.meta).partitions;
        Topic {
            name: self.name.clone(),
            id: self.id.clone(),
            partitions,
            replicas: vec![1; partitions as usize],
            is_internal: false,
            max_message_bytes: self.config.max_message_bytes,
        }
    }

    pub(super) fn log(&self, partition: PartitionId) -> Result<Arc<Log>> {
        let logs = self.logs.read().unwrap_or_else(PoisonError::into_inner);
        let index = usize::try_from(partition).ok();
        let log = index.and_then(|index| logs.get(index)).cloned();
        log.ok_or_else(|| local::unknown_partition(&self.name, partition))
    }

    pub(super) fn logs(&self) -> Vec<Arc<Log>> {
        let logs = self.logs.read();
        logs.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Durable when it returns.
    pub(super) fn add_partitions(&self, total: i32) -> Result<()> {
        let mut meta = lock(&self.meta);
        local::check_raise(&self.name, meta.partitions, total)?;
        make_partitions(&self.dir, meta.partitions..total)?;
        let raised = Meta {
            partitions: total,
            ..meta.clone()
        };
        folder::write_json(&self.dir.join("meta.json"), &raised)?;
        let logs: Result<Vec<_>> = (meta.partitions..total)
            .map(|partition| self.open_log(partition))
            .collect();
        let mut known = self.logs.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(logs?);
        *meta = raised;
        Ok(())
    }

    /// Durable when it returns. Those that still hold the topic are told.
    pub(super) fn delete(&self) -> Result<()> {
        let gone = self.dir.with_extension("gone");
        fs::rename(&self.dir, &gone).map_err(|error| storage("delete", &self.dir, error))?;
        self.is_deleted.store(true, Ordering::Release);
        for log in self.logs() {
            log.shut(local::unknown_topic(&self.name));
        }
        folder::sync_folder(gone.parent().unwrap_or(Path::new(".")))?;
        folder::remove_folder(&gone)
    }

    pub(super) fn check_exists(&self) -> Result<()> {
        if self.is_deleted.load(Ordering::Acquire) {
            return Err(local::unknown_topic(&self.name));
        }
        Ok(())
    }

    fn open_log(&self, partition: PartitionId) -> Result<Arc<Log>> {
        let settings = LogSettings {
            name: format!("{}-{partition}", self.name),
            topic_id: self.id.clone(),
            config: self.config.clone(),
            segment_bytes: self.opening.segment_bytes,
            disk: Arc::clone(&self.opening.disk),
        };
        let log = Log::open(self.dir.join(partition.to_string()), settings)?;
        Ok(Arc::new(log))
    }
}

impl Meta {
    fn make(&self, new: &Path, dir: &Path) -> Result<()> {
        folder::create_folder(new)?;
        make_partitions(new, 0..self.partitions)?;
        folder::write_json(&new.join("meta.json"), self)?;
        fs::rename(new, dir).map_err(|error| storage("create", dir, error))?;
        folder::sync_folder(dir.parent().unwrap_or(Path::new(".")))
    }
}

/// All topics of a data folder; what was left half made or half deleted is removed.
pub(super) fn open_all(
    topics: &Path,
    opening: &Opening,
) -> Result<BTreeMap<String, Arc<EmbeddedTopic>>> {
    folder::create_folder(topics)?;
    let mut opened = BTreeMap::new();
    for dir in folder::list(topics)? {
        match dir.extension().and_then(|extension| extension.to_str()) {
            Some("new" | "gone") => folder::remove_folder(&dir)?,
            _ => {
                let topic = EmbeddedTopic::open(dir.clone(), opening)?;
                let other = opened.insert(topic.name.clone(), Arc::new(topic));
                if let Some(other) = other {
                    let what = format!("topic `{}` is also in {}", other.name, other.dir.display());
                    return Err(damaged(&dir, &what));
                }
            }
        }
    }
    Ok(opened)
}

fn make_partitions(dir: &Path, partitions: std::ops::Range<i32>) -> Result<()> {
    for partition in partitions {
        folder::create_folder(&dir.join(partition.to_string()))?;
    }
    folder::sync_folder(dir)
}

fn damaged(path: &Path, what: &str) -> Error {
    let reason = format!("{} is damaged: {what}", path.display());
    Error::new(ErrorKind::Corrupt, reason)
}
