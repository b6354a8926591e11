//! Connections: HTTP/1.1 and HTTP/2 on one port, with TLS or without, each within bounds of size and time.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use bytes::Bytes;
use hyper::{
    body::{Frame, Incoming, SizeHint},
    service::Service,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::Limits;

/// A peer that is silent for this long is asked whether it is there, and has as long again to answer.
const PING: Duration = Duration::from_secs(30);

/// Requests of one connection at a time.
const STREAMS: u32 = 256;

/// What waits to be sent on one HTTP/2 stream.
const SEND_BUFFER: usize = 64 << 10;

/// Connections that are told at a time that there is no room for them.
const TELLING: usize = 64;

/// The room that a connection takes. Held by the connection, and by what it becomes: a WebSocket outlives its request.
#[derive(Debug, Clone)]
pub struct Permit(#[expect(dead_code, reason = "held, not read")] Arc<OwnedSemaphorePermit>);

/// The connections that there are.
#[derive(Clone)]
pub struct Connections {
    room: Arc<Semaphore>,
    open: TaskTracker,
    /// Those that are told that there is no room.
    telling: Arc<Semaphore>,
    closing: CancellationToken,
    /// Cuts off what does not end by itself.
    cut: CancellationToken,
}

impl Connections {
    pub fn new(limits: &Limits) -> Self {
        Self {
            room: Arc::new(Semaphore::new(limits.connections)),
            open: TaskTracker::new(),
            telling: Arc::new(Semaphore::new(TELLING)),
            closing: CancellationToken::new(),
            cut: CancellationToken::new(),
        }
    }

    /// Lets what runs end, then cuts it off.
    pub async fn close(&self, patience: Duration) {
        self.closing.cancel();
        self.open.close();
        if tokio::time::timeout(patience, self.open.wait())
            .await
            .is_err()
        {
            self.cut.cancel();
        }
    }
}

/// Takes connections until the task is aborted.
pub async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Limits,
    connections: Connections,
) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors: those that are open end, and there is room again.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(permit) = connections.room.clone().try_acquire_owned() else {
            tracing::debug!(%peer, "a connection was refused: there are weir.http.max.connections");
            // Some are told, as many as can be at a time; under TLS nobody would understand it.
            if tls.is_none()
                && let Ok(telling) = connections.telling.clone().try_acquire_owned()
            {
                tokio::spawn(async move {
                    refuse(stream).await;
                    drop(telling);
                });
            }
            continue;
        };
        let (tls, router, limits) = (tls.clone(), router.clone(), limits.clone());
        let (closing, cut) = (connections.closing.clone(), connections.cut.clone());
        connections.open.spawn(async move {
            let permit = Permit(Arc::new(permit));
            let serving = serve(stream, peer, tls, router, &limits, closing, permit);
            tokio::select! {
                served = serving => if let Err(error) = served {
                    tracing::debug!(%peer, %error, "a connection ended");
                },
                () = cut.cancelled() => {}
            }
        });
    }
}

/// One connection, from the first byte to the last.
async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: &Limits,
    closing: CancellationToken,
    permit: Permit,
) -> io::Result<()> {
    // A peer that has vanished without a word is noticed, even by those that only wait for rows.
    let keepalive = TcpKeepalive::new().with_time(PING).with_interval(PING);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    // Rows leave when they come.
    stream.set_nodelay(true)?;
    let mut stream = TimeoutStream::new(stream);
    // A reader that takes nothing is cut off, after its rows were: they leave it a last message.
    stream.set_write_timeout(Some(limits.stall_time * 2));
    let stream = Box::pin(stream);
    match tls {
        None => serve_http(stream, peer, router, limits, closing, permit).await,
        Some(tls) => {
            let shaken = tokio::time::timeout(limits.header_time, tls.accept(stream)).await;
            let stream = shaken.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            serve_http(stream, peer, router, limits, closing, permit).await
        }
    }
}

async fn serve_http(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    peer: SocketAddr,
    router: Router,
    limits: &Limits,
    closing: CancellationToken,
    permit: Permit,
) -> io::Result<()> {
    let activity = Activity::new();
    let router = TowerToHyperService::new(router);
    let requests = activity.clone();
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(permit.clone());
        let begun = requests.begin();
        let answering = router.call(request.map(Body::new));
        async move {
            let response = answering.await?;
            Ok::<_, Infallible>(response.map(|body| Busy {
                body,
                _begun: begun,
            }))
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_buf_size(limits.header_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .max_concurrent_streams(STREAMS)
        .max_send_buf_size(SEND_BUFFER)
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX));
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = closing.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        // Whoever has asked for nothing for that long: with HTTP/1 as with HTTP/2, after the first byte as before.
        () = activity.idle_for(limits.header_time) => {
            connection.as_mut().graceful_shutdown();
            let ended = tokio::time::timeout(limits.header_time, connection).await;
            return ended.map_or(Ok(()), |ended| ended.map_err(io::Error::other));
        }
    };
    ended.map_err(io::Error::other)
}

/// What goes on on a connection.
#[derive(Clone)]
struct Activity {
    /// Requests whose answers are not at their ends, and when there was none the last time.
    requests: watch::Sender<(usize, Instant)>,
}

impl Activity {
    fn new() -> Self {
        Self {
            requests: watch::Sender::new((0, Instant::now())),
        }
    }

    fn begin(&self) -> Begun {
        self.requests.send_modify(|(running, _)| *running += 1);
        Begun(self.clone())
    }

    /// Returns when there has been no request for so long.
    async fn idle_for(&self, time: Duration) {
        let mut changes = self.requests.subscribe();
        loop {
            let (running, since) = *changes.borrow_and_update();
            if running > 0 {
                // The sender lives as long as this does.
                let _ = changes.changed().await;
                continue;
            }
            let left = time.saturating_sub(since.elapsed());
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                _ = changes.changed() => {}
            }
        }
    }
}

/// A request that runs; dropped at the end of its answer.
struct Begun(Activity);

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.requests.send_modify(|(running, since)| {
            *running -= 1;
            *since = Instant::now();
        });
    }
}

/// An answer's body, for as long as it takes.
struct Busy {
    body: Body,
    _begun: Begun,
}

impl hyper::body::Body for Busy {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Says so, in place of silence.
async fn refuse(mut stream: TcpStream) {
    let body = r#"{"@type":"generic_error","error_code":50300,"message":"There are too many connections"}"#;
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {}\r\nretry-after: 10\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let telling = tokio::time::timeout(Duration::from_secs(1), async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // What is left unread would take the answer away again (TCP's reset).
        let mut rest = [0; 4096];
        while stream.read(&mut rest).await? > 0 {}
        Ok::<_, io::Error>(())
    });
    let _ = telling.await;
}
