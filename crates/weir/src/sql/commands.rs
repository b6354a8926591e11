//! What the prompt understands besides statements: the commands of ksqlDB's CLI, and those of psql that begin with `\`.

use super::screen::Expanded;

pub const HELP: &str = r"
Statements end in `;` and may have several lines. Commands are a line of their own; letter case does not matter.

Commands of ksqlDB's CLI:
  help                          this text
  clear                         clear the screen
  output [TABULAR | JSON]       show or change how results look
  history                       what was typed before
  version                       the version of who runs the statements
  run script 'FILE'             run the statements of a file as one
  server [URL]                  show or change the server
  request-pipelining [ON | OFF] whether a statement is sent without waiting for the commands before it
  spool 'FILE' | spool OFF      copy the session to a file
  set cli WRAP ON | OFF         long values in rows: go on in the next line, or are cut
  set cli COLUMN-WIDTH N        columns of a cell; 0 shares the screen among them
  exit                          leave

Commands of psql:
  \?                            this text
  \d [NAME], \d+ NAME           streams and tables; one of them; all about it
  \dt, \dq, \df [NAME]          topics; queries; functions, or one of them
  \x [on | off | auto]          records set vertically; auto: where they do not fit
  \timing [on | off]            how long each statement takes
  \watch [SECONDS]              run the last statement again and again, until Ctrl-C
  \i FILE                       run the statements of a file
  \o [FILE]                     results go to a file; without one to the screen again
  \pset pager [on | off]        long results page by page
  \q                            leave

Keys:
  Enter     runs a statement that is whole, else goes on in the next line
  Tab       completes keywords, names and members of STRUCTs
  Ctrl-C    ends the query that runs, or drops what is typed
  Ctrl-D    leaves
  Ctrl-R    searches what was typed before, in this session and in others
  Right     takes over the grey text

Start here:
  SHOW TOPICS;
  PRINT wineventlogs FROM BEGINNING LIMIT 3;
  CREATE STREAM events (host VARCHAR, message VARCHAR) WITH (KAFKA_TOPIC='events', VALUE_FORMAT='JSON', PARTITIONS=1);
  SELECT * FROM events EMIT CHANGES;
";

/// A line that is no statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Help,
    Clear,
    /// `None`: show it.
    Output(Option<String>),
    Wrap(bool),
    ColumnWidth(usize),
    History,
    Version,
    Server(Option<String>),
    Pipelining(Option<bool>),
    Spool(String),
    SpoolOff,
    /// `None`: the other one than now.
    Expanded(Option<Expanded>),
    Timing(Option<bool>),
    Pager(Option<bool>),
    Watch(f64),
    /// A file's statements, one after the other.
    Include(String),
    WriteTo(Option<String>),
    /// It stands for these statements.
    Statements(Vec<String>),
    /// It is none: what to say.
    Wrong(String),
    Exit,
}

impl Command {
    /// `None`: the line belongs to a statement.
    pub fn parse(line: &str) -> Option<Self> {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix('\\') {
            let (name, argument) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            return Some(Self::backslash(
                name,
                argument.trim().trim_end_matches(';').trim(),
            ));
        }
        let line = line.trim_end_matches(';').trim_end();
        let lower = line.to_lowercase();
        let words: Vec<&str> = lower.split_whitespace().collect();
        // Names of files and servers are as they are written.
        let argument = |skipped: usize| {
            let mut rest = line;
            for _ in 0..skipped {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                rest = rest[end..].trim_start();
            }
            unquoted(rest)
        };
        Some(match words.as_slice() {
            ["help" | "?"] => Self::Help,
            ["clear"] => Self::Clear,
            ["output"] => Self::Output(None),
            ["output", format] => Self::Output(Some(format.trim_matches('\'').to_owned())),
            ["set", "cli", "wrap", on] => Self::Wrap(switch(on.trim_matches('\''))?),
            ["set", "cli", "column-width", width] => {
                Self::ColumnWidth(width.trim_matches('\'').parse().ok()?)
            }
            ["history"] => Self::History,
            ["version"] => Self::Version,
            ["server"] => Self::Server(None),
            ["server", _] => Self::Server(Some(argument(1))),
            ["request-pipelining"] => Self::Pipelining(None),
            ["request-pipelining", on] => match switch(on.trim_matches('\'')) {
                Some(is_on) => Self::Pipelining(Some(is_on)),
                None => Self::Wrong(format!(
                    "Invalid request-pipelining setting: {on}. Valid settings are: ON, OFF"
                )),
            },
            ["spool", "off"] => Self::SpoolOff,
            ["spool", _, ..] | ["run", "script", _, ..] if goes_on(line) => Self::Wrong(
                "A command has a line of its own: put what comes after its `;` on the next one"
                    .to_owned(),
            ),
            ["spool", _, ..] => Self::Spool(argument(1)),
            ["run", "script", _, ..] => {
                let path = argument(2).replace('\'', "''");
                Self::Statements(vec![format!("RUN SCRIPT '{path}'")])
            }
            ["exit" | "quit"] => Self::Exit,
            _ => return None,
        })
    }

    fn backslash(name: &str, argument: &str) -> Self {
        let has = !argument.is_empty();
        let on_or_off = |command: fn(Option<bool>) -> Self| match (has, switch(argument)) {
            (false, _) => command(None),
            (true, Some(is_on)) => command(Some(is_on)),
            (true, None) => Self::Wrong(format!("\\{name} takes on or off, not `{argument}`")),
        };
        let one = |text: String| Self::Statements(vec![text]);
        match name {
            "?" | "h" | "help" => Self::Help,
            "q" | "quit" => Self::Exit,
            "d" | "d+" if !has => {
                Self::Statements(vec!["SHOW STREAMS".to_owned(), "SHOW TABLES".to_owned()])
            }
            "d" => one(format!("DESCRIBE {argument}")),
            "d+" => one(format!("DESCRIBE {argument} EXTENDED")),
            "dt" => one("SHOW TOPICS".to_owned()),
            "dq" => one("SHOW QUERIES".to_owned()),
            "df" if !has => one("SHOW FUNCTIONS".to_owned()),
            "df" => one(format!("DESCRIBE FUNCTION {argument}")),
            "x" => match argument.to_lowercase().as_str() {
                "" => Self::Expanded(None),
                "on" => Self::Expanded(Some(Expanded::On)),
                "off" => Self::Expanded(Some(Expanded::Off)),
                "auto" => Self::Expanded(Some(Expanded::Auto)),
                _ => Self::Wrong(format!("\\x takes on, off or auto, not `{argument}`")),
            },
            "timing" => on_or_off(Self::Timing),
            "pset" => match argument.split_whitespace().collect::<Vec<_>>().as_slice() {
                ["pager"] => Self::Pager(None),
                ["pager", value] if switch(value).is_some() => Self::Pager(switch(value)),
                _ => Self::Wrong("\\pset knows `pager on` and `pager off`".to_owned()),
            },
            "watch" if !has => Self::Watch(2.0),
            "watch" => match argument.parse::<f64>() {
                Ok(seconds) if (0.1..=86_400.0).contains(&seconds) => Self::Watch(seconds),
                _ => Self::Wrong(format!(
                    "\\watch takes a number of seconds from 0.1 to 86400, not `{argument}`"
                )),
            },
            "i" if has => Self::Include(unquoted(argument)),
            "i" => Self::Wrong("\\i needs the name of a file".to_owned()),
            "o" => Self::WriteTo(has.then(|| unquoted(argument))),
            _ => Self::Wrong(format!(
                "there is no command \\{name}; \\? lists those that there are"
            )),
        }
    }
}

fn switch(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

/// Whether a semicolon stands on a command's line outside of its quotes.
fn goes_on(line: &str) -> bool {
    let mut is_quoted = false;
    line.chars().any(|character| {
        is_quoted ^= character == '\'';
        character == ';' && !is_quoted
    })
}

/// Without the quotes around it, doubled ones undone.
fn unquoted(text: &str) -> String {
    let inner = text
        .strip_prefix('\'')
        .and_then(|text| text.strip_suffix('\''));
    inner.map_or_else(|| text.to_owned(), |inner| inner.replace("''", "'"))
}

#[cfg(test)]
mod tests {
    use super::{Command, Expanded};

    fn check(line: &str, expected: Option<Command>) {
        assert_eq!(Command::parse(line), expected, "{line}");
    }

    #[test]
    fn commands_are_told_from_statements() {
        check("HELP;", Some(Command::Help));
        check(" exit ", Some(Command::Exit));
        check(
            "Output json",
            Some(Command::Output(Some("json".to_owned()))),
        );
        check(
            "output 'TABULAR';",
            Some(Command::Output(Some("tabular".to_owned()))),
        );
        check("SET CLI WRAP OFF", Some(Command::Wrap(false)));
        check("set cli column-width 20;", Some(Command::ColumnWidth(20)));
        check("SET 'auto.offset.reset'='earliest';", None);
        check("SHOW TOPICS;", None);
        check("run", None);
        check("", None);
    }

    #[test]
    fn names_keep_their_case_and_lose_their_quotes() {
        check(
            "SPOOL 'My File.txt';",
            Some(Command::Spool("My File.txt".to_owned())),
        );
        check("spool off;", Some(Command::SpoolOff));
        check(
            "server http://Host:1",
            Some(Command::Server(Some("http://Host:1".to_owned()))),
        );
        check(
            "RUN SCRIPT '/a B.sql';",
            Some(Command::Statements(vec![
                "RUN SCRIPT '/a B.sql'".to_owned(),
            ])),
        );
        check(
            r"\i /a B.sql",
            Some(Command::Include("/a B.sql".to_owned())),
        );
        check(r"\o", Some(Command::WriteTo(None)));
    }

    #[test]
    fn what_begins_with_a_backslash_is_never_a_statement() {
        check(r"\x", Some(Command::Expanded(None)));
        check(r"\x AUTO", Some(Command::Expanded(Some(Expanded::Auto))));
        check(r"\timing off", Some(Command::Timing(Some(false))));
        check(r"\pset pager off", Some(Command::Pager(Some(false))));
        check(r"\watch 0.5", Some(Command::Watch(0.5)));
        check(
            r"\d winlogevents;",
            Some(Command::Statements(vec![
                "DESCRIBE winlogevents".to_owned(),
            ])),
        );
        for wrong in [
            r"\nope",
            r"\watch x",
            r"\watch 0",
            r"\x 1",
            r"\i",
            r"\pset x",
        ] {
            let found = Command::parse(wrong);
            assert!(
                matches!(found, Some(Command::Wrong(_))),
                "{wrong}: {found:?}"
            );
        }
    }
}
