//! `POST /query` and `POST /query-stream`: SELECT and PRINT.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{ConnectInfo, State},
    http::{HeaderMap, Version, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use weir_engine::{PrintLine, PrintStream, Response as Answer, RowStream};

use super::{check_json, check_serving, text};
use crate::{
    app::App,
    error::Refusal,
    negotiate::{self, DELIMITED, JSON, PROTOBUF, V1},
    push::{Lost, Outgoing, Slot, outgoing},
    request::{KsqlRequest, QueryStreamRequest, Statements, read_json},
    rows::{End, Form},
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
    let request: KsqlRequest = read_json(body, &app.options.limits).await?;
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
    let request: QueryStreamRequest = read_json(body, &app.options.limits).await?;
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
    let (outgoing, body) = outgoing(app.options.limits.stall_time);
    let content_type = match answer {
        Answer::Rows(stream) => {
            let streams = app.streams.clone();
            streams.spawn(async move { pump(&app, stream, outgoing, rows, slot).await });
            rows.content_type
        }
        Answer::Print(stream) if takes_print => {
            let streams = app.streams.clone();
            streams.spawn(async move { pump_print(&app, stream, outgoing, slot).await });
            match rows.form {
                Form::Delimited => rows.content_type,
                _ => "text/plain; charset=utf-8",
            }
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
    } = statements;
    let found = weir_engine::statements(&text)?;
    let [statement] = found.as_slice() else {
        return Err(Refusal::bad_request(format!(
            "Expected exactly one KSQL statement; found {} instead",
            found.len()
        )));
    };
    if !app.engine.is_read(&session, &statement.text) {
        // What cannot be parsed says so itself.
        app.engine.check_syntax(&session, &statement.text)?;
        return Err(Refusal {
            statement: Some((format!("{};", statement.text), Vec::new())),
            ..Refusal::new(
                40001,
                "Only SELECT and PRINT have rows: send other statements to /ksql",
            )
        });
    }
    let slot = match app.engine.is_endless(&session, &statement.text) {
        true => Some(app.pushes.take(client.ip())?),
        false => None,
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

/// Sends rows until the query, the client or the server has come to its end.
async fn pump(
    app: &App,
    mut stream: RowStream,
    outgoing: Outgoing,
    rows: Rows,
    _slot: Option<Slot>,
) {
    let form = rows.form;
    let mut waiting = vec![form.header(&stream)];
    let end = loop {
        match outgoing.send(std::mem::take(&mut waiting)).await {
            Ok(()) => {}
            Err(Lost::Gone) => return,
            Err(Lost::Stalled) => break stalled(&stream.query_id),
        }
        tokio::select! {
            batch = stream.next() => match batch {
                Some(batch) => waiting = form.rows(&batch, &stream.schema, rows.each_alone),
                None => break stream.end().await.into(),
            },
            () = outgoing.closed() => return,
            () = app.stopping.cancelled() => break End::Stopping,
        }
    };
    outgoing.finish(form.end(&end));
    stream.terminate().await;
}

fn stalled(query: &str) -> End {
    tracing::warn!(%query, "a client took no rows, its query was ended");
    End::Error(Refusal::new(
        42900,
        "The query was ended: its rows were not read within weir.http.stall.timeout.ms",
    ))
}

async fn pump_print(app: &App, mut stream: PrintStream, outgoing: Outgoing, _slot: Option<Slot>) {
    let last = loop {
        let lines = tokio::select! {
            lines = stream.next() => lines,
            () = outgoing.closed() => return,
            () = app.stopping.cancelled() => return,
        };
        let lines = match lines {
            Ok(Some(lines)) => lines,
            Ok(None) => return,
            Err(error) => break error.message,
        };
        let frames = lines.into_iter().map(|line| match line {
            PrintLine::Format(text) | PrintLine::Record(text) => Bytes::from(text + "\n"),
        });
        match outgoing.send(frames.collect()).await {
            Ok(()) => {}
            Err(Lost::Gone) => return,
            Err(Lost::Stalled) => {
                break "The records were not read within weir.http.stall.timeout.ms".to_owned();
            }
        }
    };
    outgoing.finish(Bytes::from(last + "\n"));
}
