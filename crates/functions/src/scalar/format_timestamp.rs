//! FORMAT_TIMESTAMP: a TIMESTAMP as text, by a pattern and as the clocks of a zone show it.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::temporal::{CATEGORY, Numbers, texts};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    time_pattern::{Zone, patterns, zones},
};

pub fn function() -> Builtin {
    let parameters = [
        ("timestamp", Parameter::TIMESTAMP),
        ("pattern", Parameter::STRING),
        ("zone", Parameter::STRING),
    ];
    let variants = vec![
        Variant::new(
            &parameters[..2],
            "The instant in GMT by a pattern of Java's DateTimeFormatter, such as yyyy-MM-dd HH:mm:ss.",
            |_| SqlType::String,
            |call| format_instants(call, Zone::gmt),
        ),
        Variant::new(
            parameters,
            "The instant in a time zone, such as Europe/Berlin, +02:00 or UTC.",
            |_| SqlType::String,
            |call| format_instants(call, Zone::gmt),
        ),
    ];
    let description = "Writes a TIMESTAMP as text.";
    Builtin::new("FORMAT_TIMESTAMP", CATEGORY, description, variants)
}

/// `or` is the zone of a call that names none.
pub fn format_instants(call: &Call, or: fn() -> Zone) -> Result<ArrayRef> {
    let instants = Numbers::try_new(call.argument(0)?)?;
    let mut patterns = patterns(call.argument(1)?)?;
    let mut named = call.arguments.get(2).map(zones).transpose()?;
    let or = or();
    texts(call.rows, |row, out| {
        let instant = instants.get(row)?;
        let zone = match &mut named {
            Some(named) => named.get(row)?,
            None => &or,
        };
        patterns.get(row)?.write_timestamp(instant, zone, out)
    })
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use crate::{
        scalar::temporal::testing::*,
        testing::{call, no_text, text},
    };

    #[test]
    fn cases() {
        let check = |millis: i64, pattern: &str, expected: Option<&str>| {
            let arguments = [timestamp(millis), text(pattern)];
            call("FORMAT_TIMESTAMP", &arguments, ScalarValue::from(expected));
        };
        let instant = 1_526_075_913_000;
        check(instant, "yyyy-MM-dd HH:mm:ss", Some("2018-05-11 21:58:33"));
        check(
            instant,
            "yyyy-MM-dd HH:mm:ss zzz",
            Some("2018-05-11 21:58:33 GMT"),
        );
        check(
            -1,
            "yyyy-MM-dd'T'HH:mm:ss.SSSX",
            Some("1969-12-31T23:59:59.999Z"),
        );
        check(0, "invalid", None);
        check(i64::MAX, "yyyy", Some("+292278994"));
        let check = |pattern: &str, zone: &str, expected: Option<&str>| {
            let arguments = [timestamp(instant), text(pattern), text(zone)];
            call("FORMAT_TIMESTAMP", &arguments, ScalarValue::from(expected));
        };
        let pattern = "yyyy-MM-dd HH:mm:ss zzz";
        check(
            pattern,
            "America/Los_Angeles",
            Some("2018-05-11 14:58:33 PDT"),
        );
        check(pattern, "+01:00", Some("2018-05-11 22:58:33 +01:00"));
        check(pattern, "wow", None);
        check(pattern, "", None);
        call("FORMAT_TIMESTAMP", &[NO_TIMESTAMP, text("yyyy")], no_text());
        call("FORMAT_TIMESTAMP", &[timestamp(0), no_text()], no_text());
        call(
            "FORMAT_TIMESTAMP",
            &[NO_TIMESTAMP, text("yyyy"), text("UTC")],
            no_text(),
        );
        call(
            "FORMAT_TIMESTAMP",
            &[timestamp(0), no_text(), text("UTC")],
            no_text(),
        );
        call(
            "FORMAT_TIMESTAMP",
            &[timestamp(0), text("yyyy"), no_text()],
            no_text(),
        );
    }
}
