//! The log of one partition: segments, one of which is written.
//!
//! ```text
//! 00000000000000000000.log   00000000000000041200.log   00000000000000083100.log
//! closed: synced, whole      closed                     active: written, synced by commit
//! ```
//!
//! - **A segment is synced before the next one is made**: only the last one can be torn.
//! - **What a reader sees is a whole batch**: the end moves when the batch stands in the file. It may be read before it
//!   is synced; who must not rely on what a power cut can take waits for its own commit.
//! - **A sync that fails is final**: the system may have thrown away what it could not write, and say yes the next time.
//!   The log takes nothing more until it is opened again and every byte was looked at.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use tracing::{error, warn};

use super::{
    batch::{EncodedBatch, salt},
    disk::Disk,
    folder::{self, storage},
    segment::{Cursor, Segment},
};
use crate::{
    Error, ErrorKind, NewRecord, Offset, OffsetSpec, Result, Timestamp,
    local::{self, Bell, FETCH_BYTES, Fetched, Timestamps, TopicConfig, lock},
};

#[derive(Debug)]
pub(super) struct Log {
    /// `topic-3`, for what is said about it.
    name: String,
    dir: PathBuf,
    salt: u32,
    config: TopicConfig,
    segment_bytes: u64,
    disk: Arc<dyn Disk>,
    pub bell: Bell,
    /// What readers see. Held for moments only.
    view: Mutex<View>,
    /// Held over a write to the file: one batch after the other.
    appender: Mutex<Appender>,
    /// Held over a sync: who comes meanwhile finds that it was done for them too. Taken before `appender`.
    synced: Mutex<Offset>,
}

#[derive(Debug)]
struct View {
    /// In the order of their offsets; none, or the last one is active.
    segments: VecDeque<Arc<Segment>>,
    end: Offset,
    /// What stands at the end instead of a batch.
    damage: Option<Error>,
}

#[derive(Debug)]
struct Appender {
    file: Option<Arc<File>>,
    /// Where the next batch goes.
    position: u64,
    end: Offset,
    /// Up to where the file is known to be durable.
    synced: u64,
    /// A write failed in the middle, and what it left could not be cut off yet.
    has_torn_tail: bool,
    /// Why nothing can be written any more.
    failed: Option<Error>,
}

/// What a log needs to know besides its folder.
#[derive(Debug, Clone)]
pub(super) struct LogSettings {
    pub name: String,
    pub topic_id: String,
    pub config: TopicConfig,
    pub segment_bytes: u64,
    pub disk: Arc<dyn Disk>,
}

impl Log {
    /// Opens what is in the folder. A torn tail is cut off; a log that is damaged is open up to the damage.
    pub(super) fn open(dir: PathBuf, settings: LogSettings) -> Result<Self> {
        let salt = salt(&settings.topic_id);
        let opened = open_segments(&dir, &settings.name, salt)?;
        let view = View {
            end: opened.end,
            damage: opened.damage.clone(),
            segments: opened.segments,
        };
        let appender = Appender {
            file: opened.file.map(Arc::new),
            position: opened.position,
            end: opened.end,
            synced: 0,
            has_torn_tail: false,
            failed: opened.damage,
        };
        let config = settings.config;
        Ok(Self {
            segment_bytes: segment_bytes(&config, settings.segment_bytes),
            name: settings.name,
            dir,
            salt,
            config,
            disk: settings.disk,
            bell: Bell::default(),
            view: Mutex::new(view),
            appender: Mutex::new(appender),
            synced: Mutex::new(0),
        })
    }

    /// Writes a batch; returns the offsets of its first record and after its last one.
    pub(super) fn append(&self, records: &[NewRecord], now: Timestamp) -> Result<(Offset, Offset)> {
        let time = match self.config.timestamps {
            Timestamps::Create => None,
            Timestamps::LogAppend => Some(now),
        };
        let mut batch = EncodedBatch::new(records, time, self.salt);
        let mut appender = lock(&self.appender);
        if let Some(error) = &appender.failed {
            return Err(error.clone());
        }
        if records.is_empty() {
            return Ok((appender.end, appender.end));
        }
        let segment = self.segment_for(&mut appender, batch.len())?;
        let (header, bytes) = batch.place(appender.end, appender.synced);
        let base = appender.end;
        self.write(&mut appender, &segment, bytes)?;
        appender.position += bytes.len() as u64;
        appender.end = header.next_offset();
        segment.push(&header);
        lock(&self.view).end = appender.end;
        let end = appender.end;
        drop(appender);
        self.bell.ring();
        if segment.base == base {
            self.retain_or_warn(now);
        }
        Ok((base, end))
    }

    /// Returns when all before `end` is durable. Calls that come together share a sync.
    pub(super) fn sync(&self, end: Offset) -> Result<()> {
        let mut synced = lock(&self.synced);
        if *synced >= end {
            return Ok(());
        }
        let (file, position, written) = {
            let appender = lock(&self.appender);
            if let Some(error) = &appender.failed {
                return Err(error.clone());
            }
            let Some(file) = &appender.file else {
                return Ok(());
            };
            (Arc::clone(file), appender.position, appender.end)
        };
        let done = self.disk.sync(&file);
        let mut appender = lock(&self.appender);
        if let Err(error) = done {
            return Err(self.fail(&mut appender, error));
        }
        *synced = written;
        let is_same = appender
            .file
            .as_ref()
            .is_some_and(|now| Arc::ptr_eq(now, &file));
        if is_same {
            appender.synced = appender.synced.max(position);
        }
        Ok(())
    }

    /// Returns when what was read before `position` is durable. A log that is damaged keeps what can be read of it.
    pub(super) fn sync_read(&self, position: Offset) -> Result<()> {
        match self.sync(position) {
            Err(error) if matches!(error.kind, ErrorKind::Corrupt | ErrorKind::UnknownTopic) => {
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// Whether something stands at `offset`.
    pub(super) fn has(&self, offset: Offset) -> Result<bool> {
        self.find(offset).map(|found| found.is_some())
    }

    /// What stands at `offset`, and where to go on without looking it up.
    pub(super) fn fetch(
        &self,
        offset: Offset,
        cursor: Option<Cursor>,
    ) -> Result<Option<(Fetched, Option<Cursor>)>> {
        let Some(segment) = self.find(offset)? else {
            return Ok(None);
        };
        let read = match segment.read(offset, cursor, FETCH_BYTES) {
            Ok(read) => read,
            Err(error) => return Err(self.explain(offset, error)),
        };
        if !read.batches.is_empty() {
            let cursor = Cursor {
                segment: segment.base,
                offset: read.next_offset,
                position: read.position,
            };
            let fetched = Fetched {
                batches: read.batches,
                next_offset: read.next_offset,
            };
            return Ok(Some((fetched, Some(cursor))));
        }
        // The segment ends before `offset`, and yet the log goes on.
        let damage = segment.with_map(|map| map.damage.clone())?;
        let missing = || segment.damaged(segment.length(), "batches are missing at its end");
        let error = damage.unwrap_or_else(missing);
        Err(self.explain(offset, error))
    }

    pub(super) fn offset(&self, spec: OffsetSpec) -> Result<Offset> {
        let (start, end, segments) = {
            let view = lock(&self.view);
            if let (Some(damage), false) = (&view.damage, spec == OffsetSpec::Earliest) {
                return Err(damage.clone());
            }
            (view.start(), view.end, view.segments.clone())
        };
        match spec {
            OffsetSpec::Earliest => Ok(start),
            OffsetSpec::Latest => Ok(end),
            OffsetSpec::AtTime(time) => {
                for segment in segments {
                    match segment.offset_at(time) {
                        Ok(Some(offset)) => return Ok(offset),
                        Ok(None) => {}
                        // Retention took it meanwhile.
                        Err(_) if segment.base < lock(&self.view).start() => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(end)
            }
        }
    }

    /// Deletes what is due; what cannot be deleted now is due the next time too.
    pub(super) fn retain_or_warn(&self, now: Timestamp) {
        if let Err(error) = self.retain(now) {
            warn!(log = self.name, %error, "old records could not be deleted, will try again");
        }
    }

    /// Deletes the segments that the topic's settings no longer keep; never the active one.
    fn retain(&self, now: Timestamp) -> Result<()> {
        if !self.config.is_deleted_by_retention {
            return Ok(());
        }
        loop {
            let (oldest, total) = {
                let view = lock(&self.view);
                let total = view.segments.iter().map(|segment| segment.length());
                match view.segments.front() {
                    Some(oldest) if view.segments.len() > 1 => {
                        (Arc::clone(oldest), total.sum::<u64>())
                    }
                    _ => return Ok(()),
                }
            };
            if !self.is_due(&oldest, total, now)? {
                return Ok(());
            }
            {
                let mut view = lock(&self.view);
                let is_oldest = |front: &Arc<Segment>| Arc::ptr_eq(front, &oldest);
                if view.segments.front().is_some_and(is_oldest) {
                    view.segments.pop_front();
                }
            }
            remove_file(&oldest.path)?;
        }
    }

    /// Nothing can be written any more, for this reason.
    pub(super) fn shut(&self, reason: Error) {
        let mut appender = lock(&self.appender);
        appender.failed = Some(reason);
        appender.file = None;
        drop(appender);
        self.bell.ring();
    }

    /// Makes all that was written durable.
    pub(super) fn sync_all(&self) -> Result<()> {
        let end = {
            let appender = lock(&self.appender);
            if appender.failed.is_some() {
                return Ok(());
            }
            appender.end
        };
        self.sync(end)
    }

    /// The segment that has what stands at `offset`; `None` at the end.
    fn find(&self, offset: Offset) -> Result<Option<Arc<Segment>>> {
        let view = lock(&self.view);
        if offset < view.start() || offset > view.end {
            return Err(local::out_of_range(offset, view.start(), view.end));
        }
        if offset == view.end {
            let Some(damage) = view.damage.clone() else {
                return Ok(None);
            };
            // It takes the view itself.
            drop(view);
            return Err(self.explain(offset, damage));
        }
        let after = view
            .segments
            .partition_point(|segment| segment.base <= offset);
        let segment = &view.segments[after - 1];
        Ok(Some(Arc::clone(segment)))
    }

    /// A file that is gone was taken by retention meanwhile; everything else is as it was said.
    fn explain(&self, offset: Offset, error: Error) -> Error {
        let view = lock(&self.view);
        if offset < view.start() {
            return local::out_of_range(offset, view.start(), view.end);
        }
        let name = &self.name;
        let message = match error.kind {
            ErrorKind::Corrupt => format!("offset {offset} of {name}: {}", error.message),
            _ => error.message,
        };
        Error { message, ..error }
    }

    /// The segment that a batch of `size` bytes goes to: a new one if the active one is full.
    fn segment_for(&self, appender: &mut Appender, size: u64) -> Result<Arc<Segment>> {
        if appender.has_torn_tail
            && let Some(file) = &appender.file
        {
            let cut = file.set_len(appender.position);
            cut.map_err(|error| storage("cut", &self.dir, error))?;
            appender.has_torn_tail = false;
        }
        let is_full = appender.position > 0 && appender.position + size > self.segment_bytes;
        if appender.file.is_some()
            && !is_full
            && let Some(active) = lock(&self.view).segments.back()
        {
            return Ok(Arc::clone(active));
        }
        if let Some(file) = &appender.file
            && let Err(error) = self.disk.sync(file)
        {
            return Err(self.fail(appender, error));
        }
        self.new_segment(appender)
    }

    fn new_segment(&self, appender: &mut Appender) -> Result<Arc<Segment>> {
        let base = appender.end;
        let path = Segment::path_of(&self.dir, base);
        let mut options = File::options();
        // Truncated: one that was made and then not used, because its folder could not be synced, may be there.
        options.read(true).write(true).create(true).truncate(true);
        let file = options
            .open(&path)
            .map_err(|error| storage("create", &path, error))?;
        folder::sync_folder(&self.dir)?;
        appender.file = Some(Arc::new(file));
        appender.position = 0;
        appender.synced = 0;
        let segment = Arc::new(Segment::active(path, base, self.salt, None));
        lock(&self.view).segments.push_back(Arc::clone(&segment));
        Ok(segment)
    }

    /// Writes all, or leaves nothing behind.
    fn write(&self, appender: &mut Appender, segment: &Segment, bytes: &[u8]) -> Result<()> {
        let file = appender.file.as_ref().expect("a segment was made ready");
        let mut written = 0;
        while written < bytes.len() {
            let position = appender.position + written as u64;
            let failure = match self.disk.write_at(file, &bytes[written..], position) {
                Ok(0) => io::Error::from(io::ErrorKind::WriteZero),
                Ok(more) => {
                    written += more;
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            appender.has_torn_tail = file.set_len(appender.position).is_err();
            return Err(storage("write", &segment.path, failure));
        }
        Ok(())
    }

    fn fail(&self, appender: &mut Appender, error: io::Error) -> Error {
        let reason = format!(
            "could not sync the log of {}: {error}; it takes nothing more until it is opened again",
            self.name
        );
        error!(log = self.name, %error, "log could not be synced");
        let failure = Error::new(ErrorKind::Storage, reason);
        appender.failed = Some(failure.clone());
        failure
    }

    fn is_due(&self, oldest: &Segment, total: u64, now: Timestamp) -> Result<bool> {
        let limit = self.config.retention_bytes;
        if limit.is_some_and(|limit| total - oldest.length() >= limit) {
            return Ok(true);
        }
        let Some(kept) = self.config.retention_ms else {
            return Ok(false);
        };
        let newest = oldest.with_map(|map| map.max_timestamp)?;
        Ok(newest.is_some_and(|newest| newest < now.saturating_sub(kept)))
    }
}

impl View {
    fn start(&self) -> Offset {
        let first = self.segments.front();
        first.map_or(self.end, |segment| segment.base)
    }
}

/// A topic that keeps few bytes has small segments, since only whole ones go.
fn segment_bytes(config: &TopicConfig, default: u64) -> u64 {
    const LEAST: u64 = 64 * 1024;
    let kept = config.retention_bytes.unwrap_or(u64::MAX);
    let small = (kept / 4).max(LEAST);
    config.segment_bytes.unwrap_or(default.min(small))
}

struct Opened {
    segments: VecDeque<Arc<Segment>>,
    file: Option<File>,
    position: u64,
    end: Offset,
    damage: Option<Error>,
}

fn open_segments(dir: &Path, name: &str, salt: u32) -> Result<Opened> {
    let mut found = Vec::new();
    for path in folder::list(dir)? {
        if let Some(base) = Segment::base_of(&path) {
            let size = fs::metadata(&path).map_err(|error| storage("read", &path, error))?;
            found.push(Segment::closed(path, base, salt, size.len()));
        }
    }
    let Some(last) = found.pop() else {
        return Ok(Opened {
            segments: VecDeque::new(),
            file: None,
            position: 0,
            end: 0,
            damage: None,
        });
    };
    let mut segments: VecDeque<_> = found.into_iter().map(Arc::new).collect();
    let recovered = last.recover()?;
    let map = recovered.map;
    let mut options = File::options();
    let file = options.read(true).write(true).open(&last.path);
    let file = file.map_err(|error| storage("open", &last.path, error))?;
    if let Some(reason) = recovered.cut {
        let (kept, cut) = (map.length, last.length() - map.length);
        warn!(log = name, file = %last.path.display(), kept, cut, reason, "torn tail of a log was cut off");
        file.set_len(map.length)
            .and_then(|()| file.sync_all())
            .map_err(|error| storage("cut", &last.path, error))?;
    }
    if let Some(damage) = &map.damage {
        error!(log = name, error = %damage, "log is damaged: it can be read up to there, and takes nothing more");
    }
    let (position, end, damage) = (map.length, map.next_offset, map.damage.clone());
    let last = Segment::active(last.path.clone(), last.base, salt, Some(map));
    segments.push_back(Arc::new(last));
    Ok(Opened {
        segments,
        file: Some(file),
        position,
        end,
        damage,
    })
}

fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(storage("remove", path, error))
        }
        _ => Ok(()),
    }
}
