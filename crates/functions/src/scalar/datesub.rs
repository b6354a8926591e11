//! DATESUB: so many days, hours, … before a DATE.

use weir_catalog::SqlType;

use super::{
    dateadd::{shifted_dates, variant},
    temporal::CATEGORY,
};
use crate::overload::{Builtin, Parameter};

pub fn function() -> Builtin {
    let variant = variant(
        ("date", Parameter::DATE),
        "The date so much earlier. What is less than a day is cut towards 1970.",
        SqlType::Date,
        |call| shifted_dates(call, -1),
    );
    Builtin::new("DATESUB", CATEGORY, "Subtracts from a DATE.", vec![variant])
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;
    use weir_catalog::SqlType;

    use crate::scalar::{
        dateadd::testing::{call_with_unit, refuse},
        temporal::testing::*,
    };

    #[test]
    fn cases() {
        let check = |unit: &str, amount: i32, days: i32, expected: Option<i32>| {
            let rest = [ScalarValue::from(amount), date(days)];
            call_with_unit("DATESUB", unit, rest, expected.map_or(NO_DATE, date));
        };
        check("DAYS", 10, 40, Some(30));
        check("DAYS", 10, 5, Some(-5));
        check("DAYS", -5, -5, Some(0));
        check("HOURS", 1, 5, Some(4));
        check("MILLISECONDS", -5, 5, Some(5));
        check("SECONDS", 1, -5, Some(-5));
        check("DAYS", i32::MIN, i32::MAX, None);
        let none = ScalarValue::Int32(None);
        call_with_unit("DATESUB", "DAYS", [none, date(1)], NO_DATE);
        call_with_unit("DATESUB", "DAYS", [ScalarValue::from(1), NO_DATE], NO_DATE);
    }

    #[test]
    fn a_unit_is_a_bare_word() {
        refuse(
            "DATESUB",
            [SqlType::Date, SqlType::Integer, SqlType::Date],
            "Function 'datesub' does not accept parameters (DATE, INTEGER, DATE).",
        );
    }
}
