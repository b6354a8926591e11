//! ksqlDB's own cases for its queries, as `weir test --format qtt` runs them in memory.
//!
//! They lie beside the repository. The ids of those that pass are in `tests/conformance/`, a list that only grows.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use crate::support::{Place, root, skipped};

/// Members as they are spelled: a DECIMAL's scale counts.
type Members = BTreeMap<String, Box<RawValue>>;

#[derive(Serialize, Deserialize)]
struct File {
    suite: String,
    cases: Vec<Members>,
}

fn files() -> Option<Vec<PathBuf>> {
    let Ok(entries) = std::fs::read_dir(root().join("../shared/qtt")) else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "what lies beside the checkout is missing, and CI tests with it"
        );
        skipped("ksqlDB's cases are not beside the repository");
        return None;
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    Some(files)
}

fn passing() -> String {
    root()
        .join("tests/conformance/qtt.txt")
        .display()
        .to_string()
}

#[test]
fn what_passed_before_passes() {
    let Some(files) = files() else { return };
    let (place, passing) = (Place::new(), passing());
    let mut arguments = vec![
        "test",
        "--format",
        "qtt",
        "--output",
        "json",
        "--passing",
        &passing,
    ];
    arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
    let ran = place.run(&arguments);
    assert!(ran.status.success(), "{}", ran.stderr);
    let known = std::fs::read_to_string(&passing).unwrap();
    let ids: BTreeSet<String> = ran
        .stdout
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert!(ids.len() > 1_400, "{}", ids.len());
    // It only grows.
    assert!(known.lines().count() >= 578, "{}", known.lines().count());
    let gone: Vec<&str> = known.lines().filter(|id| !ids.contains(*id)).collect();
    assert!(gone.is_empty(), "no such cases: {gone:?}");
}

/// JSON text that says something else.
fn spoilt(text: &str) -> String {
    match text.trim().as_bytes().first() {
        Some(b'{') if text.contains(':') => text.replacen('{', r#"{"NOT_THERE":1,"#, 1),
        Some(b'{') => r#"{"NOT_THERE":1}"#.to_owned(),
        Some(b'[') if text.trim() == "[]" => "[1]".to_owned(),
        Some(b'[') => text.replacen('[', "[null,", 1),
        Some(b'"') => text.replacen('"', "\"another ", 1),
        Some(b't') => "false".to_owned(),
        Some(b'f') => "true".to_owned(),
        Some(b'n') => r#""something""#.to_owned(),
        // A number: another digit before it.
        _ => match text.strip_prefix('-') {
            Some(digits) => format!("-7{digits}"),
            None => format!("7{text}"),
        },
    }
}

fn raw(text: String) -> Box<RawValue> {
    RawValue::from_string(text).unwrap()
}

fn text_of(case: &Members, name: &str) -> String {
    serde_json::from_str(case[name].get()).unwrap()
}

/// The ways in which a case that passes is made to want something else.
fn variants(case: &Members) -> Vec<Members> {
    let id = text_of(case, "id");
    let with = |name: &str, member: &str, value: String| {
        let mut spoilt = case.clone();
        spoilt.insert(
            "id".to_owned(),
            raw(serde_json::to_string(&format!("{id}: {name}")).unwrap()),
        );
        spoilt.insert(member.to_owned(), raw(value));
        spoilt
    };
    let mut variants = Vec::new();
    let mut outputs: Vec<Members> = serde_json::from_str(case["outputs"].get()).unwrap();
    if outputs.is_empty() {
        return variants;
    }
    for member in ["key", "value"] {
        let mut outputs = outputs.clone();
        let last = outputs.last_mut().unwrap();
        let text = spoilt(last[member].get());
        last.insert(member.to_owned(), raw(text));
        variants.push(with(
            member,
            "outputs",
            serde_json::to_string(&outputs).unwrap(),
        ));
    }
    let first = &mut outputs[0];
    if let Ok(timestamp) = first["timestamp"].get().parse::<i64>() {
        let mut outputs = outputs.clone();
        outputs[0].insert("timestamp".to_owned(), raw((timestamp + 1).to_string()));
        variants.push(with(
            "timestamp",
            "outputs",
            serde_json::to_string(&outputs).unwrap(),
        ));
    }
    let first = outputs.remove(0);
    if !outputs
        .iter()
        .any(|output| output["topic"].get() == first["topic"].get())
    {
        // A topic of which nothing is wanted is not looked at.
        return variants;
    }
    variants.push(with(
        "fewer",
        "outputs",
        serde_json::to_string(&outputs).unwrap(),
    ));
    variants
}

#[test]
fn expected_results_that_are_spoilt_fail() {
    let Some(files) = files() else { return };
    let known = std::fs::read_to_string(passing()).unwrap();
    let known: BTreeSet<&str> = known.lines().collect();
    let (mut spoilt, mut otherwise) = (Vec::new(), Vec::new());
    for path in files {
        let file: File = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for case in &file.cases {
            if !known.contains(text_of(case, "id").as_str()) {
                continue;
            }
            match serde_json::from_str::<Value>(case["expect_error"].get()).unwrap() {
                Value::Null => spoilt.extend(variants(case)),
                mut error => {
                    error["message"] = Value::from("no sentence that anybody says");
                    let mut case = case.clone();
                    case.insert("expect_error".to_owned(), raw(error.to_string()));
                    otherwise.push(case);
                }
            }
        }
    }
    assert!(
        spoilt.len() > 500 && otherwise.len() > 80,
        "{} {}",
        spoilt.len(),
        otherwise.len()
    );
    let place = Place::new();
    let run = |name: &str, cases: Vec<Members>| {
        let suite = "qtt".to_owned();
        let path = place.file(name, serde_json::to_string(&File { suite, cases }).unwrap());
        let ran = place.run(&["test", "--format", "qtt", "--output", "json", &path]);
        let lines = ran
            .stdout
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.collect::<Vec<_>>()
    };
    let passed: Vec<Value> = run("spoilt.json", spoilt)
        .into_iter()
        .filter(|line| line["status"] != "fail")
        .collect();
    assert!(
        passed.is_empty(),
        "{} pass: {:#?}",
        passed.len(),
        &passed[..passed.len().min(5)]
    );
    // Refused as wanted, and in other words than those.
    let in_words: Vec<Value> = run("otherwise.json", otherwise)
        .into_iter()
        .filter(|line| line["level"] != "rejects")
        .collect();
    assert!(in_words.is_empty(), "{in_words:#?}");
}
