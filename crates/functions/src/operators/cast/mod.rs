//! CAST: every pair of types that ksqlDB has, NULL where it throws.
//!
//! BIGINT → INTEGER wraps, DOUBLE → integers saturates, to DECIMAL rounds half up, STRING → BOOLEAN is TRUE for a prefix of
//! `true` or `yes` and else FALSE, text is Java's. In a collection what cannot be cast is NULL by itself.

mod collection;
mod from_text;
mod number;
mod to_text;

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, AsArray, PrimitiveArray},
    compute::cast as arrow_cast,
    datatypes::{DataType, Date32Type, Time32MillisecondType, TimestampMillisecondType},
};
use datafusion_common::{Result, plan_err};
use datafusion_expr::{Expr, ScalarUDF};
use weir_catalog::{SqlType, calendar::MILLIS_PER_DAY};

pub use self::from_text::is_true;
pub(crate) use self::from_text::{decode_base64, trim};
pub(crate) use self::number::decimal_to_double;
pub(crate) use self::to_text::write_value;
use crate::kernel::{self, Call, Kernel};

/// `CAST(operand AS to)`, for a pair that [`check_cast`] allows.
pub fn cast(operand: Expr, from: &SqlType, to: &SqlType) -> Expr {
    if from == to {
        return operand;
    }
    kernel::call(Cast { to: to.clone() }, vec![operand])
}

pub(crate) fn is_cast(udf: &ScalarUDF) -> bool {
    kernel::kernel_of::<Cast>(udf).is_some()
}

/// Text to DATE, TIME or TIMESTAMP, for a comparison: NULL, so FALSE, for what is none.
pub fn parse(text: Expr, to: &SqlType) -> Expr {
    cast(text, &SqlType::String, to)
}

/// Whether there is such a cast; the error is ksqlDB's, of the whole types.
pub fn check_cast(from: &SqlType, to: &SqlType) -> Result<(), String> {
    match is_possible(from, to) {
        true => Ok(()),
        false => Err(format!("Cast of {from} to {to} is not supported")),
    }
}

fn is_possible(from: &SqlType, to: &SqlType) -> bool {
    use SqlType::{
        Array, BigInt, Boolean, Bytes, Date, Decimal, Double, Integer, Map, String, Struct, Time,
        Timestamp,
    };
    match (from, to) {
        (Array(from), Array(to)) => is_possible(from, to),
        (Map(from_key, from_value), Map(to_key, to_value)) => {
            is_possible(from_key, to_key) && is_possible(from_value, to_value)
        }
        (Struct(from), Struct(to)) => to.iter().all(|to| {
            let from = from.iter().find(|from| from.name == to.name);
            from.is_none_or(|from| is_possible(&from.sql_type, &to.sql_type))
        }),
        _ if from == to => true,
        (Integer | BigInt | Decimal { .. } | Double, to) if to.is_number() => true,
        (String, Boolean | Bytes | Time | Date | Timestamp) => true,
        (String, to) => to.is_number(),
        (Timestamp, Date | Time) | (Date, Timestamp) => true,
        (Bytes, _) => false,
        (_, String) => true,
        _ => false,
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Cast {
    to: SqlType,
}

impl Kernel for Cast {
    fn name(&self) -> &str {
        "cast"
    }

    fn display(&self, arguments: &[String]) -> Option<String> {
        Some(format!("CAST({} AS {})", arguments.first()?, self.to))
    }

    fn returns(&self, arguments: &[DataType]) -> Result<DataType> {
        let [from] = arguments else {
            return plan_err!("CAST has one operand");
        };
        let from = sql_type(from)?;
        match check_cast(&from, &self.to) {
            Ok(()) => Ok(self.to.to_arrow()),
            Err(message) => plan_err!("{message}"),
        }
    }

    fn evaluate(&self, call: &Call) -> Result<ArrayRef> {
        let array = call.argument(0)?.array();
        cast_array(array, &sql_type(array.data_type())?, &self.to)
    }
}

fn sql_type(data_type: &DataType) -> Result<SqlType> {
    match SqlType::from_arrow(data_type) {
        Some(sql_type) => Ok(sql_type),
        None => plan_err!("{data_type} is no type of the language"),
    }
}

/// The values of `array` as `to`. Its depth is that of the types, which the parser bounds.
pub fn cast_array(array: &ArrayRef, from: &SqlType, to: &SqlType) -> Result<ArrayRef> {
    use SqlType::{Array, Date, Map, String, Struct, Time, Timestamp};
    match (from, to) {
        _ if from == to => Ok(Arc::clone(array)),
        (String, to) => from_text::convert(array.as_string(), to),
        (_, String) => to_text::convert(array),
        (from, to) if from.is_number() && to.is_number() => number::convert(array, from, to),
        (Timestamp, Date) => Ok(Arc::new(timestamp_to_date(array.as_primitive()))),
        (Timestamp, Time) => Ok(Arc::new(timestamp_to_time(array.as_primitive()))),
        (Date, Timestamp) => Ok(arrow_cast(array, &to.to_arrow())?),
        (Array(from), Array(to)) => collection::array(array.as_list(), from, to),
        (Map(..), Map(..)) => collection::map(array.as_map(), from, to),
        (Struct(from), Struct(to)) => collection::structure(array.as_struct(), from, to),
        _ => plan_err!("Cast of {from} to {to} is not supported"),
    }
}

fn timestamp_to_date(
    timestamps: &PrimitiveArray<TimestampMillisecondType>,
) -> PrimitiveArray<Date32Type> {
    // Dates of 32 bits end after 5 million years, instants of 64 do not.
    timestamps.unary_opt(|millis| i32::try_from(millis.div_euclid(MILLIS_PER_DAY)).ok())
}

fn timestamp_to_time(
    timestamps: &PrimitiveArray<TimestampMillisecondType>,
) -> PrimitiveArray<Time32MillisecondType> {
    timestamps.unary(|millis| millis.rem_euclid(MILLIS_PER_DAY) as i32)
}

#[cfg(test)]
mod tests;
