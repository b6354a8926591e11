//! RPAD: a text or bytes filled up behind, or cut, to a length. A negative length and an empty padding give NULL.

use super::lpad::{Side, bytes, texts, variants};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "RPAD",
        "STRING",
        "Fills a text or bytes up behind.",
        variants(
            "The input with padding behind it, or cut, so that it is so long.",
            |call| texts(call, Side::Right),
            |call| bytes(call, Side::Right),
        ),
    )
}
