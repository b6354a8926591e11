//! What is wanted of a query and what is known of it: shared by its handle, its supervisor and its tasks.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{SetOnce, watch};
use tokio_util::sync::CancellationToken;
use weir_kafka::{Offset, PartitionId};

use crate::{
    Clock, Error, QueryMeasures, QueryState, QueryStatus,
    measure::{Histogram, Stopwatch},
    passage::{Counts, Link},
};

/// How many errors a status shows.
const ERRORS_KEPT: usize = 10;

#[derive(Debug)]
pub(crate) struct Control {
    pub id: String,
    started: i64,
    clock: Arc<dyn Clock>,
    /// The topic that a persistent query reads.
    pub source: Option<String>,
    activity: Activity,
    /// Records that were handed to a sink and are not acknowledged yet.
    in_flight: AtomicU64,
    wish: watch::Sender<Wish>,
    end: SetOnce<QueryState>,
    /// Cuts everything off that belongs to the query.
    pub abort: CancellationToken,
    facts: Mutex<Facts>,
    pub records_in: AtomicU64,
    pub rows_out: AtomicU64,
    /// Of keys and values.
    pub bytes_in: AtomicU64,
    pub bytes_out: AtomicU64,
    /// How often a partition was started again after a failure.
    restarts: AtomicU64,
    /// Records that were handed to its condition, and those that it let through.
    pub looked_at: AtomicU64,
    pub matched: AtomicU64,
    /// At work, not waiting for the sink.
    pub busy: Stopwatch,
    /// From a batch in hand to its rows handed over.
    pub epochs: Histogram,
    pub records_missed: AtomicU64,
    pub log_entries_dropped: AtomicU64,
    /// How many rows are still wanted; `u64::MAX` without a LIMIT.
    rows_wanted: AtomicU64,
}

/// Counts what queries do, so that whoever waits until nothing is left to do need not look again and again.
///
/// **Invariant:** what is counted changes while the counter is locked: who reads the same count before and after a look
/// at several queries has seen them at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Activity(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    changes: watch::Sender<u64>,
    log_entries: AtomicU64,
}

/// Records on their way to a topic; they have arrived, or will not, when this is dropped.
#[derive(Debug)]
pub(crate) struct InFlight {
    control: Arc<Control>,
    records: u64,
}

/// What the query is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Run,
    Pause,
    /// For good: told to, or because nobody wants more rows.
    Stop(QueryState),
}

#[derive(Debug, Default)]
struct Facts {
    is_started: bool,
    errors: VecDeque<(i64, String)>,
    positions: BTreeMap<PartitionId, Offset>,
    /// Partitions whose task failed: their positions are too high until the next one has begun.
    falling_back: BTreeSet<PartitionId>,
    /// The timestamp of the last record processed.
    last_times: BTreeMap<PartitionId, i64>,
    /// Where the tasks stand at their readers.
    links: BTreeMap<PartitionId, Arc<Link>>,
    bad_records: BTreeMap<&'static str, u64>,
    /// Why a part of the query waits: `None` is the query as a whole.
    troubles: BTreeMap<Option<PartitionId>, String>,
}

impl Control {
    pub fn new(
        id: &str,
        clock: Arc<dyn Clock>,
        limit: Option<u64>,
        source: Option<String>,
        activity: Activity,
    ) -> Self {
        Self {
            id: id.to_owned(),
            started: clock.now(),
            clock,
            source,
            activity,
            in_flight: AtomicU64::new(0),
            wish: watch::Sender::new(Wish::Run),
            end: SetOnce::new(),
            abort: CancellationToken::new(),
            facts: Mutex::default(),
            records_in: AtomicU64::new(0),
            rows_out: AtomicU64::new(0),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            looked_at: AtomicU64::new(0),
            matched: AtomicU64::new(0),
            busy: Stopwatch::default(),
            epochs: Histogram::default(),
            records_missed: AtomicU64::new(0),
            log_entries_dropped: AtomicU64::new(0),
            rows_wanted: AtomicU64::new(limit.unwrap_or(u64::MAX)),
        }
    }

    /// Stopping is final: no later wish undoes it.
    pub fn wish(&self, wanted: Wish) {
        let is_change = self.wish.send_if_modified(|wish| {
            let is_change = !matches!(wish, Wish::Stop(_)) && *wish != wanted;
            if is_change {
                *wish = wanted;
            }
            is_change
        });
        if is_change {
            self.activity.count(|| ());
        }
    }

    pub fn wishes(&self) -> watch::Receiver<Wish> {
        self.wish.subscribe()
    }

    pub fn end(&self, state: QueryState) {
        // The first word is the last.
        let _ = self.end.set(state);
        self.activity.count(|| ());
    }

    pub fn has_ended(&self) -> bool {
        self.end.initialized()
    }

    pub async fn finished(&self) -> QueryState {
        *self.end.wait().await
    }

    pub async fn stop(&self, patience: Duration) -> Result<(), Error> {
        self.wish(Wish::Stop(QueryState::Stopped));
        tokio::select! {
            _ = self.finished() => return Ok(()),
            () = self.clock.sleep(patience) => {}
        }
        self.abort.cancel();
        self.finished().await;
        Err(Error::external(format!(
            "query `{}` did not reach a checkpoint within {patience:?} and was cut off; it goes on from its last one",
            self.id
        )))
    }

    pub fn status(&self) -> QueryStatus {
        let facts = self.facts();
        QueryStatus {
            state: self.state(&facts),
            errors: facts.errors.iter().cloned().collect(),
            positions: facts.positions_now(),
            records_in: self.records_in.load(Ordering::Relaxed) + facts.passed_by().records,
            rows_out: self.rows_out.load(Ordering::Relaxed),
            bad_records: facts.bad_records.clone(),
            records_missed: self.records_missed.load(Ordering::Relaxed),
            log_entries_dropped: self.log_entries_dropped.load(Ordering::Relaxed),
        }
    }

    pub fn measures(&self) -> QueryMeasures {
        let status = self.status();
        let facts = self.facts();
        QueryMeasures {
            status,
            bytes_in: self.bytes_in.load(Ordering::Relaxed) + facts.passed_by().bytes,
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
            restarts: self.restarts.load(Ordering::Relaxed),
            looked_at: self.looked_at.load(Ordering::Relaxed),
            matched: self.matched.load(Ordering::Relaxed),
            busy: self.busy.read(),
            epochs: self.epochs.read(),
            started: self.started,
            last_times: facts.last_times_now(),
        }
    }

    fn state(&self, facts: &Facts) -> QueryState {
        if let Some(end) = self.end.get() {
            return *end;
        }
        match *self.wish.borrow() {
            Wish::Pause => QueryState::Paused,
            _ if !facts.troubles.is_empty() => QueryState::Retrying,
            _ if facts.is_started => QueryState::Running,
            _ => QueryState::Starting,
        }
    }

    pub fn started(&self) {
        self.facts().is_started = true;
    }

    /// A part of the query cannot go on now. The same words twice are one error.
    pub fn trouble(&self, part: Option<PartitionId>, why: &str) {
        let mut facts = self.facts();
        let before = facts.troubles.insert(part, why.to_owned());
        if before.as_deref() == Some(why) {
            return;
        }
        tracing::warn!(query = %self.id, partition = part, reason = why, "query cannot go on, it is tried again");
        if facts.errors.len() == ERRORS_KEPT {
            facts.errors.pop_front();
        }
        facts.errors.push_back((self.clock.now(), why.to_owned()));
    }

    /// Why it cannot go on now, if it cannot.
    pub fn why_it_waits(&self) -> Option<String> {
        self.facts().troubles.values().next().cloned()
    }

    pub fn recovered(&self, part: Option<PartitionId>) {
        if self.facts().troubles.remove(&part).is_some() {
            tracing::info!(query = %self.id, partition = part, "query goes on");
        }
    }

    /// A task begins.
    pub fn goes_on_from(&self, partition: PartitionId, position: Offset) {
        self.activity.count(|| {
            let mut facts = self.facts();
            facts.positions.insert(partition, position);
            facts.falling_back.remove(&partition);
        });
    }

    /// A task reads on; what passes it by is told from there. That counts: something may have passed it by already.
    pub fn follows(&self, partition: PartitionId, link: &Arc<Link>) {
        self.activity.count(|| {
            let before = self.facts().links.insert(partition, link.clone());
            if let Some(before) = before {
                self.count_passed(&before);
            }
        });
    }

    /// A task reads no more.
    pub fn unfollows(&self, partition: PartitionId) {
        let before = self.facts().links.remove(&partition);
        if let Some(before) = before {
            self.count_passed(&before);
        }
    }

    /// Where the first of its tasks is found by its reader.
    pub fn first_link(&self) -> Option<Arc<Link>> {
        self.facts().links.values().next().cloned()
    }

    fn count_passed(&self, link: &Link) {
        let passed = link.counts();
        self.records_in.fetch_add(passed.records, Ordering::Relaxed);
        self.bytes_in.fetch_add(passed.bytes, Ordering::Relaxed);
    }

    /// A task has failed: what it took in since it was last acknowledged will be read again.
    pub fn falls_back(&self, partition: PartitionId) {
        self.activity
            .count(|| self.facts().falling_back.insert(partition));
    }

    /// Whether all records before these offsets are processed, and all that came of them is acknowledged.
    pub fn has_settled(&self, ends: &[(PartitionId, Offset)]) -> bool {
        let facts = self.facts();
        let positions = facts.positions_now();
        let is_past = |(partition, end): &(PartitionId, Offset)| {
            positions.get(partition).is_some_and(|at| at >= end)
        };
        facts.falling_back.is_empty() && ends.iter().all(is_past) && self.has_landed()
    }

    /// Whether nothing is on its way to a topic.
    pub fn has_landed(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) == 0
    }

    pub fn is_paused(&self) -> bool {
        *self.wish.borrow() == Wish::Pause
    }

    /// An epoch is done: where the next one starts, and the timestamp of its last record, if there was one.
    pub fn passed(&self, partition: PartitionId, next: Offset, last_time: Option<i64>) {
        self.activity.count(|| {
            let mut facts = self.facts();
            facts.positions.insert(partition, next);
            if let Some(time) = last_time {
                facts.last_times.insert(partition, time);
            }
        });
    }

    /// A part of the query is about to be started again after a failure.
    pub fn restarted(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    /// The partition is no longer there.
    pub fn forget(&self, partition: PartitionId) {
        let mut facts = self.facts();
        facts.positions.remove(&partition);
        facts.falling_back.remove(&partition);
        facts.last_times.remove(&partition);
        facts.troubles.remove(&Some(partition));
    }

    pub fn log_entry(&self) {
        let entries = &self.activity.0.log_entries;
        entries.fetch_add(1, Ordering::AcqRel);
    }

    pub fn bad_record(&self, kind: &'static str) {
        *self.facts().bad_records.entry(kind).or_default() += 1;
    }

    /// Of `rows` result rows, how many are still wanted; they count as taken.
    pub fn take_rows(&self, rows: usize) -> usize {
        let rows = rows as u64;
        let taken = self
            .rows_wanted
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |wanted| match wanted {
                u64::MAX => None,
                wanted => Some(wanted - wanted.min(rows)),
            });
        match taken {
            Ok(wanted) => wanted.min(rows) as usize,
            Err(_) => rows as usize,
        }
    }

    pub fn has_enough_rows(&self) -> bool {
        self.rows_wanted.load(Ordering::Acquire) == 0
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Facts {
    /// Of tasks that have nothing in hand, as far as their readers have come.
    fn positions_now(&self) -> BTreeMap<PartitionId, Offset> {
        let mut positions = self.positions.clone();
        for (partition, position) in &mut positions {
            let passed = self.links.get(partition).and_then(|link| link.passed());
            if let Some(passed) = passed {
                *position = passed.position.max(*position);
            }
        }
        positions
    }

    fn last_times_now(&self) -> BTreeMap<PartitionId, i64> {
        let mut times = self.last_times.clone();
        for (partition, link) in &self.links {
            if let Some(time) = link.passed().and_then(|passed| passed.last_time) {
                times.insert(*partition, time);
            }
        }
        times
    }

    fn passed_by(&self) -> Counts {
        let links = self.links.values().map(|link| link.counts());
        links.fold(Counts::default(), Counts::plus)
    }
}

impl Activity {
    pub fn count<T>(&self, change: impl FnOnce() -> T) {
        self.0.changes.send_modify(|count| {
            change();
            *count += 1;
        });
    }

    pub fn watch(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// How many entries the processing log was given.
    pub fn log_entries(&self) -> u64 {
        self.0.log_entries.load(Ordering::Acquire)
    }
}

impl InFlight {
    pub fn new(control: &Arc<Control>, records: usize) -> Self {
        let records = records as u64;
        control.in_flight.fetch_add(records, Ordering::AcqRel);
        Self {
            control: control.clone(),
            records,
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let Self { control, records } = self;
        control
            .activity
            .count(|| control.in_flight.fetch_sub(*records, Ordering::AcqRel));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::SystemClock, passage::Passage};

    /// A reader may pass a task by before the task's query knows where it stands: whoever waits must look again.
    #[test]
    fn what_passed_a_task_by_before_it_is_followed_counts_when_it_is() {
        let activity = Activity::default();
        let clock = Arc::new(SystemClock);
        let source = Some("events".to_owned());
        let control = Control::new("q", clock, None, source, activity.clone());
        let (link, passage) = (Arc::new(Link::default()), Arc::new(Passage::new(2)));
        control.goes_on_from(0, 2);
        link.join(&passage);
        activity.count(|| passage.move_on(3, Counts::default(), None));
        let mut changes = activity.watch();
        changes.mark_unchanged();
        assert!(!control.has_settled(&[(0, 3)]));
        control.follows(0, &link);
        assert!(control.has_settled(&[(0, 3)]));
        assert!(changes.has_changed().unwrap());
    }
}
