//! Numbers as Java's `BigDecimal` and `BigInteger` print them.

use std::fmt::Write;

/// How a number with decimal places or an exponent is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// With an exponent where `BigDecimal.toString` has one: `1e5` is `1E+5`.
    Short,
    /// Without: `1e5` is `100000`.
    Plain,
}

/// More places than this are not written in full; Jackson refuses them.
const MOST_PLACES: i64 = 9999;

/// Appends a number that is JSON; `None` if Java has no such number.
pub fn write(number: &str, numbers: Numbers, out: &mut String) -> Option<()> {
    if is_printed(number) {
        out.push_str(number);
        return Some(());
    }
    if number == "-0" {
        // An integer has one zero.
        out.push('0');
        return Some(());
    }
    Decimal::parse(number)?.write(numbers, out)
}

/// Whether it is certain that Java prints the number as it is written.
pub fn is_printed(number: &str) -> bool {
    if !number.contains(['.', 'e', 'E']) {
        return number != "-0";
    }
    // Up to six places behind a zero nothing is left out, and there is no negative zero.
    let is_short = number.len() <= "0.000000".len() && !number.starts_with('-');
    let has_whole = !number.trim_start_matches('-').starts_with('0');
    (is_short || has_whole) && !number.contains(['e', 'E'])
}

/// `digits × 10^-scale`.
struct Decimal<'a> {
    is_negative: bool,
    whole: &'a str,
    fraction: &'a str,
    scale: i64,
}

impl<'a> Decimal<'a> {
    fn parse(number: &'a str) -> Option<Self> {
        let (mantissa, exponent) = match number.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, i64::from(exponent.parse::<i32>().ok()?)),
            None => (number, 0),
        };
        let size = mantissa.trim_start_matches('-');
        let (whole, fraction) = size.split_once('.').unwrap_or((size, ""));
        let scale = i64::try_from(fraction.len()).ok()? - exponent;
        i32::try_from(scale).ok()?;
        let is_zero = size.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        Some(Self {
            is_negative: mantissa.len() > size.len() && !is_zero,
            whole,
            fraction,
            scale,
        })
    }

    fn write(&self, numbers: Numbers, out: &mut String) -> Option<()> {
        let digits = self.whole.bytes().chain(self.fraction.bytes());
        let digits: Vec<u8> = digits.skip_while(|digit| *digit == b'0').collect();
        let digits = String::from_utf8(digits).ok()?;
        let digits = if digits.is_empty() { "0" } else { &digits };
        if self.is_negative {
            out.push('-');
        }
        let count = i64::try_from(digits.len()).ok()?;
        let exponent = count - 1 - self.scale;
        match numbers {
            Numbers::Plain if self.scale.abs() > MOST_PLACES => return None,
            Numbers::Short if self.scale < 0 || exponent < -6 => {
                let (first, rest) = digits.split_at(1);
                let point = if rest.is_empty() { "" } else { "." };
                let sign = if exponent > 0 { "+" } else { "" };
                write!(out, "{first}{point}{rest}E{sign}{exponent}").ok()?;
            }
            _ if self.scale <= 0 => {
                out.push_str(digits);
                let is_zero = digits == "0";
                let zeroes = if is_zero {
                    0
                } else {
                    usize::try_from(-self.scale).ok()?
                };
                out.extend(std::iter::repeat_n('0', zeroes));
            }
            _ => match usize::try_from(count - self.scale) {
                Ok(point @ 1..) => {
                    let (whole, fraction) = digits.split_at(point);
                    write!(out, "{whole}.{fraction}").ok()?;
                }
                _ => {
                    out.push_str("0.");
                    let zeroes = usize::try_from(self.scale - count).ok()?;
                    out.extend(std::iter::repeat_n('0', zeroes));
                    out.push_str(digits);
                }
            },
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(number: &str, short: Option<&str>, plain: Option<&str>) {
        for (numbers, expected) in [(Numbers::Short, short), (Numbers::Plain, plain)] {
            let mut out = String::new();
            let written = write(number, numbers, &mut out).map(|()| out.as_str());
            assert_eq!(written, expected, "{number} {numbers:?}");
        }
    }

    #[test]
    fn numbers_are_printed_as_in_java() {
        for (number, short, plain) in [
            ("0", "0", "0"),
            ("-0", "0", "0"),
            ("-12", "-12", "-12"),
            (
                "12345678901234567890123",
                "12345678901234567890123",
                "12345678901234567890123",
            ),
            ("1.0", "1.0", "1.0"),
            ("-1.50", "-1.50", "-1.50"),
            ("-0.0", "0.0", "0.0"),
            ("0.05", "0.05", "0.05"),
            ("-0.05", "-0.05", "-0.05"),
            ("1e5", "1E+5", "100000"),
            ("1E+5", "1E+5", "100000"),
            ("1.5e3", "1.5E+3", "1500"),
            ("1.10e-2", "0.0110", "0.0110"),
            ("1E-7", "1E-7", "0.0000001"),
            ("0.0000001", "1E-7", "0.0000001"),
            ("0.000001", "0.000001", "0.000001"),
            ("0.000000", "0.000000", "0.000000"),
            ("0.0000000", "0E-7", "0.0000000"),
            ("100E-2", "1.00", "1.00"),
            ("0e5", "0E+5", "0"),
            ("0.0e3", "0E+2", "0"),
            ("-0e2", "0E+2", "0"),
            ("0E-9", "0E-9", "0.000000000"),
            ("123e-1", "12.3", "12.3"),
            ("123e0", "123", "123"),
            ("-1.23E4", "-1.23E+4", "-12300"),
        ] {
            check(number, Some(short), Some(plain));
        }
        check("1E10000", Some("1E+10000"), None);
        check("1e-10000", Some("1E-10000"), None);
        check("1e2147483647", Some("1E+2147483647"), None);
        check("1e2147483648", None, None);
        check("1.5e-2147483647", None, None);
        check("1e99999999999", None, None);
    }
}
