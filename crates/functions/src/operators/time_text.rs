//! Times and their texts, in ksqlDB's partial ISO forms.
//!
//! A timestamp is `yyyy[-MM[-dd]]`, or a whole date and `THH[:mm[:ss[.SSS]]][Z|±HH|±HHMM|±HH:MM]`. Parts that are
//! missing are the least they can be, a missing zone is UTC.

use chrono::{DateTime, Datelike, NaiveDate, Timelike};

const DAY: i64 = 86_400_000;

/// Milliseconds since the epoch; `None` if the text is no timestamp.
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let parts: Vec<&str> = date.split('-').collect();
    let days = days_of(&parts)?;
    let Some(time) = time else {
        return days.checked_mul(DAY);
    };
    if parts.len() != 3 {
        return None;
    }
    let (clock, offset) = split_zone(time)?;
    let milliseconds = clock_of(clock)?;
    days.checked_mul(DAY)?
        .checked_add(milliseconds)?
        .checked_sub(offset)
}

/// Days since the epoch, from the text of a date or of a timestamp.
pub fn parse_date(text: &str) -> Option<i32> {
    i32::try_from(parse_timestamp(text)?.div_euclid(DAY)).ok()
}

/// Milliseconds of the day: `HH:mm[:ss[.SSS]]`.
pub fn parse_time(text: &str) -> Option<i32> {
    let text = text.trim();
    text.contains(':')
        .then(|| clock_of(text))
        .flatten()
        .and_then(|time| i32::try_from(time).ok())
}

/// `yyyy-MM-dd'T'HH:mm:ss.SSS`, UTC.
pub fn format_timestamp(milliseconds: i64) -> Option<String> {
    let time = DateTime::from_timestamp_millis(milliseconds)?.naive_utc();
    Some(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}",
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.nanosecond() / 1_000_000
    ))
}

/// `yyyy-MM-dd`.
pub fn format_date(days: i32) -> Option<String> {
    let date = NaiveDate::from_num_days_from_ce_opt(days.checked_add(719_163)?)?;
    Some(format!(
        "{:04}-{:02}-{:02}",
        date.year(),
        date.month(),
        date.day()
    ))
}

/// As Java's `LocalTime` prints it: seconds and milliseconds only if there are any.
pub fn format_time(milliseconds: i32) -> String {
    let (seconds, fraction) = (milliseconds / 1000, milliseconds % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (second, fraction) {
        (0, 0) => format!("{hour:02}:{minute:02}"),
        (_, 0) => format!("{hour:02}:{minute:02}:{second:02}"),
        _ => format!("{hour:02}:{minute:02}:{second:02}.{fraction:03}"),
    }
}

fn days_of(parts: &[&str]) -> Option<i64> {
    let (year, month, day) = match parts {
        [year] => (digits(year, 4)?, 1, 1),
        [year, month] => (digits(year, 4)?, digits(month, 2)?, 1),
        [year, month, day] => (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?),
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(year).ok()?,
        u32::try_from(month).ok()?,
        u32::try_from(day).ok()?,
    )?;
    Some(i64::from(date.num_days_from_ce()) - 719_163)
}

/// Milliseconds of `HH[:mm[:ss[.fraction]]]`.
fn clock_of(clock: &str) -> Option<i64> {
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let parts: Vec<&str> = whole.split(':').collect();
    let part = |index: usize| parts.get(index).map_or(Some(0), |text| digits(text, 2));
    let (hour, minute, second) = (part(0)?, part(1)?, part(2)?);
    let is_clock = parts.len() <= 3 && hour < 24 && minute < 60 && second < 60;
    let is_fraction = !fraction.is_empty()
        && fraction.len() <= 9
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !is_clock || !is_fraction || (clock.contains('.') && parts.len() != 3) {
        return None;
    }
    let milliseconds: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    Some(((hour * 60 + minute) * 60 + second) * 1000 + milliseconds)
}

/// The clock, and how many milliseconds its zone is ahead of UTC.
fn split_zone(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let Some(at) = time.find(['+', '-']) else {
        return Some((time, 0));
    };
    let (clock, zone) = time.split_at(at);
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let zone = zone[1..].replace(':', "");
    let (hours, minutes) = match zone.len() {
        2 => (digits(&zone, 2)?, 0),
        4 => (digits(zone.get(..2)?, 2)?, digits(zone.get(2..)?, 2)?),
        _ => return None,
    };
    (hours <= 18 && minutes < 60).then_some((clock, sign * (hours * 60 + minutes) * 60_000))
}

fn digits(text: &str, length: usize) -> Option<i64> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::{
        format_date, format_time, format_timestamp, parse_date, parse_time, parse_timestamp,
    };

    #[test]
    fn missing_parts_are_the_least_they_can_be() {
        let check = |text: &str, expected: Option<i64>| {
            assert_eq!(parse_timestamp(text), expected, "{text}")
        };
        check("1970", Some(0));
        check("1970-02", Some(31 * 86_400_000));
        check("1970-01-02", Some(86_400_000));
        check("1970-01-01T01", Some(3_600_000));
        check("1970-01-01T01:00:00.5", Some(3_600_500));
        check("1970-01-01T01:00+01:00", Some(0));
        check("1970-01-01T00:00:00.001Z", Some(1));
        check("1969-12-31T23:59:59.999", Some(-1));
        check("1970-13-01", None);
        check("1970-1-1", None);
        check("1970T01", None);
        check("tomorrow", None);
        check("", None);
    }

    #[test]
    fn texts_are_those_of_java() {
        assert_eq!(
            format_timestamp(-1).as_deref(),
            Some("1969-12-31T23:59:59.999")
        );
        assert_eq!(format_date(0).as_deref(), Some("1970-01-01"));
        assert_eq!(parse_date("2020-01-31"), Some(18292));
        assert_eq!(format_date(18292).as_deref(), Some("2020-01-31"));
        assert_eq!(format_time(43_205_000), "12:00:05");
        assert_eq!(format_time(43_200_000), "12:00");
        assert_eq!(parse_time("12:00:05"), Some(43_205_000));
        assert_eq!(parse_time("25:00"), None);
    }
}
