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
                        .clamp(-100_000, 100_000),
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

/// A number as a 64-bit integer: fractions are cut, what is too large wraps or saturates as Java's conversions do.
pub fn to_i64(number: &str) -> Option<i64> {
    if let Ok(value) = number.parse::<i64>() {
        return Some(value);
    }
    if number.contains(['.', 'e', 'E']) {
        return number.parse::<f64>().ok().map(|value| value as i64);
    }
    // BigInteger.longValue: the low 64 bits.
    i256::from_string(number).map(|value| value.to_parts().0 as i64)
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

    use super::{java_text, to_decimal, to_i64};

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
    }

    #[test]
    fn integers_are_cut_and_wrap() {
        assert_eq!(to_i64("1.9"), Some(1));
        assert_eq!(to_i64("18446744073709551617"), Some(1));
        assert_eq!(to_i64("1e3"), Some(1000));
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
