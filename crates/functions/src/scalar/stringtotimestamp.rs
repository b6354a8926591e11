//! STRINGTOTIMESTAMP: a text to milliseconds since 1970, by a pattern; in the server's zone if neither the text nor the call
//! names one. PARSE_TIMESTAMP is what to write instead.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::{parse_timestamp::instants, temporal::CATEGORY};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    time_pattern::Zone,
};

pub fn function() -> Builtin {
    let parameters = [
        ("text", Parameter::STRING),
        ("pattern", Parameter::STRING),
        ("zone", Parameter::STRING),
    ];
    let variants = vec![
        Variant::new(
            &parameters[..2],
            "The milliseconds by a pattern of Java's DateTimeFormatter; in the server's time zone if the text has none.",
            |_| SqlType::BigInt,
            string_to_timestamp,
        ),
        Variant::new(
            parameters,
            "In a time zone, such as Europe/Berlin, if the text has none.",
            |_| SqlType::BigInt,
            string_to_timestamp,
        ),
    ];
    let description =
        "Reads a timestamp as milliseconds since 1970-01-01. Deprecated: use PARSE_TIMESTAMP.";
    Builtin::new("STRINGTOTIMESTAMP", CATEGORY, description, variants)
}

fn string_to_timestamp(call: &Call) -> Result<ArrayRef> {
    let instants = (0..call.rows).map(instants(call, Zone::server)?);
    Ok(Arc::new(instants.collect::<Int64Array>()))
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, in_zone, no_text, text};

    #[test]
    fn cases() {
        let check = |given: &str, pattern: &str, zone: &str, expected: Option<i64>| {
            let arguments = [text(given), text(pattern), text(zone)];
            call("STRINGTOTIMESTAMP", &arguments, expected);
        };
        let pattern = "yyyy-MM-dd HH:mm:ss";
        check(
            "2018-08-15 17:10:43",
            pattern,
            "UTC",
            Some(1_534_353_043_000),
        );
        check(
            "2018-08-15 10:10:43",
            pattern,
            "America/Los_Angeles",
            Some(1_534_353_043_000),
        );
        check("2018-08-15 10:10:43", pattern, "wow", None);
        check("invalid", pattern, "UTC", None);
        check("2018", "invalid", "UTC", None);
        let zoned = [
            text("2019-08-27T13:31:09.2+0000"),
            text("yyyy-MM-dd'T'HH:mm:ss.SX"),
        ];
        call("STRINGTOTIMESTAMP", &zoned, 1_566_912_669_200_i64);
        call("STRINGTOTIMESTAMP", &[no_text(), text("yyyy")], None::<i64>);
        call("STRINGTOTIMESTAMP", &[text("2021"), no_text()], None::<i64>);
        let arguments = [text("1"), text("d"), text("UTC")];
        for index in 0..3 {
            let mut arguments = arguments.clone();
            arguments[index] = no_text();
            call("STRINGTOTIMESTAMP", &arguments, None::<i64>);
        }
    }

    #[test]
    fn without_a_zone_it_is_what_the_server_s_clocks_show() {
        let test = concat!(
            module_path!(),
            "::without_a_zone_it_is_what_the_server_s_clocks_show"
        );
        for (zone, given) in [
            ("Asia/Kathmandu", "2023-09-17 18:19:56"),
            ("Pacific/Kiritimati", "2023-09-18 02:34:56"),
            ("America/Santiago", "2023-09-17 09:34:56"),
        ] {
            in_zone(zone, test, || {
                let pattern = text("yyyy-MM-dd HH:mm:ss");
                call(
                    "STRINGTOTIMESTAMP",
                    &[text(given), pattern.clone()],
                    1_694_954_096_000_i64,
                );
                // A zone of the call or of the text goes before.
                let arguments = [text("2023-09-17 12:34:56"), pattern, text("UTC")];
                call("STRINGTOTIMESTAMP", &arguments, 1_694_954_096_000_i64);
                let arguments = [text("2023-09-17 12Z"), text("yyyy-MM-dd HHX")];
                call("STRINGTOTIMESTAMP", &arguments, 1_694_952_000_000_i64);
            });
        }
    }
}
