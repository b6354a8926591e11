//! Functions that take lambdas: how a body is evaluated once over the elements of all rows.
//!
//! DataFusion has the frame: its higher-order functions carry a body and the columns that it captures. What is here lays the
//! collections of a batch side by side, takes the captured columns by the row that each element is of, and evaluates the body
//! over all of them in pieces of bounded size.
//!
//! **Invariant:** a body that fails is no error of the batch. ksqlDB gives up the whole collection then, so a failure makes
//! that row NULL; `failure` says when one fails.

mod elements;
mod failure;

use std::{
    fmt,
    hash::{Hash, Hasher},
    ops::Range,
    sync::Arc,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanBufferBuilder, UInt32Array, new_null_array},
    buffer::{BooleanBuffer, NullBuffer},
    compute::{concat, take},
    datatypes::{DataType, Field, FieldRef},
};
use datafusion_common::{Result, internal_err};
use datafusion_expr::{
    ColumnarValue, Expr, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature,
    HigherOrderUDF, HigherOrderUDFImpl, LambdaArgument, LambdaParametersProgress, ValueOrLambda,
    Volatility,
    expr::{HigherOrderFunction, Lambda as LambdaExpr, LambdaVariable},
};
use weir_catalog::SqlType;

pub(crate) use self::elements::Elements;
pub use self::failure::with_failures;
use crate::{
    kernel::{Argument, Call},
    size,
};

/// Computes a column from values and lambdas.
pub type LambdaBody = dyn Fn(&LambdaCall) -> Result<ArrayRef> + Send + Sync;

/// `parameters => body`, for the arguments of a call.
pub fn lambda(parameters: Vec<String>, body: Expr) -> Expr {
    Expr::Lambda(LambdaExpr::new(parameters, body))
}

/// A parameter of a lambda, in its body.
pub fn variable(name: &str, sql_type: &SqlType) -> Expr {
    let field = Field::new(name, sql_type.to_arrow(), true);
    Expr::LambdaVariable(LambdaVariable::new(name.to_owned(), Some(Arc::new(field))))
}

/// What a lambda of a call takes and gives.
#[derive(Debug, Clone, PartialEq)]
pub struct LambdaType {
    pub inputs: Vec<SqlType>,
    pub output: SqlType,
}

/// Makes a function over values and these lambdas.
pub(crate) fn higher_order(
    name: &str,
    constants: String,
    lambdas: &[LambdaType],
    returns: &SqlType,
    body: Arc<LambdaBody>,
) -> Arc<HigherOrderUDF> {
    let nullable = |sql_type: &SqlType| Arc::new(Field::new("", sql_type.to_arrow(), true));
    let inputs = lambdas.iter().map(|lambda| &lambda.inputs);
    Arc::new(HigherOrderUDF::new_from_impl(LambdaFunction {
        name: name.to_owned(),
        constants,
        inputs: inputs
            .map(|inputs| {
                inputs
                    .iter()
                    .map(|input| nullable(input) as FieldRef)
                    .collect()
            })
            .collect(),
        outputs: lambdas
            .iter()
            .map(|lambda| lambda.output.to_arrow())
            .collect(),
        returns: nullable(returns),
        signature: HigherOrderSignature::variadic_any(Volatility::Immutable),
        body,
    }))
}

pub(crate) fn call(function: Arc<HigherOrderUDF>, arguments: Vec<Expr>) -> Expr {
    Expr::HigherOrderFunction(HigherOrderFunction::new(function, arguments))
}

/// The arguments of one evaluation over a batch.
#[derive(Debug)]
pub struct LambdaCall {
    /// The values, in their order.
    pub values: Call,
    pub lambdas: Vec<Lambda>,
}

impl LambdaCall {
    pub fn lambda(&self, index: usize) -> Result<&Lambda> {
        match self.lambdas.get(index) {
            Some(lambda) => Ok(lambda),
            None => internal_err!("lambda {index} is missing"),
        }
    }

    /// The ARRAY or MAP that comes first, with a value for each row.
    pub fn collection(&self) -> Result<ArrayRef> {
        self.values.argument(0)?.to_column(self.values.rows)
    }
}

/// A lambda with the columns that its body captures.
#[derive(Debug)]
pub struct Lambda {
    argument: LambdaArgument,
    output: DataType,
}

/// What a lambda gave.
#[derive(Debug)]
pub struct Outcome {
    pub values: ArrayRef,
    /// Where the body failed; `None`: nowhere.
    pub failed: Option<BooleanBuffer>,
}

impl Outcome {
    pub fn has_failed(&self, place: usize) -> bool {
        self.failed
            .as_ref()
            .is_some_and(|failed| failed.value(place))
    }
}

impl Lambda {
    /// The body once for each place of `inputs`, where no two are of one row: nothing is copied for them.
    pub fn evaluate_once(&self, inputs: &[ArrayRef], rows: &UInt32Array) -> Result<Outcome> {
        let outcome = self.evaluate_piece(inputs, rows, 0..rows.len(), &mut None)?;
        Ok(without_too_large(outcome, rows))
    }

    /// The body once for each place of `inputs`; `rows[place]` is the row that it captures columns from.
    pub fn evaluate(&self, inputs: &[ArrayRef], rows: &UInt32Array) -> Result<Outcome> {
        let mut captured = None;
        let first = rows.len().min(size::FIRST_PIECE);
        let outcome = self.evaluate_piece(inputs, rows, 0..first, &mut captured)?;
        let mut made = size::of(&outcome.values);
        let (mut pieces, mut failed) = (vec![outcome.values], vec![outcome.failed]);
        let mut start = first;
        while start < rows.len() {
            if made > size::LARGEST_BATCH {
                // Nothing is evaluated for what would not be kept.
                let rest = rows.len() - start;
                pieces.push(new_null_array(&self.output, rest));
                failed.push(Some(BooleanBuffer::new_set(rest)));
                break;
            }
            let end = start + piece(&rows.values()[start..], captured.as_deref());
            let outcome = self.evaluate_piece(inputs, rows, start..end, &mut captured)?;
            made = made.saturating_add(size::of(&outcome.values));
            pieces.push(outcome.values);
            failed.push(outcome.failed);
            start = end;
        }
        Ok(without_too_large(joined(&pieces, failed)?, rows))
    }

    fn evaluate_piece(
        &self,
        inputs: &[ArrayRef],
        rows: &UInt32Array,
        places: Range<usize>,
        captured: &mut Option<Vec<u64>>,
    ) -> Result<Outcome> {
        let (start, length) = (places.start, places.len());
        let inputs: Vec<ArrayRef> = inputs
            .iter()
            .map(|input| input.slice(start, length))
            .collect();
        let rows = rows.slice(start, length);
        let closures: Vec<_> = inputs
            .iter()
            .map(|input| || Ok(Arc::clone(input)))
            .collect();
        let parameters: Vec<&dyn Fn() -> Result<ArrayRef>> = closures
            .iter()
            .map(|closure| closure as &dyn Fn() -> Result<ArrayRef>)
            .collect();
        let spread = |columns: &[ArrayRef]| {
            captured.get_or_insert_with(|| size::of_rows(columns));
            let columns = columns.iter();
            columns
                .map(|column| Ok(take(column, &rows, None)?))
                .collect::<Result<Vec<_>>>()
        };
        let value = self.argument.evaluate(&parameters, spread)?;
        if let ColumnarValue::Scalar(one) = &value {
            let size = size::of(&one.to_array()?);
            if size.saturating_mul(length as u64) > size::LARGEST_BATCH {
                return Ok(Outcome {
                    values: new_null_array(&self.output, length),
                    failed: Some(BooleanBuffer::new_set(length)),
                });
            }
        }
        let result = value.into_array(length)?;
        self.outcome(result)
    }

    /// A body that can fail gives its value and whether it failed: [`failure`].
    fn outcome(&self, result: ArrayRef) -> Result<Outcome> {
        if result.data_type() == &self.output {
            return Ok(Outcome {
                values: result,
                failed: None,
            });
        }
        match result.as_struct_opt().map(|checked| checked.columns()) {
            Some([values, failed]) if values.data_type() == &self.output => Ok(Outcome {
                values: Arc::clone(values),
                failed: failed
                    .as_boolean_opt()
                    .map(|failed| failed.values().clone())
                    .filter(|failed| failed.count_set_bits() > 0),
            }),
            _ => internal_err!(
                "a lambda gave {} and not {}",
                result.data_type(),
                self.output
            ),
        }
    }
}

/// How many of the places whose rows these are may be evaluated in one go: at least one.
fn piece(rows: &[u32], captured: Option<&[u64]>) -> usize {
    let rows = &rows[..rows.len().min(size::LONGEST_PIECE)];
    let Some(captured) = captured else {
        return rows.len();
    };
    let mut size = 0_u64;
    let fitting = rows.iter().take_while(|row| {
        let of_row = captured.get(**row as usize).copied().unwrap_or(0);
        size = size.saturating_add(of_row);
        size <= size::LARGEST_PIECE
    });
    fitting.count().max(1)
}

/// Where a row gets too much of it, the body has failed.
fn without_too_large(outcome: Outcome, rows: &UInt32Array) -> Outcome {
    if size::of(&outcome.values) <= size::LARGEST_RESULT {
        return outcome;
    }
    let sizes = size::of_rows(std::slice::from_ref(&outcome.values));
    let last = rows.values().iter().max().copied().unwrap_or(0);
    let mut of_row = vec![0_u64; last as usize + 1];
    for (row, size) in rows.values().iter().zip(sizes) {
        of_row[*row as usize] += size;
    }
    let is_too_large = |place: usize| of_row[rows.value(place) as usize] > size::LARGEST_RESULT;
    let failed = BooleanBuffer::collect_bool(rows.len(), |place| {
        outcome.has_failed(place) || is_too_large(place)
    });
    Outcome {
        failed: (failed.count_set_bits() > 0).then_some(failed),
        ..outcome
    }
}

fn joined(pieces: &[ArrayRef], failed: Vec<Option<BooleanBuffer>>) -> Result<Outcome> {
    let arrays: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
    let values = concat(&arrays)?;
    if failed.iter().all(Option::is_none) {
        return Ok(Outcome {
            values,
            failed: None,
        });
    }
    let mut all = BooleanBufferBuilder::new(values.len());
    for (piece, failed) in pieces.iter().zip(failed) {
        match failed {
            Some(failed) => all.append_buffer(&failed),
            None => all.append_n(piece.len(), false),
        }
    }
    Ok(Outcome {
        values,
        failed: Some(all.finish()),
    })
}

/// `validity` without the rows that `has_failed`.
pub fn without_failed(
    validity: Option<&NullBuffer>,
    rows: usize,
    has_failed: impl Fn(usize) -> bool,
) -> Option<NullBuffer> {
    let is_there = |row| validity.is_none_or(|validity| validity.is_valid(row));
    let kept = BooleanBuffer::collect_bool(rows, |row| is_there(row) && !has_failed(row));
    let kept = NullBuffer::new(kept);
    (kept.null_count() > 0).then_some(kept)
}

/// A function whose types were settled when a statement was bound.
///
/// Two are equal when their names, constants, lambdas' types and results are.
struct LambdaFunction {
    name: String,
    constants: String,
    inputs: Vec<Vec<FieldRef>>,
    outputs: Vec<DataType>,
    returns: FieldRef,
    signature: HigherOrderSignature,
    body: Arc<LambdaBody>,
}

impl HigherOrderUDFImpl for LambdaFunction {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.signature
    }

    fn lambda_parameters(
        &self,
        _step: usize,
        _fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        Ok(LambdaParametersProgress::Complete(self.inputs.clone()))
    }

    fn return_field_from_args(&self, _arguments: HigherOrderReturnFieldArgs) -> Result<FieldRef> {
        Ok(Arc::clone(&self.returns))
    }

    /// What is under a NULL is left out here, for MAPs too.
    fn clear_null_values(&self) -> bool {
        false
    }

    fn invoke_with_args(&self, arguments: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let (mut values, mut lambdas) = (Vec::new(), Vec::new());
        for argument in arguments.args {
            match argument {
                ValueOrLambda::Value(value) => values.push(Argument::try_from(value)?),
                ValueOrLambda::Lambda(argument) => match self.outputs.get(lambdas.len()) {
                    Some(output) => lambdas.push(Lambda {
                        argument,
                        output: output.clone(),
                    }),
                    None => return internal_err!("{} has too many lambdas", self.name),
                },
            }
        }
        let values = Call {
            arguments: values,
            rows,
            returns: self.returns.data_type().clone(),
        };
        (self.body)(&LambdaCall { values, lambdas }).map(ColumnarValue::Array)
    }
}

impl PartialEq for LambdaFunction {
    fn eq(&self, other: &Self) -> bool {
        (
            &self.name,
            &self.constants,
            &self.inputs,
            &self.outputs,
            &self.returns,
        ) == (
            &other.name,
            &other.constants,
            &other.inputs,
            &other.outputs,
            &other.returns,
        )
    }
}

impl Eq for LambdaFunction {}

impl Hash for LambdaFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.name, &self.constants).hash(state);
    }
}

impl fmt::Debug for LambdaFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LambdaFunction")
            .field("name", &self.name)
            .field("returns", &self.returns)
            .finish_non_exhaustive()
    }
}
