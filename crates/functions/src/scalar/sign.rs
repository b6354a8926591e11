//! SIGN: -1, 0 or 1.

use std::sync::Arc;

use arrow::{array::{ArrayRef, AsArray}, compute::cast, datatypes::{DataType, Float64Type, Int32Type}};
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
        Variant::new([("value", parameter)], description, |_| SqlType::Integer, sign)
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
