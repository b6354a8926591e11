//! How a line of the log is written and read.
//!
//! ```text
//! {"checkpoints":2}
//! a38f8f2e01f9c1d4 0000000000000000 [{"query":"CSAS_ALERTS_1","partition":0,"checkpoint":{…}},{"query":"SIGMA_2",…}]
//! 0c1af2e9d5b1a7c3 5e11c0de7a90b3f2 [{"query":"SIGMA_2","plan":"…"}]    what its owner wrote down about the query
//! 93dd0b6f8e1b24f7 91b2ffe0347a8cd5 [{"query":"CSAS_ALERTS_1"}]         the query is forgotten
//! ────── check of  ────── sum of    ────── entries
//!        the rest         what held
//!                         before
//! ```
//!
//! The sum tells whether a line matters that cannot be read: where what was read adds up to the sum of a later line, what
//! could not be read does not hold any more.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::Error;

/// Of the log; another one is refused.
pub(super) const VERSION: u32 = 2;

/// A check and a space, or a sum and a space.
const NUMBER: usize = 17;

/// The first line.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    pub checkpoints: u32,
}

/// What is said about a query.
#[derive(Serialize, Deserialize)]
pub(super) struct Entry<'a> {
    pub query: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<i32>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Position(i32),
    Plan,
    Forgotten,
}

/// An entry as it stands in a line.
#[derive(Debug)]
pub(super) struct Told {
    pub query: String,
    pub what: What,
    pub text: String,
}

/// A line that is as it was written.
pub(super) struct Line<'a> {
    pub sum: u64,
    pub entries: Vec<&'a RawValue>,
}

impl<'a> Entry<'a> {
    pub fn position(query: &'a str, partition: i32, checkpoint: &'a RawValue) -> Self {
        Self {
            partition: Some(partition),
            checkpoint: Some(checkpoint),
            ..Self::forgotten(query)
        }
    }

    pub fn plan(query: &'a str, plan: &str) -> Self {
        Self {
            plan: Some(plan.to_owned()),
            ..Self::forgotten(query)
        }
    }

    pub fn forgotten(query: &'a str) -> Self {
        Self {
            query: query.into(),
            partition: None,
            checkpoint: None,
            plan: None,
        }
    }

    pub fn what(&self) -> What {
        match (self.partition, &self.plan) {
            (Some(partition), _) => What::Position(partition),
            (None, Some(_)) => What::Plan,
            (None, None) => What::Forgotten,
        }
    }
}

impl Told {
    pub fn try_new(entry: &Entry<'_>) -> Result<Self, Error> {
        let text = serde_json::to_string(entry);
        Ok(Self {
            query: entry.query.clone().into_owned(),
            what: entry.what(),
            text: text.map_err(|error| {
                Error::internal(format!("checkpoint of `{}`: {error}", entry.query))
            })?,
        })
    }
}

/// Entries as a line, and where each of them begins in it. `sum`: of what holds before it.
pub(super) fn write<'a>(sum: u64, entries: impl Iterator<Item = &'a str>) -> (String, Vec<usize>) {
    let mut text = format!("{sum:016x} ");
    let mut offsets = Vec::new();
    for entry in entries {
        text.push(if offsets.is_empty() { '[' } else { ',' });
        offsets.push(NUMBER + text.len());
        text.push_str(entry);
    }
    text.push(']');
    let check = check(text.as_bytes());
    (format!("{check:016x} {text}\n"), offsets)
}

/// `None` if it is not as it was written.
pub(super) fn read(line: &[u8]) -> Option<Line<'_>> {
    let (known, text) = number(line)?;
    let (sum, entries) = number(text)?;
    if known != check(text) {
        return None;
    }
    let entries = serde_json::from_slice(entries).ok()?;
    Some(Line { sum, entries })
}

/// Whether a line that was written whole begins here, and does not end where it did.
pub(super) fn is_followed(text: &[u8]) -> bool {
    let Some((known, text)) = number(text) else {
        return false;
    };
    let Some((_, entries)) = number(text) else {
        return false;
    };
    let mut values = serde_json::Deserializer::from_slice(entries).into_iter::<&RawValue>();
    let Some(Ok(value)) = values.next() else {
        return false;
    };
    let length = NUMBER + value.get().len();
    let whole = text.get(..length).unwrap_or_default();
    known == check(whole) && text.len() > length
}

pub(super) fn head() -> Result<String, Error> {
    let head = Head {
        checkpoints: VERSION,
    };
    let head = serde_json::to_string(&head);
    head.map(|head| head + "\n")
        .map_err(|error| Error::internal(format!("checkpoints: {error}")))
}

/// FNV-1a of 64 bits: the same in every version and process. Finds accidents, not forgers.
pub(super) fn check(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A number at the beginning, and what follows it.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = text.split_at_checked(NUMBER)?;
    let digits = std::str::from_utf8(number.strip_suffix(b" ")?).ok()?;
    let is_digit = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    if !digits.bytes().all(is_digit) {
        return None;
    }
    Some((u64::from_str_radix(digits, 16).ok()?, rest))
}
