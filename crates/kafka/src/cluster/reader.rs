//! Reads committed records of given partitions.
//!
//! A fetch is under way while the caller works on the one before it. What is under way belongs to the reader and not to the call
//! of `next` that started it: so a call may be dropped at any time, and nothing is lost or asked twice.
//!
//! **Invariant:** an answer counts only for the position that it was asked from ([`Position::generation`]); and records of a topic
//! that was deleted and made again are never handed out as those of the first.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use krafka::{__private::protocol::FetchPartitionResponse, error::ErrorCode};
use tokio::time::{Instant, timeout_at};
use tracing::{debug, warn};

use super::{
    batch::{self, Aborted},
    failure,
    fetch::{Fetched, Wanted, fetch, is_moved},
    link::{Backoff, Lane, Leader, Link, TopicId},
};
use crate::{
    Error, ErrorKind, Offset, Reader, ReaderEvent, Result, TopicPartition, local::assigned_twice,
};

/// How often a moved leader is looked for again before the caller hears of it: moving takes a moment, and is nobody's fault.
const MOVES_IN_A_ROW: u32 = 5;

/// A wait that no clock can add up.
const FOR_EVER: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

pub(super) struct ClusterReader {
    lane: Arc<Lane>,
    positions: Vec<Position>,
    under_way: FuturesUnordered<BoxFuture<'static, Answer>>,
    ready: VecDeque<Result<ReaderEvent>>,
    backoff: Backoff,
    /// Who is asked for first: a broker fills its answer in the order of the question, and may have room for no more than one.
    turn: usize,
    moves: u32,
    /// Who leads what is to be asked before anything is fetched.
    is_stale: bool,
    is_refreshing: bool,
}

enum Answer {
    Fetched(Fetched),
    Refreshed(Result<()>),
}

struct Position {
    partition: TopicPartition,
    topic_id: TopicId,
    offset: Offset,
    /// The leader epoch of the last batch before `offset`; −1 after a seek.
    last_epoch: i32,
    /// Counts seeks: an answer to an older one is let go.
    generation: u64,
    is_under_way: bool,
    is_gone: bool,
}

impl ClusterReader {
    pub async fn try_new(
        link: &Arc<Link>,
        assigned: Vec<(TopicPartition, Offset)>,
    ) -> Result<Self> {
        let mut positions = Vec::with_capacity(assigned.len());
        let mut seen = HashSet::new();
        for (partition, offset) in assigned {
            if !seen.insert(partition.clone()) {
                return Err(assigned_twice(&partition));
            }
            let doing = format!("reading `{partition}`");
            let topic = link.fresh_topic(&doing, &partition.topic).await?;
            let Some(topic) = topic.filter(|topic| topic.partition(partition.partition).is_some())
            else {
                return Err(link.unknown_topic(&doing, &partition.to_string()));
            };
            positions.push(Position {
                partition,
                topic_id: topic.topic_id,
                offset,
                last_epoch: -1,
                generation: 0,
                is_under_way: false,
                is_gone: false,
            });
        }
        Ok(Self {
            lane: Arc::new(link.lane()),
            positions,
            under_way: FuturesUnordered::new(),
            ready: VecDeque::new(),
            backoff: Backoff::new(&link.config),
            turn: 0,
            moves: 0,
            is_stale: false,
            is_refreshing: false,
        })
    }

    /// Sends what can be asked now, and does not wait for the answer.
    fn ask(&mut self) {
        if self.is_refreshing || self.backoff.until().is_some() {
            return;
        }
        let mut groups: HashMap<Leader, Vec<Wanted>> = HashMap::new();
        let link = Arc::clone(&self.lane.link);
        let count = self.positions.len();
        for index in (self.turn..count).chain(0..self.turn) {
            let position = &self.positions[index];
            if position.is_under_way || position.is_gone {
                continue;
            }
            let (topic, partition) = (&position.partition.topic, position.partition.partition);
            match link.leader(topic, partition) {
                Some(leader) if !self.is_stale => groups.entry(leader).or_default().push(Wanted {
                    index,
                    generation: position.generation,
                    topic: Arc::clone(topic),
                    topic_id: position.topic_id,
                    partition,
                    offset: position.offset,
                    leader_epoch: link.leader_epoch(topic, partition),
                    last_epoch: position.last_epoch,
                }),
                _ => {
                    self.is_stale = true;
                    break;
                }
            }
        }
        if self.is_stale {
            self.is_refreshing = true;
            let doing = doing(self.positions.iter().map(|it| &it.partition));
            self.under_way
                .push(refresh(link, self.topics(), doing).boxed());
            return;
        }
        if let Some(first) = groups.values().flatten().map(|it| it.index).next() {
            self.turn = (first + 1) % count;
        }
        for (leader, wanted) in groups {
            for it in &wanted {
                self.positions[it.index].is_under_way = true;
            }
            let lane = Arc::clone(&self.lane);
            self.under_way
                .push(fetch(lane, leader, wanted).map(Answer::Fetched).boxed());
        }
    }

    fn topics(&self) -> Vec<Arc<str>> {
        let mut topics: Vec<_> = self
            .positions
            .iter()
            .map(|it| Arc::clone(&it.partition.topic))
            .collect();
        topics.sort_unstable();
        topics.dedup();
        topics
    }

    fn take(&mut self, answer: Answer) {
        match answer {
            Answer::Refreshed(result) => self.take_refreshed(result),
            Answer::Fetched(fetched) => {
                for it in &fetched.wanted {
                    let position = &mut self.positions[it.index];
                    if position.generation == it.generation {
                        position.is_under_way = false;
                    }
                }
                match fetched.answer {
                    Ok(answers) => {
                        for (place, answer) in answers {
                            self.take_partition(&fetched.wanted[place], answer);
                        }
                    }
                    Err(error) => {
                        let wanted = fetched.wanted.iter();
                        let doing = doing(wanted.map(|it| &self.positions[it.index].partition));
                        self.fail(self.lane.link.failed(&doing, &error));
                        self.is_stale = true;
                    }
                }
            }
        }
    }

    fn fail(&mut self, error: Error) {
        self.backoff.failed();
        // What concerns all partitions concerns the only one.
        let error = match (&error.partition, &*self.positions) {
            (None, [position]) => error.at(&position.partition),
            _ => error,
        };
        self.ready.push_back(Err(error));
    }

    fn take_refreshed(&mut self, result: Result<()>) {
        self.is_refreshing = false;
        if let Err(error) = result {
            self.fail(error);
            return;
        }
        self.is_stale = false;
        let link = Arc::clone(&self.lane.link);
        let mut is_leaderless = false;
        for position in self.positions.iter_mut().filter(|it| !it.is_gone) {
            let (name, partition) = (&position.partition.topic, position.partition.partition);
            let topic = link.metadata().topic_arc(name);
            let same = topic.filter(|topic| topic.topic_id == position.topic_id);
            match same.as_ref().and_then(|topic| topic.partition(partition)) {
                None => {
                    position.is_gone = true;
                    self.ready.push_back(Err(gone(&link, position)));
                }
                Some(info) => is_leaderless |= !info.is_routable(),
            }
        }
        if is_leaderless {
            self.moved("has no leader");
        }
    }

    /// A partition is somewhere else, or nowhere for a moment.
    fn moved(&mut self, what: &str) {
        self.is_stale = true;
        self.moves += 1;
        if self.moves < MOVES_IN_A_ROW {
            return self.backoff.failed();
        }
        self.moves = 0;
        let doing = doing(self.positions.iter().map(|it| &it.partition));
        let servers = self.lane.link.config.servers();
        let message = format!("{doing}: {what} at {servers}; it may succeed when tried again");
        self.fail(Error::new(ErrorKind::Unavailable, message));
    }

    fn take_partition(&mut self, wanted: &Wanted, answer: FetchPartitionResponse) {
        let link = Arc::clone(&self.lane.link);
        let position = &mut self.positions[wanted.index];
        if position.generation != wanted.generation || position.is_gone {
            return;
        }
        match answer.error_code {
            ErrorCode::None => {}
            ErrorCode::OffsetOutOfRange => {
                let (low, high) = (answer.log_start_offset, answer.high_watermark);
                let error = out_of_range(position, low, high);
                return self.fail(error);
            }
            code if is_moved(code) => {
                debug!(partition = %position.partition, ?code, "partition is not there, asking who leads it");
                return self.moved("the partition has moved");
            }
            code => {
                let doing = format!("reading `{}`", position.partition);
                return self.fail(failure::from_code(&link.config, &doing, code, None));
            }
        }
        if let Some(diverging) = answer.diverging_epoch {
            // Records that we have read were lost with a leader that others had not caught up with.
            warn!(partition = %position.partition, from = position.offset, to = diverging.end_offset, "log was cut short, going back");
            position.offset = diverging.end_offset;
            position.last_epoch = -1;
            return;
        }
        self.backoff.succeeded();
        self.moves = 0;
        let Some(bytes) = answer.records.filter(|bytes| !bytes.is_empty()) else {
            return;
        };
        let aborted = answer.aborted_transactions.iter().map(|it| Aborted {
            producer_id: it.producer_id,
            first_offset: it.first_offset,
        });
        let decoded = batch::decode(bytes, position.offset, aborted.collect());
        if decoded.next_offset == position.offset {
            let fault = decoded
                .fault
                .unwrap_or_else(|| "a record batch that is cut short".into());
            let error = corrupt(position, &fault);
            return self.fail(error);
        }
        position.offset = decoded.next_offset;
        position.last_epoch = decoded.leader_epoch;
        self.ready.push_back(Ok(ReaderEvent::Records {
            partition: position.partition.clone(),
            batches: decoded.batches,
            next_offset: decoded.next_offset,
        }));
    }

    /// Every partition is gone: nothing will ever come.
    fn all_gone(&self) -> Option<Error> {
        let all = self.positions.iter().all(|it| it.is_gone);
        let first = self.positions.first().filter(|_| all)?;
        Some(gone(&self.lane.link, first))
    }
}

#[async_trait]
impl Reader for ClusterReader {
    async fn next(&mut self, wait: Duration) -> Result<Option<ReaderEvent>> {
        let now = Instant::now();
        let deadline = now.checked_add(wait).unwrap_or(now + FOR_EVER);
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return ready.map(Some);
            }
            self.ask();
            if self.under_way.is_empty() {
                let until = self.backoff.until().unwrap_or(deadline).min(deadline);
                tokio::time::sleep_until(until).await;
            } else if let Ok(Some(answer)) = timeout_at(deadline, self.under_way.next()).await {
                self.take(answer);
                // The next fetch is on its way while the caller works on this one.
                self.ask();
                if let Some(Some(answer)) = self.under_way.next().now_or_never() {
                    self.take(answer);
                }
                continue;
            }
            if Instant::now() >= deadline && self.ready.is_empty() {
                return match self.all_gone() {
                    Some(error) => Err(error),
                    None => Ok(None),
                };
            }
        }
    }

    async fn seek(&mut self, partition: &TopicPartition, offset: Offset) -> Result<()> {
        let Some(position) = self
            .positions
            .iter_mut()
            .find(|it| it.partition == *partition)
        else {
            let message =
                format!("`{partition}` is not one of the partitions that this reader reads");
            return Err(Error::new(ErrorKind::Invalid, message));
        };
        position.offset = offset;
        position.last_epoch = -1;
        position.generation += 1;
        position.is_under_way = false;
        self.ready.retain(|ready| match ready {
            Ok(ReaderEvent::Records { partition: of, .. }) => of != partition,
            _ => true,
        });
        Ok(())
    }
}

/// As a message begins, by a few of the partitions that it is about.
fn doing<'a>(partitions: impl ExactSizeIterator<Item = &'a TopicPartition>) -> String {
    const NAMED: usize = 5;
    let more = partitions.len().saturating_sub(NAMED);
    let names: Vec<_> = partitions
        .take(NAMED)
        .map(|partition| format!("`{partition}`"))
        .collect();
    let names = names.join(", ");
    match more {
        0 => format!("reading {names}"),
        more => format!("reading {names} and {more} more"),
    }
}

async fn refresh(link: Arc<Link>, topics: Vec<Arc<str>>, doing: String) -> Answer {
    for topic in &topics {
        if let Err(error) = link.fresh_topic(&doing, topic).await {
            return Answer::Refreshed(Err(error));
        }
    }
    Answer::Refreshed(Ok(()))
}

fn gone(link: &Link, position: &Position) -> Error {
    let partition = &position.partition;
    let servers = link.config.servers();
    let message = match link.metadata().topic_arc(&partition.topic) {
        Some(topic) if topic.topic_id != position.topic_id => {
            format!(
                "topic `{}` at {servers} was deleted and made again: it is another topic now",
                partition.topic
            )
        }
        Some(_) => format!(
            "topic `{}` at {servers} has no partition {}",
            partition.topic, partition.partition
        ),
        None => format!("topic `{}` at {servers} was deleted", partition.topic),
    };
    Error::new(ErrorKind::UnknownTopic, message).at(partition)
}

fn out_of_range(position: &Position, low: Offset, high: Offset) -> Error {
    let mut message = format!(
        "offset {} is not in the log of `{}`",
        position.offset, position.partition
    );
    if low >= 0 && high >= 0 {
        message.push_str(&format!(", which has {low} to {high}"));
    }
    Error::new(ErrorKind::OffsetOutOfRange, message).at(&position.partition)
}

fn corrupt(position: &Position, fault: &str) -> Error {
    let (partition, offset) = (&position.partition, position.offset);
    Error::new(
        ErrorKind::Corrupt,
        format!("`{partition}` cannot be read at offset {offset}: {fault}; seek past it to go on"),
    )
    .at(partition)
}
