//! `--@name: value`: lines that are comments to the engine and orders to whoever tests with it.

use crate::Span;

/// A line that begins with `--@`, outside of strings, quoted names and comments.
#[derive(Debug, Clone, PartialEq)]
pub struct Directive<'a> {
    /// Up to the colon; all of the line if it has none.
    pub name: &'a str,
    /// What follows the colon; `None` without one.
    pub value: Option<&'a str>,
    /// Where it stands in the text, without the line's end.
    pub span: Span,
}

/// All directives of a text, in order. What is no statement is passed over: a test may want it refused.
pub fn directives(text: &str) -> Vec<Directive<'_>> {
    let mut directives = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(['\'', '`', '"', '-', '/']) {
        at += found;
        let rest = &text[at..];
        at += if rest.starts_with("--") {
            let line = &rest[..rest.find(['\r', '\n']).unwrap_or(rest.len())];
            directives.extend(directive(line, at));
            line.len()
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.find("*/").map_or(rest.len(), |end| end + 4)
        } else if rest.starts_with(['-', '/']) {
            1
        } else {
            // A doubled quote ends one quoted text and begins another at once.
            let quote = &rest[..1];
            rest[1..].find(quote).map_or(rest.len(), |end| end + 2)
        };
    }
    directives
}

fn directive(line: &str, at: usize) -> Option<Directive<'_>> {
    let order = line.strip_prefix("--@")?;
    let (name, value) = match order.split_once(':') {
        Some((name, value)) => (name, Some(value.trim())),
        None => (order, None),
    };
    Some(Directive {
        name: name.trim(),
        value,
        span: Span::new(at, at + line.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::directives;

    fn found(text: &str) -> Vec<(&str, Option<&str>)> {
        let found = directives(text);
        for directive in &found {
            assert!(text[directive.span.start..directive.span.end].starts_with("--@"));
        }
        let found = found.into_iter();
        found
            .map(|directive| (directive.name, directive.value))
            .collect()
    }

    #[test]
    fn directives_are_found_between_statements() {
        let text =
            "-- a comment\n--@test: a : b \r\nCREATE x; --@events: e.ndjson INTO t\n--@what\nb;";
        let expected = [
            ("test", Some("a : b")),
            ("events", Some("e.ndjson INTO t")),
            ("what", None),
        ];
        assert_eq!(found(text), expected);
    }

    #[test]
    fn strings_names_and_comments_hold_none() {
        for text in [
            "'a\n--@test: b'",
            "'it''s\n--@test: b'",
            "`a``\n--@test: b`",
            "\"\n--@test: b\"",
            "/* \n--@test: b */",
            "-- --@test: b",
            "/* not closed\n--@test: b",
            "'not closed\n--@test: b",
            "- -@test: b",
            "",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn what_is_no_statement_is_passed_over() {
        assert_eq!(
            found("SELECT ? @ é / 1 - 2;\n--@test: ü"),
            [("test", Some("ü"))]
        );
    }
}
