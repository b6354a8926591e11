//! PARTITION BY: new keys, in columns beside those that are there.
//!
//! Where the value of a row is NULL as a whole, so is a key that is made of more than the old key. A key of several columns
//! is never NULL as a whole, whatever its columns are.

use std::sync::Arc;

use arrow::{
    compute::nullif,
    datatypes::{Schema, SchemaRef},
    record_batch::{RecordBatch, RecordBatchOptions},
};
use weir_plan::NewKey;

use super::Operator;
use crate::{Error, batch::Run, expression::Expression};

#[derive(Debug)]
pub(crate) struct PartitionBy {
    keys: Vec<Key>,
    schema: SchemaRef,
}

#[derive(Debug)]
struct Key {
    expression: Expression,
    is_of_keys: bool,
}

impl PartitionBy {
    /// The columns that come out.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

impl Operator for PartitionBy {
    type Spec = [NewKey];

    fn try_new(keys: &[NewKey], input: &SchemaRef) -> Result<Self, Error> {
        let mut fields = input.fields().to_vec();
        let new = keys
            .iter()
            .map(|key| Arc::new(key.sql_type.to_arrow_field(&key.name)));
        fields.extend(new);
        let keys = keys.iter().map(|key| {
            Ok(Key {
                expression: Expression::try_new(&key.expression, input)?,
                is_of_keys: key.is_of_keys,
            })
        });
        Ok(Self {
            keys: keys.collect::<Result<_, Error>>()?,
            schema: Arc::new(Schema::new(fields)),
        })
    }

    fn process(&mut self, run: Run) -> Result<Run, Error> {
        let mut columns = run.rows.columns().to_vec();
        for key in &self.keys {
            let values = key.expression.values(&run.rows)?;
            columns.push(match &run.is_null {
                Some(is_null) if !key.is_of_keys => nullif(&values, is_null)?,
                _ => values,
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(run.rows.num_rows()));
        let rows = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        Ok(Run {
            rows,
            has_no_key: None,
            ..run
        })
    }
}
