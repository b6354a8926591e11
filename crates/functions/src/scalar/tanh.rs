//! TANH: the hyperbolic tangent.

use super::{java_math, numbers::in_doubles};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "TANH",
        "MATHEMATICAL",
        "Returns the hyperbolic tangent of a number.",
        in_doubles("The hyperbolic tangent of the value.", java_math::tanh),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn as_java_prints_it() {
        let cases = [
            (0.0, 0.0),
            (-0.0, -0.0),
            (1.0, 0.7615941559557649),
            (-7.0, -0.9999983369439447),
            (0.43, 0.4053213086894629),
            (25.0, 1.0),
            (f64::NEG_INFINITY, -1.0),
            (f64::NAN, f64::NAN),
            (1.0e-20, 1.0e-20),
        ];
        testing::in_doubles("TANH", &cases);
    }
}
