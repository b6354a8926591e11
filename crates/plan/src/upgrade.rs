//! OR REPLACE: what may change under running queries.

use serde::{Deserialize, Serialize};
use weir_catalog::{Column, ColumnRole, FormatSpec, Source, SqlType, source::TimestampColumn};

use crate::{Error, ErrorKind, PersistentPlan, QueryPlan, Step, explain::expression_text};

/// CREATE OR REPLACE STREAM … with or without SOURCE: not over a source that is declared read-only, nor as one.
pub fn check_may_be_replaced(
    name: &str,
    is_source: bool,
    existing: Option<&Source>,
) -> Result<(), Error> {
    if !is_source && existing.is_none_or(|existing| !existing.is_source) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Invalid,
        format!(
            "Cannot add stream '{name}': CREATE OR REPLACE is not supported on source streams."
        ),
    )
    .hint("DROP STREAM it first: its topic stays"))
}

/// CREATE OR REPLACE STREAM over a topic: the same topic, formats and keys; columns may be added at the end, and so may members
/// of a STRUCT, which ksqlDB does not allow. Queries that run name what they read by path and type, and go on as they are.
pub fn check_replaceable(old: &Source, new: &Source) -> Result<(), Error> {
    let mut issues = Vec::new();
    let mut compare = |what: &str, old_has: String, new_has: String, more: &str| {
        if old_has != new_has {
            issues.push(format!(
                "DataSource '`{}`' has {what} = {old_has} which is not upgradeable to {new_has}{more}",
                old.name
            ));
        }
    };
    compare("type", old.kind.to_string(), new.kind.to_string(), "");
    compare("topic", old.topic.clone(), new.topic.clone(), "");
    let formats = [
        ("key format", &old.key_format, &new.key_format),
        ("value format", &old.value_format, &new.value_format),
    ];
    for (what, old_format, new_format) in formats {
        compare(what, shown_format(old_format), shown_format(new_format), "");
    }
    compare(
        "timestampColumn",
        shown_timestamp(old.timestamp.as_ref()),
        shown_timestamp(new.timestamp.as_ref()),
        "",
    );
    if let Some(why) = changed_columns(old, new) {
        let more = format!(". ({why})");
        compare(
            "schema",
            old.schema.to_string(),
            new.schema.to_string(),
            &more,
        );
    }
    if issues.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Invalid,
        format!("Cannot upgrade data source: {}", issues.join("\n\tAND ")),
    )
    .hint(
        "columns, and members of a STRUCT, may be added behind those that there are; for anything else DROP STREAM it first",
    ))
}

fn shown_format(format: &FormatSpec) -> String {
    let delimiter = format.delimiter.map_or(String::new(), |delimiter| {
        format!(" with the delimiter '{delimiter}'")
    });
    let wrapping = match format.wrap_single || format.format != weir_catalog::Format::Json {
        true => "",
        false => " without a name for a single column",
    };
    let window = format.window.map_or(String::new(), |window| {
        format!(" with {} behind", window.described())
    });
    format!("{}{delimiter}{wrapping}{window}", format.format)
}

fn shown_timestamp(timestamp: Option<&TimestampColumn>) -> String {
    match timestamp {
        None => "none".to_owned(),
        Some(TimestampColumn { column, format }) => match format {
            None => format!("`{column}`"),
            Some(format) => format!("`{column}` in the format {format}"),
        },
    }
}

/// The columns that are not in the new schema at the place where they are in the old one.
fn changed_columns(old: &Source, new: &Source) -> Option<String> {
    let keys = |source: &Source| source.schema.keys().cloned().collect::<Vec<_>>();
    let (old_keys, new_keys) = (keys(old), keys(new));
    if old_keys != new_keys {
        // A key column that is new is as much of a change as one that has gone.
        let lost = missing(&old_keys, &new_keys);
        let changed = if lost.is_empty() {
            missing(&new_keys, &old_keys)
        } else {
            lost
        };
        return Some(format!(
            "Key columns must be identical. The following key columns are changed, missing or reordered: [{changed}]"
        ));
    }
    let others = |source: &Source| {
        let columns = source.schema.columns.iter();
        let others = columns.filter(|column| column.role != ColumnRole::Key);
        others.cloned().collect::<Vec<_>>()
    };
    let changed = missing(&others(old), &others(new));
    (!changed.is_empty())
        .then(|| format!("The following columns are changed, missing or reordered: [{changed}]"))
}

fn missing(old: &[Column], new: &[Column]) -> String {
    let old = old.iter().enumerate();
    let is_there = |(index, column): (usize, &Column)| {
        new.get(index).is_some_and(|new| is_upgrade(column, new))
    };
    let missing = old.filter(|found| !is_there(*found));
    let missing: Vec<_> = missing.map(|(_, column)| column.to_string()).collect();
    missing.join(", ")
}

fn is_upgrade(old: &Column, new: &Column) -> bool {
    let has_type = match old.role {
        ColumnRole::Value => has_grown(&old.sql_type, &new.sql_type),
        _ => old.sql_type == new.sql_type,
    };
    old.name == new.name && old.role == new.role && has_type
}

/// Whether a type is the other one, but for members behind those of a STRUCT. Formats that have STRUCTs find members by name.
fn has_grown(old: &SqlType, new: &SqlType) -> bool {
    match (old, new) {
        (SqlType::Struct(old), SqlType::Struct(new)) => {
            let mut pairs = old.iter().zip(new.iter());
            let is_kept = pairs
                .all(|(old, new)| old.name == new.name && has_grown(&old.sql_type, &new.sql_type));
            old.len() <= new.len() && is_kept
        }
        (SqlType::Array(old), SqlType::Array(new)) => has_grown(old, new),
        (SqlType::Map(old_key, old), SqlType::Map(new_key, new)) => {
            old_key == new_key && has_grown(old, new)
        }
        _ => old == new,
    }
}

/// What a query reads and how it is built, as far as it must stay the same while the query goes on from where it was. It
/// can be kept beside the query's positions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryShape {
    pub source: Source,
    /// Of PARTITION BY; `None` without it.
    pub key_expressions: Option<Vec<String>>,
    pub table_functions: Vec<String>,
}

impl QueryShape {
    pub fn of(query: &QueryPlan) -> Result<Self, Error> {
        let dataflow = query.dataflow()?;
        let key_expressions = dataflow.steps.iter().find_map(|step| match step {
            Step::PartitionBy(keys) => {
                let keys = keys.iter();
                Some(keys.map(|key| expression_text(&key.expression)).collect())
            }
            _ => None,
        });
        let calls = dataflow.steps.iter().filter_map(|step| match step {
            Step::Explode(explode) => Some(&explode.calls),
            _ => None,
        });
        let functions = calls
            .flatten()
            .map(|call| call.function.manual().name.to_owned());
        Ok(Self {
            source: query.source.as_ref().clone(),
            key_expressions,
            table_functions: functions.collect(),
        })
    }
}

/// CREATE OR REPLACE … AS SELECT, and a file of statements that is run again: the same topic is read in the same way, records
/// of one key stay in one partition, a row gives rows by the same table functions. The filter and the expressions may
/// change, columns may be added at the end. `old` is the query as it was, `sink` the stream that it fills.
pub fn check_query_upgrade(
    old: &QueryShape,
    sink: &Source,
    new: &PersistentPlan,
) -> Result<(), Error> {
    let shape = QueryShape::of(&new.query)?;
    check_topic(old, &shape)?;
    check_replaceable(sink, &new.source)?;
    check_built_alike(old, &shape)
}

/// INSERT INTO … WITH (OR_REPLACE = true): the same of a query that fills a stream of others, whose columns stay as they are.
pub fn check_insert_upgrade(old: &QueryShape, new: &QueryPlan) -> Result<(), Error> {
    let shape = QueryShape::of(new)?;
    check_topic(old, &shape)?;
    check_built_alike(old, &shape)
}

fn check_topic(old: &QueryShape, new: &QueryShape) -> Result<(), Error> {
    check_source("topicName", &old.source.topic, &new.source.topic)
}

fn check_built_alike(old: &QueryShape, shape: &QueryShape) -> Result<(), Error> {
    check_read_alike(&old.source, &shape.source)?;
    let keys = |shape: &QueryShape| match &shape.key_expressions {
        None => "null".to_owned(),
        Some(keys) => listed(keys),
    };
    check_step(
        "StreamSelectKey",
        "keyExpressions",
        &keys(old),
        &keys(shape),
    )?;
    let functions = |shape: &QueryShape| listed(&shape.table_functions);
    check_step(
        "StreamFlatMap",
        "tableFunctions",
        &functions(old),
        &functions(shape),
    )
}

/// Whether records of a topic are the same rows, with the same times, as one source of it and as another.
fn check_read_alike(old: &Source, new: &Source) -> Result<(), Error> {
    check_source("formats", &shown_formats(old), &shown_formats(new))?;
    let timestamps = [old, new].map(|source| shown_timestamp(source.timestamp.as_ref()));
    check_source("timestampColumn", &timestamps[0], &timestamps[1])
}

fn shown_formats(source: &Source) -> String {
    format!(
        "{} and {}",
        shown_format(&source.key_format),
        shown_format(&source.value_format)
    )
}

fn listed(texts: &[String]) -> String {
    format!("[{}]", texts.join(", "))
}

fn check_source(property: &str, old: &str, new: &str) -> Result<(), Error> {
    if old == new {
        return Ok(());
    }
    let message = format!(
        "Query is not upgradeable. Plan step of type StreamSource must have matching {property}. Values differ: {old} vs. {new}"
    );
    Err(not_upgradeable(message))
}

fn check_step(step: &str, property: &str, old: &str, new: &str) -> Result<(), Error> {
    if old == new {
        return Ok(());
    }
    let message = format!(
        "Query is not upgradeable. Plan type {step} must have matching {property}. Values differ: '{old}' vs. '{new}'"
    );
    Err(not_upgradeable(message))
}

fn not_upgradeable(message: String) -> Error {
    Error::new(ErrorKind::Invalid, message).hint(
        "a query that goes on reads on from where it was: DROP STREAM its result for one that begins anew",
    )
}
