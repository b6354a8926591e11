//! An engine in memory for tests: stopped and started on the same topics and positions.
//!
//! ```text
//! World ── engine(), stop() ──▶ Engine ── settled() ──▶ nothing is left to do
//! Scenario: one test in SQL, over a World of its own, statement by statement
//! ```

mod assert;
mod difference;
mod failure;
mod order;
mod scenario;

use std::{sync::Arc, time::Duration};

use weir_catalog::{Catalog, Column, Schema};
use weir_kafka::{Broker, MemoryBroker, OffsetSpec, PartitionId, Record, TopicPartition};
use weir_runtime::MemoryCheckpoints;
use weir_sql::{Statement, statement::ColumnRole};

use crate::{Builder, Engine, Error, topic_log};

pub use difference::{Difference, Row};
pub use failure::Failure;
pub use scenario::{Effect, START, Scenario};
pub use weir_sql::{Directive, directives};

/// Topics and positions that outlive the engines over them.
#[derive(Debug, Clone)]
pub struct World {
    /// The topics.
    pub broker: Arc<MemoryBroker>,
    /// The positions.
    pub checkpoints: Arc<MemoryCheckpoints>,
}

impl World {
    /// An empty world; everything by chance in it comes from the seed.
    pub fn new(seed: u64) -> Self {
        Self {
            broker: Arc::new(MemoryBroker::new(seed)),
            checkpoints: Arc::new(MemoryCheckpoints::default()),
        }
    }

    /// An engine over this world; a test may change it before it is built.
    pub fn builder(&self) -> Builder {
        Engine::builder()
            .broker(self.broker.clone())
            .checkpoints(self.checkpoints.clone())
    }

    /// An engine over this world.
    pub async fn engine(&self) -> Result<Engine, Error> {
        self.builder().build().await
    }

    /// All records of a topic, by partition.
    pub async fn records(&self, topic: &str) -> Result<Vec<Vec<Record>>, Error> {
        let Some(found) = self.broker.topic(topic).await? else {
            return Err(Error::user(format!("Topic '{topic}' does not exist.")));
        };
        let numbers: Vec<PartitionId> = (0..found.partitions).collect();
        let bound = async |spec| self.broker.offsets(topic, &numbers, spec).await;
        let (starts, ends) = (
            bound(OffsetSpec::Earliest).await?,
            bound(OffsetSpec::Latest).await?,
        );
        let broker: Arc<dyn Broker> = self.broker.clone();
        let mut partitions = Vec::with_capacity(numbers.len());
        for (partition, (start, end)) in numbers.iter().zip(starts.into_iter().zip(ends)) {
            let at = TopicPartition::new(topic, *partition);
            let mut records = Vec::new();
            topic_log::read(&broker, &at, start, end, |record| records.push(record)).await?;
            partitions.push(records);
        }
        Ok(partitions)
    }

    /// Ends an engine as a process that is told to: its queries at a checkpoint, the topics left for the next one.
    pub async fn stop(&self, engine: Engine) -> Result<(), Error> {
        engine.shutdown().await
    }
}

/// The columns that a text declares, as a CREATE statement does between its brackets. Names are not asked whether they may
/// be declared: a result has columns that no source has.
pub fn schema(columns: &str, catalog: &Catalog) -> Result<Schema, Error> {
    let text = format!("CREATE STREAM S ({columns})");
    let parsed = weir_sql::parse_statement(&text, &weir_sql::Variables::default())?;
    let Statement::CreateSource(create) = parsed.statement else {
        return Err(Error::internal("columns between brackets are a statement"));
    };
    let declared = create.columns.iter().map(|column| {
        let sql_type = weir_plan::resolve_type(&column.type_name, catalog)?;
        let name = column.name.value.clone();
        Ok(match column.role {
            ColumnRole::Key | ColumnRole::PrimaryKey => Column::key(name, sql_type),
            _ => Column::value(name, sql_type),
        })
    });
    declared.collect::<Result<_, Error>>().map(Schema::new)
}

impl Engine {
    /// Returns when nothing is left to do: every persistent query that is not paused has processed all that is in its
    /// source, what came of it is acknowledged, and what was set aside is in the processing log.
    ///
    /// An error says which queries still had something to do when `patience` was over.
    pub async fn settled(&self, patience: Duration) -> Result<(), Error> {
        let runtime = &self.inner.parts.runtime;
        let settled = async {
            runtime.settled().await?;
            let entries = runtime.log_entries();
            let mut done = self.inner.log_done.subscribe();
            // The sender is the engine's own.
            let _ = done.wait_for(|done| *done >= entries).await;
            Ok::<_, Error>(())
        };
        if let Ok(settled) = tokio::time::timeout(patience, settled).await {
            return settled;
        }
        let waiting = runtime.unsettled().await?;
        let waiting: Vec<String> = waiting
            .into_iter()
            .map(|(id, why)| match why {
                Some(why) => format!("`{id}` cannot go on: {why}"),
                None => format!("`{id}` has records left to read"),
            })
            .collect();
        let what = match waiting.is_empty() {
            true => "the processing log is not written".to_owned(),
            false => waiting.join("; "),
        };
        Err(Error::external(format!(
            "the queries did not come to rest within {patience:?}: {what}"
        )))
    }
}
