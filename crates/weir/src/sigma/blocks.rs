//! A file of any size, or standard input, in blocks that end with a line.
//!
//! A block leaves as soon as it is large enough, or nothing more is there yet: what is typed or trickles in is looked at when it
//! comes, what streams in goes in large blocks. What is packed with gzip is unpacked, whatever it is called.
//!
//! The memory of a block that is gone is that of a later one: new memory costs more than what is read into it.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, ErrorKind, Read},
    mem,
    os::fd::{AsFd, OwnedFd},
    path::Path,
    sync::{Arc, Mutex},
};

use bytes::{Bytes, BytesMut};
use flate2::bufread::MultiGzDecoder;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::failure::Failure;

/// What a block grows to, but for a last line that is longer.
const SIZE: usize = 4 << 20;

/// How much is read in one go.
const READ: usize = 256 << 10;

/// Lines of a block at most, so that what they match has a bound too.
const LINES: usize = 4_096;

/// No event is longer; Kafka's own default is a fiftieth of it.
const MAX_LINE: usize = 64 << 20;

/// What a file packed with gzip begins with (RFC 1952); no line of text does.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// Programs on Windows put it before a text. It belongs to no line.
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Memory that is kept at most; more blocks are seldom on their way.
const SPARES: usize = 16;

/// Lines beside one another.
#[derive(Debug)]
pub struct Block {
    bytes: Bytes,
    /// The number of its first line in the file, from 0.
    first: u64,
    spares: Spares,
}

/// Memory of blocks that are gone.
#[derive(Debug, Clone, Default)]
struct Spares(Arc<Mutex<Vec<BytesMut>>>);

impl Spares {
    fn put(&self, memory: BytesMut) {
        // One that a very long line has left is let go.
        if memory.capacity() <= 2 * SIZE
            && let Ok(mut spares) = self.0.lock()
            && spares.len() < SPARES
        {
            spares.push(memory);
        }
    }

    fn take(&self) -> BytesMut {
        let spare = self.0.lock().ok().and_then(|mut spares| spares.pop());
        spare.unwrap_or_default()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // Not if somebody has kept a line, or another block shares it.
        if let Ok(memory) = mem::take(&mut self.bytes).try_into_mut() {
            self.spares.put(memory);
        }
    }
}

impl Block {
    /// The lines that are not blank, without their ends, and their numbers: blank ones are counted too.
    pub fn lines(&self) -> impl Iterator<Item = (u64, Bytes)> + '_ {
        let ends = memchr::memchr_iter(b'\n', &self.bytes).chain([self.bytes.len()]);
        let mut start = 0;
        let lines = ends.map(move |end| {
            let line = start..end;
            start = end + 1;
            line
        });
        lines.zip(self.first..).filter_map(|(line, number)| {
            let line = self.bytes.get(line)?;
            let is_blank = line.trim_ascii().is_empty();
            (!is_blank).then(|| (number, self.bytes.slice_ref(line)))
        })
    }
}

/// Reads blocks one after the other.
pub struct Blocks {
    name: String,
    input: Input,
    /// Begins with a line; what is behind its last line end waits for more. Behind `filled` is what was there before.
    buffer: BytesMut,
    filled: usize,
    spares: Spares,
    /// The number of the buffer's first line.
    line: u64,
    size: usize,
    is_done: bool,
    /// Found behind lines that were good.
    failed: Option<Failure>,
}

enum Input {
    /// Not read from yet.
    File(File),
    Open {
        reader: Box<dyn Read + Send>,
        /// The same file, to ask whether more is there.
        file: Option<OwnedFd>,
    },
}

impl Blocks {
    /// Opens a file; `-` is standard input. Waits for nothing.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let (name, file) = match path == Path::new("-") {
            true => {
                let descriptor = io::stdin().as_fd().try_clone_to_owned();
                ("standard input".to_owned(), descriptor.map(File::from))
            }
            false => (format!("`{}`", path.display()), File::open(path)),
        };
        let file = file.map_err(|error| Failure::new(format!("cannot read {name}: {error}")))?;
        Ok(Self::over(name, Input::File(file), SIZE))
    }

    fn over(name: String, input: Input, size: usize) -> Self {
        Self {
            name,
            input,
            buffer: BytesMut::new(),
            filled: 0,
            spares: Spares::default(),
            line: 0,
            size,
            is_done: false,
            failed: None,
        }
    }

    /// The blocks that come next; none at the end. A failure comes behind the lines that were whole before it.
    pub fn next(&mut self) -> Result<Vec<Block>, Failure> {
        if let Some(failure) = self.failed.take() {
            return Err(failure);
        }
        // Behind the last line end.
        let mut end = 0;
        while !self.is_done {
            let start = self.filled;
            match self.read() {
                Ok(read) => self.is_done = read == 0,
                Err(error) => {
                    let failure = Failure::new(format!("cannot read {}: {error}", self.name));
                    return self.fail(end, |_| failure);
                }
            }
            if let Some(found) = memchr::memrchr(b'\n', &self.buffer[start..self.filled]) {
                end = start + found + 1;
            }
            if self.filled - end > MAX_LINE {
                return self.fail(end, Self::too_long);
            }
            if end > 0 && (end >= self.size || !self.input.has_more()) {
                return Ok(self.cut(end));
            }
        }
        Ok(self.cut(self.filled))
    }

    fn fail(
        &mut self,
        end: usize,
        failure: impl FnOnce(&Self) -> Failure,
    ) -> Result<Vec<Block>, Failure> {
        let whole = self.cut(end);
        let failure = failure(self);
        if whole.is_empty() {
            return Err(failure);
        }
        self.failed = Some(failure);
        Ok(whole)
    }

    /// Appends to the buffer; nothing at the end of the input.
    fn read(&mut self) -> io::Result<usize> {
        let reader = self.input.open()?;
        let wanted = self.filled + READ.min(self.size);
        if self.buffer.len() < wanted {
            // At once as large as a block gets.
            self.buffer
                .resize(wanted.max(self.size + READ.min(self.size)), 0);
        }
        let read = loop {
            match reader.read(&mut self.buffer[self.filled..wanted]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.filled += read;
        Ok(read)
    }

    /// What is before `end`, in blocks that have not too many lines.
    fn cut(&mut self, end: usize) -> Vec<Block> {
        let mut next = self.spares.take();
        let rest = &self.buffer[end..self.filled];
        if next.len() < rest.len() {
            next.resize(rest.len(), 0);
        }
        next[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
        let mut whole = mem::replace(&mut self.buffer, next);
        whole.truncate(end);
        let mut bytes = whole.freeze();
        if self.line == 0 && bytes.starts_with(BYTE_ORDER_MARK) {
            bytes = bytes.slice(BYTE_ORDER_MARK.len()..);
        }
        let mut blocks = Vec::new();
        while !bytes.is_empty() {
            let mut ends = memchr::memchr_iter(b'\n', &bytes).take(LINES);
            let (lines, last) = ends
                .by_ref()
                .fold((0, 0), |(lines, _), end| (lines + 1, end + 1));
            let end = if lines < LINES { bytes.len() } else { last };
            blocks.push(Block {
                bytes: bytes.split_to(end),
                first: self.line,
                spares: self.spares.clone(),
            });
            self.line += lines as u64;
        }
        blocks
    }

    fn too_long(&self) -> Failure {
        let (line, name, most) = (self.line, &self.name, MAX_LINE >> 20);
        Failure::new(format!("line {line} of {name} is longer than {most} MiB"))
    }
}

impl Input {
    /// Looks at how the file begins, the first time.
    fn open(&mut self) -> io::Result<&mut (dyn Read + Send)> {
        if let Self::File(file) = self {
            let same = file.as_fd().try_clone_to_owned()?;
            let mut reader = BufReader::with_capacity(READ, file.try_clone()?);
            let is_packed = loop {
                match reader.fill_buf() {
                    Ok(beginning) => break beginning.starts_with(GZIP),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            };
            let reader: Box<dyn Read + Send> = match is_packed {
                true => Box::new(MultiGzDecoder::new(reader)),
                false => Box::new(reader),
            };
            *self = Self::Open {
                reader,
                file: Some(same),
            };
        }
        match self {
            Self::Open { reader, .. } => Ok(reader),
            Self::File(_) => Err(io::Error::other("the file is not open")),
        }
    }

    /// Whether a read would not have to wait for whoever writes. A file always has more, be it its end.
    fn has_more(&self) -> bool {
        let Self::Open {
            file: Some(file), ..
        } = self
        else {
            return true;
        };
        let mut asked = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
        poll(&mut asked, PollTimeout::ZERO) != Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{Blocks, Input};

    /// Gives a few bytes at a time.
    struct Slow(&'static [u8], usize);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(&mut buffer[..most])
        }
    }

    fn blocks(text: &'static [u8], read: usize, size: usize) -> Blocks {
        let input = Input::Open {
            reader: Box::new(Slow(text, read)),
            file: None,
        };
        Blocks::over("a test".to_owned(), input, size)
    }

    fn lines(mut blocks: Blocks) -> Vec<(u64, String)> {
        let mut lines = Vec::new();
        loop {
            let next = blocks.next().unwrap();
            if next.is_empty() {
                return lines;
            }
            let of_block = next.iter().flat_map(super::Block::lines);
            lines.extend(
                of_block
                    .map(|(number, line)| (number, String::from_utf8_lossy(&line).into_owned())),
            );
        }
    }

    #[test]
    fn lines_are_the_same_however_they_are_cut() {
        let text = "\u{feff}a\n\n bc \r\n\t\r\ndef\nghijklmnop\n\n\nlast".as_bytes();
        let expected: Vec<(u64, String)> = [
            (0, "a"),
            (2, " bc \r"),
            (4, "def"),
            (5, "ghijklmnop"),
            (8, "last"),
        ]
        .map(|(number, line)| (number, line.to_owned()))
        .into();
        for read in 1..20 {
            for size in 1..50 {
                assert_eq!(
                    lines(blocks(text, read, size)),
                    expected,
                    "{read} bytes a read, {size} a block"
                );
            }
        }
        assert_eq!(lines(blocks(b"", 1, 10)), []);
        assert_eq!(lines(blocks(b"\n\n", 1, 10)), []);
    }

    #[test]
    fn what_is_whole_before_a_failure_is_not_lost() {
        struct Torn;
        impl Read for Torn {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                Err(std::io::Error::other("torn"))
            }
        }
        let input = Input::Open {
            reader: Box::new(Slow(b"a\nb\npart", 3).chain(Torn)),
            file: None,
        };
        let mut blocks = Blocks::over("a test".to_owned(), input, 100);
        let whole = blocks.next().unwrap();
        assert_eq!(whole.iter().flat_map(super::Block::lines).count(), 2);
        let failure = blocks.next().unwrap_err().to_string();
        assert_eq!(failure, "error: cannot read a test: torn");
    }

    #[test]
    fn a_block_has_not_too_many_lines() {
        let text: &'static [u8] = "x\n".repeat(10_000).leak().as_bytes();
        let mut blocks = blocks(text, 1 << 20, 1 << 20);
        let counts: Vec<usize> = blocks
            .next()
            .unwrap()
            .iter()
            .map(|block| block.lines().count())
            .collect();
        assert_eq!(counts, [4_096, 4_096, 1_808]);
        assert!(blocks.next().unwrap().is_empty());
    }
}
