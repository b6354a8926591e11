//! `weir server`: HTTP over an engine, until told to stop.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;
use tokio::runtime::{Handle, Runtime};
use weir_engine::Engine;
use weir_server::{Options, Server};

use crate::{
    cli::ServerArguments,
    connection::{self, Broker},
    failure::Failure,
    settings::Settings,
    signals::Signals,
};

/// How long queries have to reach a checkpoint at the end.
const PATIENCE: Duration = Duration::from_millis(3_500);

/// In the folder of an embedded broker: where its server is.
const FILE: &str = "server.json";

pub async fn run(arguments: ServerArguments) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let settings = settings(&arguments)?;
    let options = Options::from_properties(&settings.properties)?;
    options.check()?;
    let (builder, broker) = connection::builder_of(&arguments.engine, &settings)?;
    if broker == Broker::None {
        return Err(connection::no_broker("weir server"));
    }
    raise_file_limit();
    let threads = QueryThreads::start()?;
    let engine = tokio::select! {
        engine = builder.query_threads(threads.handle()).build() => engine?,
        () = signals.told_to_stop() => return Ok(()),
    };
    let served = serve(&engine, options, &arguments, &mut signals).await;
    let stopped = tokio::time::timeout(PATIENCE, engine.shutdown()).await;
    served?;
    match stopped {
        Ok(stopped) => Ok(stopped?),
        Err(_) => Err(Failure::new(format!(
            "the queries did not reach a checkpoint within {} s: what they did since the last one will be done again",
            PATIENCE.as_secs()
        ))),
    }
}

/// Flags before environment before file, as for the engine.
fn settings(arguments: &ServerArguments) -> Result<Settings, Failure> {
    let mut settings = Settings::read(&arguments.engine)?;
    let mut set = |name: &str, value: String| settings.properties.insert(name.to_owned(), value);
    if let Some(listen) = &arguments.listen {
        set("listeners", listen.clone());
    }
    let files = [
        ("weir.http.credentials.file", &arguments.credentials),
        ("weir.http.tls.certificate", &arguments.tls_certificate),
        ("weir.http.tls.key", &arguments.tls_key),
    ];
    for (name, file) in files {
        if let Some(file) = file {
            set(name, file.display().to_string());
        }
    }
    Ok(settings)
}

async fn serve(
    engine: &Engine,
    options: Options,
    arguments: &ServerArguments,
    signals: &mut Signals,
) -> Result<(), Failure> {
    let server = Server::start(engine.clone(), options).await?;
    let sign = match &arguments.engine.embedded {
        Some(folder) => Some(Sign::put_up(folder, &server)?),
        None => None,
    };
    eprintln!("listening on {}", server.url());
    let lost = tokio::select! {
        () = signals.told_to_stop() => None,
        error = engine.lost() => Some(error),
    };
    // Who is told twice does not wait.
    tokio::spawn(async {
        if let Ok(mut signals) = Signals::listen() {
            signals.told_to_stop().await;
            std::process::exit(128 + 15);
        }
    });
    drop(sign);
    server.stop().await;
    match lost {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

/// A file that tells other commands of this folder's server; gone when it is dropped.
struct Sign {
    path: PathBuf,
}

impl Sign {
    fn put_up(folder: &Path, server: &Server) -> Result<Self, Failure> {
        let path = folder.join(FILE);
        let text = json!({"url": server.url(), "pid": std::process::id()}).to_string();
        let fresh = folder.join(format!("{FILE}.new"));
        std::fs::write(&fresh, text)
            .and_then(|()| std::fs::rename(&fresh, &path))
            .map_err(|error| Failure::new(format!("cannot write `{}`: {error}", path.display())))?;
        Ok(Self { path })
    }
}

impl Drop for Sign {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Threads for queries and their rows. Those that take requests are others: the kernel shares the cores among them, so that
/// somebody who asks does not stand behind hundreds of batches.
struct QueryThreads {
    /// `None` at the end.
    runtime: Option<Runtime>,
    handle: Handle,
}

impl QueryThreads {
    fn start() -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("weir-queries")
            .thread_stack_size(crate::WORKER_STACK)
            .thread_keep_alive(crate::IDLE)
            .build()
            .map_err(|error| Failure::new(format!("cannot start threads: {error}")))?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for QueryThreads {
    fn drop(&mut self) {
        // Threads that are busy are not waited for: this may be one of another runtime's.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Each client is an open file: as many as this process may have.
fn raise_file_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
}
