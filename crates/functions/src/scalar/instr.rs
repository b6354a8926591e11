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

fn forwards(bytes: &[u8], needle: &[u8], mut from: usize, occurrence: i64) -> Option<usize> {
    for found in 1.. {
        let at = from + memmem::find(bytes.get(from..)?, needle)?;
        if found == occurrence {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

fn backwards(bytes: &[u8], needle: &[u8], mut end: usize, occurrence: i64) -> Option<usize> {
    for found in 1.. {
        let at = memmem::rfind(bytes.get(..end)?, needle)?;
        if found == occurrence {
            return Some(at);
        }
        end = at + needle.len() - 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use crate::testing::{call, no_text, text};

    fn check(input: &str, wanted: &str, rest: &[i32], expected: i32) {
        let mut arguments = vec![text(input), text(wanted)];
        arguments.extend(rest.iter().map(|number| ScalarValue::from(*number)));
        call("INSTR", &arguments, expected);
    }

    #[test]
    fn forwards() {
        let check = |wanted: &str, rest: &[i32], expected: i32| {
            check("corporate floor", wanted, rest, expected);
        };
        check("or", &[], 2);
        check("or", &[4], 5);
        check("or", &[4, 2], 14);
        check("or", &[4, 3], 0);
        check("or", &[15], 0);
        check("or", &[16], 0);
        check("or", &[i32::MAX, i32::MAX], 0);
        check("or", &[0], 0);
        check("or", &[1, 0], 0);
        check("or", &[1, -1], 0);
        check("x", &[], 0);
    }

    #[test]
    fn backwards() {
        let check = |wanted: &str, rest: &[i32], expected: i32| {
            check("corporate floor", wanted, rest, expected);
        };
        check("or", &[-4], 5);
        check("or", &[-4, 2], 2);
        check("or", &[-4, 3], 0);
        check("or", &[-1], 14);
        // The last one ends behind it.
        check("or", &[-2], 5);
        check("c", &[-15], 1);
        check("or", &[-100], 0);
        check("or", &[i32::MIN, 1], 0);
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
