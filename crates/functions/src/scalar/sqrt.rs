//! SQRT: the square root, NaN of what is below zero.

use super::numbers::in_doubles;
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "SQRT",
        "MATHEMATICAL",
        "Returns the square root of a number.",
        in_doubles("The square root; NaN if the value is negative.", f64::sqrt),
    )
}

#[cfg(test)]
mod tests {
    use std::f64::consts::SQRT_2;

    use crate::testing;

    #[test]
    fn roots() {
        let cases = [
            (4.0, 2.0),
            (2.0, SQRT_2),
            (0.0, 0.0),
            (-0.0, -0.0),
            (-1.0, f64::NAN),
            (f64::INFINITY, f64::INFINITY),
            (f64::NEG_INFINITY, f64::NAN),
            (f64::NAN, f64::NAN),
        ];
        testing::in_doubles("SQRT", &cases);
    }
}
