//! URL_EXTRACT_PARAMETER: the value of a parameter in the query of a URL.
//!
//! The query loses its escapes first and is cut at `&` and `=` after that, as in ksqlDB; `+` stays what it is.

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use super::uri::{Decoded, Uri};
use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    texts::Texts,
};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("url", Parameter::STRING), ("name", Parameter::STRING)],
        "The first value of the parameter; empty if it is there without one, NULL if it is not there.",
        |_| SqlType::String,
        parameters,
    );
    Builtin::new(
        "URL_EXTRACT_PARAMETER",
        "URL",
        "Returns the value of a parameter in the query of a URL.",
        vec![variant],
    )
}

fn parameters(call: &Call) -> Result<ArrayRef> {
    let (urls, names) = (call.argument(0)?.strings()?, call.argument(1)?.strings()?);
    let mut results = Texts::new(call.rows);
    let mut decoded = Decoded::default();
    for row in 0..call.rows {
        let query = urls.get(row).and_then(Uri::parse).and_then(|uri| uri.query);
        results.push(match (query, names.get(row)) {
            (Some(query), Some(name)) => value_of(decoded.text(query), name),
            _ => None,
        });
    }
    results.finish()
}

fn value_of<'a>(query: &'a str, wanted: &str) -> Option<&'a str> {
    let mut parameters = query.split('&');
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        (name == wanted).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, no_text, text};

    #[test]
    fn values_of_parameters() {
        for (url, name, expected) in [
            ("http://www.test.com/?one=a&two=b&three", "one", Some("a")),
            ("http://www.test.com/?one=a&two=b&three", "two", Some("b")),
            ("http://www.test.com/?one=a&two=b&three", "three", Some("")),
            ("http://www.test.com/?one=a&two=b&three", "four", None),
            ("http://www.test.com/?one=a&two=b&three", "ONE", None),
            ("http://a?x=1&x=2", "x", Some("1")),
            ("http://a?x=1=2", "x", Some("1=2")),
            ("http://a?x=a%20b+c", "x", Some("a b+c")),
            ("http://a?x=a%26y=b", "y", Some("b")),
            ("http://a?%C3%A9=%C3%BC", "é", Some("ü")),
            ("http://a?=1", "", Some("1")),
            ("http://a?", "", Some("")),
            ("http://a", "", None),
            ("http://a b?x=1", "x", None),
            ("mailto:a@b?x=1", "x", None),
        ] {
            let arguments = [text(url), text(name)];
            let expected = expected.map_or_else(no_text, text);
            testing::call("URL_EXTRACT_PARAMETER", &arguments, expected);
        }
    }
}
