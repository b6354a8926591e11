//! Windows in keys: what a topic of a windowed table's changes has behind each key.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How the windows of a topic's keys were made (`WINDOW_TYPE`, `WINDOW_SIZE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Window {
    Session,
    /// Every so many milliseconds a window begins, and the one before ends.
    Tumbling {
        size_ms: i64,
    },
    /// So many milliseconds long; windows overlap.
    Hopping {
        size_ms: i64,
    },
}

impl Window {
    /// How long each is; sessions are as long as they last.
    pub fn size_ms(self) -> Option<i64> {
        match self {
            Self::Session => None,
            Self::Tumbling { size_ms } | Self::Hopping { size_ms } => Some(size_ms),
        }
    }

    /// `SESSION windows`, `TUMBLING windows of 10000 ms`.
    pub fn described(self) -> String {
        let size = self.size_ms();
        let size = size.map_or(String::new(), |size| format!(" of {size} ms"));
        format!("{self} windows{size}")
    }
}

/// `SESSION`, `TUMBLING`, `HOPPING`.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Session => "SESSION",
            Self::Tumbling { .. } => "TUMBLING",
            Self::Hopping { .. } => "HOPPING",
        })
    }
}
