//! A function whose work is a closure: what the files under `scalar/` and host programs give.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow::{array::ArrayRef, datatypes::DataType};
use datafusion_common::Result;
use datafusion_expr::{ScalarUDF, Volatility};
use weir_catalog::SqlType;

use crate::kernel::{self, Call, Kernel};

/// Computes a column from a call's arguments: one value for each of its rows.
pub type Body = dyn Fn(&Call) -> Result<ArrayRef> + Send + Sync;

/// Makes a function; `constants` tells it from others of the same name.
pub fn function(
    name: &str,
    constants: impl Into<String>,
    returns: &SqlType,
    body: Arc<Body>,
) -> Arc<ScalarUDF> {
    with_volatility(name, constants, returns, Volatility::Immutable, body)
}

/// Makes a function that may answer otherwise each time: clocks, random numbers.
pub fn volatile(name: &str, returns: &SqlType, body: Arc<Body>) -> Arc<ScalarUDF> {
    with_volatility(name, "", returns, Volatility::Volatile, body)
}

/// Whether it is one of these, and no operator.
pub(crate) fn is_function(udf: &ScalarUDF) -> bool {
    kernel::kernel_of::<ColumnFunction>(udf).is_some()
}

/// A body that needs a value for each row of every argument, also of constants.
pub fn over_arrays(
    body: impl Fn(&[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
) -> Arc<Body> {
    Arc::new(move |call| body(&call.columns()?))
}

fn with_volatility(
    name: &str,
    constants: impl Into<String>,
    returns: &SqlType,
    volatility: Volatility,
    body: Arc<Body>,
) -> Arc<ScalarUDF> {
    Arc::new(kernel::udf(ColumnFunction {
        name: name.to_owned(),
        constants: constants.into(),
        returns: returns.to_arrow(),
        volatility,
        body,
    }))
}

/// A function whose result type is settled when a statement is bound.
///
/// Two are equal when their names, their constants and their results are: `constants` holds what the body was made of,
/// such as the types of its arguments.
struct ColumnFunction {
    name: String,
    constants: String,
    returns: DataType,
    volatility: Volatility,
    body: Arc<Body>,
}

impl Kernel for ColumnFunction {
    fn name(&self) -> &str {
        &self.name
    }

    fn returns(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.returns.clone())
    }

    fn volatility(&self) -> Volatility {
        self.volatility
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        (self.body)(call)
    }
}

impl PartialEq for ColumnFunction {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.constants, &self.returns)
            == (&other.name, &other.constants, &other.returns)
    }
}

impl Eq for ColumnFunction {}

impl Hash for ColumnFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.name, &self.constants).hash(state);
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
