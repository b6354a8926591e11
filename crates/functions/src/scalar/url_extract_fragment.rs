//! URL_EXTRACT_FRAGMENT: the fragment of a URL. What is no URI is NULL.

use super::uri;
use crate::overload::Builtin;

pub fn function() -> Builtin {
    let variant = uri::text_variant(
        "What is after `#`, without its escapes; NULL if there is none.",
        |uri| uri.fragment,
        true,
    );
    Builtin::new(
        "URL_EXTRACT_FRAGMENT",
        "URL",
        "Returns the fragment of a URL.",
        vec![variant],
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{self, no_text, text};

    #[test]
    fn parts_of_urls() {
        for (url, expected) in [
            ("http://www.test.com/?query#fragment", Some("fragment")),
            ("http://www.nofragment.com", None),
            ("http://a#", Some("")),
            ("#f%41", Some("fA")),
            ("mailto:a@b#c", Some("c")),
            ("http://a#b#c", None),
            ("http://a#b c", None),
        ] {
            testing::call(
                "URL_EXTRACT_FRAGMENT",
                &[text(url)],
                expected.map_or_else(no_text, text),
            );
        }
    }
}
