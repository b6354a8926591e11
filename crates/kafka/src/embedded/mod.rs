//! Inside the process, durable in a data folder.
//!
//! ```text
//! EmbeddedBroker ── topics ──▶ EmbeddedTopic ── partitions ──▶ Log ── segments ──▶ Segment ── Map
//! ```
//!
//! - A topic that was created, and what a writer committed, survive a power cut.
//! - What was written and not committed survives the end of the process, `kill -9` too, and may not survive a power cut.
//! - A log is never repaired by guessing. A tail that a crash tore off is cut off with a warning, since nobody was told
//!   that it is there. Damage before it is [`ErrorKind::Corrupt`] to those who read there, and to nobody else.
//!
//! Retention deletes whole segments, never the one that is written. A topic with `cleanup.policy=compact` keeps all.
//!
//! All work on files is done on tokio's threads for it; readers that wait are woken by the writer.

mod batch;
mod disk;
mod folder;
mod log;
mod reader;
mod segment;
mod topic;
mod writer;

pub use disk::{Disk, SystemDisk};

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::Semaphore;
use tracing::warn;

use crate::{
    Broker, ConsumerGroup, Error, ErrorKind, NewTopic, Offset, OffsetSpec, PartitionId, Reader,
    Result, Subscription, Timestamp, Topic, TopicPartition, Writer,
    local::{self, Groups, LocalReader, lock},
};
use folder::FolderLock;
use reader::EmbeddedSource;
use topic::{EmbeddedTopic, Opening};
use writer::EmbeddedWriter;

/// How a folder is opened.
#[derive(Clone)]
pub struct EmbeddedOptions {
    /// How large a file of a log becomes, unless the topic has `segment.bytes`.
    pub segment_bytes: u64,
    /// How often old segments are looked for, besides whenever one is full.
    pub retention_interval: Duration,
    /// The time of `LogAppendTime` and of `retention.ms`.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub disk: Arc<dyn Disk>,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 128 << 20,
            retention_interval: Duration::from_secs(60),
            clock: Arc::new(local::system_time),
            disk: Arc::new(SystemDisk),
        }
    }
}

/// So many change files at once, and so many sync them: a thousand queries that start together are not to have a thread each.
/// What only reads takes none, and what is written waits for nobody's disk.
const HANDS: usize = 16;

/// Topics in a folder of their own. Clones are the same broker.
#[derive(Clone)]
pub struct EmbeddedBroker {
    shared: Arc<Shared>,
}

struct Shared {
    dir: PathBuf,
    cluster_id: String,
    options: EmbeddedOptions,
    topics: Mutex<BTreeMap<String, Arc<EmbeddedTopic>>>,
    /// Held while topics come and go: these take their time.
    changing: Mutex<()>,
    groups: Mutex<Groups>,
    lock: Mutex<Option<FolderLock>>,
    /// Whoever changes files has one.
    hands: Arc<Semaphore>,
    /// Whoever syncs what is written has one.
    syncing: Arc<Semaphore>,
    is_closed: AtomicBool,
    /// Ends the thread that looks after retention when it is dropped.
    _retention: mpsc::Sender<()>,
}

impl EmbeddedBroker {
    /// Opens the folder, or makes it. Reads the last file of each log: this takes as long as it takes.
    ///
    /// [`ErrorKind::InUse`] if another broker has it, in this process or another.
    pub fn open(dir: impl AsRef<Path>, options: EmbeddedOptions) -> Result<Self> {
        let dir = dir.as_ref().to_owned();
        folder::create_data_folder(&dir)?;
        let lock = FolderLock::acquire(&dir)?;
        let cluster_id = folder::cluster_id(&dir)?;
        let opening = Opening {
            segment_bytes: options.segment_bytes,
            disk: Arc::clone(&options.disk),
        };
        let topics = topic::open_all(&dir.join("topics"), &opening)?;
        folder::sync_folder(&dir)?;
        let (retention, ended) = mpsc::channel();
        let shared = Shared {
            groups: Mutex::new(read_groups(&dir)?),
            dir,
            cluster_id,
            topics: Mutex::new(topics),
            changing: Mutex::default(),
            lock: Mutex::new(Some(lock)),
            hands: Arc::new(Semaphore::new(HANDS)),
            syncing: Arc::new(Semaphore::new(HANDS)),
            is_closed: AtomicBool::new(false),
            _retention: retention,
            options,
        };
        let shared = Arc::new(shared);
        look_after_retention(&shared, ended)?;
        Ok(Self { shared })
    }

    /// The offset that `set_group_offsets` last gave to a group here.
    pub fn group_offset(&self, group: &str, partition: &TopicPartition) -> Option<Offset> {
        lock(&self.shared.groups).offset(group, partition)
    }

    fn find(&self, name: &str) -> Result<Arc<EmbeddedTopic>> {
        self.check_open()?;
        let topic = lock(&self.shared.topics).get(name).cloned();
        topic.ok_or_else(|| local::unknown_topic(name))
    }

    fn check_open(&self) -> Result<()> {
        if self.shared.is_closed.load(Ordering::Acquire) {
            return Err(local::closed());
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        (self.shared.options.clock)()
    }

    /// Changes files where it may take its time.
    async fn on_files<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.with_hand(&self.shared.hands, work).await
    }

    /// Syncs what is written.
    async fn sync<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.with_hand(&self.shared.syncing, work).await
    }

    async fn with_hand<T: Send + 'static>(
        &self,
        hands: &Arc<Semaphore>,
        work: impl FnOnce(&Shared) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.check_open()?;
        let shared = Arc::clone(&self.shared);
        let hand = Arc::clone(hands).acquire_owned().await;
        // While it waited it may have been closed.
        self.check_open()?;
        on_files(move || {
            let _hand = hand;
            work(&shared)
        })
        .await
    }
}

/// Does work on files on a thread that may wait.
async fn on_files<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime is going down.
        Err(_) => Err(local::closed()),
    }
}

#[async_trait]
impl Broker for EmbeddedBroker {
    async fn cluster_id(&self) -> Result<String> {
        self.check_open()?;
        Ok(self.shared.cluster_id.clone())
    }

    async fn topics(&self) -> Result<Vec<Topic>> {
        self.check_open()?;
        let topics = lock(&self.shared.topics);
        Ok(topics.values().map(|topic| topic.describe()).collect())
    }

    async fn topic(&self, name: &str) -> Result<Option<Topic>> {
        self.check_open()?;
        let topics = lock(&self.shared.topics);
        Ok(topics.get(name).map(|topic| topic.describe()))
    }

    async fn create_topic(&self, topic: &NewTopic) -> Result<Topic> {
        let topic = topic.clone();
        self.on_files(move |shared| shared.create_topic(&topic))
            .await
    }

    async fn delete_topic(&self, name: &str) -> Result<()> {
        let name = name.to_owned();
        self.on_files(move |shared| shared.delete_topic(&name))
            .await
    }

    async fn add_partitions(&self, name: &str, total: i32) -> Result<()> {
        let topic = self.find(name)?;
        self.on_files(move |shared| {
            let _changing = lock(&shared.changing);
            topic.check_exists()?;
            topic.add_partitions(total)
        })
        .await
    }

    async fn offsets(
        &self,
        topic: &str,
        partitions: &[PartitionId],
        spec: OffsetSpec,
    ) -> Result<Vec<Offset>> {
        let topic = self.find(topic)?;
        let logs = partitions.iter().map(|partition| topic.log(*partition));
        let logs = logs.collect::<Result<Vec<_>>>()?;
        let offsets = move || logs.iter().map(|log| log.offset(spec)).collect();
        match spec {
            // These need no file.
            OffsetSpec::Earliest | OffsetSpec::Latest => offsets(),
            OffsetSpec::AtTime(_) => on_files(offsets).await,
        }
    }

    async fn reader(&self, subscription: Subscription) -> Result<Box<dyn Reader>> {
        let Subscription::Assign(assigned) = subscription else {
            return Err(local::no_groups());
        };
        let sources = assigned.into_iter().map(|(partition, offset)| {
            let topic = self.find(&partition.topic)?;
            let source = EmbeddedSource::try_new(self.clone(), topic, partition.partition)?;
            Ok((partition, offset, source))
        });
        let reader = LocalReader::try_new(sources.collect::<Result<_>>()?)?;
        Ok(Box::new(reader))
    }

    async fn writer(&self, _id: &str) -> Result<Box<dyn Writer>> {
        self.check_open()?;
        Ok(Box::new(EmbeddedWriter::new(self.clone())))
    }

    async fn set_group_offsets(
        &self,
        group: &str,
        positions: &[(TopicPartition, Offset)],
    ) -> Result<()> {
        if group.is_empty() {
            let reason = "the name of a group must not be empty";
            return Err(Error::new(ErrorKind::Invalid, reason));
        }
        for (partition, _) in positions {
            self.find(&partition.topic)?.log(partition.partition)?;
        }
        let (group, positions) = (group.to_owned(), positions.to_vec());
        self.on_files(move |shared| {
            shared.change_groups(|groups| {
                groups.set(&group, &positions);
                true
            })
        })
        .await
    }

    async fn consumer_groups(&self) -> Result<Vec<ConsumerGroup>> {
        self.check_open()?;
        Ok(lock(&self.shared.groups).list())
    }

    async fn close(&self) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        on_files(move || shared.close()).await
    }
}

impl Shared {
    fn create_topic(&self, topic: &NewTopic) -> Result<Topic> {
        let (partitions, _) = local::check_new_topic(topic)?;
        let _changing = lock(&self.changing);
        if lock(&self.topics).contains_key(&topic.name) {
            return Err(local::topic_exists(&topic.name));
        }
        let opening = Opening {
            segment_bytes: self.options.segment_bytes,
            disk: Arc::clone(&self.options.disk),
        };
        let topics = self.dir.join("topics");
        let created = EmbeddedTopic::create(&topics, topic, partitions, &opening)?;
        let described = created.describe();
        lock(&self.topics).insert(topic.name.clone(), Arc::new(created));
        Ok(described)
    }

    fn delete_topic(&self, name: &str) -> Result<()> {
        let _changing = lock(&self.changing);
        let topic = lock(&self.topics).get(name).cloned();
        let topic = topic.ok_or_else(|| local::unknown_topic(name))?;
        let deleted = topic.delete();
        if topic.check_exists().is_err() {
            lock(&self.topics).remove(name);
            self.change_groups(|groups| groups.forget_topic(name))?;
        }
        deleted
    }

    /// Changes the offsets of groups and writes them down, if `change` says that there is something to write.
    fn change_groups(&self, change: impl FnOnce(&mut Groups) -> bool) -> Result<()> {
        let mut groups = lock(&self.groups);
        let mut changed = groups.clone();
        if change(&mut changed) {
            folder::write_json(&self.dir.join("groups.json"), &changed)?;
            *groups = changed;
        }
        Ok(())
    }

    fn logs(&self) -> Vec<Arc<log::Log>> {
        let topics: Vec<_> = lock(&self.topics).values().cloned().collect();
        topics.iter().flat_map(|topic| topic.logs()).collect()
    }

    fn retain(&self) {
        let now = (self.options.clock)();
        for log in self.logs() {
            log.retain_or_warn(now);
        }
    }

    fn close(&self) -> Result<()> {
        if self.is_closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let mut outcome = Ok(());
        for log in self.logs() {
            outcome = outcome.and(log.sync_all());
            log.shut(local::closed());
        }
        *lock(&self.lock) = None;
        outcome
    }
}

/// Offsets of groups are for people who look at lags: a file that is damaged is set aside, and stops nobody.
fn read_groups(dir: &Path) -> Result<Groups> {
    let path = dir.join("groups.json");
    match folder::read_json(&path) {
        Ok(groups) => Ok(groups.unwrap_or_default()),
        Err(error) if error.kind == ErrorKind::Corrupt => {
            warn!(%error, "offsets of groups are lost, the file is kept as groups.json.damaged");
            let aside = dir.join("groups.json.damaged");
            let moved = std::fs::rename(&path, &aside);
            moved.map_err(|error| folder::storage("rename", &path, error))?;
            Ok(Groups::default())
        }
        Err(error) => Err(error),
    }
}

/// A thread that looks for old segments now and then, until the broker is gone.
fn look_after_retention(shared: &Arc<Shared>, ended: mpsc::Receiver<()>) -> Result<()> {
    let interval = shared.options.retention_interval;
    let watched: Weak<Shared> = Arc::downgrade(shared);
    let watch = move || {
        while ended.recv_timeout(interval) == Err(mpsc::RecvTimeoutError::Timeout) {
            match watched.upgrade() {
                Some(shared) if !shared.is_closed.load(Ordering::Acquire) => shared.retain(),
                _ => return,
            }
        }
    };
    let thread = std::thread::Builder::new().name("weir-retention".to_owned());
    let started = thread.spawn(watch);
    started.map_err(|error| folder::storage("watch", &shared.dir, error))?;
    Ok(())
}

impl fmt::Debug for EmbeddedBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedBroker")
            .field("dir", &self.shared.dir)
            .field("cluster_id", &self.shared.cluster_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for EmbeddedOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedOptions")
            .field("segment_bytes", &self.segment_bytes)
            .field("retention_interval", &self.retention_interval)
            .field("disk", &self.disk)
            .finish_non_exhaustive()
    }
}
