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
    /// The body for one place after the other, where no two of those that go together are of one row.
    pub fn steps(&self, rows: UInt32Array) -> Steps<'_> {
        Steps {
            lambda: self,
            rows,
            captured: None,
        }
    }

    /// The body once for each place of `inputs`; `rows[place]` is the row that it captures columns from. They ascend.
    pub fn evaluate(&self, inputs: &[ArrayRef], rows: &UInt32Array) -> Result<Outcome> {
        let mut made = Made::default();
        let (mut captured, mut most) = (None, size::FIRST_PIECE);
        let mut start = 0;
        loop {
            let rest = &rows.values()[start..];
            let given_up = made.given_up(rest);
            if given_up > 0 {
                made.push_failed(&self.output, given_up);
                start += given_up;
            } else {
                let length = piece(rest, most, captured.as_deref());
                let places = start..start + length;
                let outcome = self.evaluate_piece(inputs, rows, places, &mut captured)?;
                most = size::next_piece(length, size::of(&outcome.values));
                made.push(outcome, &rest[..length])?;
                start += length;
            }
            if start == rows.len() {
                return Ok(without_too_large(made.finish()?, rows));
            }
        }
    }

    fn evaluate_piece(
        &self,
        inputs: &[ArrayRef],
        rows: &UInt32Array,
        places: Range<usize>,
        captured: &mut Option<Vec<u64>>,
    ) -> Result<Outcome> {
        let (start, length) = (places.start, places.len());
        let inputs = inputs.iter();
        let inputs: Vec<_> = inputs
            .map(|input| move || Ok(input.slice(start, length)))
            .collect();
        let inputs: Vec<&Input> = inputs.iter().map(|input| input as &Input).collect();
        let rows = rows.slice(start, length);
        let spread = |columns: &[ArrayRef]| {
            captured.get_or_insert_with(|| size::of_rows(columns));
            let columns = columns.iter();
            columns
                .map(|column| Ok(take(column, &rows, None)?))
                .collect::<Result<Vec<_>>>()
        };
        let value = self.argument.evaluate(&inputs, spread)?;
        self.outcome_of(value, length)
    }

    fn outcome_of(&self, value: ColumnarValue, length: usize) -> Result<Outcome> {
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

/// A parameter's values. They are made only for a parameter that the body names.
pub type Input<'a> = dyn Fn() -> Result<ArrayRef> + 'a;

/// A body that is evaluated again and again over the same rows, less and less of them: those at the end fall away.
pub struct Steps<'a> {
    lambda: &'a Lambda,
    rows: UInt32Array,
    /// The captured columns in the order of the rows.
    captured: Option<Vec<ArrayRef>>,
}

impl Steps<'_> {
    /// The body for the first so many rows.
    pub fn next(&mut self, inputs: &[&Input], length: usize) -> Result<Outcome> {
        let Self {
            lambda,
            rows,
            captured,
        } = self;
        let spread = |columns: &[ArrayRef]| {
            let captured = match captured {
                Some(captured) => captured,
                None => {
                    let ordered = columns.iter().map(|column| take(column, rows, None));
                    captured.insert(ordered.collect::<Result<_, _>>()?)
                }
            };
            let captured = captured.iter();
            Ok(captured.map(|column| column.slice(0, length)).collect())
        };
        let value = lambda.argument.evaluate(inputs, spread)?;
        let outcome = lambda.outcome_of(value, length)?;
        if size::of(&outcome.values) <= size::LARGEST_RESULT {
            return Ok(outcome);
        }
        Ok(without_too_large(outcome, &rows.slice(0, length)))
    }
}

/// What a body has given for the places before.
#[derive(Default)]
struct Made {
    pieces: Vec<ArrayRef>,
    failed: Vec<Option<BooleanBuffer>>,
    size: u64,
    /// The row of the last place.
    row: Option<u32>,
    /// The piece that it begins in, and how much there is of it.
    row_begins: usize,
    row_size: u64,
}

impl Made {
    /// How many of the next places are given up, as what they gave would not be kept.
    fn given_up(&self, rows: &[u32]) -> usize {
        if self.size > size::LARGEST_BATCH {
            return rows.len();
        }
        if self.row_size <= size::LARGEST_RESULT {
            return 0;
        }
        let is_same = |row: &&u32| Some(**row) == self.row;
        rows.iter().take_while(is_same).count()
    }

    fn push_failed(&mut self, output: &DataType, length: usize) {
        self.pieces.push(new_null_array(output, length));
        self.failed.push(Some(BooleanBuffer::new_set(length)));
    }

    fn push(&mut self, outcome: Outcome, rows: &[u32]) -> Result<()> {
        let values = outcome.values;
        let last = rows.last().copied();
        let begin = rows.partition_point(|row| Some(*row) < last);
        let of_last = size::of(&values.slice(begin, values.len() - begin));
        if begin > 0 || last != self.row {
            (self.row, self.row_begins, self.row_size) = (last, self.pieces.len(), 0);
        }
        self.size = self.size.saturating_add(size::of(&values));
        self.row_size = self.row_size.saturating_add(of_last);
        self.pieces.push(values);
        self.failed.push(outcome.failed);
        if self.row_size > size::LARGEST_RESULT {
            self.drop_row(begin)?;
        }
        Ok(())
    }

    /// Makes room again: nothing of the last row, which begins at `begin` of the last piece or before, is kept.
    fn drop_row(&mut self, begin: usize) -> Result<()> {
        let of_others = if self.pieces.len() - 1 == self.row_begins {
            begin
        } else {
            0
        };
        for at in self.row_begins..self.pieces.len() {
            let piece = &self.pieces[at];
            let (length, is_last) = (piece.len(), at + 1 == self.pieces.len());
            // A piece that the row shares with others before it stays as it is, but for the last.
            if at == self.row_begins && !is_last {
                continue;
            }
            let kept = if is_last { of_others } else { 0 };
            let nothing = new_null_array(piece.data_type(), length - kept);
            self.size = self
                .size
                .saturating_sub(size::of(&piece.slice(kept, length - kept)));
            let failed = BooleanBuffer::collect_bool(length, |place| {
                let known = self.failed[at].as_ref();
                place >= kept || known.is_some_and(|failed| failed.value(place))
            });
            self.pieces[at] = concat(&[&piece.slice(0, kept), &nothing])?;
            self.failed[at] = Some(failed);
        }
        Ok(())
    }

    fn finish(self) -> Result<Outcome> {
        joined(&self.pieces, self.failed)
    }
}

/// How many of the places whose rows these are may be evaluated in one go: at least one.
fn piece(rows: &[u32], most: usize, captured: Option<&[u64]>) -> usize {
    let rows = &rows[..rows.len().min(most)];
    let Some(captured) = captured else {
        return rows.len();
    };
    let mut size = 0_u64;
    let fitting = rows.iter().take_while(|row| {
        let of_row = captured.get(**row as usize).copied().unwrap_or(0);
        size = size.saturating_add(of_row);
        size <= size::LARGEST_PIECE
    });
    fitting.count().max(rows.len().min(1))
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

#[cfg(test)]
mod tests {
    use arrow::array::StringArray;

    use super::*;

    #[test]
    fn a_row_that_gets_too_large_is_given_up_and_makes_room() {
        let text = "x".repeat(6 << 20);
        let mut made = Made::default();
        let mut push = |rows: &[u32]| {
            let texts = StringArray::from(vec![text.as_str(); rows.len()]);
            let outcome = Outcome {
                values: Arc::new(texts),
                failed: None,
            };
            assert_eq!(made.given_up(rows), 0);
            made.push(outcome, rows).unwrap();
            (made.size >> 20, made.given_up(&[1, 1, 2]))
        };
        assert_eq!(push(&[0, 1]), (12, 0));
        assert_eq!(push(&[1]), (18, 0));
        // The third text of row 1: nothing more is evaluated for it, and the pieces go that have nothing else.
        assert_eq!(push(&[1]), (12, 2));
        assert_eq!(push(&[2, 2]), (24, 0));
        made.push_failed(&DataType::Utf8, 1);
        let outcome = made.finish().unwrap();
        assert_eq!(outcome.values.len(), 7);
        let failed: Vec<bool> = (0..7).map(|place| outcome.has_failed(place)).collect();
        assert_eq!(failed, [false, false, true, true, false, false, true]);
        assert_eq!(
            (0..7)
                .map(|place| outcome.values.is_null(place))
                .collect::<Vec<_>>(),
            failed
        );
    }

    #[test]
    fn pieces_grow_as_long_as_little_is_made() {
        assert_eq!(size::next_piece(16, 16 * 8), 128);
        assert_eq!(size::next_piece(1 << 15, 0), size::LONGEST_PIECE);
        assert_eq!(size::next_piece(16, 16 << 20), 16);
        assert_eq!(size::next_piece(16, 256 << 20), 1);
        assert_eq!(size::next_piece(0, 0), 1);
    }
}
