//! What is there before anything is changed: topics, streams, and the queries that run rules.

use std::collections::{BTreeMap, BTreeSet};

use weir_engine::entity::{Body, Field, FieldSchema, SourceDescription};
use weir_sigma::{Deployed, Options};

use super::target::Target;
use crate::failure::Failure;

/// Ids of queries that rules have begin so.
const PREFIX: &str = "SIGMA_";

pub struct Found {
    pub topics: BTreeSet<String>,
    /// The streams that rules read and write, where they are declared.
    pub events: Option<SourceDescription>,
    pub alerts: Option<SourceDescription>,
    /// Queries whose ids are those of rules, by id.
    pub queries: BTreeMap<String, Running>,
}

/// A query that runs under the id of a rule.
pub struct Running {
    pub statement: String,
    pub state: String,
    /// From the topic, into the sink: one that this deployment may change.
    pub is_ours: bool,
    /// Where it reads and writes, for who must know why it is not.
    pub way: String,
}

impl Found {
    pub async fn look(target: &Target, options: &Options) -> Result<Self, Failure> {
        let Body::Topics { topics } = target.look("SHOW ALL TOPICS").await? else {
            return Err(foreign("SHOW ALL TOPICS"));
        };
        let Body::Streams { streams } = target.look("SHOW STREAMS").await? else {
            return Err(foreign("SHOW STREAMS"));
        };
        let Body::Queries { queries } = target.look("SHOW QUERIES").await? else {
            return Err(foreign("SHOW QUERIES"));
        };
        let topic_of: BTreeMap<&str, &str> = streams
            .iter()
            .map(|stream| (stream.name.as_str(), stream.topic.as_str()))
            .collect();
        let mut found = Self {
            topics: topics.into_iter().map(|topic| topic.name).collect(),
            events: None,
            alerts: None,
            queries: BTreeMap::new(),
        };
        let (events, alerts) = (options.stream_of_events(), options.stream_of_alerts());
        for query in queries {
            if !query.id.starts_with(PREFIX) {
                continue;
            }
            let source = Deployed::read(&query.query_string).map(|deployed| deployed.stream);
            let topic = source.and_then(|stream| topic_of.get(stream.as_str()).copied());
            let is_into = query.sinks.contains(&alerts);
            let running = Running {
                is_ours: is_into && topic == Some(options.topic.as_str()),
                way: format!(
                    "from the topic `{}` into `{}`",
                    topic.unwrap_or("?"),
                    query.sinks.join("`, `")
                ),
                statement: query.query_string,
                state: query.state,
            };
            found.queries.insert(query.id, running);
        }
        let is_there = |name: &String| topic_of.contains_key(name.as_str());
        if is_there(&events) {
            found.events = Some(describe(target, &events, &options.topic).await?);
        }
        if is_there(&alerts) {
            found.alerts = Some(describe(target, &alerts, &options.sink).await?);
        }
        Ok(found)
    }
}

/// What a stream is; it must be one over this topic.
async fn describe(target: &Target, name: &str, topic: &str) -> Result<SourceDescription, Failure> {
    let statement = format!("DESCRIBE `{name}`");
    let Body::SourceDescription { source_description } = target.look(&statement).await? else {
        return Err(foreign(&statement));
    };
    let found = *source_description;
    if found.topic != topic {
        let message = format!(
            "the stream `{name}` is over the topic `{}`, and not over `{topic}`",
            found.topic
        );
        return Err(Failure::new(message).hint(
            "name another stream with --stream, or another topic for the alerts with --sink",
        ));
    }
    if !found.value_format.eq_ignore_ascii_case("JSON") {
        let message = format!(
            "the stream `{name}` has values in the format {}, and events and alerts are JSON",
            found.value_format
        );
        return Err(Failure::new(message).hint(
            "name another stream with --stream, or another topic for the alerts with --sink",
        ));
    }
    Ok(found)
}

fn foreign(statement: &str) -> Failure {
    Failure::new(format!(
        "the server answers `{statement}` as neither Weir nor ksqlDB does"
    ))
}

/// The columns of a stream as a CREATE STREAM has them.
pub fn columns(source: &SourceDescription) -> String {
    let columns = source.fields.iter().map(|field| {
        let role = match (field.role.as_deref(), &field.header_key) {
            (Some("HEADER"), Some(key)) => format!(" HEADER('{}')", key.replace('\'', "''")),
            (Some("HEADER"), None) => " HEADERS".to_owned(),
            (Some(_), _) => " KEY".to_owned(),
            (None, _) => String::new(),
        };
        format!("{}{role}", declared(field))
    });
    columns.collect::<Vec<_>>().join(", ")
}

fn declared(field: &Field) -> String {
    let name = field.name.replace('`', "``");
    format!("`{name}` {}", type_of(&field.schema))
}

fn type_of(schema: &FieldSchema) -> String {
    let member = || {
        schema
            .member_schema
            .as_deref()
            .map_or_else(String::new, type_of)
    };
    match schema.kind.as_str() {
        "ARRAY" => format!("ARRAY<{}>", member()),
        "MAP" => format!("MAP<VARCHAR, {}>", member()),
        "STRUCT" => {
            let members = schema.fields.iter().flatten().map(declared);
            format!("STRUCT<{}>", members.collect::<Vec<_>>().join(", "))
        }
        _ => schema.text().replace("VARCHAR(STRING)", "VARCHAR"),
    }
}

#[cfg(test)]
mod tests {
    use weir_engine::{Engine, Response, entity::Body};

    use super::columns;

    #[tokio::test]
    async fn a_described_stream_can_be_declared_again() {
        let engine = Engine::builder().memory(0).build().await.unwrap();
        let declared = "`k` STRUCT<`a b` INTEGER> KEY, `Q``uote` VARCHAR, `d` DECIMAL(4, 2), `a` ARRAY<STRUCT<`x` VARCHAR, `m` MAP<VARCHAR, BIGINT>>>, `t` TIMESTAMP, `b` BYTES, `h` ARRAY<STRUCT<`KEY` VARCHAR, `VALUE` BYTES>> HEADERS";
        let create = format!(
            "CREATE STREAM s ({declared}) WITH (kafka_topic='s', format='JSON', partitions=1); DESCRIBE s;"
        );
        let answers = engine
            .execute(&mut engine.session(), &create)
            .await
            .unwrap();
        let Some(Response::Entity(entity)) = answers.last() else {
            panic!("no entity");
        };
        let Body::SourceDescription { source_description } = &entity.body else {
            panic!("{entity:?}");
        };
        assert_eq!(columns(source_description), declared);
    }
}
