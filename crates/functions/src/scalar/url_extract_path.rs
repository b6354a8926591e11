//! URL_EXTRACT_PATH: the path of a URL, which may be empty. What is no URI is NULL.

use super::uri;
use crate::overload::Builtin;

pub fn function() -> Builtin {
    let variant = uri::text_variant(
        "The path without its escapes; NULL if the URL is opaque, as `mailto:a@b` is.",
        |uri| uri.path,
        true,
    );
    Builtin::new(
        "URL_EXTRACT_PATH",
        "URL",
        "Returns the path of a URL.",
        vec![variant],
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, no_text, text};

    #[test]
    fn parts_of_urls() {
        for (url, expected) in [
            ("http://www.test.com/?query#fragment", Some("/")),
            ("http://www.test.com", Some("")),
            ("http://a/b%20c/%C3%A9?d", Some("/b c/é")),
            ("http://a/b+c", Some("/b+c")),
            ("a/b", Some("a/b")),
            ("file:///etc/passwd", Some("/etc/passwd")),
            ("http://a/%FF%ED%A0%80", Some("/\u{fffd}\u{fffd}")),
            ("mailto:a@b", None),
            ("http://a/%4", None),
            ("http://a/b c", None),
            ("http://", None),
            ("", Some("")),
        ] {
            testing::call(
                "URL_EXTRACT_PATH",
                &[text(url)],
                expected.map_or_else(no_text, text),
            );
        }
    }
}
