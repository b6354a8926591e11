//! A file of tests, as ksqlDB's `run-ksql-test` reads it: `--@test: name` begins one, and resets everything.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use weir_engine::{
    Error,
    testing::{Directive, Failure as Thrown, directives},
};

use crate::failure::Failure;

use super::{NO_TEST, files::cannot_read};

/// The longest file that is read.
const LONGEST: u64 = 64 << 20;

/// The directives that there are.
const KNOWN: &str = "`--@test: name`, `--@expected.error: class`, `--@expected.message: text` and `--@events: FILE INTO topic`";

/// A file's own text, for places in it.
#[derive(Debug)]
pub struct Source {
    pub path: PathBuf,
    pub text: String,
}

/// One test of a file.
#[derive(Debug)]
pub struct Test {
    pub name: String,
    pub source: Arc<Source>,
    /// Where it begins in the text.
    pub start: usize,
    pub line: usize,
    pub end: usize,
    pub steps: Vec<Step>,
}

/// What a test does next; `start` is a place in the file.
#[derive(Debug)]
pub struct Step {
    pub start: usize,
    pub action: Action,
}

#[derive(Debug)]
pub enum Action {
    Statement(String),
    /// The lines of a file become the values of a topic's next records.
    Events {
        file: PathBuf,
        topic: String,
    },
    /// From here on a statement must fail so.
    ExpectClass(String),
    ExpectMessage(String),
    /// From here on the text is no SQL.
    Unreadable(Box<Error>),
}

impl Source {
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let facts = std::fs::metadata(path).map_err(|error| cannot_read(path, &error))?;
        if facts.len() > LONGEST {
            let why = format!("it has more than {LONGEST} bytes");
            return Err(cannot_read(path, &why));
        }
        let text = std::fs::read_to_string(path).map_err(|error| cannot_read(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            text,
        })
    }

    pub fn place(&self, start: usize) -> (usize, usize) {
        let start = start.min(self.text.len());
        let before = self.text.get(..start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let of_line = before.rsplit('\n').next().unwrap_or_default();
        (line, of_line.chars().count() + 1)
    }

    fn wrong(&self, start: usize, why: &str) -> Failure {
        let (line, column) = self.place(start);
        let path = self.path.display();
        Failure::new(format!("{path}:{line}:{column}: {why}")).status(NO_TEST)
    }
}

impl Test {
    /// The text of the test alone.
    pub fn text(&self) -> &str {
        &self.source.text[self.start..self.end]
    }
}

/// The tests of a file.
pub fn read(path: &Path) -> Result<Vec<Test>, Failure> {
    let source = Arc::new(Source::read(path)?);
    let directives = directives(&source.text);
    let begins: Vec<usize> = directives
        .iter()
        .enumerate()
        .filter_map(|(index, directive)| (directive.name == "test").then_some(index))
        .collect();
    let Some(first) = begins.first() else {
        let why = "there is no test in this file: each begins with a line `--@test: name`";
        let failure = source.wrong(0, why);
        return Err(failure.hint(
            "a script that tests run with RUN SCRIPT stands in a folder of its own, or has a name that does not end in `.sql`",
        ));
    };
    let before = directives[*first].span.start;
    check_before(&source, &directives[..*first], before)?;
    let mut tests = Vec::with_capacity(begins.len());
    let (mut line, mut counted) = (1, 0);
    for (number, index) in begins.iter().enumerate() {
        let next = begins.get(number + 1).copied();
        let of_test = &directives[*index..next.unwrap_or(directives.len())];
        let end = next.map_or(source.text.len(), |next| directives[next].span.start);
        let start = of_test[0].span.start;
        line += source.text[counted..start].matches('\n').count();
        counted = start;
        tests.push(test(&source, of_test, line, end)?);
    }
    Ok(tests)
}

/// Only comments may stand before the first test.
fn check_before(source: &Source, found: &[Directive<'_>], end: usize) -> Result<(), Failure> {
    if let Some(directive) = found.first() {
        let why = format!(
            "`--@{}` stands before the first `--@test: name`, and belongs to no test",
            directive.name
        );
        return Err(source.wrong(directive.span.start, &why));
    }
    let why = "a statement stands before the first `--@test: name`, and belongs to no test";
    match weir_engine::statements(&source.text[..end]) {
        Ok(statements) => match statements.first() {
            Some(statement) => Err(source.wrong(statement.start, why)),
            None => Ok(()),
        },
        Err(error) => Err(source.wrong(error.span.map_or(0, |span| span.start), why)),
    }
}

/// Where a line that looks like the beginning of another test stands in a test's text.
fn swallowed(text: &str) -> Option<usize> {
    text.find("\n--@test:").map(|at| at + 1)
}

/// `directives`: its own, beginning with `--@test`.
fn test(
    source: &Arc<Source>,
    directives: &[Directive<'_>],
    line: usize,
    end: usize,
) -> Result<Test, Failure> {
    let start = directives[0].span.start;
    let name = directives[0].value.unwrap_or_default();
    if name.is_empty() {
        let why = "the test has no name: expected `--@test: name`";
        return Err(source.wrong(start, why));
    }
    let mut steps = Vec::new();
    match weir_engine::statements(&source.text[start..end]) {
        Ok(statements) => steps.extend(statements.into_iter().map(|statement| Step {
            start: start + statement.start,
            action: Action::Statement(statement.text),
        })),
        // An open quote or comment that runs over the beginnings of other tests would make them vanish.
        Err(_) if let Some(at) = swallowed(&source.text[start..end]) => {
            let why =
                "a quote or a comment before it is not closed, and this test would be a part of it";
            return Err(source.wrong(start + at, why));
        }
        Err(error) => steps.push(Step {
            start: start + error.span.map_or(0, |span| span.start),
            action: Action::Unreadable(Box::new(error)),
        }),
    }
    for directive in &directives[1..] {
        let at = directive.span.start;
        let around = steps.iter().find(|step| match &step.action {
            Action::Statement(text) => step.start < at && at < step.start + text.len(),
            _ => false,
        });
        if let Some(around) = around {
            let why = format!(
                "`--@{}` stands inside the statement of line {}, which lacks its semicolon",
                directive.name,
                source.place(around.start).0
            );
            return Err(source.wrong(at, &why));
        }
        steps.push(Step {
            start: at,
            action: action(source, directive)?,
        });
    }
    steps.sort_by_key(|step| step.start);
    Ok(Test {
        name: name.to_owned(),
        source: source.clone(),
        start,
        line,
        end,
        steps,
    })
}

fn action(source: &Source, directive: &Directive<'_>) -> Result<Action, Failure> {
    let wrong = |why: String| Err(source.wrong(directive.span.start, &why));
    let value = directive.value.unwrap_or_default();
    if value.is_empty() && ["expected.error", "expected.message"].contains(&directive.name) {
        return wrong(format!("`--@{}:` says nothing", directive.name));
    }
    match directive.name {
        "expected.error" if !Thrown::is_class(value) => wrong(format!(
            "`{value}` is no exception that a statement fails with here; known are {}",
            Thrown::classes().join(", ")
        )),
        "expected.error" => Ok(Action::ExpectClass(value.to_owned())),
        "expected.message" => Ok(Action::ExpectMessage(value.to_owned())),
        "events" => match events(value) {
            Some((file, topic)) => Ok(Action::Events {
                file: source.path.parent().unwrap_or(Path::new("")).join(file),
                topic: topic.to_owned(),
            }),
            None => wrong(format!(
                "`--@events: {value}` does not say which file goes into which topic: expected `--@events: FILE INTO topic`"
            )),
        },
        other => wrong(format!("`--@{other}` is not known: there are {KNOWN}")),
    }
}

/// `FILE INTO topic`; a file may have blanks in its name, a topic has none.
fn events(value: &str) -> Option<(&str, &str)> {
    let (rest, topic) = value.rsplit_once(char::is_whitespace)?;
    let (file, into) = rest.trim_end().rsplit_once(char::is_whitespace)?;
    let file = file.trim_end();
    (into.eq_ignore_ascii_case("INTO") && !file.is_empty()).then_some((file, topic))
}

#[cfg(test)]
mod tests {
    use super::{Action, events, read};

    fn parsed(text: &str) -> Result<Vec<(String, Vec<String>)>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sql");
        std::fs::write(&path, text).unwrap();
        let tests = read(&path).map_err(|failure| {
            let folder = format!("{}/", folder.path().display());
            failure.to_string().replace(&folder, "")
        })?;
        let shown = |action: &Action| match action {
            Action::Statement(text) => text.clone(),
            Action::Events { topic, .. } => format!("events {topic}"),
            Action::ExpectClass(class) => format!("class {class}"),
            Action::ExpectMessage(message) => format!("message {message}"),
            Action::Unreadable(error) => error.message.clone(),
        };
        let tests = tests.iter().map(|test| {
            let steps = test.steps.iter().map(|step| shown(&step.action));
            (test.name.clone(), steps.collect())
        });
        Ok(tests.collect())
    }

    #[test]
    fn steps_stand_in_the_order_of_the_file() {
        let text = "-- all of this\n--@test: one: the first\nA;\n--@events: b c.ndjson into t\nB; -- x\n\
                    --@expected.error: KsqlException\n--@expected.message: no; good\nC 'x;\n--@test: y';\n--@test: two\n";
        let wanted = [
            (
                "one: the first",
                vec![
                    "A",
                    "events t",
                    "B",
                    "class KsqlException",
                    "message no; good",
                    "C 'x;\n--@test: y'",
                ],
            ),
            ("two", vec![]),
        ];
        let wanted = wanted.map(|(name, steps)| {
            let steps = steps.into_iter().map(str::to_owned);
            (name.to_owned(), steps.collect::<Vec<_>>())
        });
        assert_eq!(parsed(text).unwrap(), wanted);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, wanted) in [
            (
                "A;",
                "a.sql:1:1: there is no test in this file: each begins with a line `--@test: name`",
            ),
            ("\n A; --@test: x", "a.sql:2:2: a statement stands before"),
            (
                "--@events: a INTO b\n--@test: x",
                "a.sql:1:1: `--@events` stands before",
            ),
            ("--@test:\nA;", "a.sql:1:1: the test has no name"),
            (
                "--@test: x\n--@expect: y",
                "a.sql:2:1: `--@expect` is not known: there are `--@test: name`",
            ),
            (
                "--@test: x\n--@events: y",
                "a.sql:2:1: `--@events: y` does not say",
            ),
            (
                "--@test: x\n--@expected.error: NoSuch",
                "a.sql:2:1: `NoSuch` is no exception",
            ),
            (
                "--@test: x\n--@expected.message:",
                "a.sql:2:1: `--@expected.message:` says nothing",
            ),
            (
                "--@test: x\nA\n--@events: y INTO t\nB;",
                "a.sql:3:1: `--@events` stands inside the statement of line 2",
            ),
        ] {
            let said = parsed(text).unwrap_err();
            assert!(said.contains(wanted), "{said}\n not {wanted}");
        }
    }

    #[test]
    fn a_test_that_is_no_sql_leaves_the_others_alone() {
        let tests = parsed("--@test: a\nSELECT ?;\n--@test: b\nB\n--@test: c\nC;").unwrap();
        assert!(
            tests[0].1[0].contains("token recognition error"),
            "{tests:?}"
        );
        assert!(tests[1].1[0].contains("missing ';'"), "{tests:?}");
        assert_eq!(tests[2].1, ["C"]);
    }

    #[test]
    fn events_name_a_file_and_a_topic() {
        assert_eq!(
            events("a b.ndjson.gz  INTO  t"),
            Some(("a b.ndjson.gz", "t"))
        );
        assert_eq!(events("a into b into c"), Some(("a into b", "c")));
        for wrong in ["a", "a INTO", "INTO t", "a TO t", ""] {
            assert_eq!(events(wrong), None, "{wrong}");
        }
    }
}
