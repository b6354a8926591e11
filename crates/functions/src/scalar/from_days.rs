//! FROM_DAYS: the DATE of days since 1970.

use arrow::compute::cast;
use weir_catalog::SqlType;

use super::temporal::CATEGORY;
use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("days", Parameter::INTEGER)],
        "The day that is so many days after 1970-01-01.",
        |_| SqlType::Date,
        |call| {
            let days = call.argument(0)?.to_column(call.rows)?;
            Ok(cast(&days, &call.returns)?)
        },
    );
    let description = "Makes a DATE of days since 1970-01-01.";
    Builtin::new("FROM_DAYS", CATEGORY, description, vec![variant])
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use crate::{scalar::temporal::testing::*, testing::call};

    #[test]
    fn cases() {
        call("FROM_DAYS", &[ScalarValue::from(10)], date(10));
        call("FROM_DAYS", &[ScalarValue::from(-10)], date(-10));
        call("FROM_DAYS", &[ScalarValue::from(i32::MAX)], date(i32::MAX));
        call("FROM_DAYS", &[ScalarValue::Int32(None)], NO_DATE);
    }
}
