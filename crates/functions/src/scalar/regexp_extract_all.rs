//! REGEXP_EXTRACT_ALL: all that a regular expression finds in a text. The pattern comes first.

use std::sync::Arc;

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    regular::{Groups, Patterns, Regular},
    texts::{TextLists, size_in_list},
};

pub fn function() -> Builtin {
    let parameters = [
        ("pattern", Parameter::STRING),
        ("input", Parameter::STRING),
        ("group", Parameter::INTEGER),
    ];
    let patterns = Arc::new(Patterns::default());
    let variant = |count: usize, description| {
        let patterns = Arc::clone(&patterns);
        let body = Arc::new(move |call: &Call| extract_all(call, &patterns));
        let returns = |_: &[SqlType]| SqlType::array(SqlType::String);
        Variant::over(&parameters[..count], description, returns, body)
    };
    Builtin::new(
        "REGEXP_EXTRACT_ALL",
        "REGULAR EXPRESSION",
        "Returns all matches of a Java regular expression.",
        vec![
            variant(
                2,
                "The matches in their order, none for a text without any; NULL if the pattern is none.",
            ),
            variant(
                3,
                "A group of each match, NULL where it took no part; NULL if there is no such group.",
            ),
        ],
    )
}

fn extract_all(call: &Call, patterns: &Patterns) -> Result<ArrayRef> {
    let mut patterns = patterns.of(call.argument(0)?)?;
    let texts = call.argument(1)?.strings()?;
    let groups = call.arguments.get(2);
    let mut results = TextLists::new(call.rows);
    let mut found = Vec::new();
    for row in 0..call.rows {
        found.clear();
        let is_there = (|| {
            let group = groups.map_or(Some(0), |groups| groups.integer(row))?;
            let regular = patterns.get(row)?;
            all(regular, texts.get(row)?, group, &results, &mut found)
        })();
        results.push(is_there.map(|()| found.as_slice()));
    }
    results.finish()
}

fn all<'t>(
    regular: &Regular,
    text: &'t str,
    group: i64,
    results: &TextLists,
    found: &mut Vec<Option<&'t str>>,
) -> Option<()> {
    // A negative group is only an error when there is a match to look into.
    let group = usize::try_from(group).ok();
    if group.is_some_and(|group| group > regular.groups()) {
        return None;
    }
    let groups = match group {
        None | Some(0) => Groups::None,
        Some(group) => Groups::One(group),
    };
    let mut search = regular.search(text, groups);
    let mut size = 0;
    while let Some(whole) = search.next().ok()? {
        let one = match group? {
            0 => text.get(whole),
            group => search.group(group),
        };
        size += size_in_list(one);
        if !results.has_room(size) {
            return None;
        }
        found.push(one);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use super::*;
    use crate::testing::{call, null, text, texts};

    fn check(pattern: &str, input: &str, group: Option<i32>, expected: Option<&[Option<&str>]>) {
        let mut arguments = vec![text(pattern), text(input)];
        arguments.extend(group.map(ScalarValue::from));
        let expected = match expected {
            Some(expected) => texts(expected),
            None => null(&SqlType::array(SqlType::String)),
        };
        call("REGEXP_EXTRACT_ALL", &arguments, expected);
    }

    #[test]
    fn all_matches() {
        let (a, b) = (Some("pid=7"), Some("pid=8"));
        check("pid.[0-9]", "user=m pid=7 pid=8", None, Some(&[a, b]));
        check("pid.[0-9]", "user=m pid", None, Some(&[]));
        check("a*", "aab", None, Some(&[Some("aa"), Some(""), Some("")]));
        check("[", "a", None, None);
        check("(x+x+)+y(?!z)", &"x".repeat(60), None, None);
    }

    #[test]
    fn a_group_of_each() {
        check("(a)|(b)", "ab", Some(1), Some(&[Some("a"), None]));
        check("(a)|(b)", "ab", Some(0), Some(&[Some("a"), Some("b")]));
        check("(a)|(b)", "ab", Some(3), None);
        check("(a)|(b)", "c", Some(3), None);
        check("(a)|(b)", "ab", Some(-1), None);
        check("(a)|(b)", "c", Some(-1), Some(&[]));
        let values = [Some("1"), Some(""), Some("é")];
        check("=([^;]*)", "a=1;b=;c=é", Some(1), Some(&values));
        let names = [Some("a"), Some("b"), Some("c")];
        check("([a-z]+)=([^;]*)", "a=1;b=;c=é", Some(1), Some(&names));
        check("([a-z]+)=([^;]*)", "a=1;b=;c=é", Some(2), Some(&values));
        check(
            "(?<![a-z])([a-z])=(?:.*(?=;)|)",
            "a=1;b=",
            Some(1),
            Some(&[Some("a"), Some("b")]),
        );
    }

    #[test]
    fn what_would_be_too_long_is_null() {
        let regular = Regular::compile("(?=(.*))").unwrap();
        let lists = TextLists::new(1);
        let all = |length: usize| {
            let text = "x".repeat(length);
            all(&regular, &text, 1, &lists, &mut Vec::new())
        };
        assert_eq!(all(100), Some(()));
        assert_eq!(all(6000), None);
    }
}
