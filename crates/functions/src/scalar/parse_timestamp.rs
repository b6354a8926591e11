//! PARSE_TIMESTAMP: a text to a TIMESTAMP, by a pattern; what the text does not say is as on 1970-01-01 at midnight.

use datafusion_common::Result;
use weir_catalog::SqlType;

use super::temporal::{CATEGORY, timestamps};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    time_pattern::{Zone, patterns, zones},
};

pub fn function() -> Builtin {
    let parameters = [
        ("text", Parameter::STRING),
        ("pattern", Parameter::STRING),
        ("zone", Parameter::STRING),
    ];
    let parse = |call: &Call| timestamps(call.rows, instants(call, Zone::gmt)?);
    let variants = vec![
        Variant::new(
            &parameters[..2],
            "The instant by a pattern of Java's DateTimeFormatter, such as yyyy-MM-dd HH:mm:ssX; in GMT if the text has no zone.",
            |_| SqlType::Timestamp,
            parse,
        ),
        Variant::new(
            parameters,
            "In a time zone, such as Europe/Berlin, if the text has none.",
            |_| SqlType::Timestamp,
            parse,
        ),
    ];
    let description = "Reads a TIMESTAMP out of a text.";
    Builtin::new("PARSE_TIMESTAMP", CATEGORY, description, variants)
}

/// The instant of a row; `or` is the zone of a call that names none.
pub fn instants<'a>(
    call: &'a Call,
    or: fn() -> Zone,
) -> Result<impl FnMut(usize) -> Option<i64> + 'a> {
    let texts = call.argument(0)?.strings()?;
    let mut patterns = patterns(call.argument(1)?)?;
    let mut named = call.arguments.get(2).map(zones).transpose()?;
    let or = or();
    Ok(move |row| {
        let text = texts.get(row)?;
        let zone = match &mut named {
            Some(named) => named.get(row)?,
            None => &or,
        };
        patterns.get(row)?.read_timestamp(text, zone)
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        scalar::temporal::testing::*,
        testing::{call, no_text, text},
    };

    #[test]
    fn cases() {
        let check = |given: &str, pattern: &str, expected: Option<i64>| {
            let expected = expected.map_or(NO_TIMESTAMP, timestamp);
            call("PARSE_TIMESTAMP", &[text(given), text(pattern)], expected);
        };
        let pattern = "yyyy-MM-dd'T'HH:mm:ss";
        check("2018-05-11T21:58:33", pattern, Some(1_526_075_913_000));
        check("2018-05-11T21:58:33 ", pattern, None);
        check("2021-02-30", "yyyy-MM-dd", Some(1_614_470_400_000));
        check("05-NoV-1605", "dd-MMM-yyyy", Some(-11_491_632_000_000));
        check("", "", Some(0));
        check("invalid", pattern, None);
        check("2018", "invalid", None);
        check("é", pattern, None);
        let check = |given: &str, pattern: &str, zone: &str, expected: Option<i64>| {
            let expected = expected.map_or(NO_TIMESTAMP, timestamp);
            let arguments = [text(given), text(pattern), text(zone)];
            call("PARSE_TIMESTAMP", &arguments, expected);
        };
        let pattern = "yyyy-MM-dd HH:mm:ss";
        let (given, zone) = ("2018-08-15 10:10:43", "America/Los_Angeles");
        check(given, pattern, zone, Some(1_534_353_043_000));
        check(
            "2018-08-15 17:10:43",
            pattern,
            "UTC",
            Some(1_534_353_043_000),
        );
        check(
            "2018-08-15 17:10:43 Z",
            "yyyy-MM-dd HH:mm:ss X",
            zone,
            Some(1_534_353_043_000),
        );
        check(given, pattern, "wow", None);
        let arguments = [text("1"), text("d"), text("UTC")];
        for index in 0..3 {
            let mut arguments = arguments.clone();
            arguments[index] = no_text();
            call("PARSE_TIMESTAMP", &arguments, NO_TIMESTAMP);
        }
        call("PARSE_TIMESTAMP", &[no_text(), text("d")], NO_TIMESTAMP);
        call("PARSE_TIMESTAMP", &[text("1"), no_text()], NO_TIMESTAMP);
    }
}
