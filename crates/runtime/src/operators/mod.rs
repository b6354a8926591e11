//! Step 4: batches through operators, synchronously, one by one.
//!
//! An operator sees each run of rows as it comes and never waits for more. Those here keep nothing between runs; windows and
//! joins will, and the trait is shaped for them.

mod explode;
mod filter;
mod partition_by;
mod project;

use std::fmt;

use arrow::datatypes::SchemaRef;
use weir_plan::Step;

pub(crate) use explode::Explode;
pub(crate) use filter::Filter;
pub(crate) use partition_by::PartitionBy;
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

    /// The rows of the last run that did not leave with it because they were too many, as many as may leave now.
    fn rest(&mut self) -> Result<Option<Run>, Error> {
        Ok(None)
    }

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
    /// How many rows of the last run passed the filter that stands first; all, without one.
    passed: usize,
}

#[derive(Debug)]
enum Any {
    Filter(Filter),
    PartitionBy(PartitionBy),
    Explode(Box<Explode>),
    Project(Project),
}

impl Any {
    fn process(&mut self, run: Run) -> Result<Run, Error> {
        match self {
            Self::Filter(filter) => filter.process(run),
            Self::PartitionBy(partition_by) => partition_by.process(run),
            Self::Explode(explode) => explode.process(run),
            Self::Project(project) => project.process(run),
        }
    }

    fn rest(&mut self) -> Result<Option<Run>, Error> {
        match self {
            Self::Filter(filter) => filter.rest(),
            Self::PartitionBy(partition_by) => partition_by.rest(),
            Self::Explode(explode) => explode.rest(),
            Self::Project(project) => project.rest(),
        }
    }
}

impl Operators {
    pub fn try_new(steps: &[Step], input: &SchemaRef) -> Result<Self, Error> {
        let mut columns = input.clone();
        let mut operators = Vec::with_capacity(steps.len());
        for step in steps {
            operators.push(match step {
                Step::Filter(predicate) => Any::Filter(Filter::try_new(predicate, &columns)?),
                Step::PartitionBy(keys) => {
                    let partition_by = PartitionBy::try_new(keys, &columns)?;
                    columns = partition_by.schema();
                    Any::PartitionBy(partition_by)
                }
                Step::Explode(calls) => {
                    let explode = Explode::try_new(calls, &columns)?;
                    columns = explode.schema();
                    Any::Explode(Box::new(explode))
                }
                Step::Project(projected) => {
                    let project = Project::try_new(projected, &columns)?;
                    columns = project.schema();
                    Any::Project(project)
                }
            });
        }
        Ok(Self {
            operators,
            passed: 0,
        })
    }

    /// The rows that leave because these came, or the first of them: [`Operators::rest`] gives the others.
    pub fn process(&mut self, run: Run) -> Result<Option<Run>, Error> {
        let run = match self.operators.first_mut() {
            Some(Any::Filter(filter)) if run.len() > 0 => filter.process(run)?,
            _ => run,
        };
        self.process_filtered(run)
    }

    /// The same, for rows of which it is known that they pass the filter that stands first.
    pub fn process_filtered(&mut self, run: Run) -> Result<Option<Run>, Error> {
        self.passed = run.len();
        let first = usize::from(matches!(self.operators.first(), Some(Any::Filter(_))));
        match self.through(first, run)? {
            None => self.rest(),
            some => Ok(some),
        }
    }

    /// How many rows of the last run the condition let through.
    pub fn passed(&self) -> usize {
        self.passed
    }

    /// More rows of the last run; `None` if all have left.
    pub fn rest(&mut self) -> Result<Option<Run>, Error> {
        while let Some((operator, run)) = self.piece()? {
            if let Some(run) = self.through(operator + 1, run)? {
                return Ok(Some(run));
            }
        }
        Ok(None)
    }

    /// What the last operator that holds rows back gives, and which one it is.
    fn piece(&mut self) -> Result<Option<(usize, Run)>, Error> {
        for (place, operator) in self.operators.iter_mut().enumerate().rev() {
            if let Some(run) = operator.rest()? {
                return Ok(Some((place, run)));
            }
        }
        Ok(None)
    }

    /// Ends early when no row is left.
    fn through(&mut self, first: usize, mut run: Run) -> Result<Option<Run>, Error> {
        for operator in self.operators.iter_mut().skip(first) {
            if run.len() == 0 {
                return Ok(None);
            }
            run = operator.process(run)?;
        }
        Ok((run.len() > 0).then_some(run))
    }
}
