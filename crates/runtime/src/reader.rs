//! A reader: fetches, decodes and dates the records of one partition, once for all the tasks that stand at its offset.
//!
//! It never waits for one task while others have nothing to do, beyond a patience: the slow one goes on with a reader of
//! its own, from the batch that it had no room for, and comes back when both stand at the same offset.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use tokio::sync::Notify;
use weir_formats::Decoded;
use weir_kafka::{Offset, Subscription as Assignment};

use crate::{
    Error, Options,
    batch::Batch,
    clock::milliseconds,
    date,
    decode::Decoders,
    fetch::{Bounds, Epoch, Fetched, Trouble},
    layout::{Layout, Part},
    passage::{Counts, Passage},
    readers::{Company, Handed, Partition, Readers, Refused, Stand, Subscriber},
    retry::Backoff,
    rules::{RuleSet, Selection, Skipper},
    tasks::Tasks,
};

/// How long the broker may wait for records before it answers that there are none.
const WAIT: Duration = Duration::from_millis(500);

/// A reader that finds so many bytes waiting is behind.
const BEHIND: usize = 1 << 20;

/// How often a reader looks whether those who wait for a slow task have waited long enough.
const GLANCE: Duration = Duration::from_millis(20);

pub(crate) struct Reader {
    readers: Readers,
    options: Arc<Options>,
    partition: Arc<Partition>,
    id: u64,
    /// Tasks came or went.
    wake: Arc<Notify>,
    /// How far all tasks have been handed what concerns them.
    passage: Arc<Passage>,
    tasks: Tasks,
    rules: RuleSet,
    /// Finds records that concern no rule.
    skipper: Option<Skipper>,
    broker: Option<Box<dyn weir_kafka::Reader>>,
    fetched: Fetched,
    decoders: Decoders,
    /// How many tasks the decoders were made for.
    decoded_for: usize,
    backoff: Backoff,
    /// What tasks are told when it ends without a word.
    failure: Error,
}

impl Reader {
    pub fn new(
        readers: Readers,
        options: Arc<Options>,
        partition: Arc<Partition>,
        stand: Stand,
        position: Offset,
    ) -> Self {
        let failure = Error::internal(format!("the reader of {} failed", partition.at));
        Self {
            rules: RuleSet::new(readers.vocabulary.clone()),
            readers,
            backoff: Backoff::new(&options),
            options,
            partition,
            id: stand.id,
            wake: stand.wake,
            passage: stand.passage,
            tasks: Tasks::default(),
            skipper: None,
            broker: None,
            fetched: Fetched::new(position),
            decoders: Decoders::default(),
            decoded_for: 0,
            failure,
        }
    }

    /// Runs until nobody reads here any more.
    pub async fn run(mut self) {
        while let Some(mut epoch) = self.fetch().await {
            let passing = Passing::of(&epoch);
            let mut has_woken = false;
            self.skip(&mut epoch);
            if !epoch.records.is_empty() || !self.tasks.plain.is_empty() {
                let columns = self.decode(&epoch);
                let Some(batch) = self.date(epoch, columns) else {
                    return;
                };
                let selected = self.select(&batch);
                has_woken = !selected.is_empty() || !self.tasks.plain.is_empty();
                self.hand_out(Arc::new(batch), selected).await;
            }
            self.pass(passing);
            if has_woken {
                // The task that was woken last waits for this thread, whatever others are idle (tokio's LIFO slot), and a fetch that
                // is answered already does not let go of it: alerts would wait until the reader has caught up.
                tokio::task::yield_now().await;
            }
        }
    }

    /// What is there, as soon as anything is; `None` when this reader has nothing left to do.
    async fn fetch(&mut self) -> Option<Epoch> {
        loop {
            match self.partition.look_around(self.id, &mut self.tasks) {
                Company::Alone => {}
                Company::Joined | Company::Nobody => return None,
            }
            if self.fetched.is_empty() {
                if let Err(trouble) = self.fill().await {
                    self.wait_out(trouble).await?;
                }
                continue;
            }
            return self.take();
        }
    }

    async fn fill(&mut self) -> Result<(), Trouble> {
        let wake = self.wake.clone();
        let mut holds = self.partition.holds.clone();
        tokio::select! {
            // Held back while queries start that may want to read along; the holder cannot be gone before us.
            _ = holds.wait_for(|holds| *holds == 0) => {}
            () = wake.notified() => return Ok(()),
        }
        let broker = match &mut self.broker {
            Some(broker) => broker,
            None => {
                let from = vec![(self.partition.at.clone(), self.fetched.position())];
                let opened = self.options.broker.reader(Assignment::Assign(from)).await?;
                self.broker.insert(opened)
            }
        };
        let (records, bytes) = tokio::select! {
            filled = self.fetched.fill(broker.as_mut(), WAIT) => filled?,
            () = wake.notified() => return Ok(()),
        };
        let stats = &self.partition.stats;
        stats.records_fetched.fetch_add(records, Ordering::Relaxed);
        stats.bytes_fetched.fetch_add(bytes, Ordering::Relaxed);
        if self.backoff.succeeded() {
            let partition = self.partition.at.partition;
            self.tell(|task| task.control.recovered(Some(partition)));
        }
        Ok(())
    }

    /// Waits after a failure; `None` if waiting does not help.
    async fn wait_out(&mut self, trouble: Trouble) -> Option<()> {
        self.broker = None;
        let error = match trouble {
            Trouble::Passing(error) => error,
            Trouble::Lost(error) => {
                self.failure = error;
                return None;
            }
        };
        let partition = self.partition.at.partition;
        self.tell(|task| task.control.trouble(Some(partition), &error.message));
        let wait = self.options.clock.sleep(self.backoff.next());
        tokio::select! {
            () = wait => {}
            () = self.wake.notified() => {}
        }
        Some(())
    }

    fn tell(&self, what: impl Fn(&Subscriber)) {
        self.tasks.iter().for_each(&what);
        self.partition.for_each_joining(self.id, what);
    }

    /// The next epoch, and who reads it: those who join do so here.
    fn take(&mut self) -> Option<Epoch> {
        let bounds = Bounds {
            rows: self.options.epoch_rows,
            bytes: self.options.epoch_bytes,
        };
        let fetched = &mut self.fetched;
        let take = |before| {
            let epoch = fetched.take(bounds, before);
            let next = epoch.next;
            (epoch, next)
        };
        let (epoch, has_new) = self.partition.advance(self.id, &mut self.tasks, take);
        if let Some(changes) = self.tasks.changes() {
            self.rules.change(changes.come, &changes.gone);
            self.skipper = self.rules.skipper();
            // Here and not with the next look at a batch: all of its records may be skipped by their bytes.
            self.show_news();
        }
        if has_new || self.tasks.len() != self.decoded_for {
            let needs = self.tasks.iter().map(|task| &*task.needs);
            // Every task's own decoders were made once before it started: this does not fail for what one of them asks.
            if let Err(error) = self.decoders.change_to(Layout::union(needs)) {
                self.failure = error;
                return None;
            }
            self.decoded_for = self.tasks.len();
        }
        Some(epoch)
    }

    /// Leaves out the records that concern no task, while so many wait that it pays: with time to spare each record is parsed,
    /// so that one that is bad is reported.
    fn skip(&mut self, epoch: &mut Epoch) {
        let Some(skipper) = &mut self.skipper else {
            return;
        };
        if epoch.bytes < BEHIND || !self.tasks.plain.is_empty() {
            return;
        }
        let since = Instant::now();
        let before = epoch.records.len();
        epoch
            .records
            .retain(|record| skipper.keeps(record.value.as_deref()));
        let skipped = (before - epoch.records.len()) as u64;
        let stats = &self.partition.stats;
        stats.rules_time.add(since.elapsed());
        stats.records_skipped.fetch_add(skipped, Ordering::Relaxed);
    }

    /// What concerns each rule: the rows that its condition is about, and bad records of which it has to be told.
    fn select(&mut self, batch: &Batch) -> Vec<(u32, Selection)> {
        // A measurement, not a decision: no test turns this clock.
        let since = Instant::now();
        let mut selected = Vec::new();
        self.rules
            .run(batch, |rule, selection| selected.push((rule, selection)));
        if batch.has_bad() {
            let known: HashSet<u32> = selected.iter().map(|(rule, _)| *rule).collect();
            let concerned =
                self.tasks.rules().iter().filter(|task| {
                    !known.contains(&task.number) && batch.may_be_bad_for(&task.needs)
                });
            let concerned = concerned.map(|task| (task.number, Selection::default()));
            selected.extend(concerned.collect::<Vec<_>>());
        }
        self.show_news();
        let time = &self.partition.stats.rules_time;
        time.add(since.elapsed());
        selected
    }

    /// Whoever asks how a rule is found is told by the indexes of now.
    fn show_news(&mut self) {
        if let Some(indexes) = self.rules.news() {
            self.passage.show(indexes);
        }
    }

    /// All tasks have what concerns them: those that have nothing in hand are past the epoch.
    fn pass(&self, passing: Passing) {
        let move_on = || {
            self.passage
                .move_on(passing.next, passing.counts, passing.last_time);
        };
        match self.tasks.rules().is_empty() {
            true => move_on(),
            false => self.readers.activity.count(move_on),
        }
    }

    fn decode(&mut self, epoch: &Epoch) -> Vec<Decoded> {
        let records = epoch.records.len() as u64;
        let values = self.decoders.layout.values() as u64;
        let decoded = &self.partition.stats.records_decoded;
        decoded.fetch_add(records * values, Ordering::Relaxed);
        let records = &epoch.records;
        self.decoders.decode(|part| match part {
            Part::Key => records.iter().map(|record| record.key.as_deref()).collect(),
            Part::Value => records
                .iter()
                .map(|record| record.value.as_deref())
                .collect(),
        })
    }

    /// `None` if a column cannot date rows, which is found before any task starts.
    fn date(&mut self, epoch: Epoch, parts: Vec<Decoded>) -> Option<Batch> {
        let layout = self.decoders.layout.clone();
        let times = match date::all(&layout, &parts, &epoch.records) {
            Ok(times) => times,
            Err(error) => {
                self.failure = error;
                return None;
            }
        };
        let offsets = (epoch.start, epoch.next);
        let partition = self.partition.at.partition;
        Some(Batch::new(
            partition,
            offsets,
            epoch.records,
            layout,
            parts,
            times,
        ))
    }

    /// Gives the batch to every task that wants all, and to the rules that it concerns.
    async fn hand_out(&mut self, batch: Arc<Batch>, selected: Vec<(u32, Selection)>) {
        let mut full = Vec::new();
        let mut index = 0;
        while index < self.tasks.plain.len() {
            match offer(&mut self.tasks.plain[index], &batch, None) {
                Ok(()) => index += 1,
                Err(Refused::Gone) => drop(self.tasks.plain.swap_remove(index)),
                Err(Refused::Full(handed)) => {
                    full.push((self.tasks.plain.swap_remove(index), handed));
                }
            }
        }
        for (number, selection) in selected {
            let Some(task) = self.tasks.rule(number) else {
                continue;
            };
            let refused = match offer(task, &batch, Some(selection)) {
                Ok(()) => continue,
                Err(refused) => refused,
            };
            let Some(task) = self.tasks.take_rule(number) else {
                continue;
            };
            match refused {
                Refused::Gone => self.tasks.leaves(&task),
                Refused::Full(handed) => full.push((task, handed)),
            }
        }
        // From here on `tasks` has the batch, and `full` has not.
        while let Some((task, handed)) = full.pop() {
            self.hand_to_slow(task, handed, &mut full).await;
        }
    }

    /// Waits for room in the queue of `task` as long as nobody else has to wait for long. The `others` are full as well: they
    /// wait, and hold others up, at the same time.
    async fn hand_to_slow(
        &mut self,
        mut task: Subscriber,
        mut handed: Handed,
        others: &mut [(Subscriber, Handed)],
    ) {
        let clock = self.options.clock.clone();
        let patience = milliseconds(self.options.slow_task_patience);
        loop {
            let since = clock.now();
            // Who has had its time, with others before it, gets no glance of its own.
            let glance = match task.held_up > patience {
                true => Duration::ZERO,
                false => GLANCE,
            };
            let has_room = tokio::select! {
                biased;
                () = task.room() => true,
                () = clock.sleep(glance) => false,
            };
            let is_anyone_idle = self
                .tasks
                .iter()
                .chain(others.iter().map(|(task, _)| task))
                .any(Subscriber::is_idle)
                || self.partition.has_joining(self.id);
            if is_anyone_idle {
                let waited = clock.now().saturating_sub(since);
                for full in others.iter_mut().map(|(task, _)| task).chain([&mut task]) {
                    full.held_up += waited;
                }
            }
            if has_room {
                handed = match task.hand(handed) {
                    Ok(()) => return self.tasks.put_back(task),
                    Err(Refused::Gone) => return self.tasks.leaves(&task),
                    Err(Refused::Full(handed)) => handed,
                };
            } else if task.held_up > patience {
                let offset = handed.batch.start;
                tracing::info!(
                    query = %task.control.id, partition = %self.partition.at, offset,
                    "query is slower than others, it reads on its own for a while"
                );
                task.held_up = 0;
                self.tasks.leaves(&task);
                return self.readers.split(&self.partition, offset, task);
            }
        }
    }
}

/// Hands a task a batch, if there is room for it in its queue.
fn offer(
    task: &mut Subscriber,
    batch: &Arc<Batch>,
    selection: Option<Selection>,
) -> Result<(), Refused> {
    if task.is_idle() {
        task.held_up = 0;
    }
    let batch = batch.clone();
    task.hand(Handed { batch, selection })
}

/// An epoch, as those see it whom it passes by.
struct Passing {
    next: Offset,
    counts: Counts,
    last_time: Option<i64>,
}

impl Passing {
    fn of(epoch: &Epoch) -> Self {
        Self {
            next: epoch.next,
            counts: Counts {
                records: epoch.records.len() as u64,
                bytes: epoch.bytes as u64,
            },
            last_time: epoch.records.last().map(|record| record.timestamp),
        }
    }
}

/// However a reader ends, nobody waits for it for ever.
impl Drop for Reader {
    fn drop(&mut self) {
        let joining = self.partition.leave(self.id);
        for task in self.tasks.drain().into_iter().chain(joining) {
            task.fail(&self.failure);
        }
    }
}
