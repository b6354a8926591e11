//! Days, times and instants to text and back, as ksqlDB reads and writes them.
//!
//! Text to an instant may be partial: `2021`, `2021-06`, `2021-06-01T10`; what is missing takes its least value, a missing
//! zone is UTC. All dates are of the proleptic Gregorian calendar, as in `java.time`.

use std::fmt::{self, Display};

pub const MILLIS_PER_DAY: i64 = 86_400_000;

/// `2021-06-01`: days since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date(pub i64);

/// `10:15` or `10:15:30`: milliseconds of the day. Whole seconds only, as ksqlDB prints them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub i64);

/// `2021-06-01T10:15:30.000`: milliseconds since the epoch, printed in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp(pub i64);

impl Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0);
        // As `java.time` does: a sign for what four digits do not hold.
        let sign = match year {
            ..0 => "-",
            10_000.. => "+",
            _ => "",
        };
        write!(f, "{sign}{:04}-{month:02}-{day:02}", year.unsigned_abs())
    }
}

impl Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.div_euclid(1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{hour:02}:{minute:02}")?;
        if second == 0 {
            return Ok(());
        }
        write!(f, ":{second:02}")
    }
}

impl Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(MILLIS_PER_DAY));
        let rest = self.0.rem_euclid(MILLIS_PER_DAY);
        let (seconds, millis) = (rest / 1000, rest % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        // `yyyy` is the year of its era: those before Christ count backwards, and nothing says that they do.
        let year = if year > 0 { year } else { 1 - year };
        let sign = if year > 9999 { "+" } else { "" };
        write!(f, "{sign}{year:04}-{month:02}-{day:02}")?;
        write!(f, "T{hour:02}:{minute:02}:{second:02}.{millis:03}")
    }
}

/// `yyyy[-MM[-dd]]`, or a whole date with `T`, a time that may be partial and a zone that may be absent.
///
/// As ksqlDB reads it: what a time lacks is filled up from `00:00:00.000` character by character, so that `10:15:30.1` is a
/// hundred milliseconds past; a day that its month has not is the month's last, and 24:00 the next day's midnight.
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let Some((date, time)) = text.split_once('T') else {
        return smart_date(&completed(text)).map(|days| days * MILLIS_PER_DAY);
    };
    let (time, offset) = split_zone(time)?;
    let time = time.strip_suffix('Z').unwrap_or(time);
    let missing = "00:00:00.000".get(time.len()..).unwrap_or("");
    let millis = parse_full_time(&format!("{time}{missing}"))?;
    let midnight = smart_date(date)?.checked_mul(MILLIS_PER_DAY)?;
    midnight.checked_add(millis)?.checked_sub(offset)
}

/// `yyyy[-MM[-dd]]` in days since the epoch. Years of more than four digits have a sign.
pub fn parse_date(text: &str) -> Option<i64> {
    let (year, month, day) = date_parts(&completed(text))?;
    let is_date = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    is_date.then(|| days_from_civil(year, month, day))
}

/// The first of the month, or of January, where a text has only that.
fn completed(text: &str) -> String {
    match text.trim_end_matches('-').matches('-').count() {
        0 => format!("{text}-01-01"),
        1 => format!("{text}-01"),
        _ => text.to_owned(),
    }
}

/// A day that its month has not is the month's last. Only years after Christ.
fn smart_date(text: &str) -> Option<i64> {
    let (year, month, day) = date_parts(text)?;
    let is_date = year > 0 && (1..=12).contains(&month) && (1..=31).contains(&day);
    let day = day.min(days_in_month(year, month));
    is_date.then(|| days_from_civil(year, month, day))
}

/// Year, month and day of `yyyy-MM-dd`.
fn date_parts(text: &str) -> Option<(i64, i64, i64)> {
    let (year, rest) = match text.as_bytes().first()? {
        b'+' | b'-' => {
            let end = text.get(1..)?.find('-')? + 1;
            (text.get(..end)?, text.get(end + 1..)?)
        }
        _ => text.split_once('-')?,
    };
    let (month, day) = rest.split_once('-')?;
    Some((signed_year(year)?, digits(month, 2)?, digits(day, 2)?))
}

/// Four digits; a minus before Christ, and a plus where there are more digits.
fn signed_year(text: &str) -> Option<i64> {
    let number = text.strip_prefix(['+', '-']).unwrap_or(text);
    let value = digits(number, number.len())?;
    match (text.as_bytes().first()?, number.len()) {
        (b'+', 5..=9) => Some(value),
        (b'-', 4..=9) if value > 0 => Some(-value),
        (b'0'..=b'9', 4) => Some(value),
        _ => None,
    }
}

/// `HH:mm[:ss[.fraction]]` in milliseconds of the day, as Java's `LocalTime.parse`; finer than a millisecond is cut.
pub fn parse_time(text: &str) -> Option<i64> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let colons = whole.bytes().filter(|byte| *byte == b':').count();
    match (colons, fraction) {
        (1, None) | (2, None) => parse_partial_time(whole),
        (2, Some(fraction)) => Some(parse_partial_time(whole)? + parse_fraction(fraction)?),
        _ => None,
    }
}

fn parse_fraction(fraction: &str) -> Option<i64> {
    if fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
    digits(&millis, 3)
}

/// `HH:mm:ss.SSS`; 24:00 is a day's end.
fn parse_full_time(text: &str) -> Option<i64> {
    let (whole, millis) = text.split_once('.')?;
    let millis = digits(millis, 3)?;
    match whole {
        "24:00:00" => (millis == 0).then_some(MILLIS_PER_DAY),
        whole if whole.len() == "HH:mm:ss".len() => Some(parse_partial_time(whole)? + millis),
        _ => None,
    }
}

/// `HH:mm[:ss]`.
fn parse_partial_time(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let hour = digits(parts.next()?, 2)?;
    let minute = parts.next().map_or(Some(0), |part| digits(part, 2))?;
    let second = parts.next().map_or(Some(0), |part| digits(part, 2))?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(((hour * 60 + minute) * 60 + second) * 1000)
}

/// The time before the zone, and the zone's offset in milliseconds: `+h`, `+hh`, `+hhmm`, `+hh:mm`, or with seconds.
fn split_zone(text: &str) -> Option<(&str, i64)> {
    let Some(at) = text.find('+').or_else(|| text.find('-')) else {
        return Some((text, 0));
    };
    let (time, zone) = text.split_at(at);
    let (sign, zone) = zone.split_at(1);
    let parts = match (zone.len(), zone.contains(':')) {
        (1 | 2, false) => [zone, "00", "00"],
        (4, false) => [zone.get(..2)?, zone.get(2..)?, "00"],
        (6, false) => [zone.get(..2)?, zone.get(2..4)?, zone.get(4..)?],
        (5, true) => [zone.get(..2)?, zone.get(2..)?.strip_prefix(':')?, "00"],
        (8, true) => [
            zone.get(..2)?,
            zone.get(2..5)?.strip_prefix(':')?,
            zone.get(5..)?.strip_prefix(':')?,
        ],
        _ => return None,
    };
    let [hours, minutes, seconds] = parts;
    let hours = digits(hours, hours.len())?;
    let (minutes, seconds) = (digits(minutes, 2)?, digits(seconds, 2)?);
    let total = (hours * 60 + minutes) * 60 + seconds;
    // Java's offsets end at 18 hours.
    if minutes > 59 || seconds > 59 || total > 18 * 3600 {
        return None;
    }
    Some((time, if sign == "-" { -total } else { total } * 1000))
}

/// Exactly `count` ASCII digits.
fn digits(text: &str, count: usize) -> Option<i64> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. Howard Hinnant, "chrono-compatible low-level date algorithms".
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`]: year, month, day.
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let instant = parse_timestamp(text).map(|millis| Timestamp(millis).to_string());
        assert_eq!(instant.as_deref(), expected, "{text}");
    }

    #[test]
    fn partial_text_takes_the_least_value_of_what_is_missing() {
        check("2021", Some("2021-01-01T00:00:00.000"));
        check("2021-06", Some("2021-06-01T00:00:00.000"));
        check("2020-02-29", Some("2020-02-29T00:00:00.000"));
        check("2021-06-01T10", Some("2021-06-01T10:00:00.000"));
        check("2021-06-01T10:15", Some("2021-06-01T10:15:00.000"));
        check("2021-06-01T10:15:30", Some("2021-06-01T10:15:30.000"));
        check("2021-06-01T10:15:30.123", Some("2021-06-01T10:15:30.123"));
        check("1969-12-31T23:59:59.999", Some("1969-12-31T23:59:59.999"));
        check("2021-06-01T", Some("2021-06-01T00:00:00.000"));
        check("2021-06-01T1", Some("2021-06-01T10:00:00.000"));
        check("2021-06-01T10:15:30.1", Some("2021-06-01T10:15:30.100"));
        check("+12021-06", Some("+12021-06-01T00:00:00.000"));
    }

    #[test]
    fn days_that_a_month_has_not_are_its_last() {
        check("2021-02-29", Some("2021-02-28T00:00:00.000"));
        check("2021-02-30T10", Some("2021-02-28T10:00:00.000"));
        check("2021-06-01T24", Some("2021-06-02T00:00:00.000"));
        check("2021-06-01T24:01", None);
        check("2021-02-32", None);
        assert_eq!(parse_date("2021-02-29"), None);
        assert_eq!(parse_date("2021-02-28"), Some(18_686));
        assert_eq!(parse_date("-0044-03-15"), Some(-735_525));
        assert_eq!(parse_date("+12021-01-01"), Some(3_671_053));
        assert_eq!(parse_date("12021-01-01"), None);
        assert_eq!(parse_date("0000"), Some(-719_528));
    }

    #[test]
    fn years_before_christ_are_those_of_their_era() {
        assert_eq!(
            Timestamp(-62_135_596_800_001).to_string(),
            "0001-12-31T23:59:59.999"
        );
        assert_eq!(
            Timestamp(253_402_300_800_000).to_string(),
            "+10000-01-01T00:00:00.000"
        );
    }

    #[test]
    fn zones_are_taken_off() {
        check("2021-06-01T10Z", Some("2021-06-01T10:00:00.000"));
        check("2021-06-01T10:00+02", Some("2021-06-01T08:00:00.000"));
        check("2021-06-01T10:00-0130", Some("2021-06-01T11:30:00.000"));
        check("2021-06-01T00:00+01:00", Some("2021-05-31T23:00:00.000"));
        check("2021-06-01T10+2", Some("2021-06-01T08:00:00.000"));
        check(
            "2021-06-01T10:15:30.123+02:00:30",
            Some("2021-06-01T08:15:00.123"),
        );
        check(
            "2021-06-01T10:15:30.123-020030",
            Some("2021-06-01T12:16:00.123"),
        );
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "21",
            "2021-13",
            "2021-6",
            "2021-06T10",
            "2021-06-01T10:15.5",
            "2021-06-01T10:15:30.1234",
            "0000",
            "-2021-01-01",
            "2021-",
            "T10",
            "2021-06-01T10+19",
            "2021-06-01 10:00",
            "2021-06-01T10:00+é",
            "abcd",
            "２０２１",
            "2021-06-01-01",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn days_and_dates_are_inverse() {
        for days in (-1_000_000..1_000_000).step_by(97) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
        assert_eq!(Date(0).to_string(), "1970-01-01");
        assert_eq!(Date(3_000_000).to_string(), "+10183-09-21");
        assert_eq!(Date(-800_000).to_string(), "-0221-09-04");
    }

    #[test]
    fn times_of_day() {
        assert_eq!(Time(36_900_000).to_string(), "10:15");
        assert_eq!(Time(36_930_999).to_string(), "10:15:30");
        assert_eq!(parse_time("10:15"), Some(36_900_000));
        assert_eq!(parse_time("10:15:30.5"), Some(36_930_500));
        assert_eq!(parse_time("10:15:30.123456789"), Some(36_930_123));
        for text in ["10", "24:00", "10:60", "10:15.5", "", "10:15:30.", "1:15"] {
            let expected = (text == "10:15:30.").then_some(36_930_000);
            assert_eq!(parse_time(text), expected, "{text}");
        }
    }
}
