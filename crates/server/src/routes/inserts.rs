//! `POST /inserts-stream`: rows in, acknowledgements out, for as long as the client likes. HTTP/2 only.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, Version, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use weir_engine::{Error, ErrorKind, Inserts};

use super::{check_serving, text};
use crate::{
    app::App,
    error::Refusal,
    lines::Lines,
    negotiate::{self, DELIMITED, JSON},
    push::{Cut, Ending, Next, Source},
    request::session,
};

/// Rows that are written at once, at most.
const AT_ONCE: usize = 1000;

/// The first line.
#[derive(Deserialize)]
struct Target {
    target: String,
    #[serde(default)]
    properties: Option<BTreeMap<String, Value>>,
}

pub async fn inserts_stream(
    State(app): State<Arc<App>>,
    version: Version,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    if version != Version::HTTP_2 {
        return Err(Refusal::new(
            40004,
            "This endpoint is only available when using HTTP2",
        ));
    }
    let form = negotiate::choose(text(&headers, &header::ACCEPT), &[DELIMITED, JSON])
        .ok_or_else(Refusal::not_acceptable)?;
    check_serving(&app)?;
    let limits = &app.options.limits;
    let mut lines = Lines::new(body, limits.body_bytes);
    let first = lines.first(limits.body_time).await?;
    let first = first.ok_or_else(|| {
        Refusal::bad_request("the body has no first line: {\"target\":\"STREAM\"}")
    })?;
    let target: Target = serde_json::from_slice(&first)
        .map_err(|error| Refusal::bad_request(format!("Invalid JSON in inserts stream: the first line must be {{\"target\":\"STREAM\"}}: {error}")))?;
    let (session, _waiting) =
        session(&app, target.properties.unwrap_or_default(), BTreeMap::new())?;
    let inserts = app
        .engine
        .inserts(&target.target, session)
        .await
        .map_err(|error| match error.kind {
            ErrorKind::User | ErrorKind::Unsupported => Refusal::bad_request(error.message),
            _ => Refusal::from(error),
        })?;
    let source = Rows {
        lines,
        inserts,
        acks: Acks {
            is_array: form == JSON,
            count: 0,
        },
        is_broken: false,
    };
    let body = app.send(source, None);
    Ok(([(header::CONTENT_TYPE, form)], body).into_response())
}

/// Rows that come in, as the acknowledgements that go out.
struct Rows {
    lines: Lines,
    inserts: Inserts,
    acks: Acks,
    /// A line was no JSON: nobody knows what comes after it.
    is_broken: bool,
}

impl Source for Rows {
    async fn next(&mut self) -> Next {
        if self.is_broken {
            return Next::End(Ending::Last(self.acks.end(None)));
        }
        match self.lines.some(AT_ONCE).await {
            Ok(Some(some)) => {
                let (frames, is_broken) = insert(&mut self.inserts, &some, &mut self.acks).await;
                self.is_broken = is_broken;
                Next::Frames(frames)
            }
            Ok(None) => Next::End(Ending::Last(self.acks.end(None))),
            Err(refusal) => Next::End(Ending::Last(self.acks.end(Some(&refusal)))),
        }
    }

    fn cut(&mut self, why: Cut) -> Ending {
        Ending::Last(self.acks.end(Some(&why.refusal())))
    }
}

/// Writes what can be written, all of it at once; true if a line was no JSON: nobody knows what comes after it.
async fn insert(inserts: &mut Inserts, lines: &[Bytes], acks: &mut Acks) -> (Vec<Bytes>, bool) {
    let mut records = Vec::new();
    let mut outcomes: Vec<Result<(), Error>> = Vec::new();
    let mut broken = false;
    for line in lines {
        let text = std::str::from_utf8(line).unwrap_or_default();
        if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
            outcomes.push(Err(Error::user("Invalid JSON in inserts stream")));
            broken = true;
            break;
        }
        match inserts.encode(text) {
            Ok(record) => {
                records.push(record);
                outcomes.push(Ok(()));
            }
            Err(error) => outcomes.push(Err(error)),
        }
    }
    if !records.is_empty()
        && let Err(error) = inserts.write(records).await
    {
        for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_ok()) {
            *outcome = Err(error.clone());
        }
    }
    let frames = outcomes.iter().map(|outcome| acks.next(outcome));
    (frames.collect(), broken)
}

/// One for each row, in the rows' order.
struct Acks {
    is_array: bool,
    count: u64,
}

impl Acks {
    fn next(&mut self, outcome: &Result<(), Error>) -> Bytes {
        let value = match outcome {
            Ok(()) => json!({"status": "ok", "seq": self.count}),
            Err(error) => {
                let code = match error.kind {
                    ErrorKind::User
                    | ErrorKind::Unsupported
                    | ErrorKind::Assertion
                    | ErrorKind::HasRows => 40000,
                    ErrorKind::Forbidden => 40301,
                    ErrorKind::External => 50300,
                    ErrorKind::Internal => 50000,
                };
                json!({"status": "error", "seq": self.count, "error_code": code, "message": error.message})
            }
        };
        let before = self.before();
        self.count += 1;
        Bytes::from(match self.is_array {
            true => format!("{before}{value}"),
            false => format!("{value}\n"),
        })
    }

    fn before(&self) -> char {
        match self.count {
            0 => '[',
            _ => ',',
        }
    }

    fn end(&self, error: Option<&Refusal>) -> Bytes {
        let error = error.map(|refusal| {
            json!({"status": "error", "seq": self.count, "error_code": refusal.code, "message": refusal.message})
        });
        Bytes::from(match (self.is_array, error) {
            (true, Some(error)) => format!("{}{error}]", self.before()),
            (true, None) if self.count == 0 => "[]".to_owned(),
            (true, None) => "]".to_owned(),
            (false, Some(error)) => format!("{error}\n"),
            (false, None) => String::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Acks;
    use crate::error::Refusal;

    #[test]
    fn acknowledgements_are_one_array_or_lines() {
        let all = |is_array: bool, rows: usize, error: Option<&Refusal>| {
            let mut acks = Acks { is_array, count: 0 };
            let mut text = String::new();
            for _ in 0..rows {
                text += std::str::from_utf8(&acks.next(&Ok(()))).unwrap();
            }
            text + std::str::from_utf8(&acks.end(error)).unwrap()
        };
        assert_eq!(all(true, 0, None), "[]");
        assert_eq!(
            all(true, 2, None),
            r#"[{"status":"ok","seq":0},{"status":"ok","seq":1}]"#
        );
        assert_eq!(all(false, 1, None), "{\"status\":\"ok\",\"seq\":0}\n");
        let error = Refusal::bad_request("no");
        assert_eq!(
            all(true, 0, Some(&error)),
            r#"[{"status":"error","seq":0,"error_code":40000,"message":"no"}]"#
        );
    }
}
