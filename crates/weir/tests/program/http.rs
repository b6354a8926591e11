//! A server that runs, and plain HTTP/1.1 to it: every byte of a request is the test's.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::{Done, LIMIT, Place, Process, Target};

pub struct Server {
    pub url: String,
    pub process: Process,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// In lower case.
    pub head: String,
    pub body: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{self:#?}");
        self.json()
    }

    #[track_caller]
    pub fn refused(self, code: u32) -> Value {
        assert_eq!(u32::from(self.status), code / 100, "{self:#?}");
        let body = self.json();
        assert_eq!(body["error_code"], code, "{body}");
        body
    }
}

impl Server {
    /// A server on a port of its own.
    #[track_caller]
    pub fn start(place: &Place, target: &Target, more: &[&str]) -> Self {
        let mut arguments = target.on(&["server", "--listen", "127.0.0.1:0"]);
        arguments.extend(more);
        Self::of(Process::start(&mut place.weir(&arguments)))
    }

    /// A server that was started somehow.
    #[track_caller]
    pub fn of(mut process: Process) -> Self {
        let said = process.wait_for_error("listening on ");
        let url = said.trim().trim_start_matches("listening on ").to_owned();
        Self { url, process }
    }

    pub fn address(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_write_timeout(Some(LIMIT)).unwrap();
        stream
    }

    /// A request with these headers, one a line, to the end of its answer.
    #[track_caller]
    pub fn ask(&self, line: &str, headers: &str, body: &str) -> Answer {
        let mut stream = self.connect();
        let host = match headers.contains("Host:") {
            true => String::new(),
            false => format!("Host: {}\r\n", self.address()),
        };
        let headers: String = headers
            .lines()
            .map(|header| format!("{header}\r\n"))
            .collect();
        let request = format!(
            "{line} HTTP/1.1\r\n{host}{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        read_answer(stream)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), "", "")
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let json = "Content-Type: application/json";
        self.ask(&format!("POST {path}"), json, &body.to_string())
    }

    /// Statements to `/ksql`.
    pub fn ksql(&self, statements: &str) -> Answer {
        self.post("/ksql", &json!({"ksql": statements}))
    }

    /// A query to `/query`, from the beginning; the elements of its answer.
    #[track_caller]
    pub fn query(&self, query: &str) -> Vec<Value> {
        let properties = json!({"auto.offset.reset": "earliest"});
        let body = json!({"ksql": query, "streamsProperties": properties});
        match self.post("/query", &body).ok() {
            Value::Array(elements) => elements,
            other => panic!("{other}"),
        }
    }

    /// Ends it as a service manager does.
    #[track_caller]
    pub fn stop(self) -> Done {
        self.process.signal(Signal::SIGTERM);
        let done = self.process.done();
        assert!(done.status.success(), "{done:#?}");
        done
    }
}

#[track_caller]
pub fn read_answer(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {text:?}"));
    let head = head.to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body = match head.contains("transfer-encoding: chunked") {
        true => unchunked(body),
        false => body.to_owned(),
    };
    Answer { status, head, body }
}

/// The chunks' content.
fn unchunked(mut text: &str) -> String {
    let mut body = String::new();
    while let Some((size, rest)) = text.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            break;
        }
        body += &rest[..size];
        text = &rest[size + 2..];
    }
    body
}

/// Reads until this is there; for answers that go on.
#[track_caller]
pub fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut read = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let length = stream.read(&mut chunk).unwrap();
        read.extend_from_slice(&chunk[..length]);
        let so_far = String::from_utf8_lossy(&read);
        if so_far.contains(text) {
            return so_far.into_owned();
        }
        assert!(length > 0, "no `{text}` in {so_far}");
    }
}

/// How long something that should happen at once may take on a busy machine.
pub const SOON: Duration = Duration::from_secs(5);
