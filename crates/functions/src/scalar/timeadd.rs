//! TIMEADD: so many hours, minutes, … after a TIME, round midnight.

use weir_catalog::SqlType;

use super::{
    dateadd::{shifted_times, variant},
    temporal::CATEGORY,
};
use crate::overload::{Builtin, Parameter};

pub fn function() -> Builtin {
    let variant = variant(
        ("time", Parameter::TIME),
        "The time so much later; after midnight comes the morning.",
        SqlType::Time,
        |call| shifted_times(call, 1),
    );
    Builtin::new("TIMEADD", CATEGORY, "Adds to a TIME.", vec![variant])
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
            call_with_unit("TIMEADD", unit, rest, time(expected));
        };
        check("MILLISECONDS", 10, 10, 20);
        check("MILLISECONDS", 10, 86_399_995, 5);
        check("SECONDS", -1, 0, 86_399_000);
        check("MINUTES", 1, 5, 60_005);
        check("HOURS", 25, 5, 3_600_005);
        check("DAYS", i32::MAX, 5, 5);
        check("DAYS", i32::MIN, 5, 5);
        let none = ScalarValue::Int32(None);
        call_with_unit("TIMEADD", "DAYS", [none, time(1)], NO_TIME);
        call_with_unit("TIMEADD", "DAYS", [ScalarValue::from(1), NO_TIME], NO_TIME);
    }

    #[test]
    fn a_unit_is_a_bare_word() {
        refuse(
            "TIMEADD",
            [SqlType::Time, SqlType::Integer, SqlType::Time],
            "Function 'timeadd' does not accept parameters (TIME, INTEGER, TIME).",
        );
    }
}
