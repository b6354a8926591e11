//! All recorded events through `CREATE STREAM … AS SELECT *`: as many rows leave as came in, and no record is bad.

use std::{fs::File, io::Read};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::support::{Place, Process, read, root, skipped};

const EVENTS: usize = 50_290;

#[test]
fn every_event_leaves_as_a_row() {
    let path = root().join("../shared/data/wineventlogs.ndjson.gz");
    let Ok(file) = File::open(&path) else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "the events are not beside the checkout, and CI tests with them"
        );
        skipped("all events need ../shared/data/wineventlogs.ndjson.gz");
        return;
    };
    let mut events = Vec::new();
    MultiGzDecoder::new(file).read_to_end(&mut events).unwrap();

    let place = Place::new();
    let select =
        "CREATE STREAM ALL_EVENTS WITH (KAFKA_TOPIC='all_events') AS SELECT * FROM WINLOGEVENTS;";
    let script = place.file("all.sql", read("rules/winlogevents.sql") + select);
    let rows = place.path("rows.ndjson");
    let log = place.path("log.ndjson");
    let mut process = Process::start(&mut place.weir(&[
        "run",
        &script,
        "--input",
        "wineventlogs=-",
        "--output",
        &format!("all_events={rows}"),
        "--output",
        &format!("default_ksql_processing_log={log}"),
        "--until-end",
    ]));
    let mut input = process.take_input();
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut input, &events));
    process.done().ok();
    writer.join().unwrap().unwrap();

    assert_eq!(
        std::fs::read_to_string(log).unwrap(),
        "",
        "no record is bad"
    );
    let rows = std::fs::read_to_string(rows).unwrap();
    assert_eq!(rows.lines().count(), EVENTS);
    for row in rows.lines() {
        // The names of a STRUCT's fields are those of its declaration.
        let start = row.find("\"EVENT_ID\":").unwrap_or_else(|| panic!("{row}"));
        assert_eq!(row.as_bytes()[start + 11], b'"', "event_id is text: {row}");
    }
    let first: Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();
    assert!(first["WINLOG"]["EVENT_ID"].is_string(), "{first}");
}
