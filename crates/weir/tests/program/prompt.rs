//! The prompt in a terminal, which `script` (util-linux) provides. What is on its screen, `vt100` tells.

use std::{
    io::{Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use crate::support::{LIMIT, Place, Target, skipped};

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// What the line editor sends when it begins to read, and when it has read: that pastes are to be marked, and are not.
const ENTERED: &str = "\u{1b}[?2004h";
const LEFT: &str = "\u{1b}[?2004l";

/// A terminal with the prompt in it, 80 columns wide.
pub struct Terminal {
    child: Child,
    keys: ChildStdin,
    coming: Receiver<Vec<u8>>,
    /// What was shown and not yet waited for.
    shown: String,
    /// What is on the screen now.
    screen: vt100::Parser,
}

impl Terminal {
    /// The prompt over an embedded broker. `None`, with a line that says so, where there is no `script`.
    pub fn open(place: &Place) -> Option<Self> {
        Self::open_with(place, &Target::embedded(place).on(&["sql"]), &[])
    }

    /// The program with these arguments and this in its environment.
    pub fn open_with(
        place: &Place,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Option<Self> {
        let mut terminal = Self::start(place, arguments, environment)?;
        terminal.wait_for("Type `help` for more.");
        terminal.wait_for("ksql>");
        Some(terminal)
    }

    pub fn start(place: &Place, arguments: &[&str], environment: &[(&str, &str)]) -> Option<Self> {
        let found = Command::new("script").arg("--version").output();
        let is_there = |text: &str| text.contains("util-linux");
        if !found.is_ok_and(|output| is_there(&String::from_utf8_lossy(&output.stdout))) {
            assert_ne!(
                std::env::var("CI").as_deref(),
                Ok("true"),
                "CI must have `script`"
            );
            skipped("the prompt needs `script` of util-linux");
            return None;
        }
        let quoted: Vec<_> = arguments.iter().map(|part| format!("'{part}'")).collect();
        let program = env!("CARGO_BIN_EXE_weir");
        // In the shell's place: a shell that stays gets each Ctrl-C as well, and not every one outlives it.
        let command = format!(
            "stty cols {COLUMNS} rows {ROWS}; exec '{program}' {}",
            quoted.join(" ")
        );
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &command, "/dev/null"]);
        script
            .current_dir(place.path(""))
            .env("TERM", "xterm")
            .env("SHELL", "/bin/sh")
            .env_remove("PAGER")
            .env_remove("NO_COLOR");
        place.shield(&mut script);
        script.envs(environment.iter().copied());
        let mut child = script
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = child.stdout.take().unwrap();
        let (sender, coming) = channel();
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut chunk) {
                if sender.send(chunk[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Some(Self {
            keys: child.stdin.take().unwrap(),
            child,
            coming,
            shown: String::new(),
            screen: vt100::Parser::new(ROWS, COLUMNS, 0),
        })
    }

    pub fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until this is shown, after all that was waited for before; gives what is shown up to there.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        let until = Instant::now() + LIMIT;
        loop {
            if let Some(at) = self.shown.find(text) {
                return self.shown.drain(..at + text.len()).collect();
            }
            if let Err(error) = self.take(until) {
                panic!("no `{text}` ({error}) in {:?}", self.shown);
            }
        }
    }

    /// Presses keys until this is shown: nobody sees when a program begins to listen to Ctrl-C.
    #[track_caller]
    pub fn press_until(&mut self, keys: &str, text: &str) {
        let until = Instant::now() + LIMIT;
        while !self.shown.contains(text) {
            assert!(Instant::now() < until, "no `{text}` in {:?}", self.shown);
            self.keys(keys);
            let patience = Instant::now() + Duration::from_secs(1);
            while !self.shown.contains(text) && self.take(patience).is_ok() {}
        }
        self.wait_for(text);
    }

    /// Presses keys until the screen is as it should be: names that a broker takes long to give are not there at the first Tab.
    #[track_caller]
    pub fn press_until_screen(&mut self, keys: &str, what: &str, is_so: impl Fn(&str) -> bool) {
        let until = Instant::now() + LIMIT;
        while !is_so(&self.screen.screen().contents()) {
            assert!(Instant::now() < until, "{what}: not so");
            self.keys(keys);
            let patience = Instant::now() + Duration::from_secs(2);
            while !is_so(&self.screen.screen().contents()) && self.take(patience).is_ok() {}
        }
    }

    /// Waits until the screen is as it should be; gives its text.
    #[track_caller]
    pub fn wait_for_screen(&mut self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + LIMIT;
        loop {
            let contents = self.screen.screen().contents();
            if is_so(&contents) {
                return contents;
            }
            if let Err(error) = self.take(until) {
                panic!("{what}: not so ({error}) on\n{contents}");
            }
        }
    }

    fn take(&mut self, until: Instant) -> Result<(), std::sync::mpsc::RecvTimeoutError> {
        let left = until.saturating_duration_since(Instant::now());
        let chunk = self.coming.recv_timeout(left)?;
        self.screen.process(&chunk);
        self.shown += &String::from_utf8_lossy(&chunk);
        Ok(())
    }

    /// Runs a statement or a command, and waits for the prompt behind its answer; gives what it showed.
    #[track_caller]
    pub fn run(&mut self, typed: &str) -> String {
        self.keys(&format!("{typed}\r"));
        self.wait_for(LEFT);
        self.wait_for_prompt()
    }

    /// Waits for the next prompt.
    #[track_caller]
    pub fn wait_for_prompt(&mut self) -> String {
        let shown = self.wait_for(ENTERED);
        self.wait_for("ksql>");
        shown
    }

    /// Drops what is typed. What is typed before it is dropped is dropped with it.
    #[track_caller]
    pub fn drop_line(&mut self) {
        self.keys("\u{3}");
        self.wait_for(LEFT);
        self.wait_for_prompt();
    }

    pub fn ends(mut self) {
        self.wait_for("Exiting.");
        let until = Instant::now() + LIMIT;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < until, "the terminal stays");
            std::thread::sleep(std::time::Duration::from_millis(10));
        };
        assert!(status.success(), "{status}");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn history_of(place: &Place) -> String {
    std::fs::read_to_string(place.path("data-home/weir/history")).unwrap()
}

const STREAM: &str = "CREATE STREAM events (host VARCHAR, winlog STRUCT<event_id INT, event_data STRUCT<commandline VARCHAR, `Threat Name` VARCHAR>>) WITH (KAFKA_TOPIC='events', VALUE_FORMAT='JSON', PARTITIONS=1);";

#[test]
fn statements_have_lines_and_errors_have_places() {
    let place = Place::new();
    let Some(mut terminal) = Terminal::open(&place) else {
        return;
    };
    // Typed ahead: nothing waits for the answer to the first.
    terminal.keys("CREATE STREAM s (a INT, b VARCHAR)\r");
    terminal.keys("  WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);\r");
    terminal.keys("INSERT INTO s VALUES (1, 'semi;colon'); -- with a comment\r");
    terminal.wait_for(" Stream created");
    terminal.keys("SELECT a,\r  b FROM s;\r");
    terminal.wait_for("|1                                     |semi;colon ");
    terminal.wait_for("Query Completed");
    terminal.keys("SELECT a, nope FROM s;\r");
    terminal.wait_for("'NOPE' cannot be resolved");
    terminal.wait_for("  1 | SELECT a, nope FROM s;\r\n                ^^^^\r\n");
    // What is dropped is gone, and what comes after it works.
    terminal.wait_for("ksql>");
    terminal.keys("SELECT 'never closed;\r");
    terminal.wait_for_screen("the string goes on in the next line", |screen| {
        screen.ends_with("SELECT 'never closed;\n") || screen.ends_with("SELECT 'never closed;")
    });
    terminal.drop_line();
    terminal.run("output json");
    terminal.keys("exit\r");
    terminal.ends();
    let history = history_of(&place);
    assert!(
        history.contains("SELECT a,\\n  b FROM s;\n"),
        "one entry a statement: {history}"
    );
}

/// A statement of several lines is one thing to edit: the first line is reached from the last.
#[test]
fn a_statement_of_many_lines_is_edited_as_one() {
    let place = Place::new();
    let Some(mut terminal) = Terminal::open(&place) else {
        return;
    };
    terminal.keys("SHOW TOPIX\r\r;");
    // Up twice, to the end of the first line, and the wrong letter away.
    terminal.keys("\u{1b}[A\u{1b}[A\u{5}\u{7f}CS\u{1b}[B\u{1b}[B\u{5}\r");
    terminal.wait_for(" Kafka Topic ");
    terminal.wait_for("ksql>");
    terminal.keys("\u{4}");
    terminal.ends();
    assert!(history_of(&place).contains("SHOW TOPICS\\n\\n;"));
}

#[test]
fn many_statements_are_pasted_at_once() {
    let place = Place::new();
    let Some(mut terminal) = Terminal::open(&place) else {
        return;
    };
    let pasted = "CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);\noutput json\nINSERT INTO s\n  VALUES (7);\nSELECT nope FROM s;\nSHOW QUERIES;";
    terminal.keys(&format!("\u{1b}[200~{pasted}\u{1b}[201~\r"));
    terminal.wait_for(" Stream created");
    terminal.wait_for("Output format set to JSON");
    // Its place is that in what was pasted from the command on.
    terminal.wait_for("  3 | SELECT nope FROM s;\r\n             ^^^^\r\n");
    let rest = terminal.wait_for("ksql>");
    assert!(
        !rest.contains("queries"),
        "the first that fails ends it: {rest}"
    );
    let rows = terminal.run("SELECT * FROM s;");
    assert!(
        rows.contains("\"finalMessage\": \"Query Completed\""),
        "{rows}"
    );
    terminal.keys("\u{4}");
    terminal.ends();
}

#[test]
fn ctrl_c_ends_the_query_and_ctrl_d_the_program() {
    let place = Place::new();
    let Some(mut terminal) = Terminal::open(&place) else {
        return;
    };
    for _ in 0..2 {
        terminal.keys("SELECT message FROM KSQL_PROCESSING_LOG EMIT CHANGES;\r");
        terminal.wait_for("|MESSAGE ");
        // How it goes is a line below the rows, and gone with the query.
        terminal.wait_for_screen("a line says how it goes", |screen| {
            screen.contains("0 rows, 0 rows/s, lag 0, 0:0")
        });
        terminal.keys("\u{3}");
        terminal.wait_for("Query terminated");
        terminal.wait_for_prompt();
        terminal.wait_for_screen("the line is gone", |screen| !screen.contains("rows/s"));
    }
    let shown = terminal.run("SHOW TOPICS;");
    assert!(
        shown.contains(" default_ksql_processing_log | 1 "),
        "{shown}"
    );
    terminal.keys("\u{4}");
    terminal.ends();
}

#[test]
fn tables_fit_the_screen() {
    let place = Place::new();
    let Some(mut terminal) = Terminal::open(&place) else {
        return;
    };
    // What does not fit stands vertically, or is cut if its user wants lines.
    let shown = terminal.run("SHOW STREAMS;");
    assert!(shown.contains("\r\n-[ RECORD 1 ]---"), "{shown}");
    assert!(
        shown.contains("\r\nStream Name  | KSQL_PROCESSING_LOG\r\n"),
        "{shown}"
    );
    let state = terminal.run("\\x off");
    assert!(state.contains("Expanded display is off."), "{state}");
    let shown = terminal.run("SHOW STREAMS;");
    assert!(
        shown.contains(" Stream Name         | Kafka Topic "),
        "{shown}"
    );
    assert!(shown.contains("…\r\n"), "what does not fit is cut: {shown}");
    for line in shown.lines().filter(|line| line.starts_with(' ')) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    terminal.keys("\\pset pager off\rDESCRIBE KSQL_PROCESSING_LOG;\r");
    terminal.wait_for("Name                 : KSQL_PROCESSING_LOG\r\n");
    let rule = "-".repeat(80) + "\r\n";
    terminal.wait_for(&rule);
    // A type of many members goes on below itself.
    terminal.wait_for("\r\n         | ");
    terminal.wait_for(&rule);
    terminal.keys("exit\r");
    terminal.ends();
}

#[test]
fn rows_that_do_not_fit_are_records() {
    let place = Place::new();
    let Some(mut terminal) = Terminal::open(&place) else {
        return;
    };
    terminal.run("CREATE STREAM s (a INT, b VARCHAR) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);");
    terminal.run("INSERT INTO s VALUES (1, 'short');");
    let long = "x".repeat(500);
    terminal.run(&format!("INSERT INTO s VALUES (2, '{long}');"));
    let shown = terminal.run("SELECT * FROM s;");
    assert!(
        shown.contains("|1                                     |short "),
        "{shown}"
    );
    assert!(shown.contains("-[ RECORD 1 ]---"), "{shown}");
    assert!(shown.contains("\r\nA | 2\r\nB | xxxx"), "{shown}");
    let many = (0..12)
        .map(|n| format!("a AS c{n}"))
        .collect::<Vec<_>>()
        .join(", ");
    let shown = terminal.run(&format!("SELECT {many} FROM s LIMIT 1;"));
    assert!(shown.contains("\r\nC0  | 1\r\nC1  | 1\r\n"), "{shown}");
    terminal.run("\\x on");
    let shown = terminal.run("SELECT a FROM s LIMIT 1;");
    assert!(shown.contains("-[ RECORD 1 ]"), "{shown}");
    assert!(shown.contains("\r\nA | 1\r\n"), "{shown}");
    terminal.keys("\u{4}");
    terminal.ends();
}

#[test]
fn names_are_completed_down_into_structs() {
    let place = Place::new();
    let Some(mut terminal) = Terminal::open(&place) else {
        return;
    };
    terminal.run(STREAM);
    terminal.keys("sel\t winlog->event_da\t->com\t from ev\t;");
    terminal.wait_for_screen("all of it is completed", |screen| {
        screen.contains("ksql> select winlog->event_data->commandline from events;")
    });
    terminal.keys("\r");
    terminal.wait_for("|COMMANDLINE ");
    terminal.wait_for("ksql>");
    // Several that fit are shown, and what they share is there.
    terminal.keys("SELECT WINLOG->\t FROM EVENTS;");
    terminal.wait_for_screen("members are listed", |screen| {
        screen.contains("EVENT_DATA") && screen.contains("EVENT_ID")
    });
    terminal.drop_line();
    // Names that are no words are quoted, and names of topics are as they are.
    terminal.keys("SELECT winlog->event_data->T\t FROM events; PRINT ev\t");
    terminal.wait_for_screen("a name is quoted", |screen| {
        screen.contains("winlog->event_data->`Threat Name` FROM events; PRINT events")
    });
    terminal.drop_line();
    // What is dropped is not completed any more.
    terminal.run("DROP STREAM events;");
    terminal.keys("SELECT * FROM K\t");
    terminal.wait_for_screen("the other stream", |screen| {
        screen.contains("SELECT * FROM KSQL_PROCESSING_LOG")
    });
    terminal.drop_line();
    terminal.keys("\u{4}");
    terminal.ends();
}

#[test]
fn colours_are_where_they_are_wanted() {
    let keyword = "\u{1b}[1;34mSHOW\u{1b}[0m";
    let place = Place::new();
    let Some(mut terminal) = Terminal::open(&place) else {
        return;
    };
    terminal.keys("SHOW TOPICS;\r");
    let shown = terminal.wait_for(" Kafka Topic ");
    assert!(shown.contains(keyword), "{shown:?}");
    terminal.wait_for("ksql>");
    // The rest of what was typed before is grey, and taken over with a key.
    terminal.keys("SH");
    terminal.wait_for("\u{1b}[2mOW TOPICS;");
    terminal.keys("\u{1b}[C\r");
    terminal.wait_for(" Kafka Topic ");
    terminal.wait_for("ksql>");
    terminal.keys("\u{4}");
    terminal.ends();
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let arguments = Target::embedded(&place);
        let arguments = arguments.on(&["sql"]);
        let Some(mut terminal) = Terminal::open_with(&place, &arguments, &[variable]) else {
            return;
        };
        terminal.keys("SHOW TOPICS;\r");
        let shown = terminal.wait_for(" Kafka Topic ");
        assert!(!shown.contains("\u{1b}[1;"), "{variable:?} {shown:?}");
        terminal.wait_for("ksql>");
        terminal.keys("exit\r");
        terminal.ends();
    }
}

#[test]
fn sessions_at_once_keep_one_history() {
    let place = Place::new();
    let (one, two) = (place.path("one"), place.path("two"));
    let open = |folder: &str| Terminal::open_with(&place, &["sql", "--embedded", folder], &[]);
    let (Some(mut first), Some(mut second)) = (open(&one), open(&two)) else {
        return;
    };
    first.run("SHOW STREAMS;");
    second.run("SHOW QUERIES;");
    first.run("SHOW TYPES;");
    second.keys("SET 'sasl.jaas.config' =\r 'hidden';\r");
    second.wait_for("Unknown property: sasl.jaas.config");
    second.run("SHOW VARIABLES;");
    for mut terminal in [first, second] {
        terminal.keys("\u{4}");
        terminal.ends();
    }
    let history = history_of(&place);
    for kept in [
        "SHOW STREAMS;",
        "SHOW QUERIES;",
        "SHOW TYPES;",
        "SHOW VARIABLES;",
    ] {
        assert!(history.contains(kept), "{kept} in {history}");
    }
    assert!(!history.contains("jaas"), "{history}");
    // A later session finds what both said.
    let Some(mut third) = open(&one) else { return };
    for (searched, found) in [("QUER", "SHOW QUERIES;"), ("STRE", "SHOW STREAMS;")] {
        third.keys(&format!("\u{12}{searched}"));
        third.wait_for_screen("it is found", |screen| {
            screen.contains(&format!("`{searched}': {found}"))
        });
        third.keys("\u{7}");
    }
    third.drop_line();
    third.keys("\u{4}");
    third.ends();
}

#[test]
fn results_go_to_files_and_statements_come_from_files() {
    let place = Place::new();
    let Some(mut terminal) = Terminal::open(&place) else {
        return;
    };
    let spool = place.path("spool.txt");
    let state = terminal.run(&format!("spool '{spool}'"));
    assert!(state.contains("Session will be spooled to "), "{state}");
    let script = "CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);\nINSERT INTO s VALUES (41);\nSELECT a + 1 AS b FROM s;\n";
    let script = place.file("script.sql", script);
    let shown = terminal.run(&format!("\\i {script}"));
    assert!(shown.contains(" Stream created"), "{shown}");
    assert!(shown.contains("|42 "), "{shown}");
    let wrong = place.file("wrong.sql", "SHOW TOPICS;\nSELECT nope FROM s;\n");
    let shown = terminal.run(&format!("\\i {wrong}"));
    assert!(shown.contains(&format!("{wrong}:2:8")), "{shown}");
    // Ctrl-C ends the file, and not the prompt.
    let endless = place.file(
        "endless.sql",
        "SELECT a FROM s EMIT CHANGES;\nSHOW TOPICS;\n",
    );
    terminal.keys(&format!("\\i {endless}\r"));
    terminal.wait_for("|A ");
    terminal.keys("\u{3}");
    let shown = terminal.wait_for_prompt();
    assert!(!shown.contains("Kafka Topic"), "{shown}");
    let results = place.path("results.txt");
    terminal.run(&format!("\\o {results}"));
    let shown = terminal.run("SELECT a + 2 AS b FROM s;");
    assert!(!shown.contains("|43 "), "{shown}");
    terminal.run("\\o");
    let shown = terminal.run("SELECT a + 3 AS b FROM s;");
    assert!(shown.contains("|44 "), "{shown}");
    let state = terminal.run("SPOOL OFF;");
    assert!(state.contains("Spool written to "), "{state}");
    terminal.run("SELECT a + 4 AS b FROM s;");
    terminal.keys("\u{4}");
    terminal.ends();
    let results = std::fs::read_to_string(results).unwrap();
    assert!(
        results.contains("|B ") && results.contains("|43 ") && !results.contains("|44 "),
        "{results}"
    );
    let spooled = std::fs::read_to_string(spool).unwrap();
    for part in [
        "ksql> SELECT a + 3 AS b FROM s;\n",
        "|42 ",
        "wrong.sql:2:8",
        "|44 ",
    ] {
        assert!(spooled.contains(part), "{part} in {spooled}");
    }
    assert!(!spooled.contains("|45 "), "{spooled}");
}

#[test]
fn a_statement_is_watched_until_ctrl_c() {
    let place = Place::new();
    let Some(mut terminal) = Terminal::open(&place) else {
        return;
    };
    let shown = terminal.run("\\watch 1");
    assert!(
        shown.contains("there is no statement to run again"),
        "{shown}"
    );
    terminal.run("SHOW QUERIES;");
    terminal.keys("\\watch 0.2\r");
    for _ in 0..3 {
        terminal.wait_for("UTC (every 0.2s)\r\n");
        terminal.wait_for("EXPLAIN <Query ID>;");
    }
    terminal.keys("\u{3}");
    terminal.wait_for("ksql>");
    let shown = terminal.run("\\timing");
    assert!(shown.contains("Timing is on."), "{shown}");
    let shown = terminal.run("SHOW QUERIES;");
    assert!(
        shown.contains("Time: ") && shown.contains(" ms\r\n"),
        "{shown}"
    );
    terminal.keys("\\q\r");
    terminal.ends();
}

#[test]
fn long_results_are_shown_page_by_page() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let pager = [("PAGER", "sed 's/^/paged:/'")];
    let Some(mut terminal) = Terminal::open_with(&place, &target.on(&["sql"]), &pager) else {
        return;
    };
    let shown = terminal.run("SHOW FUNCTIONS;");
    assert!(shown.contains("paged: Function Name "), "{shown}");
    assert!(shown.contains("paged:For detailed information"), "{shown}");
    // What is short is not.
    let shown = terminal.run("SHOW QUERIES;");
    assert!(!shown.contains("paged:"), "{shown}");
    // Nor is a query that has no end.
    terminal.keys("SELECT message FROM KSQL_PROCESSING_LOG EMIT CHANGES;\r");
    terminal.wait_for("\r\n|MESSAGE ");
    terminal.keys("\u{3}");
    terminal.wait_for("Query terminated");
    terminal.wait_for_prompt();
    terminal.run("\\pset pager off");
    let shown = terminal.run("SHOW FUNCTIONS;");
    assert!(!shown.contains("paged:"), "{shown}");
    terminal.keys("\u{4}");
    terminal.ends();
}

#[test]
fn commands_say_what_is_so() {
    let place = Place::new();
    let Some(mut terminal) = Terminal::open(&place) else {
        return;
    };
    for (typed, expected) in [
        ("version", concat!("Version: ", env!("CARGO_PKG_VERSION"))),
        ("output", "Current output format: TABULAR"),
        ("output xml", "Invalid output format: 'XML'"),
        ("server", "none: statements run in this process"),
        ("\\nope", "there is no command \\nope"),
        ("\\d", "KSQL_PROCESSING_LOG"),
        (
            "\\d ksql_processing_log",
            "Name                 : KSQL_PROCESSING_LOG",
        ),
        ("\\dt", "default_ksql_processing_log"),
        ("\\df lcase", "LCASE"),
    ] {
        terminal.run("\\pset pager off");
        let shown = terminal.run(typed);
        assert!(shown.contains(expected), "{typed}: {shown}");
    }
    let shown = terminal.run("history");
    assert!(shown.contains("   2: version\r\n"), "{shown}");
    terminal.keys("\\?\r");
    terminal.wait_for("\\watch [SECONDS]");
    terminal.wait_for("ksql>");
    terminal.keys("\\q\r");
    terminal.ends();
}
