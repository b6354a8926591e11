//! REGEXP_SPLIT_TO_ARRAY: a text cut where a regular expression matches.
//!
//! Which of two ways to cut depends on whether the pattern matches the empty text. If not, all parts are kept (Guava's
//! `Splitter`). If so, as the empty pattern does, empty parts at the end are dropped and there is none before an empty match
//! at the start (Java's `Pattern.split`).

use std::sync::Arc;

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    regular::{Groups, Patterns, Regular},
    texts::TextLists,
};

pub fn function() -> Builtin {
    let patterns = Patterns::default();
    let variant = Variant::over(
        [("input", Parameter::STRING), ("pattern", Parameter::STRING)],
        "The parts between the matches, empty ones too; the empty pattern gives the characters. NULL if the pattern is none.",
        |_| SqlType::array(SqlType::String),
        Arc::new(move |call: &Call| split(call, &patterns)),
    );
    Builtin::new(
        "REGEXP_SPLIT_TO_ARRAY",
        "REGULAR EXPRESSION",
        "Cuts a text where a Java regular expression matches.",
        vec![variant],
    )
}

fn split(call: &Call, patterns: &Patterns) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let mut patterns = patterns.of(call.argument(1)?)?;
    let mut results = TextLists::new(call.rows);
    let mut parts = Vec::new();
    for row in 0..call.rows {
        parts.clear();
        let is_there = (|| {
            let (text, regular) = (texts.get(row)?, patterns.get(row)?);
            match regular.matches_empty() {
                true => split_at_any(text, regular, &mut parts),
                false => split_at_all(text, regular, &mut parts),
            }
        })();
        results.push(is_there.map(|()| parts.as_slice()));
    }
    results.finish()
}

/// Guava's way. An empty match, as of a look-ahead, cuts unless it stands where a part begins.
fn split_at_all<'t>(
    text: &'t str,
    regular: &Regular,
    parts: &mut Vec<Option<&'t str>>,
) -> Option<()> {
    let mut search = regular.search(text, Groups::None);
    let mut start = 0;
    while let Some(found) = search.next().ok()? {
        if found.end > start {
            parts.push(Some(&text[start..found.start]));
            start = found.end;
        }
    }
    parts.push(Some(&text[start..]));
    Some(())
}

/// Java's way.
fn split_at_any<'t>(
    text: &'t str,
    regular: &Regular,
    parts: &mut Vec<Option<&'t str>>,
) -> Option<()> {
    let mut search = regular.search(text, Groups::None);
    let mut start = 0;
    while let Some(found) = search.next().ok()? {
        if found.end > 0 {
            parts.push(Some(&text[start..found.start]));
            start = found.end;
        }
    }
    if start == 0 {
        parts.push(Some(text));
        return Some(());
    }
    parts.push(Some(&text[start..]));
    let kept = parts.iter().rposition(|part| *part != Some(""));
    parts.truncate(kept.map_or(0, |last| last + 1));
    Some(())
}

#[cfg(test)]
mod tests {
    use weir_catalog::SqlType;

    use crate::testing::{call, null, text, texts};

    fn check(input: &str, pattern: &str, expected: &[&str]) {
        let expected: Vec<_> = expected.iter().copied().map(Some).collect();
        let arguments = [text(input), text(pattern)];
        call("REGEXP_SPLIT_TO_ARRAY", &arguments, texts(&expected));
    }

    #[test]
    fn all_parts_are_kept() {
        check("aabcda", "(ab|cd)", &["a", "", "a"]);
        check("aabdcda", "(ab|cd)", &["a", "d", "a"]);
        check("zxy", "(ab|cd)", &["zxy"]);
        check("", "a", &[""]);
        check(",é,,", ",", &["", "é", "", ""]);
        check("oneTwoThree", "(?=[A-Z])", &["one", "Two", "Three"]);
        check("Two", "(?=[A-Z])", &["Two"]);
        check("a1b22c", r"\d+", &["a", "b", "c"]);
    }

    #[test]
    fn a_pattern_that_matches_nothing_drops_empty_parts_at_the_end() {
        check("aé😀", "", &["a", "é", "😀"]);
        check("", "", &[""]);
        check(",", ",*", &[]);
        check("a,,b,", ",*", &["a", "", "b"]);
        check(",a", ",*", &["", "", "a"]);
        check("ab", "x*", &["a", "b"]);
    }

    #[test]
    fn what_is_no_pattern_is_null() {
        let nothing = || null(&SqlType::array(SqlType::String));
        call("REGEXP_SPLIT_TO_ARRAY", &[text("a"), text("(")], nothing());
        let slow = [text(&"x".repeat(60)), text("(x+x+)+y(?!z)")];
        call("REGEXP_SPLIT_TO_ARRAY", &slow, nothing());
    }
}
