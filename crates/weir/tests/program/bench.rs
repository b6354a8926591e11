//! `weir bench`: what it reports, not how fast it is.

use serde_json::Value;

use crate::support::{Place, Process, kafka_servers, root};

const FIELDS: [&str; 10] = [
    "name",
    "events",
    "bytes",
    "matches",
    "skipped",
    "wall_s",
    "events_per_s",
    "mb_per_s",
    "cpu_s_per_million",
    "peak_rss_mb",
];

/// The runs over the bundled events, once through.
fn runs(more: &[&str]) -> Vec<Value> {
    let place = Place::new();
    let events = root().join("examples/windows-events/events.ndjson.gz");
    let events = events.to_str().unwrap();
    let bench = [
        "bench", "filter", "--events", events, "--repeat", "1", "--output", "json",
    ];
    let output = place.run(&[&bench[..], more].concat()).ok();
    let report: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(std::fs::read_dir(place.temporary()).unwrap().count(), 0);
    report["runs"].as_array().unwrap().clone()
}

#[test]
fn the_report_has_every_run_and_field() {
    let runs = runs(&["--predicate", "message LIKE '%log%'"]);
    let names: Vec<&str> = runs.iter().filter_map(|run| run["name"].as_str()).collect();
    let expected = [
        "memmem",
        "arrow-json",
        "serde-json",
        "weir-decode-match",
        "weir-raw-filter",
        "embedded",
    ];
    assert_eq!(names, expected);
    for run in &runs {
        let fields: Vec<&String> = run.as_object().unwrap().keys().collect();
        assert_eq!(fields, FIELDS);
        assert_eq!((&run["events"], &run["skipped"]), (&943.into(), &0.into()));
        assert_eq!(run["bytes"], runs[0]["bytes"]);
        for figure in &FIELDS[5..] {
            assert!(
                run[*figure].as_f64().is_some_and(|value| value >= 0.0),
                "{figure} of {run}"
            );
        }
    }
    // All that decode evaluate one predicate over the same values.
    for run in &runs[1..] {
        assert_eq!(run["matches"], 65, "{run}");
    }
}

#[test]
fn a_predicate_that_is_wrong_is_refused() {
    let place = Place::new();
    let events = place.file("events.ndjson", "{\"message\":\"a\"}\n");
    let refused = |predicate: &str| {
        let bench = [
            "bench",
            "filter",
            "--events",
            &events,
            "--predicate",
            predicate,
        ];
        place.run(&bench).refused()
    };
    let text = refused("mesage LIKE 'a'");
    assert!(
        text.contains("'MESAGE' cannot be resolved") && text.contains("did you mean `MESSAGE`?"),
        "{text}"
    );
    let text = refused("winlog->record_id > 5");
    assert!(
        text.contains("WINLOG->RECORD_ID, which is no VARCHAR"),
        "{text}"
    );
    let text = refused("ROWTIME > 5");
    assert!(text.contains("more than the events' own columns"), "{text}");
    let none = ["bench", "filter", "--events", "none"];
    assert!(place.run(&none).refused().contains("cannot read `none`"));
    let empty = place.file("empty", "\n");
    let none = ["bench", "filter", "--events", &empty];
    assert!(place.run(&none).refused().contains("holds no events"));
}

const SIGMA: &str = "title: A user was made
id: 7ff1c3d4-6a54-4a5e-8d36-0f4a4f9d2c01
logsource:
  product: windows
  service: security
detection:
  selection:
    EventID: 4720
  condition: selection
---
title: A log was cleared
id: 1d2ad1b6-0a7b-4b3c-9a3e-2f1e5a6a7b02
logsource:
  product: windows
  service: security
detection:
  selection:
    EventID: 1102
  condition: selection
";

fn latency(place: &Place, rules: &str, events: &str, servers: &str) -> Process {
    let bench = [
        "bench",
        "latency",
        "--rules",
        rules,
        "--events",
        events,
        "--bootstrap-servers",
        servers,
        "--warm-up",
        "1",
        "--seconds",
        "2",
        "--rate",
        "300",
        "--output",
        "json",
    ];
    Process::start(&mut place.weir(&bench))
}

#[test]
fn every_marked_event_is_timed_on_its_way_and_its_alert_on_kafka() {
    let place = Place::new();
    let Some(servers) = kafka_servers("bench latency") else {
        return;
    };
    let events = root().join("examples/windows-events/events.ndjson.gz");
    let rules = place.file("rules.yml", SIGMA);
    let process = latency(&place, &rules, events.to_str().unwrap(), &servers);
    let id = process.id();
    let output = process.done().ok();
    let report: Value = serde_json::from_str(&output).unwrap();
    let runs = report["runs"].as_array().unwrap();
    let names: Vec<&str> = runs.iter().filter_map(|run| run["name"].as_str()).collect();
    assert_eq!(names, ["bare", "bare-twice", "alert"]);
    let figure = |run: &Value, name: &str| run[name].as_f64().unwrap();
    for run in runs {
        // One of ten is marked. A machine that is busy may be behind at the end, or be so at first and catch up.
        let events = figure(run, "events");
        assert!((300.0..=900.0).contains(&events), "{run}");
        assert!((figure(run, "timed") - events / 10.0).abs() <= 2.0, "{run}");
        let (median, most) = (figure(run, "p50_ms"), figure(run, "max_ms"));
        let slow = figure(run, "p99_ms");
        assert!(0.0 < median && median <= slow && slow <= most, "{run}");
        assert_eq!(run["timed"], runs[0]["timed"]);
    }
    assert_eq!(runs[2]["rules"], 2);
    // An event that is sent on has come before.
    assert!(
        figure(&runs[0], "p50_ms") < figure(&runs[1], "p50_ms"),
        "{output}"
    );
    assert_eq!(report["settings"]["partitions"], 1);
    // Nothing is left behind.
    let topics = [
        "sql",
        "--bootstrap-servers",
        &servers,
        "--execute",
        "SHOW ALL TOPICS;",
    ];
    let topics = place.run(&topics).ok();
    for own in [format!("weir-bench-{id}-"), format!("weir_bench_{id}_")] {
        assert!(!topics.contains(&own), "{own} in {topics}");
    }
    assert_eq!(std::fs::read_dir(place.temporary()).unwrap().count(), 0);
}

#[test]
fn latency_is_not_measured_with_events_that_cannot_be_marked_or_without_rules() {
    let place = Place::new();
    // Both are found before anybody is asked for the Kafka.
    let nowhere = "127.0.0.1:1";
    let flat = place.file("flat.ndjson", "{\"EventID\":1}\n");
    let rules = place.file("rules.yml", SIGMA);
    let text = latency(&place, &rules, &flat, nowhere).done().refused();
    assert!(text.contains("no event can be marked"), "{text}");
    let none = place.file("none.yml", "title: no rule\n");
    let text = latency(&place, &none, &flat, nowhere).done().refused();
    assert!(text.contains("has no rule that can be run"), "{text}");
}

/// The runs over the six attacks with the rules of the pack.
fn rules(more: &[&str]) -> Vec<Value> {
    let place = Place::new();
    let events = root().join("examples/windows-events/attacks.ndjson");
    let rules = root().join("rules");
    let bench = [
        "bench",
        "rules",
        "--rules",
        rules.to_str().unwrap(),
        "--events",
        events.to_str().unwrap(),
        "--repeat",
        "1",
        "--output",
        "json",
    ];
    let output = place.run(&[&bench[..], more].concat()).ok();
    let report: Value = serde_json::from_str(&output).unwrap();
    report["runs"].as_array().unwrap().clone()
}

#[test]
fn rules_are_varied_to_as_many_as_are_wanted() {
    let runs = rules(&["--vary", "50", "--seed", "3"]);
    let fields = [
        "engine",
        "rules",
        "threads",
        "events",
        "matches",
        "skipped",
        "events_per_s",
        "us_per_event",
        "rss_mb",
        "deploy_s",
    ];
    let mut of_threads = std::collections::BTreeMap::<u64, Vec<u64>>::new();
    for run in &runs {
        let found: Vec<&String> = run.as_object().unwrap().keys().collect();
        assert_eq!(found, fields);
        assert_eq!(
            (&run["engine"], &run["events"]),
            (&"weir".into(), &6.into())
        );
        for figure in &fields[6..] {
            assert!(
                run[*figure].as_f64().is_some_and(|value| value > 0.0),
                "{run}"
            );
        }
        let threads = run["threads"].as_u64().unwrap();
        let rules = run["rules"].as_u64().unwrap();
        of_threads.entry(threads).or_default().push(rules);
    }
    assert!(
        of_threads.values().all(|rules| *rules == [1, 10, 50]),
        "{of_threads:?}"
    );
    assert!(of_threads.contains_key(&1), "{of_threads:?}");

    // The rules themselves: each once, and all of them.
    let runs = rules(&[]);
    assert_eq!(runs[2]["rules"], 16, "{runs:#?}");
    assert_eq!(runs[2]["matches"], 5, "{runs:#?}");
}

#[test]
fn a_seed_without_variations_is_refused() {
    let place = Place::new();
    let bench = [
        "bench", "rules", "--rules", ".", "--events", "none", "--seed", "1",
    ];
    let done = place.run(&bench);
    assert_eq!(done.status.code(), Some(2));
    assert!(done.stderr.contains("--vary <N>"), "{}", done.stderr);
    let none = [
        "bench", "rules", "--rules", ".", "--events", "none", "--vary", "5",
    ];
    let text = place.run(&none).refused();
    assert!(text.contains("`.` has no rule that can be run"), "{text}");
}
