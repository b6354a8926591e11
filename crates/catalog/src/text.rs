//! Values as the text that ksqlDB gives them, which is Java's.
//!
//! Formats and CAST must agree on these to the byte: they end up in keys, and keys decide partitions.

use std::fmt::{self, Display, Write};

/// What Java's `Double.toString` prints: `1.0`, `1.0E10`, `-0.0`, `NaN`, `Infinity`.
///
/// ```
/// use weir_catalog::text::Double;
/// assert_eq!(Double(10.3).to_string(), "10.3");
/// assert_eq!(Double(1e10).to_string(), "1.0E10");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Double(pub f64);

impl Display for Double {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0;
        if value.is_nan() {
            return f.write_str("NaN");
        }
        if value.is_sign_negative() {
            f.write_char('-')?;
        }
        let value = value.abs();
        if value.is_infinite() {
            f.write_str("Infinity")
        } else if value == 0.0 {
            f.write_str("0.0")
        } else if (1e-3..1e7).contains(&value) {
            // `{:?}` has the fewest digits that come back as the same number, and always a point.
            write!(f, "{value:?}")
        } else {
            write_scientific(f, value)
        }
    }
}

/// One digit before the point, at least one after it.
fn write_scientific(f: &mut fmt::Formatter<'_>, value: f64) -> fmt::Result {
    let shortest = format!("{value:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    if mantissa.contains('.') {
        return write!(f, "{mantissa}E{exponent}");
    }
    // Java always has two digits, and with two it takes the nearest: 4.9E-324, where one digit would say 5E-324.
    let two_digits = format!("{value:.1e}");
    match two_digits.split_once('e') {
        Some((mantissa, exponent)) => write!(f, "{mantissa}E{exponent}"),
        None => write!(f, "{mantissa}.0E{exponent}"),
    }
}

/// A DECIMAL in plain notation with all its places: `0.10`, never `1E-1`.
///
/// `unscaled` is the integer that the column holds, of any width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal<T> {
    pub unscaled: T,
    pub scale: u8,
}

impl<T: Display> Display for Decimal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.unscaled.to_string();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text.as_str()),
        };
        let scale = usize::from(self.scale);
        f.write_str(sign)?;
        if scale == 0 {
            return f.write_str(digits);
        }
        match digits.len().checked_sub(scale) {
            None | Some(0) => write!(f, "0.{digits:0>scale$}"),
            Some(point) => write!(f, "{}.{}", &digits[..point], &digits[point..]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: impl Display, expected: &str) {
        assert_eq!(value.to_string(), expected);
    }

    #[test]
    fn doubles_read_as_in_java() {
        check(Double(0.0), "0.0");
        check(Double(-0.0), "-0.0");
        check(Double(1.0), "1.0");
        check(Double(-10.3), "-10.3");
        check(Double(0.001), "0.001");
        check(Double(0.0009), "9.0E-4");
        check(Double(9_999_999.0), "9999999.0");
        check(Double(1e7), "1.0E7");
        check(Double(1.234e10), "1.234E10");
        check(Double(f64::MAX), "1.7976931348623157E308");
        check(Double(f64::from_bits(1)), "4.9E-324");
        check(Double(2e-323), "2.0E-323");
        check(Double(f64::NAN), "NaN");
        check(Double(f64::NEG_INFINITY), "-Infinity");
        check(Double(100_000.0), "100000.0");
    }

    #[test]
    fn decimals_keep_their_places() {
        let decimal = |unscaled: i128, scale| Decimal { unscaled, scale };
        check(decimal(10, 2), "0.10");
        check(decimal(-5, 3), "-0.005");
        check(decimal(-12345, 2), "-123.45");
        check(decimal(0, 1), "0.0");
        check(decimal(7, 0), "7");
    }
}
