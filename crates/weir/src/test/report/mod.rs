//! Says what became of the tests, in the order of the files.

mod json;
mod junit;
mod table;
mod text;

use std::time::Duration;

use crate::{cli::TestOutput, failure::Failure, stdout::Stdout};

use super::outcome::{Outcome, Status};

pub struct Report {
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
    pub fn new(output: TestOutput, left_out: usize) -> Self {
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

    pub fn outcome(&mut self, outcome: Outcome) -> Result<(), Failure> {
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

    pub fn end(&self, elapsed: Duration) -> Result<(), Failure> {
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
