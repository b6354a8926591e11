//! Why a query cannot start or go on.

#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub kind: ErrorKind,
    pub message: String,
}

/// Who must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The statement or its data.
    User,
    /// The broker or the disk; it is tried again.
    External,
    /// A defect of ours.
    Internal,
}
