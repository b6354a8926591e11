//! CBRT: the cube root.

use super::{java_math, numbers::in_doubles};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "CBRT",
        "MATHEMATICAL",
        "Returns the cube root of a number.",
        in_doubles("The cube root.", java_math::cbrt),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn as_java_prints_it() {
        let cases = [
            (-8.0, -2.0),
            (-0.0, -0.0),
            (3.0, 1.4422495703074083),
            (2.5, 1.3572088082974532),
            (1.0e-310, 4.641588833612774e-104),
            (f64::INFINITY, f64::INFINITY),
            (f64::NAN, f64::NAN),
            (-2.147483648e9, -1290.1591550923501),
        ];
        testing::in_doubles("CBRT", &cases);
    }
}
