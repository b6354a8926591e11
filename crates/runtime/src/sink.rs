//! Step 6: records to the sink's topic.
//!
//! A task hands its records over and goes on. Tasks of one source partition that write to the same topic share a writer: while
//! it waits for an acknowledgement, what comes meanwhile, from all of them, gathers to the next, larger batch. So latency is
//! that of one write, and neither throughput nor the number of requests hangs on how many queries write. The writer is opened
//! with the first record; a query that never has a row opens nothing. What waits is bounded in bytes, for each task and for
//! each writer.
//!
//! Tasks that share a writer share what happens to it: when a write fails, so do all who have something in it that is not
//! durable yet. Who has nothing there does not notice, and neither does any other topic.
//!
//! **Invariant:** [`Sink::flush`] returns when all that was handed over before is acknowledged and durable by the
//! broker's rule. After a failure nothing more of a task is written: it goes back to where it last flushed.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use futures::FutureExt;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use weir_kafka::{
    Broker, ErrorKind, NewRecord, Offset, PartitionId, Topic, TopicPartition, Writer,
    partitioner::partition_for_key,
};

use crate::{
    Error,
    control::{Control, InFlight},
    durable::Durable,
    encode::Outgoing,
    report::Reports,
    topics::{Look, known},
};

/// What a batch takes besides its records (`DefaultRecordBatch.RECORD_BATCH_OVERHEAD`).
const BATCH_OVERHEAD: usize = 61;

/// How much may wait to be written, for one task.
const WAITING_BYTES: usize = 16 << 20;

/// How much may wait for one writer: some tasks' worth, so that none of them can take all of it.
const WAITING_FOR_WRITER: usize = 64 << 20;

/// How many records go into one batch at most, however small.
const BATCH_RECORDS: usize = 16_384;

/// How many orders may wait for one writer.
const WAITING_ORDERS: usize = 1_024;

/// A sink topic, and the source partition whose rows go there.
type WayId = (Arc<str>, PartitionId);

/// All writers of a runtime.
#[derive(Debug)]
pub(crate) struct Sinks {
    broker: Arc<dyn Broker>,
    /// By the topic that is written and the partition that is read: what was parallel stays so.
    writers: Mutex<BTreeMap<WayId, Weak<Way>>>,
    durable: Durable,
}

/// The way to a writer, which ends with the last task that has it.
#[derive(Debug)]
struct Way {
    orders: mpsc::Sender<Order>,
    room: Arc<Semaphore>,
}

/// A task's way to the sink's topic.
#[derive(Debug)]
pub(crate) struct Sink {
    sinks: Arc<Sinks>,
    topic: Arc<str>,
    looks: watch::Receiver<Look>,
    /// The partition that is read.
    source: PartitionId,
    owner: Arc<Owner>,
    /// Opened with the first record.
    open: OnceLock<Open>,
    /// Something was handed over since the last flush.
    has_news: AtomicBool,
}

#[derive(Debug)]
struct Open {
    way: Arc<Way>,
    room: Arc<Semaphore>,
}

/// A task, as its writer sees it.
#[derive(Debug)]
struct Owner {
    control: Arc<Control>,
    reports: Arc<Reports>,
    /// The task has ended: what it had not flushed is not its word any more.
    is_gone: AtomicBool,
    /// Something of it is written and not yet durable.
    is_uncommitted: AtomicBool,
    failure: OnceLock<Error>,
    has_failed: Notify,
    /// What was not written is on its way until the task falls back.
    undelivered: Mutex<Vec<InFlight>>,
}

#[derive(Debug)]
enum Order {
    Write {
        owner: Arc<Owner>,
        records: Vec<Outgoing>,
        rooms: [OwnedSemaphorePermit; 2],
        in_flight: InFlight,
    },
    /// With the position that is reached when all before it is done.
    Flush {
        owner: Arc<Owner>,
        read: (TopicPartition, Offset),
        done: oneshot::Sender<()>,
    },
}

/// The other end.
struct Writing {
    broker: Arc<dyn Broker>,
    name: Arc<str>,
    /// Where records without a key go.
    source: PartitionId,
    /// The topic as it is now: it may gain partitions.
    looks: watch::Receiver<Look>,
    /// As it was last seen.
    topic: Option<Arc<Topic>>,
    /// `None` before the first record, and after a failure.
    writer: Option<Box<dyn Writer>>,
    /// Who has something written that is not durable yet: what they do not know, the writer does.
    uncommitted: Vec<Arc<Owner>>,
}

/// What is done in one go: all that is there.
#[derive(Default)]
struct Round {
    owners: Vec<Arc<Owner>>,
    records: Vec<Waiting>,
    in_flight: Vec<(Arc<Owner>, InFlight)>,
    rooms: Vec<[OwnedSemaphorePermit; 2]>,
    read: Vec<(TopicPartition, Offset)>,
    flushes: Vec<(Arc<Owner>, oneshot::Sender<()>)>,
}

/// A record, and whose it is: the number among the round's owners.
struct Waiting {
    owner: usize,
    outgoing: Outgoing,
}

impl Sinks {
    pub fn new(broker: Arc<dyn Broker>) -> Self {
        Self {
            durable: Durable::new(broker.clone()),
            broker,
            writers: Mutex::default(),
        }
    }

    /// A task's way to a topic; `looks` shows the topic, `source` is the partition that is read.
    pub fn sink(
        self: &Arc<Self>,
        topic: Arc<str>,
        looks: watch::Receiver<Look>,
        source: PartitionId,
        reports: Arc<Reports>,
        control: Arc<Control>,
    ) -> Sink {
        Sink {
            sinks: self.clone(),
            topic,
            looks,
            source,
            owner: Arc::new(Owner {
                control,
                reports,
                is_gone: AtomicBool::new(false),
                is_uncommitted: AtomicBool::new(false),
                failure: OnceLock::new(),
                has_failed: Notify::new(),
                undelivered: Mutex::default(),
            }),
            open: OnceLock::new(),
            has_news: AtomicBool::new(false),
        }
    }

    fn way(
        &self,
        topic: &Arc<str>,
        source: PartitionId,
        looks: &watch::Receiver<Look>,
    ) -> Arc<Way> {
        let mut writers = lock(&self.writers);
        let key = (topic.clone(), source);
        if let Some(way) = writers.get(&key).and_then(Weak::upgrade) {
            return way;
        }
        writers.retain(|_, way| way.strong_count() > 0);
        let (orders, receiver) = mpsc::channel(WAITING_ORDERS);
        let writing = Writing {
            broker: self.broker.clone(),
            name: topic.clone(),
            source,
            looks: looks.clone(),
            topic: None,
            writer: None,
            uncommitted: Vec::new(),
        };
        tokio::spawn(writing.run(receiver));
        let way = Arc::new(Way {
            orders,
            room: Arc::new(Semaphore::new(WAITING_FOR_WRITER)),
        });
        writers.insert(key, Arc::downgrade(&way));
        way
    }
}

impl Sink {
    /// Returns when there is room for them, not when they are written.
    pub async fn produce(&self, records: Vec<Outgoing>) -> Result<(), Error> {
        if records.is_empty() {
            return Ok(());
        }
        let Open { way, room } = self.open.get_or_init(|| Open {
            way: self.sinks.way(&self.topic, self.source, &self.looks),
            room: Arc::new(Semaphore::new(WAITING_BYTES)),
        });
        let in_flight = InFlight::new(&self.owner.control, records.len());
        let bytes = records
            .iter()
            .map(|outgoing| outgoing.record.size_estimate());
        // What is larger than all the room there is waits for all of it.
        let bytes = bytes.sum::<usize>().min(WAITING_BYTES);
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let handing_over = async {
            let closed = |_| self.owner.error();
            let own = room.clone().acquire_many_owned(bytes).await;
            let shared = way.room.clone().acquire_many_owned(bytes).await;
            let order = Order::Write {
                owner: self.owner.clone(),
                records,
                rooms: [own.map_err(closed)?, shared.map_err(closed)?],
                in_flight,
            };
            self.has_news.store(true, Ordering::Release);
            let sent = way.orders.send(order).await;
            sent.map_err(|_| self.owner.error())
        };
        tokio::select! {
            biased;
            error = self.owner.failed() => Err(error),
            handed_over = handing_over => handed_over,
        }
    }

    /// Returns when all that was handed over is acknowledged and durable, and so is what was read before this position. What is
    /// handed over while it waits is for the next time.
    pub fn flush(
        &self,
        read: &TopicPartition,
        position: Offset,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let has_news = self.has_news.swap(false, Ordering::AcqRel);
        let open = self.open.get().filter(|_| has_news);
        let way = open.map(|open| open.way.clone());
        let (sinks, owner, read) = (self.sinks.clone(), self.owner.clone(), read.clone());
        async move {
            let Some(way) = way else {
                return sinks.durable.until(&read, position).await;
            };
            let (done, is_done) = oneshot::channel();
            let order = Order::Flush {
                owner: owner.clone(),
                read: (read, position),
                done,
            };
            let sent = way.orders.send(order).await;
            sent.map_err(|_| owner.error())?;
            is_done.await.map_err(|_| owner.error())
        }
    }

    /// Returns when nothing can be written any more.
    pub async fn failed(&self) -> Error {
        self.owner.failed().await
    }
}

/// A task that is cut off leaves orders behind: they are not written after it, when another may run in its place.
impl Drop for Sink {
    fn drop(&mut self) {
        let mut undelivered = lock(&self.owner.undelivered);
        self.owner.is_gone.store(true, Ordering::Release);
        undelivered.clear();
    }
}

impl Owner {
    async fn failed(&self) -> Error {
        let told = self.has_failed.notified();
        tokio::pin!(told);
        told.as_mut().enable();
        if self.failure.get().is_none() {
            told.await;
        }
        self.error()
    }

    fn fail(&self, error: &Error) {
        let _ = self.failure.set(error.clone());
        self.has_failed.notify_waiters();
    }

    /// What is not written stays on its way, for as long as the task is.
    fn give_back(&self, in_flight: InFlight) {
        let mut undelivered = lock(&self.undelivered);
        if !self.is_gone.load(Ordering::Acquire) {
            undelivered.push(in_flight);
        }
    }

    /// Whether it takes no part any more.
    fn is_over(&self) -> bool {
        self.is_gone.load(Ordering::Acquire) || self.failure.get().is_some()
    }

    fn error(&self) -> Error {
        let unknown = || Error::internal("the writer of the sink ended");
        self.failure.get().cloned().unwrap_or_else(unknown)
    }
}

impl Writing {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        while let Some(order) = orders.recv().await {
            let mut round = Round::default();
            round.take_all(order, &mut orders);
            // A panic is a defect of ours; whoever writes here tries again.
            let done = AssertUnwindSafe(self.write_round(&mut round)).catch_unwind();
            let done = done
                .await
                .unwrap_or_else(|_| Err(Error::internal("panic while records were written")));
            if let Err(error) = done {
                self.fail(&round, &error);
            }
            round.end();
        }
    }

    /// Everyone who has something here that is not durable goes back to where it last flushed.
    fn fail(&mut self, round: &Round, error: &Error) {
        self.writer = None;
        for owner in self
            .uncommitted
            .drain(..)
            .chain(round.owners.iter().cloned())
        {
            owner.fail(error);
        }
    }

    /// Writes what is there, and answers those who wait for it.
    async fn write_round(&mut self, round: &mut Round) -> Result<(), Error> {
        let records = std::mem::take(&mut round.records);
        if !records.is_empty() {
            let topic = self.topic().await?;
            if self.writer.is_none() {
                let id = format!("weir-{}-{}", self.name, self.source);
                self.writer = Some(self.broker.writer(&id).await?);
            }
            for (partition, records) in self.by_partition(records, &topic) {
                self.write(&topic, partition, records, &round.owners)
                    .await?;
            }
        }
        round.land();
        if round.flushes.is_empty() {
            return Ok(());
        }
        // Without a writer nothing was written that is not durable.
        match &mut self.writer {
            Some(writer) => writer.commit(&round.read).await?,
            None => {
                let writer = self.broker.writer("weir-reads").await?;
                self.writer.insert(writer).commit(&round.read).await?;
            }
        }
        for owner in self.uncommitted.drain(..) {
            owner.is_uncommitted.store(false, Ordering::Release);
        }
        for (owner, done) in round.flushes.drain(..) {
            if !owner.is_over() {
                let _ = done.send(());
            }
        }
        Ok(())
    }

    /// The topic as it was last seen: a look that failed shows nothing.
    async fn topic(&mut self) -> Result<Arc<Topic>, Error> {
        let has_failed = matches!(*self.looks.borrow(), Look::Failed(_));
        if let Some(topic) = self.topic.as_ref().filter(|_| has_failed) {
            return Ok(topic.clone());
        }
        let topic = known(&mut self.looks, &self.name).await?;
        Ok(self.topic.insert(topic).clone())
    }

    fn by_partition(
        &self,
        records: Vec<Waiting>,
        topic: &Topic,
    ) -> BTreeMap<PartitionId, Vec<Waiting>> {
        let partitions = topic.partitions.max(1);
        let mut sorted: BTreeMap<PartitionId, Vec<Waiting>> = BTreeMap::new();
        for waiting in records {
            let partition = match waiting.outgoing.partitioned_by() {
                Some(key) => partition_for_key(key, partitions),
                None => self.source % partitions,
            };
            sorted.entry(partition).or_default().push(waiting);
        }
        sorted
    }

    /// Writes records of one partition, in batches that the topic takes.
    async fn write(
        &mut self,
        topic: &Topic,
        partition: PartitionId,
        records: Vec<Waiting>,
        owners: &[Arc<Owner>],
    ) -> Result<(), Error> {
        let to = TopicPartition::new(self.name.clone(), partition);
        let most = topic.max_message_bytes.saturating_sub(BATCH_OVERHEAD);
        let (mut batch, mut size) = (Vec::new(), 0);
        for waiting in records {
            let bytes = waiting.outgoing.record.size_estimate();
            if !batch.is_empty() && (size + bytes > most || batch.len() == BATCH_RECORDS) {
                self.write_batch(&to, std::mem::take(&mut batch), owners)
                    .await?;
                size = 0;
            }
            size += bytes;
            batch.push(waiting);
        }
        self.write_batch(&to, batch, owners).await
    }

    /// A batch that is refused is halved: one that is too large down to the record that is too large by itself, one that
    /// something in it is wrong with down to one task's records, so that it is that task's failure.
    async fn write_batch(
        &mut self,
        to: &TopicPartition,
        batch: Vec<Waiting>,
        owners: &[Arc<Owner>],
    ) -> Result<(), Error> {
        // A stack of our own; the first is written first.
        let mut batches = vec![batch];
        while let Some(mut batch) = batches.pop() {
            batch.retain(|waiting| !owners[waiting.owner].is_over());
            let Some(first) = batch.first().map(|waiting| &owners[waiting.owner]) else {
                continue;
            };
            self.expect_commit(&batch, owners);
            let Some(writer) = &mut self.writer else {
                return Err(Error::internal("the writer of the sink is gone"));
            };
            // Records hold shared bytes: a clone is cheap, and needed only where a refusal is to be expected.
            let records: Vec<NewRecord> = batch
                .iter()
                .map(|waiting| waiting.outgoing.record.clone())
                .collect();
            match writer.write(to, records).await {
                Ok(_) => {}
                Err(error) if error.kind == ErrorKind::TooLarge && batch.len() == 1 => {
                    let why = format!(
                        "a record is too large for topic `{}`: {}",
                        to.topic, error.message
                    );
                    let reports = &first.reports;
                    reports.too_large(self.source, batch[0].outgoing.origin, why);
                }
                Err(error) if error.kind == ErrorKind::Invalid && is_of_one(&batch, owners) => {
                    first.fail(&error.into());
                }
                Err(error) if matches!(error.kind, ErrorKind::TooLarge | ErrorKind::Invalid) => {
                    let rest = batch.split_off(batch.len() / 2);
                    batches.push(rest);
                    batches.push(batch);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whose records are about to be written, they are not durable before the next commit.
    fn expect_commit(&mut self, batch: &[Waiting], owners: &[Arc<Owner>]) {
        let mut last = None;
        for waiting in batch {
            if last.replace(waiting.owner) == Some(waiting.owner) {
                continue;
            }
            let owner = &owners[waiting.owner];
            if !owner.is_uncommitted.swap(true, Ordering::AcqRel) {
                self.uncommitted.push(owner.clone());
            }
        }
    }
}

impl Round {
    fn take_all(&mut self, first: Order, more: &mut mpsc::Receiver<Order>) {
        let mut next = Some(first);
        while let Some(order) = next {
            self.take(order);
            next = more.try_recv().ok();
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Write {
                owner,
                records,
                rooms,
                in_flight,
            } => {
                let number = self.owners.len();
                let records = records.into_iter().map(|outgoing| Waiting {
                    owner: number,
                    outgoing,
                });
                self.records.extend(records);
                self.in_flight.push((owner.clone(), in_flight));
                self.owners.push(owner);
                self.rooms.push(rooms);
            }
            // What it waits for is not there and will not be.
            Order::Flush { owner, .. } if owner.is_over() => {}
            Order::Flush { owner, read, done } => {
                self.owners.push(owner.clone());
                self.read.push(read);
                self.flushes.push((owner, done));
            }
        }
    }

    /// What is written has landed.
    fn land(&mut self) {
        for (owner, in_flight) in self.in_flight.drain(..) {
            if owner.is_over() {
                owner.give_back(in_flight);
            }
        }
    }

    /// Whoever waits for an answer still sees its channel closed, and finds the reason.
    fn end(mut self) {
        for (owner, in_flight) in self.in_flight.drain(..) {
            owner.give_back(in_flight);
        }
    }
}

/// Whether all records are one task's.
fn is_of_one(batch: &[Waiting], owners: &[Arc<Owner>]) -> bool {
    let mut owners = batch.iter().map(|waiting| &owners[waiting.owner]);
    let first = owners.next();
    first.is_none_or(|first| owners.all(|owner| Arc::ptr_eq(owner, first)))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
