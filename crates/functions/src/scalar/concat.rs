//! CONCAT: texts one behind the other, NULLs left out.

use weir_catalog::SqlType;

use super::texts::over_arrays;
use crate::{
    operators::construct::concat_arrays,
    registry::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant {
        parameters: vec![("inputs", Parameter::Is(SqlType::String))],
        is_variadic: true,
        description: "The texts joined; NULLs are left out, and all NULL gives the empty text.",
        returns: |_| SqlType::String,
        body: |_| over_arrays(concat_arrays),
    };
    Builtin::new("CONCAT", "STRING", "Joins texts.", vec![variant])
}
