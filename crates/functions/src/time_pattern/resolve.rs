//! Fields to a date, a time and an instant, as `java.time.format.Parsed` does it in its style SMART.
//!
//! Days that a month has not become its last day, 24:00 is the next day's midnight, and fields that contradict one another
//! are no date at all.

use super::{
    field::{
        Day, Field, Fields, JULIAN_DAY_OF_1970, NANOS_PER_DAY, NANOS_PER_MILLI,
        day_of_week_based_year, local_day_of_week, value_of_time, week,
    },
    read::Read,
    zone::Zone,
};

/// What fields add up to, and those that are left.
#[derive(Debug)]
pub struct Resolved {
    pub day: Option<Day>,
    /// Nanoseconds of the day.
    pub time: Option<i64>,
    pub rest: Fields,
    /// It was 24:00.
    is_next_day: bool,
}

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// `None` if they contradict one another.
pub fn resolve(fields: Fields) -> Option<Resolved> {
    let mut resolved = Resolved {
        day: None,
        time: None,
        rest: fields,
        is_next_day: false,
    };
    resolved.date_fields()?;
    resolved.time_fields()?;
    if resolved.other_fields()? {
        resolved.date_fields()?;
        resolved.time_fields()?;
    }
    resolved.time_leniently()?;
    resolved.cross_check()?;
    if let (true, Some(day)) = (
        resolved.is_next_day && resolved.time.is_some(),
        resolved.day,
    ) {
        resolved.day = Some(Day::new(day.days + 1));
    }
    Some(resolved)
}

impl Resolved {
    fn found(&mut self, day: Day) -> Option<()> {
        let is_same = self.day.is_none_or(|known| known.days == day.days);
        self.day = Some(day);
        is_same.then_some(())
    }

    fn date_fields(&mut self) -> Option<()> {
        let fields = &mut self.rest;
        if let Some(year) = fields.take(Field::YearOfEra) {
            Field::YearOfEra.checked(year)?;
            let is_before = match fields.take(Field::Era) {
                Some(era) => Field::Era.checked(era)? == 0,
                None => fields.get(Field::Year).is_some_and(|year| year <= 0),
            };
            fields.put(Field::Year, if is_before { 1 - year } else { year })?;
        } else if let Some(era) = fields.get(Field::Era) {
            Field::Era.checked(era)?;
        }
        let Some(year) = fields.get(Field::Year) else {
            return Some(());
        };
        let month = fields.get(Field::MonthOfYear);
        let day = match (month, fields.get(Field::DayOfMonth)) {
            (Some(month), Some(day)) => {
                fields.take(Field::MonthOfYear);
                fields.take(Field::DayOfMonth);
                Field::DayOfMonth.checked(day)?;
                Day::clipped(year, Field::MonthOfYear.checked(month)?, day)?
            }
            (Some(month), None)
                if fields.has(Field::WeekInMonth) && fields.has(Field::DayOfWeek) =>
            {
                let week = Field::WeekInMonth.checked(fields.take(Field::WeekInMonth)?)?;
                let day_of_week = Field::DayOfWeek.checked(fields.take(Field::DayOfWeek)?)?;
                fields.take(Field::MonthOfYear);
                let first = Day::of(year, month, 1)?;
                let first = Day::new(first.days + (week - 1) * 7);
                Day::new(first.days + (day_of_week - first.day_of_week()).rem_euclid(7))
            }
            _ if fields.has(Field::DayOfYear) => {
                let day = fields.take(Field::DayOfYear)?;
                Day::of_year_day(year, Field::DayOfYear.checked(day)?)?
            }
            _ => return Some(()),
        };
        fields.take(Field::Year);
        self.found(day)
    }

    fn time_fields(&mut self) -> Option<()> {
        let fields = &mut self.rest;
        for (clock, field, end) in [
            (Field::ClockHourOfDay, Field::HourOfDay, 24),
            (Field::ClockHourOfAmPm, Field::HourOfAmPm, 12),
        ] {
            if let Some(hour) = fields.take(clock) {
                let hour = if hour == 0 { 0 } else { clock.checked(hour)? };
                fields.put(field, hour % end)?;
            }
        }
        if fields.has(Field::AmPmOfDay) && fields.has(Field::HourOfAmPm) {
            let half = Field::AmPmOfDay.checked(fields.take(Field::AmPmOfDay)?)?;
            let hour = Field::HourOfAmPm.checked(fields.take(Field::HourOfAmPm)?)?;
            fields.put(Field::HourOfDay, half * 12 + hour)?;
        }
        for (whole, per_unit) in [(Field::NanoOfDay, 1), (Field::MilliOfDay, NANOS_PER_MILLI)] {
            let Some(value) = fields.take(whole) else {
                continue;
            };
            let nanos = whole.checked(value)? * per_unit;
            let parts = [Field::HourOfDay, Field::MinuteOfHour, Field::SecondOfMinute];
            for part in parts {
                fields.put(part, value_of_time(nanos, part)?)?;
            }
            let fraction = nanos % NANOS_PER_SECOND;
            match fields.get(Field::NanoOfSecond) {
                // Milliseconds agree with nanoseconds that begin as they do.
                Some(finer) if per_unit > 1 => {
                    (finer / per_unit == fraction / per_unit).then_some(())?;
                }
                _ => fields.put(Field::NanoOfSecond, fraction)?,
            }
        }
        if let Some(nanos) = fields.get(Field::NanoOfSecond) {
            Field::NanoOfSecond.checked(nanos)?;
        }
        let all = [
            Field::HourOfDay,
            Field::MinuteOfHour,
            Field::SecondOfMinute,
            Field::NanoOfSecond,
        ];
        if all.into_iter().all(|field| fields.has(field)) {
            self.time_of_parts()?;
        }
        Some(())
    }

    /// Parts that are missing are 0.
    fn time_of_parts(&mut self) -> Option<()> {
        let mut take = |field: Field| self.rest.take(field).unwrap_or(0);
        let (hour, minute) = (take(Field::HourOfDay), take(Field::MinuteOfHour));
        let (second, nano) = (take(Field::SecondOfMinute), take(Field::NanoOfSecond));
        let time = if (hour, minute, second, nano) == (24, 0, 0, 0) {
            self.is_next_day = true;
            0
        } else {
            let hour = Field::HourOfDay.checked(hour)?;
            let minute = Field::MinuteOfHour.checked(minute)?;
            let second = Field::SecondOfMinute.checked(second)?;
            ((hour * 60 + minute) * 60 + second) * NANOS_PER_SECOND
                + Field::NanoOfSecond.checked(nano)?
        };
        let is_same = self.time.is_none_or(|known| known == time);
        self.time = Some(time);
        is_same.then_some(())
    }

    /// Weeks, and days of no calendar; whether there were any.
    fn other_fields(&mut self) -> Option<bool> {
        let mut has_changed = false;
        if let Some(local) = self.rest.take(Field::LocalDayOfWeek) {
            let local = Field::LocalDayOfWeek.checked(local)?;
            self.rest.set(Field::DayOfWeek, (local + 5) % 7 + 1);
            has_changed = true;
        }
        if let Some(day) = self.rest.take(Field::JulianDay) {
            let day = Field::JulianDay.checked(day)?;
            self.found(Day::new(day - JULIAN_DAY_OF_1970))?;
            has_changed = true;
        }
        let fields = &mut self.rest;
        let Some(day_of_week) = fields.get(Field::DayOfWeek) else {
            return Some(has_changed);
        };
        let get = |field: Field| fields.get(field);
        let day = match (
            get(Field::Year),
            get(Field::MonthOfYear),
            get(Field::WeekOfMonth),
        ) {
            (Some(year), Some(month), Some(in_month)) => {
                let first = Day::of(year, month, 1)?;
                let first_day_of_week = local_day_of_week(first.day_of_week());
                let local = local_day_of_week(Field::DayOfWeek.checked(day_of_week)?);
                let weeks = Field::WeekOfMonth.checked(in_month)? - week(1, first_day_of_week);
                let used = [Field::Year, Field::MonthOfYear, Field::WeekOfMonth];
                for field in used {
                    fields.take(field);
                }
                Day::new(first.days + weeks * 7 + local - first_day_of_week)
            }
            (None, ..)
                if fields.has(Field::WeekBasedYear) && fields.has(Field::WeekOfWeekBasedYear) =>
            {
                let year = Field::WeekBasedYear.checked(fields.take(Field::WeekBasedYear)?)?;
                let week = fields.take(Field::WeekOfWeekBasedYear)?;
                let week = Field::WeekOfWeekBasedYear.checked(week)?;
                let local = local_day_of_week(Field::DayOfWeek.checked(day_of_week)?);
                day_of_week_based_year(year, week, local)?
            }
            _ => return Some(has_changed),
        };
        fields.take(Field::DayOfWeek);
        self.found(day)?;
        Some(true)
    }

    fn time_leniently(&mut self) -> Option<()> {
        if self.time.is_none() {
            let has = |field: Field| self.rest.has(field);
            let (has_minute, has_second) = (has(Field::MinuteOfHour), has(Field::SecondOfMinute));
            let has_nano = has(Field::NanoOfSecond);
            let parts = (has_minute, has_second, has_nano);
            let has_gap = !matches!(parts, (true, true, _) | (_, false, false));
            if has(Field::HourOfDay) {
                if !has_gap {
                    self.time_of_parts()?;
                }
            } else if has(Field::AmPmOfDay) && !has_minute && !has_second && !has_nano {
                // The middle of the half of the day that is named.
                let half = Field::AmPmOfDay.checked(self.rest.take(Field::AmPmOfDay)?)?;
                self.time = Some((half * 12 + 6) * 3600 * NANOS_PER_SECOND);
            }
        }
        let of_time = self.rest.iter().filter(|(field, _)| field.is_of_time());
        of_time
            .map(|(field, value)| field.checked(value).map(drop))
            .collect()
    }

    /// What is left must be as the date and the time have it.
    fn cross_check(&mut self) -> Option<()> {
        let rest = self.rest;
        for (field, value) in rest.iter() {
            let of_day = self.day.and_then(|day| day.value(field));
            let of_time = self.time.and_then(|time| value_of_time(time, field));
            if let Some(derived) = of_day.or(of_time) {
                if derived != value {
                    return None;
                }
                self.rest.take(field);
            }
        }
        Some(())
    }

    /// Milliseconds since 1970: fields that are missing are those of 1970-01-01T00:00, and the zone is `or` if the text
    /// names none.
    pub fn instant(&self, read: &Read, or: &Zone) -> Option<i64> {
        let time = match self.time {
            Some(time) => time,
            None => self.time_of_rest()?,
        };
        let day = match self.day {
            Some(day) => day,
            None => self.day_of_rest()?,
        };
        let (seconds, nanos) = (time / NANOS_PER_SECOND, time % NANOS_PER_SECOND);
        let offset = read.fields.get(Field::OffsetSeconds);
        let is_whole = self.day.is_some() && self.time.is_some();
        let instant = match offset.filter(|_| is_whole && read.zone.is_some()) {
            // Of a zone and an offset, the offset says more.
            Some(offset) => {
                let offset = i64::from(super::offset::checked(offset)?);
                let local = day.days.checked_mul(NANOS_PER_DAY / NANOS_PER_SECOND)?;
                local.checked_add(seconds - offset)?
            }
            None => {
                let usual = match is_whole && read.zone.is_some() {
                    true => None,
                    false => Day::of_year_day(1970, day.day_of_year().min(365)),
                };
                read.rules(or)?.instant(&day, seconds, usual.as_ref())?
            }
        };
        instant
            .checked_mul(1000)?
            .checked_add(nanos / NANOS_PER_MILLI)
    }

    /// From midnight on, one field after the other.
    fn time_of_rest(&self) -> Option<i64> {
        let get = |field: Field| self.rest.get(field);
        let mut hour = get(Field::HourOfAmPm).unwrap_or(0);
        if let Some(of_day) = get(Field::HourOfDay) {
            hour = Field::HourOfDay.checked(of_day)?;
        }
        if let Some(half) = get(Field::AmPmOfDay) {
            hour = hour % 12 + half * 12;
        }
        let (minute, second) = (get(Field::MinuteOfHour), get(Field::SecondOfMinute));
        let seconds = (hour * 60 + minute.unwrap_or(0)) * 60 + second.unwrap_or(0);
        Some(seconds * NANOS_PER_SECOND + get(Field::NanoOfSecond).unwrap_or(0))
    }

    /// From 1970-01-01 on, one field after the other, in Java's order.
    fn day_of_rest(&self) -> Option<Day> {
        let get = |field: Field| match self.rest.get(field) {
            Some(value) => field.checked(value).map(Some),
            None => Some(None),
        };
        let mut day = Day::new(0);
        if let Some(day_of_week) = get(Field::DayOfWeek)? {
            day = Day::new(day.days + day_of_week - day.day_of_week());
        }
        if let Some(day_of_month) = get(Field::DayOfMonth)? {
            day = Day::of(day.year, day.month, day_of_month)?;
        }
        if let Some(day_of_year) = get(Field::DayOfYear)? {
            day = Day::of_year_day(day.year, day_of_year)?;
        }
        if let Some(week) = get(Field::WeekInMonth)? {
            let weeks = week - day.value(Field::WeekInMonth)?;
            day = Day::new(day.days + weeks * 7);
        }
        if let Some(month) = get(Field::MonthOfYear)? {
            day = Day::clipped(day.year, month, day.day)?;
        }
        if let Some(year) = get(Field::Year)? {
            day = Day::clipped(year, day.month, day.day)?;
        }
        if let Some(era) = get(Field::Era)?
            && day.value(Field::Era) != Some(era)
        {
            day = Day::clipped(1 - day.year, day.month, day.day)?;
        }
        Some(day)
    }
}
