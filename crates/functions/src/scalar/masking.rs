//! What the functions that mask share. As in Java, characters are counted in UTF-16 units.

use std::sync::LazyLock;

use arrow::array::ArrayRef;
use datafusion_common::Result;
use regex_syntax::hir::ClassUnicode;
use weir_catalog::SqlType;

use crate::{
    kernel::{Call, Strings},
    overload::{Builtin, Parameter, Variant},
    regular::class_of,
    texts::{Texts, utf16_length},
};

type Body = fn(&Call) -> Result<ArrayRef>;

/// A function that masks so many characters of a text, with and without masks of the caller's own.
pub fn builtin(
    name: &'static str,
    description: &'static str,
    plain: &'static str,
    with_masks: &'static str,
    body: Body,
) -> Builtin {
    let parameters = [
        ("input", Parameter::STRING),
        ("count", Parameter::INTEGER),
        ("upper", Parameter::STRING),
        ("lower", Parameter::STRING),
        ("digit", Parameter::STRING),
        ("other", Parameter::STRING),
    ];
    let variant = |count: usize, description| {
        Variant::new(&parameters[..count], description, |_| SqlType::String, body)
    };
    let variants = vec![variant(2, plain), variant(6, with_masks)];
    Builtin::new(name, "STRING", description, variants).takes_null()
}

/// Which part of a text is masked.
#[derive(Debug, Clone, Copy)]
pub enum Masked {
    First(usize),
    After(usize),
}

/// Masks the part of each text that `part` gives for the count, the second argument if there is one, and the text's length.
/// The masks are the arguments from `first_mask` on.
pub fn mask(
    call: &Call,
    first_mask: usize,
    part: impl Fn(usize, usize) -> Masked,
) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let masks = call.arguments.get(first_mask..).unwrap_or_default();
    let masks: Vec<Strings> = masks
        .iter()
        .map(|mask| mask.strings())
        .collect::<Result<_>>()?;
    let counts = call.arguments.get(1).filter(|_| first_mask == 2);
    let mut results = Texts::new(call.rows);
    let mut masked = String::new();
    for row in 0..call.rows {
        masked.clear();
        let is_there = (|| {
            let text = texts.get(row)?;
            let count = counts.map_or(Some(0), |counts| counts.integer(row))?;
            let count = usize::try_from(count).ok()?;
            let masks = Masks::of(&masks, row)?;
            masks.mask(text, part(count, utf16_length(text)), &mut masked);
            Some(())
        })();
        results.push(is_there.map(|()| masked.as_str()));
    }
    results.finish()
}

/// What stands for each kind of character; `None`: the kind is kept.
#[derive(Debug, Clone, Copy)]
struct Masks {
    upper: Option<char>,
    lower: Option<char>,
    digit: Option<char>,
    other: Option<char>,
}

impl Masks {
    /// `None` if a mask is not one UTF-16 unit.
    fn of(masks: &[Strings], row: usize) -> Option<Self> {
        let [upper, lower, digit, other] = masks else {
            return Some(Self {
                upper: Some('X'),
                lower: Some('x'),
                digit: Some('n'),
                other: Some('-'),
            });
        };
        let mask = |masks: &Strings| match masks.get(row) {
            None => Some(None),
            Some(mask) => {
                let mut characters = mask.chars();
                let mask = characters.next().filter(|mask| mask.len_utf16() == 1)?;
                characters.next().is_none().then_some(Some(mask))
            }
        };
        Some(Self {
            upper: mask(upper)?,
            lower: mask(lower)?,
            digit: mask(digit)?,
            other: mask(other)?,
        })
    }

    fn mask(&self, text: &str, part: Masked, out: &mut String) {
        let is_masked = |unit: usize| match part {
            Masked::First(count) => unit < count,
            Masked::After(count) => unit >= count,
        };
        let mut unit = 0;
        for character in text.chars() {
            let units = character.len_utf16();
            match (is_masked(unit), is_masked(unit + units - 1)) {
                (true, true) => {
                    out.push(self.of_kind(character).unwrap_or(character));
                    // The second half of a pair is of no kind; where that is kept, it went with the first.
                    out.extend(self.other.filter(|_| units == 2));
                }
                (false, false) => out.push(character),
                // The border goes through a pair: what stays of it is no character.
                (is_first, _) => match (self.other, is_first) {
                    (None, _) => out.push(character),
                    (Some(mask), true) => out.extend([mask, char::REPLACEMENT_CHARACTER]),
                    (Some(mask), false) => out.extend([char::REPLACEMENT_CHARACTER, mask]),
                },
            }
            unit += units;
        }
    }

    fn of_kind(&self, character: char) -> Option<char> {
        match character {
            'A'..='Z' => self.upper,
            'a'..='z' => self.lower,
            '0'..='9' => self.digit,
            _ if character.is_ascii() => self.other,
            _ if is_in(&UPPER, character) => self.upper,
            _ if is_in(&LOWER, character) => self.lower,
            _ if is_in(&DIGIT, character) => self.digit,
            _ => self.other,
        }
    }
}

/// Java's `Character.getType`: not what Rust calls upper and lower case, which has more than the two categories.
static UPPER: LazyLock<ClassUnicode> = LazyLock::new(|| category(r"\p{Lu}"));
static LOWER: LazyLock<ClassUnicode> = LazyLock::new(|| category(r"\p{Ll}"));
static DIGIT: LazyLock<ClassUnicode> = LazyLock::new(|| category(r"\p{Nd}"));

fn category(name: &str) -> ClassUnicode {
    class_of(name).unwrap_or_else(ClassUnicode::empty)
}

fn is_in(class: &ClassUnicode, character: char) -> bool {
    let ranges = class.ranges();
    let place = ranges.partition_point(|range| range.end() < character);
    ranges
        .get(place)
        .is_some_and(|range| range.start() <= character)
}

#[cfg(test)]
pub mod testing {
    use datafusion_common::ScalarValue;

    use crate::testing::{call, no_text, text};

    pub fn check(name: &str, input: &str, count: i32, expected: Option<&str>) {
        let expected = expected.map_or_else(no_text, text);
        let count = ScalarValue::from(count);
        call(name, &[text(input), count.clone()], expected.clone());
        call(name, &[no_text(), count], no_text());
        call(
            name,
            &[text(input), ScalarValue::from(None::<i32>)],
            no_text(),
        );
        let masks = ["X", "x", "n", "-"].map(text);
        let with_masks = |input, count| [vec![input, count], masks.to_vec()].concat();
        let no_count = ScalarValue::from(None::<i32>);
        call(name, &with_masks(text(input), no_count), no_text());
    }

    /// With `U` and `l` as masks of letters, and `*` of what is no digit.
    pub fn check_masks(name: &str, input: &str, count: i32, expected: &str) {
        let arguments = |input, upper: &str| {
            let count = ScalarValue::from(count);
            let (upper, lower, other) = (text(upper), text("l"), text("*"));
            [input, count, upper, lower, no_text(), other]
        };
        call(name, &arguments(text(input), "U"), text(expected));
        call(name, &arguments(text(input), "UU"), no_text());
        call(name, &arguments(text(input), ""), no_text());
        call(name, &arguments(no_text(), "U"), no_text());
    }
}

#[cfg(test)]
mod tests {
    use super::{testing::check, *};

    #[test]
    fn a_border_may_go_through_a_pair() {
        check("MASK_LEFT", "a😀b", 2, Some("x-\u{fffd}b"));
        check("MASK_RIGHT", "a😀b", 2, Some("a\u{fffd}-x"));
        check("MASK_LEFT", "a😀b", 3, Some("x--b"));
        check("MASK_KEEP_LEFT", "a😀b", 3, Some("a😀x"));
    }

    #[test]
    fn kinds_are_java_s_categories() {
        let kept = Masks::of(&[], 0).unwrap();
        let kind = |character| kept.of_kind(character).unwrap();
        assert_eq!(
            ['Ω', 'ω', '٣', 'ª', 'Ⅷ', 'ǅ', '中', '½'].map(kind),
            ['X', 'x', 'n', '-', '-', '-', '-', '-']
        );
    }
}
