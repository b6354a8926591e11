//! Between numbers.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, Float64Array, Int32Array, Int64Array},
    compute::cast as arrow_cast,
    datatypes::{Float64Type, Int32Type, Int64Type, i256},
};
use datafusion_common::{Result, plan_err};
use weir_catalog::{SqlType, text};

use crate::{
    kernel::Argument,
    operators::decimal::{self, Unscaled},
};

pub(super) fn convert(array: &ArrayRef, from: &SqlType, to: &SqlType) -> Result<ArrayRef> {
    use SqlType::{BigInt, Decimal, Double, Integer};
    Ok(match (from, to) {
        (Integer, BigInt | Double) | (BigInt, Double) => arrow_cast(array, &to.to_arrow())?,
        (BigInt, Integer) => {
            let values = array.as_primitive::<Int64Type>();
            Arc::new(values.unary::<_, Int32Type>(|value| value as i32))
        }
        (Double, Integer) => {
            let values = array.as_primitive::<Float64Type>();
            Arc::new(values.unary::<_, Int32Type>(|value| value as i32))
        }
        (Double, BigInt) => {
            let values = array.as_primitive::<Float64Type>();
            Arc::new(values.unary::<_, Int64Type>(|value| value as i64))
        }
        (Integer, Decimal { scale, .. }) => {
            let values = array.as_primitive::<Int32Type>().iter();
            let values = values.map(|value| integer_at(i128::from(value?), *scale));
            decimal::collect(&to.to_arrow(), values)?
        }
        (BigInt, Decimal { scale, .. }) => {
            let values = array.as_primitive::<Int64Type>().iter();
            let values = values.map(|value| integer_at(i128::from(value?), *scale));
            decimal::collect(&to.to_arrow(), values)?
        }
        (Double, Decimal { precision, scale }) => {
            let values = array.as_primitive::<Float64Type>().iter();
            let values = values.map(|value| double_as_decimal(value?, *precision, *scale as i8));
            decimal::collect_beyond(&to.to_arrow(), values)?
        }
        (Decimal { .. }, Double) => decimal_to_double(array)?,
        (Decimal { .. }, _) => from_decimal(array, to)?,
        _ => return plan_err!("Cast of {from} to {to} is not supported"),
    })
}

/// As Java's `new BigDecimal(value, new MathContext(precision))` at `scale`: the value in full is rounded to `precision` digits,
/// and then to `scale` places. NaN and Infinity have no digits.
fn double_as_decimal(value: f64, precision: u8, scale: i8) -> Option<i256> {
    if !value.is_finite() {
        return None;
    }
    let places = usize::from(precision.max(1)) - 1;
    let text = half_away_from_zero(value, places).unwrap_or_else(|| format!("{value:.places$e}"));
    decimal::parse(&text, precision, scale)
}

/// `value` with so many digits behind the first, if it lies in the middle between two such numbers: Rust takes the even one of
/// them there, Java the one away from zero.
fn half_away_from_zero(value: f64, places: usize) -> Option<String> {
    let in_full = |places: usize| format!("{value:.places$e}");
    let one_more = in_full(places + 1);
    let (digits, exponent) = one_more.split_once('e')?;
    let below = digits.strip_suffix('5')?;
    // Two numbers that are so short do not differ behind sixty digits more.
    let far = in_full(places + 61);
    let is_half = far.split_once('e')?.0.trim_end_matches('0') == digits;
    // `2.` is what is left of `2.5`, and its last digit goes up.
    let last = exponent.parse::<i64>().ok()? - i64::try_from(places).ok()?;
    let digits: String = below
        .chars()
        .filter(|character| *character != '.')
        .collect();
    let digits = i256::from_string(&digits)?;
    let step = if value < 0.0 {
        i256::MINUS_ONE
    } else {
        i256::ONE
    };
    is_half.then(|| format!("{}e{last}", digits.wrapping_add(step)))
}

fn integer_at(value: i128, scale: u8) -> Option<i256> {
    decimal::rescale_up(i256::from_i128(value), scale as i8)
}

fn from_decimal(array: &ArrayRef, to: &SqlType) -> Result<ArrayRef> {
    let argument = Argument::column(Arc::clone(array));
    let values = Unscaled::try_new(&argument)?;
    let each = |row| (!values.is_null(row)).then(|| values.value(row));
    let rows = 0..array.len();
    if let SqlType::Decimal { precision, scale } = to {
        let cast = |value| decimal::cast_half_up(value, values.scale, *scale as i8, *precision);
        return decimal::collect_beyond(&to.to_arrow(), rows.map(|row| cast(each(row)?)));
    }
    // Without its places; then the low bits, as Java's `intValue` and `longValue`.
    let unit = decimal::power_of_ten(values.scale);
    let whole = |row| {
        let quotient = unit.and_then(|unit| each(row)?.checked_div(unit));
        quotient.map(|whole| whole.to_parts().0 as i64)
    };
    Ok(match to {
        SqlType::Integer => Arc::new(
            rows.map(|row| Some(whole(row)? as i32))
                .collect::<Int32Array>(),
        ),
        _ => Arc::new(rows.map(whole).collect::<Int64Array>()),
    })
}

/// The nearest DOUBLE to each DECIMAL.
pub(crate) fn decimal_to_double(array: &ArrayRef) -> Result<ArrayRef> {
    // Both parts are exact doubles up to here, so that one division rounds once.
    const EXACT: i128 = 1 << 53;
    const EXACT_POWERS: i8 = 22;

    let argument = Argument::column(Arc::clone(array));
    let values = Unscaled::try_new(&argument)?;
    let scale = u8::try_from(values.scale).unwrap_or(0);
    let doubles = (0..array.len()).map(|row| {
        if values.is_null(row) {
            return None;
        }
        let unscaled = values.value(row);
        match unscaled.to_i128() {
            Some(value) if value.abs() <= EXACT && values.scale <= EXACT_POWERS => {
                Some(value as f64 / 10_f64.powi(i32::from(scale)))
            }
            _ => text::Decimal { unscaled, scale }.to_string().parse().ok(),
        }
    });
    Ok(Arc::new(doubles.collect::<Float64Array>()))
}
