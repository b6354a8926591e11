//! Checkpoints as earlier versions kept them: one small file for each query and partition, and one for its plan.
//!
//! ```text
//! CSAS_ALERTS_1.0.json      {"query":"CSAS_ALERTS_1","partition":0,"checkpoint":{…},"check":"…"}
//! CSAS_ALERTS_1.plan        what its owner wrote down about the query
//! ```
//!
//! What is there when the log is opened was written since the log was: it is taken in, and removed. So whoever goes back to
//! an earlier version, and comes again, goes on from where that one was.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::Path,
};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    cannot,
    line::{self, Entry, Told},
    log::Log,
};
use crate::Error;

/// A longer name was cut, and made unique by a hash of the whole: file systems take 255 bytes.
const LONGEST_NAME: usize = 120;

/// No checkpoint of positions comes near; a file that does is none of ours.
const LARGEST_FILE: u64 = 64 << 20;

/// What stands in a file. It names its owner, because the file's name may have been cut.
#[derive(Deserialize)]
struct Kept<'a> {
    query: String,
    partition: i32,
    /// Of the checkpoint's JSON: a bit that flipped in a number would still be JSON.
    check: String,
    #[serde(borrow)]
    checkpoint: &'a RawValue,
}

/// Takes into the log what is there. Gives the files that cannot be used, and why: that is their queries' trouble alone.
pub(super) fn take_in(folder: &Path, log: &mut Log) -> Result<BTreeMap<String, Error>, Error> {
    let names = names(folder).map_err(|error| cannot("read", folder, error))?;
    let (mut told, mut broken) = (Vec::new(), BTreeMap::new());
    let mut owners = BTreeMap::new();
    let (positions, plans): (Vec<_>, Vec<_>) =
        names.iter().partition(|name| name.ends_with(".json"));
    for name in positions {
        match position(&folder.join(name), name) {
            Ok(position) => {
                owners.insert(file_name(&position.query), position.query.clone());
                told.push(position);
            }
            Err(error) => drop(broken.insert(name.clone(), error)),
        }
    }
    for name in plans {
        let stem = name.trim_end_matches(".plan");
        let Some(owner) = owners.get(stem).cloned().or_else(|| query(stem)) else {
            let path = folder.join(name);
            let why = "its name was cut, and no checkpoint beside it tells whose it is";
            broken.insert(name.clone(), damaged(&path, why));
            continue;
        };
        match plan(&folder.join(name), &owner) {
            Ok(plan) => told.push(plan),
            Err(error) => drop(broken.insert(name.clone(), error)),
        }
    }
    log.append_many(&told)?;
    let taken = names.iter().filter(|name| !broken.contains_key(*name));
    let taken: Vec<_> = taken.map(|name| folder.join(name)).collect();
    taken.iter().try_for_each(|path| remove(path))?;
    if !taken.is_empty() {
        // What came back after a power cut would be taken for newer than what the log says by then.
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| cannot("sync", folder, error))?;
        tracing::info!(folder = %folder.display(), files = taken.len(), "what an earlier version kept is taken over");
    }
    Ok(broken)
}

pub(super) fn checkpoint_name(query: &str, partition: i32) -> String {
    format!("{}.{partition}.json", file_name(query))
}

pub(super) fn plan_name(query: &str) -> String {
    format!("{}.plan", file_name(query))
}

/// Whether a file is about a query.
pub(super) fn is_of(name: &str, query: &str) -> bool {
    let rest = name.strip_prefix(&file_name(query));
    rest.is_some_and(|rest| rest.starts_with('.'))
}

/// It is all the same who removed it.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot("remove", path, error)),
        _ => Ok(()),
    }
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") || name.ends_with(".plan") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn position(path: &Path, name: &str) -> Result<Told, Error> {
    let text = read(path)?;
    let kept: Kept<'_> = serde_json::from_slice(&text).map_err(|error| damaged(path, error))?;
    if name != checkpoint_name(&kept.query, kept.partition) {
        let owner = format!(
            "it belongs to query `{}`, partition {}",
            kept.query, kept.partition
        );
        return Err(damaged(path, owner));
    }
    if kept.check != hash(kept.checkpoint.get().as_bytes()) {
        return Err(damaged(path, "its check does not fit its content"));
    }
    Told::try_new(&Entry::position(
        &kept.query,
        kept.partition,
        kept.checkpoint,
    ))
}

fn plan(path: &Path, query: &str) -> Result<Told, Error> {
    let text = String::from_utf8(read(path)?).map_err(|error| damaged(path, error))?;
    Told::try_new(&Entry::plan(query, &text))
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let unreadable = |error| cannot("read", path, error);
    if fs::metadata(path).map_err(unreadable)?.len() > LARGEST_FILE {
        return Err(damaged(path, "it is too large"));
    }
    fs::read(path).map_err(unreadable)
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

/// The id that has this name; `None` where the name was cut, or is not one of ours.
fn query(name: &str) -> Option<String> {
    let mut id = Vec::new();
    let mut rest = name.as_bytes();
    while let [first, others @ ..] = rest {
        rest = others;
        match first {
            b'%' => {
                let (digits, others) = others.split_at_checked(2)?;
                let digits = std::str::from_utf8(digits).ok()?;
                id.push(u8::from_str_radix(digits, 16).ok()?);
                rest = others;
            }
            _ => id.push(*first),
        }
    }
    let id = String::from_utf8(id).ok()?;
    (file_name(&id) == name).then_some(id)
}

pub(super) fn hash(bytes: &[u8]) -> String {
    format!("{:016x}", line::check(bytes))
}

fn damaged(path: &Path, why: impl std::fmt::Display) -> Error {
    Error::external(format!(
        "checkpoint `{}` cannot be used: {why}; remove it to start the query anew, or restore it and start the program again",
        path.display()
    ))
}
