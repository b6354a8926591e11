//! What a broker refuses or cannot do, in terms that a caller can act on.

use crate::TopicPartition;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub kind: ErrorKind,
    pub message: String,
    /// Where it happened, if the caller could not know: a reader may have many partitions.
    pub partition: Option<TopicPartition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    UnknownTopic,
    TopicExists,
    OffsetOutOfRange,
    /// The batch, or one record in it, is larger than the topic takes.
    TooLarge,
    /// A name, number or setting that the broker does not take.
    Invalid,
    /// Who we are, or what we may do.
    Unauthorized,
    /// The broker cannot be reached or is not ready: the same call may succeed later.
    Unavailable,
    /// The disk is full or failing.
    Storage,
    /// Another process has it.
    InUse,
    Unsupported,
    /// Bytes that are not what the protocol or the file format says.
    Corrupt,
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            partition: None,
        }
    }

    /// The same error, and the partition that it concerns.
    #[must_use]
    pub fn at(mut self, partition: &TopicPartition) -> Self {
        self.partition = Some(partition.clone());
        self
    }

    /// Whether the same call may succeed later with nobody's help.
    pub fn is_retriable(&self) -> bool {
        matches!(self.kind, ErrorKind::Unavailable | ErrorKind::Storage)
    }
}
