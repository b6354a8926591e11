//! ATAN2: the angle of a point, counted from the x axis.

use super::{java_math, numbers::pairs_in_doubles};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "ATAN2",
        "MATHEMATICAL",
        "Returns the angle of a point in the plane.",
        pairs_in_doubles(
            ["y", "x"],
            "The angle in radians, from -π to π, between the x axis and the point (x, y).",
            java_math::atan2,
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

    use crate::testing;

    #[test]
    fn as_java_prints_it() {
        let cases = [
            (1.0, 1.0, FRAC_PI_4),
            (-2.0, -3.0, -2.5535900500422257),
            (-2.0, 3.0, -0.5880026035475675),
            (1.1, -0.24, 1.7856117271965553),
            (0.0, -3.0, PI),
            (-0.0, -3.0, -PI),
            (0.0, 3.0, 0.0),
            (-0.0, 0.0, -0.0),
            (0.0, -0.0, PI),
            (2.0, 0.0, FRAC_PI_2),
            (-2.0, -0.0, -FRAC_PI_2),
            (f64::INFINITY, f64::INFINITY, FRAC_PI_4),
            (f64::NEG_INFINITY, f64::NEG_INFINITY, -2.356194490192345),
            (f64::INFINITY, 1.0, FRAC_PI_2),
            (1.0, f64::INFINITY, 0.0),
            (-1.0, f64::NEG_INFINITY, -PI),
            (1.0e300, 1.0e-300, FRAC_PI_2),
            (1.0e-300, -1.0e300, PI),
            (-1.0e-300, 1.0e300, -0.0),
            (f64::NAN, 1.0, f64::NAN),
            (1.0, f64::NAN, f64::NAN),
            (-0.0, f64::INFINITY, -0.0),
        ];
        testing::pairs_in_doubles("ATAN2", &cases);
    }
}
