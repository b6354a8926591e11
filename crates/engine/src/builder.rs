//! How an engine is put together.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{runtime::Handle, sync::mpsc};
use weir_catalog::Catalog;
use weir_functions::{Function, Registry};
use weir_kafka::{
    Broker, MemoryBroker,
    cluster::{ClusterBroker, ClusterConfig},
};
use weir_runtime::{
    CheckpointStore, Clock, FileCheckpoints, MemoryCheckpoints, Options, Runtime, SystemClock,
};

use crate::{
    Engine, Error,
    data_dir::{self, DataDir},
    engine::{Parts, shown},
    processing_log, properties,
    service::Service,
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
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), weir_engine::Error> {
/// let engine = weir_engine::Engine::builder()
///     .memory(0)
///     .service_id("soc_")
///     .property("auto.offset.reset", "earliest")
///     .build()
///     .await?;
/// assert_eq!(engine.service_id(), "soc_");
/// # engine.shutdown().await
/// # }
/// ```
pub struct Builder {
    place: Place,
    data: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    properties: BTreeMap<String, String>,
    functions: Registry,
    is_headless: bool,
    checkpoints: Option<Arc<dyn CheckpointStore>>,
    takes_folder: bool,
    is_shared: bool,
    threads: Option<Handle>,
}

/// Properties that hold secrets are not shown.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let properties = self.properties.iter();
        let shown: BTreeMap<_, _> = properties
            .map(|(name, value)| (name, shown(name, value)))
            .collect();
        f.debug_struct("Builder")
            .field("place", &self.place)
            .field("data", &self.data)
            .field("properties", &shown)
            .finish_non_exhaustive()
    }
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
            is_shared: false,
            threads: None,
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

    /// Where the time comes from; by default the machine's clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Whose topics, positions and statements these are (`ksql.service.id`).
    pub fn service_id(self, id: &str) -> Self {
        self.property("ksql.service.id", id)
    }

    /// A property by ksqlDB's or Kafka's name.
    pub fn property(mut self, name: &str, value: impl Into<String>) -> Self {
        self.properties
            .insert(properties::plain_name(name).to_owned(), value.into());
        self
    }

    /// A function of the caller's own, for statements to call by its name: see [`crate::scalar_function`].
    pub fn function(mut self, function: impl Function + 'static) -> Self {
        self.functions.register(Arc::new(function));
        self
    }

    /// Runs queries on the threads of another runtime than the one that the engine is built in. It must live until
    /// [`Engine::shutdown`] has returned.
    pub fn query_threads(mut self, threads: Handle) -> Self {
        self.threads = Some(threads);
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

    /// The broker is one that others reach too, as a cluster is: the service's lease is taken first.
    #[cfg(test)]
    pub(crate) fn shared(mut self) -> Self {
        self.is_shared = true;
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
            if !ClusterConfig::is_property(name) && !properties::is_for_engine(name) {
                tracing::warn!(property = %name, "property is not known, it has no effect");
            } else if properties::is_without_effect(name, value) {
                tracing::warn!(property = %name, %value, "this value has no effect in this version");
            }
        }
        let settings = properties::with_defaults(&self.properties);
        let service_id = settings
            .get("ksql.service.id")
            .cloned()
            .unwrap_or_else(|| "default_".to_owned());
        check_service_id(&service_id)?;
        let (broker, data) = self.open(&service_id).await?;
        let cluster_id = broker.cluster_id().await?;
        let folder = data
            .as_ref()
            .map(|data| positions_folder(data, &cluster_id, &service_id));
        let checkpoints = self.open_checkpoints(folder.as_deref())?;
        let is_cluster = matches!(self.place, Place::Cluster);
        let service = match &folder {
            Some(folder) if is_cluster || self.is_shared => Some(
                Service::take(
                    broker.clone(),
                    self.clock.clone(),
                    &service_id,
                    folder,
                    checkpoints.clone(),
                )
                .await?,
            ),
            _ => None,
        };
        let (broker, checkpoints) = match &service {
            Some(service) => (service.broker.clone(), service.checkpoints.clone()),
            None => (broker, checkpoints),
        };
        let (entries, waiting) = mpsc::channel(processing_log::QUEUE);
        let mut options = Options::new(
            broker.clone(),
            self.clock.clone(),
            checkpoints.clone(),
            entries,
        );
        options.logs_records = settings
            .get("ksql.logging.processing.rows.include")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        options.threads = self.threads.clone();
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
        let threads = self.threads.unwrap_or_else(Handle::current);
        let parts = Parts {
            threads,
            cluster_id,
            runtime: Runtime::new(options),
            broker,
            checkpoints,
            clock: self.clock,
            functions: self.functions,
            settings,
            configured: self.properties,
            service_id,
            is_headless: self.is_headless,
            is_cluster,
            owns_broker: !matches!(self.place, Place::Given(_)),
            service,
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
                let config = ClusterConfig::from_properties(&for_connection(&self.properties))?;
                let broker = ClusterBroker::connect(config).await?;
                (Arc::new(broker), data)
            }
        })
    }

    fn open_checkpoints(&self, folder: Option<&Path>) -> Result<Arc<dyn CheckpointStore>, Error> {
        Ok(match (&self.checkpoints, folder) {
            (Some(checkpoints), _) => checkpoints.clone(),
            (None, Some(folder)) => Arc::new(FileCheckpoints::open(folder)?),
            (None, None) => Arc::new(MemoryCheckpoints::default()),
        })
    }
}

/// It is part of topics' names.
fn check_service_id(id: &str) -> Result<(), Error> {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !id.is_empty() && id.len() <= 200 && id.chars().all(is_fine) {
        return Ok(());
    }
    Err(Error::user(format!(
        "`{}` is no service id: it is part of topics' names, and has 1 to 200 letters, digits, points, dashes and underscores",
        id.escape_debug()
    ))
    .hint("choose another with --service-id, or with ksql.service.id"))
}

/// What the connection to a cluster is made from. A file for a ksqlDB server holds much that is for others.
fn for_connection(configured: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut given = configured.clone();
    given.retain(|name, _| ClusterConfig::is_property(name));
    given
}

/// Positions belong to a cluster and a service id: those of others are left alone.
fn positions_folder(data: &DataDir, cluster_id: &str, service_id: &str) -> PathBuf {
    let root = data.path().join("checkpoints");
    let cluster = data_dir::file_name(cluster_id);
    let entries = std::fs::read_dir(&root).into_iter().flatten().flatten();
    for other in entries.filter(|entry| entry.file_name().to_string_lossy() != cluster) {
        tracing::warn!(folder = %other.path().display(), "positions of another cluster are left alone");
    }
    root.join(cluster).join(data_dir::file_name(service_id))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use weir_kafka::cluster::ClusterConfig;

    use super::for_connection;

    #[test]
    fn the_connection_is_made_from_its_own_properties_among_those_of_a_server() {
        let configured = [
            ("auto.offset.reset", "earliest"),
            ("bootstrap.servers", "localhost:9092"),
            ("compression.type", "gzip"),
            ("ksql.service.id", "soc_"),
            ("listeners", "http://0.0.0.0:8088"),
            ("ssl.truststore.type", "PEM"),
            ("weir.sink.origin.headers", "true"),
        ];
        let configured: BTreeMap<String, String> = configured
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let given = for_connection(&configured);
        let names: Vec<&str> = given.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "bootstrap.servers",
                "compression.type",
                "ssl.truststore.type"
            ]
        );
        // What is for the connection is still checked by it.
        let error = ClusterConfig::from_properties(&given).unwrap_err();
        assert!(error.message.contains("security.protocol"), "{error}");
    }
}
