//! What lets writes through while the lease is held, and holds them back when that is in doubt.
//!
//! Two clocks are asked, because each has a blind spot: a machine that sleeps stops the monotonic one, and the wall
//! clock may be set back. The gate is open only while both say that the lease was confirmed a moment ago.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use tokio::sync::watch;
use weir_kafka::{
    Broker, ConsumerGroup, ErrorKind, NewRecord, NewTopic, Offset, OffsetSpec, PartitionId, Reader,
    Subscription, Topic, TopicPartition, Writer,
};
use weir_runtime::Clock;

use super::lease::TIME_TO_LIVE;
use crate::Error;

/// How long a write waits for the lease to be confirmed before it fails, to be tried again later.
const PATIENCE: Duration = Duration::from_secs(30);

/// How closely the end of a lease is watched while a write is under way.
const GLANCE: Duration = Duration::from_millis(200);

/// Clones are one gate.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    standing: Arc<watch::Sender<Standing>>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone)]
enum Standing {
    /// Confirmed at these times, on both clocks; the clock starts before the confirmation was asked for.
    Held(Moment),
    /// For good: the name of who has it.
    Lost(String),
    /// For good: given back, or about to be.
    Closed,
}

/// One moment on both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    monotonic: Instant,
    wall: i64,
}

impl Moment {
    pub fn now(clock: &dyn Clock) -> Self {
        Self {
            monotonic: Instant::now(),
            wall: clock.now(),
        }
    }

    fn is_within(self, duration: Duration, clock: &dyn Clock) -> bool {
        let wall = u64::try_from(clock.now().saturating_sub(self.wall)).unwrap_or(0);
        self.monotonic.elapsed() < duration && Duration::from_millis(wall) < duration
    }
}

impl Gate {
    /// Open from now on for as long as a lease lasts.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let now = Moment::now(&*clock);
        Self {
            standing: Arc::new(watch::Sender::new(Standing::Held(now))),
            clock,
        }
    }

    /// The lease was confirmed; `asked` is the moment before it was asked for.
    pub fn confirm(&self, asked: Moment) {
        self.standing.send_modify(|standing| {
            if let Standing::Held(since) = standing {
                *since = asked;
            }
        });
    }

    /// Another process has the service: closed for good.
    pub fn lose(&self, holder: &str) {
        self.standing
            .send_modify(|standing| *standing = Standing::Lost(holder.to_owned()));
    }

    /// Nothing is written any more, by whoever is still at it.
    pub fn close(&self) {
        self.standing
            .send_modify(|standing| *standing = Standing::Closed);
    }

    pub async fn lost(&self) -> Error {
        let mut standing = self.standing.subscribe();
        loop {
            if let Standing::Lost(holder) = &*standing.borrow_and_update() {
                return taken_over(holder);
            }
            if standing.changed().await.is_err() {
                // The sender is ours: it cannot be gone.
                std::future::pending::<()>().await;
            }
        }
    }

    pub fn check(&self) -> Result<(), Error> {
        match &*self.standing.borrow() {
            Standing::Held(_) => Ok(()),
            Standing::Lost(holder) => Err(taken_over(holder)),
            Standing::Closed => Err(Error::external("the engine is being stopped")),
        }
    }

    /// Returns when something may be written.
    async fn pass(&self) -> weir_kafka::Result<()> {
        if self.is_open() {
            return Ok(());
        }
        let mut standing = self.standing.subscribe();
        let given_up = self.clock.sleep(PATIENCE);
        tokio::pin!(given_up);
        loop {
            match &*standing.borrow_and_update() {
                Standing::Held(since) if since.is_within(TIME_TO_LIVE, &*self.clock) => {
                    return Ok(());
                }
                Standing::Held(_) => {}
                Standing::Lost(holder) => {
                    return Err(weir_kafka::Error::new(
                        ErrorKind::InUse,
                        taken_over(holder).message,
                    ));
                }
                Standing::Closed => {
                    return Err(weir_kafka::Error::new(
                        ErrorKind::Unavailable,
                        "the engine is being stopped",
                    ));
                }
            }
            tokio::select! {
                _ = standing.changed() => {}
                () = &mut given_up => return Err(in_doubt()),
            }
        }
    }

    /// Returns when nothing may be written any more.
    async fn closed(&self) {
        while self.is_open() {
            tokio::time::sleep(GLANCE).await;
        }
    }

    pub fn is_open(&self) -> bool {
        match &*self.standing.borrow() {
            Standing::Held(since) => since.is_within(TIME_TO_LIVE, &*self.clock),
            Standing::Lost(_) | Standing::Closed => false,
        }
    }
}

fn taken_over(holder: &str) -> Error {
    Error::user(format!(
        "{holder} has taken this service over; this process runs nothing any more"
    ))
    .hint("one process runs a service id at a time: give each its own with --service-id")
}

fn in_doubt() -> weir_kafka::Error {
    weir_kafka::Error::new(
        ErrorKind::Unavailable,
        "the lease of this service could not be renewed: nothing is written until it is",
    )
}

/// A broker whose writers stop at the gate.
#[derive(Debug)]
pub(crate) struct GatedBroker {
    broker: Arc<dyn Broker>,
    gate: Gate,
}

impl GatedBroker {
    pub fn new(broker: Arc<dyn Broker>, gate: Gate) -> Self {
        Self { broker, gate }
    }
}

#[async_trait]
impl Broker for GatedBroker {
    async fn cluster_id(&self) -> weir_kafka::Result<String> {
        self.broker.cluster_id().await
    }

    async fn topics(&self) -> weir_kafka::Result<Vec<Topic>> {
        self.broker.topics().await
    }

    async fn topic(&self, name: &str) -> weir_kafka::Result<Option<Topic>> {
        self.broker.topic(name).await
    }

    async fn create_topic(&self, topic: &NewTopic) -> weir_kafka::Result<Topic> {
        self.gate.pass().await?;
        self.broker.create_topic(topic).await
    }

    async fn delete_topic(&self, name: &str) -> weir_kafka::Result<()> {
        self.gate.pass().await?;
        self.broker.delete_topic(name).await
    }

    async fn add_partitions(&self, name: &str, total: i32) -> weir_kafka::Result<()> {
        self.gate.pass().await?;
        self.broker.add_partitions(name, total).await
    }

    async fn offsets(
        &self,
        topic: &str,
        partitions: &[PartitionId],
        spec: OffsetSpec,
    ) -> weir_kafka::Result<Vec<Offset>> {
        self.broker.offsets(topic, partitions, spec).await
    }

    async fn reader(&self, subscription: Subscription) -> weir_kafka::Result<Box<dyn Reader>> {
        self.broker.reader(subscription).await
    }

    async fn writer(&self, id: &str) -> weir_kafka::Result<Box<dyn Writer>> {
        Ok(Box::new(GatedWriter {
            writer: self.broker.writer(id).await?,
            gate: self.gate.clone(),
        }))
    }

    async fn set_group_offsets(
        &self,
        group: &str,
        positions: &[(TopicPartition, Offset)],
    ) -> weir_kafka::Result<()> {
        self.gate.pass().await?;
        self.broker.set_group_offsets(group, positions).await
    }

    async fn consumer_groups(&self) -> weir_kafka::Result<Vec<ConsumerGroup>> {
        self.broker.consumer_groups().await
    }

    async fn close(&self) -> weir_kafka::Result<()> {
        self.broker.close().await
    }
}

struct GatedWriter {
    writer: Box<dyn Writer>,
    gate: Gate,
}

#[async_trait]
impl Writer for GatedWriter {
    /// A write that is still being tried when the lease runs out is given up: another process may have the service by
    /// the time that it would arrive.
    async fn write(
        &mut self,
        partition: &TopicPartition,
        records: Vec<NewRecord>,
    ) -> weir_kafka::Result<Offset> {
        self.gate.pass().await?;
        tokio::select! {
            biased;
            written = self.writer.write(partition, records) => written,
            () = self.gate.closed() => Err(in_doubt().at(partition)),
        }
    }

    async fn commit(&mut self, read: &[(TopicPartition, Offset)]) -> weir_kafka::Result<()> {
        self.writer.commit(read).await
    }
}
