//! What is said of a deployment: a line for each rule, and the sums.

use std::{collections::BTreeMap, fs::File, io::Write, path::Path};

use serde::Serialize;

use crate::{
    cli::SigmaOutput,
    failure::Failure,
    sql::{harmless, printable},
    stdout::Stdout,
};

/// Of a rule that is left out, and was not always.
pub const GOES_ON: &str = "what was deployed of it before goes on";

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Created,
    Replaced,
    Unchanged,
    LeftOut,
    /// Its rule is no more, and it runs on.
    Gone,
    Dropped,
    /// It was to be, and is not: the target did not do it, which is no fault of the rule.
    NotDone,
}

const ACTIONS: [Action; 7] = [
    Action::Created,
    Action::Replaced,
    Action::Unchanged,
    Action::LeftOut,
    Action::Gone,
    Action::Dropped,
    Action::NotDone,
];

#[derive(Debug, Clone, Serialize)]
pub struct Line {
    pub rule_id: String,
    pub title: String,
    pub action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub query_id: String,
    /// Whether it is so, and not only meant to be.
    #[serde(skip)]
    pub is_done: bool,
}

/// What `--summary` writes.
#[derive(Serialize)]
pub struct Summary {
    #[serde(flatten)]
    counts: BTreeMap<Action, usize>,
    streams: Vec<&'static str>,
    is_dry_run: bool,
    seconds: f64,
}

impl Action {
    fn text(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Replaced => "replaced",
            Self::Unchanged => "unchanged",
            Self::LeftOut => "left_out",
            Self::Gone => "gone",
            Self::Dropped => "dropped",
            Self::NotDone => "not_done",
        }
    }
}

impl Line {
    pub fn new(action: Action, query_id: String) -> Self {
        Self {
            rule_id: String::new(),
            title: String::new(),
            action,
            reason: None,
            query_id,
            is_done: true,
        }
    }

    pub fn of_rule(self, id: &str, title: &str) -> Self {
        Self {
            rule_id: id.to_owned(),
            title: title.to_owned(),
            ..self
        }
    }

    pub fn with_action(self, action: Action) -> Self {
        Self { action, ..self }
    }

    /// So far it is only meant to be.
    pub fn still_to_do(self) -> Self {
        Self {
            is_done: false,
            ..self
        }
    }

    /// Whether the rule runs, or is to.
    pub fn runs(&self) -> bool {
        matches!(
            self.action,
            Action::Created | Action::Replaced | Action::Unchanged
        )
    }

    /// It is refused after all.
    pub fn left_out(self, reason: String) -> Self {
        let before = self.action;
        let left_out = Self {
            is_done: true,
            ..self.with_action(Action::LeftOut).because(reason)
        };
        match before {
            Action::Replaced => left_out.because(GOES_ON.to_owned()),
            // It has no rule that could be.
            Action::Dropped => left_out.with_action(Action::NotDone),
            _ => left_out,
        }
    }

    /// The target failed at it.
    pub fn not_done(self, reason: String) -> Self {
        Self {
            is_done: true,
            ..self.with_action(Action::NotDone).because(reason)
        }
    }

    /// It is not to end after all.
    pub fn kept(self, reason: &str) -> Self {
        Self {
            is_done: true,
            ..self.with_action(Action::Gone).because(reason.to_owned())
        }
    }

    /// Beside what is said already.
    pub fn because(mut self, reason: String) -> Self {
        self.reason = Some(match self.reason.take() {
            Some(before) => format!("{before}; {reason}"),
            None => reason,
        });
        self
    }

    /// For people; what has not changed is not worth a line.
    fn text(&self) -> Option<String> {
        if self.action == Action::Unchanged && self.reason.is_none() {
            return None;
        }
        let mut line = self.action.text().to_owned();
        for field in [Some(&self.rule_id), Some(&self.title), self.reason.as_ref()] {
            if let Some(field) = field.filter(|field| !field.is_empty()) {
                line.push('\t');
                line.push_str(&printable(field).replace('\n', " "));
            }
        }
        Some(line)
    }
}

impl Summary {
    pub fn new(lines: &[Line], streams: Vec<&'static str>, is_dry_run: bool, seconds: f64) -> Self {
        let count = |action: Action| lines.iter().filter(|line| line.action == action).count();
        Self {
            counts: ACTIONS.map(|action| (action, count(action))).into(),
            streams,
            is_dry_run,
            seconds,
        }
    }

    fn text(&self) -> String {
        // Hardly ever is there any that is not done.
        let is_told =
            |(action, count): &(&Action, &usize)| **action != Action::NotDone || **count > 0;
        let counts = self.counts.iter().filter(is_told);
        let counts = counts.map(|(action, count)| format!("{count} {}", action.text()));
        let counts = counts.collect::<Vec<_>>().join(", ").replace('_', " ");
        let streams = self.streams.iter();
        let streams: String = streams.map(|said| format!("{said}\n")).collect();
        match self.is_dry_run {
            true => format!("{streams}rules: {counts}; nothing was changed (--dry-run)\n"),
            false => format!("{streams}rules: {counts} in {:.2} s\n", self.seconds),
        }
    }
}

/// Says what became of rules on standard output, and the sums on standard error.
pub fn say(
    lines: &[Line],
    summary: &Summary,
    output: SigmaOutput,
    file: Option<(&Path, File)>,
) -> Result<(), Failure> {
    let mut text = Vec::new();
    for line in lines {
        match output {
            SigmaOutput::Json => {
                let line = serde_json::to_string(line).map_err(Failure::new)?;
                text.extend_from_slice(escaped(&line).as_bytes());
                text.push(b'\n');
            }
            SigmaOutput::Text => {
                if let Some(line) = line.text() {
                    text.extend_from_slice(line.as_bytes());
                    text.push(b'\n');
                }
            }
        }
    }
    Stdout::write(&text)?;
    eprint!("{}", harmless(&summary.text()));
    let Some((path, mut file)) = file else {
        return Ok(());
    };
    let mut json = serde_json::to_string(summary).map_err(Failure::new)?;
    json.push('\n');
    file.write_all(json.as_bytes())
        .map_err(|error| cannot_write(path, &error))
}

/// The file for the sums, before there are any: whether it can be written is known before anything is changed.
pub fn create(path: &Path) -> Result<File, Failure> {
    File::create(path).map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write `{}`: {error}", path.display()))
}

/// JSON without characters that a terminal obeys, or that turn the direction of text. They can only be in its texts, where JSON
/// has another way to write them.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                escaped.push_str(&format!("\\u{:04x}", character as u32));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{Action, Line, Summary, escaped};

    #[test]
    fn json_says_the_same_without_what_a_terminal_obeys() {
        let title = "a\u{7f}b\u{9b}31m\u{202e}c\u{2066}d é 漢";
        let line = Line::new(Action::Created, String::new()).of_rule("1", title);
        let json = escaped(&serde_json::to_string(&line).unwrap());
        assert!(
            json.contains(r"a\u007fb\u009b31m\u202ec\u2066d é 漢"),
            "{json}"
        );
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["title"], title);
    }

    #[test]
    fn what_is_not_done_is_no_rule_that_is_left_out_and_is_told() {
        let line = |action| Line::new(action, String::new());
        let refused = |action| line(action).left_out("no".to_owned()).action;
        assert_eq!(refused(Action::Created), Action::LeftOut);
        assert_eq!(refused(Action::Replaced), Action::LeftOut);
        assert_eq!(refused(Action::Dropped), Action::NotDone);
        let sums = |lines: &[Line]| Summary::new(lines, Vec::new(), false, 0.0).text();
        let none =
            "rules: 1 created, 0 replaced, 0 unchanged, 0 left out, 0 gone, 0 dropped in 0.00 s\n";
        assert_eq!(sums(&[line(Action::Created)]), none);
        let some = line(Action::Created).not_done("no".to_owned());
        assert!(sums(&[some]).contains("0 dropped, 1 not done in"));
    }
}
