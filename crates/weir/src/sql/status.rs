//! The line below a query's rows that says how it goes: rows, their rate, how far behind, how long.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinHandle;
use weir_engine::rows::Lag;

/// The rate is that of the last seconds.
const WINDOW: Duration = Duration::from_secs(5);

/// How far apart the moments are that the rate is reckoned from.
const SAMPLE: Duration = Duration::from_millis(200);

/// How often it is asked how far behind the query is. The broker may be far away.
const ASK: Duration = Duration::from_secs(1);

const UNKNOWN: i64 = -1;

pub struct Status {
    started: Instant,
    rows: u64,
    /// How many rows there were at some moments of the window.
    seen: VecDeque<(Instant, u64)>,
    lag: Arc<AtomicI64>,
    asking: Option<JoinHandle<()>>,
}

impl Status {
    /// With what says how far the query is behind, if anything does.
    pub fn new(lag: Option<Lag>) -> Self {
        let behind = Arc::new(AtomicI64::new(UNKNOWN));
        let asking = lag.map(|lag| {
            let behind = behind.clone();
            tokio::spawn(async move {
                loop {
                    let records = lag.records().await;
                    let records = records.map_or(UNKNOWN, |records| records as i64);
                    behind.store(records, Ordering::Relaxed);
                    tokio::time::sleep(ASK).await;
                }
            })
        });
        let started = Instant::now();
        Self {
            started,
            rows: 0,
            seen: VecDeque::from([(started, 0)]),
            lag: behind,
            asking,
        }
    }

    pub fn count(&mut self, rows: usize) {
        self.rows += rows as u64;
    }

    pub fn line(&mut self) -> String {
        let lag = match self.lag.load(Ordering::Relaxed) {
            UNKNOWN => None,
            lag => Some(lag),
        };
        self.line_at(Instant::now(), lag)
    }

    fn line_at(&mut self, now: Instant, lag: Option<i64>) -> String {
        let last = self.seen.back().map_or(self.started, |(then, _)| *then);
        if now.duration_since(last) >= SAMPLE {
            self.seen.push_back((now, self.rows));
        }
        while self.seen.len() > 2 && now.duration_since(self.seen[1].0) >= WINDOW {
            self.seen.pop_front();
        }
        let (then, before) = self.seen[0];
        let seconds = now.duration_since(then).as_secs_f64().max(0.001);
        let rate = (self.rows - before) as f64 / seconds;
        let rate = match rate {
            rate if rate > 0.0 && rate < 10.0 => format!("{rate:.1}"),
            rate => format!("{rate:.0}"),
        };
        let rows = match self.rows {
            1 => "1 row".to_owned(),
            rows => format!("{rows} rows"),
        };
        let lag = lag.map_or(String::new(), |lag| format!("lag {lag}, "));
        let elapsed = now.duration_since(self.started).as_secs();
        let (minutes, seconds) = (elapsed / 60, elapsed % 60);
        format!("{rows}, {rate} rows/s, {lag}{minutes}:{seconds:02}  Press CTRL-C to interrupt")
    }
}

impl Drop for Status {
    fn drop(&mut self) {
        if let Some(asking) = &self.asking {
            asking.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Status;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut status = Status::new(None);
        let start = status.started;
        let at = |seconds| start + Duration::from_secs(seconds);
        status.count(1);
        assert_eq!(
            status.line_at(at(1), None),
            "1 row, 1.0 rows/s, 0:01  Press CTRL-C to interrupt"
        );
        status.count(99);
        assert_eq!(
            status.line_at(at(2), Some(7)),
            "100 rows, 50 rows/s, lag 7, 0:02  Press CTRL-C to interrupt"
        );
        status.line_at(at(70), Some(0));
        assert_eq!(
            status.line_at(at(75), Some(0)),
            "100 rows, 0 rows/s, lag 0, 1:15  Press CTRL-C to interrupt"
        );
    }
}
