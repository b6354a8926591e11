//! What statements answer, as tables in the layout of ksqlDB's CLI, or as JSON.

use std::fmt::Write;

use weir_engine::{
    Entity,
    entity::{
        Body, Field, QueryDescription, RunningQuery, SourceDescription, SourceInfo, TopicInfo,
    },
};

use super::{
    functions::{self, Described},
    rows::harmless,
    screen::{Expanded, Look, Screen},
    show::pretty,
    table::{cut_table, table, width_of_table, wrapped_table},
    vertical::Records,
};
use crate::{cli::OutputFormat, failure::Failure};

pub fn render(entity: &Entity, screen: &Screen) -> Result<String, Failure> {
    if screen.format == OutputFormat::Json {
        let value = serde_json::to_value([entity])
            .map_err(|error| Failure::new(format!("the answer is no JSON: {error}")))?;
        return Ok(pretty(&value));
    }
    let mut text = format!("\n{}", body(screen.look(), &entity.body));
    if !matches!(entity.body, Body::Warning { .. }) {
        for warning in &entity.warnings {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "WARNING: {}", warning.message);
        }
    }
    // Statements and plans repeat what others wrote.
    Ok(harmless(&text))
}

/// A row is a line, or a record where it does not fit.
fn list<H: AsRef<str>>(
    look: Look,
    header: &[H],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let rows: Vec<_> = rows.into_iter().collect();
    match (look.expanded, look.columns) {
        (Expanded::On, columns) => records(header, &rows, columns),
        (_, None) => table(header, rows),
        (Expanded::Off, Some(columns)) => cut_table(header, rows, columns),
        (Expanded::Auto, Some(columns)) if width_of_table(header, &rows) <= columns => {
            table(header, rows)
        }
        // A record of one column is a text.
        (Expanded::Auto, Some(columns)) if header.len() == 1 => {
            wrapped_table(header, rows, columns)
        }
        (Expanded::Auto, columns) => records(header, &rows, columns),
    }
}

fn records<H: AsRef<str>>(header: &[H], rows: &[Vec<String>], columns: Option<usize>) -> String {
    let mut records = Records::new(header, columns, true);
    // A blank row is a gap in a table, and no record.
    let rows = rows
        .iter()
        .filter(|row| row.iter().any(|cell| !cell.is_empty()));
    rows.map(|row| records.record(row)).collect()
}

/// All of every cell is shown.
fn wrapped<H: AsRef<str>>(
    look: Look,
    header: &[H],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    match look.columns {
        Some(columns) => wrapped_table(header, rows, columns),
        None => table(header, rows),
    }
}

fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

fn message(look: Look, text: &str) -> String {
    list(
        look,
        &["Message"],
        [row(&[text.lines().next().unwrap_or("")])],
    )
}

fn body(look: Look, body: &Body) -> String {
    match body {
        Body::CurrentStatus { command_status, .. } => message(look, &command_status.message),
        Body::Warning { message: text } => message(look, text),
        Body::Streams { streams } => sources(look, "Stream Name", streams),
        Body::Tables { tables } => sources(look, "Table Name", tables),
        Body::SourceDescriptions {
            source_descriptions,
        } => source_descriptions
            .iter()
            .map(|source| describe(look, source))
            .collect(),
        Body::SourceDescription { source_description } => describe(look, source_description),
        Body::Queries { queries } => running(look, queries, true),
        Body::QueryDescriptions { query_descriptions } => query_descriptions
            .iter()
            .map(|query| explain(look, query))
            .collect(),
        Body::QueryDescription { query_description } => explain(look, query_description),
        Body::Topics { topics } => list(
            look,
            &["Kafka Topic", "Partitions", "Partition Replicas"],
            topics.iter().map(topic),
        ),
        Body::TopicsExtended { topics } => {
            let header = [
                "Kafka Topic",
                "Partitions",
                "Partition Replicas",
                "Consumers",
                "ConsumerGroups",
            ];
            let number = |count: Option<usize>| count.unwrap_or(0).to_string();
            list(
                look,
                &header,
                topics.iter().map(|info| {
                    let mut cells = topic(info);
                    cells.extend([
                        number(info.consumer_count),
                        number(info.consumer_group_count),
                    ]);
                    cells
                }),
            )
        }
        Body::Properties {
            properties,
            overwritten_properties,
            default_properties,
        } => {
            let header = ["Property", "Scope", "Default override", "Effective Value"];
            list(
                look,
                &header,
                properties.iter().map(|property| {
                    let by = match () {
                        () if overwritten_properties.contains(&property.name) => "SESSION",
                        () if default_properties.contains(&property.name) => "",
                        () => "SERVER",
                    };
                    row(&[
                        &property.name,
                        &property.scope,
                        by,
                        property.value.as_deref().unwrap_or("NULL"),
                    ])
                }),
            )
        }
        Body::Functions { functions } => {
            list(
                look,
                &["Function Name", "Category"],
                functions::listed(functions),
            ) + "For detailed information about a function, run: DESCRIBE FUNCTION <Function Name>;\n"
        }
        Body::Function {
            name,
            description,
            author,
            version,
            path,
            kind,
            functions,
        } => {
            let described = Described {
                name,
                author,
                version,
                description,
                kind,
                path,
                overloads: functions,
            };
            described.text(look.columns)
        }
        Body::Types { types } => list(
            look,
            &["Type Name", "Schema"],
            types
                .iter()
                .map(|(name, schema)| row(&[name, &schema.text()])),
        ),
        Body::Variables { variables } => list(
            look,
            &["Variable Name", "Value"],
            variables
                .iter()
                .map(|variable| row(&[&variable.name, &variable.value])),
        ),
        Body::TerminateQuery {
            query_id,
            was_terminated,
        } => message(
            look,
            &if *was_terminated {
                format!("Query terminated: {query_id}")
            } else {
                format!("Failed to terminate query with query ID: '{query_id}'")
            },
        ),
        Body::Other(fields) => format!("{:#}\n", serde_json::Value::Object(fields.clone())),
        Body::AssertTopic { topic_name, exists } => message(
            look,
            &format!(
                "Topic {topic_name} {}",
                if *exists {
                    "exists."
                } else {
                    "does not exist."
                }
            ),
        ),
    }
}

fn sources(look: Look, title: &str, sources: &[SourceInfo]) -> String {
    let mut sorted: Vec<_> = sources.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let header = [
        title,
        "Kafka Topic",
        "Key Format",
        "Value Format",
        "Windowed",
    ];
    let windowed = |source: &SourceInfo| source.is_windowed.to_string();
    list(
        look,
        &header,
        sorted.into_iter().map(|source| {
            row(&[
                &source.name,
                &source.topic,
                &source.key_format,
                &source.value_format,
                &windowed(source),
            ])
        }),
    )
}

fn topic(info: &TopicInfo) -> Vec<String> {
    let replicas = match info.replica_info.as_slice() {
        [] => "0".to_owned(),
        [first, rest @ ..] if rest.iter().all(|count| count == first) => first.to_string(),
        several => several
            .iter()
            .map(i32::to_string)
            .collect::<Vec<_>>()
            .join(", "),
    };
    vec![
        info.name.clone(),
        info.replica_info.len().to_string(),
        replicas,
    ]
}

fn running(look: Look, queries: &[RunningQuery], has_footer: bool) -> String {
    let header = [
        "Query ID",
        "Query Type",
        "Status",
        "Sink Name",
        "Sink Kafka Topic",
        "Query String",
    ];
    let rows = queries.iter().map(|query| {
        let status: Vec<_> = query
            .status_count
            .iter()
            .map(|(state, count)| format!("{state}:{count}"))
            .collect();
        let statement = query
            .query_string
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let sinks = query.sinks.join(",");
        let topics = query.sink_kafka_topics.join(",");
        row(&[
            &query.id,
            &query.query_type,
            &status.join(","),
            &sinks,
            &topics,
            &statement,
        ])
    });
    let footer = if has_footer {
        "For detailed information on a Query run: EXPLAIN <Query ID>;\n"
    } else {
        ""
    };
    list(look, &header, rows) + footer
}

fn fields(look: Look, fields: &[Field]) -> String {
    wrapped(
        look,
        &["Field", "Type"],
        fields.iter().map(|field| {
            let role = match (field.role.as_deref(), &field.header_key) {
                (Some("KEY"), _) => " (key)".to_owned(),
                (Some("HEADER"), Some(key)) => format!(" (header('{key}'))"),
                (Some("HEADER"), None) => " (headers)".to_owned(),
                _ => String::new(),
            };
            let type_text = if role.is_empty() {
                field.schema.text()
            } else {
                format!("{:<16}{role}", field.schema.text())
            };
            row(&[&field.name, &type_text])
        }),
    )
}

fn describe(look: Look, source: &SourceDescription) -> String {
    let mut text = format!("{:<20} : {}\n", "Name", source.name);
    if !source.extended {
        text.push_str(&fields(look, &source.fields));
        text.push_str(
            "For runtime statistics and query details run: DESCRIBE <Stream,Table> EXTENDED;\n",
        );
        return text;
    }
    let timestamp = if source.timestamp.is_empty() {
        "Not set - using <ROWTIME>"
    } else {
        &source.timestamp
    };
    let topic = format!(
        "{} (partitions: {}, replication: {})",
        source.topic, source.partitions, source.replication
    );
    let labels = [
        ("Type", source.kind.as_str()),
        ("Timestamp field", timestamp),
        ("Key format", &source.key_format),
        ("Value format", &source.value_format),
        ("Kafka topic", &topic),
        ("Statement", &source.statement),
    ];
    for (label, value) in labels {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{label:<20} : {value}");
    }
    let _ = write!(text, "\n{}", fields(look, &source.fields));
    for (title, queries) in [
        ("read from", &source.read_queries),
        ("write from", &source.write_queries),
    ] {
        if !queries.is_empty() {
            let title = format!("Queries that {title} this {}", source.kind);
            let _ = write!(
                text,
                "\n{title}\n{}\n{}",
                "-".repeat(title.len()),
                running(look, queries, true)
            );
        }
    }
    if !source.statistics.is_empty() {
        let title = "Local runtime statistics";
        let line = "-".repeat(title.len());
        let _ = write!(text, "\n{title}\n{line}\n{}\n", source.statistics);
    }
    if !source.error_stats.is_empty() {
        let _ = write!(text, "\nErrors\n------\n{}\n", source.error_stats);
    }
    for summary in &source.query_offset_summaries {
        let _ = write!(
            text,
            "\nConsumer Groups summary:\n\nConsumer Group       : {}\n",
            summary.group_id
        );
        for topic in &summary.topic_summaries {
            let _ = write!(text, "\nKafka topic          : {}\n", topic.kafka_topic);
            let header = ["Partition", "Start Offset", "End Offset", "Offset", "Lag"];
            text.push_str(&list(
                look,
                &header,
                topic.offsets.iter().map(|offsets| {
                    let lag = offsets.log_end_offset - offsets.consumer_offset;
                    let numbers = [
                        i64::from(offsets.partition),
                        offsets.log_start_offset,
                        offsets.log_end_offset,
                        offsets.consumer_offset,
                        lag,
                    ];
                    numbers.iter().map(i64::to_string).collect()
                }),
            ));
        }
    }
    text
}

fn explain(look: Look, query: &QueryDescription) -> String {
    let mut text = String::new();
    let state = query.state.as_deref().unwrap_or("");
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{:<20} : {}", "ID", query.id);
    let _ = writeln!(text, "{:<20} : {}", "Query Type", query.query_type);
    let _ = writeln!(text, "{:<20} : {}", "SQL", query.statement_text);
    if !state.is_empty() {
        let _ = writeln!(text, "{:<20} : {state}", "Host Query Status");
    }
    let _ = write!(text, "\n{}", fields(look, &query.fields));
    let rows_of = |names: &[String]| {
        names
            .iter()
            .map(|name| vec![name.clone()])
            .collect::<Vec<_>>()
    };
    let _ = write!(
        text,
        "\nSources that this query reads from: \n{}",
        list(look, &["Source"], rows_of(&query.sources))
    );
    if !query.sinks.is_empty() {
        let _ = write!(
            text,
            "\nSinks that this query writes to: \n{}",
            list(look, &["Sink"], rows_of(&query.sinks))
        );
    }
    let _ = write!(
        text,
        "\nExecution plan      \n--------------      \n{}\n",
        query.execution_plan
    );
    let _ = write!(
        text,
        "Processing topology \n------------------- \n{}\n",
        query.topology
    );
    if !query.overridden_properties.is_empty() {
        let rows = query
            .overridden_properties
            .iter()
            .map(|(name, value)| row(&[name, value]));
        let _ = write!(
            text,
            "Overridden Properties\n{}",
            list(look, &["Property", "Value"], rows)
        );
    }
    if !query.query_errors.is_empty() {
        let rows = query.query_errors.iter().map(|error| {
            row(&[
                &error.timestamp.to_string(),
                &error.error_message,
                &error.kind,
            ])
        });
        let _ = write!(
            text,
            "\nErrors\n{}",
            wrapped(look, &["Error Date", "Error Details", "Error Type"], rows)
        );
    }
    text
}
