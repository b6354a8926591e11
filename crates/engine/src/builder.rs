//! How an engine is put together.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::sync::mpsc;
use weir_catalog::Catalog;
use weir_functions::{Function, Registry};
use weir_kafka::{Broker, MemoryBroker, cluster::ClusterConfig};
use weir_runtime::{
    CheckpointStore, Clock, FileCheckpoints, MemoryCheckpoints, Options, Runtime, SystemClock,
};

use crate::{
    Engine, Error,
    data_dir::{self, DataDir},
    engine::Parts,
    processing_log, properties,
};

/// Where the topics are.
#[derive(Debug, Clone)]
enum Place {
    Memory(u64),
    Embedded(PathBuf),
    Cluster,
    Given(Arc<dyn Broker>),
}

/// Collects what an engine is made of; [`Builder::build`] starts it.
#[derive(Debug)]
pub struct Builder {
    place: Place,
    data: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    properties: BTreeMap<String, String>,
    functions: Registry,
    is_headless: bool,
    checkpoints: Option<Arc<dyn CheckpointStore>>,
    takes_folder: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            place: Place::Memory(0),
            data: None,
            clock: Arc::new(SystemClock),
            properties: BTreeMap::new(),
            functions: Registry::builtin(),
            is_headless: false,
            checkpoints: None,
            takes_folder: true,
        }
    }
}

impl Builder {
    /// Topics in memory, gone with the engine.
    pub fn memory(mut self, seed: u64) -> Self {
        self.place = Place::Memory(seed);
        self
    }

    /// A broker inside the process, durable in a folder.
    pub fn embedded(mut self, folder: impl AsRef<Path>) -> Self {
        self.place = Place::Embedded(folder.as_ref().to_owned());
        self
    }

    /// The Kafka cluster that `bootstrap.servers` and the other properties of Kafka's clients name.
    pub fn cluster(mut self) -> Self {
        self.place = Place::Cluster;
        self
    }

    /// A broker that the caller has.
    pub fn broker(mut self, broker: Arc<dyn Broker>) -> Self {
        self.place = Place::Given(broker);
        self
    }

    /// Where positions are kept, for a cluster; by default the user's data folder, by service id.
    pub fn data(mut self, folder: impl AsRef<Path>) -> Self {
        self.data = Some(folder.as_ref().to_owned());
        self
    }

    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    pub fn service_id(self, id: &str) -> Self {
        self.property("ksql.service.id", id)
    }

    /// A property by ksqlDB's or Kafka's name.
    pub fn property(mut self, name: &str, value: impl Into<String>) -> Self {
        self.properties
            .insert(properties::plain_name(name).to_owned(), value.into());
        self
    }

    /// A function of the caller's own.
    pub fn function(mut self, function: Arc<dyn Function>) -> Self {
        self.functions.register(function);
        self
    }

    /// Without a statement log: what runs is what [`Engine::deploy`] is given.
    pub fn headless(mut self, is_headless: bool) -> Self {
        self.is_headless = is_headless;
        self
    }

    /// Takes no folder: for looks at topics that run no query.
    pub fn without_data(mut self) -> Self {
        self.checkpoints = Some(Arc::new(MemoryCheckpoints::default()));
        self.takes_folder = false;
        self
    }

    /// Where checkpoints are kept, for tests.
    pub fn checkpoints(mut self, checkpoints: Arc<dyn CheckpointStore>) -> Self {
        self.checkpoints = Some(checkpoints);
        self
    }

    /// Connects, takes the folder, and starts what ran before.
    pub async fn build(self) -> Result<Engine, Error> {
        for (name, value) in &self.properties {
            properties::check_value(name, value)?;
        }
        let settings = properties::with_defaults(&self.properties);
        let service_id = settings
            .get("ksql.service.id")
            .cloned()
            .unwrap_or_else(|| "default_".to_owned());
        let (broker, data) = self.open(&service_id).await?;
        let checkpoints = self.open_checkpoints(&broker, data.as_ref()).await?;
        let (entries, waiting) = mpsc::channel(processing_log::QUEUE);
        let mut options = Options::new(
            broker.clone(),
            self.clock.clone(),
            checkpoints.clone(),
            entries,
        );
        let milliseconds = |name: &str| {
            settings
                .get(name)
                .and_then(|value| value.trim().parse().ok())
                .map(Duration::from_millis)
        };
        options.commit_interval =
            milliseconds("commit.interval.ms").unwrap_or(options.commit_interval);
        options.retry_initial =
            milliseconds("ksql.query.retry.backoff.initial.ms").unwrap_or(options.retry_initial);
        options.retry_max =
            milliseconds("ksql.query.retry.backoff.max.ms").unwrap_or(options.retry_max);
        let parts = Parts {
            cluster_id: broker.cluster_id().await?,
            runtime: Runtime::new(options),
            broker,
            checkpoints,
            clock: self.clock,
            functions: self.functions,
            settings,
            configured: self.properties,
            service_id,
            is_headless: self.is_headless,
            is_cluster: matches!(self.place, Place::Cluster),
            data,
            catalog: Catalog::default(),
        };
        Engine::start(parts, waiting).await
    }

    async fn open(&self, service_id: &str) -> Result<(Arc<dyn Broker>, Option<DataDir>), Error> {
        Ok(match &self.place {
            Place::Memory(seed) => (Arc::new(MemoryBroker::new(*seed)), None),
            Place::Given(broker) => (
                broker.clone(),
                self.data.as_deref().map(DataDir::open).transpose()?,
            ),
            Place::Embedded(folder) => {
                let broker = weir_kafka::embedded::EmbeddedBroker::open(
                    folder,
                    weir_kafka::embedded::EmbeddedOptions::default(),
                )?;
                // The broker's own lock keeps others out of the folder.
                let data = DataDir::open(&folder.join("engine"))?;
                (Arc::new(broker), Some(data))
            }
            Place::Cluster => {
                let data = match &self.data {
                    _ if !self.takes_folder => None,
                    Some(folder) => Some(DataDir::open(folder)?),
                    None => Some(DataDir::open(&data_dir::default_path(service_id)?)?),
                };
                // ksqlDB's properties stand beside Kafka's; the connection takes its own.
                let mut connection = self.properties.clone();
                connection.retain(|name, _| ClusterConfig::is_property(name));
                let config = ClusterConfig::from_properties(&connection)?;
                let broker = weir_kafka::cluster::ClusterBroker::connect(config).await?;
                (Arc::new(broker), data)
            }
        })
    }

    /// Checkpoints lie under the cluster's id: those of another cluster are left alone.
    async fn open_checkpoints(
        &self,
        broker: &Arc<dyn Broker>,
        data: Option<&DataDir>,
    ) -> Result<Arc<dyn CheckpointStore>, Error> {
        if let Some(checkpoints) = &self.checkpoints {
            return Ok(checkpoints.clone());
        }
        let Some(data) = data else {
            return Ok(Arc::new(MemoryCheckpoints::default()));
        };
        let cluster: String = broker
            .cluster_id()
            .await?
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        let root = data.path().join("checkpoints");
        warn_of_others(&root, &cluster);
        Ok(Arc::new(FileCheckpoints::open(root.join(cluster))?))
    }
}

fn warn_of_others(root: &Path, cluster: &str) {
    let others = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy() != cluster);
    for other in others {
        tracing::warn!(folder = %other.path().display(), "positions of another cluster are left alone");
    }
}
