//! UUID: a random identifier, or the one that 16 bytes are.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use uuid::{Uuid, fmt::Hyphenated};
use weir_catalog::SqlType;

use crate::texts::Texts;
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let random = Variant::new(
        [],
        "A random identifier (RFC 9562, version 4), another one for each row.",
        |_| SqlType::String,
        |call| identifiers(call, |_| Some(Uuid::new_v4())),
    );
    let of_bytes = Variant::new(
        [("bytes", Parameter::BYTES)],
        "The identifier that 16 bytes are; NULL for any other number of bytes.",
        |_| SqlType::String,
        |call| {
            let bytes = call.argument(0)?;
            identifiers(call, |row| Uuid::from_slice(bytes.bytes(row)?).ok())
        },
    );
    Builtin::new(
        "UUID",
        "STRING",
        "Returns a universally unique identifier.",
        vec![random, of_bytes],
    )
    .shown_as("UUID")
}

fn identifiers(call: &Call, identifier: impl Fn(usize) -> Option<Uuid>) -> Result<ArrayRef> {
    let mut results = Texts::new(call.rows);
    let mut buffer = [0; Hyphenated::LENGTH];
    for row in 0..call.rows {
        let identifier = identifier(row);
        results.push(identifier.map(|one| &*one.hyphenated().encode_lower(&mut buffer)));
    }
    results.finish()
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::Arc};

    use arrow::array::{Array, AsArray, NullArray};
    use uuid::{Uuid, Version};

    use crate::{
        Registry,
        testing::{bytes, call, evaluate, no_text, text},
    };

    #[test]
    fn each_row_has_another() {
        let random = Registry::builtin()
            .get("UUID")
            .unwrap()
            .resolve(&[])
            .unwrap();
        let rows: Arc<dyn Array> = Arc::new(NullArray::new(100));
        let identifiers = evaluate(&random.udf.call(vec![]), &[rows]);
        let identifiers = identifiers.as_string::<i32>();
        let different: HashSet<_> = identifiers.iter().flatten().collect();
        assert_eq!(different.len(), 100);
        let identifier = Uuid::parse_str(identifiers.value(0)).unwrap();
        assert_eq!(identifier.get_version(), Some(Version::Random));
        assert_eq!(identifier.to_string(), identifiers.value(0));
    }

    #[test]
    fn sixteen_bytes_are_one() {
        let sixteen: Vec<u8> = (0xf0..=0xff).collect();
        let expected = text("f0f1f2f3-f4f5-f6f7-f8f9-fafbfcfdfeff");
        call("UUID", &[bytes(&sixteen)], expected);
        call("UUID", &[bytes(&sixteen[1..])], no_text());
        call("UUID", &[bytes(&[0; 17])], no_text());
        call("UUID", &[bytes(b"")], no_text());
    }
}
