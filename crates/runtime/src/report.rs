//! What is set aside of a query's records: counted, told to the processing log, and to the text log in moderation.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::mpsc;
use weir_formats::BadRecord;
use weir_kafka::{Offset, PartitionId, Record};

use crate::{
    Clock, ProcessingLogEntry,
    control::Control,
    layout::Part,
    processing_log::{Problem, Target},
};

/// The text log has one line for each reason in this time, in milliseconds.
const QUIET: i64 = 10_000;

/// How many entries must fit into the log's queue before the next epoch: more than a few queries report in one.
const ROOM: usize = 8_192;

/// How often the queue is looked at while it is full, and how often at most: two seconds.
const GLANCE: Duration = Duration::from_millis(5);
const LONGEST_WAIT: usize = 400;

/// Of one query, for all of its tasks.
#[derive(Debug)]
pub(crate) struct Reports {
    control: Arc<Control>,
    clock: Arc<dyn Clock>,
    topic: Arc<str>,
    log: mpsc::Sender<ProcessingLogEntry>,
    logs_records: bool,
    lines: Mutex<BTreeMap<&'static str, Line>>,
    /// Something was reported since a task last waited for room.
    has_news: AtomicBool,
}

/// What the text log is yet to be told of one reason.
#[derive(Debug)]
struct Line {
    since: i64,
    count: u64,
    last: String,
}

impl Reports {
    pub fn new(
        control: Arc<Control>,
        clock: Arc<dyn Clock>,
        topic: &str,
        log: mpsc::Sender<ProcessingLogEntry>,
        logs_records: bool,
    ) -> Self {
        Self {
            control,
            clock,
            topic: topic.into(),
            log,
            logs_records,
            lines: Mutex::default(),
            has_news: AtomicBool::new(false),
        }
    }

    /// A key or a value, or a field of it that the query needs, is not what was declared.
    pub fn misfit(&self, partition: PartitionId, record: &Record, part: Part, reason: &BadRecord) {
        let (target, bytes) = match part {
            Part::Key => (Target::Key, &record.key),
            Part::Value => (Target::Value, &record.value),
        };
        let problem = Problem::Deserialization {
            target,
            kind: reason.kind,
            message: reason.message.clone(),
            record: bytes
                .as_ref()
                .filter(|_| self.logs_records)
                .map(|bytes| bytes::Bytes::copy_from_slice(bytes)),
        };
        let step = "KsqlTopic.Source.deserializer";
        self.set_aside(
            partition,
            record.offset,
            reason.kind,
            step,
            &reason.message,
            problem,
        );
    }

    /// A record has no time that it could be dated by.
    pub fn not_dated(&self, at: PartitionId, record: &Record, kind: &'static str, why: String) {
        let problem = Problem::Processing {
            message: why.clone(),
        };
        self.set_aside(at, record.offset, kind, "KsqlTopic.Source", &why, problem);
    }

    /// A row cannot be given the time that the sink's TIMESTAMP column says.
    pub fn no_sink_time(&self, partition: PartitionId, offset: Offset, why: String) {
        let problem = Problem::Processing {
            message: why.clone(),
        };
        self.set_aside(partition, offset, "sink_timestamp", "Sink", &why, problem);
    }

    /// A row cannot be written in the sink's format.
    pub fn not_encoded(&self, at: PartitionId, offset: Offset, target: Target, why: &BadRecord) {
        let problem = Problem::Serialization {
            target,
            message: why.message.clone(),
        };
        self.set_aside(
            at,
            offset,
            why.kind,
            "Sink.serializer",
            &why.message,
            problem,
        );
    }

    /// The sink's topic does not take a record of this size.
    pub fn too_large(&self, partition: PartitionId, offset: Offset, why: String) {
        let problem = Problem::Production {
            message: why.clone(),
        };
        self.set_aside(
            partition,
            offset,
            "too_large",
            "Sink.producer",
            &why,
            problem,
        );
    }

    fn set_aside(
        &self,
        partition: PartitionId,
        offset: Offset,
        kind: &'static str,
        step: &str,
        why: &str,
        problem: Problem,
    ) {
        self.control.bad_record(kind);
        let entry = ProcessingLogEntry {
            logger: format!("processing.{}.{step}", self.control.id),
            time: self.clock.now(),
            query: self.control.id.clone(),
            topic: self.topic.to_string(),
            partition,
            offset,
            problem,
        };
        self.has_news.store(true, Ordering::Relaxed);
        if self.log.try_send(entry).is_ok() {
            self.control.log_entry();
        } else {
            let dropped = &self.control.log_entries_dropped;
            dropped.fetch_add(1, Ordering::Relaxed);
            self.line("processing_log_full", || {
                "the processing log takes no more entries now; what is set aside is counted"
                    .to_owned()
            });
        }
        self.line(kind, || {
            format!("{}-{partition}@{offset}: {why}", self.topic)
        });
    }

    /// Says at once what is new; what repeats is counted, and said when it is time.
    fn line(&self, kind: &'static str, what: impl FnOnce() -> String) {
        let now = self.clock.now();
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        match lines.get_mut(kind) {
            Some(line) => {
                line.count += 1;
                if line.count == 1 || now - line.since >= QUIET {
                    line.last = what();
                }
            }
            None => {
                let last = what();
                self.say(kind, 1, &last);
                let line = Line {
                    since: now,
                    count: 0,
                    last,
                };
                lines.insert(kind, line);
            }
        }
        drop(lines);
        self.say_what_is_due();
    }

    /// A query that reports much waits for the log, within bounds, so that a burst is there to the last record; a query
    /// that reports nothing never does.
    pub async fn wait_for_room(&self) {
        let room = ROOM.min(self.log.max_capacity() / 2);
        if !self.has_news.swap(false, Ordering::Relaxed) {
            return;
        }
        for _ in 0..LONGEST_WAIT {
            if self.log.capacity() >= room || self.log.is_closed() {
                return;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// At the end of a query: nothing follows that would say it.
    pub fn say_everything(&self) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        for (kind, line) in std::mem::take(&mut *lines) {
            if line.count > 0 {
                self.say(kind, line.count, &line.last);
            }
        }
    }

    /// To be called now and then: the last count of a burst is said although nothing follows it.
    pub fn say_what_is_due(&self) {
        let now = self.clock.now();
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|kind, line| {
            if now - line.since < QUIET {
                return true;
            }
            let is_live = line.count > 0;
            if is_live {
                self.say(kind, line.count, &line.last);
            }
            line.since = now;
            line.count = 0;
            is_live
        });
    }

    fn say(&self, reason: &'static str, count: u64, example: &str) {
        let query = &self.control.id;
        tracing::warn!(%query, reason, count, %example, "records set aside");
    }
}
