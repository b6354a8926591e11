//! Expressions of a plan as DataFusion evaluates them, whatever their depth.
//!
//! Rules come from outside and may nest deep; a thread's stack is small, and that of a debug build fills fast. So an
//! expression is built on a stack of its own, and evaluated on one if it is deep.

use std::sync::{Arc, LazyLock};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, new_null_array},
    datatypes::Schema,
    record_batch::RecordBatch,
};
use datafusion_common::{DFSchema, ScalarValue, config::ConfigOptions};
use datafusion_expr::{ColumnarValue, Expr, execution_props::ExecutionProps};
use datafusion_physical_expr::{PhysicalExpr, create_physical_expr};
use weir_functions::{kernel::Argument, size};

use crate::Error;

/// What building takes at the deepest nesting that the parser lets through, in a debug build, with room to spare.
const BUILD_STACK: usize = 64 << 20;

/// One value in every row, as far as there is room for it: a constant may be a list of a million numbers.
fn spread(value: &ScalarValue, rows: usize) -> Result<ArrayRef, Error> {
    let size = size::of(&value.to_array()?).max(1);
    let most = usize::try_from(size::LARGEST_BATCH / size).unwrap_or(usize::MAX);
    if rows <= most {
        return Ok(value.to_array_of_size(rows)?);
    }
    let nulls = new_null_array(&value.data_type(), rows - most);
    let some = value.to_array_of_size(most)?;
    Ok(arrow::compute::concat(&[&some, &nulls])?)
}

/// What evaluating takes for each level, at most.
const STACK_PER_LEVEL: usize = 32 << 10;

/// Expressions up to this depth are evaluated where we are.
const SHALLOW: usize = 16;

/// DataFusion's settings, one for all: each call of a function keeps hold of them, and makes its own, of some hundred
/// texts, if it is given none.
static SETTINGS: LazyLock<Arc<ConfigOptions>> = LazyLock::new(Arc::default);

#[derive(Debug)]
pub(crate) struct Expression {
    physical: Arc<dyn PhysicalExpr>,
    depth: usize,
}

impl Expression {
    /// `columns` are those that the expression may name.
    pub fn try_new(expression: &Expr, columns: &Schema) -> Result<Self, Error> {
        stacker::grow(BUILD_STACK, || {
            let schema = DFSchema::try_from(columns.clone())?;
            let mut properties = ExecutionProps::new();
            properties.config_options = Some(SETTINGS.clone());
            let physical =
                create_physical_expr(expression, &schema, &properties, &Default::default())?;
            let depth = depth(&physical);
            Ok(Self { physical, depth })
        })
    }

    /// A value for every row. A column that is there already is handed on, not copied.
    pub fn values(&self, rows: &RecordBatch) -> Result<ArrayRef, Error> {
        match self.as_column() {
            Some(column) => Ok(rows.column(column).clone()),
            None => self.evaluate(rows),
        }
    }

    /// As an argument of a call: one value that is for every row stays one.
    pub fn argument(&self, rows: &RecordBatch) -> Result<Argument, Error> {
        Ok(match self.value(rows)? {
            ColumnarValue::Array(array) => Argument::column(array),
            ColumnarValue::Scalar(value) => Argument::constant(value.to_array()?),
        })
    }

    /// A value for every row.
    pub fn evaluate(&self, rows: &RecordBatch) -> Result<ArrayRef, Error> {
        match self.value(rows)? {
            ColumnarValue::Array(array) => Ok(array),
            ColumnarValue::Scalar(value) => spread(&value, rows.num_rows()),
        }
    }

    /// Whether this is TRUE, for every row: FALSE and NULL are not.
    pub fn is_true(&self, rows: &RecordBatch) -> Result<Verdict, Error> {
        let array = match self.value(rows)? {
            ColumnarValue::Scalar(ScalarValue::Boolean(Some(true))) => return Ok(Verdict::All),
            ColumnarValue::Scalar(_) => return Ok(Verdict::None),
            ColumnarValue::Array(array) => array,
        };
        let mask = array.as_boolean_opt().ok_or_else(|| {
            Error::internal(format!(
                "a predicate gave {}, not BOOLEAN",
                array.data_type()
            ))
        })?;
        let mask = match mask.null_count() {
            0 => mask.clone(),
            _ => arrow::compute::prep_null_mask_filter(mask),
        };
        Ok(match mask.true_count() {
            0 => Verdict::None,
            all if all == mask.len() => Verdict::All,
            _ => Verdict::Some(mask),
        })
    }

    fn value(&self, rows: &RecordBatch) -> Result<ColumnarValue, Error> {
        if self.depth <= SHALLOW {
            return Ok(self.physical.evaluate(rows)?);
        }
        let stack = self.depth.saturating_mul(STACK_PER_LEVEL);
        Ok(stacker::maybe_grow(stack, 2 * stack, || {
            self.physical.evaluate(rows)
        })?)
    }

    /// The column that this is, if it is nothing but a column.
    fn as_column(&self) -> Option<usize> {
        let column = self
            .physical
            .downcast_ref::<datafusion_physical_expr::expressions::Column>();
        column.map(|column| column.index())
    }
}

/// Which rows a predicate lets through.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    None,
    All,
    /// Without NULLs.
    Some(BooleanArray),
}

fn depth(expression: &Arc<dyn PhysicalExpr>) -> usize {
    let children = expression.children();
    1 + children.into_iter().map(depth).max().unwrap_or(0)
}
