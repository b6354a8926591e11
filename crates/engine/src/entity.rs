//! What statements answer, in the shapes of ksqlDB's REST API (reference, "Entities of /ksql").
//!
//! They are read as well as written: a client of a server has the same entities. What it does not know, fields as well as
//! whole entities, it reads over.
//!
//! Members and variants have the names that ksqlDB's API gives them, and its meanings.
#![expect(
    missing_docs,
    reason = "the names are those of ksqlDB's REST API, and their meanings too"
)]

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use weir_catalog::{Column, ColumnRole, SqlType};

/// One statement's answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entity {
    #[serde(flatten)]
    pub body: Body,
    #[serde(rename = "statementText", default)]
    pub statement_text: String,
    #[serde(default)]
    pub warnings: Vec<Warning>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Warning {
    pub message: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "@type")]
pub enum Body {
    #[serde(rename = "currentStatus", rename_all = "camelCase")]
    CurrentStatus {
        command_id: String,
        command_status: CommandStatus,
        command_sequence_number: i64,
    },
    #[serde(rename = "warning_entity")]
    Warning { message: String },
    #[serde(rename = "streams")]
    Streams { streams: Vec<SourceInfo> },
    #[serde(rename = "tables")]
    Tables { tables: Vec<SourceInfo> },
    #[serde(rename = "source_descriptions", rename_all = "camelCase")]
    SourceDescriptions {
        source_descriptions: Vec<SourceDescription>,
    },
    #[serde(rename = "sourceDescription", rename_all = "camelCase")]
    SourceDescription {
        source_description: Box<SourceDescription>,
    },
    #[serde(rename = "queries")]
    Queries { queries: Vec<RunningQuery> },
    #[serde(rename = "query_descriptions", rename_all = "camelCase")]
    QueryDescriptions {
        query_descriptions: Vec<QueryDescription>,
    },
    #[serde(rename = "queryDescription", rename_all = "camelCase")]
    QueryDescription {
        query_description: Box<QueryDescription>,
    },
    #[serde(rename = "kafka_topics")]
    Topics { topics: Vec<TopicInfo> },
    #[serde(rename = "kafka_topics_extended")]
    TopicsExtended { topics: Vec<TopicInfo> },
    #[serde(rename = "properties", rename_all = "camelCase")]
    Properties {
        properties: Vec<Property>,
        overwritten_properties: Vec<String>,
        default_properties: Vec<String>,
    },
    #[serde(rename = "function_names")]
    Functions { functions: Vec<FunctionName> },
    #[serde(rename = "describe_function")]
    Function {
        name: String,
        description: String,
        author: String,
        version: String,
        path: String,
        #[serde(rename = "type")]
        kind: String,
        functions: Vec<FunctionOverload>,
    },
    #[serde(rename = "type_list")]
    Types {
        types: BTreeMap<String, FieldSchema>,
    },
    #[serde(rename = "variables")]
    Variables { variables: Vec<Variable> },
    #[serde(rename = "terminate_query", rename_all = "camelCase")]
    TerminateQuery {
        query_id: String,
        was_terminated: bool,
    },
    #[serde(rename = "assert_topic", rename_all = "camelCase")]
    AssertTopic { topic_name: String, exists: bool },
    /// What this version does not know: read from a server, never written.
    #[serde(untagged)]
    Other(Map<String, Value>),
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CommandStatus {
    pub status: Cow<'static, str>,
    pub message: String,
    pub query_id: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SourceInfo {
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    pub topic: String,
    pub key_format: String,
    pub value_format: String,
    pub is_windowed: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SourceDescription {
    pub name: String,
    pub window_type: Option<String>,
    pub read_queries: Vec<RunningQuery>,
    pub write_queries: Vec<RunningQuery>,
    pub fields: Vec<Field>,
    #[serde(rename = "type")]
    pub kind: String,
    pub timestamp: String,
    pub statistics: String,
    pub error_stats: String,
    pub extended: bool,
    pub key_format: String,
    pub value_format: String,
    pub topic: String,
    pub partitions: i32,
    pub replication: i32,
    pub statement: String,
    pub query_offset_summaries: Vec<OffsetSummary>,
    pub source_constraints: Vec<String>,
    pub cluster_statistics: Vec<String>,
    pub cluster_error_stats: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OffsetSummary {
    pub group_id: String,
    pub topic_summaries: Vec<TopicOffsets>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicOffsets {
    pub kafka_topic: String,
    pub offsets: Vec<PartitionOffsets>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PartitionOffsets {
    pub partition: i32,
    pub log_start_offset: i64,
    pub log_end_offset: i64,
    pub consumer_offset: i64,
}

/// A column as clients read it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Field {
    pub name: String,
    pub schema: FieldSchema,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_key: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FieldSchema {
    #[serde(rename = "type")]
    pub kind: String,
    pub fields: Option<Vec<Field>>,
    pub member_schema: Option<Box<FieldSchema>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<Cow<'static, str>, u32>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunningQuery {
    pub query_string: String,
    pub sinks: Vec<String>,
    pub sink_kafka_topics: Vec<String>,
    pub id: String,
    pub status_count: BTreeMap<String, u32>,
    pub query_type: Cow<'static, str>,
    pub state: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueryDescription {
    pub id: String,
    pub statement_text: String,
    pub window_type: Option<String>,
    pub fields: Vec<Field>,
    pub sources: Vec<String>,
    pub sinks: Vec<String>,
    pub topology: String,
    pub execution_plan: String,
    pub overridden_properties: BTreeMap<String, String>,
    pub ksql_host_query_status: BTreeMap<String, String>,
    pub query_type: Cow<'static, str>,
    pub query_errors: Vec<QueryError>,
    pub tasks_metadata: Vec<String>,
    pub consumer_group_id: Option<String>,
    pub state: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueryError {
    pub timestamp: i64,
    pub error_message: String,
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TopicInfo {
    pub name: String,
    /// The number of replicas of each partition.
    pub replica_info: Vec<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer_group_count: Option<usize>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Property {
    pub name: String,
    pub scope: Cow<'static, str>,
    pub value: Option<String>,
    pub editable: bool,
    pub level: Cow<'static, str>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FunctionName {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    pub category: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FunctionOverload {
    pub arguments: Vec<FunctionArgument>,
    pub return_type: String,
    pub description: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FunctionArgument {
    pub name: String,
    #[serde(rename = "type")]
    pub sql_type: String,
    pub description: String,
    pub is_variadic: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Variable {
    pub name: String,
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
}

impl Field {
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
