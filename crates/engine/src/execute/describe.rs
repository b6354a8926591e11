//! DESCRIBE and DESCRIBE FUNCTION.

use std::{
    collections::{BTreeMap, HashMap, btree_map::Entry},
    fmt::Write,
    sync::Arc,
    time::Duration,
};

use weir_catalog::{Catalog, Source, SourceKind};
use weir_kafka::{Offset, OffsetSpec, PartitionId};
use weir_runtime::{QueryMeasures, QueryStatus};
use weir_sql::Ident;

use super::{Response, entity, show::running};
use crate::{
    Engine, Error,
    engine::State,
    entity::{
        Body, Field, FunctionArgument, FunctionOverload, OffsetSummary, PartitionOffsets,
        SourceDescription, TopicOffsets,
    },
    queries::Persistent,
};

/// Of so many queries it is said what they cost; and of as many what is wrong.
const SHOWN: usize = 20;

/// The queries that read a source and those that write into it, each in the order of the ids.
#[derive(Default)]
struct Concerned<'a> {
    readers: Vec<&'a Persistent>,
    writers: Vec<&'a Persistent>,
}

impl<'a> Concerned<'a> {
    /// By the names of sources. There may be as many sources as queries, and each query is looked at once for all of them.
    fn by_source(state: &'a State) -> HashMap<&'a str, Self> {
        let mut all: HashMap<&str, Self> = HashMap::new();
        for query in state.queries.values() {
            let read = all.entry(&query.plan.source.name).or_default();
            read.readers.push(query);
            all.entry(&query.target).or_default().writers.push(query);
        }
        all
    }
}

/// The first and the last offset of each partition, by topic: many queries may read one.
type Bounds = BTreeMap<String, (BTreeMap<PartitionId, Offset>, BTreeMap<PartitionId, Offset>)>;

impl Engine {
    pub(crate) async fn describe(
        &self,
        name: &Ident,
        is_extended: bool,
        text: &str,
    ) -> Result<Response, Error> {
        let state = self.state();
        let source = find(&state.catalog, name)?.clone();
        let mut concerned = Concerned::by_source(&state);
        let concerned = concerned.remove(&*source.name).unwrap_or_default();
        let description = match is_extended {
            false => plain(&source, &concerned),
            true => {
                let mut bounds = Bounds::new();
                self.extended(&source, &concerned, &mut bounds).await?
            }
        };
        Ok(entity(
            Body::SourceDescription {
                source_description: Box::new(description),
            },
            text,
        ))
    }

    pub(crate) async fn describe_all(&self, kind: SourceKind) -> Result<Body, Error> {
        let state = self.state();
        let (mut all, mut bounds) = (Concerned::by_source(&state), Bounds::new());
        let mut source_descriptions = Vec::new();
        for source in state.catalog.sources().filter(|source| source.kind == kind) {
            let concerned = all.remove(&*source.name).unwrap_or_default();
            let description = self.extended(source, &concerned, &mut bounds).await?;
            source_descriptions.push(description);
        }
        Ok(Body::SourceDescriptions {
            source_descriptions,
        })
    }

    /// With what the topic is like, and what the queries have done.
    async fn extended(
        &self,
        source: &Source,
        concerned: &Concerned<'_>,
        bounds: &mut Bounds,
    ) -> Result<SourceDescription, Error> {
        let topic = self.inner.parts.broker.topic(&source.topic).await?;
        let replicas = topic.as_ref().and_then(|topic| topic.replicas.first());
        Ok(SourceDescription {
            extended: true,
            statistics: statistics(source, concerned),
            error_stats: error_statistics(concerned),
            partitions: topic.as_ref().map_or(0, |topic| topic.partitions),
            replication: replicas.copied().unwrap_or(0),
            query_offset_summaries: self.offset_summaries(concerned, bounds).await?,
            ..plain(source, concerned)
        })
    }

    async fn offset_summaries(
        &self,
        concerned: &Concerned<'_>,
        bounds: &mut Bounds,
    ) -> Result<Vec<OffsetSummary>, Error> {
        let mut summaries = Vec::new();
        for query in &concerned.writers {
            let topic = query.plan.source.topic.as_str();
            let (starts, ends) = match bounds.entry(topic.to_owned()) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert((
                    self.offsets(topic, OffsetSpec::Earliest).await?,
                    self.offsets(topic, OffsetSpec::Latest).await?,
                )),
            };
            let positions = query
                .query
                .as_ref()
                .map(|running| running.status().positions)
                .unwrap_or_default();
            let offsets = ends.iter().map(|(partition, end)| PartitionOffsets {
                partition: *partition,
                log_start_offset: starts.get(partition).copied().unwrap_or(0),
                log_end_offset: *end,
                consumer_offset: positions
                    .get(partition)
                    .or_else(|| query.start.get(partition))
                    .copied()
                    .unwrap_or(0),
            });
            summaries.push(OffsetSummary {
                group_id: format!("_weir_{}", self.inner.parts.service_id),
                topic_summaries: vec![TopicOffsets {
                    kafka_topic: topic.to_owned(),
                    offsets: offsets.collect(),
                }],
            });
        }
        Ok(summaries)
    }

    pub(crate) fn describe_function(&self, name: &Ident, text: &str) -> Result<Response, Error> {
        let Some((kind, manual)) = self.inner.parts.functions.manual(&name.value) else {
            let mut error = Error::user(format!(
                "Can't find any functions with the name '{}'",
                name.value
            ));
            error.span = Some(name.span);
            return Err(error.hint("SHOW FUNCTIONS lists them"));
        };
        let functions = manual.overloads.iter().map(|overload| FunctionOverload {
            arguments: overload
                .arguments
                .iter()
                .map(|argument| FunctionArgument {
                    name: argument.name.to_owned(),
                    sql_type: argument.sql_type.clone(),
                    description: argument.description.to_owned(),
                    is_variadic: argument.is_variadic,
                })
                .collect(),
            return_type: overload.returns.clone(),
            description: overload.description.to_owned(),
        });
        let body = Body::Function {
            name: manual.name.to_owned(),
            description: manual.description.to_owned(),
            author: "Weir".to_owned(),
            version: String::new(),
            path: "internal".to_owned(),
            kind: kind.to_string(),
            functions: functions.collect(),
        };
        Ok(entity(body, text))
    }
}

/// What is known without asking anybody.
fn plain(source: &Source, concerned: &Concerned<'_>) -> SourceDescription {
    let Concerned { readers, writers } = concerned;
    let made = readers.iter().filter(|query| query.created.is_some());
    SourceDescription {
        name: source.name.clone(),
        window_type: source.key_format.window.map(|window| window.to_string()),
        read_queries: readers.iter().map(|query| running(query)).collect(),
        write_queries: writers.iter().map(|query| running(query)).collect(),
        fields: source.schema.keys_first().map(Field::of).collect(),
        kind: source.kind.to_string(),
        timestamp: source
            .timestamp
            .as_ref()
            .map_or(String::new(), |timestamp| timestamp.column.clone()),
        statistics: String::new(),
        error_stats: String::new(),
        extended: false,
        key_format: source.key_format.format.to_string(),
        value_format: source.value_format.format.to_string(),
        topic: source.topic.clone(),
        partitions: 0,
        replication: 0,
        statement: format!("{};", source.statement.trim_end().trim_end_matches(';')),
        query_offset_summaries: Vec::new(),
        source_constraints: made.map(|query| query.target.clone()).collect(),
        cluster_statistics: Vec::new(),
        cluster_error_stats: Vec::new(),
    }
}

/// What is wrong with the queries that fill a source, and the records that they could not read.
fn error_statistics(concerned: &Concerned<'_>) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut left_out = 0;
    for query in &concerned.writers {
        let wrong = query.query.as_ref().map(|running| wrong(running.status()));
        match wrong.unwrap_or_default() {
            wrong if wrong.is_empty() => {}
            _ if lines.len() >= SHOWN => left_out += 1,
            wrong => lines.extend(
                wrong
                    .into_iter()
                    .map(|wrong| format!("{}: {wrong}", query.id)),
            ),
        }
    }
    if left_out > 0 {
        lines.push(format!("… and {left_out} more queries"));
    }
    lines.join("\n")
}

/// What the queries that read or write a source have done since this process started them: in all, and those that took most
/// time.
fn statistics(source: &Source, concerned: &Concerned<'_>) -> String {
    let writers = concerned.writers.iter();
    // One that does both counts once.
    let only_write = writers.filter(|query| !query.reads(&source.name));
    let all = concerned.readers.iter().chain(only_write);
    let concerned = all.filter_map(|query| Some((&*query.id, query.query.as_ref()?)));
    let mut done: Vec<(&str, Done)> = concerned
        .map(|(id, running)| (id, Done::of(&running.measures())))
        .collect();
    let mut text = String::new();
    if done.len() > 1 {
        let all = done
            .iter()
            .fold(Done::default(), |sum, (_, one)| sum.plus(one));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{} queries: {}", done.len(), all.shown());
    }
    done.sort_by_key(|(id, done)| (std::cmp::Reverse(done.busy), *id));
    for (id, one) in done.iter().take(SHOWN) {
        let _ = writeln!(text, "{id}: {} records read, {}", one.read, one.shown());
    }
    if let left_out @ 1.. = done.len().saturating_sub(SHOWN) {
        let _ = writeln!(text, "… and {left_out} more that took less time");
    }
    text.truncate(text.trim_end().len());
    text
}

/// What a query has done.
#[derive(Default)]
struct Done {
    read: u64,
    looked_at: u64,
    matched: u64,
    errors: u64,
    busy: Duration,
}

impl Done {
    fn of(measures: &QueryMeasures) -> Self {
        Self {
            read: measures.status.records_in,
            looked_at: measures.looked_at,
            matched: measures.matched,
            errors: measures.status.bad_records.values().sum(),
            busy: measures.busy,
        }
    }

    fn plus(self, other: &Self) -> Self {
        Self {
            read: self.read + other.read,
            looked_at: self.looked_at + other.looked_at,
            matched: self.matched + other.matched,
            errors: self.errors + other.errors,
            busy: self.busy + other.busy,
        }
    }

    fn shown(&self) -> String {
        format!(
            "{} looked at, {} matched, {} errors, {:.6} s",
            self.looked_at,
            self.matched,
            self.errors,
            self.busy.as_secs_f64()
        )
    }
}

/// What is wrong with a query, a line for each thing.
fn wrong(status: QueryStatus) -> Vec<String> {
    let bad = status.bad_records.iter();
    let mut wrong: Vec<String> = bad
        .map(|(kind, count)| format!("{count} bad records ({kind})"))
        .collect();
    if status.records_missed > 0 {
        let missed = status.records_missed;
        wrong.push(format!("{missed} records were gone before they were read"));
    }
    if status.log_entries_dropped > 0 {
        let dropped = status.log_entries_dropped;
        wrong.push(format!(
            "{dropped} bad records are counted and not in the processing log, which had no room for them"
        ));
    }
    wrong
}

/// The source that is to be described.
pub(super) fn find<'a>(catalog: &'a Catalog, name: &Ident) -> Result<&'a Arc<Source>, Error> {
    catalog.source(&name.value).ok_or_else(|| {
        let near = catalog
            .sources()
            .find(|source| source.name.eq_ignore_ascii_case(&name.value));
        let mut error = Error::user(format!(
            "Could not find STREAM/TABLE '{}' in the Metastore",
            name.value
        ));
        error.span = Some(name.span);
        let near = near.map(|source| format!("did you mean \"{}\"?", source.name));
        error.hint = near.or_else(|| Some("SHOW STREAMS lists what there is".to_owned()));
        error
    })
}
