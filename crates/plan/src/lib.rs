//! Statement and catalog to plan: names, types, keys, and the refusals that belong to them.
//!
//! ```text
//! Statement ── bind ──▶ typed expressions, the columns they need ──▶ Plan ── (weir-runtime) ──▶ tasks
//! ```
//!
//! Nothing here waits or touches a broker: what must be known of topics is asked through [`Topics`].

pub mod assert;
pub mod bind;
mod create_as;
pub mod create_source;
mod dataflow;
pub mod error;
pub mod explain;
mod fingerprint;
mod format_support;
mod insert;
mod names;
mod partition_by;
pub mod plan;
mod projection;
mod properties;
mod property_manual;
mod query;
mod upgrade;
mod windowed_key;

use std::sync::Arc;

use std::collections::BTreeMap;

use weir_catalog::Catalog;
use weir_functions::Registry;
use weir_sql::Statement;

pub use bind::types::resolve_type;
pub use create_source::check_like;
pub use dataflow::Dataflow;
pub use error::{Error, ErrorKind};
pub use fingerprint::{fingerprint, fingerprint_of_text};
pub use insert::in_other_case;
pub use plan::{
    CreateSourcePlan, Explode, InsertSelectPlan, InsertValuesPlan, NewKey, PersistentPlan, Plan,
    ProjectedColumn, QueryPlan, ScanColumn, ScanSource, Sink, Step, TableCall, TopicSpec,
};
pub use property_manual::{PropertyManual, property_manual};
pub use upgrade::{
    QueryShape, check_insert_upgrade, check_may_be_replaced, check_query_upgrade, check_replaceable,
};

const LAMBDAS: &str = "ksql.lambdas.enabled";

/// What a statement is planned against.
pub struct Context<'a> {
    pub catalog: &'a Catalog,
    pub functions: &'a Registry,
    pub topics: &'a dyn Topics,
    /// Configuration in force for this statement, by ksqlDB's names: the server's, then what SET changed.
    pub properties: &'a BTreeMap<String, String>,
}

impl Context<'_> {
    fn has_lambdas(&self) -> bool {
        let switch = self.properties.get(LAMBDAS);
        switch.is_none_or(|value| !value.eq_ignore_ascii_case("false"))
    }
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

/// Plans the statements that have a plan: CREATE, INSERT, SELECT. `text` is the statement's own, variables put in.
pub fn plan(statement: &Statement, text: &Arc<str>, context: &Context<'_>) -> Result<Plan, Error> {
    match statement {
        Statement::CreateSource(create) => {
            create_source::plan(create, text, context).map(Plan::CreateSource)
        }
        Statement::CreateAsSelect(create) => {
            create_as::plan(create, text, context).map(|plan| Plan::CreateAsSelect(Arc::new(plan)))
        }
        Statement::InsertSelect(insert) => {
            insert::select(insert, text, context).map(Plan::InsertSelect)
        }
        Statement::InsertValues(insert) => insert::values(insert, context).map(Plan::InsertValues),
        Statement::Select(query) => query::transient(query, context).map(Plan::Select),
        _ => Err(Error::new(
            ErrorKind::Invalid,
            "The provided statement does not run a ksql query",
        )),
    }
}
