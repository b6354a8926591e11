//! Says what became of the tests, in the order of the files.

mod json;
mod junit;
mod passing;
mod table;
mod tags;
mod text;

use std::time::{Duration, Instant};

use futures::StreamExt;

use crate::{cli::TestOutput, failure::Failure, stdout::Stdout};

use super::outcome::{Outcome, Status};
pub use passing::Passing;
use tags::Tags;

/// What is said, and what counts as a failure.
pub struct Options {
    pub output: TestOutput,
    /// How many tests were not chosen.
    pub left_out: usize,
    /// Tests that passed are counted and not named.
    pub only_failed: bool,
    /// With it only what it names must pass.
    pub passing: Option<Passing>,
    /// Whether it grows by what passes now.
    pub adds_passing: bool,
}

/// Runs tests, some at a time, and says what became of each. An error if one of them did not pass that must.
pub async fn all(
    running: impl Iterator<Item = impl Future<Output = Outcome>>,
    options: Options,
) -> Result<(), Failure> {
    let started = Instant::now();
    let mut report = Report::new(&options);
    let mut passing = options.passing;
    let mut outcomes = futures::stream::iter(running).buffered(at_once());
    let mut failed = 0;
    while let Some(outcome) = outcomes.next().await {
        let has_passed = outcome.status == Status::Pass;
        failed += usize::from(match &mut passing {
            Some(passing) => !passing.accepts(&outcome.name, has_passed),
            None => !has_passed,
        });
        report.outcome(outcome)?;
    }
    report.end(started.elapsed())?;
    if let Some(passing) = passing {
        passing.end(options.adds_passing)?;
    }
    match failed {
        0 => Ok(()),
        _ => Err(Failure::said(1)),
    }
}

/// Tests wait for their queries' tasks: a few more than there are cores keep all of them busy.
fn at_once() -> usize {
    std::thread::available_parallelism().map_or(4, |cores| cores.get() * 2)
}

struct Report {
    output: TestOutput,
    only_failed: bool,
    counts: Counts,
    text: text::Text,
    tags: Tags,
    /// For JUnit, which says everything at once.
    outcomes: Vec<Outcome>,
}

#[derive(Debug, Default)]
pub struct Counts {
    pub passed: usize,
    pub failed: usize,
    pub errors: usize,
    /// Not chosen.
    pub left_out: usize,
}

impl Report {
    fn new(options: &Options) -> Self {
        Self {
            output: options.output,
            only_failed: options.only_failed,
            counts: Counts {
                left_out: options.left_out,
                ..Counts::default()
            },
            text: text::Text::new(),
            tags: Tags::default(),
            outcomes: Vec::new(),
        }
    }

    fn outcome(&mut self, outcome: Outcome) -> Result<(), Failure> {
        *match outcome.status {
            Status::Pass => &mut self.counts.passed,
            Status::Fail => &mut self.counts.failed,
            Status::Error => &mut self.counts.errors,
        } += 1;
        self.tags.count(&outcome);
        if self.only_failed && outcome.status == Status::Pass {
            return Ok(());
        }
        match self.output {
            TestOutput::Text => write(&self.text.outcome(&outcome)),
            TestOutput::Json => write(&json::line(&outcome)),
            TestOutput::Junit => {
                self.outcomes.push(outcome);
                Ok(())
            }
        }
    }

    fn end(&self, elapsed: Duration) -> Result<(), Failure> {
        match self.output {
            TestOutput::Text => {
                write(&self.tags.table())?;
                write(&self.text.summary(&self.counts, elapsed))
            }
            TestOutput::Json => Ok(()),
            TestOutput::Junit => write(&junit::document(&self.outcomes, elapsed)?),
        }
    }
}

/// A reader that has gone changes nothing: the tests that are left run, and the exit status is theirs.
fn write(text: &str) -> Result<(), Failure> {
    Stdout::write(text.as_bytes()).map(|_| ())
}
