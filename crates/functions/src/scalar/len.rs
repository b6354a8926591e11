//! LEN: how long a text is, in UTF-16 units, or how many bytes there are.

use std::sync::Arc;

use arrow::array::Int32Array;
use weir_catalog::SqlType;

use crate::overload::{Builtin, Parameter, Variant};
use crate::texts::utf16_length;

pub fn function() -> Builtin {
    let text = Variant::new(
        [("input", Parameter::STRING)],
        "The number of UTF-16 units.",
        |_| SqlType::Integer,
        |call| {
            let texts = call.argument(0)?.strings()?;
            let length = |row| i32::try_from(utf16_length(texts.get(row)?)).ok();
            Ok(Arc::new((0..call.rows).map(length).collect::<Int32Array>()))
        },
    );
    let bytes = Variant::new(
        [("input", Parameter::BYTES)],
        "The number of bytes.",
        |_| SqlType::Integer,
        |call| {
            let bytes = call.argument(0)?;
            let length = |row| i32::try_from(bytes.bytes(row)?.len()).ok();
            Ok(Arc::new((0..call.rows).map(length).collect::<Int32Array>()))
        },
    );
    Builtin::new(
        "LEN",
        "STRING",
        "Returns the length of a text or of bytes.",
        vec![text, bytes],
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{bytes, call, text};

    #[test]
    fn texts_count_utf16_units_and_bytes_bytes() {
        call("LEN", &[text("a😀é")], 4);
        call("LEN", &[text("abc")], 3);
        call("LEN", &[text("")], 0);
        call("LEN", &[bytes("é".as_bytes())], 2);
        call("LEN", &[bytes(&[])], 0);
    }
}
