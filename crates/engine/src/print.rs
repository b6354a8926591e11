//! PRINT: a topic's records as lines, with formats guessed from the bytes.

use std::{sync::Arc, time::Duration};

use chrono::DateTime;
use weir_kafka::{
    Broker, OffsetSpec, PartitionId, ReaderEvent, Record, Subscription, TopicPartition,
};

use crate::Error;

/// Lines as records come; dropping it ends the reading.
pub struct PrintStream {
    reader: Box<dyn weir_kafka::Reader>,
    waiting: std::collections::VecDeque<(PartitionId, Record)>,
    key: Guess,
    value: Guess,
    interval: u64,
    seen: u64,
    left: Option<u64>,
}

/// A line of PRINT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrintLine {
    /// `Key format: …`, when the guess changed.
    Format(String),
    /// A record: its time, key, value and partition.
    Record(String),
}

impl PrintStream {
    pub(crate) async fn open(
        broker: &Arc<dyn Broker>,
        topic: &str,
        from_beginning: bool,
        interval: Option<u64>,
        limit: Option<u64>,
    ) -> Result<Self, Error> {
        let Some(facts) = broker.topic(topic).await? else {
            let topics = broker.topics().await?;
            return Err(no_topic(topic, topics.iter().map(|topic| &topic.name)));
        };
        let partitions: Vec<PartitionId> = (0..facts.partitions).collect();
        let spec = if from_beginning {
            OffsetSpec::Earliest
        } else {
            OffsetSpec::Latest
        };
        let starts = broker.offsets(topic, &partitions, spec).await?;
        let assigned = partitions
            .iter()
            .zip(starts)
            .map(|(partition, start)| (TopicPartition::new(topic, *partition), start));
        Ok(Self {
            reader: broker
                .reader(Subscription::Assign(assigned.collect()))
                .await?,
            waiting: std::collections::VecDeque::new(),
            key: Guess::default(),
            value: Guess::default(),
            interval: interval.unwrap_or(1).max(1),
            seen: 0,
            left: limit,
        })
    }

    /// The lines for the next record; `None` when the limit is reached.
    pub async fn next(&mut self) -> Result<Option<Vec<PrintLine>>, Error> {
        loop {
            if self.left == Some(0) {
                return Ok(None);
            }
            while let Some((partition, record)) = self.waiting.pop_front() {
                let is_shown = self.seen.is_multiple_of(self.interval);
                self.seen += 1;
                if is_shown {
                    self.left = self.left.map(|left| left - 1);
                    return Ok(Some(self.lines(partition, &record)));
                }
            }
            let event = self.reader.next(Duration::from_secs(3600)).await?;
            if let Some(ReaderEvent::Records {
                partition, batches, ..
            }) = event
            {
                let records = batches.into_iter().flat_map(|batch| batch.records);
                self.waiting
                    .extend(records.map(|record| (partition.partition, record)));
            }
        }
    }

    fn lines(&mut self, partition: PartitionId, record: &Record) -> Vec<PrintLine> {
        let mut lines = Vec::new();
        for (what, guess, bytes) in [
            ("Key", &mut self.key, &record.key),
            ("Value", &mut self.value, &record.value),
        ] {
            if guess.narrow(bytes.as_deref()) {
                lines.push(PrintLine::Format(format!(
                    "{what} format: {}",
                    guess.text()
                )));
            }
        }
        lines.push(PrintLine::Record(format!(
            "rowtime: {}, key: {}, value: {}, partition: {partition}",
            row_time(record.timestamp),
            self.key.show(record.key.as_deref()),
            self.value.show(record.value.as_deref())
        )));
        lines
    }
}

/// That there is no such topic, and those whose names differ in case only.
pub(crate) fn no_topic<'a>(name: &str, topics: impl Iterator<Item = &'a String>) -> Error {
    let near: Vec<_> = topics
        .filter(|known| known.eq_ignore_ascii_case(name))
        .map(String::as_str)
        .collect();
    let mut message = format!(
        "Could not find topic '{name}', or the KSQL user does not have permissions to list the topic. Topic names are case-sensitive."
    );
    if !near.is_empty() {
        message.push_str("\nDid you mean:\n\tprint ");
        message.push_str(&near.join("\n\tprint "));
    }
    match near.is_empty() {
        true => Error::user(message).hint("SHOW TOPICS lists those that there are"),
        false => Error::user(message),
    }
}

fn row_time(milliseconds: i64) -> String {
    match DateTime::from_timestamp_millis(milliseconds) {
        Some(time) if milliseconds >= 0 => time.format("%Y/%m/%d %H:%M:%S%.3f Z").to_string(),
        _ => "N/A".to_owned(),
    }
}

/// The formats that all bytes so far can be, in ksqlDB's order.
#[derive(Debug)]
struct Guess {
    possible: Vec<Format>,
    is_told: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Int,
    BigInt,
    Double,
    String,
}

impl Default for Guess {
    fn default() -> Self {
        Self {
            possible: vec![
                Format::Json,
                Format::Int,
                Format::BigInt,
                Format::Double,
                Format::String,
            ],
            is_told: false,
        }
    }
}

impl Guess {
    /// Leaves what these bytes can be; true if the set should be told (again).
    fn narrow(&mut self, bytes: Option<&[u8]>) -> bool {
        let Some(bytes) = bytes else {
            return !std::mem::replace(&mut self.is_told, true);
        };
        let before = self.possible.len();
        self.possible.retain(|format| format.fits(bytes));
        let was_told = std::mem::replace(&mut self.is_told, true);
        !was_told || before != self.possible.len()
    }

    fn text(&self) -> String {
        let names: Vec<_> = self.possible.iter().map(|format| format.name()).collect();
        match names.len() {
            0 => " does not match any supported format. It may be a STRING with encoding other than UTF8, or some other format.".to_owned(),
            5 => "¯\\_(ツ)_/¯ - no data processed".to_owned(),
            _ => names.join(" or "),
        }
    }

    fn show(&self, bytes: Option<&[u8]>) -> String {
        let Some(bytes) = bytes else {
            return "<null>".to_owned();
        };
        let number = |bytes: &[u8]| match self.possible.first() {
            Some(Format::Int) => bytes
                .try_into()
                .ok()
                .map(|bytes| i32::from_be_bytes(bytes).to_string()),
            Some(Format::BigInt) => bytes
                .try_into()
                .ok()
                .map(|bytes| i64::from_be_bytes(bytes).to_string()),
            Some(Format::Double) => bytes
                .try_into()
                .ok()
                .map(|bytes| weir_catalog::text::Double(f64::from_be_bytes(bytes)).to_string()),
            _ => None,
        };
        number(bytes).unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned())
    }
}

impl Format {
    fn fits(self, bytes: &[u8]) -> bool {
        match self {
            // Texts of control characters are numbers rather than texts.
            Self::Json => {
                bytes.first().is_some_and(|first| !first.is_ascii_control())
                    && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
            }
            Self::Int => bytes.len() == 4,
            Self::BigInt | Self::Double => bytes.len() == 8,
            Self::String => std::str::from_utf8(bytes).is_ok(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Int => "KAFKA_INT",
            Self::BigInt => "KAFKA_BIGINT",
            Self::Double => "KAFKA_DOUBLE",
            Self::String => "KAFKA_STRING",
        }
    }
}
