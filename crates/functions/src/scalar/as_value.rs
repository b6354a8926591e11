//! AS_VALUE: a key column copied into the value.

use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("key", Parameter::Any)],
        "The value of the key column.",
        |types| types[0].clone(),
        |call| call.argument(0)?.to_column(call.rows),
    );
    Builtin::new(
        "AS_VALUE",
        "OTHER",
        "Copies a key column into the value of the row.",
        vec![variant.returns_as("T")],
    )
    .shown_as("AS_VALUE")
}
