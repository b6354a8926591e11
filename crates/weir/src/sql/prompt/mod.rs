//! The prompt: statements over several lines, colours, completion, history.

mod complete;
mod highlight;
mod history;
mod keywords;
mod names;

use std::{borrow::Cow, sync::Arc, time::Duration};

use rustyline::{
    CompletionType, Config, Context, Editor, Helper,
    completion::{Completer, FilenameCompleter, Pair},
    config::ColorMode,
    error::ReadlineError,
    highlight::{CmdKind, Highlighter},
    hint::{Hint, Hinter, HistoryHinter},
    history::FileHistory,
    validate::{ValidationContext, ValidationResult, Validator},
};
use weir_engine::ScriptStatement;

pub use names::NameStore;

use super::{commands::Command, screen::Screen, shell::Shell};
use crate::{failure::Failure, signals::Signals};

/// The longest history that is kept, in statements.
const HISTORY: usize = 10_000;

/// How long a key waits for names that are being looked up.
const PATIENCE: Duration = Duration::from_secs(1);

const PROMPT: &str = "ksql> ";

/// Runs what is typed until its user leaves.
pub async fn run(shell: &mut Shell) -> Result<(), Failure> {
    let names = Arc::new(NameStore::start(shell.backend.clone()));
    shell.names = Some(names.clone());
    shell.screen.has_pager = true;
    let history = history::file();
    let mut editor = editor(names)?;
    if let Some(path) = &history {
        history::load(&mut editor, path);
    }
    shell.screen.say(&greeting(shell))?;
    // Ctrl-C between a line and its statement ends nothing.
    let _signals = Signals::listen()?;
    loop {
        // Reading blocks this thread; the queries have others.
        let typed = match tokio::task::block_in_place(|| read(&mut editor)) {
            Ok(typed) => typed,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(failed(&error)),
        };
        history::remember(&mut editor, history.as_deref(), typed.trim());
        copy(shell, &typed);
        if !run_pieces(shell, &editor, &typed).await? {
            break;
        }
    }
    shell.screen.say("Exiting.\n")
}

fn greeting(shell: &Shell) -> String {
    let mut text = format!(
        "weir {}. Statements end in `;`. Ctrl-C ends a query, Ctrl-D leaves.\n",
        env!("CARGO_PKG_VERSION")
    );
    if let Some(remote) = shell.backend.remote() {
        let status = remote.info.server_status.as_deref().unwrap_or("unknown");
        text += &super::printable(&format!(
            "Server v{} located at {}\nServer Status: {status}\n",
            remote.info.version,
            remote.url()
        ));
    }
    text + "Type `help` for more.\n"
}

/// The session's copy has what was typed; a secret is not in it.
fn copy(shell: &mut Shell, typed: &str) {
    if !shell.screen.is_spooling() {
        return;
    }
    let shown = match history::holds_secret(typed) {
        true => "(a statement with a secret)",
        false => typed,
    };
    shell.screen.copy(&format!("{PROMPT}{shown}\n"));
}

fn editor(names: Arc<NameStore>) -> Result<Editor<Assistant, FileHistory>, Failure> {
    let has_colours = Screen::has_colours();
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .color_mode(match has_colours {
            true => ColorMode::Enabled,
            false => ColorMode::Disabled,
        })
        .max_history_size(HISTORY)
        .map_err(|error| failed(&error))?
        .build();
    let mut editor = Editor::with_config(config).map_err(|error| failed(&error))?;
    editor.set_helper(Some(Assistant {
        names,
        files: FilenameCompleter::new(),
        history: HistoryHinter::new(),
        has_colours,
    }));
    Ok(editor)
}

fn read(editor: &mut Editor<Assistant, FileHistory>) -> rustyline::Result<String> {
    match Screen::has_colours() {
        true => editor.readline(&(PROMPT, "\u{1b}[1mksql>\u{1b}[0m ")),
        false => editor.readline(PROMPT),
    }
}

fn failed(error: &ReadlineError) -> Failure {
    Failure::new(format!("the prompt cannot be read: {error}"))
}

/// A command, or statements that were typed in one go.
#[derive(Debug, PartialEq)]
enum Piece {
    Command(Command),
    Statements(String),
}

/// What was typed, or pasted, as it is run: commands are lines of their own, between statements.
fn pieces(typed: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut statements = String::new();
    for line in typed.split_inclusive('\n') {
        if statements.trim().is_empty()
            && let Some(command) = Command::parse(line)
        {
            statements.clear();
            pieces.push(Piece::Command(command));
            continue;
        }
        statements.push_str(line);
        if is_whole(&statements) {
            pieces.push(Piece::Statements(std::mem::take(&mut statements)));
        }
    }
    if !statements.trim().is_empty() {
        pieces.push(Piece::Statements(statements));
    }
    // Statements that follow one another are one text: an error's line is that of what was typed.
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(Piece::Statements(before)), Piece::Statements(after)) => before.push_str(&after),
            (_, piece) => joined.push(piece),
        }
    }
    joined
}

/// Whether a text that may be long ends with the end of a statement. What is wrong is whole too: it is said at once.
fn is_whole(text: &str) -> bool {
    let ends_one = text.lines().last().is_some_and(|line| line.contains(';'));
    ends_one && !matches!(weir_engine::typed_statements(text), Ok(None))
}

/// Runs what was typed; false: its user leaves.
async fn run_pieces(
    shell: &mut Shell,
    editor: &Editor<Assistant, FileHistory>,
    typed: &str,
) -> Result<bool, Failure> {
    for piece in pieces(typed) {
        match piece {
            Piece::Command(Command::Exit) => return Ok(false),
            Piece::Command(command) => {
                let history = editor.history().iter().cloned();
                shell.command(command, history).await?;
            }
            Piece::Statements(text) => match weir_engine::typed_statements(&text) {
                Ok(statements) => {
                    let statements: Vec<ScriptStatement> = statements.unwrap_or_default();
                    if !shell.run_typed(&text, statements).await? {
                        break;
                    }
                }
                Err(error) => {
                    shell.complain(&Failure::from(error));
                    break;
                }
            },
        }
    }
    Ok(true)
}

/// Helps while somebody types.
struct Assistant {
    names: Arc<NameStore>,
    files: FilenameCompleter,
    history: HistoryHinter,
    has_colours: bool,
}

impl Helper for Assistant {}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let found = complete::complete(line, position, &self.names.current(PATIENCE));
        if found.wants_file {
            let part = &line[found.start.min(position)..position];
            let (start, files) = self.files.complete_path(part, part.len())?;
            return Ok((found.start + start, files));
        }
        // Names are others': one that would steer the terminal is typed by whoever wants it.
        let harmless = found
            .candidates
            .into_iter()
            .filter(|candidate| !candidate.contains(char::is_control));
        let pairs = harmless.map(|candidate| Pair {
            display: candidate.clone(),
            replacement: candidate,
        });
        Ok((found.start, pairs.collect()))
    }
}

/// The rest of something that was typed before.
struct Rest {
    rest: String,
    shown: String,
}

impl Hint for Rest {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        Some(&self.rest)
    }
}

impl Hinter for Assistant {
    type Hint = Rest;

    /// Without colours it could not be told from what is typed.
    fn hint(&self, line: &str, position: usize, context: &Context<'_>) -> Option<Rest> {
        if !self.has_colours || line.contains('\n') {
            return None;
        }
        let rest = self.history.hint(line, position, context)?;
        let shown = match rest.split_once('\n') {
            Some((first, _)) => format!("{first} …"),
            None => rest.clone(),
        };
        // A hint is written as it is.
        if shown.contains(char::is_control) {
            return None;
        }
        Some(Rest { rest, shown })
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        match self.has_colours {
            true => Cow::Owned(highlight::highlighted(line)),
            false => Cow::Borrowed(line),
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        match self.has_colours {
            true => Cow::Owned(format!("\u{1b}[2m{hint}\u{1b}[0m")),
            false => Cow::Borrowed(hint),
        }
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.has_colours
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match is_complete(context.input()) {
            true => ValidationResult::Valid(None),
            false => ValidationResult::Incomplete,
        })
    }
}

/// Whether what is typed can be run: else Enter goes on in the next line.
fn is_complete(typed: &str) -> bool {
    match pieces(typed).last() {
        None | Some(Piece::Command(_)) => true,
        Some(Piece::Statements(text)) => !matches!(weir_engine::typed_statements(text), Ok(None)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Piece, is_complete, pieces};
    use crate::sql::commands::Command;

    #[test]
    fn an_unfinished_statement_goes_on() {
        for typed in [
            "SELECT",
            "SELECT 'a;",
            "SELECT 1 -- ;",
            "SHOW TOPICS;\nSELECT",
            "/* ;",
        ] {
            assert!(!is_complete(typed), "{typed}");
        }
        for typed in [
            "",
            "  ",
            "exit",
            "\\d x",
            "SHOW TOPICS;",
            "SELECT\n1\n;",
            "SELECT ? FROM",
            "SHOW TOPICS; -- all",
        ] {
            assert!(is_complete(typed), "{typed}");
        }
    }

    #[test]
    fn what_is_pasted_is_commands_and_statements() {
        let pasted =
            "SHOW TOPICS;\nSELECT a,\n  'x;\nexit' FROM s;\n\\x on\nSHOW QUERIES;\noutput json\n";
        let expected = [
            Piece::Statements("SHOW TOPICS;\nSELECT a,\n  'x;\nexit' FROM s;\n".to_owned()),
            Piece::Command(Command::parse("\\x on").unwrap()),
            Piece::Statements("SHOW QUERIES;\n".to_owned()),
            Piece::Command(Command::parse("output json").unwrap()),
        ];
        assert_eq!(pieces(pasted), expected);
    }
}
