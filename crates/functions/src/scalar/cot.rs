//! COT: the cotangent, one over the tangent: Infinity of zero.

use super::{java_math, numbers::in_doubles};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "COT",
        "MATHEMATICAL",
        "Returns the cotangent of an angle.",
        in_doubles(
            "The cotangent of an angle in radians; Infinity of 0.",
            |angle| 1.0 / java_math::tan(angle),
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::f64::consts::FRAC_PI_2;

    use crate::testing;

    #[test]
    fn as_java_prints_it() {
        let cases = [
            (0.0, f64::INFINITY),
            (-0.0, f64::NEG_INFINITY),
            (1.0, 0.6420926159343306),
            (-7.0, -1.1475154224051356),
            (0.43, 2.1804495406685085),
            (9.1, -2.9699983263892054),
            (FRAC_PI_2, 6.123233995736766e-17),
            (f64::INFINITY, f64::NAN),
            (f64::NAN, f64::NAN),
        ];
        testing::in_doubles("COT", &cases);
    }
}
