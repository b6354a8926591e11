//! Marked events: when each was sent, and when it was seen again.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use memchr::memmem::Finder;
use serde::Deserialize;
use tokio::sync::{mpsc, watch};
use weir_engine::TopicReader;

use crate::failure::Failure;

/// The id of the rule that marked events match.
pub const RULE_ID: &str = "weir-bench-latency";

/// The field of an event that has the mark, and what the mark begins with; a number comes after it.
pub const FIELD: &str = "WeirBenchMark";
pub const PREFIX: &str = "weir-mark-";

/// How long a reader is asked before it is looked whether all has been seen.
const GLANCE: Duration = Duration::from_millis(100);

/// How long what is missing may take after the last that came.
const PATIENCE: Duration = Duration::from_secs(30);

/// When the marked events were handed to the producer.
pub struct Marks {
    origin: Instant,
    /// By number, in nanoseconds since the origin, and one more: zero is not yet.
    sent: Vec<AtomicU64>,
}

impl Marks {
    pub fn new(count: usize) -> Self {
        Self {
            origin: Instant::now(),
            sent: (0..count).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    pub fn send(&self, number: usize) {
        if let Some(sent) = self.sent.get(number) {
            let nanos = self.origin.elapsed().as_nanos() as u64;
            sent.store(nanos + 1, Ordering::Release);
        }
    }

    fn sent(&self, number: usize) -> Option<Duration> {
        let nanos = self.sent.get(number)?.load(Ordering::Acquire);
        nanos.checked_sub(1).map(Duration::from_nanos)
    }

    pub fn since(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.origin)
    }
}

/// The number of a marked event, in an event's text or in one that holds it.
pub fn of_event(text: &[u8]) -> Option<usize> {
    static FINDER: OnceLock<Finder<'static>> = OnceLock::new();
    let finder = FINDER.get_or_init(|| Finder::new(PREFIX));
    let number = &text[finder.find(text)? + PREFIX.len()..];
    let end = number.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&number[..end]).ok()?.parse().ok()
}

/// The number of the event that an alert of the benchmark's own rule is about; other rules may match a marked event too.
pub fn of_alert(text: &[u8]) -> Option<usize> {
    #[derive(Deserialize)]
    struct Alert {
        #[serde(rename = "RULE_ID")]
        rule: String,
    }
    let number = of_event(text)?;
    let alert: Alert = serde_json::from_slice(text).ok()?;
    (alert.rule == RULE_ID).then_some(number)
}

/// When marked events were seen at one place for the first time.
pub struct Seen {
    marks: Arc<Marks>,
    first: Vec<Option<Duration>>,
    count: usize,
}

/// How long it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    pub timed: usize,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

impl Seen {
    pub fn new(marks: &Arc<Marks>) -> Self {
        Self {
            first: vec![None; marks.sent.len()],
            marks: marks.clone(),
            count: 0,
        }
    }

    /// Reads until all is seen that was sent, or nothing comes any more; hands it `onward` as it comes.
    pub async fn watch(
        mut self,
        mut reader: TopicReader,
        number_of: fn(&[u8]) -> Option<usize>,
        ended: watch::Receiver<Option<usize>>,
        onward: Option<mpsc::Sender<Bytes>>,
    ) -> Result<Self, Failure> {
        let mut last = Instant::now();
        loop {
            let came = reader.next(GLANCE).await?;
            let now = Instant::now();
            let records = came.map(|(_, records)| records).unwrap_or_default();
            for value in records.into_iter().filter_map(|record| record.value) {
                let Some(number) = number_of(&value) else {
                    continue;
                };
                self.see(number, now);
                if let Some(onward) = &onward {
                    let sent = onward.send(value).await;
                    sent.map_err(|_| Failure::new("nobody sends events on any more"))?;
                }
                last = now;
            }
            let Some(sent) = *ended.borrow() else {
                last = now;
                continue;
            };
            if self.count >= sent || last.elapsed() > PATIENCE {
                return Ok(self);
            }
        }
    }

    fn see(&mut self, number: usize, now: Instant) {
        let now = self.marks.since(now);
        if let Some(first @ None) = self.first.get_mut(number) {
            *first = Some(now);
            self.count += 1;
        }
    }

    /// Of those that were sent after the warm-up, for which a time since the origin stands. It fails if one was not seen.
    pub fn summary(
        &self,
        what: &str,
        sent: usize,
        is_warm_at: Duration,
    ) -> Result<Summary, Failure> {
        let missing = (0..sent).filter(|number| self.first[*number].is_none());
        let missing = missing.count();
        if missing > 0 {
            return Err(Failure::new(format!(
                "of {sent} marked events {missing} were not seen again as {what} within {} s: the figures would leave the slowest out",
                PATIENCE.as_secs()
            )));
        }
        let mut times = Vec::new();
        for (number, first) in self.first[..sent].iter().enumerate() {
            if let (Some(sent), Some(seen)) = (self.marks.sent(number), first)
                && sent >= is_warm_at
            {
                times.push(seen.saturating_sub(sent));
            }
        }
        Summary::of(times).ok_or_else(|| Failure::new("no marked event was sent after the warm-up"))
    }
}

impl Summary {
    fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        let last = times.last()?;
        let milliseconds = |time: &Duration| time.as_secs_f64() * 1e3;
        // The smallest time that so many of a hundred do not exceed.
        let percentile = |hundredths: usize| {
            let rank = (times.len() * hundredths).div_ceil(100).max(1);
            milliseconds(&times[rank - 1])
        };
        Some(Self {
            timed: times.len(),
            p50_ms: percentile(50),
            p99_ms: percentile(99),
            max_ms: milliseconds(last),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        time::{Duration, Instant},
    };

    use super::{Marks, Seen, Summary, of_alert, of_event};

    #[test]
    fn a_mark_is_found_in_an_event_and_in_its_alert() {
        let event = br#"{"winlog":{"event_data":{"WeirBenchMark":"weir-mark-17"}}}"#;
        assert_eq!(of_event(event), Some(17));
        assert_eq!(of_event(br#"{"a":"weir-mark-"}"#), None);
        assert_eq!(of_event(b"{}"), None);
        let alert = |rule: &str| {
            let event = std::str::from_utf8(event).unwrap();
            serde_json::json!({"RULE_ID": rule, "EVENT": event}).to_string()
        };
        assert_eq!(of_alert(alert("weir-bench-latency").as_bytes()), Some(17));
        assert_eq!(of_alert(alert("another").as_bytes()), None);
    }

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let of = |count: u64| Summary::of((1..=count).rev().map(Duration::from_millis).collect());
        assert_eq!(of(0), None);
        let check = |count, p50_ms, p99_ms, max_ms| {
            let timed = count as usize;
            assert_eq!(
                of(count),
                Some(Summary {
                    timed,
                    p50_ms,
                    p99_ms,
                    max_ms
                })
            );
        };
        check(1, 1.0, 1.0, 1.0);
        check(100, 50.0, 99.0, 100.0);
        check(200, 100.0, 198.0, 200.0);
    }

    #[test]
    fn what_is_missing_is_an_error_and_what_comes_twice_counts_once() {
        let marks = Arc::new(Marks::new(2));
        marks.send(0);
        marks.send(1);
        let mut seen = Seen::new(&marks);
        seen.see(0, Instant::now());
        seen.see(0, Instant::now());
        seen.see(9, Instant::now());
        let error = seen.summary("alert", 2, Duration::ZERO).unwrap_err();
        assert!(format!("{error:?}").contains("of 2 marked events 1 were not seen"));
        seen.see(1, Instant::now());
        let summary = seen.summary("alert", 2, Duration::ZERO);
        assert_eq!(summary.unwrap().timed, 2);
    }
}
