//! Rows on their way to a client that may be slow, or gone.
//!
//! ```text
//! RowStream ─▶ pump ─▶ a few frames ─▶ the response's body ─▶ hyper ─▶ the socket
//! ```
//!
//! The pump waits while the client reads slowly, and ends the query when it takes nothing for too long: others share the
//! query's source, and nobody waits for one who sleeps. The last message stands in a place of its own, for which there is
//! always room.

use std::{
    collections::HashMap,
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

use crate::{Limits, error::Refusal};

/// How many bunches of frames wait for a client.
const WAITING: usize = 4;

/// The push queries of this server's clients.
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

/// Frames for one client.
pub struct Outgoing {
    frames: mpsc::Sender<Vec<Bytes>>,
    last: Arc<Mutex<Option<Bytes>>>,
    patience: Duration,
}

/// Why no more frames can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The client has gone.
    Gone,
    /// It takes nothing.
    Stalled,
}

/// A response's body, and the end that fills it.
pub fn outgoing(patience: Duration) -> (Outgoing, Body) {
    let (frames, waiting) = mpsc::channel(WAITING);
    let last = Arc::new(Mutex::new(None));
    let outgoing = Outgoing {
        frames,
        last: last.clone(),
        patience,
    };
    let body = Frames {
        waiting,
        current: Vec::new().into_iter(),
        last,
    };
    (outgoing, Body::from_stream(body))
}

impl Outgoing {
    /// Returns when there is room for them.
    pub async fn send(&self, frames: Vec<Bytes>) -> Result<(), Lost> {
        match tokio::time::timeout(self.patience, self.frames.send(frames)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Lost::Gone),
            Err(_) => Err(Lost::Stalled),
        }
    }

    /// Returns when the client has gone.
    pub async fn closed(&self) {
        self.frames.closed().await;
    }

    /// Sends a last frame, after all others.
    pub fn finish(self, last: Bytes) {
        if last.is_empty() {
            return;
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
    }
}

/// The frames as a stream. Each is a DATA frame of its own in HTTP/2.
struct Frames {
    waiting: mpsc::Receiver<Vec<Bytes>>,
    current: std::vec::IntoIter<Bytes>,
    last: Arc<Mutex<Option<Bytes>>>,
}

impl Stream for Frames {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(frame) = self.current.next() {
                return Poll::Ready(Some(Ok(frame)));
            }
            match self.waiting.poll_recv(context) {
                Poll::Ready(Some(frames)) => self.current = frames.into_iter(),
                Poll::Ready(None) => {
                    let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
                    return Poll::Ready(last.take().map(Ok));
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

    use super::{Lost, Pushes, outgoing};
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

    #[tokio::test]
    async fn who_stalls_is_left_and_still_told_why() {
        let (sender, body) = outgoing(Duration::from_millis(20));
        let frame = || vec![Bytes::from_static(b"x")];
        let lost = loop {
            if let Err(lost) = sender.send(frame()).await {
                break lost;
            }
        };
        assert_eq!(lost, Lost::Stalled);
        sender.finish(Bytes::from_static(b"too slow"));
        let read = body.collect().await.unwrap().to_bytes();
        assert_eq!(read, "xxxxtoo slow");
        let (sender, body) = outgoing(Duration::from_secs(30));
        drop(body);
        assert_eq!(sender.send(frame()).await, Err(Lost::Gone));
    }
}
