//! A running query, from outside.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use arrow::record_batch::RecordBatch;
use tokio::sync::mpsc;
use weir_kafka::{Offset, PartitionId};
use weir_plan::{QueryPlan, Sink};

use crate::{
    Error, QueryMeasures, RuleOptions,
    control::{Control, Wish},
};

/// What to run and from where.
#[derive(Debug, Clone)]
pub struct QuerySpec {
    pub id: String,
    pub plan: Arc<QueryPlan>,
    /// Kept in checkpoints; a checkpoint of another fingerprint still gives the positions.
    pub fingerprint: String,
    /// Where partitions start for which there is no checkpoint. A partition not named here starts at 0.
    pub start: BTreeMap<PartitionId, Offset>,
    /// Stop when these offsets are reached: pull queries, and runs until the end. Partitions not named are not read.
    pub until: Option<BTreeMap<PartitionId, Offset>>,
    pub output: Output,
    /// False for queries whose positions nobody needs: push and pull.
    pub is_persistent: bool,
    /// It takes nothing until it is resumed.
    pub is_paused: bool,
    /// Each output record says in headers where it came from (`weir.sink.origin.headers`).
    pub has_origin_headers: bool,
    /// A record that cannot be dated is not set aside: the query fails, and tries again (`ksql.timestamp.throw.on.invalid`).
    pub fails_on_bad_time: bool,
    /// How its condition is asked beside those of others.
    pub rules: RuleOptions,
}

#[derive(Debug, Clone)]
pub enum Output {
    Sink(Arc<Sink>),
    /// When the receiver is dropped the query stops.
    Rows(mpsc::Sender<Rows>),
}

/// Result rows as they come, in the plan's columns.
#[derive(Debug, Clone)]
pub struct Rows {
    pub batch: RecordBatch,
}

/// A handle; dropping it does not stop the query.
#[derive(Debug, Clone)]
pub struct Query {
    pub(crate) control: Arc<Control>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryState {
    Starting,
    Running,
    Paused,
    /// Waits before it tries again; the other queries do not notice.
    Retrying,
    /// Gave up, or was told to stop for good.
    Failed,
    Stopped,
    /// Reached the end that it was given.
    Completed,
}

/// What SHOW QUERIES, EXPLAIN and DESCRIBE EXTENDED say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryStatus {
    pub state: QueryState,
    /// The last errors, newest last: when (ms since 1970) and what.
    pub errors: Vec<(i64, String)>,
    /// The next offset to read, by partition.
    pub positions: BTreeMap<PartitionId, Offset>,
    /// Records that came in, rows that went out, records set aside by reason.
    pub records_in: u64,
    pub rows_out: u64,
    pub bad_records: BTreeMap<&'static str, u64>,
    /// Offsets that were gone before they were read.
    pub records_missed: u64,
    /// Entries for the processing log that nobody took in time.
    pub log_entries_dropped: u64,
}

impl Query {
    pub fn id(&self) -> &str {
        &self.control.id
    }

    pub fn status(&self) -> QueryStatus {
        self.control.status()
    }

    /// The status, and what the query has cost so far.
    pub fn measures(&self) -> QueryMeasures {
        self.control.measures()
    }

    /// Whether as many rows were given as its LIMIT says.
    pub fn has_reached_limit(&self) -> bool {
        self.control.has_enough_rows()
    }

    /// Returns at once; the query stops reading after the epoch in hand, at a checkpoint.
    pub fn pause(&self) {
        self.control.wish(Wish::Pause);
    }

    pub fn resume(&self) {
        self.control.wish(Wish::Run);
    }

    /// Stops at a checkpoint; returns when it has stopped or `patience` is over.
    ///
    /// A query that has not stopped by then is cut off where it is: what it wrote since its last checkpoint is
    /// written again when it is started again.
    pub async fn stop(&self, patience: Duration) -> Result<(), Error> {
        self.control.stop(patience).await
    }

    /// Returns when the query has completed, stopped or failed.
    pub async fn finished(&self) -> QueryState {
        self.control.finished().await
    }
}
