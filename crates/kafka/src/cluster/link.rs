//! The connections to a cluster, and requests that krafka's own clients do not make.
//!
//! A broker answers the requests of one connection in turn, so a fetch that waits for records holds up all that is behind it:
//! each reader and each writer has connections of its own ([`Lane`]); metadata and administration share those of the [`Link`].
//!
//! krafka's own consumer is not used: it gives the producer's time where the topic says the broker's, keeps a broker's errors to
//! itself, and reads on in a topic that was made again. Its messages and connections are what its hidden module opens
//! (`docs/decisions`); this file and its neighbours are the only ones that know.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use krafka::{
    __private::{
        metadata::{ClusterMetadata, TopicInfo},
        network::{BrokerConnection, ConnectionConfig, ConnectionPool},
        protocol::{ApiKey, VersionedDecode},
    },
    Kafka,
    admin::AdminClient,
    error::{ErrorCode, KrafkaError},
};
use tokio::time::Instant;

use super::{config::ClusterConfig, failure, together::Together};
use crate::{Error, ErrorKind, Offset, PartitionId, Result, Topic};

pub(super) type TopicId = [u8; 16];

/// Which offsets of a topic are asked for: of its partitions, those at a time, as Kafka numbers times.
type OffsetQuestion = (String, Vec<PartitionId>, i64);

/// The least time between two looks at the cluster. krafka's own is a tenth of a second, which statements that follow one
/// another would wait for each time; after failures it grows here as it does there.
const PACE: Duration = Duration::from_millis(2);

/// What one broker has of a cluster's identity and our way to it.
pub(super) struct Link {
    pub config: ClusterConfig,
    pub admin: AdminClient,
    kafka: Kafka,
    metadata: ClusterMetadata,
    connections: ConnectionConfig,
    /// Looks at topics, and questions for offsets: those that come at a time are answered together.
    pub looks: Together<String, Result<Option<Topic>>>,
    pub offsets: Together<OffsetQuestion, Result<HashMap<PartitionId, Offset>>>,
    /// The largest batch of topics, as it was when they were last looked at.
    pub limits: Mutex<HashMap<TopicId, usize>>,
}

/// Connections for one reader or writer, to whichever brokers lead its partitions.
pub(super) struct Lane {
    pub link: Arc<Link>,
    pool: ConnectionPool,
}

/// A leader and where it listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Leader {
    pub id: i32,
    pub address: String,
}

impl Link {
    pub async fn connect(config: ClusterConfig) -> Result<Arc<Self>> {
        let doing = "connecting";
        let mut builder = Kafka::builder(config.servers())
            .client_id(&config.client_id)
            .request_timeout(config.request_timeout)
            .connect_timeout(config.connect_timeout)
            .metadata_max_age(config.metadata_max_age);
        let mut connections = ConnectionConfig::builder()
            .client_id(&config.client_id)
            .request_timeout(config.request_timeout)
            .connect_timeout(config.connect_timeout);
        if let Some(auth) = config.security.auth() {
            builder = builder.security(auth.clone());
            connections = connections.auth(auth);
        }
        let failed = |error| failure::from_client(&config, doing, &error);
        let mut connections = connections.build().map_err(failed)?;
        connections.init_tls().await.map_err(failed)?;
        let kafka = builder.connect().await.map_err(failed)?;
        let admin = kafka.admin().default_api_timeout(config.request_timeout);
        let metadata = ClusterMetadata::new(
            config.servers().split(',').map(str::to_owned).collect(),
            krafka::__private::kafka_pool(&kafka).clone(),
            config.metadata_max_age,
        )
        .with_retry_backoff_max(config.retry_backoff_max)
        .with_retry_backoff(PACE);
        metadata
            .force_refresh(Some(&[]))
            .await
            .map_err(|error| failure::from_client(&config, doing, &error))?;
        Ok(Arc::new(Self {
            config,
            admin,
            kafka,
            metadata,
            connections,
            looks: Together::default(),
            offsets: Together::default(),
            limits: Mutex::default(),
        }))
    }

    pub fn lane(self: &Arc<Self>) -> Lane {
        let pool = ConnectionPool::new(self.connections.clone());
        Lane {
            link: Arc::clone(self),
            pool,
        }
    }

    pub async fn close(&self) {
        krafka::__private::kafka_pool(&self.kafka).close_all().await;
    }

    pub fn metadata(&self) -> &ClusterMetadata {
        &self.metadata
    }

    /// A connection for what is answered at once.
    pub async fn connection(
        &self,
        leader: &Leader,
    ) -> krafka::error::Result<Arc<BrokerConnection>> {
        krafka::__private::kafka_pool(&self.kafka)
            .get_connection_by_id(leader.id, &leader.address)
            .await
    }

    pub fn failed(&self, doing: &str, error: &KrafkaError) -> Error {
        failure::from_client(&self.config, doing, error)
    }

    pub fn refused(&self, doing: &str, code: ErrorCode) -> Error {
        failure::from_code(&self.config, doing, code, None)
    }

    /// What the cluster says of a topic now; `None`: there is none of that name.
    pub async fn fresh_topic(&self, doing: &str, name: &str) -> Result<Option<Arc<TopicInfo>>> {
        let names = [name];
        let refresh = self.metadata().force_refresh(Some(&names));
        match tokio::time::timeout(self.config.request_timeout, refresh).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(self.failed(doing, &error)),
            Err(_) => return Err(self.failed(doing, &KrafkaError::timeout("metadata"))),
        }
        match self.metadata().topic_error(name) {
            None => Ok(self.metadata().topic_arc(name)),
            Some(ErrorCode::UnknownTopicOrPartition | ErrorCode::InvalidTopic) => Ok(None),
            Some(code) => Err(self.refused(doing, code)),
        }
    }

    /// As [`Self::fresh_topic`], from memory where it is there.
    pub async fn topic(&self, doing: &str, name: &str) -> Result<Arc<TopicInfo>> {
        if let Some(topic) = self.metadata().topic_arc(name) {
            return Ok(topic);
        }
        let topic = self.fresh_topic(doing, name).await?;
        topic.ok_or_else(|| self.unknown_topic(doing, name))
    }

    pub fn unknown_topic(&self, doing: &str, name: &str) -> Error {
        let servers = self.config.servers();
        Error::new(
            ErrorKind::UnknownTopic,
            format!("{doing}: there is no topic `{name}` at {servers}"),
        )
    }

    pub fn leader(&self, topic: &str, partition: PartitionId) -> Option<Leader> {
        let id = self.metadata().leader(topic, partition)?;
        let address = self.metadata().broker(id)?.address().to_owned();
        Some(Leader { id, address })
    }

    pub fn leader_epoch(&self, topic: &str, partition: PartitionId) -> i32 {
        self.metadata().leader_epoch(topic, partition).unwrap_or(-1)
    }
}

impl Lane {
    pub async fn connection(
        &self,
        leader: &Leader,
    ) -> krafka::error::Result<Arc<BrokerConnection>> {
        self.pool
            .get_connection_by_id(leader.id, &leader.address)
            .await
    }
}

/// One request and its answer.
pub(super) async fn ask<R: VersionedDecode>(
    connection: &BrokerConnection,
    key: ApiKey,
    version: i16,
    body: impl FnOnce(&mut BytesMut) -> krafka::error::Result<()>,
) -> krafka::error::Result<R> {
    let mut answer: Bytes = connection.send_request(key, version, body).await?;
    R::decode_versioned(version, &mut answer)
}

/// The highest version that both sides speak.
pub(super) fn version(
    connection: &BrokerConnection,
    key: ApiKey,
    low: i16,
    high: i16,
) -> krafka::error::Result<i16> {
    connection
        .negotiate_api_version(key, high, low)
        .ok_or_else(|| {
            KrafkaError::broker(
                ErrorCode::UnsupportedVersion,
                format!("{key:?} in none of the versions {low} to {high}"),
            )
        })
}

/// Waits longer with each failure, up to a bound; a success starts it again.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    most: Duration,
    next: Duration,
    until: Option<Instant>,
}

impl Backoff {
    pub fn new(config: &ClusterConfig) -> Self {
        let (first, most) = (config.retry_backoff, config.retry_backoff_max);
        Self {
            first,
            most,
            next: first,
            until: None,
        }
    }

    pub fn failed(&mut self) {
        self.until = Some(Instant::now() + self.next);
        self.next = (self.next * 2).min(self.most);
    }

    pub fn succeeded(&mut self) {
        self.until = None;
        self.next = self.first;
    }

    /// When it is time to try again; `None`: now.
    pub fn until(&self) -> Option<Instant> {
        self.until.filter(|until| *until > Instant::now())
    }
}
