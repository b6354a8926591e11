//! Offsets from Greenwich, in seconds: `Z`, `+01`, `+01:30`, `GMT+1`.

use std::fmt::Write;

use super::compile::{Offset, Part};

/// Java's offsets end here.
const MOST: i32 = 18 * 3600;

/// As `java.time.ZoneOffset` reads one: `Z`, `+h`, `+hh`, `+hhmm`, `+hh:mm`, `+hhmmss`, `+hh:mm:ss`.
pub fn of(id: &str) -> Option<i32> {
    if id == "Z" {
        return Some(0);
    }
    let sign = match id.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes, seconds) = match id.as_bytes().get(1..)? {
        [h] => ([b'0', *h], *b"00", *b"00"),
        [h, i] => ([*h, *i], *b"00", *b"00"),
        [h, i, m, n] | [h, i, b':', m, n] => ([*h, *i], [*m, *n], *b"00"),
        [h, i, m, n, s, t] | [h, i, b':', m, n, b':', s, t] => ([*h, *i], [*m, *n], [*s, *t]),
        _ => return None,
    };
    let (hours, minutes, seconds) = (two(hours)?, two(minutes)?, two(seconds)?);
    let total = (hours * 60 + minutes) * 60 + seconds;
    (minutes < 60 && seconds < 60 && total <= MOST).then_some(sign * total)
}

fn two(digits: [u8; 2]) -> Option<i32> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i32::from(byte - b'0'));
    Some(digit(digits[0])? * 10 + digit(digits[1])?)
}

/// `Z`, `+02:00`.
pub fn id(seconds: i32) -> String {
    const ID: Offset = Offset {
        minutes: Part::Always,
        seconds: Part::Optional,
        has_colons: true,
        none: "Z",
    };
    let mut id = String::new();
    ID.write(seconds.into(), &mut id);
    id
}

fn parts(seconds: i64) -> (char, i64, i64, i64) {
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.abs();
    (sign, seconds / 3600 % 100, seconds / 60 % 60, seconds % 60)
}

impl Offset {
    pub fn write(&self, total: i64, out: &mut String) {
        let (sign, hours, minutes, seconds) = parts(total);
        let has = |part: Part, value: i64| match part {
            Part::Absent => false,
            Part::Optional => value > 0,
            Part::Always => true,
        };
        let has_minutes = has(self.minutes, minutes);
        let has_seconds = has_minutes && has(self.seconds, seconds);
        let shown = (
            hours,
            minutes * i64::from(has_minutes),
            seconds * i64::from(has_seconds),
        );
        if shown == (0, 0, 0) {
            return out.push_str(self.none);
        }
        let colon = if self.has_colons { ":" } else { "" };
        // Writing to a String does not fail.
        let _ = write!(out, "{sign}{hours:02}");
        if has_minutes {
            let _ = write!(out, "{colon}{minutes:02}");
        }
        if has_seconds {
            let _ = write!(out, "{colon}{seconds:02}");
        }
    }

    /// The offset that a text begins with, and its length.
    pub fn read(&self, text: &str) -> Option<(i64, usize)> {
        let start = text.get(..self.none.len());
        if start.is_some_and(|start| start.eq_ignore_ascii_case(self.none)) {
            return Some((0, self.none.len()));
        }
        let bytes = text.as_bytes();
        let sign = match bytes.first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let hours = two_at(bytes, 1)?;
        let mut at = 3;
        let mut part = |part: Part| {
            if part == Part::Absent {
                return Some(0);
            }
            let found = match (self.has_colons, bytes.get(at)) {
                (true, Some(b':')) => two_at(bytes, at + 1),
                (true, _) => None,
                (false, _) => two_at(bytes, at),
            };
            match found.filter(|value| *value < 60) {
                Some(value) => {
                    at += 2 + usize::from(self.has_colons);
                    Some(value)
                }
                None => (part == Part::Optional).then_some(0),
            }
        };
        let minutes = part(self.minutes)?;
        let seconds = part(self.seconds)?;
        let total = i64::from((hours * 60 + minutes) * 60 + seconds);
        (hours < 24).then_some((sign * total, at))
    }
}

fn two_at(bytes: &[u8], at: usize) -> Option<i32> {
    let digits = bytes.get(at..at.checked_add(2)?)?;
    two([digits[0], digits[1]])
}

/// `GMT`, `GMT+1`, `GMT+01:30`.
pub fn write_gmt(total: i64, is_full: bool, out: &mut String) {
    let (sign, hours, minutes, seconds) = parts(total);
    out.push_str("GMT");
    if total == 0 {
        return;
    }
    let _ = match is_full {
        true => write!(out, "{sign}{hours:02}:{minutes:02}"),
        false if minutes == 0 && seconds == 0 => write!(out, "{sign}{hours}"),
        false => write!(out, "{sign}{hours}:{minutes:02}"),
    };
    if seconds != 0 {
        let _ = write!(out, ":{seconds:02}");
    }
}

/// The offset that a text begins with in that form, and its length.
pub fn read_gmt(text: &str, is_full: bool) -> Option<(i64, usize)> {
    let start = text.get(..3)?;
    if !start.eq_ignore_ascii_case("GMT") {
        return None;
    }
    let bytes = text.as_bytes();
    let sign = match bytes.get(3) {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Some((0, 3)),
    };
    let digit = |at: usize| {
        let byte = bytes.get(at).filter(|byte| byte.is_ascii_digit())?;
        Some(i32::from(byte - b'0'))
    };
    let after_colon = |at: usize| match bytes.get(at) {
        Some(b':') => two_at(bytes, at + 1),
        _ => None,
    };
    let (hours, mut at) = match (is_full, digit(4)?, digit(5)) {
        (true, first, Some(second)) => (first * 10 + second, 6),
        (true, ..) => return None,
        (false, first, Some(second)) => (first * 10 + second, 6),
        (false, first, None) => (first, 5),
    };
    let minutes = match after_colon(at) {
        Some(minutes) => {
            at += 3;
            minutes
        }
        None if is_full => return None,
        None => 0,
    };
    let seconds = match after_colon(at) {
        Some(seconds) if at > 6 => {
            at += 3;
            seconds
        }
        _ => 0,
    };
    Some((sign * i64::from((hours * 60 + minutes) * 60 + seconds), at))
}

/// Seconds, if Java has such an offset.
pub fn checked(seconds: i64) -> Option<i32> {
    let seconds = i32::try_from(seconds).ok()?;
    (-MOST..=MOST).contains(&seconds).then_some(seconds)
}
