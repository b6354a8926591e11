//! The path of EXTRACTJSONFIELD, and what is there in a text.

use super::{Scanner, first_value};

/// `$`, then `.name`, `[0]` or `["any \" name"]`; no wildcards.
///
/// A step is a name in an object and, if it is a number, a place in an array, however it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    name: String,
    place: Option<usize>,
}

impl Path {
    /// `None` if it is no path.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (name, after) = match rest.strip_prefix('.') {
                Some(name) => plain_name(name, |character| matches!(character, '_' | '@' | ':'))?,
                None => in_brackets(rest.strip_prefix('[')?)?,
            };
            steps.push(Step::new(name));
            rest = after;
        }
        Some(Self(steps))
    }

    /// The JSON text at the path; `None` if there is none or the text is no JSON.
    pub fn find<'a>(&self, json: &'a str) -> Option<&'a str> {
        first_value(json, |scanner| find(scanner, &self.0))?
    }
}

impl Step {
    fn new(name: String) -> Self {
        // A sign is part of a number in Java, and a number past 2³¹ is none.
        let place = name.parse::<i32>().ok();
        let place = place.and_then(|place| usize::try_from(place).ok());
        Self { name, place }
    }
}

/// Takes the whole of the next value; `Some(None)` if it has nothing at the path. At most as deep as the text nests.
fn find<'a>(scanner: &mut Scanner<'a>, steps: &[Step]) -> Option<Option<&'a str>> {
    let Some((step, rest)) = steps.split_first() else {
        return scanner.value().map(Some);
    };
    let mut found = None;
    match scanner.peek()? {
        b'{' => scanner.object(|scanner, name| {
            if name.is(&step.name) {
                found = find(scanner, rest)?;
                return Some(());
            }
            scanner.skip()
        })?,
        b'[' => {
            let mut place = 0;
            scanner.array(|scanner| {
                let is_there = step.place == Some(place);
                place += 1;
                if is_there {
                    found = find(scanner, rest)?;
                    return Some(());
                }
                scanner.skip()
            })?;
        }
        _ => scanner.skip()?,
    }
    Some(found)
}

fn plain_name(text: &str, is_sign: impl Fn(char) -> bool) -> Option<(String, &str)> {
    // Java looks at UTF-16 units, and half of a pair is no letter.
    let is_part = |character: char| {
        is_sign(character) || character.is_alphanumeric() && character.len_utf16() == 1
    };
    let end = text.find(|character| !is_part(character));
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    (!name.is_empty()).then(|| (name.to_owned(), rest))
}

fn in_brackets(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (name, rest) = plain_name(text, |character| matches!(character, '_' | '@'))?;
        return Some((name, rest.strip_prefix(']')?));
    };
    let mut name = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => return Some((name, characters.as_str().strip_prefix(']')?)),
            '\\' => match characters.next()? {
                escaped @ ('"' | '\\') => name.push(escaped),
                _ => return None,
            },
            other => name.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, path: &str, expected: Option<&str>) {
        let path = Path::parse(path).unwrap_or_else(|| panic!("{path} is a path"));
        assert_eq!(path.find(json), expected, "{json} {path:?}");
    }

    #[test]
    fn members_and_elements_by_path() {
        let json = r#" {"a": {"b:c": [1, 2.50, {"@x": "y"}]}, "n": null, "with space\"": true, "a-b": 1, "0": "zero", "é": 2} "#;
        check(json, "$.a.b:c[1]", Some("2.50"));
        check(json, "$.a.b:c[2].@x", Some(r#""y""#));
        check(json, r#"$["with space\""]"#, Some("true"));
        check(json, r#"$["a-b"]"#, Some("1"));
        check(json, "$[n]", Some("null"));
        check(json, "$[0]", Some(r#""zero""#));
        check(json, "$.0", Some(r#""zero""#));
        check(json, "$.é", Some("2"));
        check(json, "$.a.b:c.1", Some("2.50"));
        check(json, r#"$.a.b:c["+1"]"#, Some("2.50"));
        check(json, "$.a.b:c[01]", Some("2.50"));
        check(json, r#"$.a.b:c["-1"]"#, None);
        check(json, "$.a.b:c[x]", None);
        check(json, "$.a.b:c[9999999999]", None);
        check(json, "$.missing", None);
        check(json, "$.A", None);
        check(json, "$.a[0]", None);
        check(json, "$.n.x", None);
        check(json, "$.a.b:c[3]", None);
        check(r#"{"a\u0062": 1}"#, "$.ab", Some("1"));
        check("[1]", "$", Some("[1]"));
        check("1 x", "$", Some("1"));
    }

    #[test]
    fn of_equal_names_the_last_counts() {
        check(r#"{"a": 1, "a": 2}"#, "$.a", Some("2"));
        check(r#"{"a": {"b": 1}, "a": {"c": 2}}"#, "$.a.b", None);
        check(r#"{"a": {"b": 1}, "a": 3}"#, "$.a.b", None);
        check(
            r#"{"a": 3, "a": {"b": 1, "\u0062": 4}}"#,
            "$.a.b",
            Some("4"),
        );
    }

    #[test]
    fn what_is_wrong_anywhere_is_no_json() {
        for json in [
            "",
            "{",
            "{\"a\": 1",
            "{\"a\": 1, \"b\": tru}",
            "{\"a\": 1 x}",
            "nul",
        ] {
            check(json, "$.a", None);
        }
        check("{\"a\": 1}}", "$.a", Some("1"));
        check("{\"a\": 1} \u{0}", "$.a", Some("1"));
    }

    #[test]
    fn what_is_no_path() {
        for path in [
            "",
            "a",
            "$.",
            "$.a-b",
            "$[",
            "$[]",
            "$[-1]",
            "$[\"a\"",
            "$[\"a",
            "$[\"\\n\"]",
            "$[\"a\\",
            "$.a.",
            "$[*]",
            "$..a",
            "$.*",
            "$ .a",
            "$.a b",
            "$[0",
            "$[a:b]",
            "$.😀",
            " $",
        ] {
            assert_eq!(Path::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_path_as_deep_as_a_text_may_be() {
        let depth = super::super::MAX_DEPTH;
        let json = "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
        check(&json, &format!("${}", ".a".repeat(depth)), Some("1"));
        check(&json, &format!("${}", ".a".repeat(depth * 100)), None);
    }
}
