//! NOW: the time at which a row is looked at, as a TIMESTAMP. ksqlDB has UNIX_TIMESTAMP() alone.

use std::sync::Arc;

use arrow::array::TimestampMillisecondArray;
use weir_catalog::SqlType;

use super::temporal::{self, CATEGORY};
use crate::overload::{Builtin, Variant};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [],
        "The time at which the row is looked at.",
        |_| SqlType::Timestamp,
        |call| {
            let now = temporal::now();
            Ok(Arc::new(TimestampMillisecondArray::from_value(
                now, call.rows,
            )))
        },
    );
    Builtin::new(
        "NOW",
        CATEGORY,
        "Returns the time that it is.",
        vec![variant],
    )
    .added()
}

#[cfg(test)]
mod tests {
    use arrow::{array::AsArray, datatypes::TimestampMillisecondType};

    use crate::{Registry, testing};

    #[test]
    fn it_is_now() {
        let call = Registry::builtin()
            .get("NOW")
            .unwrap()
            .resolve(&[])
            .unwrap();
        let value = testing::evaluate(&call.udf.call(Vec::new()), &[]);
        let now = value.as_primitive::<TimestampMillisecondType>().value(0);
        let difference = super::temporal::now() - now;
        assert!((0..60_000).contains(&difference), "{difference}");
    }
}
