//! `POST /query` and `POST /query-stream`: SELECT and PRINT.

use std::{net::SocketAddr, sync::Arc};

use arrow::record_batch::RecordBatch;
use axum::{
    body::Body,
    extract::{ConnectInfo, State},
    http::{HeaderMap, Version, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use weir_engine::{PrintLine, PrintStream, Reading, Response as Answer, RowStream};

use super::{check_json, check_serving, text};
use crate::{
    app::App,
    error::Refusal,
    negotiate::{self, DELIMITED, JSON, PROTOBUF, V1},
    push::{Cut, Ending, Next, Slot, Source},
    request::{KsqlRequest, QueryStreamRequest, Statements, read_json},
    rows::Form,
};

pub async fn query(
    State(app): State<Arc<App>>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    check_json(&headers)?;
    let offered = &[V1, JSON];
    let form = negotiate::choose(text(&headers, &header::ACCEPT), offered)
        .ok_or_else(Refusal::not_acceptable)?;
    let request: KsqlRequest = read_json(body, &app).await?;
    let rows = Rows {
        // Whatever it is called, this endpoint's rows have the one form.
        form: Form::V1,
        content_type: form,
        each_alone: false,
    };
    run(app, request, client, rows, true).await
}

pub async fn query_stream(
    State(app): State<Arc<App>>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    version: Version,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let offered = &[DELIMITED, JSON, V1, PROTOBUF];
    let form = negotiate::choose(text(&headers, &header::ACCEPT), offered)
        .ok_or_else(Refusal::not_acceptable)?;
    if form == PROTOBUF {
        return Err(Refusal::new(
            40600,
            "Not Acceptable: rows in Protobuf are not in this version; ask for application/vnd.ksql.v1+json",
        ));
    }
    let request: QueryStreamRequest = read_json(body, &app).await?;
    let rows = Rows {
        form: Form::of(form),
        content_type: form,
        // There are clients that parse each DATA frame as a row.
        each_alone: version == Version::HTTP_2 && form != V1,
    };
    let takes_print = form == DELIMITED;
    run(app, request.into(), client, rows, takes_print).await
}

/// How rows are to be sent.
#[derive(Clone, Copy)]
struct Rows {
    form: Form,
    content_type: &'static str,
    each_alone: bool,
}

async fn run(
    app: Arc<App>,
    request: KsqlRequest,
    client: SocketAddr,
    rows: Rows,
    takes_print: bool,
) -> Result<Response, Refusal> {
    check_serving(&app)?;
    let statements = request.prepare(&app).await?;
    let (answer, slot) = start(&app, statements, client).await?;
    let (content_type, body) = match answer {
        Answer::Rows(stream) => {
            let source = QueryRows::new(stream, rows);
            (rows.content_type, app.send(source, slot))
        }
        Answer::Print(stream) if takes_print => {
            let content_type = match rows.form {
                Form::Delimited => rows.content_type,
                _ => "text/plain; charset=utf-8",
            };
            (content_type, app.send(Printed { stream }, slot))
        }
        Answer::Print(_) => return Err(Refusal::not_acceptable()),
        _ => return Err(Refusal::bad_request("the statement has no rows")),
    };
    Ok(([(header::CONTENT_TYPE, content_type)], body).into_response())
}

/// Starts the one statement of a request, and takes room for it if it has no end of its own.
pub async fn start(
    app: &App,
    statements: Statements,
    client: SocketAddr,
) -> Result<(Answer, Option<Slot>), Refusal> {
    let Statements {
        text,
        mut session,
        waiting: _waiting,
        held: _held,
    } = statements;
    let found = weir_engine::statements(&text)?;
    let [statement] = found.as_slice() else {
        return Err(Refusal::bad_request(format!(
            "Expected exactly one KSQL statement; found {} instead",
            found.len()
        )));
    };
    let slot = match app.engine.reading(&session, &statement.text)? {
        Some(Reading::ToTheEnd) => None,
        Some(Reading::OnAndOn) => Some(app.pushes.take(client.ip())?),
        None => {
            return Err(Refusal {
                statement: Some((format!("{};", statement.text), Vec::new())),
                ..Refusal::new(
                    40001,
                    "Only SELECT and PRINT have rows: send other statements to /ksql",
                )
            });
        }
    };
    let answers = app
        .engine
        .execute_statement(&mut session, &statement.text)
        .await?;
    match answers.into_iter().next() {
        Some(answer) => Ok((answer, slot)),
        None => Err(Refusal::new(50000, "the statement has no answer")),
    }
}

/// A query's rows as frames.
struct QueryRows {
    stream: RowStream,
    rows: Rows,
    header: Option<Bytes>,
    /// The batch that is being sent, and its next row.
    batch: Option<(RecordBatch, usize)>,
}

impl QueryRows {
    fn new(stream: RowStream, rows: Rows) -> Self {
        Self {
            header: Some(rows.form.header(&stream)),
            stream,
            rows,
            batch: None,
        }
    }
}

impl Source for QueryRows {
    async fn next(&mut self) -> Next {
        if let Some(header) = self.header.take() {
            return Next::Frames(vec![header]);
        }
        let Rows {
            form, each_alone, ..
        } = self.rows;
        loop {
            if let Some((batch, row)) = &mut self.batch {
                let frames = form.rows(batch, row, &self.stream.schema, each_alone);
                if !frames.is_empty() {
                    return Next::Frames(frames);
                }
                self.batch = None;
            }
            match self.stream.next().await {
                Some(batch) => self.batch = Some((batch, 0)),
                None => {
                    let end = self.stream.end().await.into();
                    return Next::End(Ending::Last(form.end(&end)));
                }
            }
        }
    }

    fn cut(&mut self, why: Cut) -> Ending {
        if why == Cut::Stalled {
            tracing::warn!(query = %self.stream.query_id, "a client took no rows, its query was ended");
        }
        Ending::Last(self.rows.form.end(&why.into()))
    }
}

/// A topic's records as lines.
struct Printed {
    stream: PrintStream,
}

impl Source for Printed {
    async fn next(&mut self) -> Next {
        match self.stream.next().await {
            Ok(Some(lines)) => Next::Frames(
                lines
                    .into_iter()
                    .map(|line| match line {
                        PrintLine::Format(text) | PrintLine::Record(text) => {
                            Bytes::from(text + "\n")
                        }
                    })
                    .collect(),
            ),
            Ok(None) => Next::End(Ending::Last(Bytes::new())),
            Err(error) => Next::End(Ending::Last(Bytes::from(error.message + "\n"))),
        }
    }

    fn cut(&mut self, why: Cut) -> Ending {
        Ending::Last(Bytes::from(why.refusal().message + "\n"))
    }
}
