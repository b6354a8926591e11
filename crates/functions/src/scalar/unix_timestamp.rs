//! UNIX_TIMESTAMP: milliseconds since 1970, of now or of a TIMESTAMP.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use arrow::array::{Int64Array, TimestampMillisecondArray};
use weir_catalog::SqlType;

use super::texts::over_arrays;
use crate::{
    column::downcast,
    registry::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let now = Variant {
        parameters: Vec::new(),
        is_variadic: false,
        description: "The time at which the row is looked at.",
        returns: |_| SqlType::BigInt,
        body: |_| {
            Arc::new(|call| {
                let since = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                let now = i64::try_from(since.as_millis()).ok();
                Ok(Arc::new(Int64Array::from(vec![now; call.rows])))
            })
        },
    };
    let of_timestamp = Variant {
        parameters: vec![("timestamp", Parameter::Is(SqlType::Timestamp))],
        is_variadic: false,
        description: "The milliseconds of a TIMESTAMP.",
        returns: |_| SqlType::BigInt,
        body: |_| {
            over_arrays(|arrays| {
                let times = downcast::<TimestampMillisecondArray>(&arrays[0])?;
                Ok(Arc::new(times.iter().collect::<Int64Array>()))
            })
        },
    };
    Builtin::new(
        "UNIX_TIMESTAMP",
        "DATE / TIME",
        "Returns milliseconds since 1970-01-01.",
        vec![now, of_timestamp],
    )
}
