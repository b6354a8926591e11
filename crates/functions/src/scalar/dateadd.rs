//! DATEADD, and what it shares with the other five: so many days, hours, … after a DATE, a TIME or a TIMESTAMP.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::{SqlType, calendar::MILLIS_PER_DAY};

use super::temporal::{CATEGORY, Numbers, dates, times, timestamps};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = variant(
        ("date", Parameter::DATE),
        "The date so much later. What is less than a day is cut towards 1970.",
        SqlType::Date,
        |call| shifted_dates(call, 1),
    );
    Builtin::new("DATEADD", CATEGORY, "Adds to a DATE.", vec![variant])
}

/// `(unit, amount, what)`.
pub fn variant(
    what: (&'static str, Parameter),
    description: &'static str,
    returns: SqlType,
    body: fn(&Call) -> Result<ArrayRef>,
) -> Variant {
    let parameters = [
        ("unit", Parameter::Unit),
        ("amount", Parameter::INTEGER),
        what,
    ];
    let body = std::sync::Arc::new(body);
    Variant::over(parameters, description, move |_| returns.clone(), body)
}

/// DATEs, `direction` times so much later.
pub fn shifted_dates(call: &Call, direction: i64) -> Result<ArrayRef> {
    let mut shifted = shifted(call, direction)?;
    // Towards 1970: half a day before 1970-01-01 is 1970-01-01.
    dates(call.rows, |row| {
        let (days, shift) = shifted(row)?;
        let millis = (days * MILLIS_PER_DAY).checked_add(shift)?;
        i32::try_from(millis / MILLIS_PER_DAY).ok()
    })
}

/// TIMEs, round midnight.
pub fn shifted_times(call: &Call, direction: i64) -> Result<ArrayRef> {
    let mut shifted = shifted(call, direction)?;
    times(call.rows, |row| {
        let (millis, shift) = shifted(row)?;
        let time = (millis + shift % MILLIS_PER_DAY).rem_euclid(MILLIS_PER_DAY);
        i32::try_from(time).ok()
    })
}

/// TIMESTAMPs; past the last one they begin anew, as in Java.
pub fn shifted_timestamps(call: &Call, direction: i64) -> Result<ArrayRef> {
    let mut shifted = shifted(call, direction)?;
    timestamps(call.rows, |row| {
        let (millis, shift) = shifted(row)?;
        Some(millis.wrapping_add(shift))
    })
}

/// What is shifted in a row, and by how many milliseconds.
fn shifted(call: &Call, direction: i64) -> Result<impl FnMut(usize) -> Option<(i64, i64)> + '_> {
    let units = call.argument(0)?.strings()?;
    let amounts = Numbers::try_new(call.argument(1)?)?;
    let values = Numbers::try_new(call.argument(2)?)?;
    Ok(move |row| {
        let unit = match units.get(row)? {
            "DAYS" => MILLIS_PER_DAY,
            "HOURS" => 3_600_000,
            "MINUTES" => 60_000,
            "SECONDS" => 1000,
            "MILLISECONDS" => 1,
            _ => return None,
        };
        // The amount has 32 bits: this does not overflow.
        Some((values.get(row)?, amounts.get(row)? * unit * direction))
    })
}

#[cfg(test)]
pub mod testing {
    use datafusion_common::ScalarValue;

    use crate::{
        Given, Registry,
        testing::{check, text},
    };

    /// A call of a function with a unit, which is no value that a statement could compute.
    pub fn call_with_unit(name: &str, unit: &str, rest: [ScalarValue; 2], expected: ScalarValue) {
        let registry = Registry::builtin();
        let types = rest
            .iter()
            .map(|value| weir_catalog::SqlType::from_arrow(&value.data_type()));
        let given: Vec<_> = std::iter::once(Given::Unit)
            .chain(types.map(Given::from))
            .collect();
        let function = registry.get(name).unwrap();
        let resolved = function.select(&given).unwrap().finish().unwrap();
        assert_eq!(expected.data_type(), resolved.returns.to_arrow());
        let [amount, value] = rest;
        let make = |arguments| resolved.udf.call(arguments);
        check(make, &[text(unit), amount, value], &expected);
    }

    /// What is refused, as ksqlDB does, with the types of all arguments.
    pub fn refuse(name: &str, types: [weir_catalog::SqlType; 3], expected: &str) {
        let given: Vec<_> = types.map(Some).into_iter().map(Given::from).collect();
        let registry = Registry::builtin();
        let error = registry.get(name).unwrap().select(&given).unwrap_err();
        assert!(error.message.starts_with(expected), "{error}");
    }
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;
    use weir_catalog::SqlType;

    use super::testing::{call_with_unit, refuse};
    use crate::scalar::temporal::testing::*;

    #[test]
    fn cases() {
        let check = |unit: &str, amount: i32, days: i32, expected: Option<i32>| {
            let rest = [ScalarValue::from(amount), date(days)];
            call_with_unit("DATEADD", unit, rest, expected.map_or(NO_DATE, date));
        };
        check("DAYS", 10, 10, Some(20));
        check("DAYS", -10, 5, Some(-5));
        check("HOURS", 49, 5, Some(7));
        check("MINUTES", 1439, 5, Some(5));
        check("SECONDS", -1, 5, Some(4));
        check("MILLISECONDS", 5, 5, Some(5));
        // Towards 1970, on both sides of it.
        check("MILLISECONDS", 1, -1, Some(0));
        check("MILLISECONDS", -1, -5, Some(-5));
        check("HOURS", -36, -5, Some(-6));
        check("DAYS", i32::MAX, i32::MAX, None);
        check("DAYS", i32::MIN, 0, Some(i32::MIN));
        call_with_unit(
            "DATEADD",
            "DAYS",
            [ScalarValue::Int32(None), date(1)],
            NO_DATE,
        );
        call_with_unit("DATEADD", "DAYS", [ScalarValue::from(1), NO_DATE], NO_DATE);
    }

    #[test]
    fn a_unit_is_a_bare_word() {
        refuse(
            "DATEADD",
            [SqlType::Date, SqlType::Integer, SqlType::Date],
            "Function 'dateadd' does not accept parameters (DATE, INTEGER, DATE).",
        );
        refuse(
            "DATEADD",
            [SqlType::String, SqlType::Integer, SqlType::Date],
            "Function 'dateadd' does not accept parameters (STRING, INTEGER, DATE).",
        );
    }
}
