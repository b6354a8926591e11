//! ACOS: the angle of a cosine.

use super::{java_math, numbers::in_doubles};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "ACOS",
        "MATHEMATICAL",
        "Returns the angle that has a cosine.",
        in_doubles(
            "The angle in radians, from 0 to π; NaN below -1 and above 1.",
            java_math::acos,
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{FRAC_PI_2, PI};

    use crate::testing;

    #[test]
    fn as_java_prints_it() {
        let cases = [
            (0.0, FRAC_PI_2),
            (1.0, 0.0),
            (-1.0, PI),
            (0.43, 1.1263035498590777),
            (-0.43, 2.0152891037307157),
            (1.1, f64::NAN),
            (f64::NAN, f64::NAN),
        ];
        testing::in_doubles("ACOS", &cases);
    }
}
