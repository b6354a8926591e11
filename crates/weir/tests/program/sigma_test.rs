//! `weir sigma test`: cases that pass, fail, and cannot be tried.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    sigma::RULE,
    sigma_eval::{EVENT, shared},
    support::{Done, Place},
};

const ID: &str = "5a1c0a4e-0000-4000-8000-000000000001";

/// A case with one event that matches and one that does not.
fn case(id: &str, least: u64) -> Value {
    let event: Value = serde_json::from_str(EVENT).unwrap();
    let flat = json!({
        "Channel": "Security",
        "EventID": 4688,
        "NewProcessName": r"C:\Windows\vssadmin.exe",
        "CommandLine": "vssadmin delete shadows",
    });
    let other = json!({"winlog": {"channel": "Security", "event_id": "4688"}});
    json!({
        "rule_id": id,
        "must_match_at_least": least,
        "events": [
            {"winlogbeat": event, "flat": flat},
            {"winlogbeat": other, "flat": {"Channel": "Security", "EventID": 4688}},
        ],
    })
}

fn place() -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path("rules")).unwrap();
    place.file("rules/good.yml", RULE);
    place.file(
        "rules/bad.yml",
        RULE.replace("|all", "|some").replace("0001\n", "0002\n"),
    );
    std::fs::create_dir(place.path("cases")).unwrap();
    place
}

fn test(place: &Place, more: &[&str]) -> Done {
    let arguments = ["sigma", "test", "--rules", "rules", "--output", "json"];
    place.run(&[&arguments[..], more].concat())
}

fn outcomes(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_case_passes_when_enough_of_its_events_match() {
    let place = place();
    place.file("cases/one.json", case(ID, 1).to_string());
    let outcome = |layout: &str, status: &str, reason: &str| json!({"rule_id": ID, "layout": layout, "status": status, "reason": reason});
    let passed = [
        outcome("winlogbeat", "pass", "1 of 2 events matches"),
        outcome("flat", "pass", "1 of 2 events matches"),
    ];
    assert_eq!(outcomes(&test(&place, &["cases"]).ok()), passed);
    let one = ["cases/one.json", "--layout", "flat"];
    assert_eq!(outcomes(&test(&place, &one).ok()), passed[1..]);
    let done = place.run(&["sigma", "test", "--rules", "rules", "cases"]);
    assert!(
        done.stderr.contains("2 passed, 0 failed, 0 errors"),
        "{done:?}"
    );
    let line = format!("pass\twinlogbeat\t{ID}\t1 of 2 events matches\n");
    let text = done.ok();
    assert!(text.starts_with(&line), "{text}");

    place.file("cases/two.json", case(ID, 2).to_string());
    let done = test(&place, &["cases"]);
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert!(
        done.stderr.contains("2 passed, 2 failed, 0 errors"),
        "{done:?}"
    );
    let failed = "1 of 2 events matches, and at least 2 must";
    assert_eq!(
        outcomes(&done.stdout)[2..],
        [
            outcome("winlogbeat", "fail", failed),
            outcome("flat", "fail", failed)
        ]
    );
}

#[test]
fn a_case_that_cannot_be_tried_is_an_error_with_its_reason() {
    let place = place();
    place.file(
        "cases/1.json",
        case(&ID.replace("0001", "0009"), 1).to_string(),
    );
    place.file(
        "cases/2.json",
        case(&ID.replace("0001", "0002"), 1).to_string(),
    );
    place.file("cases/3.json", "{");
    let mut without = case(ID, 1);
    for event in without["events"].as_array_mut().unwrap() {
        event.as_object_mut().unwrap().shift_remove("flat");
    }
    place.file("cases/4.json", without.to_string());
    let done = test(&place, &["cases"]);
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert!(
        done.stderr.contains("1 passed, 0 failed, 7 errors"),
        "{done:?}"
    );
    let found = outcomes(&done.stdout);
    let reason = |number: usize| {
        let outcome = &found[number];
        assert_eq!(outcome["status"], "error", "{outcome}");
        outcome["reason"].as_str().unwrap()
    };
    for layout in [0, 1] {
        assert_eq!(reason(layout), "there is no rule with this id");
        let expected = "rules/bad.yml:9:11: the modifier `some` is not known";
        assert!(reason(2 + layout).contains(expected), "{found:#?}");
        let expected = "`cases/3.json` is no case: ";
        assert!(reason(4 + layout).starts_with(expected), "{found:#?}");
    }
    assert_eq!(found[4]["rule_id"], "3");
    assert_eq!(found[6]["status"], "pass");
    assert_eq!(reason(7), "the case has no event in the layout `flat`");

    std::fs::create_dir(place.path("empty")).unwrap();
    let said = test(&place, &["empty"]).refused();
    assert!(said.contains("error: there are no cases"), "{said}");
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_rules_pass_their_regression_cases_and_not_those_of_others() {
    let (Some(rules), Some(cases)) = (shared("sigma"), shared("sigma-regression")) else {
        return;
    };
    let place = Place::new();
    let test = |cases: &str| {
        let rules = rules.to_str().unwrap();
        let arguments = ["sigma", "test", "--rules", rules, "--output", "json", cases];
        place.run(&arguments)
    };
    let found = outcomes(&test(cases.to_str().unwrap()).ok());
    let mut files: Vec<_> = std::fs::read_dir(&cases)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 120, "{} cases", files.len());
    assert_eq!(found.len(), 2 * files.len());
    assert!(found.iter().all(|outcome| outcome["status"] == "pass"));

    // Two cases of log sources that have nothing in common, each with the events of the other.
    let mut one = read(&files[0]);
    let is_other = |case: &Value| case["logsource"] != one["logsource"];
    let mut other = files.iter().map(|file| read(file)).find(is_other).unwrap();
    std::mem::swap(&mut one["events"], &mut other["events"]);
    std::fs::create_dir(place.path("swapped")).unwrap();
    place.file("swapped/one.json", one.to_string());
    place.file("swapped/other.json", other.to_string());
    let done = test("swapped");
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    let statuses: Vec<_> = outcomes(&done.stdout)
        .into_iter()
        .map(|outcome| outcome["status"].clone())
        .collect();
    assert_eq!(statuses, ["fail"; 4]);
}
