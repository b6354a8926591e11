//! The configuration that there is, by ksqlDB's names (reference, "Configuration").

use std::collections::BTreeMap;

use regex::Regex;
use weir_plan::bind::Scope;

use crate::{Error, execute::READ_ONLY};

/// Whether SET may change it for a query, or only the server's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// SET may.
    Query,
    /// Only the configuration may.
    Server,
}

/// Name, default, level.
pub const KNOWN: &[(&str, &str, Level)] = &[
    ("auto.offset.reset", "latest", Level::Query),
    ("bootstrap.servers", "", Level::Server),
    ("buffered.records.per.partition", "1000", Level::Query),
    ("cache.max.bytes.buffering", "0", Level::Query),
    ("commit.interval.ms", "2000", Level::Query),
    ("ksql.assert.topic.default.timeout.ms", "1000", Level::Query),
    ("ksql.cast.strings.preserve.nulls", "true", Level::Query),
    ("ksql.create.or.replace.enabled", "true", Level::Server),
    (
        "ksql.create.topic.inherit.source.replicas.enabled",
        "true",
        Level::Server,
    ),
    ("ksql.fail.on.deserialization.error", "false", Level::Query),
    ("ksql.headers.columns.enabled", "true", Level::Server),
    ("ksql.insert.into.values.enabled", "true", Level::Server),
    ("ksql.lambdas.enabled", "true", Level::Query),
    (
        "ksql.logging.processing.rows.include",
        "false",
        Level::Server,
    ),
    (
        "ksql.logging.processing.stream.auto.create",
        "true",
        Level::Server,
    ),
    (
        "ksql.logging.processing.topic.auto.create",
        "true",
        Level::Server,
    ),
    ("ksql.nested.error.set.null", "true", Level::Query),
    // ksqlDB's older planner has the key columns in the source's order, its newer one in that of the select list.
    ("ksql.new.query.planner.enabled", "false", Level::Query),
    ("ksql.output.topic.name.prefix", "", Level::Server),
    (
        "ksql.persistence.default.format.key",
        "KAFKA",
        Level::Server,
    ),
    ("ksql.persistence.default.format.value", "", Level::Server),
    ("ksql.persistence.wrap.single.values", "", Level::Server),
    (
        "ksql.query.persistent.active.limit",
        "2147483647",
        Level::Server,
    ),
    ("ksql.query.pull.limit.clause.enabled", "true", Level::Query),
    ("ksql.query.pull.range.scan.enabled", "true", Level::Query),
    ("ksql.query.pull.stream.enabled", "true", Level::Query),
    ("ksql.query.push.v2.enabled", "false", Level::Query),
    (
        "ksql.query.pull.max.allowed.offset.lag",
        "9223372036854775807",
        Level::Query,
    ),
    ("ksql.query.pull.table.scan.enabled", "true", Level::Query),
    ("ksql.query.retry.backoff.initial.ms", "500", Level::Server),
    ("ksql.query.retry.backoff.max.ms", "60000", Level::Query),
    ("ksql.readonly.topics", READ_ONLY, Level::Server),
    (
        "ksql.server.command.response.timeout.ms",
        "5000",
        Level::Server,
    ),
    ("ksql.max.push.queries", "100", Level::Server),
    ("ksql.service.id", "default_", Level::Server),
    ("ksql.timestamp.throw.on.invalid", "false", Level::Query),
    ("ksql.variable.substitution.enable", "true", Level::Server),
    ("max.task.idle.ms", "0", Level::Query),
    ("processing.guarantee", "at_least_once", Level::Server),
    ("task.timeout.ms", "300000", Level::Query),
    ("weir.metrics.partitions.max", "2000", Level::Server),
    ("weir.metrics.queries.max", "2000", Level::Server),
    ("weir.rules.index.enable", "true", Level::Query),
    ("weir.rules.raw.filter", "true", Level::Query),
    ("weir.sink.origin.headers", "false", Level::Query),
];

/// What decides a stream's topic and formats when its statement is accepted, and must not change when it is read again.
pub const DECIDED_ONCE: &[&str] = &[
    "ksql.new.query.planner.enabled",
    "ksql.output.topic.name.prefix",
    "ksql.persistence.default.format.key",
    "ksql.persistence.default.format.value",
    "ksql.persistence.wrap.single.values",
];

/// Known, so that files and scripts for ksqlDB work, and without effect in this version.
pub(crate) const WITHOUT_EFFECT: &[&str] = &[
    "buffered.records.per.partition",
    "cache.max.bytes.buffering",
    "ksql.cast.strings.preserve.nulls",
    "ksql.fail.on.deserialization.error",
    "ksql.nested.error.set.null",
    "ksql.query.persistent.active.limit",
    "ksql.query.pull.max.allowed.offset.lag",
    "ksql.query.pull.range.scan.enabled",
    "ksql.query.pull.stream.enabled",
    "ksql.query.pull.table.scan.enabled",
    "max.task.idle.ms",
    "task.timeout.ms",
];

/// Whether a value asks for something that this version does not do.
pub fn is_without_effect(name: &str, value: &str) -> bool {
    let default = KNOWN.iter().find(|(known, ..)| *known == name);
    WITHOUT_EFFECT.contains(&name) && default.is_some_and(|(_, default, _)| *default != value)
}

/// The name without the prefixes that mean the same.
pub fn plain_name(name: &str) -> &str {
    let name = name.strip_prefix("ksql.streams.").unwrap_or(name);
    name.strip_prefix("consumer.")
        .or_else(|| name.strip_prefix("producer."))
        .unwrap_or(name)
}

/// The name of a property that SET may change, or why not.
pub fn settable(name: &str) -> Result<&str, Error> {
    let plain = plain_name(name);
    match KNOWN.iter().find(|(known, ..)| *known == plain) {
        Some((known, _, Level::Query)) => Ok(known),
        Some((known, _, Level::Server)) => Err(Error::user(format!(
            "One or more properties overrides set locally are prohibited by the KSQL server (use UNSET to reset their default value): [{known}]"
        ))
        .hint("it belongs into the configuration file, or behind --set")),
        None => {
            let mut error = Error::user(format!("Unknown property: {name}"));
            let known: Vec<&str> = KNOWN.iter().map(|(known, ..)| *known).collect();
            error.hint = Scope::nearest_property(plain, &known);
            Err(error)
        }
    }
}

/// Whether a value must never be shown.
pub fn is_secret(name: &str) -> bool {
    let lower = name.to_lowercase();
    [
        "password",
        "secret",
        "jaas",
        "token",
        "keystore.key",
        "credential",
        "user.info",
        "api.key",
        "private",
        "passphrase",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// Whether a property is the engine's.
pub fn is_for_engine(name: &str) -> bool {
    KNOWN.iter().any(|(known, ..)| *known == name)
}

/// Defaults, and over them what was configured.
pub fn with_defaults(configured: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = KNOWN
        .iter()
        .filter(|(_, default, _)| !default.is_empty())
        .map(|(name, default, _)| ((*name).to_owned(), (*default).to_owned()))
        .collect();
    all.extend(
        configured
            .iter()
            .map(|(name, value)| (plain_name(name).to_owned(), value.clone())),
    );
    all
}

/// Checks a value that SET or the configuration gives.
pub fn check_value(name: &str, value: &str) -> Result<(), Error> {
    let refuse = |expected: &str| {
        Err(Error::user(format!(
            "Invalid value {value} for configuration {name}: expected {expected}"
        )))
    };
    let default = KNOWN
        .iter()
        .find(|(known, ..)| *known == name)
        .map_or("", |(_, default, _)| default);
    if name == "auto.offset.reset"
        && !["earliest", "latest"].contains(&value.to_lowercase().as_str())
    {
        return refuse("earliest or latest");
    }
    if ["true", "false"].contains(&default)
        && !["true", "false"].contains(&value.to_lowercase().as_str())
    {
        return refuse("true or false");
    }
    if name == "processing.guarantee" && value != "at_least_once" {
        return refuse("at_least_once, which is what there is in this version");
    }
    if name == "ksql.readonly.topics"
        && let Some(pattern) = value
            .split(',')
            .find(|name| Regex::new(name.trim()).is_err())
    {
        return refuse(&format!(
            "regular expressions with commas between them, and {pattern} is none"
        ));
    }
    let is_number = !default.is_empty() && default.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.trim().parse::<i64>();
    if is_number && number.is_err() {
        return refuse("a number");
    }
    let is_negative = number.is_ok_and(|number| number < 0);
    if name.ends_with(".ms") && is_negative {
        return refuse("a number of milliseconds, 0 or more");
    }
    if name.starts_with("weir.metrics.") && is_negative {
        return refuse("a number, 0 or more");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{is_secret, settable};

    #[test]
    fn names_with_and_without_prefix_are_one() {
        assert_eq!(
            settable("ksql.streams.auto.offset.reset").unwrap(),
            "auto.offset.reset"
        );
        assert_eq!(
            settable("nope").unwrap_err().message,
            "Unknown property: nope"
        );
        assert!(settable("bootstrap.servers").is_err());
        assert_eq!(
            settable("auto.ofset.reset").unwrap_err().hint.as_deref(),
            Some("did you mean auto.offset.reset?")
        );
    }

    #[test]
    fn secrets_are_known_by_their_names() {
        assert!(
            is_secret("sasl.jaas.config")
                && is_secret("ssl.keystore.password")
                && !is_secret("sasl.mechanism")
        );
    }
}
