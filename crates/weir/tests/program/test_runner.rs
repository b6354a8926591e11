//! `weir test`: what it prints, in each of its forms, and what it refuses.

use quick_junit::{Report, TestCaseStatus};
use serde_json::Value;

use crate::support::{Place, root};

const STREAM: &str =
    "CREATE STREAM s (id INT KEY, v VARCHAR) WITH (kafka_topic='s', value_format='JSON');\n";

/// One test that passes, one that differs, one that is refused.
fn mixed() -> String {
    format!(
        "--@test: passes\n{STREAM}INSERT INTO s VALUES (1, 'a');\nASSERT VALUES s (v) VALUES ('a');\n\
         --@test: differs\n{STREAM}INSERT INTO s VALUES (1, 'a');\nINSERT INTO s VALUES (2, 'b');\n  ASSERT VALUES s VALUES (1, 'c');\n\
         --@test: is refused\n{STREAM}CREATE STREAM o AS SELECT * FROM nobody;\n"
    )
}

fn json(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn the_repositorys_scenarios_pass_straight_and_resumed() {
    let place = Place::new();
    let scenarios = root().join("tests/scenarios");
    let scenarios = scenarios.to_str().unwrap();
    let ran = place.run(&["test", scenarios, "--resume", "--output", "json"]);
    let lines = json(&ran.stdout);
    let failed: Vec<_> = lines
        .iter()
        .filter(|line| line["status"] != "pass")
        .collect();
    assert!(failed.is_empty(), "{failed:#?}\n{}", ran.stderr);
    assert!(ran.status.success(), "{}", ran.stderr);
    assert!(lines.len() >= 60, "{} scenarios", lines.len());
}

#[test]
fn a_difference_is_shown_as_rows_with_its_place() {
    let place = Place::new();
    let file = place.file("mixed.sql", mixed());
    let ran = place.run(&["test", &file]);
    assert_eq!(ran.status.code(), Some(1));
    let expected = "\
FILE
  >>> passed  passes
  >>>>> FAILED  differs
      Expected record does not match actual.
      FILE:9:3
        9 |   ASSERT VALUES s VALUES (1, 'c');
              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       .        | ID |   V
      ----------+----+-------
       EXPECTED | 1  |   c
       ACTUAL   | 1  | > a <
       next     | 2  |   b
  >>>>> ERROR  is refused
      NOBODY does not exist.
      FILE:12:34
        12 | CREATE STREAM o AS SELECT * FROM nobody;
                                              ^^^^^^

3 tests: 1 passed, 1 failed, 1 in error, in ";
    let text = ran.stdout.replace(&file, "FILE");
    assert_eq!(
        text.rsplit_once("in ").unwrap().0.to_owned() + "in ",
        expected
    );
}

#[test]
fn json_has_a_line_for_each_test() {
    let place = Place::new();
    let file = place.file("mixed.sql", mixed());
    let ran = place.run(&["test", &file, "--output", "json"]);
    assert_eq!(ran.status.code(), Some(1));
    let lines = json(&ran.stdout);
    let of = |name: &str| {
        lines
            .iter()
            .map(|line| line[name].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("name"), ["passes", "differs", "is refused"]);
    assert_eq!(of("status"), ["pass", "fail", "error"]);
    assert_eq!(of("line"), [1, 5, 10]);
    assert!(
        lines
            .iter()
            .all(|line| line["seconds"].as_f64().unwrap() > 0.0)
    );
    let differs = &lines[1];
    assert_eq!(differs["place"]["line"], 9);
    assert_eq!(differs["rows"][1]["differing"], serde_json::json!(["V"]));
    assert_eq!(differs["rows"][1]["cells"], serde_json::json!([1, "a"]));
}

#[test]
fn junit_is_xml_whatever_the_events_hold() {
    let place = Place::new();
    let text = format!(
        "--@test: <odd> & \"quoted\"\n{STREAM}--@events: e.ndjson INTO s\nASSERT VALUES s (v) VALUES ('<a>');\n"
    );
    let file = place.file("odd.sql", text);
    place.file("e.ndjson", "{\"v\":\"]]>\\u001b[31m\\u0000&\\u0007\"}\n");
    let ran = place.run(&["test", &file, "--output", "junit"]);
    assert_eq!(ran.status.code(), Some(1));
    assert!(!ran.stdout.contains('\u{1b}') && !ran.stdout.contains('\u{7}'));
    let report = Report::deserialize_from_str(&ran.stdout).unwrap();
    let case = &report.test_suites[0].test_cases[0];
    assert_eq!(case.name.as_str(), "<odd> & \"quoted\"");
    let TestCaseStatus::NonSuccess { description, .. } = &case.status else {
        panic!("{:?}", case.status);
    };
    let description = description.as_ref().unwrap().as_str();
    assert!(
        description.contains("ACTUAL") && description.contains("]]>"),
        "{description}"
    );
}

#[test]
fn a_hostile_event_does_not_reach_the_terminal() {
    let place = Place::new();
    let file = place.file(
        "hostile.sql",
        format!(
            "--@test: x\n{STREAM}--@events: e.ndjson INTO s\nASSERT VALUES s (v) VALUES ('a');\n"
        ),
    );
    place.file("e.ndjson", "{\"v\":\"\\u001b]0;owned\\u0007\\r\\u202e\"}\n");
    let ran = place.run(&["test", &file]);
    assert!(ran.stdout.contains("␛]0;owned"), "{}", ran.stdout);
    let is_raw =
        |character: char| character.is_control() && character != '\n' || character == '\u{202e}';
    assert!(!ran.stdout.contains(is_raw), "{:?}", ran.stdout);
}

#[test]
fn a_filter_chooses_by_name() {
    let place = Place::new();
    let file = place.file("mixed.sql", mixed());
    let ran = place.run(&["test", &file, "--filter", "^pass"]);
    assert!(ran.status.success(), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("1 test: 1 passed, 2 left out"),
        "{}",
        ran.stdout
    );
    let none = place.run(&["test", &file, "--filter", "nothing"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(
        none.stderr
            .contains("none of the 3 tests has a name that `nothing` matches")
    );
}

#[test]
fn what_cannot_be_tested_with_is_refused_with_another_status() {
    let place = Place::new();
    let empty = place.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let plain = place.file("plain.sql", "SELECT 1;");
    let unknown = place.file("unknown.sql", "--@test: x\n--@excpected.error: y\n");
    let missing = place.path("missing.sql");
    for (path, expected) in [
        (&missing, "missing.sql`: No such file"),
        (&empty, "there is no scenario below"),
        (
            &plain,
            "plain.sql:1:1: there is no test in this file: each begins with a line `--@test: name`",
        ),
        (
            &unknown,
            "unknown.sql:2:1: `--@excpected.error` is not known: there are `--@test: name`",
        ),
    ] {
        let ran = place.run(&["test", path]);
        assert_eq!(ran.status.code(), Some(2), "{path}");
        assert!(
            ran.stderr.starts_with("error: ") && ran.stderr.contains(expected),
            "{}",
            ran.stderr
        );
        assert_eq!(ran.stdout, "");
    }
    let file = place.file("mixed.sql", mixed());
    for arguments in [
        ["test", &file, "--tags", "udf"],
        ["test", &file, "--filter", "("],
        ["test", &file, "--resume", "--format=qtt-rest"],
        ["test", &file, "--output=json", "--format=qtt-rest"],
    ] {
        let ran = place.run(&arguments);
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
    }
}

#[test]
fn an_error_in_a_script_is_placed_in_the_script() {
    let place = Place::new();
    std::fs::create_dir(place.path("rules")).unwrap();
    place.file(
        "rules/a.ksql",
        format!("-- a rule\n{STREAM}RUN SCRIPT 'b.ksql';\n"),
    );
    place.file("rules/b.ksql", "\nCREATE STREAM o AS SELECT nope FROM s;\n");
    let file = place.file("t.sql", "--@test: runs a rule\nRUN SCRIPT 'rules/a.ksql';\n--@test: itself\nRUN SCRIPT 'round.ksql';\n--@test: none\nRUN SCRIPT 'none.ksql';\n--@test: ordered\nRUN SCRIPT 'ordered.ksql';\n");
    place.file("ordered.ksql", "\n--@events: e.ndjson INTO s\n");
    place.file("round.ksql", "RUN SCRIPT 'round.ksql';\n");
    let lines = json(&place.run(&["test", &file, "--output", "json"]).stdout);
    let path = lines[0]["place"]["file"].as_str().unwrap();
    assert!(path.ends_with("rules/b.ksql"), "{path}");
    assert_eq!(lines[0]["place"]["line"], 2);
    assert!(
        lines[1]["message"]
            .as_str()
            .unwrap()
            .contains("more than 16 deep")
    );
    assert!(
        lines[2]["message"]
            .as_str()
            .unwrap()
            .contains("none.ksql`: No such file")
    );
    let message = lines[3]["message"].as_str().unwrap();
    assert!(
        message.contains("`--@events` has no effect in a script"),
        "{message}"
    );
    assert_eq!(lines[3]["place"]["line"], 2);
}

#[test]
fn an_error_that_was_expected_and_did_not_come_is_said() {
    let place = Place::new();
    let file = place.file(
        "e.sql",
        format!(
            "--@test: none came\n--@expected.error: KsqlException\n{STREAM}\
             --@test: another class\n--@expected.error: ParseFailedException\nDROP STREAM nope;\n\
             --@test: another message\n--@expected.message: something else\nDROP STREAM nope;\n\
             --@test: too early\nDROP STREAM nope;\n--@expected.error: KsqlException\n"
        ),
    );
    let lines = json(&place.run(&["test", &file, "--output", "json"]).stdout);
    let said = |line: usize| lines[line]["message"].as_str().unwrap().to_owned();
    assert_eq!(
        said(0),
        "Expected an error, but no statement failed: KsqlException"
    );
    assert_eq!(
        said(1),
        "Expected ParseFailedException, but was io.confluent.ksql.util.KsqlStatementException: Stream NOPE does not exist."
    );
    assert_eq!(
        said(2),
        "Expected a message with `something else`, but was: Stream NOPE does not exist."
    );
    assert_eq!(said(3), "Stream NOPE does not exist.");
    assert!(lines[..3].iter().all(|line| line["status"] == "fail"));
    assert_eq!(lines[3]["status"], "error");
}

#[test]
fn folders_are_walked_in_the_order_of_names() {
    let place = Place::new();
    for folder in ["b", "a"] {
        std::fs::create_dir(place.path(folder)).unwrap();
        for name in ["2.sql", "1.sql", "notes.txt"] {
            place.file(
                &format!("{folder}/{name}"),
                format!("--@test: {folder}{name}\n"),
            );
        }
    }
    let folder = place.path("");
    let lines = json(&place.run(&["test", &folder, "--output", "json"]).stdout);
    let names: Vec<_> = lines
        .iter()
        .map(|line| line["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["a1.sql", "a2.sql", "b1.sql", "b2.sql"]);
}

#[test]
fn an_open_quote_does_not_swallow_the_tests_after_it() {
    let place = Place::new();
    let text = "--@test: an open quote\n--@expected.error: ParseFailedException\nSELECT 'abc FROM s;\n--@test: another\nSHOW STREAMS;\n";
    let file = place.file("open.sql", text);
    let done = place.run(&["test", &file]);
    assert_eq!(done.status.code(), Some(2), "{done:#?}");
    assert!(done.stderr.contains("is not closed"), "{done:#?}");
}

#[test]
fn a_property_that_is_not_compared_cannot_be_asserted() {
    let place = Place::new();
    let text = "--@test: partitions\nCREATE STREAM s (a INT) WITH (kafka_topic='s', value_format='JSON');\nASSERT STREAM s WITH (PARTITIONS=99);\n";
    let file = place.file("partitions.sql", text);
    let done = place.run(&["test", &file]);
    assert_eq!(done.status.code(), Some(1), "{done:#?}");
    assert!(
        done.stdout.contains("PARTITIONS cannot be asserted"),
        "{done:#?}"
    );
}
