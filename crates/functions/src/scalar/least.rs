//! LEAST: the least of the values that are not NULL. Its cases are those of GREATEST.

use std::cmp::Ordering;

use super::greatest::{extreme, variants};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "LEAST",
        "MATHEMATICAL",
        "Returns the least of several values.",
        variants(
            "The least of the values that are not NULL; NULL if all are.",
            |call| extreme(call, Ordering::Less),
        ),
    )
    .takes_null()
}
