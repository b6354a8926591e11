//! OR REPLACE: what may change under running queries.

use weir_catalog::{Column, Source};

use crate::{Error, ErrorKind, PersistentPlan, QueryPlan, Step, explain::expression_text};

/// CREATE OR REPLACE STREAM over a topic: the same topic, formats and keys; columns may be added at the end.
pub fn check_replaceable(old: &Source, new: &Source) -> Result<(), Error> {
    let refuse = |what: String| {
        Err(Error::new(
            ErrorKind::Invalid,
            format!("Cannot upgrade data source: {what}"),
        ))
    };
    if old.kind != new.kind {
        return refuse(format!(
            "DataSource '{}' has type = {} which is not upgradeable to {}",
            old.name, old.kind, new.kind
        ));
    }
    if old.is_source || new.is_source {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!(
                "Cannot add stream '{}': CREATE OR REPLACE is not supported on source streams.",
                old.name
            ),
        ));
    }
    if old.topic != new.topic {
        return refuse(format!(
            "DataSource '{}' has topic = {} which is not upgradeable to {}",
            old.name, old.topic, new.topic
        ));
    }
    let formats = [
        ("key format", &old.key_format, &new.key_format),
        ("value format", &old.value_format, &new.value_format),
    ];
    for (what, old_format, new_format) in formats {
        if old_format != new_format {
            return refuse(format!(
                "DataSource '{}' has {what} = {} which is not upgradeable to {}",
                old.name, old_format.format, new_format.format
            ));
        }
    }
    if old.timestamp != new.timestamp {
        return refuse(format!(
            "DataSource '{}' has a timestamp column which is not upgradeable",
            old.name
        ));
    }
    check_schema(old, new)
}

fn check_schema(old: &Source, new: &Source) -> Result<(), Error> {
    let refuse = |why: String| {
        Err(Error::new(
            ErrorKind::Invalid,
            format!(
                "Cannot upgrade data source: DataSource '{}' has schema = {} which is not upgradeable to {}. ({why})",
                old.name, old.schema, new.schema
            ),
        ))
    };
    let keys = |source: &Source| source.schema.keys().cloned().collect::<Vec<_>>();
    if keys(old) != keys(new) {
        let list = |columns: Vec<Column>| {
            columns
                .iter()
                .map(Column::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        };
        return refuse(format!(
            "Key columns must be identical. Expected: [{}], got: [{}]",
            list(keys(old)),
            list(keys(new))
        ));
    }
    let new_values: Vec<_> = new.schema.values().collect();
    let changed: Vec<_> = old
        .schema
        .values()
        .enumerate()
        .filter(|(index, column)| new_values.get(*index) != Some(column))
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let list: Vec<_> = changed
        .iter()
        .map(|(_, column)| column.to_string())
        .collect();
    refuse(format!(
        "The following columns are changed, missing or reordered: [{}]",
        list.join(", ")
    ))
}

/// CREATE OR REPLACE … AS SELECT: the same source; the filter and the expressions may change, columns may be added at the
/// end. `old_reads` is the source that the old query read, `old` the stream that it filled.
pub fn check_query_upgrade(
    old_reads: &str,
    old: &Source,
    new: &PersistentPlan,
) -> Result<(), Error> {
    let reads = &new.query.source.name;
    if old_reads != reads {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!(
                "Cannot upgrade query: the query reads from {old_reads} and would read from {reads}"
            ),
        ));
    }
    check_replaceable(old, &new.source)
}

/// CREATE OR REPLACE … AS SELECT with another PARTITION BY: records of one key would be in two partitions.
pub fn check_key_upgrade(old: &QueryPlan, new: &QueryPlan) -> Result<(), Error> {
    let keys = |query: &QueryPlan| -> Option<Vec<String>> {
        query.steps.iter().find_map(|step| match step {
            Step::PartitionBy(keys) => {
                let keys = keys.iter();
                Some(keys.map(|key| expression_text(&key.expression)).collect())
            }
            _ => None,
        })
    };
    let (old, new) = (keys(old), keys(new));
    if old == new {
        return Ok(());
    }
    let shown = |keys: Option<Vec<String>>| match keys {
        None => "null".to_owned(),
        Some(keys) => format!("[{}]", keys.join(", ")),
    };
    let (old, new) = (shown(old), shown(new));
    Err(Error::new(
        ErrorKind::Invalid,
        format!(
            "Query is not upgradeable. Plan type StreamSelectKey must have matching keyExpressions. Values differ: '{old}' vs. '{new}'"
        ),
    ))
}
