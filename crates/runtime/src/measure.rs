//! What a query costs and how it fares, for whoever watches it.
//!
//! **Rule:** a task pays a few atomic additions an epoch, never a lock and nothing per record; whoever looks does the rest.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use weir_kafka::PartitionId;

use crate::QueryStatus;

/// The upper bounds of the histogram's buckets, in microseconds: four times as much from one to the next. One waiting record
/// takes less than the first, a full epoch of a heavy query stays below the last; what is above it is counted with no bound.
const BOUNDS: [u64; 8] = [
    250, 1_000, 4_000, 16_000, 64_000, 250_000, 1_000_000, 4_000_000,
];

/// A query at one moment. Counted since it was started in this process.
#[derive(Debug, Clone)]
pub struct QueryMeasures {
    /// What SHOW QUERIES and DESCRIBE EXTENDED say of it.
    pub status: QueryStatus,
    /// Of keys and values that came in.
    pub bytes_in: u64,
    /// Of keys and values that went out.
    pub bytes_out: u64,
    /// How often a partition of it was started again after a failure.
    pub restarts: u64,
    /// Records that its condition was asked of, or that were handed on to it where an index has answered that already; all
    /// that came in, if it is no rule.
    pub looked_at: u64,
    /// Of them, those that its condition lets through.
    pub matched: u64,
    /// What it took to work on them, waiting for the sink left out.
    pub busy: Duration,
    /// How long epochs took.
    pub epochs: Durations,
    /// When it was started: ms since 1970.
    pub started: i64,
    /// The timestamp of the last record processed, by partition: ms since 1970.
    pub last_times: BTreeMap<PartitionId, i64>,
}

/// A histogram as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durations {
    /// How many were at most as long as the bound, and longer than the one before.
    pub buckets: Vec<(Duration, u64)>,
    /// Those and the ones above all bounds.
    pub count: u64,
    /// Of all.
    pub sum: Duration,
}

/// Counts durations without a lock.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BOUNDS.len()],
    beyond: AtomicU64,
    sum: Stopwatch,
}

/// Adds up durations without a lock.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch(AtomicU64);

impl Stopwatch {
    pub fn add(&self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    pub fn read(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

impl Histogram {
    pub fn observe(&self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS
            .iter()
            .position(|bound| nanoseconds <= bound * 1_000)
            .map_or(&self.beyond, |index| &self.buckets[index]);
        bucket.fetch_add(1, Ordering::Relaxed);
        self.sum.add(duration);
    }

    pub fn read(&self) -> Durations {
        let buckets = BOUNDS.iter().zip(&self.buckets);
        let buckets: Vec<_> = buckets
            .map(|(bound, count)| (Duration::from_micros(*bound), count.load(Ordering::Relaxed)))
            .collect();
        let within: u64 = buckets.iter().map(|(_, count)| count).sum();
        Durations {
            buckets,
            count: within + self.beyond.load(Ordering::Relaxed),
            sum: self.sum.read(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_counted_in_the_first_bucket_that_holds_it() {
        let histogram = Histogram::default();
        for micros in [0, 250, 251, 1_000, 4_000_000, 4_000_001, 60_000_000] {
            histogram.observe(Duration::from_micros(micros));
        }
        let read = histogram.read();
        let counts: Vec<u64> = read.buckets.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [2, 2, 0, 0, 0, 0, 0, 1]);
        assert_eq!(read.count, 7);
        assert_eq!(read.sum, Duration::from_micros(68_001_502));
    }
}
