//! The load: a file's events again and again, at a rate that the clock keeps.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;
use weir_engine::{Producer, parts::NewRecord};

use super::marks::{FIELD, Marks, PREFIX};
use crate::{cli::LatencyArguments, failure::Failure, produce::now};

/// How many events a second are marked, where the rate is high enough that they are rare.
const MARKS: u64 = 200;

/// Of so many events one is marked at most.
const RARE: u64 = 10;

/// How often it is looked which events are due.
const TICK: Duration = Duration::from_millis(1);

/// How many events may wait for the producer; then the pace waits too, and the report says so.
const WAITING: usize = 4_096;

/// How many records are handed to the client in one go.
const BATCH: usize = 1_024;

/// How much of the wanted rate there must be.
const ENOUGH: f64 = 0.99;

/// How much is sent, and how fast.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    rate: u64,
    warm_up: Duration,
    seconds: Duration,
    linger: Duration,
}

impl Plan {
    pub fn new(arguments: &LatencyArguments) -> Self {
        Self {
            rate: u64::from(arguments.rate),
            warm_up: Duration::from_secs(u64::from(arguments.warm_up)),
            seconds: Duration::from_secs(u64::from(arguments.seconds)),
            linger: Duration::from_millis(u64::from(arguments.linger_ms)),
        }
    }

    fn length(&self) -> Duration {
        self.warm_up + self.seconds
    }

    fn events(&self) -> u64 {
        self.rate * self.length().as_secs()
    }

    /// From one marked event to the next.
    fn gap(&self) -> u64 {
        (self.rate / MARKS).max(RARE)
    }

    /// How many events are marked.
    pub fn marks(&self) -> usize {
        self.events().div_ceil(self.gap()) as usize
    }
}

/// What was sent.
#[derive(Debug)]
pub struct Outcome {
    /// After the warm-up.
    pub events: u64,
    pub events_per_s: f64,
    pub is_behind: bool,
    /// All that were marked, in the warm-up too.
    pub marks: usize,
    /// When the warm-up was over, since the marks' origin.
    pub is_warm_at: Duration,
    pub events_per_request: f64,
}

/// The events of a file.
pub struct Load {
    events: Vec<Bytes>,
    /// The places of those that can be marked.
    markable: Vec<usize>,
}

impl Load {
    pub fn new(events: Vec<Bytes>) -> Result<Self, Failure> {
        let can_be_marked = |place: &usize| marked(&events[*place], 0).is_some();
        let markable: Vec<usize> = (0..events.len()).filter(can_be_marked).collect();
        if markable.is_empty() {
            return Err(Failure::new(
                "no event can be marked: none has an object `winlog.event_data`",
            )
            .hint("the events must be as Winlogbeat writes them"));
        }
        Ok(Self { events, markable })
    }

    /// Sends for as long as is planned, and returns when all is acknowledged.
    pub async fn run(
        self,
        plan: Plan,
        producer: Producer,
        marks: Arc<Marks>,
    ) -> Result<Outcome, Failure> {
        let (out, records) = mpsc::channel(WAITING);
        let producing = tokio::spawn(produce(producer, records, plan.linger));
        let outcome = self.pace(plan, &marks, out).await;
        // The producer's failure, if there is one, is why nobody took events any more.
        let events_per_request = producing.await.map_err(Failure::new)??;
        outcome.map(|outcome| Outcome {
            events_per_request,
            ..outcome
        })
    }

    async fn pace(
        &self,
        plan: Plan,
        marks: &Marks,
        out: mpsc::Sender<NewRecord>,
    ) -> Result<Outcome, Failure> {
        let started = Instant::now();
        let (mut next, mut warm) = (0, 0);
        while next < plan.events() && started.elapsed() < plan.length() {
            let elapsed = started.elapsed();
            let due = (elapsed.as_secs_f64() * plan.rate as f64) as u64;
            if next > due {
                tokio::time::sleep(TICK).await;
                continue;
            }
            if elapsed < plan.warm_up {
                warm = next + 1;
            }
            let mark = next
                .is_multiple_of(plan.gap())
                .then_some((next / plan.gap()) as usize);
            let value = self.event(next, mark);
            if let Some(mark) = mark {
                marks.send(mark);
            }
            let sent = out.send(record(value)).await;
            sent.map_err(|_| Failure::new("the producer takes no events any more"))?;
            next += 1;
        }
        let measured = started.elapsed().saturating_sub(plan.warm_up);
        let events_per_s = (next - warm) as f64 / measured.as_secs_f64();
        Ok(Outcome {
            events: next - warm,
            events_per_s,
            is_behind: events_per_s < plan.rate as f64 * ENOUGH,
            marks: next.div_ceil(plan.gap()) as usize,
            is_warm_at: marks.since(started + plan.warm_up),
            events_per_request: 0.0,
        })
    }

    fn event(&self, number: u64, mark: Option<usize>) -> Bytes {
        let place = (number % self.events.len() as u64) as usize;
        let marked = mark.and_then(|mark| {
            let place = self.markable[mark % self.markable.len()];
            marked(&self.events[place], mark)
        });
        marked.unwrap_or_else(|| self.events[place].clone())
    }
}

/// An event with a mark among its fields.
fn marked(event: &[u8], mark: usize) -> Option<Bytes> {
    let mut event: Value = serde_json::from_slice(event).ok()?;
    let fields = event.get_mut("winlog")?.get_mut("event_data")?;
    let fields = fields.as_object_mut()?;
    fields.insert(FIELD.to_owned(), format!("{PREFIX}{mark}").into());
    serde_json::to_vec(&event).ok().map(Bytes::from)
}

fn record(value: Bytes) -> NewRecord {
    NewRecord {
        timestamp: now(),
        key: None,
        value: Some(value),
        headers: Vec::new(),
    }
}

/// Sends what is there, a request at a time: what comes meanwhile goes into the next one. Gives the records in a request.
async fn produce(
    mut producer: Producer,
    mut records: mpsc::Receiver<NewRecord>,
    linger: Duration,
) -> Result<f64, Failure> {
    let (mut sent, mut requests) = (0, 0);
    let mut batch = Vec::new();
    while records.recv_many(&mut batch, BATCH).await > 0 {
        let until = tokio::time::Instant::now() + linger;
        while batch.len() < BATCH && !linger.is_zero() {
            match tokio::time::timeout_at(until, records.recv()).await {
                Ok(Some(record)) => batch.push(record),
                Ok(None) | Err(_) => break,
            }
        }
        sent += batch.len();
        requests += producer.send(std::mem::take(&mut batch)).await?.len();
    }
    producer.flush().await?;
    Ok(sent as f64 / requests.max(1) as f64)
}

/// Sends on what comes, at once.
pub async fn relay(
    mut producer: Producer,
    mut values: mpsc::Receiver<Bytes>,
) -> Result<(), Failure> {
    let mut batch = Vec::new();
    while values.recv_many(&mut batch, BATCH).await > 0 {
        producer.send(batch.drain(..).map(record).collect()).await?;
    }
    Ok(producer.flush().await?)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{super::marks::of_event, Load};

    #[test]
    fn events_come_round_and_marked_ones_in_the_place_of_some() {
        let with = br#"{"winlog":{"event_data":{"a":"b"}}}"#;
        let events = [&b"{\"n\":0}"[..], with, b"no JSON"].map(Bytes::from_static);
        let load = Load::new(events.to_vec()).unwrap();
        assert_eq!(load.event(4, None), &with[..]);
        assert_eq!(load.event(5, None), "no JSON");
        let marked = load.event(3, Some(7));
        assert_eq!(of_event(&marked), Some(7));
        let marked: serde_json::Value = serde_json::from_slice(&marked).unwrap();
        assert_eq!(marked["winlog"]["event_data"]["a"], "b");
        assert!(Load::new(vec![Bytes::from_static(b"{}")]).is_err());
    }
}
