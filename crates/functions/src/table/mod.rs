//! Functions of one row that give any number of rows, one a file: `function()` gives its overloads, its manual entry and
//! its rows.
//!
//! How many rows there are is told apart from what is in them, so that whoever asks can take them piece by piece: twenty
//! elements are a million rows to CUBE_EXPLODE.

mod cube_explode;
mod explode;

use std::{fmt, sync::Arc};

use arrow::array::ArrayRef;
use datafusion_common::{Result, internal_err};
use weir_catalog::SqlType;

use crate::{
    Manual,
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    registry::{Function, ResolveError},
};

/// Every table function that comes with Weir.
pub fn all() -> Vec<TableFunction> {
    vec![cube_explode::function(), explode::function()]
}

/// What the rows of a call are made of. Like a kernel it is total: what ksqlDB throws for has no rows.
pub trait Rows: Send + Sync {
    /// How many rows each row of the call gives.
    fn counts(&self, call: &Call) -> Result<Vec<u32>>;

    /// A value for each place, in their order; NULL past the last row of a row.
    fn values(&self, call: &Call, places: &[Place]) -> Result<ArrayRef>;

    /// Whether what is in a row of the call is there in many of its rows: they can be much larger than the call then.
    fn repeats(&self) -> bool;
}

/// One of the rows that a row gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The row of the call.
    pub row: u32,
    /// Which of its rows, from 0.
    pub index: u32,
}

/// A function that stands in a select list and makes rows.
#[derive(Clone)]
pub struct TableFunction {
    /// The name, the overloads and the entry.
    signature: Arc<Builtin>,
    rows: Arc<dyn Rows>,
}

/// A call that is known to fit: arguments must first be cast to `arguments`.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedRows {
    pub arguments: Vec<SqlType>,
    /// Of each row's value.
    pub returns: SqlType,
}

impl TableFunction {
    /// `name` in upper case; each overload has its parameters, what it says, and the type of its rows' values.
    fn new(
        name: &'static str,
        description: &'static str,
        overloads: Vec<Variant>,
        rows: impl Rows + 'static,
    ) -> Self {
        Self {
            signature: Arc::new(Builtin::new(name, "TABLE", description, overloads)),
            rows: Arc::new(rows),
        }
    }

    pub fn manual(&self) -> &Manual {
        self.signature.manual()
    }

    pub fn rows(&self) -> &dyn Rows {
        &*self.rows
    }

    /// Picks the overload for these argument types (`None`: an untyped NULL).
    pub fn resolve(
        &self,
        arguments: &[Option<SqlType>],
    ) -> std::result::Result<ResolvedRows, ResolveError> {
        let resolved = self.signature.resolve(arguments)?;
        Ok(ResolvedRows {
            arguments: resolved.arguments,
            returns: resolved.returns,
        })
    }
}

impl fmt::Debug for TableFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.manual().name)
    }
}

/// An overload over one ARRAY; `returns` is the type of the rows' values, from that of the array.
fn over_array(
    description: &'static str,
    returns: fn(&[SqlType]) -> SqlType,
    returns_as: &'static str,
) -> Variant {
    let parameters = [("array", Parameter::ArrayOfAny)];
    Variant::new(parameters, description, returns, no_value).returns_as(returns_as)
}

/// A table function in the place of a value: the planner lets it through nowhere.
fn no_value(_: &Call) -> Result<ArrayRef> {
    internal_err!("a table function has rows, not a value")
}

#[cfg(test)]
pub(crate) mod testing {
    use arrow::array::Array;
    use datafusion_common::ScalarValue;

    use super::*;
    use crate::kernel::Argument;

    /// What the function makes of one row, and NULL after that; `None`: refused.
    pub fn check(function: &TableFunction, argument: &ScalarValue, expected: &[ScalarValue]) {
        let sql_type = match argument.data_type() {
            arrow::datatypes::DataType::Null => None,
            data_type => Some(sql_type(&data_type)),
        };
        let resolved = function.resolve(&[sql_type]).unwrap();
        // A row before it and one after it, so that places are looked up and not counted.
        let column = ScalarValue::iter_to_array([
            argument.clone(),
            ScalarValue::try_new_null(&argument.data_type()).unwrap(),
            argument.clone(),
        ]);
        let call = Call {
            arguments: vec![Argument::column(column.unwrap())],
            rows: 3,
            returns: resolved.returns.to_arrow(),
        };
        let counts = function.rows().counts(&call).unwrap();
        let count = expected.len() as u32;
        assert_eq!(counts, [count, 0, count], "{function:?} of {argument}");
        let place = |row, index| Place { row, index };
        let mut places: Vec<Place> = (0..count).map(|index| place(2, index)).collect();
        places.extend([place(2, count), place(1, 0)]);
        let values = function.rows().values(&call, &places).unwrap();
        assert_eq!(values.data_type(), &call.returns);
        let value = |row| ScalarValue::try_from_array(&values, row).unwrap();
        let found: Vec<ScalarValue> = (0..expected.len()).map(value).collect();
        assert_eq!(found, expected, "{function:?} of {argument}");
        assert!(values.is_null(expected.len()) && values.is_null(expected.len() + 1));
    }

    fn sql_type(data_type: &arrow::datatypes::DataType) -> SqlType {
        use arrow::datatypes::DataType;
        match data_type {
            DataType::Int32 => SqlType::Integer,
            DataType::Utf8 => SqlType::String,
            DataType::List(element) => SqlType::array(sql_type(element.data_type())),
            other => panic!("no test has {other} yet"),
        }
    }

    #[test]
    fn what_is_no_array_is_refused_in_the_words_of_ksqldb() {
        for function in all() {
            let name = function.manual().name;
            let refused = function.resolve(&[Some(SqlType::String)]).unwrap_err();
            let lower = name.to_lowercase();
            let wanted = format!(
                "Function '{lower}' does not accept parameters (STRING).\nValid alternatives are:\n{name}(ARRAY<T> array)"
            );
            assert_eq!(refused.to_string(), wanted);
            assert!(function.resolve(&[]).is_err());
        }
    }
}
