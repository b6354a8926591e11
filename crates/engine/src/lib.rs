//! The engine that runs statements: the library's door.
//!
//! ```no_run
//! # async fn example() -> Result<(), weir_engine::Error> {
//! let engine = weir_engine::Engine::builder().memory(0).build().await?;
//! let mut session = engine.session();
//! engine.execute(&mut session, "CREATE STREAM s (a INT) WITH (kafka_topic='s', value_format='JSON', partitions=1);").await?;
//! # Ok(())
//! # }
//! ```
//!
//! Every door (the command line, and later HTTP) is a thin layer over [`Engine::execute`]: parse, plan, run.

mod builder;
pub mod data_dir;
mod deploy;
mod engine;
pub mod entity;
mod error;
mod execute;
pub mod filter;
mod print;
mod processing_log;
pub mod properties;
mod queries;
pub mod rows;
mod service;
mod session;
mod statement_log;
pub mod testing;
mod topic_log;
mod topics;

pub use builder::Builder;
pub use deploy::{DeployOptions, Deployment};
pub use engine::Engine;
pub use entity::Entity;
pub use error::{Error, ErrorKind};
pub use execute::Response;
pub use print::{PrintLine, PrintStream};
pub use rows::{RowStream, StreamEnd};
pub use session::Session;
pub use topics::{TopicReader, Topics};

/// Cuts a script into its statements' texts.
pub fn split(script: &str) -> Result<Vec<String>, Error> {
    let statements = weir_sql::split(script).map_err(|error| Error::from(error).within(script))?;
    Ok(statements
        .into_iter()
        .map(|statement| statement.text)
        .collect())
}

/// What a caller needs of the crates below.
pub mod parts {
    pub use weir_catalog::{Column, ColumnRole, Schema, SqlType};
    pub use weir_functions::{Function, Registry};
    pub use weir_kafka::{
        Broker, MemoryBroker, NewRecord, NewTopic, OffsetSpec, Record, TopicPartition,
    };
    pub use weir_runtime::{Clock, QueryState, QueryStatus, SystemClock, TestClock};
}
