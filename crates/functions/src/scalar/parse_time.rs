//! PARSE_TIME: a text to a TIME, by a pattern. A pattern that says something of the date, or no hour, gives NULL.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::temporal::{CATEGORY, times};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    time_pattern::patterns,
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("text", Parameter::STRING), ("pattern", Parameter::STRING)],
        "The time by a pattern of Java's DateTimeFormatter, such as HH:mm:ss; names in any case.",
        |_| SqlType::Time,
        parse_time,
    );
    let description = "Reads a TIME out of a text.";
    Builtin::new("PARSE_TIME", CATEGORY, description, vec![variant])
}

fn parse_time(call: &Call) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let mut patterns = patterns(call.argument(1)?)?;
    times(call.rows, |row| {
        let text = texts.get(row)?;
        patterns.get(row)?.read_time(text)
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
        let check = |given: &str, pattern: &str, expected: Option<i32>| {
            let expected = expected.map_or(NO_TIME, time);
            call("PARSE_TIME", &[text(given), text(pattern)], expected);
        };
        check("000105", "HHmmss", Some(65_000));
        check("000105.000Fred", "HHmmss.SSS'Fred'", Some(65_000));
        check("11:59 pm", "h:mm a", Some(86_340_000));
        check("24:00", "HH:mm", Some(0));
        check("10:15 +02:00", "HH:mm XXX", Some(36_900_000));
        check("2020 000105", "yyyy HHmmss", None);
        check("05", "mm", None);
        check("25", "HH", None);
        check("000105", "invalid", None);
        check("invalid", "HHmmss", None);
        check("", "HHmmss", None);
        check("00010é", "HHmmss", None);
        call("PARSE_TIME", &[no_text(), text("HH")], NO_TIME);
        call("PARSE_TIME", &[text("10"), no_text()], NO_TIME);
    }
}
