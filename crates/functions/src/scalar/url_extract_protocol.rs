//! URL_EXTRACT_PROTOCOL: the scheme of a URL, such as `https`. What is no URI is NULL.

use super::uri;
use crate::overload::Builtin;

pub fn function() -> Builtin {
    let variant = uri::text_variant(
        "The scheme as it is written; NULL if there is none.",
        |uri| uri.scheme,
        false,
    );
    Builtin::new(
        "URL_EXTRACT_PROTOCOL",
        "URL",
        "Returns the scheme of a URL.",
        vec![variant],
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, no_text, text};

    #[test]
    fn parts_of_urls() {
        for (url, expected) in [
            ("http://test@confluent.io", Some("http")),
            ("HTTPS://a:8080/p?q", Some("HTTPS")),
            ("www.confluent.io", None),
            ("mailto:a@b", Some("mailto")),
            ("svn+ssh://a", Some("svn+ssh")),
            ("1http://a", None),
            ("a b://c", None),
            ("http://a b", None),
            ("", None),
        ] {
            testing::call(
                "URL_EXTRACT_PROTOCOL",
                &[text(url)],
                expected.map_or_else(no_text, text),
            );
        }
    }
}
