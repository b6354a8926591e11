//! How far a reader has come, for the tasks that it handed nothing: what passes a task by costs the task nothing.
//!
//! A reader looks at a batch for all of its rules, hands it to those that it concerns, and only then moves its passage on. A
//! task that has nothing in its queue has therefore come as far as the passage; whoever asks reads the passage first.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use weir_kafka::Offset;
use weir_rules::Index;

/// How far, and what has passed since the reader began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    pub position: Offset,
    pub counts: Counts,
    /// The timestamp of the last record.
    pub last_time: Option<i64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub records: u64,
    pub bytes: u64,
}

/// Of one reader.
#[derive(Debug)]
pub(crate) struct Passage {
    passed: Mutex<Passed>,
    /// The indexes by which it finds what concerns its rules, for whoever asks how.
    indexes: Mutex<Vec<Arc<Index>>>,
}

/// Where a task stands at its reader, whichever that is.
#[derive(Debug, Default)]
pub(crate) struct Link {
    stand: Mutex<Stand>,
    /// Batches that were handed out, and those that the task is through with.
    handed: AtomicU64,
    done: AtomicU64,
}

#[derive(Debug, Default)]
struct Stand {
    passage: Option<Arc<Passage>>,
    /// The number by which the reader knows the task's rule.
    number: Option<u32>,
    /// What had passed when the task came in here.
    base: Counts,
    /// What was handed out here: the task counts that for itself.
    handed: Counts,
    /// What passed it by at readers before.
    carried: Counts,
}

impl Counts {
    pub fn plus(self, other: Self) -> Self {
        Self {
            records: self.records + other.records,
            bytes: self.bytes + other.bytes,
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            records: self.records.saturating_sub(other.records),
            bytes: self.bytes.saturating_sub(other.bytes),
        }
    }
}

impl Passage {
    pub fn new(position: Offset) -> Self {
        Self {
            passed: Mutex::new(Passed {
                position,
                ..Passed::default()
            }),
            indexes: Mutex::default(),
        }
    }

    pub fn get(&self) -> Passed {
        *self.passed()
    }

    /// A batch is handed to all that it concerns: the next one starts at `position`.
    pub fn move_on(&self, position: Offset, counts: Counts, last_time: Option<i64>) {
        let mut passed = self.passed();
        passed.position = position;
        passed.counts = passed.counts.plus(counts);
        passed.last_time = last_time.or(passed.last_time);
    }

    /// The rules are found by these from now on.
    pub fn show(&self, indexes: Vec<Arc<Index>>) {
        *self.indexes() = indexes;
    }

    fn passed(&self) -> MutexGuard<'_, Passed> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn indexes(&self) -> MutexGuard<'_, Vec<Arc<Index>>> {
        self.indexes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link {
    /// The task reads with this reader from where that stands now.
    pub fn join(&self, passage: &Arc<Passage>) {
        let mut stand = self.stand();
        stand.carried = stand.by();
        stand.base = passage.get().counts;
        stand.handed = Counts::default();
        stand.passage = Some(passage.clone());
        stand.number = None;
    }

    /// The reader where it stands knows the task's rule by this number.
    pub fn is_known_as(&self, number: u32) {
        self.stand().number = Some(number);
    }

    /// The number of its rule, and the indexes in one of which it may be.
    pub fn indexes(&self) -> Option<(u32, Vec<Arc<Index>>)> {
        let stand = self.stand();
        let indexes = stand.passage.as_ref()?.indexes().clone();
        Some((stand.number?, indexes))
    }

    /// A batch of so much is about to be put into the task's queue.
    pub fn hand(&self, counts: Counts) {
        let mut stand = self.stand();
        stand.handed = stand.handed.plus(counts);
        self.handed.fetch_add(1, Ordering::AcqRel);
    }

    /// It was not put there after all.
    pub fn take_back(&self, counts: Counts) {
        let mut stand = self.stand();
        stand.handed = stand.handed.minus(counts);
        self.handed.fetch_sub(1, Ordering::AcqRel);
    }

    /// The task is through with a batch.
    pub fn done(&self) {
        self.done.fetch_add(1, Ordering::AcqRel);
    }

    /// How far the task has come by what passed it by; `None` if it has a batch in hand or in its queue.
    pub fn passed(&self) -> Option<Passed> {
        let passed = self.stand().passage.as_ref()?.get();
        self.is_idle().then_some(passed)
    }

    /// Whether the task is through with all that was handed out.
    pub fn is_idle(&self) -> bool {
        self.handed.load(Ordering::Acquire) == self.done.load(Ordering::Acquire)
    }

    /// What passed it by, in all.
    pub fn counts(&self) -> Counts {
        self.stand().by()
    }

    fn stand(&self) -> MutexGuard<'_, Stand> {
        self.stand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stand {
    fn by(&self) -> Counts {
        let here = self.passage.as_ref().map_or(Counts::default(), |passage| {
            passage.get().counts.minus(self.base).minus(self.handed)
        });
        self.carried.plus(here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(records: u64) -> Counts {
        Counts {
            records,
            bytes: 10 * records,
        }
    }

    #[test]
    fn a_task_comes_as_far_as_its_reader_when_nothing_waits_for_it() {
        let (link, passage) = (Link::default(), Arc::new(Passage::new(5)));
        assert_eq!(link.passed(), None);
        link.join(&passage);
        assert_eq!(link.passed().unwrap().position, 5);
        link.hand(counts(3));
        passage.move_on(8, counts(3), Some(1));
        assert_eq!(link.passed(), None, "a batch waits");
        link.done();
        let passed = link.passed().unwrap();
        assert_eq!((passed.position, passed.last_time), (8, Some(1)));
        assert_eq!(
            link.counts(),
            counts(0),
            "the task counts what it was handed"
        );
        passage.move_on(10, counts(2), None);
        assert_eq!(link.counts(), counts(2));
        assert_eq!(link.passed().unwrap().last_time, Some(1));
    }

    #[test]
    fn what_passed_is_kept_when_a_task_goes_over_to_another_reader() {
        let (link, one) = (Link::default(), Arc::new(Passage::new(0)));
        link.join(&one);
        one.move_on(4, counts(4), None);
        let other = Arc::new(Passage::new(0));
        other.move_on(4, counts(4), None);
        link.join(&other);
        one.move_on(9, counts(5), None);
        other.move_on(5, counts(1), None);
        assert_eq!(link.counts(), counts(5));
        assert_eq!(link.passed().unwrap().position, 5);
    }
}
