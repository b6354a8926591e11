//! The lease of a service: one process at a time runs it.
//!
//! A lease is a record in the service's topic with an epoch, renewed every few seconds. The first record of an epoch
//! decides whose it is: of two that claim the same one, the broker's order says who was first.
//!
//! | what a process that starts finds | it |
//! | --- | --- |
//! | none, or one that was given back | takes the next epoch |
//! | its own: the data folder was this process's the last time, and its lock shows that the last one is gone | takes the next epoch |
//! | another's, which is renewed while it looks | refuses, and names the holder |
//! | another's, which is not renewed for as long as a lease lasts | takes the next epoch |
//!
//! No two machines' clocks are compared: who waits, waits by its own. A holder that reads a higher epoch stops for good;
//! one that cannot renew writes nothing until it can ([`super::gate`]).

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use weir_kafka::{
    Broker, NewRecord, Offset, ReaderEvent, Record, Subscription, TopicPartition, Writer,
};
use weir_runtime::Clock;

use super::{
    checkpoints::Kept,
    gate::{Gate, Moment},
};
use crate::{Error, topic_log};

/// How often a lease is renewed.
const RENEWAL: Duration = Duration::from_secs(3);

/// How long a lease is good for after it was confirmed last.
pub(crate) const TIME_TO_LIVE: Duration = Duration::from_secs(10);

/// How much longer than that a newcomer waits: for what the last holder sent in its last moment.
const MARGIN: Duration = Duration::from_secs(2);

const VERSION: u32 = 1;
const KEY: &[u8] = b"lease";

/// A lease as it stands in the topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    version: u32,
    epoch: u64,
    /// Of the holder's data folder.
    instance: String,
    /// Of the holder itself: a folder that was copied is two processes.
    process: String,
    /// For people: the process and its machine.
    holder: String,
    #[serde(default)]
    is_released: bool,
}

/// Whose lease it is, after all records so far.
#[derive(Debug, Default)]
struct Ledger {
    current: Option<Mark>,
}

impl Ledger {
    /// What is not a lease of a version that is known says nothing.
    fn see(&mut self, record: &Record) {
        let Some(value) = record.value.as_deref().filter(|_| is_lease(record)) else {
            return;
        };
        let Ok(mark) = serde_json::from_slice::<Mark>(value) else {
            tracing::warn!(
                offset = record.offset,
                "a record of the lease cannot be read, it is left out"
            );
            return;
        };
        let is_next = match &self.current {
            None => true,
            Some(current) if current.epoch == mark.epoch => current.process == mark.process,
            Some(current) => current.epoch < mark.epoch,
        };
        if is_next {
            self.current = Some(mark);
        }
    }
}

fn is_lease(record: &Record) -> bool {
    record.key.as_deref() == Some(KEY)
}

/// A data folder, as the lease names it: whoever has the folder's lock is its only process.
#[derive(Debug)]
pub(crate) struct Instance {
    id: String,
    /// The last epoch that this folder's process held.
    epoch: Option<u64>,
    path: std::path::PathBuf,
}

#[derive(Serialize, Deserialize)]
struct InstanceFile {
    instance: String,
    epoch: Option<u64>,
}

impl Instance {
    /// Reads the folder's own file; without one the folder is new.
    pub fn of(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("lease.json");
        let file = match fs::read(&path) {
            // A file that a crash left empty or an editor spoiled makes the folder a stranger, which is safe.
            Ok(bytes) => serde_json::from_slice::<InstanceFile>(&bytes).ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(Error::external(format!(
                    "cannot read `{}`: {error}",
                    path.display()
                )));
            }
        };
        let file = file.unwrap_or_else(|| InstanceFile {
            instance: uuid::Uuid::new_v4().to_string(),
            epoch: None,
        });
        Ok(Self {
            id: file.instance,
            epoch: file.epoch,
            path,
        })
    }

    fn keep(&self, epoch: u64) -> Result<(), Error> {
        let file = InstanceFile {
            instance: self.id.clone(),
            epoch: Some(epoch),
        };
        let written = serde_json::to_vec(&file)
            .map_err(io::Error::from)
            .and_then(|bytes| {
                let beside = self.path.with_extension("new");
                fs::write(&beside, bytes)?;
                fs::File::open(&beside)?.sync_all()?;
                fs::rename(&beside, &self.path)
            });
        written.map_err(|error| {
            Error::external(format!("cannot write `{}`: {error}", self.path.display()))
        })
    }
}

/// Held by this process.
pub(crate) struct Lease {
    broker: Arc<dyn Broker>,
    partition: TopicPartition,
    clock: Arc<dyn Clock>,
    mark: Mark,
    /// Where the log is read on, to learn of a higher epoch.
    hand: Mutex<Hand>,
}

/// What renews: a writer that no gate stops, and what was read so far.
struct Hand {
    writer: Option<Box<dyn Writer>>,
    ledger: Ledger,
    next: Offset,
}

impl Lease {
    /// Takes the lease, and gives what else the topic holds.
    pub async fn take(
        broker: &Arc<dyn Broker>,
        partition: &TopicPartition,
        clock: Arc<dyn Clock>,
        instance: Instance,
        gate: &Gate,
    ) -> Result<(Self, Kept), Error> {
        let (mut ledger, mut kept) = (Ledger::default(), Kept::default());
        let end = topic_log::read_all(broker, partition, |record| {
            ledger.see(&record);
            kept.see(record);
        })
        .await?;
        kept.is_behind = ledger
            .current
            .as_ref()
            .is_none_or(|mark| instance.epoch == Some(mark.epoch));
        let mut next = end;
        if let Some(mark) = &ledger.current
            && !mark.is_released
            && mark.instance != instance.id
        {
            next = outwait(broker, partition, &*clock, mark.clone(), end, &mut kept).await?;
        }
        let mark = Mark {
            version: VERSION,
            epoch: ledger.current.as_ref().map_or(1, |mark| mark.epoch + 1),
            instance: instance.id.clone(),
            process: uuid::Uuid::new_v4().to_string(),
            holder: holder(),
            is_released: false,
        };
        let lease = Self {
            broker: broker.clone(),
            partition: partition.clone(),
            clock,
            mark,
            hand: Mutex::new(Hand {
                writer: None,
                ledger,
                next,
            }),
        };
        match lease.renew().await? {
            Ok(asked) => gate.confirm(asked),
            Err(winner) => return Err(in_use(&winner)),
        }
        instance.keep(lease.mark.epoch)?;
        Ok((lease, kept))
    }

    /// Renews until another process has a higher epoch.
    pub async fn keep(self: Arc<Self>, gate: Gate) {
        loop {
            self.clock.sleep(RENEWAL).await;
            match self.renew().await {
                Ok(Ok(asked)) => gate.confirm(asked),
                Ok(Err(winner)) => {
                    tracing::error!(holder = %winner.holder, epoch = winner.epoch, "another process has taken the service over, this one stops");
                    return gate.lose(&winner.holder);
                }
                Err(error) => {
                    tracing::warn!(%error, "the lease could not be renewed, it is tried again");
                }
            }
        }
    }

    pub async fn release(&self) -> Result<(), Error> {
        let mark = Mark {
            is_released: true,
            ..self.mark.clone()
        };
        let mut hand = self.hand.lock().await;
        self.write(&mut hand, &mark).await.map(|_| ())
    }

    /// Writes the lease and reads up to it: ours since the moment that is given, or another's.
    async fn renew(&self) -> Result<Result<Moment, Mark>, Error> {
        let asked = Moment::now(&*self.clock);
        let mut hand = self.hand.lock().await;
        let written = match self.write(&mut hand, &self.mark).await {
            Ok(offset) => offset,
            Err(error) => {
                hand.writer = None;
                return Err(error);
            }
        };
        let Hand { ledger, next, .. } = &mut *hand;
        let see = |record: Record| ledger.see(&record);
        topic_log::read(&self.broker, &self.partition, *next, written + 1, see).await?;
        *next = written + 1;
        match &ledger.current {
            Some(current) if current.process != self.mark.process => Ok(Err(current.clone())),
            _ => Ok(Ok(asked)),
        }
    }

    async fn write(&self, hand: &mut Hand, mark: &Mark) -> Result<Offset, Error> {
        let value = serde_json::to_vec(mark)
            .map_err(|error| Error::external(format!("the lease cannot be written: {error}")))?;
        let record = NewRecord {
            timestamp: self.clock.now(),
            key: Some(Bytes::from_static(KEY)),
            value: Some(Bytes::from(value)),
            headers: Vec::new(),
        };
        let writer = match &mut hand.writer {
            Some(writer) => writer,
            None => hand
                .writer
                .insert(self.broker.writer(&self.partition.topic).await?),
        };
        Ok(writer.write(&self.partition, vec![record]).await?)
    }
}

/// Waits for as long as the lease of another may be good; refuses when it is renewed. Gives the offset to read on from.
async fn outwait(
    broker: &Arc<dyn Broker>,
    partition: &TopicPartition,
    clock: &dyn Clock,
    held: Mark,
    from: Offset,
    kept: &mut Kept,
) -> Result<Offset, Error> {
    tracing::warn!(holder = %held.holder, "the service's last process did not give its lease back, waiting for {TIME_TO_LIVE:?} whether it is alive");
    let mut reader = broker
        .reader(Subscription::Assign(vec![(partition.clone(), from)]))
        .await?;
    let time = clock.sleep(TIME_TO_LIVE + MARGIN);
    tokio::pin!(time);
    let mut ledger = Ledger {
        current: Some(held),
    };
    let mut next = from;
    loop {
        let event = tokio::select! {
            event = reader.next(RENEWAL) => event?,
            () = &mut time => return Ok(next),
        };
        let Some(ReaderEvent::Records {
            batches,
            next_offset,
            ..
        }) = event
        else {
            continue;
        };
        next = next_offset;
        for record in batches.into_iter().flat_map(|batch| batch.records) {
            ledger.see(&record);
            let is_lease = is_lease(&record);
            kept.see(record);
            match &ledger.current {
                Some(current) if is_lease && current.is_released => return Ok(next),
                Some(current) if is_lease => return Err(in_use(current)),
                _ => {}
            }
        }
    }
}

fn in_use(mark: &Mark) -> Error {
    Error::user(format!("service `{{service}}` is in use by {}", mark.holder)).hint(
        "one process runs a service id at a time: stop that one, or choose another with --service-id",
    )
}

fn holder() -> String {
    let host = gethostname::gethostname();
    format!(
        "process {} on {}",
        std::process::id(),
        host.to_string_lossy()
    )
}
