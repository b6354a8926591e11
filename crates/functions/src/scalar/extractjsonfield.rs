//! EXTRACTJSONFIELD: a value out of a JSON text, by its path. Text is without quotes, a JSON null is `null`; what is absent,
//! no JSON or no path is NULL.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::json::{Path, as_text};
use crate::texts::Texts;
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("input", Parameter::STRING), ("path", Parameter::STRING)],
        "The value at a path: `$`, then `.name`, `[0]` or `[\"any name\"]`.",
        |_| SqlType::String,
        extract,
    );
    Builtin::new(
        "EXTRACTJSONFIELD",
        "JSON",
        "Returns a value out of a JSON text.",
        vec![variant],
    )
}

fn extract(call: &Call) -> Result<ArrayRef> {
    let (inputs, paths) = (call.argument(0)?.strings()?, call.argument(1)?.strings()?);
    let mut results = Texts::new(call.rows);
    // Paths are nearly always one literal.
    let mut last: Option<(&str, Option<Path>)> = None;
    let mut text = String::new();
    for row in 0..call.rows {
        let (Some(input), Some(path)) = (inputs.get(row), paths.get(row)) else {
            results.push(None);
            continue;
        };
        if last.as_ref().is_none_or(|(of, _)| *of != path) {
            last = Some((path, Path::parse(path)));
        }
        let path = last.as_ref().and_then(|(_, path)| path.as_ref());
        text.clear();
        let found = path.and_then(|path| as_text(path.find(input)?, &mut text));
        results.push(found.map(|()| text.as_str()));
    }
    results.finish()
}
