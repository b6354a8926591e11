//! The forms in which rows leave (reference, "Query responses").

use bytes::Bytes;
use serde_json::json;
use weir_engine::{RowStream, StreamEnd, parts::Schema, rows::append_row};

use crate::{
    error::Refusal,
    negotiate::{DELIMITED, JSON},
    push::{BUNCH, Cut},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One array, an element a line: header, rows, final message.
    V1,
    /// Metadata and rows, a JSON value a line.
    Delimited,
    /// One array of metadata and rows.
    Json,
}

impl Form {
    pub fn of(content_type: &str) -> Self {
        match content_type {
            DELIMITED => Self::Delimited,
            JSON => Self::Json,
            _ => Self::V1,
        }
    }

    /// What comes before the first row.
    pub fn header(self, stream: &RowStream) -> Bytes {
        let columns = &stream.schema.columns;
        let metadata = || {
            let names: Vec<_> = columns.iter().map(|column| &column.name).collect();
            let types: Vec<_> = columns
                .iter()
                .map(|column| column.sql_type.to_string())
                .collect();
            json!({"queryId": stream.query_id, "columnNames": names, "columnTypes": types})
        };
        Bytes::from(match self {
            Self::V1 => {
                let header =
                    json!({"queryId": stream.query_id, "schema": schema_text(&stream.schema)});
                format!("[{},\n", json!({"header": header}))
            }
            Self::Delimited => format!("{}\n", metadata()),
            Self::Json => format!("[{}", metadata()),
        })
    }

    /// Rows of a batch from `row` on, as many as fit a bunch, each a frame of its own or all in one; `row` moves on.
    pub fn rows(
        self,
        batch: &arrow::record_batch::RecordBatch,
        row: &mut usize,
        schema: &Schema,
        each_alone: bool,
    ) -> Vec<Bytes> {
        let mut frames = Vec::new();
        let mut frame = Vec::new();
        let mut size = 0;
        while *row < batch.num_rows() && size < BUNCH {
            let (before, after): (&[u8], &[u8]) = match self {
                Self::V1 => (b"{\"row\":{\"columns\":", b"}},\n"),
                Self::Delimited => (b"", b"\n"),
                Self::Json => (b",", b""),
            };
            let start = frame.len();
            frame.extend_from_slice(before);
            append_row(&mut frame, batch, *row, schema);
            frame.extend_from_slice(after);
            size += frame.len() - start;
            *row += 1;
            if each_alone {
                frames.push(Bytes::from(std::mem::take(&mut frame)));
            }
        }
        if !frame.is_empty() {
            frames.push(Bytes::from(frame));
        }
        frames
    }

    /// What comes after the last row.
    pub fn end(self, end: &End) -> Bytes {
        let text = match (self, end) {
            (Self::V1, End::Message(text)) => format!("{}]", json!({"finalMessage": text})),
            (Self::V1, End::Stopping) => {
                format!(
                    "{}]",
                    json!({"finalMessage": "The server is shutting down"})
                )
            }
            (Self::V1, End::Error(refusal)) => {
                format!("{}]", json!({"errorMessage": refusal.generic()}))
            }
            (Self::Delimited, End::Message(_)) => String::new(),
            (Self::Delimited, end) => format!("{}\n", end.refusal().generic()),
            (Self::Json, End::Message(_)) => "]".to_owned(),
            (Self::Json, end) => format!(",{}]", end.refusal().generic()),
        };
        Bytes::from(text)
    }
}

/// How rows come to an end.
#[derive(Debug, Clone)]
pub enum End {
    Message(&'static str),
    Error(Refusal),
    /// The server ends: for those forms that have no final message it is an error.
    Stopping,
}

impl End {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Error(refusal) => refusal.clone(),
            Self::Stopping | Self::Message(_) => Refusal::shutting_down(),
        }
    }
}

impl From<Cut> for End {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::Stopping => Self::Stopping,
            Cut::Stalled => Self::Error(cut.refusal()),
        }
    }
}

impl From<StreamEnd> for End {
    fn from(end: StreamEnd) -> Self {
        match end {
            StreamEnd::LimitReached => Self::Message("Limit Reached"),
            StreamEnd::Completed => Self::Message("Query Completed"),
            StreamEnd::Terminated => Self::Message("Query Terminated"),
            StreamEnd::Failed(why) => Self::Error(Refusal::new(50000, why)),
        }
    }
}

/// `` `K` STRING, `V` INTEGER ``.
fn schema_text(schema: &Schema) -> String {
    let columns: Vec<_> = schema
        .columns
        .iter()
        .map(|column| format!("`{}` {}", column.name, column.sql_type))
        .collect();
    columns.join(", ")
}

/// One row as a WebSocket frame has it.
pub fn row_message(
    batch: &arrow::record_batch::RecordBatch,
    row: usize,
    schema: &Schema,
) -> String {
    let mut text = b"{\"row\":{\"columns\":".to_vec();
    append_row(&mut text, batch, row, schema);
    text.extend_from_slice(b"}}");
    // The writer of rows makes UTF-8 out of texts that are.
    String::from_utf8(text).unwrap_or_default()
}
