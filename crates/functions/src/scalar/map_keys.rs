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
    Builtin::new(
        "MAP_KEYS",
        "MAP",
        "Returns the keys of a map.",
        vec![variant.returns_as("ARRAY<K>")],
    )
}

#[cfg(test)]
mod tests {
    use weir_catalog::SqlType;

    use crate::testing::{call, map, map_of, null, texts};

    #[test]
    fn keys_in_the_order_of_the_entries() {
        call("MAP_KEYS", &[map()], texts(&[Some("a"), Some("b")]));
        call("MAP_KEYS", &[map_of(&[])], texts(&[]));
        call("MAP_KEYS", &[map_of(&[("", None)])], texts(&[Some("")]));
        let none = null(&SqlType::map(SqlType::String, SqlType::Integer));
        call("MAP_KEYS", &[none], null(&SqlType::array(SqlType::String)));
    }
}
