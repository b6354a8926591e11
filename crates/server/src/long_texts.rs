//! The thread for long texts of statements: they are parsed and planned where they keep nobody else from being answered.
//!
//! It is one, however many come: what a statement makes stays as long as its query, and is not to lie scattered over the heaps of
//! all threads that had a turn. So one long text waits while another is computed, and with it whoever waits for its turn to change
//! something; while it waits for a broker nobody waits for it here. Waits and timers are those of the runtime of the first text.

use std::{panic::AssertUnwindSafe, sync::OnceLock, thread};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

/// Deep statements need a deep stack.
const STACK: usize = 8 << 20;

type Job = BoxFuture<'static, ()>;

/// Started with the first text; ends when this is dropped and what it runs is done.
#[derive(Debug, Default)]
pub struct LongTexts(OnceLock<mpsc::UnboundedSender<Job>>);

impl LongTexts {
    /// Does `work` there, to its end also if nobody waits for it any more. Nothing comes of what panics.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (done, is_done) = oneshot::channel();
        let job = async move {
            // A panic is that of one statement.
            if let Ok(outcome) = AssertUnwindSafe(work).catch_unwind().await {
                let _ = done.send(outcome);
            }
        };
        if let Err(unsent) = self.0.get_or_init(start).send(job.boxed()) {
            // There is no thread.
            tokio::spawn(unsent.0);
        }
        is_done
    }
}

fn start() -> mpsc::UnboundedSender<Job> {
    // As many as have a turn of all statements.
    let (jobs, coming) = mpsc::unbounded_channel();
    let runtime = Handle::current();
    let thread = thread::Builder::new().name("weir-statements".to_owned());
    let started = thread
        .stack_size(STACK)
        .spawn(move || runtime.block_on(work_off(coming)));
    if let Err(error) = started {
        tracing::error!(%error, "no thread for long statements: they run among the requests");
    }
    jobs
}

/// One after the other computes; those that wait for a broker do so together.
async fn work_off(mut coming: mpsc::UnboundedReceiver<Job>) {
    let mut open = FuturesUnordered::new();
    let mut is_over = false;
    while !is_over || !open.is_empty() {
        tokio::select! {
            job = coming.recv(), if !is_over => match job {
                Some(job) => open.push(job),
                None => is_over = true,
            },
            Some(()) = open.next() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn one_that_waits_or_panics_holds_nobody_up() {
        let texts = LongTexts::default();
        let (go, may_go) = oneshot::channel::<()>();
        let waiting = texts.run(async move { may_go.await.is_ok() });
        let panicking: oneshot::Receiver<()> = texts.run(async { panic!("a defect") });
        assert!(panicking.await.is_err());
        let name = texts.run(async { thread::current().name().map(str::to_owned) });
        assert_eq!(name.await.unwrap().as_deref(), Some("weir-statements"));
        go.send(()).unwrap();
        assert!(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn what_runs_is_done_though_nobody_waits() {
        let texts = LongTexts::default();
        let (done, is_done) = oneshot::channel();
        let work = texts.run(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            done.send(()).unwrap();
        });
        drop((work, texts));
        is_done.await.unwrap();
    }
}
