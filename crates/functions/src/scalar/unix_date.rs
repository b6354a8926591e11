//! UNIX_DATE: days since 1970, of today in the server's zone or of a DATE.

use std::sync::Arc;

use arrow::{array::Int32Array, compute::cast, datatypes::DataType};
use chrono::{Local, NaiveDate};
use weir_catalog::SqlType;

use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let today = Variant::new(
        [],
        "Today, in the server's time zone.",
        |_| SqlType::Integer,
        |call| {
            let since = Local::now().date_naive().signed_duration_since(NaiveDate::default());
            let today = i32::try_from(since.num_days()).ok();
            Ok(Arc::new(Int32Array::from(vec![today; call.rows])))
        },
    );
    let of_date = Variant::new(
        [("date", Parameter::Is(SqlType::Date))],
        "The days of a DATE.",
        |_| SqlType::Integer,
        |call| Ok(cast(&call.argument(0)?.to_column(call.rows)?, &DataType::Int32)?),
    );
    Builtin::new(
        "UNIX_DATE",
        "DATE / TIME",
        "Returns days since 1970-01-01.",
        vec![today, of_date],
    )
    .shown_as("UNIX_DATE")
}
