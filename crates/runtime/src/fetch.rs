//! Step 1: records of one partition, an epoch at a time.
//!
//! A broker hands out what it likes: many batches, half a million records, nothing but a new offset. An epoch is what is
//! there, up to a bound; the rest waits here, and nothing is fetched before it is gone.

use std::{collections::VecDeque, time::Duration, vec};

use weir_kafka::{FetchedBatch, Offset, Reader, ReaderEvent, Record};

use crate::{Error, batch::size};

/// The bounds of an epoch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub rows: usize,
    pub bytes: usize,
}

/// What a task takes in one go.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Epoch {
    pub start: Offset,
    pub next: Offset,
    pub records: Vec<Record>,
    pub bytes: usize,
}

/// The records that were fetched and not yet taken.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// Where the next epoch starts.
    position: Offset,
    /// All offsets below are fetched.
    end: Offset,
    left: VecDeque<vec::IntoIter<Record>>,
}

impl Fetched {
    pub fn new(position: Offset) -> Self {
        Self {
            position,
            end: position,
            left: VecDeque::new(),
        }
    }

    pub fn position(&self) -> Offset {
        self.position
    }

    pub fn is_empty(&self) -> bool {
        self.position >= self.end
    }

    /// Asks the broker once; returns what came, as records and bytes.
    pub async fn fill(
        &mut self,
        reader: &mut dyn Reader,
        wait: Duration,
    ) -> Result<(u64, u64), weir_kafka::Error> {
        match reader.next(wait).await? {
            Some(ReaderEvent::Records {
                batches,
                next_offset,
                ..
            }) => Ok(self.add(batches, next_offset)),
            Some(ReaderEvent::Assigned(_) | ReaderEvent::Revoked(_)) | None => Ok((0, 0)),
        }
    }

    fn add(&mut self, batches: Vec<FetchedBatch>, next: Offset) -> (u64, u64) {
        let (mut records, mut bytes) = (0, 0);
        for mut batch in batches {
            // A batch may be handed out from its beginning, though the position is inside it.
            let known = batch
                .records
                .partition_point(|record| record.offset < self.end);
            batch.records.drain(..known);
            records += batch.records.len() as u64;
            bytes += batch.records.iter().map(size).sum::<usize>() as u64;
            if !batch.records.is_empty() {
                self.left.push_back(batch.records.into_iter());
            }
        }
        self.end = self.end.max(next);
        (records, bytes)
    }

    /// The next epoch; it ends at `before`, if that is further on, so that another reader is met there.
    pub fn take(&mut self, bounds: Bounds, before: Option<Offset>) -> Epoch {
        let start = self.position;
        let until = match before {
            Some(before) if before > start => before.min(self.end),
            _ => self.end,
        };
        let (mut records, mut bytes) = (Vec::new(), 0);
        while let Some(front) = self.left.front_mut() {
            let room = bounds.rows - records.len();
            let fit = fitting(front.as_slice(), until, room, bounds.bytes, &mut bytes);
            let is_whole = fit == front.len();
            if is_whole && records.is_empty() {
                // The broker's own vector goes on, no record is moved.
                records = self
                    .left
                    .pop_front()
                    .map(Iterator::collect)
                    .unwrap_or_default();
            } else {
                records.extend(front.by_ref().take(fit));
                if is_whole {
                    self.left.pop_front();
                }
            }
            if !is_whole || records.len() >= bounds.rows || bytes >= bounds.bytes {
                break;
            }
        }
        // Where all records up to the end are taken, the offsets behind the last one hold nothing.
        let rest = self.left.iter().find_map(|batch| batch.as_slice().first());
        self.position = match rest {
            Some(record) if record.offset < until => records
                .last()
                .map_or(start, |last: &Record| last.offset + 1),
            _ => until,
        };
        Epoch {
            start,
            next: self.position,
            records,
            bytes,
        }
    }
}

/// How many of `records` go into an epoch; at least one, be it as large as it likes.
fn fitting(
    records: &[Record],
    until: Offset,
    room: usize,
    most: usize,
    bytes: &mut usize,
) -> usize {
    let mut fit = 0;
    for record in records.iter().take(room) {
        if record.offset >= until || *bytes >= most {
            break;
        }
        *bytes += size(record);
        fit += 1;
    }
    fit
}

/// What an error of a reader means for those who read.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The same call may succeed later.
    Passing(Error),
    /// The position or the topic is not there: tasks must find out where to go on.
    Lost(Error),
}

impl From<weir_kafka::Error> for Trouble {
    fn from(error: weir_kafka::Error) -> Self {
        use weir_kafka::ErrorKind::{OffsetOutOfRange, UnknownTopic};
        match error.kind {
            OffsetOutOfRange | UnknownTopic => Self::Lost(error.into()),
            _ => Self::Passing(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    fn record(offset: Offset, size: usize) -> Record {
        Record {
            offset,
            timestamp: 0,
            key: None,
            value: Some(Bytes::from(vec![0; size])),
            headers: Vec::new(),
        }
    }

    fn fetched(position: Offset, batches: &[&[Offset]], next: Offset) -> Fetched {
        let mut fetched = Fetched::new(position);
        let batch = |offsets: &&[Offset]| FetchedBatch {
            records: offsets.iter().map(|offset| record(*offset, 10)).collect(),
        };
        fetched.add(batches.iter().map(batch).collect(), next);
        fetched
    }

    fn check(fetched: &mut Fetched, before: Option<Offset>, expected: (Offset, Offset, &[Offset])) {
        let epoch = fetched.take(
            Bounds {
                rows: 3,
                bytes: 1_000,
            },
            before,
        );
        let offsets: Vec<Offset> = epoch.records.iter().map(|record| record.offset).collect();
        assert_eq!((epoch.start, epoch.next, offsets.as_slice()), expected);
    }

    #[test]
    fn an_epoch_is_what_is_there_up_to_its_bound() {
        let mut fetched = fetched(0, &[&[0, 1], &[2, 3]], 4);
        check(&mut fetched, None, (0, 3, &[0, 1, 2]));
        check(&mut fetched, None, (3, 4, &[3]));
        assert!(fetched.is_empty());
    }

    #[test]
    fn offsets_that_hold_nothing_are_passed_over() {
        let mut nothing = fetched(5, &[], 9);
        check(&mut nothing, None, (5, 9, &[]));
        let mut gaps = fetched(5, &[&[7, 8]], 12);
        check(&mut gaps, None, (5, 12, &[7, 8]));
        assert!(gaps.is_empty());
    }

    #[test]
    fn an_epoch_ends_where_another_reader_stands() {
        let mut inside = fetched(0, &[&[0, 1, 2, 3]], 4);
        check(&mut inside, Some(2), (0, 2, &[0, 1]));
        check(&mut inside, Some(2), (2, 4, &[2, 3]));
        let mut in_gap = fetched(0, &[&[0, 9]], 10);
        check(&mut in_gap, Some(5), (0, 5, &[0]));
        check(&mut in_gap, None, (5, 10, &[9]));
        let mut behind_all = fetched(0, &[&[0]], 10);
        check(&mut behind_all, Some(5), (0, 5, &[0]));
        check(&mut behind_all, None, (5, 10, &[]));
        let mut elsewhere = fetched(0, &[&[0]], 1);
        check(&mut elsewhere, Some(50), (0, 1, &[0]));
    }

    #[test]
    fn a_record_larger_than_the_bound_goes_alone() {
        let mut fetched = Fetched::new(0);
        let records = vec![record(0, 5_000), record(1, 5_000)];
        fetched.add(vec![FetchedBatch { records }], 2);
        check(&mut fetched, None, (0, 1, &[0]));
        check(&mut fetched, None, (1, 2, &[1]));
    }

    proptest! {
        #[test]
        fn every_record_comes_once_in_order_and_epochs_join(
            gaps in proptest::collection::vec(1_i64..4, 0..40),
            cuts in proptest::collection::vec(proptest::option::of(0_i64..120), 1..20),
            rows in 1_usize..6,
        ) {
            let mut offset = -1;
            let offsets: Vec<Offset> = gaps.iter().map(|gap| { offset += gap; offset }).collect();
            let batches: Vec<&[Offset]> = offsets.chunks(7).collect();
            let end = offset + 3;
            let mut fetched = fetched(0, &batches, end);
            let (mut seen, mut position, mut turn) = (Vec::new(), 0, 0);
            while !fetched.is_empty() {
                let before = cuts[turn % cuts.len()];
                let epoch = fetched.take(Bounds { rows, bytes: 25 }, before);
                prop_assert_eq!(epoch.start, position);
                prop_assert!(epoch.next > position);
                prop_assert!(epoch.records.len() <= rows);
                for record in &epoch.records {
                    prop_assert!((epoch.start..epoch.next).contains(&record.offset));
                    seen.push(record.offset);
                }
                position = epoch.next;
                turn += 1;
            }
            prop_assert_eq!(seen, offsets);
            prop_assert_eq!(position, end);
        }
    }
}
