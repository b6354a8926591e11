//! INSTR: where a text stands in another, 0 if nowhere or if any argument is NULL.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array};
use datafusion_common::Result;
use memchr::memmem;
use weir_catalog::SqlType;

use crate::texts::{byte_of_unit, utf16_length};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let parameters = [
        ("input", Parameter::STRING),
        ("substring", Parameter::STRING),
        ("position", Parameter::INTEGER),
        ("occurrence", Parameter::INTEGER),
    ];
    let variant = |count: usize, description| {
        Variant::new(
            &parameters[..count],
            description,
            |_| SqlType::Integer,
            instr,
        )
    };
    Builtin::new(
        "INSTR",
        "STRING",
        "Returns the position of a text in another.",
        vec![
            variant(2, "The position, from 1 on, of the first occurrence; 0 if there is none."),
            variant(3, "Looks from a position on; from a negative one, which counts from the end, backwards."),
            variant(4, "The position of the so many-th occurrence from there."),
        ],
    ).takes_null()
}

fn instr(call: &Call) -> Result<ArrayRef> {
    let (texts, wanted) = (call.argument(0)?.strings()?, call.argument(1)?.strings()?);
    let or_one = |index: usize, row| {
        call.arguments
            .get(index)
            .map_or(Some(1), |of| of.integer(row))
    };
    let places = (0..call.rows).map(|row| {
        let (text, wanted) = (texts.get(row)?, wanted.get(row)?);
        i32::try_from(find(text, wanted, or_one(2, row)?, or_one(3, row)?)?).ok()
    });
    let places = places.map(|place| Some(place.unwrap_or(0)));
    Ok(Arc::new(places.collect::<Int32Array>()))
}

/// Where the `occurrence`-th `wanted` begins; occurrences may overlap.
fn find(text: &str, wanted: &str, position: i64, occurrence: i64) -> Option<i64> {
    let (bytes, needle) = (text.as_bytes(), wanted.as_bytes());
    // Counted before anything else only where it can matter: it costs a look at the whole text.
    let is_inside = |units: i64| usize::try_from(units).is_ok_and(|units| units <= bytes.len());
    if position == 0 || occurrence < 1 || !is_inside(position.abs()) {
        return None;
    }
    let length = i64::try_from(utf16_length(text)).ok()?;
    if position.abs() > length {
        return None;
    }
    if needle.is_empty() {
        // It is everywhere, and the first is every occurrence of it.
        return Some(if position > 0 {
            position
        } else {
            length + position + 2
        });
    }
    let place = match position > 0 {
        true => {
            let from = byte_of_unit(text, usize::try_from(position - 1).ok()?);
            forwards(bytes, needle, from, occurrence)
        }
        // What is found ends there or before.
        false => {
            let units = usize::try_from(length + position + 1).ok()?;
            let mut end = byte_of_unit(text, units);
            // Of a pair that is only half before the end, nothing is.
            if !text.is_ascii() && utf16_length(text.get(..end)?) > units {
                end = text.floor_char_boundary(end - 1);
            }
            backwards(bytes, needle, end, occurrence)
        }
    }?;
    i64::try_from(utf16_length(text.get(..place)?) + 1).ok()
}

fn forwards(bytes: &[u8], needle: &[u8], from: usize, occurrence: i64) -> Option<usize> {
    let first = from + memmem::find(bytes.get(from..)?, needle)?;
    let rest = bytes.get(first..)?;
    Some(first + nth(rest.iter(), needle.iter(), occurrence)?)
}

fn backwards(bytes: &[u8], needle: &[u8], end: usize, occurrence: i64) -> Option<usize> {
    let last = memmem::rfind(bytes.get(..end)?, needle)? + needle.len();
    let rest = bytes.get(..last)?;
    let from_end = nth(rest.iter().rev(), needle.iter().rev(), occurrence)?;
    last.checked_sub(from_end + needle.len())
}

/// Where the so many-th of the needles in the text begins; the first stands at its start. They may overlap, so they are
/// looked for by the automaton of Knuth, Morris and Pratt, whose time grows with the text alone.
fn nth<'a>(
    mut text: impl Iterator<Item = &'a u8>,
    needle: impl ExactSizeIterator<Item = &'a u8> + Clone,
    occurrence: i64,
) -> Option<usize> {
    if occurrence == 1 {
        return Some(0);
    }
    let needle: Vec<u8> = needle.copied().collect();
    let borders = borders(&needle);
    let (mut matched, mut found, mut place) = (0, 0, 0_usize);
    loop {
        let byte = *text.next()?;
        place += 1;
        matched = longer(&needle, &borders, matched, byte);
        if matched == needle.len() {
            found += 1;
            if found == occurrence {
                return place.checked_sub(matched);
            }
        }
    }
}

/// For each beginning of the needle that is not empty, how much of its own end it begins with again.
fn borders(needle: &[u8]) -> Vec<usize> {
    let mut borders = vec![0; needle.len().min(1)];
    for byte in needle.iter().skip(1) {
        let known = borders.last().copied().unwrap_or(0);
        borders.push(longer(needle, &borders, known, *byte));
    }
    borders
}

/// How much of the needle the text ends with, when it ended with `matched` bytes of it and `byte` is added.
fn longer(needle: &[u8], borders: &[usize], mut matched: usize, byte: u8) -> usize {
    loop {
        if needle.get(matched) == Some(&byte) {
            return matched + 1;
        }
        match matched.checked_sub(1).and_then(|last| borders.get(last)) {
            Some(border) => matched = *border,
            None => return 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;
    use proptest::prelude::*;

    use super::find;
    use crate::testing::{call, no_text, text};

    fn check(input: &str, wanted: &str, rest: &[i32], expected: i32) {
        let mut arguments = vec![text(input), text(wanted)];
        arguments.extend(rest.iter().map(|number| ScalarValue::from(*number)));
        call("INSTR", &arguments, expected);
    }

    #[test]
    fn forwards() {
        let check = |wanted: &str, rest: &[i32], expected: i32| {
            check("sandbank and bandsaw", wanted, rest, expected);
        };
        check("an", &[], 2);
        check("an", &[3], 6);
        check("an", &[6, 2], 10);
        check("an", &[3, 3], 15);
        check("an", &[3, 4], 0);
        check("saw", &[18], 18);
        check("saw", &[19], 0);
        check("an", &[21], 0);
        check("an", &[i32::MAX, i32::MAX], 0);
        check("an", &[0], 0);
        check("an", &[1, 0], 0);
        check("an", &[1, -1], 0);
        check("an", &[1, i32::MAX], 0);
        check("x", &[], 0);
    }

    #[test]
    fn backwards() {
        let check = |wanted: &str, rest: &[i32], expected: i32| {
            check("sandbank and bandsaw", wanted, rest, expected);
        };
        check("an", &[-6], 10);
        check("an", &[-6, 2], 6);
        check("an", &[-6, 3], 2);
        check("an", &[-6, 4], 0);
        check("aw", &[-1], 19);
        // The last one ends behind it.
        check("aw", &[-2], 0);
        check("an", &[-5], 15);
        check("s", &[-20], 1);
        check("an", &[-100], 0);
        check("an", &[i32::MIN, 1], 0);
    }

    #[test]
    fn text_that_repeats_itself_costs_no_more() {
        // A look from each place anew would take minutes.
        let text = "a".repeat(400_000);
        let wanted = "a".repeat(100_000);
        assert_eq!(find(&text, &wanted, 1, 300_001), Some(300_001));
        assert_eq!(find(&text, &wanted, -1, 300_001), Some(1));
        assert_eq!(find(&text, &wanted, 1, 300_002), None);
        assert_eq!(find(&text, &wanted, -1, 300_002), None);
    }

    proptest! {
        #[test]
        fn occurrences_are_those_that_a_look_from_each_place_finds(
            text in "[ab]{0,24}", wanted in "[ab]{1,4}", occurrence in 1_i64..6,
        ) {
            let places: Vec<i64> = (0..text.len())
                .filter(|at| text[*at..].starts_with(&wanted))
                .map(|at| at as i64 + 1)
                .collect();
            let nth = |places: &mut dyn Iterator<Item = &i64>| places.nth(occurrence as usize - 1).copied();
            prop_assert_eq!(find(&text, &wanted, 1, occurrence), nth(&mut places.iter()));
            prop_assert_eq!(find(&text, &wanted, -1, occurrence), nth(&mut places.iter().rev()));
        }
    }

    #[test]
    fn positions_are_utf16_units_and_occurrences_overlap() {
        check("a😀b", "b", &[], 4);
        check("a😀b", "😀", &[2], 2);
        check("a😀b😀", "😀", &[-2], 2);
        check("éaé", "é", &[-1, 2], 1);
        check("aaa", "aa", &[1, 2], 2);
        check("aaa", "aa", &[-1, 2], 1);
    }

    #[test]
    fn the_empty_text_is_everywhere() {
        check("abc", "", &[], 1);
        check("abc", "", &[2, 3], 2);
        check("abc", "", &[-1], 4);
        check("", "", &[], 0);
        check("", "a", &[], 0);
    }

    #[test]
    fn what_is_null_is_nowhere() {
        let nothing = || ScalarValue::from(None::<i32>);
        let one = || ScalarValue::from(1);
        call("INSTR", &[no_text(), text("a")], 0);
        call("INSTR", &[text("a"), no_text()], 0);
        call("INSTR", &[text("a"), text("a"), nothing()], 0);
        call("INSTR", &[text("a"), text("a"), nothing(), one()], 0);
        call("INSTR", &[text("a"), text("a"), one(), nothing()], 0);
    }
}
