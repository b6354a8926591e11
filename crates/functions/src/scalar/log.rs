//! LOG: the natural logarithm, or that to a base.

use super::{
    java_math,
    numbers::{in_doubles, pairs_in_doubles},
};
use crate::overload::{Builtin, Variant};

pub fn function() -> Builtin {
    let natural = in_doubles(
        "The natural logarithm, as that of LN; -Infinity of 0, NaN of negative values.",
        java_math::ln,
    );
    let to_base = pairs_in_doubles(
        ["base", "value"],
        "The logarithm to the base; NaN if the base is 1 or not above 0.",
        logarithm,
    );
    let variants: Vec<Variant> = natural.into_iter().chain(to_base).collect();
    Builtin::new(
        "LOG",
        "MATHEMATICAL",
        "Returns the logarithm of a number.",
        variants,
    )
}

fn logarithm(base: f64, value: f64) -> f64 {
    if base <= 0.0 || base == 1.0 {
        return f64::NAN;
    }
    java_math::ln(value) / java_math::ln(base)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{LN_2, LN_10};

    use crate::testing;

    #[test]
    fn as_java_prints_it() {
        let cases = [
            (10.0, 100.0, 2.0),
            (2.0, 8.0, 3.0),
            (10.0, 1000.0, 2.9999999999999996),
            (2.0, 0.0, f64::NEG_INFINITY),
            (0.0, 5.0, f64::NAN),
            (-1.0, 5.0, f64::NAN),
            (1.0, 5.0, f64::NAN),
            (0.5, 8.0, -3.0),
            (2.0, -1.0, f64::NAN),
            (2.0, f64::NAN, f64::NAN),
            (f64::NAN, 2.0, f64::NAN),
            (f64::INFINITY, 2.0, 0.0),
            (2.0, f64::INFINITY, f64::INFINITY),
        ];
        testing::pairs_in_doubles("LOG", &cases);
    }

    #[test]
    fn without_a_base_it_is_natural() {
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
        testing::in_doubles("LOG", &cases);
    }
}
