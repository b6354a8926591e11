//! ROUND: to a whole number or to so many places, halves toward positive infinity: 1.5 → 2, -1.5 → -1.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, AsArray, Float64Array},
    compute::cast,
    datatypes::{DataType, Float64Type, Int64Type, i256},
};
use datafusion_common::{Result, plan_err};
use weir_catalog::SqlType;

use super::numbers::PLAIN;
use crate::{
    kernel::{Argument, Call},
    operators::decimal::{self, Unscaled},
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let to_whole = |parameter| {
        let description = "The nearest whole number, halves up.";
        Variant::new([("value", parameter)], description, |_| SqlType::BigInt, whole)
    };
    let places = ("places", Parameter::INTEGER);
    let mut variants: Vec<Variant> = PLAIN.map(to_whole).into();
    variants.push(Variant::new(
        [("value", Parameter::Is(SqlType::Double)), places.clone()],
        "With so many decimal places; negative ones stand before the point.",
        |_| SqlType::Double,
        doubles,
    ));
    variants.push(
        Variant::new(
            [("value", Parameter::AnyDecimal)],
            "The nearest whole number, a DECIMAL without places.",
            |types| without_places(&types[0]),
            decimals,
        )
        .returns_as("DECIMAL"),
    );
    variants.push(
        Variant::new(
            [("value", Parameter::AnyDecimal), places],
            "With so many decimal places, of the same type; negative ones stand before the point.",
            |types| types[0].clone(),
            decimals,
        )
        .returns_as("DECIMAL"),
    );
    Builtin::new("ROUND", "MATHEMATICAL", "Rounds a number.", variants)
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

fn whole(call: &Call) -> Result<ArrayRef> {
    let values = call.argument(0)?.to_column(call.rows)?;
    if *values.data_type() != DataType::Float64 {
        return Ok(cast(&values, &DataType::Int64)?);
    }
    let values = values.as_primitive::<Float64Type>();
    Ok(Arc::new(values.unary::<_, Int64Type>(|value| {
        // Not `(value + 0.5).floor()`: that sum may itself be rounded.
        let below = value.floor();
        let rounded = if value - below >= 0.5 { below + 1.0 } else { below };
        rounded as i64
    })))
}

fn doubles(call: &Call) -> Result<ArrayRef> {
    let (values, places) = (call.argument(0)?, call.argument(1)?);
    let doubles = values.array().as_primitive::<Float64Type>();
    let rounded = (0..call.rows).map(|row| {
        if values.is_null(row) {
            return None;
        }
        round_double(doubles.value(values.index(row)), places.integer(row)?)
    });
    Ok(Arc::new(rounded.collect::<Float64Array>()))
}

/// By the digits that Java prints, as `BigDecimal.valueOf` takes them.
fn round_double(value: f64, places: i64) -> Option<f64> {
    if !value.is_finite() {
        return None;
    }
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e')?;
    let digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    let exponent: i64 = exponent.parse().ok()?;
    let kept = exponent + 1 + places;
    let Ok(kept) = usize::try_from(kept) else {
        return Some(0.0);
    };
    if kept >= digits.len() {
        return Some(value);
    }
    let number = |digits: &[u8]| digits.iter().fold(0_u64, |number, digit| number * 10 + u64::from(*digit));
    let rest = &digits[kept..];
    let is_over_half = rest[0] > 5 || rest[0] == 5 && rest[1..].iter().any(|digit| *digit > 0);
    let is_half = rest[0] == 5 && !is_over_half;
    let up = u64::from(is_over_half || is_half && value > 0.0);
    let sign = if value < 0.0 { "-" } else { "" };
    let unscaled = number(&digits[..kept]) + up;
    if unscaled == 0 {
        return Some(0.0);
    }
    format!("{sign}{unscaled}e{}", -places).parse().ok()
}

fn decimals(call: &Call) -> Result<ArrayRef> {
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
        let rounded = round_decimal(values.value(row), values.scale, places)?;
        // Nothing is lost: what was cut off is zeroes.
        decimal::round_half_up(rounded, values.scale, scale)
    });
    decimal::collect(&call.returns, rounded)
}

/// At the same scale, with zeroes behind `places`.
fn round_decimal(value: i256, scale: i8, places: i64) -> Option<i256> {
    let cut = i64::from(scale) - places;
    if cut <= 0 {
        return Some(value);
    }
    let Some(unit) = i8::try_from(cut).ok().and_then(decimal::power_of_ten) else {
        return Some(i256::ZERO);
    };
    let rest = value.checked_rem(unit)?;
    let rest = if rest.is_negative() { rest.checked_add(unit)? } else { rest };
    let below = value.checked_sub(rest)?;
    // `rest ≥ unit - rest` is `2 × rest ≥ unit`, without overflow.
    match rest >= unit.checked_sub(rest)? {
        true => below.checked_add(unit),
        false => Some(below),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_toward_positive_infinity() {
        for (value, places, expected) in [
            (1.25, 1, Some(1.3)),
            (-1.25, 1, Some(-1.2)),
            (1.234567, 2, Some(1.23)),
            (1.005, 2, Some(1.01)),
            (155.0, -1, Some(160.0)),
            (-155.0, -1, Some(-150.0)),
            (55.0, -2, Some(100.0)),
            (49.0, -2, Some(0.0)),
            (1.7, -1, Some(0.0)),
            (9.99, 1, Some(10.0)),
            (1e300, 5, Some(1e300)),
            (1e300, -400, Some(0.0)),
            (1e-300, 2, Some(0.0)),
            (0.0, 3, Some(0.0)),
            (12345678987654321.0, 0, Some(12345678987654320.0)),
            (f64::NAN, 0, None),
            (f64::INFINITY, 0, None),
        ] {
            assert_eq!(round_double(value, places), expected, "{value} {places}");
        }
        assert_eq!(round_double(1.5, i64::from(i32::MAX)), Some(1.5));
        assert_eq!(round_double(1.5, i64::from(i32::MIN)), Some(0.0));
    }
}
