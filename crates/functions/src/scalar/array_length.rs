//! ARRAY_LENGTH: how many elements an array has.

use std::sync::Arc;

use arrow::array::{AsArray, Int32Array};
use weir_catalog::SqlType;

use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("array", Parameter::ArrayOfAny)],
        "The number of elements.",
        |_| SqlType::Integer,
        |call| {
            let array = call.argument(0)?;
            let lists = array.array().as_list::<i32>();
            let length = |row| (!array.is_null(row)).then(|| lists.value_length(array.index(row)));
            Ok(Arc::new((0..call.rows).map(length).collect::<Int32Array>()))
        },
    );
    Builtin::new(
        "ARRAY_LENGTH",
        "ARRAY",
        "Returns the length of an array.",
        vec![variant],
    )
    .shown_as("ARRAY_LENGTH")
}

#[cfg(test)]
mod tests {
    use weir_catalog::SqlType;

    use crate::testing::{call, integers, null, texts};

    #[test]
    fn all_elements_count() {
        call("ARRAY_LENGTH", &[texts(&[])], 0);
        call("ARRAY_LENGTH", &[texts(&[Some("a"), None, Some("a")])], 3);
        call("ARRAY_LENGTH", &[integers(&[None])], 1);
        call(
            "ARRAY_LENGTH",
            &[null(&SqlType::array(SqlType::String))],
            None::<i32>,
        );
    }
}
