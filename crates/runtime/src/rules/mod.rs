//! The predicates of many queries as one rule set: asked together of each batch, so that the work grows with what matches.
//!
//! A query is a rule if it begins with a filter. The rules of a reader are in indexes ([`weir_rules`]): one for nearly all,
//! and a small one for those that came last, so that one more rule costs no more than a few.

mod explain;
mod raw;
mod set;
mod vocabulary;

use std::{fmt, sync::Arc};

use datafusion_expr::Expr;
use weir_catalog::SqlType;
use weir_plan::{Dataflow, Step};
use weir_rules::{ColumnId, ColumnKind, Formula, Known, Names};

pub use self::explain::{Explanation, Listed, RuleFacts, SharedAtom};
pub(crate) use self::{
    explain::Neighbour,
    raw::Skipper,
    set::{RuleSet, Selection},
    vocabulary::Vocabulary,
};
use crate::{
    Output, QuerySpec,
    layout::{Need, Needs},
};

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

/// Why a query is no rule: it is handed every record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRule {
    NoCondition,
    NoIndex,
    /// It reads up to an offset.
    Ends,
    FailsOnBadTime,
    DatedBySink,
}

impl fmt::Display for NoRule {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::NoCondition => "it has no condition",
            Self::NoIndex => "weir.rules.index.enable is false",
            Self::Ends => "it ends at an offset, and counts what it reads",
            Self::FailsOnBadTime => {
                "ksql.timestamp.throw.on.invalid is true: a record that cannot be dated stops it, whatever its condition says"
            }
            Self::DatedBySink => {
                "its sink has a TIMESTAMP column: a row may be dated by the highest time of all records before it"
            }
        })
    }
}

/// The condition that a query begins with.
#[derive(Debug)]
pub(crate) struct QueryRule {
    pub formula: Arc<Formula>,
    /// Whether records may be skipped for it, since nothing is asked of them but this; or why not.
    pub skipping: Result<(), NoSkip>,
}

/// Why a rule is to have every record parsed, whatever its condition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoSkip {
    NoRawFilter,
    DatedByColumn,
}

impl fmt::Display for NoSkip {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::NoRawFilter => "weir.rules.raw.filter is false",
            Self::DatedByColumn => {
                "its stream has a TIMESTAMP column, which is read of every record"
            }
        })
    }
}

impl QueryRule {
    /// The condition that a query begins with, if what it does not concern may pass the query by: nothing is to be done at an
    /// offset, or for a time, of a record that is not selected.
    pub fn of(
        spec: &QuerySpec,
        dataflow: &Dataflow,
        needs: &Needs,
        vocabulary: &Vocabulary,
    ) -> Result<Self, NoRule> {
        if spec.until.is_some() {
            return Err(NoRule::Ends);
        }
        if spec.fails_on_bad_time {
            return Err(NoRule::FailsOnBadTime);
        }
        if matches!(&spec.output, Output::Sink(sink) if sink.timestamp.is_some()) {
            return Err(NoRule::DatedBySink);
        }
        if !spec.rules.has_index {
            return Err(NoRule::NoIndex);
        }
        let rule = Self::new(dataflow, needs, vocabulary, spec.rules);
        rule.ok_or(NoRule::NoCondition)
    }

    /// `None` if the query does not begin with a filter.
    pub fn new(
        dataflow: &Dataflow,
        needs: &Needs,
        vocabulary: &Vocabulary,
        options: RuleOptions,
    ) -> Option<Self> {
        let predicate = predicate(dataflow)?;
        if !options.has_index {
            return None;
        }
        let mut formula = formula(predicate, dataflow, needs, vocabulary);
        vocabulary.share_texts(&mut formula);
        Some(Self {
            formula: Arc::new(formula),
            skipping: match (options.has_raw_filter, &needs.date) {
                (false, _) => Err(NoSkip::NoRawFilter),
                (true, Some(_)) => Err(NoSkip::DatedByColumn),
                (true, None) => Ok(()),
            },
        })
    }
}

fn predicate(dataflow: &Dataflow) -> Option<&Expr> {
    match dataflow.steps.first() {
        Some(Step::Filter(predicate)) => Some(predicate),
        _ => None,
    }
}

fn formula(
    predicate: &Expr,
    dataflow: &Dataflow,
    needs: &Needs,
    vocabulary: &Vocabulary,
) -> Formula {
    let mut names = PlanNames {
        dataflow,
        needs,
        vocabulary,
    };
    Formula::of(predicate, &mut names)
}

/// The columns of a query's scan.
struct PlanNames<'a> {
    dataflow: &'a Dataflow,
    needs: &'a Needs,
    vocabulary: &'a Vocabulary,
}

impl Names for PlanNames<'_> {
    fn column(&mut self, name: &str) -> Option<Known> {
        let mut scan = self.dataflow.scan.iter();
        let index = scan.position(|column| column.name == name)?;
        let Need::Decoded(part, place) = self.needs.columns.get(index)? else {
            return None;
        };
        let (declared, requests) = self.needs.of_part(*part)?;
        let request = requests.get(*place)?;
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
