//! A topic's settings, by Kafka's names and with Kafka's defaults. A name that Kafka does not know is refused; one that
//! means nothing inside one process (`min.insync.replicas`) is kept and has no effect.

use std::collections::BTreeMap;

use crate::{Error, ErrorKind, Result};

/// All settings of a topic in Kafka 4.
const NAMES: &[&str] = &[
    "cleanup.policy",
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.type",
    "compression.zstd.level",
    "delete.retention.ms",
    "file.delete.delay.ms",
    "flush.messages",
    "flush.ms",
    "follower.replication.throttled.replicas",
    "index.interval.bytes",
    "internal.segment.bytes",
    "leader.replication.throttled.replicas",
    "local.retention.bytes",
    "local.retention.ms",
    "max.compaction.lag.ms",
    "max.message.bytes",
    "message.timestamp.after.max.ms",
    "message.timestamp.before.max.ms",
    "message.timestamp.type",
    "min.cleanable.dirty.ratio",
    "min.compaction.lag.ms",
    "min.insync.replicas",
    "preallocate",
    "remote.log.copy.disable",
    "remote.log.delete.on.disable",
    "remote.storage.enable",
    "retention.bytes",
    "retention.ms",
    "segment.bytes",
    "segment.index.bytes",
    "segment.jitter.ms",
    "segment.ms",
    "unclean.leader.election.enable",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopicConfig {
    pub max_message_bytes: usize,
    pub timestamps: Timestamps,
    /// `None`: for ever.
    pub retention_ms: Option<i64>,
    /// Of each partition. `None`: however much there is.
    pub retention_bytes: Option<u64>,
    /// `None`: the broker's default.
    pub segment_bytes: Option<u64>,
    pub is_deleted_by_retention: bool,
    pub is_compacted: bool,
}

/// Whose timestamps records carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timestamps {
    Create,
    LogAppend,
}

impl TopicConfig {
    pub(crate) fn try_new(config: &BTreeMap<String, String>) -> Result<Self> {
        if let Some(name) = config.keys().find(|name| !NAMES.contains(&name.as_str())) {
            let reason = format!("unknown topic setting `{}`", name.escape_debug());
            return Err(Error::new(ErrorKind::Invalid, reason));
        }
        let policy = Policy::try_new(config)?;
        Ok(Self {
            max_message_bytes: max_message_bytes(config)?,
            timestamps: timestamps(config)?,
            retention_ms: limit(number(config, "retention.ms", -1, 604_800_000)?),
            retention_bytes: limit(number(config, "retention.bytes", -1, -1)?)
                .map(|bytes| bytes as u64),
            segment_bytes: limit(number(config, "segment.bytes", 14, -1)?)
                .map(|bytes| bytes as u64),
            is_deleted_by_retention: policy.delete,
            is_compacted: policy.compact,
        })
    }
}

struct Policy {
    delete: bool,
    compact: bool,
}

impl Policy {
    fn try_new(config: &BTreeMap<String, String>) -> Result<Self> {
        let name = "cleanup.policy";
        let value = config.get(name).map_or("delete", String::as_str);
        let mut policy = Self {
            delete: false,
            compact: false,
        };
        for word in value.split(',') {
            match word.trim() {
                "delete" => policy.delete = true,
                "compact" => policy.compact = true,
                _ => return Err(invalid(name, value, "`delete`, `compact` or both")),
            }
        }
        Ok(policy)
    }
}

fn max_message_bytes(config: &BTreeMap<String, String>) -> Result<usize> {
    let name = "max.message.bytes";
    let bytes = number(config, name, 0, 1_048_588)?;
    let bytes = i32::try_from(bytes).map_err(|_| {
        let expected = format!("a whole number, at most {}", i32::MAX);
        invalid(name, &bytes.to_string(), &expected)
    })?;
    Ok(bytes as usize)
}

fn timestamps(config: &BTreeMap<String, String>) -> Result<Timestamps> {
    let name = "message.timestamp.type";
    match config.get(name).map_or("CreateTime", String::as_str) {
        "CreateTime" => Ok(Timestamps::Create),
        "LogAppendTime" => Ok(Timestamps::LogAppend),
        other => Err(invalid(name, other, "`CreateTime` or `LogAppendTime`")),
    }
}

fn number(config: &BTreeMap<String, String>, name: &str, least: i64, default: i64) -> Result<i64> {
    let Some(value) = config.get(name) else {
        return Ok(default);
    };
    let number = value.trim().parse::<i64>().ok();
    number
        .filter(|number| *number >= least)
        .ok_or_else(|| invalid(name, value, &format!("a whole number, at least {least}")))
}

/// −1 stands for no limit.
fn limit(value: i64) -> Option<i64> {
    (value >= 0).then_some(value)
}

fn invalid(name: &str, value: &str, expected: &str) -> Error {
    let value = value.escape_debug();
    let reason = format!("`{name}` is {expected}, not `{value}`");
    Error::new(ErrorKind::Invalid, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(settings: &[(&str, &str)]) -> Result<TopicConfig> {
        let settings = settings.iter();
        TopicConfig::try_new(
            &settings
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn defaults_are_kafkas() {
        let config = parse(&[]).unwrap();
        assert_eq!(config.max_message_bytes, 1_048_588);
        assert_eq!(config.retention_ms, Some(7 * 24 * 3600 * 1000));
        assert_eq!(config.retention_bytes, None);
        assert!(config.is_deleted_by_retention && !config.is_compacted);
        assert_eq!(config.timestamps, Timestamps::Create);
    }

    #[test]
    fn settings_are_read() {
        let config = parse(&[
            ("retention.ms", "-1"),
            ("retention.bytes", " 100 "),
            ("cleanup.policy", "compact,delete"),
            ("message.timestamp.type", "LogAppendTime"),
            ("min.insync.replicas", "2"),
        ]);
        let config = config.unwrap();
        assert_eq!(config.retention_ms, None);
        assert_eq!(config.retention_bytes, Some(100));
        assert!(config.is_deleted_by_retention && config.is_compacted);
        assert_eq!(config.timestamps, Timestamps::LogAppend);
    }

    #[test]
    fn what_kafka_refuses_is_refused() {
        let cases = [
            ("retention.m", "1", "unknown topic setting `retention.m`"),
            (
                "max.message.bytes",
                "-1",
                "`max.message.bytes` is a whole number, at least 0, not `-1`",
            ),
            (
                "cleanup.policy",
                "keep",
                "`cleanup.policy` is `delete`, `compact` or both, not `keep`",
            ),
            (
                "message.timestamp.type",
                "now",
                "`message.timestamp.type` is `CreateTime` or `LogAppendTime`, not `now`",
            ),
        ];
        for (name, value, expected) in cases {
            let error = parse(&[(name, value)]).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Invalid);
            assert_eq!(error.message, expected);
        }
    }
}
