//! What a format cannot do at all, found before any record is seen.

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// In ksqlDB's words where the reference gives them.
    pub message: String,
}
