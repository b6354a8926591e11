//! placeholder
use crate::{cli::BenchCommand, failure::Failure};
pub async fn run(_a: BenchCommand) -> Result<(), Failure> {
    Ok(())
}
