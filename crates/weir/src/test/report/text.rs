//! For people.

use std::{fmt::Write, io::IsTerminal, time::Duration};

use crate::{
    sql::printable,
    test::outcome::{Outcome, Status},
};

use super::{Counts, table};

const GREEN: &str = "\x1b[32m";
const RED: &str = "\x1b[31m";
const BOLD: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

pub struct Text {
    has_colour: bool,
    /// The file whose tests were said last.
    file: String,
}

impl Text {
    /// Colours are for a terminal, and for those who do not object (`NO_COLOR`).
    pub fn new() -> Self {
        let objects = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            has_colour: std::io::stdout().is_terminal() && !objects,
            file: String::new(),
        }
    }

    pub fn outcome(&mut self, outcome: &Outcome) -> String {
        let mut text = String::new();
        if self.file != outcome.file {
            self.file.clone_from(&outcome.file);
            text = format!("{}\n", printable(&outcome.file));
        }
        let name = printable(&outcome.name);
        let (mark, colour) = match outcome.status {
            Status::Pass => (">>> passed", GREEN),
            Status::Fail => (">>>>> FAILED", RED),
            Status::Error => (">>>>> ERROR", RED),
        };
        let mark = self.coloured(mark, colour);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {mark}  {name}");
        let message = outcome.message.as_ref();
        let Some(message) = message.filter(|_| outcome.status != Status::Pass) else {
            return text;
        };
        let mut said = format!("{}\n", self.coloured(&printable(message), BOLD));
        if let Some(place) = &outcome.place {
            let file = printable(&place.file);
            let _ = writeln!(said, "{file}:{}:{}", place.line, place.column);
        }
        said.push_str(&printable(&outcome.details));
        if let Some(difference) = &outcome.difference {
            said.push_str(&table::table(difference, self.has_colour.then_some(RED)));
        }
        for line in said.lines() {
            let _ = writeln!(text, "{}", format!("      {line}").trim_end());
        }
        text
    }

    pub fn summary(&self, counts: &Counts, elapsed: Duration) -> String {
        let mut parts = vec![format!("{} passed", counts.passed)];
        for (count, what) in [
            (counts.failed, "failed"),
            (counts.errors, "in error"),
            (counts.left_out, "left out"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        let all = counts.passed + counts.failed + counts.errors;
        let word = if all == 1 { "test" } else { "tests" };
        let line = format!(
            "{all} {word}: {}, in {:.2} s",
            parts.join(", "),
            elapsed.as_secs_f64()
        );
        let colour = if counts.passed == all { GREEN } else { RED };
        format!("\n{}\n", self.coloured(&line, colour))
    }

    fn coloured(&self, text: &str, colour: &str) -> String {
        match self.has_colour {
            true => format!("{colour}{text}{PLAIN}"),
            false => text.to_owned(),
        }
    }
}
