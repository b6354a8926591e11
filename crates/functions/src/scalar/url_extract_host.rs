//! URL_EXTRACT_HOST: the host of a URL. What is no URI is NULL.

use super::uri;
use crate::overload::Builtin;

pub fn function() -> Builtin {
    let variant = uri::text_variant(
        "The host as it is written, IPv6 addresses in their brackets; NULL if there is none.",
        |uri| uri.host,
        false,
    );
    Builtin::new(
        "URL_EXTRACT_HOST",
        "URL",
        "Returns the host of a URL.",
        vec![variant],
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, no_text, text};

    #[test]
    fn parts_of_urls() {
        for (url, expected) in [
            ("http://www.test.com/?query#fragment", Some("www.test.com")),
            ("http://test@confluent.io:8080", Some("confluent.io")),
            ("//Host/p", Some("Host")),
            ("http://[::1]:80/", Some("[::1]")),
            ("http://10.0.0.1/", Some("10.0.0.1")),
            ("http://a_b.com/", None),
            ("http://ü.de/", None),
            ("http:///p", None),
            ("mailto:a@b", None),
            ("http://[::1", None),
            ("http://a/{x}", None),
            ("", None),
        ] {
            testing::call(
                "URL_EXTRACT_HOST",
                &[text(url)],
                expected.map_or_else(no_text, text),
            );
        }
    }
}
