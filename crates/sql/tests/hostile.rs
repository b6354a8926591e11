//! Statements that mean harm: each is read or refused within its time, on a small stack, and the next one works.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::{thread, time::Duration};

use nix::time::{ClockId, clock_gettime};
use weir_sql::{Error, ErrorKind, ParsedStatement, Variables, parse_statement, split};

/// What a thread of a server has, and what a debug build must do with.
const STACK: usize = 2 << 20;

/// Far more than any of these needs, far less than what grows with the square of the text: of the processor's time, as a
/// machine that has other things to do takes longer by the clock.
const PATIENCE: Duration = Duration::from_secs(20);

fn parse(text: &str) -> Result<ParsedStatement, Error> {
    parse_statement(text, &Variables::default())
}

/// Runs on a small stack of its own; a statement that overflows it ends the whole test program.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(STACK);
    let thread = thread.spawn(|| in_time(run)).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

fn in_time(run: impl FnOnce()) {
    let started = processor_time();
    run();
    let taken = processor_time() - started;
    assert!(taken < PATIENCE, "{taken:?}");
}

/// What this thread has had of the processor.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .unwrap()
        .into()
}

/// Everything that is ever done to a tree.
fn use_fully(text: &str) {
    let parsed = parse(text).unwrap_or_else(|error| panic!("{error}"));
    let printed = parsed.statement.to_string();
    let again = parse(&printed).unwrap();
    assert!(again.statement == parsed.statement.clone());
    assert!(!format!("{:?}", parsed.statement).is_empty());
}

fn refuse(text: &str, kind: ErrorKind) {
    let Err(error) = parse(text) else {
        panic!("read: {}…", &text[..80.min(text.len())]);
    };
    assert_eq!(error.kind, kind, "{error}");
    assert!(error.message.len() < 2_000, "{}", error.message.len());
    assert!(error.render(text).len() < 4_000);
}

/// A chain in brackets in a chain in brackets: each within its limit, all together a tree far too high.
#[test]
fn chains_within_chains_count_together() {
    on_a_small_stack(|| {
        for (operand, link) in [
            ("a", "+ a"),
            ("a", "* a"),
            ("a", "= a"),
            ("a", "IS NULL"),
            ("a", "-> b"),
            ("a", "[1]"),
            ("a", "LIKE a"),
            ("a", "AT TIME ZONE 'UTC'"),
        ] {
            let chain = format!(" {link}").repeat(200);
            let text = format!(
                "SELECT {}{operand}{} FROM s",
                "(".repeat(200),
                format!("{chain})").repeat(200)
            );
            refuse(&text, ErrorKind::TooComplex);
        }
        let arrays = format!(
            "CREATE STREAM s (a INT {}) WITH (x=1)",
            "ARRAY ".repeat(100_000)
        );
        refuse(&arrays, ErrorKind::TooComplex);
    });
}

#[test]
fn the_highest_trees_that_are_read_can_be_used() {
    on_a_small_stack(|| {
        let nested = |open: &str, close: &str| {
            format!("SELECT {}a{} FROM s", open.repeat(120), close.repeat(120))
        };
        for (open, close) in [
            ("(", ")"),
            ("NOT ", ""),
            ("- ", ""),
            ("f(", ")"),
            ("a[", "]"),
            ("(1 + ", ")"),
            ("(b OR ", ")"),
            ("(b || ", ")"),
            ("ARRAY[", "]"),
            ("STRUCT(x := ", ")"),
            ("CASE WHEN a THEN ", " END"),
            ("CAST(", " AS INT)"),
            ("f(a, x => ", ")"),
        ] {
            use_fully(&nested(open, close));
        }
        // The door of brackets leaves little stack for what has no door of its own.
        for inner in ["NOT ", "- "] {
            use_fully(&format!(
                "SELECT {}{}a{} FROM s",
                "f(".repeat(120),
                inner.repeat(120),
                ")".repeat(120)
            ));
        }
        for (open, close) in [("ARRAY<", ">"), ("MAP<STRING, ", ">"), ("STRUCT<a ", ">")] {
            use_fully(&format!(
                "CREATE STREAM s (a {}INT{}) WITH (x=1)",
                open.repeat(250),
                close.repeat(250)
            ));
        }
        for (operator, count) in [("+", 250), ("*", 250), ("=", 250), ("->", 250)] {
            use_fully(&format!(
                "SELECT {} FROM s",
                vec!["a"; count].join(operator)
            ));
        }
    });
}

#[test]
fn what_has_no_end_is_refused() {
    on_a_small_stack(|| {
        for open in [
            "(",
            "NOT ",
            "- ",
            "+ ",
            "f(",
            "a[",
            "ARRAY[",
            "MAP(",
            "CASE ",
            "CAST(",
            "f(a, x => ",
            "f(a, (x, y) => ",
        ] {
            refuse(
                &format!("SELECT {}", open.repeat(100_000)),
                ErrorKind::TooComplex,
            );
        }
        for open in ["ARRAY<", "MAP<", "STRUCT<a "] {
            refuse(
                &format!("CREATE STREAM s (a {}", open.repeat(100_000)),
                ErrorKind::TooComplex,
            );
        }
        for (open, kind) in [
            ("'", ErrorKind::Unfinished),
            ("`", ErrorKind::Unfinished),
            ("\"", ErrorKind::Unfinished),
            ("/*", ErrorKind::Unfinished),
            ("${", ErrorKind::Syntax),
        ] {
            refuse(&format!("SELECT {open}{}", "x ".repeat(1 << 20)), kind);
        }
        refuse(&"EXPLAIN ".repeat(100_000), ErrorKind::Syntax);
    });
}

#[test]
fn long_flat_statements_are_read() {
    let rule = |term: fn(usize) -> String| {
        let terms: Vec<_> = (0..100_000).map(term).collect();
        format!("SELECT * FROM s WHERE {}", terms.join(" OR "))
    };
    let texts = [
        rule(|n| format!("c LIKE '%a{n}%' AND NOT d = {n}")),
        // What begins a bracket is not a name: a try at a lambda must cost nothing.
        rule(|n| format!("({n} = c AND (NOT d OR e))")),
        rule(|n| format!("f(({n}), (c), (c + 1))")),
        format!("SELECT {} FROM s", vec!["a || b"; 200_000].join(" || ")),
        format!(
            "SELECT * FROM s WHERE a IN ({})",
            vec!["'x'"; 500_000].join(", ")
        ),
        format!("SELECT '{}' FROM s", "x".repeat(10 << 20)),
        format!("SELECT /*{}*/ a FROM s", "x".repeat(10 << 20)),
        format!("SELECT {} FROM s", vec!["a"; 500_000].join(", ")),
        format!("SELECT * FROM s WHERE {} TRUE", "(a) OR ".repeat(300_000)),
    ];
    for text in texts {
        on_a_small_stack(move || {
            let parsed = parse(&text).unwrap();
            let copy = parsed.statement.clone();
            assert!(copy == parsed.statement);
            assert!(!copy.to_string().is_empty());
        });
    }
}

#[test]
fn variables_cost_what_they_bring() {
    let mut variables = Variables::default();
    variables.define("a", "'x'");
    variables.define("big", format!("'{}'", "x".repeat(1 << 20)));
    let text = format!("SELECT '{}' FROM s", "${".repeat(1 << 20));
    in_time(|| assert!(parse_statement(&text, &variables).is_ok()));
    let bomb = format!("SELECT {} FROM s", vec!["${big}"; 1000].join(", "));
    let error = parse_statement(&bomb, &variables).unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooComplex);
}

#[test]
fn a_long_script_is_cut_in_time() {
    on_a_small_stack(|| {
        let script = "SELECT 'a;' FROM s; -- ;\n/* ; */".repeat(200_000);
        assert_eq!(split(&script).unwrap().len(), 200_000);
        assert!(split(&";".repeat(1 << 20)).unwrap().is_empty());
    });
}
