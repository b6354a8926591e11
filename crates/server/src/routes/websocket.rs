//! `/ws/query`: rows as WebSocket frames (reference, "Websocket").

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{
        ConnectInfo, Query, State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket, close_code},
    },
    response::Response,
};
use serde::Deserialize;
use serde_json::json;
use weir_engine::{PrintLine, PrintStream, Response as Answer, RowStream, entity::Field};

use super::{check_serving, query::start};
use crate::{
    app::App,
    error::Refusal,
    listen::Permit,
    request::KsqlRequest,
    rows::{End, row_message},
};

/// The reason of a close frame has room for this many bytes.
const REASON: usize = 123;

/// What clients send is not read; no frame of theirs is larger.
const LARGEST: usize = 64 << 10;

#[derive(Deserialize)]
pub struct Parameters {
    request: Option<String>,
    #[expect(dead_code, reason = "there is one version")]
    version: Option<String>,
}

pub async fn query(
    State(app): State<Arc<App>>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    Query(parameters): Query<Parameters>,
    Extension(permit): Extension<Permit>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let streams = app.streams.clone();
    upgrade
        .max_message_size(LARGEST)
        .max_frame_size(LARGEST)
        .on_upgrade(move |mut socket| {
            streams.track_future(async move {
                let (code, last) = match run(&app, client, parameters, &mut socket).await {
                    Ok(end) => closing(&end),
                    Err(Gone::Refused(refusal)) => closing(&End::Error(refusal)),
                    Err(Gone::Lost) => return,
                };
                let _ = close(&app, &mut socket, code, &last).await;
                drop(permit);
            })
        })
}

/// Why a socket ends early.
enum Gone {
    Refused(Refusal),
    /// The client has gone, or takes nothing.
    Lost,
}

impl From<Refusal> for Gone {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

async fn run(
    app: &App,
    client: SocketAddr,
    parameters: Parameters,
    socket: &mut WebSocket,
) -> Result<End, Gone> {
    check_serving(app)?;
    let request = parameters
        .request
        .ok_or_else(|| Refusal::bad_request("the parameter `request` is missing"))?;
    let request: KsqlRequest = serde_json::from_str(&request)
        .map_err(|error| Refusal::bad_request(format!("Malformed request: {error}")))?;
    let statements = request.prepare(app).await?;
    let (answer, _slot) = start(app, statements, client).await?;
    match answer {
        Answer::Rows(stream) => send_rows(app, stream, socket).await,
        Answer::Print(stream) => send_print(app, stream, socket).await,
        _ => Err(Refusal::bad_request("the statement has no rows").into()),
    }
}

async fn send_rows(app: &App, mut stream: RowStream, socket: &mut WebSocket) -> Result<End, Gone> {
    let fields: Vec<Field> = stream.schema.columns.iter().map(Field::of).collect();
    // Rows of a stream have no key: it is a column like the others.
    let fields: Vec<Field> = fields
        .into_iter()
        .map(|field| Field {
            role: None,
            ..field
        })
        .collect();
    let schema = serde_json::to_string(&fields)
        .map_err(|error| Refusal::new(50000, format!("the schema is no JSON: {error}")))?;
    send(app, socket, schema).await?;
    loop {
        tokio::select! {
            batch = stream.next() => {
                let Some(batch) = batch else { return Ok(stream.end().await.into()) };
                for row in 0..batch.num_rows() {
                    send(app, socket, row_message(&batch, row, &stream.schema)).await?;
                }
            }
            () = ended(socket) => return Err(Gone::Lost),
            () = app.stopping.cancelled() => return Ok(End::Stopping),
        }
    }
}

async fn send_print(
    app: &App,
    mut stream: PrintStream,
    socket: &mut WebSocket,
) -> Result<End, Gone> {
    loop {
        tokio::select! {
            lines = stream.next() => {
                let Some(lines) = lines.map_err(Refusal::from)? else {
                    return Ok(End::Message("done"));
                };
                for line in lines {
                    let (PrintLine::Format(text) | PrintLine::Record(text)) = line;
                    send(app, socket, serde_json::Value::String(text).to_string()).await?;
                }
            }
            () = ended(socket) => return Err(Gone::Lost),
            () = app.stopping.cancelled() => return Ok(End::Stopping),
        }
    }
}

/// Returns when the client has closed the socket. What it says besides is not for us.
async fn ended(socket: &mut WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if matches!(message, Message::Close(_)) {
            return;
        }
    }
}

async fn send(app: &App, socket: &mut WebSocket, text: String) -> Result<(), Gone> {
    let sent = in_time(
        app.options.limits.stall_time,
        socket.send(Message::text(text)),
    );
    sent.await.ok_or(Gone::Lost)
}

async fn in_time<F, E>(time: Duration, future: F) -> Option<()>
where
    F: Future<Output = Result<(), E>>,
{
    tokio::time::timeout(time, future).await.ok()?.ok()
}

/// The code and the last message of an end.
fn closing(end: &End) -> (u16, String) {
    match end {
        End::Message(_) => (close_code::NORMAL, "done".to_owned()),
        End::Stopping => (close_code::AGAIN, Refusal::shutting_down().message),
        End::Error(refusal) => match refusal.code / 10000 {
            4 if refusal.code == 40003 || refusal.code == 42900 => {
                (close_code::AGAIN, refusal.message.clone())
            }
            4 => (close_code::UNSUPPORTED, refusal.message.clone()),
            _ => (close_code::ERROR, refusal.message.clone()),
        },
    }
}

async fn close(app: &App, socket: &mut WebSocket, code: u16, message: &str) -> Result<(), Gone> {
    send(app, socket, json!({"error": message}).to_string()).await?;
    let mut reason = message.to_owned();
    let mut end = reason.len().min(REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason.truncate(end);
    let frame = CloseFrame {
        code,
        reason: reason.into(),
    };
    let closing = socket.send(Message::Close(Some(frame)));
    in_time(app.options.limits.stall_time, closing)
        .await
        .ok_or(Gone::Lost)
}
