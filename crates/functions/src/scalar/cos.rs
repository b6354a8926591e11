//! COS: the cosine.

use super::{java_math, numbers::in_doubles};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "COS",
        "MATHEMATICAL",
        "Returns the cosine of an angle.",
        in_doubles("The cosine of an angle in radians.", java_math::cos),
    )
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use crate::testing;

    #[test]
    fn as_java_prints_it() {
        let cases = [
            (0.0, 1.0),
            (1.0, 0.5403023058681398),
            (-7.0, 0.7539022543433046),
            (0.43, 0.9089657496748851),
            (9.1, -0.9477216021311119),
            (1.0e22, 0.523214785395139),
            (PI, -1.0),
            (f64::INFINITY, f64::NAN),
            (f64::NAN, f64::NAN),
        ];
        testing::in_doubles("COS", &cases);
    }
}
