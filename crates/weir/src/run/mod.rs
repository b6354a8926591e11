//! `weir run`: a file of statements, until told to stop.

mod input;
mod output;
mod pipe;

use std::{io::Read, path::Path};

use futures::{StreamExt, stream::FuturesUnordered};
use weir_engine::{DeployOptions, Deployment, Engine};

use crate::{
    cli::RunArguments,
    connection::{self, Broker},
    failure::Failure,
    place::in_script,
    signals::Signals,
};

use input::{Feed, Input};
use output::{Output, Writing};
use pipe::Pipe;

/// No file of statements is longer.
const MOST: u64 = 64 << 20;

/// What is to be run.
struct Job {
    script: String,
    /// The script's name in messages.
    name: String,
    feeds: Vec<Feed>,
    outputs: Vec<Output>,
    until_end: bool,
    /// The topics, if they live and end with this process.
    pipe: Option<Pipe>,
}

pub async fn run(arguments: RunArguments) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let inputs = input::parse(&arguments.input)?;
    let outputs = output::parse(&arguments.output)?;
    check_standard_input(&arguments.file, &inputs)?;
    let (builder, broker) = connection::builder(&arguments.engine)?;
    if broker == Broker::None && inputs.is_empty() {
        return Err(Failure::new("there is no broker and no input")
            .hint("name a Kafka with --bootstrap-servers HOST:PORT, a folder with --embedded DIR, or feed a topic with --input TOPIC=FILE (`-` is standard input)"));
    }
    let script = read_script(&arguments.file)?;
    let mut feeds = Vec::new();
    for input in inputs {
        feeds.push(input.open().await?);
    }
    let job = Job {
        script,
        name: arguments.file.display().to_string(),
        feeds,
        outputs,
        until_end: arguments.until_end,
        pipe: (broker == Broker::None).then(Pipe::new),
    };
    let mut builder = builder.headless(true);
    if let Some(pipe) = &job.pipe {
        builder = pipe.build_on(builder);
    }
    let engine = tokio::select! {
        engine = builder.build() => engine?,
        () = signals.told_to_stop() => return Ok(()),
    };
    let outcome = serve(&engine, job, &mut signals).await;
    let stopped = engine.shutdown().await;
    outcome?;
    stopped?;
    Ok(())
}

/// Standard input is read once: by the statements, or by one topic.
fn check_standard_input(script: &Path, inputs: &[Input]) -> Result<(), Failure> {
    let of_topics = inputs.iter().filter(|input| input.is_standard_input());
    let readers = of_topics.count() + usize::from(script == Path::new("-"));
    if readers > 1 {
        return Err(Failure::new("standard input is named more than once").hint(
            "`-` may stand for one of FILE and the --input files; name files for the others",
        ));
    }
    Ok(())
}

/// Runs the queries until the end, or until a signal; what they have written by then is in the outputs.
async fn serve(engine: &Engine, job: Job, signals: &mut Signals) -> Result<(), Failure> {
    let is_memory = job.pipe.is_some();
    for feed in &job.feeds {
        feed.prepare(engine, &job.script, is_memory).await?;
    }
    let mut prepared = Vec::new();
    for output in job.outputs {
        let output = output.prepare(engine, !is_memory).await?;
        if let Some(pipe) = &job.pipe {
            pipe.add_output(output.taken());
        }
        prepared.push(output);
    }
    let deployed = tokio::select! {
        deployed = engine.deploy(&job.script, DeployOptions::default()) => deployed,
        () = signals.told_to_stop() => return Ok(()),
    };
    let deployment = deployed.map_err(|error| in_script(error, &job.script, &job.name))?;
    let mut writers = Vec::new();
    for output in prepared {
        writers.push(output.start(engine).await?);
    }
    if is_memory {
        for feed in &job.feeds {
            feed.check_read(&deployment).await?;
        }
    }
    let pipe = job.pipe.as_ref();
    let keep_small = async {
        match pipe {
            Some(pipe) => pipe.keep_small().await,
            None => std::future::pending().await,
        }
    };
    let work = work(engine, deployment, job.feeds, job.until_end, pipe);
    tokio::select! {
        done = work => done?,
        failed = keep_small => failed?,
        watched = watch(&mut writers, is_memory) => watched?,
        () = signals.told_to_stop() => {}
        lost = engine.lost() => return Err(lost.into()),
    }
    // First the queries, then the outputs: a row that a checkpoint counts as done is in its output.
    engine.stop_queries().await;
    tokio::select! {
        finished = finish(writers) => finished,
        // Whoever reads an output may have stopped to.
        () = signals.told_to_stop() => {
            Err(Failure::new("told to stop again before the outputs were written"))
        }
    }
}

/// Returns when the outputs have all that is in their topics.
async fn finish(writers: Vec<Writing>) -> Result<(), Failure> {
    for writer in writers {
        writer.finish().await?;
    }
    Ok(())
}

/// Feeds the inputs, all at a time; then waits for the end, or for ever.
async fn work(
    engine: &Engine,
    mut deployment: Deployment,
    feeds: Vec<Feed>,
    until_end: bool,
    pipe: Option<&Pipe>,
) -> Result<(), Failure> {
    deployment.ready().await?;
    eprintln!("ready");
    let has_inputs = !feeds.is_empty();
    let feeding = feeds
        .into_iter()
        .map(|feed| feed.run(engine, &deployment, pipe));
    futures::future::try_join_all(feeding).await?;
    if !until_end {
        std::future::pending::<()>().await;
    }
    if has_inputs {
        deployment.mark_end().await?;
    }
    deployment.until_end().await?;
    Ok(())
}

/// Returns when an output cannot be written, or when there is nobody left to run for: whoever read the outputs has gone,
/// and the topics are in memory. On a broker the queries go on.
async fn watch(writers: &mut [Writing], is_memory: bool) -> Result<(), Failure> {
    let has_writers = !writers.is_empty();
    let mut ended: FuturesUnordered<_> = writers.iter_mut().map(Writing::ended).collect();
    while let Some(outcome) = ended.next().await {
        outcome?;
    }
    if is_memory && has_writers {
        return Ok(());
    }
    std::future::pending().await
}

fn read_script(path: &Path) -> Result<String, Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::new(format!("cannot read `{}`: {error}", path.display()))
    };
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(|error| cannot(&error))?)
    };
    let mut script = String::new();
    source
        .take(MOST + 1)
        .read_to_string(&mut script)
        .map_err(|error| cannot(&error))?;
    if script.len() as u64 > MOST {
        return Err(cannot(&format!("it is longer than {MOST} bytes")));
    }
    // Editors of Windows begin a file with it.
    if script.starts_with('\u{feff}') {
        script.remove(0);
    }
    Ok(script)
}
