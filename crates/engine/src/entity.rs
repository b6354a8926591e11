//! What statements answer, in the shapes of ksqlDB's REST API (reference, "Entities of /ksql").
//!
//! They are read as well as written: a client of a server has the same entities. What it does not know, fields as well as
//! whole entities, it reads over.
//!
//! Members and variants have the names that ksqlDB's API gives them.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use weir_catalog::{Column, ColumnRole, SqlType};

/// One statement's answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entity {
    /// What is answered.
    #[serde(flatten)]
    pub body: Body,
    /// The statement, as it was understood.
    #[serde(rename = "statementText", default)]
    pub statement_text: String,
    /// What is odd about it.
    #[serde(default)]
    pub warnings: Vec<Warning>,
}

/// What a statement did is odd in some way.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Warning {
    /// In words, for a person.
    pub message: String,
}

/// What is answered, by its `@type`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "@type")]
pub enum Body {
    /// A statement that changes something took effect.
    #[serde(rename = "currentStatus", rename_all = "camelCase")]
    CurrentStatus {
        /// What `/status` knows the statement by.
        command_id: String,
        /// What became of it.
        command_status: CommandStatus,
        /// Its number among the statements that took effect.
        command_sequence_number: i64,
    },
    /// A statement had nothing to do.
    #[serde(rename = "warning_entity")]
    Warning {
        /// In words, for a person.
        message: String,
    },
    /// SHOW STREAMS.
    #[serde(rename = "streams")]
    Streams {
        /// By name.
        streams: Vec<SourceInfo>,
    },
    /// SHOW TABLES.
    #[serde(rename = "tables")]
    Tables {
        /// By name.
        tables: Vec<SourceInfo>,
    },
    /// SHOW STREAMS EXTENDED.
    #[serde(rename = "source_descriptions", rename_all = "camelCase")]
    SourceDescriptions {
        /// By name.
        source_descriptions: Vec<SourceDescription>,
    },
    /// DESCRIBE.
    #[serde(rename = "sourceDescription", rename_all = "camelCase")]
    SourceDescription {
        /// Of the one that was asked for.
        source_description: Box<SourceDescription>,
    },
    /// SHOW QUERIES.
    #[serde(rename = "queries")]
    Queries {
        /// By id.
        queries: Vec<RunningQuery>,
    },
    /// SHOW QUERIES EXTENDED.
    #[serde(rename = "query_descriptions", rename_all = "camelCase")]
    QueryDescriptions {
        /// By id.
        query_descriptions: Vec<QueryDescription>,
    },
    /// EXPLAIN.
    #[serde(rename = "queryDescription", rename_all = "camelCase")]
    QueryDescription {
        /// Of the one that was asked for.
        query_description: Box<QueryDescription>,
    },
    /// SHOW TOPICS.
    #[serde(rename = "kafka_topics")]
    Topics {
        /// By name.
        topics: Vec<TopicInfo>,
    },
    /// SHOW TOPICS EXTENDED.
    #[serde(rename = "kafka_topics_extended")]
    TopicsExtended {
        /// By name.
        topics: Vec<TopicInfo>,
    },
    /// SHOW PROPERTIES.
    #[serde(rename = "properties", rename_all = "camelCase")]
    Properties {
        /// By name.
        properties: Vec<Property>,
        /// Names of those that differ from their defaults.
        overwritten_properties: Vec<String>,
        /// Names of those that do not.
        default_properties: Vec<String>,
    },
    /// SHOW FUNCTIONS.
    #[serde(rename = "function_names")]
    Functions {
        /// By name.
        functions: Vec<FunctionName>,
    },
    /// DESCRIBE FUNCTION.
    #[serde(rename = "describe_function")]
    Function {
        /// What it is called.
        name: String,
        /// What it is for.
        description: String,
        /// Who made it.
        author: String,
        /// Of the function.
        version: String,
        /// Where it comes from.
        path: String,
        /// Which sort it is of.
        #[serde(rename = "type")]
        kind: String,
        /// By name.
        functions: Vec<FunctionOverload>,
    },
    /// SHOW TYPES.
    #[serde(rename = "type_list")]
    Types {
        /// By name.
        types: BTreeMap<String, FieldSchema>,
    },
    /// SHOW VARIABLES.
    #[serde(rename = "variables")]
    Variables {
        /// By name.
        variables: Vec<Variable>,
    },
    /// A push query was told to end.
    #[serde(rename = "terminate_query", rename_all = "camelCase")]
    TerminateQuery {
        /// Which query, if there is one.
        query_id: String,
        /// Whether there was such a query.
        was_terminated: bool,
    },
    /// ASSERT TOPIC.
    #[serde(rename = "assert_topic", rename_all = "camelCase")]
    AssertTopic {
        /// The topic that was asserted of.
        topic_name: String,
        /// Whether it is there, as was asserted.
        exists: bool,
    },
    /// What this version does not know: read from a server, never written.
    #[serde(untagged)]
    Other(Map<String, Value>),
}

/// What became of a statement that changes something.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CommandStatus {
    /// `SUCCESS`, or how far it has come.
    pub status: Cow<'static, str>,
    /// In words, for a person.
    pub message: String,
    /// Which query, if there is one.
    pub query_id: Option<String>,
}

/// A stream or a table in a list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SourceInfo {
    /// Which sort it is of.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// The topic that it is over.
    pub topic: String,
    /// How keys are written.
    pub key_format: String,
    /// How values are written.
    pub value_format: String,
    /// Whether its keys have windows.
    pub is_windowed: bool,
}

/// What DESCRIBE says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SourceDescription {
    /// What it is called.
    pub name: String,
    /// Which windows its keys have.
    pub window_type: Option<String>,
    /// Queries that read it.
    pub read_queries: Vec<RunningQuery>,
    /// Queries that write it.
    pub write_queries: Vec<RunningQuery>,
    /// The columns.
    pub fields: Vec<Field>,
    /// Which sort it is of.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which column dates a row; empty if none does.
    pub timestamp: String,
    /// What its queries have done so far, in words.
    pub statistics: String,
    /// What is wrong with its queries, in words.
    pub error_stats: String,
    /// Whether EXTENDED was asked for.
    pub extended: bool,
    /// How keys are written.
    pub key_format: String,
    /// How values are written.
    pub value_format: String,
    /// The topic that it is over.
    pub topic: String,
    /// How many the topic has.
    pub partitions: i32,
    /// How many replicas each of them has.
    pub replication: i32,
    /// The statement that made it.
    pub statement: String,
    /// Where its queries stand.
    pub query_offset_summaries: Vec<OffsetSummary>,
    /// What must be dropped first.
    pub source_constraints: Vec<String>,
    /// Of other nodes; empty.
    pub cluster_statistics: Vec<String>,
    /// Of other nodes; empty.
    pub cluster_error_stats: Vec<String>,
}

/// Where a query stands in the topics that it reads.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OffsetSummary {
    /// The group that its positions are published as.
    pub group_id: String,
    /// By topic.
    pub topic_summaries: Vec<TopicOffsets>,
}

/// The same for one topic.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicOffsets {
    /// The topic.
    pub kafka_topic: String,
    /// By partition.
    pub offsets: Vec<PartitionOffsets>,
}

/// The same for one partition.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PartitionOffsets {
    /// Its number.
    pub partition: i32,
    /// The oldest record that there is.
    pub log_start_offset: i64,
    /// The offset that the next record will have.
    pub log_end_offset: i64,
    /// The offset that the query reads next.
    pub consumer_offset: i64,
}

/// A column as clients read it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Field {
    /// What it is called.
    pub name: String,
    /// Its type.
    pub schema: FieldSchema,
    /// `KEY` or `HEADER`; nothing for a value.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Cow<'static, str>>,
    /// Which header, for one by its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_key: Option<String>,
}

/// A column's type.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FieldSchema {
    /// Which sort it is of.
    #[serde(rename = "type")]
    pub kind: String,
    /// The columns.
    pub fields: Option<Vec<Field>>,
    /// Of the elements of an ARRAY, of the values of a MAP.
    pub member_schema: Option<Box<FieldSchema>>,
    /// Of a DECIMAL: precision and scale.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<Cow<'static, str>, u32>,
}

/// A query in a list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunningQuery {
    /// The statement.
    pub query_string: String,
    /// The streams that it writes.
    pub sinks: Vec<String>,
    /// Their topics.
    pub sink_kafka_topics: Vec<String>,
    /// What TERMINATE and EXPLAIN know it by.
    pub id: String,
    /// How many nodes have it in which state.
    pub status_count: BTreeMap<String, u32>,
    /// `PERSISTENT` or `PUSH`.
    pub query_type: Cow<'static, str>,
    /// `RUNNING`, `PAUSED` or `ERROR`.
    pub state: String,
}

/// What EXPLAIN says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueryDescription {
    /// What TERMINATE and EXPLAIN know it by.
    pub id: String,
    /// The statement, as it was understood.
    pub statement_text: String,
    /// Which windows its keys have.
    pub window_type: Option<String>,
    /// The columns.
    pub fields: Vec<Field>,
    /// The streams that it reads.
    pub sources: Vec<String>,
    /// The streams that it writes.
    pub sinks: Vec<String>,
    /// What runs for it.
    pub topology: String,
    /// What it does, step by step.
    pub execution_plan: String,
    /// What SET had changed for it.
    pub overridden_properties: BTreeMap<String, String>,
    /// Its state, by node.
    pub ksql_host_query_status: BTreeMap<String, String>,
    /// `PERSISTENT` or `PUSH`.
    pub query_type: Cow<'static, str>,
    /// The last ones, newest last.
    pub query_errors: Vec<QueryError>,
    /// Empty.
    pub tasks_metadata: Vec<String>,
    /// The group that its positions are published as.
    pub consumer_group_id: Option<String>,
    /// `RUNNING`, `PAUSED` or `ERROR`.
    pub state: Option<String>,
}

/// Why a query could not go on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueryError {
    /// When: ms since 1970.
    pub timestamp: i64,
    /// In words.
    pub error_message: String,
    /// Which sort it is of.
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
}

/// A topic in a list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicInfo {
    /// Its name.
    pub name: String,
    /// The number of replicas of each partition.
    pub replica_info: Vec<i32>,
    /// Members of groups that read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer_count: Option<usize>,
    /// Groups that read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer_group_count: Option<usize>,
}

/// A setting in force.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Property {
    /// What it is called.
    pub name: String,
    /// `KSQL`.
    pub scope: Cow<'static, str>,
    /// Nothing for a secret.
    pub value: Option<String>,
    /// Whether SET may change it.
    pub editable: bool,
    /// `QUERY` or `SERVER`.
    pub level: Cow<'static, str>,
}

/// A function in a list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FunctionName {
    /// What it is called.
    pub name: String,
    /// Which sort it is of.
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    /// As ksqlDB groups them.
    pub category: String,
}

/// A form in which a function can be called.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FunctionOverload {
    /// In their order.
    pub arguments: Vec<FunctionArgument>,
    /// The type of what it gives.
    pub return_type: String,
    /// What it is for.
    pub description: String,
}

/// An argument of one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FunctionArgument {
    /// What it is called.
    pub name: String,
    /// Its type, `T` for any.
    #[serde(rename = "type")]
    pub sql_type: String,
    /// What it is for.
    pub description: String,
    /// Whether it may be there any number of times.
    pub is_variadic: bool,
}

/// What DEFINE gave a name to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Variable {
    /// What it is called.
    pub name: String,
    /// What it stands for.
    pub value: String,
}

impl CommandStatus {
    pub(crate) fn success(message: String, query_id: Option<String>) -> Self {
        Self {
            status: "SUCCESS".into(),
            message,
            query_id,
        }
    }

    pub(crate) fn failure(message: String) -> Self {
        Self {
            status: "ERROR".into(),
            message,
            query_id: None,
        }
    }
}

impl Field {
    /// As clients read it.
    pub fn of(column: &Column) -> Self {
        let (role, header_key) = match &column.role {
            ColumnRole::Key => (Some("KEY".into()), None),
            ColumnRole::Value => (None, None),
            ColumnRole::Headers => (Some("HEADER".into()), None),
            ColumnRole::Header(key) => (Some("HEADER".into()), Some(key.clone())),
        };
        Self {
            name: column.name.clone(),
            schema: FieldSchema::of(&column.sql_type),
            role,
            header_key,
        }
    }
}

impl FieldSchema {
    /// As clients read it.
    pub fn of(sql_type: &SqlType) -> Self {
        let (kind, fields, member, parameters) = match sql_type {
            SqlType::Array(element) => ("ARRAY", None, Some(element.as_ref()), BTreeMap::new()),
            SqlType::Map(_, value) => ("MAP", None, Some(value.as_ref()), BTreeMap::new()),
            SqlType::Struct(fields) => {
                let fields = fields.iter().map(|field| Field {
                    name: field.name.clone(),
                    schema: Self::of(&field.sql_type),
                    role: None,
                    header_key: None,
                });
                ("STRUCT", Some(fields.collect()), None, BTreeMap::new())
            }
            SqlType::Decimal { precision, scale } => (
                "DECIMAL",
                None,
                None,
                BTreeMap::from([
                    ("precision".into(), u32::from(*precision)),
                    ("scale".into(), u32::from(*scale)),
                ]),
            ),
            _ => ("", None, None, BTreeMap::new()),
        };
        let kind = if kind.is_empty() {
            sql_type.to_string()
        } else {
            kind.to_owned()
        };
        Self {
            kind,
            fields,
            member_schema: member.map(|member| Box::new(Self::of(member))),
            parameters,
        }
    }

    /// As DESCRIBE prints types: `VARCHAR(STRING)`.
    pub fn text(&self) -> String {
        let member = || {
            let member = self.member_schema.as_ref();
            member.map_or_else(String::new, |member| member.text())
        };
        match self.kind.as_str() {
            "STRING" => "VARCHAR(STRING)".to_owned(),
            "ARRAY" => format!("ARRAY<{}>", member()),
            "MAP" => format!("MAP<STRING, {}>", member()),
            "STRUCT" => {
                let fields = self.fields.iter().flatten();
                let fields: Vec<_> = fields
                    .map(|field| format!("{} {}", field.name, field.schema.text()))
                    .collect();
                format!("STRUCT<{}>", fields.join(", "))
            }
            "DECIMAL" => {
                let parameter = |name| self.parameters.get(name).copied().unwrap_or_default();
                format!(
                    "DECIMAL({}, {})",
                    parameter("precision"),
                    parameter("scale")
                )
            }
            other => other.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, Entity};

    #[test]
    fn what_is_written_is_read() {
        let written = r#"{"@type":"sourceDescription","sourceDescription":{"name":"S","windowType":null,"readQueries":[],"writeQueries":[],"fields":[{"name":"K","schema":{"type":"STRING","fields":null,"memberSchema":null},"type":"KEY"},{"name":"V","schema":{"type":"STRUCT","fields":[{"name":"A","schema":{"type":"ARRAY","fields":null,"memberSchema":{"type":"DECIMAL","fields":null,"memberSchema":null,"parameters":{"precision":4,"scale":2}}}},{"name":"M","schema":{"type":"MAP","fields":null,"memberSchema":{"type":"INTEGER","fields":null,"memberSchema":null}}}],"memberSchema":null}}],"type":"STREAM","timestamp":"","statistics":"","errorStats":"","extended":false,"keyFormat":"KAFKA","valueFormat":"JSON","topic":"s","partitions":0,"replication":0,"statement":"","queryOffsetSummaries":[],"sourceConstraints":[],"clusterStatistics":[],"clusterErrorStats":[]},"statementText":"DESCRIBE S;","warnings":[]}"#;
        let entity: Entity = serde_json::from_str(written).unwrap();
        assert_eq!(serde_json::to_string(&entity).unwrap(), written);
        let Body::SourceDescription { source_description } = entity.body else {
            panic!("{:?}", entity.body);
        };
        let types = source_description.fields.iter();
        let types: Vec<_> = types.map(|field| field.schema.text()).collect();
        assert_eq!(
            types,
            [
                "VARCHAR(STRING)",
                "STRUCT<A ARRAY<DECIMAL(4, 2)>, M MAP<STRING, INTEGER>>"
            ]
        );
    }

    #[test]
    fn what_is_not_known_is_read_over() {
        let answer = r#"[{"@type":"streams","statementText":"x","streams":[{"type":"STREAM","name":"S","topic":"s","more":1,"keyFormat":"KAFKA"}],"warnings":[],"later":{}},
            {"@type":"connector_list","connectors":[{"name":"c"}]},
            {"@type":"currentStatus","commandId":"a","commandStatus":null}]"#;
        let entities: Vec<Entity> = serde_json::from_str(answer).unwrap();
        let Body::Streams { streams } = &entities[0].body else {
            panic!("{:?}", entities[0]);
        };
        assert_eq!(
            (streams[0].name.as_str(), streams[0].is_windowed),
            ("S", false)
        );
        for other in &entities[1..] {
            assert!(matches!(&other.body, Body::Other(fields) if fields.contains_key("@type")));
        }
    }
}
