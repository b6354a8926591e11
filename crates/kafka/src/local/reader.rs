//! A reader over partitions in this process: takes them in turn, waits when none has anything.
//!
//! **Invariant:** a position moves in the same step that hands its records over, with no wait in between: a `next` that
//! is dropped while it waits loses nothing.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::Bell;
use crate::{Error, ErrorKind, FetchedBatch, Offset, Reader, ReaderEvent, Result, TopicPartition};

/// A partition as one reader sees it.
#[async_trait]
pub(crate) trait Source: Send {
    /// What stands at `offset`; `None` when nothing does yet. Safe to drop.
    async fn fetch(&mut self, offset: Offset) -> Result<Option<Fetched>>;

    fn bell(&self) -> &Bell;
}

#[derive(Debug)]
pub(crate) struct Fetched {
    pub batches: Vec<FetchedBatch>,
    pub next_offset: Offset,
}

#[derive(Debug)]
pub(crate) struct LocalReader<S: Source> {
    positions: Vec<Position<S>>,
    /// Whose turn it is.
    turn: usize,
    cord: Arc<Notify>,
}

#[derive(Debug)]
struct Position<S> {
    partition: TopicPartition,
    offset: Offset,
    source: S,
}

impl<S: Source> LocalReader<S> {
    pub(crate) fn try_new(assigned: Vec<(TopicPartition, Offset, S)>) -> Result<Self> {
        let mut seen = BTreeSet::new();
        let cord = Arc::new(Notify::new());
        let mut reader = Self {
            positions: Vec::with_capacity(assigned.len()),
            turn: 0,
            cord,
        };
        for (partition, offset, source) in assigned {
            if !seen.insert(partition.clone()) {
                return Err(assigned_twice(&partition));
            }
            source.bell().hang(&reader.cord);
            reader.positions.push(Position {
                partition,
                offset,
                source,
            });
        }
        Ok(reader)
    }

    /// Asks each partition once, from the one whose turn it is.
    async fn look(&mut self) -> Result<Option<ReaderEvent>> {
        for _ in 0..self.positions.len() {
            let index = self.turn;
            let position = &mut self.positions[index];
            let fetched = position.source.fetch(position.offset).await;
            // An error has its turn like anything else: the next call looks at the other partitions first.
            self.turn = (index + 1) % self.positions.len();
            let position = &mut self.positions[index];
            if let Some(fetched) = fetched.map_err(|error| error.at(&position.partition))? {
                position.offset = fetched.next_offset;
                return Ok(Some(ReaderEvent::Records {
                    partition: position.partition.clone(),
                    batches: fetched.batches,
                    next_offset: fetched.next_offset,
                }));
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl<S: Source> Reader for LocalReader<S> {
    async fn next(&mut self, wait: Duration) -> Result<Option<ReaderEvent>> {
        let deadline = tokio::time::sleep(wait);
        tokio::pin!(deadline);
        loop {
            if let Some(event) = self.look().await? {
                return Ok(Some(event));
            }
            if wait.is_zero() {
                return Ok(None);
            }
            tokio::select! {
                () = self.cord.notified() => {}
                () = &mut deadline => return Ok(None),
            }
        }
    }

    async fn seek(&mut self, partition: &TopicPartition, offset: Offset) -> Result<()> {
        let mut positions = self.positions.iter_mut();
        let Some(position) = positions.find(|position| position.partition == *partition) else {
            let reason = format!("partition {partition} is not assigned to this reader");
            return Err(Error::new(ErrorKind::Invalid, reason));
        };
        position.offset = offset;
        Ok(())
    }
}

impl<S: Source> Drop for LocalReader<S> {
    fn drop(&mut self) {
        for position in &self.positions {
            position.source.bell().take_down(&self.cord);
        }
    }
}

pub(crate) fn assigned_twice(partition: &TopicPartition) -> Error {
    let reason = format!("partition {partition} is assigned twice");
    Error::new(ErrorKind::Invalid, reason)
}

/// The refusal of a position that is outside the log.
pub(crate) fn out_of_range(offset: Offset, start: Offset, end: Offset) -> Error {
    let reason = format!("offset {offset} is out of range: the log goes from {start} to {end}");
    Error::new(ErrorKind::OffsetOutOfRange, reason)
}
