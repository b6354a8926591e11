//! `weir sql`: a prompt over an engine of its own, or a script.

mod answer;
mod prompt;
mod rows;
mod table;

use std::io::{IsTerminal, Write};

use arrow::record_batch::RecordBatch;
use tokio::io::AsyncReadExt;
use weir_engine::{
    Engine, PrintLine, PrintStream, Response, RowStream, Session, StreamEnd, rows::to_json,
};

use crate::{
    cli::{OutputFormat, SqlArguments},
    connection,
    failure::Failure,
};

use rows::RowLayout;
pub use rows::printable;
pub use table::table;

/// No script is longer.
const MOST: u64 = 64 << 20;

/// Where answers go and how they look.
pub struct Screen {
    pub format: OutputFormat,
    /// In columns.
    pub width: usize,
}

pub async fn run(arguments: SqlArguments) -> Result<(), Failure> {
    let script = match (&arguments.execute, &arguments.file) {
        (Some(text), _) => Some(with_semicolon(text)),
        (None, Some(path)) => Some(read(path).await?),
        (None, None) => None,
    };
    let (engine, folder) = connection::engine_or_temporary(&arguments.engine).await?;
    let screen = Screen::new(arguments.output);
    let outcome = match script {
        Some(script) => run_script(&engine, &script, &screen).await,
        None if std::io::stdin().is_terminal() => prompt::run(&engine, &screen).await,
        None => {
            let mut script = String::new();
            let read = tokio::io::stdin()
                .take(MOST)
                .read_to_string(&mut script)
                .await;
            read.map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
            run_script(&engine, &script, &screen).await
        }
    };
    let stopped = engine.shutdown().await;
    drop(folder);
    outcome?;
    stopped?;
    Ok(())
}

/// The prompt, over an engine that is there already.
pub async fn prompt_on(engine: &Engine) -> Result<(), Failure> {
    prompt::run(engine, &Screen::new(OutputFormat::Tabular)).await
}

impl Screen {
    fn new(format: OutputFormat) -> Self {
        let size = crossterm::terminal::size();
        let width = size.map_or(80, |(width, _)| usize::from(width)).max(20);
        Self { format, width }
    }
}

fn with_semicolon(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(';') {
        text.to_owned()
    } else {
        format!("{text};")
    }
}

async fn read(path: &std::path::Path) -> Result<String, Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::new(format!("cannot read `{}`: {error}", path.display()))
    };
    let length = tokio::fs::metadata(path)
        .await
        .map_err(|error| cannot(&error))?
        .len();
    if length > MOST {
        return Err(cannot(&format!("it has {length} bytes, more than {MOST}")));
    }
    tokio::fs::read_to_string(path)
        .await
        .map_err(|error| cannot(&error))
}

/// All statements, one after the other; the first that fails ends it.
async fn run_script(engine: &Engine, script: &str, screen: &Screen) -> Result<(), Failure> {
    let mut session = engine.session();
    let statements = weir_engine::split(script)?;
    for statement in statements {
        run_statement(engine, &mut session, &statement, screen).await?;
    }
    Ok(())
}

/// One statement and its answer, to the end of the stream if it is one; Ctrl-C ends the stream.
pub async fn run_statement(
    engine: &Engine,
    session: &mut Session,
    statement: &str,
    screen: &Screen,
) -> Result<(), Failure> {
    match engine.execute_one(session, statement).await? {
        Response::Entity(entity) => say(&answer::render(&entity, screen)?),
        Response::Note(note) => say(&format!("{note}\n")),
        Response::Done => Ok(()),
        Response::Rows(stream) => show_rows(stream, screen).await,
        Response::Print(stream) => show_print(stream).await,
    }
}

/// Writes to standard output; a reader that has gone ends the program quietly.
pub fn say(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    match output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
    {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Failure::new(format!("cannot write: {error}"))),
        Ok(()) => Ok(()),
    }
}

async fn show_rows(mut stream: RowStream, screen: &Screen) -> Result<(), Failure> {
    let names: Vec<String> = stream
        .schema
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let layout = RowLayout::new(names.len(), screen.width);
    match screen.format {
        OutputFormat::Tabular => say(&layout.header(&names))?,
        OutputFormat::Json => {
            let header = serde_json::json!({"header": {"queryId": stream.query_id, "schema": schema_text(&stream)}});
            say(&pretty(&header))?;
        }
    }
    loop {
        tokio::select! {
            batch = stream.next() => match batch {
                Some(batch) => say(&render_batch(&batch, &stream, &layout, screen))?,
                None => break,
            },
            _ = tokio::signal::ctrl_c() => {
                stream.terminate().await;
                return say("Query terminated\n");
            }
        }
    }
    match stream.end().await {
        StreamEnd::LimitReached => say("Limit Reached\nQuery terminated\n"),
        StreamEnd::Completed => say("Query Completed\nQuery terminated\n"),
        StreamEnd::Terminated => say("Query terminated\n"),
        StreamEnd::Failed(why) => Err(Failure::new(why)),
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

async fn show_print(mut stream: PrintStream) -> Result<(), Failure> {
    loop {
        let lines = tokio::select! {
            lines = stream.next() => lines?,
            _ = tokio::signal::ctrl_c() => None,
        };
        let Some(lines) = lines else {
            return say("Topic printing ceased\n");
        };
        for line in lines {
            match line {
                PrintLine::Format(text) | PrintLine::Record(text) => {
                    say(&format!("{}\n", rows::printable(&text)))?
                }
            }
        }
    }
}
