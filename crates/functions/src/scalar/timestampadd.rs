//! TIMESTAMPADD: so many days, hours, … after a TIMESTAMP.

use weir_catalog::SqlType;

use super::{
    dateadd::{shifted_timestamps, variant},
    temporal::CATEGORY,
};
use crate::overload::{Builtin, Parameter};

pub fn function() -> Builtin {
    let variant = variant(
        ("timestamp", Parameter::TIMESTAMP),
        "The timestamp so much later.",
        SqlType::Timestamp,
        |call| shifted_timestamps(call, 1),
    );
    Builtin::new(
        "TIMESTAMPADD",
        CATEGORY,
        "Adds to a TIMESTAMP.",
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
            call_with_unit("TIMESTAMPADD", unit, rest, timestamp(expected));
        };
        check("MILLISECONDS", 10, 10, 20);
        check("MILLISECONDS", -5, 2, -3);
        check("SECONDS", 1, 0, 1000);
        check("MINUTES", 1, 0, 60_000);
        check("HOURS", -1, 0, -3_600_000);
        check("DAYS", i32::MAX, 0, 185_542_587_100_800_000);
        check("MILLISECONDS", 1, i64::MAX, i64::MIN);
        let none = ScalarValue::Int32(None);
        let (one, nothing) = (ScalarValue::from(1), NO_TIMESTAMP);
        call_with_unit("TIMESTAMPADD", "DAYS", [none, timestamp(1)], NO_TIMESTAMP);
        call_with_unit("TIMESTAMPADD", "DAYS", [one, nothing], NO_TIMESTAMP);
    }

    #[test]
    fn a_unit_is_a_bare_word() {
        refuse(
            "TIMESTAMPADD",
            [SqlType::Timestamp, SqlType::Integer, SqlType::Timestamp],
            "Function 'timestampadd' does not accept parameters (TIMESTAMP, INTEGER, TIMESTAMP).",
        );
    }
}
