//! REGEXP_EXTRACT: what a regular expression finds first in a text. The pattern comes first.

use std::sync::Arc;

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    regular::{Groups, Patterns, Regular},
    texts::Texts,
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
        let body = Arc::new(move |call: &Call| extract(call, &patterns));
        Variant::over(&parameters[..count], description, |_| SqlType::String, body)
    };
    Builtin::new(
        "REGEXP_EXTRACT",
        "REGULAR EXPRESSION",
        "Returns the first match of a Java regular expression.",
        vec![
            variant(
                2,
                "The first match; NULL if there is none, or if the pattern is none.",
            ),
            variant(
                3,
                "A group of the first match; NULL if there is no such group, or if it took no part.",
            ),
        ],
    )
}

fn extract(call: &Call, patterns: &Patterns) -> Result<ArrayRef> {
    let mut patterns = patterns.of(call.argument(0)?)?;
    let texts = call.argument(1)?.strings()?;
    let groups = call.arguments.get(2);
    let mut results = Texts::new(call.rows);
    for row in 0..call.rows {
        let found = (|| {
            let group = groups.map_or(Some(0), |groups| groups.integer(row))?;
            let group = usize::try_from(group).ok()?;
            first(patterns.get(row)?, texts.get(row)?, group)
        })();
        results.push(found);
    }
    results.finish()
}

fn first<'t>(regular: &Regular, text: &'t str, group: usize) -> Option<&'t str> {
    if group == 0 {
        let found = regular.search(text, Groups::None).next().ok()??;
        return text.get(found);
    }
    if group > regular.groups() {
        return None;
    }
    let mut search = regular.search(text, Groups::One(group));
    search.next().ok()??;
    search.group(group)
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use crate::testing::{call, no_text, text};

    fn check(pattern: &str, input: &str, expected: Option<&str>) {
        let expected = expected.map_or_else(no_text, text);
        call("REGEXP_EXTRACT", &[text(pattern), text(input)], expected);
    }

    fn check_group(pattern: &str, input: &str, group: i32, expected: Option<&str>) {
        let expected = expected.map_or_else(no_text, text);
        let group = ScalarValue::from(group);
        call(
            "REGEXP_EXTRACT",
            &[text(pattern), text(input), group],
            expected,
        );
    }

    #[test]
    fn the_first_match() {
        check("pid.[0-9]", "user=m pid=7 pid=8", Some("pid=7"));
        check("pid.[0-9]", "user=m pid", None);
        check("", "a", Some(""));
        check("é+", "aéé😀", Some("éé"));
        check(r"(?<==)\w+(?=;)", "a=b;c=d;", Some("b"));
        check("(", "a", None);
        check("(x+x+)+y(?!z)", &"x".repeat(60), None);
    }

    #[test]
    fn a_group_of_it() {
        check_group("(.*)@(.*)", "mara@db7", 2, Some("db7"));
        check_group("(.*)@(.*)", "mara@db7", 0, Some("mara@db7"));
        check_group("(.*)@(.*)", "mara", 2, None);
        check_group("(.*)@(.*)", "mara@db7", 3, None);
        check_group("(.*)@(.*)", "mara@db7", -1, None);
        check_group("(.*)@(.*)", "mara@db7", i32::MIN, None);
        check_group("(a)|(b)", "a", 2, None);
        check_group(r"(?<user>\w+)@(?!x)(\w+)", "m@x n@y", 2, Some("y"));
        check_group("(b)$", "ab\n", 1, Some("b"));
        // Where the group stands is known from the match, or is not.
        check_group("é(.)ü", "é-éaü", 1, Some("a"));
        check_group("=([^;]*);([a-z]+)", "x=1;y=2", 1, Some("1"));
        check_group("=([^;]*);([a-z]+)", "x=1;y=2", 2, Some("y"));
        check_group("(?=(.)).", "a", 1, Some("a"));
    }
}
