//! FORMAT_TIME: a TIME as text, by a pattern. A pattern that asks for a date or a zone gives NULL.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::temporal::{CATEGORY, Numbers, texts};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    time_pattern::patterns,
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("time", Parameter::TIME), ("pattern", Parameter::STRING)],
        "The time by a pattern of Java's DateTimeFormatter, such as HH:mm:ss.SSS.",
        |_| SqlType::String,
        format_time,
    );
    let description = "Writes a TIME as text.";
    Builtin::new("FORMAT_TIME", CATEGORY, description, vec![variant])
}

fn format_time(call: &Call) -> Result<ArrayRef> {
    let times = Numbers::try_new(call.argument(0)?)?;
    let mut patterns = patterns(call.argument(1)?)?;
    texts(call.rows, |row, out| {
        let time = times.get(row)?;
        patterns.get(row)?.write_time(time, out)
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
        let check = |millis: i32, pattern: &str, expected: Option<&str>| {
            let expected = ScalarValue::from(expected);
            call("FORMAT_TIME", &[time(millis), text(pattern)], expected);
        };
        check(65_000, "HHmmss", Some("000105"));
        check(65_000, "HHmmss.SSS'Fred'", Some("000105.000Fred"));
        check(86_399_999, "h:mm:ss.SSS a", Some("11:59:59.999 PM"));
        check(0, "kk:mm", Some("24:00"));
        check(0, "yyyy HH", None);
        check(0, "HH z", None);
        check(0, "invalid", None);
        // No time of day.
        check(86_400_000, "HH", None);
        check(-1, "HH", None);
        call("FORMAT_TIME", &[NO_TIME, text("HH")], no_text());
        call("FORMAT_TIME", &[time(0), no_text()], no_text());
    }
}
