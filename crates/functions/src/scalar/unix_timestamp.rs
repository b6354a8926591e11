//! UNIX_TIMESTAMP: milliseconds since 1970, of now or of a TIMESTAMP.

use std::sync::Arc;

use arrow::{array::Int64Array, compute::cast, datatypes::DataType};
use weir_catalog::SqlType;

use super::temporal::{CATEGORY, now};
use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let of_now = Variant::new(
        [],
        "The time at which the row is looked at.",
        |_| SqlType::BigInt,
        |call| Ok(Arc::new(Int64Array::from_value(now(), call.rows))),
    );
    let of_timestamp = Variant::new(
        [("timestamp", Parameter::TIMESTAMP)],
        "The milliseconds of a TIMESTAMP.",
        |_| SqlType::BigInt,
        |call| {
            let timestamps = call.argument(0)?.to_column(call.rows)?;
            Ok(cast(&timestamps, &DataType::Int64)?)
        },
    );
    let description = "Returns milliseconds since 1970-01-01.";
    let variants = vec![of_now, of_timestamp];
    Builtin::new("UNIX_TIMESTAMP", CATEGORY, description, variants)
}

#[cfg(test)]
mod tests {
    use crate::{scalar::temporal::testing::*, testing::call};

    #[test]
    fn cases() {
        call("UNIX_TIMESTAMP", &[timestamp(100)], 100_i64);
        call("UNIX_TIMESTAMP", &[timestamp(i64::MIN)], i64::MIN);
        call("UNIX_TIMESTAMP", &[NO_TIMESTAMP], None::<i64>);
    }
}
