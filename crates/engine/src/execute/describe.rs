//! DESCRIBE and DESCRIBE FUNCTION.

use std::sync::Arc;

use weir_catalog::{Catalog, Source, SourceKind};
use weir_kafka::OffsetSpec;
use weir_sql::Ident;

use super::{Response, entity, show::queries_where};
use crate::{
    Engine, Error,
    engine::State,
    entity::{
        Body, Field, FunctionArgument, FunctionOverload, OffsetSummary, PartitionOffsets,
        SourceDescription, TopicOffsets,
    },
};

impl Engine {
    pub(crate) async fn describe(
        &self,
        name: &Ident,
        is_extended: bool,
        text: &str,
    ) -> Result<Response, Error> {
        let state = self.state();
        let source = find(&state.catalog, name)?.clone();
        let description = self.description(&state, &source, is_extended).await?;
        Ok(entity(
            Body::SourceDescription {
                source_description: Box::new(description),
            },
            text,
        ))
    }

    pub(crate) async fn describe_all(&self, kind: SourceKind) -> Result<Body, Error> {
        let state = self.state();
        let mut source_descriptions = Vec::new();
        for source in state.catalog.sources().filter(|source| source.kind == kind) {
            source_descriptions.push(self.description(&state, source, true).await?);
        }
        Ok(Body::SourceDescriptions {
            source_descriptions,
        })
    }

    async fn description(
        &self,
        state: &State,
        source: &Source,
        extended: bool,
    ) -> Result<SourceDescription, Error> {
        let topic = if extended {
            self.inner.parts.broker.topic(&source.topic).await?
        } else {
            None
        };
        let summaries = if extended {
            self.offset_summaries(state, source).await?
        } else {
            Vec::new()
        };
        Ok(SourceDescription {
            name: source.name.clone(),
            window_type: source.key_format.window.map(|window| window.to_string()),
            read_queries: queries_where(state, |query| query.reads(&source.name)),
            write_queries: queries_where(state, |query| query.target == source.name),
            fields: source.schema.keys_first().map(Field::of).collect(),
            kind: source.kind.to_string(),
            timestamp: source
                .timestamp
                .as_ref()
                .map_or(String::new(), |timestamp| timestamp.column.clone()),
            statistics: String::new(),
            error_stats: if extended {
                self.error_statistics(state, source)
            } else {
                String::new()
            },
            extended,
            key_format: source.key_format.format.to_string(),
            value_format: source.value_format.format.to_string(),
            topic: source.topic.clone(),
            partitions: topic.as_ref().map_or(0, |topic| topic.partitions),
            replication: topic
                .as_ref()
                .and_then(|topic| topic.replicas.first().copied())
                .unwrap_or(0),
            statement: format!("{};", source.statement.trim_end().trim_end_matches(';')),
            query_offset_summaries: summaries,
            source_constraints: queries_where(state, |query| {
                query.reads(&source.name) && query.created.is_some()
            })
            .into_iter()
            .flat_map(|query| query.sinks)
            .collect(),
            cluster_statistics: Vec::new(),
            cluster_error_stats: Vec::new(),
        })
    }

    /// What is wrong with the queries that fill a source, and the records that they could not read.
    fn error_statistics(&self, state: &State, source: &Source) -> String {
        let lines = state
            .queries
            .values()
            .filter(|query| query.target == source.name)
            .flat_map(|query| {
                let status = query.query.as_ref().map(weir_runtime::Query::status);
                let bad = status
                    .iter()
                    .flat_map(|status| {
                        status.bad_records.iter().map(|(kind, count)| {
                            format!("{}: {count} bad records ({kind})", query.id)
                        })
                    })
                    .collect::<Vec<_>>();
                let missed = status
                    .iter()
                    .filter(|status| status.records_missed > 0)
                    .map(|status| {
                        format!(
                            "{}: {} records were gone before they were read",
                            query.id, status.records_missed
                        )
                    })
                    .collect::<Vec<_>>();
                let unreported = status
                    .iter()
                    .filter(|status| status.log_entries_dropped > 0)
                    .map(|status| {
                        format!(
                            "{}: {} bad records are counted and not in the processing log, which had no room for them",
                            query.id, status.log_entries_dropped
                        )
                    })
                    .collect::<Vec<_>>();
                bad.into_iter().chain(missed).chain(unreported)
            });
        lines.collect::<Vec<_>>().join("\n")
    }

    async fn offset_summaries(
        &self,
        state: &State,
        source: &Source,
    ) -> Result<Vec<OffsetSummary>, Error> {
        let writers: Vec<_> = state
            .queries
            .values()
            .filter(|query| query.target == source.name)
            .collect();
        let mut summaries = Vec::new();
        for query in writers {
            let topic = &query.plan.source.topic;
            let (starts, ends) = (
                self.offsets(topic, OffsetSpec::Earliest).await?,
                self.offsets(topic, OffsetSpec::Latest).await?,
            );
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
                    kafka_topic: topic.clone(),
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
