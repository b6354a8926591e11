//! `weir demo`: detection rules over recorded Windows events, everything in this process.

mod next;
mod screen;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;
use weir_engine::{Engine, TopicReader};

use crate::{
    bundled::{self, RULES, Rule},
    cli::DemoArguments,
    failure::Failure,
    produce::record,
    signals::Signals,
    sql,
};

use screen::Screen;

/// Events come this often, a few at a time.
const TICK: Duration = Duration::from_millis(50);

/// How long the last alerts may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// An alert as its topic has it.
struct Alert {
    rule: Rule,
    value: Vec<u8>,
}

/// What happened, in numbers.
struct Summary {
    events: usize,
    seconds: f64,
    alerts: BTreeMap<&'static str, usize>,
    /// Ctrl-C came before the last event.
    was_interrupted: bool,
}

pub async fn run(arguments: DemoArguments) -> Result<(), Failure> {
    let events = bundled::events()?;
    let engine = Engine::builder().memory(0).build().await?;
    let screen = Screen::new(events.len());
    let outcome = show(&engine, events, &screen, arguments.speed).await;
    screen.finish();
    let outcome = match outcome {
        Ok(summary) => finish(&engine, &summary, &screen, arguments.exit).await,
        Err(failure) => Err(failure),
    };
    let stopped = engine.shutdown().await;
    outcome?;
    stopped?;
    Ok(())
}

async fn show(
    engine: &Engine,
    events: Vec<bytes::Bytes>,
    screen: &Screen,
    speed: u32,
) -> Result<Summary, Failure> {
    let topics = engine.topics();
    topics.create(bundled::TOPIC, 1, BTreeMap::new()).await?;
    let mut session = engine.session();
    engine.execute(&mut session, bundled::DECLARATION).await?;
    screen.say("CREATE STREAM WINLOGEVENTS: the events of Winlogbeat in topic wineventlogs.");
    let (alerts, mut raised) = mpsc::channel(1024);
    for rule in RULES {
        engine.execute(&mut session, rule.text).await?;
        screen.rule(&rule);
        let reader = topics.consume(rule.alerts, true).await?;
        tokio::spawn(follow(rule, reader, alerts.clone()));
    }
    drop(alerts);
    screen.say("");
    screen.say("Now the events, as they were recorded, with a few attacks among them:");
    screen.say("");

    let mut producer = topics.producer(bundled::TOPIC).await?;
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    let started = Instant::now();
    let mut ticks = tokio::time::interval(TICK);
    let mut sent = 0;
    let mut signals = Signals::listen()?;
    let mut was_interrupted = false;
    while sent < events.len() {
        tokio::select! {
            _ = ticks.tick() => {
                let due = (started.elapsed() + TICK).as_secs_f64() * f64::from(speed);
                let until = events.len().min((due as usize).max(sent));
                let records = events[sent..until].iter().map(|event| record(event.clone(), None));
                producer.send(records.collect()).await?;
                producer.flush().await?;
                sent = until;
                screen.progress(sent, started.elapsed(), counts.values().sum());
            }
            Some(alert) = raised.recv() => {
                *counts.entry(alert.rule.alerts).or_default() += 1;
                screen.alert(&alert.rule, &alert.value);
            }
            () = signals.told_to_stop() => {
                was_interrupted = true;
                break;
            }
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    settled(engine, sent).await?;
    let expected = alerts_so_far(engine).await?;
    while counts.values().sum::<usize>() < expected {
        let alert = tokio::time::timeout(PATIENCE, raised.recv()).await;
        let Ok(Some(alert)) = alert else {
            return Err(Failure::new("the alerts could not be read to the last one"));
        };
        *counts.entry(alert.rule.alerts).or_default() += 1;
        screen.alert(&alert.rule, &alert.value);
    }
    Ok(Summary {
        events: sent,
        seconds,
        alerts: counts,
        was_interrupted,
    })
}

/// How many alerts are in the topics.
async fn alerts_so_far(engine: &Engine) -> Result<usize, Failure> {
    let mut count = 0;
    for rule in RULES {
        let reader = engine.topics().consume(rule.alerts, false).await?;
        count += reader.positions().values().sum::<i64>();
    }
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Brings the values of a topic as they come.
async fn follow(rule: Rule, mut reader: TopicReader, alerts: mpsc::Sender<Alert>) {
    loop {
        match reader.next(Duration::from_secs(3600)).await {
            Ok(Some((_, records))) => {
                for record in records {
                    let value = record.value.unwrap_or_default().to_vec();
                    if alerts.send(Alert { rule, value }).await.is_err() {
                        return;
                    }
                }
            }
            Ok(None) => {}
            // The show is over, and the topics are gone with it.
            Err(_) if alerts.is_closed() => return,
            Err(error) => {
                tracing::error!(topic = rule.alerts, %error, "alerts cannot be read");
                return;
            }
        }
    }
}

/// Returns when every rule has seen so many events.
async fn settled(engine: &Engine, events: usize) -> Result<(), Failure> {
    let begun = Instant::now();
    let events = i64::try_from(events).unwrap_or(i64::MAX);
    loop {
        let statuses = engine.statuses();
        let is_done = statuses
            .values()
            .all(|status| status.positions.values().sum::<i64>() >= events);
        if is_done {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            return Err(Failure::new("the rules did not come to the last event"));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The summary and what to try next: at a prompt over the same engine, where there is a terminal to type at.
async fn finish(
    engine: &Engine,
    summary: &Summary,
    screen: &Screen,
    exit: bool,
) -> Result<(), Failure> {
    let total: usize = summary.alerts.values().sum();
    screen.say("");
    screen.say(&format!(
        "{} events in {:.1} s ({:.0} a second), {} rules, {total} alerts:",
        summary.events,
        summary.seconds,
        summary.events as f64 / summary.seconds.max(1e-9),
        RULES.len(),
    ));
    for rule in RULES {
        let count = summary.alerts.get(rule.alerts).copied().unwrap_or(0);
        screen.say(&format!("{count:>6}  {}", rule.title()));
    }
    if !exit && !summary.was_interrupted && screen.has_prompt() {
        screen.say("\nTry next, here at the prompt (Ctrl-D ends it):");
        for statement in next::STATEMENTS {
            screen.say(&format!("  {statement}"));
        }
        screen.say("");
        return sql::prompt_on(engine).await;
    }
    screen.say("\nTry next:");
    for command in next::commands() {
        screen.say(&format!("  {command}"));
    }
    Ok(())
}
