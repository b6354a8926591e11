//! DECIMAL columns as 256-bit integers, whatever their width.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, Decimal128Array, Decimal256Array},
    datatypes::{DataType, i256},
};
use datafusion_common::{DataFusionError, Result};
use weir_catalog::SqlType;

/// 10^76 is the largest power of ten that fits.
const MAX_POWER: u32 = 76;

pub fn power_of_ten(exponent: u32) -> Option<i256> {
    (exponent <= MAX_POWER).then(|| {
        (0..exponent).fold(i256::ONE, |power, _| {
            power.wrapping_mul(i256::from_i128(10))
        })
    })
}

/// Whether the unscaled value has at most `precision` digits.
pub fn fits(unscaled: i256, precision: u8) -> bool {
    power_of_ten(u32::from(precision)).is_none_or(|bound| unscaled < bound && unscaled > -bound)
}

/// The unscaled values, NULL where the row is.
pub fn values(array: &ArrayRef) -> Result<Vec<Option<i256>>> {
    let all = |get: &dyn Fn(usize) -> i256| {
        (0..array.len())
            .map(|row| array.is_valid(row).then(|| get(row)))
            .collect()
    };
    if let Some(narrow) = array.as_any().downcast_ref::<Decimal128Array>() {
        return Ok(all(&|row| i256::from_i128(narrow.value(row))));
    }
    if let Some(wide) = array.as_any().downcast_ref::<Decimal256Array>() {
        return Ok(all(&|row| wide.value(row)));
    }
    Err(DataFusionError::Internal(format!(
        "{} is no DECIMAL",
        array.data_type()
    )))
}

/// A column of `DECIMAL(precision, scale)`; values that have too many digits are NULL.
pub fn array(
    values: impl Iterator<Item = Option<i256>>,
    precision: u8,
    scale: u8,
) -> Result<ArrayRef> {
    let fitting = values.map(|value| value.filter(|value| fits(*value, precision)));
    let data_type = SqlType::Decimal { precision, scale }.to_arrow();
    if matches!(data_type, DataType::Decimal128(..)) {
        let narrow: Decimal128Array = fitting
            .map(|value| value.and_then(|value| value.to_i128()))
            .collect();
        return Ok(Arc::new(
            narrow.with_precision_and_scale(precision, scale as i8)?,
        ));
    }
    let wide: Decimal256Array = fitting.collect();
    Ok(Arc::new(
        wide.with_precision_and_scale(precision, scale as i8)?,
    ))
}

/// The value with another number of digits behind the point, halves away from zero (HALF_UP); `None` if it overflows.
pub fn rescale(unscaled: i256, from: u8, to: u8) -> Option<i256> {
    if to >= from {
        return unscaled.checked_mul(power_of_ten(u32::from(to - from))?);
    }
    let divisor = power_of_ten(u32::from(from - to))?;
    let quotient = unscaled.checked_div(divisor)?;
    let remainder = unscaled.checked_rem(divisor)?;
    let twice = remainder.checked_mul(i256::from_i128(2))?;
    let is_half = twice >= divisor || twice <= -divisor;
    let step = if unscaled < i256::ZERO {
        -i256::ONE
    } else {
        i256::ONE
    };
    if is_half {
        quotient.checked_add(step)
    } else {
        Some(quotient)
    }
}

/// Text to an unscaled value of this scale: optional sign, digits, point, exponent; digits that do not fit are rounded
/// HALF_UP. `None` if it is no number or too large.
pub fn parse(text: &str, scale: u8) -> Option<i256> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (is_negative, digits) = match mantissa.as_bytes().first()? {
        b'-' => (true, &mantissa[1..]),
        b'+' => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let all = format!("{whole}{fraction}");
    let all = all.trim_start_matches('0');
    if all.len() > MAX_POWER as usize {
        return None;
    }
    let unscaled = if all.is_empty() {
        i256::ZERO
    } else {
        i256::from_string(all)?
    };
    let unscaled = if is_negative { -unscaled } else { unscaled };
    let own_scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    if unscaled == i256::ZERO {
        return Some(unscaled);
    }
    match own_scale {
        ..0 => unscaled.checked_mul(power_of_ten(own_scale.unsigned_abs() + u32::from(scale))?),
        _ => match u8::try_from(own_scale) {
            Ok(own_scale) if u32::from(own_scale.saturating_sub(scale)) <= MAX_POWER => {
                rescale(unscaled, own_scale, scale)
            }
            // So many places behind the point that nothing is left.
            _ => Some(i256::ZERO),
        },
    }
}
