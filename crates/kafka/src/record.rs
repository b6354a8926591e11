//! Records as a broker keeps them. Keys, values and headers are slices of shared buffers: cloning one copies no bytes.

use bytes::Bytes;

/// A partition's number within its topic, from 0.
pub type PartitionId = i32;

/// A record's place in its partition, from 0.
pub type Offset = i64;

/// Milliseconds since 1970, negative before.
pub type Timestamp = i64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub offset: Offset,
    /// What the producer gave, or when the broker took it, as the topic's `message.timestamp.type` says.
    pub timestamp: Timestamp,
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    pub headers: Vec<Header>,
}

/// In the order of the record; keys may repeat, values may be null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub key: String,
    pub value: Option<Bytes>,
}

/// A record to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecord {
    pub timestamp: Timestamp,
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    pub headers: Vec<Header>,
}

impl NewRecord {
    /// A record of this moment: a value, without a key and headers.
    pub fn value(value: impl Into<Bytes>) -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self {
            timestamp: since.map_or(0, |elapsed| elapsed.as_millis() as Timestamp),
            key: None,
            value: Some(value.into()),
            headers: Vec::new(),
        }
    }

    /// The bytes that the record takes in a batch, at most.
    pub fn size_estimate(&self) -> usize {
        let headers: usize = self
            .headers
            .iter()
            .map(|header| header.key.len() + header.value.as_ref().map_or(0, Bytes::len) + 10)
            .sum();
        let key = self.key.as_ref().map_or(0, Bytes::len);
        let value = self.value.as_ref().map_or(0, Bytes::len);
        key + value + headers + 40
    }
}

/// Records of one partition as they were fetched: in the order of their offsets, which may have gaps.
#[derive(Debug, Clone, Default)]
pub struct FetchedBatch {
    pub records: Vec<Record>,
}
