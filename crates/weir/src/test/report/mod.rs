//! Says what became of the tests, in the order of the files.

mod json;
mod junit;
mod table;
mod text;

use std::time::{Duration, Instant};

use futures::StreamExt;

use crate::{cli::TestOutput, failure::Failure, stdout::Stdout};

use super::outcome::{Outcome, Status};

/// Runs tests, some at a time, and says what became of each. An error if one of them did not pass.
pub async fn all(
    running: impl Iterator<Item = impl Future<Output = Outcome>>,
    output: TestOutput,
    left_out: usize,
) -> Result<(), Failure> {
    let started = Instant::now();
    let mut report = Report::new(output, left_out);
    let mut outcomes = futures::stream::iter(running).buffered(at_once());
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

/// Tests wait for their queries' tasks: a few more than there are cores keep all of them busy.
fn at_once() -> usize {
    std::thread::available_parallelism().map_or(4, |cores| cores.get() * 2)
}

struct Report {
    output: TestOutput,
    counts: Counts,
    text: text::Text,
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
    fn new(output: TestOutput, left_out: usize) -> Self {
        Self {
            output,
            counts: Counts {
                left_out,
                ..Counts::default()
            },
            text: text::Text::new(),
            outcomes: Vec::new(),
        }
    }

    fn outcome(&mut self, outcome: Outcome) -> Result<(), Failure> {
        *match outcome.status {
            Status::Pass => &mut self.counts.passed,
            Status::Fail => &mut self.counts.failed,
            Status::Error => &mut self.counts.errors,
        } += 1;
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
            TestOutput::Text => write(&self.text.summary(&self.counts, elapsed)),
            TestOutput::Json => Ok(()),
            TestOutput::Junit => write(&junit::document(&self.outcomes, elapsed)?),
        }
    }
}

/// A reader that has gone changes nothing: the tests that are left run, and the exit status is theirs.
fn write(text: &str) -> Result<(), Failure> {
    Stdout::write(text.as_bytes()).map(|_| ())
}
