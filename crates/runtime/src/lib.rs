//! Batches through operators: reader, task, sink and checkpoint. Never sees SQL text.
//!
//! ```text
//! reader (1 fetch, 2 decode, 3 date) ── Arc<Batch> ──▶ task (4 process, 5 encode, 6 produce, 7 checkpoint)
//! ```
//!
//! One reader for each topic partition, whatever the number of queries; one task for each query and partition.

pub mod checkpoint;
pub mod clock;
mod control;
mod error;
pub mod processing_log;
pub mod query;

pub use checkpoint::{Checkpoint, CheckpointStore, FileCheckpoints, MemoryCheckpoints};
pub use clock::{Clock, SystemClock, TestClock};
pub use error::{Error, ErrorKind};
pub use processing_log::ProcessingLogEntry;
pub use query::{Output, Query, QuerySpec, QueryState, QueryStatus, Rows};

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use weir_kafka::{Broker, Offset, TopicPartition};

/// What all queries of a process share: the readers and their decoders.
pub struct Runtime {
    #[expect(dead_code, reason = "shape only")]
    options: Options,
}

/// What a runtime is made of. Time, disk and network come in from here and nowhere else.
#[derive(Clone)]
pub struct Options {
    pub broker: Arc<dyn Broker>,
    pub clock: Arc<dyn Clock>,
    pub checkpoints: Arc<dyn CheckpointStore>,
    /// Entries for the processing log. A task never waits for room: what does not fit is counted on its query.
    pub processing_log: tokio::sync::mpsc::Sender<ProcessingLogEntry>,
    /// How often positions are kept while records flow (`commit.interval.ms`).
    pub commit_interval: Duration,
    /// How often topics are looked at: new partitions, a topic made again.
    pub topic_poll: Duration,
    /// The first wait after a failure; doubled from failure to failure.
    pub retry_initial: Duration,
    pub retry_max: Duration,
    /// What a task takes in one go, at most.
    pub epoch_rows: usize,
    pub epoch_bytes: usize,
    /// How long a task may hold up the others of its reader, in all, before it reads on its own.
    pub slow_task_patience: Duration,
    /// How long a position past the end of its partition is waited for, as a broker that restarts may show an older
    /// end for a while, before the partition counts as truncated.
    pub truncation_patience: Duration,
}

/// What a topic partition cost so far. Records are counted each time that they are fetched or decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReaderStats {
    pub records_fetched: u64,
    pub records_decoded: u64,
    /// Of keys and values fetched.
    pub bytes_fetched: u64,
    /// How many readers there are at this moment: one, unless tasks stand at different offsets.
    pub readers: usize,
}

/// While one of these lives, readers fetch nothing: queries that start meanwhile at the same offsets share their reader from
/// the first record.
#[must_use]
pub struct Hold {}

impl Options {
    pub fn new(
        broker: Arc<dyn Broker>,
        clock: Arc<dyn Clock>,
        checkpoints: Arc<dyn CheckpointStore>,
        processing_log: tokio::sync::mpsc::Sender<ProcessingLogEntry>,
    ) -> Self {
        Self {
            broker,
            clock,
            checkpoints,
            processing_log,
            commit_interval: Duration::from_secs(2),
            topic_poll: Duration::from_secs(5),
            retry_initial: Duration::from_millis(500),
            retry_max: Duration::from_secs(60),
            epoch_rows: 4_096,
            epoch_bytes: 8 << 20,
            slow_task_patience: Duration::from_millis(200),
            truncation_patience: Duration::from_secs(30),
        }
    }
}

impl Runtime {
    /// Call it, and [`Runtime::start`], inside a tokio runtime.
    pub fn new(_options: Options) -> Self {
        todo!()
    }

    /// Starts a query; it runs until its source ends, it is stopped, or the runtime is shut down.
    ///
    /// Returns when the positions that a persistent query starts from are kept. What the broker refuses is no error of
    /// this call: the query waits for it and its status says so.
    pub async fn start(&self, _spec: QuerySpec) -> Result<Query, Error> {
        todo!()
    }

    /// Keeps readers from fetching while several queries are started.
    pub fn hold(&self) -> Hold {
        todo!()
    }

    /// Evaluates constant expressions and encodes them: INSERT VALUES. The key's bytes decide the partition.
    pub fn encode_values(
        &self,
        _plan: &weir_plan::InsertValuesPlan,
    ) -> Result<weir_kafka::NewRecord, Error> {
        todo!()
    }

    /// By topic partition, since the runtime was made.
    pub fn reader_stats(&self) -> BTreeMap<TopicPartition, ReaderStats> {
        todo!()
    }

    /// The next offset of each partition that is read; of several readers' the lowest.
    pub fn reader_positions(&self) -> BTreeMap<TopicPartition, Offset> {
        todo!()
    }

    /// Stops every query at a checkpoint; within five seconds.
    pub async fn shutdown(&self) {
        todo!()
    }
}
