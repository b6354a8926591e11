//! The server: an engine, and what all requests share.

use std::{net::SocketAddr, sync::Arc};

use axum::body::Body;
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use weir_engine::{Engine, Error};

use crate::{
    Options,
    listen::{self, Connections},
    long_texts::LongTexts,
    push::{Pushes, Slot, Source, outgoing, pump},
    request::Bodies,
    routes,
};

/// What a request may look at.
pub struct App {
    pub engine: Engine,
    pub options: Options,
    /// Where it really listens: the port that was asked for may have been 0.
    pub address: SocketAddr,
    pub pushes: Pushes,
    /// Turns of statements that run.
    pub statements: Arc<Semaphore>,
    pub long_texts: LongTexts,
    /// Bytes of bodies that are held in memory.
    pub bodies: Bodies,
    /// Told when the server ends: what streams writes its last message.
    pub stopping: CancellationToken,
    /// What outlives its request's handler: streams of rows.
    pub streams: TaskTracker,
    pub health: routes::Health,
}

/// A server that runs.
pub struct Server {
    app: Arc<App>,
    accepting: JoinHandle<()>,
    connections: Connections,
}

impl Server {
    /// Listens from when this returns. The engine stays the caller's: it is to be shut down after the server.
    pub async fn start(engine: Engine, options: Options) -> Result<Self, Error> {
        options.check()?;
        let tls = options.tls.as_ref().map(crate::TlsFiles::acceptor);
        let tls = tls.transpose()?;
        let cannot = |error: std::io::Error| {
            Error::user(format!("cannot listen on {}: {error}", options.listen)).hint(
                "another program may have the port: choose one with --listen HOST:PORT, 0 for any",
            )
        };
        let listener = TcpListener::bind(options.listen).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let app = App::new(engine, options, address);
        let router = routes::router(app.clone());
        let connections = Connections::new(&app.options.limits);
        let accepting = tokio::spawn(listen::accept(
            listener,
            tls,
            router,
            app.options.limits.clone(),
            connections.clone(),
        ));
        Ok(Self {
            app,
            accepting,
            connections,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.app.address
    }

    /// As clients on this machine write it.
    pub fn url(&self) -> String {
        let scheme = match self.app.options.tls {
            Some(_) => "https",
            None => "http",
        };
        let mut address = self.app.address;
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        format!("{scheme}://{address}")
    }

    /// Takes no more connections, gives streams of rows their last message and requests a moment to end.
    pub async fn stop(self) {
        let patience = self.app.options.limits.stop_time;
        self.accepting.abort();
        self.app.stopping.cancel();
        self.app.streams.close();
        let _ = tokio::time::timeout(patience, self.app.streams.wait()).await;
        self.connections.close(patience).await;
    }
}

/// The routes alone, without a listener: what calls them says in each request's `ConnectInfo` who asks.
pub fn router(engine: Engine, options: Options) -> axum::Router {
    let address = options.listen;
    routes::router(App::new(engine, options, address))
}

impl App {
    fn new(engine: Engine, options: Options, address: SocketAddr) -> Arc<Self> {
        Arc::new(Self {
            long_texts: LongTexts::default(),
            pushes: Pushes::new(&options.limits),
            statements: Arc::new(Semaphore::new(options.limits.statements)),
            bodies: Bodies::new(&options.limits),
            engine,
            options,
            address,
            stopping: CancellationToken::new(),
            streams: TaskTracker::new(),
            health: routes::Health::default(),
        })
    }

    /// A body that is filled on the threads of the queries, until the source, the client or the server has come to its end.
    pub fn send(&self, source: impl Source + 'static, slot: Option<Slot>) -> Body {
        let (outgoing, body) = outgoing(self.options.limits.stall_time, slot);
        let stopping = self.stopping.clone();
        self.streams.spawn_on(
            async move { pump(source, outgoing, &stopping).await },
            self.engine.query_threads(),
        );
        body
    }

    /// Names by which this machine's own clients know it, for the `Host` header.
    pub fn own_names(&self) -> Vec<String> {
        let port = self.address.port();
        let mut names = vec![
            format!("localhost:{port}"),
            format!("127.0.0.1:{port}"),
            format!("[::1]:{port}"),
            self.address.to_string(),
        ];
        let is_default = match self.options.tls {
            Some(_) => port == 443,
            None => port == 80,
        };
        if is_default {
            names.extend(["localhost", "127.0.0.1", "[::1]"].map(str::to_owned));
        }
        names
    }
}
