//! The two moments at which a disk can betray a log: a write and a sync. A test puts its own in their place.

use std::{
    fmt,
    fs::File,
    io::{self, Seek, SeekFrom, Write},
};

pub trait Disk: fmt::Debug + Send + Sync + 'static {
    /// Writes some of `bytes` at `position`; returns how many. One caller for each file at a time.
    fn write_at(&self, file: &File, bytes: &[u8], position: u64) -> io::Result<usize>;

    /// Returns when all that was written to `file` is durable.
    fn sync(&self, file: &File) -> io::Result<()>;
}

/// The operating system's.
#[derive(Debug, Default)]
pub struct SystemDisk;

impl Disk for SystemDisk {
    fn write_at(&self, mut file: &File, bytes: &[u8], position: u64) -> io::Result<usize> {
        file.seek(SeekFrom::Start(position))?;
        file.write(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }
}
