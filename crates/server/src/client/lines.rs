//! Lines of an answer, as they come.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::{
    Error,
    connection::{Answer, root_cause},
};

/// No line is longer.
const LONGEST: usize = 64 << 20;

/// The lines of one answer. Dropping it closes the connection.
pub struct LineStream {
    url: Arc<str>,
    body: Incoming,
    waiting: BytesMut,
    /// Up to where `waiting` has no line end.
    searched: usize,
    is_done: bool,
}

impl LineStream {
    pub(super) fn new(answer: Answer) -> Self {
        Self {
            url: answer.url,
            body: answer.body,
            waiting: BytesMut::new(),
            searched: 0,
            is_done: false,
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The lines that are there, without their ends, waiting only for the first; `None` at the end. Nothing is lost if
    /// it is not waited for to the end.
    pub async fn next(&mut self) -> Result<Option<Vec<Bytes>>, Error> {
        loop {
            let lines = self.complete();
            if !lines.is_empty() {
                return Ok(Some(lines));
            }
            if self.is_done {
                let rest = self.waiting.split().freeze();
                self.searched = 0;
                return Ok((!rest.is_empty()).then(|| vec![rest]));
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Result<(), Error> {
        match self.body.frame().await {
            None => self.is_done = true,
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    self.waiting.extend_from_slice(&data);
                }
            }
            Some(Err(error)) => {
                return Err(Error::Lost {
                    url: self.url.to_string(),
                    why: root_cause(&error),
                });
            }
        }
        if self.waiting.len() > LONGEST {
            return Err(Error::Foreign {
                url: self.url.to_string(),
                why: format!("a line of its answer is longer than {} MiB", LONGEST >> 20),
            });
        }
        Ok(())
    }

    fn complete(&mut self) -> Vec<Bytes> {
        let mut lines = Vec::new();
        while let Some(found) = memchr::memchr(b'\n', &self.waiting[self.searched..]) {
            let mut line = self.waiting.split_to(self.searched + found + 1);
            self.searched = 0;
            line.truncate(line.len() - 1);
            if line.last() == Some(&b'\r') {
                line.truncate(line.len() - 1);
            }
            lines.push(line.freeze());
        }
        self.searched = self.waiting.len();
        lines
    }
}
