//! What CONTAINS, STARTS_WITH, ENDS_WITH and their kin without case share: a text looked for to the letter.
//!
//! All are two-valued: a NULL gives FALSE, so that `NOT CONTAINS(…)` holds for a record that lacks the field, and no detection
//! is lost in it.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, BooleanArray},
    buffer::BooleanBuffer,
};
use datafusion_common::Result;
use memchr::memmem::{self, Finder};
use weir_catalog::SqlType;

use crate::{
    fold::{fold, fold_into, folded},
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

type Body = fn(&Call) -> Result<ArrayRef>;

pub fn builtin(
    name: &'static str,
    part: &'static str,
    description: &'static str,
    meaning: &'static str,
    body: Body,
) -> Builtin {
    let parameters = [("text", Parameter::STRING), (part, Parameter::STRING)];
    let variant = Variant::new(parameters, meaning, |_| SqlType::Boolean, body);
    Builtin::new(name, "STRING", description, vec![variant])
        .takes_null()
        .shown_as(name)
        .added()
}

/// Whether a text has another anywhere within.
pub fn contains(call: &Call) -> Result<ArrayRef> {
    match constant(call)? {
        Constant::Text(part) => {
            let finder = Finder::new(part);
            one(call, |text| finder.find(text.as_bytes()).is_some())
        }
        Constant::Null => nowhere(call),
        Constant::No => two(call, |text, part| {
            memmem::find(text.as_bytes(), part.as_bytes()).is_some()
        }),
    }
}

/// The same without case.
pub fn contains_folded(call: &Call) -> Result<ArrayRef> {
    let (mut text_buffer, mut part_buffer) = (String::new(), String::new());
    match constant(call)? {
        Constant::Text(part) => {
            let part = folded(part);
            let finder = Finder::new(&part);
            one(call, |text| {
                finder.find(fold_over(text, &mut text_buffer)).is_some()
            })
        }
        Constant::Null => nowhere(call),
        Constant::No => two(call, |text, part| {
            let part = fold_over(part, &mut part_buffer);
            memmem::find(fold_over(text, &mut text_buffer), part).is_some()
        }),
    }
}

/// The text folded, in place of what `buffer` held.
fn fold_over<'a>(text: &str, buffer: &'a mut String) -> &'a [u8] {
    buffer.clear();
    fold_into(text, buffer);
    buffer.as_bytes()
}

pub fn starts_with(call: &Call) -> Result<ArrayRef> {
    two(call, |text, part| text.starts_with(part))
}

pub fn starts_with_folded(call: &Call) -> Result<ArrayRef> {
    two(call, |text, part| {
        begins(text.chars().map(fold), part.chars().map(fold))
    })
}

pub fn ends_with(call: &Call) -> Result<ArrayRef> {
    two(call, |text, part| text.ends_with(part))
}

pub fn ends_with_folded(call: &Call) -> Result<ArrayRef> {
    two(call, |text, part| {
        begins(text.chars().rev().map(fold), part.chars().rev().map(fold))
    })
}

fn begins(mut text: impl Iterator<Item = char>, mut part: impl Iterator<Item = char>) -> bool {
    part.all(|character| text.next() == Some(character))
}

/// The part that is looked for, if it is the same in all rows.
enum Constant<'a> {
    No,
    Null,
    Text(&'a str),
}

fn constant(call: &Call) -> Result<Constant<'_>> {
    let part = call.argument(1)?;
    if !part.is_constant() {
        return Ok(Constant::No);
    }
    Ok(part
        .strings()?
        .get(0)
        .map_or(Constant::Null, Constant::Text))
}

fn one(call: &Call, mut holds: impl FnMut(&str) -> bool) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    truths(call.rows, |row| texts.get(row).is_some_and(&mut holds))
}

fn two(call: &Call, mut holds: impl FnMut(&str, &str) -> bool) -> Result<ArrayRef> {
    let (texts, parts) = (call.argument(0)?.strings()?, call.argument(1)?.strings()?);
    truths(call.rows, |row| match (texts.get(row), parts.get(row)) {
        (Some(text), Some(part)) => holds(text, part),
        _ => false,
    })
}

fn nowhere(call: &Call) -> Result<ArrayRef> {
    truths(call.rows, |_| false)
}

fn truths(rows: usize, truth: impl FnMut(usize) -> bool) -> Result<ArrayRef> {
    let truths = BooleanBuffer::collect_bool(rows, truth);
    Ok(Arc::new(BooleanArray::from(truths)))
}

#[cfg(test)]
pub mod testing {
    use crate::testing::{call, no_text, text};

    /// Also that a NULL anywhere is FALSE.
    pub fn check(name: &str, input: &str, part: &str, expected: bool) {
        call(name, &[text(input), text(part)], expected);
        call(name, &[no_text(), text(part)], false);
        call(name, &[text(input), no_text()], false);
        call(name, &[no_text(), no_text()], false);
    }
}
