//! ASIN: the angle of a sine.

use super::{java_math, numbers::in_doubles};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "ASIN",
        "MATHEMATICAL",
        "Returns the angle that has a sine.",
        in_doubles(
            "The angle in radians, from -π/2 to π/2; NaN below -1 and above 1.",
            java_math::asin,
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
            (0.0, 0.0),
            (-0.0, -0.0),
            (1.0, FRAC_PI_2),
            (-1.0, -FRAC_PI_2),
            (0.43, 0.444492776935819),
            (-0.9, -1.1197695149986342),
            (1.1, f64::NAN),
            (f64::NAN, f64::NAN),
        ];
        testing::in_doubles("ASIN", &cases);
    }
}
