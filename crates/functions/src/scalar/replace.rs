//! REPLACE: every occurrence of a text by another, to the letter.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use memchr::memmem::{self, Finder};
use weir_catalog::SqlType;

use crate::texts::Texts;
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [
            ("input", Parameter::STRING),
            ("old", Parameter::STRING),
            ("new", Parameter::STRING),
        ],
        "The text with every `old` replaced by `new`, to the letter.",
        |_| SqlType::String,
        replace,
    );
    Builtin::new(
        "REPLACE",
        "STRING",
        "Replaces parts of a text.",
        vec![variant],
    )
}

fn replace(call: &Call) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let (old, new) = (call.argument(1)?.strings()?, call.argument(2)?.strings()?);
    let constant = call
        .argument(1)?
        .is_constant()
        .then(|| old.get(0))
        .flatten();
    let constant = constant.map(Finder::new);
    let mut results = Texts::new(call.rows);
    let mut replaced = String::new();
    for row in 0..call.rows {
        replaced.clear();
        let is_there = (|| {
            let (text, old, new) = (texts.get(row)?, old.get(row)?, new.get(row)?);
            let mut write = |part: &str| {
                replaced.push_str(part);
                results.has_room(replaced.len()).then_some(())
            };
            if old.is_empty() {
                // It is between all characters, and at both ends.
                write(new)?;
                let mut characters = text.chars();
                return characters.try_for_each(|character| {
                    write(character.encode_utf8(&mut [0; 4]))?;
                    write(new)
                });
            }
            let mut end = 0;
            let mut write_to = |place: usize| {
                write(&text[end..place])?;
                end = place + old.len();
                write(new)
            };
            let bytes = text.as_bytes();
            match &constant {
                Some(finder) => finder.find_iter(bytes).try_for_each(&mut write_to)?,
                None => memmem::find_iter(bytes, old).try_for_each(&mut write_to)?,
            }
            write(&text[end..])
        })();
        results.push(is_there.map(|()| replaced.as_str()));
    }
    results.finish()
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, no_text, text};

    #[test]
    fn every_occurrence_is_replaced_to_the_letter() {
        let check = |input: &str, old: &str, new: &str, expected: &str| {
            call(
                "REPLACE",
                &[text(input), text(old), text(new)],
                text(expected),
            );
        };
        check("anaconda", "a", "o", "onocondo");
        check("popcorn", "a", "o", "popcorn");
        check("a.b.", ".", "$1", "a$1b$1");
        check("aaa", "aa", "b", "ba");
        check("é😀é", "é", "", "😀");
        check("ab", "", "-", "-a-b-");
        check("", "", "-", "-");
        check("", "a", "b", "");
    }

    #[test]
    fn what_would_be_too_long_is_null() {
        let (many, long) = ("a".repeat(1 << 13), "b".repeat(1 << 12));
        call("REPLACE", &[text(&many), text("a"), text(&long)], no_text());
        call("REPLACE", &[text(&many), text(""), text(&long)], no_text());
    }
}
