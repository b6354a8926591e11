//! What the prompt understands besides statements: `help`, `clear`, `output`, `history`, `version`, `exit`, `set cli`.

use std::io::IsTerminal;

use super::{Screen, say};
use crate::{cli::OutputFormat, failure::Failure};

const HELP: &str = "
Statements end in `;` and may have several lines. Commands are a line of their own; letter case does not matter.

  help                          this text
  clear                         clear the screen
  output                        show how results look
  output TABULAR | JSON         change it
  set cli WRAP ON | OFF         long values in rows: go on in the next line, or are cut
  set cli COLUMN-WIDTH N        columns of a cell; 0 shares the screen among them
  history                       what was typed before
  version                       the version of this program
  exit                          leave

Keys:
  Ctrl-C    ends the query that runs, or drops what is typed
  Ctrl-D    leaves
  Ctrl-R    searches what was typed before
  Tab       completes names

Start here:
  SHOW TOPICS;
  PRINT wineventlogs FROM BEGINNING LIMIT 3;
  CREATE STREAM events (host VARCHAR, message VARCHAR) WITH (KAFKA_TOPIC='events', VALUE_FORMAT='JSON', PARTITIONS=1);
  SELECT * FROM events EMIT CHANGES;
";

/// A line that is no statement.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Help,
    Clear,
    /// `None`: show it.
    Output(Option<String>),
    Wrap(bool),
    ColumnWidth(usize),
    History,
    Version,
    Exit,
}

impl Command {
    /// `None`: the line belongs to a statement.
    pub fn parse(line: &str) -> Option<Self> {
        let line = line.trim().trim_end_matches(';').to_lowercase();
        let words: Vec<&str> = line.split_whitespace().collect();
        Some(match words.as_slice() {
            ["help" | "?"] => Self::Help,
            ["clear"] => Self::Clear,
            ["output"] => Self::Output(None),
            ["output", format] => Self::Output(Some(format.trim_matches('\'').to_owned())),
            ["set", "cli", "wrap", on] => Self::Wrap(match on.trim_matches('\'') {
                "on" => true,
                "off" => false,
                _ => return None,
            }),
            ["set", "cli", "column-width", width] => {
                Self::ColumnWidth(width.trim_matches('\'').parse().ok()?)
            }
            ["history"] => Self::History,
            ["version"] => Self::Version,
            ["exit" | "quit"] => Self::Exit,
            _ => return None,
        })
    }

    /// Does it; leaving is the caller's.
    pub fn run<'a>(
        &self,
        screen: &mut Screen,
        history: impl Iterator<Item = &'a String>,
    ) -> Result<(), Failure> {
        match self {
            Self::Help => say(HELP),
            Self::Clear if std::io::stdout().is_terminal() => say("\u{1b}[2J\u{1b}[3J\u{1b}[H"),
            Self::Clear | Self::Exit => Ok(()),
            Self::Output(None) => say(&format!("Current output format: {}\n", name(screen.format))),
            Self::Output(Some(format)) => {
                screen.format = match format.as_str() {
                    "tabular" => OutputFormat::Tabular,
                    "json" => OutputFormat::Json,
                    other => {
                        return say(&format!(
                            "Invalid output format: '{}' (valid formats: 'JSON', 'TABULAR')\n",
                            other.to_uppercase()
                        ));
                    }
                };
                say(&format!("Output format set to {}\n", name(screen.format)))
            }
            Self::Wrap(wraps) => {
                screen.wraps = *wraps;
                Ok(())
            }
            Self::ColumnWidth(width) => {
                screen.column_width = *width;
                Ok(())
            }
            Self::History => {
                let lines = (1..).zip(history);
                let text: String = lines
                    .map(|(number, entry)| format!("{number:4}: {entry}\n"))
                    .collect();
                say(&text)
            }
            Self::Version => say(&format!("Version: {}\n", env!("CARGO_PKG_VERSION"))),
        }
    }
}

fn name(format: OutputFormat) -> &'static str {
    match format {
        OutputFormat::Tabular => "TABULAR",
        OutputFormat::Json => "JSON",
    }
}

#[cfg(test)]
mod tests {
    use super::Command;

    #[test]
    fn commands_are_told_from_statements() {
        let check = |line: &str, expected: Option<Command>| {
            assert_eq!(Command::parse(line), expected, "{line}");
        };
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
        check("", None);
    }
}
