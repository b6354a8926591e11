//! FROM_UNIXTIME: the TIMESTAMP of milliseconds since 1970.

use arrow::compute::cast;
use weir_catalog::SqlType;

use super::temporal::CATEGORY;
use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("milliseconds", Parameter::BIGINT)],
        "The instant that is so many milliseconds after 1970-01-01T00:00 UTC.",
        |_| SqlType::Timestamp,
        |call| {
            let milliseconds = call.argument(0)?.to_column(call.rows)?;
            Ok(cast(&milliseconds, &call.returns)?)
        },
    );
    let description = "Makes a TIMESTAMP of milliseconds since 1970-01-01.";
    Builtin::new("FROM_UNIXTIME", CATEGORY, description, vec![variant])
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use crate::{scalar::temporal::testing::*, testing::call};

    #[test]
    fn cases() {
        call(
            "FROM_UNIXTIME",
            &[ScalarValue::from(100_i64)],
            timestamp(100),
        );
        call("FROM_UNIXTIME", &[ScalarValue::from(-7)], timestamp(-7));
        call("FROM_UNIXTIME", &[ScalarValue::Int64(None)], NO_TIMESTAMP);
    }
}
