//! TRUNC: what is behind the point, or behind so many places, cut off.

use super::rounding::{Descriptions, Rounding, variants};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    let descriptions = Descriptions {
        whole: "The number without its decimal places.",
        double: "With so many decimal places; negative ones stand before the point.",
        whole_decimal: "The number as a DECIMAL without places.",
        decimal: "With so many decimal places, of the same type; negative ones stand before the point.",
    };
    let variants = variants(Rounding::TowardZero, &descriptions);
    Builtin::new(
        "TRUNC",
        "MATHEMATICAL",
        "Cuts decimal places off.",
        variants,
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, decimal};

    #[test]
    fn to_a_whole_number() {
        for (value, expected) in [
            (1.7, 1_i64),
            (-1.7, -1),
            (-0.5, 0),
            (1e300, i64::MAX),
            (f64::NEG_INFINITY, i64::MIN),
            (f64::NAN, 0),
        ] {
            call("TRUNC", &[value.into()], expected);
        }
        call("TRUNC", &[(-7).into()], -7_i64);
        call("TRUNC", &[2_147_483_648_i64.into()], 2_147_483_648_i64);
    }

    #[test]
    fn to_places() {
        let trunc = |value: f64, places: i32, expected: Option<f64>| {
            call("TRUNC", &[value.into(), places.into()], expected);
        };
        trunc(12345.678, 2, Some(12345.67));
        trunc(12345.678, 0, Some(12345.0));
        trunc(12345.678, -1, Some(12340.0));
        trunc(-1.19, 1, Some(-1.1));
        trunc(-0.19, 0, Some(0.0));
        trunc(1.5, i32::MAX, Some(1.5));
        trunc(f64::NAN, 1, None);
        trunc(f64::NEG_INFINITY, 1, None);
    }

    #[test]
    fn decimals() {
        call("TRUNC", &[decimal(199, 4, 2)], decimal(1, 2, 0));
        call("TRUNC", &[decimal(-199, 4, 2)], decimal(-1, 2, 0));
        call("TRUNC", &[decimal(99, 2, 2)], decimal(0, 1, 0));
        for (value, places, expected) in [
            (129, 1, 120),
            (-129, 1, -120),
            (5929, -1, 5000),
            (5929, -2, 0),
            (5929, -100, 0),
            (5929, 10, 5929),
        ] {
            let arguments = [decimal(value, 4, 2), places.into()];
            call("TRUNC", &arguments, decimal(expected, 4, 2));
        }
    }
}
