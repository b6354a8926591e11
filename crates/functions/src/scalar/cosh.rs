//! COSH: the hyperbolic cosine.

use super::{java_math, numbers::in_doubles};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "COSH",
        "MATHEMATICAL",
        "Returns the hyperbolic cosine of a number.",
        in_doubles("The hyperbolic cosine of the value.", java_math::cosh),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn as_java_prints_it() {
        let cases = [
            (0.0, 1.0),
            (1.0, 1.543080634815244),
            (-7.0, 548.317035155212),
            (0.43, 1.0938833091357991),
            (0.2, 1.020066755619076),
            (25.0, 3.600244966869294e10),
            (-710.0, 1.1169973830808557e308),
            (711.0, f64::INFINITY),
            (f64::NEG_INFINITY, f64::INFINITY),
            (f64::NAN, f64::NAN),
        ];
        testing::in_doubles("COSH", &cases);
    }
}
