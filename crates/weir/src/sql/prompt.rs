//! The prompt: statements over several lines, history, completion of names.

use std::path::PathBuf;

use rustyline::{
    Completer, Config, Editor, Helper, Highlighter, Hinter, Validator, error::ReadlineError,
    history::FileHistory,
};
use weir_engine::Engine;

use super::{Screen, run_statement, say};
use crate::failure::Failure;

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
pub async fn run(engine: &Engine, screen: &Screen) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(format!("the terminal cannot be read: {error}"))
    };
    let config = Config::builder()
        .max_history_size(HISTORY)
        .map_err(|error| failed(&error))?
        .auto_add_history(true)
        .build();
    let mut editor =
        Editor::<Names, FileHistory>::with_config(config).map_err(|error| failed(&error))?;
    let history = history_file();
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    say(&format!(
        "weir {}. Statements end in `;`. Ctrl-C ends a query, Ctrl-D or `exit` the program.\n",
        env!("CARGO_PKG_VERSION")
    ))?;
    let mut session = engine.session();
    let mut waiting = String::new();
    loop {
        editor.set_helper(Some(Names {
            completer: NameCompleter {
                names: engine.names().await,
            },
        }));
        let prompt = if waiting.is_empty() { "ksql> " } else { "> " };
        // Reading blocks this thread; the queries have others.
        let line = tokio::task::block_in_place(|| editor.readline(prompt));
        match line {
            Ok(line) if waiting.is_empty() && is_exit(&line) => break,
            Ok(line) => {
                waiting.push_str(&line);
                waiting.push('\n');
                run_complete(engine, &mut session, &mut waiting, screen).await;
            }
            Err(ReadlineError::Interrupted) => waiting.clear(),
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(failed(&error)),
        }
    }
    if let Some(path) = &history {
        // A history that cannot be kept is no reason to fail.
        let _ = path.parent().map(std::fs::create_dir_all);
        let _ = editor.save_history(path);
    }
    say("Exiting.\n")
}

/// Runs the statements that are complete, and keeps the rest.
async fn run_complete(
    engine: &Engine,
    session: &mut weir_engine::Session,
    waiting: &mut String,
    screen: &Screen,
) {
    if !waiting.trim_end().ends_with(';') {
        if waiting.trim().is_empty() {
            waiting.clear();
        }
        return;
    }
    let statements = match weir_engine::split(waiting) {
        Ok(statements) => statements,
        // The semicolon stands within a text that goes on.
        Err(error) if error.message.contains("is not closed") => return,
        Err(error) => {
            eprint!("{}", error.render());
            return waiting.clear();
        }
    };
    waiting.clear();
    for statement in statements {
        if let Err(failure) = run_statement(engine, session, &statement, screen).await {
            eprintln!("{}", failure.to_string().trim_end());
            return;
        }
    }
}

fn is_exit(line: &str) -> bool {
    ["exit", "quit"].contains(&line.trim().trim_end_matches(';').to_lowercase().as_str())
}

fn history_file() -> Option<PathBuf> {
    Some(dirs::data_dir()?.join("weir").join("history"))
}
