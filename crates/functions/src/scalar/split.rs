//! SPLIT: a text cut at a delimiter.

use std::sync::Arc;

use arrow::array::{ListBuilder, StringArray, StringBuilder};
use weir_catalog::SqlType;

use super::texts::over_arrays;
use crate::{
    column::downcast,
    registry::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let text = || Parameter::Is(SqlType::String);
    let variant = Variant {
        parameters: vec![("input", text()), ("delimiter", text())],
        is_variadic: false,
        description: "The parts between the delimiters, empty ones too; the empty delimiter gives the characters.",
        returns: |_| SqlType::array(SqlType::String),
        body: |_| {
            over_arrays(|arrays| {
                let (texts, delimiters) = (
                    downcast::<StringArray>(&arrays[0])?,
                    downcast::<StringArray>(&arrays[1])?,
                );
                let mut builder = ListBuilder::new(StringBuilder::new());
                for (text, delimiter) in texts.iter().zip(delimiters) {
                    match (text, delimiter) {
                        (Some(text), Some("")) => {
                            let mut buffer = [0; 4];
                            text.chars().for_each(|character| {
                                builder
                                    .values()
                                    .append_value(character.encode_utf8(&mut buffer))
                            });
                            builder.append(true);
                        }
                        (Some(text), Some(delimiter)) => {
                            text.split(delimiter)
                                .for_each(|part| builder.values().append_value(part));
                            builder.append(true);
                        }
                        _ => builder.append(false),
                    }
                }
                Ok(Arc::new(builder.finish()))
            })
        },
    };
    Builtin::new(
        "SPLIT",
        "STRING",
        "Cuts a text at a delimiter.",
        vec![variant],
    )
}
