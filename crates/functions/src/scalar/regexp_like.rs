//! REGEXP_LIKE: whether a regular expression finds anything in a text. The text comes first, as in SQL's own function of that
//! name; the pattern is Java's, as in all REGEXP functions.
//!
//! Two-valued, as LIKE is: a NULL gives FALSE, so that `NOT REGEXP_LIKE(…)` holds for a record that lacks the field, and no
//! detection is lost in it.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, BooleanArray},
    buffer::BooleanBuffer,
};
use datafusion_common::Result;
use weir_catalog::SqlType;

use crate::{
    kernel::Call,
    overload::{Builtin, Parameter, Variant},
    regular::{Groups, Patterns},
};

pub fn function() -> Builtin {
    let patterns = Arc::new(Patterns::default());
    let variant = Variant::over(
        &[("text", Parameter::STRING), ("pattern", Parameter::STRING)],
        "TRUE if the pattern is found anywhere in the text (`^` and `$` bind it to the ends, `(?i)` takes any case); FALSE if not, if \
         one of them is NULL, or if the pattern is none.",
        |_| SqlType::Boolean,
        Arc::new(move |call: &Call| like(call, &patterns)),
    );
    Builtin::new(
        "REGEXP_LIKE",
        "REGULAR EXPRESSION",
        "Tells whether a Java regular expression is found in a text.",
        vec![variant],
    )
    .takes_null()
    .shown_as("REGEXP_LIKE")
    .added()
}

fn like(call: &Call, patterns: &Patterns) -> Result<ArrayRef> {
    let texts = call.argument(0)?.strings()?;
    let mut patterns = patterns.of(call.argument(1)?)?;
    let truths = BooleanBuffer::collect_bool(call.rows, |row| {
        let (Some(text), Some(regular)) = (texts.get(row), patterns.get(row)) else {
            return false;
        };
        matches!(regular.search(text, Groups::None).next(), Ok(Some(_)))
    });
    Ok(Arc::new(BooleanArray::from(truths)))
}

#[cfg(test)]
mod tests {
    use crate::testing::{call, no_text, text};

    fn check(input: &str, pattern: &str, expected: bool) {
        call("REGEXP_LIKE", &[text(input), text(pattern)], expected);
    }

    #[test]
    fn found_anywhere() {
        check("powershell -enc AAAA", "-e(nc)?\\s+[A-Z]+", true);
        check("powershell -enc AAAA", "^-enc", false);
        check("a\nb", "a.b", false);
        check("a\nb", "(?s)a.b", true);
        check("a\nb", "(?m)^b$", true);
        check("a\rb", "a.b", false);
        check("a\rb", "(?d)a.b", true);
        check("ends\n", "ends$", true);
        check("", "", true);
        check("abc", "", true);
        check("", ".", false);
        check("😀", "^.$", true);
        check("x1", "(?<=x)1(?!2)", true);
        check("x12", "(?<=x)1(?!2)", false);
    }

    #[test]
    fn case_counts_unless_it_is_said() {
        check("PowerShell", "powershell", false);
        check("PowerShell", "(?i)powershell", true);
        check("ÉCOLE", "(?i)école", false);
        check("ÉCOLE", "(?iu)école", true);
    }

    #[test]
    fn what_is_no_pattern_is_found_nowhere() {
        check("(", "(", false);
        check("a", "[", false);
        check("a", "*", false);
        // Given up rather than searched for ever.
        check(&"x".repeat(60), "(x+x+)+y(?!z)", false);
    }

    #[test]
    fn null_is_false() {
        call("REGEXP_LIKE", &[no_text(), text("a")], false);
        call("REGEXP_LIKE", &[text("a"), no_text()], false);
        call("REGEXP_LIKE", &[no_text(), no_text()], false);
        call("REGEXP_LIKE", &[no_text(), text("")], false);
    }
}
