//! `weir bench filter` and `weir bench rules`: what they report, not how fast they are.

use serde_json::Value;

use crate::support::{Place, root};

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
