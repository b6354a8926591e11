//! `examples/edge-routing` over the generated events of three domains: exactly the severities, the routes and the bad records that
//! their labels say, straight and with a stop in the middle.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use flate2::read::MultiGzDecoder;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{Place, Process, read, root, skipped};

const EXAMPLE: [&str; 4] = ["streams", "severity", "routes", "sampling"];

/// The kinds of bad lines that are no record's end: a row of nothing, and a text that is taken as it stands.
const ACCEPTED: [&str; 2] = ["json_null", "object_in_string_column"];

/// The events of a domain, and what is known of them.
struct Domain {
    name: &'static str,
    events: Vec<u8>,
    labels: Value,
    /// A query that does not name the column that a few records are bad by, and what it counts beyond the others.
    narrow: &'static str,
    also_counted: &'static [(&'static str, u64)],
}

fn data(name: &str) -> PathBuf {
    root().join("../shared/data").join(name)
}

/// `None` where the generated events are not beside the checkout.
fn domain(name: &'static str) -> Option<Domain> {
    let Ok(file) = File::open(data(&format!("{name}-events.ndjson.gz"))) else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "the events are not beside the checkout, and CI tests with them"
        );
        skipped("the second use needs ../shared/data/*-events.ndjson.gz");
        return None;
    };
    let mut events = Vec::new();
    MultiGzDecoder::new(file).read_to_end(&mut events).unwrap();
    let labels = std::fs::read(data("edge-labels.json")).unwrap();
    let (narrow, also_counted): (_, &[(&str, u64)]) = match name {
        // Where a login comes from is what its severity is made of: nobody can leave that out.
        "auth" => ("event_id, geo->country, severity", &[]),
        "network" => ("event_id, severity", &[("info", 3)]),
        _ => ("event_id, severity", &[("low", 2), ("info", 1)]),
    };
    Some(Domain {
        name,
        events,
        labels: serde_json::from_slice(&labels).unwrap(),
        narrow,
        also_counted,
    })
}

/// What a topic had in the end, and the bad records.
struct Outcome {
    graded: Vec<Value>,
    narrow: Vec<Value>,
    siem: Vec<Value>,
    archive: Vec<Value>,
    sampled: Vec<Value>,
    log: Vec<Value>,
}

impl Domain {
    fn source(&self) -> String {
        format!("{}-events", self.name)
    }

    /// The example as it stands, and beside it the query that names fewer columns.
    fn script(&self) -> String {
        let example = EXAMPLE.map(|file| read(format!("examples/edge-routing/{file}.sql")));
        let severity = read("examples/edge-routing/severity.sql");
        let name = self.name;
        let query = severity
            .split(&format!("CREATE STREAM {name}_graded"))
            .nth(1)
            .unwrap();
        let (_, case) = query.split_once("\n  CASE\n").unwrap();
        let (case, _) = case.split_once("END AS severity").unwrap();
        let narrow = self
            .narrow
            .replace("severity", &format!("CASE\n{case}END AS severity"));
        format!(
            "SET 'auto.offset.reset' = 'earliest';\n{}\nCREATE STREAM narrow WITH (KAFKA_TOPIC = 'narrow') AS SELECT {narrow} FROM {name}_events;\n",
            example.concat()
        )
    }

    /// The arguments of a run that appends what the topics get to files of their own.
    fn arguments(&self, place: &Place) -> Vec<String> {
        let script = place.file("edge.sql", self.script());
        let mut arguments = vec!["run".to_owned(), script];
        for topic in self.sinks() {
            arguments.push("--output".to_owned());
            arguments.push(format!("{topic}={}", place.path(&format!("{topic}.out"))));
        }
        arguments
    }

    fn sinks(&self) -> [String; 6] {
        let of_domain = |of: &str| format!("{}-{of}", self.name);
        [
            of_domain("graded"),
            "narrow".to_owned(),
            "siem".to_owned(),
            "archive".to_owned(),
            of_domain("sampled"),
            "default_ksql_processing_log".to_owned(),
        ]
    }

    fn outcome(&self, place: &Place) -> Outcome {
        let [graded, narrow, siem, archive, sampled, log] = self.sinks().map(|topic| {
            let file = File::open(place.path(&format!("{topic}.out"))).unwrap();
            let lines = BufReader::new(file).lines();
            let rows = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap());
            rows.collect::<Vec<Value>>()
        });
        Outcome {
            graded,
            narrow,
            siem,
            archive,
            sampled,
            log,
        }
    }

    /// In memory, from the first event to the last.
    fn straight(&self) -> Outcome {
        let place = Place::new();
        let events = place.file("events.ndjson", &self.events);
        let mut arguments = self.arguments(&place);
        arguments.extend([
            "--input".to_owned(),
            format!("{}={events}", self.source()),
            "--until-end".to_owned(),
        ]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        place.run(&arguments).ok();
        self.outcome(&place)
    }

    /// On a broker in a folder: told to stop when the first events are through, and started again.
    fn stopped_in_between(&self) -> Outcome {
        let place = Place::new();
        let broker = ["--embedded".to_owned(), place.path("broker")];
        let events = place.file("events.ndjson", &self.events);
        let source = self.source();
        place
            .run(&["produce", &source, &events, &broker[0], &broker[1]])
            .ok();
        let mut arguments = self.arguments(&place);
        arguments.extend(broker);
        let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let siem = place.path("siem.out");
        let mut process = Process::start(&mut place.weir(&arguments));
        process.wait_for("ready");
        while std::fs::metadata(&siem).map_or(0, |file| file.len()) == 0 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        process.signal(Signal::SIGTERM);
        process.done().ok();
        let before = self.outcome(&place).graded.len();
        arguments.push("--until-end");
        place.run(&arguments).ok();
        let outcome = self.outcome(&place);
        let all = outcome.graded.len();
        assert!(before < all, "it was stopped after all {all} rows");
        outcome
    }

    fn severities(&self) -> &Value {
        &self.labels["detections"]["severity_counts"]
    }

    #[track_caller]
    fn check(&self, outcome: &Outcome) {
        self.check_severities(outcome);
        self.check_routes(outcome);
        self.check_bad_records(outcome);
        self.check_sample(outcome);
    }

    #[track_caller]
    fn check_severities(&self, outcome: &Outcome) {
        let expected = counts_of(&self.severities()["records"][self.name]);
        assert_eq!(by_severity(&outcome.graded), expected);
        let distinct = counts_of(&self.severities()["distinct_events"][self.name]);
        assert_eq!(by_severity(distinct_events(&outcome.graded)), distinct);
        let mut wider = expected;
        for (severity, count) in self.also_counted {
            *wider.get_mut(*severity).unwrap() += count;
        }
        assert_eq!(by_severity(&outcome.narrow), wider);
    }

    #[track_caller]
    fn check_routes(&self, outcome: &Outcome) {
        let routes = &self.labels["detections"]["routes"];
        let records = &routes["records"][self.name];
        let distinct = &routes["distinct"][self.name];
        let of_domain = |row: &&Value| row["DOMAIN"] == self.name;
        for (rows, route) in [(&outcome.siem, "siem"), (&outcome.archive, "archive")] {
            assert!(rows.iter().all(|row| of_domain(&row)));
            assert_eq!(records[route], rows.len(), "{route}");
            assert_eq!(distinct[route], distinct_events(rows).count(), "{route}");
        }
        let critical = outcome
            .siem
            .iter()
            .filter(|row| row["SEVERITY"] == "critical");
        assert_eq!(records["soc"], critical.count());
        for row in &outcome.siem {
            assert!(
                row["SEVERITY"] == "critical" || row["SEVERITY"] == "high",
                "{row}"
            );
        }
        // The archive has each event as the stream of graded ones has it.
        let graded = outcome.graded.iter().filter(|row| !row.is_null());
        let archived = outcome
            .archive
            .iter()
            .map(|row| row["EVENT"].as_str().unwrap());
        let archived = archived.map(|event| serde_json::from_str::<Value>(event).unwrap());
        assert!(graded.cloned().eq(archived), "the archive is whole");
    }

    /// Each query reports each line that is bad for it once, and no other.
    #[track_caller]
    fn check_bad_records(&self, outcome: &Outcome) {
        let malformed = &self.labels["topics"][self.source()]["malformed"];
        let malformed = malformed.as_array().unwrap();
        assert_eq!(malformed.len(), 30);
        let is_of = |line: &&Value, kinds: &[&str]| kinds.contains(&line["kind"].as_str().unwrap());
        let lines = |but: &[&str]| -> Vec<u64> {
            let lines = malformed.iter().filter(|line| !is_of(line, but));
            let mut lines: Vec<u64> = lines.map(|line| line["line"].as_u64().unwrap()).collect();
            lines.sort_unstable();
            lines
        };
        let all = lines(&ACCEPTED);
        assert_eq!(all.len(), 24);
        let mut reported: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for entry in &outcome.log {
            let logger = entry["logger"].as_str().unwrap();
            let query = logger.split('.').nth(1).unwrap().to_owned();
            let lines = reported.entry(query).or_default();
            lines.push(offset_in(&entry.to_string()));
        }
        for lines in reported.values_mut() {
            lines.sort_unstable();
        }
        let fewer = match self.also_counted {
            [] => all.clone(),
            _ => lines(&[ACCEPTED[0], ACCEPTED[1], "wrong_type"]),
        };
        let graded = format!("CSAS_{}_GRADED", self.name.to_uppercase());
        let queries: Vec<&String> = reported.keys().collect();
        assert_eq!(queries.len(), 2, "{queries:?}");
        for (query, lines) in &reported {
            let is_graded = query.starts_with(&graded);
            assert!(is_graded || query.starts_with("CSAS_NARROW"), "{query}");
            assert_eq!(lines, if is_graded { &all } else { &fewer }, "{query}");
        }
    }

    /// All that matters, and of the others a tenth, the same for every delivery.
    #[track_caller]
    fn check_sample(&self, outcome: &Outcome) {
        let is_sampled = |row: &Value| row["SEVERITY"] == "low" || row["SEVERITY"] == "info";
        let graded = || outcome.graded.iter().filter(|row| !row.is_null());
        let always = graded().filter(|row| !is_sampled(row)).count();
        let kept = outcome.sampled.iter().filter(|row| !is_sampled(row));
        assert_eq!(kept.count(), always);
        for row in &outcome.sampled {
            let percent = if is_sampled(row) { 10 } else { 100 };
            assert_eq!(row["SAMPLE_PERCENT"], percent, "{row}");
        }
        let times = |rows: &mut dyn Iterator<Item = &Value>| {
            let mut times: HashMap<String, usize> = HashMap::new();
            for row in rows {
                *times.entry(row["EVENT_ID"].to_string()).or_default() += 1;
            }
            times
        };
        let all = times(&mut graded().filter(|row| is_sampled(row)));
        let kept = times(&mut outcome.sampled.iter().filter(|row| is_sampled(row)));
        for (event, count) in &kept {
            assert_eq!(all.get(event), Some(count), "{event}");
        }
        let sampling = &self.labels["detections"]["sampling"]["low_and_info_distinct"];
        assert_eq!(sampling[self.name], all.len());
        let n = all.len() as f64;
        let off = (kept.len() as f64 - n * 0.1).abs();
        assert!(off <= 4.0 * (n * 0.09).sqrt(), "{} of {n}", kept.len());
    }
}

fn counts_of(labels: &Value) -> BTreeMap<String, u64> {
    let counts = labels.as_object().unwrap().iter();
    counts
        .map(|(severity, count)| (severity.clone(), count.as_u64().unwrap()))
        .collect()
}

/// A row of nothing has none.
fn by_severity<'a>(rows: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for row in rows.into_iter().filter(|row| !row.is_null()) {
        let severity = row["SEVERITY"].as_str().unwrap().to_owned();
        *counts.entry(severity).or_default() += 1;
    }
    counts
}

/// The first record of each event.
fn distinct_events(rows: &[Value]) -> impl Iterator<Item = &Value> {
    let mut seen = BTreeSet::new();
    let rows = rows.iter().filter(|row| !row.is_null());
    rows.filter(move |row| seen.insert(row["EVENT_ID"].to_string()))
}

/// `… partition: 0, offset: 17)`
fn offset_in(entry: &str) -> u64 {
    let after = entry.split("offset: ").nth(1).unwrap();
    let digits = after.split(|c: char| !c.is_ascii_digit()).next().unwrap();
    digits.parse().unwrap()
}

/// One at a time: each is work for all cores, and has a limit of its own.
fn check(name: &'static str, run: fn(&Domain) -> Outcome) {
    static TURN: Mutex<()> = Mutex::new(());
    if let Some(domain) = domain(name) {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = run(&domain);
        drop(turn);
        domain.check(&outcome);
    }
}

#[test]
fn auth_events_are_graded_and_routed() {
    check("auth", Domain::straight);
}

#[test]
fn network_events_are_graded_and_routed() {
    check("network", Domain::straight);
}

#[test]
fn endpoint_events_are_graded_and_routed() {
    check("endpoint", Domain::straight);
}

#[test]
fn auth_events_are_graded_and_routed_with_a_stop_in_between() {
    check("auth", Domain::stopped_in_between);
}

#[test]
fn network_events_are_graded_and_routed_with_a_stop_in_between() {
    check("network", Domain::stopped_in_between);
}

#[test]
fn endpoint_events_are_graded_and_routed_with_a_stop_in_between() {
    check("endpoint", Domain::stopped_in_between);
}

#[test]
fn the_examples_scenarios_pass() {
    let place = Place::new();
    let tests = root().join("examples/edge-routing/tests");
    let ran = place.run(&["test", "--resume", tests.to_str().unwrap()]);
    assert!(ran.status.success(), "{}", ran.stdout);
}
