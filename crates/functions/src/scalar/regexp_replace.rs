//! REGEXP_REPLACE: every match of a regular expression replaced, as Java's `replaceAll` does.

use std::sync::Arc;

use arrow::array::ArrayRef;
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::{
    kernel::{Argument, Call},
    overload::{Builtin, Parameter, Variant},
    regular::{Groups, Patterns, Regular, Replacement},
    texts::Texts,
};

pub fn function() -> Builtin {
    let patterns = Patterns::default();
    let variant = Variant::over(
        [
            ("input", Parameter::STRING),
            ("pattern", Parameter::STRING),
            ("replacement", Parameter::STRING),
        ],
        "The text with every match replaced. In the replacement `$1` and `${name}` are groups, and `\\` stands before what is \
         meant to the letter. NULL if the pattern is none or the replacement names no group of it.",
        |_| SqlType::String,
        Arc::new(move |call: &Call| replace(call, &patterns)),
    );
    Builtin::new(
        "REGEXP_REPLACE",
        "REGULAR EXPRESSION",
        "Replaces what a Java regular expression matches.",
        vec![variant],
    )
}

fn replace(call: &Call, patterns: &Patterns) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let mut patterns = patterns.of(call.argument(1)?)?;
    let replacements = call.argument(2)?.strings()?;
    let is_constant = call.arguments[1..].iter().all(Argument::is_constant);
    let mut constant: Option<Option<Replacement>> = None;
    let mut results = Texts::new(call.rows);
    let mut replaced = String::new();
    for row in 0..call.rows {
        replaced.clear();
        let result = (|| {
            let (text, regular) = (texts.get(row)?, patterns.get(row)?);
            let replacement = replacements.get(row)?;
            if !is_constant {
                constant = None;
            }
            let replacement =
                constant.get_or_insert_with(|| Replacement::parse(replacement, regular));
            replace_all(text, regular, replacement.as_ref(), &results, &mut replaced)
        })();
        results.push(result.map(|()| replaced.as_str()));
    }
    results.finish()
}

fn replace_all(
    text: &str,
    regular: &Regular,
    replacement: Option<&Replacement>,
    results: &Texts,
    replaced: &mut String,
) -> Option<()> {
    let groups = match replacement.is_some_and(Replacement::has_groups) {
        true => Groups::All,
        false => Groups::None,
    };
    let mut search = regular.search(text, groups);
    let mut end = 0;
    while let Some(found) = search.next().ok()? {
        replaced.push_str(&text[end..found.start]);
        // A wrong replacement only counts where there is something to replace.
        replacement?.write(&search, replaced);
        end = found.end;
        if !results.has_room(replaced.len()) {
            return None;
        }
    }
    replaced.push_str(&text[end..]);
    Some(())
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, no_text, text};

    fn check(input: &str, pattern: &str, replacement: &str, expected: Option<&str>) {
        let expected = expected.map_or_else(no_text, text);
        let arguments = [text(input), text(pattern), text(replacement)];
        call("REGEXP_REPLACE", &arguments, expected);
    }

    #[test]
    fn every_match_is_replaced() {
        check("baababaa", "(ab)+", "cat", Some("bacataa"));
        check("baabbabaa", "(ab)+", "cat", Some("bacatbcataa"));
        check("aaa", "a*", "X", Some("XX"));
        check("é😀", "", "-", Some("-é-😀-"));
        check("", "a", "b", Some(""));
        check("a.b", r"\.", "", Some("ab"));
        check("ab\n", "b$", "c", Some("ac\n"));
    }

    #[test]
    fn replacements_name_groups() {
        check("k=v", "(.)=(.)", "$2=$1", Some("v=k"));
        check("k=v", "(?<key>.)=", "${key}:", Some("k:v"));
        check("ab", "(a)|(b)", "[$1$2]", Some("[a][b]"));
        check("ab", "(a)|(z)", "[$2]", Some("[]b"));
        check("a", "a", r"\$0\\", Some(r"$0\"));
        check("aa", r"(a)(?=a)", "$1$1", Some("aaa"));
    }

    #[test]
    fn what_is_wrong_is_null() {
        check("a", "(", "b", None);
        check("a", "a", "$1", None);
        check("a", "a", "$", None);
        check("a", "a", "${x}", None);
        check("a", "a", r"\", None);
        // Nothing to replace: nobody reads the replacement.
        check("b", "a", "$1", Some("b"));
        check(&"a".repeat(1 << 13), "a", &"b".repeat(1 << 12), None);
        check(&"x".repeat(60), "(x+x+)+y(?!z)", "", None);
    }
}
