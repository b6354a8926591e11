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

#[cfg(test)]
mod tests {
    use crate::testing::{call, decimal, integers, map, no_text, text};

    #[test]
    fn a_value_of_any_type_stays_what_it_is() {
        call("AS_VALUE", &[text("k")], text("k"));
        call("AS_VALUE", &[no_text()], no_text());
        call("AS_VALUE", &[decimal(15, 2, 1)], decimal(15, 2, 1));
        call("AS_VALUE", &[integers(&[None])], integers(&[None]));
        call("AS_VALUE", &[map()], map());
    }
}
