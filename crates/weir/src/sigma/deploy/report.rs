//! What is said of a deployment: a line for each rule, and the sums.

use std::{collections::BTreeMap, io::Write, path::Path};

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
}

const ACTIONS: [Action; 6] = [
    Action::Created,
    Action::Replaced,
    Action::Unchanged,
    Action::LeftOut,
    Action::Gone,
    Action::Dropped,
];

#[derive(Debug, Clone, Serialize)]
pub struct Line {
    pub rule_id: String,
    pub title: String,
    pub action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub query_id: String,
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

    /// Whether the rule runs, or is to.
    pub fn runs(&self) -> bool {
        matches!(
            self.action,
            Action::Created | Action::Replaced | Action::Unchanged
        )
    }

    /// It is not done after all.
    pub fn left_out(self, reason: String) -> Self {
        let before = self.action;
        let left_out = self.with_action(Action::LeftOut).because(reason);
        match before {
            Action::Replaced => left_out.because(GOES_ON.to_owned()),
            // It has no rule.
            Action::Dropped => left_out.with_action(Action::Gone),
            _ => left_out,
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
        let counts = self.counts.iter();
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
    file: Option<&Path>,
) -> Result<(), Failure> {
    let mut text = Vec::new();
    for line in lines {
        match output {
            SigmaOutput::Json => {
                serde_json::to_writer(&mut text, line).map_err(Failure::new)?;
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
    let Some(path) = file else {
        return Ok(());
    };
    let mut json = serde_json::to_string(summary).map_err(Failure::new)?;
    json.push('\n');
    let written = std::fs::File::create(path).and_then(|mut file| file.write_all(json.as_bytes()));
    written.map_err(|error| Failure::new(format!("cannot write `{}`: {error}", path.display())))
}
