//! Writes batches, each with its acknowledgement, each once.
//!
//! A batch carries the writer's producer id and a sequence number, so a broker that has it already says so instead of appending it
//! again. What was sent and not acknowledged (the broker went away, the call was dropped) is kept as it was: when the same records
//! are written to the same partition next, they go out under the same numbers. Only when something else is written instead does
//! the writer take a new id; then what was in doubt may be there, once, besides.
//!
//! A broker that starts again forgets the ids of those whose last records carry a time older than `producer.id.expiration.ms`, a
//! day. So of old records, a batch whose acknowledgement the outage took may be there twice; of new ones it is not.
//!
//! **Invariant:** one batch of a partition is under way at a time; so the numbers are without gaps, and order holds.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use krafka::error::{ErrorCode, KrafkaError};
use tokio::time::{Instant, timeout_at};
use tracing::{debug, warn};

use super::{
    admin,
    batch::{Producer, encode},
    fetch::is_moved,
    link::{Backoff, Lane, Leader, Link},
    produce::{Produce, new_producer},
};
use crate::{Error, ErrorKind, NewRecord, Offset, OffsetSpec, Result, TopicPartition, Writer};

pub(super) struct ClusterWriter {
    lane: Lane,
    /// `None`: not asked for yet, or let go.
    producer: Option<Producer>,
    /// The broker does not let us have an id: what is sent twice may be there twice.
    is_anonymous: bool,
    /// The sequence number that comes next.
    sequences: HashMap<TopicPartition, i32>,
    in_doubt: HashMap<TopicPartition, Batch>,
}

/// What one call of `write` sends, packed.
#[derive(Clone)]
struct Batch {
    records: Vec<NewRecord>,
    bytes: Bytes,
}

/// A broker closes the connection at a larger request (`socket.request.max.bytes`), which would look like an outage for ever.
const LARGEST: usize = 96 * 1024 * 1024;

impl ClusterWriter {
    pub fn new(link: &Arc<Link>) -> Self {
        Self {
            lane: link.lane(),
            producer: None,
            is_anonymous: false,
            sequences: HashMap::new(),
            in_doubt: HashMap::new(),
        }
    }

    /// The batch as it goes out. The same one as before, if that is in doubt and these are its records.
    async fn prepare(
        &mut self,
        partition: &TopicPartition,
        records: Vec<NewRecord>,
        deadline: Instant,
    ) -> Result<Batch> {
        match self.in_doubt.get(partition) {
            Some(batch) if batch.records == records => return Ok(batch.clone()),
            Some(_) => self.forget_producer(),
            None => {}
        }
        self.have_producer(partition, deadline).await?;
        let sequence = self.sequences.get(partition).copied().unwrap_or(0);
        let producer = self.producer.map(|it| Producer { sequence, ..it });
        let bytes =
            encode(&records, self.lane.link.config.compression, producer).map_err(|what| {
                Error::new(
                    ErrorKind::Invalid,
                    format!("writing to `{partition}`: {what}"),
                )
            })?;
        if bytes.len() > LARGEST {
            let message = format!(
                "writing to `{partition}`: a batch of {} bytes is more than any broker takes",
                bytes.len()
            );
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        Ok(Batch { records, bytes })
    }

    async fn have_producer(&mut self, partition: &TopicPartition, deadline: Instant) -> Result<()> {
        if self.producer.is_some() || self.is_anonymous {
            return Ok(());
        }
        let mut tries = Tries::new(&self.lane.link, partition, deadline);
        loop {
            let leader = tries.leader().await?;
            let asked = timeout_at(deadline, new_producer(&self.lane, &leader)).await;
            match asked.unwrap_or_else(|_| Err(KrafkaError::timeout("asking for a producer id"))) {
                Ok(producer) => {
                    self.producer = Some(producer);
                    return Ok(());
                }
                Err(KrafkaError::Broker {
                    code: ErrorCode::ClusterAuthorizationFailed,
                    ..
                }) => {
                    warn!(
                        "the cluster gives us no producer id: a batch that is sent again may be there twice"
                    );
                    self.is_anonymous = true;
                    return Ok(());
                }
                Err(error) => tries.failed(error).await?,
            }
        }
    }

    fn forget_producer(&mut self) {
        self.producer = None;
        self.sequences.clear();
        self.in_doubt.clear();
    }

    async fn send(
        &mut self,
        partition: &TopicPartition,
        batch: Batch,
        deadline: Instant,
    ) -> Result<Offset> {
        // From here until the acknowledgement is seen, the batch may or may not be there.
        let batch = &*self.in_doubt.entry(partition.clone()).or_insert(batch);
        let config = &self.lane.link.config;
        let produce = Produce {
            topic: &partition.topic,
            partition: partition.partition,
            batch: &batch.bytes,
            acks: config.acks,
            compression: config.compression,
            timeout_ms: config.request_timeout.as_millis() as i32,
        };
        let mut tries = Tries::new(&self.lane.link, partition, deadline);
        let offset = loop {
            let leader = tries.leader().await?;
            let sent = timeout_at(deadline, produce.send(&self.lane, &leader)).await;
            match sent
                .unwrap_or_else(|_| Err(KrafkaError::timeout("waiting for the acknowledgement")))
            {
                Ok(offset) => break offset,
                Err(error) => tries.failed(error).await?,
            }
        };
        let sequence = self.sequences.entry(partition.clone()).or_insert(0);
        *sequence = next_sequence(*sequence, batch.records.len());
        self.in_doubt.remove(partition);
        Ok(offset)
    }
}

#[async_trait]
impl Writer for ClusterWriter {
    async fn write(
        &mut self,
        partition: &TopicPartition,
        records: Vec<NewRecord>,
    ) -> Result<Offset> {
        if records.is_empty() {
            let partitions = [partition.partition];
            let ends = admin::offsets(
                &self.lane.link,
                &partition.topic,
                &partitions,
                OffsetSpec::Latest,
            );
            return Ok(ends.await?.first().copied().unwrap_or(0));
        }
        let deadline = Instant::now() + self.lane.link.config.delivery_timeout;
        let batch = self.prepare(partition, records, deadline).await?;
        match self.send(partition, batch, deadline).await {
            Err(error) if error.kind == ErrorKind::Corrupt => {
                // The broker has lost count of us, by a log that was cut or an id that expired: it took nothing of this batch.
                debug!(%partition, %error, "taking a new producer id");
                let batch = self.in_doubt.remove(partition);
                self.forget_producer();
                let records = batch.map(|batch| batch.records).unwrap_or_default();
                let batch = self.prepare(partition, records, deadline).await?;
                self.send(partition, batch, deadline).await
            }
            Err(error) if !error.is_retriable() => {
                self.in_doubt.remove(partition);
                Err(error)
            }
            result => result,
        }
    }

    /// Only what its own rule makes durable does a cluster let anybody read: up to the high watermark.
    async fn commit(&mut self, _read: &[(TopicPartition, Offset)]) -> Result<()> {
        match self.in_doubt.keys().next() {
            None => Ok(()),
            Some(partition) => Err(Error::new(
                ErrorKind::Unavailable,
                format!("the last batch for `{partition}` was not acknowledged; write it again"),
            )),
        }
    }
}

/// Sequence numbers go on at 0 after the largest.
fn next_sequence(sequence: i32, count: usize) -> i32 {
    ((i64::from(sequence) + count as i64) % (i64::from(i32::MAX) + 1)) as i32
}

/// Attempts at one request, until the deadline.
struct Tries<'a> {
    link: &'a Link,
    partition: &'a TopicPartition,
    doing: String,
    deadline: Instant,
    backoff: Backoff,
    left: u32,
    is_stale: bool,
}

impl<'a> Tries<'a> {
    fn new(link: &'a Link, partition: &'a TopicPartition, deadline: Instant) -> Self {
        Self {
            link,
            partition,
            doing: format!("writing to `{partition}`"),
            deadline,
            backoff: Backoff::new(&link.config),
            left: link.config.retries,
            is_stale: false,
        }
    }

    async fn leader(&mut self) -> Result<Leader> {
        let (name, partition) = (&self.partition.topic, self.partition.partition);
        loop {
            if !self.is_stale
                && let Some(leader) = self.link.leader(name, partition)
            {
                return Ok(leader);
            }
            self.is_stale = false;
            let fresh = timeout_at(self.deadline, self.link.fresh_topic(&self.doing, name)).await;
            match fresh {
                Ok(Ok(None)) => return Err(self.link.unknown_topic(&self.doing, name)),
                Ok(Ok(Some(topic))) if topic.partition(partition).is_none() => {
                    return Err(self
                        .link
                        .unknown_topic(&self.doing, &self.partition.to_string()));
                }
                Ok(Ok(Some(topic))) if topic.leader(partition).is_some() => {}
                Ok(Ok(Some(_))) => {
                    let error = KrafkaError::broker(ErrorCode::LeaderNotAvailable, "");
                    self.failed(error).await?;
                }
                Ok(Err(error)) if error.is_retriable() && self.left > 0 => self.wait(error).await?,
                Ok(Err(error)) => return Err(error),
                Err(_) => {
                    return Err(self
                        .link
                        .failed(&self.doing, &KrafkaError::timeout("metadata")));
                }
            }
        }
    }

    /// Waits before the next attempt, or gives up with the error.
    async fn failed(&mut self, error: KrafkaError) -> Result<()> {
        let is_retriable = match &error {
            KrafkaError::Network(_) | KrafkaError::Timeout { .. } => true,
            KrafkaError::Broker { code, .. } if lost_count(*code) => {
                return Err(Error::new(
                    ErrorKind::Corrupt,
                    self.link.refused(&self.doing, *code).message,
                ));
            }
            KrafkaError::Broker { code, .. } => {
                is_moved(*code)
                    || matches!(
                        code,
                        ErrorCode::NotEnoughReplicas
                            | ErrorCode::NotEnoughReplicasAfterAppend
                            | ErrorCode::RequestTimedOut
                            | ErrorCode::ThrottlingQuotaExceeded
                            | ErrorCode::NetworkException
                            | ErrorCode::CoordinatorLoadInProgress
                            | ErrorCode::CoordinatorNotAvailable
                    )
            }
            other => other.is_retriable(),
        };
        self.is_stale = true;
        let error = self.link.failed(&self.doing, &error);
        if !is_retriable || self.left == 0 {
            return Err(error);
        }
        self.wait(error).await
    }

    async fn wait(&mut self, error: Error) -> Result<()> {
        self.left -= 1;
        self.backoff.failed();
        match self.backoff.until() {
            Some(until) if until >= self.deadline => Err(error),
            Some(until) => {
                tokio::time::sleep_until(until).await;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// Answers after which a producer's numbers are of no use any more.
fn lost_count(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::OutOfOrderSequenceNumber
            | ErrorCode::UnknownProducerId
            | ErrorCode::InvalidProducerEpoch
            | ErrorCode::InvalidProducerIdMapping
            | ErrorCode::ProducerFenced
    )
}
