//! How long to wait after a failure: twice as long from failure to failure, up to a bound.

use std::time::Duration;

use crate::Options;

#[derive(Debug)]
pub(crate) struct Backoff {
    initial: Duration,
    max: Duration,
    failures: u32,
}

impl Backoff {
    pub fn new(options: &Options) -> Self {
        Self {
            initial: options.retry_initial,
            max: options.retry_max,
            failures: 0,
        }
    }

    /// Counts a failure.
    pub fn next(&mut self) -> Duration {
        let factor = 2_u32.saturating_pow(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.initial.saturating_mul(factor).min(self.max)
    }

    /// Whether there were failures before.
    pub fn succeeded(&mut self) -> bool {
        std::mem::take(&mut self.failures) > 0
    }
}
