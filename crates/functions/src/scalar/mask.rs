//! MASK: a text whose characters only tell of what kind they were.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::masking::{Masked, mask};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let masks = ["upper", "lower", "digit", "other"].map(|name| (name, Parameter::STRING));
    let mut with_masks = vec![("input", Parameter::STRING)];
    with_masks.extend(masks);
    let variants = vec![
        Variant::new(
            [("input", Parameter::STRING)],
            "Letters become `X` and `x`, digits `n`, and all else `-`.",
            |_| SqlType::String,
            all,
        ),
        Variant::new(
            with_masks,
            "Each kind of character becomes the mask that is given for it, one character; a NULL mask keeps that kind.",
            |_| SqlType::String,
            all,
        ),
    ];
    Builtin::new("MASK", "STRING", "Masks a text.", variants).takes_null()
}

fn all(call: &Call) -> Result<ArrayRef> {
    mask(call, 1, |_, length| Masked::First(length))
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, no_text, text};

    #[test]
    fn each_kind_of_character_has_its_mask() {
        let check = |input: &str, expected: &str| call("MASK", &[text(input)], text(expected));
        check("AbC-09 z!", "XxX-nn-x-");
        check("", "");
        check("Éß١ǅª", "Xxn--");
        // Two UTF-16 units, two characters.
        check("😀a𝐀", "--xX-");
        call("MASK", &[no_text()], no_text());
    }

    #[test]
    fn masks_may_be_given() {
        let check = |input: &str, masks: [Option<&str>; 4], expected: Option<&str>| {
            let mut arguments = vec![text(input)];
            arguments.extend(masks.map(|mask| mask.map_or_else(no_text, text)));
            call("MASK", &arguments, expected.map_or_else(no_text, text));
        };
        let masks = [Some("U"), Some("l"), Some("é"), Some("*")];
        check("Ab1 ", masks, Some("Ulé*"));
        check("Ab1 ", [None, Some("l"), None, Some("*")], Some("Al1*"));
        check("Ab1 😀", [None; 4], Some("Ab1 😀"));
        check("𝐀😀", [None, None, None, Some("*")], Some("𝐀***"));
        check("𝐀", [Some("U"), None, None, None], Some("U"));
        check("Ab", [Some("UU"), None, None, None], None);
        check("Ab", [None, None, None, Some("")], None);
        check("Ab", [None, Some("😀"), None, None], None);
        let nothing = [no_text(), text("a"), text("b"), text("c"), text("d")];
        call("MASK", &nothing, no_text());
    }
}
