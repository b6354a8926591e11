//! The Weir program: `run`, `server`, `sql`, `test`, `produce`, `consume`, `demo`, `sigma`, `bench`.
//!
//! Each subcommand is a folder or file of its own; none has logic of the engine's.

mod bench;
mod bundled;
mod cli;
mod connection;
mod consume;
mod demo;
mod failure;
mod follow;
mod lines;
mod logging;
mod place;
mod produce;
mod run;
mod server;
mod settings;
mod sigma;
mod signals;
mod sql;
mod stdout;
mod test;

use std::{process::ExitCode, time::Duration};

use clap::Parser;

use cli::{Cli, Command};
use failure::Failure;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Statements and documents may nest, and debug frames are large.
const WORKER_STACK: usize = 8 << 20;

/// How long a thread for work on files stays with nothing to do. Each has a heap of its own.
const IDLE: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(&cli);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(WORKER_STACK)
        .thread_keep_alive(IDLE)
        .build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(dispatch(cli.command));
            // A thread that waits for a line of standard input cannot be told to stop.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Failure::new(format!("cannot start threads: {error}"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

async fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(arguments) => run::run(arguments).await,
        Command::Server(arguments) => server::run(arguments).await,
        Command::Sql(arguments) => sql::run(arguments).await,
        Command::Test(arguments) => test::run(arguments).await,
        Command::Produce(arguments) => produce::run(arguments).await,
        Command::Consume(arguments) => consume::run(arguments).await,
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Sigma(command) => sigma::run(command).await,
        Command::Bench(arguments) => bench::run(arguments).await,
    }
}
