//! `weir sigma deploy`: a folder of rules as the wanted state of a server's queries.
//!
//! ```text
//! rules ── convert ─┐
//!                   ├─▶ wanted: streams that grow, queries to begin, to replace, to end ── in chunks ──▶ target
//! target ── found ──┘
//! ```
//!
//! What runs is compared with what the rules are now, statement by statement: nothing is kept beside, so that it does not matter
//! who deployed what runs, from where, and what was changed by hand since. Deploying again is always right, also after half of it.

mod found;
mod report;
mod target;
mod wanted;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

use weir_engine::{hunt::Hunt, properties};
use weir_sigma::{Options, Rules};

use super::site;
use crate::{
    cli::{EngineArguments, SigmaDeployArguments},
    connection::{self, Broker, Door},
    failure::Failure,
    signals::Signals,
};

use found::Found;
use report::{Action, Line, Summary};
use target::{Refused, Target};
use wanted::{Choices, Wanted, Work};

/// What is told to the target in one go: as many statements as are logged and begun together.
const STATEMENTS: usize = 256;
const BYTES: usize = 448 << 10;

/// The exit status with `--strict` when rules were left out.
const LEFT_OUT: u8 = 3;

pub async fn run(arguments: SigmaDeployArguments) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let options = options(&arguments)?;
    let (engine, properties) = split_settings(&arguments)?;
    let since = Instant::now();
    let rules = Rules::load(&arguments.path).map_err(Failure::new)?;
    let client = connection::client_options(&arguments.client).await?;
    let url = arguments.client.url.as_deref();
    if url.is_none() && connection::builder(&engine)?.1 == Broker::None {
        return Err(Failure::new("rules are deployed to a server, or to where one will run, and none was named")
            .hint("name a server with --url http://HOST:PORT; a Kafka with --bootstrap-servers HOST:PORT, or a folder for a broker with --embedded DIR, whose server runs the rules when it starts"));
    }
    let door = tokio::select! {
        door = connection::door(url, &client, &engine) => door?,
        () = signals.told_to_stop() => return Err(Failure::interrupted()),
    };
    let target = match door {
        (Door::Own(engine), _) => Target::Own(engine),
        (Door::Server(server), _) => Target::Server(server),
    };
    let deployment = Deployment {
        arguments: &arguments,
        options: &options,
        properties: &properties,
        target: &target,
        since,
    };
    let outcome = tokio::select! {
        outcome = deployment.run(&rules) => outcome,
        // What is done is done; deployed again, the rest is.
        () = signals.told_to_stop() => Err(Failure::interrupted()),
    };
    if let Target::Own(engine) = &target {
        let stopped = engine.shutdown().await;
        outcome?;
        return Ok(stopped?);
    }
    outcome
}

fn options(arguments: &SigmaDeployArguments) -> Result<Options, Failure> {
    let mut options = site::options(
        &arguments.site,
        &arguments.layout,
        &arguments.topic,
        &arguments.sink,
    )?;
    if let Some(stream) = &arguments.stream {
        options.stream = stream.clone();
    }
    options.has_event = !arguments.no_event;
    if options.topic == options.sink || options.stream_of_events() == options.stream_of_alerts() {
        return Err(Failure::new("alerts would go where events come from")
            .hint("--topic and --sink are two topics"));
    }
    Ok(options)
}

/// What `--set` says of the queries, and what it says of an engine of this process.
fn split_settings(
    arguments: &SigmaDeployArguments,
) -> Result<(EngineArguments, BTreeMap<String, String>), Failure> {
    let mut engine = EngineArguments {
        set: Vec::new(),
        ..arguments.engine.clone()
    };
    let mut of_queries = BTreeMap::new();
    for assignment in &arguments.engine.set {
        let pair = assignment.split_once('=');
        let (name, value) = match pair {
            Some((name, value)) => (name.trim(), value),
            // Whoever reads the others says what is wrong with it.
            None => ("", ""),
        };
        match properties::settable(name) {
            Ok(name) => {
                properties::check_value(name, value)?;
                of_queries.insert(name.to_owned(), value.to_owned());
            }
            Err(error) if arguments.client.url.is_some() => {
                let failure = Failure::new(error.message);
                return Err(failure.hint("--set beside --url is what SET may say of a query, as NAME=VALUE; all else is the server's to say"));
            }
            Err(_) => engine.set.push(assignment.clone()),
        }
    }
    Ok((engine, of_queries))
}

struct Deployment<'a> {
    arguments: &'a SigmaDeployArguments,
    options: &'a Options,
    /// In force for the queries that begin.
    properties: &'a BTreeMap<String, String>,
    target: &'a Target,
    since: Instant,
}

impl Deployment<'_> {
    async fn run(&self, rules: &Rules) -> Result<(), Failure> {
        let found = Found::look(self.target, self.options).await?;
        let choices = Choices {
            prunes: self.arguments.prune,
            partitions: self.arguments.partitions,
        };
        let mut wanted = Wanted::new(rules, &found, self.options, &choices)?;
        for note in &wanted.notes {
            eprintln!("note: {note}");
        }
        let mut streams = said_of_streams(&wanted, &found);
        let mut lines = std::mem::take(&mut wanted.lines);
        let is_dry_run = self.arguments.dry_run;
        let done = match is_dry_run {
            // A folder in which no rule is right is hardly what was meant: nothing ends for its sake.
            _ if !lines.iter().any(Line::runs) => self.is_none(&mut lines),
            true => try_out(&wanted, &mut lines),
            false => self.carry_out(wanted, &mut lines).await,
        };
        if done.is_err() {
            streams.clear();
        }
        let seconds = self.since.elapsed().as_secs_f64();
        let summary = Summary::new(&lines, streams, is_dry_run, seconds);
        let file = self.arguments.summary.as_deref();
        report::say(&lines, &summary, self.arguments.output, file)?;
        done?;
        if !lines.iter().any(Line::runs) {
            return self.is_none(&mut lines);
        }
        let is_left_out = |line: &Line| line.action == Action::LeftOut;
        match self.arguments.strict && lines.iter().any(is_left_out) {
            true => Err(Failure::said(LEFT_OUT)),
            false => Ok(()),
        }
    }

    fn is_none(&self, lines: &mut Vec<Line>) -> Result<(), Failure> {
        lines.retain(|line| line.action == Action::LeftOut);
        let path = self.arguments.path.display();
        Err(Failure::new(format!(
            "`{path}` has no rule that can be deployed"
        )))
    }

    async fn carry_out(&self, wanted: Wanted, lines: &mut Vec<Line>) -> Result<(), Failure> {
        let mut not_done: Vec<bool> = vec![false; lines.len()];
        for work in wanted.begin.iter().chain(&wanted.end) {
            not_done[work.line] = true;
        }
        let done = self.work(wanted, lines, &mut not_done).await;
        let mut not_done = not_done.into_iter();
        lines.retain(|_| !not_done.next().unwrap_or(false));
        done
    }

    async fn work(
        &self,
        wanted: Wanted,
        lines: &mut [Line],
        not_done: &mut [bool],
    ) -> Result<(), Failure> {
        if !wanted.streams.is_empty() {
            self.target.run(&wanted.streams, &BTreeMap::new()).await?;
        }
        let mut waiting: VecDeque<Vec<Work>> = chunks(wanted.begin);
        waiting.extend(chunks(wanted.end));
        while let Some(chunk) = waiting.pop_front() {
            self.tell(chunk, &mut waiting, lines, not_done).await?;
        }
        Ok(())
    }

    /// Has the target run a chunk. Where one of it is refused, that is left out, and what is yet to be done of the others
    /// comes next.
    async fn tell(
        &self,
        mut chunk: Vec<Work>,
        waiting: &mut VecDeque<Vec<Work>>,
        lines: &mut [Line],
        not_done: &mut [bool],
    ) -> Result<(), Failure> {
        let statements: Vec<String> = chunk.iter().map(|work| work.statement.clone()).collect();
        let refused = match self.target.run(&statements, self.properties).await {
            Ok(_) => {
                chunk.iter().for_each(|work| not_done[work.line] = false);
                return Ok(());
            }
            Err(refused) => refused,
        };
        let mut leave_out = |work: &Work, reason: String| {
            let line = &mut lines[work.line];
            let left_out = line.clone().left_out(reason);
            *line = left_out;
            not_done[work.line] = false;
        };
        match refused {
            Refused::Statement { text, done, reason } => {
                let Some(at) = chunk.iter().position(|work| work.is_in(&text)) else {
                    return Err(Failure::new(reason));
                };
                let rest = chunk.split_off(at + 1);
                if let Some(wrong) = chunk.pop() {
                    leave_out(&wrong, reason);
                }
                let again = chunk.split_off(done.min(chunk.len()));
                chunk.iter().for_each(|work| not_done[work.line] = false);
                for part in [rest, again] {
                    if !part.is_empty() {
                        waiting.push_front(part);
                    }
                }
                Ok(())
            }
            Refused::TooLong(_) if chunk.len() > 1 => {
                let rest = chunk.split_off(chunk.len() / 2);
                waiting.push_front(rest);
                waiting.push_front(chunk);
                Ok(())
            }
            Refused::TooLong(failure) => {
                let reason = failure.to_string();
                let reason = reason.trim_start_matches("error: ").to_owned();
                chunk
                    .iter()
                    .for_each(|work| leave_out(work, reason.clone()));
                Ok(())
            }
            Refused::Failed(failure) => Err(failure),
        }
    }
}

fn chunks(works: Vec<Work>) -> VecDeque<Vec<Work>> {
    let mut chunks: VecDeque<Vec<Work>> = VecDeque::new();
    let mut bytes = 0;
    for work in works {
        bytes += work.statement.len() + 2;
        match chunks.back_mut() {
            Some(chunk) if chunk.len() < STATEMENTS && bytes <= BYTES => chunk.push(work),
            _ => {
                bytes = work.statement.len() + 2;
                chunks.push_back(vec![work]);
            }
        }
    }
    chunks
}

/// Plans here what would be told to the target: what an engine of this version refuses is left out.
fn try_out(wanted: &Wanted, lines: &mut [Line]) -> Result<(), Failure> {
    let mut hunt = Hunt::new();
    for declaration in &wanted.declarations {
        hunt.declare(declaration)?;
    }
    for work in &wanted.begin {
        if let Err(error) = hunt.add(&work.statement) {
            let line = &mut lines[work.line];
            let left_out = line.clone().left_out(error.message);
            *line = left_out;
        }
    }
    Ok(())
}

fn said_of_streams(wanted: &Wanted, found: &Found) -> Vec<&'static str> {
    if wanted.streams.is_empty() {
        return Vec::new();
    }
    let mut said = Vec::new();
    match (&found.events, &found.alerts) {
        (None, _) => said.push("the stream of events is declared"),
        (Some(_), None) if wanted.streams.len() == 1 => {}
        (Some(_), _) => said.push("the stream of events has further fields"),
    }
    if found.alerts.is_none() {
        said.push("the stream of alerts is declared");
    }
    said
}
