//! `weir sigma`: detection rules in Sigma's language.

mod convert;

use crate::{cli::SigmaCommand, failure::Failure};

pub async fn run(command: SigmaCommand) -> Result<(), Failure> {
    match command {
        SigmaCommand::Convert(arguments) => convert::run(&arguments),
    }
}
