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
    fs::File,
    path::Path,
    time::Instant,
};

use weir_engine::{Entity, entity::Body, hunt::Hunt, properties};
use weir_sigma::{Options, Rules};

use super::site;
use crate::{
    cli::{EngineArguments, Prune, SigmaDeployArguments},
    connection::{self, Broker, Door},
    failure::Failure,
    signals::Signals,
    sql::harmless,
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
    if arguments.prune.is_some() && !arguments.path.is_dir() {
        let path = arguments.path.display();
        let message = format!(
            "`{path}` is no folder, and --prune ends the queries of all rules that are not there"
        );
        return Err(Failure::new(message).hint("name the folder that has all rules"));
    }
    let client = connection::client_options(&arguments.client).await?;
    let url = arguments.client.url.as_deref();
    if url.is_none() && connection::builder(&engine)?.1 == Broker::None {
        return Err(Failure::new("rules are deployed to a server, or to where one will run, and none was named")
            .hint("name a server with --url http://HOST:PORT; a Kafka with --bootstrap-servers HOST:PORT, or a folder for a broker with --embedded DIR, whose server runs the rules when it starts"));
    }
    let file = arguments.summary.as_deref();
    let file = file.map(|path| report::create(path).map(|file| (path, file)));
    let file = file.transpose()?;
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
    let outcome = deployment.run(&rules, file, &mut signals).await;
    if let Target::Own(engine) = &target {
        let stopped = engine.shutdown().await;
        outcome?;
        return Ok(stopped?);
    }
    outcome
}

fn options(arguments: &SigmaDeployArguments) -> Result<Options, Failure> {
    let options = site::alerting(
        &arguments.site,
        &arguments.layout,
        (&arguments.topic, arguments.stream.as_deref()),
        &arguments.sink,
        !arguments.no_event,
    )?;
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

/// What is to be done, and what is said of the streams when it is.
struct Plan {
    wanted: Wanted,
    streams: Vec<&'static str>,
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
    async fn run(
        &self,
        rules: &Rules,
        file: Option<(&Path, File)>,
        signals: &mut Signals,
    ) -> Result<(), Failure> {
        let mut plan = tokio::select! {
            plan = self.plan(rules) => plan?,
            () = signals.told_to_stop() => return Err(Failure::interrupted()),
        };
        for note in &plan.wanted.notes {
            eprintln!("{}", harmless(&format!("note: {note}")));
        }
        let is_unchanged = |line: &Line| line.action == Action::Unchanged;
        if !self.properties.is_empty() && plan.wanted.lines.iter().any(is_unchanged) {
            eprintln!(
                "note: --set is for queries that are created or replaced; those that are unchanged keep what was set for them"
            );
        }
        let is_dry_run = self.arguments.dry_run;
        let done = match self.check(&plan.wanted) {
            Err(failure) => Err(failure),
            Ok(()) if is_dry_run => self.try_out(&mut plan.wanted),
            Ok(()) => tokio::select! {
                done = self.carry_out(rules, &mut plan) => done,
                // What is done is done, and is said; deployed again, the rest is.
                () = signals.told_to_stop() => Err(Failure::interrupted()),
            },
        };
        let Plan {
            wanted: Wanted { mut lines, .. },
            mut streams,
        } = plan;
        if !is_dry_run {
            lines.retain(|line| line.is_done);
        }
        let has_any = lines.iter().any(Line::runs);
        if !has_any {
            lines.retain(|line| line.is_done && line.action != Action::Gone);
        }
        if done.is_err() || !has_any {
            streams.clear();
        }
        let seconds = self.since.elapsed().as_secs_f64();
        let summary = Summary::new(&lines, streams, is_dry_run, seconds);
        let said = report::say(&lines, &summary, self.arguments.output, file);
        done?;
        said?;
        let count = |action: Action| lines.iter().filter(|line| line.action == action).count();
        match count(Action::NotDone) {
            0 => {}
            some => {
                let message =
                    format!("what could not be done: {some}, each for the reason beside it");
                return Err(Failure::new(message).hint("deploying again does what is left"));
            }
        }
        if !has_any {
            return Err(self.none());
        }
        match self.arguments.strict && count(Action::LeftOut) > 0 {
            true => Err(Failure::said(LEFT_OUT)),
            false => Ok(()),
        }
    }

    async fn plan(&self, rules: &Rules) -> Result<Plan, Failure> {
        let found = Found::look(self.target, self.options).await?;
        let choices = Choices {
            prune: self.arguments.prune,
            partitions: self.arguments.partitions,
        };
        let wanted = Wanted::new(rules, &found, self.options, &choices)?;
        Ok(Plan {
            streams: said_of_streams(&wanted, &found),
            wanted,
        })
    }

    /// Refuses what is hardly what was meant, before anything is changed.
    fn check(&self, wanted: &Wanted) -> Result<(), Failure> {
        // A folder in which no rule is right: nothing ends for its sake.
        if !wanted.lines.iter().any(Line::runs) {
            return Err(self.none());
        }
        let (ending, staying) = (wanted.ending.len(), wanted.staying);
        if ending > staying && !self.prunes_all() {
            let path = self.arguments.path.display();
            let message = format!(
                "{ending} queries would end, as their rules are not in `{path}`, and {staying} would go on"
            );
            return Err(Failure::new(message).hint(
                "is it the right folder? --dry-run says which they are, and --prune=all ends them",
            ));
        }
        Ok(())
    }

    fn none(&self) -> Failure {
        let path = self.arguments.path.display();
        Failure::new(format!("`{path}` has no rule that can be deployed"))
    }

    fn prunes_all(&self) -> bool {
        self.arguments.prune == Some(Prune::All)
    }

    async fn carry_out(&self, rules: &Rules, plan: &mut Plan) -> Result<(), Failure> {
        self.declare(rules, plan).await?;
        let wanted = &mut plan.wanted;
        let new = new_rules(wanted);
        let mut waiting = chunks(std::mem::take(&mut wanted.beginning));
        while let Some(chunk) = waiting.pop_front() {
            self.tell(chunk, &mut waiting, &mut wanted.lines).await?;
        }
        self.keep(&new, wanted);
        let mut waiting = chunks(std::mem::take(&mut wanted.ending));
        while let Some(chunk) = waiting.pop_front() {
            self.tell(chunk, &mut waiting, &mut wanted.lines).await?;
        }
        Ok(())
    }

    /// Declares the streams. Where somebody else was at them since they were looked at, what is wanted is found anew, once.
    async fn declare(&self, rules: &Rules, plan: &mut Plan) -> Result<(), Failure> {
        if plan.wanted.streams.is_empty() {
            return Ok(());
        }
        let none = BTreeMap::new();
        // A stream that is there already is left as it is, with a warning, and may not have what these rules need.
        let is_warning = |answer: &Entity| matches!(answer.body, Body::Warning { .. });
        match self.target.run(&plan.wanted.streams, &none).await {
            Ok(answers) if !answers.iter().any(is_warning) => return Ok(()),
            Ok(_) | Err(Refused::Statement { .. }) => {}
            Err(refused) => return Err(refused.into()),
        }
        *plan = self.plan(rules).await?;
        self.check(&plan.wanted)?;
        if !plan.wanted.streams.is_empty() {
            self.target.run(&plan.wanted.streams, &none).await?;
        }
        Ok(())
    }

    /// Plans here what would be told to the target: what an engine of this version refuses is left out.
    fn try_out(&self, wanted: &mut Wanted) -> Result<(), Failure> {
        let mut hunt = Hunt::new();
        for declaration in &wanted.declarations {
            hunt.declare(declaration)?;
        }
        let new = new_rules(wanted);
        for work in &wanted.beginning {
            if let Err(error) = hunt.add(&work.statement) {
                let line = &mut wanted.lines[work.line];
                *line = line.clone().left_out(error.message);
            }
        }
        self.keep(&new, wanted);
        Ok(())
    }

    /// Where one of the rules that are new was refused nothing ends: what is gone may be what it takes the place of.
    fn keep(&self, new: &[usize], wanted: &mut Wanted) {
        let is_refused = new.iter().any(|at| !wanted.lines[*at].runs());
        if !is_refused || self.prunes_all() {
            return;
        }
        for work in std::mem::take(&mut wanted.ending) {
            let line = &mut wanted.lines[work.line];
            *line = line.clone().kept(
                "it is not dropped, as a new rule was refused, which may be to take its place",
            );
        }
    }

    /// Has the target run a chunk. Where one of it is refused, that is left out, and what is yet to be done of the others
    /// comes next.
    async fn tell(
        &self,
        mut chunk: Vec<Work>,
        waiting: &mut VecDeque<Vec<Work>>,
        lines: &mut [Line],
    ) -> Result<(), Failure> {
        let statements: Vec<String> = chunk.iter().map(|work| work.statement.clone()).collect();
        let refused = match self.target.run(&statements, self.properties).await {
            Ok(_) => {
                chunk
                    .iter()
                    .for_each(|work| lines[work.line].is_done = true);
                return Ok(());
            }
            Err(refused) => refused,
        };
        match refused {
            Refused::Statement { text, done, reason } => {
                let Some(at) = Work::find(&chunk, &text) else {
                    return Err(Failure::new(reason));
                };
                if done > at {
                    // Some behind it are done, too.
                    return self.find_out(&chunk, lines, Failure::new(reason)).await;
                }
                let rest = chunk.split_off(at + 1);
                if let Some(wrong) = chunk.pop() {
                    leave_out(lines, &wrong, reason);
                }
                let again = chunk.split_off(done.min(chunk.len()));
                chunk
                    .iter()
                    .for_each(|work| lines[work.line].is_done = true);
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
                let reason = reason.trim_start_matches("error: ");
                for work in &chunk {
                    leave_out(lines, work, reason.to_owned());
                }
                Ok(())
            }
            Refused::Failed(failure) => self.find_out(&chunk, lines, failure).await,
        }
    }

    /// Of a chunk at which the target failed some may be done, and some be logged and not run: the target is asked. Fails if it
    /// does not say, or nothing is done at all; then there is nothing to go on for.
    async fn find_out(
        &self,
        chunk: &[Work],
        lines: &mut [Line],
        failure: Failure,
    ) -> Result<(), Failure> {
        let Ok(found) = Found::look(self.target, self.options).await else {
            return Err(failure);
        };
        let running = |work: &Work| found.queries.get(&work.query_id);
        let is_logged = |work: &Work, line: &Line| work.is_logged(running(work), line.action);
        if !chunk.iter().any(|work| is_logged(work, &lines[work.line])) {
            return Err(failure);
        }
        let reason = failure.to_string();
        let reason = reason.trim_start_matches("error: ").lines().next();
        let reason = reason.unwrap_or("the target failed");
        for work in chunk {
            let line = &mut lines[work.line];
            let is_in_error = running(work).is_some_and(|running| running.state == "ERROR");
            match (is_logged(work, line), is_in_error) {
                (true, false) => line.is_done = true,
                (true, true) => {
                    *line = line
                        .clone()
                        .not_done(format!("it is deployed, and does not run: {reason}"));
                }
                (false, _) => *line = line.clone().not_done(reason.to_owned()),
            }
        }
        Ok(())
    }
}

fn leave_out(lines: &mut [Line], work: &Work, reason: String) {
    let line = &mut lines[work.line];
    *line = line.clone().left_out(reason);
}

/// Where the lines are of the rules that are to begin and have no query yet.
fn new_rules(wanted: &Wanted) -> Vec<usize> {
    let lines = wanted.beginning.iter().map(|work| work.line);
    lines
        .filter(|at| wanted.lines[*at].action == Action::Created)
        .collect()
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

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeMap,
        fs::File,
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        time::Instant,
    };

    use clap::Parser;
    use tempfile::TempDir;
    use weir_engine::{
        Engine,
        parts::{CheckpointStore, MemoryCheckpoints},
    };
    use weir_runtime::{Checkpoint, Error};
    use weir_sigma::{Options, Rules};

    use super::{Deployment, Found, Target, options};
    use crate::{
        cli::{Cli, Command, SigmaCommand, SigmaDeployArguments},
        failure::Failure,
        signals::Signals,
    };

    /// Has no room for the first rule's positions, while it is told so.
    #[derive(Debug, Default)]
    struct Full(MemoryCheckpoints, AtomicBool);

    #[async_trait::async_trait]
    impl CheckpointStore for Full {
        async fn load(&self, query: &str, partition: i32) -> Result<Option<Checkpoint>, Error> {
            self.0.load(query, partition).await
        }

        async fn save(
            &self,
            query: &str,
            partition: i32,
            checkpoint: &Checkpoint,
        ) -> Result<(), Error> {
            match self.1.load(Ordering::Acquire) && query.ends_with('1') {
                true => Err(Error::external("no room for this one")),
                false => self.0.save(query, partition, checkpoint).await,
            }
        }

        async fn load_plan(&self, query: &str) -> Result<Option<String>, Error> {
            self.0.load_plan(query).await
        }

        async fn save_plan(&self, query: &str, plan: &str) -> Result<(), Error> {
            self.0.save_plan(query, plan).await
        }

        async fn remove(&self, query: &str) -> Result<(), Error> {
            self.0.remove(query).await
        }
    }

    struct Site {
        folder: TempDir,
        arguments: SigmaDeployArguments,
        options: Options,
        target: Target,
        none: BTreeMap<String, String>,
    }

    impl Site {
        /// Two rules, and an engine that keeps its checkpoints there.
        async fn new(checkpoints: Arc<dyn CheckpointStore>) -> Self {
            let folder = tempfile::tempdir().unwrap();
            for number in [1, 2] {
                let text = format!(
                    "title: Rule {number}\nid: 5a1c0a4e-0000-4000-8000-00000000000{number}\nlogsource: {{product: windows, category: process_creation}}\ndetection:\n  a: {{CommandLine: x}}\n  condition: a\n"
                );
                std::fs::write(folder.path().join(format!("{number}.yml")), text).unwrap();
            }
            let path = folder.path().to_str().unwrap();
            let line = [
                "weir", "sigma", "deploy", path, "--topic", "events", "--sink", "alerts",
            ];
            let line = line.into_iter().chain(["--partitions", "1"]);
            let Command::Sigma(SigmaCommand::Deploy(arguments)) = Cli::parse_from(line).command
            else {
                panic!("another command");
            };
            let engine = Engine::builder().memory(0).checkpoints(checkpoints);
            Self {
                options: options(&arguments).unwrap(),
                arguments: *arguments,
                target: Target::Own(engine.build().await.unwrap()),
                none: BTreeMap::new(),
                folder,
            }
        }

        fn deployment(&self) -> Deployment<'_> {
            Deployment {
                arguments: &self.arguments,
                options: &self.options,
                properties: &self.none,
                target: &self.target,
                since: Instant::now(),
            }
        }

        fn rules(&self) -> Rules {
            Rules::load(self.folder.path()).unwrap()
        }

        /// What came of it, and the sums.
        async fn deploy(&self) -> (Result<(), Failure>, serde_json::Value) {
            let path = self.folder.path().join("summary.json");
            let file = File::create(&path).unwrap();
            let mut signals = Signals::listen().unwrap();
            let deployment = self.deployment();
            let rules = self.rules();
            let file = Some((path.as_path(), file));
            let outcome = deployment.run(&rules, file, &mut signals).await;
            let sums = std::fs::read_to_string(path).unwrap();
            (outcome, serde_json::from_str(&sums).unwrap())
        }

        async fn states(&self) -> Vec<String> {
            let found = Found::look(&self.target, &self.options).await.unwrap();
            let queries = found.queries.into_values();
            queries.map(|running| running.state).collect()
        }
    }

    #[tokio::test]
    async fn a_query_that_could_not_be_started_is_told_and_the_next_deployment_begins_it() {
        let store = Arc::new(Full(MemoryCheckpoints::default(), AtomicBool::new(true)));
        let site = Site::new(store.clone()).await;
        let (outcome, sums) = site.deploy().await;
        let failure = outcome.unwrap_err().to_string();
        assert!(failure.contains("what could not be done: 1, "), "{failure}");
        assert_eq!(
            (&sums["created"], &sums["not_done"]),
            (&1.into(), &1.into())
        );
        assert_eq!(site.states().await, ["ERROR", "RUNNING"]);
        // It is still so.
        let (outcome, _) = site.deploy().await;
        assert!(outcome.is_err());
        store.1.store(false, Ordering::Release);
        let (outcome, sums) = site.deploy().await;
        outcome.unwrap();
        assert_eq!(
            (&sums["replaced"], &sums["unchanged"]),
            (&1.into(), &1.into())
        );
        assert_eq!(site.states().await, ["RUNNING", "RUNNING"]);
        let (_, sums) = site.deploy().await;
        assert_eq!(sums["unchanged"], 2);
    }

    #[tokio::test]
    async fn a_stream_that_somebody_else_declared_meanwhile_grows() {
        let site = Site::new(Arc::new(MemoryCheckpoints::default())).await;
        let (deployment, rules) = (site.deployment(), site.rules());
        let mut plan = deployment.plan(&rules).await.unwrap();
        let declare = "CREATE STREAM `events` (`winlog` STRUCT<`channel` VARCHAR>) WITH (KAFKA_TOPIC = 'events', VALUE_FORMAT = 'JSON', PARTITIONS = 1)";
        let declared = site.target.run(&[declare.to_owned()], &site.none).await;
        assert!(declared.is_ok());
        deployment.carry_out(&rules, &mut plan).await.unwrap();
        assert!(
            plan.wanted
                .lines
                .iter()
                .all(|line| line.is_done && line.runs())
        );
        assert_eq!(site.states().await, ["RUNNING", "RUNNING"]);
    }
}
