//! ELT: the so many-th of several texts. FIELD is its counterpart.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::texts::Texts;
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("number", Parameter::INTEGER), ("texts", Parameter::STRING)],
        "The text at a position, from 1 on; NULL if there is none.",
        |_| SqlType::String,
        elt,
    );
    Builtin::new(
        "ELT",
        "STRING",
        "Picks one of several texts.",
        vec![variant.variadic()],
    )
    .takes_null()
}

fn elt(call: &Call) -> Result<ArrayRef> {
    let numbers = call.argument(0)?;
    let texts = call.arguments[1..].iter().map(|texts| texts.strings());
    let texts = texts.collect::<Result<Vec<_>>>()?;
    let mut results = Texts::new(call.rows);
    for row in 0..call.rows {
        let place = numbers
            .integer(row)
            .and_then(|number| number.checked_sub(1));
        let place = place.and_then(|place| usize::try_from(place).ok());
        results.push(place.and_then(|place| texts.get(place)?.get(row)));
    }
    results.finish()
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use crate::testing::{call, no_text, text};

    #[test]
    fn the_text_at_a_position() {
        let check = |number: Option<i32>, expected: Option<&str>| {
            let arguments = [ScalarValue::from(number), text("a"), no_text(), text("é")];
            call("ELT", &arguments, expected.map_or_else(no_text, text));
        };
        check(Some(1), Some("a"));
        check(Some(2), None);
        check(Some(3), Some("é"));
        check(Some(4), None);
        check(Some(0), None);
        check(Some(-1), None);
        check(Some(i32::MIN), None);
        check(Some(i32::MAX), None);
        check(None, None);
        call("ELT", &[ScalarValue::from(1)], no_text());
    }
}
