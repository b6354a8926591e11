//! The select list: columns made from columns. One that is there already is handed on, not copied.

use std::sync::Arc;

use arrow::{
    datatypes::{Schema, SchemaRef},
    record_batch::{RecordBatch, RecordBatchOptions},
};
use weir_plan::ProjectedColumn;

use super::Operator;
use crate::{Error, batch::Run, expression::Expression};

#[derive(Debug)]
pub(crate) struct Project {
    expressions: Vec<Expression>,
    schema: SchemaRef,
}

impl Project {
    /// The columns that come out.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

impl Operator for Project {
    type Spec = [ProjectedColumn];

    fn try_new(columns: &[ProjectedColumn], input: &SchemaRef) -> Result<Self, Error> {
        let expressions = columns.iter();
        let expressions = expressions.map(|column| Expression::try_new(&column.expression, input));
        let fields = columns.iter().map(|projected| {
            let column = &projected.column;
            column.sql_type.to_arrow_field(&column.name)
        });
        Ok(Self {
            expressions: expressions.collect::<Result<_, _>>()?,
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
        })
    }

    fn process(&mut self, run: Run) -> Result<Run, Error> {
        let values = self.expressions.iter();
        let values = values.map(|expression| expression.values(&run.rows));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        // A select list without columns still has rows.
        let options = RecordBatchOptions::new().with_row_count(Some(run.rows.num_rows()));
        let rows = RecordBatch::try_new_with_options(self.schema.clone(), values, &options)?;
        Ok(Run { rows, ..run })
    }
}
