//! DEGREES: an angle in degrees.

use super::numbers::in_doubles;
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "DEGREES",
        "MATHEMATICAL",
        "Converts an angle from radians to degrees.",
        in_doubles("The angle in degrees.", f64::to_degrees),
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
            (2.0, 114.59155902616465),
            (-1.2345, -70.73163980890013),
            (PI, 180.0),
            (f64::INFINITY, f64::INFINITY),
            (f64::NAN, f64::NAN),
            (1.0e308, f64::INFINITY),
        ];
        testing::in_doubles("DEGREES", &cases);
    }
}
