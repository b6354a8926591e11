//! The prompt in a terminal, which `script` (util-linux) provides.

use std::{process::Command, time::Duration};

use crate::support::{Place, Process, Target};

/// The prompt over an embedded broker, 80 columns wide.
fn prompt(place: &Place) -> Process {
    let target = Target::embedded(place);
    let program = env!("CARGO_BIN_EXE_weir");
    let arguments = target.on(&["sql"]);
    let quoted: Vec<_> = arguments.iter().map(|part| format!("'{part}'")).collect();
    let command = format!("stty cols 80 rows 24; {program} {}", quoted.join(" "));
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &command, "/dev/null"]);
    script.current_dir(place.path("")).env("TERM", "xterm");
    place.shield(&mut script);
    let mut process = Process::start(&mut script);
    process.wait_for_output("Type `help` for more.");
    process
}

fn has_terminal() -> bool {
    let found = Command::new("script").arg("--version").output();
    let is_there =
        found.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("util-linux"));
    if !is_there {
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "CI must have `script`"
        );
        eprintln!("skipped: the prompt needs `script` of util-linux");
    }
    is_there
}

#[test]
fn statements_have_lines_and_errors_have_places() {
    if !has_terminal() {
        return;
    }
    let place = Place::new();
    let mut prompt = prompt(&place);
    prompt.write(b"CREATE STREAM s (a INT, b VARCHAR)\r");
    prompt.write(b"  WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);\r");
    prompt.wait_for_output(" Stream created");
    prompt.write(b"INSERT INTO s VALUES (1, 'semi;colon'); -- with a comment\r");
    prompt.write(b"SELECT a,\r  b FROM s;\r");
    prompt.wait_for_output("|1                                     |semi;colon ");
    prompt.wait_for_output("Query Completed");
    prompt.write(b"SELECT a, nope FROM s;\r");
    prompt.wait_for_output("'NOPE' cannot be resolved");
    prompt.wait_for_output("  1 | SELECT a, nope FROM s;");
    prompt.wait_for_output("                ^^^^");
    // What is dropped is gone, what comes after it works.
    prompt.write(b"SELECT 'never closed;\r");
    prompt.write(b"\x03");
    prompt.write(b"output json\r");
    prompt.wait_for_output("Output format set to JSON");
    prompt.write(b"exit\r");
    prompt.wait_for_output("Exiting.");
    prompt.done().ok();
    let history = std::fs::read_to_string(place.path("data-home/weir/history")).unwrap();
    assert!(
        history.contains("SELECT a,\\n  b FROM s;\n"),
        "one entry a statement: {history}"
    );
}

#[test]
fn ctrl_c_ends_the_query_and_ctrl_d_the_program() {
    if !has_terminal() {
        return;
    }
    let place = Place::new();
    let mut prompt = prompt(&place);
    for _ in 0..2 {
        prompt.write(b"SELECT * FROM KSQL_PROCESSING_LOG EMIT CHANGES;\r");
        prompt.wait_for_output("+-------");
        prompt.wait_for_output("+-------");
        prompt.write(b"\x03");
        prompt.wait_for_output("Query terminated");
    }
    prompt.write(b"PRINT default_ksql_processing_log;\r");
    // Nothing is printed that could be waited for.
    while prompt.line_within(Duration::from_secs(1)).is_some() {}
    prompt.write(b"\x03");
    prompt.wait_for_output("Topic printing ceased");
    prompt.write(b"SHOW TOPICS;\r");
    prompt.wait_for_output(" default_ksql_processing_log | 1 ");
    prompt.write(b"\x04");
    prompt.wait_for_output("Exiting.");
    prompt.done().ok();
}
