//! RADIANS: an angle in radians.

use super::numbers::in_doubles;
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "RADIANS",
        "MATHEMATICAL",
        "Converts an angle from degrees to radians.",
        in_doubles("The angle in radians.", f64::to_radians),
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
            (114.0, 1.9896753472735358),
            (180.0, PI),
            (-70.73163980890013, -1.2345),
            (f64::INFINITY, f64::INFINITY),
            (f64::NAN, f64::NAN),
        ];
        testing::in_doubles("RADIANS", &cases);
    }
}
