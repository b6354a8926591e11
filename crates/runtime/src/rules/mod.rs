//! The predicates of many queries as one rule set: asked together of each batch, so that the work grows with what matches.
//!
//! A query is a rule if it begins with a filter. The rules of a reader are in indexes ([`weir_rules`]): one for nearly all,
//! and a small one for those that came last, so that one more rule costs no more than a few.

mod raw;
mod set;
mod vocabulary;

use std::sync::Arc;

use datafusion_expr::Expr;
use weir_catalog::SqlType;
use weir_plan::{QueryPlan, Step};
use weir_rules::{ColumnId, ColumnKind, Explained, Formula, Known, Names};

pub(crate) use self::{
    raw::Skipper,
    set::{RuleSet, Selection},
    vocabulary::Vocabulary,
};
use crate::layout::{Need, Needs};

/// How rules are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleOptions {
    /// Rules are found by an index, and not each asked of each record (`weir.rules.index.enable`).
    pub has_index: bool,
    /// Records that no rule can match are skipped before they are parsed (`weir.rules.raw.filter`).
    pub has_raw_filter: bool,
}

impl Default for RuleOptions {
    fn default() -> Self {
        Self {
            has_index: true,
            has_raw_filter: true,
        }
    }
}

/// The condition that a query begins with.
#[derive(Debug)]
pub(crate) struct QueryRule {
    pub formula: Arc<Formula>,
    /// Whether records may be skipped for it: nothing is asked of them but this.
    pub may_skip: bool,
}

impl QueryRule {
    /// `None` if the query does not begin with a filter.
    pub fn new(
        plan: &QueryPlan,
        needs: &Needs,
        vocabulary: &Vocabulary,
        options: RuleOptions,
    ) -> Option<Self> {
        let predicate = predicate(plan)?;
        if !options.has_index {
            return None;
        }
        let formula = formula(predicate, plan, needs, vocabulary);
        Some(Self {
            formula: Arc::new(formula),
            may_skip: options.has_raw_filter && needs.date.is_none(),
        })
    }
}

fn predicate(plan: &QueryPlan) -> Option<&Expr> {
    match plan.steps.first() {
        Some(Step::Filter(predicate)) => Some(predicate),
        _ => None,
    }
}

fn formula(predicate: &Expr, plan: &QueryPlan, needs: &Needs, vocabulary: &Vocabulary) -> Formula {
    let mut names = PlanNames {
        plan,
        needs,
        vocabulary,
    };
    Formula::of(predicate, &mut names)
}

/// The columns of a query's scan.
struct PlanNames<'a> {
    plan: &'a QueryPlan,
    needs: &'a Needs,
    vocabulary: &'a Vocabulary,
}

impl Names for PlanNames<'_> {
    fn column(&mut self, name: &str) -> Option<Known> {
        let mut scan = self.plan.scan.iter();
        let index = scan.position(|column| column.name == name)?;
        let Need::Decoded(part, request) = self.needs.columns.get(index)? else {
            return None;
        };
        let mut parts = self.needs.parts.iter();
        let (declared, _) = parts.find(|(of, _)| of.part == *part)?;
        let kind = match request.sql_type {
            SqlType::String => ColumnKind::Text,
            SqlType::Integer | SqlType::BigInt => ColumnKind::Integer,
            _ => ColumnKind::Other,
        };
        Some(Known {
            id: self.vocabulary.id(declared, request),
            kind,
        })
    }

    fn first_of(&mut self, columns: &[ColumnId]) -> ColumnId {
        self.vocabulary.first_of(columns)
    }
}

/// A query's condition as the rule set sees it, and the names of its columns.
#[derive(Debug)]
pub struct ExplainedRule {
    pub explained: Explained,
    names: Vec<(ColumnId, String)>,
}

impl ExplainedRule {
    /// By which name the plan's steps know a column.
    pub fn name(&self, column: ColumnId) -> &str {
        let found = self.names.iter().find(|(id, _)| *id == column);
        found.map_or("", |(_, name)| name)
    }
}

/// What the rule set makes of a query; `None` if it is no rule.
pub fn explain(plan: &QueryPlan) -> Option<ExplainedRule> {
    let predicate = predicate(plan)?;
    let needs = Needs::new(&plan.source, &plan.scan).ok()?;
    let vocabulary = Vocabulary::default();
    let explained = formula(predicate, plan, &needs, &vocabulary).explain();
    let names = plan.scan.iter().zip(&needs.columns);
    let names = names.filter_map(|(column, need)| match need {
        Need::Decoded(part, request) => {
            let (declared, _) = needs.parts.iter().find(|(of, _)| of.part == *part)?;
            Some((vocabulary.id(declared, request), column.name.clone()))
        }
        _ => None,
    });
    Some(ExplainedRule {
        names: names.collect(),
        explained,
    })
}
