//! Numbers as texts write them.

use arrow::datatypes::i256;

/// A JSON number as Java's `BigDecimal` prints it: `1e2` is `1E+2`, `1.0` stays `1.0`.
pub fn java_text(number: &str, out: &mut String) {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", number),
    };
    let (mantissa, exponent) =
        digits
            .split_once(['e', 'E'])
            .map_or((digits, 0), |(mantissa, exponent)| {
                (
                    mantissa,
                    exponent
                        .parse::<i64>()
                        .unwrap_or(0)
                        .clamp(i64::from(i32::MIN), i64::from(i32::MAX)),
                )
            });
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let unscaled = match all.trim_start_matches('0') {
        "" => "0",
        unscaled => unscaled,
    };
    if unscaled != "0" {
        out.push_str(sign);
    }
    let scale = fraction.len() as i64 - exponent;
    let adjusted = -scale + (unscaled.len() as i64 - 1);
    if scale == 0 {
        return out.push_str(unscaled);
    }
    if scale > 0 && adjusted >= -6 {
        let scale = scale as usize;
        if unscaled.len() > scale {
            let (whole, fraction) = unscaled.split_at(unscaled.len() - scale);
            out.extend([whole, ".", fraction]);
        } else {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', scale - unscaled.len()));
            out.push_str(unscaled);
        }
        return;
    }
    out.push_str(&unscaled[..1]);
    if unscaled.len() > 1 {
        out.extend([".", &unscaled[1..]]);
    }
    out.push_str(if adjusted < 0 { "E-" } else { "E+" });
    out.push_str(&adjusted.unsigned_abs().to_string());
}

/// A JSON number as a 64-bit integer: the fraction is cut, and of what is left the low 64 bits count, as `longValue` of
/// Java's `BigDecimal` and `BigInteger` has it. `None` for an exponent that these do not take.
pub fn to_i64(number: &str) -> Option<i64> {
    if let Ok(value) = number.parse::<i64>() {
        return Some(value);
    }
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, i64::from(exponent.parse::<i32>().ok()?)),
        None => (number, 0),
    };
    let digits = mantissa.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let places = fraction.len() as i64 - exponent;
    let count = whole.len() + fraction.len();
    let kept = count.saturating_sub(usize::try_from(places).unwrap_or(0));
    let digits = whole.bytes().chain(fraction.bytes()).take(kept);
    let mut value = digits.fold(0_u64, |value, digit| {
        value
            .wrapping_mul(10)
            .wrapping_add(u64::from(digit.wrapping_sub(b'0')))
    });
    // 10^64 is a multiple of 2^64: beyond that nothing is left.
    for _ in 0..(-places).clamp(0, 64) {
        value = value.wrapping_mul(10);
    }
    let value = value as i64;
    Some(match number.starts_with('-') {
        true => value.wrapping_neg(),
        false => value,
    })
}

/// Milliseconds of a day; its end is still of it.
pub fn to_time(milliseconds: i64) -> Option<i32> {
    (0..=86_400_000)
        .contains(&milliseconds)
        .then_some(milliseconds as i32)
}

/// A text as a DOUBLE, by the rules of `Double.parseDouble` but for hexadecimal numbers: blanks around it, `NaN`,
/// `Infinity`, and a `d` or `f` at the end.
pub fn to_double(text: &str) -> Option<f64> {
    let text = text.trim_matches(|character| character <= ' ');
    let (is_negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let value = match unsigned {
        "NaN" => return Some(f64::NAN),
        "Infinity" => f64::INFINITY,
        _ => {
            let number = unsigned
                .strip_suffix(['d', 'D', 'f', 'F'])
                .unwrap_or(unsigned);
            let is_number = number
                .starts_with(|first: char| first.is_ascii_digit() || first == '.')
                && number
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
            if !is_number {
                return None;
            }
            number.parse().ok()?
        }
    };
    Some(if is_negative { -value } else { value })
}

/// A number with at most `scale` places and `precision` digits; nothing is rounded.
pub fn to_decimal(number: &str, precision: u8, scale: u8) -> Option<i256> {
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (number, 0),
    };
    let (sign, digits) = match mantissa.as_bytes().first()? {
        b'-' => ("-", &mantissa[1..]),
        b'+' => ("", &mantissa[1..]),
        _ => ("", mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = !(whole.is_empty() && fraction.is_empty())
        && whole
            .bytes()
            .chain(fraction.bytes())
            .all(|byte| byte.is_ascii_digit());
    if !are_digits {
        return None;
    }
    let all = format!("{whole}{fraction}");
    let trimmed = all.trim_start_matches('0').trim_end_matches('0');
    if trimmed.is_empty() {
        return Some(i256::ZERO);
    }
    let dropped = all.len() - all.trim_end_matches('0').len();
    let own_scale = i32::try_from(fraction.len()).ok()?
        - exponent.clamp(-1000, 1000)
        - i32::try_from(dropped).ok()?;
    let zeros = usize::try_from(i32::from(scale) - own_scale).ok()?;
    if trimmed.len() + zeros > usize::from(precision) {
        return None;
    }
    i256::from_string(&format!("{sign}{trimmed}{}", "0".repeat(zeros)))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::i256;

    use super::{java_text, to_decimal, to_double, to_i64};

    #[test]
    fn numbers_print_as_java_prints_them() {
        let check = |number: &str, expected: &str| {
            let mut text = String::new();
            java_text(number, &mut text);
            assert_eq!(text, expected, "{number}");
        };
        check("4688", "4688");
        check("-0", "0");
        check("1.0", "1.0");
        check("1e2", "1E+2");
        check("1.5e2", "1.5E+2");
        check("1.50e1", "15.0");
        check("0.000001", "0.000001");
        check("0.0000001", "1E-7");
        check("-12.5", "-12.5");
        check("1e-10", "1E-10");
        check("1e200000", "1E+200000");
        check("0e10", "0E+10");
        check("0.00000000", "0E-8");
    }

    #[test]
    fn integers_are_cut_and_wrap() {
        for (number, expected) in [
            ("1.9", 1),
            ("-1.9", -1),
            ("0.99", 0),
            ("18446744073709551617", 1),
            ("-18446744073709551617", -1),
            ("1e3", 1000),
            ("1.2345E2", 123),
            ("12345e-2", 123),
            ("1e-400", 0),
            ("9007199254740993.0", 9_007_199_254_740_993),
            ("9223372036854775808.5", i64::MIN),
            ("1e19", -8_446_744_073_709_551_616),
            ("1e63", i64::MIN),
            ("1e64", 0),
            ("1e2000000000", 0),
        ] {
            assert_eq!(to_i64(number), Some(expected), "{number}");
        }
        assert_eq!(to_i64("1e9999999999"), None);
    }

    #[test]
    fn doubles_are_read_as_java_reads_them() {
        for (text, expected) in [
            ("1", Some(1.0)),
            (" -1.5e3\t", Some(-1500.0)),
            ("+1.", Some(1.0)),
            (".5", Some(0.5)),
            ("1d", Some(1.0)),
            ("1.5F", Some(1.5)),
            ("1e999", Some(f64::INFINITY)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("inf", None),
            ("infinity", None),
            ("nan", None),
            ("", None),
            ("-", None),
            (".", None),
            ("d", None),
            ("1e", None),
            ("--1", None),
            ("1 2", None),
            ("1_000", None),
            ("\u{a0}1", None),
        ] {
            assert_eq!(to_double(text), expected, "{text:?}");
        }
        assert!(to_double("NaN").unwrap().is_nan());
    }

    #[test]
    fn decimals_are_never_rounded() {
        let check = |number: &str, expected: Option<i128>| {
            assert_eq!(
                to_decimal(number, 4, 2),
                expected.map(i256::from_i128),
                "{number}"
            );
        };
        check("1", Some(100));
        check("1.0", Some(100));
        check("1.25", Some(125));
        check("1.2500", Some(125));
        check("1.255", None);
        check("-99.99", Some(-9999));
        check("100", None);
        check("1e1", Some(1000));
        check("x", None);
    }
}
