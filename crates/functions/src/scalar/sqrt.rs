//! SQRT: the square root, NaN of what is below zero.

use std::sync::Arc;

use arrow::{array::{ArrayRef, AsArray}, compute::cast, datatypes::{DataType, Float64Type}};
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::numbers::PLAIN;
use crate::{
    kernel::Call,
    overload::{Builtin, Variant},
};

pub fn function() -> Builtin {
    let variant = |parameter| {
        let description = "The square root; NaN if the value is negative.";
        Variant::new([("value", parameter)], description, |_| SqlType::Double, sqrt)
    };
    Builtin::new(
        "SQRT",
        "MATHEMATICAL",
        "Returns the square root of a number.",
        PLAIN.map(variant).into(),
    )
}

fn sqrt(call: &Call) -> Result<ArrayRef> {
    let values = cast(&call.argument(0)?.to_column(call.rows)?, &DataType::Float64)?;
    let values = values.as_primitive::<Float64Type>();
    Ok(Arc::new(values.unary::<_, Float64Type>(f64::sqrt)))
}
