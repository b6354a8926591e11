//! `weir bench rules`: what an event costs with one rule, ten, a hundred, a thousand and all of them.
//!
//! The rules are taken in the order of the SHA-256 of their ids, so that each number of them is a sample that anybody gets
//! again. Loading is not timed with the events; it has a figure of its own.
//!
//! With `--vary N` there are N rules of the same kind: those of the folder with other names in them. They are made for each run anew,
//! so that a run's memory is that of its own rules.

use std::{ops::Range, thread, time::Instant};

use bytes::Bytes;
use serde::Serialize;
use sha2::{Digest, Sha256};
use weir_engine::parts::RuleOptions;
use weir_sigma::{Mapping, Options, Rule, Rules};

use super::{events::Events, measure::memory_mb, vary::Variations};
use crate::{
    cli::{BenchOutput, RulesArguments},
    failure::Failure,
    sigma::{Loaded, Ready},
    sql::say,
};

/// How many values are looked at in one go.
const BATCH: usize = 4_096;

/// Runs with one rule, of which the median counts.
const SINGLE: usize = 20;

#[derive(Debug, Clone, Serialize)]
struct Run {
    engine: &'static str,
    rules: usize,
    threads: usize,
    events: u64,
    matches: u64,
    /// Records that were not parsed.
    skipped: u64,
    events_per_s: f64,
    us_per_event: f64,
    rss_mb: f64,
    /// Until the rules were ready.
    deploy_s: f64,
}

#[derive(Serialize)]
struct Report {
    runs: Vec<Run>,
}

pub async fn run(arguments: RulesArguments) -> Result<(), Failure> {
    let output = arguments.output;
    let measured = tokio::task::spawn_blocking(move || measure(&arguments));
    let report = measured.await.map_err(Failure::new)??;
    match output {
        BenchOutput::Json => {
            let json = serde_json::to_string(&report).map_err(Failure::new)?;
            say(&format!("{json}\n"))
        }
        BenchOutput::Text => say(&text(&report)),
    }
}

fn measure(arguments: &RulesArguments) -> Result<Report, Failure> {
    let rules = Sample::read(arguments)?;
    let events = Events::read(&arguments.events)?;
    let all = rules.len();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut runs = Vec::new();
    let how = RuleOptions {
        has_index: !arguments.without_index,
        has_raw_filter: !arguments.without_raw_filter,
    };
    let run = |rules, threads| one_run(rules, &events, threads, how, arguments.repeat);
    let mut threads = vec![1, cores];
    threads.dedup();
    for threads in threads {
        let mut single = Vec::new();
        for place in 0..SINGLE.min(all) {
            single.push(run(rules.some(place..place + 1), threads)?);
        }
        single.sort_by(|one, other| one.us_per_event.total_cmp(&other.us_per_event));
        runs.extend(single.get(single.len() / 2).cloned());
        let mut counts: Vec<usize> = [10, 100, 1_000, all]
            .into_iter()
            .filter(|count| *count <= all)
            .collect();
        counts.sort_unstable();
        counts.dedup();
        for count in counts {
            runs.push(run(rules.some(0..count), threads)?);
        }
    }
    Ok(Report { runs })
}

/// Rules in the order in which they are taken.
enum Sample {
    Read(Vec<Rule>),
    /// By their numbers.
    Varied(Variations, Vec<u32>),
}

impl Sample {
    fn read(arguments: &RulesArguments) -> Result<Self, Failure> {
        let read = Rules::load(&arguments.rules).map_err(Failure::new)?;
        let usable = usable(&read.rules)?;
        let none = || {
            let path = arguments.rules.display();
            Failure::new(format!("`{path}` has no rule that can be run"))
        };
        if usable.is_empty() {
            return Err(none());
        }
        let Some(count) = arguments.vary else {
            return Ok(Self::Read(ordered(usable, |rule| rule.key().to_owned())));
        };
        let variations = Variations::of(usable, arguments.seed).ok_or_else(none)?;
        let numbers = ordered((0..count).collect(), |number| variations.id(*number));
        Ok(Self::Varied(variations, numbers))
    }

    fn len(&self) -> usize {
        match self {
            Self::Read(rules) => rules.len(),
            Self::Varied(_, numbers) => numbers.len(),
        }
    }

    fn some(&self, places: Range<usize>) -> Vec<Rule> {
        match self {
            Self::Read(rules) => rules[places].to_vec(),
            Self::Varied(variations, numbers) => {
                let numbers = numbers[places].iter();
                numbers.map(|number| variations.rule(*number)).collect()
            }
        }
    }
}

/// By the SHA-256 of their ids.
fn ordered<T>(mut all: Vec<T>, id: impl Fn(&T) -> String) -> Vec<T> {
    all.sort_by_cached_key(|one| Sha256::digest(id(one)));
    all
}

/// The rules that can be run at all.
fn usable(rules: &[Rule]) -> Result<Vec<Rule>, Failure> {
    let loaded = Loaded::of(rules, options()?);
    let ids: std::collections::HashSet<String> = loaded
        .ready(RuleOptions::default())?
        .rules
        .into_iter()
        .map(|rule| rule.id)
        .collect();
    Ok(rules
        .iter()
        .filter(|rule| ids.contains(rule.key()))
        .cloned()
        .collect())
}

fn options() -> Result<Options, Failure> {
    let mapping = Mapping::built_in("winlogbeat").map_err(Failure::new)?;
    Ok(Options::new(mapping, "wineventlogs", "windows_alerts"))
}

fn one_run(
    rules: Vec<Rule>,
    events: &Events,
    threads: usize,
    how: RuleOptions,
    repeat: u32,
) -> Result<Run, Failure> {
    let since = Instant::now();
    let ready = Loaded::of(&rules, options()?).ready(how)?;
    let deploy_s = since.elapsed().as_secs_f64();
    drop(rules);
    let values: Vec<Option<Bytes>> = events.lines.iter().cloned().map(Some).collect();
    let mut best: Option<Run> = None;
    for _ in 0..repeat {
        let run = timed(&ready, &values, threads, deploy_s)?;
        if best
            .as_ref()
            .is_none_or(|best| run.us_per_event < best.us_per_event)
        {
            best = Some(run);
        }
    }
    best.ok_or_else(|| Failure::new("no run"))
}

fn timed(
    ready: &Ready,
    values: &[Option<Bytes>],
    threads: usize,
    deploy_s: f64,
) -> Result<Run, Failure> {
    let share = values.len().div_ceil(threads).max(1);
    let since = Instant::now();
    let stats = thread::scope(|scope| {
        let workers = values.chunks(share).map(|chunk| {
            scope.spawn(move || {
                let mut pipeline = ready.program.pipeline()?;
                for batch in chunk.chunks(BATCH) {
                    pipeline.process(batch, |_, _| {})?;
                }
                Ok::<_, weir_engine::Error>(pipeline.stats())
            })
        });
        let workers: Vec<_> = workers.collect();
        let stats = workers.into_iter().map(|worker| match worker.join() {
            Ok(stats) => stats.map_err(Failure::from),
            Err(_) => Err(Failure::new("a thread of the benchmark panicked")),
        });
        stats.collect::<Result<Vec<_>, _>>()
    })?;
    let seconds = since.elapsed().as_secs_f64();
    let events = values.len() as u64;
    Ok(Run {
        engine: "weir",
        rules: ready.rules.len(),
        threads,
        events,
        matches: stats.iter().map(|stats| stats.matches).sum(),
        skipped: stats.iter().map(|stats| stats.skipped).sum(),
        events_per_s: events as f64 / seconds,
        us_per_event: seconds * 1e6 / events as f64,
        rss_mb: memory_mb(),
        deploy_s,
    })
}

fn text(report: &Report) -> String {
    let head = [
        "engine", "rules", "threads", "events/s", "us/event", "matches", "skipped", "rss MB",
        "deploy s",
    ];
    let rows = report.runs.iter().map(|run| {
        vec![
            run.engine.to_owned(),
            run.rules.to_string(),
            run.threads.to_string(),
            format!("{:.0}", run.events_per_s),
            format!("{:.2}", run.us_per_event),
            run.matches.to_string(),
            run.skipped.to_string(),
            format!("{:.0}", run.rss_mb),
            format!("{:.3}", run.deploy_s),
        ]
    });
    let mut lines = vec![head.join("\t")];
    lines.extend(rows.map(|row| row.join("\t")));
    lines.join("\n") + "\n"
}
