//! Why a file, a rule or a mapping cannot be used, and where.

use std::fmt;

use weir_sql::Position;

/// What was found, where, and what to do. Displays as one line: `rules/x.yml:12:5: message (hint)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    pub kind: ErrorKind,
    /// The file, as it was named to whoever read it.
    pub file: Option<String>,
    pub place: Option<Position>,
    /// Lower case, without a full stop.
    pub message: String,
    pub hint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A file that cannot be read.
    File,
    /// No YAML, or YAML past the limits.
    Yaml,
    /// A document that is not what Sigma's specification says.
    Rule,
    /// A condition that cannot be read, or that names what is not there.
    Condition,
    /// A modifier that is unknown, or that does not go with its value.
    Modifier,
    /// A regular expression that is none.
    Regex,
    /// A placeholder without values.
    Placeholder,
    /// A log source that the mapping does not have.
    LogSource,
    /// A mapping file that is none.
    Mapping,
    /// What Sigma has and this crate has not.
    Unsupported,
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            file: None,
            place: None,
            message: message.into(),
            hint: None,
        }
    }

    /// At a place, unless it has one already.
    pub fn at(mut self, place: Position) -> Self {
        self.place.get_or_insert(place);
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// In a file, unless it has one already.
    pub fn in_file(mut self, file: Option<&str>) -> Self {
        if self.file.is_none() {
            self.file = file.map(str::to_owned);
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.place) {
            (Some(file), Some(Position { line, column })) => write!(f, "{file}:{line}:{column}: ")?,
            (Some(file), None) => write!(f, "{file}: ")?,
            (None, Some(Position { line, column })) => write!(f, "{line}:{column}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// A text for a message: on one line, and no longer than a line.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut characters = text.chars().map(|character| match character {
        control if control.is_control() => ' ',
        other => other,
    });
    let mut shown: String = characters.by_ref().take(LONGEST).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}
