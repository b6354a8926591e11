//! ARRAY_CONTAINS: whether a value is in an array.

use std::sync::Arc;

use arrow::array::{Array, BooleanArray, ListArray};
use weir_catalog::SqlType;

use super::texts::over_arrays;
use crate::{
    column::downcast,
    registry::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant {
        parameters: vec![("array", Parameter::ArrayOfAny), ("value", Parameter::Any)],
        is_variadic: false,
        description: "TRUE if the array holds the value; FALSE for a NULL array. NULL is found where there is a NULL.",
        returns: |_| SqlType::Boolean,
        body: |_| {
            over_arrays(|arrays| {
                let (lists, wanted) = (downcast::<ListArray>(&arrays[0])?, &arrays[1]);
                let rows = (0..lists.len()).map(|row| {
                    if lists.is_null(row) {
                        return false;
                    }
                    let (elements, value) = (lists.value(row), wanted.slice(row, 1).to_data());
                    (0..elements.len()).any(|element| elements.slice(element, 1).to_data() == value)
                });
                Ok(Arc::new(rows.map(Some).collect::<BooleanArray>()))
            })
        },
    };
    Builtin::new(
        "ARRAY_CONTAINS",
        "ARRAY",
        "Tells whether an array holds a value.",
        vec![variant],
    )
}
