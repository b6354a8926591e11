//! IFNULL: a value, or another if it is NULL.

use super::coalesce::coalesce;
use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("expression", Parameter::Any), ("alternative", Parameter::Any)],
        "The expression, or the alternative if it is NULL.",
        |types| types[0].clone(),
        coalesce,
    );
    Builtin::new(
        "IFNULL",
        "NULL",
        "Returns a value, or an alternative if it is NULL.",
        vec![variant.returns_as("T")],
    ).takes_null()
    .shown_as("IFNULL")
}
