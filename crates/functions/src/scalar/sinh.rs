//! SINH: the hyperbolic sine.

use super::{java_math, numbers::in_doubles};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "SINH",
        "MATHEMATICAL",
        "Returns the hyperbolic sine of a number.",
        in_doubles("The hyperbolic sine of the value.", java_math::sinh),
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
            (1.0, 1.1752011936438014),
            (-7.0, -548.3161232732465),
            (0.43, 0.4433742144124824),
            (25.0, 3.600244966869294e10),
            (-710.0, -1.1169973830808557e308),
            (711.0, f64::INFINITY),
            (f64::NEG_INFINITY, f64::NEG_INFINITY),
            (f64::NAN, f64::NAN),
            (1.0e-9, 1.0e-9),
        ];
        testing::in_doubles("SINH", &cases);
    }
}
