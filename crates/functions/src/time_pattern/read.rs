//! A text by a pattern's elements to fields and a zone.

use super::{
    compile::{Element, Number, NumberKind, Sign},
    field::{Field, Fields},
    names, offset,
    zone::{Rules, Zone, region_at},
    zone_names,
};

/// What a text says.
#[derive(Debug, Clone)]
pub struct Read {
    pub fields: Fields,
    pub zone: Option<Rules>,
}

/// `None` unless the elements are all of the text.
pub fn read(elements: &[Element], text: &str) -> Option<Read> {
    let mut read = Read {
        fields: Fields::NONE,
        zone: None,
    };
    read.all(elements, text)?.is_empty().then_some(read)
}

impl Read {
    /// What is left of the text.
    fn all<'t>(&mut self, elements: &[Element], text: &'t str) -> Option<&'t str> {
        let mut rest = text;
        for element in elements {
            rest = self.element(element, rest)?;
        }
        Some(rest)
    }

    fn element<'t>(&mut self, element: &Element, text: &'t str) -> Option<&'t str> {
        match element {
            Element::Literal(literal) => without_literal(text, literal),
            Element::Number(number) => self.number(number, text),
            Element::Text(field, style) if names::is_read_as_number(*field, *style) => {
                self.number(&Number::plain(*field), text)
            }
            Element::Text(field, style) => {
                let (value, length) = names::find(*field, *style, text)?;
                self.fields.put(*field, value)?;
                text.get(length..)
            }
            Element::ZoneId => self.zone(text, region_at),
            Element::ZoneName { is_full, .. } => {
                self.zone(text, |text| zone_names::find(text, *is_full))
            }
            Element::Offset(offset) => self.offset(offset.read(text)?, text),
            Element::GmtOffset { is_full } => self.offset(offset::read_gmt(text, *is_full)?, text),
            Element::Optional(elements) => {
                let before = self.clone();
                let rest = self.all(elements, text);
                if rest.is_none() {
                    *self = before;
                }
                Some(rest.unwrap_or(text))
            }
            Element::Padded { width, element } => {
                let mut characters = text.char_indices().skip(*width);
                let end = match characters.next() {
                    Some((end, _)) => end,
                    None if text.chars().count() == *width => text.len(),
                    None => return None,
                };
                let (padded, rest) = text.split_at(end);
                let unpadded = padded.trim_start_matches(' ');
                self.element(element, unpadded)?.is_empty().then_some(rest)
            }
        }
    }

    fn offset<'t>(&mut self, (seconds, length): (i64, usize), text: &'t str) -> Option<&'t str> {
        self.fields.put(Field::OffsetSeconds, seconds)?;
        text.get(length..)
    }

    fn number<'t>(&mut self, number: &Number, text: &'t str) -> Option<&'t str> {
        let (sign, digits) = match text.as_bytes().first()? {
            b'+' if number.sign == Sign::ExceedsWidth => (Some(b'+'), &text[1..]),
            b'-' if number.sign != Sign::Never => (Some(b'-'), &text[1..]),
            _ => (None, text),
        };
        let most = number.most.saturating_add(number.followed_by);
        let there = digits.bytes().take(most);
        let there = there.take_while(u8::is_ascii_digit).count();
        if there < number.least {
            return None;
        }
        // What follows at once has its own digits.
        let mut length = match number.followed_by {
            0 => there,
            others => there.saturating_sub(others).max(number.least),
        };
        let mut value = digits.get(..length)?.parse::<u128>().ok()?;
        if value > i64::MAX as u128 {
            value /= 10;
            length -= 1;
        }
        let mut value = i64::try_from(value).ok()?;
        match (number.sign, sign) {
            // There is no minus zero.
            (_, Some(b'-')) if value == 0 => return None,
            (_, Some(b'-')) => value = -value,
            // A plus says that there are more digits, and if there are it must stand there.
            (Sign::ExceedsWidth, Some(_)) if length <= number.least => return None,
            (Sign::ExceedsWidth, None) if length > number.least => return None,
            _ => {}
        }
        let value = match number.kind {
            NumberKind::Plain => value,
            NumberKind::TwoDigits => 2000 + value,
            NumberKind::Fraction => {
                value * 10_i64.checked_pow(9_u32.checked_sub(length as u32)?)?
            }
        };
        self.fields.put(number.field, value)?;
        digits.get(length..)
    }

    /// `+01:00`, `UTC+1`, or what `named` finds.
    fn zone<'t>(
        &mut self,
        text: &'t str,
        named: impl Fn(&str) -> Option<(Rules, usize)>,
    ) -> Option<&'t str> {
        let (rules, length) = offset_zone(text).or_else(|| named(text)).or_else(|| {
            let is_zulu = text.starts_with(['Z', 'z']);
            is_zulu.then_some((Rules::Fixed(0), 1))
        })?;
        self.zone = Some(rules);
        text.get(length..)
    }
}

/// A zone that is an offset, with or without a word in front.
fn offset_zone(text: &str) -> Option<(Rules, usize)> {
    let is = |prefix: &&str| {
        let start = text.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let prefix = ["UTC", "GMT", "UT", ""].into_iter().find(is)?;
    let rest = &text[prefix.len()..];
    if !prefix.is_empty() && !rest.starts_with(['+', '-']) {
        // `GMT0` is a region's name.
        let is_name = prefix == "GMT" && rest.starts_with('0');
        return Some((Rules::Fixed(0), prefix.len() + usize::from(is_name)));
    }
    if !rest.starts_with(['+', '-']) {
        return None;
    }
    let found = ZONE_OFFSET.read(rest);
    let found = found.and_then(|(seconds, length)| Some((offset::checked(seconds)?, length)));
    match found {
        Some((seconds, length)) => Some((Rules::Fixed(seconds), prefix.len() + length)),
        None if prefix.is_empty() => None,
        None => Some((Rules::Fixed(0), prefix.len())),
    }
}

const ZONE_OFFSET: super::compile::Offset = super::compile::Offset {
    minutes: super::compile::Part::Always,
    seconds: super::compile::Part::Optional,
    has_colons: true,
    none: "Z",
};

/// What comes after a literal that may be written in any case.
fn without_literal<'t>(text: &'t str, literal: &str) -> Option<&'t str> {
    if let Some(rest) = text.strip_prefix(literal) {
        return Some(rest);
    }
    let mut rest = text.chars();
    for expected in literal.chars() {
        let found = rest.next()?;
        let is_same = found == expected
            || found.to_lowercase().eq(expected.to_lowercase())
            || found.to_uppercase().eq(expected.to_uppercase());
        if !is_same {
            return None;
        }
    }
    Some(rest.as_str())
}

impl Read {
    /// The zone that the text names: a region or an offset.
    pub fn rules(&self, or: &Zone) -> Option<Rules> {
        match (&self.zone, self.fields.get(Field::OffsetSeconds)) {
            (Some(zone), _) => Some(zone.clone()),
            (None, Some(seconds)) => Some(Rules::Fixed(offset::checked(seconds)?)),
            (None, None) => Some(or.rules.clone()),
        }
    }
}
