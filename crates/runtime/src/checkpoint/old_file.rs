//! Checkpoints as earlier versions kept them: one small file for each query and partition, and one for its plan.
//!
//! ```text
//! CSAS_ALERTS_1.0.json      {"query":"CSAS_ALERTS_1","partition":0,"checkpoint":{…},"check":"…"}
//! CSAS_ALERTS_1.plan        what its owner wrote down about the query
//! ```

use std::{fs, path::Path};

use serde::Deserialize;

use super::Checkpoint;
use crate::Error;

/// A longer name was cut, and made unique by a hash of the whole: file systems take 255 bytes.
const LONGEST_NAME: usize = 120;

/// No checkpoint of positions comes near; a file that does is none of ours.
const LARGEST_FILE: u64 = 64 << 20;

/// What stands in a file. It names its owner, because the file's name may have been cut.
#[derive(Deserialize)]
struct Kept {
    query: String,
    partition: i32,
    /// Of the checkpoint's JSON: a bit that flipped in a number would still be JSON.
    check: String,
    checkpoint: Box<serde_json::value::RawValue>,
}

/// What the names of all files of a query begin with.
pub(super) fn prefix(query: &str) -> String {
    format!("{}.", file_name(query))
}

pub(super) fn checkpoint_name(query: &str, partition: i32) -> String {
    format!("{}{partition}.json", prefix(query))
}

pub(super) fn plan_name(query: &str) -> String {
    format!("{}plan", prefix(query))
}

pub(super) fn load(path: &Path, query: &str, partition: i32) -> Result<Option<Checkpoint>, Error> {
    let unreadable = |error| Error::external(format!("cannot read `{}`: {error}", path.display()));
    let length = fs::metadata(path).map_err(unreadable)?.len();
    if length > LARGEST_FILE {
        return Err(damaged(path, "it is too large"));
    }
    let text = fs::read(path).map_err(unreadable)?;
    let kept: Kept = serde_json::from_slice(&text).map_err(|error| damaged(path, error))?;
    if (kept.query.as_str(), kept.partition) != (query, partition) {
        let owner = format!(
            "it belongs to query `{}`, partition {}",
            kept.query, kept.partition
        );
        return Err(damaged(path, owner));
    }
    if kept.check != hash(kept.checkpoint.get().as_bytes()) {
        return Err(damaged(path, "its check does not fit its content"));
    }
    let checkpoint = Checkpoint::from_json(kept.checkpoint.get().as_bytes());
    checkpoint.map(Some).map_err(|why| damaged(path, why))
}

/// An id as a file's name: different for different ids, also where case does not count, and free of points and slashes.
fn file_name(query: &str) -> String {
    let mut name = String::with_capacity(query.len());
    for byte in query.bytes() {
        match byte {
            b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => name.push(char::from(byte)),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    if name.len() > LONGEST_NAME {
        name.truncate(LONGEST_NAME);
        name.push('~');
        name.push_str(&hash(query.as_bytes()));
    }
    name
}

/// FNV-1a of 64 bits: the same in every version and process. Finds accidents, not forgers.
pub(super) fn hash(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn damaged(path: &Path, why: impl std::fmt::Display) -> Error {
    Error::external(format!(
        "checkpoint `{}` cannot be used: {why}; restore it, or remove it to start the query anew",
        path.display()
    ))
}
