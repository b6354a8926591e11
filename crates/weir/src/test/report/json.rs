//! One object a line, for programs.

use serde::Serialize;
use serde_json::Value;

use crate::test::{
    cases::Level,
    outcome::{Outcome, Place, Status},
};

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    file: &'a str,
    line: usize,
    status: Status,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    row: &'a str,
    cells: &'a [Value],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differing: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

/// As ksqlDB's cases are reported.
#[derive(Serialize)]
struct CaseLine<'a> {
    id: &'a str,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<Level>,
}

pub fn line(outcome: &Outcome) -> String {
    let line = match outcome.is_case {
        true => serde_json::to_string(&CaseLine {
            id: &outcome.name,
            status: outcome.status,
            reason: outcome.message.as_deref(),
            level: outcome.level,
        }),
        false => serde_json::to_string(&test_line(outcome)),
    };
    // Texts, numbers and JSON values: nothing of it can fail to be JSON.
    line.unwrap_or_default() + "\n"
}

fn test_line(outcome: &Outcome) -> Line<'_> {
    let difference = outcome.difference.as_deref();
    let columns = difference.map(|difference| difference.columns.as_slice());
    let rows = difference.map_or(&[][..], |difference| &difference.rows);
    let name = |index: &usize| columns.and_then(|columns| columns.get(*index));
    let rows = rows.iter().map(|row| Row {
        row: &row.label,
        cells: &row.cells,
        differing: row
            .differing
            .iter()
            .filter_map(name)
            .map(String::as_str)
            .collect(),
        note: row.note.as_deref(),
    });
    Line {
        name: &outcome.name,
        file: &outcome.file,
        line: outcome.line,
        status: outcome.status,
        seconds: (outcome.seconds * 1e6).round() / 1e6,
        message: outcome.message.as_deref(),
        place: outcome.place.as_ref(),
        columns,
        rows: rows.collect(),
    }
}
