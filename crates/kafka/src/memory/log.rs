//! The records of one partition, with what transactions leave between them.
//!
//! ```text
//! offset    0  1  2  3  4  5  6  7  8
//!           r  r  A  A  ⊥  r  O  r  r        r committed, A aborted, ⊥ end of a transaction, O open
//!           ▲ log start        ▲ last stable offset       ▲ end (9)
//! ```
//!
//! **Invariant:** entries stand at consecutive offsets, so an entry's index is its offset less the log's start.

use std::collections::{BTreeMap, VecDeque};

use crate::{
    FetchedBatch, NewRecord, Offset, OffsetSpec, Record, Result, Timestamp,
    local::{self, FETCH_BYTES, FETCH_RECORDS, Fetched, Timestamps},
};

/// The number that a transaction has in its broker.
pub(super) type TransactionId = u64;

#[derive(Debug)]
pub(super) struct Log {
    start: Offset,
    entries: VecDeque<Entry>,
    bytes: u64,
    /// The first offset of each transaction that has not ended.
    open: BTreeMap<TransactionId, Offset>,
    timestamps: Timestamps,
    retention_bytes: Option<u64>,
}

#[derive(Debug)]
struct Entry {
    record: Record,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Committed,
    Open(TransactionId),
    Aborted,
    /// Ends a transaction: takes an offset, and nobody sees it.
    Control,
}

impl Log {
    pub(super) fn new(timestamps: Timestamps, retention_bytes: Option<u64>) -> Self {
        Self {
            start: 0,
            entries: VecDeque::new(),
            bytes: 0,
            open: BTreeMap::new(),
            timestamps,
            retention_bytes,
        }
    }

    pub(super) fn append(&mut self, records: Vec<NewRecord>, now: Timestamp) -> Offset {
        self.push_all(records, now, State::Committed)
    }

    pub(super) fn append_open(
        &mut self,
        transaction: TransactionId,
        records: Vec<NewRecord>,
        now: Timestamp,
    ) -> Offset {
        let end = self.end();
        self.open.entry(transaction).or_insert(end);
        self.push_all(records, now, State::Open(transaction))
    }

    /// Writes the control record that ends a transaction.
    pub(super) fn end_transaction(
        &mut self,
        transaction: TransactionId,
        is_committed: bool,
        now: Timestamp,
    ) {
        let Some(first) = self.open.remove(&transaction) else {
            return;
        };
        let skipped = usize::try_from(first - self.start).unwrap_or(0);
        for entry in self.entries.iter_mut().skip(skipped) {
            if entry.state == State::Open(transaction) {
                entry.state = if is_committed {
                    State::Committed
                } else {
                    State::Aborted
                };
            }
        }
        let control = NewRecord {
            timestamp: now,
            key: None,
            value: None,
            headers: Vec::new(),
        };
        self.push_all(vec![control], now, State::Control);
    }

    /// What readers of committed records get from `offset` on, up to a bound.
    pub(super) fn fetch(&self, offset: Offset) -> Result<Option<Fetched>> {
        if offset < self.start || offset > self.end() {
            return Err(local::out_of_range(offset, self.start, self.end()));
        }
        let stable = self.last_stable();
        let (mut records, mut bytes, mut next_offset) = (Vec::new(), 0, offset);
        for entry in self.entries.range((offset - self.start) as usize..) {
            if next_offset >= stable || bytes >= FETCH_BYTES || records.len() >= FETCH_RECORDS {
                break;
            }
            next_offset += 1;
            if entry.state == State::Committed {
                bytes += entry.size() as usize;
                records.push(entry.record.clone());
            }
        }
        if next_offset == offset {
            return Ok(None);
        }
        let batches = if records.is_empty() {
            Vec::new()
        } else {
            vec![FetchedBatch { records }]
        };
        Ok(Some(Fetched {
            batches,
            next_offset,
        }))
    }

    pub(super) fn offset(&self, spec: OffsetSpec) -> Offset {
        match spec {
            OffsetSpec::Earliest => self.start,
            OffsetSpec::Latest => self.last_stable(),
            OffsetSpec::AtTime(time) => {
                let stable = self.last_stable();
                let mut entries = self.entries.iter();
                let found = entries.find(|entry| {
                    entry.state == State::Committed
                        && entry.record.timestamp >= time
                        && entry.record.offset < stable
                });
                found.map_or(stable, |entry| entry.record.offset)
            }
        }
    }

    fn end(&self) -> Offset {
        self.start + self.entries.len() as Offset
    }

    /// The first offset of the oldest transaction that is open; the end if none is.
    fn last_stable(&self) -> Offset {
        let oldest = self.open.values().min().copied();
        oldest.unwrap_or(self.end()).max(self.start)
    }

    fn push_all(&mut self, records: Vec<NewRecord>, now: Timestamp, state: State) -> Offset {
        let base = self.end();
        for (offset, record) in (base..).zip(records) {
            let timestamp = match self.timestamps {
                Timestamps::Create => record.timestamp,
                Timestamps::LogAppend => now,
            };
            let record = Record {
                offset,
                timestamp,
                key: record.key,
                value: record.value,
                headers: record.headers,
            };
            let entry = Entry { record, state };
            self.bytes += entry.size();
            self.entries.push_back(entry);
        }
        self.retain();
        base
    }

    /// Drops what stands before `offset`, but nothing that is not yet committed or aborted.
    pub(super) fn delete_before(&mut self, offset: Offset) {
        let offset = offset.min(self.last_stable());
        while self.start < offset && self.drop_first() {}
    }

    /// What the records take in memory, about.
    pub(super) fn held_bytes(&self) -> u64 {
        self.bytes + (self.entries.len() * size_of::<Entry>()) as u64
    }

    fn drop_first(&mut self) -> bool {
        let Some(dropped) = self.entries.pop_front() else {
            return false;
        };
        self.bytes -= dropped.size();
        self.start += 1;
        true
    }

    /// Drops whole records from the old end until the rest fits; the newest one stays, whatever its size.
    fn retain(&mut self) {
        let Some(limit) = self.retention_bytes else {
            return;
        };
        while self.bytes > limit && self.entries.len() > 1 {
            self.drop_first();
        }
    }
}

impl Entry {
    fn size(&self) -> u64 {
        let record = &self.record;
        let headers = record
            .headers
            .iter()
            .map(|header| header.key.len() + header.value.as_ref().map_or(0, |value| value.len()));
        let key = record.key.as_ref().map_or(0, |key| key.len());
        let value = record.value.as_ref().map_or(0, |value| value.len());
        (key + value + headers.sum::<usize>()) as u64
    }
}
