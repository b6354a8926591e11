//! FIELD: which of several texts a text is. A NULL is none of them. ELT is its counterpart.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array};
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("text", Parameter::STRING), ("texts", Parameter::STRING)],
        "The position, from 1 on, of the first of the texts that is equal; 0 if none is, or if the text is NULL.",
        |_| SqlType::Integer,
        field,
    );
    Builtin::new(
        "FIELD",
        "STRING",
        "Returns the position of a text among others.",
        vec![variant.variadic()],
    )
    .takes_null()
}

fn field(call: &Call) -> Result<ArrayRef> {
    let wanted = call.argument(0)?.strings()?;
    let texts = call.arguments[1..].iter().map(|texts| texts.strings());
    let texts = texts.collect::<Result<Vec<_>>>()?;
    let place = |row| {
        let wanted = wanted.get(row)?;
        let place = texts
            .iter()
            .position(|texts| texts.get(row) == Some(wanted))?;
        i32::try_from(place + 1).ok()
    };
    let places = (0..call.rows).map(|row| Some(place(row).unwrap_or(0)));
    Ok(Arc::new(places.collect::<Int32Array>()))
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, no_text, text};

    #[test]
    fn the_first_that_is_equal() {
        call("FIELD", &[text("é"), text("a"), text("é"), text("é")], 2);
        call("FIELD", &[text("a"), text("A"), no_text()], 0);
        call("FIELD", &[text("a"), no_text(), text("a")], 2);
        call("FIELD", &[text(""), text("")], 1);
        call("FIELD", &[no_text(), no_text()], 0);
        call("FIELD", &[text("a")], 0);
    }
}
