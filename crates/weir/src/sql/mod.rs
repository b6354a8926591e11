//! `weir sql`: a prompt over an engine of its own, or a script.

mod answer;
mod commands;
mod prompt;
mod rows;
mod screen;
mod table;

use std::{
    io::IsTerminal,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use arrow::record_batch::RecordBatch;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use weir_engine::{
    Engine, Error, PrintLine, PrintStream, Response, RowStream, StreamEnd, rows::to_json,
};

use crate::{
    cli::{OutputFormat, SqlArguments},
    connection,
    failure::Failure,
    place,
    signals::{Endings, Signals},
    stdout::Stdout,
};

use rows::RowLayout;
pub use rows::{clip, printable, width_of};
use screen::Screen;
pub use table::table;

/// No script is longer.
const MOST: u64 = 64 << 20;

/// How a statement's answer came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Finished,
    /// Ctrl-C.
    Interrupted,
}

/// Statements from the command line, and the name of the file that they came from.
struct Script {
    text: String,
    name: Option<String>,
}

pub async fn run(arguments: SqlArguments) -> Result<(), Failure> {
    let script = Script::read(&arguments).await?;
    let (engine, folder) = connection::engine_or_temporary(&arguments.engine).await?;
    let folder = Arc::new(Mutex::new(folder));
    let ending = end_at_signals(&engine, &folder, script.is_none())?;
    let mut screen = Screen::new(arguments.output);
    let outcome = match script {
        Some(script) => run_script(&engine, &script, &screen).await,
        None => prompt::run(&engine, &mut screen).await,
    };
    if ending.load(Ordering::Acquire) {
        // What ran came to its end because the engine is being stopped; the exit status is the signal's.
        std::future::pending::<()>().await;
    }
    let stopped = engine.shutdown().await;
    remove(&folder);
    outcome?;
    stopped?;
    Ok(())
}

/// The prompt, over an engine that is there already.
pub async fn prompt_on(engine: &Engine) -> Result<(), Failure> {
    prompt::run(engine, &mut Screen::new(OutputFormat::Tabular)).await
}

/// A prompt blocks while it waits for a key, so what ends the program from outside is waited for beside it. Gives whether
/// that has come.
fn end_at_signals(
    engine: &Engine,
    folder: &Arc<Mutex<Option<TempDir>>>,
    has_terminal: bool,
) -> Result<Arc<AtomicBool>, Failure> {
    let mut endings = Endings::listen(has_terminal)?;
    let (engine, folder) = (engine.clone(), folder.clone());
    let ending = Arc::new(AtomicBool::new(false));
    let has_come = ending.clone();
    tokio::spawn(async move {
        let status = endings.told().await;
        has_come.store(true, Ordering::Release);
        if let Err(error) = engine.shutdown().await {
            tracing::error!(%error, "the engine could not be stopped");
        }
        remove(&folder);
        std::process::exit(status);
    });
    Ok(ending)
}

fn remove(folder: &Mutex<Option<TempDir>>) {
    drop(folder.lock().unwrap_or_else(PoisonError::into_inner).take());
}

impl Script {
    /// `None`: there is somebody to type at a prompt.
    async fn read(arguments: &SqlArguments) -> Result<Option<Self>, Failure> {
        let (text, name) = match (&arguments.execute, &arguments.file) {
            (Some(text), _) => (with_semicolon(text), None),
            (None, Some(path)) if path.as_os_str() != "-" => {
                (read_file(path).await?, Some(path.display().to_string()))
            }
            (None, None) if std::io::stdin().is_terminal() => return Ok(None),
            (None, _) => (read_standard_input().await?, Some("-".to_owned())),
        };
        Ok(Some(Self { text, name }))
    }

    fn failure(&self, error: Error, start: usize) -> Failure {
        match &self.name {
            Some(name) => place::at(error, &self.text, start, name),
            None if error.span.is_none() || error.statement.as_ref() == Some(&self.text) => {
                error.into()
            }
            None => error.placed(&self.text, start).into(),
        }
    }
}

/// ksqlDB's `--execute` does not ask for the last semicolon.
fn with_semicolon(text: &str) -> String {
    // On a line of its own it is not part of a comment at the end.
    match weir_engine::typed_statements(text) {
        Ok(None) => format!("{text}\n;"),
        _ => text.to_owned(),
    }
}

async fn read_file(path: &std::path::Path) -> Result<String, Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::new(format!("cannot read `{}`: {error}", path.display()))
    };
    let file = tokio::fs::File::open(path)
        .await
        .map_err(|error| cannot(&error))?;
    read_text(file).await.map_err(|error| cannot(&error))
}

async fn read_standard_input() -> Result<String, Failure> {
    read_text(tokio::io::stdin())
        .await
        .map_err(|error| Failure::new(format!("cannot read standard input: {error}")))
}

async fn read_text(source: impl tokio::io::AsyncRead + Unpin) -> std::io::Result<String> {
    let mut text = String::new();
    source.take(MOST + 1).read_to_string(&mut text).await?;
    if text.len() as u64 > MOST {
        return Err(std::io::Error::other(format!(
            "it is longer than {MOST} bytes"
        )));
    }
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

/// All statements, one after the other; the first that fails ends it, and Ctrl-C ends what is left.
async fn run_script(engine: &Engine, script: &Script, screen: &Screen) -> Result<(), Failure> {
    let mut session = engine.session();
    let statements = weir_engine::statements(&script.text);
    let statements = statements.map_err(|error| script.failure(error, 0))?;
    let mut signals = Signals::listen()?;
    let mut left = statements.len();
    for statement in statements {
        left -= 1;
        let responses = tokio::select! {
            responses = engine.execute_statement(&mut session, &statement.text) => responses,
            () = signals.interrupted() => return Err(Failure::interrupted()),
        };
        let responses = responses.map_err(|error| script.failure(error, statement.start))?;
        let outcome = show_all(responses, screen, &mut signals).await?;
        if outcome == Outcome::Interrupted && left > 0 {
            return Err(Failure::interrupted());
        }
    }
    Ok(())
}

/// Shows answers, one after the other; Ctrl-C ends them.
async fn show_all(
    responses: Vec<Response>,
    screen: &Screen,
    signals: &mut Signals,
) -> Result<Outcome, Failure> {
    for response in responses {
        if show(response, screen, signals).await? == Outcome::Interrupted {
            return Ok(Outcome::Interrupted);
        }
    }
    Ok(Outcome::Finished)
}

/// Shows an answer, to the end of the stream if it is one; Ctrl-C ends the stream.
async fn show(
    response: Response,
    screen: &Screen,
    signals: &mut Signals,
) -> Result<Outcome, Failure> {
    match response {
        Response::Entity(entity) => say(&answer::render(&entity, screen)?)?,
        // What is read by a program is JSON to the end.
        Response::Note(note) if screen.format == OutputFormat::Json => eprintln!("{note}"),
        Response::Note(note) => say(&format!("{note}\n"))?,
        Response::Done => {}
        Response::Rows(stream) => return show_rows(stream, screen, signals).await,
        Response::Print(stream) => return show_print(stream, signals).await,
    }
    Ok(Outcome::Finished)
}

/// Writes to standard output; a reader that has gone ends the program quietly.
pub fn say(text: &str) -> Result<(), Failure> {
    match Stdout::write(text.as_bytes())? {
        Stdout::Read => Ok(()),
        Stdout::Gone => Err(Failure::nobody_reads()),
    }
}

async fn show_rows(
    mut stream: RowStream,
    screen: &Screen,
    signals: &mut Signals,
) -> Result<Outcome, Failure> {
    let names: Vec<String> = stream
        .schema
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let layout = screen.row_layout(names.len());
    match screen.format {
        OutputFormat::Tabular => say(&layout.header(&names))?,
        OutputFormat::Json => {
            let header = serde_json::json!({"header": {"queryId": stream.query_id, "schema": schema_text(&stream)}});
            say(&pretty(&header))?;
        }
    }
    let end = loop {
        tokio::select! {
            batch = stream.next() => match batch {
                Some(batch) => say(&render_batch(&batch, &stream, &layout, screen))?,
                None => break stream.end().await,
            },
            () = signals.interrupted() => {
                stream.terminate().await;
                say_end(None, screen)?;
                return Ok(Outcome::Interrupted);
            }
        }
    };
    match end {
        StreamEnd::LimitReached => say_end(Some("Limit Reached"), screen)?,
        StreamEnd::Completed => say_end(Some("Query Completed"), screen)?,
        StreamEnd::Terminated => say_end(None, screen)?,
        StreamEnd::Failed(why) => return Err(Failure::new(why)),
    }
    Ok(Outcome::Finished)
}

fn say_end(why: Option<&str>, screen: &Screen) -> Result<(), Failure> {
    match (screen.format, why) {
        (OutputFormat::Tabular, Some(why)) => say(&format!("{why}\nQuery terminated\n")),
        (OutputFormat::Tabular, None) => say("Query terminated\n"),
        // As the rows before it, so that a program can read all of it.
        (OutputFormat::Json, Some(why)) => say(&pretty(&serde_json::json!({"finalMessage": why}))),
        (OutputFormat::Json, None) => Ok(()),
    }
}

fn schema_text(stream: &RowStream) -> String {
    let columns: Vec<_> = stream
        .schema
        .columns
        .iter()
        .map(|column| format!("`{}` {}", column.name, column.sql_type))
        .collect();
    columns.join(", ")
}

fn render_batch(
    batch: &RecordBatch,
    stream: &RowStream,
    layout: &RowLayout,
    screen: &Screen,
) -> String {
    let rows = to_json(batch, &stream.schema);
    let texts = rows.into_iter().map(|row| match screen.format {
        OutputFormat::Tabular => {
            let cells: Vec<String> = row.iter().map(weir_engine::rows::java_text).collect();
            layout.row(&cells)
        }
        OutputFormat::Json => pretty(&serde_json::json!({"row": {"columns": row}})),
    });
    texts.collect()
}

/// Indented JSON and a line end.
pub fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

async fn show_print(mut stream: PrintStream, signals: &mut Signals) -> Result<Outcome, Failure> {
    let outcome = loop {
        let lines = tokio::select! {
            lines = stream.next() => lines?,
            () = signals.interrupted() => break Outcome::Interrupted,
        };
        let Some(lines) = lines else {
            break Outcome::Finished;
        };
        for line in lines {
            match line {
                PrintLine::Format(text) | PrintLine::Record(text) => {
                    say(&format!("{}\n", rows::printable(&text)))?
                }
            }
        }
    };
    say("Topic printing ceased\n")?;
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::with_semicolon;

    #[test]
    fn the_last_semicolon_may_be_left_out() {
        let check = |text: &str, expected: &str| assert_eq!(with_semicolon(text), expected);
        check("SHOW STREAMS", "SHOW STREAMS\n;");
        check("SHOW STREAMS;", "SHOW STREAMS;");
        check("SHOW STREAMS; -- all", "SHOW STREAMS; -- all");
        check("SHOW STREAMS -- all", "SHOW STREAMS -- all\n;");
        check("", "");
    }
}
