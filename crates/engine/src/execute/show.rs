//! SHOW and LIST.

use std::collections::BTreeMap;

use weir_catalog::{Source, SourceKind};
use weir_runtime::QueryState;
use weir_sql::statement::Show;

use super::{Response, entity};
use crate::{
    Engine, Error, Session,
    engine::shown,
    entity::{
        Body, FieldSchema, FunctionName, Property, RunningQuery, SourceInfo, TopicInfo, Variable,
    },
    properties::{self, Level},
    queries::Persistent,
};

/// Topics that SHOW TOPICS leaves out without ALL: Kafka's own and the engine's.
const HIDDEN: &[&str] = &[
    "_confluent",
    "__confluent",
    "_schemas",
    "__consumer_offsets",
    "__transaction_state",
    "_weir_",
    "connect-",
    "__share_group_state",
];

impl Engine {
    pub(crate) async fn show(
        &self,
        session: &Session,
        show: &Show,
        text: &str,
    ) -> Result<Response, Error> {
        let body = match show {
            Show::Topics { all, is_extended } => self.show_topics(*all, *is_extended).await?,
            Show::Streams { is_extended: false } => Body::Streams {
                streams: self.sources(SourceKind::Stream).await,
            },
            Show::Tables { is_extended: false } => Body::Tables {
                tables: self.sources(SourceKind::Table).await,
            },
            Show::Streams { is_extended: true } => self.describe_all(SourceKind::Stream).await?,
            Show::Tables { is_extended: true } => self.describe_all(SourceKind::Table).await?,
            Show::Queries { is_extended: false } => self.show_queries().await,
            Show::Queries { is_extended: true } => self.describe_queries().await?,
            Show::Functions => Body::Functions {
                functions: self
                    .inner
                    .parts
                    .functions
                    .manuals()
                    .into_iter()
                    .map(|(kind, manual)| FunctionName {
                        name: manual.name.to_owned(),
                        kind: kind.to_string().into(),
                        category: manual.category.to_owned(),
                    })
                    .collect(),
            },
            Show::Properties => self.show_properties(session),
            Show::Types => {
                let state = self.state();
                Body::Types {
                    types: state
                        .catalog
                        .custom_types()
                        .map(|(name, sql_type)| (name.to_owned(), FieldSchema::of(sql_type)))
                        .collect(),
                }
            }
            Show::Variables => Body::Variables {
                variables: session
                    .variables
                    .iter()
                    .map(|(name, value)| Variable {
                        name: name.to_lowercase(),
                        value: value.to_owned(),
                    })
                    .collect(),
            },
        };
        Ok(entity(body, text))
    }

    async fn show_topics(&self, all: bool, is_extended: bool) -> Result<Body, Error> {
        let broker = &self.inner.parts.broker;
        let groups = if is_extended {
            broker.consumer_groups().await?
        } else {
            Vec::new()
        };
        let own = crate::processing_log::topic_name(&self.inner.parts.service_id);
        let is_hidden = |name: &str| HIDDEN.iter().any(|prefix| name.starts_with(prefix));
        let topics = broker.topics().await?.into_iter().filter(|topic| {
            all || !(topic.is_internal || is_hidden(&topic.name)) || topic.name == own
        });
        let topics = topics.map(|topic| {
            let readers: Vec<_> = groups
                .iter()
                .filter(|group| group.topics.contains(&topic.name))
                .collect();
            TopicInfo {
                consumer_count: is_extended
                    .then(|| readers.iter().map(|group| group.members).sum()),
                consumer_group_count: is_extended.then_some(readers.len()),
                name: topic.name,
                replica_info: topic.replicas,
            }
        });
        let topics = topics.collect();
        Ok(if is_extended {
            Body::TopicsExtended { topics }
        } else {
            Body::Topics { topics }
        })
    }

    async fn sources(&self, kind: SourceKind) -> Vec<SourceInfo> {
        let state = self.state();
        let of_kind = state.catalog.sources().filter(|source| source.kind == kind);
        of_kind.map(|source| info(source)).collect()
    }

    async fn show_queries(&self) -> Body {
        let state = self.state();
        let mut queries: Vec<RunningQuery> = state.queries.values().map(running).collect();
        queries.extend(
            self.push_queries()
                .into_iter()
                .map(|(id, (text, query))| RunningQuery {
                    query_string: text,
                    sinks: Vec::new(),
                    sink_kafka_topics: Vec::new(),
                    id,
                    status_count: BTreeMap::from([(
                        state_name(query.status().state).to_owned(),
                        1,
                    )]),
                    query_type: "PUSH".into(),
                    state: state_name(query.status().state).to_owned(),
                }),
        );
        Body::Queries { queries }
    }

    async fn describe_queries(&self) -> Result<Body, Error> {
        let state = self.state();
        let queries: Vec<&Persistent> = state.queries.values().collect();
        let query_descriptions = self.descriptions(&queries).await?;
        Ok(Body::QueryDescriptions { query_descriptions })
    }

    fn show_properties(&self, session: &Session) -> Body {
        let settings = self.settings(session);
        let configured = &self.inner.parts.configured;
        let level_of = |name: &str| {
            properties::KNOWN
                .iter()
                .find(|(known, ..)| *known == name)
                .map(|(_, _, level)| *level)
        };
        let mut names: Vec<String> = properties::KNOWN
            .iter()
            .map(|(name, ..)| (*name).to_owned())
            .collect();
        names.extend(
            settings
                .keys()
                .filter(|name| level_of(name).is_none())
                .cloned(),
        );
        names.sort();
        let listed = names.iter().map(|name| {
            let is_query = level_of(name) == Some(Level::Query);
            Property {
                name: name.clone(),
                scope: "KSQL".into(),
                value: settings.get(name).map(|value| shown(name, value)),
                editable: is_query,
                level: if is_query { "QUERY" } else { "SERVER" }.into(),
            }
        });
        Body::Properties {
            properties: listed.collect(),
            overwritten_properties: session.properties.keys().cloned().collect(),
            default_properties: names
                .iter()
                .filter(|name| {
                    !configured.contains_key(*name) && !session.properties.contains_key(*name)
                })
                .cloned()
                .collect(),
        }
    }
}

fn info(source: &Source) -> SourceInfo {
    SourceInfo {
        kind: source.kind.to_string(),
        name: source.name.clone(),
        topic: source.topic.clone(),
        key_format: source.key_format.format.to_string(),
        value_format: source.value_format.format.to_string(),
        is_windowed: false,
    }
}

/// A persistent query as SHOW QUERIES lists it.
pub fn running(query: &Persistent) -> RunningQuery {
    let state = state_of(query);
    RunningQuery {
        query_string: query.statement.to_string(),
        sinks: vec![query.target.clone()],
        sink_kafka_topics: vec![query.sink.topic.clone()],
        id: query.id.clone(),
        status_count: BTreeMap::from([(state.to_owned(), 1)]),
        query_type: "PERSISTENT".into(),
        state: state.to_owned(),
    }
}

/// RUNNING, PAUSED or ERROR: what ksqlDB's clients know. A query that waits to try again is in ERROR, with its reason.
pub fn state_of(query: &Persistent) -> &'static str {
    if query.is_paused {
        return "PAUSED";
    }
    query
        .query
        .as_ref()
        .map_or("ERROR", |running| state_name(running.status().state))
}

fn state_name(state: QueryState) -> &'static str {
    match state {
        QueryState::Starting | QueryState::Running | QueryState::Completed => "RUNNING",
        QueryState::Paused => "PAUSED",
        QueryState::Retrying | QueryState::Failed | QueryState::Stopped => "ERROR",
    }
}
