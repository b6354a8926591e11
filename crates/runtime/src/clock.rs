//! Time comes in through a trait, so that a test can turn it.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use tokio::sync::watch;

#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Milliseconds since 1970.
    fn now(&self) -> i64;

    async fn sleep(&self, duration: Duration);
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |elapsed| elapsed.as_millis() as i64)
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock that stands still until it is turned: a second passes when a test says so.
#[derive(Debug)]
pub struct TestClock {
    now: watch::Sender<i64>,
}

impl TestClock {
    pub fn new(now: i64) -> Self {
        Self {
            now: watch::Sender::new(now),
        }
    }

    /// Lets `duration` pass; whoever sleeps until then wakes.
    pub fn advance(&self, duration: Duration) {
        self.now
            .send_modify(|now| *now = now.saturating_add(milliseconds(duration)));
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> i64 {
        *self.now.borrow()
    }

    async fn sleep(&self, duration: Duration) {
        let mut now = self.now.subscribe();
        let until = now.borrow().saturating_add(milliseconds(duration));
        // The sender lives as long as `self`, so this ends only when the time has come.
        let _ = now.wait_for(|now| *now >= until).await;
    }
}

/// As whole milliseconds, `i64::MAX` at most.
pub(crate) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn a_turned_clock_wakes_those_whose_time_has_come() {
        let clock = Arc::new(TestClock::new(1_000));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep(Duration::from_secs(2)).await;
                clock.now()
            }
        });
        // The sleeper starts to sleep before the clock is turned.
        tokio::task::yield_now().await;
        clock.advance(Duration::from_millis(1_999));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_millis(1));
        assert_eq!(sleeper.await.unwrap(), 3_000);
    }
}
