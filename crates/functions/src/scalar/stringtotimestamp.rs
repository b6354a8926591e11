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
    use crate::testing::{call, no_text, text};

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
}
