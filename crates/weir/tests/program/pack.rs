//! The pack of rules in `rules/windows`: the SQL beside each rule is that rule, and its scenario in `tests/scenarios/rules` asks
//! for every word of it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    ops::Range,
};

use serde_json::Value;

use crate::support::{Place, read, root};

const FOLDER: &str = "rules/windows";

/// The names of the rules, in order.
fn names() -> Vec<String> {
    let files = fs::read_dir(root().join(FOLDER)).unwrap();
    let mut names: Vec<String> = files
        .filter_map(|file| {
            let name = file.unwrap().file_name().into_string().unwrap();
            Some(name.strip_suffix(".yml")?.to_owned())
        })
        .collect();
    names.sort();
    names
}

fn rule(name: &str) -> String {
    read(format!("{FOLDER}/{name}.yml"))
}

fn events(name: &str, kind: &str) -> Vec<String> {
    let path = format!("tests/scenarios/rules/events/{name}.{kind}.ndjson");
    read(path).lines().map(str::to_owned).collect()
}

/// What a rule says of itself in one line.
fn said<'a>(rule: &'a str, key: &str) -> &'a str {
    let value = rule
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
    value.unwrap_or_else(|| panic!("no `{key}` in {rule}"))
}

#[test]
fn the_sql_beside_each_rule_is_what_it_is_converted_to() {
    let place = Place::new();
    fs::create_dir(place.path("windows")).unwrap();
    for name in names() {
        place.file(&format!("windows/{name}.yml"), rule(&name));
    }
    let streams = place.run(&["sigma", "convert", "windows", "--out"]);
    assert_eq!(streams.stderr, "", "nothing is left out");
    let mut expected = BTreeMap::from([("rules/windows.sql".to_owned(), streams.ok())]);
    for name in names() {
        let sql = fs::read_to_string(place.path(&format!("windows/{name}.sql"))).unwrap();
        expected.insert(format!("{FOLDER}/{name}.sql"), sql);
    }
    if std::env::var_os("WEIR_UPDATE_RULES").is_some() {
        for (path, sql) in &expected {
            fs::write(root().join(path), sql).unwrap();
        }
    }
    for (path, sql) in &expected {
        let hint = "WEIR_UPDATE_RULES=1 cargo test --workspace --test program pack::";
        assert!(
            fs::read_to_string(root().join(path)).is_ok_and(|found| found == *sql),
            "{path} is not what `weir sigma convert` makes of its rule; write it anew: {hint}"
        );
    }
    let sql = fs::read_dir(root().join(FOLDER)).unwrap();
    let sql = sql.filter(|file| {
        let path = file.as_ref().unwrap().path();
        path.extension().is_some_and(|kind| kind == "sql")
    });
    assert_eq!(sql.count() + 1, expected.len(), "a .sql without its .yml");
}

#[test]
fn every_rule_says_what_it_is() {
    let mut ids = BTreeSet::new();
    let mut titles = BTreeSet::new();
    let page = read("rules/README.md");
    for name in names() {
        let rule = rule(&name);
        let id = said(&rule, "id").to_owned();
        let groups: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
        assert!(ids.insert(id), "{name}: the id is another rule's too");
        assert!(
            titles.insert(said(&rule, "title").to_owned()),
            "{name}: the title is another rule's too"
        );
        assert_eq!(said(&rule, "author"), "Weir");
        assert_eq!(said(&rule, "license"), env!("CARGO_PKG_LICENSE"));
        assert!(["low", "medium", "high", "critical"].contains(&said(&rule, "level")));
        let row = format!(
            "| [{}](windows/{name}.yml) | {} |",
            said(&rule, "title"),
            said(&rule, "level")
        );
        assert!(page.contains(&row), "rules/README.md has no row {row}");
        for key in ["description", "references", "tags", "falsepositives"] {
            assert!(rule.contains(&format!("\n{key}:")), "{name}: no {key}");
        }
        // What is referred to is what the tags name.
        for technique in rule
            .lines()
            .filter_map(|line| line.strip_prefix("  - attack.t"))
        {
            let page = technique.replace('.', "/");
            let page = format!("https://attack.mitre.org/techniques/T{page}/");
            assert!(rule.contains(&page), "{name}: no reference to {page}");
        }
    }
    assert!(ids.len() >= 12, "{} rules", ids.len());
    assert!(names().contains(&"antivirus_enumeration".to_owned()));
}

/// The events of all scenarios, and which of them are whose: those that are alerts first.
struct Recorded {
    lines: String,
    of_rules: HashMap<String, Range<u64>>,
    alerts: HashMap<String, u64>,
}

impl Recorded {
    fn read() -> Self {
        let mut lines = Vec::new();
        let mut of_rules = HashMap::new();
        let mut alerts = HashMap::new();
        for name in names() {
            let start = lines.len() as u64;
            let (alert, quiet) = (events(&name, "alert"), events(&name, "quiet"));
            assert!(!alert.is_empty() && !quiet.is_empty(), "{name}");
            alerts.insert(name.clone(), alert.len() as u64);
            lines.extend(alert);
            lines.extend(quiet);
            of_rules.insert(name, start..lines.len() as u64);
        }
        Self {
            lines: lines.join("\n"),
            of_rules,
            alerts,
        }
    }

    /// Which of the events of its scenario each of these rules matches. A rule is a name, an id of its own, and its text.
    fn hunt(&self, rules: &[(String, String, String)]) -> HashMap<String, BTreeSet<u64>> {
        let place = Place::new();
        fs::create_dir(place.path("rules")).unwrap();
        let mut found = HashMap::new();
        let mut name_of = HashMap::new();
        for (name, id, text) in rules {
            let own = said(text, "id");
            let text = text.replacen(own, id, 1);
            place.file(&format!("rules/{id}.yml"), text);
            found.insert(id.clone(), BTreeSet::new());
            name_of.insert(id.clone(), name.clone());
        }
        place.file("events.ndjson", &self.lines);
        let hunt = [
            "sigma",
            "eval",
            "--rules",
            "rules",
            "--events",
            "events.ndjson",
            "--output",
            "json",
        ];
        let hunted = place.run(&hunt);
        assert!(hunted.stderr.contains(" 0 left out"), "{}", hunted.stderr);
        for line in hunted.ok().lines() {
            let matched: Value = serde_json::from_str(line).unwrap();
            let id = matched["rule_id"].as_str().unwrap();
            let line = matched["line"].as_u64().unwrap();
            if self.of_rules[&name_of[id]].contains(&line) {
                found.get_mut(id).unwrap().insert(line);
            }
        }
        found
    }
}

#[test]
fn the_rule_set_finds_what_the_scenarios_find() {
    let recorded = Recorded::read();
    let rules: Vec<_> = names()
        .into_iter()
        .map(|name| (name.clone(), name.clone(), rule(&name)))
        .collect();
    let found = recorded.hunt(&rules);
    for (name, lines) in &recorded.of_rules {
        let expected: BTreeSet<u64> = (lines.start..lines.start + recorded.alerts[name]).collect();
        assert_eq!(found[name], expected, "{name}");
    }
}

/// A rule with one line of its detection changed: what was there, and the rule.
type Change = (String, String);

/// Each item of a list taken away, each list let anything through, each single value let anything or nothing through.
fn changes(rule: &str) -> Vec<Change> {
    let lines: Vec<&str> = rule.lines().collect();
    let start = lines.iter().position(|line| *line == "detection:").unwrap();
    let length = lines[start..]
        .iter()
        .position(|line| line.starts_with("  condition: "));
    let end = start + length.expect("the condition comes last");
    let mut changes = Vec::new();
    let mut change = |place: usize, by: &[String]| {
        let mut text: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        text.splice(place..=place, by.iter().cloned());
        let what = format!("`{}` replaced by {by:?}", lines[place].trim());
        changes.push((what, text.join("\n")));
    };
    let is_item = |line: &str| line.trim_start().starts_with("- ");
    for place in start + 1..end {
        let line = lines[place];
        if is_item(line) {
            if is_item(lines[place - 1]) || is_item(lines[place + 1]) {
                change(place, &[]);
            }
        } else if let Some((field, value)) = line
            .strip_prefix("    ")
            .and_then(|entry| entry.split_once(':'))
        {
            let anything = match field {
                field if field.contains("|re") => "'(?s).*'",
                field if field.contains("|cidr") => "0.0.0.0/0",
                _ => "'*'",
            };
            let with = |value: &str| format!("    {field}: {value}");
            match value.trim() {
                // All of a list is not less for one more that always holds.
                "" if field.ends_with("|all") => {}
                "" => change(place, &[line.to_owned(), format!("      - {anything}")]),
                _ if field.ends_with("|exists") => change(place, &[with("false")]),
                _ => {
                    change(place, &[with(anything)]);
                    change(place, &[with("nothing-at-all")]);
                }
            }
        }
    }
    changes
}

#[test]
fn every_word_of_a_rule_is_asked_for_by_an_event() {
    let mut rules = Vec::new();
    let mut what = HashMap::new();
    for name in names() {
        let text = rule(&name);
        for (said, changed) in changes(&text) {
            let id = format!("{name}-{}", rules.len());
            what.insert(id.clone(), said);
            rules.push((name.clone(), id, changed));
        }
        rules.push((name.clone(), name, text));
    }
    assert!(rules.len() > 300, "{} rules", rules.len());
    let found = Recorded::read().hunt(&rules);
    let same: Vec<_> = rules
        .iter()
        .filter(|(name, id, _)| name != id && found[name] == found[id])
        .map(|(name, id, _)| format!("{name}: {}", what[id]))
        .collect();
    assert!(
        same.is_empty(),
        "the events of its scenario do not tell these from the rule itself: {same:#?}"
    );
}
