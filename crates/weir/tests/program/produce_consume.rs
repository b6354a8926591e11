//! `weir produce` and `weir consume` on the embedded broker.

use nix::sys::signal::Signal;

use crate::support::{Place, Process, Target};

#[test]
fn what_is_produced_is_consumed() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let done = place.run_with(&target.on(&["produce", "t"]), b"a\n\nb c\r\nlast");
    assert_eq!(done.stderr, "3 records written to `t`\n");
    assert_eq!(done.ok(), "");
    let file = place.file("more", "d\n");
    place.run(&target.on(&["produce", "t", &file])).ok();
    let consume = |max| place.run(&target.on(&["consume", "t", "--from-beginning", "--max", max]));
    assert_eq!(consume("4").ok(), "a\nb c\nlast\nd\n");
    assert_eq!(consume("2").ok(), "a\nb c\n");
    assert_eq!(consume("0").ok(), "");
}

#[test]
fn keys_and_partitions() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let produce = ["produce", "t", "--key-separator", "::", "--partitions", "3"];
    place
        .run_with(&target.on(&produce), b"k1::v1\nno key\n::empty\nk1::v::2\n")
        .ok();
    let sql = "SHOW TOPICS; PRINT t FROM BEGINNING LIMIT 4;";
    let shown = place.run(&target.on(&["sql", "--execute", sql])).ok();
    assert!(
        shown.contains(" t                           | 3          | 1 "),
        "{shown}"
    );
    let record = |key: &str, value: &str| {
        let line = format!(", key: {key}, value: {value}, partition: ");
        let found: Vec<_> = shown
            .lines()
            .filter_map(|shown| shown.split_once(&line))
            .collect();
        assert_eq!(found.len(), 1, "{line} in {shown}");
        found[0].1.to_owned()
    };
    assert_eq!(
        record("k1", "v1"),
        record("k1", "v::2"),
        "one key, one partition"
    );
    record("<null>", "no key");
    record("", "empty");
}

#[test]
fn a_line_is_in_the_topic_as_soon_as_it_is_typed() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let mut process = Process::start(&mut place.weir(&target.on(&["produce", "t"])));
    process.write(b"typed\n");
    // Standard input stays open. What is durable survives a kill.
    let log = || {
        let topics = std::path::Path::new(&place.path("broker")).join("topics");
        let logs = walk(&topics)
            .into_iter()
            .filter_map(|path| std::fs::read(path).ok());
        logs.flatten().collect::<Vec<u8>>()
    };
    let until = std::time::Instant::now() + crate::support::LIMIT;
    while !log().windows(5).any(|window| window == b"typed") {
        assert!(
            std::time::Instant::now() < until,
            "the line does not arrive"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    process.signal(Signal::SIGINT);
    let done = process.done();
    assert_eq!(done.stderr, "1 record written to `t`\n");
    done.ok();
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.flat_map(|entry| match entry.path() {
        path if path.is_dir() => walk(&path),
        path => vec![path],
    });
    files.collect()
}

#[test]
fn a_topic_that_is_not_there_is_named() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let text = place.run(&target.on(&["consume", "nothing"])).refused();
    assert_eq!(text, "error: Topic 'nothing' does not exist.\n");
}

#[test]
fn a_consumer_that_waits_is_ended_by_a_signal() {
    let place = Place::new();
    let target = Target::embedded(&place);
    place.run_with(&target.on(&["produce", "t"]), b"a\n").ok();
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let consume = target.on(&["consume", "t", "--from-beginning"]);
        let mut process = Process::start(&mut place.weir(&consume));
        assert_eq!(process.line(), "a");
        process.signal(signal);
        assert_eq!(process.done().ok(), "a\n");
    }
}

/// `weir consume … | head -1`
#[test]
fn a_reader_that_has_enough_ends_it() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let lines: String = (0..200_000).map(|n| format!("record {n}\n")).collect();
    place
        .run_with(&target.on(&["produce", "t"]), lines.as_bytes())
        .ok();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "\"$@\" | head -n 1", "sh", env!("CARGO_BIN_EXE_weir")]);
    shell.args(target.on(&["consume", "t", "--from-beginning"]));
    place.shield(&mut shell);
    let done = Process::start(&mut shell).done();
    assert_eq!(done.stderr, "");
    assert_eq!(done.ok(), "record 0\n");
}
