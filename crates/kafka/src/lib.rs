//! Bytes in, bytes out: the [`Broker`] trait and its three implementations. Knows no Arrow.
//!
//! | broker | where the topics are |
//! | --- | --- |
//! | [`cluster`] | any Apache Kafka |
//! | [`embedded`] | in this process, durable in a data folder |
//! | [`memory`] | in this process, gone with it; for tests and pipes |
//!
//! **Invariant:** nothing outside this crate can tell, but for speed, which of them it talks to. One contract test
//! (`tests/contract/`) runs over all three.

pub mod broker;
pub mod cluster;
pub mod embedded;
mod error;
mod local;
pub mod memory;
pub mod partitioner;
pub mod record;

pub use broker::{
    Broker, ConsumerGroup, NewTopic, OffsetSpec, Reader, ReaderEvent, Subscription, Topic,
    TopicPartition, Writer,
};
pub use embedded::{EmbeddedBroker, EmbeddedOptions};
pub use error::{Error, ErrorKind, Result};
pub use memory::MemoryBroker;
pub use record::{FetchedBatch, Header, NewRecord, Offset, PartitionId, Record, Timestamp};
