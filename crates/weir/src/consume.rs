//! `weir consume`: records to lines.

use weir_engine::Engine;

use crate::{
    cli::ConsumeArguments, connection, failure::Failure, follow::follow, signals::Signals,
    stdout::Stdout,
};

pub async fn run(arguments: ConsumeArguments) -> Result<(), Failure> {
    let engine = connection::headless_engine(&arguments.engine, "`weir consume`").await?;
    let outcome = consume(&engine, &arguments).await;
    let stopped = engine.shutdown().await;
    outcome?;
    stopped?;
    Ok(())
}

/// Prints until it is told to stop, has printed enough, or nobody reads what it prints.
async fn consume(engine: &Engine, arguments: &ConsumeArguments) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let mut reader = engine
        .topics()
        .consume(&arguments.topic, arguments.from_beginning)
        .await?;
    let mut left = arguments.max.unwrap_or(u64::MAX);
    while left > 0 {
        let records = tokio::select! {
            records = follow(&mut reader) => records?,
            () = signals.told_to_stop() => break,
        };
        let shown = records
            .iter()
            .take(usize::try_from(left).unwrap_or(usize::MAX));
        let mut text = Vec::new();
        for record in shown {
            text.extend_from_slice(record.value.as_deref().unwrap_or(b"null"));
            text.push(b'\n');
            left -= 1;
        }
        if !Stdout::write(&text)?.is_read() {
            break;
        }
    }
    Ok(())
}
