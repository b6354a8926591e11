//! The engine that runs statements: the library's door.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), weir_engine::Error> {
//! use weir_engine::Engine;
//!
//! let engine = Engine::builder().memory(0).build().await?;
//! let rules = "CREATE STREAM events (host VARCHAR, command VARCHAR)
//!                WITH (KAFKA_TOPIC = 'events', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
//!              CREATE STREAM alerts AS SELECT host FROM events WHERE command LIKE '%AntiVirusProduct%';";
//! engine.execute(&mut engine.session(), rules).await?;
//! let mut alerts = engine.subscribe("SELECT * FROM alerts EMIT CHANGES;").await?;
//! let event = "INSERT INTO events VALUES ('WS2', 'wmic path AntiVirusProduct get displayName');";
//! engine.execute(&mut engine.session(), event).await?;
//! let batch = alerts.next().await.expect("an Arrow batch");
//! assert_eq!(batch.num_rows(), 1);
//! engine.shutdown().await?;
//! # Ok(())
//! # }
//! ```
//!
//! - [`Engine::builder`] says where the topics are: in memory, in a folder, on a Kafka cluster.
//! - [`Engine::execute`] runs statements, [`Engine::subscribe`] and [`Engine::query`] give the rows of a SELECT,
//!   [`Engine::topics`] writes and reads records.
//! - [`scalar_function`] makes a function of yours that statements can call.
//! - [`Engine::metrics`] is what Prometheus reads, [`Error`] what went wrong and who must act.
//!
//! Every door (the command line, HTTP) is a thin layer over [`Engine::execute`]: parse, plan, run.

#![warn(missing_docs)]

mod builder;
mod client_side;
mod commands;
pub mod data_dir;
mod deploy;
mod engine;
pub mod entity;
mod error;
mod execute;
pub mod filter;
pub mod hunt;
mod inserts;
mod mask;
mod metrics;
mod print;
mod processing_log;
pub mod properties;
#[cfg(test)]
mod property_manual;
mod queries;
#[cfg(test)]
mod reference;
pub mod rows;
mod service;
mod session;
mod statement_log;
pub mod testing;
mod topic_log;
mod topics;

pub use builder::Builder;
pub use client_side::SessionStatement;
pub use deploy::{DeployOptions, Deployment};
pub use engine::Engine;
pub use entity::Entity;
pub use error::{Error, ErrorKind};
pub use execute::{Reading, Response};
pub use inserts::Inserts;
pub use metrics::Metrics;
pub use print::{PrintLine, PrintStream};
pub use rows::{RowStream, StreamEnd};
pub use session::Session;
pub use topics::{Producer, TopicReader, Topics, Written, record_of_line};
pub use weir_functions::scalar_function;

/// The Arrow that batches are of.
pub use arrow;

/// A statement of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptStatement {
    /// Without its semicolon.
    pub text: String,
    /// The byte of the script at which it begins.
    pub start: usize,
}

/// Cuts a script into its statements.
pub fn statements(script: &str) -> Result<Vec<ScriptStatement>, Error> {
    let statements = weir_sql::split(script).map_err(|error| Error::from(error).within(script))?;
    let of_script = statements.into_iter().map(|statement| ScriptStatement {
        text: statement.text,
        start: statement.span.start,
    });
    Ok(of_script.collect())
}

/// How many partitions a script declares a topic to have; `None` if it leaves that open.
pub fn declared_partitions(script: &str, topic: &str) -> Option<i32> {
    let declared = declared_topics(script).into_iter();
    declared
        .filter(|(name, _)| name == topic)
        .find_map(|(_, partitions)| partitions)
}

/// The topics over which a script declares sources, each with its partitions if they are said.
pub fn declared_topics(script: &str) -> Vec<(String, Option<i32>)> {
    use weir_sql::{Statement, expression::Literal};

    let statements = weir_sql::split(script).unwrap_or_default();
    let declared = statements.iter().filter_map(|statement| {
        let parsed = weir_sql::parse_statement(&statement.text, &weir_sql::Variables::default());
        let Ok(Statement::CreateSource(create)) = parsed.map(|parsed| parsed.statement) else {
            return None;
        };
        let property = |name: &str| create.properties.get(name).map(|property| &property.value);
        let Some(Literal::String(name)) = property("KAFKA_TOPIC") else {
            return None;
        };
        let partitions = match property("PARTITIONS") {
            Some(Literal::Integer(partitions)) => Some(*partitions),
            _ => None,
        };
        Some((name.clone(), partitions))
    });
    declared.collect()
}

/// The statements of what was typed so far; `None` while the last one is not complete.
pub fn typed_statements(typed: &str) -> Result<Option<Vec<ScriptStatement>>, Error> {
    match weir_sql::split(typed) {
        Err(error) if error.kind == weir_sql::ErrorKind::Unfinished => Ok(None),
        _ => statements(typed).map(Some),
    }
}

/// What a caller needs of the crates below.
pub mod parts {
    pub use weir_catalog::{
        Catalog, Column, ColumnRole, Field, Format, FormatSpec, Schema, Source, SourceKind,
        SqlType, Window, source::TimestampColumn,
    };
    pub use weir_functions::{Builtin, Function, Registry};
    pub use weir_kafka::{
        Broker, Header, MemoryBroker, NewRecord, NewTopic, Offset, OffsetSpec, PartitionId, Record,
        Topic, TopicPartition,
    };
    pub use weir_runtime::{
        CheckpointStore, Clock, MemoryCheckpoints, QueryState, QueryStatus, ReaderStats,
        RuleOptions, SystemClock, TestClock,
    };
    pub use weir_sql::{Position, Span, Variables, is_reserved};
}
