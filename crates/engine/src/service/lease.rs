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
    /// A folder that turns up on another machine may be a copy: it waits as a stranger does.
    host: String,
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
        let epoch = file.as_ref().and_then(|file| file.epoch);
        let id = match file {
            Some(file) if file.host == host() => file.instance,
            _ => uuid::Uuid::new_v4().to_string(),
        };
        Ok(Self { id, epoch, path })
    }

    fn keep(&self, epoch: u64) -> Result<(), Error> {
        let file = InstanceFile {
            instance: self.id.clone(),
            epoch: Some(epoch),
            host: host(),
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
            (next, ledger) =
                outwait(broker, partition, &*clock, mark.clone(), end, &mut kept).await?;
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

    /// Reads what is new, writes the lease and reads up to it: ours since the moment that is given, or another's.
    async fn renew(&self) -> Result<Result<Moment, Mark>, Error> {
        let asked = Moment::now(&*self.clock);
        let mut hand = self.hand.lock().await;
        let end = topic_log::end(&self.broker, &self.partition).await?;
        self.read_to(&mut hand, end).await?;
        // Who has lost it writes nothing: its mark would be the last of the topic, and the only one after a compaction.
        if let Some(other) = self.other(&hand) {
            return Ok(Err(other));
        }
        let written = match self.write(&mut hand, &self.mark).await {
            Ok(offset) => offset,
            Err(error) => {
                hand.writer = None;
                return Err(error);
            }
        };
        if written == hand.next {
            // Nothing came in between: all there is to read is what was just written.
            hand.ledger.current = Some(self.mark.clone());
            hand.next = written + 1;
            return Ok(Ok(asked));
        }
        self.read_to(&mut hand, written + 1).await?;
        Ok(self.other(&hand).map_or(Ok(asked), Err))
    }

    async fn read_to(&self, hand: &mut Hand, end: Offset) -> Result<(), Error> {
        let Hand { ledger, next, .. } = hand;
        let see = |record: Record| ledger.see(&record);
        topic_log::read(&self.broker, &self.partition, *next, end, see).await?;
        *next = end.max(*next);
        Ok(())
    }

    /// Who has the lease, if it is not us: of our epoch or a higher one.
    fn other(&self, hand: &Hand) -> Option<Mark> {
        let current = hand.ledger.current.as_ref()?;
        let is_other = current.epoch >= self.mark.epoch && current.process != self.mark.process;
        is_other.then(|| current.clone())
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

/// Waits for as long as the lease of another may be good; refuses when it is renewed, or taken by a third. Gives the offset
/// to read on from, and whose lease it is by then.
async fn outwait(
    broker: &Arc<dyn Broker>,
    partition: &TopicPartition,
    clock: &dyn Clock,
    held: Mark,
    from: Offset,
    kept: &mut Kept,
) -> Result<(Offset, Ledger), Error> {
    tracing::warn!(holder = %held.holder, "the service's last process did not give its lease back, waiting for {TIME_TO_LIVE:?} whether it is alive");
    let mut reader = broker
        .reader(Subscription::Assign(vec![(partition.clone(), from)]))
        .await?;
    let time = clock.sleep(TIME_TO_LIVE + MARGIN);
    tokio::pin!(time);
    let mut watch = Watch {
        ledger: Ledger {
            current: Some(held),
        },
        is_renewed: false,
    };
    let mut next = from;
    loop {
        let event = tokio::select! {
            event = reader.next(RENEWAL) => event?,
            () = &mut time => break,
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
        // All of an event is looked at before anything is decided: a release may be followed by another's claim.
        for record in batches.into_iter().flat_map(|batch| batch.records) {
            watch.see(record, kept);
        }
        if watch.is_over()? {
            return Ok((next, watch.ledger));
        }
    }
    // A connection that hangs is no silence: the log itself is asked before the lease counts as run out.
    let end = topic_log::end(broker, partition).await?;
    topic_log::read(broker, partition, next, end, |record| {
        watch.see(record, kept);
    })
    .await?;
    watch.is_over()?;
    Ok((next.max(end), watch.ledger))
}

/// What was seen of a lease while it was waited for.
struct Watch {
    ledger: Ledger,
    is_renewed: bool,
}

impl Watch {
    fn see(&mut self, record: Record, kept: &mut Kept) {
        self.is_renewed |= is_lease(&record);
        self.ledger.see(&record);
        kept.see(record);
    }

    /// True if it was given back; an error that names the holder if somebody has it.
    fn is_over(&self) -> Result<bool, Error> {
        match &self.ledger.current {
            Some(current) if self.is_renewed && current.is_released => Ok(true),
            Some(current) if self.is_renewed => Err(in_use(current)),
            _ => Ok(false),
        }
    }
}

fn in_use(mark: &Mark) -> Error {
    Error::user(format!("service `{{service}}` is in use by {}", mark.holder)).hint(
        "one process runs a service id at a time: stop that one, or choose another with --service-id",
    )
}

fn holder() -> String {
    format!("process {} on {}", std::process::id(), host())
}

fn host() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(epoch: u64, process: &str, is_released: bool) -> Record {
        let mark = Mark {
            version: VERSION,
            epoch,
            instance: process.to_owned(),
            process: process.to_owned(),
            holder: format!("process of {process}"),
            is_released,
        };
        Record {
            offset: 0,
            timestamp: 0,
            key: Some(Bytes::from_static(KEY)),
            value: Some(Bytes::from(serde_json::to_vec(&mark).expect("JSON"))),
            headers: Vec::new(),
        }
    }

    /// One fetch may bring a release and what a third made of it.
    #[test]
    fn a_release_that_a_third_has_answered_is_none() {
        let mut watch = Watch {
            ledger: Ledger::default(),
            is_renewed: false,
        };
        let mut kept = Kept::default();
        watch.ledger.see(&record(7, "a", false));
        assert!(!watch.is_over().expect("nobody moved"));
        watch.see(record(7, "a", true), &mut kept);
        assert!(watch.is_over().expect("given back"));
        watch.see(record(8, "b", false), &mut kept);
        let error = watch.is_over().expect_err("taken");
        assert!(error.message.contains("process of b"), "{error}");
        // Who claims the same epoch later has not got it.
        watch.see(record(8, "c", false), &mut kept);
        let error = watch.is_over().expect_err("taken");
        assert!(error.message.contains("process of b"), "{error}");
    }
}
