//! Records, and fields of them, that are not what the declaration says.

use std::fmt;

/// A value that does not fit, found while decoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The record's index in the slice that was decoded.
    pub row: usize,
    /// Which of the requested columns it spoils; `None` if the record is not in the format at all and so bad for every query.
    /// A misfit that spoils several columns is listed once for each.
    pub column: Option<usize>,
    pub reason: BadRecord,
}

/// Why a record is bad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRecord {
    /// A few, for counters: `not_json`, `type_mismatch`, `too_deep`, `column_count`, …
    pub kind: &'static str,
    /// For people: what was found, what was expected, and where. Holds at most 200 bytes of the record's content.
    pub message: String,
}

impl BadRecord {
    pub fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// `found` is content: it is cut, and what could move a terminal is replaced.
    pub fn mismatch(name: &str, expected: &str, found: &str) -> Self {
        Self::new(
            "type_mismatch",
            match name {
                "" => format!("the value should be {expected}, but is {}", excerpt(found)),
                _ => format!("`{name}` should be {expected}, but is {}", excerpt(found)),
            },
        )
    }
}

/// At most 120 characters of hostile text; what could move a terminal is escaped.
pub fn excerpt(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(120) {
        if shown.len() >= 180 {
            break;
        }
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            other => shown.extend(other.escape_debug()),
        }
    }
    if text.chars().nth(120).is_some() {
        shown.push('…');
    }
    shown
}

impl fmt::Display for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
