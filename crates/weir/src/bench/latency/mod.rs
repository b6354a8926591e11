//! `weir bench latency`: the time from an event's way into Kafka to its alert, with many rules running.
//!
//! ```text
//! pace ─▶ producer ─▶ source topic ─┬─▶ a plain reader                                       bare
//!                                   │     └─▶ hop topic ─▶ a plain reader                    bare-twice
//!                                   └─▶ the engine, N rules ─▶ sink topic ─▶ a plain reader  alert
//! ```
//!
//! Some of the events are marked: they match a rule of the benchmark's own beside the N, and carry a number. Each is timed on
//! one clock, from just before the producer is given it to where it is seen again, all three ways in the same run. What an
//! alert cannot do without is `bare-twice`, for it goes through the broker twice.
//!
//! **Invariant:** what measures has threads and connections of its own, so that it never waits for its turn among the engine's
//! tasks: else the engine's load would count as the broker's.

mod load;
mod marks;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use serde::Serialize;
use tokio::{
    runtime::Runtime,
    sync::{mpsc, watch},
};
use weir_engine::{Builder, DeployOptions, Engine};
use weir_sigma::{Mapping, Options, Rules, alerts_stream, events_stream, print};

use super::{CLEANUP, events::Events, rules::usable_in_order};
use crate::{
    cli::{BenchOutput, LatencyArguments},
    failure::Failure,
    sigma::Loaded,
    sql::{say, table},
};

use load::{Load, Plan};
use marks::{FIELD, Marks, PREFIX, RULE_ID, Seen, Summary};

/// The threads that measure.
const THREADS: usize = 2;

/// How many marked events may wait to be sent on.
const HOPS: usize = 4_096;

/// Kafka's defaults, for all who fetch.
const FETCH_MIN_BYTES: u32 = 1;
const FETCH_MAX_WAIT_MS: u32 = 500;

#[derive(Serialize)]
struct Report {
    settings: Settings,
    runs: Vec<Run>,
}

/// What the figures hang on.
#[derive(Serialize)]
struct Settings {
    wanted_events_per_s: u32,
    warm_up_s: u32,
    /// Of every topic.
    partitions: i32,
    compression: String,
    linger_ms: u32,
    /// Events in a produce request, on average; one request is under way at a time.
    events_per_request: f64,
    fetch_min_bytes: u32,
    fetch_max_wait_ms: u32,
}

/// A way that marked events took.
#[derive(Serialize)]
struct Run {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<usize>,
    /// All that were produced in the measured time.
    events: u64,
    events_per_s: f64,
    /// The marked ones among them, which were timed.
    timed: usize,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

/// The topics of one run.
#[derive(Debug, Clone)]
struct Topics {
    source: String,
    sink: String,
    hop: String,
}

pub async fn run(arguments: LatencyArguments) -> Result<(), Failure> {
    let topics = Topics::new();
    let (path, count) = (arguments.rules.clone(), arguments.count as usize);
    let options = options(&topics)?;
    let planned = tokio::task::spawn_blocking(move || script(&path, count, options));
    let (script, rules) = planned.await.map_err(Failure::new)??;
    let events = Events::read(&arguments.events)?;
    let load = Load::new(events.lines)?;

    let aside = Aside::start()?;
    let client = builder(&arguments)
        .property("compression.type", &arguments.compression)
        .without_data();
    let client = aside.run(async move { Ok(client.build().await?) }).await?;
    let outcome = measure(&arguments, &aside, &client, &topics, &script, load).await;
    let cleaning = (client.clone(), topics.all());
    aside
        .run(async move {
            clean_up(&cleaning.0, &cleaning.1).await;
            Ok(client.shutdown().await?)
        })
        .await?;
    let outcome = outcome?;
    if outcome.load.is_behind {
        eprintln!(
            "warning: {} events/s were wanted and {:.0} came about: the producer was held up",
            arguments.rate, outcome.load.events_per_s
        );
    }
    let report = outcome.into_report(&arguments, rules);
    match arguments.output {
        BenchOutput::Json => {
            let json = serde_json::to_string(&report).map_err(Failure::new)?;
            say(&format!("{json}\n"))
        }
        BenchOutput::Text => say(&text(&report)),
    }
}

impl Topics {
    fn new() -> Self {
        let unique = std::process::id();
        let name = |what: &str| format!("weir-bench-{unique}-{what}");
        Self {
            source: name("events"),
            sink: name("alerts"),
            hop: name("hop"),
        }
    }

    /// With the one where the engine keeps positions.
    fn all(&self) -> Vec<String> {
        let kept = format!("_weir_{}_checkpoints", service_id());
        vec![
            self.source.clone(),
            self.sink.clone(),
            self.hop.clone(),
            kept,
        ]
    }
}

fn service_id() -> String {
    format!("weir_bench_{}_", std::process::id())
}

fn options(topics: &Topics) -> Result<Options, Failure> {
    let mapping = Mapping::built_in("winlogbeat").map_err(Failure::new)?;
    Ok(Options::new(mapping, &topics.source, &topics.sink))
}

fn builder(arguments: &LatencyArguments) -> Builder {
    Engine::builder()
        .cluster()
        .property("bootstrap.servers", &arguments.bootstrap_servers)
        .property("fetch.min.bytes", FETCH_MIN_BYTES.to_string())
        .property("fetch.max.wait.ms", FETCH_MAX_WAIT_MS.to_string())
        .property("ksql.logging.processing.topic.auto.create", "false")
        .service_id(&service_id())
        .headless(true)
}

/// The statements of the first `count` rules and of the benchmark's own; and how many rules there are beside that one.
fn script(path: &Path, count: usize, options: Options) -> Result<(String, usize), Failure> {
    let mut rules = usable_in_order(path)?;
    rules.truncate(count);
    let count = rules.len();
    rules.extend(own_rule().rules);
    let loaded = Loaded::of(&rules, options.clone());
    let fields: BTreeSet<_> = loaded
        .rules
        .iter()
        .flat_map(|(_, converted)| converted.fields.iter().cloned())
        .collect();
    let events = events_stream(&fields, &options).map_err(Failure::new)?;
    let mut script = format!(
        "SET 'auto.offset.reset'='earliest';\n{};\n{};\n",
        print(&events),
        print(&alerts_stream(&options, Some(1)))
    );
    for (_, converted) in &loaded.rules {
        script.push_str(&converted.text);
        script.push_str(";\n");
    }
    Ok((script, count))
}

/// What the marked events match.
fn own_rule() -> Rules {
    let text = format!(
        "title: Marked by the benchmark\nid: {RULE_ID}\nauthor: Weir\nlevel: informational\nlogsource:\n  product: windows\n\
         detection:\n  marked:\n    {FIELD}|startswith: '{PREFIX}'\n  condition: marked\n"
    );
    Rules::parse(&text, None)
}

/// What came of a run.
struct Outcome {
    load: load::Outcome,
    bare: Summary,
    twice: Summary,
    alert: Summary,
}

async fn measure(
    arguments: &LatencyArguments,
    aside: &Aside,
    client: &Engine,
    topics: &Topics,
    script: &str,
    load: Load,
) -> Result<Outcome, Failure> {
    let made = (client.topics(), topics.clone());
    aside
        .run(async move {
            let (client, topics) = made;
            for topic in [&topics.source, &topics.hop] {
                let config = ["retention.ms", "retention.bytes"];
                let config = config.map(|name| (name.to_owned(), "-1".to_owned()));
                client.create(topic, 1, BTreeMap::from(config)).await?;
            }
            Ok(())
        })
        .await?;
    let folder = tempfile::Builder::new()
        .prefix("weir-bench-")
        .tempdir()
        .map_err(|error| Failure::new(format!("cannot make a temporary folder: {error}")))?;
    let engine = builder(arguments).data(folder.path()).build().await?;
    let deployment = engine.deploy(script, DeployOptions::default()).await?;
    deployment.ready().await?;
    let driven = aside
        .run(drive(
            client.topics(),
            topics.clone(),
            Plan::new(arguments),
            load,
        ))
        .await;
    let trouble = trouble(&engine);
    engine.shutdown().await?;
    // Of what went wrong, what a query says is nearer to the cause.
    match (driven, trouble) {
        (Err(_), Some(why)) => Err(Failure::new(why)),
        (driven, _) => driven,
    }
}

/// What a query says of why it had to start again.
fn trouble(engine: &Engine) -> Option<String> {
    let statuses = engine.statuses();
    let mut errors = statuses.iter().filter_map(|(id, status)| {
        let (_, why) = status.errors.last()?;
        Some(format!("query {id} failed: {why}"))
    });
    errors.next()
}

/// Produces, and watches for what was marked.
async fn drive(
    client: weir_engine::Topics,
    topics: Topics,
    plan: Plan,
    load: Load,
) -> Result<Outcome, Failure> {
    let marks = Arc::new(Marks::new(plan.marks()));
    let (has_ended, ended) = watch::channel(None);
    let (hops, hopping) = mpsc::channel(HOPS);
    let source = client.consume(&topics.source, true).await?;
    let hop = client.consume(&topics.hop, true).await?;
    let sink = client.consume(&topics.sink, true).await?;
    let bare = Seen::new(&marks).watch(source, marks::of_event, ended.clone(), Some(hops));
    let twice = Seen::new(&marks).watch(hop, marks::of_event, ended.clone(), None);
    let alert = Seen::new(&marks).watch(sink, marks::of_alert, ended, None);
    let (bare, twice, alert) = (tokio::spawn(bare), tokio::spawn(twice), tokio::spawn(alert));
    let hop = tokio::spawn(load::relay(client.producer(&topics.hop).await?, hopping));
    let producer = client.producer(&topics.source).await?;
    let sent = load.run(plan, producer, marks.clone()).await?;
    // Whoever watches knows from here on how many there are to be seen.
    has_ended.send_replace(Some(sent.marks));
    let (bare, twice, alert) = tokio::try_join!(bare, twice, alert).map_err(Failure::new)?;
    hop.await.map_err(Failure::new)??;
    let summary = |name, seen: Result<Seen, Failure>| {
        seen.and_then(|seen| seen.summary(name, sent.marks, sent.is_warm_at))
    };
    Ok(Outcome {
        bare: summary("event", bare)?,
        twice: summary("event that was sent on", twice)?,
        alert: summary("alert", alert)?,
        load: sent,
    })
}

impl Outcome {
    fn into_report(self, arguments: &LatencyArguments, rules: usize) -> Report {
        let load = &self.load;
        let run = |name, rules, summary: &Summary| Run {
            name,
            rules,
            events: load.events,
            events_per_s: load.events_per_s,
            timed: summary.timed,
            p50_ms: summary.p50_ms,
            p99_ms: summary.p99_ms,
            max_ms: summary.max_ms,
        };
        Report {
            runs: vec![
                run("bare", None, &self.bare),
                run("bare-twice", None, &self.twice),
                run("alert", Some(rules), &self.alert),
            ],
            settings: Settings {
                wanted_events_per_s: arguments.rate,
                warm_up_s: arguments.warm_up,
                partitions: 1,
                compression: arguments.compression.clone(),
                linger_ms: arguments.linger_ms,
                events_per_request: load.events_per_request,
                fetch_min_bytes: FETCH_MIN_BYTES,
                fetch_max_wait_ms: FETCH_MAX_WAIT_MS,
            },
        }
    }
}

async fn clean_up(client: &Engine, topics: &[String]) {
    for topic in topics {
        let topics = client.topics();
        let deleting = async {
            match topics.get(topic).await? {
                Some(_) => topics.delete(topic).await,
                None => Ok(()),
            }
        };
        if !matches!(tokio::time::timeout(CLEANUP, deleting).await, Ok(Ok(()))) {
            eprintln!("warning: the benchmark's topic `{topic}` could not be deleted");
        }
    }
}

/// Threads apart from those that the engine runs on.
struct Aside(Option<Runtime>);

impl Aside {
    fn start() -> Result<Self, Failure> {
        let threads = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("weir-bench")
            .enable_all()
            .build()
            .map_err(|error| Failure::new(format!("cannot start threads: {error}")))?;
        Ok(Self(Some(threads)))
    }

    async fn run<T: Send + 'static>(
        &self,
        what: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        let threads = self.0.as_ref().expect("they run until they are dropped");
        threads.spawn(what).await.map_err(Failure::new)?
    }
}

/// A runtime may not wait for its threads where others run.
impl Drop for Aside {
    fn drop(&mut self) {
        if let Some(threads) = self.0.take() {
            threads.shutdown_background();
        }
    }
}

fn text(report: &Report) -> String {
    let header = [
        "run", "rules", "events", "events/s", "timed", "p50 ms", "p99 ms", "max ms",
    ];
    let rows = report.runs.iter().map(|run| {
        vec![
            run.name.to_owned(),
            run.rules.map(|rules| rules.to_string()).unwrap_or_default(),
            run.events.to_string(),
            format!("{:.0}", run.events_per_s),
            run.timed.to_string(),
            format!("{:.2}", run.p50_ms),
            format!("{:.2}", run.p99_ms),
            format!("{:.2}", run.max_ms),
        ]
    });
    let settings = &report.settings;
    format!(
        "{}{} partition a topic, compression {}, linger {} ms, {:.1} events a request, {} s of warm-up left out\n",
        table(&header, rows),
        settings.partitions,
        settings.compression,
        settings.linger_ms,
        settings.events_per_request,
        settings.warm_up_s,
    )
}

#[cfg(test)]
mod tests {
    use super::{Topics, options, own_rule};
    use crate::sigma::Loaded;

    #[test]
    fn the_own_rule_can_be_run() {
        let rules = own_rule();
        assert!(rules.left_out.is_empty());
        let loaded = Loaded::of(&rules.rules, options(&Topics::new()).unwrap());
        let ready = loaded.ready(Default::default()).unwrap();
        assert_eq!(ready.rules.len(), 1);
    }
}
