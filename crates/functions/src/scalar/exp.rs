//! EXP: the base of natural logarithms, raised.

use super::{java_math, numbers::in_doubles};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "EXP",
        "MATHEMATICAL",
        "Returns e to the power of a number.",
        in_doubles("The number e to the power of the value.", java_math::exp),
    )
}

#[cfg(test)]
mod tests {
    use std::f64::consts::E;

    use crate::testing;

    #[test]
    fn as_java_prints_it() {
        let cases = [
            (-1.0, 0.36787944117144233),
            (-2.0, 0.1353352832366127),
            (-3.0, 0.049787068367863944),
            (0.0, 1.0),
            (1.0, E),
            (2.0, 7.38905609893065),
            (3.0, 20.085536923187668),
            (0.5, 1.6487212707001282),
            (-745.2, 0.0),
            (710.0, f64::INFINITY),
            (f64::NEG_INFINITY, 0.0),
            (f64::INFINITY, f64::INFINITY),
            (f64::NAN, f64::NAN),
        ];
        testing::in_doubles("EXP", &cases);
    }
}
