//! `weir consume`: records to lines.

use std::{io::Write, time::Duration};

use crate::{cli::ConsumeArguments, connection, failure::Failure};

pub async fn run(arguments: ConsumeArguments) -> Result<(), Failure> {
    let engine = connection::headless_engine(&arguments.engine, "`weir consume`").await?;
    let mut reader = engine
        .topics()
        .consume(&arguments.topic, arguments.from_beginning)
        .await?;
    let mut left = arguments.max.unwrap_or(u64::MAX);
    while left > 0 {
        let next = tokio::select! {
            next = reader.next(Duration::from_secs(3600)) => next?,
            _ = tokio::signal::ctrl_c() => break,
        };
        let Some((_, records)) = next else { continue };
        let mut output = std::io::stdout().lock();
        for record in records {
            if left == 0 {
                break;
            }
            left -= 1;
            let value = record.value.as_deref().unwrap_or(b"null");
            let written = output
                .write_all(value)
                .and_then(|()| output.write_all(b"\n"));
            if written.is_err() {
                // Whoever read our output has gone: `weir consume … | head`.
                return Ok(());
            }
        }
        let _ = output.flush();
    }
    engine.shutdown().await?;
    Ok(())
}
