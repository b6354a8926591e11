//! STRINGTODATE: a text to days since 1970, by a pattern that says the whole date. PARSE_DATE is what to write instead.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::temporal::CATEGORY;
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    time_pattern::patterns,
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("text", Parameter::STRING), ("pattern", Parameter::STRING)],
        "The days from 1970-01-01 to the date, by a pattern of Java's DateTimeFormatter.",
        |_| SqlType::Integer,
        string_to_date,
    );
    let description = "Reads a date as days since 1970-01-01. Deprecated: use PARSE_DATE.";
    Builtin::new("STRINGTODATE", CATEGORY, description, vec![variant])
}

fn string_to_date(call: &Call) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let mut patterns = patterns(call.argument(1)?)?;
    let days = (0..call.rows).map(|row| {
        let text = texts.get(row)?;
        patterns.get(row)?.read_date(text)
    });
    Ok(Arc::new(days.collect::<Int32Array>()))
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, no_text, text};

    #[test]
    fn cases() {
        let check = |given: &str, pattern: &str, expected: Option<i32>| {
            call("STRINGTODATE", &[text(given), text(pattern)], expected);
        };
        check("2018-05-11Lit", "yyyy-MM-dd'Lit'", Some(17_662));
        check("11/05/2019", "dd/MM/yyyy", Some(18_027));
        check("01-jan-2022", "dd-MMM-yyyy", Some(18_993));
        check("2021-02-30", "yyyy-MM-dd", Some(18_686));
        check("2021", "yyyy", None);
        check("foo", "yyyyMMdd", None);
        check("", "yyyyMMdd", None);
        check("2021-01-01", "invalid", None);
        call("STRINGTODATE", &[no_text(), text("yyyyMMdd")], None::<i32>);
        call("STRINGTODATE", &[text("20210101"), no_text()], None::<i32>);
    }
}
