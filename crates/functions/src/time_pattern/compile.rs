//! A pattern's text to its elements.
//!
//! Numbers that stand side by side share their digits as in Java: in `yyyyMMdd` the months and days have their two digits
//! each, and the year has what is before them.

use super::field::Field;

/// How deep optional sections may nest: whoever reads and writes them descends once for each.
const MOST_SECTIONS: usize = 64;

#[derive(Debug)]
pub enum Element {
    /// Read in any case.
    Literal(Box<str>),
    Number(Number),
    Text(Field, Style),
    /// `VV`: `America/New_York`.
    ZoneId,
    /// `z`, `v`: `PST`, `Pacific Time`.
    ZoneName {
        is_full: bool,
        is_generic: bool,
    },
    /// `X`, `x`, `Z`: `+01:00`.
    Offset(Offset),
    /// `O`: `GMT+1`, `GMT+01:00`.
    GmtOffset {
        is_full: bool,
    },
    Optional(Vec<Element>),
    /// Filled up in front with spaces.
    Padded {
        width: usize,
        element: Box<Element>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Full,
    Short,
    Narrow,
}

#[derive(Debug, Clone, Copy)]
pub struct Number {
    pub field: Field,
    pub least: usize,
    pub most: usize,
    pub sign: Sign,
    pub kind: NumberKind,
    /// The digits of the numbers that follow at once.
    pub followed_by: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberKind {
    Plain,
    /// Two digits of a year from 2000 on.
    TwoDigits,
    /// The digits after a point.
    Fraction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// `-` where it is negative.
    Normal,
    Never,
    /// Also `+` where there are more digits than usual.
    ExceedsWidth,
}

#[derive(Debug, Clone, Copy)]
pub struct Offset {
    pub minutes: Part,
    pub seconds: Part,
    pub has_colons: bool,
    /// What no offset is.
    pub none: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Absent,
    /// Only if it is not 0.
    Optional,
    Always,
}

impl Number {
    /// As many digits as there are.
    pub fn plain(field: Field) -> Self {
        Self::between(field, 1, 19, Sign::Normal)
    }

    fn fixed(field: Field, width: usize) -> Self {
        Self::between(field, width, width, Sign::Never)
    }

    fn between(field: Field, least: usize, most: usize, sign: Sign) -> Self {
        Self {
            field,
            least,
            most,
            sign,
            kind: NumberKind::Plain,
            followed_by: 0,
        }
    }

    fn two_digits(field: Field) -> Self {
        Self {
            kind: NumberKind::TwoDigits,
            ..Self::fixed(field, 2)
        }
    }

    fn is_fixed(&self) -> bool {
        self.least == self.most && self.sign == Sign::Never
    }
}

/// The errors are Java's.
pub fn compile(pattern: &str) -> Result<Vec<Element>, String> {
    let mut builder = Builder {
        sections: vec![Section::default()],
        pad: 0,
    };
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            'A'..='Z' | 'a'..='z' => builder.letters(first, rest, pattern)?,
            '\'' => builder.quoted(&rest[1..], pattern)?,
            '[' => {
                builder.open()?;
                &rest[1..]
            }
            ']' => {
                builder.close()?;
                &rest[1..]
            }
            '{' | '}' | '#' => {
                return Err(format!("Pattern includes reserved character: '{first}'"));
            }
            other => {
                let (literal, rest) = rest.split_at(other.len_utf8());
                builder.literal(literal);
                rest
            }
        };
    }
    // Sections that are not closed end with the pattern.
    while builder.sections.len() > 1 {
        builder.close()?;
    }
    let whole = builder.sections.pop();
    Ok(whole.map(|section| section.elements).unwrap_or_default())
}

#[derive(Default)]
struct Section {
    elements: Vec<Element>,
    /// The number that gets the digits which those that follow leave.
    active: Option<usize>,
}

struct Builder {
    /// The pattern and the optional sections that are open in it.
    sections: Vec<Section>,
    pad: usize,
}

impl Builder {
    fn push(&mut self, element: Element) -> Option<usize> {
        let width = std::mem::take(&mut self.pad);
        let section = self.sections.last_mut()?;
        section.active = None;
        if width == 0 {
            section.elements.push(element);
            return Some(section.elements.len() - 1);
        }
        let element = Box::new(element);
        section.elements.push(Element::Padded { width, element });
        None
    }

    fn number(&mut self, number: Number) {
        let section = self.sections.last_mut();
        let active = section.and_then(|section| {
            let active = section.active?;
            match section.elements.get_mut(active) {
                Some(Element::Number(before)) => {
                    let shares = number.is_fixed() && self.pad == 0;
                    before.followed_by += if shares { number.most } else { 0 };
                    shares.then_some(active)
                }
                _ => None,
            }
        });
        let place = self.push(Element::Number(number));
        if let Some(section) = self.sections.last_mut() {
            section.active = active.or(place);
        }
    }

    fn literal(&mut self, text: &str) {
        self.push(Element::Literal(text.into()));
    }

    fn open(&mut self) -> Result<(), String> {
        if self.sections.len() > MOST_SECTIONS {
            return Err(format!(
                "Pattern nests more than {MOST_SECTIONS} optional sections"
            ));
        }
        if let Some(section) = self.sections.last_mut() {
            section.active = None;
        }
        self.sections.push(Section::default());
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        if self.sections.len() < 2 {
            return Err("Pattern invalid as it contains ] without previous [".to_owned());
        }
        if let Some(section) = self.sections.pop()
            && !section.elements.is_empty()
        {
            self.push(Element::Optional(section.elements));
        }
        Ok(())
    }

    /// What is left after the closing quote.
    fn quoted<'a>(&mut self, text: &'a str, pattern: &str) -> Result<&'a str, String> {
        let mut literal = String::new();
        let mut rest = text;
        loop {
            let Some((before, after)) = rest.split_once('\'') else {
                return Err(format!(
                    "Pattern ends with an incomplete string literal: {pattern}"
                ));
            };
            literal.push_str(before);
            match after.strip_prefix('\'') {
                Some(after) => {
                    literal.push('\'');
                    rest = after;
                }
                None => {
                    let literal = if literal.is_empty() { "'" } else { &literal };
                    self.literal(literal);
                    return Ok(after);
                }
            }
        }
    }

    /// What is left after a run of one letter.
    fn letters<'a>(
        &mut self,
        letter: char,
        text: &'a str,
        pattern: &str,
    ) -> Result<&'a str, String> {
        let (count, rest) = run(letter, text);
        if letter != 'p' {
            self.field(letter, count)?;
            return Ok(rest);
        }
        let padded = rest.chars().next().filter(char::is_ascii_alphabetic);
        let Some(padded) = padded else {
            return Err(format!(
                "Pad letter 'p' must be followed by valid pad pattern: {pattern}"
            ));
        };
        self.pad = count;
        let (count, rest) = run(padded, rest);
        self.field(padded, count)?;
        Ok(rest)
    }

    fn field(&mut self, letter: char, count: usize) -> Result<(), String> {
        let too_many = || Err(format!("Too many pattern letters: {letter}"));
        let element = match (letter, count) {
            ('u' | 'y' | 'Y', _) => return self.year(letter, count),
            ('S', 1..=9) => {
                let number = Number::fixed(Field::NanoOfSecond, count);
                let kind = NumberKind::Fraction;
                self.number(Number { kind, ..number });
                return Ok(());
            }
            ('S', _) => {
                return Err(format!(
                    "Maximum width must be from 1 to 9 inclusive but was {count}"
                ));
            }
            ('M' | 'L', 3..) => Element::Text(Field::MonthOfYear, style(letter, count)?),
            ('Q' | 'q', 3..) => Element::Text(Field::Quarter, style(letter, count)?),
            ('E', ..3) => Element::Text(Field::DayOfWeek, Style::Short),
            ('c', 2) => return Err("Invalid pattern \"cc\"".to_owned()),
            ('E' | 'e' | 'c', 3..) => Element::Text(Field::DayOfWeek, style(letter, count)?),
            ('G', ..4) => Element::Text(Field::Era, Style::Short),
            ('G', _) => Element::Text(Field::Era, style(letter, count)?),
            ('a', 1) => Element::Text(Field::AmPmOfDay, Style::Short),
            ('V', 2) => Element::ZoneId,
            ('V', _) => return Err(format!("Pattern letter count must be 2: {letter}")),
            ('z', 1..=4) => Element::ZoneName {
                is_full: count == 4,
                is_generic: false,
            },
            ('v', 1 | 4) => Element::ZoneName {
                is_full: count == 4,
                is_generic: true,
            },
            ('v', _) => return Err(format!("Wrong number of pattern letters: {letter}")),
            ('O', 1 | 4) | ('Z', 4) => Element::GmtOffset {
                is_full: count == 4,
            },
            ('O', _) => return Err(format!("Pattern letter count must be 1 or 4: {letter}")),
            ('X' | 'x' | 'Z', 1..=5) => Element::Offset(offset(letter, count)),
            ('a' | 'z' | 'X' | 'x' | 'Z', _) => return too_many(),
            _ => return self.plain_number(letter, count),
        };
        self.push(element);
        Ok(())
    }

    fn year(&mut self, letter: char, count: usize) -> Result<(), String> {
        let field = match letter {
            'u' => Field::Year,
            'y' => Field::YearOfEra,
            _ => Field::WeekBasedYear,
        };
        check_width(count)?;
        self.number(match count {
            2 => Number::two_digits(field),
            ..4 => Number::between(field, count, 19, Sign::Normal),
            _ => Number::between(field, count, 19, Sign::ExceedsWidth),
        });
        Ok(())
    }

    fn plain_number(&mut self, letter: char, count: usize) -> Result<(), String> {
        let too_many = || Err(format!("Too many pattern letters: {letter}"));
        let (field, most_letters) = match letter {
            'M' | 'L' => (Field::MonthOfYear, 2),
            'Q' | 'q' => (Field::Quarter, 2),
            'd' => (Field::DayOfMonth, 2),
            'D' => (Field::DayOfYear, 3),
            'F' => (Field::WeekInMonth, 1),
            'e' => (Field::LocalDayOfWeek, 2),
            'c' => (Field::LocalDayOfWeek, 1),
            'w' => (Field::WeekOfWeekBasedYear, 2),
            'W' => (Field::WeekOfMonth, 1),
            'h' => (Field::ClockHourOfAmPm, 2),
            'H' => (Field::HourOfDay, 2),
            'k' => (Field::ClockHourOfDay, 2),
            'K' => (Field::HourOfAmPm, 2),
            'm' => (Field::MinuteOfHour, 2),
            's' => (Field::SecondOfMinute, 2),
            'A' => (Field::MilliOfDay, 19),
            'n' => (Field::NanoOfSecond, 19),
            'N' => (Field::NanoOfDay, 19),
            'g' => (Field::JulianDay, 19),
            other => return Err(format!("Unknown pattern letter: {other}")),
        };
        match most_letters {
            19 => check_width(count)?,
            most if count > most => return too_many(),
            _ => {}
        }
        self.number(match letter {
            'A' | 'n' | 'N' => Number::between(field, count, 19, Sign::Never),
            'g' => Number::between(field, count, 19, Sign::Normal),
            'w' => Number::between(field, count, 2, Sign::Never),
            'e' | 'c' | 'W' => Number::fixed(field, count),
            'D' if count > 1 => Number::between(field, count, 3, Sign::Never),
            _ if count == 1 => Number::plain(field),
            _ => Number::fixed(field, count),
        });
        Ok(())
    }
}

/// How often the letter stands there, and what comes after.
fn run(letter: char, text: &str) -> (usize, &str) {
    let rest = text.trim_start_matches(letter);
    (text.len() - rest.len(), rest)
}

fn check_width(count: usize) -> Result<(), String> {
    match count {
        ..=19 => Ok(()),
        _ => Err(format!(
            "The minimum width must be from 1 to 19 inclusive but was {count}"
        )),
    }
}

fn style(letter: char, count: usize) -> Result<Style, String> {
    match count {
        ..=3 => Ok(Style::Short),
        4 => Ok(Style::Full),
        5 => Ok(Style::Narrow),
        _ => Err(format!("Too many pattern letters: {letter}")),
    }
}

fn offset(letter: char, count: usize) -> Offset {
    let (minutes, seconds, has_colons) = match (letter, count) {
        ('Z', ..4) => (Part::Always, Part::Absent, false),
        ('Z', _) => (Part::Always, Part::Optional, true),
        (_, 1) => (Part::Optional, Part::Absent, false),
        (_, 2) => (Part::Always, Part::Absent, false),
        (_, 3) => (Part::Always, Part::Absent, true),
        (_, 4) => (Part::Always, Part::Optional, false),
        _ => (Part::Always, Part::Optional, true),
    };
    let none = match (letter, count) {
        ('Z', ..4) => "+0000",
        ('X' | 'Z', _) => "Z",
        (_, 1) => "+00",
        (_, 2 | 4) => "+0000",
        _ => "+00:00",
    };
    Offset {
        minutes,
        seconds,
        has_colons,
        none,
    }
}

#[cfg(test)]
mod tests {
    use super::compile;

    #[test]
    fn what_is_no_pattern_is_refused_in_the_words_of_java() {
        let check = |pattern: &str, expected: &str| {
            assert_eq!(compile(pattern).unwrap_err(), expected, "{pattern}");
        };
        check("invalid", "Unknown pattern letter: i");
        check("yyyy-MM-ddd", "Too many pattern letters: d");
        check("MMMMMM", "Too many pattern letters: M");
        check(
            "yyyy'T",
            "Pattern ends with an incomplete string literal: yyyy'T",
        );
        check(
            "yyyy]",
            "Pattern invalid as it contains ] without previous [",
        );
        check("yyyy#", "Pattern includes reserved character: '#'");
        check("{", "Pattern includes reserved character: '{'");
        check("V", "Pattern letter count must be 2: V");
        check("OO", "Pattern letter count must be 1 or 4: O");
        check("vv", "Wrong number of pattern letters: v");
        check("zzzzz", "Too many pattern letters: z");
        check("XXXXXX", "Too many pattern letters: X");
        check("aa", "Too many pattern letters: a");
        check("cc", "Invalid pattern \"cc\"");
        check("WW", "Too many pattern letters: W");
        check(
            "SSSSSSSSSS",
            "Maximum width must be from 1 to 9 inclusive but was 10",
        );
        check(
            "pp-",
            "Pad letter 'p' must be followed by valid pad pattern: pp-",
        );
        check(
            "p",
            "Pad letter 'p' must be followed by valid pad pattern: p",
        );
        check(
            "yyyyyyyyyyyyyyyyyyyyyyyyy",
            "The minimum width must be from 1 to 19 inclusive but was 25",
        );
        check(
            &"[".repeat(100),
            "Pattern nests more than 64 optional sections",
        );
    }

    #[test]
    fn what_is_a_pattern_is_taken() {
        for pattern in [
            "",
            "''",
            "'''quoted'''",
            "[[yyyy]]",
            "[",
            "[]",
            "yyyy[-MM",
            "é→",
            "ppH",
        ] {
            assert!(compile(pattern).is_ok(), "{pattern}");
        }
    }
}
