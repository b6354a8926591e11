//! The parts of a URI, by the rules of `java.net.URI`.
//!
//! Those are RFC 2396 with RFC 2732's addresses in brackets, and more: an authority may be empty before a path, a query or a
//! fragment, and characters beyond ASCII stand for themselves unless they are blanks or controls. An authority that is no
//! server, such as one with `_` in its name, is one of a registry: it has no host and no port, but is no error.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array};
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::{
    kernel::Call,
    overload::{Parameter, Variant},
    texts::Texts,
};

/// Parts are as they are written, with their escapes; what is not there is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uri<'a> {
    pub scheme: Option<&'a str>,
    /// With its brackets.
    pub host: Option<&'a str>,
    pub port: Option<i32>,
    /// Only an opaque URI, such as `mailto:a@b`, has none.
    pub path: Option<&'a str>,
    pub query: Option<&'a str>,
    pub fragment: Option<&'a str>,
}

/// An overload over one URI that gives a text, or NULL for what is no URI or has no such part.
pub fn text_variant(
    description: &'static str,
    part: impl for<'a> Fn(&Uri<'a>) -> Option<&'a str> + Send + Sync + 'static,
    is_decoded: bool,
) -> Variant {
    let body = move |call: &Call| -> Result<ArrayRef> {
        let uris = call.argument(0)?.strings()?;
        let mut results = Texts::new(call.rows);
        let mut decoded = Decoded::default();
        for row in 0..call.rows {
            let uri = uris.get(row).and_then(Uri::parse);
            let found = uri.as_ref().and_then(&part);
            results.push(match found {
                Some(text) if is_decoded => Some(decoded.text(text)),
                found => found,
            });
        }
        results.finish()
    };
    let parameters = [("url", Parameter::STRING)];
    Variant::over(parameters, description, |_| SqlType::String, Arc::new(body))
}

/// The ports of a column of URIs.
pub fn ports(call: &Call) -> Result<ArrayRef> {
    let uris = call.argument(0)?.strings()?;
    let ports = (0..call.rows).map(|row| Uri::parse(uris.get(row)?)?.port);
    Ok(Arc::new(ports.collect::<Int32Array>()))
}

impl<'a> Uri<'a> {
    /// `None` if it is no URI.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut uri = Self::default();
        let rest = match text.find(['/', '?', '#', ':']) {
            Some(at) if text.as_bytes()[at] == b':' => {
                let (scheme, rest) = (&text[..at], &text[at + 1..]);
                let is_first_a_letter =
                    scheme.starts_with(|first: char| first.is_ascii_alphabetic());
                if !is_first_a_letter || !consists_of(scheme, SCHEME) {
                    return None;
                }
                uri.scheme = Some(scheme);
                rest
            }
            _ => text,
        };
        let (rest, fragment) = match rest.split_once('#') {
            Some((rest, fragment)) => (rest, Some(fragment)),
            None => (rest, None),
        };
        if fragment.is_some_and(|fragment| !consists_of(fragment, ANY)) {
            return None;
        }
        uri.fragment = fragment;
        if uri.scheme.is_some() && !rest.starts_with('/') {
            return (!rest.is_empty() && consists_of(rest, ANY)).then_some(uri);
        }
        uri.hierarchy(rest)?;
        Some(uri)
    }

    /// `[//authority]path[?query]`.
    fn hierarchy(&mut self, text: &'a str) -> Option<()> {
        let (text, query) = match text.split_once('?') {
            Some((text, query)) => (text, Some(query)),
            None => (text, None),
        };
        let mut path = text;
        if let Some(rest) = text.strip_prefix("//") {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, rest) = rest.split_at(end);
            path = rest;
            if !authority.is_empty() {
                self.authority(authority)?;
            } else if path.is_empty() && query.is_none() && self.fragment.is_none() {
                return None;
            }
        }
        if !consists_of(path, PATH) || query.is_some_and(|query| !consists_of(query, ANY)) {
            return None;
        }
        self.path = Some(path);
        self.query = query;
        Some(())
    }

    fn authority(&mut self, text: &'a str) -> Option<()> {
        let is_registry = consists_of(text, REGISTRY);
        if let Some((host, port)) = server(text) {
            // A stray `%` is none in a server's name either.
            if !is_registry && has_malformed_escape(text, REGISTRY) {
                return None;
            }
            (self.host, self.port) = (Some(host), port);
            return Some(());
        }
        is_registry.then_some(())
    }
}

/// `[userinfo@]host[:port]`; the port may be missing behind its colon.
fn server(text: &str) -> Option<(&str, Option<i32>)> {
    let text = match text.split_once('@') {
        Some((user, text)) => consists_of(user, USER).then_some(text)?,
        None => text,
    };
    let (host, rest) = if text.starts_with('[') {
        let end = text.find(']')?;
        is_address_in_brackets(&text[1..end]).then(|| text.split_at(end + 1))?
    } else {
        let end = text.find(':').unwrap_or(text.len());
        let (host, rest) = text.split_at(end);
        (is_ipv4(host) || is_host_name(host)).then_some((host, rest))?
    };
    match rest.strip_prefix(':') {
        None => rest.is_empty().then_some((host, None)),
        Some("") => Some((host, None)),
        Some(port) => {
            let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
            let port = is_number.then(|| port.parse().ok()).flatten()?;
            Some((host, Some(port)))
        }
    }
}

/// Labels of letters, digits and inner dashes; the last of several begins with a letter. A dot may follow.
fn is_host_name(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    let is_alphanumeric = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let mut last = text;
    for label in text.split('.') {
        let bytes = label.as_bytes();
        let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        if !is_alphanumeric(bytes.first()) || !is_alphanumeric(bytes.last()) {
            return false;
        }
        if !bytes.iter().all(is_inside) {
            return false;
        }
        last = label;
    }
    last.len() == text.len() || last.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// Four numbers up to 255, with leading zeroes if need be.
fn is_ipv4(text: &str) -> bool {
    let is_byte = |number: &str| {
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number && number.parse::<i32>().is_ok_and(|number| number <= 255)
    };
    text.split('.').count() == 4 && text.split('.').all(is_byte)
}

/// An IPv6 address, and maybe a scope after `%`.
fn is_address_in_brackets(text: &str) -> bool {
    match text.split_once('%') {
        // Java looks for the scope from the second character on.
        Some(("", _)) => false,
        Some((address, scope)) => {
            is_ipv6(address) && !scope.is_empty() && consists_of(scope, SCOPE)
        }
        None => is_ipv6(text),
    }
}

/// Groups of up to four hexadecimal digits, sixteen bytes in all; once `::` stands for zeroes, and an IPv4 address for the last
/// four bytes.
fn is_ipv6(text: &str) -> bool {
    let count = |part: &str, may_end_in_ipv4: bool| {
        if part.is_empty() {
            return Some(0);
        }
        let mut bytes = 0_usize;
        let mut groups = part.split(':').peekable();
        while let Some(group) = groups.next() {
            let is_last = groups.peek().is_none();
            let is_hexadecimal = group.bytes().all(|byte| byte.is_ascii_hexdigit());
            bytes += match group.len() {
                1..=4 if is_hexadecimal => 2,
                _ if is_last && may_end_in_ipv4 && is_ipv4(group) => 4,
                _ => return None,
            };
        }
        Some(bytes)
    };
    match text.split_once("::") {
        Some((before, after)) => {
            let (before, after) = (count(before, false), count(after, true));
            let bytes = before.zip(after).map(|(before, after)| before + after);
            bytes.is_some_and(|bytes| bytes < 16)
        }
        // Java takes an IPv4 address only after hexadecimal groups; there would be too few bytes anyway.
        None => count(text, true) == Some(16),
    }
}

/// Sets of ASCII characters, a bit each in [`CLASSES`]; in all but the first two escapes and characters beyond ASCII may be
/// there too.
type Class = u8;
const SCHEME: Class = 1;
const SCOPE: Class = 1 << 1;
const USER: Class = 1 << 2;
const REGISTRY: Class = 1 << 3;
const PATH: Class = 1 << 4;
const ANY: Class = 1 << 5;

const CLASSES: [Class; 128] = {
    let mut classes = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        if (byte as u8).is_ascii_alphanumeric() {
            classes[byte] = SCHEME | SCOPE | USER | REGISTRY | PATH | ANY;
        }
        byte += 1;
    }
    let groups: [(&[u8], Class); 8] = [
        (b"+-.", SCHEME),
        (b"_.", SCOPE),
        (b"-_.!~*'()", USER | REGISTRY | PATH | ANY),
        (b":&=+$,", USER | REGISTRY | PATH | ANY),
        (b";", USER | REGISTRY | PATH | ANY),
        (b"@", REGISTRY | PATH | ANY),
        (b"/", PATH | ANY),
        (b"?[]", ANY),
    ];
    let mut group = 0;
    while group < groups.len() {
        let (characters, class) = groups[group];
        let mut at = 0;
        while at < characters.len() {
            classes[characters[at] as usize] |= class;
            at += 1;
        }
        group += 1;
    }
    classes
};

fn consists_of(text: &str, class: Class) -> bool {
    end_of(text, class) == text.len()
}

/// Whether what comes after characters of the class is a `%` without two hexadecimal digits.
fn has_malformed_escape(text: &str, class: Class) -> bool {
    text.as_bytes().get(end_of(text, class)) == Some(&b'%')
}

/// Where characters of the class end.
fn end_of(text: &str, class: Class) -> usize {
    let bytes = text.as_bytes();
    let takes_others = class != SCHEME && class != SCOPE;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += match *byte {
            b'%' if takes_others && is_escape(&bytes[at..]) => 3,
            0x80.. if takes_others => match text[at..].chars().next() {
                Some(character) if is_visible(character) => character.len_utf8(),
                _ => return at,
            },
            byte if CLASSES
                .get(usize::from(byte))
                .is_some_and(|of| of & class != 0) =>
            {
                1
            }
            _ => return at,
        };
    }
    at
}

fn is_escape(bytes: &[u8]) -> bool {
    matches!(bytes, [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

/// Beyond ASCII, and neither a control nor one of Unicode's separators.
fn is_visible(character: char) -> bool {
    !matches!(
        character,
        '\0'..='\u{a0}'
            | '\u{1680}'
            | '\u{2000}'..='\u{200a}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{202f}'
            | '\u{205f}'
            | '\u{3000}'
    )
}

/// Texts without their escapes, made in buffers that are used again.
#[derive(Debug, Default)]
pub struct Decoded {
    bytes: Vec<u8>,
    text: String,
}

impl Decoded {
    /// `text`, whose escapes are whole, with the bytes that they stand for as UTF-8.
    pub fn text<'a>(&'a mut self, text: &'a str) -> &'a str {
        if !text.contains('%') {
            return text;
        }
        self.bytes.clear();
        self.bytes
            .extend(percent_encoding::percent_decode_str(text));
        self.utf8()
    }

    /// As URLDecoder has it: `+` is a blank. `None` if an escape is not whole.
    pub fn parameter<'a>(&'a mut self, text: &'a str) -> Option<&'a str> {
        if !text.contains(['%', '+']) {
            return Some(text);
        }
        self.bytes.clear();
        let mut rest = text.as_bytes();
        while let Some((byte, after)) = rest.split_first() {
            let (byte, after) = match byte {
                b'%' => (escaped_byte(after.get(..2)?)?, after.get(2..)?),
                b'+' => (b' ', after),
                byte => (*byte, after),
            };
            self.bytes.push(byte);
            rest = after;
        }
        Some(self.utf8())
    }

    /// What is no UTF-8 is U+FFFD. Java makes one of half a surrogate pair, where others make one of each byte.
    fn utf8(&mut self) -> &str {
        self.text.clear();
        let mut rest = self.bytes.as_slice();
        while !rest.is_empty() {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.text.push_str(text);
                    break;
                }
                Err(error) => {
                    let (valid, bad) = rest.split_at(error.valid_up_to());
                    self.text
                        .push_str(std::str::from_utf8(valid).unwrap_or_default());
                    self.text.push(char::REPLACEMENT_CHARACTER);
                    let length = match bad {
                        [0xED, 0xA0..=0xBF, 0x80..=0xBF, ..] => 3,
                        [0xED, 0xA0..=0xBF, ..] => 2,
                        _ => error.error_len().unwrap_or(bad.len()),
                    };
                    rest = &bad[length..];
                }
            }
        }
        &self.text
    }
}

/// Java reads the two characters as a number, which may have a sign.
fn escaped_byte(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    match *digits {
        [b'+', low] => digit(low),
        [b'-', b'0'] => Some(0),
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_that_java_finds() {
        let decoded =
            |part: Option<&str>| part.map(|part| Decoded::default().text(part).to_owned());
        for (text, scheme, host, port, path, query, fragment) in [
            (
                "http://www.test.com/?query#fragment",
                Some("http"),
                Some("www.test.com"),
                None,
                Some("/"),
                Some("query"),
                Some("fragment"),
            ),
            (
                "http://test@confluent.io:8080",
                Some("http"),
                Some("confluent.io"),
                Some(8080),
                Some(""),
                None,
                None,
            ),
            (
                "www.confluent.io",
                None,
                None,
                None,
                Some("www.confluent.io"),
                None,
                None,
            ),
            ("", None, None, None, Some(""), None, None),
            (
                "http:///path",
                Some("http"),
                None,
                None,
                Some("/path"),
                None,
                None,
            ),
            ("http:/", Some("http"), None, None, Some("/"), None, None),
            ("http:a", Some("http"), None, None, None, None, None),
            (
                "//host/path",
                None,
                Some("host"),
                None,
                Some("/path"),
                None,
                None,
            ),
            ("///path", None, None, None, Some("/path"), None, None),
            ("////path", None, None, None, Some("//path"), None, None),
            (
                "mailto:a@b.com?x=y#z",
                Some("mailto"),
                None,
                None,
                None,
                None,
                Some("z"),
            ),
            (
                "mailto:a%20b#f%41",
                Some("mailto"),
                None,
                None,
                None,
                None,
                Some("fA"),
            ),
            (
                "http://a/%20?%41=%42&c=d%26e#%43",
                Some("http"),
                Some("a"),
                None,
                Some("/ "),
                Some("A=B&c=d&e"),
                Some("C"),
            ),
            (
                "http://a?#",
                Some("http"),
                Some("a"),
                None,
                Some(""),
                Some(""),
                Some(""),
            ),
            (
                "http://a#",
                Some("http"),
                Some("a"),
                None,
                Some(""),
                None,
                Some(""),
            ),
            (
                "http://a?",
                Some("http"),
                Some("a"),
                None,
                Some(""),
                Some(""),
                None,
            ),
            (
                "http://a/?x[]=1",
                Some("http"),
                Some("a"),
                None,
                Some("/"),
                Some("x[]=1"),
                None,
            ),
            (
                "http://ü.de/ä?ö#ß",
                Some("http"),
                None,
                None,
                Some("/ä"),
                Some("ö"),
                Some("ß"),
            ),
            (
                "http://a/\u{200b}",
                Some("http"),
                Some("a"),
                None,
                Some("/\u{200b}"),
                None,
                None,
            ),
            (
                "http://a/😀",
                Some("http"),
                Some("a"),
                None,
                Some("/😀"),
                None,
                None,
            ),
            (
                "http://[::1]:80/",
                Some("http"),
                Some("[::1]"),
                Some(80),
                Some("/"),
                None,
                None,
            ),
            (
                "http://[::1]",
                Some("http"),
                Some("[::1]"),
                None,
                Some(""),
                None,
                None,
            ),
            (
                "http://[::1%eth0]/",
                Some("http"),
                Some("[::1%eth0]"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://[fe80::1%25eth0]/",
                Some("http"),
                Some("[fe80::1%25eth0]"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://[::]/",
                Some("http"),
                Some("[::]"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://[1:2:3:4:5:6:7:8]/",
                Some("http"),
                Some("[1:2:3:4:5:6:7:8]"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://[::1.2.3.4]/",
                Some("http"),
                Some("[::1.2.3.4]"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://[1:2:3:4:5:6:1.2.3.4]/",
                Some("http"),
                Some("[1:2:3:4:5:6:1.2.3.4]"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://[::1]:",
                Some("http"),
                Some("[::1]"),
                None,
                Some(""),
                None,
                None,
            ),
            (
                "http://u@[::1]:8/",
                Some("http"),
                Some("[::1]"),
                Some(8),
                Some("/"),
                None,
                None,
            ),
            (
                "http://1.2.3.4",
                Some("http"),
                Some("1.2.3.4"),
                None,
                Some(""),
                None,
                None,
            ),
            (
                "http://1.2.3",
                Some("http"),
                None,
                None,
                Some(""),
                None,
                None,
            ),
            (
                "http://1.2.3.256/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://1.2.3.4.5/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://1.2.3.4:99999/",
                Some("http"),
                Some("1.2.3.4"),
                Some(99999),
                Some("/"),
                None,
                None,
            ),
            (
                "http://999.1.1.1/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a_b.com/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a_b.com:80/x",
                Some("http"),
                None,
                None,
                Some("/x"),
                None,
                None,
            ),
            (
                "http://-a.com/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a-.com/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a..b/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a.com./",
                Some("http"),
                Some("a.com."),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a.com.:80/",
                Some("http"),
                Some("a.com."),
                Some(80),
                Some("/"),
                None,
                None,
            ),
            (
                "http://.a/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a.1/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a.1b/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://1a/",
                Some("http"),
                Some("1a"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://1/",
                Some("http"),
                Some("1"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a:b/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a:/",
                Some("http"),
                Some("a"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a:80",
                Some("http"),
                Some("a"),
                Some(80),
                Some(""),
                None,
                None,
            ),
            (
                "http://a:080/",
                Some("http"),
                Some("a"),
                Some(80),
                Some("/"),
                None,
                None,
            ),
            (
                "http://a:99999999999/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a:2147483647/",
                Some("http"),
                Some("a"),
                Some(2147483647),
                Some("/"),
                None,
                None,
            ),
            (
                "http://a:2147483648/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a:-1/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://:80/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            ("http://@/", Some("http"), None, None, Some("/"), None, None),
            (
                "http://@a/",
                Some("http"),
                Some("a"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://u:p@a:1/",
                Some("http"),
                Some("a"),
                Some(1),
                Some("/"),
                None,
                None,
            ),
            (
                "http://u@v@a/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://u%40@a/",
                Some("http"),
                Some("a"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://%61/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a$b/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a,b;c/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a:80:90/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "HTTP://A.COM/",
                Some("HTTP"),
                Some("A.COM"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "h+t-t.p://a",
                Some("h+t-t.p"),
                Some("a"),
                None,
                Some(""),
                None,
                None,
            ),
            ("a:b:c", Some("a"), None, None, None, None, None),
            ("a/b:c", None, None, None, Some("a/b:c"), None, None),
            ("./a:b", None, None, None, Some("./a:b"), None, None),
            ("?q", None, None, None, Some(""), Some("q"), None),
            ("#f", None, None, None, Some(""), None, Some("f")),
            ("/p?q#f", None, None, None, Some("/p"), Some("q"), Some("f")),
            (
                "file:///etc/passwd",
                Some("file"),
                None,
                None,
                Some("/etc/passwd"),
                None,
                None,
            ),
            (
                "file:/etc/passwd",
                Some("file"),
                None,
                None,
                Some("/etc/passwd"),
                None,
                None,
            ),
            ("jar:file:/a!/b", Some("jar"), None, None, None, None, None),
            ("urn:isbn:1", Some("urn"), None, None, None, None, None),
            ("urn:?x", Some("urn"), None, None, None, None, None),
            (
                "javascript:alert(1)",
                Some("javascript"),
                None,
                None,
                None,
                None,
                None,
            ),
            (
                "data:text/plain,hi%20x",
                Some("data"),
                None,
                None,
                None,
                None,
                None,
            ),
            (
                "data:text/html;base64,PHA+",
                Some("data"),
                None,
                None,
                None,
                None,
                None,
            ),
            (
                "http://a/b+c?d+e=f+g#h+i",
                Some("http"),
                Some("a"),
                None,
                Some("/b+c"),
                Some("d+e=f+g"),
                Some("h+i"),
            ),
            (
                "http://a?x=%2B+%20",
                Some("http"),
                Some("a"),
                None,
                Some(""),
                Some("x=++ "),
                None,
            ),
            (
                "http://a?%C3%A9",
                Some("http"),
                Some("a"),
                None,
                Some(""),
                Some("é"),
                None,
            ),
            (
                "http://a?%E9",
                Some("http"),
                Some("a"),
                None,
                Some(""),
                Some("\u{fffd}"),
                None,
            ),
            (
                "http://a?%F0%9F%98%80",
                Some("http"),
                Some("a"),
                None,
                Some(""),
                Some("😀"),
                None,
            ),
            (
                "http://a?%c3x",
                Some("http"),
                Some("a"),
                None,
                Some(""),
                Some("\u{fffd}x"),
                None,
            ),
            (
                "http://a?%ED%A0%80",
                Some("http"),
                Some("a"),
                None,
                Some(""),
                Some("\u{fffd}"),
                None,
            ),
            (
                "http://a?ü%41",
                Some("http"),
                Some("a"),
                None,
                Some(""),
                Some("üA"),
                None,
            ),
            (
                "http://a/;p=1",
                Some("http"),
                Some("a"),
                None,
                Some("/;p=1"),
                None,
                None,
            ),
            (
                "http://a//b",
                Some("http"),
                Some("a"),
                None,
                Some("//b"),
                None,
                None,
            ),
            (
                "http://a/../b",
                Some("http"),
                Some("a"),
                None,
                Some("/../b"),
                None,
                None,
            ),
            (
                "http://a/~*'()!$&+,;=:@-_.",
                Some("http"),
                Some("a"),
                None,
                Some("/~*'()!$&+,;=:@-_."),
                None,
                None,
            ),
            (
                "http://a?~*'()!$&+,;=:@-_./?",
                Some("http"),
                Some("a"),
                None,
                Some(""),
                Some("~*'()!$&+,;=:@-_./?"),
                None,
            ),
            (
                "http://a#[x]",
                Some("http"),
                Some("a"),
                None,
                Some(""),
                None,
                Some("[x]"),
            ),
            ("a:[b]", Some("a"), None, None, None, None, None),
            ("a:[b", Some("a"), None, None, None, None, None),
            ("a:b]c", Some("a"), None, None, None, None, None),
            ("//?q", None, None, None, Some(""), Some("q"), None),
            ("//#f", None, None, None, Some(""), None, Some("f")),
            ("//a:b", None, None, None, Some(""), None, None),
            ("//a?q", None, Some("a"), None, Some(""), Some("q"), None),
            (
                "http://xn--a/",
                Some("http"),
                Some("xn--a"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a-b.c-d/",
                Some("http"),
                Some("a-b.c-d"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a.b-/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://localhost:8080/nested/path?query&jobs",
                Some("http"),
                Some("localhost"),
                Some(8080),
                Some("/nested/path"),
                Some("query&jobs"),
                None,
            ),
            (
                "http://a?one=a&two=b&three",
                Some("http"),
                Some("a"),
                None,
                Some(""),
                Some("one=a&two=b&three"),
                None,
            ),
            (
                "http://١.com/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://😀.com/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://0/",
                Some("http"),
                Some("0"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://0x7f.1/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://127.1/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://1.2.3.4a/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://1.2.3.4-/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://1.2.3.a4/",
                Some("http"),
                Some("1.2.3.a4"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://1.a/",
                Some("http"),
                Some("1.a"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a.b:80a/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://a_b:80a/",
                Some("http"),
                None,
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://user:pa%20ss@host/",
                Some("http"),
                Some("host"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://[::ffff:1.2.3.4]/",
                Some("http"),
                Some("[::ffff:1.2.3.4]"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://[1:2:3:4:5:6:7::]/",
                Some("http"),
                Some("[1:2:3:4:5:6:7::]"),
                None,
                Some("/"),
                None,
                None,
            ),
            (
                "http://[::1%a_b.c]/",
                Some("http"),
                Some("[::1%a_b.c]"),
                None,
                Some("/"),
                None,
                None,
            ),
        ] {
            let uri = Uri::parse(text).unwrap_or_else(|| panic!("{text} is a URI"));
            assert_eq!(
                (uri.scheme, uri.host, uri.port),
                (scheme, host, port),
                "{text}"
            );
            let parts = [uri.path, uri.query, uri.fragment].map(decoded);
            let parts = parts.each_ref().map(Option::as_deref);
            assert_eq!(parts, [path, query, fragment], "{text}");
        }
    }

    #[test]
    fn what_java_refuses_is_no_uri() {
        for text in [
            " ",
            "http://",
            "http:",
            "http://a b/",
            "http://a/b c",
            "http://a/%zz",
            "http://a/%4",
            "http://a?b?c#d#e",
            "http://a/[x]",
            "http://a/x|y",
            "http://a/x^y",
            "http://a/<x>",
            "http://a/\"x\"",
            "http://a/{x}",
            "http://a/x`y",
            "http://a/x\\y",
            "http://a/\u{a0}",
            "http://a/\u{2028}x",
            "http://a/\u{80}",
            "http://a/\u{7f}",
            "http://[::1",
            "http://[v1.a:b]/",
            "http://[1:2:3:4:5:6:7]/",
            "http://[1:2:3:4:5:6:7:8:9]/",
            "http://[::12345]/",
            "http://[1::2::3]/",
            "http://[:1]/",
            "http://[]/",
            "http://[::1]x/",
            "http://a%/",
            "1http://a",
            "+h://a",
            "h_t://a",
            ":a",
            "p q",
            "urn:#x",
            "http://a\u{9}/",
            "http://a/\u{0}",
            "\u{0}",
            "http://a#~*'()!$&+,;=:@-_./?#",
            "http://a#x^",
            "http://a/x#y%",
            "http://u[@a/",
            "http://a[1]/",
            "a:%zz",
            "a:b c",
            "a:/b c",
            "//",
            "http://user:pa[ss@host/",
            "http://[::ffff:1.2.3.400]/",
            "http://[1:2:3:4::5:6:7:8]/",
            "http://[::1%]/",
            "http://[fe80::1%a-b]/",
            "http://[1.2.3.4]/",
            "http://[g::]/",
            "http://[::]:80x/",
        ] {
            assert_eq!(Uri::parse(text), None, "{text}");
        }
    }
}
