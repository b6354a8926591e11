//! Dates by a pattern as PARSE_DATE reads them: as Java's `SimpleDateFormat` does, in GMT.
//!
//! Lenient: the thirtieth of February is the first or second of March, what comes after the date does not matter, spaces in
//! front of a number neither. Of fields that contradict one another the last counts. Before October 1582 the calendar is the
//! Julian one.

use weir_catalog::calendar::{MILLIS_PER_DAY, days_from_civil};

use super::{
    compile::Style,
    field::{Day, Field, local_day_of_week},
    names, offset, zone_names,
};

const MILLIS_PER_HOUR: i64 = 3_600_000;

/// 1582-10-15, the first day of the Gregorian calendar.
const GREGORIAN: i64 = -141_427;

/// A compiled pattern.
#[derive(Debug)]
pub struct LenientPattern {
    elements: Vec<Element>,
}

#[derive(Debug)]
enum Element {
    /// In just this spelling.
    Literal(Box<str>),
    /// So many digits at most if another number follows at once; else as many as there are.
    Number(Part, Option<usize>),
    Name(Part),
    /// How many digits and colons: `X`, `XX`, `XXX`.
    Offset(usize),
    ZoneName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Era,
    Year,
    /// Two digits are the year nearest to now.
    ShortYear,
    Month,
    WeekOfYear,
    WeekOfMonth,
    DayOfMonth,
    DayOfYear,
    /// From Sunday = 1 on.
    DayOfWeek,
    /// From Monday = 1 on.
    IsoDayOfWeek,
    WeekInMonth,
    AmPm,
    /// 0 to 11.
    HourOfHalf,
    /// 1 to 12.
    ClockHourOfHalf,
    HourOfDay,
    /// 1 to 24.
    ClockHourOfDay,
    Minute,
    Second,
    Millisecond,
}

impl LenientPattern {
    pub fn try_new(pattern: &str) -> Result<Self, String> {
        let mut elements: Vec<Element> = Vec::new();
        let (mut rest, mut width_before) = (pattern, 0);
        while let Some(letter) = rest.chars().next() {
            if !letter.is_ascii_alphabetic() {
                let (literal, after) = literal(rest)?;
                elements.push(Element::Literal(literal.into()));
                rest = after;
                continue;
            }
            let after = rest.trim_start_matches(letter);
            let width = rest.len() - after.len();
            rest = after;
            let next = element(letter, width)?;
            // A number that another follows at once has as many digits as letters.
            if let (Element::Number(..), Some(Element::Number(_, most))) =
                (&next, elements.last_mut())
            {
                *most = Some(width_before);
            }
            elements.push(next);
            width_before = width;
        }
        Ok(Self { elements })
    }

    /// Days since 1970; `None` for what is no date, and for one with a time of day. `now` is in milliseconds since 1970.
    pub fn read_date(&self, text: &str, now: i64) -> Option<i32> {
        let mut calendar = Calendar::default();
        let mut rest = text;
        for element in &self.elements {
            rest = calendar.read(element, rest, now)?;
        }
        let millis = calendar.millis()?;
        let is_date = millis.rem_euclid(MILLIS_PER_DAY) == 0;
        is_date.then(|| i32::try_from(millis / MILLIS_PER_DAY).ok())?
    }
}

fn element(letter: char, width: usize) -> Result<Element, String> {
    let part = match letter {
        'G' => return Ok(Element::Name(Part::Era)),
        'E' => return Ok(Element::Name(Part::DayOfWeek)),
        'a' => return Ok(Element::Name(Part::AmPm)),
        'M' | 'L' if width > 2 => return Ok(Element::Name(Part::Month)),
        'X' if width > 3 => return Err("invalid number of X".to_owned()),
        'X' => return Ok(Element::Offset(width)),
        'Z' if width == 2 => return Ok(Element::Offset(3)),
        'Z' | 'z' => return Ok(Element::ZoneName),
        'y' | 'Y' if width > 2 => Part::Year,
        'y' | 'Y' => Part::ShortYear,
        'M' | 'L' => Part::Month,
        'w' => Part::WeekOfYear,
        'W' => Part::WeekOfMonth,
        'd' => Part::DayOfMonth,
        'D' => Part::DayOfYear,
        'F' => Part::WeekInMonth,
        'u' => Part::IsoDayOfWeek,
        'H' => Part::HourOfDay,
        'k' => Part::ClockHourOfDay,
        'K' => Part::HourOfHalf,
        'h' => Part::ClockHourOfHalf,
        'm' => Part::Minute,
        's' => Part::Second,
        'S' => Part::Millisecond,
        other => return Err(format!("Format '{other}' not supported")),
    };
    Ok(Element::Number(part, None))
}

/// A literal, in quotes where it has letters, and what comes after it.
fn literal(text: &str) -> Result<(String, &str), String> {
    let (mut literal, mut is_quoted) = (String::new(), false);
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if !is_quoted && character.is_ascii_alphabetic() {
            return Ok((literal, &text[at..]));
        }
        if character != '\'' {
            literal.push(character);
            continue;
        }
        match characters.next_if(|(_, next)| *next == '\'') {
            Some(_) => literal.push('\''),
            None => is_quoted = !is_quoted,
        }
    }
    match is_quoted {
        true => Err("Unterminated quote".to_owned()),
        false => Ok((literal, "")),
    }
}

/// What `java.util.Calendar` holds while a text is read: fields, in the order in which they came.
#[derive(Debug, Default)]
struct Calendar {
    year: Option<i64>,
    is_before_christ: bool,
    month: Option<i64>,
    /// With the place at which each came.
    day_of_month: Stamped,
    day_of_year: Stamped,
    day_of_week: Stamped,
    week_of_year: Stamped,
    week_of_month: Stamped,
    week_in_month: Stamped,
    hour_of_day: Stamped,
    hour_of_half: Stamped,
    half: Stamped,
    minute: i64,
    second: i64,
    millisecond: i64,
    /// Milliseconds east of Greenwich.
    offset: i64,
    fields: u32,
}

type Stamped = Option<(u32, i64)>;

fn stamp(of: Stamped) -> u32 {
    of.map_or(0, |(stamp, _)| stamp)
}

/// The later of two, if both are there.
fn both(left: Stamped, right: Stamped) -> u32 {
    match (left, right) {
        (Some((left, _)), Some((right, _))) => left.max(right),
        _ => 0,
    }
}

fn value(of: Stamped, or: i64) -> i64 {
    of.map_or(or, |(_, value)| value)
}

impl Calendar {
    /// What is left of the text.
    fn read<'t>(&mut self, element: &Element, text: &'t str, now: i64) -> Option<&'t str> {
        match element {
            Element::Literal(literal) => text.strip_prefix(&**literal),
            Element::Number(part, most) => {
                let text = match most {
                    Some(_) => text,
                    None => text.trim_start(),
                };
                let digits = text.bytes().take(most.unwrap_or(usize::MAX));
                let length = digits.take_while(u8::is_ascii_digit).count();
                let (digits, rest) = text.split_at(length);
                let number: i32 = digits.parse().ok()?;
                self.set(*part, i64::from(number), now);
                Some(rest)
            }
            Element::Name(part) => {
                let (value, length) = name_at(*part, text)?;
                self.set(*part, value, now);
                text.get(length..)
            }
            Element::Offset(width) => {
                let (seconds, length) = iso_offset(text, *width)?;
                self.offset = seconds * 1000;
                text.get(length..)
            }
            Element::ZoneName => {
                let (seconds, length) = zone_at(text)?;
                self.offset = seconds * 1000;
                text.get(length..)
            }
        }
    }

    fn set(&mut self, part: Part, value: i64, now: i64) {
        self.fields += 1;
        let stamped = Some((self.fields, value));
        match part {
            Part::Era => self.is_before_christ = value == 0,
            Part::Year => self.year = Some(value),
            Part::ShortYear if value < 100 => self.year = Some(nearest_year(value, now)),
            Part::ShortYear => self.year = Some(value),
            Part::Month => self.month = Some(value),
            Part::WeekOfYear => self.week_of_year = stamped,
            Part::WeekOfMonth => self.week_of_month = stamped,
            Part::DayOfMonth => self.day_of_month = stamped,
            Part::DayOfYear => self.day_of_year = stamped,
            Part::DayOfWeek => self.day_of_week = stamped,
            Part::IsoDayOfWeek => {
                let value = if value == 7 { 1 } else { value + 1 };
                self.day_of_week = Some((self.fields, value));
            }
            Part::WeekInMonth => self.week_in_month = stamped,
            Part::AmPm => self.half = stamped,
            Part::HourOfHalf => self.hour_of_half = stamped,
            Part::ClockHourOfHalf if value == 12 => self.hour_of_half = Some((self.fields, 0)),
            Part::ClockHourOfHalf => self.hour_of_half = stamped,
            Part::HourOfDay => self.hour_of_day = stamped,
            Part::ClockHourOfDay if value == 24 => self.hour_of_day = Some((self.fields, 0)),
            Part::ClockHourOfDay => self.hour_of_day = stamped,
            Part::Minute => self.minute = value,
            Part::Second => self.second = value,
            Part::Millisecond => self.millisecond = value,
        }
    }

    fn millis(&self) -> Option<i64> {
        let of_half = match both(self.hour_of_half, self.half) {
            0 => stamp(self.hour_of_half).max(stamp(self.half)),
            both => both,
        };
        let hour = match of_half > stamp(self.hour_of_day) {
            true => value(self.hour_of_half, 0) + 12 * value(self.half, 0),
            false => value(self.hour_of_day, 0),
        };
        // Fields are of 32 bits: none of this overflows.
        let time = hour * MILLIS_PER_HOUR + self.minute * 60_000 + self.second * 1000;
        let time = time + self.millisecond - self.offset;
        self.day()?.checked_mul(MILLIS_PER_DAY)?.checked_add(time)
    }

    /// Days since 1970, in the calendar that was in force.
    fn day(&self) -> Option<i64> {
        let day = self.day_in(first_of_month)?;
        match day < GREGORIAN {
            true => self.day_in(first_of_julian_month),
            false => Some(day),
        }
    }

    /// `first` is the first day of a month, from 0 on, of a year.
    fn day_in(&self, first: fn(i64, i64) -> i64) -> Option<i64> {
        let year = self.year.unwrap_or(1970);
        let year = if self.is_before_christ {
            1 - year
        } else {
            year
        };
        let of_month = stamp(self.day_of_month);
        let of_year = stamp(self.day_of_year);
        let week_of_month = both(self.week_of_month, self.day_of_week);
        let week_in_month = both(self.week_in_month, self.day_of_week);
        let week_of_year = both(self.week_of_year, self.day_of_week);
        let of_weeks = week_of_month.max(week_in_month).max(week_of_year);
        let best = of_month.max(of_year).max(of_weeks);
        let by_weeks = best == 0 && self.has_weeks();
        let first_of_year = first(year, 0);
        let first_of_month = first(year, self.month.unwrap_or(1) - 1);
        if best > 0 && best == of_year {
            return Some(first_of_year + value(self.day_of_year, 1) - 1);
        }
        if !by_weeks && best == of_month {
            return Some(first_of_month + value(self.day_of_month, 1) - 1);
        }
        let is_of_year = stamp(self.week_of_year)
            > stamp(self.week_of_month)
                .max(stamp(self.week_in_month).max(u32::from(by_weeks) * stamp(self.day_of_week)));
        if is_of_year {
            let week = value(self.week_of_year, 1);
            return Some(self.day_of_week_after(first_week(first_of_year)) + 7 * (week - 1));
        }
        if stamp(self.week_of_month) > 0 && stamp(self.week_of_month) >= stamp(self.week_in_month) {
            let week = value(self.week_of_month, 1);
            return Some(self.day_of_week_after(first_week(first_of_month)) + 7 * (week - 1));
        }
        let (week, day_of_week) = (value(self.week_in_month, 1), value(self.day_of_week, 1));
        Some(on_or_before(first_of_month + 7 * week - 1, day_of_week))
    }

    fn has_weeks(&self) -> bool {
        let weeks = [
            self.week_of_year,
            self.week_of_month,
            self.week_in_month,
            self.day_of_week,
        ];
        weeks.iter().any(Option::is_some)
    }

    /// The day of the week that is asked for, in the week that begins with `sunday`.
    fn day_of_week_after(&self, sunday: i64) -> i64 {
        sunday + value(self.day_of_week, 1) - 1
    }
}

/// The Sunday that begins the week of a day.
fn first_week(day: i64) -> i64 {
    on_or_before(day, 1)
}

/// The last `day_of_week`, from Sunday = 1 on, up to a day.
fn on_or_before(day: i64, day_of_week: i64) -> i64 {
    let found = local_day_of_week(Day::new(day).day_of_week());
    day - (found - day_of_week).rem_euclid(7)
}

fn first_of_month(year: i64, month: i64) -> i64 {
    let (year, month) = (year + month.div_euclid(12), month.rem_euclid(12));
    days_from_civil(year, month + 1, 1)
}

/// In the calendar in which each fourth year is a leap year.
fn first_of_julian_month(year: i64, month: i64) -> i64 {
    let (year, month) = (year + month.div_euclid(12), month.rem_euclid(12));
    // From March on, so that the leap day is the year's last.
    let (year, month) = if month < 2 {
        (year - 1, month + 10)
    } else {
        (year, month - 2)
    };
    year * 365 + year.div_euclid(4) + (153 * month + 2) / 5 - 719_470
}

/// The year that ends in these digits, from 80 years ago to 19 years from now.
fn nearest_year(two_digits: i64, now: i64) -> i64 {
    let first = Day::new(now.div_euclid(MILLIS_PER_DAY)).year - 80;
    first + (two_digits - first).rem_euclid(100)
}

/// The value of the name that a text begins with, long or short, and its length.
fn name_at(part: Part, text: &str) -> Option<(i64, usize)> {
    let field = match part {
        Part::Month => Field::MonthOfYear,
        Part::DayOfWeek => Field::DayOfWeek,
        Part::AmPm => Field::AmPmOfDay,
        _ => Field::Era,
    };
    let found = names::find(field, Style::Full, text);
    let (value, length) = found.or_else(|| names::find(field, Style::Short, text))?;
    Some(match field {
        Field::DayOfWeek => (local_day_of_week(value), length),
        _ => (value, length),
    })
}

/// `Z`, `+01`, `+0100`, `+01:00`: seconds and length.
fn iso_offset(text: &str, width: usize) -> Option<(i64, usize)> {
    if text.starts_with('Z') {
        return Some((0, 1));
    }
    let length = [3, 5, 6].get(width.checked_sub(1)?)?;
    let offset = text.get(..*length)?;
    let has_colon = offset.as_bytes().get(3) == Some(&b':');
    let seconds = (has_colon == (width == 3)).then(|| offset::of(offset))?;
    Some((i64::from(seconds?), *length))
}

/// `+0100`, `GMT+1:00`, or a zone's name: seconds, of winter or of summer as the name says, and length.
fn zone_at(text: &str) -> Option<(i64, usize)> {
    if text.starts_with(['+', '-']) {
        return iso_offset(text, 2);
    }
    let start = text.get(..3);
    if start.is_some_and(|start| start.eq_ignore_ascii_case("GMT"))
        && let Some(found) = offset::read_gmt(text, false)
    {
        return Some(found);
    }
    let long = zone_names::find(text, true);
    let short = zone_names::find(text, false);
    let (rules, length) = long
        .into_iter()
        .chain(short)
        .max_by_key(|(_, length)| *length)?;
    let name = text.get(..length)?.to_ascii_uppercase();
    // The middle of a winter and of a summer, of the years that are neither old nor to come.
    let (january, july) = (
        rules.offset_at(1_610_668_800),
        rules.offset_at(1_626_307_200),
    );
    let is_summer = name.ends_with("DT") && name.len() > 3
        || matches!(
            name.as_str(),
            "PDT" | "MDT" | "CDT" | "EDT" | "ADT" | "BST" | "NDT"
        )
        || name.ends_with("EST") && name.len() == 4
        || name.ends_with("DAYLIGHT TIME")
        || name.ends_with("SUMMER TIME");
    let seconds = if is_summer {
        january.max(july)
    } else {
        january.min(july)
    };
    Some((seconds, length))
}
