//! What went wrong with a record, for the processing log (ksqlDB's section "Processing log").

use weir_kafka::{Offset, PartitionId};

#[derive(Debug, Clone)]
pub struct ProcessingLogEntry {
    /// `processing.<query id>.<step>`.
    pub logger: String,
    /// Milliseconds since 1970.
    pub time: i64,
    pub query: String,
    pub topic: String,
    pub partition: PartitionId,
    pub offset: Offset,
    pub problem: Problem,
}

#[derive(Debug, Clone)]
pub enum Problem {
    /// Type 0: the key or the value could not be decoded.
    Deserialization {
        target: Target,
        kind: &'static str,
        message: String,
        /// The bytes; shown only if the log may include rows.
        record: Option<bytes::Bytes>,
    },
    /// Type 1: an expression failed for a row.
    Processing { message: String },
    /// Type 2: the broker refused a record for good.
    Production { message: String },
    /// Type 3: a row could not be encoded.
    Serialization { target: Target, message: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Key,
    Value,
}
