//! `docs/testing.md` is true: its files are those of `examples/rule-tests`, and every command in it prints what it says.

use std::{fs, path::Path};

use crate::support::{Place, read, root};

/// A fenced part of the page.
struct Block {
    language: String,
    text: String,
    /// The line before it, if it names a file.
    file: Option<(String, bool)>,
}

#[test]
fn the_page_on_testing_is_true() {
    let place = Place::new();
    let examples = root().join("examples/rule-tests");
    let (mut files, mut commands, mut tests) = (0, 0, 0);
    for block in blocks(&read("docs/testing.md")) {
        match (&block.file, block.language.as_str()) {
            (Some((name, is_changed)), _) => {
                let example = fs::read_to_string(examples.join(name)).unwrap();
                assert_eq!(example != block.text, *is_changed, "{name}");
                let path = place.path(name);
                fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
                fs::write(&path, &block.text).unwrap();
                files += 1;
            }
            (None, "console") => {
                check_command(&place, &block.text);
                commands += 1;
            }
            (None, "sql") => {
                let path = place.file("page.sql", &block.text);
                let ran = place.run(&["test", &path]);
                assert!(ran.status.success(), "{}\n{}", block.text, ran.stdout);
                tests += 1;
            }
            (None, other) => panic!("nothing checks this `{other}`:\n{}", block.text),
        }
    }
    assert_eq!((files, commands, tests), (5, 4, 2));
}

#[test]
fn the_examples_tests_pass() {
    let place = Place::new();
    let tests = root().join("examples/rule-tests/tests");
    let ran = place.run(&["test", "--resume", tests.to_str().unwrap()]);
    assert!(ran.status.success(), "{}", ran.stdout);
}

/// A line `$ weir …` and what it prints; times are not compared.
fn check_command(place: &Place, text: &str) {
    let (command, expected) = text.split_once('\n').unwrap();
    let arguments = command.strip_prefix("$ weir ").unwrap();
    let arguments = words(arguments);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ran = place.run(&arguments);
    assert_eq!(
        without_times(&ran.stdout),
        without_times(expected),
        "{command}"
    );
}

/// As a shell cuts them, single quotes taken off.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in line.split('\'').enumerate() {
        match number % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

fn without_times(text: &str) -> String {
    let mut cut = String::new();
    for line in text.lines() {
        let line = match line.rsplit_once(", in ") {
            Some((before, _)) if line.ends_with(" s") => before.to_owned(),
            _ => line.to_owned(),
        };
        let line = match line.split_once("\"seconds\":") {
            Some((before, after)) => {
                let after = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
                format!("{before}{after}")
            }
            None => line,
        };
        cut.push_str(&line);
        cut.push('\n');
    }
    cut
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut before = "";
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            if !line.is_empty() {
                before = line;
            }
            continue;
        };
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push(Block {
            language: language.to_owned(),
            text: text.join("\n") + "\n",
            file: named_file(before),
        });
        before = "";
    }
    blocks
}

/// `` `path`: `` or `` `path`, changed: ``
fn named_file(line: &str) -> Option<(String, bool)> {
    let (name, rest) = line.strip_prefix('`')?.split_once('`')?;
    match rest {
        ":" => Some((name.to_owned(), false)),
        ", changed:" => Some((name.to_owned(), true)),
        _ => None,
    }
}
