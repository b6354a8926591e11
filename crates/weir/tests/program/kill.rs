//! `kill -9` while events flow through a rule that matches half of them: every expected alert is there, and fewer are
//! repeated than are due to the last seconds before each kill.

use std::{
    collections::BTreeMap,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::support::{LIMIT, Place, Process, Target, root};

/// What a run is made of.
struct Plan {
    kills: usize,
    events: u64,
    /// Events that come in a second.
    rate: u64,
    /// `commit.interval.ms`
    commit: &'static str,
    /// How long before a kill is what may be repeated.
    window: Duration,
}

/// Small enough for every build: positions are kept more often, so that a life may be short.
const QUICK: Plan = Plan {
    kills: 3,
    events: 12_000,
    rate: 1_600,
    commit: "300",
    window: Duration::from_secs(1),
};

/// Twenty kills, 200,000 events, positions kept as often as by default. A life is longer than that, or
/// no position is ever kept in it.
const FULL: Plan = Plan {
    kills: 20,
    events: 200_000,
    rate: 1_000,
    commit: "2000",
    window: Duration::from_secs(2),
};

/// What came of it.
#[derive(Debug, Default)]
struct Counts {
    events: usize,
    expected: usize,
    missing: usize,
    /// Alerts that are no even number of the source.
    wrong: usize,
    repeated: usize,
    /// Alerts that may have been written within the window before a kill: all but those that were seen earlier.
    due: usize,
}

fn event(number: u64) -> String {
    let kind = if number.is_multiple_of(2) {
        "process AntiVirusProduct start"
    } else {
        "process start"
    };
    format!("{{\"n\":{number},\"line\":\"{kind}\"}}\n")
}

struct Case {
    place: Place,
    target: Target,
    source: String,
    sink: String,
    script: String,
}

impl Case {
    fn new(place: Place, target: Target) -> Self {
        let (source, sink) = ((target.topic)("events"), (target.topic)("alerts"));
        let script = format!(
            "SET 'auto.offset.reset'='earliest';
             CREATE STREAM EVENTS (n BIGINT, line VARCHAR) WITH (KAFKA_TOPIC='{source}', VALUE_FORMAT='JSON');
             CREATE STREAM ALERTS WITH (KAFKA_TOPIC='{sink}') AS SELECT n FROM EVENTS WHERE line LIKE '%AntiVirusProduct%';"
        );
        let script = place.file("rule.sql", script);
        // The topic is there from the start.
        place.run(&target.on(&["produce", &source])).ok();
        Self {
            place,
            target,
            source,
            sink,
            script,
        }
    }

    fn start(&self, plan: &Plan, more: &[&str]) -> Process {
        let output = format!("{}=-", self.sink);
        let commit = format!("commit.interval.ms={}", plan.commit);
        let arguments = [
            &["run", &self.script, "--output", &output, "--set", &commit][..],
            more,
        ]
        .concat();
        Process::start(&mut self.place.weir(&self.target.on(&arguments)))
    }

    /// Every number in a topic, with how often it is there.
    fn numbers(&self, topic: &str) -> BTreeMap<u64, usize> {
        let sql = format!(
            "CREATE STREAM LOOK (n BIGINT) WITH (KAFKA_TOPIC='{topic}', VALUE_FORMAT='JSON'); SELECT n FROM LOOK; DROP STREAM LOOK;"
        );
        let arguments = self
            .target
            .on(&["sql", "--output", "json", "--execute", &sql]);
        let output = self.place.run(&arguments).ok();
        let mut numbers = BTreeMap::new();
        for line in output.lines() {
            if let Ok(number) = line.trim().parse::<u64>() {
                *numbers.entry(number).or_default() += 1;
            }
        }
        numbers
    }

    /// `kept`: how many alerts were seen earlier than that before a kill, or by the run that was not killed.
    fn counts(&self, kept: usize) -> Counts {
        let (events, alerts) = (self.numbers(&self.source), self.numbers(&self.sink));
        let expected: Vec<&u64> = events
            .keys()
            .filter(|number| number.is_multiple_of(2))
            .collect();
        let is_expected = |number: &u64| number.is_multiple_of(2) && events.contains_key(number);
        // A producer that was killed may have written a number twice; its alert is then due twice.
        let times = |number: &u64| events.get(number).copied().unwrap_or(0);
        Counts {
            events: events.len(),
            expected: expected.len(),
            missing: expected
                .iter()
                .filter(|number| alerts.get(**number).copied().unwrap_or(0) < times(number))
                .count(),
            wrong: alerts.keys().filter(|number| !is_expected(number)).count(),
            repeated: alerts
                .iter()
                .map(|(number, seen)| seen.saturating_sub(times(number)))
                .sum(),
            due: alerts.values().sum::<usize>().saturating_sub(kept),
        }
    }
}

/// What is seen of the alerts of one life.
struct Life {
    seen: Vec<Instant>,
    highest: Option<u64>,
}

impl Life {
    /// Reads alerts until there are `fresh` above all that was seen before.
    fn watch(process: &mut Process, above: Option<u64>, fresh: usize) -> Self {
        let mut life = Self {
            seen: Vec::new(),
            highest: above,
        };
        let mut new = 0;
        let begun = Instant::now();
        let until = Instant::now() + LIMIT;
        while new < fresh {
            assert!(
                Instant::now() < until,
                "{new} new alerts after {}",
                life.seen.len()
            );
            let line = process.line();
            let number = line
                .trim_start_matches("{\"N\":")
                .trim_end_matches('}')
                .parse()
                .unwrap();
            life.seen.push(Instant::now());
            if life.highest.is_none_or(|highest| number > highest) {
                life.highest = Some(number);
                new += 1;
            }
        }
        let first = life
            .seen
            .first()
            .map_or(Duration::ZERO, |first| *first - begun);
        let (whole, all) = (begun.elapsed(), life.seen.len());
        println!("a life of {whole:.1?}: first alert after {first:.1?}, {all} in all, {new} new");
        life
    }

    /// How many were seen earlier than the window that ends now.
    fn kept(&self, window: Duration) -> usize {
        let now = Instant::now();
        let seen = self.seen.iter();
        seen.filter(|seen| now - **seen > window).count()
    }
}

/// Writes numbered events at a pace, until all are written, it is told to stop, or nobody reads.
fn feed(
    mut to: impl std::io::Write + Send + 'static,
    next: Arc<AtomicU64>,
    plan: &Plan,
) -> (std::thread::JoinHandle<()>, Arc<AtomicBool>) {
    const TICK: Duration = Duration::from_millis(20);
    let (events, a_tick) = (plan.events, plan.rate / 50);
    let stop = Arc::new(AtomicBool::new(false));
    let told = stop.clone();
    let thread = std::thread::spawn(move || {
        while !told.load(Ordering::Relaxed) {
            let first = next.fetch_add(a_tick, Ordering::Relaxed);
            let last = (first + a_tick).min(events);
            if first >= events {
                return;
            }
            let lines: String = (first..last).map(event).collect();
            if to
                .write_all(lines.as_bytes())
                .and_then(|()| to.flush())
                .is_err()
            {
                return;
            }
            std::thread::sleep(TICK);
        }
    });
    (thread, stop)
}

/// The events come through the process that is killed: what it had not written to the topic is lost with it, and no
/// alert is due for that.
fn embedded(plan: &Plan) -> Counts {
    let place = Place::new();
    let target = Target::embedded(&place);
    let case = Case::new(place, target);
    let input = format!("{}=-", case.source);
    let next = Arc::new(AtomicU64::new(0));
    let fresh = usize::try_from(plan.events).unwrap() / 2 / (plan.kills + 1) * 3 / 4;
    let (mut kept, mut highest) = (0, None);
    for _ in 0..plan.kills {
        let mut process = case.start(plan, &["--input", &input]);
        process.wait_for("ready");
        let (feeder, stop) = feed(process.take_input(), next.clone(), plan);
        let life = Life::watch(&mut process, highest, fresh);
        kept += life.kept(plan.window);
        highest = life.highest;
        process.kill_hard();
        stop.store(true, Ordering::Relaxed);
        feeder.join().unwrap();
    }
    let mut process = case.start(plan, &["--input", &input, "--until-end"]);
    let (feeder, _) = feed(process.take_input(), next, plan);
    feeder.join().unwrap();
    kept += process.done().ok().lines().count();
    case.counts(kept)
}

/// The events come from a producer of their own; `halfway` is done when half of the kills are.
fn cluster(plan: &Plan, place: Place, target: Target, mut halfway: impl FnMut()) -> Counts {
    let case = Case::new(place, target);
    let fresh = usize::try_from(plan.events).unwrap() / 2 / (plan.kills + 1) * 3 / 4;
    // A producer gives up after ten seconds by default; a broker that is started again may take longer.
    let patient = [
        "produce",
        &case.source,
        "--set",
        "delivery.timeout.ms=60000",
    ];
    let produce = case.target.on(&patient);
    let mut producer = Process::start(&mut case.place.weir(&produce));
    let (feeder, _) = feed(producer.take_input(), Arc::default(), plan);
    let (mut kept, mut highest) = (0, None);
    for kill in 0..plan.kills {
        let mut process = case.start(plan, &[]);
        let life = Life::watch(&mut process, highest, fresh);
        kept += life.kept(plan.window);
        highest = life.highest;
        if kill == plan.kills / 2 {
            halfway();
            let life = Life::watch(&mut process, highest, fresh / 2);
            kept += life.kept(plan.window);
            highest = life.highest;
        }
        process.kill_hard();
    }
    feeder.join().unwrap();
    producer.done().ok();
    let last = case.start(plan, &["--until-end"]).done().ok();
    case.counts(kept + last.lines().count())
}

#[track_caller]
fn check(name: &str, plan: &Plan, counts: &Counts) {
    println!("{name}: {} kills, {counts:?}", plan.kills);
    assert_eq!((counts.missing, counts.wrong), (0, 0), "{counts:?}");
    // A life that is shorter than the window is due as a whole.
    assert!(counts.repeated <= counts.due, "{counts:?}");
    // Half of what came, and most of what was sent did come.
    assert!(counts.events as u64 > plan.events / 2, "{counts:?}");
    assert!(
        counts.expected.abs_diff(counts.events / 2) <= plan.kills * 1000,
        "{counts:?}"
    );
}

#[test]
fn no_alert_is_lost_on_the_embedded_broker() {
    check("embedded", &QUICK, &embedded(&QUICK));
}

#[test]
fn no_alert_is_lost_on_kafka() {
    let place = Place::new();
    if let Some(target) = Target::kafka(&place, "kill") {
        check("kafka", &QUICK, &cluster(&QUICK, place, target, || {}));
    }
}

#[test]
#[ignore = "takes minutes: cargo test -p weir --test program -- --ignored --nocapture twenty_kills"]
fn twenty_kills_on_the_embedded_broker() {
    let counts = embedded(&FULL);
    check("embedded", &FULL, &counts);
    assert!(counts.repeated < counts.due, "{counts:?}");
}

/// On a Kafka of its own, which is killed too, and comes back.
#[test]
#[ignore = "takes minutes and a Kafka: cargo test -p weir --test program -- --ignored --nocapture twenty_kills"]
fn twenty_kills_on_kafka_and_one_of_kafka() {
    /// Gone at the end, however the test ends.
    struct OwnKafka;
    impl Drop for OwnKafka {
        fn drop(&mut self) {
            let _ = std::panic::catch_unwind(|| kafka(&["wipe"]));
        }
    }
    fn kafka(arguments: &[&str]) -> String {
        let mut command = Command::new(root().join("scripts/kafka.sh"));
        command.args(["--name", "kill-test"]).args(arguments);
        // A broker that stays would hold a pipe open.
        let output = tempfile::NamedTempFile::new().unwrap();
        command.stdout(output.reopen().unwrap());
        assert!(command.status().unwrap().success(), "{command:?}");
        std::fs::read_to_string(output.path()).unwrap()
    }
    let _own = OwnKafka;
    kafka(&["start", "--listeners", "plain"]);
    let servers = kafka(&["env"]);
    let (_, servers) = servers.lines().next().unwrap().split_once('=').unwrap();
    let place = Place::new();
    let target = Target::kafka_at(&place, servers, "kill");
    let counts = cluster(&FULL, place, target, || {
        kafka(&["stop", "--kill"]);
        kafka(&["start", "--listeners", "plain"]);
    });
    check("kafka", &FULL, &counts);
    assert!(counts.repeated < counts.due, "{counts:?}");
}
