//! What a statement will do.
//!
//! A query is a scan and the steps after it, in the order in which a record meets them:
//!
//! ```text
//! scan (columns that are needed) ─▶ Filter ─▶ PartitionBy ─▶ Explode ─▶ Project ─▶ sink or rows
//! ```
//!
//! Only the projection is always there. Expressions are DataFusion's [`Expr`] over the columns by name, the scan's and those
//! that steps before have made. They are total: the binder has put in our own
//! operators and casts, so that no expression fails a batch and no predicate yields NULL.

use std::sync::Arc;

use datafusion_expr::Expr;
use weir_catalog::{Column, Schema, Source, SqlType, Window};
use weir_functions::TableFunction;

use crate::{Dataflow, Error, dataflow::Resting};

#[derive(Debug, Clone)]
pub enum Plan {
    CreateSource(CreateSourcePlan),
    /// CREATE STREAM … AS SELECT.
    CreateAsSelect(Arc<PersistentPlan>),
    InsertSelect(InsertSelectPlan),
    InsertValues(InsertValuesPlan),
    Select(QueryPlan),
}

#[derive(Debug, Clone)]
pub struct CreateSourcePlan {
    pub source: Source,
    pub or_replace: bool,
    pub if_not_exists: bool,
    /// To be created if it is not there.
    pub topic: TopicSpec,
}

/// A topic as a WITH clause asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSpec {
    pub name: String,
    /// `None`: the topic must be there already.
    pub partitions: Option<i32>,
    /// −1: the broker's default.
    pub replicas: i16,
    pub retention_ms: Option<i64>,
    /// Whether PARTITIONS or REPLICAS are the statement's own words, and not what the source's topic has.
    pub is_said: bool,
}

#[derive(Debug, Clone)]
pub struct PersistentPlan {
    pub query: QueryPlan,
    pub sink: Sink,
    /// What CREATE … AS SELECT registers.
    pub source: Source,
    pub or_replace: bool,
    pub if_not_exists: bool,
    pub topic: TopicSpec,
}

#[derive(Debug, Clone)]
pub struct InsertSelectPlan {
    pub query: QueryPlan,
    pub sink: Sink,
    /// The stream that is written to.
    pub target: String,
    /// From `WITH (QUERY_ID = …)`.
    pub query_id: Option<String>,
    /// From `WITH (OR_REPLACE = …)`: it may take the place of the query of this id, and goes on where that was.
    pub or_replace: bool,
}

/// Where a persistent query writes: how the columns of its result become a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Sink {
    pub topic: String,
    /// The result's columns in the sink's order; keys have the key role.
    pub schema: Schema,
    pub key_format: weir_catalog::FormatSpec,
    pub value_format: weir_catalog::FormatSpec,
    /// The column that sets the record's timestamp; the row's own time if absent.
    pub timestamp: Option<weir_catalog::source::TimestampColumn>,
}

/// One record to produce.
#[derive(Debug, Clone)]
pub struct InsertValuesPlan {
    pub source: Arc<Source>,
    /// Every key and value column of the source, in its order, with the expression for its value (no column
    /// references in it).
    pub values: Vec<ProjectedColumn>,
    /// Milliseconds since the epoch; now if absent.
    pub row_time: Option<Expr>,
}

#[derive(Debug, Clone)]
pub struct QueryPlan {
    pub source: Arc<Source>,
    /// The result's columns, as the last step produces them.
    pub schema: Arc<Schema>,
    pub limit: Option<u64>,
    /// A push query, or the query of a persistent statement; false for a pull query.
    pub is_continuous: bool,
    pub(crate) dataflow: Resting,
}

impl QueryPlan {
    /// What is read and done; made for the one who asks if it is at rest. There is no error but for a statement that has become
    /// another since it was planned.
    pub fn dataflow(&self) -> Result<Arc<Dataflow>, Error> {
        self.dataflow.get()
    }

    /// Lets go of the dataflow, here and in all clones, if it can be made again out of the statement.
    pub fn rest(&self) {
        self.dataflow.rest();
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanColumn {
    /// The name by which expressions refer to it; unique within the scan.
    pub name: String,
    pub from: ScanSource,
    pub sql_type: SqlType,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ScanSource {
    /// A value column, or a member of a STRUCT in one: `["WINLOG", "EVENT_DATA", "COMMANDLINE"]`.
    Value(Vec<String>),
    /// The same in the key.
    Key(Vec<String>),
    Headers,
    /// The last header of this key.
    Header(String),
    RowTime,
    RowPartition,
    RowOffset,
    /// Of the window behind the key.
    WindowStart(Window),
    WindowEnd(Window),
    /// The value's bytes as text; what is no UTF-8 in them is U+FFFD.
    RawValue,
}

#[derive(Debug, Clone)]
pub enum Step {
    /// Rows for which this BOOLEAN is TRUE go on. On a stream, rows whose value is NULL do not.
    Filter(Expr),
    /// The rows get these keys, in columns beside the others; none if they are to have no key.
    PartitionBy(Vec<NewKey>),
    Explode(Explode),
    Project(Vec<ProjectedColumn>),
}

/// A column of a new key.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Of the column that holds it.
    pub name: String,
    pub sql_type: SqlType,
    pub expression: Expr,
    /// Whether it is made of the old key alone. Else it is NULL in rows whose value is NULL.
    pub is_of_keys: bool,
}

/// Table functions: each row becomes as many as the call with the most rows gives. Where another gives fewer, its column is
/// NULL.
#[derive(Debug, Clone)]
pub struct Explode {
    pub calls: Vec<TableCall>,
    /// The columns that later steps name, besides those of the calls.
    pub kept: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct TableCall {
    /// Of the column that holds the values.
    pub name: String,
    pub sql_type: SqlType,
    pub function: Arc<TableFunction>,
    pub arguments: Vec<Expr>,
}

#[derive(Debug, Clone)]
pub struct ProjectedColumn {
    pub column: Column,
    pub expression: Expr,
}
