//! `weir run`: a file of statements, until told to stop.

mod input;
mod output;

use std::{io::Read, path::Path};

use tokio::signal::unix::{SignalKind, signal};
use weir_engine::{DeployOptions, Deployment, Engine};

use crate::{
    cli::RunArguments,
    connection::{self, Broker},
    failure::Failure,
};

/// No file of statements is longer.
const MOST: u64 = 64 << 20;

pub async fn run(arguments: RunArguments) -> Result<(), Failure> {
    let script = read_script(&arguments.file)?;
    let inputs = input::parse(&arguments.input)?;
    let outputs = output::parse(&arguments.output)?;
    let (builder, broker) = connection::builder(&arguments.engine)?;
    if broker == Broker::None && inputs.is_empty() {
        return Err(Failure::new("there is no broker and no input")
            .hint("name a Kafka with --bootstrap-servers HOST:PORT, a folder with --embedded DIR, or feed a topic with --input TOPIC=FILE (`-` is standard input)"));
    }
    let mut builder = builder.headless(true);
    if broker == Broker::None {
        // The topics are in memory and empty: what is fed is what there is.
        builder = builder.memory(0).property("auto.offset.reset", "earliest");
    }
    let engine = builder.build().await?;
    let outcome = serve(
        &engine,
        &script,
        &arguments,
        inputs,
        outputs,
        broker == Broker::None,
    )
    .await;
    let stopped = engine.shutdown().await;
    outcome?;
    stopped?;
    Ok(())
}

async fn serve(
    engine: &Engine,
    script: &str,
    arguments: &RunArguments,
    inputs: Vec<input::Input>,
    outputs: Vec<output::Output>,
    is_memory: bool,
) -> Result<(), Failure> {
    for input in &inputs {
        input.prepare(engine, is_memory).await?;
    }
    let mut deployment = engine.deploy(script, DeployOptions::default()).await?;
    let mut writers = Vec::new();
    for output in outputs {
        writers.push(output.start(engine).await?);
    }
    deployment.ready().await?;
    eprintln!("ready");
    tokio::select! {
        done = work(engine, &mut deployment, inputs, arguments.until_end) => done?,
        () = told_to_stop() => {}
        lost = engine.lost() => return Err(lost.into()),
    }
    for writer in writers {
        writer.finish().await?;
    }
    Ok(())
}

/// Feeds the inputs; then waits for the end, or for ever.
async fn work(
    engine: &Engine,
    deployment: &mut Deployment,
    inputs: Vec<input::Input>,
    until_end: bool,
) -> Result<(), Failure> {
    let has_inputs = !inputs.is_empty();
    for input in inputs {
        input.feed(engine, deployment).await?;
    }
    if !until_end {
        std::future::pending::<()>().await;
    }
    if has_inputs {
        deployment.mark_end().await?;
    }
    deployment.until_end().await?;
    Ok(())
}

/// SIGINT or SIGTERM.
async fn told_to_stop() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without the one there is still the other.
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

fn read_script(path: &Path) -> Result<String, Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::new(format!("cannot read `{}`: {error}", path.display()))
    };
    let mut script = String::new();
    if path == Path::new("-") {
        std::io::stdin()
            .take(MOST)
            .read_to_string(&mut script)
            .map_err(|error| cannot(&error))?;
        return Ok(script);
    }
    let file = std::fs::File::open(path).map_err(|error| cannot(&error))?;
    let length = file.metadata().map_err(|error| cannot(&error))?.len();
    if length > MOST {
        return Err(cannot(&format!("it has {length} bytes, more than {MOST}")));
    }
    file.take(MOST)
        .read_to_string(&mut script)
        .map_err(|error| cannot(&error))?;
    Ok(script)
}
