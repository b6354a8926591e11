//! From the command line to an engine.

use tempfile::TempDir;
use weir_engine::{Builder, Engine, properties};

use crate::{cli::EngineArguments, failure::Failure, settings::Settings};

impl From<weir_engine::Error> for Failure {
    fn from(error: weir_engine::Error) -> Self {
        Self::rendered(error.render())
    }
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
