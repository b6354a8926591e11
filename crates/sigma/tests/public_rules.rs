//! The Windows rules of SigmaHQ, where they are beside the checkout: all that have a log source convert, what is written is read as
//! the same tree, and a thousand of them take no time.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
    time::Instant,
};

use weir_sigma::{
    Converted, ErrorKind, Mapping, Options, Rules, alerts_stream, convert, events_stream, print,
};
use weir_sql::{Statement, Variables, parse_statement};

fn beside() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/sigma");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "what lies beside the checkout is missing, and CI tests with it"
    );
    // Past the test runner, which shows nothing of tests that pass.
    let _ = writeln!(
        std::io::stderr(),
        "skipped: the public rules are not beside the checkout"
    );
    None
}

fn parse(text: &str) -> Statement {
    match parse_statement(text, &Variables::default()) {
        Ok(parsed) => parsed.statement,
        Err(error) => panic!("{error}\n{text}"),
    }
}

fn assert_read_back(converted: &Converted) {
    let read = parse(&converted.text);
    assert!(read == converted.statement, "{}", converted.text);
    assert_eq!(read.to_string(), converted.statement.to_string());
    assert!(parse(&read.to_string()) == read, "{read}");
}

#[test]
fn all_rules_of_mapped_log_sources_convert() {
    let Some(folder) = beside() else {
        return;
    };
    let index = std::fs::read_to_string(folder.join("index.json")).unwrap();
    let index: Vec<serde_json::Value> = serde_json::from_str(&index).unwrap();
    for layout in ["winlogbeat", "flat"] {
        let started = Instant::now();
        let options = Options::new(
            Mapping::built_in(layout).unwrap(),
            "wineventlogs",
            "windows_alerts",
        );
        let rules = Rules::load(&folder).unwrap();
        assert_eq!(rules.left_out, [], "{layout}");
        assert_eq!(rules.rules.len(), index.len());
        let mut fields = BTreeSet::new();
        let mut not_mapped = BTreeSet::new();
        let mut converted = Vec::new();
        for rule in &rules.rules {
            match convert(rule, &options) {
                Ok(one) => {
                    fields.extend(one.fields.iter().cloned());
                    converted.push(one);
                }
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::LogSource, "{error}");
                    not_mapped.insert(rule.key().to_owned());
                }
            }
        }
        println!(
            "{layout}: {} rules in {:?}",
            converted.len(),
            started.elapsed()
        );
        assert_eq!(not_mapped.len(), 18, "{not_mapped:?}");
        let stream = events_stream(&fields, &options).unwrap();
        assert!(parse(&print(&stream)) == stream);
        let alerts = alerts_stream(&options, Some(1));
        assert!(parse(&print(&alerts)) == alerts);
        converted.iter().for_each(assert_read_back);
        let ids: BTreeSet<&str> = converted.iter().map(|one| one.query_id.as_str()).collect();
        assert_eq!(ids.len(), converted.len());
        let longest = converted
            .iter()
            .flat_map(|one| one.text.lines())
            .map(|line| line.chars().count())
            .max();
        println!("longest line: {longest:?}");
    }
}
