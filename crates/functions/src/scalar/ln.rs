//! LN: the natural logarithm, -Infinity of zero and NaN of what is below.

use super::{java_math, numbers::in_doubles};
use crate::overload::Builtin;

pub fn function() -> Builtin {
    Builtin::new(
        "LN",
        "MATHEMATICAL",
        "Returns the natural logarithm of a number.",
        in_doubles(
            "The natural logarithm; -Infinity of 0, NaN of negative values.",
            java_math::ln,
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{LN_2, LN_10};

    use crate::testing;

    #[test]
    fn as_java_prints_it() {
        let cases = [
            (1.0, 0.0),
            (2.0, LN_2),
            (10.0, LN_10),
            (0.5, -LN_2),
            (100.0, 4.605170185988092),
            (0.0, f64::NEG_INFINITY),
            (-0.0, f64::NEG_INFINITY),
            (-1.0, f64::NAN),
            (f64::INFINITY, f64::INFINITY),
            (f64::NAN, f64::NAN),
            (f64::from_bits(1), -744.4400719213812),
        ];
        testing::in_doubles("LN", &cases);
    }
}
