//! English names of time zones: `PST`, `Pacific Standard Time`.
//!
//! Short names are the database's own abbreviations. Long names are known for the zones that people name; any other zone is
//! called by its distance from Greenwich, as Java does it.

use super::{
    offset,
    zone::{Rules, Zone, region_at},
};

/// A name that several zones share: its stem, where it is meant, the abbreviations of winter and summer, and the words
/// that stand after the stem in winter and in summer.
struct Name {
    /// What ids begin with; of several that fit, the first counts.
    area: &'static str,
    abbreviations: [&'static str; 2],
    stem: &'static str,
    words: [&'static str; 2],
    /// The zone that is meant when a text has only the name.
    zone: &'static str,
    /// The abbreviation all the year round.
    generic: &'static str,
}

const DAYLIGHT: [&str; 2] = ["Standard Time", "Daylight Time"];
const SUMMER: [&str; 2] = ["Standard Time", "Summer Time"];
const ONLY: [&str; 2] = ["Time", "Time"];

const fn named(
    area: &'static str,
    abbreviations: [&'static str; 2],
    stem: &'static str,
    words: [&'static str; 2],
    zone: &'static str,
    generic: &'static str,
) -> Name {
    Name {
        area,
        abbreviations,
        stem,
        words,
        zone,
        generic,
    }
}

const NAMES: &[Name] = &[
    named(
        "Asia/Manila",
        ["PST", "PDT"],
        "Philippine",
        SUMMER,
        "Asia/Manila",
        "",
    ),
    named(
        "",
        ["PST", "PDT"],
        "Pacific",
        DAYLIGHT,
        "America/Los_Angeles",
        "PT",
    ),
    named(
        "",
        ["MST", "MDT"],
        "Mountain",
        DAYLIGHT,
        "America/Denver",
        "MT",
    ),
    named(
        "America/Havana",
        ["CST", "CDT"],
        "Cuba",
        DAYLIGHT,
        "America/Havana",
        "",
    ),
    named(
        "Cuba",
        ["CST", "CDT"],
        "Cuba",
        DAYLIGHT,
        "America/Havana",
        "",
    ),
    named(
        "Asia/Taipei",
        ["CST", "CDT"],
        "Taipei",
        DAYLIGHT,
        "Asia/Taipei",
        "",
    ),
    named(
        "Asia/",
        ["CST", "CDT"],
        "China",
        DAYLIGHT,
        "Asia/Shanghai",
        "",
    ),
    named(
        "PRC",
        ["CST", "CDT"],
        "China",
        DAYLIGHT,
        "Asia/Shanghai",
        "",
    ),
    named(
        "",
        ["CST", "CDT"],
        "Central",
        DAYLIGHT,
        "America/Chicago",
        "CT",
    ),
    named(
        "",
        ["EST", "EDT"],
        "Eastern",
        DAYLIGHT,
        "America/New_York",
        "ET",
    ),
    named(
        "",
        ["AST", "ADT"],
        "Atlantic",
        DAYLIGHT,
        "America/Halifax",
        "AT",
    ),
    named(
        "",
        ["NST", "NDT"],
        "Newfoundland",
        DAYLIGHT,
        "America/St_Johns",
        "",
    ),
    named(
        "",
        ["AKST", "AKDT"],
        "Alaska",
        DAYLIGHT,
        "America/Anchorage",
        "AKT",
    ),
    named(
        "",
        ["HST", "HDT"],
        "Hawaii-Aleutian",
        DAYLIGHT,
        "Pacific/Honolulu",
        "HST",
    ),
    named(
        "",
        ["SST", "SDT"],
        "Samoa",
        DAYLIGHT,
        "Pacific/Pago_Pago",
        "",
    ),
    named(
        "Europe/London",
        ["GMT", "BST"],
        "",
        ["Greenwich Mean Time", "British Summer Time"],
        "Europe/London",
        "",
    ),
    named(
        "GB",
        ["GMT", "BST"],
        "",
        ["Greenwich Mean Time", "British Summer Time"],
        "Europe/London",
        "",
    ),
    named(
        "Europe/Dublin",
        ["GMT", "IST"],
        "",
        ["Greenwich Mean Time", "Irish Standard Time"],
        "Europe/Dublin",
        "",
    ),
    named(
        "Eire",
        ["GMT", "IST"],
        "",
        ["Greenwich Mean Time", "Irish Standard Time"],
        "Europe/Dublin",
        "",
    ),
    named(
        "",
        ["GMT", "GMT"],
        "",
        ["Greenwich Mean Time", "Greenwich Mean Time"],
        "GMT",
        "GMT",
    ),
    named(
        "",
        ["UTC", "UTC"],
        "",
        ["Coordinated Universal Time", "Coordinated Universal Time"],
        "UTC",
        "UTC",
    ),
    named(
        "",
        ["WET", "WEST"],
        "Western European",
        SUMMER,
        "Europe/Lisbon",
        "WET",
    ),
    named(
        "",
        ["CET", "CEST"],
        "Central European",
        SUMMER,
        "Europe/Paris",
        "CET",
    ),
    named(
        "",
        ["EET", "EEST"],
        "Eastern European",
        SUMMER,
        "Europe/Bucharest",
        "EET",
    ),
    named("", ["MSK", "MSD"], "Moscow", SUMMER, "Europe/Moscow", ""),
    named(
        "Asia/Jerusalem",
        ["IST", "IDT"],
        "Israel",
        DAYLIGHT,
        "Asia/Jerusalem",
        "",
    ),
    named(
        "Asia/Tel_Aviv",
        ["IST", "IDT"],
        "Israel",
        DAYLIGHT,
        "Asia/Jerusalem",
        "",
    ),
    named(
        "Israel",
        ["IST", "IDT"],
        "Israel",
        DAYLIGHT,
        "Asia/Jerusalem",
        "",
    ),
    named(
        "",
        ["IST", "IST"],
        "India",
        ["Standard Time", "Standard Time"],
        "Asia/Kolkata",
        "",
    ),
    named("", ["PKT", "PKST"], "Pakistan", SUMMER, "Asia/Karachi", ""),
    named(
        "",
        ["WIB", "WIB"],
        "Western Indonesia",
        ONLY,
        "Asia/Jakarta",
        "",
    ),
    named(
        "",
        ["WITA", "WITA"],
        "Central Indonesia",
        ONLY,
        "Asia/Makassar",
        "",
    ),
    named(
        "",
        ["WIT", "WIT"],
        "Eastern Indonesia",
        ONLY,
        "Asia/Jayapura",
        "",
    ),
    named(
        "",
        ["HKT", "HKST"],
        "Hong Kong",
        SUMMER,
        "Asia/Hong_Kong",
        "",
    ),
    named("", ["JST", "JDT"], "Japan", DAYLIGHT, "Asia/Tokyo", ""),
    named("", ["KST", "KDT"], "Korean", DAYLIGHT, "Asia/Seoul", ""),
    named(
        "",
        ["AWST", "AWDT"],
        "Australian Western",
        DAYLIGHT,
        "Australia/Perth",
        "",
    ),
    named(
        "",
        ["ACST", "ACDT"],
        "Australian Central",
        DAYLIGHT,
        "Australia/Adelaide",
        "",
    ),
    named(
        "",
        ["AEST", "AEDT"],
        "Australian Eastern",
        DAYLIGHT,
        "Australia/Sydney",
        "",
    ),
    named(
        "",
        ["NZST", "NZDT"],
        "New Zealand",
        DAYLIGHT,
        "Pacific/Auckland",
        "",
    ),
    named(
        "",
        ["ChST", "ChST"],
        "Chamorro",
        ["Standard Time", "Standard Time"],
        "Pacific/Guam",
        "",
    ),
    named(
        "",
        ["SAST", "SAST"],
        "South Africa",
        ["Standard Time", "Standard Time"],
        "Africa/Johannesburg",
        "",
    ),
    named(
        "",
        ["EAT", "EAT"],
        "East Africa",
        ONLY,
        "Africa/Nairobi",
        "",
    ),
    named(
        "",
        ["CAT", "CAT"],
        "Central Africa",
        ONLY,
        "Africa/Maputo",
        "",
    ),
    named(
        "",
        ["WAT", "WAST"],
        "West Africa",
        SUMMER,
        "Africa/Lagos",
        "",
    ),
];

/// The abbreviations of zones for which the database has only digits, as Java has them.
const SHORT: &[(&str, &str)] = &[
    ("America/Argentina/Buenos_Aires", "ART"),
    ("America/Bogota", "COT"),
    ("America/Buenos_Aires", "ART"),
    ("America/Caracas", "VET"),
    ("America/Lima", "PET"),
    ("America/Montevideo", "UYT"),
    ("America/Santiago", "CLT"),
    ("America/Sao_Paulo", "BRT"),
    ("Asia/Almaty", "ALMT"),
    ("Asia/Baku", "AZT"),
    ("Asia/Bangkok", "ICT"),
    ("Asia/Dhaka", "BDT"),
    ("Asia/Dubai", "GST"),
    ("Asia/Ho_Chi_Minh", "ICT"),
    ("Asia/Kabul", "AFT"),
    ("Asia/Kathmandu", "NPT"),
    ("Asia/Kuala_Lumpur", "MYT"),
    ("Asia/Riyadh", "AST"),
    ("Asia/Singapore", "SGT"),
    ("Asia/Tashkent", "UZT"),
    ("Asia/Tbilisi", "GET"),
    ("Asia/Tehran", "IRST"),
    ("Asia/Yerevan", "AMT"),
    ("Europe/Istanbul", "TRT"),
    ("Singapore", "SGT"),
    ("Turkey", "TRT"),
];

/// What a zone is called at an instant.
pub fn write(zone: &Zone, seconds: i64, is_full: bool, is_generic: bool, out: &mut String) {
    if zone.is_offset {
        return out.push_str(zone.id());
    }
    let (abbreviation, is_summer) = zone.abbreviation_at(seconds);
    let name = NAMES.iter().find(|name| {
        zone.id().starts_with(name.area)
            && name.abbreviations[usize::from(is_summer)] == abbreviation
    });
    match name {
        Some(name) if is_full => name.write_full(is_summer, is_generic, out),
        Some(name) if is_generic && !name.generic.is_empty() => out.push_str(name.generic),
        _ if is_generic => out.push_str(zone.id()),
        _ if !is_full && !abbreviation.starts_with(['+', '-']) => out.push_str(&abbreviation),
        _ => {
            let short = SHORT.iter().find(|(id, _)| *id == zone.id() && !is_full);
            match short {
                Some((_, short)) => out.push_str(short),
                None => offset::write_gmt(zone.offset_at(seconds.saturating_mul(1000)), true, out),
            }
        }
    }
}

impl Name {
    fn write_full(&self, is_summer: bool, is_generic: bool, out: &mut String) {
        out.push_str(self.stem);
        if !self.stem.is_empty() {
            out.push(' ');
        }
        out.push_str(match is_generic && !self.stem.is_empty() {
            true => "Time",
            false => self.words[usize::from(is_summer)],
        });
    }

    /// How much of a text this name is, in any case, in winter or in summer.
    fn length_at(&self, text: &str, is_full: bool) -> Option<usize> {
        let length = |rest: &str| text.len() - rest.len();
        if !is_full {
            let [winter, summer] = self.abbreviations;
            let names = [winter, summer, self.generic].into_iter();
            let names = names.filter(|name| !name.is_empty());
            return names
                .filter_map(|name| Some(length(without(text, name)?)))
                .max();
        }
        let rest = match self.stem {
            "" => text,
            stem => without(without(text, stem)?, " ")?,
        };
        let [winter, summer] = self.words;
        let words = [winter, summer, "Time"].into_iter();
        let words = words.take(if self.stem.is_empty() { 2 } else { 3 });
        words
            .filter_map(|word| Some(length(without(rest, word)?)))
            .max()
    }
}

/// What comes after `prefix`, which may be written in any case.
fn without<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The zone that a text begins with, by its name, and the name's length.
pub fn find(text: &str, is_full: bool) -> Option<(Rules, usize)> {
    let names = NAMES.iter().filter_map(|name| {
        // A name that many places share stands for the one that has it without a word on where.
        let length = name.length_at(text, is_full)?;
        Some((length, name.area.is_empty(), name.zone))
    });
    let named = names.max_by_key(|(length, is_general, _)| (*length, *is_general));
    let short = SHORT
        .iter()
        .filter(|_| !is_full)
        .filter_map(|(zone, short)| {
            let start = text.get(..short.len())?;
            start
                .eq_ignore_ascii_case(short)
                .then_some((short.len(), false, *zone))
        });
    let named = named
        .into_iter()
        .chain(short.take(1))
        .max_by_key(|(length, ..)| *length);
    let region = region_at(text);
    match (named, region) {
        (Some((length, _, id)), region)
            if region.as_ref().is_none_or(|(_, other)| *other < length) =>
        {
            let rules = Zone::of(id)?.rules;
            Some((rules, length))
        }
        (_, region) => region,
    }
}
