//! `weir sigma eval`: which lines of a file match which rules.
//!
//! ```text
//! reader ── blocks, bounded ──▶ N threads ── matches of a block ──▶ in the order of the blocks ──▶ standard output
//! ```
//!
//! **Invariant:** what is in memory is bounded, however large the file is, and however fast one thread is beside another: a block
//! has its place in the order before it is given away, and there are few places.

use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Instant,
};

use serde::Serialize;
use weir_engine::{hunt::HuntPipeline, parts::RuleOptions};

use super::{
    blocks::{Block, Blocks},
    loaded::{Hunted, LeftOut, Loaded, Ready},
    site,
};
use crate::{
    cli::{SigmaEvalArguments, SigmaOutput},
    failure::Failure,
    sql::{harmless, printable},
    stdout::Stdout,
};

/// What `--set` may change.
const INDEX: &str = "weir.rules.index.enable";
const RAW_FILTER: &str = "weir.rules.raw.filter";

pub async fn run(arguments: SigmaEvalArguments) -> Result<(), Failure> {
    let hunted = tokio::task::spawn_blocking(move || hunt(&arguments));
    hunted.await.map_err(Failure::new)?
}

/// A match, as `--output json` has it.
#[derive(Serialize)]
struct Match<'a> {
    rule_id: &'a str,
    title: &'a str,
    level: &'a str,
    line: u64,
}

#[derive(Serialize)]
struct Summary {
    rules_loaded: usize,
    left_out: Vec<LeftOut>,
    /// Lines that are not blank.
    events: u64,
    matches: u64,
    load_s: f64,
    /// Without what loading took.
    seconds: f64,
}

fn hunt(arguments: &SigmaEvalArguments) -> Result<(), Failure> {
    // What is wrong with the arguments is said before anything takes long.
    let how = how(&arguments.set)?;
    let blocks = Blocks::open(&arguments.events)?;
    let mut summary_file = arguments.summary.as_deref().map(create).transpose()?;
    let since = Instant::now();
    let options = site::hunting(&arguments.site, &arguments.layout)?;
    let mut ready = Loaded::read(&arguments.rules, options)?.ready(how)?;
    let load_s = since.elapsed().as_secs_f64();
    let left_out = std::mem::take(&mut ready.left_out);
    left_out.iter().for_each(say_left_out);
    if ready.rules.is_empty() {
        let path = arguments.rules.display();
        return Err(Failure::new(format!(
            "`{path}` has no rule that can be run"
        )));
    }
    let since = Instant::now();
    let rules_loaded = ready.rules.len();
    let found = through(blocks, ready, threads(arguments), arguments.output)?;
    let summary = Summary {
        rules_loaded,
        left_out,
        events: found.events,
        matches: found.matches,
        load_s,
        seconds: since.elapsed().as_secs_f64(),
    };
    eprint!("{}", text(&summary, &found));
    match &mut summary_file {
        Some((file, name)) => write(&summary, file, name),
        None => Ok(()),
    }
}

fn threads(arguments: &SigmaEvalArguments) -> usize {
    match arguments.threads {
        Some(threads) => usize::from(threads),
        None => thread::available_parallelism().map_or(1, usize::from),
    }
}

fn how(assignments: &[String]) -> Result<RuleOptions, Failure> {
    let mut how = RuleOptions::default();
    for assignment in assignments {
        let (name, value) = assignment.split_once('=').ok_or_else(|| {
            Failure::new(format!("`--set {assignment}` has no `=`"))
                .hint("write `--set NAME=VALUE`")
        })?;
        let (name, value) = (name.trim(), value.trim());
        let setting = match name {
            INDEX => &mut how.has_index,
            RAW_FILTER => &mut how.has_raw_filter,
            _ => {
                let message = format!("`{name}` is nothing that can be set for a hunt");
                return Err(
                    Failure::new(message).hint(format!("there are `{INDEX}` and `{RAW_FILTER}`"))
                );
            }
        };
        *setting = match value.to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => {
                let message = format!("`{name}` is true or false, and not `{value}`");
                return Err(Failure::new(message));
            }
        };
    }
    Ok(how)
}

fn create(path: &Path) -> Result<(File, String), Failure> {
    let name = format!("`{}`", path.display());
    match File::create(path) {
        Ok(file) => Ok((file, name)),
        Err(error) => Err(Failure::new(format!("cannot write {name}: {error}"))),
    }
}

fn write(summary: &Summary, file: &mut File, name: &str) -> Result<(), Failure> {
    let mut json = serde_json::to_string(summary).map_err(Failure::new)?;
    json.push('\n');
    file.write_all(json.as_bytes())
        .map_err(|error| Failure::new(format!("cannot write {name}: {error}")))
}

/// Rules may come from anywhere: what is said of them is made harmless.
fn say_left_out(rule: &LeftOut) {
    let said = format!("left out: {}: {}", rule.rule_id, rule.reason);
    eprintln!("{}", harmless(&said));
}

fn text(summary: &Summary, found: &Found) -> String {
    let Summary {
        rules_loaded,
        events,
        matches,
        load_s,
        seconds,
        ..
    } = summary;
    let left_out = summary.left_out.len();
    let mut text = format!(
        "rules: {rules_loaded} loaded in {load_s:.2} s, {left_out} left out\n\
         events: {events} in {seconds:.2} s\nmatches: {matches}\n"
    );
    let no_objects = events - found.objects;
    if no_objects > 0 {
        text += &format!(
            "warning: {no_objects} of the events are no JSON objects: no rule matches them\n"
        );
    }
    text
}

/// What was found in a block, or in all of them.
#[derive(Default)]
struct Found {
    /// The matches, as they are written.
    text: Vec<u8>,
    events: u64,
    /// Of them, those that begin as a JSON object does.
    objects: u64,
    matches: u64,
}

/// A block, and where what is found in it goes.
struct Work {
    block: Block,
    answer: SyncSender<Result<Found, Failure>>,
}

/// Writes the matches; gives what there was of all, without the texts.
///
/// The threads are left to themselves: if writing ends early, one may wait for standard input for ever.
fn through(
    blocks: Blocks,
    ready: Ready,
    threads: usize,
    output: SigmaOutput,
) -> Result<Found, Failure> {
    let ready = Arc::new(ready);
    let (work, queue) = sync_channel(threads);
    let queue = Arc::new(Mutex::new(queue));
    let (places, order) = sync_channel(2 * threads);
    for _ in 0..threads {
        let seeker = Seeker {
            pipeline: ready.program.pipeline()?,
            ready: Arc::clone(&ready),
            output,
        };
        let queue = Arc::clone(&queue);
        start("hunt", move || seeker.work(&queue))?;
    }
    drop(queue);
    start("read", move || read(blocks, &work, &places))?;
    let mut all = Found::default();
    for answer in order {
        let gone = |_| Failure::new("a thread of the hunt ended before its work was done");
        let found = answer.recv().map_err(gone)??;
        all.events += found.events;
        all.objects += found.objects;
        all.matches += found.matches;
        if !found.text.is_empty() {
            say_bytes(&found.text)?;
        }
    }
    Ok(all)
}

/// Documents may nest, and debug frames are large.
fn start(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let thread = thread::Builder::new()
        .name(name.to_owned())
        .stack_size(crate::WORKER_STACK)
        .spawn(work);
    match thread {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(format!("cannot start a thread: {error}"))),
    }
}

type Answer = Receiver<Result<Found, Failure>>;

/// Gives the blocks away until the input or the wish for them ends.
fn read(mut blocks: Blocks, work: &SyncSender<Work>, places: &SyncSender<Answer>) {
    loop {
        let next = match blocks.next() {
            Ok(next) if next.is_empty() => return,
            Ok(next) => next,
            Err(failure) => {
                let (answer, receiver) = sync_channel(1);
                let _ = answer.send(Err(failure));
                let _ = places.send(receiver);
                return;
            }
        };
        for block in next {
            let (answer, receiver) = sync_channel(1);
            let is_wanted = places.send(receiver).is_ok();
            if !is_wanted || work.send(Work { block, answer }).is_err() {
                return;
            }
        }
    }
}

/// One thread's part.
struct Seeker {
    pipeline: HuntPipeline,
    ready: Arc<Ready>,
    output: SigmaOutput,
}

impl Seeker {
    fn work(mut self, queue: &Mutex<Receiver<Work>>) {
        loop {
            // A thread that waits here holds the lock, and the others wait for the lock: it comes to the same.
            let work = match queue.lock() {
                Ok(queue) => queue.recv(),
                Err(_) => return,
            };
            let Ok(Work { block, answer }) = work else {
                return;
            };
            // Nobody waits for it if the program is about to end.
            let _ = answer.send(self.look(&block));
        }
    }

    fn look(&mut self, block: &Block) -> Result<Found, Failure> {
        let (numbers, values): (Vec<_>, Vec<_>) = block
            .lines()
            .map(|(number, line)| (number, Some(line)))
            .unzip();
        let mut matches = Vec::new();
        self.pipeline.process(&values, |rule, places| {
            matches.extend(places.iter().map(|place| (*place, rule)));
        })?;
        matches.sort_unstable();
        matches.dedup();
        let is_object = |line: &[u8]| line.trim_ascii_start().starts_with(b"{");
        let objects = values.iter().flatten().filter(|line| is_object(line));
        let mut found = Found {
            text: Vec::new(),
            events: values.len() as u64,
            objects: objects.count() as u64,
            matches: matches.len() as u64,
        };
        for (place, rule) in matches {
            let line = numbers[place as usize];
            self.write(&self.ready.rules[rule], line, &mut found.text)?;
        }
        Ok(found)
    }

    fn write(&self, rule: &Hunted, line: u64, text: &mut Vec<u8>) -> Result<(), Failure> {
        match self.output {
            SigmaOutput::Json => {
                let found = Match {
                    rule_id: &rule.id,
                    title: &rule.title,
                    level: &rule.level,
                    line,
                };
                serde_json::to_writer(&mut *text, &found).map_err(Failure::new)?;
            }
            SigmaOutput::Text => {
                let level = match rule.level.as_str() {
                    "" => "-",
                    level => level,
                };
                text.extend_from_slice(line.to_string().as_bytes());
                for field in [level, &rule.title, &rule.id] {
                    text.push(b'\t');
                    text.extend_from_slice(printable(field).replace('\n', " ").as_bytes());
                }
            }
        }
        text.push(b'\n');
        Ok(())
    }
}

fn say_bytes(text: &[u8]) -> Result<(), Failure> {
    match Stdout::write(text)?.is_read() {
        true => Ok(()),
        false => Err(Failure::nobody_reads()),
    }
}
