//! A prompt's session: who runs its statements, what SET and DEFINE changed, and where answers go.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use weir_engine::{Error, ScriptStatement, Session};
use weir_server::client::{self, Client};

use super::{
    Outcome, Script,
    backend::{Answer, Backend, Remote},
    commands::{Command, HELP},
    failed_at,
    prompt::NameStore,
    scan,
    screen::{Expanded, Screen, expand},
    show::{Length, show_all},
};
use crate::{cli::OutputFormat, failure::Failure, signals::Signals};

pub struct Shell {
    pub backend: Backend,
    pub session: Session,
    pub screen: Screen,
    /// What is completed, at a prompt.
    pub names: Option<Arc<NameStore>>,
    /// Who asks, for a server that is chosen later.
    pub options: client::Options,
    /// The statement that \watch repeats.
    last: Option<String>,
}

impl Shell {
    pub fn new(backend: Backend, session: Session, screen: Screen) -> Self {
        Self {
            backend,
            session,
            screen,
            names: None,
            options: client::Options::default(),
            last: None,
        }
    }

    /// Runs a script's statements, one after the other; the first that fails ends it, and Ctrl-C ends what is left.
    pub async fn run_script(&mut self, script: &Script) -> Result<(), Failure> {
        let statements = weir_engine::statements(&script.text);
        let statements = statements.map_err(|error| failed_at(script, error, 0))?;
        let mut signals = Signals::listen()?;
        let mut left = statements.len();
        for statement in statements {
            left -= 1;
            let answers = tokio::select! {
                answers = self.backend.run(&mut self.session, &statement.text) => answers,
                () = signals.interrupted() => return Err(Failure::interrupted()),
            };
            let answers = answers.map_err(|error| failed_at(script, error, statement.start))?;
            let length = length_of(&statement.text);
            let outcome = show_all(answers, length, &mut self.screen, &mut signals).await?;
            if outcome == Outcome::Interrupted && left > 0 {
                return Err(Failure::interrupted());
            }
        }
        Ok(())
    }

    /// Runs statements that were typed until one fails or is interrupted; whether all ran. An error is one that ends the
    /// program.
    pub async fn run_typed(
        &mut self,
        typed: &str,
        statements: Vec<ScriptStatement>,
    ) -> Result<bool, Failure> {
        for statement in statements {
            let started = Instant::now();
            let start = statement.start;
            let failed = |error: Error| match error.span {
                Some(_) => error.placed(typed, start).into(),
                // Somebody who has just typed it knows where it is.
                None => error.into(),
            };
            let outcome = self.run_one(&statement.text, failed).await;
            match outcome {
                Ok(Outcome::Finished) => self.screen.say_time(started)?,
                Ok(Outcome::Interrupted) => return Ok(false),
                Err(failure) if failure.ends_the_program() => return Err(failure),
                Err(failure) => {
                    self.complain(&failure);
                    return Ok(false);
                }
            }
            self.last = Some(statement.text);
        }
        Ok(true)
    }

    /// Runs a file's statements at the prompt, until one fails or is interrupted.
    async fn include(&mut self, path: &str) -> Result<(), Failure> {
        let script = Script::of_file(&expand(path)).await?;
        let statements = weir_engine::statements(&script.text);
        let statements = statements.map_err(|error| failed_at(&script, error, 0))?;
        for statement in statements {
            let started = Instant::now();
            let failed = |error| failed_at(&script, error, statement.start);
            if self.run_one(&statement.text, failed).await? == Outcome::Interrupted {
                break;
            }
            self.screen.say_time(started)?;
        }
        Ok(())
    }

    async fn run_one(
        &mut self,
        text: &str,
        failed: impl FnOnce(Error) -> Failure,
    ) -> Result<Outcome, Failure> {
        // Listens from here on: a Ctrl-C at the prompt was for what was typed there.
        let mut signals = Signals::listen()?;
        let Some(answers) = self.execute(text, &mut signals).await? else {
            return Ok(Outcome::Interrupted);
        };
        let answers = answers.map_err(failed)?;
        self.changed(text);
        show_all(answers, length_of(text), &mut self.screen, &mut signals).await
    }

    /// Runs one statement. One of the own engine is never left half done: Ctrl-C asks first, as the broker may be away,
    /// then ends the program. A server goes on by itself, and is left alone: `None`.
    async fn execute(
        &mut self,
        text: &str,
        signals: &mut Signals,
    ) -> Result<Option<Result<Vec<Answer>, Error>>, Failure> {
        let is_remote = self.backend.remote().is_some();
        let mut running = pin!(self.backend.run(&mut self.session, text));
        tokio::select! {
            answers = &mut running => return Ok(Some(answers)),
            () = signals.interrupted() => {}
        }
        if is_remote {
            self.screen
                .say("The answer was not waited for; the server may go on with the statement.\n")?;
            return Ok(None);
        }
        self.screen
            .say("The statement is not done yet. Ctrl-C once more ends the program.\n")?;
        tokio::select! {
            answers = &mut running => Ok(Some(answers)),
            () = signals.interrupted() => Err(Failure::interrupted()),
        }
    }

    /// What can be completed may be other than before.
    fn changed(&self, text: &str) {
        let words = scan::words(text);
        let Some(first) = words.first() else { return };
        let changes = ["CREATE", "DROP", "ALTER", "RUN", "TERMINATE"];
        let is_insert_select =
            || first.is(text, "INSERT") && words.iter().any(|word| word.is(text, "SELECT"));
        let has_changed = changes.iter().any(|word| first.is(text, word)) || is_insert_select();
        if let (true, Some(names)) = (has_changed, &self.names) {
            names.refresh();
        }
    }

    /// Shows what went wrong.
    pub fn complain(&mut self, failure: &Failure) {
        self.screen.erase_status();
        failure.show();
        self.screen.copy(&format!("{failure}\n"));
    }

    /// Does what a command says; leaving is the caller's. An error is one that ends the program.
    pub async fn command(
        &mut self,
        command: Command,
        history: impl Iterator<Item = String>,
    ) -> Result<(), Failure> {
        match self.try_command(command, history).await {
            Err(failure) if !failure.ends_the_program() => {
                self.complain(&failure);
                Ok(())
            }
            outcome => outcome,
        }
    }

    async fn try_command(
        &mut self,
        command: Command,
        history: impl Iterator<Item = String>,
    ) -> Result<(), Failure> {
        let on = |is_on: bool| if is_on { "on" } else { "off" };
        let screen = &mut self.screen;
        match command {
            Command::Help => screen.say(HELP),
            Command::Clear if Screen::is_live() => super::say("\u{1b}[2J\u{1b}[3J\u{1b}[H"),
            Command::Clear | Command::Exit => Ok(()),
            Command::Output(format) => set_output(screen, format.as_deref()),
            Command::Wrap(wraps) => {
                screen.wraps = wraps;
                Ok(())
            }
            Command::ColumnWidth(width) => {
                screen.column_width = width;
                Ok(())
            }
            Command::History => {
                let lines = (1..).zip(history);
                let text: String = lines
                    .map(|(number, entry)| format!("{number:4}: {entry}\n"))
                    .collect();
                screen.begin_pages();
                screen.result(&super::rows::harmless(&text))?;
                screen.end_pages()
            }
            Command::Version => {
                let version = match &self.backend {
                    Backend::Own(_) => env!("CARGO_PKG_VERSION"),
                    Backend::Remote(remote) => &remote.info.version,
                };
                screen.say(&format!("Version: {}\n", super::printable(version)))
            }
            Command::Server(url) => self.server(url).await,
            Command::Pipelining(wanted) => self.pipelining(wanted),
            Command::Spool(path) => screen.spool_to(&path),
            Command::SpoolOff => screen.spool_off(),
            Command::Expanded(wanted) => {
                screen.expanded = wanted.unwrap_or(match screen.expanded {
                    Expanded::On => Expanded::Off,
                    Expanded::Off | Expanded::Auto => Expanded::On,
                });
                let state = match screen.expanded {
                    Expanded::On => "on",
                    Expanded::Off => "off",
                    Expanded::Auto => "used automatically",
                };
                screen.say(&format!("Expanded display is {state}.\n"))
            }
            Command::Timing(wanted) => {
                screen.has_timing = wanted.unwrap_or(!screen.has_timing);
                let state = on(screen.has_timing);
                screen.say(&format!("Timing is {state}.\n"))
            }
            Command::Pager(wanted) => {
                screen.has_pager = wanted.unwrap_or(!screen.has_pager);
                let state = on(screen.has_pager);
                screen.say(&format!("Pager usage is {state}.\n"))
            }
            Command::Watch(seconds) => self.watch(seconds).await,
            Command::Include(path) => self.include(&path).await,
            Command::WriteTo(path) => screen.write_to(path.as_deref()),
            Command::Statements(texts) => {
                for text in texts {
                    let statement = ScriptStatement {
                        text: text.clone(),
                        start: 0,
                    };
                    if !self.run_typed(&text, vec![statement]).await? {
                        break;
                    }
                }
                Ok(())
            }
            Command::Wrong(why) => Err(Failure::new(why)),
        }
    }

    async fn server(&mut self, url: Option<String>) -> Result<(), Failure> {
        let Some(url) = url else {
            let text = match &self.backend {
                Backend::Own(_) => "none: statements run in this process\n".to_owned(),
                Backend::Remote(remote) => format!("{}\n", remote.url()),
            };
            return self.screen.say(&text);
        };
        if let Backend::Own(_) = self.backend {
            return Err(Failure::new(
                "this prompt has an engine of its own, which would go on running",
            )
            .hint(format!("leave it, and start `weir sql {url}`")));
        }
        let client = Client::new(&url, &self.options).map_err(Failure::from)?;
        let remote = Remote::connect(client).await.map_err(Failure::from)?;
        self.screen
            .say(&format!("Server now: {}\n", remote.url()))?;
        self.backend = Backend::Remote(remote);
        if let Some(names) = &self.names {
            names.switch(self.backend.clone());
        }
        Ok(())
    }

    fn pipelining(&mut self, wanted: Option<bool>) -> Result<(), Failure> {
        let Backend::Remote(remote) = &self.backend else {
            return self
                .screen
                .say("There is no server: each statement is done before the next one begins.\n");
        };
        if let Some(wanted) = wanted {
            remote.set_pipelining(wanted);
        }
        let state = if remote.is_pipelining() { "ON" } else { "OFF" };
        self.screen.say(&format!(
            "Current request-pipelining configuration: {state}\n"
        ))
    }

    /// Runs the last statement again and again, until Ctrl-C or until it fails.
    async fn watch(&mut self, seconds: f64) -> Result<(), Failure> {
        let Some(text) = self.last.clone() else {
            return Err(Failure::new("there is no statement to run again")
                .hint("run one that answers, such as SHOW QUERIES; and then \\watch"));
        };
        if length_of(&text) == Length::Endless {
            return Err(
                Failure::new("the last statement has no end to be run again after")
                    .hint("a query with EMIT CHANGES watches by itself"),
            );
        }
        let mut signals = Signals::listen()?;
        let had_pager = std::mem::replace(&mut self.screen.has_pager, false);
        let outcome = self.watch_statement(&text, seconds, &mut signals).await;
        self.screen.has_pager = had_pager;
        outcome
    }

    async fn watch_statement(
        &mut self,
        text: &str,
        seconds: f64,
        signals: &mut Signals,
    ) -> Result<(), Failure> {
        let mut ticks = tokio::time::interval(Duration::from_secs_f64(seconds));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = signals.interrupted() => return Ok(()),
            }
            let now = super::clock_text();
            self.screen.result(&format!("{now} (every {seconds}s)\n"))?;
            let Some(answers) = self.execute(text, signals).await? else {
                return Ok(());
            };
            let answers = answers.map_err(Failure::from)?;
            let outcome = show_all(answers, Length::Finite, &mut self.screen, signals).await?;
            if outcome == Outcome::Interrupted {
                return Ok(());
            }
        }
    }
}

fn set_output(screen: &mut Screen, format: Option<&str>) -> Result<(), Failure> {
    let name = |format| match format {
        OutputFormat::Tabular => "TABULAR",
        OutputFormat::Json => "JSON",
    };
    let Some(format) = format else {
        let text = format!("Current output format: {}\n", name(screen.format));
        return screen.say(&text);
    };
    screen.format = match format {
        "tabular" => OutputFormat::Tabular,
        "json" => OutputFormat::Json,
        other => {
            return screen.say(&format!(
                "Invalid output format: '{}' (valid formats: 'JSON', 'TABULAR')\n",
                other.to_uppercase()
            ));
        }
    };
    let text = format!("Output format set to {}\n", name(screen.format));
    screen.say(&text)
}

/// Whether a statement's answer has an end.
pub fn length_of(text: &str) -> Length {
    let words = scan::words(text);
    let is_push = words
        .windows(2)
        .any(|pair| pair[0].is(text, "EMIT") && pair[1].kind == scan::Kind::Word);
    let is_print = words.first().is_some_and(|first| first.is(text, "PRINT"));
    match is_push || is_print {
        true => Length::Endless,
        false => Length::Finite,
    }
}
