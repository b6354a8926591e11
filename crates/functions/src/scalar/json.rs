//! Members of JSON texts by a path, without a tree.
//!
//! The text is checked once as a whole; then each step looks at one level only. Nothing recurses: nesting costs no stack.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// `$`, then `.name`, `[0]` or `["any \" name"]`; no wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(usize),
}

impl Path {
    /// `None` if it is no path.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = match rest.strip_prefix('.') {
                Some(name) => plain_name(name)?,
                None => bracketed(rest.strip_prefix('[')?)?,
            };
            steps.push(step);
            rest = after;
        }
        Some(Self(steps))
    }

    /// The JSON text at the path; `None` if there is none or the text is no JSON. What follows the first value is not read,
    /// as in ksqlDB.
    pub fn find<'a>(&self, json: &'a str) -> Option<&'a str> {
        let mut parser = serde_json::Deserializer::from_str(json);
        let mut value = <&RawValue>::deserialize(&mut parser).ok()?.get();
        for step in &self.0 {
            value = step.find(value)?;
        }
        Some(value)
    }
}

fn plain_name(text: &str) -> Option<(Step, &str)> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "_:@".contains(character);
    let end = text
        .find(|character| !is_part(character))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    (!name.is_empty()).then(|| (Step::Member(name.to_owned()), rest))
}

fn bracketed(text: &str) -> Option<(Step, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (index, rest) = text.split_once(']')?;
        return Some((Step::Element(index.parse().ok()?), rest));
    };
    let mut name = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => name.push(characters.next()?.1),
            '"' => {
                let rest = quoted[at + 1..].strip_prefix(']')?;
                return Some((Step::Member(name), rest));
            }
            other => name.push(other),
        }
    }
    None
}

impl Step {
    fn find<'a>(&self, json: &'a str) -> Option<&'a str> {
        let mut parser = serde_json::Deserializer::from_str(json);
        match (self, json.as_bytes().first()?) {
            (Self::Member(_), b'{') => parser.deserialize_map(Level(self)).ok()?,
            (Self::Element(_), b'[') => parser.deserialize_seq(Level(self)).ok()?,
            _ => None,
        }
    }
}

/// One object or array, of which one value is wanted.
struct Level<'s>(&'s Step);

impl<'a> Visitor<'a> for Level<'_> {
    type Value = Option<&'a str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Name(name)) = members.next_key()? {
            match self.0 {
                // Of two members of one name the last one counts.
                Step::Member(wanted) if *wanted == name => {
                    found = Some(members.next_value::<&RawValue>()?.get());
                }
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let mut place = 0;
        while let Some(element) = elements.next_element::<&RawValue>()? {
            if *self.0 == Step::Element(place) {
                found = Some(element.get());
            }
            place += 1;
        }
        Ok(found)
    }
}

/// Borrowed unless it has escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(name))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(name.to_owned()))
            }
        }
        deserializer.deserialize_str(Names).map(Name)
    }
}

/// Text without its quotes and escapes, anything else as JSON without blanks. `None` for half of a surrogate pair.
pub fn as_text(json: &str, out: &mut String) -> Option<()> {
    if json.starts_with('"') {
        out.push_str(&serde_json::from_str::<String>(json).ok()?);
        return Some(());
    }
    let mut is_text = false;
    let mut is_escaped = false;
    for character in json.chars() {
        if is_text || !matches!(character, ' ' | '\t' | '\n' | '\r') {
            out.push(character);
        }
        is_text ^= character == '"' && !is_escaped;
        is_escaped = is_text && character == '\\' && !is_escaped;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, path: &str, expected: Option<&str>) {
        let found = Path::parse(path).and_then(|path| {
            let mut text = String::new();
            as_text(path.find(json)?, &mut text)?;
            Some(text)
        });
        assert_eq!(found.as_deref(), expected, "{json} {path}");
    }

    #[test]
    fn members_by_path() {
        let json = r#" {"a": {"b:c": [1, 2.50, {"@x": "y\"\u00e9"}]}, "n": null, "with space\"": true, "a-b": 1} "#;
        check(json, "$.a.b:c[1]", Some("2.50"));
        check(json, "$.a.b:c[2].@x", Some("y\"é"));
        check(json, r#"$["with space\""]"#, Some("true"));
        check(json, r#"$["a-b"]"#, Some("1"));
        check(json, "$.n", Some("null"));
        check(json, "$.a", Some(r#"{"b:c":[1,2.50,{"@x":"y\"\u00e9"}]}"#));
        check(json, "$.missing", None);
        check(json, "$.a[0]", None);
        check(json, "$.a.b:c.x", None);
        check(json, "$.a.b:c[3]", None);
        check(r#"{"a\u0062": 1}"#, "$.ab", Some("1"));
        check(r#"{"a": 1, "a": 2}"#, "$.a", Some("2"));
        check("[1]", "$", Some("[1]"));
        check("\"text\"", "$", Some("text"));
        check(r#"{"a": "x y \\"}"#, "$", Some(r#"{"a":"x y \\"}"#));
    }

    #[test]
    fn what_is_no_path_or_no_json_has_nothing() {
        for path in [
            "", "a", "$.", "$.a-b", "$[", "$[-1]", "$[x]", "$[\"a\"", "$.a.", "$[*]", "$..a",
        ] {
            assert_eq!(Path::parse(path), None, "{path}");
        }
        for json in [
            "",
            "{",
            "{\"a\":}",
            "{\"a\": 1",
            "nul",
            "{'a': 1}",
            "{\"a\": 1, \"b\": tru}",
        ] {
            check(json, "$.a", None);
        }
        // After the first value anything may come.
        check("{\"a\": 1}}", "$.a", Some("1"));
        check(r#"{"a": "\ud800"}"#, "$.a", None);
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        let json = format!("{{\"x\": {deep}, \"a\": 1}}");
        check(&json, "$.a", Some("1"));
        check(&json, "$.x", Some(deep.as_str()));
    }
}
