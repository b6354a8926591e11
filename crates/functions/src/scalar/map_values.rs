//! MAP_VALUES: the values of a map.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, ListArray},
    datatypes::DataType,
};
use datafusion_common::{Result, plan_err};
use weir_catalog::SqlType;

use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("map", Parameter::MapOfAny)],
        "The values, in no particular order.",
        |types| match &types[0] {
            SqlType::Map(_, value) => SqlType::array(value.as_ref().clone()),
            other => other.clone(),
        },
        |call| entries(call, Side::Values),
    );
    Builtin::new(
        "MAP_VALUES",
        "MAP",
        "Returns the values of a map.",
        vec![variant.returns_as("ARRAY<V>")],
    )
}

#[derive(Debug, Clone, Copy)]
pub enum Side {
    Keys,
    Values,
}

/// A map is a list of entries already: its keys and values are shared, not copied.
pub fn entries(call: &Call, side: Side) -> Result<ArrayRef> {
    let map = call.argument(0)?.to_column(call.rows)?;
    let (Some(map), DataType::List(item)) = (map.as_map_opt(), &call.returns) else {
        return plan_err!("expected a MAP");
    };
    let values = match side {
        Side::Keys => map.keys(),
        Side::Values => map.values(),
    };
    let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
    let list = ListArray::try_new(Arc::clone(item), offsets, Arc::clone(values), nulls)?;
    Ok(Arc::new(list))
}

#[cfg(test)]
mod tests {
    use weir_catalog::SqlType;

    use crate::testing::{call, integers, map, map_of, null};

    #[test]
    fn values_in_the_order_of_the_entries() {
        call("MAP_VALUES", &[map()], integers(&[Some(1), None]));
        call("MAP_VALUES", &[map_of(&[])], integers(&[]));
        call(
            "MAP_VALUES",
            &[map_of(&[("x", Some(-1)), ("y", Some(-1))])],
            integers(&[Some(-1), Some(-1)]),
        );
        let none = null(&SqlType::map(SqlType::String, SqlType::Integer));
        call(
            "MAP_VALUES",
            &[none],
            null(&SqlType::array(SqlType::Integer)),
        );
    }
}
