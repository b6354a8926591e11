//! A file of cases.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{
    failure::Failure,
    test::{NO_TEST, files::cannot_read},
};

#[derive(Deserialize)]
struct File {
    suite: String,
    cases: Vec<Case>,
}

/// One case. What is not named here does not count.
#[derive(Debug, Deserialize)]
pub struct Case {
    pub id: String,
    pub file: String,
    /// Why the case does not count.
    pub skip: Option<String>,
    pub statements: Vec<String>,
    #[serde(default)]
    pub properties: BTreeMap<String, Value>,
    #[serde(default)]
    pub topics: Vec<TopicGiven>,
    #[serde(default)]
    pub inputs: Vec<RecordGiven>,
    #[serde(default)]
    pub outputs: Vec<RecordGiven>,
    /// Objects of one member each: what kind of answer, and what is in it.
    #[serde(default)]
    pub responses: Vec<BTreeMap<String, Box<RawValue>>>,
    pub expect_error: Option<ExpectedError>,
    /// What must hold at the end.
    pub post: Option<After>,
    #[serde(default)]
    pub features: Vec<String>,
    /// Inputs are fed once the push query runs.
    #[serde(default)]
    pub wait_for_push_query: bool,
    /// Rows are compared in their order.
    #[serde(default)]
    pub verify_order: bool,
}

#[derive(Debug, Deserialize)]
pub struct TopicGiven {
    pub name: String,
    pub partitions: Option<i32>,
}

#[derive(Debug, Deserialize)]
pub struct RecordGiven {
    pub topic: String,
    pub key: Box<RawValue>,
    pub value: Box<RawValue>,
    pub timestamp: Option<i64>,
    pub window: Option<WindowGiven>,
    #[serde(default)]
    pub headers: Vec<HeaderGiven>,
}

/// Milliseconds.
#[derive(Debug, Deserialize)]
pub struct WindowGiven {
    pub start: i64,
    pub end: i64,
    /// `time` or `session`.
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Debug, Deserialize)]
pub struct HeaderGiven {
    pub key: String,
    /// Base64.
    pub value: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct ExpectedError {
    #[serde(rename = "type")]
    pub class: Option<String>,
    pub message: Option<String>,
    pub status: Option<u16>,
    /// `parse`, `statement` or `runtime`.
    pub phase: Option<String>,
    /// In the message, or in that of a cause.
    pub cause_message: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct After {
    #[serde(default)]
    pub sources: Vec<SourceGiven>,
    #[serde(default)]
    pub topics: Vec<TopicAfter>,
}

/// A source as it must be; what is not said is not compared.
#[derive(Debug, Deserialize)]
pub struct SourceGiven {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Columns as a statement declares them.
    pub schema: Option<String>,
    pub key_format: Option<KeyFormatGiven>,
    pub value_format: Option<String>,
    pub value_features: Option<Vec<String>>,
    pub is_source: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub struct KeyFormatGiven {
    pub format: Option<String>,
    pub window_type: Option<String>,
    pub window_size_ms: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub struct TopicAfter {
    pub name: String,
    /// How Kafka Streams lays out a query: nothing to compare with.
    #[serde(default)]
    pub internal: bool,
    pub partitions: Option<i32>,
    pub key_format: Option<FormatGiven>,
    pub value_format: Option<FormatGiven>,
}

#[derive(Debug, Deserialize)]
pub struct FormatGiven {
    pub format: String,
}

/// The cases of a file, which must be of `suite`.
pub fn read(path: &Path, suite: &str) -> Result<Vec<Case>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| cannot_read(path, &error))?;
    let file: File = serde_json::from_str(&text).map_err(|error| cannot_read(path, &error))?;
    if file.suite != suite {
        let why = format!("its suite is `{}`, and `{suite}` is run", file.suite);
        return Err(cannot_read(path, &why));
    }
    if file.cases.is_empty() {
        let why = format!("there is no case in `{}`", path.display());
        return Err(Failure::new(why).status(NO_TEST));
    }
    Ok(file.cases)
}
