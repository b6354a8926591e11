//! `weir sigma`: detection rules in Sigma's language.
//!
//! ```text
//! rules ── convert ──▶ SQL
//! rules ── deploy ──▶ the queries of a server
//! rules ── loaded ──▶ Ready ── eval, over the blocks of a file ──▶ matches
//!                           └── test, over the events of cases ──▶ outcomes
//! ```

mod blocks;
mod convert;
mod deploy;
mod eval;
mod loaded;
mod site;
mod test;

use crate::{cli::SigmaCommand, failure::Failure};

pub use loaded::{Loaded, Ready};

pub async fn run(command: SigmaCommand) -> Result<(), Failure> {
    match command {
        SigmaCommand::Convert(arguments) => convert::run(&arguments),
        SigmaCommand::Eval(arguments) => eval::run(arguments).await,
        SigmaCommand::Test(arguments) => test::run(arguments).await,
        SigmaCommand::Deploy(arguments) => deploy::run(*arguments).await,
    }
}
