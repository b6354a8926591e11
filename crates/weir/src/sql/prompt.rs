//! The prompt: statements over several lines, history, completion of names.

use std::{
    path::{Path, PathBuf},
    pin::pin,
};

use rustyline::{
    Completer, Config, Editor, Helper, Highlighter, Hinter, Validator, error::ReadlineError,
    history::FileHistory,
};
use weir_engine::{Engine, Error, Response, ScriptStatement, Session};

use super::{Outcome, Screen, commands::Command, say, show_all};
use crate::{failure::Failure, signals::Signals};

/// The longest history that is kept, in lines.
const HISTORY: usize = 10_000;

/// Words that begin statements or stand in them; completed in upper case.
const KEYWORDS: &[&str] = &[
    "AND",
    "AS",
    "BEGINNING",
    "BETWEEN",
    "CASE",
    "CAST",
    "CHANGES",
    "CREATE",
    "DEFINE",
    "DELETE",
    "DESCRIBE",
    "DROP",
    "EMIT",
    "ELSE",
    "END",
    "ESCAPE",
    "EXISTS",
    "EXPLAIN",
    "EXTENDED",
    "FROM",
    "FUNCTION",
    "FUNCTIONS",
    "INSERT",
    "INTO",
    "LIKE",
    "LIMIT",
    "NOT",
    "NULL",
    "PAUSE",
    "PRINT",
    "PROPERTIES",
    "QUERIES",
    "REPLACE",
    "RESUME",
    "SELECT",
    "SHOW",
    "STREAM",
    "STREAMS",
    "TERMINATE",
    "THEN",
    "TOPIC",
    "TOPICS",
    "TYPES",
    "UNDEFINE",
    "UNSET",
    "VALUES",
    "VARIABLES",
    "WHEN",
    "WHERE",
    "WITH",
];

/// What completes names: a list that is looked up anew before each line.
#[derive(Helper, Completer, Hinter, Highlighter, Validator)]
struct Names {
    #[rustyline(Completer)]
    completer: NameCompleter,
}

struct NameCompleter {
    names: Vec<String>,
}

impl rustyline::completion::Completer for NameCompleter {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        let start = line[..position]
            .rfind(|character| !is_part(character))
            .map_or(0, |at| at + 1);
        let word = line[start..position].to_uppercase();
        if word.is_empty() {
            return Ok((start, Vec::new()));
        }
        let known = KEYWORDS
            .iter()
            .map(|keyword| (*keyword).to_owned())
            .chain(self.names.iter().cloned());
        Ok((
            start,
            known
                .filter(|name| name.to_uppercase().starts_with(&word))
                .collect(),
        ))
    }
}

/// Reads and runs statements until `exit` or Ctrl-D.
pub async fn run(engine: &Engine, screen: &mut Screen) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(format!("the terminal cannot be read: {error}"))
    };
    let config = Config::builder()
        .max_history_size(HISTORY)
        .map_err(|error| failed(&error))?
        .build();
    let mut editor =
        Editor::<Names, FileHistory>::with_config(config).map_err(|error| failed(&error))?;
    let history = history_file();
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    say(&format!(
        "weir {}. Statements end in `;`. Ctrl-C ends a query, Ctrl-D leaves.\nType `help` for more.\n",
        env!("CARGO_PKG_VERSION")
    ))?;
    let mut session = engine.session();
    let mut typed = String::new();
    loop {
        editor.set_helper(Some(Names {
            completer: NameCompleter {
                names: engine.names(),
            },
        }));
        let prompt = if typed.is_empty() { "ksql> " } else { "> " };
        // Reading blocks this thread; the queries have others.
        let line = match tokio::task::block_in_place(|| editor.readline(prompt)) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => {
                typed.clear();
                continue;
            }
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(failed(&error)),
        };
        if typed.is_empty() {
            if line.trim().is_empty() {
                continue;
            }
            if let Some(command) = Command::parse(&line) {
                remember(&mut editor, history.as_deref(), line.trim());
                if command == Command::Exit {
                    break;
                }
                command.run(screen, editor.history().iter())?;
                continue;
            }
        }
        typed.push_str(&line);
        typed.push('\n');
        match weir_engine::typed_statements(&typed) {
            Ok(None) => continue,
            Ok(Some(statements)) => {
                remember(&mut editor, history.as_deref(), typed.trim());
                run_statements(engine, &mut session, &typed, statements, screen).await?;
            }
            Err(error) => {
                remember(&mut editor, history.as_deref(), typed.trim());
                Failure::from(error).show();
            }
        }
        typed.clear();
    }
    say("Exiting.\n")
}

/// Runs statements until one fails or is interrupted. An error is one that ends the program.
async fn run_statements(
    engine: &Engine,
    session: &mut Session,
    typed: &str,
    statements: Vec<ScriptStatement>,
    screen: &Screen,
) -> Result<(), Failure> {
    for statement in statements {
        match run_statement(engine, session, typed, &statement, screen).await {
            Ok(Outcome::Finished) => {}
            Ok(Outcome::Interrupted) => break,
            Err(failure) if failure.ends_the_program() => return Err(failure),
            Err(failure) => {
                failure.show();
                break;
            }
        }
    }
    Ok(())
}

async fn run_statement(
    engine: &Engine,
    session: &mut Session,
    typed: &str,
    statement: &ScriptStatement,
    screen: &Screen,
) -> Result<Outcome, Failure> {
    // Listens from here on: a Ctrl-C at the prompt was for what was typed there.
    let mut signals = Signals::listen()?;
    let responses = execute(engine, session, &statement.text, &mut signals).await?;
    let placed = |error: Error| match error.span {
        Some(_) => error.placed(typed, statement.start),
        // Somebody who has just typed it knows where it is.
        None => error,
    };
    show_all(responses.map_err(placed)?, screen, &mut signals).await
}

/// Runs one statement. It is never left half done: Ctrl-C asks first, as the broker may be away, then ends the program.
async fn execute(
    engine: &Engine,
    session: &mut Session,
    text: &str,
    signals: &mut Signals,
) -> Result<Result<Vec<Response>, Error>, Failure> {
    let mut running = pin!(engine.execute_statement(session, text));
    tokio::select! {
        responses = &mut running => return Ok(responses),
        () = signals.interrupted() => {}
    }
    say("The statement is not done yet. Ctrl-C once more ends the program.\n")?;
    tokio::select! {
        responses = &mut running => Ok(responses),
        () = signals.interrupted() => Err(Failure::interrupted()),
    }
}

/// Keeps a statement as one entry, at once: a program that is killed forgets nothing.
fn remember(editor: &mut Editor<Names, FileHistory>, path: Option<&Path>, entry: &str) {
    // A history that cannot be kept is no reason to fail.
    let is_new = editor.add_history_entry(entry).unwrap_or(false);
    if let (true, Some(path)) = (is_new, path) {
        let _ = path.parent().map(std::fs::create_dir_all);
        let _ = editor.append_history(path);
    }
}

fn history_file() -> Option<PathBuf> {
    Some(dirs::data_dir()?.join("weir").join("history"))
}
