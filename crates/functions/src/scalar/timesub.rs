//! TIMESUB: so many hours, minutes, … before a TIME, round midnight.

use weir_catalog::SqlType;

use super::{
    dateadd::{shifted_times, variant},
    temporal::CATEGORY,
};
use crate::overload::{Builtin, Parameter};

pub fn function() -> Builtin {
    let variant = variant(
        ("time", Parameter::TIME),
        "The time so much earlier; before midnight comes the evening.",
        SqlType::Time,
        |call| shifted_times(call, -1),
    );
    Builtin::new("TIMESUB", CATEGORY, "Subtracts from a TIME.", vec![variant])
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
        let check = |unit: &str, amount: i32, millis: i32, expected: i32| {
            let rest = [ScalarValue::from(amount), time(millis)];
            call_with_unit("TIMESUB", unit, rest, time(expected));
        };
        check("MILLISECONDS", 10, 20, 10);
        check("MILLISECONDS", 10, 5, 86_399_995);
        check("HOURS", 25, 7_200_000, 3_600_000);
        check("SECONDS", -1, 86_399_500, 500);
        check("MINUTES", i32::MIN, 0, 7_680_000);
        let none = ScalarValue::Int32(None);
        call_with_unit("TIMESUB", "DAYS", [none, time(1)], NO_TIME);
        call_with_unit("TIMESUB", "DAYS", [ScalarValue::from(1), NO_TIME], NO_TIME);
    }

    #[test]
    fn a_unit_is_a_bare_word() {
        refuse(
            "TIMESUB",
            [SqlType::Time, SqlType::Integer, SqlType::Time],
            "Function 'timesub' does not accept parameters (TIME, INTEGER, TIME).",
        );
    }
}
