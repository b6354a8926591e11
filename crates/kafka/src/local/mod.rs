//! What the two brokers inside the process share: the rules that Kafka has for names, settings and sizes, and how a
//! waiting reader is woken. Whatever a broker says by this module, the other one says in the same words.

mod bell;
mod groups;
mod name;
mod reader;
mod size;
mod topic_config;

pub(crate) use bell::Bell;
pub(crate) use groups::Groups;
pub(crate) use name::check_topic_name;
pub(crate) use reader::{Fetched, LocalReader, Source, assigned_twice, out_of_range};
pub(crate) use size::{batch_size, check_size, field_size, header_size, varint_size, zigzag};
pub(crate) use topic_config::{Timestamps, TopicConfig};

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Error, ErrorKind, NewTopic, PartitionId, Result, Timestamp};

/// The most partitions that a topic may have in this process.
pub(crate) const PARTITIONS_LIMIT: i32 = 10_000;

/// How much one event of a reader holds, unless a single record is larger.
pub(crate) const FETCH_BYTES: usize = 1 << 20;
pub(crate) const FETCH_RECORDS: usize = 4_000;

/// Locks; what a panicking holder left is taken as it is, since no lock here is held across a step that may panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number of partitions and the settings of a topic that may be created.
pub(crate) fn check_new_topic(topic: &NewTopic) -> Result<(i32, TopicConfig)> {
    check_topic_name(&topic.name)?;
    let partitions = if topic.partitions == -1 {
        1
    } else {
        topic.partitions
    };
    if partitions < 1 {
        return Err(Error::new(
            ErrorKind::Invalid,
            "the number of partitions must be larger than 0",
        ));
    }
    check_partitions(partitions)?;
    if topic.replicas != -1 && topic.replicas != 1 {
        let replicas = topic.replicas;
        let reason = format!("there is one broker, so 1 replica, not {replicas}");
        return Err(Error::new(ErrorKind::Invalid, reason));
    }
    Ok((partitions, TopicConfig::try_new(&topic.config)?))
}

/// Whether a topic of `current` partitions may be raised to `total`.
pub(crate) fn check_raise(topic: &str, current: i32, total: i32) -> Result<()> {
    if total <= current {
        let reason = format!("topic `{topic}` has {current} partitions; {total} is no increase");
        return Err(Error::new(ErrorKind::Invalid, reason));
    }
    check_partitions(total)
}

fn check_partitions(total: i32) -> Result<()> {
    if total <= PARTITIONS_LIMIT {
        return Ok(());
    }
    let reason =
        format!("{total} partitions are more than the {PARTITIONS_LIMIT} that a topic may have");
    Err(Error::new(ErrorKind::Invalid, reason))
}

pub(crate) fn unknown_topic(topic: &str) -> Error {
    Error::new(
        ErrorKind::UnknownTopic,
        format!("topic `{topic}` does not exist"),
    )
}

pub(crate) fn unknown_partition(topic: &str, partition: PartitionId) -> Error {
    let reason = format!("topic `{topic}` has no partition {partition}");
    Error::new(ErrorKind::UnknownTopic, reason)
}

pub(crate) fn topic_exists(topic: &str) -> Error {
    Error::new(
        ErrorKind::TopicExists,
        format!("topic `{topic}` already exists"),
    )
}

pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Unavailable, "the broker is closed")
}

pub(crate) fn no_groups() -> Error {
    let reason = "a reader cannot join a group yet; assign it its partitions";
    Error::new(ErrorKind::Unsupported, reason)
}

/// The machine's clock, for `LogAppendTime`.
pub(crate) fn system_time() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |elapsed| elapsed.as_millis() as Timestamp)
}
