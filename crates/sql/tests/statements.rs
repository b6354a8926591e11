//! Statements as users write them: what parses, what it prints to, and what is refused with which words.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::io::Write as _;
use std::{
    fs,
    path::{Path, PathBuf},
};

use weir_sql::{ErrorKind, Variables, parse_expression, parse_statement, split};

fn parse(text: &str) -> Result<weir_sql::ParsedStatement, weir_sql::Error> {
    parse_statement(text, &Variables::default())
}

/// Parse → print → parse is the same tree.
fn assert_round_trip(text: &str) {
    let first = parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
    let printed = first.statement.to_string();
    let second =
        parse(&printed).unwrap_or_else(|error| panic!("{text}\nprinted as {printed}\n{error}"));
    assert_eq!(
        first.statement, second.statement,
        "{text}\nprinted as {printed}"
    );
}

fn assert_prints(text: &str, expected: &str) {
    assert_eq!(parse(text).unwrap().statement.to_string(), expected);
    assert_round_trip(text);
}

fn assert_refused(text: &str, message: &str) {
    let error = parse(text).unwrap_err();
    assert!(error.message.starts_with(message), "{text}\n{error}");
}

#[test]
fn statements_print_in_one_form() {
    assert_prints(
        "create stream if not exists s (id int key, `@t` varchar, a array<struct<x int, `y z` map<string, bytes>>>) with (kafka_topic='t', value_format='json');",
        "CREATE STREAM IF NOT EXISTS S (ID INTEGER KEY, `@t` VARCHAR, A ARRAY<STRUCT<X INTEGER, `y z` MAP<VARCHAR, BYTES>>>) WITH (KAFKA_TOPIC = 't', VALUE_FORMAT = 'json')",
    );
    assert_prints(
        "SELECT a->b AS c, d.*, e->*, -5, - x, not a and b or c FROM s d WHERE x LIKE '%!%' ESCAPE '!' AND y NOT IN (1, 2) EMIT CHANGES LIMIT 3",
        "SELECT A->B AS C, D.*, E->*, -5, -X, NOT A AND B OR C FROM S AS D WHERE X LIKE '%!%' ESCAPE '!' AND Y NOT IN (1, 2) EMIT CHANGES LIMIT 3",
    );
    assert_prints("list topics extended", "SHOW TOPICS EXTENDED");
    assert_prints(
        "print wineventlogs from beginning limit 3",
        "PRINT `wineventlogs` FROM BEGINNING LIMIT 3",
    );
    assert_prints(
        "insert into a with (query_id='q') select * from b",
        "INSERT INTO A WITH (QUERY_ID = 'q') SELECT * FROM B",
    );
    assert_prints(
        "drop stream if exists s delete topic",
        "DROP STREAM IF EXISTS S DELETE TOPIC",
    );
}

#[test]
fn expressions_keep_their_shape() {
    let check = |text: &str, expected: &str| {
        let first = parse_expression(text).unwrap();
        assert_eq!(first.to_string(), expected);
        assert_eq!(parse_expression(expected).unwrap(), first, "{expected}");
    };
    check("(a or b) and not (c and d)", "(A OR B) AND NOT (C AND D)");
    check("a - (b - c) - d", "A - (B - C) - D");
    check("a * (b + c) % 2", "A * (B + C) % 2");
    check("- - a", "-(-A)");
    check("a || b + c || d", "A || B + C || D");
    check("(a = b) = c", "A = B = C");
    check("a = (b = c)", "A = (B = C)");
    check("m['Threat Name']->x[1]", "M['Threat Name']->X[1]");
    check("a ilike 'x'", "A ILIKE 'x'");
    check(
        "a not like any ('x', b || '%') escape '!' and c",
        "A NOT LIKE ANY ('x', B || '%') ESCAPE '!' AND C",
    );
    check("a like any", "A LIKE ANY");
    check(
        "a ilike case when b then c end",
        "A ILIKE CASE WHEN B THEN C END",
    );
    check("ilike ilike ilike", "ILIKE ILIKE ILIKE");
    check("filter(a, x => x > 1)", "FILTER(A, X => X > 1)");
    check(
        "transform(m, (k, v) => ucase(k), (k, v) => v)",
        "TRANSFORM(M, (K, V) => UCASE(K), (K, V) => V)",
    );
    check(
        "case when a is null then 1 else 2 end",
        "CASE WHEN A IS NULL THEN 1 ELSE 2 END",
    );
    check("a is not distinct from null", "A IS NOT DISTINCT FROM NULL");
    check("cast(x as decimal(4, 2))", "CAST(X AS DECIMAL(4, 2))");
    check("dateadd(days, 5, d)", "DATEADD(DAYS, 5, D)");
    check("a not between 1 and 2 and b", "A NOT BETWEEN 1 AND 2 AND B");
    check(
        "struct(a := 1, `b` := map('k' := array[1, 2]))",
        "STRUCT(A := 1, `b` := MAP('k' := ARRAY[1, 2]))",
    );
    check(
        "2147483647 + 2147483648 + 1.50 + 1E3",
        "2147483647 + 2147483648 + 1.50 + 1E3",
    );
}

#[test]
fn words_of_the_articles_declaration_are_names() {
    assert_round_trip(
        "CREATE STREAM W (\t`@timestamp` VARCHAR, winlog STRUCT<version INT, process STRUCT<pid INT, thread STRUCT<id INT>>, keywords ARRAY<VARCHAR>>,
         event STRUCT<created VARCHAR, kind VARCHAR>, host STRUCT<name VARCHAR, os STRUCT<family VARCHAR, type VARCHAR>>, message VARCHAR) WITH (KAFKA_TOPIC = 'w', VALUE_FORMAT = 'JSON')",
    );
}

#[test]
fn refusals_say_where_and_what() {
    assert_refused(
        "SELECT FROM s",
        "line 1:8: Syntax Error\n\"FROM\" is a reserved keyword and it can't be used as an identifier.",
    );
    assert_refused(
        "SELEKT 1",
        "line 1:1: Syntax Error\nUnknown statement 'SELEKT'",
    );
    assert_refused(
        "SELECT a FROM s WHERE b IN ()",
        "line 1:29: Syntax Error\nSyntax error at or near ')' at line 1:29\nStatement: SELECT a FROM s WHERE b IN ();",
    );
    assert_refused(
        "SELECT 99999999999999999999 FROM s",
        "Failed to prepare statement: line 1:9: Invalid numeric literal: 99999999999999999999",
    );
    assert_refused(
        "SELECT 1E999 FROM s",
        "Failed to prepare statement: line 1:9: Number overflows DOUBLE: 1E999",
    );
    assert_refused(
        "DROP STREAM `a b`",
        "Illegal argument at Line: 1, Col: 13. Source names may only contain alphanumeric values, '_' or '-'.",
    );
    assert_refused(
        "SELECT a FROM s WHERE b LIKE 'x' ESCAPE 'ab'",
        "line 1:41: Syntax Error\nExpected single character escape, but got: ab",
    );
    assert_refused(
        "SELECT @timestamp FROM s",
        "line 1:8: Syntax Error\ntoken recognition error at: '@'",
    );
}

/// Texts that ksqlDB's own cases ask for.
#[test]
fn syntax_errors_are_in_the_words_of_ksqldb() {
    assert_refused(
        "SELECT * FROM S1 ORDER BY MYKEY DESC;",
        "line 1:24: Syntax Error\n\nStatement: SELECT * FROM S1 ORDER BY MYKEY DESC;",
    );
    assert_refused(
        "SELECT * FROM S1 ORDER BY MYKEY DESC",
        "line 1:24: Syntax Error\n\nStatement: SELECT * FROM S1 ORDER BY MYKEY DESC;",
    );
    assert_refused(
        "SELECT * FROM riderLocations LIMIT heh;",
        "line 1:36: Syntax Error\nExpecting INTEGER_VALUE\n",
    );
    assert_refused(
        "CREATE STREAM INPUT (K INTEGER (KEY)) WITH (kafka_topic='input',value_format='JSON');",
        "line 1:33: Syntax Error\nExpecting {'STRING', INTEGER_VALUE}\nStatement: CREATE STREAM INPUT (K INTEGER (KEY)) WITH (kafka_topic='input',value_format='JSON');",
    );
    assert_refused(
        "SELECT ID,\n cast(f0 as NULL) FROM TEST;",
        "line 2:13: Syntax Error\nSyntax error at or near 'NULL' at line 2:13\n",
    );
    assert_refused(
        "SELECT -9223372036854775809 FROM INPUT",
        "Failed to prepare statement: line 1:9: Invalid numeric literal: -9223372036854775809",
    );
    for clause in ["GROUP BY", "PARTITION BY"] {
        assert_refused(
            &format!("SELECT COUNT(*) FROM TEST {clause} DATA AND ID"),
            "line 1:",
        );
        assert_round_trip(&format!("SELECT COUNT(*) FROM TEST {clause} (DATA AND ID)"));
    }
    assert_refused("SELECT DATE '2026-01-01' FROM s", "Unknown type: DATE");
    for text in [
        "ASSERT NOT EXISTS STREAM s",
        "SELECT a FROM s WINDOW TUMBLING (SIZE 1 DAY, GRACE PERIOD 1 DAY, RETENTION 1 DAY)",
        "SELECT a FROM s WHERE a AND (OR (b))",
        "SELECT EXISTS(a) FROM s",
        "SELECT x => 1 FROM s",
        "SELECT f(x => 1) FROM s",
        "SELECT f((x, y) => 1, a) FROM s",
        "SELECT f(a, x => 1, a) FROM s",
        "SELECT f(a, () => 1) FROM s",
        "SELECT (DAYS) FROM s",
        "DEFINE `a b` = 'c'",
        "EXPLAIN EXPLAIN SELECT a FROM s",
        "",
        ";",
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.message.contains("Syntax Error"), "{text}: {error}");
    }
}

#[test]
fn assertions_of_scenarios_print_in_one_form() {
    assert_prints("assert count 3 in s;", "ASSERT COUNT 3 IN S");
    assert_prints(
        "assert values s (rowtime, `k`) values (1, 'x');",
        "ASSERT VALUES S (ROWTIME, `k`) VALUES (1, 'x')",
    );
    assert_prints(
        "assert null values s (k) key (1);",
        "ASSERT NULL VALUES S (K) KEY (1)",
    );
    assert_round_trip("ASSERT STREAM s (k INT KEY) WITH (kafka_topic='t');");
    assert_round_trip("ASSERT TABLE s;");
    for text in [
        "ASSERT COUNT x IN s",
        "ASSERT COUNT 3 s",
        "ASSERT COUNT -1 IN s",
        "ASSERT NULL VALUES s (k) VALUES (1)",
    ] {
        assert_refused(text, "line 1:");
    }
}

/// Names that are words of the language somewhere else.
#[test]
fn a_word_is_a_name_where_nothing_else_can_be_meant() {
    for text in [
        "SELECT emit, partition p, escape FROM emit EMIT CHANGES",
        "SELECT a emit, b partition FROM s partition EMIT CHANGES",
        "SELECT `ARRAY`[1], `MAP`(a), `STRUCT`(), array, map FROM array",
        "SELECT a LIKE escape ESCAPE '!' FROM s",
        "SELECT a FROM s WINDOW session SESSION (1 DAY)",
        "EXPLAIN show;",
        "EXPLAIN explain",
        "EXPLAIN alter stream s add column int",
        "ALTER STREAM s ADD column x int, add column ARRAY<INT>",
        "DESCRIBE function EXTENDED",
        "DESCRIBE `FUNCTION`",
        "DESCRIBE function function",
        "DROP STREAM if",
        "DROP STREAM IF EXISTS if DELETE TOPIC",
        "SELECT a FROM s GROUP BY (a + b) * c, d HAVING e",
        "SELECT a FROM s GROUP BY ()",
        "INSERT INTO s VALUES ()",
        "SELECT -(5[1]), -(-5), - -5[1], +5 FROM s",
        "PRINT select",
        "SELECT 1R.x 2 FROM s 1R".replace(" 2 ", " 2x ").as_str(),
    ] {
        assert_round_trip(text);
    }
}

#[test]
fn a_script_is_cut_at_its_semicolons() {
    let texts = |script: &str| -> Vec<String> {
        split(script)
            .unwrap()
            .into_iter()
            .map(|statement| statement.text)
            .collect()
    };
    assert_eq!(
        texts("a ';' ; -- c;\n\n b /* ; */ ; ;\n"),
        ["a ';'", "b /* ; */"]
    );
    assert!(texts(" -- nothing\n").is_empty());
    let error = split("a; b").unwrap_err();
    assert!(
        error
            .message
            .starts_with("line 1:5: Syntax Error\nmissing ';'"),
        "{error}"
    );
}

#[test]
fn hostile_statements_are_refused_or_read_but_never_kill() {
    let terms: Vec<String> = (0..100_000)
        .map(|n| format!("c LIKE '%a{n}%' AND d = {n}"))
        .collect();
    let statement = parse(&format!("SELECT * FROM s WHERE {}", terms.join(" OR "))).unwrap();
    assert!(statement.statement.to_string().len() > 1_000_000);
    drop(statement.statement.clone());

    for (open, close) in [
        ("(", ")"),
        ("NOT ", ""),
        ("- ", ""),
        ("ABS(", ")"),
        ("a[", "]"),
        ("CASE WHEN a THEN ", " END"),
    ] {
        let shallow = format!("SELECT {}a{} FROM s", open.repeat(100), close.repeat(100));
        let same = parse(&shallow).unwrap();
        assert_eq!(
            parse(&same.statement.to_string()).unwrap().statement,
            same.statement
        );
        for text in [
            format!("SELECT {}a{} FROM s", open.repeat(1000), close.repeat(1000)),
            format!("SELECT {}", open.repeat(100_000)),
        ] {
            assert_eq!(
                parse(&text).unwrap_err().kind,
                ErrorKind::TooComplex,
                "{open}"
            );
        }
    }
    for operator in ["+", "*", "=", "->"] {
        let long = vec!["a"; 100_000].join(operator);
        assert_eq!(
            parse(&format!("SELECT {long} FROM s")).unwrap_err().kind,
            ErrorKind::TooComplex
        );
    }
    let deep = format!(
        "CREATE STREAM s (a {}INT{}) WITH (x=1)",
        "ARRAY<".repeat(5000),
        ">".repeat(5000)
    );
    assert_eq!(parse(&deep).unwrap_err().kind, ErrorKind::TooComplex);

    let long_text = format!("SELECT '{}' FROM s", "x".repeat(10 << 20));
    assert!(parse(&long_text).is_ok());
    let error = parse(&format!("SELECT '{}' FRM s", "x".repeat(10 << 20))).unwrap_err();
    assert!(error.message.len() < 2000 && error.render(&long_text).len() < 4000);
}

/// Every statement of ksqlDB's own cases, of its queries and of its API: those that are meant to work are read, and whatever
/// is read is the same tree after it was printed.
#[test]
fn statements_of_the_functional_cases_round_trip() {
    let mut read = 0;
    for (folder, least) in [("qtt", 3000), ("qtt-rest", 100)] {
        let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
        let Ok(entries) = fs::read_dir(beside.join(folder)) else {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "what lies beside the checkout is missing, and CI tests with it"
            );
            // Past the test runner, which shows nothing of tests that pass.
            let _ = writeln!(
                std::io::stderr(),
                "skipped: ksqlDB's functional cases are not beside the checkout"
            );
            return;
        };
        let files = entries.map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|e| e == "json"));
        let count: usize = files.map(|path| round_trips(&path)).sum();
        assert!(count >= least, "{folder}: {count}");
        read += count;
    }
    println!("{read} statements");
}

/// How many statements of a file of cases were read, printed and read again.
fn round_trips(path: &Path) -> usize {
    let cases: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut count = 0;
    for case in cases["cases"].as_array().unwrap() {
        let must_work = case["expect_error"].is_null();
        let statements = case["statements"].as_array().unwrap();
        for statement in statements
            .iter()
            .map(|statement| statement.as_str().unwrap())
        {
            let texts = match split(statement) {
                Ok(texts) => texts,
                Err(error) => {
                    assert!(!must_work, "{}: {statement}\n{error}", path.display());
                    continue;
                }
            };
            for text in texts {
                match parse(&text.text) {
                    Ok(_) => {
                        assert_round_trip(&text.text);
                        count += 1;
                    }
                    Err(error) => {
                        assert!(!must_work, "{}: {}\n{error}", path.display(), text.text)
                    }
                }
            }
        }
    }
    count
}
