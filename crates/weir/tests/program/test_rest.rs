//! ksqlDB's own cases for its server, as `weir test --format qtt-rest` runs them over HTTP.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Place, root, skipped};

/// What the cases have that need no table, no join, no aggregate and no schema registry.
const WITHOUT: &str = "table,join,schema-registry,aggregate,udaf,rest-proto";

/// Those that fail, each with its reason.
const KNOWN: &[(&str, &str)] = &[(
    "rest/scalable-push-queries/non-windowed stream with nulls",
    "a row without a key is shown, where ksqlDB's scalable push queries leave it out",
)];

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn ksqldbs_own_cases_pass_over_http() {
    let folder = root().join("../shared/qtt-rest");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "what lies beside the checkout is missing, and CI tests with it"
        );
        skipped("ksqlDB's cases are not beside the repository");
        return;
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    let mut arguments = vec!["test", "--format", "qtt-rest", "--output", "json"];
    arguments.extend(["--without-tags", WITHOUT]);
    arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
    let ran = Place::new().run(&arguments);
    let lines = lines(&ran.stdout);
    assert_eq!(lines.len(), 57, "{}", ran.stderr);
    let failed = lines.iter().filter(|line| line["status"] != "pass");
    let failed: Vec<&Value> = failed.collect();
    let unknown: Vec<_> = failed
        .iter()
        .filter(|line| !KNOWN.iter().any(|(id, _)| line["id"] == *id))
        .collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    assert_eq!(
        failed.len(),
        KNOWN.len(),
        "one that is known passes now: {failed:#?}"
    );
}

fn case(id: &str, statements: &[&str], more: Value) -> Value {
    let mut case = json!({
        "id": id, "file": "own.json", "statements": statements, "features": ["own", id], "expect_error": null,
    });
    for (name, value) in more.as_object().unwrap() {
        case[name] = value.clone();
    }
    case
}

#[test]
fn a_case_fails_for_what_is_otherwise() {
    let create = "CREATE STREAM S (K INT KEY, V DOUBLE, D DECIMAL(4,2)) WITH (kafka_topic='t', value_format='JSON', partitions=1);";
    let insert = "INSERT INTO S VALUES (1, 2.5, 1.20);";
    let select = "SELECT * FROM S EMIT CHANGES LIMIT 1;";
    let rows = |v: &str, d: &str| {
        let text = format!(
            r#"{{"query":[{{"header":{{"schema":"`K` INTEGER, `V` DOUBLE, `D` DECIMAL(4, 2)"}}}},{{"row":{{"columns":[1,{v},{d}]}}}},{{"finalMessage":"Limit Reached"}}]}}"#
        );
        serde_json::value::RawValue::from_string(text).unwrap()
    };
    let admin = r#"{"admin":{"@type":"currentStatus"}}"#;
    // Put together as text: numbers keep their spelling.
    let answered = |id: &str, v: &str, d: &str| {
        let case = case(id, &[create, insert, select], json!({})).to_string();
        case.replacen(
            '{',
            &format!("{{\"responses\":[{admin},{}],", rows(v, d)),
            1,
        )
    };
    let error = |id: &str, statement: &str, message: &str| {
        let expected = json!({"expect_error": {"type": null, "message": message, "status": 400}});
        case(id, &[create, statement], expected).to_string()
    };
    let output = |id: &str, value: Value| {
        let outputs =
            json!({"outputs": [{"topic": "t", "key": 1, "value": value, "timestamp": null}]});
        case(id, &[create, insert], outputs).to_string()
    };
    let cases = [
        answered("right", "25e-1", "1.20"),
        answered("other value", "2.6", "1.20"),
        answered("other scale", "2.5", "1.2"),
        error(
            "refused",
            "SELECT NOPE FROM S EMIT CHANGES;",
            "'NOPE' cannot be resolved",
        ),
        error(
            "refused otherwise",
            "SELECT NOPE FROM S EMIT CHANGES;",
            "something else",
        ),
        error("not refused", insert, "anything"),
        error(
            "not here",
            "CREATE TABLE T (K INT PRIMARY KEY, V INT) WITH (kafka_topic='t', value_format='JSON');",
            "anything",
        ),
        output("written", json!({"v": 2.5, "d": "1.20"})),
        output(
            "written otherwise",
            json!({"v": 2.5, "d": "1.20", "more": null}),
        ),
        case("unexpected", &["SELECT nonsense;"], json!({})).to_string(),
    ];
    let file = format!("{{\"suite\":\"qtt-rest\",\"cases\":[{}]}}", cases.join(","));
    let place = Place::new();
    let path = place.file("own.json", file);
    let ran = place.run(&["test", "--format", "qtt-rest", "--output", "json", &path]);
    assert_eq!(ran.status.code(), Some(1));
    let found = lines(&ran.stdout);
    let shown: Vec<_> = found
        .iter()
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap_or("").to_owned();
            let reason: String = text("reason").chars().take(12).collect();
            (text("id"), text("status"), text("level"), reason)
        })
        .collect();
    let expected = [
        ("right", "pass", "", ""),
        ("other value", "fail", "", "RESPONSE 1: "),
        ("other scale", "fail", "", "RESPONSE 1: "),
        ("refused", "pass", "message", ""),
        ("refused otherwise", "pass", "rejects", "Line: 1, Col"),
        ("not refused", "fail", "", "NOT REFUSED:"),
        ("not here", "fail", "", "NOT IN THIS "),
        ("written", "pass", "", ""),
        ("written otherwise", "fail", "", "OUTPUT recor"),
        ("unexpected", "error", "", "unexpected: "),
    ];
    let expected = expected.map(|(id, status, level, reason)| {
        (
            id.to_owned(),
            status.to_owned(),
            level.to_owned(),
            reason.to_owned(),
        )
    });
    assert_eq!(shown, expected, "{found:#?}");
    let chosen = place.run(&["test", "--format", "qtt-rest", &path, "--tags", "own,right"]);
    assert!(chosen.status.success(), "{}", chosen.stdout);
    assert!(
        chosen.stdout.contains("1 test: 1 passed, 9 left out"),
        "{}",
        chosen.stdout
    );
}
