//! EXTRACTJSONFIELD: a value out of a JSON text, by its path. Text is without quotes, a JSON null is `null`; what is absent,
//! no JSON or no path is NULL.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::json::{Path, Writer};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    texts::Texts,
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
    let mut writer = Writer::default();
    for row in 0..call.rows {
        let (Some(input), Some(path)) = (inputs.get(row), paths.get(row)) else {
            results.push(None);
            continue;
        };
        if last.as_ref().is_none_or(|(of, _)| *of != path) {
            last = Some((path, Path::parse(path)));
        }
        let path = last.as_ref().and_then(|(_, path)| path.as_ref());
        let found = path.and_then(|path| path.find(input));
        results.push(found.and_then(|found| writer.text(found)));
    }
    results.finish()
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, no_text, text};

    #[test]
    fn values_by_their_path() {
        let event = r#"{"name": "cdc", "@type": "UDF", "n": null, "o": {"b": [1.23450, 1e3, true], "é": "\u00fc\n"}}}"#;
        for (json, path, expected) in [
            (event, "$.@type", Some("UDF")),
            (event, "$.o.b[0]", Some("1.23450")),
            (event, "$.o.b[1]", Some("1E+3")),
            (event, "$.o.b[3]", None),
            (event, "$.o.b[-1]", None),
            (event, "$.o.é", Some("ü\n")),
            (event, "$.o", Some(r#"{"b":[1.23450,1E+3,true],"é":"ü\n"}"#)),
            (event, "$.n", Some("null")),
            (event, "$.missing", None),
            (event, "$.name.x", None),
            (event, "no path", None),
            (event, "", None),
            ("\"text\"", "$", Some("text")),
            (r#"{"a": 1, "a": 2}"#, "$.a", Some("2")),
            ("no json", "$.a", None),
            ("", "$", None),
            (r#"{"a": 1, "b": }"#, "$.a", None),
        ] {
            let expected = expected.map_or_else(no_text, text);
            testing::call("EXTRACTJSONFIELD", &[text(json), text(path)], expected);
        }
    }
}
