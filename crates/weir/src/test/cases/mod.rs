//! ksqlDB's own functional tests, as files of cases: `weir test --format qtt-rest FILE…`.
//!
//! ```text
//! file ── file ──▶ Case ── rest: a server, its statements, its records, its answers ──▶ Verdict
//! ```
//!
//! Numbers keep their spelling from end to end, since the scale of a DECIMAL counts.

mod answer;
mod file;
mod http;
mod json;
mod record;
mod rest;

use std::{sync::Arc, time::Instant};

use futures::StreamExt;

use crate::{cli::TestArguments, failure::Failure};

use super::{
    NO_TEST, at_once, filter,
    outcome::{Outcome, Status},
    report::Report,
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

/// What became of a case; a level if it wants an error.
type Verdict = Result<Option<Level>, Miss>;

pub async fn run(arguments: TestArguments) -> Result<(), Failure> {
    let filter = arguments.filter.as_deref().map(filter).transpose()?;
    let mut cases = Vec::new();
    for path in &arguments.paths {
        cases.extend(file::read(path)?.into_iter().map(Arc::new));
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
    let started = Instant::now();
    let mut report = Report::new(arguments.output, all - cases.len());
    let mut outcomes = futures::stream::iter(cases.into_iter().map(run_apart)).buffered(at_once());
    let mut failed = 0;
    while let Some(outcome) = outcomes.next().await {
        failed += usize::from(outcome.status != Status::Pass);
        report.outcome(outcome)?;
    }
    report.end(started.elapsed())?;
    match failed {
        0 => Ok(()),
        _ => Err(Failure::said(1)),
    }
}

/// In a task of its own: a defect of ours ends one case and not the others.
async fn run_apart(case: Arc<Case>) -> Outcome {
    let started = Instant::now();
    let task = tokio::spawn({
        let case = case.clone();
        async move { rest::judge(&case).await }
    });
    let verdict = task.await.unwrap_or_else(|error| {
        Err(Miss::Error(format!(
            "the case ended before its end: {error}"
        )))
    });
    let mut outcome = Outcome::of_case(&case.id, &case.file);
    match verdict {
        Ok(level) => outcome.level = level,
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
