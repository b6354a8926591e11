//! Bytes to Arrow columns and back: JSON, DELIMITED, KAFKA, NONE. Knows no Kafka.
//!
//! ```text
//! key or value bytes ── Decoder ──▶ columns that were asked for + misfits
//! columns of a schema ── Encoder ──▶ key or value bytes
//! ```

pub mod bad_record;
mod column;
mod decode;
mod delimited;
mod encode;
mod error;
mod json;
mod kafka;
mod number;
pub mod window;

pub use bad_record::{BadRecord, Misfit};
pub use decode::{ColumnPath, ColumnRequest, Decoded, Decoder};
pub use encode::{Encoded, Encoder, rows_of_nulls};
pub use error::Error;
