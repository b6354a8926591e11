//! DECIMALs as the integers that they are: exact, or NULL.
//!
//! Computed in 128 bits where that holds, else in 256. What needs rounding where ksqlDB does not round, or more digits than
//! the result type has, is `None`.

use std::{cmp::Ordering, sync::Arc};

use arrow::{
    array::{ArrayRef, AsArray, Decimal128Array, Decimal256Array},
    datatypes::{DataType, Decimal128Type, Decimal256Type, i256},
};
use datafusion_common::{Result, plan_err};

use crate::kernel::Argument;

pub(crate) fn is_decimal(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Decimal128(..) | DataType::Decimal256(..)
    )
}

/// A DECIMAL argument, whatever its width.
pub(crate) struct Unscaled<'a> {
    argument: &'a Argument,
    values: Values<'a>,
    pub scale: i8,
}

enum Values<'a> {
    Narrow(&'a [i128]),
    Wide(&'a [i256]),
}

impl<'a> Unscaled<'a> {
    pub fn try_new(argument: &'a Argument) -> Result<Self> {
        let (values, scale) = match argument.data_type() {
            DataType::Decimal128(_, scale) => {
                let array = argument.array().as_primitive::<Decimal128Type>();
                (Values::Narrow(array.values()), *scale)
            }
            DataType::Decimal256(_, scale) => {
                let array = argument.array().as_primitive::<Decimal256Type>();
                (Values::Wide(array.values()), *scale)
            }
            other => return plan_err!("expected a DECIMAL, got {other}"),
        };
        Ok(Self {
            argument,
            values,
            scale,
        })
    }

    pub fn is_null(&self, row: usize) -> bool {
        self.argument.is_null(row)
    }

    #[inline]
    pub fn value(&self, row: usize) -> i256 {
        let index = self.argument.index(row);
        match self.values {
            Values::Narrow(values) => i256::from_i128(values[index]),
            Values::Wide(values) => values[index],
        }
    }

    #[inline]
    fn narrow(&self, row: usize) -> Option<i128> {
        match self.values {
            Values::Narrow(values) => Some(values[self.argument.index(row)]),
            Values::Wide(_) => None,
        }
    }
}

/// The order of two DECIMALs, of any scales.
#[inline]
pub(crate) fn compare(left: &Unscaled, right: &Unscaled, row: usize) -> Ordering {
    if left.scale == right.scale
        && let (Some(left), Some(right)) = (left.narrow(row), right.narrow(row))
    {
        return left.cmp(&right);
    }
    compare_values(left.value(row), left.scale, right.value(row), right.scale)
}

pub(crate) fn compare_values(left: i256, left_scale: i8, right: i256, right_scale: i8) -> Ordering {
    if left_scale > right_scale {
        return compare_values(right, right_scale, left, left_scale).reverse();
    }
    match rescale_up(left, right_scale - left_scale) {
        Some(left) => left.cmp(&right),
        // Too large for any number of the other scale.
        None => left.cmp(&i256::ZERO),
    }
}

pub(crate) fn power_of_ten(exponent: i8) -> Option<i256> {
    let ten = i256::from_i128(10);
    (0..exponent).try_fold(i256::ONE, |power, _| power.checked_mul(ten))
}

/// `value × 10^places`, `places` not negative.
pub(crate) fn rescale_up(value: i256, places: i8) -> Option<i256> {
    if places == 0 || value == i256::ZERO {
        return Some(value);
    }
    // A power of 38 or less fits 128 bits, and most do.
    let power = match u32::try_from(places)
        .ok()
        .and_then(|n| 10_i128.checked_pow(n))
    {
        Some(power) => i256::from_i128(power),
        None => power_of_ten(places)?,
    };
    value.checked_mul(power)
}

/// From one scale to another, half away from zero.
pub(crate) fn round_half_up(value: i256, from: i8, to: i8) -> Option<i256> {
    let (quotient, is_up) = divided(value, from, to)?;
    rounded(quotient, is_up, value.is_negative())
}

/// The same for a value that must fit a DECIMAL of `precision` digits before it is rounded, as CAST asks; rounded it may have
/// one digit more: 9.96 as a DECIMAL(2, 1) is 10.0.
pub(crate) fn cast_half_up(value: i256, from: i8, to: i8, precision: u8) -> Option<i256> {
    let (quotient, is_up) = divided(value, from, to)?;
    let quotient = Some(quotient).filter(|quotient| fits(*quotient, precision))?;
    rounded(quotient, is_up, value.is_negative())
}

/// Without the places past `to`, and whether they are half or more.
fn divided(value: i256, from: i8, to: i8) -> Option<(i256, bool)> {
    if to >= from {
        return Some((rescale_up(value, to - from)?, false));
    }
    let Some(divisor) = power_of_ten(from - to) else {
        return Some((i256::ZERO, false));
    };
    let (quotient, rest) = (value.checked_div(divisor)?, value.checked_rem(divisor)?);
    // `rest ≥ divisor - rest` is `2 × rest ≥ divisor`, without overflow.
    let rest = if rest.is_negative() {
        rest.wrapping_neg()
    } else {
        rest
    };
    Some((quotient, rest >= divisor.wrapping_sub(rest)))
}

/// One further from zero if `is_up`.
fn rounded(value: i256, is_up: bool, is_negative: bool) -> Option<i256> {
    match (is_up, is_negative) {
        (false, _) => Some(value),
        (true, false) => value.checked_add(i256::ONE),
        (true, true) => value.checked_sub(i256::ONE),
    }
}

/// Whether `value` has at most `precision` digits.
pub(crate) fn fits(value: i256, precision: u8) -> bool {
    match i8::try_from(precision).ok().and_then(power_of_ten) {
        Some(bound) => value < bound && value > bound.wrapping_neg(),
        None => true,
    }
}

/// A column of type `returns`, a DECIMAL; values that do not fit it are NULL.
pub(crate) fn collect(
    returns: &DataType,
    values: impl Iterator<Item = Option<i256>>,
) -> Result<ArrayRef> {
    match returns {
        DataType::Decimal128(precision, scale) => {
            let bound = 10_i128
                .checked_pow(u32::from(*precision))
                .unwrap_or(i128::MAX);
            let values = values.map(|value| {
                let value = value?.to_i128()?;
                (-bound < value && value < bound).then_some(value)
            });
            let array: Decimal128Array = values.collect();
            Ok(Arc::new(
                array.with_precision_and_scale(*precision, *scale)?,
            ))
        }
        DataType::Decimal256(precision, scale) => {
            let values = values.map(|value| value.filter(|value| fits(*value, *precision)));
            let array: Decimal256Array = values.collect();
            Ok(Arc::new(
                array.with_precision_and_scale(*precision, *scale)?,
            ))
        }
        other => plan_err!("expected a DECIMAL, got {other}"),
    }
}

/// The same, but values may have more digits than the type says, as long as its width holds them.
///
/// ksqlDB does not look at what its functions return: rounding a DECIMAL(2, 1) of 9.8 gives 10.0, and it is written so.
pub(crate) fn collect_beyond(
    returns: &DataType,
    values: impl Iterator<Item = Option<i256>>,
) -> Result<ArrayRef> {
    match returns {
        DataType::Decimal128(precision, scale) => {
            let array: Decimal128Array = values.map(|value| value?.to_i128()).collect();
            Ok(Arc::new(
                array.with_precision_and_scale(*precision, *scale)?,
            ))
        }
        DataType::Decimal256(precision, scale) => {
            let array: Decimal256Array = values.collect();
            Ok(Arc::new(
                array.with_precision_and_scale(*precision, *scale)?,
            ))
        }
        other => plan_err!("expected a DECIMAL, got {other}"),
    }
}

/// A column of type `returns` out of a DECIMAL one, value by value, as [`collect_beyond`] has it.
pub(crate) fn map_beyond(
    array: &ArrayRef,
    returns: &DataType,
    compute: impl Fn(i256) -> Option<i256>,
) -> Result<ArrayRef> {
    let argument = Argument::column(Arc::clone(array));
    let values = Unscaled::try_new(&argument)?;
    let each = (0..array.len()).map(|row| {
        if values.is_null(row) {
            return None;
        }
        compute(values.value(row))
    });
    collect_beyond(returns, each)
}

/// Exact text of a decimal number, with or without an exponent, at `scale`, half away from zero. Before it is rounded it must
/// fit a DECIMAL of `precision` digits, as in [`cast_half_up`].
pub(crate) fn parse(text: &str, precision: u8, scale: i8) -> Option<i256> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let (is_negative, digits) = match mantissa.as_bytes().first()? {
        b'-' => (true, &mantissa[1..]),
        b'+' => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let digits = whole.bytes().chain(fraction.bytes());
    let places = i64::try_from(fraction.len()).ok()? - exponent;
    let (value, is_up) = from_digits(digits, whole.len() + fraction.len(), places, scale)?;
    let value = Some(value).filter(|value| fits(*value, precision))?;
    let value = if is_negative {
        value.wrapping_neg()
    } else {
        value
    };
    rounded(value, is_up, is_negative)
}

fn parse_exponent(text: &str) -> Option<i64> {
    text.parse::<i32>().ok().map(i64::from)
}

/// The `count` digits stand for a number with `places` decimal places: what is left of it at `scale`, and whether what is cut
/// off is half or more.
fn from_digits(
    digits: impl Iterator<Item = u8>,
    count: usize,
    places: i64,
    scale: i8,
) -> Option<(i256, bool)> {
    let cut = places - i64::from(scale);
    // What is cut off has no influence beyond its first digit: half is rounded up whatever follows.
    let kept = i64::try_from(count).ok()? - cut.max(0);
    let (mut value, mut is_up) = (i256::ZERO, false);
    let ten = i256::from_i128(10);
    for (at, digit) in (0_i64..).zip(digits) {
        if at >= kept {
            is_up = at == kept && digit >= b'5';
            break;
        }
        let digit = i256::from_i128(i128::from(digit - b'0'));
        value = value.checked_mul(ten)?.checked_add(digit)?;
    }
    let value = match i8::try_from(-cut) {
        _ if value == i256::ZERO || cut >= 0 => value,
        Ok(places) => rescale_up(value, places)?,
        Err(_) => return None,
    };
    Some((value, is_up))
}
