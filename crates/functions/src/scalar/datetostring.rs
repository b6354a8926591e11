//! DATETOSTRING: days since 1970 as text, by a pattern. FORMAT_DATE is what to write instead.

use weir_catalog::SqlType;

use super::{format_date::format_days, temporal::CATEGORY};
use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("days", Parameter::INTEGER), ("pattern", Parameter::STRING)],
        "The date that is so many days after 1970-01-01, by a pattern of Java's DateTimeFormatter.",
        |_| SqlType::String,
        format_days,
    );
    let description = "Writes days since 1970-01-01 as a date. Deprecated: use FORMAT_DATE.";
    Builtin::new("DATETOSTRING", CATEGORY, description, vec![variant])
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use crate::testing::{call, no_text, text};

    #[test]
    fn cases() {
        let check = |days: i32, pattern: &str, expected: Option<&str>| {
            let arguments = [ScalarValue::from(days), text(pattern)];
            call("DATETOSTRING", &arguments, ScalarValue::from(expected));
        };
        check(16_383, "yyyy-MM-dd", Some("2014-11-09"));
        check(-1, "dd.MM.yy", Some("31.12.69"));
        check(i32::MIN, "uuuu", Some("-5877641"));
        check(0, "HH", None);
        check(0, "invalid", None);
        call(
            "DATETOSTRING",
            &[ScalarValue::Int32(None), text("yyyy")],
            no_text(),
        );
        call(
            "DATETOSTRING",
            &[ScalarValue::from(0), no_text()],
            no_text(),
        );
    }
}
