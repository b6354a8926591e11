//! The log's file: opened, written to, written anew.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use serde_json::value::RawValue;

use super::{
    cannot, damaged,
    held::{Held, Index, Place},
    line::{self, Entry, Head, Told, VERSION},
    lock,
};
use crate::Error;

/// The log's name in its folder.
pub(super) const NAME: &str = "checkpoints.log";

/// A log this short is not worth writing anew.
const SHORT: u64 = 1 << 20;

/// How many times as long as what holds the log may become.
const SLACK: u64 = 4;

/// No log comes near; a file that does is none of ours.
const LARGEST: u64 = 4 << 30;

/// What is written anew goes into lines of about this length.
const LINE: usize = 64 << 10;

/// How many damaged lines, and how many queries, an error names.
const NAMED: usize = 8;

#[derive(Debug)]
pub(super) struct Log {
    /// Open from the start: that a name is durable must not hang on there being one more file to be had.
    pub(super) folder: File,
    path: PathBuf,
    pub(super) file: File,
    /// Where the next line goes.
    end: u64,
    held: Arc<Mutex<Held>>,
    /// From which length on it is looked at whether to write it anew.
    pub(super) patience: u64,
    doubt: Doubt,
}

/// What nobody knows after a failure, and has to be settled before anything more is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    Nothing,
    /// What stands behind the end.
    BehindTheEnd,
    /// What the disk has of all that was written.
    Everything,
}

/// What was found in a log.
#[derive(Default)]
struct Scan {
    index: Index,
    /// Where the last whole line ends.
    end: usize,
    /// How many lines are whole.
    whole: usize,
    /// Lines that cannot be read, and may say what holds.
    damaged: Vec<Damaged>,
    /// Lines that cannot be read, and say nothing that still holds.
    superseded: Vec<Damaged>,
}

struct Damaged {
    number: usize,
    at: usize,
    /// Whole lines before it.
    before: usize,
}

impl Log {
    /// Opens or makes it, clears away what a crash left half written, and finds what holds.
    pub fn open(folder: &Path) -> Result<(Self, Arc<Mutex<Held>>), Error> {
        let path = folder.join(NAME);
        let cannot = |error| cannot("open", &path, error);
        fs::create_dir_all(folder).map_err(cannot)?;
        clear_away(folder).map_err(cannot)?;
        let folder = File::open(folder).map_err(cannot)?;
        let (mut file, reader) = match open_both(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = put_in_place(&path, line::head()?.as_bytes()).map_err(cannot)?;
                folder.sync_all().map_err(cannot)?;
                made
            }
            opened => opened.map_err(cannot)?,
        };
        let text = read_all(&mut file, &path)?;
        let scan = Scan::of(&text, &path)?;
        let held = Arc::new(Mutex::new(Held {
            file: reader,
            index: scan.index,
        }));
        let mut log = Self {
            folder,
            path,
            file,
            end: scan.end as u64,
            held: held.clone(),
            patience: SHORT,
            doubt: Doubt::Nothing,
        };
        if let Some(first) = scan.superseded.first() {
            let lines = scan.superseded.len();
            tracing::warn!(file = %log.path.display(), first = first.number, lines, "lines are damaged that say nothing which still holds");
            // Written anew it is without them.
            log.doubt = Doubt::Everything;
        }
        let torn = text.len() - scan.end;
        if torn > 0 {
            tracing::warn!(file = %log.path.display(), bytes = torn, "the last line was not written whole, it is left out");
            log.cut()
                .map_err(|error| super::cannot("write", &log.path, error))?;
        }
        Ok((log, held))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends entries as one line; returns when it is durable, and they hold.
    pub fn append(&mut self, told: &[Told]) -> Result<(), Error> {
        let cannot = |error, path: &Path| cannot("write", path, error);
        self.settle().map_err(|error| cannot(error, &self.path))?;
        let sum = lock(&self.held).index.sum;
        let (line, offsets) = line::write(sum, told.iter().map(|told| told.text.as_str()));
        self.write(&line)
            .map_err(|error| cannot(error, &self.path))?;
        let mut held = lock(&self.held);
        for (told, offset) in told.iter().zip(offsets) {
            let place = Place::of(&told.text, self.end + offset as u64);
            held.index.hold(&told.query, told.what, place);
        }
        self.end += line.len() as u64;
        Ok(())
    }

    /// The same, in as many lines as it takes.
    pub fn append_many(&mut self, told: &[Told]) -> Result<(), Error> {
        in_lines(told).try_for_each(|told| self.append(told))
    }

    /// Writes what holds anew when the log is several times as long.
    pub fn shorten(&mut self) {
        let live = lock(&self.held).index.live;
        let is_short = self.end < self.patience || self.end < SLACK * live;
        if is_short || self.doubt != Doubt::Nothing {
            return;
        }
        if let Err(error) = self.write_anew() {
            tracing::warn!(file = %self.path.display(), %error, "the log of checkpoints could not be shortened");
            self.patience = 2 * self.end;
        }
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        self.doubt = Doubt::BehindTheEnd;
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(line.as_bytes())?;
        // A sync that fails may have let go of what it could not write: it says nothing of any byte, also the next time.
        self.doubt = Doubt::Everything;
        self.file.sync_data()?;
        self.doubt = Doubt::Nothing;
        Ok(())
    }

    /// Sees to it that the log ends where it should, and that the disk has it.
    fn settle(&mut self) -> io::Result<()> {
        if self.doubt == Doubt::BehindTheEnd {
            self.doubt = Doubt::Everything;
            // A full disk has no room to write everything again, and needs none for this.
            if self.cut().is_ok() {
                self.doubt = Doubt::Nothing;
            }
        }
        match self.doubt {
            Doubt::Nothing => Ok(()),
            Doubt::BehindTheEnd | Doubt::Everything => self.write_anew(),
        }
    }

    fn cut(&self) -> io::Result<()> {
        self.file.set_len(self.end)?;
        self.file.sync_all()
    }

    /// What holds, in a file of its own that takes the log's place.
    fn write_anew(&mut self) -> io::Result<()> {
        let told = self.all_that_holds()?;
        let mut text = line::head().map_err(io::Error::other)?;
        let mut index = Index::default();
        for told in in_lines(&told) {
            let entries = told.iter().map(|told| told.text.as_str());
            let (line, offsets) = line::write(index.sum, entries);
            for (told, offset) in told.iter().zip(offsets) {
                let place = Place::of(&told.text, (text.len() + offset) as u64);
                index.hold(&told.query, told.what, place);
            }
            text.push_str(&line);
        }
        let (file, reader) = put_in_place(&self.path, text.as_bytes())?;
        // From here on this is the file of that name, whatever else comes.
        self.file = file;
        self.end = text.len() as u64;
        self.patience = SHORT;
        *lock(&self.held) = Held {
            file: reader,
            index,
        };
        // The name is durable only when the folder is: after a power cut it could be the old file's again.
        self.doubt = Doubt::Everything;
        self.folder.sync_all()?;
        self.doubt = Doubt::Nothing;
        Ok(())
    }

    fn all_that_holds(&self) -> io::Result<Vec<Told>> {
        let mut held = lock(&self.held);
        let places = held.index.places();
        let places: Vec<_> = places
            .map(|(query, what, place)| (query.to_owned(), what, place))
            .collect();
        let told = places.into_iter().map(|(query, what, place)| {
            let text = String::from_utf8(held.read(place)?).map_err(io::Error::other)?;
            Ok(Told { query, what, text })
        });
        told.collect()
    }
}

impl Scan {
    fn of(text: &[u8], path: &Path) -> Result<Self, Error> {
        let mut lines = Lines { text, at: 0 };
        check_head(lines.next().map(|(_, line)| line), path)?;
        let mut scan = Self {
            end: lines.at,
            ..Self::default()
        };
        // Since the last whole line, and so perhaps a torn end.
        let mut unread = Vec::new();
        let mut number = 1;
        while let Some((at, line)) = lines.next() {
            number += 1;
            let Some(line) = line::read(line) else {
                unread.push(Damaged {
                    number,
                    at,
                    before: scan.whole,
                });
                continue;
            };
            scan.damaged.append(&mut unread);
            if line.sum == scan.index.sum {
                scan.superseded.append(&mut scan.damaged);
            }
            for entry in line.entries {
                scan.note(text, entry)
                    .map_err(|error| damaged(path, error))?;
            }
            scan.end = lines.at;
            scan.whole += 1;
        }
        unread.retain(|damaged| line::is_followed(&text[damaged.at..]));
        scan.damaged.append(&mut unread);
        match scan.damaged.first() {
            Some(first) => Err(scan.error(first, path)),
            None => Ok(scan),
        }
    }

    fn note(&mut self, log: &[u8], entry: &RawValue) -> serde_json::Result<()> {
        let text = entry.get();
        // An entry is a slice of its line, and the line of the log.
        let at = text.as_ptr() as usize - log.as_ptr() as usize;
        let entry: Entry<'_> = serde_json::from_str(text)?;
        let place = Place::of(text, at as u64);
        self.index.hold(&entry.query, entry.what(), place);
        Ok(())
    }

    /// What is damaged, what is not, and what costs least.
    fn error(&self, first: &Damaged, path: &Path) -> Error {
        let numbers = self.damaged.iter().take(NAMED);
        let numbers: Vec<String> = numbers.map(|line| line.number.to_string()).collect();
        let cuts: Vec<String> = numbers.iter().map(|number| format!("{number}d")).collect();
        let (lines, are) = match self.damaged.len() {
            1 => ("line", "is"),
            _ => ("lines", "are"),
        };
        let names = self.index.queries().take(NAMED);
        let names: Vec<String> = names
            .map(|id| {
                let shown: String = id.chars().take(100).collect();
                format!("`{}`", shown.escape_debug())
            })
            .collect();
        let named = match names.is_empty() {
            true => "no query".to_owned(),
            false => list(&names, self.index.queries().len()),
        };
        Error::external(format!(
            "checkpoints in `{path}` cannot be used: {lines} {numbers}, from byte {at} on, {are} not as it was written, and not \
             all that stood there is said again later; {before} whole lines before and {after} behind it name {named}; restore \
             the file, or take out what is damaged with `sed -i '{cuts}' '{path}'`: queries that are named go on from an earlier \
             position and repeat some rows, those that are not begin anew; on a cluster remove the file, and the copy there \
             takes its place",
            path = path.display(),
            numbers = list(&numbers, self.damaged.len()),
            at = first.at,
            before = first.before,
            after = self.whole - first.before,
            cuts = cuts.join(";"),
        ))
    }
}

/// Lines that end, with where they begin.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.text.get(self.at..)?;
        let length = rest.iter().position(|byte| *byte == b'\n')?;
        let at = self.at;
        self.at += length + 1;
        Some((at, &rest[..length]))
    }
}

fn check_head(line: Option<&[u8]>, path: &Path) -> Result<(), Error> {
    let line = line.ok_or_else(|| damaged(path, "it has no first line"))?;
    let head = serde_json::from_slice(line);
    let Head { checkpoints } =
        head.map_err(|error| damaged(path, format!("in its first line: {error}")))?;
    let whose = match checkpoints {
        VERSION => return Ok(()),
        ..VERSION => "one that was never released",
        _ => "a newer one",
    };
    let why =
        format!("it has version {checkpoints}, this program knows {VERSION}: {whose} wrote it");
    Err(damaged(path, why))
}

fn read_all(file: &mut File, path: &Path) -> Result<Vec<u8>, Error> {
    let cannot = |error| cannot("read", path, error);
    if file.metadata().map_err(cannot)?.len() > LARGEST {
        return Err(damaged(path, "it is too large"));
    }
    let mut text = Vec::new();
    file.rewind().map_err(cannot)?;
    file.read_to_end(&mut text).map_err(cannot)?;
    Ok(text)
}

/// Entries in groups of about a line.
fn in_lines(told: &[Told]) -> impl Iterator<Item = &[Told]> {
    let mut size = 0;
    told.chunk_by(move |one, _| {
        size += one.text.len();
        let is_full = size >= LINE;
        if is_full {
            size = 0;
        }
        !is_full
    })
}

/// Some of so many.
fn list(some: &[String], all: usize) -> String {
    let some_of = some.join(", ");
    match all - some.len() {
        0 => some_of,
        more => format!("{some_of} and {more} more"),
    }
}

/// What was begun, and did not take its place.
fn clear_away(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "new") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Written beside its place, synced, and renamed over it: after a crash there is the old one or the new one. It is open before
/// it takes its place, so that nothing of it can fail afterwards.
fn put_in_place(path: &Path, text: &[u8]) -> io::Result<(File, File)> {
    let beside = path.with_extension("new");
    let written = write_beside(&beside, text);
    let placed = written.and_then(|files| fs::rename(&beside, path).map(|()| files));
    if placed.is_err() {
        // It only takes room, perhaps the last there is.
        let _ = fs::remove_file(&beside);
    }
    placed
}

fn write_beside(beside: &Path, text: &[u8]) -> io::Result<(File, File)> {
    File::create(beside)?;
    let (mut file, reader) = open_both(beside)?;
    file.write_all(text)?;
    file.sync_all()?;
    Ok((file, reader))
}

/// To write to, and to read from: each has a position of its own.
fn open_both(path: &Path) -> io::Result<(File, File)> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    Ok((file, File::open(path)?))
}
