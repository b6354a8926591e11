//! Lines of a file or of standard input, with a bound on their length.

use std::{io, path::Path};

use bytes::Bytes;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, BufReader};

use crate::failure::Failure;

/// No record is longer; Kafka's own default is a fiftieth of it.
const MAX_LINE: usize = 64 << 20;

/// Reads lines one after the other; a last line needs no end.
pub struct Lines {
    name: String,
    reader: Box<dyn AsyncBufRead + Unpin + Send>,
    buffer: Vec<u8>,
    number: u64,
}

impl Lines {
    /// Opens a file; `-` is standard input.
    pub async fn open(path: &Path) -> Result<Self, Failure> {
        let name = if path == Path::new("-") {
            "standard input".to_owned()
        } else {
            format!("`{}`", path.display())
        };
        let reader: Box<dyn AsyncBufRead + Unpin + Send> = if path == Path::new("-") {
            Box::new(BufReader::with_capacity(1 << 20, tokio::io::stdin()))
        } else {
            let file = tokio::fs::File::open(path)
                .await
                .map_err(|error| Failure::new(format!("cannot read {name}: {error}")))?;
            Box::new(BufReader::with_capacity(1 << 20, file))
        };
        Ok(Self {
            name,
            reader,
            buffer: Vec::new(),
            number: 0,
        })
    }

    /// The next line that is not empty, without its end; `None` at the end of the input.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            self.buffer.clear();
            self.number += 1;
            let is_line = self
                .read_line()
                .await
                .map_err(|error| Failure::new(format!("cannot read {}: {error}", self.name)))?;
            while matches!(self.buffer.last(), Some(b'\n' | b'\r')) {
                self.buffer.pop();
            }
            if self.buffer.len() > MAX_LINE {
                return Err(Failure::new(format!(
                    "line {} of {} is longer than {} MiB",
                    self.number,
                    self.name,
                    MAX_LINE >> 20
                )));
            }
            if !self.buffer.is_empty() {
                return Ok(Some(Bytes::copy_from_slice(&self.buffer)));
            }
            if !is_line {
                return Ok(None);
            }
        }
    }

    /// Appends up to and with the next line end; stops where the line is too long. False at the end of the input.
    async fn read_line(&mut self) -> io::Result<bool> {
        loop {
            let available = self.reader.fill_buf().await?;
            if available.is_empty() {
                return Ok(false);
            }
            let end = memchr::memchr(b'\n', available);
            let taken = end.map_or(available.len(), |end| end + 1);
            self.buffer.extend_from_slice(&available[..taken]);
            self.reader.consume(taken);
            if end.is_some() || self.buffer.len() > MAX_LINE {
                return Ok(true);
            }
        }
    }
}
