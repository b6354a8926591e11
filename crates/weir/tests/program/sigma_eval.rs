//! `weir sigma eval`: small files of every kind, and the judged events with the judged rules.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
};

use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    sigma::RULE,
    support::{Done, Place, Process, root, skipped},
};

const ID: &str = "5a1c0a4e-0000-4000-8000-000000000001";

/// What the rule matches.
pub const EVENT: &str = r#"{"winlog":{"channel":"security","event_id":4688,"event_data":{"NewProcessName":"C:\\Windows\\VSSADMIN.exe","CommandLine":"vssadmin  Delete\nShadows"}}}"#;

/// A second rule that matches it, first in the order of files, and one that cannot be read.
fn rules(place: &Place) {
    std::fs::create_dir(place.path("rules")).unwrap();
    place.file("rules/tool.yml", RULE);
    let broad = RULE
        .replace("Shadow copies deleted", "Any\\ttool")
        .replace("title: Any\\ttool", "title: \"Any\\ttool\"")
        .replace("level: high\n", "")
        .replace("0001\n", "0002\n")
        .replace("tool and words and not known", "tool");
    place.file("rules/broad.yml", broad);
    place.file("rules/torn.yml", "title: [torn");
    place.file(
        "rules/unknown.yml",
        RULE.replace("product: windows", "product: toaster")
            .replace("0001\n", "0003\n"),
    );
}

/// Events with a blank line, Windows line ends, something that is no JSON, and no end behind the last line.
fn events() -> String {
    let other = EVENT.replace("Delete", "List");
    format!("\u{feff}{EVENT}\r\n\r\n{other}\n  \nno event\n[1]\n{EVENT}")
}

fn matches(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn expected() -> Vec<Value> {
    let found = |id: &str, title: &str, level: &str, line: u64| json!({"rule_id": id, "title": title, "level": level, "line": line});
    let second = ID.replace("0001", "0002");
    vec![
        found(&second, "Any\ttool", "", 0),
        found(ID, "Shadow copies deleted", "high", 0),
        found(&second, "Any\ttool", "", 2),
        found(&second, "Any\ttool", "", 6),
        found(ID, "Shadow copies deleted", "high", 6),
    ]
}

const JSON: &[&str] = &[
    "sigma", "eval", "--rules", "rules", "--output", "json", "--events",
];

fn eval(place: &Place, more: &[&str]) -> Done {
    place.run(&[JSON, more].concat())
}

#[test]
fn lines_are_numbered_with_the_blank_ones_and_come_in_order() {
    let place = Place::new();
    rules(&place);
    place.file("events.ndjson", events());
    for threads in ["1", "3"] {
        let summary = place.path("summary.json");
        let more = ["events.ndjson", "--threads", threads, "--summary", &summary];
        let done = eval(&place, &more);
        let said = done.stderr.clone();
        assert_eq!(matches(&done.ok()), expected());

        let summary: Value =
            serde_json::from_str(&std::fs::read_to_string(summary).unwrap()).unwrap();
        assert_eq!(summary["rules_loaded"], 2);
        assert_eq!(summary["events"], 5);
        assert_eq!(summary["matches"], 5);
        assert!(summary["load_s"].as_f64().unwrap() > 0.0, "{summary}");
        assert!(summary["seconds"].as_f64().unwrap() > 0.0, "{summary}");
        let left_out = summary["left_out"].as_array().unwrap();
        let reason = |id: &str| {
            let rule = left_out.iter().find(|rule| rule["rule_id"] == id);
            rule.unwrap_or_else(|| panic!("{id}: {summary}"))["reason"]
                .as_str()
                .unwrap()
        };
        assert_eq!(left_out.len(), 2, "{summary}");
        assert!(reason("rules/torn.yml").contains("rules/torn.yml:"));
        assert!(reason(&ID.replace("0001", "0003")).contains("toaster"));

        assert!(said.contains("left out: rules/torn.yml: "), "{said}");
        assert!(said.contains("2 loaded in "), "{said}");
        assert!(said.contains(", 2 left out\n"), "{said}");
        assert!(said.contains("\nmatches: 5\n"), "{said}");
        assert!(
            said.contains("2 of the events are no JSON objects"),
            "{said}"
        );
    }
}

#[test]
fn a_match_is_a_line_for_people_too() {
    let place = Place::new();
    rules(&place);
    place.file("events.ndjson", events());
    let done = place.run(&[
        "sigma",
        "eval",
        "--rules",
        "rules",
        "--events",
        "events.ndjson",
    ]);
    let text = done.ok();
    let second = ID.replace("0001", "0002");
    let first = format!("0\t-\tAny tool\t{second}\n0\thigh\tShadow copies deleted\t{ID}\n2\t-\t");
    assert!(text.starts_with(&first), "{text}");
    assert_eq!(text.lines().count(), 5);
}

#[test]
fn packed_events_are_unpacked_whatever_they_are_called() {
    let place = Place::new();
    rules(&place);
    // Files that were packed one after the other are one file.
    let all = events();
    let (one, other) = all.as_bytes().split_at(100);
    let pack = |bytes: &[u8]| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    };
    let packed = [pack(one), pack(other)].concat();
    place.file("events.ndjson.gz", &packed);
    place.file("events", &packed);
    assert_eq!(
        matches(&eval(&place, &["events.ndjson.gz"]).ok()),
        expected()
    );
    assert_eq!(matches(&eval(&place, &["events"]).ok()), expected());
    let arguments = [JSON, &["-"]].concat();
    let done = place.run_with(&arguments, &packed);
    assert_eq!(matches(&done.ok()), expected());
    let done = place.run_with(&arguments, all.as_bytes());
    assert_eq!(matches(&done.ok()), expected());

    // What could be read of a file that is torn is hunted through.
    let torn = [pack(format!("{EVENT}\n").as_bytes()), packed].concat();
    place.file("torn.gz", &torn[..torn.len() - 12]);
    let done = eval(&place, &["torn.gz"]);
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    let said = "error: cannot read `torn.gz`: ";
    assert!(done.stderr.contains(said), "{done:?}");
    assert_eq!(matches(&done.stdout)[1]["line"], 0, "{done:?}");
}

#[test]
fn an_event_that_trickles_in_is_looked_at_when_it_comes() {
    let place = Place::new();
    rules(&place);
    let mut process = Process::start(&mut place.weir(&[JSON, &["-"]].concat()));
    for line in [0, 1] {
        process.write(format!("{EVENT}\n").as_bytes());
        for _ in 0..2 {
            let found: Value = serde_json::from_str(&process.line()).unwrap();
            assert_eq!(found["line"], line);
        }
    }
    process.close();
    assert_eq!(process.done().ok().lines().count(), 4);
}

#[test]
fn it_ends_quietly_when_nobody_reads_any_more() {
    let place = Place::new();
    rules(&place);
    place.file("events.ndjson", format!("{EVENT}\n").repeat(20_000));
    let mut child = place
        .weir(&[JSON, &["events.ndjson"]].concat())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains("error"), "{said}");
}

#[test]
fn what_cannot_be_hunted_with_is_refused() {
    let place = Place::new();
    rules(&place);
    place.file("events.ndjson", events());
    let check = |more: &[&str], expected: &str| {
        let said = eval(&place, more).refused();
        assert!(said.contains(expected), "{more:?}: {said}");
    };
    check(
        &["events.ndjson", "--set", "weir.rules.indx.enable=false"],
        "error: `weir.rules.indx.enable` is nothing that can be set for a hunt\n\
         hint: there are `weir.rules.index.enable` and `weir.rules.raw.filter`",
    );
    check(
        &["events.ndjson", "--set", "weir.rules.raw.filter=off"],
        "error: `weir.rules.raw.filter` is true or false, and not `off`",
    );
    check(
        &["events.ndjson", "--set", "weir.rules.raw.filter"],
        "hint: write `--set NAME=VALUE`",
    );
    check(&["nowhere.ndjson"], "error: cannot read `nowhere.ndjson`: ");
    check(&["rules"], "error: cannot read `rules`: ");
    check(
        &["events.ndjson", "--layout", "round"],
        "there is no layout `round`",
    );
    check(
        &["events.ndjson", "--summary", "nowhere/summary.json"],
        "error: cannot write `nowhere/summary.json`: ",
    );
    let arguments = ["sigma", "eval", "--events", "events.ndjson", "--rules"];
    let said = place
        .run(&[&arguments[..], &["rules/torn.yml"]].concat())
        .refused();
    assert!(
        said.contains("left out: rules/torn.yml: ")
            && said.contains("error: `rules/torn.yml` has no rule that can be run"),
        "{said}"
    );
    let said = place
        .run(&[&arguments[..], &["nowhere"]].concat())
        .refused();
    assert!(said.contains("error: nowhere: cannot be read: "), "{said}");
}

/// A file or folder beside the checkout; without it the test is skipped with a line, and fails in CI.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{name} is not beside the checkout, and CI tests with it"
    );
    skipped(&format!("this needs ../shared/{name}"));
    None
}

/// Of each rule, by id, the lines that it matches.
type Lines = BTreeMap<String, Vec<u64>>;

/// Hunts with all rules; fails if a line comes twice or out of order.
fn hunted(place: &Place, events: &str, more: &[&str]) -> (Lines, Value) {
    let rules = shared("sigma").unwrap();
    let summary = place.path("summary.json");
    let arguments = [
        "sigma",
        "eval",
        "--rules",
        rules.to_str().unwrap(),
        "--events",
        events,
        "--output",
        "json",
        "--summary",
        &summary,
    ];
    let text = place.run(&[&arguments[..], more].concat()).ok();
    let mut lines = Lines::new();
    let mut last = 0;
    for found in matches(&text) {
        let line = found["line"].as_u64().unwrap();
        assert!(line >= last, "line {line} behind line {last}");
        last = line;
        let id = found["rule_id"].as_str().unwrap();
        let of_rule = lines.entry(id.to_owned()).or_default();
        assert_ne!(of_rule.last(), Some(&line), "{id} has line {line} twice");
        of_rule.push(line);
    }
    let summary = serde_json::from_str(&std::fs::read_to_string(summary).unwrap()).unwrap();
    (lines, summary)
}

/// Compares what was found with what was judged: each rule's number of lines, the first of them, and a digest of all.
fn judge(expected: &Value, (found, summary): &(Lines, Value)) {
    let rules = expected["rules"].as_object().unwrap();
    let judged = |id: &String| {
        rules.contains_key(id)
            || expected["rules_without_match"]
                .as_array()
                .unwrap()
                .iter()
                .any(|other| other == id)
    };
    for (id, rule) in rules {
        let lines = found.get(id).map_or(&[][..], Vec::as_slice);
        assert_eq!(lines.len() as u64, rule["count"], "{id}");
        let first = &lines[..lines.len().min(20)];
        assert_eq!(json!(first), rule["lines"], "{id}");
        let joined = lines
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join(",");
        let digest = Sha256::digest(joined)
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        assert_eq!(digest, rule["all_lines_sha256"], "{id}");
    }
    let others: Vec<_> = found.keys().filter(|id| !rules.contains_key(*id)).collect();
    assert_eq!(others, [""; 0], "nothing else matches");
    let left_out = summary["left_out"].as_array().unwrap();
    let of_judged = left_out
        .iter()
        .filter(|rule| judged(&rule["rule_id"].as_str().unwrap().to_owned()))
        .collect::<Vec<_>>();
    assert_eq!(of_judged, [&Value::Null; 0], "every judged rule is loaded");
    assert_eq!(summary["events"], expected["events"]);
    assert_eq!(summary["matches"], expected["matches"]);
}

/// Events and what was judged of them.
fn judged(events: &str, expected: &str) -> Option<(PathBuf, Value)> {
    shared("sigma")?;
    let events = shared(events)?;
    let expected = std::fs::read_to_string(shared(expected)?).unwrap();
    Some((events, serde_json::from_str(&expected).unwrap()))
}

const WAYS: [&[&str]; 3] = [
    &[],
    &["--set", "weir.rules.raw.filter=false"],
    &["--threads", "2"],
];

#[test]
fn the_rules_match_the_recorded_events_that_they_should() {
    let files = judged(
        "data/wineventlogs.ndjson.gz",
        "data/wineventlogs-sigma-expected.json",
    );
    let Some((events, expected)) = files else {
        return;
    };
    let place = Place::new();
    for way in WAYS {
        judge(&expected, &hunted(&place, events.to_str().unwrap(), way));
    }
}

#[test]
fn the_rules_match_the_made_events_that_they_should_and_not_those_that_come_near() {
    let files = judged(
        "data/sigma-synth.ndjson.gz",
        "data/sigma-synth-expected.json",
    );
    let Some((events, expected)) = files else {
        return;
    };
    let place = Place::new();
    for way in WAYS {
        judge(&expected, &hunted(&place, events.to_str().unwrap(), way));
    }

    // Without an index each rule is asked of each event, which takes its time: every eighth line is enough.
    const STEP: usize = 8;
    let (found, _) = hunted(&place, events.to_str().unwrap(), &[]);
    let lines = BufReader::new(MultiGzDecoder::new(File::open(&events).unwrap())).lines();
    let some: Vec<String> = lines.step_by(STEP).map(Result::unwrap).collect();
    let some = place.file("some.ndjson", some.join("\n"));
    let plainly = ["--set", "weir.rules.index.enable=false"];
    let (plain, _) = hunted(&place, &some, &plainly);
    let of_some = found.into_iter().filter_map(|(id, lines)| {
        let step = STEP as u64;
        let lines = lines.into_iter().filter(|line| line % step == 0);
        let lines: Vec<u64> = lines.map(|line| line / step).collect();
        (!lines.is_empty()).then_some((id, lines))
    });
    let of_some: Lines = of_some.collect();
    assert!(of_some.len() > 700, "{} rules", of_some.len());
    assert_eq!(plain, of_some);
}
