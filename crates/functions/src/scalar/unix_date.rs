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
    use arrow::{array::AsArray, datatypes::Int32Type};

    use crate::{
        Registry,
        scalar::temporal::{now, testing::*},
        testing::{call, evaluate, in_zone},
    };

    #[test]
    fn cases() {
        call("UNIX_DATE", &[date(18_000)], 18_000);
        call("UNIX_DATE", &[date(-1)], -1);
        call("UNIX_DATE", &[date(i32::MIN)], i32::MIN);
        call("UNIX_DATE", &[NO_DATE], None::<i32>);
    }

    #[test]
    fn today_is_the_day_that_the_server_s_clocks_show() {
        let test = concat!(
            module_path!(),
            "::today_is_the_day_that_the_server_s_clocks_show"
        );
        // It is never the same day in both, and in one of them never that of Greenwich.
        for (zone, hours) in [("Pacific/Kiritimati", 14), ("Etc/GMT+12", -12)] {
            in_zone(zone, test, || {
                let day = || ((now() + hours * 3_600_000) / 86_400_000) as i32;
                let resolved = Registry::builtin().get("UNIX_DATE").unwrap().resolve(&[]);
                let (before, today) = (day(), evaluate(&resolved.unwrap().udf.call(vec![]), &[]));
                let today = today.as_primitive::<Int32Type>().value(0);
                assert!(
                    (before..=day()).contains(&today),
                    "{today} and not {before}"
                );
            });
        }
    }
}
