//! The readers of every topic partition: who reads where, and how two become one.
//!
//! ```text
//! subscribe at 40 ──▶ a reader stands at 40?  yes: joins it          no: a reader of its own, from 40
//! a reader comes to where another one stands: its tasks join that one, and it ends
//! a task holds the others up: it leaves with the batch that it had no room for, to a reader of its own
//! ```
//!
//! **Invariant:** a task is handed every offset once and in order, by whichever reader. A reader's position changes under
//! the lock of its partition only, and so does who reads with it: a task joins where the next batch starts.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::{StreamExt, channel::mpsc};
use tokio::sync::{Notify, watch};
use weir_kafka::{Offset, TopicPartition};

use crate::{
    Error, Options, ReaderStats,
    batch::Batch,
    control::{Activity, Control},
    layout::Needs,
    measure::Stopwatch,
    passage::{Counts, Link, Passage, Passed},
    reader::Reader,
    rules::{QueryRule, Selection, Vocabulary},
    tasks::Tasks,
};

/// How many epochs may wait for a task. The memory is shared by all tasks of a reader.
const QUEUE: usize = 2;

/// Who sends has one place to itself.
const SHARED_PLACES: usize = QUEUE - 1;

/// All readers of a runtime.
#[derive(Clone)]
pub(crate) struct Readers {
    options: Arc<Options>,
    /// Where it is counted that batches passed.
    pub activity: Activity,
    pub vocabulary: Arc<Vocabulary>,
    partitions: Arc<Mutex<BTreeMap<TopicPartition, Arc<Partition>>>>,
    /// How many hold the readers back.
    holds: watch::Sender<usize>,
}

/// One topic partition and those who read it.
#[derive(Debug)]
pub(crate) struct Partition {
    pub at: TopicPartition,
    standing: Mutex<Vec<Standing>>,
    pub stats: Counters,
    pub holds: watch::Receiver<usize>,
}

/// A reader, as the others see it.
#[derive(Debug)]
struct Standing {
    id: u64,
    /// Where its next batch starts.
    position: Offset,
    /// It may wait for a slow task with the batch before that: nobody joins it to wait along.
    is_handing_out: bool,
    /// Tasks that come in there.
    joining: Vec<Subscriber>,
    /// Whether a task may be gone.
    is_stale: bool,
    passage: Arc<Passage>,
    wake: Arc<Notify>,
}

/// Who a reader is, as it is told when it begins.
pub(crate) struct Stand {
    pub id: u64,
    pub wake: Arc<Notify>,
    pub passage: Arc<Passage>,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    next_id: AtomicU64,
    pub records_fetched: AtomicU64,
    pub records_skipped: AtomicU64,
    pub records_decoded: AtomicU64,
    pub bytes_fetched: AtomicU64,
    pub rules_time: Stopwatch,
}

/// A task, as its reader sees it.
#[derive(Debug)]
pub(crate) struct Subscriber {
    pub control: Arc<Control>,
    pub needs: Arc<Needs>,
    /// Its condition, if it is handed only what that concerns, and the number by which its reader knows it.
    pub rule: Option<Arc<QueryRule>>,
    pub number: u32,
    pub link: Arc<Link>,
    pub queue: mpsc::Sender<Handed>,
    /// Why no more comes, for when the queue is closed.
    pub failure: Arc<OnceLock<Error>>,
    /// For how long it has held others up since it last had nothing to do, in milliseconds.
    pub held_up: i64,
}

/// What a task is handed.
#[derive(Debug)]
pub(crate) struct Handed {
    pub batch: Arc<Batch>,
    /// The rows that concern it; all if it is no rule.
    pub selection: Option<Selection>,
}

/// Why a task was not handed a batch.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It is gone.
    Gone,
    /// There is no room in its queue.
    Full(Handed),
}

/// A task's end of it. When it is dropped the reader forgets the task.
#[derive(Debug)]
pub(crate) struct Subscription {
    queue: mpsc::Receiver<Handed>,
    link: Arc<Link>,
    failure: Arc<OnceLock<Error>>,
    partition: Arc<Partition>,
}

/// What a reader finds when it looks around before a fetch.
pub(crate) enum Company {
    /// Goes on as it is.
    Alone,
    /// Another stands here too: the tasks went over to it.
    Joined,
    /// Nobody reads any more.
    Nobody,
}

impl Readers {
    pub fn new(options: Arc<Options>, activity: Activity) -> Self {
        Self {
            options,
            activity,
            vocabulary: Arc::default(),
            partitions: Arc::default(),
            holds: watch::Sender::new(0),
        }
    }

    /// Lets a task read from `position` on: with a reader that stands there, or with one of its own.
    pub fn subscribe(
        &self,
        at: &TopicPartition,
        position: Offset,
        control: &Arc<Control>,
        needs: &Arc<Needs>,
        rule: Option<&Arc<QueryRule>>,
    ) -> Subscription {
        let partition = self.partition(at);
        let (queue, receiver) = mpsc::channel(SHARED_PLACES);
        let failure = Arc::new(OnceLock::new());
        let link = Arc::new(Link::default());
        let subscriber = Subscriber {
            control: control.clone(),
            needs: needs.clone(),
            rule: rule.cloned(),
            number: 0,
            link: link.clone(),
            queue,
            failure: failure.clone(),
            held_up: 0,
        };
        self.admit(&partition, position, subscriber);
        Subscription {
            queue: receiver,
            link,
            failure,
            partition,
        }
    }

    fn admit(&self, partition: &Arc<Partition>, position: Offset, subscriber: Subscriber) {
        let mut standing = partition.standing();
        match standing
            .iter_mut()
            .find(|reader| reader.position == position)
        {
            Some(reader) => {
                reader.joining.push(subscriber);
                reader.wake.notify_one();
            }
            None => {
                let reader = partition.stand(&mut standing, position, vec![subscriber]);
                drop(standing);
                self.spawn(partition, reader, position);
            }
        }
    }

    /// A reader for one task that held the others up.
    pub fn split(&self, partition: &Arc<Partition>, position: Offset, subscriber: Subscriber) {
        let mut standing = partition.standing();
        let link = subscriber.link.clone();
        let reader = partition.stand(&mut standing, position, vec![subscriber]);
        drop(standing);
        // Before the others go on: what passes them by from here on has not passed this one by.
        link.join(&reader.passage);
        self.spawn(partition, reader, position);
    }

    fn spawn(&self, partition: &Arc<Partition>, stand: Stand, position: Offset) {
        let (options, partition) = (self.options.clone(), partition.clone());
        let reader = Reader::new(self.clone(), options, partition, stand, position);
        tokio::spawn(reader.run());
    }

    fn partition(&self, at: &TopicPartition) -> Arc<Partition> {
        let mut partitions = self.partitions();
        let new = || Arc::new(Partition::new(at.clone(), self.holds.subscribe()));
        partitions.entry(at.clone()).or_insert_with(new).clone()
    }

    pub fn hold(&self) {
        self.holds.send_modify(|holds| *holds += 1);
    }

    pub fn release(&self) {
        self.holds
            .send_modify(|holds| *holds = holds.saturating_sub(1));
    }

    pub fn stats(&self) -> BTreeMap<TopicPartition, ReaderStats> {
        let partitions = self.partitions();
        let stats = |partition: &Partition| ReaderStats {
            records_fetched: partition.stats.records_fetched.load(Ordering::Relaxed),
            records_skipped: partition.stats.records_skipped.load(Ordering::Relaxed),
            records_decoded: partition.stats.records_decoded.load(Ordering::Relaxed),
            bytes_fetched: partition.stats.bytes_fetched.load(Ordering::Relaxed),
            rules_time: partition.stats.rules_time.read(),
            readers: partition.standing().len(),
        };
        let partitions = partitions.iter();
        partitions
            .map(|(at, partition)| (at.clone(), stats(partition)))
            .collect()
    }

    pub fn positions(&self) -> BTreeMap<TopicPartition, Offset> {
        let lowest = |partition: &Partition| {
            let standing = partition.standing();
            standing.iter().map(|reader| reader.position).min()
        };
        let partitions = self.partitions();
        let partitions = partitions.iter();
        partitions
            .filter_map(|(at, partition)| Some((at.clone(), lowest(partition)?)))
            .collect()
    }

    fn partitions(&self) -> MutexGuard<'_, BTreeMap<TopicPartition, Arc<Partition>>> {
        self.partitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Partition {
    fn new(at: TopicPartition, holds: watch::Receiver<usize>) -> Self {
        Self {
            at,
            standing: Mutex::default(),
            stats: Counters::default(),
            holds,
        }
    }

    fn standing(&self) -> MutexGuard<'_, Vec<Standing>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stand(
        &self,
        standing: &mut Vec<Standing>,
        position: Offset,
        joining: Vec<Subscriber>,
    ) -> Stand {
        let id = self.stats.next_id.fetch_add(1, Ordering::Relaxed);
        let wake = Arc::new(Notify::new());
        let passage = Arc::new(Passage::new(position));
        standing.push(Standing {
            id,
            position,
            is_handing_out: false,
            joining,
            is_stale: false,
            passage: passage.clone(),
            wake: wake.clone(),
        });
        Stand { id, wake, passage }
    }

    /// Looks around: forgets tasks that are gone, and joins another reader that stands at the same offset.
    pub fn look_around(&self, id: u64, tasks: &mut Tasks) -> Company {
        let mut standing = self.standing();
        let Some(index) = standing.iter().position(|reader| reader.id == id) else {
            return Company::Nobody;
        };
        if std::mem::take(&mut standing[index].is_stale) {
            tasks.forget_closed();
            standing[index]
                .joining
                .retain(|task| !task.queue.is_closed());
        }
        if tasks.is_empty() && standing[index].joining.is_empty() {
            standing.remove(index);
            return Company::Nobody;
        }
        standing[index].is_handing_out = false;
        let position = standing[index].position;
        let is_other = |reader: &Standing| {
            reader.id != id && reader.position == position && !reader.is_handing_out
        };
        if !standing.iter().any(is_other) {
            return Company::Alone;
        }
        let own = standing.remove(index);
        if let Some(other) = standing.iter_mut().find(|reader| is_other(reader)) {
            other.joining.append(&mut tasks.drain());
            other.joining.extend(own.joining);
            other.wake.notify_one();
        }
        Company::Joined
    }

    /// Takes the next batch: `take` is told where the nearest reader further on stands, and returns the batch and the
    /// position after it. Tasks that joined come in with this batch; true if there are any.
    pub fn advance<T>(
        &self,
        id: u64,
        tasks: &mut Tasks,
        take: impl FnOnce(Option<Offset>) -> (T, Offset),
    ) -> (T, bool) {
        let mut standing = self.standing();
        let own = standing.iter().find(|reader| reader.id == id);
        let position = own.map_or(Offset::MAX, |reader| reader.position);
        let ahead = standing.iter().map(|reader| reader.position);
        let (taken, next) = take(ahead.filter(|other| *other > position).min());
        let mut has_new = false;
        if let Some(own) = standing.iter_mut().find(|reader| reader.id == id) {
            own.position = next;
            own.is_handing_out = true;
            has_new = !own.joining.is_empty();
            for task in own.joining.drain(..) {
                task.link.join(&own.passage);
                tasks.push(task);
            }
        }
        (taken, has_new)
    }

    /// Whether tasks wait to come in.
    pub fn has_joining(&self, id: u64) -> bool {
        let standing = self.standing();
        standing
            .iter()
            .any(|reader| reader.id == id && !reader.joining.is_empty())
    }

    /// The reader is no more; the tasks that were about to join it.
    pub fn leave(&self, id: u64) -> Vec<Subscriber> {
        let mut standing = self.standing();
        let index = standing.iter().position(|reader| reader.id == id);
        index.map_or_else(Vec::new, |index| standing.remove(index).joining)
    }

    /// Tells all who are about to join.
    pub fn for_each_joining(&self, id: u64, tell: impl Fn(&Subscriber)) {
        let standing = self.standing();
        let own = standing.iter().filter(|reader| reader.id == id);
        own.flat_map(|reader| &reader.joining).for_each(tell);
    }

    /// A task is gone: its reader, whichever it is, looks around.
    fn wake_all(&self) {
        for reader in self.standing().iter_mut() {
            reader.is_stale = true;
            reader.wake.notify_one();
        }
    }
}

impl Subscription {
    /// The next batch; an error when the reader has given up. Safe to drop while it waits.
    pub async fn next(&mut self) -> Result<Handed, Error> {
        match self.queue.next().await {
            Some(handed) => Ok(handed),
            None => Err(self.failure.get().cloned().unwrap_or_else(|| {
                Error::internal(format!("the reader of {} ended", self.partition.at))
            })),
        }
    }

    pub fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// The task is through with what it was handed last.
    pub fn done(&self) {
        self.link.done();
    }

    /// How far the task has come by what passed it by; `None` if a batch waits for it.
    pub fn passed(&self) -> Option<Passed> {
        self.link.passed()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.queue.close();
        self.partition.wake_all();
    }
}

impl Subscriber {
    /// Whether it waits for a batch.
    pub fn is_idle(&self) -> bool {
        self.link.is_idle()
    }

    /// Hands over what there is room for; gives it back if there is none.
    pub fn hand(&mut self, handed: Handed) -> Result<(), Refused> {
        let counts = counts(&handed.batch);
        self.link.hand(counts);
        self.queue.try_send(handed).map_err(|refused| {
            self.link.take_back(counts);
            match refused.is_full() {
                true => Refused::Full(refused.into_inner()),
                false => Refused::Gone,
            }
        })
    }

    /// Waits until there is room, or the task is gone. Safe to drop.
    pub async fn room(&mut self) {
        // Whether it is gone is found out by whoever hands something over.
        let _ = poll_fn(|context| self.queue.poll_ready(context)).await;
    }

    pub fn fail(&self, error: &Error) {
        let _ = self.failure.set(error.clone());
    }
}

fn counts(batch: &Batch) -> Counts {
    Counts {
        records: batch.records.len() as u64,
        bytes: batch.bytes as u64,
    }
}
