//! CONVERT_TZ: what the clocks of one zone show, where those of another show a TIMESTAMP.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::temporal::{CATEGORY, Numbers, timestamps};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    time_pattern::zones,
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [
            ("timestamp", Parameter::TIMESTAMP),
            ("from", Parameter::STRING),
            ("to", Parameter::STRING),
        ],
        "The timestamp, moved by how far the clocks of the second zone are ahead of those of the first at that instant.",
        |_| SqlType::Timestamp,
        convert,
    );
    let description = "Moves a TIMESTAMP from one time zone to another.";
    Builtin::new("CONVERT_TZ", CATEGORY, description, vec![variant])
}

fn convert(call: &Call) -> Result<ArrayRef> {
    let instants = Numbers::try_new(call.argument(0)?)?;
    let (mut from, mut to) = (zones(call.argument(1)?)?, zones(call.argument(2)?)?);
    timestamps(call.rows, |row| {
        let instant = instants.get(row)?;
        let from = from.get(row)?.offset_at(instant);
        let to = to.get(row)?.offset_at(instant);
        Some(instant.wrapping_add((to - from) * 1000))
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
        let check = |millis: i64, from: &str, to: &str, expected: Option<i64>| {
            let expected = expected.map_or(NO_TIMESTAMP, timestamp);
            let arguments = [timestamp(millis), text(from), text(to)];
            call("CONVERT_TZ", &arguments, expected);
        };
        check(100, "+0200", "+0500", Some(10_800_100));
        check(1_589_234_313_000, "+0200", "+0500", Some(1_589_245_113_000));
        check(0, "UTC", "America/Los_Angeles", Some(-28_800_000));
        // In summer.
        check(
            1_626_307_200_000,
            "UTC",
            "America/Los_Angeles",
            Some(1_626_282_000_000),
        );
        check(0, "UTC", "UTC", Some(0));
        check(i64::MAX, "UTC", "UTC", Some(i64::MAX));
        check(0, "wow", "UTC", None);
        check(0, "UTC", "wow", None);
        check(0, "UTC", "", None);
        call(
            "CONVERT_TZ",
            &[NO_TIMESTAMP, text("UTC"), text("UTC")],
            NO_TIMESTAMP,
        );
        call(
            "CONVERT_TZ",
            &[timestamp(0), no_text(), text("UTC")],
            NO_TIMESTAMP,
        );
        call(
            "CONVERT_TZ",
            &[timestamp(0), text("UTC"), no_text()],
            NO_TIMESTAMP,
        );
    }
}
