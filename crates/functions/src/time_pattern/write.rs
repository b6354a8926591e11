//! A date, a time or an instant by a pattern's elements to a text.

use super::{
    compile::{Element, Number, NumberKind, Sign},
    field::{Day, Field, value_of_time},
    names, offset,
    zone::Zone,
    zone_names,
};

/// What is written: a date, a time, or both in a zone.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    pub day: Option<Day>,
    /// Nanoseconds of the day.
    pub time: Option<i64>,
    pub zone: Option<Place<'a>>,
}

/// A zone at an instant.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub zone: &'a Zone,
    pub offset: i64,
    /// Since 1970.
    pub seconds: i64,
}

/// Why there is no text.
pub enum Failure {
    /// The moment has not what an element asks for: an optional section is left out for it.
    Absent,
    /// It has, and it cannot be written.
    Unprintable,
}

pub fn write(elements: &[Element], moment: &Moment<'_>, out: &mut String) -> Result<(), Failure> {
    elements
        .iter()
        .try_for_each(|element| moment.element(element, out))
}

impl Moment<'_> {
    fn value(&self, field: Field) -> Result<i64, Failure> {
        let of_day = || self.day.and_then(|day| day.value(field));
        let of_time = || self.time.and_then(|time| value_of_time(time, field));
        let value = match field {
            Field::OffsetSeconds => self.zone.map(|place| place.offset),
            field if field.is_of_time() => of_time(),
            _ => of_day(),
        };
        value.ok_or(Failure::Absent)
    }

    fn element(&self, element: &Element, out: &mut String) -> Result<(), Failure> {
        match element {
            Element::Literal(text) => out.push_str(text),
            Element::Number(number) => number.write(self.value(number.field)?, out)?,
            Element::Text(field, style) => {
                let value = self.value(*field)?;
                let name = names::name(*field, *style, value);
                out.push_str(name.ok_or(Failure::Unprintable)?);
            }
            Element::ZoneId => out.push_str(self.zone.ok_or(Failure::Absent)?.zone.id()),
            Element::ZoneName {
                is_full,
                is_generic,
            } => {
                let place = self.zone.ok_or(Failure::Absent)?;
                zone_names::write(place.zone, place.seconds, *is_full, *is_generic, out);
            }
            Element::Offset(offset) => offset.write(self.value(Field::OffsetSeconds)?, out),
            Element::GmtOffset { is_full } => {
                offset::write_gmt(self.value(Field::OffsetSeconds)?, *is_full, out);
            }
            Element::Optional(elements) => {
                let length = out.len();
                match write(elements, self, out) {
                    Err(Failure::Absent) => out.truncate(length),
                    other => return other,
                }
            }
            Element::Padded { width, element } => {
                let start = out.len();
                self.element(element, out)?;
                let length = out[start..].chars().count();
                let missing = width.checked_sub(length).ok_or(Failure::Unprintable)?;
                out.insert_str(start, &" ".repeat(missing));
            }
        }
        Ok(())
    }
}

impl Number {
    fn write(&self, value: i64, out: &mut String) -> Result<(), Failure> {
        let (magnitude, least) = match self.kind {
            NumberKind::Plain => (value.unsigned_abs(), self.least),
            NumberKind::TwoDigits => (value.unsigned_abs() % 100, 2),
            NumberKind::Fraction => {
                let unwanted = 9_u32.saturating_sub(self.most as u32);
                (value.unsigned_abs() / 10_u64.pow(unwanted), self.most)
            }
        };
        let mut digits = [b'0'; 20];
        let mut start = digits.len();
        let mut left = magnitude;
        while left > 0 || start == digits.len() {
            start -= 1;
            digits[start] = b'0' + (left % 10) as u8;
            left /= 10;
        }
        let length = digits.len() - start;
        if length > self.most {
            return Err(Failure::Unprintable);
        }
        if self.kind != NumberKind::TwoDigits {
            match (value < 0, self.sign) {
                (true, Sign::Never) => return Err(Failure::Unprintable),
                (true, _) => out.push('-'),
                (false, Sign::ExceedsWidth) if length > least => out.push('+'),
                _ => {}
            }
        }
        let start = start.min(digits.len().saturating_sub(least));
        out.extend(digits[start..].iter().map(|digit| char::from(*digit)));
        Ok(())
    }
}
