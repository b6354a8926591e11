//! PI: the number π.

use std::{f64::consts::PI, sync::Arc};

use arrow::array::Float64Array;
use weir_catalog::SqlType;

use crate::overload::{Builtin, Variant};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [],
        "3.141592653589793.",
        |_| SqlType::Double,
        |call| Ok(Arc::new(Float64Array::from_value(PI, call.rows))),
    );
    Builtin::new(
        "PI",
        "MATHEMATICAL",
        "Returns π, what the circumference of a circle is to its diameter.",
        vec![variant.constant()],
    )
}

#[cfg(test)]
mod tests {
    use datafusion_expr::Volatility;

    use super::*;
    use crate::{Registry, testing};

    #[test]
    fn is_a_constant() {
        testing::call("PI", &[], PI);
        let call = Registry::builtin().get("PI").unwrap().resolve(&[]).unwrap();
        assert_eq!(call.udf.volatility(), Volatility::Immutable);
    }
}
