//! TAN: the tangent.

use super::{java_math, numbers::in_doubles};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "TAN",
        "MATHEMATICAL",
        "Returns the tangent of an angle.",
        in_doubles("The tangent of an angle in radians.", java_math::tan),
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
            (1.0, 1.5574077246549023),
            (-7.0, -0.8714479827243188),
            (0.43, 0.45862102348555517),
            (9.1, -0.33670052643287396),
            (1.0e22, -1.6287782256068988),
            (FRAC_PI_2, 1.633123935319537e16),
            (f64::INFINITY, f64::NAN),
            (f64::NAN, f64::NAN),
        ];
        testing::in_doubles("TAN", &cases);
    }
}
