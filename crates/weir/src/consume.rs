//! `weir consume`: records to lines.

use std::{borrow::Cow, io::IsTerminal};

use weir_engine::Engine;
use weir_server::client::{Client, ConsumeOptions};

use crate::{
    cli::ConsumeArguments,
    connection::{self, Door},
    failure::Failure,
    follow::follow,
    signals::Signals,
    sql::printable,
    stdout::Stdout,
};

pub async fn run(arguments: ConsumeArguments) -> Result<(), Failure> {
    let what = "`weir consume`";
    match connection::topics_door(&arguments.client, &arguments.engine, what).await? {
        Door::Own(engine) => {
            let outcome = consume(&engine, &arguments).await;
            let stopped = engine.shutdown().await;
            outcome?;
            stopped?;
            Ok(())
        }
        Door::Server(server) => receive(&server, &arguments).await,
    }
}

/// The same through a server.
async fn receive(server: &Client, arguments: &ConsumeArguments) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let options = ConsumeOptions {
        from_beginning: arguments.from_beginning,
        follow: true,
        limit: arguments.max,
        envelope: false,
    };
    let mut lines = tokio::select! {
        lines = server.consume(&arguments.topic, options) => lines?,
        () = signals.told_to_stop() => return Ok(()),
    };
    let mut left = arguments.max.unwrap_or(u64::MAX);
    while left > 0 {
        let lines = tokio::select! {
            lines = lines.next() => lines?,
            () = signals.told_to_stop() => break,
        };
        let Some(lines) = lines else {
            return Err(Failure::new(format!(
                "the server at {} ended the answer",
                server.url()
            )));
        };
        let mut text = Vec::new();
        for line in lines
            .iter()
            .take(usize::try_from(left).unwrap_or(usize::MAX))
        {
            text.extend_from_slice(&shown(line));
            text.push(b'\n');
            left -= 1;
        }
        if !Stdout::write(&text)?.is_read() {
            break;
        }
    }
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
        let wanted = records
            .iter()
            .take(usize::try_from(left).unwrap_or(usize::MAX));
        let mut text = Vec::new();
        for record in wanted {
            text.extend_from_slice(&shown(record.value.as_deref().unwrap_or(b"null")));
            text.push(b'\n');
            left -= 1;
        }
        if !Stdout::write(&text)?.is_read() {
            break;
        }
    }
    Ok(())
}

/// A value as it is; in a terminal without what would steer it.
fn shown(value: &[u8]) -> Cow<'_, [u8]> {
    match std::io::stdout().is_terminal() {
        true => {
            let text = printable(&String::from_utf8_lossy(value));
            Cow::Owned(text.into_bytes())
        }
        false => Cow::Borrowed(value),
    }
}
