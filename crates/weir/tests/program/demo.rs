//! `weir demo --exit` without a terminal.

use std::process::Command;

use crate::support::{Place, Process, root};

/// The demo's output, run in a folder with the repository's rules and examples, or without them.
fn demo(place: &Place) -> String {
    let output = place.run(&["demo", "--exit", "--speed", "100000"]).ok();
    assert!(!output.contains('\u{1b}'), "no escape sequences in a pipe");
    output
}

/// The commands after `Try next:`.
fn commands(output: &str) -> Vec<String> {
    let (_, commands) = output.split_once("\nTry next:\n").unwrap();
    commands
        .lines()
        .map(|line| line.trim().to_owned())
        .collect()
}

/// What a shell makes of it.
fn paste(place: &Place, command: &str) -> String {
    let mut shell = Command::new("sh");
    shell.args(["-ec", command]).current_dir(place.path(""));
    place.shield(&mut shell);
    let mut process = Process::start(&mut shell);
    process.close();
    process.done().ok()
}

fn copy(place: &Place, folder: &str) {
    let to = place.path(folder);
    std::fs::create_dir_all(&to).unwrap();
    for file in std::fs::read_dir(root().join(folder)).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            std::fs::copy(file.path(), format!("{to}/{}", file.file_name().display())).unwrap();
        }
    }
}

#[test]
fn alerts_come_with_their_rules_and_are_counted() {
    let place = Place::new();
    let output = demo(&place);
    let alerts = output
        .lines()
        .filter(|line| line.starts_with("ALERT "))
        .count();
    let summary = output
        .lines()
        .find(|line| line.contains(" rules, "))
        .unwrap();
    assert!(summary.starts_with("949 events in "), "{summary}");
    assert!(summary.contains(" a second), 4 rules, "), "{summary}");
    assert!(
        summary.ends_with(&format!(" {alerts} alerts:")),
        "{summary}"
    );
    for title in [
        "Possible Antivirus or Firewall Software Enumeration",
        "PowerShell Started With an Encoded Command",
        "Windows Event Log Cleared",
        "LSASS Memory Read by an Unusual Process",
    ] {
        let of_rule = output
            .lines()
            .filter(|line| line.starts_with("ALERT ") && line.ends_with(&format!(" {title}")));
        let count = of_rule.count();
        assert!(count > 0, "{title}");
        assert!(
            output.contains(&format!("{count:>6}  {title}\n")),
            "{title}"
        );
    }
    // The attack that was made by hand, and the columns of its alert.
    assert!(
        output.contains("          HOST          LAPTOP21\n"),
        "{output}"
    );
    assert!(output.lines().all(|line| line.chars().count() <= 160));
}

#[test]
fn the_commands_to_try_next_work_in_the_repository() {
    let place = Place::new();
    copy(&place, "rules");
    copy(&place, "examples/windows-events");
    let commands = commands(&demo(&place));
    assert_eq!(commands.len(), 3, "{commands:?}");
    let filtered = paste(&place, &commands[0]);
    assert_eq!(filtered.lines().count(), 2, "{filtered}");
    assert!(
        filtered.starts_with("{\"HOST\":\"LAPTOP21\","),
        "{filtered}"
    );
    paste(&place, &commands[1]);
    let printed = paste(&place, &commands[2]);
    assert_eq!(printed.matches("rowtime: ").count(), 3, "{printed}");
}

#[test]
fn the_commands_to_try_next_work_anywhere() {
    let place = Place::new();
    let commands = commands(&demo(&place));
    assert_eq!(commands.len(), 3, "{commands:?}");
    paste(&place, &commands[0]);
    assert!(paste(&place, &commands[1]).contains("\"message\": \"hello\""));
    assert_eq!(
        paste(&place, &commands[2]),
        "",
        "a prompt without a terminal reads statements"
    );
}
