//! How a subcommand fails: one text for a person, one exit status for a script.

use std::{fmt, process::ExitCode};

/// What went wrong, and what to do. Already rendered: nothing is added when it is printed.
#[derive(Debug)]
pub struct Failure {
    text: String,
    status: u8,
}

impl Failure {
    /// `text` begins in lower case, without `error:`.
    pub fn new(text: impl fmt::Display) -> Self {
        Self::rendered(format!("error: {text}"))
    }

    /// A text that has its own beginning.
    pub fn rendered(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            status: 1,
        }
    }

    /// Whoever read standard output has gone: the program ends, and nothing failed.
    pub fn nobody_reads() -> Self {
        Self::silent(0)
    }

    /// Ctrl-C before the work was done, with the status that a shell expects.
    pub fn interrupted() -> Self {
        Self::silent(128 + 2)
    }

    /// What there is to say is said already.
    pub fn said(status: u8) -> Self {
        Self::silent(status)
    }

    /// With another exit status than 1.
    pub fn status(self, status: u8) -> Self {
        Self { status, ..self }
    }

    fn silent(status: u8) -> Self {
        Self {
            text: String::new(),
            status,
        }
    }

    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.text = format!("{}\nhint: {hint}", self.text.trim_end());
        self
    }

    /// Whether there is nothing to go on for, as opposed to something to be told.
    pub fn ends_the_program(&self) -> bool {
        self.text.is_empty()
    }

    /// Shows it on standard error.
    pub fn show(&self) {
        if !self.text.is_empty() {
            // What a broker or a server says may hold what its events hold.
            eprintln!("{}", crate::sql::harmless(self.text.trim_end()));
        }
    }

    pub fn report(self) -> ExitCode {
        self.show();
        ExitCode::from(self.status)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
