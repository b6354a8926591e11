//! An engine in memory for tests: stopped and started on the same topics and positions.

use std::sync::Arc;

use weir_kafka::MemoryBroker;
use weir_runtime::MemoryCheckpoints;

use crate::{Builder, Engine, Error};

/// Topics and positions that outlive the engines over them.
#[derive(Debug, Clone)]
pub struct World {
    /// The topics.
    pub broker: Arc<MemoryBroker>,
    /// The positions.
    pub checkpoints: Arc<MemoryCheckpoints>,
}

impl World {
    /// An empty world; everything by chance in it comes from the seed.
    pub fn new(seed: u64) -> Self {
        Self {
            broker: Arc::new(MemoryBroker::new(seed)),
            checkpoints: Arc::new(MemoryCheckpoints::default()),
        }
    }

    /// An engine over this world; a test may change it before it is built.
    pub fn builder(&self) -> Builder {
        Engine::builder()
            .broker(self.broker.clone())
            .checkpoints(self.checkpoints.clone())
    }

    /// An engine over this world.
    pub async fn engine(&self) -> Result<Engine, Error> {
        self.builder().build().await
    }

    /// Ends an engine as a process that is told to: its queries at a checkpoint, the topics left for the next one.
    pub async fn stop(&self, engine: Engine) -> Result<(), Error> {
        engine.shutdown().await
    }
}
