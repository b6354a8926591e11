//! How a function over columns becomes one that DataFusion can call.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow::{array::ArrayRef, datatypes::DataType};
use datafusion_common::{DataFusionError, Result, ScalarValue};
use datafusion_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use weir_catalog::SqlType;

/// Columns or constants in, a column or a constant out; `rows` is how many rows the batch has.
pub type Body = dyn Fn(&[ColumnarValue], usize) -> Result<ColumnarValue> + Send + Sync;

/// A function whose result type is settled when a statement is bound.
///
/// Two are equal when their names, their constants and their results are: `constants` holds what the body was made
/// of, such as a compiled pattern's text.
struct ColumnFunction {
    name: String,
    constants: String,
    returns: DataType,
    signature: Signature,
    body: Arc<Body>,
}

/// Makes a function; `constants` tells it from others of the same name.
pub fn function(
    name: &str,
    constants: impl Into<String>,
    returns: &SqlType,
    body: impl Fn(&[ColumnarValue], usize) -> Result<ColumnarValue> + Send + Sync + 'static,
) -> Arc<ScalarUDF> {
    with_volatility(name, constants, returns, Volatility::Immutable, body)
}

/// Makes a function that may answer otherwise each time: clocks, random numbers.
pub fn volatile(
    name: &str,
    returns: &SqlType,
    body: impl Fn(&[ColumnarValue], usize) -> Result<ColumnarValue> + Send + Sync + 'static,
) -> Arc<ScalarUDF> {
    with_volatility(name, "", returns, Volatility::Volatile, body)
}

fn with_volatility(
    name: &str,
    constants: impl Into<String>,
    returns: &SqlType,
    volatility: Volatility,
    body: impl Fn(&[ColumnarValue], usize) -> Result<ColumnarValue> + Send + Sync + 'static,
) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(ColumnFunction {
        name: name.to_owned(),
        constants: constants.into(),
        returns: returns.to_arrow(),
        signature: Signature::variadic_any(volatility),
        body: Arc::new(body),
    }))
}

/// A call.
pub fn call(function: Arc<ScalarUDF>, arguments: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(datafusion_expr::expr::ScalarFunction::new_udf(
        function, arguments,
    ))
}

/// Runs a body that works on arrays only; if all arguments are constants the result is one too.
pub fn on_arrays(
    arguments: &[ColumnarValue],
    rows: usize,
    body: impl Fn(&[ArrayRef]) -> Result<ArrayRef>,
) -> Result<ColumnarValue> {
    let are_constant = !arguments.is_empty()
        && arguments
            .iter()
            .all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
    let rows = if are_constant { 1 } else { rows };
    let arrays = arguments
        .iter()
        .map(|argument| argument.to_array(rows))
        .collect::<Result<Vec<_>>>()?;
    let result = body(&arrays)?;
    if are_constant {
        return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
            &result, 0,
        )?));
    }
    Ok(ColumnarValue::Array(result))
}

/// The array as the type that the binder promised; anything else is a defect of ours.
pub fn downcast<T: 'static>(array: &ArrayRef) -> Result<&T> {
    array.as_any().downcast_ref::<T>().ok_or_else(|| {
        DataFusionError::Internal(format!(
            "a column of {} came where {} was bound",
            array.data_type(),
            std::any::type_name::<T>()
        ))
    })
}

impl ScalarUDFImpl for ColumnFunction {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.returns.clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        (self.body)(&arguments.args, arguments.number_rows)
    }
}

impl PartialEq for ColumnFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.constants == other.constants
            && self.returns == other.returns
    }
}

impl Eq for ColumnFunction {}

impl Hash for ColumnFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.constants.hash(state);
    }
}

impl fmt::Debug for ColumnFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ColumnFunction")
            .field("name", &self.name)
            .field("returns", &self.returns)
            .finish_non_exhaustive()
    }
}
