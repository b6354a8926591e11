//! Signals that end what runs.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// SIGINT and SIGTERM, caught from the moment that this is made: none is lost between two waits.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub fn listen() -> Result<Self, Failure> {
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Returns at Ctrl-C.
    pub async fn interrupted(&mut self) {
        self.interrupt.recv().await;
    }

    /// Returns when the program is told to end.
    pub async fn told_to_stop(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// What ends a program that has a terminal, other than Ctrl-C: SIGTERM, and the terminal's own end.
pub struct Endings {
    terminate: Signal,
    hang_up: Option<Signal>,
}

impl Endings {
    /// A program without a terminal may have been told to ignore hang-ups (nohup): then it must not listen to them.
    pub fn listen(has_terminal: bool) -> Result<Self, Failure> {
        let hang_up = has_terminal.then(|| listen(SignalKind::hangup()));
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            hang_up: hang_up.transpose()?,
        })
    }

    /// Gives the exit status that a shell expects then.
    pub async fn told(&mut self) -> i32 {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => 128 + 15,
            _ = hang_up => 128 + 1,
        }
    }
}

fn listen(kind: SignalKind) -> Result<Signal, Failure> {
    signal(kind).map_err(|error| Failure::new(format!("cannot listen to signals: {error}")))
}
