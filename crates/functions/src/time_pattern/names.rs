//! English names: of months, days, halves of the day, eras and quarters.

use super::{compile::Style, field::Field};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// From Monday on.
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

const ERAS: [&str; 2] = ["Before Christ", "Anno Domini"];
const SHORT_ERAS: [&str; 2] = ["BC", "AD"];
/// As Java has them where no language is set.
const NEUTRAL_ERAS: [&str; 2] = ["BCE", "CE"];

const QUARTERS: [&str; 4] = ["1st quarter", "2nd quarter", "3rd quarter", "4th quarter"];
const SHORT_QUARTERS: [&str; 4] = ["Q1", "Q2", "Q3", "Q4"];

const HALVES: [&str; 2] = ["AM", "PM"];

/// The name of a field's value, and how much of it to take.
pub fn name(field: Field, style: Style, value: i64) -> Option<&'static str> {
    let (names, first) = names(field, style)?;
    let name = names.get(usize::try_from(value.checked_sub(first)?).ok()?)?;
    Some(&name[..length(field, style).min(name.len())])
}

/// All are ASCII.
fn length(field: Field, style: Style) -> usize {
    match (field, style) {
        (Field::MonthOfYear | Field::DayOfWeek, Style::Short) => 3,
        (Field::MonthOfYear | Field::DayOfWeek | Field::Era, Style::Narrow) => 1,
        _ => usize::MAX,
    }
}

/// The value whose name the text begins with, and how long that is. `None` also where names are no help: what is narrow
/// would be ambiguous.
pub fn find(field: Field, style: Style, text: &str) -> Option<(i64, usize)> {
    let length = length(field, style);
    let (names, first) = names(field, style)?;
    let neutral = (field == Field::Era).then_some(&NEUTRAL_ERAS[..]);
    // `BCE` before `BC`.
    for names in neutral.into_iter().chain([names]) {
        for (value, name) in (first..).zip(names) {
            let name = &name[..length.min(name.len())];
            let start = text.get(..name.len());
            if start.is_some_and(|start| start.eq_ignore_ascii_case(name)) {
                return Some((value, name.len()));
            }
        }
    }
    None
}

/// Whether a text is read as a number: names of one letter are ambiguous.
pub fn is_read_as_number(field: Field, style: Style) -> bool {
    style == Style::Narrow && matches!(field, Field::MonthOfYear | Field::DayOfWeek)
}

fn names(field: Field, style: Style) -> Option<(&'static [&'static str], i64)> {
    Some(match (field, style) {
        (Field::MonthOfYear, _) => (&MONTHS, 1),
        (Field::DayOfWeek, _) => (&DAYS, 1),
        (Field::AmPmOfDay, _) => (&HALVES, 0),
        (Field::Era, Style::Short) => (&SHORT_ERAS, 0),
        (Field::Era, Style::Full) => (&ERAS, 0),
        (Field::Era, Style::Narrow) => (&["B", "A"], 0),
        (Field::Quarter, Style::Full) => (&QUARTERS, 1),
        (Field::Quarter, Style::Short) => (&SHORT_QUARTERS, 1),
        (Field::Quarter, Style::Narrow) => (&["1", "2", "3", "4"], 1),
        _ => return None,
    })
}
