//! Step 6: records to the sink's topic.
//!
//! A task hands its records over and goes on; a writer of its own writes them, and while it waits for an acknowledgement
//! what comes meanwhile gathers to the next, larger batch. So latency is that of one write, and throughput does not hang
//! on it. What waits is bounded in bytes.
//!
//! **Invariant:** [`Sink::flush`] returns when all that was handed over before is acknowledged and durable by the
//! broker's rule. After a failure nothing more is written: the task goes back to where it last flushed.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use weir_kafka::{
    ErrorKind, NewRecord, Offset, PartitionId, Topic, TopicPartition, Writer,
    partitioner::partition_for_key,
};

use crate::{
    Error,
    control::{Control, InFlight},
    encode::Outgoing,
    report::Reports,
    topics::Look,
};

/// What a batch takes besides its records (`DefaultRecordBatch.RECORD_BATCH_OVERHEAD`).
const BATCH_OVERHEAD: usize = 61;

/// How much may wait to be written, for one task.
const WAITING_BYTES: usize = 16 << 20;

/// How many records go into one batch at most, however small.
const BATCH_RECORDS: usize = 16_384;

/// How many epochs may wait to be written.
const WAITING_EPOCHS: usize = 64;

/// A task's way to the sink's topic.
#[derive(Debug)]
pub(crate) struct Sink {
    orders: mpsc::Sender<Order>,
    room: Arc<Semaphore>,
    failure: Arc<OnceLock<Error>>,
    is_gone: Arc<AtomicBool>,
    control: Arc<Control>,
    /// Held for as long as the task is: what was not written is on its way until the task falls back.
    #[expect(dead_code, reason = "held, not read")]
    undelivered: Undelivered,
}

type Undelivered = Arc<Mutex<Vec<InFlight>>>;

#[derive(Debug)]
enum Order {
    Write {
        records: Vec<Outgoing>,
        room: OwnedSemaphorePermit,
        in_flight: InFlight,
    },
    /// With the position that is reached when all before it is done.
    Flush(TopicPartition, Offset, oneshot::Sender<()>),
}

/// The other end.
struct Writing {
    writer: Box<dyn Writer>,
    topic: Arc<Topic>,
    /// The topic as it is now: it may gain partitions.
    looks: watch::Receiver<Look>,
    /// The partition that the task reads: where records without a key go.
    source: PartitionId,
    reports: Arc<Reports>,
    waiting: BTreeMap<PartitionId, Vec<Outgoing>>,
    /// What is being written.
    in_flight: Vec<InFlight>,
    undelivered: Undelivered,
    /// The task has ended: what it had not flushed is not its word any more.
    is_gone: Arc<AtomicBool>,
}

impl Sink {
    /// `looks` shows the sink's topic, `topic` is what it showed last; `source` is the partition that is read.
    pub fn new(
        writer: Box<dyn Writer>,
        topic: Arc<Topic>,
        looks: watch::Receiver<Look>,
        source: PartitionId,
        reports: Arc<Reports>,
        control: Arc<Control>,
    ) -> Self {
        let (orders, receiver) = mpsc::channel(WAITING_EPOCHS);
        let failure = Arc::new(OnceLock::new());
        let is_gone = Arc::new(AtomicBool::new(false));
        let undelivered = Undelivered::default();
        let writing = Writing {
            writer,
            topic,
            looks,
            source,
            reports,
            waiting: BTreeMap::new(),
            in_flight: Vec::new(),
            undelivered: undelivered.clone(),
            is_gone: is_gone.clone(),
        };
        tokio::spawn(writing.run(receiver, failure.clone()));
        Self {
            orders,
            room: Arc::new(Semaphore::new(WAITING_BYTES)),
            failure,
            is_gone,
            control,
            undelivered,
        }
    }

    /// Returns when there is room for them, not when they are written.
    pub async fn produce(&self, records: Vec<Outgoing>) -> Result<(), Error> {
        if records.is_empty() {
            return Ok(());
        }
        let in_flight = InFlight::new(&self.control, records.len());
        let bytes: usize = records
            .iter()
            .map(|outgoing| outgoing.record.size_estimate())
            .sum();
        // What is larger than all the room there is waits for all of it.
        let bytes = u32::try_from(bytes.min(WAITING_BYTES)).unwrap_or(u32::MAX);
        let room = tokio::select! {
            room = self.room.clone().acquire_many_owned(bytes) => room.map_err(|_| self.error())?,
            () = self.orders.closed() => return Err(self.error()),
        };
        let order = Order::Write {
            records,
            room,
            in_flight,
        };
        self.orders.send(order).await.map_err(|_| self.error())
    }

    /// Returns when all that was handed over is acknowledged and durable, and so is what was read before this position.
    pub async fn flush(&self, read: &TopicPartition, position: Offset) -> Result<(), Error> {
        let (done, is_done) = oneshot::channel();
        self.orders
            .send(Order::Flush(read.clone(), position, done))
            .await
            .map_err(|_| self.error())?;
        is_done.await.map_err(|_| self.error())
    }

    /// Returns when nothing can be written any more.
    pub async fn failed(&self) -> Error {
        self.orders.closed().await;
        self.error()
    }

    fn error(&self) -> Error {
        let unknown = || Error::internal("the writer of the sink ended");
        self.failure.get().cloned().unwrap_or_else(unknown)
    }
}

/// A task that is cut off leaves orders behind: they are not written after it, when another may run in its place.
impl Drop for Sink {
    fn drop(&mut self) {
        self.is_gone.store(true, Ordering::Release);
    }
}

impl Writing {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>, failure: Arc<OnceLock<Error>>) {
        while let Some(order) = orders.recv().await {
            if let Err(error) = self.obey(order, &mut orders).await {
                self.give_back(&mut orders);
                let _ = failure.set(error);
                // Whoever waits for an answer sees its channel closed, and finds the reason.
                return;
            }
        }
    }

    /// What is not written stays on its way: the task reads it again.
    fn give_back(&mut self, orders: &mut mpsc::Receiver<Order>) {
        orders.close();
        while let Ok(order) = orders.try_recv() {
            if let Order::Write { in_flight, .. } = order {
                self.in_flight.push(in_flight);
            }
        }
        let mut undelivered = self
            .undelivered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        undelivered.append(&mut self.in_flight);
    }

    /// Takes all orders that are there, writes once, and answers those who wait for it.
    async fn obey(&mut self, first: Order, more: &mut mpsc::Receiver<Order>) -> Result<(), Error> {
        let (mut rooms, mut read, mut flushes) = (Vec::new(), Vec::new(), Vec::new());
        let mut next = Some(first);
        while let Some(order) = next {
            match order {
                Order::Write {
                    records,
                    room,
                    in_flight,
                } => {
                    self.sort(records);
                    rooms.push(room);
                    self.in_flight.push(in_flight);
                }
                Order::Flush(partition, position, done) => {
                    read.push((partition, position));
                    flushes.push(done);
                }
            }
            next = more.try_recv().ok();
        }
        for (partition, records) in std::mem::take(&mut self.waiting) {
            self.write(partition, records).await?;
        }
        self.in_flight.clear();
        if !flushes.is_empty() {
            self.writer.commit(&read).await?;
        }
        for done in flushes {
            let _ = done.send(());
        }
        Ok(())
    }

    fn sort(&mut self, records: Vec<Outgoing>) {
        if let Look::Found(topic) = &*self.looks.borrow_and_update() {
            self.topic = topic.clone();
        }
        let partitions = self.topic.partitions.max(1);
        for outgoing in records {
            let partition = match outgoing.partitioned_by() {
                Some(key) => partition_for_key(key, partitions),
                None => self.source % partitions,
            };
            self.waiting.entry(partition).or_default().push(outgoing);
        }
    }

    /// Writes records of one partition, in batches that the topic takes.
    async fn write(&mut self, partition: PartitionId, records: Vec<Outgoing>) -> Result<(), Error> {
        let to = TopicPartition::new(self.topic.name.as_str(), partition);
        let most = self.topic.max_message_bytes.saturating_sub(BATCH_OVERHEAD);
        let (mut batch, mut size) = (Vec::new(), 0);
        for outgoing in records {
            let bytes = outgoing.record.size_estimate();
            if !batch.is_empty() && (size + bytes > most || batch.len() == BATCH_RECORDS) {
                self.write_batch(&to, std::mem::take(&mut batch)).await?;
                size = 0;
            }
            size += bytes;
            batch.push(outgoing);
        }
        self.write_batch(&to, batch).await
    }

    /// A batch that is refused for its size is halved, down to the record that is too large by itself.
    async fn write_batch(
        &mut self,
        to: &TopicPartition,
        batch: Vec<Outgoing>,
    ) -> Result<(), Error> {
        // A stack of our own; the first is written first.
        let mut batches = vec![batch];
        while let Some(mut batch) = batches.pop() {
            if self.is_gone.load(Ordering::Acquire) {
                return Err(Error::internal("the task of the sink has ended"));
            }
            // Records hold shared bytes: a clone is cheap, and needed only where a refusal is to be expected.
            let records: Vec<NewRecord> = batch
                .iter()
                .map(|outgoing| outgoing.record.clone())
                .collect();
            match self.writer.write(to, records).await {
                Ok(_) => {}
                Err(error) if error.kind == ErrorKind::TooLarge && batch.len() > 1 => {
                    let rest = batch.split_off(batch.len() / 2);
                    batches.push(rest);
                    batches.push(batch);
                }
                Err(error) if error.kind == ErrorKind::TooLarge => {
                    let why = format!(
                        "a record is too large for topic `{}`: {}",
                        to.topic, error.message
                    );
                    for outgoing in &batch {
                        self.reports
                            .too_large(self.source, outgoing.origin, why.clone());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
