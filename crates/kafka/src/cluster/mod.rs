//! Any Apache Kafka: read committed, written idempotently, administered; with TLS and SASL as Kafka's own clients have them.
//!
//! ```text
//! config, security, jaas, pem   Kafka's property names → how to reach the cluster
//! link, together                connections, metadata
//! reader ← fetch ← batch, codec bytes from the wire → records
//! writer → produce → batch      records → bytes, acknowledged
//! admin                         topics, offsets, groups
//! failure                       what Kafka says → Error
//! ```
//!
//! krafka has the connections (TLS, SASL, versions, metadata) and the messages; what is read and written, and what an answer
//! means, is decided here. `docs/kafka.md` says what is promised and what is not supported.

mod admin;
mod batch;
mod codec;
mod config;
mod failure;
mod fetch;
mod jaas;
mod link;
mod pem;
mod produce;
mod reader;
mod security;
mod together;
mod writer;

use std::{fmt, sync::Arc};

use async_trait::async_trait;

pub use self::{
    codec::Compression,
    config::{Acks, ClusterConfig, Secret},
    security::Security,
};
use self::{link::Link, reader::ClusterReader, writer::ClusterWriter};
use crate::{
    Broker, Error, ErrorKind, NewTopic, Offset, OffsetSpec, PartitionId, Reader, Result,
    Subscription, Topic, TopicPartition, Writer, broker::ConsumerGroup,
};

/// A cluster that other processes use too.
pub struct ClusterBroker {
    link: Arc<Link>,
}

impl ClusterBroker {
    /// [`ErrorKind::Unavailable`] when no server answers; [`ErrorKind::Unauthorized`] when one does and refuses us.
    pub async fn connect(config: ClusterConfig) -> Result<Self> {
        let link = Link::connect(config).await?;
        Ok(Self { link })
    }

    pub fn config(&self) -> &ClusterConfig {
        &self.link.config
    }
}

impl fmt::Debug for ClusterBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClusterBroker")
            .field(&self.link.config.servers())
            .finish()
    }
}

#[async_trait]
impl Broker for ClusterBroker {
    async fn cluster_id(&self) -> Result<String> {
        self.link.metadata().cluster_id().ok_or_else(|| {
            let servers = self.link.config.servers();
            Error::new(
                ErrorKind::Unavailable,
                format!("the Kafka cluster at {servers} has not told its id"),
            )
        })
    }

    async fn topics(&self) -> Result<Vec<Topic>> {
        admin::topics(&self.link).await
    }

    async fn topic(&self, name: &str) -> Result<Option<Topic>> {
        admin::topic(&self.link, name).await
    }

    async fn create_topic(&self, topic: &NewTopic) -> Result<Topic> {
        admin::create_topic(&self.link, topic).await
    }

    async fn delete_topic(&self, name: &str) -> Result<()> {
        admin::delete_topic(&self.link, name).await
    }

    async fn add_partitions(&self, name: &str, total: i32) -> Result<()> {
        admin::add_partitions(&self.link, name, total).await
    }

    async fn offsets(
        &self,
        topic: &str,
        partitions: &[PartitionId],
        spec: OffsetSpec,
    ) -> Result<Vec<Offset>> {
        admin::offsets(&self.link, topic, partitions, spec).await
    }

    async fn reader(&self, subscription: Subscription) -> Result<Box<dyn Reader>> {
        match subscription {
            Subscription::Assign(partitions) => Ok(Box::new(
                ClusterReader::try_new(&self.link, partitions).await?,
            )),
            Subscription::Join { group, .. } => Err(Error::new(
                ErrorKind::Unsupported,
                format!("joining group `{group}`: Weir assigns partitions itself"),
            )),
        }
    }

    async fn writer(&self, _id: &str) -> Result<Box<dyn Writer>> {
        Ok(Box::new(ClusterWriter::new(&self.link)))
    }

    async fn set_group_offsets(
        &self,
        group: &str,
        positions: &[(TopicPartition, Offset)],
    ) -> Result<()> {
        admin::set_group_offsets(&self.link, group, positions).await
    }

    async fn consumer_groups(&self) -> Result<Vec<ConsumerGroup>> {
        admin::consumer_groups(&self.link).await
    }

    async fn close(&self) -> Result<()> {
        // Readers and writers close their own connections as they are let go; nothing waits to be written.
        self.link.close().await;
        Ok(())
    }
}
