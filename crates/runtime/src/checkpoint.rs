//! What must survive: positions, and later state, as one.

mod file;
mod memory;

use std::{collections::BTreeMap, fmt};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use weir_kafka::Offset;

pub use file::FileCheckpoints;
pub use memory::MemoryCheckpoints;

use crate::Error;

/// The version that is written. What is higher is refused.
pub const VERSION: u32 = 1;

/// The world of one task at one moment: all output up to here is acknowledged, nothing after it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Of this structure; a reader refuses what it does not know.
    pub version: u32,
    /// Of the statement: a changed statement goes on from the position under the rules of OR REPLACE.
    pub fingerprint: String,
    /// The id of the topic that the positions belong to: a topic made again is another topic.
    pub topic_id: String,
    /// The next offset to read, by input topic and partition (`topic-3`).
    pub positions: BTreeMap<String, Offset>,
    /// The highest event time seen, by input.
    pub stream_time: BTreeMap<String, i64>,
}

/// Where checkpoints are kept: one for each query and partition, each written atomically.
#[async_trait]
pub trait CheckpointStore: fmt::Debug + Send + Sync + 'static {
    async fn load(&self, query: &str, partition: i32) -> Result<Option<Checkpoint>, Error>;

    /// Returns when it is durable.
    async fn save(&self, query: &str, partition: i32, checkpoint: &Checkpoint)
    -> Result<(), Error>;

    /// Forgets a query.
    async fn remove(&self, query: &str) -> Result<(), Error>;
}
