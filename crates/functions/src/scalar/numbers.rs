//! What functions over numbers share: an overload for each kind of number.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, AsArray, Float64Array, PrimitiveArray},
    compute::cast,
    datatypes::{DataType, Float64Type, Int32Type, Int64Type, i256},
};
use datafusion_common::{Result, plan_err};
use weir_catalog::SqlType;

use crate::{
    column::Body,
    kernel::{Argument, Call},
    operators::decimal,
    overload::{Parameter, Variant},
};

/// INTEGER, BIGINT, DOUBLE.
pub const PLAIN: [Parameter; 3] = [
    Parameter::Is(SqlType::Integer),
    Parameter::Is(SqlType::BigInt),
    Parameter::Is(SqlType::Double),
];

/// A function on each kind of number that keeps its type.
#[derive(Clone, Copy)]
pub struct OnNumbers {
    pub integer: fn(i32) -> i32,
    pub bigint: fn(i64) -> i64,
    pub double: fn(f64) -> f64,
    /// The unscaled value, and the power of ten that stands for 1.
    pub decimal: fn(i256, i256) -> Option<i256>,
}

/// An overload for each kind of number, DECIMAL too, of the same type.
pub fn same_type(description: &'static str, on: OnNumbers) -> Vec<Variant> {
    let body: Arc<Body> = Arc::new(move |call: &Call| apply(call, on));
    let kinds = PLAIN.into_iter().chain([Parameter::AnyDecimal]);
    let variant = |parameter| {
        let is_decimal = parameter == Parameter::AnyDecimal;
        let parameters = [("value", parameter)];
        let variant = Variant::over(
            parameters,
            description,
            |types| types[0].clone(),
            Arc::clone(&body),
        );
        match is_decimal {
            true => variant.returns_as("DECIMAL"),
            false => variant,
        }
    };
    kinds.map(variant).collect()
}

fn apply(call: &Call, on: OnNumbers) -> Result<ArrayRef> {
    let array = call.argument(0)?.to_column(call.rows)?;
    Ok(match array.data_type() {
        DataType::Int32 => Arc::new(
            array
                .as_primitive::<Int32Type>()
                .unary::<_, Int32Type>(on.integer),
        ),
        DataType::Int64 => Arc::new(
            array
                .as_primitive::<Int64Type>()
                .unary::<_, Int64Type>(on.bigint),
        ),
        DataType::Float64 => Arc::new(
            array
                .as_primitive::<Float64Type>()
                .unary::<_, Float64Type>(on.double),
        ),
        DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => {
            let one = decimal::power_of_ten(*scale).unwrap_or(i256::ONE);
            decimal::map_beyond(&array, array.data_type(), |value| (on.decimal)(value, one))?
        }
        other => return plan_err!("{other} is no number"),
    })
}

/// An overload for each plain kind of number that computes in DOUBLE; a DECIMAL comes as one too.
pub fn in_doubles(
    description: &'static str,
    compute: impl Fn(f64) -> f64 + Copy + Send + Sync + 'static,
) -> Vec<Variant> {
    let body: Arc<Body> = Arc::new(move |call: &Call| {
        let values = doubles(call.argument(0)?)?;
        Ok(Arc::new(
            values.unary::<_, Float64Type>(|value| one_nan(compute(value))),
        ))
    });
    let variant = |parameter| {
        let parameters = [("value", parameter)];
        Variant::over(parameters, description, |_| SqlType::Double, body.clone())
    };
    PLAIN.map(variant).into()
}

/// The same for functions of two numbers, both of one kind.
pub fn pairs_in_doubles(
    names: [&'static str; 2],
    description: &'static str,
    compute: impl Fn(f64, f64) -> f64 + Copy + Send + Sync + 'static,
) -> Vec<Variant> {
    let body: Arc<Body> = Arc::new(move |call: &Call| {
        let (first, second) = (call.argument(0)?, call.argument(1)?);
        let (a, b) = (doubles(first)?, doubles(second)?);
        let (a, b) = (a.values(), b.values());
        let compute = |row| compute(a[first.index(row)], b[second.index(row)]);
        let values = (0..call.rows).map(|row| one_nan(compute(row)));
        let values = Float64Array::new(values.collect(), call.validity());
        Ok(Arc::new(values))
    });
    let variant = |parameter: Parameter| {
        let parameters = names.map(|name| (name, parameter.clone()));
        Variant::over(parameters, description, |_| SqlType::Double, body.clone())
    };
    PLAIN.map(variant).into()
}

/// Java has one NaN, processors have many.
fn one_nan(value: f64) -> f64 {
    if value.is_nan() { f64::NAN } else { value }
}

/// A number that is no DECIMAL, as DOUBLE: one value if it is constant.
pub fn doubles(argument: &Argument) -> Result<PrimitiveArray<Float64Type>> {
    let array = cast(argument.array(), &DataType::Float64)?;
    Ok(array.as_primitive::<Float64Type>().clone())
}
