//! AS_VALUE: a key column copied into the value.

use weir_catalog::SqlType;

use super::texts::over_arrays;
use crate::registry::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant {
        parameters: vec![("key", Parameter::Any)],
        is_variadic: false,
        description: "The value of the key column.",
        returns: |types| types.first().cloned().unwrap_or(SqlType::String),
        body: |_| over_arrays(|arrays| Ok(arrays[0].clone())),
    };
    Builtin::new(
        "AS_VALUE",
        "OTHER",
        "Copies a key column into the value of the row.",
        vec![variant],
    )
}
