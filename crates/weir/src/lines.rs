//! Lines of a file or of standard input, with a bound on their length.

use std::{io, path::Path, time::Duration};

use bytes::Bytes;
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, BufReader},
    time::Instant,
};

use crate::failure::Failure;

/// No record is longer; Kafka's own default is a fiftieth of it.
const MAX_LINE: usize = 64 << 20;

/// What a file packed with gzip begins with (RFC 1952); no line of text does.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// How long a line that is there waits for others: what is typed leaves at once, what streams in leaves in large chunks.
const LINGER: Duration = Duration::from_millis(5);

/// Reads lines one after the other; a last line needs no end.
pub struct Lines {
    name: String,
    reader: Box<dyn AsyncBufRead + Unpin + Send>,
    /// A line that was read in part.
    buffer: Vec<u8>,
    number: u64,
    is_done: bool,
    /// Found behind lines that were good.
    failed: Option<Failure>,
}

impl Lines {
    /// Opens a file; `-` is standard input.
    pub async fn open(path: &Path) -> Result<Self, Failure> {
        let name = if path == Path::new("-") {
            "standard input".to_owned()
        } else {
            format!("`{}`", path.display())
        };
        if path == Path::new("-") {
            let reader = BufReader::with_capacity(1 << 20, tokio::io::stdin());
            return Ok(Self::over(name, Box::new(reader)));
        }
        let cannot = |error: io::Error| Failure::new(format!("cannot read {name}: {error}"));
        let file = tokio::fs::File::open(path).await.map_err(cannot)?;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        if reader.fill_buf().await.map_err(cannot)?.starts_with(GZIP) {
            return Err(Failure::new(format!("{name} is packed with gzip")).hint(
                "unpack it into a pipe: `gzip -dc FILE | weir …`, with `-` in the file's place",
            ));
        }
        Ok(Self::over(name, Box::new(reader)))
    }

    fn over(name: String, reader: Box<dyn AsyncBufRead + Unpin + Send>) -> Self {
        Self {
            name,
            reader,
            buffer: Vec::new(),
            number: 0,
            is_done: false,
            failed: None,
        }
    }

    /// Lines that are there, up to a number and a size, waiting only for the first; none at the end of the input.
    pub async fn next_chunk(&mut self, most: usize, bytes: usize) -> Result<Vec<Bytes>, Failure> {
        if let Some(failure) = self.failed.take() {
            return Err(failure);
        }
        let Some(first) = self.next().await? else {
            return Ok(Vec::new());
        };
        let (mut size, mut chunk) = (first.len(), vec![first]);
        let until = Instant::now() + LINGER;
        while chunk.len() < most && size < bytes {
            match tokio::time::timeout_at(until, self.next()).await {
                Ok(Ok(Some(line))) => {
                    size += line.len();
                    chunk.push(line);
                }
                Ok(Err(failure)) => {
                    self.failed = Some(failure);
                    break;
                }
                Ok(Ok(None)) | Err(_) => break,
            }
        }
        Ok(chunk)
    }

    /// The next line that is not empty, without its end; `None` at the end of the input. Nothing is lost if it is not
    /// waited for to the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        while !self.is_done {
            self.is_done = !self
                .read_line()
                .await
                .map_err(|error| Failure::new(format!("cannot read {}: {error}", self.name)))?;
            self.number += 1;
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
                let line = Bytes::copy_from_slice(&self.buffer);
                self.buffer.clear();
                return Ok(Some(line));
            }
        }
        Ok(None)
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, BufReader};

    use super::Lines;

    async fn chunk(lines: &mut Lines) -> Vec<String> {
        let chunk = lines.next_chunk(100, 1 << 20).await.unwrap();
        let texts = chunk
            .iter()
            .map(|line| String::from_utf8_lossy(line).into_owned());
        texts.collect()
    }

    #[tokio::test]
    async fn a_line_that_is_there_does_not_wait_for_the_next() {
        let (mut typed, read) = tokio::io::duplex(1024);
        let mut lines = Lines::over("a pipe".to_owned(), Box::new(BufReader::new(read)));
        typed.write_all(b"a\n\nb\r\npart").await.unwrap();
        assert_eq!(chunk(&mut lines).await, ["a", "b"]);
        typed.write_all(b"ly\nlast").await.unwrap();
        drop(typed);
        assert_eq!(chunk(&mut lines).await, ["partly", "last"]);
        assert!(chunk(&mut lines).await.is_empty());
        assert!(chunk(&mut lines).await.is_empty());
    }
}
