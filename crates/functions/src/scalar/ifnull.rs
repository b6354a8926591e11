//! IFNULL: a value, or another if it is NULL.

use super::{coalesce::coalesce, texts::over_arrays};
use crate::registry::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant {
        parameters: vec![
            ("expression", Parameter::Any),
            ("alternative", Parameter::Any),
        ],
        is_variadic: false,
        description: "The expression, or the alternative if it is NULL.",
        returns: |types| types[0].clone(),
        body: |_| over_arrays(coalesce),
    };
    Builtin::new(
        "IFNULL",
        "NULL",
        "Returns a value, or an alternative if it is NULL.",
        vec![variant],
    )
}
