//! MD5: the digest of a text's UTF-8, in hex of lower case.

use md5::{Digest, Md5};
use weir_catalog::SqlType;

use super::encoding::{Digits, encode_hex};
use crate::overload::{Builtin, Parameter, Variant};
use crate::texts::map_texts;

pub fn function() -> Builtin {
    let variant = Variant::new(
        [("input", Parameter::STRING)],
        "The MD5 digest of the text's UTF-8 as 32 hex digits of lower case.",
        |_| SqlType::String,
        |call| {
            map_texts(call, |text, out| {
                encode_hex(&Md5::digest(text), Digits::Lower, out);
            })
        },
    );
    Builtin::new(
        "MD5",
        "STRING",
        "Returns the MD5 digest of a text.",
        vec![variant],
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, text};

    #[test]
    fn digests_are_those_of_rfc_1321() {
        let check = |input: &str, expected: &str| call("MD5", &[text(input)], text(expected));
        check("", "d41d8cd98f00b204e9800998ecf8427e");
        check("abc", "900150983cd24fb0d6963f7d28e17f72");
        check("message digest", "f96b697d7cb7938d525a2f31aaf161d0");
        check("é", "66ddcd97cfdeabb2f6fb8a999b4bc76f");
    }
}
