//! Records set vertically: a column a line, for what is too wide to stand side by side.
//!
//! ```text
//! -[ RECORD 1 ]-----------
//! HOST        | PC1
//! COMMANDLINE | wmic path…
//! ```

use std::fmt::Write;

use super::rows::{clip, printable, width_of, wrap};

/// How wide the line above a record is, where the screen is not narrower.
const RULE: usize = 60;

/// Names are no wider.
const WIDEST_NAME: usize = 40;

/// Values have at least so much room.
const NARROWEST: usize = 10;

pub struct Records {
    names: Vec<String>,
    name_width: usize,
    /// `None`: as wide as they are.
    columns: Option<usize>,
    wraps: bool,
    count: u64,
}

impl Records {
    pub fn new<N: AsRef<str>>(names: &[N], columns: Option<usize>, wraps: bool) -> Self {
        let names: Vec<String> = names
            .iter()
            .map(|name| {
                clip(
                    &printable(name.as_ref()).replace('\n', " "),
                    WIDEST_NAME,
                    "…",
                )
            })
            .collect();
        Self {
            name_width: names.iter().map(|name| width_of(name)).max().unwrap_or(0),
            names,
            columns,
            wraps,
            count: 0,
        }
    }

    /// The next record.
    pub fn record(&mut self, cells: &[String]) -> String {
        self.count += 1;
        let title = format!("-[ RECORD {} ]", self.count);
        let rule = RULE.min(self.columns.unwrap_or(RULE));
        let mut text = format!("{title:-<rule$}\n");
        for (name, cell) in self.names.iter().zip(cells) {
            let blanks = " ".repeat(self.name_width - width_of(name));
            let lines = self.lines(cell);
            let mut lines = lines.iter();
            let first = lines.next().map_or("", String::as_str);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name}{blanks} | {first}");
            for line in lines {
                let _ = writeln!(text, "{} | {line}", " ".repeat(self.name_width));
            }
        }
        text
    }

    fn lines(&self, cell: &str) -> Vec<String> {
        let room = self
            .columns
            .map(|columns| columns.saturating_sub(self.name_width + 3));
        let room = room.map_or(usize::MAX, |room| room.max(NARROWEST));
        match self.wraps {
            true => wrap(cell, room),
            false => vec![clip(&printable(cell).replace('\n', " "), room, "...")],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Records;

    fn cells(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn a_column_is_a_line() {
        let mut records = Records::new(&["HOST", "COMMANDLINE"], Some(30), true);
        let text = records.record(&cells(&["PC1", "wmic path AntiVirusProduct"]))
            + &records.record(&cells(&["\u{1b}[2J", "two\nlines"]));
        let expected = "\
-[ RECORD 1 ]-----------------
HOST        | PC1
COMMANDLINE | wmic path AntiVi
            | rusProduct
-[ RECORD 2 ]-----------------
HOST        | ␛[2J
COMMANDLINE | two
            | lines
";
        assert_eq!(text, expected);
    }

    #[test]
    fn without_a_screen_nothing_is_wrapped() {
        let mut records = Records::new(&["A"], None, true);
        let long = "x".repeat(500);
        assert!(records.record(&cells(&[&long])).contains(&long));
    }
}
