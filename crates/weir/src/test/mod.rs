//! `weir test`: tests of one's own rules, in SQL.
//!
//! ```text
//! paths ── files ──▶ file ── script ──▶ tests ── runner, many at once ──▶ Outcome ── report ──▶ text, JSON lines or JUnit
//! ```

mod cases;
mod events;
mod files;
mod outcome;
mod report;
mod runner;
mod script;

use std::{sync::Arc, time::Instant};

use crate::{
    cli::{TestArguments, TestFormat},
    failure::Failure,
};

use outcome::{Outcome, Status};
use script::Test;

/// How a file that cannot be tested with ends the program, as opposed to a test that failed.
pub const NO_TEST: u8 = 2;

pub async fn run(arguments: TestArguments) -> Result<(), Failure> {
    check(&arguments)?;
    match arguments.format {
        TestFormat::Sql => run_scripts(arguments).await,
        TestFormat::Qtt => cases::run(arguments, cases::Suite::Query).await,
        TestFormat::QttRest => cases::run(arguments, cases::Suite::Rest).await,
    }
}

/// An option that has no effect is a misunderstanding.
fn check(arguments: &TestArguments) -> Result<(), Failure> {
    let has_tags = !arguments.tags.is_empty() || !arguments.without_tags.is_empty();
    let why = match arguments.format {
        TestFormat::Sql if has_tags => {
            "--tags and --without-tags are for ksqlDB's cases: tests in SQL have no tags"
        }
        TestFormat::Sql if arguments.passing.is_some() => {
            "--passing is for ksqlDB's cases: tests in SQL pass, or they are wrong"
        }
        TestFormat::Qtt | TestFormat::QttRest if arguments.resume => {
            "--resume is for tests in SQL: ksqlDB's cases run straight"
        }
        _ => return Ok(()),
    };
    Err(Failure::new(why).status(NO_TEST))
}

async fn run_scripts(arguments: TestArguments) -> Result<(), Failure> {
    let filter = arguments.filter.as_deref().map(filter).transpose()?;
    let tests = tests(&arguments)?;
    let all = tests.len();
    let chosen: Vec<Arc<Test>> = tests
        .into_iter()
        .filter(|test| {
            let is_match = |filter: &regex::Regex| filter.is_match(&test.name);
            filter.as_ref().is_none_or(is_match)
        })
        .collect();
    if chosen.is_empty() {
        let filter = arguments.filter.unwrap_or_default();
        return Err(Failure::new(format!(
            "none of the {all} tests has a name that `{filter}` matches"
        ))
        .status(NO_TEST));
    }
    let (left_out, is_resumed) = (all - chosen.len(), arguments.resume);
    let running = chosen.into_iter().map(|test| run_apart(test, is_resumed));
    let options = report::Options {
        output: arguments.output,
        left_out,
        only_failed: arguments.only_failed,
        passing: None,
        adds_passing: false,
    };
    report::all(running, options).await
}

/// In a task of its own: a defect of ours ends one test and not the others.
async fn run_apart(test: Arc<Test>, is_resumed: bool) -> Outcome {
    let started = Instant::now();
    let task = tokio::spawn({
        let test = test.clone();
        async move { runner::run(&test, is_resumed).await }
    });
    let verdict = task.await;
    let mut outcome = Outcome::new(&test);
    match verdict {
        Ok(Ok(())) => {}
        Ok(Err(fault)) => outcome.fault(*fault),
        Err(error) => {
            outcome.status = Status::Error;
            outcome.message = Some(format!("the test ended before its end: {error}"));
        }
    }
    outcome.seconds = started.elapsed().as_secs_f64();
    outcome
}

fn filter(text: &str) -> Result<regex::Regex, Failure> {
    regex::Regex::new(text).map_err(|error| {
        Failure::new(format!("`{text}` is no regular expression: {error}")).status(NO_TEST)
    })
}

/// All tests of all files, in order.
fn tests(arguments: &TestArguments) -> Result<Vec<Arc<Test>>, Failure> {
    let mut tests = Vec::new();
    for path in files::all(&arguments.paths)? {
        tests.extend(script::read(&path)?.into_iter().map(Arc::new));
    }
    Ok(tests)
}
