//! What statements answer, in the shapes of ksqlDB's REST API (reference, "Entities of /ksql").

use serde::Serialize;
use std::collections::BTreeMap;

use weir_catalog::{Column, ColumnRole, SqlType};

/// One statement's answer.
#[derive(Debug, Clone, Serialize)]
pub struct Entity {
    #[serde(flatten)]
    pub body: Body,
    #[serde(rename = "statementText")]
    pub statement_text: String,
    pub warnings: Vec<Warning>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Warning {
    pub message: String,
}

#[derive(Debug, Clone, Serialize)]
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
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandStatus {
    pub status: &'static str,
    pub message: String,
    pub query_id: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceInfo {
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    pub topic: String,
    pub key_format: String,
    pub value_format: String,
    pub is_windowed: bool,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
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

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OffsetSummary {
    pub group_id: String,
    pub topic_summaries: Vec<TopicOffsets>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TopicOffsets {
    pub kafka_topic: String,
    pub offsets: Vec<PartitionOffsets>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartitionOffsets {
    pub partition: i32,
    pub log_start_offset: i64,
    pub log_end_offset: i64,
    pub consumer_offset: i64,
}

/// A column as clients read it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    pub name: String,
    pub schema: FieldSchema,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_key: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldSchema {
    #[serde(rename = "type")]
    pub kind: String,
    pub fields: Option<Vec<Field>>,
    pub member_schema: Option<Box<FieldSchema>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<&'static str, u8>,
    /// For people; not part of the API.
    #[serde(skip)]
    pub text: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunningQuery {
    pub query_string: String,
    pub sinks: Vec<String>,
    pub sink_kafka_topics: Vec<String>,
    pub id: String,
    pub status_count: BTreeMap<String, u32>,
    pub query_type: &'static str,
    pub state: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
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
    pub query_type: &'static str,
    pub query_errors: Vec<QueryError>,
    pub tasks_metadata: Vec<String>,
    pub consumer_group_id: Option<String>,
    pub state: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryError {
    pub timestamp: i64,
    pub error_message: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TopicInfo {
    pub name: String,
    /// The number of replicas of each partition.
    pub replica_info: Vec<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer_group_count: Option<usize>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Property {
    pub name: String,
    pub scope: &'static str,
    pub value: Option<String>,
    pub editable: bool,
    pub level: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub struct FunctionName {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub category: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionOverload {
    pub arguments: Vec<FunctionArgument>,
    pub return_type: String,
    pub description: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionArgument {
    pub name: String,
    #[serde(rename = "type")]
    pub sql_type: String,
    pub description: String,
    pub is_variadic: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Variable {
    pub name: String,
    pub value: String,
}

impl CommandStatus {
    pub(crate) fn success(message: String, query_id: Option<String>) -> Self {
        Self {
            status: "SUCCESS",
            message,
            query_id,
        }
    }
}

impl Field {
    pub fn of(column: &Column) -> Self {
        let (role, header_key) = match &column.role {
            ColumnRole::Key => (Some("KEY"), None),
            ColumnRole::Value => (None, None),
            ColumnRole::Headers => (Some("HEADER"), None),
            ColumnRole::Header(key) => (Some("HEADER"), Some(key.clone())),
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
                BTreeMap::from([("precision", *precision), ("scale", *scale)]),
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
            text: printed(sql_type),
        }
    }
}

/// As DESCRIBE prints types: `VARCHAR(STRING)`.
fn printed(sql_type: &SqlType) -> String {
    match sql_type {
        SqlType::String => "VARCHAR(STRING)".to_owned(),
        SqlType::Array(element) => format!("ARRAY<{}>", printed(element)),
        SqlType::Map(key, value) => format!("MAP<{}, {}>", key, printed(value)),
        SqlType::Struct(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|field| format!("{} {}", field.name, printed(&field.sql_type)))
                .collect();
            format!("STRUCT<{}>", fields.join(", "))
        }
        other => other.to_string(),
    }
}
