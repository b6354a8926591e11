//! INSERT VALUES: constant expressions to one record.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{Int64Type, Schema},
    record_batch::{RecordBatch, RecordBatchOptions},
};
use bytes::Bytes;
use datafusion_expr::Expr;
use weir_catalog::ColumnRole;
use weir_formats::{Encoder, rows_of_nulls};
use weir_kafka::NewRecord;
use weir_plan::InsertValuesPlan;

use crate::{
    Error,
    expression::Expression,
    layout::{Declared, Part},
};

/// The record that `plan` describes; `now` dates it unless it says otherwise.
pub(crate) fn encode_values(plan: &InsertValuesPlan, now: i64) -> Result<NewRecord, Error> {
    let constants = Constants::new()?;
    let timestamp = match &plan.row_time {
        None => now,
        Some(time) => row_time(&constants.value(time)?)?,
    };
    Ok(NewRecord {
        timestamp,
        key: part(plan, Part::Key, &constants)?,
        value: part(plan, Part::Value, &constants)?,
        headers: Vec::new(),
    })
}

/// The values of constant expressions, each of one row.
pub fn evaluate<'a>(
    expressions: impl IntoIterator<Item = &'a Expr>,
) -> Result<Vec<ArrayRef>, Error> {
    let constants = Constants::new()?;
    let values = expressions.into_iter();
    values
        .map(|expression| constants.value(expression))
        .collect()
}

fn row_time(time: &ArrayRef) -> Result<i64, Error> {
    let time = time.as_primitive_opt::<Int64Type>();
    match time
        .filter(|time| time.is_valid(0))
        .map(|time| time.value(0))
    {
        Some(time) if time >= 0 => Ok(time),
        Some(time) => Err(Error::user(format!(
            "ROWTIME must not be before 1970: {time}"
        ))),
        None => Err(Error::user("ROWTIME must not be NULL")),
    }
}

fn part(
    plan: &InsertValuesPlan,
    part: Part,
    constants: &Constants,
) -> Result<Option<Bytes>, Error> {
    let (role, format) = match part {
        Part::Key => (ColumnRole::Key, &plan.source.key_format),
        Part::Value => (ColumnRole::Value, &plan.source.value_format),
    };
    let values = plan.values.iter().filter(|value| value.column.role == role);
    let columns = values.clone().map(|value| value.column.clone()).collect();
    let arrays = values.map(|value| constants.value(&value.expression));
    let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
    let declared = Declared::of(part, format, columns);
    let mut encoder = Encoder::try_new(&declared.format, &declared.columns)
        .map_err(|error| Error::user(error.message))?;
    let is_none = match part {
        Part::Key if arrays.len() > 1 => Some(rows_of_nulls(&arrays, 1)),
        _ => None,
    };
    let encoded = encoder.encode(&arrays, 1, is_none.as_ref());
    match encoded.failures.into_iter().next() {
        Some((_, reason)) => Err(Error::user(reason.message)),
        None => Ok(encoded.rows.into_iter().next().flatten()),
    }
}

/// One row without columns: what expressions without column references are evaluated over.
struct Constants {
    row: RecordBatch,
}

impl Constants {
    fn new() -> Result<Self, Error> {
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        let schema = Arc::new(Schema::empty());
        let row = RecordBatch::try_new_with_options(schema, Vec::new(), &options)?;
        Ok(Self { row })
    }

    fn value(&self, expression: &Expr) -> Result<ArrayRef, Error> {
        Expression::try_new(expression, &Schema::empty())?.evaluate(&self.row)
    }
}
