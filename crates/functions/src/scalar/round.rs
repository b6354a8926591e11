//! ROUND: to a whole number or to so many places, halves toward positive infinity: 1.5 → 2, -1.5 → -1.

use super::rounding::{Descriptions, Rounding, variants};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    let descriptions = Descriptions {
        whole: "The nearest whole number, halves up.",
        double: "With so many decimal places; negative ones stand before the point.",
        whole_decimal: "The nearest whole number, a DECIMAL without places.",
        decimal: "With so many decimal places, of the same type; negative ones stand before the point.",
    };
    let variants = variants(Rounding::HalfUp, &descriptions);
    Builtin::new("ROUND", "MATHEMATICAL", "Rounds a number.", variants)
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, decimal};

    #[test]
    fn to_a_whole_number() {
        for (value, expected) in [
            (1.5, 2_i64),
            (-1.5, -1),
            (-1.51, -2),
            (0.49999999999999994, 0),
            (-0.5, 0),
            (4503599627370497.5, 4503599627370498),
            (1e300, i64::MAX),
            (f64::NEG_INFINITY, i64::MIN),
            (f64::NAN, 0),
        ] {
            call("ROUND", &[value.into()], expected);
        }
        call("ROUND", &[7.into()], 7_i64);
        call("ROUND", &[i32::MIN.into()], i64::from(i32::MIN));
        call("ROUND", &[i64::MIN.into()], i64::MIN);
    }

    #[test]
    fn to_places() {
        let round = |value: f64, places: i32, expected: Option<f64>| {
            call("ROUND", &[value.into(), places.into()], expected);
        };
        round(1.25, 1, Some(1.3));
        round(-1.25, 1, Some(-1.2));
        round(111.0, -2, Some(100.0));
        round(12345.678, -1, Some(12350.0));
        round(1.5, i32::MIN, Some(0.0));
        round(f64::NAN, 1, None);
        round(f64::INFINITY, 1, None);
    }

    #[test]
    fn decimals() {
        call("ROUND", &[decimal(125, 4, 2)], decimal(1, 2, 0));
        call("ROUND", &[decimal(150, 4, 2)], decimal(2, 2, 0));
        call("ROUND", &[decimal(-150, 4, 2)], decimal(-1, 2, 0));
        call("ROUND", &[decimal(-151, 4, 2)], decimal(-2, 2, 0));
        for (value, places, expected) in [
            (125, 1, 130),
            (-125, 1, -120),
            (5125, -1, 5000),
            (5125, -2, 10_000),
            (5125, -100, 0),
            (5125, 9, 5125),
            // One digit more than the type says, as in ksqlDB.
            (9999, 0, 10_000),
        ] {
            let arguments = [decimal(value, 4, 2), places.into()];
            call("ROUND", &arguments, decimal(expected, 4, 2));
        }
        let large = 123_456_789_876_543_215_345_678_901_234_567_i128;
        let rounded = 123_456_789_876_543_220_000_000_000_000_000;
        call(
            "ROUND",
            &[decimal(large, 33, 16), 0.into()],
            decimal(rounded, 33, 16),
        );
    }
}
