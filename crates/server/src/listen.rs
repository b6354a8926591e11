//! Connections: HTTP/1.1 and HTTP/2 on one port, with TLS or without, each within bounds of size and time.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, service::Service};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
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

/// The connections that there are.
#[derive(Clone)]
pub struct Connections {
    room: Arc<Semaphore>,
    open: TaskTracker,
    closing: CancellationToken,
    /// Cuts off what does not end by itself.
    cut: CancellationToken,
}

impl Connections {
    pub fn new(limits: &Limits) -> Self {
        Self {
            room: Arc::new(Semaphore::new(limits.connections)),
            open: TaskTracker::new(),
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
            tracing::warn!(%peer, "a connection was refused: there are weir.http.max.connections");
            tokio::spawn(refuse(stream));
            continue;
        };
        let (tls, router, limits) = (tls.clone(), router.clone(), limits.clone());
        let (closing, cut) = (connections.closing.clone(), connections.cut.clone());
        connections.open.spawn(async move {
            let serving = serve(stream, peer, tls, router, &limits, closing);
            tokio::select! {
                served = serving => if let Err(error) = served {
                    tracing::debug!(%peer, %error, "a connection ended");
                },
                () = cut.cancelled() => {}
            }
            drop(permit);
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
) -> io::Result<()> {
    // Rows leave when they come.
    stream.set_nodelay(true)?;
    let mut stream = TimeoutStream::new(stream);
    // A reader that takes nothing is cut off; one that has nothing to say is not.
    stream.set_write_timeout(Some(limits.stall_time));
    let stream = Box::pin(stream);
    match tls {
        None => serve_http(stream, peer, router, limits, closing).await,
        Some(tls) => {
            let shaken = tokio::time::timeout(limits.header_time, tls.accept(stream)).await;
            let stream = shaken.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            serve_http(stream, peer, router, limits, closing).await
        }
    }
}

async fn serve_http(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    peer: SocketAddr,
    router: Router,
    limits: &Limits,
    closing: CancellationToken,
) -> io::Result<()> {
    let router = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.call(request.map(Body::new))
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
    };
    ended.map_err(io::Error::other)
}

/// Says so, in place of silence.
async fn refuse(mut stream: TcpStream) {
    let body = r#"{"@type":"generic_error","error_code":50300,"message":"There are too many connections"}"#;
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {}\r\nretry-after: 10\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let written = tokio::time::timeout(Duration::from_secs(1), stream.write_all(answer.as_bytes()));
    let _ = written.await;
}
