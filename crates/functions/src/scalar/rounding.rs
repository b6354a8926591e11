//! What CEIL, FLOOR and ABS share: a function for each kind of number, of the same type.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, Float64Array, Int32Array, Int64Array},
    datatypes::{Float64Type, Int32Type, Int64Type, i256},
};
use datafusion_common::{DataFusionError, Result};
use weir_catalog::SqlType;

use crate::{
    column::{Body, downcast, over_arrays},
    operators::decimal,
    registry::{Parameter, Variant},
};

/// The function on each kind of number.
#[derive(Clone, Copy)]
pub struct OnNumbers {
    pub integer: fn(i32) -> i32,
    pub bigint: fn(i64) -> i64,
    pub double: fn(f64) -> f64,
    /// The unscaled value, and the power of ten that stands for 1.
    pub decimal: fn(i256, i256) -> Option<i256>,
}

/// An overload for each kind of number.
pub fn variants(description: &'static str, body: fn(&[SqlType]) -> Arc<Body>) -> Vec<Variant> {
    let kinds = [
        Parameter::Is(SqlType::Integer),
        Parameter::Is(SqlType::BigInt),
        Parameter::Is(SqlType::Double),
        Parameter::AnyDecimal,
    ];
    let variant = |parameter| Variant {
        parameters: vec![("value", parameter)],
        is_variadic: false,
        description,
        returns: |types| types[0].clone(),
        body,
    };
    kinds.into_iter().map(variant).collect()
}

pub fn body(sql_type: &SqlType, on: OnNumbers) -> Arc<Body> {
    let sql_type = sql_type.clone();
    over_arrays(move |arrays| apply(&arrays[0], &sql_type, on))
}

fn apply(array: &ArrayRef, sql_type: &SqlType, on: OnNumbers) -> Result<ArrayRef> {
    Ok(match sql_type {
        SqlType::Integer => {
            Arc::new(downcast::<Int32Array>(array)?.unary::<_, Int32Type>(on.integer))
        }
        SqlType::BigInt => {
            Arc::new(downcast::<Int64Array>(array)?.unary::<_, Int64Type>(on.bigint))
        }
        SqlType::Double => {
            Arc::new(downcast::<Float64Array>(array)?.unary::<_, Float64Type>(on.double))
        }
        SqlType::Decimal { scale, .. } => {
            let one = decimal::power_of_ten(*scale as i8).unwrap_or(i256::ONE);
            decimal::map(array, array.data_type(), |value| (on.decimal)(value, one))?
        }
        other => return Err(DataFusionError::Internal(format!("{other} is no number"))),
    })
}
