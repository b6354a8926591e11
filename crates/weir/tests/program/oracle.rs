//! Rules find the same however they are run: found by their index or each asked by itself, records skipped by their bytes or all of
//! them parsed, in a hunt through a file and in an engine; over the events beside the checkout.
//!
//! A debug build asks each rule by itself for so long that the tests take a part of the events; `just rules-oracle` takes all.

use std::{
    collections::HashSet,
    fs::File,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::Command,
};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::{
    sigma_eval::shared,
    support::{Done, Place, Process},
};

/// The ways. The first is the default.
const WAYS: [(&str, &[&str]); 3] = [
    ("by the index, some records skipped", &[]),
    ("by the index", &["--set", "weir.rules.raw.filter=false"]),
    (
        "each by itself",
        &["--set", "weir.rules.index.enable=false"],
    ),
];

/// Of how many one is taken.
struct Scale {
    recorded: usize,
    made: usize,
    /// Events of the other three domains; what is odd is taken anyway.
    domains: usize,
    /// Rules, in an engine.
    rules: usize,
}

const SOME: Scale = Scale {
    recorded: 32,
    made: 40,
    domains: 20,
    rules: 6,
};

const ALL: Scale = Scale {
    recorded: 1,
    made: 1,
    domains: 1,
    rules: 1,
};

/// A rule and the line that it matches; in order.
type Found = Vec<(String, u64)>;

struct Oracle {
    place: Place,
    program: Option<String>,
}

impl Oracle {
    fn new(program: Option<String>) -> Self {
        Self {
            place: Place::new(),
            program,
        }
    }

    /// The program to its end.
    fn run(&self, arguments: &[&str]) -> Done {
        let mut command = match &self.program {
            None => self.place.weir(arguments),
            Some(program) => {
                let mut command = Command::new(program);
                command.args(arguments).current_dir(self.place.path(""));
                self.place.shield(&mut command);
                command
            }
        };
        Process::start(&mut command).done()
    }

    fn hunt(&self, events: &str, way: &[&str]) -> Found {
        let rules = shared("sigma").unwrap();
        let rules = rules.to_str().unwrap();
        let hunt = [
            "sigma", "eval", "--rules", rules, "--events", events, "--output", "json",
        ];
        let text = self.run(&[&hunt[..], way].concat()).ok();
        found(&text, "rule_id", "line")
    }

    /// The script's alerts, each with the place of its event among the lines of its input.
    fn engine(&self, script: &str, inputs: &[&str], alerts: &str, way: &[&str]) -> String {
        let folder = tempfile::tempdir_in(self.place.temporary()).unwrap();
        let folder = folder.path().to_str().unwrap();
        // What is written goes behind what is there.
        let written = format!("{folder}/alerts.ndjson");
        let output = format!("{alerts}={written}");
        let mut arguments = vec!["run", script, "--output", &output];
        for input in inputs {
            arguments.extend(["--input", input]);
        }
        arguments.push("--until-end");
        arguments.extend(way);
        self.run(&arguments).ok();
        std::fs::read_to_string(written).unwrap()
    }

    fn sigma(&self, scale: &Scale) {
        let files = [
            ("data/wineventlogs.ndjson.gz", scale.recorded),
            ("data/sigma-synth.ndjson.gz", scale.made),
        ];
        let mut events = Vec::new();
        for (file, step) in files {
            let Some(path) = shared(file).filter(|_| shared("sigma").is_some()) else {
                return;
            };
            events.extend(lines(path).step_by(step));
        }
        let path = self.place.file("events.ndjson", events.join("\n") + "\n");
        let [one, rest @ ..] = WAYS;
        let hunted = self.hunt(&path, one.1);
        assert!(hunted.len() > events.len() / 8, "{} matches", hunted.len());
        for (name, way) in rest {
            same(
                &format!("in a hunt, {name}"),
                &self.hunt(&path, way),
                &hunted,
            );
        }

        let rules = shared("sigma").unwrap();
        let rules = rules.to_str().unwrap();
        let converted = self.run(&["sigma", "convert", rules, "--no-event"]).ok();
        let (script, ids) = some_rules(&converted, scale.rules);
        let script = self.place.file("rules.sql", script);
        let wanted = hunted.iter().filter(|(id, _)| ids.contains(id));
        let wanted: Found = wanted.cloned().collect();
        let input = format!("wineventlogs={path}");
        for (name, way) in WAYS {
            let alerts = self.engine(&script, &[&input], "windows_alerts", way);
            let alerts = found(&alerts, "RULE_ID", "SOURCE_OFFSET");
            same(&format!("in an engine, {name}"), &alerts, &wanted);
        }
    }

    /// Rules in SQL over the topics of three domains, in which some records are odd.
    fn domains(&self, scale: &Scale) {
        let mut inputs = Vec::new();
        for domain in ["network", "auth", "endpoint"] {
            let Some(path) = shared(&format!("data/{domain}-events.ndjson.gz")) else {
                return;
            };
            let events = lines(path).enumerate();
            let some = events.filter(|(place, line)| place % scale.domains == 0 || is_odd(line));
            let some: Vec<String> = some.map(|(_, line)| line).collect();
            let file = format!("{domain}.ndjson");
            let input = self.place.file(&file, some.join("\n") + "\n");
            inputs.push(format!("{domain}={input}"));
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let mut script = DOMAINS.to_owned();
        for (number, (stream, condition)) in RULES.iter().enumerate() {
            script += &format!(
                "INSERT INTO alerts WITH (QUERY_ID='R{number}') \
                 SELECT 'R{number}' AS rule, ROWOFFSET AS place FROM {stream} WHERE {condition};\n"
            );
        }
        let script = self.place.file("domains.sql", script);
        let [one, rest @ ..] = WAYS;
        let run = |way| {
            found(
                &self.engine(&script, &inputs, "alerts", way),
                "RULE",
                "PLACE",
            )
        };
        let alerts = run(one.1);
        for (number, (_, condition)) in RULES.iter().enumerate() {
            let rule = format!("R{number}");
            let has_any = alerts.iter().any(|(id, _)| *id == rule);
            assert!(has_any, "{rule}: {condition} matches nothing");
        }
        for (name, way) in rest {
            same(&format!("in three domains, {name}"), &run(way), &alerts);
        }
    }
}

const DOMAINS: &str = "SET 'auto.offset.reset' = 'earliest';
CREATE STREAM network (event_id VARCHAR, event_time_ms BIGINT, source VARCHAR, event_type VARCHAR, source_ip VARCHAR, dest_ip VARCHAR, source_port INT, dest_port INT, action VARCHAR, bytes_out BIGINT, `query` VARCHAR, query_type VARCHAR, rcode VARCHAR, signature VARCHAR, ids_severity INT)
  WITH (KAFKA_TOPIC='network', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM auth (event_id VARCHAR, event_type VARCHAR, `user` VARCHAR, source_ip VARCHAR, geo STRUCT<country VARCHAR, asn INT>, user_agent VARCHAR, reason VARCHAR)
  WITH (KAFKA_TOPIC='auth', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM endpoint (event_id VARCHAR, timestamp VARCHAR, source VARCHAR, event_type VARCHAR, host VARCHAR, process_name VARCHAR, command_line VARCHAR, pid INT)
  WITH (KAFKA_TOPIC='endpoint', VALUE_FORMAT='JSON', PARTITIONS=1, TIMESTAMP='timestamp', TIMESTAMP_FORMAT='yyyy-MM-dd''T''HH:mm:ss.SSSXXX');
CREATE STREAM alerts (rule VARCHAR, place BIGINT) WITH (KAFKA_TOPIC='alerts', VALUE_FORMAT='JSON', PARTITIONS=1);
";

/// Of what is asked of the logins, records may be skipped unread; the endpoints' have dates in them.
const RULES: &[(&str, &str)] = &[
    ("network", "action = 'deny'"),
    ("network", "action = 'deny' AND source_port > 1024"),
    ("network", "source ILIKE '%\"v\":4%'"),
    ("network", "source = 'dns-server' AND NOT rcode = 'NOERROR'"),
    (
        "network",
        "`query` LIKE '%windowsupdate%' OR `query` ILIKE 'LOGIN.%'",
    ),
    ("network", "signature ILIKE '%scan%' OR ids_severity <= 1"),
    ("network", "event_time_ms IS NULL"),
    ("network", "query_type IS NULL AND dest_port IN (22, 8443)"),
    ("network", "COALESCE(`query`, dest_ip) LIKE '%.106'"),
    (
        "network",
        "UCASE(event_type) = 'IDS_ALERT' AND bytes_out IS NULL",
    ),
    (
        "network",
        "CASE WHEN action = 'allow' THEN dest_port ELSE source_port END = 443",
    ),
    ("network", "NOT (action IN ('allow', 'deny'))"),
    (
        "auth",
        "event_type = 'login_failure' AND geo->country ILIKE 'de'",
    ),
    (
        "auth",
        "user_agent ILIKE '%PYTHON-requests%' AND geo->asn > 67000",
    ),
    ("auth", "`user` LIKE 'xenia.%'"),
    (
        "endpoint",
        "command_line ILIKE '%\\wbem\\%' AND pid > 20000",
    ),
    (
        "endpoint",
        "process_name IN ('chrome.exe', 'cmd.exe') AND NOT host LIKE 'WS-00%'",
    ),
    ("endpoint", "source ILIKE '%agent%'"),
];

/// A script with one of so many of a script's rules, and their ids.
fn some_rules(converted: &str, step: usize) -> (String, HashSet<String>) {
    let mut parts = converted.split("INSERT INTO ");
    let declarations = parts.next().unwrap();
    let mut script = format!("SET 'auto.offset.reset' = 'earliest';\n{declarations}");
    let mut ids = HashSet::new();
    for part in parts.step_by(step) {
        script += &format!("INSERT INTO {part}");
        let (_, id) = part.split_once("SELECT '").unwrap();
        ids.insert(id.split('\'').next().unwrap().to_owned());
    }
    (script, ids)
}

fn lines(path: PathBuf) -> impl Iterator<Item = String> {
    let text = BufReader::new(MultiGzDecoder::new(File::open(path).unwrap()));
    text.lines().map(Result::unwrap)
}

/// Whether it is written otherwise than nearly all, or is no JSON.
fn is_odd(line: &str) -> bool {
    line.contains("\": ") || serde_json::from_str::<serde_json::Map<String, Value>>(line).is_err()
}

fn found(text: &str, rule: &str, line: &str) -> Found {
    let lines = text.lines().map(|text| {
        let found: Value = serde_json::from_str(text).unwrap();
        let id = found[rule].as_str().unwrap_or_else(|| panic!("{text}"));
        (id.to_owned(), found[line].as_u64().unwrap())
    });
    let mut found: Found = lines.collect();
    found.sort_unstable();
    found
}

#[track_caller]
fn same(what: &str, one: &Found, other: &Found) {
    println!("{what}: {} matches", one.len());
    let differs = one.iter().zip(other).find(|(one, other)| one != other);
    assert_eq!(differs, None, "{what}");
    assert_eq!(one.len(), other.len(), "{what}");
}

#[test]
fn sigma_rules_find_the_same_in_every_way() {
    Oracle::new(None).sigma(&SOME);
}

#[test]
fn rules_in_sql_find_the_same_in_every_way() {
    Oracle::new(None).domains(&SOME);
}

#[test]
#[ignore = "all events and all rules: just rules-oracle"]
fn oracle_over_all_events() {
    let program = std::env::var("WEIR_TEST_PROGRAM").ok();
    Oracle::new(program.clone()).domains(&ALL);
    Oracle::new(program).sigma(&ALL);
}
