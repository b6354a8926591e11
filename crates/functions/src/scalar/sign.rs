//! SIGN: -1, 0 or 1.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, AsArray},
    compute::cast,
    datatypes::{DataType, Float64Type, Int32Type},
};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::numbers::PLAIN;
use crate::{
    kernel::Call,
    overload::{Builtin, Variant},
};

pub fn function() -> Builtin {
    let variant = |parameter| {
        let description = "-1 for negative values, 1 for positive ones, else 0.";
        Variant::new(
            [("value", parameter)],
            description,
            |_| SqlType::Integer,
            sign,
        )
    };
    Builtin::new(
        "SIGN",
        "MATHEMATICAL",
        "Returns the sign of a number.",
        PLAIN.map(variant).into(),
    )
}

fn sign(call: &Call) -> Result<ArrayRef> {
    // A BIGINT as a DOUBLE may be rounded, but never to another sign.
    let values = cast(&call.argument(0)?.to_column(call.rows)?, &DataType::Float64)?;
    let values = values.as_primitive::<Float64Type>();
    let sign = |value: f64| i32::from(value > 0.0) - i32::from(value < 0.0);
    Ok(Arc::new(values.unary::<_, Int32Type>(sign)))
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, decimal};

    #[test]
    fn of_each_kind_of_number() {
        call("SIGN", &[0.into()], 0);
        call("SIGN", &[i32::MIN.into()], -1);
        call("SIGN", &[i64::MAX.into()], 1);
        call("SIGN", &[i64::MIN.into()], -1);
        call("SIGN", &[(-3.0).into()], -1);
        call("SIGN", &[f64::from_bits(1).into()], 1);
        call("SIGN", &[(-0.0).into()], 0);
        call("SIGN", &[f64::NAN.into()], 0);
        call("SIGN", &[f64::NEG_INFINITY.into()], -1);
        call("SIGN", &[decimal(-5, 2, 1)], -1);
    }
}
