//! FORMAT_DATE: a DATE as text, by a pattern. A pattern that asks for a time or a zone gives NULL.

use weir_catalog::SqlType;

use super::temporal::{CATEGORY, Numbers, texts};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    time_pattern::patterns,
};
use arrow::array::ArrayRef;
use datafusion_common::Result;

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("date", Parameter::DATE), ("pattern", Parameter::STRING)],
        "The date by a pattern of Java's DateTimeFormatter, such as dd-MMM-yyyy.",
        |_| SqlType::String,
        format_days,
    );
    let description = "Writes a DATE as text.";
    Builtin::new("FORMAT_DATE", CATEGORY, description, vec![variant])
}

/// Also for DATETOSTRING, whose days are numbers.
pub fn format_days(call: &Call) -> Result<ArrayRef> {
    let days = Numbers::try_new(call.argument(0)?)?;
    let mut patterns = patterns(call.argument(1)?)?;
    texts(call.rows, |row, out| {
        let days = days.get(row)?;
        patterns.get(row)?.write_date(days, out)
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
        let check = |days: i32, pattern: &str, expected: Option<&str>| {
            let expected = ScalarValue::from(expected);
            call("FORMAT_DATE", &[date(days), text(pattern)], expected);
        };
        check(19_617, "yyyy-MM-dd", Some("2023-09-17"));
        check(5_176, "d/MM/yy", Some("4/03/84"));
        check(22_557, "dd-MMM-yyyy", Some("05-Oct-2031"));
        check(-1, "'on 'dd-MM-yyyy", Some("on 31-12-1969"));
        check(0, "", Some(""));
        check(0, "'é'", Some("é"));
        check(i32::MAX, "yyyy-MM-dd", Some("+5881580-07-11"));
        check(i32::MIN, "G yyyy-MM-dd", Some("BC +5877642-06-23"));
        check(0, "yyyy-MM-dd HH:mm:ss", None);
        check(0, "yyyy X", None);
        check(0, "invalid", None);
        call("FORMAT_DATE", &[NO_DATE, text("yyyy")], no_text());
        call("FORMAT_DATE", &[date(0), no_text()], no_text());
    }
}
