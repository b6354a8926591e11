//! Where a task goes on: the one place where checkpoints, the topic's identity and the log's bounds meet.
//!
//! | what is known | goes on |
//! | --- | --- |
//! | a checkpoint of this topic | from its position |
//! | a checkpoint of another topic of this name | from 0: the topic was made again |
//! | none | where the query was told to start, else from 0 |
//!
//! A position below the log's start goes to the start; what lies between is counted. One past the end waits, as a broker
//! that restarts may show an older end for a while; then the partition counts as truncated, and the task goes on from
//! the lowest end that it saw, so that nothing that was written since is passed over.

use std::{collections::BTreeMap, sync::Arc};

use weir_kafka::{Offset, OffsetSpec, Topic, TopicPartition};

use crate::{Checkpoint, Error, Options, checkpoint::VERSION, clock::milliseconds};

/// How far a task has come, in one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    pub topic_id: Arc<str>,
    pub position: Offset,
    /// The highest event time seen.
    pub stream_time: Option<i64>,
}

/// A position past the end, since when, and the lowest end seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beyond {
    since: i64,
    end: Offset,
}

impl Progress {
    pub fn from_checkpoint(checkpoint: &Checkpoint, at: &TopicPartition) -> Option<Self> {
        Some(Self {
            topic_id: checkpoint.topic_id.as_str().into(),
            position: *checkpoint.positions.get(&at.to_string())?,
            stream_time: checkpoint.stream_time.get(&*at.topic).copied(),
        })
    }

    pub fn to_checkpoint(&self, at: &TopicPartition, fingerprint: &str) -> Checkpoint {
        let stream_time = self.stream_time.map(|time| (at.topic.to_string(), time));
        Checkpoint {
            version: VERSION,
            fingerprint: fingerprint.to_owned(),
            topic_id: self.topic_id.to_string(),
            positions: BTreeMap::from([(at.to_string(), self.position)]),
            stream_time: stream_time.into_iter().collect(),
        }
    }

    /// From here on in `topic`: another topic of the same name is read from its first record.
    pub fn in_topic(self, topic: &Topic) -> Self {
        if *self.topic_id == *topic.id {
            return self;
        }
        tracing::warn!(topic = %topic.name, "topic was made again, it is read from its first record");
        Self {
            topic_id: topic.id.as_str().into(),
            position: 0,
            stream_time: None,
        }
    }
}

/// The position to read from, and how many offsets before it are gone unread.
pub(crate) async fn within_bounds(
    options: &Options,
    at: &TopicPartition,
    position: Offset,
    beyond: &mut Option<Beyond>,
) -> Result<(Offset, u64), Error> {
    let partition = [at.partition];
    let bound = async |spec| -> Result<Offset, Error> {
        let offsets = options.broker.offsets(&at.topic, &partition, spec).await?;
        offsets
            .first()
            .copied()
            .ok_or_else(|| Error::internal(format!("no offset of {at}")))
    };
    let start = bound(OffsetSpec::Earliest).await?;
    if position < start {
        tracing::warn!(partition = %at, position, start, "records were gone before they were read");
        return Ok((start, start.abs_diff(position)));
    }
    let end = bound(OffsetSpec::Latest).await?;
    if position <= end {
        *beyond = None;
        return Ok((position, 0));
    }
    let now = options.clock.now();
    let lowest = beyond.map_or(end, |beyond| beyond.end.min(end));
    let since = beyond.map_or(now, |beyond| beyond.since);
    *beyond = Some(Beyond { since, end: lowest });
    if now - since < milliseconds(options.truncation_patience) {
        return Err(Error::external(format!(
            "position {position} is past the end of {at}, which is {end}: the topic was truncated, or its broker has not caught up yet"
        )));
    }
    tracing::warn!(partition = %at, position, from = lowest, "topic was truncated, the query goes on from its end");
    *beyond = None;
    Ok((lowest, 0))
}
