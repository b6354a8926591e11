//! What can go wrong with a broker, on demand and under a seed.
//!
//! Planned faults come first, in the order in which they were asked for; then chance, from the broker's seed. The same
//! calls in the same order meet the same faults.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::{Error, ErrorKind, Result, local::lock};

/// A handle on a broker's faults. Clones are the same handle.
#[derive(Debug, Clone)]
pub struct Faults {
    state: Arc<Mutex<State>>,
}

/// What a call is, for faults that are meant for some calls only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Topics, offsets, groups, and the making of readers and writers.
    Admin,
    /// [`crate::Reader::next`].
    Read,
    /// [`crate::Writer::write`].
    Write,
    /// [`crate::Writer::commit`].
    Commit,
}

/// How likely each fault is in each call that can meet it, from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FaultRates {
    /// Any call fails as [`ErrorKind::Unavailable`] and has no effect.
    pub unavailable: f64,
    /// A write or commit fails as [`ErrorKind::Storage`] and has no effect.
    pub storage: f64,
    /// A write happens, and fails.
    pub lost_acknowledgement: f64,
    /// A write happens twice.
    pub duplicate: f64,
    /// Any call takes a while, up to `longest_delay`.
    pub delay: f64,
    pub longest_delay: Duration,
}

/// What happens to one write.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WriteFaults {
    pub is_duplicated: bool,
    pub is_acknowledgement_lost: bool,
}

struct State {
    planned: VecDeque<Planned>,
    rates: FaultRates,
    random: StdRng,
    is_unavailable: bool,
    met: u64,
    /// Wakes the readers that wait.
    on_availability: Arc<dyn Fn() + Send + Sync>,
}

#[derive(Debug, Clone, Copy)]
struct Planned {
    /// `None`: any call.
    call: Option<Call>,
    fault: Fault,
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    Fail(ErrorKind),
    LoseAcknowledgement,
    Duplicate,
    Delay(Duration),
}

impl Faults {
    pub(super) fn new(seed: u64) -> Self {
        let state = State {
            planned: VecDeque::new(),
            rates: FaultRates::default(),
            // Not the sequence that topic ids come from: creating a topic does not change what goes wrong later.
            random: StdRng::seed_from_u64(seed ^ 0x5fa1_7500),
            is_unavailable: false,
            met: 0,
            on_availability: Arc::new(|| {}),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// The next `calls` calls, whatever they are, fail with `kind` and have no effect.
    pub fn fail_next(&self, calls: usize, kind: ErrorKind) {
        self.plan(calls, None, Fault::Fail(kind));
    }

    /// The next `calls` calls of this sort fail with `kind` and have no effect.
    pub fn fail_next_of(&self, call: Call, calls: usize, kind: ErrorKind) {
        self.plan(calls, Some(call), Fault::Fail(kind));
    }

    /// The next `writes` writes happen, and fail as if the answer had been lost on the way.
    pub fn lose_acknowledgements(&self, writes: usize) {
        self.plan(writes, Some(Call::Write), Fault::LoseAcknowledgement);
    }

    /// The next `writes` writes happen twice, as when a client asks again after an answer was lost.
    pub fn duplicate_writes(&self, writes: usize) {
        self.plan(writes, Some(Call::Write), Fault::Duplicate);
    }

    /// The next `calls` calls of this sort take so long, by tokio's clock, before they do anything.
    pub fn delay_next_of(&self, call: Call, calls: usize, delay: Duration) {
        self.plan(calls, Some(call), Fault::Delay(delay));
    }

    /// Whether the broker can be reached. When it cannot, all calls fail, those that wait too.
    pub fn set_available(&self, is_available: bool) {
        let wake = {
            let mut state = lock(&self.state);
            state.is_unavailable = !is_available;
            Arc::clone(&state.on_availability)
        };
        wake();
    }

    /// From now on calls meet faults by chance.
    pub fn set_rates(&self, rates: FaultRates) {
        lock(&self.state).rates = rates;
    }

    /// No faults any more: planned ones are forgotten, the broker can be reached.
    pub fn clear(&self) {
        {
            let mut state = lock(&self.state);
            state.planned.clear();
            state.rates = FaultRates::default();
        }
        self.set_available(true);
    }

    /// How many faults calls have met so far, so that a test can say that there were some.
    pub fn met(&self) -> u64 {
        lock(&self.state).met
    }

    pub(super) fn on_availability(&self, wake: impl Fn() + Send + Sync + 'static) {
        lock(&self.state).on_availability = Arc::new(wake);
    }

    pub(super) fn check_available(&self) -> Result<()> {
        if lock(&self.state).is_unavailable {
            return Err(failure(ErrorKind::Unavailable));
        }
        Ok(())
    }

    pub(super) async fn before(&self, call: Call) -> Result<()> {
        self.draw(call).await.map(|_| ())
    }

    pub(super) async fn before_write(&self) -> Result<WriteFaults> {
        self.draw(Call::Write).await
    }

    async fn draw(&self, call: Call) -> Result<WriteFaults> {
        // One step under the lock, then the delay: calls draw in the order in which they come.
        let (delay, outcome) = lock(&self.state).draw(call);
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        let faults = outcome.map_err(failure)?;
        self.check_available()?;
        Ok(faults)
    }

    fn plan(&self, calls: usize, call: Option<Call>, fault: Fault) {
        let planned = std::iter::repeat_n(Planned { call, fault }, calls);
        lock(&self.state).planned.extend(planned);
    }
}

impl State {
    fn draw(
        &mut self,
        call: Call,
    ) -> (
        Option<Duration>,
        std::result::Result<WriteFaults, ErrorKind>,
    ) {
        if self.is_unavailable {
            return (None, Err(ErrorKind::Unavailable));
        }
        let mut faults = WriteFaults::default();
        let fits = |planned: &Planned| planned.call.is_none_or(|meant| meant == call);
        if let Some(index) = self.planned.iter().position(fits)
            && let Some(planned) = self.planned.remove(index)
        {
            self.met += 1;
            match planned.fault {
                Fault::Fail(kind) => return (None, Err(kind)),
                Fault::LoseAcknowledgement => faults.is_acknowledgement_lost = true,
                Fault::Duplicate => faults.is_duplicated = true,
                Fault::Delay(delay) => return (Some(delay), Ok(faults)),
            }
            return (None, Ok(faults));
        }
        let rates = self.rates;
        let delay = self
            .chance(rates.delay)
            .then(|| rates.longest_delay.mul_f64(self.random.random::<f64>()));
        if self.chance(rates.unavailable) {
            return (delay, Err(ErrorKind::Unavailable));
        }
        let is_written = matches!(call, Call::Write | Call::Commit);
        if is_written && self.chance(rates.storage) {
            return (delay, Err(ErrorKind::Storage));
        }
        if call == Call::Write {
            faults.is_duplicated = self.chance(rates.duplicate);
            faults.is_acknowledgement_lost = self.chance(rates.lost_acknowledgement);
        }
        (delay, Ok(faults))
    }

    fn chance(&mut self, rate: f64) -> bool {
        let is_met = rate > 0.0 && self.random.random_bool(rate.min(1.0));
        self.met += u64::from(is_met);
        is_met
    }
}

pub(super) fn lost_acknowledgement() -> Error {
    let reason = "the broker went away before it answered";
    Error::new(ErrorKind::Unavailable, reason)
}

fn failure(kind: ErrorKind) -> Error {
    let reason = match kind {
        ErrorKind::Unavailable => "the broker cannot be reached",
        ErrorKind::Storage => "no space left on device",
        _ => "a fault that the test asked for",
    };
    Error::new(kind, reason)
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("planned", &self.planned)
            .field("rates", &self.rates)
            .field("is_unavailable", &self.is_unavailable)
            .finish_non_exhaustive()
    }
}
