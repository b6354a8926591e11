//! One file of a partition's log: batch after batch.
//!
//! A segment's map says where its batches stand: an entry for every [`MAP_STEP`] bytes, in memory. The segment that is
//! written has its map from the start; a closed one gets it when it is first read, by going from header to header.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::{Bytes, BytesMut};

use super::{
    batch::{BatchHeader, HEADER},
    folder::storage,
};
use crate::{
    Error, ErrorKind, FetchedBatch, Offset, Result, Timestamp,
    local::{FETCH_RECORDS, lock},
};

const MAP_STEP: u64 = 64 * 1024;

#[derive(Debug)]
pub(super) struct Segment {
    /// The offset that its first batch has or will have.
    pub base: Offset,
    pub path: PathBuf,
    salt: u32,
    /// Bytes in the file, as far as they are batches.
    length: AtomicU64,
    map: Mutex<Option<Map>>,
}

/// Where batches stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Map {
    entries: Vec<Entry>,
    /// Up to where there are batches.
    pub length: u64,
    pub next_offset: Offset,
    pub max_timestamp: Option<Timestamp>,
    /// What stands at `length` instead of a batch, if it is not the end of the file.
    pub damage: Option<Error>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    offset: Offset,
    position: u64,
    /// The largest timestamp before this entry.
    max_before: Option<Timestamp>,
}

/// Where a reader goes on without asking the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    pub segment: Offset,
    pub offset: Offset,
    pub position: u64,
}

/// What one read gave.
#[derive(Debug, Default)]
pub(super) struct Batches {
    pub batches: Vec<FetchedBatch>,
    /// Past the last batch that was looked at.
    pub next_offset: Offset,
    pub position: u64,
}

impl Map {
    fn new(base: Offset) -> Self {
        Self {
            next_offset: base,
            ..Self::default()
        }
    }

    /// Takes in the batch that follows.
    fn push(&mut self, header: &BatchHeader) {
        let is_due = self
            .entries
            .last()
            .is_none_or(|last| self.length - last.position >= MAP_STEP);
        if is_due {
            self.entries.push(Entry {
                offset: header.base,
                position: self.length,
                max_before: self.max_timestamp,
            });
        }
        self.length += header.total();
        self.next_offset = header.next_offset();
        self.max_timestamp = self.max_timestamp.max(Some(header.max_timestamp));
    }

    /// Where to look for `offset`: at a batch at or before it.
    fn position(&self, offset: Offset) -> u64 {
        let after = self.entries.partition_point(|entry| entry.offset <= offset);
        let entry = after.checked_sub(1).map(|index| self.entries[index]);
        entry.map_or(0, |entry| entry.position)
    }

    /// Where to look for the first record at or after `time`.
    fn position_at(&self, time: Timestamp) -> u64 {
        let is_before = |entry: &Entry| entry.max_before.is_none_or(|max| max < time);
        let after = self.entries.partition_point(is_before);
        let entry = after.checked_sub(1).map(|index| self.entries[index]);
        entry.map_or(0, |entry| entry.position)
    }
}

impl Segment {
    /// A file that is there and whose map is not yet known.
    pub(super) fn closed(path: PathBuf, base: Offset, salt: u32, length: u64) -> Self {
        Self {
            base,
            path,
            salt,
            length: AtomicU64::new(length),
            map: Mutex::new(None),
        }
    }

    /// The file that is written, with what is in it so far.
    pub(super) fn active(path: PathBuf, base: Offset, salt: u32, map: Option<Map>) -> Self {
        let map = map.unwrap_or_else(|| Map::new(base));
        Self {
            base,
            path,
            salt,
            length: AtomicU64::new(map.length),
            map: Mutex::new(Some(map)),
        }
    }

    pub(super) fn path_of(dir: &Path, base: Offset) -> PathBuf {
        dir.join(format!("{base:020}.log"))
    }

    /// The base offset in a file's name; `None` if it is no segment's name.
    pub(super) fn base_of(path: &Path) -> Option<Offset> {
        let name = path.file_name()?.to_str()?;
        let digits = name.strip_suffix(".log")?;
        let is_ours = digits.len() == 20 && digits.bytes().all(|digit| digit.is_ascii_digit());
        is_ours.then(|| digits.parse().ok()).flatten()
    }

    pub(super) fn length(&self) -> u64 {
        self.length.load(Ordering::Acquire)
    }

    /// Takes in a batch that was just written at the end.
    pub(super) fn push(&self, header: &BatchHeader) {
        if let Some(map) = &mut *lock(&self.map) {
            map.push(header);
            self.length.store(map.length, Ordering::Release);
        }
    }

    /// Its map; of a closed segment that was not read yet, made now.
    pub(super) fn with_map<T>(&self, look: impl FnOnce(&Map) -> T) -> Result<T> {
        let mut map = lock(&self.map);
        let map = match &mut *map {
            Some(map) => map,
            empty => empty.insert(self.walk()?),
        };
        Ok(look(map))
    }

    /// Batches that hold `offset` and what follows, up to about `bytes`. The segment must reach past `offset`.
    pub(super) fn read(
        &self,
        offset: Offset,
        cursor: Option<Cursor>,
        bytes: usize,
    ) -> Result<Batches> {
        let known = cursor.filter(|at| at.segment == self.base && at.offset == offset);
        let (length, position) = self.with_map(|map| {
            let position = known.map_or_else(|| map.position(offset), |at| at.position);
            (map.length, position)
        })?;
        let mut file = self.open()?;
        let mut read = Batches {
            position,
            next_offset: offset,
            ..Batches::default()
        };
        let mut wanted = bytes as u64;
        while read.batches.is_empty() && read.position < length {
            let size = wanted.min(length - read.position);
            let buffer = self.read_at(&mut file, read.position, size)?;
            let before = read.position;
            let needed = self.take(&buffer, offset, &mut read)?;
            if read.batches.is_empty() && read.position == before && needed <= size {
                return Err(self.damaged(before, "no batch begins here"));
            }
            wanted = needed.max(bytes as u64);
        }
        Ok(read)
    }

    /// The first record at or after `time`, if there is one in this segment.
    pub(super) fn offset_at(&self, time: Timestamp) -> Result<Option<Offset>> {
        let (length, mut position) = self.with_map(|map| {
            let is_there = map.max_timestamp >= Some(time);
            (if is_there { map.length } else { 0 }, map.position_at(time))
        })?;
        let mut file = self.open()?;
        while position < length {
            let header = self.read_at(&mut file, position, HEADER as u64)?;
            let header = self.parse(&header, position)?;
            if header.max_timestamp >= time {
                let records = position + HEADER as u64;
                let records = self.read_at(&mut file, records, header.length.into())?;
                let batch = self.decode(&header, &records, header.base, position)?;
                let mut records = batch.records.iter();
                let found = records.find(|record| record.timestamp >= time);
                if let Some(found) = found {
                    return Ok(Some(found.offset));
                }
            }
            position += header.total();
        }
        Ok(None)
    }

    pub(super) fn damaged(&self, position: u64, what: &str) -> Error {
        let path = self.path.display();
        let reason = format!("{path} is damaged at byte {position}: {what}");
        Error::new(ErrorKind::Corrupt, reason)
    }

    pub(super) fn open(&self) -> Result<File> {
        File::open(&self.path).map_err(|error| storage("open", &self.path, error))
    }

    /// Takes whole batches out of `buffer`. Returns how many bytes the first one needs if it is not whole.
    fn take(&self, buffer: &Bytes, offset: Offset, read: &mut Batches) -> Result<u64> {
        let (mut at, mut records_read) = (0, 0);
        while let Some(rest) = buffer.get(at..).filter(|rest| rest.len() >= HEADER) {
            let header = match self.parse(rest, read.position) {
                Ok(header) => header,
                // What came before the damage is handed over first.
                Err(_) if !read.batches.is_empty() => break,
                Err(error) => return Err(error),
            };
            let total = header.total() as usize;
            if header.next_offset() > offset {
                if rest.len() < total {
                    return Ok(header.total());
                }
                let records = buffer.slice(at + HEADER..at + total);
                match self.decode(&header, &records, offset, read.position) {
                    Ok(batch) => {
                        records_read += batch.records.len();
                        read.batches.push(batch);
                    }
                    Err(_) if !read.batches.is_empty() => break,
                    Err(error) => return Err(error),
                }
                read.next_offset = header.next_offset();
            }
            at += total;
            read.position += header.total();
            if records_read >= FETCH_RECORDS {
                break;
            }
        }
        Ok(0)
    }

    fn decode(
        &self,
        header: &BatchHeader,
        records: &Bytes,
        from: Offset,
        position: u64,
    ) -> Result<FetchedBatch> {
        let checked = header.check(records, self.salt);
        let batch = checked.and_then(|()| header.decode(records, from));
        batch.map_err(|what| self.damaged(position, what))
    }

    fn parse(&self, bytes: &[u8], position: u64) -> Result<BatchHeader> {
        BatchHeader::parse(bytes, self.salt).map_err(|what| self.damaged(position, what))
    }

    /// Exactly `size` bytes, in one go.
    fn read_at(&self, file: &mut File, position: u64, size: u64) -> Result<Bytes> {
        // Read into room that nobody fills with zeros first.
        let mut buffer = Vec::with_capacity(size as usize);
        let read = file
            .seek(SeekFrom::Start(position))
            .and_then(|_| file.take(size).read_to_end(&mut buffer));
        match read {
            Ok(_) if buffer.len() as u64 == size => Ok(Bytes::from(buffer)),
            Ok(_) => Err(self.damaged(position, "the file was cut short")),
            Err(error) => Err(storage("read", &self.path, error)),
        }
    }

    /// Goes from header to header. The records are checked when they are read.
    fn walk(&self) -> Result<Map> {
        let length = self.length();
        let mut file = self.open()?;
        let mut map = Map::new(self.base);
        while map.length < length {
            let size = (HEADER as u64).min(length - map.length);
            let header = self
                .read_at(&mut file, map.length, size)
                .and_then(|bytes| self.parse(&bytes, map.length))
                .and_then(|header| self.follow(&map, &header, length));
            match header {
                Ok(header) => map.push(&header),
                Err(error) if error.kind == ErrorKind::Corrupt => {
                    map.damage = Some(error);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(map)
    }

    /// Whether a batch can follow what was seen so far.
    fn follow(&self, map: &Map, header: &BatchHeader, length: u64) -> Result<BatchHeader> {
        if header.base < map.next_offset {
            return Err(self.damaged(
                map.length,
                "a batch's offset is below that of the one before",
            ));
        }
        if map.length + header.total() > length {
            return Err(self.damaged(map.length, "a batch reaches past the end of the file"));
        }
        Ok(*header)
    }

    /// Looks at every byte of the file, which was the last one when the process ended.
    pub(super) fn recover(&self) -> Result<Recovered> {
        let mut file = io::BufReader::with_capacity(1 << 20, self.open()?);
        let length = self.length();
        let mut map = Map::new(self.base);
        let mut buffer = BytesMut::new();
        while map.length < length {
            match self.next_whole(&mut file, &map, length, &mut buffer)? {
                Ok(header) => map.push(&header),
                Err(what) => return self.judge(map, what),
            }
        }
        Ok(Recovered { map, cut: None })
    }

    fn next_whole(
        &self,
        file: &mut impl Read,
        map: &Map,
        length: u64,
        buffer: &mut BytesMut,
    ) -> Result<std::result::Result<BatchHeader, &'static str>> {
        let left = length - map.length;
        if left < HEADER as u64 {
            return Ok(Err("it ends in a header"));
        }
        buffer.resize(HEADER, 0);
        let failed = |error| storage("read", &self.path, error);
        file.read_exact(buffer).map_err(failed)?;
        let header = match BatchHeader::parse(buffer, self.salt) {
            Ok(header) => header,
            Err(what) => return Ok(Err(what)),
        };
        if header.base != map.next_offset {
            return Ok(Err("a batch does not follow the one before"));
        }
        if header.total() > left {
            return Ok(Err("a batch reaches past the end of the file"));
        }
        buffer.resize(header.length as usize, 0);
        file.read_exact(buffer).map_err(failed)?;
        Ok(header.check(buffer, self.salt).map(|()| header))
    }

    /// What is not a batch is a torn tail, unless a later batch says that it was durable.
    fn judge(&self, mut map: Map, what: &'static str) -> Result<Recovered> {
        if self.is_relied_on(map.length)? {
            map.damage = Some(self.damaged(map.length, what));
            return Ok(Recovered { map, cut: None });
        }
        Ok(Recovered {
            map,
            cut: Some(what),
        })
    }

    /// Whether some batch after `position` was written when what stands there was already synced.
    fn is_relied_on(&self, position: u64) -> Result<bool> {
        const STEP: u64 = 1 << 20;
        let mut file = self.open()?;
        let mut start = position + 1;
        while start < self.length() {
            // Steps overlap by a header, so that none is missed at a border.
            let size = (STEP + HEADER as u64).min(self.length() - start);
            let bytes = self.read_at(&mut file, start, size)?;
            let mut places = memchr::memmem::find_iter(&bytes, super::batch::MAGIC);
            let is_later = |at: usize| {
                let header = BatchHeader::parse(&bytes[at..], self.salt);
                header.is_ok_and(|header| header.synced > position)
            };
            if places.any(is_later) {
                return Ok(true);
            }
            start += STEP;
        }
        Ok(false)
    }
}

/// What a file turned out to hold.
#[derive(Debug)]
pub(super) struct Recovered {
    pub map: Map,
    /// Why the rest is to be cut off, if there is a rest.
    pub cut: Option<&'static str>,
}
