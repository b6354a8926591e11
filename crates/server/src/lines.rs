//! The lines of a body that may go on for ever.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::{Buf, Bytes, BytesMut};
use futures::StreamExt;

use crate::error::Refusal;

/// Reads lines as they come; none is longer than `longest`.
pub struct Lines {
    body: BodyDataStream,
    buffer: BytesMut,
    longest: usize,
    /// Where to look on for the end of the line.
    searched: usize,
    has_ended: bool,
}

impl Lines {
    pub fn new(body: Body, longest: usize) -> Self {
        Self {
            body: body.into_data_stream(),
            buffer: BytesMut::new(),
            longest,
            searched: 0,
            has_ended: false,
        }
    }

    /// The first line, for which nobody waits long; `None` if there is none.
    pub async fn first(&mut self, patience: Duration) -> Result<Option<Bytes>, Refusal> {
        let waited = tokio::time::timeout(patience, async {
            loop {
                if let Some(line) = self.take()? {
                    return Ok(Some(line));
                }
                if !self.fill().await? {
                    return Ok(self.rest());
                }
            }
        });
        waited.await.map_err(|_| {
            Refusal::new(
                40800,
                format!(
                    "no line came within {} ms (weir.http.body.timeout.ms)",
                    patience.as_millis()
                ),
            )
        })?
    }

    /// The lines that have come, at least one; `None` at the end of the body. Empty ones are left out.
    pub async fn some(&mut self, most: usize) -> Result<Option<Vec<Bytes>>, Refusal> {
        loop {
            let mut lines = Vec::new();
            while lines.len() < most
                && let Some(line) = self.take()?
            {
                lines.push(line);
            }
            if !lines.is_empty() {
                return Ok(Some(lines));
            }
            if !self.fill().await? {
                return Ok(self.rest().map(|line| vec![line]));
            }
        }
    }

    async fn fill(&mut self) -> Result<bool, Refusal> {
        if self.has_ended {
            return Ok(false);
        }
        match self.body.next().await {
            Some(Ok(bytes)) => {
                self.buffer.extend_from_slice(&bytes);
                Ok(true)
            }
            Some(Err(_)) => Err(Refusal::bad_request("the body ended early")),
            None => {
                self.has_ended = true;
                Ok(false)
            }
        }
    }

    fn take(&mut self) -> Result<Option<Bytes>, Refusal> {
        loop {
            let from = self.searched.min(self.buffer.len());
            let Some(at) = self.buffer[from..].iter().position(|byte| *byte == b'\n') else {
                self.searched = self.buffer.len();
                return match self.buffer.len() > self.longest {
                    true => Err(self.too_long()),
                    false => Ok(None),
                };
            };
            let line = self.buffer.split_to(from + at).freeze();
            self.buffer.advance(1);
            self.searched = 0;
            if line.len() > self.longest {
                return Err(self.too_long());
            }
            if let Some(line) = content(line) {
                return Ok(Some(line));
            }
        }
    }

    /// What stands after the last line break.
    fn rest(&mut self) -> Option<Bytes> {
        self.searched = 0;
        content(self.buffer.split().freeze())
    }

    fn too_long(&self) -> Refusal {
        Refusal::new(
            41300,
            format!(
                "a line is longer than {} bytes (weir.http.max.body.bytes)",
                self.longest
            ),
        )
    }
}

/// Without a carriage return; `None` for an empty line.
fn content(line: Bytes) -> Option<Bytes> {
    let line = match line.last() {
        Some(b'\r') => line.slice(..line.len() - 1),
        _ => line,
    };
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use bytes::Bytes;

    use super::Lines;

    async fn all(chunks: &[&'static str], longest: usize) -> Result<Vec<Bytes>, String> {
        let chunks: Vec<_> = chunks
            .iter()
            .map(|chunk| Ok::<_, std::convert::Infallible>(*chunk))
            .collect();
        let body = Body::from_stream(futures::stream::iter(chunks));
        let mut lines = Lines::new(body, longest);
        let mut read = Vec::new();
        while let Some(some) = lines.some(100).await.map_err(|error| error.message)? {
            read.extend(some);
        }
        Ok(read)
    }

    #[tokio::test]
    async fn lines_come_whole_however_they_are_cut() {
        let expected = ["{1}", "{2}", "{3}"];
        for chunks in [
            &["{1}\n{2}\r\n\n{3}"] as &[_],
            &["{", "1}", "\n", "{2}\n{", "3}\n"],
            &["{1}\n", "", "\n\n{2}\n", "{3}"],
        ] {
            assert_eq!(all(chunks, 10).await.unwrap(), expected, "{chunks:?}");
        }
        assert!(all(&[], 10).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn no_line_is_longer_than_it_may_be() {
        assert!(all(&["12345", "6789", "0123"], 10).await.is_err());
        assert!(all(&["12345678901\n"], 10).await.is_err());
        assert!(all(&["1234567890\n1234567890"], 10).await.is_ok());
    }
}
