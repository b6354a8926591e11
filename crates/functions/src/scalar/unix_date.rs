//! UNIX_DATE: days since 1970, of today in the server's zone or of a DATE.

use std::sync::Arc;

use arrow::{array::Int32Array, compute::cast, datatypes::DataType};
use weir_catalog::SqlType;

use super::temporal::{CATEGORY, now};
use crate::{
    overload::{Builtin, Parameter, Variant},
    time_pattern::Zone,
};

pub fn function() -> Builtin {
    let today = Variant::new(
        [],
        "Today, in the server's time zone.",
        |_| SqlType::Integer,
        |call| {
            let today = i32::try_from(Zone::server().today(now())).ok();
            Ok(Arc::new(Int32Array::from(vec![today; call.rows])))
        },
    );
    let of_date = Variant::new(
        [("date", Parameter::DATE)],
        "The days of a DATE.",
        |_| SqlType::Integer,
        |call| {
            let dates = call.argument(0)?.to_column(call.rows)?;
            Ok(cast(&dates, &DataType::Int32)?)
        },
    );
    let description = "Returns days since 1970-01-01.";
    Builtin::new("UNIX_DATE", CATEGORY, description, vec![today, of_date])
}

#[cfg(test)]
mod tests {
    use crate::{scalar::temporal::testing::*, testing::call};

    #[test]
    fn cases() {
        call("UNIX_DATE", &[date(18_000)], 18_000);
        call("UNIX_DATE", &[date(-1)], -1);
        call("UNIX_DATE", &[date(i32::MIN)], i32::MIN);
        call("UNIX_DATE", &[NO_DATE], None::<i32>);
    }
}
