//! A file of events in memory, so that no run reads a disk.

use std::{fs::File, io::Read, path::Path};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use crate::failure::Failure;

/// The lines of a file, slices of one buffer.
pub struct Events {
    pub lines: Vec<Bytes>,
    /// Of the lines, without their ends.
    pub bytes: u64,
}

impl Events {
    /// Reads a file of lines, unpacked if its name ends in `.gz`; empty lines are no events.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let cannot_read = |error: std::io::Error| {
            Failure::new(format!("cannot read `{}`: {error}", path.display()))
        };
        let mut file = File::open(path).map_err(cannot_read)?;
        let mut buffer = Vec::new();
        if path.extension().is_some_and(|extension| extension == "gz") {
            MultiGzDecoder::new(file)
                .read_to_end(&mut buffer)
                .map_err(cannot_read)?;
        } else {
            file.read_to_end(&mut buffer).map_err(cannot_read)?;
        }
        let events = Self::of(Bytes::from(buffer));
        if events.lines.is_empty() {
            return Err(Failure::new(format!(
                "`{}` holds no events",
                path.display()
            )));
        }
        Ok(events)
    }

    fn of(buffer: Bytes) -> Self {
        let mut lines = Vec::new();
        let mut start = 0;
        let ends = memchr::memchr_iter(b'\n', &buffer).chain([buffer.len()]);
        for end in ends {
            if end > start {
                lines.push(buffer.slice(start..end));
            }
            start = end + 1;
        }
        let bytes = lines.iter().map(|line| line.len() as u64).sum();
        Self { lines, bytes }
    }
}
