//! `weir sigma convert`: what it writes runs.

use crate::support::Place;

pub const RULE: &str = r"title: Shadow copies deleted
id: 5a1c0a4e-0000-4000-8000-000000000001
author: Somebody
level: high
tags: [attack.t1490]
logsource: {product: windows, category: process_creation}
detection:
  tool: {Image|endswith: '\vssadmin.exe'}
  words: {CommandLine|contains|all: [delete, shadows]}
  known: {User: 'NT AUTHORITY\SYSTEM'}
  condition: tool and words and not known
";

#[test]
fn a_converted_rule_finds_its_events_and_keeps_them_whole() {
    let place = Place::new();
    place.file("rule.yml", RULE);
    let output = place
        .weir(&[
            "sigma", "convert", "rule.yml", "--topic", "events", "--sink", "alerts",
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    place.file("rule.sql", &output.stdout);
    let event = r#"{"@timestamp" : "2025-03-10T08:00:00.000Z","winlog":{"channel":"security","event_id":4688,"event_data":{"NewProcessName":"C:\\Windows\\VSSADMIN.exe","CommandLine":"vssadmin  Delete\nShadows"}}}"#;
    let other = event.replace("Delete", "List");
    let known = event.replace(
        "\"CommandLine\"",
        r#""User":"nt authority\\system","CommandLine""#,
    );
    place.file("events.ndjson", format!("{other}\n{event}\n{known}\n"));
    let run = place
        .weir(&[
            "run",
            "rule.sql",
            "--input",
            "events=events.ndjson",
            "--output",
            "alerts=alerts.ndjson",
            "--until-end",
        ])
        .output()
        .unwrap();
    assert!(run.status.success(), "{run:?}");
    let alerts = std::fs::read_to_string(place.path("alerts.ndjson")).unwrap();
    let alerts: Vec<serde_json::Value> = alerts
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let expected = serde_json::json!({
        "RULE_ID": "5a1c0a4e-0000-4000-8000-000000000001",
        "RULE_TITLE": "Shadow copies deleted",
        "RULE_LEVEL": "high",
        "RULE_TAGS": ["attack.t1490"],
        "RULE_AUTHOR": "Somebody",
        "EVENT_TIME": 1_741_593_600_000_i64,
        "SOURCE_TOPIC": "events",
        "SOURCE_PARTITION": 0,
        "SOURCE_OFFSET": 1,
        "EVENT": event,
    });
    assert_eq!(alerts, [expected]);
}

#[test]
fn what_cannot_be_converted_is_said_and_the_rest_is_written() {
    let place = Place::new();
    std::fs::create_dir(place.path("rules")).unwrap();
    place.file("rules/good.yml", RULE);
    place.file(
        "rules/bad.yml",
        RULE.replace("|all", "|some").replace("0001\n", "0002\n"),
    );
    let output = place
        .weir(&["sigma", "convert", "rules", "--out", "--no-event"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("left out: rules/bad.yml:9:11: the modifier `some` is not known"),
        "{said}"
    );
    assert!(said.contains("1 converted, 1 left out"), "{said}");
    let streams = String::from_utf8(output.stdout).unwrap();
    assert!(
        streams.starts_with("CREATE STREAM IF NOT EXISTS `wineventlogs`"),
        "{streams}"
    );
    let sql = std::fs::read_to_string(place.path("rules/good.sql")).unwrap();
    assert!(
        sql.ends_with("EMIT CHANGES;\n") && !sql.contains("RAW_VALUE"),
        "{sql}"
    );
    assert!(!std::path::Path::new(&place.path("rules/bad.sql")).exists());

    let output = place
        .weir(&["sigma", "convert", "rules/bad.yml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let output = place
        .weir(&["sigma", "convert", "rules", "--layout", "round"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("there is no layout `round` (there are `flat`, `winlogbeat`)"),
        "{said}"
    );
}
