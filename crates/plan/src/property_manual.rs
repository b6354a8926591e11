//! What the manual says of the properties of a WITH clause: `docs/reference/properties.md` comes from here.

use crate::properties::{SINK_PROPERTIES, SOURCE_PROPERTIES};

/// A property of a WITH clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PropertyManual {
    pub name: &'static str,
    /// What it says, in Markdown.
    pub meaning: &'static str,
    /// Whether a CREATE STREAM over a topic may have it.
    pub is_of_sources: bool,
    /// Whether a CREATE … AS SELECT may have it.
    pub is_of_sinks: bool,
}

/// All of them, by name.
pub fn property_manual() -> impl Iterator<Item = PropertyManual> {
    MEANINGS.iter().map(|(name, meaning)| PropertyManual {
        name,
        meaning,
        is_of_sources: SOURCE_PROPERTIES.contains(name),
        is_of_sinks: SINK_PROPERTIES.contains(name),
    })
}

const OF_A_REGISTRY: &str =
    "belongs to formats with a schema registry, and is refused for all others";

const MEANINGS: &[(&str, &str)] = &[
    (
        "CLEANUP_POLICY",
        "never: a stream's topic has the policy `delete`",
    ),
    (
        "FORMAT",
        "KEY_FORMAT and VALUE_FORMAT in one; neither may stand beside it",
    ),
    (
        "KAFKA_TOPIC",
        "the topic. A result's is the prefix `ksql.output.topic.name.prefix` and its name in capitals if it is left out",
    ),
    (
        "KEY_DELIMITER",
        "what stands between the columns of a DELIMITED key: one character, `SPACE` or `TAB`; a comma if it is left out",
    ),
    (
        "KEY_FORMAT",
        "the [format](formats.md) of keys. Left out: the source's, or `ksql.persistence.default.format.key`",
    ),
    ("KEY_PROTOBUF_NULLABLE_REPRESENTATION", OF_A_REGISTRY),
    ("KEY_SCHEMA_FULL_NAME", OF_A_REGISTRY),
    ("KEY_SCHEMA_ID", OF_A_REGISTRY),
    (
        "PARTITIONS",
        "how many partitions the topic gets if it is to be made; there is a topic already: how many it must have. A result has as many as its source if it is left out",
    ),
    (
        "REPLICAS",
        "how many replicas the topic gets if it is to be made: −1 for as many as the broker wants. A result has as many as its source if it is left out",
    ),
    (
        "RETENTION_MS",
        "how long a topic that is to be made keeps its records, in milliseconds",
    ),
    (
        "SOURCED_BY_CONNECTOR",
        "the connector that fills the topic; taken, and without effect",
    ),
    (
        "SOURCE_CONNECTOR",
        "the connector that fills the topic; taken, and without effect",
    ),
    (
        "TIMESTAMP",
        "the column that dates a row: BIGINT (milliseconds since 1970), TIMESTAMP, or VARCHAR with a TIMESTAMP_FORMAT. Of a result: the column that dates the record",
    ),
    (
        "TIMESTAMP_FORMAT",
        "how a VARCHAR column says a time, as a pattern of Java's `DateTimeFormatter`",
    ),
    ("VALUE_AVRO_SCHEMA_FULL_NAME", OF_A_REGISTRY),
    (
        "VALUE_DELIMITER",
        "what stands between the columns of a DELIMITED value: one character, `SPACE` or `TAB`; a comma if it is left out",
    ),
    (
        "VALUE_FORMAT",
        "the [format](formats.md) of values. Left out: the source's, or `ksql.persistence.default.format.value`; with neither it must be said",
    ),
    ("VALUE_PROTOBUF_NULLABLE_REPRESENTATION", OF_A_REGISTRY),
    ("VALUE_SCHEMA_FULL_NAME", OF_A_REGISTRY),
    ("VALUE_SCHEMA_ID", OF_A_REGISTRY),
    (
        "WINDOW_SIZE",
        "how long the windows of a TUMBLING or HOPPING `WINDOW_TYPE` are: `'10 SECONDS'`",
    ),
    (
        "WINDOW_TYPE",
        "that each key of the topic has a window behind it: `SESSION`, `TUMBLING` or `HOPPING`. Rows then have `WINDOWSTART` and `WINDOWEND`",
    ),
    (
        "WRAP_SINGLE_VALUE",
        "whether the value of a single column stands in an object of its own (`{\"A\":1}`) or alone (`1`). Left out: `ksql.persistence.wrap.single.values`, or as the format has it",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{MEANINGS, SINK_PROPERTIES, SOURCE_PROPERTIES};

    #[test]
    fn every_property_has_a_meaning_and_nothing_else_has() {
        let known: BTreeSet<_> = SOURCE_PROPERTIES.iter().chain(SINK_PROPERTIES).collect();
        let explained: BTreeSet<_> = MEANINGS.iter().map(|(name, _)| name).collect();
        assert_eq!(known, explained);
        assert!(MEANINGS.is_sorted_by_key(|(name, _)| name));
    }
}
