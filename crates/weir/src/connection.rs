//! From the command line to an engine, or to a server that has one.

use std::{io::IsTerminal, path::Path, time::Duration};

use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use serde::Deserialize;
use tempfile::TempDir;
use weir_engine::{Builder, Engine, properties};
use weir_server::client::{self, Client};

use crate::{
    cli::{ClientArguments, EngineArguments},
    failure::Failure,
    settings::Settings,
    signals::Signals,
};

/// What a server writes into the folder of its embedded broker.
const SERVER_FILE: &str = "server.json";

/// Whoever waits longer wants to know why.
const MOMENT: Duration = Duration::from_millis(1500);

impl From<weir_engine::Error> for Failure {
    fn from(error: weir_engine::Error) -> Self {
        Self::rendered(error.render())
    }
}

impl From<client::Error> for Failure {
    fn from(error: client::Error) -> Self {
        let failure = Self::new(&error);
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// Who does what the command asks for.
pub enum Door {
    Own(Engine),
    Server(Client),
}

/// A server's address, and the process that it is.
#[derive(Deserialize)]
struct ServerFile {
    url: String,
}

/// Where an engine's topics are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broker {
    Cluster,
    Embedded,
    /// Neither was named.
    None,
}

/// What was asked for: an engine to be built, and on which broker.
pub fn builder(arguments: &EngineArguments) -> Result<(Builder, Broker), Failure> {
    builder_of(arguments, &Settings::read(arguments)?)
}

/// The same, from settings that were read already.
pub fn builder_of(
    arguments: &EngineArguments,
    settings: &Settings,
) -> Result<(Builder, Broker), Failure> {
    let mut builder = Engine::builder();
    for (name, value) in &settings.properties {
        let is_servers = weir_server::is_property(name) && !properties::is_for_engine(name);
        if !is_servers {
            builder = builder.property(name, value.clone());
        }
    }
    if let Some(folder) = &arguments.data {
        builder = builder.data(folder);
    }
    if let Some(folder) = &arguments.embedded {
        return Ok((builder.embedded(folder), Broker::Embedded));
    }
    if settings.get("bootstrap.servers").is_some() {
        return Ok((builder.cluster(), Broker::Cluster));
    }
    Ok((builder, Broker::None))
}

/// An engine on the broker that was named; without one, on an embedded broker in a folder that is gone at the end.
pub async fn engine_or_temporary(
    arguments: &EngineArguments,
) -> Result<(Engine, Option<TempDir>), Failure> {
    let (builder, broker) = builder(arguments)?;
    if broker != Broker::None {
        return Ok((builder.build().await?, None));
    }
    let folder = tempfile::Builder::new().prefix("weir-").tempdir();
    let folder =
        folder.map_err(|error| Failure::new(format!("cannot make a temporary folder: {error}")))?;
    Ok((builder.embedded(folder.path()).build().await?, Some(folder)))
}

/// The server that was named; else an engine, or the server that has the folder of the embedded broker.
pub async fn door(
    url: Option<&str>,
    client: &client::Options,
    arguments: &EngineArguments,
) -> Result<(Door, Option<TempDir>), Failure> {
    if let Some(url) = url {
        refuse_settings(arguments)?;
        return Ok((Door::Server(Client::new(url, client)?), None));
    }
    match told_why(engine_or_temporary(arguments), arguments).await {
        Ok((engine, folder)) => Ok((Door::Own(engine), folder)),
        Err(failure) => match server_in(arguments, &failure, client).await {
            Some(server) => Ok((Door::Server(server), None)),
            None => Err(failure),
        },
    }
}

/// A server has settings of its own.
fn refuse_settings(arguments: &EngineArguments) -> Result<(), Failure> {
    match arguments.set.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(
            "--set is for an engine of this process, and --url names a server",
        )
        .hint("SET, in a statement of its own, changes a property of the session")),
    }
}

/// Somebody who waits at a terminal for longer than a moment is told for what.
async fn told_why<T>(opening: impl Future<Output = T>, arguments: &EngineArguments) -> T {
    let mut opening = std::pin::pin!(opening);
    if std::io::stderr().is_terminal() {
        match tokio::time::timeout(MOMENT, &mut opening).await {
            Ok(opened) => return opened,
            Err(_) => {
                let what = match (&arguments.bootstrap_servers, &arguments.embedded) {
                    (Some(servers), _) => format!("the Kafka at {servers}"),
                    (None, Some(folder)) => format!("the broker in `{}`", folder.display()),
                    (None, None) => "the broker".to_owned(),
                };
                eprintln!("waiting for {what}, and for what ran there before; Ctrl-C gives up");
            }
        }
    }
    opening.await
}

/// The same for commands about topics.
pub async fn topics_door(
    client: &ClientArguments,
    arguments: &EngineArguments,
    what: &str,
) -> Result<Door, Failure> {
    let options = client_options(client).await?;
    if let Some(url) = &client.url {
        refuse_settings(arguments)?;
        return Ok(Door::Server(Client::new(url, &options)?));
    }
    match headless_engine(arguments, what).await {
        Ok(engine) => Ok(Door::Own(engine)),
        Err(failure) => match server_in(arguments, &failure, &options).await {
            Some(server) => Ok(Door::Server(server)),
            None => Err(failure),
        },
    }
}

/// The server that runs on the folder of the embedded broker, if that is why the folder cannot be had.
async fn server_in(
    arguments: &EngineArguments,
    failure: &Failure,
    options: &client::Options,
) -> Option<Client> {
    let folder = arguments.embedded.as_deref()?;
    if !failure.to_string().contains("is in use by") {
        return None;
    }
    let file = std::fs::read(folder.join(SERVER_FILE)).ok()?;
    let file: ServerFile = serde_json::from_slice(&file).ok()?;
    let server = Client::new(&file.url, options).ok()?;
    match server.info().await {
        Ok(_) => {}
        // It is there, and wants to know who asks: what follows says so.
        Err(client::Error::Refused(_)) => {}
        Err(error) => {
            eprintln!(
                "note: `{}` names a server that does not answer: {error}",
                folder.display()
            );
            return None;
        }
    }
    eprintln!(
        "note: `{}` is the folder of the server at {}; going on through it",
        folder.display(),
        server.url()
    );
    Some(server)
}

/// Who asks a server, and whom is trusted. A password that is missing is asked for.
pub async fn client_options(arguments: &ClientArguments) -> Result<client::Options, Failure> {
    let ca = match &arguments.cacert {
        Some(path) => Some(read_certificates(path).await?),
        None => None,
    };
    let password = match (&arguments.user, &arguments.password) {
        (Some(user), None) => Some(ask_for_password(user).await?),
        (_, password) => password.clone(),
    };
    Ok(client::Options {
        user: arguments.user.clone(),
        password,
        token: arguments.token.clone(),
        ca,
    })
}

async fn read_certificates(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = tokio::fs::read(path).await;
    read.map_err(|error| Failure::new(format!("cannot read `{}`: {error}", path.display())))
}

async fn ask_for_password(user: &str) -> Result<String, Failure> {
    let cannot = |why: &dyn std::fmt::Display| {
        Failure::new(format!(
            "the password of `{user}` cannot be asked for: {why}"
        ))
        .hint("give it in WEIR_PASSWORD")
    };
    let input = std::io::stdin();
    if !input.is_terminal() {
        return Err(cannot(&"standard input is no terminal"));
    }
    let mut signals = Signals::listen()?;
    let shown = tcgetattr(&input).map_err(|error| cannot(&error))?;
    let mut hidden = shown.clone();
    hidden.local_flags.remove(LocalFlags::ECHO);
    hidden.local_flags.insert(LocalFlags::ECHONL);
    // Before it is asked for, so that nothing that is typed ahead is shown.
    tcsetattr(&input, SetArg::TCSANOW, &hidden).map_err(|error| cannot(&error))?;
    eprint!("Password of {user}: ");
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    let line = tokio::select! {
        line = line => Some(line),
        () = signals.interrupted() => None,
    };
    // A terminal that stays silent is worse than one whose silence could not be ended.
    let _ = tcsetattr(&input, SetArg::TCSANOW, &shown);
    match line {
        Some(Ok(Ok(line))) => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        Some(Ok(Err(error))) => Err(cannot(&error)),
        Some(Err(error)) => Err(cannot(&error)),
        None => {
            eprintln!();
            Err(Failure::interrupted())
        }
    }
}

/// An engine on the broker that was named, and nothing else: for commands about topics.
pub async fn headless_engine(arguments: &EngineArguments, what: &str) -> Result<Engine, Failure> {
    let (builder, broker) = builder(arguments)?;
    if broker == Broker::None {
        return Err(no_broker(what));
    }
    let builder = builder
        .property("ksql.logging.processing.topic.auto.create", "false")
        .headless(true);
    // A look at a cluster's topics takes no service's folder.
    Ok(builder.without_data().build().await?)
}

pub fn no_broker(what: &str) -> Failure {
    Failure::new(format!("{what} needs a broker, and none was named"))
        .hint("name a Kafka with --bootstrap-servers HOST:PORT, or a folder for a broker inside this process with --embedded DIR")
}
