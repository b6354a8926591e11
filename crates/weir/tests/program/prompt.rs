//! The prompt in a terminal, which `script` (util-linux) provides.

use std::{
    io::{Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Instant,
};

use crate::support::{LIMIT, Place, Target, skipped};

/// A terminal with the prompt in it, 80 columns wide.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    coming: Receiver<String>,
    /// What was shown and not yet waited for.
    shown: String,
}

impl Terminal {
    /// The prompt over an embedded broker. `None`, with a line that says so, where there is no `script`.
    fn open(place: &Place) -> Option<Self> {
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
        let target = Target::embedded(place);
        let arguments = target.on(&["sql"]);
        let quoted: Vec<_> = arguments.iter().map(|part| format!("'{part}'")).collect();
        let program = env!("CARGO_BIN_EXE_weir");
        // In the shell's place: a shell that stays gets each Ctrl-C as well, and not every one outlives it.
        let command = format!(
            "stty cols 80 rows 24; exec '{program}' {}",
            quoted.join(" ")
        );
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &command, "/dev/null"]);
        script
            .current_dir(place.path(""))
            .env("TERM", "xterm")
            .env("SHELL", "/bin/sh");
        place.shield(&mut script);
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
                if sender
                    .send(String::from_utf8_lossy(&chunk[..length]).into_owned())
                    .is_err()
                {
                    return;
                }
            }
        });
        let mut terminal = Self {
            keys: child.stdin.take().unwrap(),
            child,
            coming,
            shown: String::new(),
        };
        terminal.wait_for("Type `help` for more.");
        terminal.wait_for("ksql> ");
        Some(terminal)
    }

    fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until this is shown, after all that was waited for before; gives what is shown up to there.
    #[track_caller]
    fn wait_for(&mut self, text: &str) -> String {
        let until = Instant::now() + LIMIT;
        loop {
            if let Some(at) = self.shown.find(text) {
                return self.shown.drain(..at + text.len()).collect();
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.coming.recv_timeout(left) {
                Ok(chunk) => self.shown += &chunk,
                Err(error) => panic!("no `{text}` ({error}) in {:?}", self.shown),
            }
        }
    }

    fn ends(mut self) {
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
    terminal.wait_for("ksql> ");
    terminal.keys("SELECT 'never closed;\r");
    terminal.wait_for("> ");
    terminal.keys("\u{3}");
    terminal.wait_for("ksql> ");
    terminal.keys("output json\r");
    terminal.wait_for("Output format set to JSON");
    terminal.keys("exit\r");
    terminal.ends();
    let history = std::fs::read_to_string(place.path("data-home/weir/history")).unwrap();
    assert!(
        history.contains("SELECT a,\\n  b FROM s;\n"),
        "one entry a statement: {history}"
    );
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
        terminal.keys("\u{3}");
        terminal.wait_for("Query terminated");
        terminal.wait_for("ksql> ");
    }
    terminal.keys("SHOW TOPICS;\r");
    terminal.wait_for(" default_ksql_processing_log | 1 ");
    terminal.wait_for("ksql> ");
    terminal.keys("\u{4}");
    terminal.ends();
}

#[test]
fn tables_fit_the_screen() {
    let place = Place::new();
    let Some(mut terminal) = Terminal::open(&place) else {
        return;
    };
    terminal.keys("SHOW STREAMS;\r");
    terminal.wait_for("\r\n");
    let shown = terminal.wait_for("\u{1b}");
    assert!(
        shown.contains(" Stream Name         | Kafka Topic "),
        "{shown}"
    );
    assert!(shown.contains("…\r\n"), "what does not fit is cut: {shown}");
    for line in shown.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    terminal.wait_for("ksql> ");
    terminal.keys("DESCRIBE KSQL_PROCESSING_LOG;\r");
    terminal.wait_for("Name                 : KSQL_PROCESSING_LOG\r\n");
    let rule = "-".repeat(80) + "\r\n";
    terminal.wait_for(&rule);
    // A type of many members goes on below itself.
    terminal.wait_for("\r\n         | ");
    terminal.wait_for(&rule);
    terminal.keys("exit\r");
    terminal.ends();
}
