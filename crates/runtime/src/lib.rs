//! Batches through operators: reader, task, sink and checkpoint. Never sees SQL text.
//!
//! ```text
//! reader (1 fetch, 2 decode, 3 date) ── Arc<Batch> ──▶ task (4 process, 5 encode, 6 produce, 7 checkpoint)
//! ```
//!
//! One reader for each topic partition, whatever the number of queries; one task for each query and partition.

pub mod checkpoint;
pub mod clock;
mod error;
pub mod processing_log;
pub mod query;

pub use checkpoint::{Checkpoint, CheckpointStore};
pub use clock::Clock;
pub use error::{Error, ErrorKind};
pub use processing_log::ProcessingLogEntry;
pub use query::{Output, Query, QuerySpec, QueryState, QueryStatus, Rows};

use std::{sync::Arc, time::Duration};

use weir_kafka::Broker;

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
    /// How often positions are kept while records flow (`commit.interval.ms`).
    pub commit_interval: Duration,
    /// Entries for the processing log; when it is full the oldest policy of the receiver rules, never a task's speed.
    pub processing_log: tokio::sync::mpsc::Sender<ProcessingLogEntry>,
}

impl Runtime {
    pub fn new(_options: Options) -> Self {
        todo!()
    }

    /// Starts a query; it runs until its source ends, it is stopped, or the runtime is shut down.
    pub async fn start(&self, _spec: QuerySpec) -> Result<Query, Error> {
        todo!()
    }

    /// Evaluates constant expressions and encodes them: INSERT VALUES. Returns the record and the partition's key.
    pub fn encode_values(
        &self,
        _plan: &weir_plan::InsertValuesPlan,
    ) -> Result<weir_kafka::NewRecord, Error> {
        todo!()
    }

    /// Stops every query at a checkpoint.
    pub async fn shutdown(&self) {
        todo!()
    }
}
