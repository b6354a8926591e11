//! POWER: a number raised to another, by the rules of Java's `Math.pow`.

use super::{java_math, numbers::pairs_in_doubles};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "POWER",
        "MATHEMATICAL",
        "Raises a number to the power of another.",
        pairs_in_doubles(
            ["base", "exponent"],
            "The base to the power of the exponent; NaN if there is none among the real numbers.",
            java_math::pow,
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::f64::consts::SQRT_2;

    use crate::testing;

    #[test]
    fn as_java_prints_it() {
        let cases = [
            (15.0, -1.0, 0.06666666666666667),
            (15.0, 0.0, 1.0),
            (0.0, 0.0, 1.0),
            (-2.0, 3.0, -8.0),
            (-2.0, 0.5, f64::NAN),
            (2.0, 0.5, SQRT_2),
            (0.0, -1.0, f64::INFINITY),
            (-0.0, -1.0, f64::NEG_INFINITY),
            (-0.0, -3.0, f64::NEG_INFINITY),
            (1.0, f64::NAN, f64::NAN),
            (f64::NAN, 0.0, 1.0),
            (1.0, f64::INFINITY, f64::NAN),
            (-1.0, f64::NEG_INFINITY, f64::NAN),
            (0.5, f64::NEG_INFINITY, f64::INFINITY),
            (2.0, f64::INFINITY, f64::INFINITY),
            (2.0, 1024.0, f64::INFINITY),
            (10.0, -5.0, 1.0e-5),
            (1.1, 10.0, 2.5937424601000023),
            (-8.0, 0.3333333333333333, f64::NAN),
            (f64::NEG_INFINITY, 3.0, f64::NEG_INFINITY),
            (f64::NEG_INFINITY, 2.0, f64::INFINITY),
            (f64::INFINITY, -1.0, 0.0),
            (3.0, 2.0, 9.0),
            (9_007_199_254_740_992.0, 1.0, 9_007_199_254_740_992.0),
        ];
        testing::pairs_in_doubles("POWER", &cases);
    }
}
