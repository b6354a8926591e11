//! Time zones, by the ids that `java.time.ZoneId` takes: `Z`, `+02:00`, `GMT+2`, `Europe/Berlin`.
//!
//! The rules come with the program: a server gives the same answers wherever it runs. Only which zone is the server's own
//! is asked of the system.

use std::sync::{LazyLock, OnceLock};

use jiff::{
    Timestamp, civil,
    tz::{AmbiguousOffset, Dst, TimeZone, TimeZoneDatabase},
};

use super::{
    field::{Day, NANOS_PER_DAY},
    offset,
};

const SECONDS_PER_DAY: i64 = NANOS_PER_DAY / 1_000_000_000;

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Abbreviations that the database has as zones and Java has not, since they say less than they seem to.
const NOT_IN_JAVA: [&str; 4] = ["EST", "HST", "MST", "ROC"];

/// A zone and what it is called.
#[derive(Debug, Clone)]
pub struct Zone {
    id: String,
    /// Nothing but an offset: it has no other name than its id.
    pub(super) is_offset: bool,
    pub(super) rules: Rules,
}

/// What a zone's clocks show.
#[derive(Debug, Clone)]
pub(super) enum Rules {
    /// Seconds east of Greenwich.
    Fixed(i32),
    Region(TimeZone),
}

impl Zone {
    /// `None` if there is no such zone. Regions are found by their exact names.
    pub fn of(id: &str) -> Option<Self> {
        if id == "Z" || id.starts_with(['+', '-']) {
            let seconds = offset::of(id)?;
            return Some(Self {
                id: offset::id(seconds),
                is_offset: true,
                rules: Rules::Fixed(seconds),
            });
        }
        for prefix in ["UTC", "GMT", "UT"] {
            let Some(rest) = id.strip_prefix(prefix) else {
                continue;
            };
            if rest.is_empty() || rest.starts_with(['+', '-']) {
                let seconds = if rest.is_empty() {
                    0
                } else {
                    offset::of(rest)?
                };
                let rest = if seconds == 0 {
                    String::new()
                } else {
                    offset::id(seconds)
                };
                return Some(Self {
                    id: format!("{prefix}{rest}"),
                    is_offset: false,
                    rules: Rules::Fixed(seconds),
                });
            }
        }
        Some(Self {
            id: id.to_owned(),
            is_offset: false,
            rules: Rules::region(id)?,
        })
    }

    /// Where neither a text nor a call names a zone.
    pub fn gmt() -> Self {
        Self {
            id: "GMT".to_owned(),
            is_offset: false,
            rules: Rules::Fixed(0),
        }
    }

    /// That of the machine.
    pub fn server() -> Self {
        let zone = TimeZone::system();
        Self {
            id: zone.iana_name().unwrap_or("Etc/UTC").to_owned(),
            is_offset: false,
            rules: Rules::Region(zone),
        }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// Seconds that its clocks are ahead of Greenwich at an instant.
    pub fn offset_at(&self, millis: i64) -> i64 {
        self.rules.offset_at(millis.div_euclid(1000))
    }

    /// What its clocks are called at an instant, and whether they are set to summer.
    pub(super) fn abbreviation_at(&self, seconds: i64) -> (String, bool) {
        match &self.rules {
            Rules::Fixed(_) => (self.id.clone(), false),
            Rules::Region(zone) => {
                let info = zone.to_offset_info(timestamp(seconds));
                (info.abbreviation().to_owned(), info.dst() == Dst::Yes)
            }
        }
    }

    /// The day that it is there now, in days since 1970.
    pub fn today(&self, now_millis: i64) -> i64 {
        let seconds = now_millis.div_euclid(1000);
        (seconds + self.rules.offset_at(seconds)).div_euclid(SECONDS_PER_DAY)
    }
}

impl Rules {
    pub fn region(id: &str) -> Option<Self> {
        let name = regions().get(id)?;
        (name == id).then(|| DATABASE.get(id).ok().map(Self::Region))?
    }

    pub fn offset_at(&self, seconds: i64) -> i64 {
        match self {
            Self::Fixed(offset) => i64::from(*offset),
            Self::Region(zone) => i64::from(zone.to_offset(timestamp(seconds)).seconds()),
        }
    }

    /// Seconds since 1970 of a local day and its time. In the hour that a clock skips, as if it had not; in one that it
    /// shows twice, with the offset that `usual` has if it may be either, as ksqlDB's way through 1970 makes it.
    pub fn instant(&self, day: &Day, seconds: i64, usual: Option<&Day>) -> Option<i64> {
        let local = day
            .days
            .checked_mul(SECONDS_PER_DAY)?
            .checked_add(seconds)?;
        let offset = match self {
            Self::Fixed(offset) => i64::from(*offset),
            Self::Region(zone) => match civil(day, seconds) {
                None => self.offset_at(local),
                Some(at) => match zone.to_ambiguous_timestamp(at).offset() {
                    AmbiguousOffset::Unambiguous { offset } => i64::from(offset.seconds()),
                    AmbiguousOffset::Gap { before, .. } => i64::from(before.seconds()),
                    AmbiguousOffset::Fold { before, after } => {
                        let after = i64::from(after.seconds());
                        let usual = usual.and_then(|day| {
                            let instant = self.instant(day, seconds, None)?;
                            Some(self.offset_at(instant))
                        });
                        if usual == Some(after) {
                            after
                        } else {
                            i64::from(before.seconds())
                        }
                    }
                },
            },
        };
        local.checked_sub(offset)
    }
}

/// Outside the years that the database has, its first and last rules hold.
fn timestamp(seconds: i64) -> Timestamp {
    let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let seconds = seconds.clamp(first + 1, last - 1);
    Timestamp::from_second(seconds).unwrap_or_default()
}

fn civil(day: &Day, seconds: i64) -> Option<civil::DateTime> {
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    civil::DateTime::new(
        i16::try_from(day.year).ok()?,
        i8::try_from(day.month).ok()?,
        i8::try_from(day.day).ok()?,
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
        0,
    )
    .ok()
}

/// The names of all regions, by themselves in lower case.
struct Regions(Vec<(String, String)>);

fn regions() -> &'static Regions {
    static REGIONS: OnceLock<Regions> = OnceLock::new();
    REGIONS.get_or_init(|| {
        let names = DATABASE.available().map(|name| name.as_str().to_owned());
        let names = names.filter(|name| !NOT_IN_JAVA.contains(&name.as_str()));
        let mut names: Vec<_> = names
            .map(|name| (name.to_ascii_lowercase(), name))
            .collect();
        names.sort();
        Regions(names)
    })
}

impl Regions {
    /// Written as the database has it.
    fn get(&self, name: &str) -> Option<&str> {
        let name = name.to_ascii_lowercase();
        let place = self
            .0
            .binary_search_by(|(known, _)| known.as_str().cmp(&name));
        self.0.get(place.ok()?).map(|(_, name)| name.as_str())
    }
}

/// The longest name of a region that a text begins with, in any case, and its length.
pub(super) fn region_at(text: &str) -> Option<(Rules, usize)> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-~.".contains(&byte);
    let end = text.bytes().position(|byte| !is_part(byte));
    let longest = end.unwrap_or(text.len()).min(LONGEST_NAME);
    (1..=longest).rev().find_map(|length| {
        let name = regions().get(text.get(..length)?)?;
        Some((Rules::region(name)?, length))
    })
}

/// `America/Argentina/ComodRivadavia` is the longest of the regions.
const LONGEST_NAME: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_java() {
        let check = |id: &str, expected: Option<(&str, i64)>| {
            let zone = Zone::of(id);
            // 2018-05-11T21:58:33Z, in summer.
            let found = zone
                .as_ref()
                .map(|zone| (zone.id(), zone.offset_at(1_526_075_913_000)));
            assert_eq!(found, expected, "{id}");
        };
        check("Z", Some(("Z", 0)));
        check("+0200", Some(("+02:00", 7200)));
        check("-2", Some(("-02:00", -7200)));
        check("+18:00", Some(("+18:00", 64_800)));
        check("+18:01", None);
        check("UTC", Some(("UTC", 0)));
        check("GMT+3", Some(("GMT+03:00", 10_800)));
        check("UTC-01:30", Some(("UTC-01:30", -5400)));
        check("UT+0", Some(("UT", 0)));
        check(
            "America/Los_Angeles",
            Some(("America/Los_Angeles", -25_200)),
        );
        check("america/los_angeles", None);
        check("Europe/Berlin", Some(("Europe/Berlin", 7200)));
        check("EST", None);
        check("EST5EDT", Some(("EST5EDT", -14_400)));
        check("wow", None);
        check("", None);
        check("GMT+99", None);
    }

    #[test]
    fn clocks_that_are_set_forward_skip_and_those_set_back_repeat() {
        let zone = Zone::of("America/Los_Angeles").unwrap();
        let instant = |year, month, day, hour: i64, usual: Option<Day>| {
            let day = Day::of(year, month, day).unwrap();
            zone.rules
                .instant(&day, hour * 3600 + 1800, usual.as_ref())
                .unwrap()
        };
        assert_eq!(instant(2021, 3, 14, 2, None), instant(2021, 3, 14, 3, None));
        let repeated = instant(2021, 11, 7, 1, None);
        let winter = Day::of(1970, 11, 7);
        assert_eq!(instant(2021, 11, 7, 1, winter), repeated + 3600);
        assert_eq!(instant(2021, 11, 7, 2, None), repeated + 7200);
    }

    #[test]
    fn years_without_end_have_the_last_rules() {
        let zone = Zone::of("Europe/Paris").unwrap();
        assert!([3600, 7200].contains(&zone.offset_at(i64::MAX)));
        assert!(zone.offset_at(i64::MIN) > 0);
        let day = Day::of(-300_000, 7, 1).unwrap();
        assert!(zone.rules.instant(&day, 0, None).is_some());
        assert_eq!(zone.offset_at(4_118_000_000_000), 7200, "2100-06-30");
    }
}
