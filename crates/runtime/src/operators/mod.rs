//! Step 4: batches through operators, synchronously, one by one.
//!
//! An operator sees each run of rows as it comes and never waits for more. Those here keep nothing between runs; windows and
//! joins will, and the trait is shaped for them.

mod filter;
mod project;

use std::fmt;

use arrow::datatypes::SchemaRef;
use weir_plan::Step;

pub(crate) use filter::Filter;
pub(crate) use project::Project;

use crate::{Error, batch::Run};

#[expect(
    dead_code,
    reason = "what operators with state are asked for; a filter and a projection have none"
)]
pub(crate) trait Operator: fmt::Debug + Send {
    /// What the plan says of it.
    type Spec: ?Sized;

    /// `input` are the columns of the runs that will come.
    fn try_new(spec: &Self::Spec, input: &SchemaRef) -> Result<Self, Error>
    where
        Self: Sized;

    /// The rows that leave because these came.
    fn process(&mut self, run: Run) -> Result<Run, Error>;

    /// The rows that leave because stream time has come to `time`: none, where nothing is kept.
    fn advance_to(&mut self, _time: i64) -> Result<Option<Run>, Error> {
        Ok(None)
    }

    /// What must be in a checkpoint to go on from here.
    fn snapshot(&self) -> Result<Option<Vec<u8>>, Error> {
        Ok(None)
    }

    fn restore(&mut self, _snapshot: &[u8]) -> Result<(), Error> {
        Ok(())
    }
}

/// The operators of a query, in the order of its steps.
#[derive(Debug)]
pub(crate) struct Operators {
    operators: Vec<Any>,
}

#[derive(Debug)]
enum Any {
    Filter(Filter),
    Project(Project),
}

impl Operators {
    pub fn try_new(steps: &[Step], input: &SchemaRef) -> Result<Self, Error> {
        let mut columns = input.clone();
        let mut operators = Vec::with_capacity(steps.len());
        for step in steps {
            operators.push(match step {
                Step::Filter(predicate) => Any::Filter(Filter::try_new(predicate, &columns)?),
                Step::Project(projected) => {
                    let project = Project::try_new(projected, &columns)?;
                    columns = project.schema();
                    Any::Project(project)
                }
            });
        }
        Ok(Self { operators })
    }

    /// Ends early when no row is left.
    pub fn process(&mut self, mut run: Run) -> Result<Option<Run>, Error> {
        for operator in &mut self.operators {
            if run.len() == 0 {
                return Ok(None);
            }
            run = match operator {
                Any::Filter(filter) => filter.process(run)?,
                Any::Project(project) => project.process(run)?,
            };
        }
        Ok((run.len() > 0).then_some(run))
    }
}
