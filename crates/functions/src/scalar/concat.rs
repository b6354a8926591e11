//! CONCAT: texts one behind the other, NULLs left out.

use std::sync::Arc;

use weir_catalog::SqlType;

use crate::{
    operators::construct,
    registry::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant {
        parameters: vec![("inputs", Parameter::Is(SqlType::String))],
        is_variadic: true,
        description: "The texts joined; NULLs are left out, and all NULL gives the empty text.",
        returns: |_| SqlType::String,
        body: |_| Arc::new(construct::concatenate),
    };
    Builtin::new("CONCAT", "STRING", "Joins texts.", vec![variant])
}
