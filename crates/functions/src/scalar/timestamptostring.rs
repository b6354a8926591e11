//! TIMESTAMPTOSTRING: milliseconds since 1970 as text, by a pattern; in the server's zone if the call names none.
//! FORMAT_TIMESTAMP is what to write instead.

use weir_catalog::SqlType;

use super::{format_timestamp::format_instants, temporal::CATEGORY};
use crate::{
    overload::{Builtin, Parameter, Variant},
    time_pattern::Zone,
};

pub fn function() -> Builtin {
    let parameters = [
        ("milliseconds", Parameter::BIGINT),
        ("pattern", Parameter::STRING),
        ("zone", Parameter::STRING),
    ];
    let variants = vec![
        Variant::new(
            &parameters[..2],
            "The instant in the server's time zone, by a pattern of Java's DateTimeFormatter.",
            |_| SqlType::String,
            |call| format_instants(call, Zone::server),
        ),
        Variant::new(
            parameters,
            "The instant in a time zone, such as Europe/Berlin.",
            |_| SqlType::String,
            |call| format_instants(call, Zone::server),
        ),
    ];
    let description =
        "Writes milliseconds since 1970-01-01 as a timestamp. Deprecated: use FORMAT_TIMESTAMP.";
    Builtin::new("TIMESTAMPTOSTRING", CATEGORY, description, variants)
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use crate::testing::{call, no_text, text};

    #[test]
    fn cases() {
        let instant = ScalarValue::from(1_526_075_913_000_i64);
        let check = |pattern: &str, zone: &str, expected: Option<&str>| {
            let arguments = [instant.clone(), text(pattern), text(zone)];
            call("TIMESTAMPTOSTRING", &arguments, ScalarValue::from(expected));
        };
        let pattern = "yyyy-MM-dd HH:mm:ss zzz";
        check(
            pattern,
            "America/Los_Angeles",
            Some("2018-05-11 14:58:33 PDT"),
        );
        check(pattern, "UTC", Some("2018-05-11 21:58:33 UTC"));
        check("invalid", "UTC", None);
        check(pattern, "wow", None);
        // Without a zone the server's counts: the hour may be any.
        call(
            "TIMESTAMPTOSTRING",
            &[instant.clone(), text("ss yyyy")],
            text("33 2018"),
        );
        call(
            "TIMESTAMPTOSTRING",
            &[instant.clone(), no_text()],
            no_text(),
        );
        call(
            "TIMESTAMPTOSTRING",
            &[ScalarValue::Int64(None), text("ss")],
            no_text(),
        );
        call(
            "TIMESTAMPTOSTRING",
            &[instant.clone(), text("ss"), no_text()],
            no_text(),
        );
        let none = ScalarValue::Int64(None);
        call(
            "TIMESTAMPTOSTRING",
            &[none, text("ss"), text("UTC")],
            no_text(),
        );
        call(
            "TIMESTAMPTOSTRING",
            &[instant, no_text(), text("UTC")],
            no_text(),
        );
    }
}
