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

impl Checkpoint {
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|error| Error::internal(format!("checkpoint: {error}")))
    }

    /// Refuses what a later version wrote, and says so.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        let checkpoint: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if checkpoint.version > VERSION {
            return Err(format!(
                "it has version {}, this program knows {VERSION}: a newer one wrote it",
                checkpoint.version
            ));
        }
        Ok(checkpoint)
    }
}

/// Where checkpoints are kept: one for each query and partition, each written atomically.
#[async_trait]
pub trait CheckpointStore: fmt::Debug + Send + Sync + 'static {
    async fn load(&self, query: &str, partition: i32) -> Result<Option<Checkpoint>, Error>;

    /// Returns when it is durable.
    async fn save(&self, query: &str, partition: i32, checkpoint: &Checkpoint)
    -> Result<(), Error>;

    /// What its owner wrote down about a query with [`CheckpointStore::save_plan`].
    async fn load_plan(&self, query: &str) -> Result<Option<String>, Error>;

    /// Keeps a text beside the checkpoints of a query: what it was when they were made, in its owner's own form.
    async fn save_plan(&self, query: &str, plan: &str) -> Result<(), Error>;

    /// Forgets a query.
    async fn remove(&self, query: &str) -> Result<(), Error>;
}
