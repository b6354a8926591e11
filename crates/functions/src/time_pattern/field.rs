//! The fields that a date, a time and an instant consist of, as `java.time.temporal.ChronoField` has them.

use weir_catalog::calendar::{civil_from_days, days_from_civil};

pub const NANOS_PER_DAY: i64 = 86_400_000_000_000;
pub const NANOS_PER_MILLI: i64 = 1_000_000;

/// Years that `java.time` has.
const YEARS: i64 = 999_999_999;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    NanoOfSecond,
    NanoOfDay,
    MilliOfDay,
    SecondOfMinute,
    MinuteOfHour,
    HourOfAmPm,
    ClockHourOfAmPm,
    HourOfDay,
    ClockHourOfDay,
    AmPmOfDay,
    DayOfWeek,
    DayOfMonth,
    DayOfYear,
    WeekInMonth,
    MonthOfYear,
    YearOfEra,
    Year,
    Era,
    Quarter,
    JulianDay,
    /// From Sunday on: weeks are those of the United States, and so are they for no country.
    LocalDayOfWeek,
    WeekOfMonth,
    WeekOfWeekBasedYear,
    WeekBasedYear,
    OffsetSeconds,
}

const COUNT: usize = Field::OffsetSeconds as usize + 1;

impl Field {
    pub const ALL: [Self; COUNT] = [
        Self::NanoOfSecond,
        Self::NanoOfDay,
        Self::MilliOfDay,
        Self::SecondOfMinute,
        Self::MinuteOfHour,
        Self::HourOfAmPm,
        Self::ClockHourOfAmPm,
        Self::HourOfDay,
        Self::ClockHourOfDay,
        Self::AmPmOfDay,
        Self::DayOfWeek,
        Self::DayOfMonth,
        Self::DayOfYear,
        Self::WeekInMonth,
        Self::MonthOfYear,
        Self::YearOfEra,
        Self::Year,
        Self::Era,
        Self::Quarter,
        Self::JulianDay,
        Self::LocalDayOfWeek,
        Self::WeekOfMonth,
        Self::WeekOfWeekBasedYear,
        Self::WeekBasedYear,
        Self::OffsetSeconds,
    ];

    pub fn is_of_time(self) -> bool {
        (self as usize) <= Self::AmPmOfDay as usize
    }

    /// Of those that every calendar has; quarters and weeks of years are ISO's or a country's own.
    pub fn is_of_any_date(self) -> bool {
        (Self::DayOfWeek as usize..=Self::Era as usize).contains(&(self as usize))
    }

    /// `value` if it is in the field's range.
    pub fn checked(self, value: i64) -> Option<i64> {
        let (low, high) = match self {
            Self::NanoOfSecond => (0, 999_999_999),
            Self::NanoOfDay => (0, NANOS_PER_DAY - 1),
            Self::MilliOfDay => (0, NANOS_PER_DAY / NANOS_PER_MILLI - 1),
            Self::SecondOfMinute | Self::MinuteOfHour => (0, 59),
            Self::HourOfAmPm => (0, 11),
            Self::ClockHourOfAmPm => (1, 12),
            Self::HourOfDay => (0, 23),
            Self::ClockHourOfDay => (1, 24),
            Self::AmPmOfDay | Self::Era => (0, 1),
            Self::DayOfWeek | Self::LocalDayOfWeek => (1, 7),
            Self::DayOfMonth => (1, 31),
            Self::DayOfYear => (1, 366),
            Self::WeekInMonth => (1, 5),
            Self::MonthOfYear => (1, 12),
            Self::YearOfEra => (1, YEARS + 1),
            Self::Year | Self::WeekBasedYear => (-YEARS, YEARS),
            Self::Quarter => (1, 4),
            Self::JulianDay => (-YEARS * 365, YEARS * 366),
            Self::WeekOfMonth => (0, 6),
            Self::WeekOfWeekBasedYear => (1, 53),
            Self::OffsetSeconds => (-18 * 3600, 18 * 3600),
        };
        (low..=high).contains(&value).then_some(value)
    }
}

/// Some fields and their values.
#[derive(Debug, Clone, Copy)]
pub struct Fields {
    known: u32,
    values: [i64; COUNT],
}

impl Fields {
    pub const NONE: Self = Self {
        known: 0,
        values: [0; COUNT],
    };

    pub fn has(&self, field: Field) -> bool {
        self.known & (1 << field as u32) != 0
    }

    pub fn get(&self, field: Field) -> Option<i64> {
        self.has(field).then(|| self.values[field as usize])
    }

    pub fn take(&mut self, field: Field) -> Option<i64> {
        let value = self.get(field);
        self.known &= !(1 << field as u32);
        value
    }

    /// The field of such a value, whatever it was.
    pub fn set(&mut self, field: Field, value: i64) {
        self.known |= 1 << field as u32;
        self.values[field as usize] = value;
    }

    /// `None` if the field is there with another value.
    pub fn put(&mut self, field: Field, value: i64) -> Option<()> {
        let is_new = self.get(field).is_none_or(|known| known == value);
        self.set(field, value);
        is_new.then_some(())
    }

    pub fn iter(&self) -> impl Iterator<Item = (Field, i64)> {
        let all = Field::ALL.into_iter();
        all.filter_map(|field| Some((field, self.get(field)?)))
    }
}

/// A day with its parts.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    pub days: i64,
    pub year: i64,
    pub month: i64,
    pub day: i64,
}

impl Day {
    pub fn new(days: i64) -> Self {
        let (year, month, day) = civil_from_days(days);
        Self {
            days,
            year,
            month,
            day,
        }
    }

    /// `None` if the month has no such day, or the calendar no such year.
    pub fn of(year: i64, month: i64, day: i64) -> Option<Self> {
        Field::Year.checked(year)?;
        let is_day = (1..=12).contains(&month) && (1..=days_of_month(year, month)).contains(&day);
        is_day.then(|| Self {
            days: days_from_civil(year, month, day),
            year,
            month,
            day,
        })
    }

    /// The same with the month's last day where it is too short.
    pub fn clipped(year: i64, month: i64, day: i64) -> Option<Self> {
        Self::of(year, month, day.min(days_of_month(year, month)))
    }

    pub fn of_year_day(year: i64, day_of_year: i64) -> Option<Self> {
        let first = Self::of(year, 1, 1)?;
        let is_day = (1..=days_of_year(year)).contains(&day_of_year);
        is_day.then(|| Self::new(first.days + day_of_year - 1))
    }

    /// Monday is 1.
    pub fn day_of_week(&self) -> i64 {
        (self.days + 3).rem_euclid(7) + 1
    }

    pub fn day_of_year(&self) -> i64 {
        self.days - days_from_civil(self.year, 1, 1) + 1
    }

    pub fn value(&self, field: Field) -> Option<i64> {
        Some(match field {
            Field::DayOfWeek => self.day_of_week(),
            Field::DayOfMonth => self.day,
            Field::DayOfYear => self.day_of_year(),
            Field::WeekInMonth => (self.day - 1) / 7 + 1,
            Field::MonthOfYear => self.month,
            Field::YearOfEra => match self.year {
                1.. => self.year,
                year => 1 - year,
            },
            Field::Year => self.year,
            Field::Era => i64::from(self.year > 0),
            Field::Quarter => (self.month - 1) / 3 + 1,
            Field::JulianDay => self.days + JULIAN_DAY_OF_1970,
            Field::LocalDayOfWeek => local_day_of_week(self.day_of_week()),
            Field::WeekOfMonth => week(self.day, local_day_of_week(self.day_of_week())),
            Field::WeekOfWeekBasedYear => self.week_of_year().1,
            Field::WeekBasedYear => self.week_of_year().0,
            _ => return None,
        })
    }

    /// The first of January is in the first week, and so are the days of December before it.
    fn week_of_year(&self) -> (i64, i64) {
        let (day_of_year, day_of_week) =
            (self.day_of_year(), local_day_of_week(self.day_of_week()));
        let week_number = week(day_of_year, day_of_week);
        let next = week_of_next_year(day_of_year, day_of_week, self.year);
        if week_number >= next {
            return (self.year + 1, week_number - next + 1);
        }
        (self.year, week_number)
    }
}

/// The modified Julian day of 1970-01-01.
pub const JULIAN_DAY_OF_1970: i64 = 40_587;

/// From Sunday = 1 on, for a day from Monday = 1 on.
pub fn local_day_of_week(day_of_week: i64) -> i64 {
    day_of_week % 7 + 1
}

/// How far the first week's first day is behind the first day of the month or year.
fn week_offset(day: i64, day_of_week: i64) -> i64 {
    match (day - day_of_week).rem_euclid(7) {
        0 => 0,
        start => 7 - start,
    }
}

fn week_at(offset: i64, day: i64) -> i64 {
    (7 + offset + day - 1) / 7
}

/// The week of a month's or a year's `day`, which is a `day_of_week`.
pub fn week(day: i64, day_of_week: i64) -> i64 {
    week_at(week_offset(day, day_of_week), day)
}

/// The week, counted from this year's first, with which the next year begins.
fn week_of_next_year(day: i64, day_of_week: i64, year: i64) -> i64 {
    week_at(week_offset(day, day_of_week), days_of_year(year) + 1)
}

/// The `day_of_week`, from Sunday = 1 on, in a week of a year.
pub fn day_of_week_based_year(year: i64, week: i64, day_of_week: i64) -> Option<Day> {
    let first = Day::of(year, 1, 1)?;
    let first_day_of_week = local_day_of_week(first.day_of_week());
    let last = week_of_next_year(1, first_day_of_week, year) - 1;
    let offset = week_offset(1, first_day_of_week);
    let days = (day_of_week - 1) + (week.min(last) - 1) * 7 - offset;
    Some(Day::new(first.days + days))
}

pub fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

pub fn days_of_year(year: i64) -> i64 {
    365 + i64::from(is_leap(year))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The value that a field has at a time of day.
pub fn value_of_time(nanos: i64, field: Field) -> Option<i64> {
    let seconds = nanos / 1_000_000_000;
    let hour = seconds / 3600;
    let or = |value: i64, zero: i64| if value == 0 { zero } else { value };
    Some(match field {
        Field::NanoOfSecond => nanos % 1_000_000_000,
        Field::NanoOfDay => nanos,
        Field::MilliOfDay => nanos / NANOS_PER_MILLI,
        Field::SecondOfMinute => seconds % 60,
        Field::MinuteOfHour => seconds / 60 % 60,
        Field::HourOfAmPm => hour % 12,
        Field::ClockHourOfAmPm => or(hour % 12, 12),
        Field::HourOfDay => hour,
        Field::ClockHourOfDay => or(hour, 24),
        Field::AmPmOfDay => hour / 12,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_where_the_list_has_it() {
        for (place, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field as usize, place);
        }
    }

    #[test]
    fn weeks_begin_on_sunday_and_years_with_their_first_day() {
        let check = |date: (i64, i64, i64), expected: (i64, i64, i64)| {
            let day = Day::of(date.0, date.1, date.2).unwrap();
            let found = (
                day.value(Field::WeekBasedYear).unwrap(),
                day.value(Field::WeekOfWeekBasedYear).unwrap(),
                day.value(Field::WeekOfMonth).unwrap(),
            );
            assert_eq!(found, expected, "{date:?}");
            let day_of_week = local_day_of_week(day.day_of_week());
            let back = day_of_week_based_year(found.0, found.1, day_of_week).unwrap();
            assert_eq!(back.days, day.days, "{date:?}");
        };
        check((2021, 1, 1), (2021, 1, 1));
        check((2021, 1, 2), (2021, 1, 1));
        check((2021, 1, 3), (2021, 2, 2));
        check((2021, 12, 25), (2021, 52, 4));
        check((2021, 12, 26), (2022, 1, 5));
        check((2022, 12, 31), (2022, 53, 5));
        check((2023, 1, 1), (2023, 1, 1));
    }
}
