//! RANDOM: a number from 0 up to but not including 1, another one for each row.

use std::sync::Arc;

use arrow::array::Float64Array;
use weir_catalog::SqlType;

use crate::overload::{Builtin, Variant};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [],
        "Evenly spread, not fit for secrets.",
        |_| SqlType::Double,
        |call| {
            let mut random = fastrand::Rng::new();
            let values = std::iter::repeat_with(|| random.f64()).take(call.rows);
            Ok(Arc::new(Float64Array::from_iter_values(values)))
        },
    );
    Builtin::new(
        "RANDOM",
        "MATHEMATICAL",
        "Returns a random number, at least 0 and below 1.",
        vec![variant],
    )
}

#[cfg(test)]
mod tests {
    use arrow::{
        array::{ArrayRef, AsArray, NullArray},
        datatypes::Float64Type,
    };
    use datafusion_expr::Volatility;

    use super::*;
    use crate::{Registry, testing};

    #[test]
    fn each_row_has_another_number_below_one() {
        let registry = Registry::builtin();
        let call = registry.get("RANDOM").unwrap().resolve(&[]).unwrap();
        assert_eq!(call.udf.volatility(), Volatility::Volatile);
        let rows: ArrayRef = Arc::new(NullArray::new(1000));
        let numbers = testing::evaluate(&call.udf.call(vec![]), &[rows]);
        let numbers = numbers.as_primitive::<Float64Type>();
        assert!(
            numbers
                .values()
                .iter()
                .all(|number| (0.0..1.0).contains(number))
        );
        let mut sorted = numbers.values().to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.dedup();
        assert!(sorted.len() > 990, "{} different ones", sorted.len());
        let below_half = sorted.iter().filter(|number| **number < 0.5).count();
        assert!((350..650).contains(&below_half), "{below_half}");
    }
}
