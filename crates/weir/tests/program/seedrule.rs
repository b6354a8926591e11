//! The article's statements over 31 records made around its rule: exactly 20 alerts, in order, on every broker.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{Place, Process, Target, read};

const CASES: &str = "examples/windows-events/seedrule-cases.ndjson";
const EXPECTED: &str = "examples/windows-events/seedrule-expected.json";

/// The alerts that must come, in order.
fn expected() -> Vec<Value> {
    let file: Value = serde_json::from_str(&read(EXPECTED)).unwrap();
    let cases = file["cases"].as_array().unwrap();
    let rows: Vec<Value> = cases
        .iter()
        .filter(|case| case["weir"] == true)
        .map(|case| case["row"].clone())
        .collect();
    assert_eq!((cases.len(), rows.len()), (31, 20));
    rows
}

/// The article's statements, unchanged but for the names of the topics.
fn statements(target: &Target) -> String {
    let article = read("rules/winlogevents.sql") + &read("rules/antivirus_enumeration.sql");
    ["wineventlogs", "windows_alerts"]
        .iter()
        .fold(article, |text, topic| {
            let quoted = format!("'{topic}'");
            assert!(text.contains(&quoted), "{topic}");
            text.replace(&quoted, &format!("'{}'", (target.topic)(topic)))
        })
}

#[track_caller]
fn check(output: &str) {
    let rows: Vec<Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows, expected());
    for row in rows {
        let names: Vec<&String> = row.as_object().unwrap().keys().collect();
        assert_eq!(names, ["HOST", "COMMANDLINE", "PARENTIMAGE"]);
    }
}

#[test]
fn in_memory() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let script = place.file("rule.sql", statements(&target));
    let input = format!("wineventlogs={}", place.file("cases.ndjson", read(CASES)));
    let arguments = [
        "run",
        &script,
        "--input",
        &input,
        "--output",
        "windows_alerts=-",
    ];
    check(&place.run(&[&arguments[..], &["--until-end"]].concat()).ok());
}

/// The records are there before the statements.
fn earliest(place: &Place, target: &Target) {
    let (source, sink) = (
        (target.topic)("wineventlogs"),
        (target.topic)("windows_alerts"),
    );
    let produce = target.on(&["produce", &source]);
    place.run_with(&produce, read(CASES).as_bytes()).ok();
    let script = format!(
        "SET 'auto.offset.reset'='earliest';\n{}",
        statements(target)
    );
    let script = place.file("rule.sql", script);
    let output = format!("{sink}=-");
    let run = target.on(&["run", &script, "--until-end", "--output", &output]);
    check(&place.run(&run).ok());
    // They are in the topic, for everybody; and a second run does nothing again.
    let consume = target.on(&["consume", &sink, "--from-beginning", "--max", "20"]);
    check(&place.run(&consume).ok());
    assert_eq!(place.run(&run).ok(), "");
}

/// The statements are there before the records; what was in the topic before both is not looked at.
fn live(place: &Place, target: &Target) {
    let source = (target.topic)("wineventlogs");
    let produce = target.on(&["produce", &source]);
    let cases = read(CASES);
    let early: String = cases
        .lines()
        .take(3)
        .map(|line| format!("{line}\n"))
        .collect();
    place.run_with(&produce, early.as_bytes()).ok();
    let script = place.file("rule.sql", statements(target));
    let output = format!("{}=-", (target.topic)("windows_alerts"));
    let input = format!("{source}=-");
    let run = target.on(&["run", &script, "--output", &output, "--input", &input]);
    let mut process = Process::start(&mut place.weir(&run));
    process.wait_for("ready");
    process.write(cases.as_bytes());
    let alerts: Vec<String> = expected().iter().map(|_| process.line() + "\n").collect();
    check(&alerts.concat());
    process.signal(Signal::SIGTERM);
    check(&process.done().ok());
}

#[test]
fn embedded_with_the_records_already_there() {
    let place = Place::new();
    earliest(&place, &Target::embedded(&place));
}

#[test]
fn embedded_live() {
    let place = Place::new();
    live(&place, &Target::embedded(&place));
}

#[test]
fn kafka_with_the_records_already_there() {
    let place = Place::new();
    if let Some(target) = Target::kafka(&place, "seedrule-earliest") {
        earliest(&place, &target);
    }
}

#[test]
fn kafka_live() {
    let place = Place::new();
    if let Some(target) = Target::kafka(&place, "seedrule-live") {
        live(&place, &target);
    }
}
