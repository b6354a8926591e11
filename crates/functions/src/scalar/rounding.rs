//! What ROUND and TRUNC share: their overloads, and numbers with so many decimal places.
//!
//! DOUBLEs go by the digits that Java prints of them, as its `BigDecimal.valueOf` does: 1.005 with two places is 1.01.

use std::{fmt::Write, sync::Arc};

use arrow::{
    array::{ArrayRef, AsArray, Float64Array},
    compute::cast,
    datatypes::{DataType, Float64Type, Int64Type, i256},
};
use datafusion_common::{Result, plan_err};
use weir_catalog::SqlType;

use super::numbers::{self, PLAIN};
use crate::{
    kernel::{Argument, Call},
    operators::decimal::{self, Unscaled},
    overload::{Parameter, Variant},
};

/// What happens to the digits that are cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, halves toward positive infinity.
    HalfUp,
    TowardZero,
}

/// Descriptions of the overloads.
pub struct Descriptions {
    pub whole: &'static str,
    pub double: &'static str,
    pub whole_decimal: &'static str,
    pub decimal: &'static str,
}

pub fn variants(rounding: Rounding, descriptions: &Descriptions) -> Vec<Variant> {
    let places = ("places", Parameter::INTEGER);
    let to_whole = Arc::new(move |call: &Call| whole(rounding, call));
    let to_double = Arc::new(move |call: &Call| doubles(rounding, call));
    let to_decimal = Arc::new(move |call: &Call| decimals(rounding, call));
    let plain = PLAIN.map(|parameter| {
        let parameters = [("value", parameter)];
        let body = to_whole.clone();
        Variant::over(parameters, descriptions.whole, |_| SqlType::BigInt, body)
    });
    let double = Variant::over(
        [("value", Parameter::Is(SqlType::Double)), places.clone()],
        descriptions.double,
        |_| SqlType::Double,
        to_double,
    );
    let whole_decimal = Variant::over(
        [("value", Parameter::AnyDecimal)],
        descriptions.whole_decimal,
        |types| without_places(&types[0]),
        to_decimal.clone(),
    );
    let decimal = Variant::over(
        [("value", Parameter::AnyDecimal), places],
        descriptions.decimal,
        |types| types[0].clone(),
        to_decimal,
    );
    let decimals = [whole_decimal, decimal].map(|variant| variant.returns_as("DECIMAL"));
    plain.into_iter().chain([double]).chain(decimals).collect()
}

fn without_places(sql_type: &SqlType) -> SqlType {
    match sql_type {
        SqlType::Decimal { precision, scale } => SqlType::Decimal {
            precision: precision.saturating_sub(*scale).max(1),
            scale: 0,
        },
        other => other.clone(),
    }
}

fn whole(rounding: Rounding, call: &Call) -> Result<ArrayRef> {
    let values = call.argument(0)?.to_column(call.rows)?;
    if *values.data_type() != DataType::Float64 {
        return Ok(cast(&values, &DataType::Int64)?);
    }
    let values = values.as_primitive::<Float64Type>();
    Ok(Arc::new(match rounding {
        Rounding::TowardZero => values.unary::<_, Int64Type>(|value| value as i64),
        Rounding::HalfUp => values.unary::<_, Int64Type>(|value| {
            // Not `(value + 0.5).floor()`: that sum may itself be rounded.
            let below = value.floor();
            let is_up = value - below >= 0.5;
            (if is_up { below + 1.0 } else { below }) as i64
        }),
    }))
}

fn doubles(rounding: Rounding, call: &Call) -> Result<ArrayRef> {
    let (values, places) = (call.argument(0)?, call.argument(1)?);
    let doubles = numbers::doubles(values)?;
    let rounded = (0..call.rows).map(|row| {
        if values.is_null(row) {
            return None;
        }
        let value = doubles.value(values.index(row));
        with_places(rounding, value, places.integer(row)?)
    });
    Ok(Arc::new(rounded.collect::<Float64Array>()))
}

/// `None` for what has no digits: NaN and the infinities.
fn with_places(rounding: Rounding, value: f64, places: i64) -> Option<f64> {
    let (digits, exponent) = shortest_digits(value)?;
    let cut = -places - exponent;
    if cut <= 0 {
        // A negative zero is none to `BigDecimal`.
        return Some(value + 0.0);
    }
    // At most 17 digits are there: where more are cut, what is left is less than half.
    let unit = match u32::try_from(cut) {
        Ok(cut) if cut <= 18 => 10_u64.pow(cut),
        _ => return Some(0.0),
    };
    let (kept, rest) = (digits / unit, digits % unit);
    let is_up = match rounding {
        Rounding::TowardZero => false,
        Rounding::HalfUp if value > 0.0 => rest * 2 >= unit,
        Rounding::HalfUp => rest * 2 > unit,
    };
    let size = scaled(kept + u64::from(is_up), -places)?;
    Some(if size == 0.0 {
        0.0
    } else {
        size.copysign(value)
    })
}

/// The least decimal number that reads as `value`, its sign aside: digits, and the exponent of the last one.
fn shortest_digits(value: f64) -> Option<(u64, i64)> {
    if !value.is_finite() {
        return None;
    }
    let mut text = ShortText::new();
    write!(text, "{:e}", value.abs()).ok()?;
    let (mantissa, exponent) = text.as_str()?.split_once('e')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = whole.bytes().chain(fraction.bytes());
    let digits = digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
    let exponent: i64 = exponent.parse().ok()?;
    Some((digits, exponent - i64::try_from(fraction.len()).ok()?))
}

/// The DOUBLE that is nearest to `digits × 10^exponent`.
fn scaled(digits: u64, exponent: i64) -> Option<f64> {
    /// Up to these both are exact, so that one operation rounds once.
    const EXACT: u64 = 1 << 53;
    const EXACT_POWER: i64 = 22;
    if digits == 0 {
        return Some(0.0);
    }
    if digits <= EXACT && exponent.abs() <= EXACT_POWER {
        let power = 10_f64.powi(exponent.unsigned_abs() as i32);
        let digits = digits as f64;
        return Some(if exponent < 0 {
            digits / power
        } else {
            digits * power
        });
    }
    let mut text = ShortText::new();
    write!(text, "{digits}e{exponent}").ok()?;
    text.as_str()?.parse().ok()
}

/// Room for a number's text without an allocation.
struct ShortText {
    bytes: [u8; 48],
    length: usize,
}

impl ShortText {
    fn new() -> Self {
        let bytes = [0; 48];
        Self { bytes, length: 0 }
    }

    fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes.get(..self.length)?).ok()
    }
}

impl Write for ShortText {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        let room = self
            .bytes
            .get_mut(self.length..end)
            .ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

fn decimals(rounding: Rounding, call: &Call) -> Result<ArrayRef> {
    let value = call.argument(0)?;
    let (DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale)) = call.returns else {
        return plan_err!("expected a DECIMAL, got {}", call.returns);
    };
    let values = Unscaled::try_new(value)?;
    let places = call.arguments.get(1);
    let rounded = (0..call.rows).map(|row| {
        if values.is_null(row) {
            return None;
        }
        let places = places.map_or(Some(0), |places: &Argument| places.integer(row))?;
        let rounded = decimal_with_places(rounding, values.value(row), values.scale, places)?;
        // Nothing is lost: what was cut off is zeroes.
        decimal::round_half_up(rounded, values.scale, scale)
    });
    decimal::collect_beyond(&call.returns, rounded)
}

/// At the same scale, with zeroes behind `places`.
fn decimal_with_places(rounding: Rounding, value: i256, scale: i8, places: i64) -> Option<i256> {
    let cut = i64::from(scale) - places;
    if cut <= 0 {
        return Some(value);
    }
    let Some(unit) = i8::try_from(cut).ok().and_then(decimal::power_of_ten) else {
        return Some(i256::ZERO);
    };
    let rest = value.checked_rem(unit)?;
    if rounding == Rounding::TowardZero {
        return value.checked_sub(rest);
    }
    let rest = if rest.is_negative() {
        rest.checked_add(unit)?
    } else {
        rest
    };
    let below = value.checked_sub(rest)?;
    // `rest ≥ unit - rest` is `2 × rest ≥ unit`, without overflow.
    match rest >= unit.checked_sub(rest)? {
        true => below.checked_add(unit),
        false => Some(below),
    }
}

#[cfg(test)]
mod tests {
    use super::{Rounding::*, *};

    #[test]
    fn doubles_with_places() {
        for (value, places, nearest, cut) in [
            (1.25, 1, 1.3, 1.2),
            (-1.25, 1, -1.2, -1.2),
            (-1.26, 1, -1.3, -1.2),
            (1.234567, 2, 1.23, 1.23),
            (1.005, 2, 1.01, 1.0),
            (155.0, -1, 160.0, 150.0),
            (-155.0, -1, -150.0, -150.0),
            (55.0, -2, 100.0, 0.0),
            (49.0, -2, 0.0, 0.0),
            (1.7, -1, 0.0, 0.0),
            (9.99, 1, 10.0, 9.9),
            (1e300, 5, 1e300, 1e300),
            (1e300, -400, 0.0, 0.0),
            (1e-300, 2, 0.0, 0.0),
            (0.0, 3, 0.0, 0.0),
            (-0.4, 0, 0.0, 0.0),
            (1.7976931348623157e308, -308, f64::INFINITY, 1e308),
            (
                1.2345678901234567e-10,
                25,
                1.234567890123457e-10,
                1.234567890123456e-10,
            ),
            (
                12345678987654321.0,
                0,
                12345678987654320.0,
                12345678987654320.0,
            ),
        ] {
            assert_eq!(
                with_places(HalfUp, value, places),
                Some(nearest),
                "{value} {places}"
            );
            assert_eq!(
                with_places(TowardZero, value, places),
                Some(cut),
                "{value} {places}"
            );
        }
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(with_places(HalfUp, value, 0), None);
        }
        let zero = with_places(TowardZero, -0.0, 3).unwrap();
        assert!(zero.is_sign_positive());
        assert_eq!(with_places(HalfUp, 1.5, i64::from(i32::MAX)), Some(1.5));
        assert_eq!(with_places(HalfUp, 1.5, i64::from(i32::MIN)), Some(0.0));
    }
}
