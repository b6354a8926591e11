//! How keys and values stand in a record's bytes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Window;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Format {
    None,
    Kafka,
    Delimited,
    Json,
}

/// A format and what the WITH clause says of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FormatSpec {
    pub format: Format,
    /// DELIMITED only; a comma unless said otherwise.
    pub delimiter: Option<char>,
    /// Whether a single value column stands inside an object. Keys of one column never do.
    pub wrap_single: bool,
    /// Of keys only: each has a window behind it.
    pub window: Option<Window>,
}

impl FormatSpec {
    /// JSON, wrapped.
    pub fn json() -> Self {
        Self {
            format: Format::Json,
            delimiter: None,
            wrap_single: true,
            window: None,
        }
    }

    pub fn kafka() -> Self {
        Self {
            format: Format::Kafka,
            delimiter: None,
            wrap_single: false,
            window: None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "NONE",
            Self::Kafka => "KAFKA",
            Self::Delimited => "DELIMITED",
            Self::Json => "JSON",
        })
    }
}
