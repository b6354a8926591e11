//! JSON, as ksqlDB reads and writes it (reference, "Formats").
//!
//! Reading is by schema: a tree of the members that were asked for meets the document in one pass; all else is skipped,
//! though checked. A member is found by its exact name, else by its name in upper case; of equals the last one wins.

mod decoder;
mod encoder;
mod scalar;
mod text;
mod tree;

pub use decoder::JsonDecoder;
pub use encoder::JsonEncoder;
