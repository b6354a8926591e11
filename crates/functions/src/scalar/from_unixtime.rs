//! FROM_UNIXTIME: the TIMESTAMP of milliseconds since 1970.

use arrow::compute::cast;
use weir_catalog::SqlType;

use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("milliseconds", Parameter::Is(SqlType::BigInt))],
        "The instant that is so many milliseconds after 1970-01-01T00:00 UTC.",
        |_| SqlType::Timestamp,
        |call| Ok(cast(&call.argument(0)?.to_column(call.rows)?, &call.returns)?),
    );
    Builtin::new(
        "FROM_UNIXTIME",
        "DATE / TIME",
        "Makes a TIMESTAMP of milliseconds since 1970-01-01.",
        vec![variant],
    )
    .shown_as("FROM_UNIXTIME")
}
