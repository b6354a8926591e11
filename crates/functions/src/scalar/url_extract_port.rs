//! URL_EXTRACT_PORT: the port of a URL, if one is written. What is no URI is NULL.

use weir_catalog::SqlType;

use super::uri;
use crate::overload::{Builtin, Parameter, Variant};

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("url", Parameter::STRING)],
        "The port; NULL if none is written.",
        |_| SqlType::Integer,
        uri::ports,
    );
    Builtin::new(
        "URL_EXTRACT_PORT",
        "URL",
        "Returns the port of a URL.",
        vec![variant],
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, text};

    #[test]
    fn ports_that_are_written() {
        for (url, expected) in [
            ("http://test@confluent.io", None),
            (
                "http://test@confluent.io:8080/nested/path?query&jobs",
                Some(8080),
            ),
            ("http://a:080/", Some(80)),
            ("http://a:/", None),
            ("http://[::1]:2147483647", Some(i32::MAX)),
            ("http://a:2147483648/", None),
            ("http://a_b:80/", None),
            ("http://a:80x/", None),
            ("http://[::1]:80x/", None),
            ("//a:1", Some(1)),
            ("a:1", None),
            ("http://a:1/ ", None),
            ("", None),
        ] {
            testing::call("URL_EXTRACT_PORT", &[text(url)], expected);
        }
    }
}
