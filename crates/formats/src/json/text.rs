//! JSON values as texts.

/// How deep arrays are put into Java's form; below that they stay JSON.
const MAX_DEPTH: usize = 64;

/// The content of a JSON string that has no escapes: a part of `raw`.
pub fn plain(raw: &str) -> Option<&str> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    memchr::memchr(b'\\', inner.as_bytes())
        .is_none()
        .then_some(inner)
}

/// Any value as a STRING: texts as they are, numbers as Java prints them, objects as compact JSON, arrays as Java lists.
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
        Some(b'{' | b'[') => compact(raw, out),
        _ => out.push_str(raw),
    }
}

fn list(raw: &str, out: &mut String, depth: usize) {
    let Ok(elements) = serde_json::from_str::<Vec<&serde_json::value::RawValue>>(raw) else {
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
        check(r#""\ud83d\ude00""#, "😀");
        check(r#""\ud83d x \ude00""#, "\u{fffd} x \u{fffd}");
        check("true", "true");
        check("1e2", "1E+2");
        check(r#"[ "a", 1.0, [true, null] ]"#, "[a, 1.0, [true, null]]");
        check(r#"{ "a b" : [ 1 , "x \" y" ] }"#, r#"{"a b":[1,"x \" y"]}"#);
    }
}
