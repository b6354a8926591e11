//! The answer to a SELECT: a header, rows, and how it ended (reference, "Query responses").
//!
//! ```text
//! [{"header":{"queryId":"…","schema":"`K` STRING, `V` INTEGER"}},
//! {"row":{"columns":["a",1]}},
//! {"finalMessage":"Limit Reached"}]
//! ```

use std::collections::VecDeque;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{Error, LineStream, error::Refusal};

/// What the rows are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    #[serde(default)]
    pub query_id: String,
    /// Names between back-quotes, each with its type.
    pub schema: String,
}

/// What comes after the header.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Rows(Vec<Vec<Value>>),
    End(Ended),
}

/// How a query came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// With a message of the server's: `Limit Reached`.
    Message(String),
    /// As it was to.
    Quietly,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Element<'a> {
    header: Option<Header>,
    #[serde(borrow)]
    row: Option<Row<'a>>,
    final_message: Option<String>,
    error_message: Option<Refusal>,
}

#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow, default)]
    columns: Vec<&'a RawValue>,
}

/// The rows of one query. Dropping it closes the connection, which ends the query.
pub struct QueryStream {
    pub header: Header,
    lines: LineStream,
    waiting: VecDeque<Bytes>,
    is_closed: bool,
}

impl QueryStream {
    /// Waits for the header.
    pub(super) async fn open(mut lines: LineStream) -> Result<Self, Error> {
        let mut waiting = VecDeque::new();
        loop {
            let Some(line) = next_line(&mut lines, &mut waiting).await? else {
                return Err(foreign(&lines, "its answer has no header"));
            };
            let (text, is_closed) = bare(&line);
            if text.is_empty() {
                continue;
            }
            let element = parse(&lines, text)?;
            if let Some(refusal) = element.error_message {
                return Err(Error::Refused(Box::new(refusal)));
            }
            let Some(header) = element.header else {
                return Err(foreign(&lines, "its answer does not begin with a header"));
            };
            return Ok(Self {
                header,
                lines,
                waiting,
                is_closed,
            });
        }
    }

    /// The rows that are there, waiting only for the first, or how it ended.
    pub async fn next(&mut self) -> Result<Event, Error> {
        let mut rows = Vec::new();
        while !self.is_closed {
            if !rows.is_empty() && self.waiting.is_empty() {
                return Ok(Event::Rows(rows));
            }
            let Some(line) = next_line(&mut self.lines, &mut self.waiting).await? else {
                return Err(Error::Lost {
                    url: self.lines.url().to_owned(),
                    why: "the answer ended in the middle".to_owned(),
                });
            };
            let (text, is_closed) = bare(&line);
            if text.is_empty() {
                self.is_closed = is_closed;
                continue;
            }
            let element = parse(&self.lines, text)?;
            let is_end = element.final_message.is_some() || element.error_message.is_some();
            if is_end && !rows.is_empty() {
                self.waiting.push_front(line.clone());
                return Ok(Event::Rows(rows));
            }
            if let Some(refusal) = element.error_message {
                return Err(Error::Refused(Box::new(refusal)));
            }
            if let Some(message) = element.final_message {
                return Ok(Event::End(Ended::Message(message)));
            }
            if let Some(row) = element.row {
                rows.push(row.columns.into_iter().map(value).collect());
            }
            self.is_closed = is_closed;
        }
        match rows.is_empty() {
            true => Ok(Event::End(Ended::Quietly)),
            false => Ok(Event::Rows(rows)),
        }
    }
}

async fn next_line(
    lines: &mut LineStream,
    waiting: &mut VecDeque<Bytes>,
) -> Result<Option<Bytes>, Error> {
    loop {
        if let Some(line) = waiting.pop_front() {
            return Ok(Some(line));
        }
        match lines.next().await? {
            Some(more) => waiting.extend(more),
            None => return Ok(None),
        }
    }
}

/// The element of a line without the array around it, and whether the array ends with it.
fn bare(line: &[u8]) -> (&[u8], bool) {
    let mut text = line.trim_ascii();
    if let [b'[' | b',', rest @ ..] = text {
        text = rest.trim_ascii();
    }
    let mut is_closed = false;
    if let [rest @ .., b']'] = text {
        (text, is_closed) = (rest.trim_ascii(), true);
    }
    if let [rest @ .., b','] = text {
        text = rest.trim_ascii();
    }
    (text, is_closed)
}

fn parse<'a>(lines: &LineStream, text: &'a [u8]) -> Result<Element<'a>, Error> {
    serde_json::from_slice(text).map_err(|error| {
        let shown: String = String::from_utf8_lossy(text).chars().take(80).collect();
        foreign(
            lines,
            &format!("`{shown}` is no element of an answer: {error}"),
        )
    })
}

fn foreign(lines: &LineStream, why: &str) -> Error {
    Error::Foreign {
        url: lines.url().to_owned(),
        why: why.to_owned(),
    }
}

/// A number keeps its digits: one that neither 64 bits nor a double hold is text.
fn value(raw: &RawValue) -> Value {
    let text = raw.get();
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Number(number)) if number.to_string() != text => Value::String(text.to_owned()),
        Ok(value) => value,
        Err(_) => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json, value::RawValue};

    use super::{bare, value};

    #[test]
    fn elements_stand_in_an_array() {
        let check = |line: &str, expected: &str, is_closed: bool| {
            let (text, closed) = bare(line.as_bytes());
            assert_eq!(
                (String::from_utf8_lossy(text).as_ref(), closed),
                (expected, is_closed)
            );
        };
        check("[{\"header\":{}},", "{\"header\":{}}", false);
        check(
            "{\"row\":{\"columns\":[1]}},",
            "{\"row\":{\"columns\":[1]}}",
            false,
        );
        check(
            "{\"row\":{\"columns\":[1]}}]",
            "{\"row\":{\"columns\":[1]}}",
            true,
        );
        check(
            "{\"row\":{\"columns\":[1]}}",
            "{\"row\":{\"columns\":[1]}}",
            false,
        );
        check("]", "", true);
        check(",", "", false);
        check("  ", "", false);
    }

    #[test]
    fn numbers_keep_their_digits() {
        let check = |text: &str, expected: Value| {
            let raw = RawValue::from_string(text.to_owned()).unwrap();
            assert_eq!(value(&raw), expected, "{text}");
        };
        check("1.5", json!(1.5));
        check("9223372036854775807", json!(9_223_372_036_854_775_807_i64));
        check("1.10", json!("1.10"));
        check(
            "123456789012345678901234567890",
            json!("123456789012345678901234567890"),
        );
        check("\"x\"", json!("x"));
        check("null", Value::Null);
    }
}
