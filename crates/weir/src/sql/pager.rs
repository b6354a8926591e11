//! Long results, page by page, through `$PAGER`: what fits the screen is shown as it is.

use std::{
    io::{ErrorKind, Write},
    process::{Child, Command, Stdio},
};

use super::screen::{Wanted, say};
use crate::failure::Failure;

/// Without `$PAGER`: colours pass, what fits one screen leaves at once, and nothing is cleared.
const DEFAULT: &[&str] = &["less", "-FRX"];

/// Lines of the terminal that are the prompt's own.
const OWN_LINES: usize = 2;

/// The result so far, or the program that shows it.
pub struct Pager {
    rows: usize,
    lines: usize,
    waiting: String,
    child: Option<Child>,
    /// There is none: the screen has it all.
    is_off: bool,
    has_left: bool,
}

impl Pager {
    /// For a terminal of so many lines.
    pub fn new(rows: usize) -> Self {
        Self {
            rows: rows.saturating_sub(OWN_LINES),
            lines: 0,
            waiting: String::new(),
            child: None,
            is_off: false,
            has_left: false,
        }
    }

    pub fn is_running(&self) -> bool {
        self.child.is_some()
    }

    pub fn write(&mut self, text: &str) -> Result<Wanted, Failure> {
        if self.is_off {
            say(text)?;
            return Ok(Wanted::More);
        }
        if self.child.is_some() {
            return self.pass(text);
        }
        self.lines += text.matches('\n').count();
        self.waiting.push_str(text);
        if self.lines <= self.rows {
            return Ok(Wanted::More);
        }
        let waiting = std::mem::take(&mut self.waiting);
        match start() {
            Some(child) => {
                self.child = Some(child);
                self.pass(&waiting)
            }
            None => {
                self.is_off = true;
                say(&waiting)?;
                Ok(Wanted::More)
            }
        }
    }

    fn pass(&mut self, text: &str) -> Result<Wanted, Failure> {
        let input = self.child.as_mut().and_then(|child| child.stdin.as_mut());
        let (Some(input), false) = (input, self.has_left) else {
            return Ok(Wanted::Enough);
        };
        // A pager takes more when its user turns the page: the thread waits with it, and others go on.
        match tokio::task::block_in_place(|| input.write_all(text.as_bytes())) {
            Ok(()) => Ok(Wanted::More),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.has_left = true;
                Ok(Wanted::Enough)
            }
            Err(error) => Err(Failure::new(format!("cannot write to the pager: {error}"))),
        }
    }

    /// Shows what is short, and waits until the pager is left.
    pub fn finish(mut self) -> Result<(), Failure> {
        let Some(child) = &mut self.child else {
            return say(&self.waiting);
        };
        drop(child.stdin.take());
        let ended = tokio::task::block_in_place(|| child.wait());
        ended.map_err(|error| Failure::new(format!("the pager is lost: {error}")))?;
        Ok(())
    }
}

/// `None`: there is none, or none that starts.
fn start() -> Option<Child> {
    let wanted = std::env::var("PAGER").ok();
    let mut command = match wanted.as_deref().map(str::trim) {
        Some("") | None => {
            let mut command = Command::new(DEFAULT[0]);
            command.args(&DEFAULT[1..]);
            command
        }
        Some(line) => {
            let mut command = Command::new("sh");
            command.args(["-c", line]);
            command
        }
    };
    command.stdin(Stdio::piped()).spawn().ok()
}
