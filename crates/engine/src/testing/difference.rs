//! What an ASSERT wanted and what is there, as rows of one table.

use serde_json::Value;

/// Rows that are to be shown below one another.
#[derive(Debug, Clone, Default)]
pub struct Difference {
    /// Their names.
    pub columns: Vec<String>,
    /// What was expected first, if anything was, then what is there.
    pub rows: Vec<Row>,
    /// How many more records follow those that are shown.
    pub more: usize,
}

/// One row, and what is to be said of it.
#[derive(Debug, Clone)]
pub struct Row {
    /// What it is: `EXPECTED`, `ACTUAL`, or where the record stands.
    pub label: String,
    /// By column.
    pub cells: Vec<Value>,
    /// The columns, by their index, in which it is not what it should be.
    pub differing: Vec<usize>,
    /// What cells cannot say: that the record is a tombstone, that it cannot be read.
    pub note: Option<String>,
}

impl Row {
    /// A row in which nothing differs.
    pub fn new(label: impl Into<String>, cells: Vec<Value>) -> Self {
        Self {
            label: label.into(),
            cells,
            differing: Vec::new(),
            note: None,
        }
    }
}
