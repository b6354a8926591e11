//! Statement text: whatever is sent, it is refused with a place in it, or it is read, and printed it is the same tree.

#![no_main]

use libfuzzer_sys::fuzz_target;
use weir_sql::{Variables, parse_statement, render, split};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    match split(&text) {
        Err(error) => {
            assert!(error.span.start <= error.span.end && error.span.end <= text.len());
            render(
                &error.message,
                &text,
                Some(error.span),
                error.hint.as_deref(),
            );
        }
        Ok(statements) => {
            for statement in statements {
                check(&statement.text);
            }
        }
    }
});

fn check(text: &str) {
    let mut variables = Variables::default();
    variables.define("v", "SELECT");
    let parsed = match parse_statement(text, &variables) {
        Ok(parsed) => parsed,
        Err(error) => {
            render(
                &error.message,
                text,
                Some(error.span),
                error.hint.as_deref(),
            );
            return;
        }
    };
    let printed = parsed.statement.to_string();
    let again = parse_statement(&printed, &Variables::default())
        .unwrap_or_else(|error| panic!("{printed:?} is not read again: {error:?}"));
    assert!(
        again.statement == parsed.statement,
        "{text:?} is printed as {printed:?}, which is another tree"
    );
    assert_eq!(again.statement.to_string(), printed, "from {text:?}");
}
