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

    use crate::testing::{call, in_zone, no_text, text};

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

    #[test]
    fn without_a_zone_it_is_as_the_server_s_clocks_show_it() {
        let test = concat!(
            module_path!(),
            "::without_a_zone_it_is_as_the_server_s_clocks_show_it"
        );
        // 2023-09-17T12:34:56Z
        let instant = || ScalarValue::from(1_694_954_096_000_i64);
        for (zone, expected) in [
            ("Asia/Kathmandu", "17 18:19:56 +0545"),
            ("Pacific/Kiritimati", "18 02:34:56 +1400"),
            ("America/Santiago", "17 09:34:56 -0300"),
        ] {
            in_zone(zone, test, || {
                let arguments = [instant(), text("dd HH:mm:ss xx")];
                call("TIMESTAMPTOSTRING", &arguments, text(expected));
                let arguments = [instant(), text("dd HH:mm:ss"), text("UTC")];
                call("TIMESTAMPTOSTRING", &arguments, text("17 12:34:56"));
            });
        }
    }
}
