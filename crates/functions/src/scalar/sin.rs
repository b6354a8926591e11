//! SIN: the sine.

use super::{java_math, numbers::in_doubles};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "SIN",
        "MATHEMATICAL",
        "Returns the sine of an angle.",
        in_doubles("The sine of an angle in radians.", java_math::sin),
    )
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use crate::testing;

    #[test]
    fn as_java_prints_it() {
        let cases = [
            (0.0, 0.0),
            (-0.0, -0.0),
            (1.0, 0.8414709848078965),
            (-7.0, -0.6569865987187891),
            (0.43, 0.41687080242921076),
            (9.1, 0.3190983623493521),
            (1.0e22, -0.8522008497671888),
            (PI, 1.2246467991473532e-16),
            (f64::INFINITY, f64::NAN),
            (f64::NAN, f64::NAN),
        ];
        testing::in_doubles("SIN", &cases);
    }
}
