//! Statement and catalog to plan: names, types, keys, and the refusals that belong to them.
//!
//! ```text
//! Statement ── bind ──▶ typed expressions, source columns ── rules ──▶ Plan ── (weir-runtime) ──▶ tasks
//! ```
//!
//! Nothing here waits or touches a broker: what must be known of topics is asked through [`Topics`].

pub mod error;
pub mod plan;

use std::collections::BTreeMap;

use weir_catalog::Catalog;
use weir_functions::Registry;
use weir_sql::Statement;

pub use error::{Error, ErrorKind};
pub use plan::{
    CreateSourcePlan, InsertSelectPlan, InsertValuesPlan, PersistentPlan, Plan, ProjectedColumn,
    QueryPlan, ScanColumn, ScanSource, Sink, Step, TopicSpec,
};

/// What a statement is planned against.
pub struct Context<'a> {
    pub catalog: &'a Catalog,
    pub functions: &'a Registry,
    pub topics: &'a dyn Topics,
    /// Configuration in force for this statement, by ksqlDB's names: the server's, then what SET changed.
    pub properties: &'a BTreeMap<String, String>,
}

/// What is known of the broker's topics at this moment.
pub trait Topics {
    /// `None`: there is no such topic.
    fn topic(&self, name: &str) -> Option<TopicFacts>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicFacts {
    pub partitions: i32,
    pub replicas: i16,
}

/// Plans the statements that have a plan: CREATE, INSERT, SELECT. `text` is the statement's own.
pub fn plan(_statement: &Statement, _text: &str, _context: &Context<'_>) -> Result<Plan, Error> {
    todo!()
}
