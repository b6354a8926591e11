//! TIMESTAMPSUB: so many days, hours, … before a TIMESTAMP.

use weir_catalog::SqlType;

use super::{
    dateadd::{shifted_timestamps, variant},
    temporal::CATEGORY,
};
use crate::overload::{Builtin, Parameter};

pub fn function() -> Builtin {
    let variant = variant(
        ("timestamp", Parameter::TIMESTAMP),
        "The timestamp so much earlier.",
        SqlType::Timestamp,
        |call| shifted_timestamps(call, -1),
    );
    Builtin::new(
        "TIMESTAMPSUB",
        CATEGORY,
        "Subtracts from a TIMESTAMP.",
        vec![variant],
    )
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
        let check = |unit: &str, amount: i32, millis: i64, expected: i64| {
            let rest = [ScalarValue::from(amount), timestamp(millis)];
            call_with_unit("TIMESTAMPSUB", unit, rest, timestamp(expected));
        };
        check("MILLISECONDS", 10, 20, 10);
        check("MILLISECONDS", 10, 5, -5);
        check("DAYS", -1, 0, 86_400_000);
        check("DAYS", i32::MIN, 0, 185_542_587_187_200_000);
        check("MILLISECONDS", 1, i64::MIN, i64::MAX);
        let none = ScalarValue::Int32(None);
        let (one, nothing) = (ScalarValue::from(1), NO_TIMESTAMP);
        call_with_unit("TIMESTAMPSUB", "DAYS", [none, timestamp(1)], NO_TIMESTAMP);
        call_with_unit("TIMESTAMPSUB", "DAYS", [one, nothing], NO_TIMESTAMP);
    }

    #[test]
    fn a_unit_is_a_bare_word() {
        refuse(
            "TIMESTAMPSUB",
            [SqlType::Timestamp, SqlType::Integer, SqlType::Timestamp],
            "Function 'timestampsub' does not accept parameters (TIMESTAMP, INTEGER, TIMESTAMP).",
        );
    }
}
