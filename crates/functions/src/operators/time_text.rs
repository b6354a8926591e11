//! Times out of texts, in ksqlDB's partial ISO forms, spaces around them left out: see [`weir_catalog::calendar`].

use weir_catalog::calendar;

use super::cast::trim;

/// Milliseconds since the epoch; `None` if the text is no timestamp.
pub fn parse_timestamp(text: &str) -> Option<i64> {
    calendar::parse_timestamp(trim(text))
}

/// Days since the epoch: `yyyy[-MM[-dd]]`.
pub fn parse_date(text: &str) -> Option<i32> {
    i32::try_from(calendar::parse_date(trim(text))?).ok()
}

/// Milliseconds of the day: `HH:mm[:ss[.SSS]]`.
pub fn parse_time(text: &str) -> Option<i32> {
    i32::try_from(calendar::parse_time(trim(text))?).ok()
}
