//! UNIX_TIMESTAMP: milliseconds since 1970, of now or of a TIMESTAMP.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use arrow::{array::Int64Array, compute::cast, datatypes::DataType};
use weir_catalog::SqlType;

use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let now = Variant::new(
        [],
        "The time at which the row is looked at.",
        |_| SqlType::BigInt,
        |call| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let now = i64::try_from(since.as_millis()).ok();
            Ok(Arc::new(Int64Array::from(vec![now; call.rows])))
        },
    );
    let of_timestamp = Variant::new(
        [("timestamp", Parameter::Is(SqlType::Timestamp))],
        "The milliseconds of a TIMESTAMP.",
        |_| SqlType::BigInt,
        |call| Ok(cast(&call.argument(0)?.to_column(call.rows)?, &DataType::Int64)?),
    );
    Builtin::new(
        "UNIX_TIMESTAMP",
        "DATE / TIME",
        "Returns milliseconds since 1970-01-01.",
        vec![now, of_timestamp],
    )
    .shown_as("UNIX_TIMESTAMP")
}
