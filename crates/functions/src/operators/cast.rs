//! CAST: every pair that ksqlDB allows (reference, section "CAST"); what cannot be cast is NULL for its row.

mod text;

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array,
        ListArray, MapArray, StringArray, StructArray, Time32MillisecondArray,
        TimestampMillisecondArray,
    },
    datatypes::{DataType, i256},
};
use base64::Engine;
use datafusion_common::{DataFusionError, Result};
use datafusion_expr::Expr;
use weir_catalog::{Field, SqlType};

use crate::{
    column::{call, downcast, function, on_arrays},
    decimal,
    operators::time_text,
};

const DAY: i64 = 86_400_000;

/// Whether there is such a cast; the error is ksqlDB's sentence.
pub fn check_cast(from: &SqlType, to: &SqlType) -> Result<(), String> {
    if is_castable(from, to) {
        return Ok(());
    }
    Err(format!("Cast of {from} to {to} is not supported"))
}

fn is_castable(from: &SqlType, to: &SqlType) -> bool {
    use SqlType::{
        Array, BigInt, Boolean, Bytes, Date, Decimal, Double, Integer, Map, String, Struct, Time,
        Timestamp,
    };
    match (from, to) {
        (from, to) if from == to => true,
        (Bytes, String) => false,
        (_, String) => true,
        (Integer, BigInt | Decimal { .. } | Double)
        | (BigInt, Integer | Decimal { .. } | Double) => true,
        (Decimal { .. } | Double, Integer | BigInt | Decimal { .. } | Double) => true,
        (
            String,
            Boolean | Integer | BigInt | Decimal { .. } | Double | Timestamp | Date | Time | Bytes,
        ) => true,
        (Timestamp, Date | Time) | (Date, Timestamp) => true,
        (Array(from), Array(to)) => is_castable(from, to),
        (Map(from_key, from), Map(to_key, to)) => {
            is_castable(from_key, to_key) && is_castable(from, to)
        }
        (Struct(from), Struct(to)) => to.iter().all(|field| {
            let source = from.iter().find(|candidate| candidate.name == field.name);
            source.is_none_or(|source| is_castable(&source.sql_type, &field.sql_type))
        }),
        _ => false,
    }
}

/// `CAST(operand AS to)`; the pair must be one that [`check_cast`] allows.
pub fn cast(operand: Expr, from: &SqlType, to: &SqlType) -> Expr {
    if from == to {
        return operand;
    }
    let (from, to) = (from.clone(), to.clone());
    let returns = to.clone();
    let cast = function(
        "CAST",
        format!("{from} {to}"),
        &returns,
        move |arguments, rows| {
            on_arrays(arguments, rows, |arrays| cast_array(&arrays[0], &from, &to))
        },
    );
    call(cast, vec![operand])
}

/// A column of one type as a column of another.
pub fn cast_array(array: &ArrayRef, from: &SqlType, to: &SqlType) -> Result<ArrayRef> {
    use SqlType::{Array, Date, Decimal, Map, String, Struct, Time, Timestamp};
    Ok(match (from, to) {
        (from, to) if from == to => array.clone(),
        (_, String) => Arc::new(text::to_text(array, from)?),
        (String, to) => from_text(downcast(array)?, to)?,
        (_, Decimal { precision, scale }) => to_decimal(array, *precision, *scale)?,
        (from, to) if from.is_number() && to.is_number() => number(array, from, to)?,
        (Timestamp, Date) => {
            let times = downcast::<TimestampMillisecondArray>(array)?;
            Arc::new(
                times
                    .iter()
                    .map(|time| i32::try_from(time?.div_euclid(DAY)).ok())
                    .collect::<Date32Array>(),
            )
        }
        (Timestamp, Time) => {
            let times = downcast::<TimestampMillisecondArray>(array)?;
            let of_day = times
                .iter()
                .map(|time| i32::try_from(time?.rem_euclid(DAY)).ok());
            Arc::new(of_day.collect::<Time32MillisecondArray>())
        }
        (Date, Timestamp) => {
            let days = downcast::<Date32Array>(array)?;
            Arc::new(
                days.iter()
                    .map(|days| Some(i64::from(days?) * DAY))
                    .collect::<TimestampMillisecondArray>(),
            )
        }
        (Array(from), Array(element)) => {
            let lists = downcast::<ListArray>(array)?;
            let values = cast_array(lists.values(), from, element)?;
            let DataType::List(item) = to.to_arrow() else {
                return Err(not_bound(array, to));
            };
            Arc::new(ListArray::try_new(
                item,
                lists.offsets().clone(),
                values,
                lists.nulls().cloned(),
            )?)
        }
        (Map(_, from), Map(_, value)) => map(downcast(array)?, from, value, to)?,
        (Struct(from), Struct(fields)) => structure(downcast(array)?, from, fields, to)?,
        _ => return Err(not_bound(array, to)),
    })
}

fn not_bound(array: &ArrayRef, to: &SqlType) -> DataFusionError {
    DataFusionError::Internal(format!("there is no cast of {} to {to}", array.data_type()))
}

fn map(maps: &MapArray, from: &SqlType, value: &SqlType, to: &SqlType) -> Result<ArrayRef> {
    let values = cast_array(maps.values(), from, value)?;
    let DataType::Map(entries, _) = to.to_arrow() else {
        return Err(not_bound(maps.values(), to));
    };
    let DataType::Struct(fields) = entries.data_type() else {
        return Err(not_bound(maps.values(), to));
    };
    let pairs = StructArray::try_new(fields.clone(), vec![maps.keys().clone(), values], None)?;
    Ok(Arc::new(MapArray::try_new(
        entries,
        maps.offsets().clone(),
        pairs,
        maps.nulls().cloned(),
        false,
    )?))
}

/// Fields by their exact names; one that is missing is NULL.
fn structure(
    array: &StructArray,
    from: &[Field],
    fields: &[Field],
    to: &SqlType,
) -> Result<ArrayRef> {
    let columns = fields
        .iter()
        .map(|field| {
            match from
                .iter()
                .position(|candidate| candidate.name == field.name)
            {
                Some(index) => {
                    cast_array(array.column(index), &from[index].sql_type, &field.sql_type)
                }
                None => Ok(arrow::array::new_null_array(
                    &field.sql_type.to_arrow(),
                    array.len(),
                )),
            }
        })
        .collect::<Result<Vec<_>>>()?;
    let DataType::Struct(fields) = to.to_arrow() else {
        return Err(DataFusionError::Internal("a STRUCT is no struct".into()));
    };
    Ok(Arc::new(StructArray::try_new_with_length(
        fields,
        columns,
        array.nulls().cloned(),
        array.len(),
    )?))
}

/// Integers wrap, DOUBLEs saturate and NaN is 0, DECIMALs are cut and then wrap: Java's own casts.
fn number(array: &ArrayRef, from: &SqlType, to: &SqlType) -> Result<ArrayRef> {
    use SqlType::{BigInt, Decimal, Double, Integer};
    Ok(match (from, to) {
        (Integer, BigInt) => Arc::new(
            downcast::<Int32Array>(array)?
                .iter()
                .map(|n| n.map(i64::from))
                .collect::<Int64Array>(),
        ),
        (Integer, Double) => Arc::new(
            downcast::<Int32Array>(array)?
                .iter()
                .map(|n| n.map(f64::from))
                .collect::<Float64Array>(),
        ),
        (BigInt, Integer) => Arc::new(
            downcast::<Int64Array>(array)?
                .iter()
                .map(|n| n.map(|n| n as i32))
                .collect::<Int32Array>(),
        ),
        (BigInt, Double) => Arc::new(
            downcast::<Int64Array>(array)?
                .iter()
                .map(|n| n.map(|n| n as f64))
                .collect::<Float64Array>(),
        ),
        (Double, Integer) => Arc::new(
            downcast::<Float64Array>(array)?
                .iter()
                .map(|n| n.map(|n| n as i32))
                .collect::<Int32Array>(),
        ),
        (Double, BigInt) => Arc::new(
            downcast::<Float64Array>(array)?
                .iter()
                .map(|n| n.map(|n| n as i64))
                .collect::<Int64Array>(),
        ),
        (Decimal { scale, .. }, to) => {
            let values = decimal::values(array)?;
            match to {
                Double => {
                    let parse = |value: i256| {
                        let text = weir_catalog::text::Decimal {
                            unscaled: value,
                            scale: *scale,
                        }
                        .to_string();
                        text.parse().ok()
                    };
                    Arc::new(
                        values
                            .into_iter()
                            .map(|value| value.and_then(parse))
                            .collect::<Float64Array>(),
                    )
                }
                _ => {
                    let divisor = decimal::power_of_ten(u32::from(*scale)).unwrap_or(i256::ONE);
                    let whole = values
                        .into_iter()
                        .map(|value| value.and_then(|value| value.checked_div(divisor)));
                    // The low bits of two's complement: what wrapping means.
                    let low = whole.map(|value| value.map(|value| value.to_parts().0 as i64));
                    if *to == Integer {
                        Arc::new(
                            low.map(|value| value.map(|value| value as i32))
                                .collect::<Int32Array>(),
                        )
                    } else {
                        Arc::new(low.collect::<Int64Array>())
                    }
                }
            }
        }
        _ => return Err(not_bound(array, to)),
    })
}

fn to_decimal(array: &ArrayRef, precision: u8, scale: u8) -> Result<ArrayRef> {
    let from_text = |text: String| decimal::parse(&text, scale);
    let values: Vec<Option<i256>> = match array.data_type() {
        DataType::Int32 => {
            let numbers = downcast::<Int32Array>(array)?;
            numbers
                .iter()
                .map(|n| decimal::rescale(i256::from_i128(i128::from(n?)), 0, scale))
                .collect()
        }
        DataType::Int64 => {
            let numbers = downcast::<Int64Array>(array)?;
            numbers
                .iter()
                .map(|n| decimal::rescale(i256::from_i128(i128::from(n?)), 0, scale))
                .collect()
        }
        DataType::Float64 => {
            let numbers = downcast::<Float64Array>(array)?;
            numbers
                .iter()
                .map(|n| {
                    n.filter(|n| n.is_finite())
                        .and_then(|n| from_text(format!("{n:e}")))
                })
                .collect()
        }
        DataType::Decimal128(_, own) | DataType::Decimal256(_, own) => {
            let own = u8::try_from(*own).unwrap_or(0);
            let values = decimal::values(array)?;
            values
                .into_iter()
                .map(|value| decimal::rescale(value?, own, scale))
                .collect()
        }
        _ => return Err(not_bound(array, &SqlType::Decimal { precision, scale })),
    };
    decimal::array(values.into_iter(), precision, scale)
}

fn from_text(texts: &StringArray, to: &SqlType) -> Result<ArrayRef> {
    let trimmed = || texts.iter().map(|text| text.map(str::trim));
    Ok(match to {
        SqlType::Boolean => Arc::new(
            trimmed()
                .map(|text| text.map(is_true))
                .collect::<BooleanArray>(),
        ),
        SqlType::Integer => Arc::new(
            trimmed()
                .map(|text| text?.parse().ok())
                .collect::<Int32Array>(),
        ),
        SqlType::BigInt => Arc::new(
            trimmed()
                .map(|text| text?.parse().ok())
                .collect::<Int64Array>(),
        ),
        SqlType::Double => Arc::new(
            trimmed()
                .map(|text| parse_double(text?))
                .collect::<Float64Array>(),
        ),
        SqlType::Decimal { precision, scale } => decimal::array(
            trimmed().map(|text| decimal::parse(text?, *scale)),
            *precision,
            *scale,
        )?,
        SqlType::Timestamp => {
            let times = trimmed().map(|text| time_text::parse_timestamp(text?));
            Arc::new(times.collect::<TimestampMillisecondArray>())
        }
        SqlType::Date => Arc::new(
            trimmed()
                .map(|text| time_text::parse_date(text?))
                .collect::<Date32Array>(),
        ),
        SqlType::Time => Arc::new(
            trimmed()
                .map(|text| time_text::parse_time(text?))
                .collect::<Time32MillisecondArray>(),
        ),
        SqlType::Bytes => {
            let decoded =
                trimmed().map(|text| base64::engine::general_purpose::STANDARD.decode(text?).ok());
            Arc::new(decoded.collect::<arrow::array::BinaryArray>())
        }
        other => {
            return Err(DataFusionError::Internal(format!(
                "there is no cast of STRING to {other}"
            )));
        }
    })
}

/// `true`, `yes` and their beginnings, in any case; everything else is FALSE.
pub fn is_true(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    !text.is_empty() && ("true".starts_with(&text) || "yes".starts_with(&text))
}

/// A finite number as Java reads it; `NaN` and `Infinity` are none.
fn parse_double(text: &str) -> Option<f64> {
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    is_number
        .then(|| text.parse().ok())
        .flatten()
        .filter(|number: &f64| number.is_finite())
}
