//! How a subcommand fails: one text for a person, one exit status for a script.

use std::{fmt, process::ExitCode};

/// What went wrong, and what to do. Already rendered: nothing is added when it is printed.
#[derive(Debug)]
pub struct Failure {
    text: String,
}

impl Failure {
    /// `text` begins in lower case, without `error:`.
    pub fn new(text: impl fmt::Display) -> Self {
        Self {
            text: format!("error: {text}"),
        }
    }

    /// A text that has its own beginning.
    pub fn rendered(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.text = format!("{}\nhint: {hint}", self.text);
        self
    }

    pub fn report(self) -> ExitCode {
        eprintln!("{}", self.text.trim_end());
        ExitCode::FAILURE
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
