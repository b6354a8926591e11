//! JSON values as texts.

use std::collections::{HashMap, hash_map::Entry};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// How deep values are written anew; below that only blanks go.
const MAX_DEPTH: usize = 64;

/// The content of a JSON string that has no escapes: a part of `raw`.
pub fn plain(raw: &str) -> Option<&str> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    memchr::memchr(b'\\', inner.as_bytes())
        .is_none()
        .then_some(inner)
}

/// Any value as a STRING: texts as they are, numbers as Java prints them, objects as JSON written anew,
/// arrays as Java lists.
pub fn to_text(raw: &str, out: &mut String) {
    append(raw, out, 0);
}

fn append(raw: &str, out: &mut String, depth: usize) {
    match raw.as_bytes().first() {
        Some(b'"') => match plain(raw) {
            Some(plain) => out.push_str(plain),
            None => unescape(raw, out),
        },
        Some(b'-' | b'0'..=b'9') => crate::number::java_text(raw, out),
        Some(b'[') if depth < MAX_DEPTH => list(raw, out, depth),
        Some(b'{' | b'[') => rewritten(raw, out, depth),
        _ => out.push_str(raw),
    }
}

/// JSON written anew: no blanks, numbers as Java prints them, no escapes but those that must be, of equal members the
/// last one in the place of the first.
fn rewritten(raw: &str, out: &mut String, depth: usize) {
    match raw.as_bytes().first() {
        Some(b'"') => match plain(raw) {
            Some(_) => out.push_str(raw),
            None => {
                let mut text = String::new();
                unescape(raw, &mut text);
                quoted(&text, out);
            }
        },
        Some(b'-' | b'0'..=b'9') => crate::number::java_text(raw, out),
        Some(b'{') if depth < MAX_DEPTH => match serde_json::from_str::<Members>(raw) {
            Ok(Members(members)) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { "," });
                    quoted(name, out);
                    out.push(':');
                    rewritten(value.get(), out, depth + 1);
                }
                out.push('}');
            }
            Err(_) => compact(raw, out),
        },
        Some(b'[') if depth < MAX_DEPTH => {
            let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(raw) else {
                return compact(raw, out);
            };
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                rewritten(element.get(), out, depth + 1);
            }
            out.push(']');
        }
        Some(b'{' | b'[') => compact(raw, out),
        _ => out.push_str(raw),
    }
}

fn quoted(text: &str, out: &mut String) {
    let mut bytes = Vec::with_capacity(text.len() + 2);
    super::encoder::string(text, &mut bytes);
    out.push_str(&String::from_utf8_lossy(&bytes));
}

/// The members of an object, each name once.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Vec<(String, &'de RawValue)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            match places.entry(name) {
                Entry::Occupied(known) => members[*known.get()].1 = value,
                Entry::Vacant(place) => {
                    members.push((place.key().clone(), value));
                    place.insert(members.len() - 1);
                }
            }
        }
        Ok(Members(members))
    }
}

fn list(raw: &str, out: &mut String, depth: usize) {
    let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(raw) else {
        return compact(raw, out);
    };
    out.push('[');
    for (index, element) in elements.iter().enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        append(element.get(), out, depth + 1);
    }
    out.push(']');
}

/// Without the blanks between tokens.
fn compact(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some(start) = rest.find(['"', ' ', '\t', '\n', '\r']) {
        out.push_str(&rest[..start]);
        if rest.as_bytes()[start] != b'"' {
            rest = &rest[start + 1..];
            continue;
        }
        let end = start + string_length(&rest[start..]);
        out.push_str(&rest[start..end]);
        rest = &rest[end..];
    }
    out.push_str(rest);
}

/// The length of the JSON string that `text` begins with, both quotes counted.
fn string_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// Undoes the escapes of a JSON string, quotes included; half of a surrogate pair becomes U+FFFD.
pub fn unescape(raw: &str, out: &mut String) {
    let inner = raw
        .strip_prefix('"')
        .and_then(|inner| inner.strip_suffix('"'))
        .unwrap_or(raw);
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let escape = rest.as_bytes().get(at + 1).copied().unwrap_or(b'\\');
        if escape == b'u' {
            rest = &rest[at..];
            rest = &rest[unicode(rest, out)..];
            continue;
        }
        out.push(match escape {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            other => other as char,
        });
        rest = rest.get(at + 2..).unwrap_or("");
    }
    out.push_str(rest);
}

/// Appends the character of `\uXXXX`, or of two of them; returns how many bytes were read.
fn unicode(text: &str, out: &mut String) -> usize {
    let unit = |at: usize| {
        text.get(at..at + 6)
            .filter(|escape| escape.starts_with("\\u"))
            .and_then(|escape| u16::from_str_radix(&escape[2..], 16).ok())
    };
    let Some(first) = unit(0) else {
        out.push('\u{fffd}');
        return 2.min(text.len());
    };
    if let (0xd800..=0xdbff, Some(second @ 0xdc00..=0xdfff)) = (first, unit(6)) {
        let pair = char::decode_utf16([first, second]).next();
        out.push(pair.and_then(Result::ok).unwrap_or('\u{fffd}'));
        return 12;
    }
    out.push(char::from_u32(u32::from(first)).unwrap_or('\u{fffd}'));
    6
}

#[cfg(test)]
mod tests {
    use super::to_text;

    #[test]
    fn every_value_has_a_text() {
        let check = |raw: &str, expected: &str| {
            let mut text = String::new();
            to_text(raw, &mut text);
            assert_eq!(text, expected, "{raw}");
        };
        check(r#""a\"b\\c\/d\u00e9\n""#, "a\"b\\c/dé\n");
        check(r#""\u0::l \u""#, "\u{fffd}0::l \u{fffd}");
        check(r#""\ud83d\ude00""#, "😀");
        check(r#""\ud83d x \ude00""#, "\u{fffd} x \u{fffd}");
        check("true", "true");
        check("1e2", "1E+2");
        check(r#"[ "a", 1.0, [true, null] ]"#, "[a, 1.0, [true, null]]");
        check(r#"{ "a b" : [ 1 , "x \" y" ] }"#, r#"{"a b":[1,"x \" y"]}"#);
        check(
            r#"{"\u00e9":"\/\u0001\ud83d\ude00"}"#,
            r#"{"é":"/\u0001😀"}"#,
        );
        check(
            r#"{"a":1e2,"b":[-0,1.50,{}]}"#,
            r#"{"a":1E+2,"b":[0,1.50,{}]}"#,
        );
        check(r#"{"a":1,"b":2,"\u0061":3}"#, r#"{"a":3,"b":2}"#);
        check(r#"[{"a": [1, null]}, "x"]"#, r#"[{"a":[1,null]}, x]"#);
        let deep = format!("{}1e2{}", "{ \"a\":".repeat(100), "}".repeat(100));
        let expected = format!("{}1e2{}", "{\"a\":".repeat(100), "}".repeat(100));
        check(&deep, &expected);
    }
}
