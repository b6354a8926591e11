//! placeholder
use crate::{cli::DemoArguments, failure::Failure};
pub async fn run(_a: DemoArguments) -> Result<(), Failure> {
    Ok(())
}
