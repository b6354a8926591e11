//! `weir run` between pipes, with topics in memory.

use nix::sys::signal::Signal;

use crate::support::{Place, Process};

const EVENS: &str = "
CREATE STREAM NUMBERS (n INT) WITH (KAFKA_TOPIC='numbers', VALUE_FORMAT='JSON');
CREATE STREAM EVENS WITH (KAFKA_TOPIC='evens') AS SELECT n FROM NUMBERS WHERE n % 2 = 0;
";

/// Reads what the first query writes.
const HUNDREDS: &str = "
CREATE STREAM HUNDREDS WITH (KAFKA_TOPIC='hundreds') AS SELECT n FROM EVENS WHERE n % 100 = 0;
INSERT INTO HUNDREDS SELECT n FROM NUMBERS WHERE n = 7;
";

fn numbers(range: std::ops::Range<u32>) -> String {
    range.map(|n| format!("{{\"n\":{n}}}\n")).collect()
}

fn rows(numbers: impl Iterator<Item = u32>) -> String {
    numbers.map(|n| format!("{{\"N\":{n}}}\n")).collect()
}

/// `run EVENS --input numbers=- --output evens=-` and more.
fn arguments<'a>(script: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let filter = ["run", script, "--input", "numbers=-", "--output", "evens=-"];
    [&filter[..], more].concat()
}

#[test]
fn lines_in_and_rows_out() {
    let place = Place::new();
    let script = place.file("evens.sql", EVENS);
    let arguments = arguments(&script, &["--until-end"]);
    let done = place.run_with(&arguments, numbers(0..10_000).as_bytes());
    assert!(done.stderr.contains("ready\n"), "{done:#?}");
    assert_eq!(done.ok(), rows((0..10_000).step_by(2)));
}

#[test]
fn nothing_in_is_nothing_out() {
    let place = Place::new();
    let script = place.file("evens.sql", EVENS);
    let arguments = arguments(&script, &["--until-end"]);
    assert_eq!(place.run_with(&arguments, b"").ok(), "");
    assert_eq!(place.run_with(&arguments, b"\n\n{\"n\":1}\n").ok(), "");
}

#[test]
fn a_last_line_needs_no_end_and_a_bad_one_stops_nothing() {
    let place = Place::new();
    let script = place.file("evens.sql", EVENS);
    let input = b"{\"n\":2}\r\nno JSON\n{\"n\":\"x\"}\n\xff\xfe\n{\"n\":4}";
    let output = place
        .run_with(&arguments(&script, &["--until-end"]), input)
        .ok();
    assert_eq!(output, "{\"N\":2}\n{\"N\":4}\n");
}

#[test]
fn a_row_comes_as_soon_as_its_line() {
    let place = Place::new();
    let script = place.file("evens.sql", EVENS);
    let mut process = Process::start(&mut place.weir(&arguments(&script, &[])));
    process.wait_for("ready");
    for n in [2, 40, 600] {
        process.write(numbers(n..n + 2).as_bytes());
        assert_eq!(process.line(), format!("{{\"N\":{n}}}"));
    }
    process.signal(Signal::SIGINT);
    assert_eq!(process.done().ok().lines().count(), 3);
}

#[test]
fn queries_that_read_each_other_come_to_their_end() {
    let place = Place::new();
    let script = place.file("chain.sql", format!("{EVENS}{HUNDREDS}"));
    let input = format!("numbers={}", place.file("numbers", numbers(0..5_000)));
    let (evens, hundreds) = (place.path("evens"), place.path("hundreds"));
    let outputs = [format!("evens={evens}"), format!("hundreds={hundreds}")];
    let filter = ["run", &script, "--until-end", "--input", &input];
    let to = ["--output", &outputs[0], "--output", &outputs[1]];
    assert_eq!(place.run(&[&filter[..], &to].concat()).ok(), "");
    let read = |path| std::fs::read_to_string(path).unwrap();
    assert_eq!(read(evens), rows((0..5_000).step_by(2)));
    let mut found: Vec<_> = read(hundreds).lines().map(str::to_owned).collect();
    found.sort();
    let mut expected: Vec<_> = rows((0..5_000).step_by(100).chain([7]))
        .lines()
        .map(str::to_owned)
        .collect();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn several_inputs_are_read_at_a_time() {
    let place = Place::new();
    let script = "
        CREATE STREAM A (n INT) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON');
        CREATE STREAM B (n INT) WITH (KAFKA_TOPIC='b', VALUE_FORMAT='JSON');
        CREATE STREAM BOTH WITH (KAFKA_TOPIC='both') AS SELECT n FROM A;
        INSERT INTO BOTH SELECT n FROM B;";
    let script = place.file("both.sql", script);
    let second = format!("b={}", place.file("b", numbers(5..6)));
    let arguments = [
        "run", &script, "--input", "a=-", "--input", &second, "--output", "both=-",
    ];
    let mut process = Process::start(&mut place.weir(&arguments));
    // The first input is not at its end.
    assert_eq!(process.line(), "{\"N\":5}");
    process.write(b"{\"n\":6}\n");
    assert_eq!(process.line(), "{\"N\":6}");
    process.signal(Signal::SIGTERM);
    process.done().ok();
}

#[test]
fn statements_come_from_standard_input_too() {
    let place = Place::new();
    let input = format!("numbers={}", place.file("numbers", numbers(0..4)));
    let arguments = [
        "run",
        "-",
        "--input",
        &input,
        "--output",
        "evens=-",
        "--until-end",
    ];
    assert_eq!(
        place.run_with(&arguments, EVENS.as_bytes()).ok(),
        rows([0, 2].into_iter())
    );
}

/// `weir run … | head -1`
#[test]
fn a_reader_that_has_enough_ends_it() {
    let place = Place::new();
    let script = place.file("evens.sql", EVENS);
    let mut shell = std::process::Command::new("sh");
    let program = env!("CARGO_BIN_EXE_weir");
    shell.args(["-c", "\"$@\" | head -n 1; echo piped", "sh", program]);
    shell.args(arguments(&script, &[]));
    place.shield(&mut shell);
    let mut process = Process::start(&mut shell);
    process.write(numbers(2..3).as_bytes());
    assert_eq!(process.line(), "{\"N\":2}");
    // Its input goes on; the next row has nobody to read it.
    process.write(numbers(4..5).as_bytes());
    assert_eq!(process.line(), "piped");
    assert!(process.done().ok().ends_with("piped\n"));
}
