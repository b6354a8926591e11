//! Why a query cannot start or go on.

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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

impl Error {
    pub fn user(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::User,
            message: message.into(),
        }
    }

    pub fn external(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::External,
            message: message.into(),
        }
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::Internal,
            message: message.into(),
        }
    }
}

/// A plan was made before its query came here; what is made of it again is the same.
impl From<weir_plan::Error> for Error {
    fn from(error: weir_plan::Error) -> Self {
        Self::internal(format!(
            "the query cannot be planned again: {}",
            error.message
        ))
    }
}

impl From<weir_kafka::Error> for Error {
    fn from(error: weir_kafka::Error) -> Self {
        Self::external(error.message)
    }
}

/// Expressions are total, so that evaluating one fails by a defect only.
impl From<datafusion_common::DataFusionError> for Error {
    fn from(error: datafusion_common::DataFusionError) -> Self {
        Self::internal(format!("an expression failed: {}", error.strip_backtrace()))
    }
}

impl From<arrow::error::ArrowError> for Error {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::internal(format!("columns do not fit together: {error}"))
    }
}
