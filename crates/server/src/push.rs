//! Rows on their way to a client that may be slow, or gone.
//!
//! ```text
//! Source ─▶ pump ─▶ a few frames ─▶ the response's body ─▶ hyper ─▶ the socket
//! ```
//!
//! The pump waits while the client reads slowly, and ends the source when it takes nothing for too long: others share what
//! it reads, and nobody waits for one who sleeps. The last message stands in a place of its own, for which there is always
//! room; what a client that stalled has not taken by then is thrown away.

use std::{
    collections::HashMap,
    io,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use futures::Stream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{Limits, error::Refusal};

/// How many bunches of frames wait for a client.
const WAITING: usize = 3;

/// No bunch is much larger, unless a single row is: a slow reader is one that takes this much within a minute.
pub const BUNCH: usize = 64 << 10;

/// The streams of rows to this server's clients.
#[derive(Debug, Clone)]
pub struct Pushes {
    running: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
    most_per_client: usize,
}

impl Pushes {
    pub fn new(limits: &Limits) -> Self {
        Self {
            running: Arc::default(),
            most: limits.push_queries,
            most_per_client: limits.push_queries_per_client,
        }
    }

    /// Room for one more, or why there is none.
    pub fn take(&self, client: IpAddr) -> Result<Slot, Refusal> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = running.values().sum();
        if all >= self.most {
            return Err(Refusal::new(
                40003,
                format!(
                    "Not executing statement because it would cause the number of push queries to exceed the configured limit. Use the close-query endpoint or TERMINATE to end existing ones, or raise ksql.max.push.queries. Current push query count: {all}. Configured limit: {}.",
                    self.most
                ),
            ));
        }
        let own = running.entry(client).or_insert(0);
        if *own >= self.most_per_client {
            return Err(Refusal::new(
                40003,
                format!(
                    "Not executing statement: this client has {own} push queries, and weir.http.max.push.queries.per.client is {}",
                    self.most_per_client
                ),
            ));
        }
        *own += 1;
        Ok(Slot {
            pushes: self.clone(),
            client,
        })
    }
}

/// A push query's room; given back when it is dropped.
#[derive(Debug)]
pub struct Slot {
    pushes: Pushes,
    client: IpAddr,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut running = self
            .pushes
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = running.get_mut(&self.client) {
            *own -= 1;
            if *own == 0 {
                running.remove(&self.client);
            }
        }
    }
}

/// Where frames come from.
pub trait Source: Send {
    /// The next ones, or the end. Safe to drop while it waits.
    fn next(&mut self) -> impl Future<Output = Next> + Send;

    /// What a client is told that is cut off.
    fn cut(&mut self, why: Cut) -> Ending;
}

pub enum Next {
    Frames(Vec<Bytes>),
    End(Ending),
}

/// How a body ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// With this, if it is anything.
    Last(Bytes),
    /// In the middle, so that the client sees that something is missing.
    Broken(String),
}

/// Why the rest is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The server ends.
    Stopping,
    /// The client takes nothing.
    Stalled,
}

impl Cut {
    pub fn refusal(self) -> Refusal {
        match self {
            Self::Stopping => Refusal::shutting_down(),
            Self::Stalled => Refusal::new(
                42900,
                "Ended: nothing was read within weir.http.stall.timeout.ms",
            ),
        }
    }
}

/// Sends what comes until the source, the client or the server has come to its end.
pub async fn pump(mut source: impl Source, outgoing: Outgoing, stopping: &CancellationToken) {
    let ending = loop {
        let next = tokio::select! {
            next = source.next() => next,
            () = outgoing.frames.closed() => return,
            () = stopping.cancelled() => break source.cut(Cut::Stopping),
        };
        let frames = match next {
            Next::Frames(frames) => frames,
            Next::End(ending) => break ending,
        };
        tokio::select! {
            sent = outgoing.send(frames) => match sent {
                Ok(()) => {}
                Err(Lost::Gone) => return,
                Err(Lost::Stalled) => {
                    outgoing.clear();
                    break source.cut(Cut::Stalled);
                }
            },
            () = stopping.cancelled() => break source.cut(Cut::Stopping),
        }
    };
    outgoing.finish(ending);
}

/// Frames for one client.
pub struct Outgoing {
    frames: mpsc::Sender<Vec<Bytes>>,
    end: Arc<Mutex<End>>,
    patience: Duration,
}

#[derive(Default)]
struct End {
    ending: Option<Ending>,
    /// Frames that were not taken are not sent any more.
    is_cut: bool,
}

/// Why no more frames can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    Gone,
    Stalled,
}

/// A response's body, and the end that fills it. The slot is the client's for as long as the body is.
pub fn outgoing(patience: Duration, slot: Option<Slot>) -> (Outgoing, Body) {
    let (frames, waiting) = mpsc::channel(WAITING);
    let end = Arc::new(Mutex::new(End::default()));
    let outgoing = Outgoing {
        frames,
        end: end.clone(),
        patience,
    };
    let body = Frames {
        waiting,
        current: Vec::new().into_iter(),
        end,
        _slot: slot,
    };
    (outgoing, Body::from_stream(body))
}

impl Outgoing {
    /// Returns when there is room for them.
    async fn send(&self, frames: Vec<Bytes>) -> Result<(), Lost> {
        match tokio::time::timeout(self.patience, self.frames.send(frames)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Lost::Gone),
            Err(_) => Err(Lost::Stalled),
        }
    }

    fn clear(&self) {
        self.end().is_cut = true;
    }

    fn finish(self, ending: Ending) {
        self.end().ending = Some(ending);
    }

    fn end(&self) -> std::sync::MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The frames as a stream. Each is a DATA frame of its own in HTTP/2.
struct Frames {
    waiting: mpsc::Receiver<Vec<Bytes>>,
    current: std::vec::IntoIter<Bytes>,
    end: Arc<Mutex<End>>,
    _slot: Option<Slot>,
}

impl Stream for Frames {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let is_cut = self
                .end
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_cut;
            match self.current.next() {
                Some(frame) if !is_cut => return Poll::Ready(Some(Ok(frame))),
                Some(_) => continue,
                None => {}
            }
            match self.waiting.poll_recv(context) {
                Poll::Ready(Some(frames)) => self.current = frames.into_iter(),
                Poll::Ready(None) => {
                    let ending = self
                        .end
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .ending
                        .take();
                    return Poll::Ready(match ending {
                        Some(Ending::Last(last)) if !last.is_empty() => Some(Ok(last)),
                        Some(Ending::Broken(why)) => Some(Err(io::Error::other(why))),
                        _ => None,
                    });
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{net::IpAddr, time::Duration};

    use bytes::Bytes;
    use http_body_util::BodyExt;
    use tokio_util::sync::CancellationToken;

    use super::{Cut, Ending, Next, Pushes, Source, outgoing, pump};
    use crate::Limits;

    #[test]
    fn there_are_so_many_push_queries_and_no_more() {
        let pushes = Pushes::new(&Limits {
            push_queries: 3,
            push_queries_per_client: 2,
            ..Limits::default()
        });
        let [one, two]: [IpAddr; 2] = [[127, 0, 0, 1].into(), [127, 0, 0, 2].into()];
        let first = pushes.take(one).unwrap();
        let _second = pushes.take(one).unwrap();
        let refused = pushes.take(one).unwrap_err();
        assert_eq!(refused.code, 40003);
        assert!(
            refused.message.contains("per.client is 2"),
            "{}",
            refused.message
        );
        let _other = pushes.take(two).unwrap();
        let refused = pushes.take(two).unwrap_err().message;
        assert!(refused.contains("Configured limit: 3"), "{refused}");
        drop(first);
        pushes.take(two).unwrap();
    }

    /// So many frames, then an end.
    struct Numbers {
        left: usize,
        ending: Ending,
    }

    impl Source for Numbers {
        async fn next(&mut self) -> Next {
            if self.left == 0 {
                return Next::End(self.ending.clone());
            }
            self.left -= 1;
            Next::Frames(vec![Bytes::from_static(b"x")])
        }

        fn cut(&mut self, why: Cut) -> Ending {
            Ending::Last(Bytes::from(format!("{why:?}")))
        }
    }

    fn numbers(left: usize, ending: Ending) -> Numbers {
        Numbers { left, ending }
    }

    fn last(text: &'static str) -> Ending {
        Ending::Last(Bytes::from_static(text.as_bytes()))
    }

    #[tokio::test]
    async fn a_body_has_all_frames_and_its_end() {
        let stopping = CancellationToken::new();
        let (sender, body) = outgoing(Duration::from_secs(30), None);
        let (_, read) = tokio::join!(
            pump(numbers(10, last("!")), sender, &stopping),
            body.collect()
        );
        assert_eq!(read.unwrap().to_bytes(), "xxxxxxxxxx!");
        let broken = Ending::Broken("lost".to_owned());
        let (sender, body) = outgoing(Duration::from_secs(30), None);
        let (_, read) = tokio::join!(pump(numbers(1, broken), sender, &stopping), body.collect());
        assert!(read.is_err());
        stopping.cancel();
        let (sender, body) = outgoing(Duration::from_secs(30), None);
        pump(numbers(usize::MAX, last("!")), sender, &stopping).await;
        let read = body.collect().await.unwrap().to_bytes();
        assert!(read.ends_with(b"Stopping"), "{read:?}");
    }

    #[tokio::test]
    async fn who_stalls_is_left_and_still_told_why() {
        let stopping = CancellationToken::new();
        let (sender, body) = outgoing(Duration::from_millis(20), None);
        pump(numbers(usize::MAX, last("!")), sender, &stopping).await;
        assert_eq!(body.collect().await.unwrap().to_bytes(), "Stalled");
        // Nobody waits for one who has gone.
        let (sender, body) = outgoing(Duration::from_secs(30), None);
        drop(body);
        pump(numbers(usize::MAX, last("!")), sender, &stopping).await;
    }
}
