//! `weir bench filter`: a rule over a file of events, beside what the same job costs with other tools; `weir bench functions`
//! has a folder of its own.
//!
//! One thread decodes and matches in the first five runs; the brokers' runs are whole engines. All in one process, so that
//! ratios within a run hold on a noisy machine.

mod events;
mod functions;
mod measure;
mod peers;
mod rules;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use arrow::{datatypes::DataType, record_batch::RecordBatch};
use bytes::Bytes;
use serde::Serialize;
use weir_engine::{
    Builder, DeployOptions, Engine,
    filter::Filter,
    hunt::{Hunt, HuntPipeline},
    parts::{NewRecord, RuleOptions},
};

use crate::{
    bundled::{DECLARATION, RULES, TOPIC},
    cli::{BenchCommand, BenchOutput, FilterArguments},
    failure::Failure,
    produce::now,
    sql::{say, table},
};

use events::Events;
use measure::{Run, Stopwatch, Work};

/// Records written at once while a topic is filled.
const FILL: usize = 1000;

/// How long a topic may be deleted for.
const CLEANUP: Duration = Duration::from_secs(10);

#[derive(Serialize)]
struct Report {
    runs: Vec<Run>,
}

pub async fn run(command: BenchCommand) -> Result<(), Failure> {
    match command {
        BenchCommand::Filter(arguments) => filter(arguments).await,
        BenchCommand::Rules(arguments) => rules::run(arguments).await,
        BenchCommand::Functions(arguments) => functions::run(arguments).await,
    }
}

async fn filter(arguments: FilterArguments) -> Result<(), Failure> {
    let rule = Rule::new(arguments.predicate.as_deref())?;
    let events = Arc::new(Events::read(&arguments.events)?);
    let repeat = arguments.repeat;
    let in_one_thread = {
        let (rule, events) = (rule.clone(), events.clone());
        tokio::task::spawn_blocking(move || one_thread(&rule, &events, repeat))
    };
    let mut runs = in_one_thread.await.map_err(Failure::new)??;
    runs.push(through_embedded(&rule, &events, repeat).await?);
    if let Some(servers) = &arguments.bootstrap_servers {
        runs.push(through_kafka(&rule, &events, repeat, servers).await?);
    }
    let report = Report { runs };
    match arguments.output {
        BenchOutput::Json => {
            let json = serde_json::to_string(&report).map_err(Failure::new)?;
            say(&format!("{json}\n"))
        }
        BenchOutput::Text => say(&text(&report)),
    }
}

/// What is measured: the article's rule, or its columns under another predicate.
#[derive(Debug, Clone)]
struct Rule {
    /// `SELECT … FROM WINLOGEVENTS WHERE …`
    select: String,
    /// What `memmem` looks for.
    literal: String,
}

impl Rule {
    fn new(predicate: Option<&str>) -> Result<Self, Failure> {
        let text = RULES[0].text;
        let parts = text
            .find("SELECT ")
            .and_then(|start| text[start..].split_once("WHERE "));
        let Some((columns, condition)) = parts else {
            return Err(Failure::new(
                "the bundled rule is not a SELECT with a WHERE",
            ));
        };
        let condition = predicate.unwrap_or(condition).trim().trim_end_matches(';');
        Ok(Self {
            select: format!("{columns}WHERE {condition}"),
            literal: first_literal(condition),
        })
    }

    fn filter(&self) -> Result<Filter, Failure> {
        let declaration = DECLARATION.trim().trim_end_matches(';');
        Ok(Filter::try_new(declaration, &self.select)?)
    }

    /// As the one rule of a rule set.
    fn hunt(&self) -> Result<HuntPipeline, Failure> {
        let mut hunt = Hunt::new();
        hunt.declare(DECLARATION.trim().trim_end_matches(';'))?;
        hunt.add(&self.select)?;
        Ok(hunt.ready(RuleOptions::default())?.pipeline()?)
    }
}

/// The longest run of plain characters in the first text of a condition.
fn first_literal(condition: &str) -> String {
    let quoted = condition.split('\'').nth(1).unwrap_or_default();
    let pieces = quoted.split(['%', '_']);
    let longest = pieces.max_by_key(|piece| piece.len()).unwrap_or_default();
    if longest.is_empty() {
        "AntiVirusProduct".to_owned()
    } else {
        longest.to_owned()
    }
}

fn one_thread(rule: &Rule, events: &Events, repeat: u32) -> Result<Vec<Run>, Failure> {
    let mut ours = rule.filter()?;
    let paths = ours.paths().ok_or_else(|| {
        Failure::new("the predicate reads more than the events' own columns").hint(
            "ROWTIME, ROWPARTITION, ROWOFFSET and headers are not part of what is compared here",
        )
    })?;
    let paths = spelled(paths, &events.lines);
    let schema = Arc::new(ours.schema());
    if let Some(field) = schema
        .fields()
        .iter()
        .find(|field| *field.data_type() != DataType::Utf8)
    {
        return Err(Failure::new(format!(
            "the predicate reads {}, which is no VARCHAR",
            field.name()
        ))
        .hint("the other decoders here give texts: compare columns of type VARCHAR"));
    }
    let mut shared = rule.filter()?;
    let mut predicate = |columns: &RecordBatch| -> Result<u64, Failure> {
        Ok(shared.count_rows(columns.clone())? as u64)
    };

    // Once through without a clock: caches and allocator are as warm for the first as for the last.
    peers::literal(&events.lines, &rule.literal);
    decode_and_match(&mut rule.filter()?, &events.lines)?;

    let mut runs = Vec::new();
    runs.push(timed("memmem", repeat, || {
        Ok(peers::literal(&events.lines, &rule.literal))
    })?);
    runs.push(timed("arrow-json", repeat, || {
        peers::arrow_json(&events.lines, &paths, &schema, &mut predicate)
    })?);
    runs.push(timed("serde-json", repeat, || {
        peers::serde_json(&events.lines, &paths, &schema, &mut predicate)
    })?);
    runs.push(timed("weir-decode-match", repeat, || {
        decode_and_match(&mut ours, &events.lines)
    })?);
    let mut hunt = rule.hunt()?;
    let values: Vec<Option<Bytes>> = events.lines.iter().cloned().map(Some).collect();
    skip_and_match(&mut hunt, &values)?;
    runs.push(timed("weir-raw-filter", repeat, || {
        skip_and_match(&mut hunt, &values)
    })?);
    Ok(runs)
}

fn timed(
    name: &'static str,
    repeat: u32,
    mut once: impl FnMut() -> Result<Work, Failure>,
) -> Result<Run, Failure> {
    let watch = Stopwatch::start();
    let mut all = Work::default();
    for _ in 0..repeat {
        all += once()?;
    }
    Ok(watch.stop(name, all))
}

fn decode_and_match(filter: &mut Filter, events: &[Bytes]) -> Result<Work, Failure> {
    let mut work = Work::default();
    let bad_before = filter.bad_records();
    let mut values: Vec<Option<&[u8]>> = Vec::with_capacity(peers::BATCH);
    for chunk in events.chunks(peers::BATCH) {
        values.clear();
        for event in chunk {
            work.bytes += event.len() as u64;
            values.push(Some(event));
        }
        work.events += chunk.len() as u64;
        work.matches += filter.count(&values)? as u64;
    }
    work.skipped = filter.bad_records() - bad_before;
    Ok(work)
}

/// The same rule as a rule set runs it: events whose bytes tell that it cannot match are not parsed.
fn skip_and_match(hunt: &mut HuntPipeline, values: &[Option<Bytes>]) -> Result<Work, Failure> {
    let before = hunt.stats();
    for chunk in values.chunks(peers::BATCH) {
        hunt.process(chunk, |_, _| {})?;
    }
    let after = hunt.stats();
    let lengths = values.iter().flatten().map(|value| value.len() as u64);
    Ok(Work {
        events: after.records - before.records,
        bytes: lengths.sum(),
        matches: after.matches - before.matches,
        skipped: after.skipped - before.skipped,
    })
}

/// The paths as the events spell them: SQL knows no case, the other decoders do.
fn spelled(paths: Vec<Vec<String>>, events: &[Bytes]) -> Vec<Vec<String>> {
    let mut paths = paths;
    let mut open: Vec<usize> = (0..paths.len()).collect();
    for event in events {
        if open.is_empty() {
            break;
        }
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(event) else {
            continue;
        };
        open.retain(|&place| match spelling(&value, &paths[place]) {
            Some(found) => {
                paths[place] = found;
                false
            }
            None => true,
        });
    }
    paths
}

fn spelling(value: &serde_json::Value, path: &[String]) -> Option<Vec<String>> {
    let mut value = value;
    let mut found = Vec::with_capacity(path.len());
    for name in path {
        let members = value.as_object()?;
        let (spelled, member) = members
            .iter()
            .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name))?;
        found.push(spelled.clone());
        value = member;
    }
    Some(found)
}

async fn through_embedded(rule: &Rule, events: &Events, repeat: u32) -> Result<Run, Failure> {
    let folder = tempfile::Builder::new()
        .prefix("weir-bench-")
        .tempdir()
        .map_err(|error| Failure::new(format!("cannot make a temporary folder: {error}")))?;
    let builder = || Engine::builder().embedded(folder.path());
    through(
        "embedded",
        builder,
        rule,
        events,
        repeat,
        TOPIC,
        "windows_alerts",
    )
    .await
}

async fn through_kafka(
    rule: &Rule,
    events: &Events,
    repeat: u32,
    servers: &str,
) -> Result<Run, Failure> {
    let unique = std::process::id();
    let source = format!("weir-bench-{unique}-events");
    let sink = format!("weir-bench-{unique}-alerts");
    let folder = tempfile::Builder::new()
        .prefix("weir-bench-")
        .tempdir()
        .map_err(|error| Failure::new(format!("cannot make a temporary folder: {error}")))?;
    let builder = || {
        Engine::builder()
            .cluster()
            .property("bootstrap.servers", servers)
            .data(folder.path())
            .service_id(&format!("weir_bench_{unique}_"))
    };
    let run = through("kafka", builder, rule, events, repeat, &source, &sink).await;
    let engine = builder().without_data().headless(true).build().await?;
    for topic in [&source, &sink] {
        let deleted = tokio::time::timeout(CLEANUP, engine.topics().delete(topic)).await;
        if !matches!(deleted, Ok(Ok(()))) {
            tracing::warn!(%topic, "the bench's topic could not be deleted");
        }
    }
    engine.shutdown().await?;
    run
}

/// Fills a topic, then times an engine from its start to the last event.
async fn through(
    name: &'static str,
    builder: impl Fn() -> Builder,
    rule: &Rule,
    events: &Events,
    repeat: u32,
    source: &str,
    sink: &str,
) -> Result<Run, Failure> {
    let quiet = || builder().property("ksql.logging.processing.topic.auto.create", "false");
    fill(
        quiet().headless(true).build().await?,
        events,
        repeat,
        source,
    )
    .await?;

    let script = format!(
        "SET 'auto.offset.reset'='earliest';\n{}\nCREATE STREAM WINDOWS_ALERTS WITH (KAFKA_TOPIC='{sink}') AS\n{};",
        DECLARATION.replace(&format!("'{TOPIC}'"), &format!("'{source}'")),
        rule.select
    );
    let watch = Stopwatch::start();
    let engine = quiet().headless(true).build().await?;
    let deployment = engine.deploy(&script, DeployOptions::default()).await?;
    deployment.until_end().await?;
    let statuses = engine.statuses();
    let wanted = events.lines.len() as u64 * u64::from(repeat);
    let read: u64 = statuses.values().map(|status| status.records_in).sum();
    if read != wanted {
        return Err(Failure::new(format!(
            "the {name} run read {read} events of {wanted}: its figures would be those of another job"
        )));
    }
    let matches = statuses.values().map(|status| status.rows_out).sum();
    let skipped = statuses
        .values()
        .flat_map(|status| status.bad_records.values())
        .sum();
    let run = watch.stop(
        name,
        Work {
            events: read,
            bytes: events.bytes * u64::from(repeat),
            matches,
            skipped,
        },
    );
    engine.shutdown().await?;
    Ok(run)
}

/// Writes all events to a new topic, with an engine that lets go of its folder at the end.
async fn fill(engine: Engine, events: &Events, repeat: u32, topic: &str) -> Result<(), Failure> {
    let topics = engine.topics();
    // Nothing goes by age or size while it is measured.
    let config = ["retention.ms", "retention.bytes"].map(|name| (name.to_owned(), "-1".to_owned()));
    topics.create(topic, 1, BTreeMap::from(config)).await?;
    let mut producer = topics.producer(topic).await?;
    for _ in 0..repeat {
        for chunk in events.lines.chunks(FILL) {
            let records = chunk.iter().map(|event| NewRecord {
                timestamp: now(),
                key: None,
                value: Some(event.clone()),
                headers: Vec::new(),
            });
            producer.send(records.collect()).await?;
        }
    }
    producer.flush().await?;
    engine.shutdown().await?;
    Ok(())
}

fn text(report: &Report) -> String {
    let header = [
        "run", "events", "matches", "skipped", "seconds", "events/s", "MB/s", "CPU s/M", "peak MB",
    ];
    let rows = report.runs.iter().map(|run| {
        vec![
            run.name.to_owned(),
            run.events.to_string(),
            run.matches.to_string(),
            run.skipped.to_string(),
            format!("{:.3}", run.wall_s),
            format!("{:.0}", run.events_per_s),
            format!("{:.1}", run.mb_per_s),
            format!("{:.3}", run.cpu_s_per_million),
            format!("{:.0}", run.peak_rss_mb),
        ]
    });
    table(&header, rows)
}

#[cfg(test)]
mod tests {
    use super::{Rule, first_literal};

    #[test]
    fn the_literal_is_what_the_pattern_must_contain() {
        assert_eq!(
            first_literal("a LIKE '%AntiSpywareProduct%' OR b"),
            "AntiSpywareProduct"
        );
        assert_eq!(first_literal("a LIKE '%x_longer%'"), "longer");
        assert_eq!(first_literal("a IS NULL"), "AntiVirusProduct");
    }

    #[test]
    fn the_articles_rule_is_bound() {
        let filter = Rule::new(None).unwrap().filter().unwrap();
        let paths = filter.paths().unwrap();
        assert_eq!(paths.len(), 3);
    }
}
