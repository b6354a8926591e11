//! What the demo shows: alerts above a line that counts; plain lines where there is no terminal.

use std::{
    cell::Cell,
    io::{IsTerminal, Write},
    time::Duration,
};

use crossterm::style::Stylize;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    bundled::Rule,
    sql::{clip, printable},
};

/// How wide a line may be where there is no terminal.
const PLAIN_WIDTH: usize = 160;

/// How often progress is a line of its own, where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

pub struct Screen {
    /// Hidden where there is no terminal.
    bar: ProgressBar,
    is_terminal: bool,
    has_colours: bool,
    width: usize,
    /// When the next line of progress is due, where there is no terminal.
    next_line: Cell<Duration>,
}

impl Screen {
    pub fn new(events: usize) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let target = if is_terminal {
            ProgressDrawTarget::stdout()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(events as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} events  {msg}") {
            bar.set_style(style);
        }
        let width = crossterm::terminal::size().map_or(100, |(width, _)| usize::from(width));
        Self {
            bar,
            is_terminal,
            has_colours: is_terminal && std::env::var_os("NO_COLOR").is_none(),
            width: width.max(40),
            next_line: Cell::new(LINE_EVERY),
        }
    }

    /// Whether somebody can type at a prompt here.
    pub fn has_prompt(&self) -> bool {
        self.is_terminal && std::io::stdin().is_terminal()
    }

    /// A line above the one that counts.
    pub fn say(&self, line: &str) {
        if self.is_terminal && !self.bar.is_finished() {
            self.bar.suspend(|| println!("{line}"));
        } else {
            // A reader that has gone takes nothing from the demo.
            let _ = writeln!(std::io::stdout(), "{line}");
        }
    }

    pub fn rule(&self, rule: &Rule) {
        self.say(&format!(
            "rule      {:<11}{}",
            format!("[{}]", rule.level()),
            rule.title()
        ));
    }

    /// The rule's name, then the alert's columns that say something.
    pub fn alert(&self, rule: &Rule, value: &[u8]) {
        let level = format!("{:<11}", format!("[{}]", rule.level()));
        let (level, title) = if self.has_colours {
            let level = match rule.level() {
                "critical" => level.red().bold(),
                "high" => level.yellow().bold(),
                _ => level.bold(),
            };
            (level.to_string(), rule.title().bold().to_string())
        } else {
            (level, rule.title().to_owned())
        };
        self.say(&format!("ALERT     {level}{title}"));
        let columns = match serde_json::from_slice(value) {
            Ok(serde_json::Value::Object(columns)) => columns,
            _ => return self.say(&self.fit(&String::from_utf8_lossy(value))),
        };
        for (name, value) in columns {
            let text = match &value {
                serde_json::Value::Null => continue,
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            self.say(&self.fit(&format!("          {name:<14}{text}")));
        }
    }

    pub fn progress(&self, events: usize, elapsed: Duration, alerts: usize) {
        let rate = events as f64 / elapsed.as_secs_f64().max(0.001);
        if !self.is_terminal {
            if elapsed >= self.next_line.get() {
                self.next_line.set(elapsed + LINE_EVERY);
                self.say(&format!(
                    "          {events} of {} events, {rate:.0} a second, {alerts} alerts",
                    self.bar.length().unwrap_or_default()
                ));
            }
            return;
        }
        self.bar.set_position(events as u64);
        self.bar
            .set_message(format!("{rate:.0} a second  {alerts} alerts"));
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// One line, whatever an event holds.
    fn fit(&self, text: &str) -> String {
        let text = printable(text).replace('\n', " ");
        let width = if self.is_terminal {
            self.width
        } else {
            PLAIN_WIDTH
        };
        clip(&text, width, "…")
    }
}
