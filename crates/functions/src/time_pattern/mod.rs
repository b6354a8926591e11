//! Java's `DateTimeFormatter` patterns, `yyyy-MM-dd'T'HH:mm:ss.SSSX`: texts to times and back.
//!
//! ```text
//! pattern ─compile─▶ elements ─read──▶ fields ─resolve─▶ date, time, instant
//!                             ◀─write─ date, time, instant in a zone
//! ```
//!
//! A pattern is compiled once and then runs over each row without allocating. Texts are read in any case and to their end;
//! names are English. Widths, signs, numbers that stand side by side and the way from fields to a date are those of
//! `java.time` in its style SMART.

mod compile;
mod field;
mod lenient;
mod names;
mod offset;
mod read;
mod resolve;
mod write;
mod zone;
mod zone_names;

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use datafusion_common::DataFusionError;
use weir_catalog::calendar::MILLIS_PER_DAY;

use self::{
    compile::Element,
    field::{Day, NANOS_PER_MILLI},
    write::{Moment, Place},
};
pub use self::{lenient::LenientPattern, zone::Zone};
use crate::{
    constants::Constants,
    kernel::{Argument, Strings},
};

/// A compiled pattern.
#[derive(Debug)]
pub struct Pattern {
    elements: Vec<Element>,
}

impl Pattern {
    /// The error is what Java says of a pattern that is none.
    pub fn try_new(pattern: &str) -> Result<Self, String> {
        let elements = compile::compile(pattern)?;
        Ok(Self { elements })
    }

    /// Milliseconds since 1970. What the text does not say is as on 1970-01-01T00:00, and in `zone` if it names none.
    pub fn read_timestamp(&self, text: &str, zone: &Zone) -> Option<i64> {
        let read = read::read(&self.elements, text)?;
        resolve::resolve(read.fields)?.instant(&read, zone)
    }

    /// Milliseconds of the day. A text that says something of the date is none.
    pub fn read_time(&self, text: &str) -> Option<i32> {
        let resolved = resolve::resolve(read::read(&self.elements, text)?.fields)?;
        let mut rest = resolved.rest.iter();
        let has_date = resolved.day.is_some() || rest.any(|(field, _)| field.is_of_any_date());
        let millis = resolved.time.filter(|_| !has_date)? / NANOS_PER_MILLI;
        i32::try_from(millis).ok()
    }

    /// Days since 1970, of a text that says the whole date.
    pub fn read_date(&self, text: &str) -> Option<i32> {
        let resolved = resolve::resolve(read::read(&self.elements, text)?.fields)?;
        i32::try_from(resolved.day?.days).ok()
    }

    /// Appends a date; `None` if the pattern asks for something that a date has not. What was appended is then of no use.
    pub fn write_date(&self, days: i64, out: &mut String) -> Option<()> {
        let moment = Moment {
            day: Some(Day::new(days)),
            time: None,
            zone: None,
        };
        write::write(&self.elements, &moment, out).ok()
    }

    /// The same for a time of day.
    pub fn write_time(&self, millis: i64, out: &mut String) -> Option<()> {
        let is_time = (0..MILLIS_PER_DAY).contains(&millis);
        let moment = Moment {
            day: None,
            time: Some(is_time.then_some(millis * NANOS_PER_MILLI)?),
            zone: None,
        };
        write::write(&self.elements, &moment, out).ok()
    }

    /// The same for an instant, as the clocks of `zone` show it.
    pub fn write_timestamp(&self, millis: i64, zone: &Zone, out: &mut String) -> Option<()> {
        let offset = zone.offset_at(millis);
        let local = millis.checked_add(offset * 1000)?;
        let moment = Moment {
            day: Some(Day::new(local.div_euclid(MILLIS_PER_DAY))),
            time: Some(local.rem_euclid(MILLIS_PER_DAY) * NANOS_PER_MILLI),
            zone: Some(Place {
                zone,
                offset,
                seconds: millis.div_euclid(1000),
            }),
        };
        write::write(&self.elements, &moment, out).ok()
    }
}

/// What the texts of an argument were compiled to: a constant once for all batches, and in a column each that differs.
pub(crate) struct Compiled<'a, T> {
    texts: Strings<'a>,
    /// The one of all rows.
    constant: Option<Option<Arc<T>>>,
    compile: fn(&str) -> Option<T>,
    known: Vec<(&'a str, Option<T>)>,
    places: HashMap<&'a str, usize>,
    last: usize,
}

/// How many of a column are kept at a time.
const MOST_COMPILED: usize = 256;

impl<'a, T> Compiled<'a, T> {
    fn try_new(
        argument: &'a Argument,
        constants: &Constants<T>,
        compile: fn(&str) -> Option<T>,
    ) -> Result<Self, DataFusionError> {
        let texts = argument.strings()?;
        let constant = || constants.get(texts.get(0)?, compile);
        Ok(Self {
            texts,
            constant: argument.is_constant().then(constant),
            compile,
            known: Vec::new(),
            places: HashMap::new(),
            last: 0,
        })
    }

    /// `None` for NULL and if the text means nothing.
    pub fn get(&mut self, row: usize) -> Option<&T> {
        if self.constant.is_some() {
            return self.constant.as_ref()?.as_deref();
        }
        let text = self.texts.get(row)?;
        if self
            .known
            .get(self.last)
            .is_none_or(|(known, _)| *known != text)
        {
            self.last = self.place(text);
        }
        self.known.get(self.last)?.1.as_ref()
    }

    fn place(&mut self, text: &'a str) -> usize {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        if self.known.len() == MOST_COMPILED {
            self.known.clear();
            self.places.clear();
        }
        self.known.push((text, (self.compile)(text)));
        self.places.insert(text, self.known.len() - 1);
        self.known.len() - 1
    }
}

/// Patterns by row.
pub(crate) fn patterns(argument: &Argument) -> Result<Compiled<'_, Pattern>, DataFusionError> {
    static CONSTANTS: LazyLock<Constants<Pattern>> = LazyLock::new(Constants::default);
    Compiled::try_new(argument, &CONSTANTS, |text| Pattern::try_new(text).ok())
}

/// The same, as PARSE_DATE reads by them.
pub(crate) fn lenient_patterns(
    argument: &Argument,
) -> Result<Compiled<'_, LenientPattern>, DataFusionError> {
    static CONSTANTS: LazyLock<Constants<LenientPattern>> = LazyLock::new(Constants::default);
    Compiled::try_new(argument, &CONSTANTS, |text| {
        LenientPattern::try_new(text).ok()
    })
}

/// Zones by row.
pub(crate) fn zones(argument: &Argument) -> Result<Compiled<'_, Zone>, DataFusionError> {
    static CONSTANTS: LazyLock<Constants<Zone>> = LazyLock::new(Constants::default);
    Compiled::try_new(argument, &CONSTANTS, Zone::of)
}

#[cfg(test)]
mod tests;
