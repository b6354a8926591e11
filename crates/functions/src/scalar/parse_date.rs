//! PARSE_DATE: a text to a DATE, by a pattern of Java's `SimpleDateFormat`: days that a month has not run on into the next,
//! and what comes after the date is not looked at. A time of day that is not midnight gives NULL.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::temporal::{CATEGORY, dates, now};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    time_pattern::lenient_patterns,
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("text", Parameter::STRING), ("pattern", Parameter::STRING)],
        "The date by a pattern of Java's SimpleDateFormat, such as yyyy-MM-dd.",
        |_| SqlType::Date,
        parse_date,
    );
    let description = "Reads a DATE out of a text.";
    Builtin::new("PARSE_DATE", CATEGORY, description, vec![variant])
}

fn parse_date(call: &Call) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let (mut patterns, now) = (lenient_patterns(call.argument(1)?)?, now());
    dates(call.rows, |row| {
        let text = texts.get(row)?;
        patterns.get(row)?.read_date(text, now)
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
            let expected = expected.map_or(NO_DATE, date);
            call("PARSE_DATE", &[text(given), text(pattern)], expected);
        };
        check("2023-09-17", "yyyy-MM-dd", Some(19_617));
        check("17-sEP-2023", "dd-MMM-yyyy", Some(19_617));
        check("2023-02-31", "yyyy-MM-dd", Some(19_419));
        check("2023-09-17 at noon", "yyyy-MM-dd", Some(19_617));
        check("on 17.9.2023", "'on' d.M.yyyy", Some(19_617));
        check("1969-12-31", "yyyy-MM-dd", Some(-1));
        check("2023-09-17 00:00:00", "yyyy-MM-dd HH:mm:ss", Some(19_617));
        check("2023-09-17 12:34:56", "yyyy-MM-dd HH:mm:ss", None);
        check("2023-09-17", "invalid", None);
        check("invalid", "yyyy-MM-dd", None);
        check("2004", "yyyy-MM-dd", None);
        check("", "yyyy-MM-dd", None);
        check("２０２１-01-01", "yyyy-MM-dd", None);
        call("PARSE_DATE", &[no_text(), text("yyyy")], NO_DATE);
        call("PARSE_DATE", &[text("2021"), no_text()], NO_DATE);
    }
}
