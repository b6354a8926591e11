//! LEAST: the least of the values that are not NULL.

use std::cmp::Ordering;

use super::greatest::{extreme, variants};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "LEAST",
        "OTHER",
        "Returns the least of several values.",
        variants("The least of the values that are not NULL; NULL if all are.", |call| {
            extreme(call, Ordering::Less)
        }),
    ).takes_null()
}
