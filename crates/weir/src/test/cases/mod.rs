//! ksqlDB's own functional tests, as files of cases: `weir test --format qtt FILE…`, `--format qtt-rest FILE…`.
//!
//! ```text
//! file ── file ──▶ Case ──┬─ query: an engine in memory, its statements, its records, its outputs ──┬─▶ Verdict
//!                         └─ rest: a server, its statements, its records, its answers ─────────────┘
//! ```
//!
//! Numbers keep their spelling from end to end, since the scale of a DECIMAL counts.

mod answer;
mod file;
mod http;
mod json;
mod query;
mod record;
mod rest;

use std::{sync::Arc, time::Instant};

use crate::{cli::TestArguments, failure::Failure};

use super::{
    NO_TEST, filter,
    outcome::{Outcome, Status},
    report,
};
use file::Case;

/// How well a case that wants an error is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is refused where it should be.
    Rejects,
    /// And in ksqlDB's words.
    Message,
}

/// Why a case did not pass.
#[derive(Debug)]
pub enum Miss {
    /// It ran, and did otherwise.
    Fail(String),
    /// It could not be run.
    Error(String),
}

/// A refusal that a case wants.
#[derive(Debug)]
pub struct Met {
    level: Level,
    /// What was said.
    message: String,
}

/// What became of a case; how it was refused if it wants an error.
type Verdict = Result<Option<Met>, Miss>;

/// What the cases of a file are run against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// An engine in memory.
    Query,
    /// A server, over HTTP.
    Rest,
}

pub async fn run(arguments: TestArguments, suite: Suite) -> Result<(), Failure> {
    let name = match suite {
        Suite::Query => "qtt",
        Suite::Rest => "qtt-rest",
    };
    let filter = arguments.filter.as_deref().map(filter).transpose()?;
    let mut cases = Vec::new();
    for path in &arguments.paths {
        cases.extend(file::read(path, name)?.into_iter().map(Arc::new));
    }
    let all = cases.len();
    cases.retain(|case| {
        let has = |tags: &[String]| tags.iter().any(|tag| case.features.contains(tag));
        let is_tagged = arguments.tags.iter().all(|tag| case.features.contains(tag));
        let is_match = filter
            .as_ref()
            .is_none_or(|filter| filter.is_match(&case.id));
        is_tagged && !has(&arguments.without_tags) && is_match
    });
    if cases.is_empty() {
        let why =
            format!("none of the {all} cases is chosen by --filter, --tags and --without-tags");
        return Err(Failure::new(why).status(NO_TEST));
    }
    let left_out = all - cases.len();
    let running = cases.into_iter().map(|case| run_apart(case, suite));
    let options = report::Options {
        output: arguments.output,
        left_out,
        only_failed: arguments.only_failed,
        passing: arguments.passing.map(report::Passing::read).transpose()?,
        adds_passing: arguments.add_passing,
    };
    report::all(running, options).await
}

/// In a task of its own: a defect of ours ends one case and not the others.
async fn run_apart(case: Arc<Case>, suite: Suite) -> Outcome {
    let started = Instant::now();
    let task = tokio::spawn({
        let case = case.clone();
        async move {
            match suite {
                Suite::Query => query::judge(&case).await,
                Suite::Rest => rest::judge(&case).await,
            }
        }
    });
    let verdict = task.await.unwrap_or_else(|error| {
        Err(Miss::Error(format!(
            "the case ended before its end: {error}"
        )))
    });
    let mut outcome = Outcome::of_case(&case.id, &case.file);
    outcome.tags.clone_from(&case.features);
    outcome.is_scored = case.skip.is_none();
    match verdict {
        Ok(None) => {}
        Ok(Some(met)) => {
            outcome.level = Some(met.level);
            // Where the words are others, which they are.
            outcome.message = (met.level == Level::Rejects).then_some(met.message);
        }
        Err(Miss::Fail(why)) => {
            outcome.status = Status::Fail;
            outcome.message = Some(why);
        }
        Err(Miss::Error(why)) => {
            outcome.status = Status::Error;
            outcome.message = Some(why);
        }
    }
    outcome.seconds = started.elapsed().as_secs_f64();
    outcome
}
