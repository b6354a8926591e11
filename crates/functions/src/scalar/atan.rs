//! ATAN: the angle of a tangent.

use super::{java_math, numbers::in_doubles};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "ATAN",
        "MATHEMATICAL",
        "Returns the angle that has a tangent.",
        in_doubles("The angle in radians, from -π/2 to π/2.", java_math::atan),
    )
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

    use crate::testing;

    #[test]
    fn as_java_prints_it() {
        let cases = [
            (0.0, 0.0),
            (-0.0, -0.0),
            (1.0, FRAC_PI_4),
            (-7.0, -1.4288992721907328),
            (0.43, 0.40609805831761564),
            (f64::INFINITY, FRAC_PI_2),
            (f64::NEG_INFINITY, -FRAC_PI_2),
            (f64::NAN, f64::NAN),
        ];
        testing::in_doubles("ATAN", &cases);
    }
}
