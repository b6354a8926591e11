//! URL_EXTRACT_QUERY: the query of a URL. What is no URI is NULL.

use super::uri;
use crate::overload::Builtin;

pub fn function() -> Builtin {
    let variant = uri::text_variant(
        "What is between `?` and `#`, without its escapes; NULL if there is none.",
        |uri| uri.query,
        true,
    );
    Builtin::new(
        "URL_EXTRACT_QUERY",
        "URL",
        "Returns the query of a URL.",
        vec![variant],
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, no_text, text};

    #[test]
    fn parts_of_urls() {
        for (url, expected) in [
            ("http://www.test.com?query#fragment", Some("query")),
            ("http://www.test.com/path?q1&q2", Some("q1&q2")),
            ("http://a?", Some("")),
            ("http://a/path", None),
            ("http://a?x=%41%26%3D+", Some("x=A&=+")),
            ("http://a?b?c", Some("b?c")),
            ("http://a?x[]=%41", Some("x[]=A")),
            ("mailto:a@b?x", None),
            ("http://a?%zz", None),
            ("http://a?{}", None),
        ] {
            testing::call(
                "URL_EXTRACT_QUERY",
                &[text(url)],
                expected.map_or_else(no_text, text),
            );
        }
    }
}
