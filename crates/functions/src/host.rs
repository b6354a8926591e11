//! Functions of the program that the engine is part of.

use arrow::array::{Array, ArrayRef};
use datafusion_common::internal_datafusion_err;
use weir_catalog::SqlType;

use crate::{Builtin, Parameter, Variant, over_arrays};

/// What DESCRIBE FUNCTION calls the arguments.
const NAMES: [&str; 8] = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth",
];

/// A function that computes a column from columns: one value for each row, NULL where there is none.
///
/// `name` is written in upper case; statements may write it as they like. The body gets one array for each parameter, all
/// of the same length and of the Arrow types of `parameters`, and gives an array of that length and of the type of
/// `returns`. It has no error for a row: what cannot be computed is NULL, so that no record fails a query.
///
/// # Panics
///
/// With more than eight parameters.
pub fn scalar_function<const N: usize>(
    name: &'static str,
    parameters: [SqlType; N],
    returns: SqlType,
    body: impl Fn(&[ArrayRef]) -> ArrayRef + Send + Sync + 'static,
) -> Builtin {
    assert!(N <= NAMES.len(), "{name} has more than eight parameters");
    let result = returns.to_arrow();
    let checked = move |columns: &[ArrayRef]| {
        let column = body(columns);
        let rows = columns.first().map_or(1, |column| column.len());
        if column.data_type() == &result && column.len() == rows {
            return Ok(column);
        }
        let (given, length) = (column.data_type(), column.len());
        Err(internal_datafusion_err!(
            "{name} gave {length} values of type {given} for {rows} rows, where {result} was expected"
        ))
    };
    let named = NAMES.into_iter().zip(parameters.map(Parameter::Is));
    let variant = Variant::over(
        named.collect::<Vec<_>>(),
        "Computed by the program that the engine is part of.",
        move |_| returns.clone(),
        over_arrays(checked),
    );
    let description = "A function of the program that the engine is part of.";
    Builtin::new(name, "HOST", description, vec![variant])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{AsArray, Int64Array, StringArray};
    use datafusion_common::ScalarValue;

    use super::*;
    use crate::{Function, testing};

    #[test]
    fn a_function_is_a_name_its_types_and_a_closure() {
        let mask = scalar_function("MASK", [SqlType::String], SqlType::String, |columns| {
            let texts = columns[0].as_string::<i32>().iter();
            Arc::new(
                texts
                    .map(|text| text.map(|text| "*".repeat(text.len())))
                    .collect::<StringArray>(),
            )
        });
        assert_eq!(mask.manual().overloads[0].arguments[0].name, "first");
        let call = mask.resolve(&[Some(SqlType::String)]).unwrap();
        assert_eq!(call.returns, SqlType::String);
        let make = |arguments| call.udf.call(arguments);
        testing::check(make, &[ScalarValue::from("abc")], &ScalarValue::from("***"));
        let refused = mask.resolve(&[Some(SqlType::Integer)]).unwrap_err();
        assert!(refused.message.contains("MASK(STRING"), "{refused}");
    }

    #[test]
    #[should_panic(
        expected = "ODD gave 1 values of type Int64 for 1 rows, where Utf8 was expected"
    )]
    fn an_array_of_another_type_is_an_error_that_names_the_function() {
        let odd = scalar_function("ODD", [SqlType::String], SqlType::String, |_| {
            Arc::new(Int64Array::from(vec![1]))
        });
        let call = odd.resolve(&[Some(SqlType::String)]).unwrap();
        testing::evaluate(&call.udf.call(vec![datafusion_expr::lit("a")]), &[]);
    }

    #[test]
    #[should_panic(expected = "SHORT gave 0 values of type Utf8 for 2 rows")]
    fn so_is_one_of_another_length() {
        let short = scalar_function("SHORT", [SqlType::String], SqlType::String, |_| {
            Arc::new(StringArray::from(Vec::<&str>::new()))
        });
        let call = short.resolve(&[Some(SqlType::String)]).unwrap();
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        testing::evaluate(&call.udf.call(vec![testing::column(0)]), &[texts]);
    }
}
