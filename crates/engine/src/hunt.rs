//! Many rules over values in memory, without a broker: a hunt through a file, a regression case, and what a rule set costs.

use std::sync::Arc;

use bytes::Bytes;
use weir_catalog::Catalog;
use weir_functions::Registry;
use weir_plan::{Plan, QueryPlan};
use weir_runtime::{RuleOptions, RulePipeline, RuleProgram, RuleStats};

use crate::{Error, filter::plan};

/// Statements that are gathered.
#[derive(Default)]
pub struct Hunt {
    catalog: Catalog,
    functions: Registry,
    plans: Vec<Arc<QueryPlan>>,
}

/// Rules, ready: for as many threads as like.
pub struct HuntProgram(RuleProgram);

/// One thread's hunt.
pub struct HuntPipeline(RulePipeline);

impl Hunt {
    /// Without a stream or a rule, with the functions of the language.
    pub fn new() -> Self {
        Self {
            functions: Registry::builtin(),
            ..Self::default()
        }
    }

    /// CREATE STREAM, for the rules that follow.
    pub fn declare(&mut self, declaration: &str) -> Result<(), Error> {
        match plan(declaration, &self.catalog, &self.functions)? {
            Plan::CreateSource(declared) => Ok(self.catalog.add(declared.source)?),
            _ => Err(Error::user("expected CREATE STREAM")),
        }
    }

    /// A rule: INSERT INTO … SELECT, CREATE STREAM … AS SELECT, or SELECT. Rules are numbered as they come.
    pub fn add(&mut self, rule: &str) -> Result<usize, Error> {
        let query = match plan(rule, &self.catalog, &self.functions)? {
            Plan::InsertSelect(insert) => insert.query,
            Plan::CreateAsSelect(created) => created.query.clone(),
            Plan::Select(query) => query,
            _ => return Err(Error::user("a rule is a query")),
        };
        self.plans.push(Arc::new(query));
        Ok(self.plans.len() - 1)
    }

    /// Puts the rules into one set.
    pub fn ready(self, options: RuleOptions) -> Result<HuntProgram, Error> {
        Ok(HuntProgram(RuleProgram::try_new(&self.plans, options)?))
    }
}

impl HuntProgram {
    /// A pipeline for one thread, over the same indexes.
    pub fn pipeline(&self) -> Result<HuntPipeline, Error> {
        Ok(HuntPipeline(self.0.pipeline()?))
    }
}

impl HuntPipeline {
    /// Calls `each` with the number of every rule that matches, and the places of the values that it matches, in order.
    pub fn process(
        &mut self,
        values: &[Option<Bytes>],
        each: impl FnMut(usize, &[u32]),
    ) -> Result<(), Error> {
        Ok(self.0.process(values, each)?)
    }

    /// What it has done so far.
    pub fn stats(&self) -> RuleStats {
        self.0.stats()
    }
}
