//! `weir sql`: a prompt, or a script, over an engine of its own or over a server.
//!
//! ```text
//! prompt, script ──▶ shell ──▶ backend: own engine | server ──▶ answers ──▶ screen, pager, file
//! ```

mod answer;
mod backend;
mod commands;
mod functions;
mod pager;
mod prompt;
mod rows;
mod scan;
mod screen;
mod shell;
mod show;
mod status;
mod table;
mod vertical;

use std::{
    io::IsTerminal,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use nix::sys::termios::{SetArg, tcgetattr, tcsetattr};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use weir_engine::{Engine, Error, Session};

use crate::{
    cli::{OutputFormat, SqlArguments},
    connection::{self, Door},
    failure::Failure,
    place,
    signals::Endings,
};

use backend::{Backend, Own, Remote};
pub use rows::{clip, harmless, printable, width_of};
use screen::Screen;
pub use screen::say;
use shell::Shell;
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
    let session = session(&arguments)?;
    let screen = screen(&arguments);
    let client = connection::client_options(&arguments.client).await?;
    let url = arguments
        .server
        .as_deref()
        .or(arguments.client.url.as_deref());
    let (door, folder) = connection::door(url, &client, &arguments.engine).await?;
    match door {
        Door::Server(server) => {
            let remote = Remote::connect(server).await.map_err(Failure::from)?;
            let mut shell = Shell::new(Backend::Remote(remote), session, screen);
            shell.options = client;
            end_at_signals(None, &Arc::default(), script.is_none())?;
            run_in(&mut shell, script.as_ref()).await
        }
        Door::Own(engine) => {
            let backend = Backend::Own(Own {
                engine: engine.clone(),
            });
            let mut shell = Shell::new(backend, session, screen);
            run_own(&engine, folder, &mut shell, script.as_ref()).await
        }
    }
}

async fn run_own(
    engine: &Engine,
    folder: Option<TempDir>,
    shell: &mut Shell,
    script: Option<&Script>,
) -> Result<(), Failure> {
    let folder = Arc::new(Mutex::new(folder));
    let ending = end_at_signals(Some(engine.clone()), &folder, script.is_none())?;
    let outcome = run_in(shell, script).await;
    if ending.load(Ordering::Acquire) {
        // What ran came to its end because the engine is being stopped; the exit status is the signal's.
        std::future::pending::<()>().await;
    }
    shell.names = None;
    let stopped = engine.shutdown().await;
    remove(&folder);
    outcome?;
    stopped?;
    Ok(())
}

async fn run_in(shell: &mut Shell, script: Option<&Script>) -> Result<(), Failure> {
    match script {
        Some(script) => shell.run_script(script).await,
        None => prompt::run(shell).await,
    }
}

/// The prompt, over an engine that is there already.
pub async fn prompt_on(engine: &Engine) -> Result<(), Failure> {
    let backend = Backend::Own(Own {
        engine: engine.clone(),
    });
    let screen = Screen::new(OutputFormat::Tabular);
    let mut shell = Shell::new(backend, engine.session(), screen);
    prompt::run(&mut shell).await
}

fn session(arguments: &SqlArguments) -> Result<Session, Failure> {
    let mut session = Session::default();
    for definition in &arguments.define {
        let (name, value) = definition.split_once('=').ok_or_else(|| {
            Failure::new(format!("`--define {definition}` has no `=`"))
                .hint("write `--define NAME=VALUE`")
        })?;
        session.variables.define(name.trim(), value);
    }
    Ok(session)
}

fn screen(arguments: &SqlArguments) -> Screen {
    let mut screen = Screen::new(arguments.output);
    screen.row_limit = arguments.query_row_limit;
    screen.query_timeout = arguments.query_timeout.map(Duration::from_millis);
    screen
}

/// A prompt blocks while it waits for a key, so what ends the program from outside is waited for beside it: the engine is
/// stopped, and the terminal is left as it was found. Gives whether that has come.
fn end_at_signals(
    engine: Option<Engine>,
    folder: &Arc<Mutex<Option<TempDir>>>,
    has_terminal: bool,
) -> Result<Arc<AtomicBool>, Failure> {
    let mut endings = Endings::listen(has_terminal)?;
    let folder = folder.clone();
    let terminal = has_terminal
        .then(|| tcgetattr(std::io::stdin()).ok())
        .flatten();
    let ending = Arc::new(AtomicBool::new(false));
    let has_come = ending.clone();
    tokio::spawn(async move {
        let status = endings.told().await;
        has_come.store(true, Ordering::Release);
        if let Some(engine) = engine
            && let Err(error) = engine.shutdown().await
        {
            tracing::error!(%error, "the engine could not be stopped");
        }
        remove(&folder);
        if let Some(terminal) = terminal {
            let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, &terminal);
            // The line editor has asked for pastes to be marked.
            let _ = crate::stdout::Stdout::write(b"\x1b[?2004l");
        }
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
                return Self::of_file(path).await.map(Some);
            }
            (None, None) if std::io::stdin().is_terminal() => return Ok(None),
            (None, _) => (read_standard_input().await?, Some("-".to_owned())),
        };
        Ok(Some(Self { text, name }))
    }

    async fn of_file(path: &Path) -> Result<Self, Failure> {
        Ok(Self {
            text: read_file(path).await?,
            name: Some(path.display().to_string()),
        })
    }
}

/// An error of the statement that begins at byte `start` of a script, with its place there.
fn failed_at(script: &Script, error: Error, start: usize) -> Failure {
    match &script.name {
        Some(name) => place::at(error, &script.text, start, name),
        None if error.span.is_none() || error.statement.as_ref() == Some(&script.text) => {
            error.into()
        }
        None => error.placed(&script.text, start).into(),
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

async fn read_file(path: &Path) -> Result<String, Failure> {
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

/// The time of day, in UTC.
fn clock_text() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    let seconds = now.map_or(0, |now| now.as_secs()) % 86_400;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02} UTC", seconds % 60)
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
