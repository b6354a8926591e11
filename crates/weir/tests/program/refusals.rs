//! What the program refuses, with what it says and the exit status.

use std::{collections::BTreeSet, fs};

use nix::sys::signal::Signal;

use crate::support::{Place, Process, Target};

const STREAM: &str =
    "CREATE STREAM S (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);\n";
const QUERY: &str = "CREATE STREAM T AS SELECT a FROM S;\n";

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    for part in expected {
        assert!(text.contains(part), "`{part}` in {text}");
    }
    assert!(text.starts_with("error: "), "{text}");
}

#[test]
fn no_broker_and_no_input_names_both() {
    let place = Place::new();
    let script = place.file("a.sql", format!("{STREAM}{QUERY}"));
    let text = place.run(&["run", &script]).refused();
    check(
        &text,
        &[
            "there is no broker and no input",
            "--bootstrap-servers",
            "--embedded",
            "--input",
        ],
    );
    for command in ["produce", "consume"] {
        let text = place.run(&[command, "t"]).refused();
        check(
            &text,
            &[
                command,
                "none was named",
                "--bootstrap-servers",
                "--embedded",
            ],
        );
    }
    let both = [
        "run",
        &script,
        "--bootstrap-servers",
        "a:1",
        "--embedded",
        "b",
    ];
    assert_eq!(place.run(&both).status.code(), Some(2));
}

#[test]
fn a_file_that_is_run_has_persistent_queries_and_nothing_else() {
    let place = Place::new();
    let target = Target::embedded(&place);
    for statement in [
        "SELECT * FROM S EMIT CHANGES;",
        "PRINT s;",
        "INSERT INTO S (a) VALUES (1);",
        "SHOW STREAMS;",
        "DROP STREAM S;",
        "TERMINATE ALL;",
        "RUN SCRIPT 'x.sql';",
    ] {
        let script = place.file("a.sql", format!("{STREAM}{QUERY}\n  {statement}\n"));
        let text = place.run(&target.on(&["run", &script])).refused();
        let words: Vec<&str> = statement.split(['(', ' ', ';']).collect();
        check(
            &text,
            &[
                words[0],
                "is not for a file that is run",
                &format!("  --> {script}:4:3\n"),
            ],
        );
    }
    let script = place.file("a.sql", STREAM);
    let text = place.run(&target.on(&["run", &script])).refused();
    check(
        &text,
        &["The SQL file does not contain any persistent queries."],
    );
    let script = place.file("a.sql", "");
    let text = place.run(&target.on(&["run", &script])).refused();
    check(
        &text,
        &["The SQL file does not contain any persistent queries."],
    );
}

/// All statements are looked at before the first is run.
#[test]
fn a_file_with_an_error_changes_nothing() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let script = place.file(
        "a.sql",
        format!("{STREAM}{QUERY}CREATE STREAM U AS\n  SELECT b FROM S;\n"),
    );
    let text = place.run(&target.on(&["run", &script])).refused();
    check(
        &text,
        &[
            "'B' cannot be resolved",
            &format!("  --> {script}:4:10\n"),
            "4 |   SELECT b FROM S;",
        ],
    );
    let script = place.file(
        "b.sql",
        format!("{STREAM}{QUERY}\n\nCREATE STREAM U AS SELEC a FROM S;"),
    );
    let text = place.run(&target.on(&["run", &script])).refused();
    check(&text, &["line 5:20: ", &format!("  --> {script}:5:20\n")]);
    let script = place.file("c.sql", format!("{STREAM}{QUERY}SELECT 'abc"));
    let text = place.run(&target.on(&["run", &script])).refused();
    check(
        &text,
        &[
            "line 3:8: ",
            "is not closed",
            &format!("  --> {script}:3:8\n"),
        ],
    );
    let topics = place
        .run(&target.on(&["sql", "--execute", "SHOW TOPICS;"]))
        .ok();
    let names: BTreeSet<_> = topics
        .lines()
        .filter_map(|line| line.split('|').next())
        .collect();
    assert!(!names.contains(" s ") && !names.contains(" T "), "{topics}");
}

#[test]
fn inputs_and_outputs_that_cannot_be() {
    let place = Place::new();
    let script = place.file("a.sql", format!("{STREAM}{QUERY}"));
    let refused = |arguments: &[&str]| {
        place
            .run(&[&["run", &script], arguments].concat())
            .refused()
    };
    check(
        &refused(&["--input", "s"]),
        &["`--input s` is not TOPIC=FILE"],
    );
    check(
        &refused(&["--input", "s=-", "--output", "=x"]),
        &["`--output =x` is not TOPIC=FILE"],
    );
    check(
        &refused(&["--input", "s=nothing-here"]),
        &["cannot read `nothing-here`"],
    );
    check(
        &refused(&["--input", "s=-", "--input", "t=-"]),
        &["standard input is named more than once"],
    );
    check(
        &refused(&["--input", "S=-"]),
        &["no query of the file reads topic `S`", "letter case"],
    );
    check(
        &refused(&["--input", "s=-", "--output", "t=-"]),
        &["Topic 't' does not exist.", "`--output t=…`"],
    );
    check(
        &refused(&["--input", "s=-", "--output", "T=no/folder"]),
        &["cannot write `no/folder`"],
    );
    let twice = place.run(&["run", "-", "--input", "s=-"]).refused();
    check(&twice, &["standard input is named more than once"]);
    check(
        &place
            .run(&["run", "nothing.sql", "--input", "s=-"])
            .refused(),
        &["cannot read `nothing.sql`"],
    );
    let binary = place.file("binary.sql", [0xff, 0xfe]);
    check(
        &place.run(&["run", &binary, "--input", "s=-"]).refused(),
        &["cannot read `", "UTF-8"],
    );
}

#[test]
fn a_folder_in_use_is_refused_with_the_name_of_its_process() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let script = place.file("a.sql", format!("{STREAM}{QUERY}"));
    let mut holder = Process::start(&mut place.weir(&target.on(&["run", &script])));
    holder.wait_for("ready");
    let expected = format!("is in use by process {}", holder.id());
    for arguments in [
        &["run", &script][..],
        &["sql", "--execute", "SHOW TOPICS;"],
        &["produce", "s"],
        &["consume", "s"],
    ] {
        check(
            &place.run(&target.on(arguments)).refused(),
            &[&expected, "broker"],
        );
    }
    holder.signal(Signal::SIGTERM);
    holder.done().ok();
    place
        .run(&target.on(&["sql", "--execute", "SHOW TOPICS;"]))
        .ok();
}

#[test]
fn settings_that_are_wrong_are_named() {
    let place = Place::new();
    check(
        &place
            .run(&["sql", "--set", "a", "-e", "SHOW TOPICS;"])
            .refused(),
        &["`--set a` has no `=`"],
    );
    check(
        &place
            .run(&["sql", "--config", "none", "-e", "SHOW TOPICS;"])
            .refused(),
        &["cannot read `none`"],
    );
    check(
        &place.run(&["sql", "--file", "none"]).refused(),
        &["cannot read `none`"],
    );
    let config = place.file(
        "weir.properties",
        "# ours\nksql.service.id = from_file_\nauto.offset.reset=earliest\n",
    );
    let show = ["sql", "--config", &config, "-e", "SHOW PROPERTIES;"];
    let shown = |more: &[&str]| {
        let output = place.run(&[&show[..], more].concat()).ok();
        let line = output.lines().find(|line| line.contains("ksql.service.id"));
        line.unwrap_or_else(|| panic!("{output}")).to_owned()
    };
    assert!(shown(&[]).contains("from_file_"));
    assert!(shown(&["--set", "ksql.service.id=from_set_"]).contains("from_set_"));
    assert!(shown(&["--set", "ksql.service.id=x", "--service-id", "flag_"]).contains("flag_"));
    let statement = ["sql", "-e", "SET 'no.such.property'='1';"];
    check(&place.run(&statement).refused(), &["no.such.property"]);
}

/// A stop by a signal is at a checkpoint: the next run goes on, and repeats nothing.
#[test]
fn a_run_that_is_told_to_stop_goes_on_where_it_was() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let lines = |from: u32| -> String {
        (from..from + 500)
            .map(|a| format!("{{\"a\":{a}}}\n"))
            .collect()
    };
    let script = format!("SET 'auto.offset.reset'='earliest';\n{STREAM}{QUERY}");
    let script = place.file("a.sql", script);
    let alerts = place.path("alerts");
    let output = format!("T={alerts}");
    let run = target.on(&["run", &script, "--output", &output, "--input", "s=-"]);
    for (round, signal) in [(0, Signal::SIGTERM), (1, Signal::SIGINT)] {
        let mut process = Process::start(&mut place.weir(&run));
        process.wait_for("ready");
        process.write(lines(round * 500).as_bytes());
        let until = std::time::Instant::now() + crate::support::LIMIT;
        let written = || {
            fs::read_to_string(&alerts)
                .unwrap_or_default()
                .lines()
                .count()
        };
        while written() < (round as usize + 1) * 500 {
            assert!(std::time::Instant::now() < until, "{} rows", written());
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        process.signal(signal);
        process.done().ok();
    }
    let expected: String = (0..1000).map(|a| format!("{{\"A\":{a}}}\n")).collect();
    assert_eq!(fs::read_to_string(&alerts).unwrap(), expected);
}
