//! MAP_KEYS: the keys of a map.

use weir_catalog::SqlType;

use super::map_values::{Side, entries};
use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("map", Parameter::MapOfAny)],
        "The keys, in no particular order.",
        |types| match &types[0] {
            SqlType::Map(key, _) => SqlType::array(key.as_ref().clone()),
            other => other.clone(),
        },
        |call| entries(call, Side::Keys),
    );
    Builtin::new("MAP_KEYS", "MAP", "Returns the keys of a map.", vec![variant.returns_as("ARRAY<K>")])
}
