//! A client for one server in this process: POST, and answers as they come.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The form of ksqlDB's own command line and of its test runner.
const V1: &str = "application/vnd.ksql.v1+json";

/// An answer larger than this is none that a case waits for.
const LARGEST: usize = 64 << 20;

/// An answer whose body is on its way.
pub struct Answer {
    response: Response<Incoming>,
    body: Vec<u8>,
}

/// Sends a request over a connection of its own; returns when the head of the answer is there.
pub async fn post(server: SocketAddr, path: &str, body: String) -> Result<Answer, String> {
    let failed = |error: &dyn std::fmt::Display| format!("POST {path}: {error}");
    let stream = TcpStream::connect(server).await;
    let stream = TokioIo::new(stream.map_err(|error| failed(&error))?);
    let shaken = http1::handshake(stream).await;
    let (mut sender, connection) = shaken.map_err(|error| failed(&error))?;
    // It ends with the answer's end, or when the answer is dropped.
    tokio::spawn(connection);
    let request = Request::post(path)
        .header(header::HOST, server.to_string())
        .header(header::CONTENT_TYPE, V1)
        .header(header::ACCEPT, V1)
        .body(Full::new(Bytes::from(body)));
    let request = request.map_err(|error| failed(&error))?;
    let response = sender.send_request(request).await;
    Ok(Answer {
        response: response.map_err(|error| failed(&error))?,
        body: Vec::new(),
    })
}

impl Answer {
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Waits for the next part of the body; false at its end.
    pub async fn more(&mut self) -> Result<bool, String> {
        let Some(frame) = self.response.body_mut().frame().await else {
            return Ok(false);
        };
        let frame = frame.map_err(|error| format!("the answer broke off: {error}"))?;
        if let Some(data) = frame.data_ref() {
            self.body.extend_from_slice(data);
        }
        match self.body.len() > LARGEST {
            true => Err(format!("the answer is larger than {LARGEST} bytes")),
            false => Ok(true),
        }
    }

    /// The body so far.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The whole body.
    pub async fn text(mut self) -> Result<String, String> {
        while self.more().await? {}
        String::from_utf8(self.body).map_err(|error| format!("the answer is no text: {error}"))
    }
}
