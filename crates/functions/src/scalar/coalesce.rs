//! COALESCE: the first value that is not NULL.

use arrow::{
    array::{Array, ArrayRef, new_null_array},
    compute::{is_not_null, kernels::zip::zip},
};
use datafusion_common::Result;

use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("first", Parameter::Any), ("others", Parameter::Any)],
        "The first of the values that is not NULL; NULL if all are.",
        |types| types[0].clone(),
        coalesce,
    );
    Builtin::new(
        "COALESCE",
        "NULL",
        "Returns the first value that is not NULL.",
        vec![variant.variadic().returns_as("T")],
    )
    .takes_null()
    .shown_as("COALESCE")
}

pub fn coalesce(call: &Call) -> Result<ArrayRef> {
    let mut columns = call.columns()?.into_iter();
    let Some(mut result) = columns.next() else {
        return Ok(new_null_array(&call.returns, call.rows));
    };
    for column in columns {
        if result.null_count() == 0 {
            break;
        }
        result = zip(&is_not_null(&result)?, &result, &column)?;
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;
    use weir_catalog::SqlType;

    use crate::{
        Registry,
        testing::{bytes, call, decimal, integers, map, no_bytes, no_text, null, text},
    };

    #[test]
    fn the_first_that_is_there() {
        call("COALESCE", &[no_text(), text("x"), text("y")], text("x"));
        call("COALESCE", &[text(""), text("x")], text(""));
        call("COALESCE", &[no_text(), no_text()], no_text());
        call("COALESCE", &[1.into()], 1);
        call("COALESCE", &[no_bytes(), bytes(b"")], bytes(b""));
        call("COALESCE", &[None::<bool>.into(), false.into()], false);
        call(
            "COALESCE",
            &[decimal(15, 2, 1), decimal(25, 2, 1)],
            decimal(15, 2, 1),
        );
        let array = || integers(&[Some(1)]);
        call("COALESCE", &[ScalarValue::Null, array()], array());
        call(
            "COALESCE",
            &[null(&SqlType::array(SqlType::Integer)), integers(&[None])],
            integers(&[None]),
        );
        call(
            "COALESCE",
            &[
                null(&SqlType::map(SqlType::String, SqlType::Integer)),
                map(),
            ],
            map(),
        );
    }

    #[test]
    fn numbers_widen_to_one_type() {
        call("COALESCE", &[None::<i32>.into(), 2_i64.into()], 2_i64);
        call("COALESCE", &[1.into(), None::<f64>.into()], 1.0);
    }

    #[test]
    fn what_it_does_not_take() {
        let registry = Registry::builtin();
        let coalesce = registry.get("COALESCE").unwrap();
        for types in [vec![], vec![Some(SqlType::String), Some(SqlType::Integer)]] {
            let error = coalesce.resolve(&types).unwrap_err();
            let start = "Function 'COALESCE' does not accept parameters (";
            assert!(error.message.starts_with(start), "{error}");
        }
    }
}
