//! INSTR: where a text stands in another.

use std::sync::Arc;

use arrow::array::{Int32Array, StringArray};
use weir_catalog::SqlType;

use super::texts::{over_arrays, utf16_length};
use crate::{
    column::downcast,
    registry::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let text = || Parameter::Is(SqlType::String);
    let variant = Variant {
        parameters: vec![("input", text()), ("substring", text())],
        is_variadic: false,
        description: "The position, from 1 on, of the first occurrence; 0 if there is none or either is NULL.",
        returns: |_| SqlType::Integer,
        body: |_| {
            over_arrays(|arrays| {
                let (texts, wanted) = (
                    downcast::<StringArray>(&arrays[0])?,
                    downcast::<StringArray>(&arrays[1])?,
                );
                let places = texts.iter().zip(wanted).map(|pair| match pair {
                    (Some(text), Some(wanted)) => {
                        let place = text
                            .find(wanted)
                            .map_or(0, |start| utf16_length(&text[..start]) + 1);
                        i32::try_from(place).ok()
                    }
                    _ => Some(0),
                });
                Ok(Arc::new(places.collect::<Int32Array>()))
            })
        },
    };
    Builtin::new(
        "INSTR",
        "STRING",
        "Returns the position of a text in another.",
        vec![variant],
    )
}
