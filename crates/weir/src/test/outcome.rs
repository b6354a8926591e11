//! What became of a test: the same for every kind of test.

use serde::Serialize;
use weir_engine::testing::Difference;

use super::{
    cases::Level,
    script::{Source, Test},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Pass,
    /// It ran, and came out otherwise than it says.
    Fail,
    /// It could not be run to its end.
    Error,
}

#[derive(Debug)]
pub struct Outcome {
    pub name: String,
    pub file: String,
    /// Where the test begins.
    pub line: usize,
    pub status: Status,
    pub seconds: f64,
    /// Why it did not pass, in a sentence.
    pub message: Option<String>,
    /// Where.
    pub place: Option<Place>,
    /// The place marked, and what to do, as a person reads them.
    pub details: String,
    pub difference: Option<Box<Difference>>,
    /// A case of ksqlDB's, whose name is its id.
    pub is_case: bool,
    /// For a case that wants an error.
    pub level: Option<Level>,
    /// What a case is about.
    pub tags: Vec<String>,
    /// Whether it counts in a summary; some of ksqlDB's cases need what only its own tests have.
    pub is_scored: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

/// Why a test did not pass.
#[derive(Debug)]
pub struct Fault {
    pub status: Status,
    pub message: String,
    pub place: Option<Place>,
    pub details: String,
    pub difference: Option<Box<Difference>>,
}

impl Place {
    pub fn new(source: &Source, start: usize) -> Self {
        let (line, column) = source.place(start);
        Self {
            file: source.path.display().to_string(),
            line,
            column,
        }
    }
}

impl Fault {
    /// `start`: where in `source`.
    pub fn new(
        status: Status,
        message: impl Into<String>,
        source: &Source,
        start: usize,
    ) -> Box<Self> {
        Box::new(Self {
            status,
            message: message.into(),
            place: Some(Place::new(source, start)),
            details: String::new(),
            difference: None,
        })
    }
}

impl Outcome {
    /// A test that passed, until it is told otherwise.
    pub fn new(test: &Test) -> Self {
        Self {
            line: test.line,
            is_case: false,
            ..Self::of_case(&test.name, &test.source.path.display().to_string())
        }
    }

    /// The same of a case.
    pub fn of_case(id: &str, file: &str) -> Self {
        Self {
            name: id.to_owned(),
            file: file.to_owned(),
            line: 1,
            status: Status::Pass,
            seconds: 0.0,
            message: None,
            place: None,
            details: String::new(),
            difference: None,
            is_case: true,
            level: None,
            tags: Vec::new(),
            is_scored: true,
        }
    }

    pub fn fault(&mut self, fault: Fault) {
        self.status = fault.status;
        self.message = Some(fault.message);
        self.place = fault.place;
        self.details = fault.details;
        self.difference = fault.difference;
    }
}
