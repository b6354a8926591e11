//! WHERE: the rows for which a condition is TRUE go on.
//!
//! A row whose value is NULL as a whole does not, whatever the condition says.

use std::sync::Arc;

use arrow::{
    array::BooleanArray,
    compute::{and_not, filter as filter_array, filter_record_batch},
    datatypes::SchemaRef,
};
use datafusion_expr::Expr;

use super::Operator;
use crate::{
    Error,
    batch::Run,
    expression::{Expression, Verdict},
};

#[derive(Debug)]
pub(crate) struct Filter {
    predicate: Expression,
}

impl Operator for Filter {
    type Spec = Expr;

    fn try_new(predicate: &Expr, input: &SchemaRef) -> Result<Self, Error> {
        let predicate = Expression::try_new(predicate, input)?;
        Ok(Self { predicate })
    }

    fn process(&mut self, run: Run) -> Result<Run, Error> {
        let verdict = self.predicate.is_true(&run.rows)?;
        let mask = match (verdict, &run.is_null) {
            (Verdict::None, _) => return Ok(run.truncate(0)),
            (Verdict::All, None) => return Ok(run),
            (Verdict::All, Some(is_null)) => arrow::compute::not(is_null)?,
            (Verdict::Some(mask), None) => mask,
            (Verdict::Some(mask), Some(is_null)) => and_not(&mask, is_null)?,
        };
        Ok(Run {
            is_null: None,
            ..run.keep(&mask)?
        })
    }
}

impl Run {
    /// The rows for which `mask` is true.
    pub fn keep(self, mask: &BooleanArray) -> Result<Self, Error> {
        let origins = mask.values().set_indices();
        let origins: Arc<[u32]> = match &self.origins {
            None => origins.map(|row| row as u32).collect(),
            Some(before) => origins.map(|row| before[row]).collect(),
        };
        Ok(Self {
            rows: filter_record_batch(&self.rows, mask)?,
            origins: Some(origins),
            is_null: kept(self.is_null.as_ref(), mask)?,
            has_no_key: kept(self.has_no_key.as_ref(), mask)?,
        })
    }
}

/// Of marks, those that stay; `None` if none of them is set.
fn kept(marks: Option<&BooleanArray>, mask: &BooleanArray) -> Result<Option<BooleanArray>, Error> {
    let Some(marks) = marks else {
        return Ok(None);
    };
    let kept = filter_array(marks, mask)?;
    let kept = arrow::array::AsArray::as_boolean(&*kept).clone();
    Ok((kept.true_count() > 0).then_some(kept))
}
