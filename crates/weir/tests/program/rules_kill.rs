//! A hundred rules come and go while events flow, and the server is killed in between, also in the middle of a statement: each
//! rule's alerts are those from the event on at which it was accepted, to where it was dropped.
//!
//! What is delivered is delivered at least once: after a kill a rule may begin again at something it has given, and gives it
//! again from there on. Nothing is left out, nothing comes out of order, and nothing comes that is no match.

use std::{
    collections::BTreeMap,
    io::Write,
    net::TcpStream,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    http::Server,
    support::{LIMIT, Place, Process, Target},
};

const RULES: usize = 100;

/// Servers, each but the last of which is killed.
const LIVES: usize = 5;

/// Events that are written together, and how long it takes to the next.
const TOGETHER: u64 = 8;
const PACE: Duration = Duration::from_millis(20);

/// What a rule looks for: as SQL, and as the test knows it.
type Condition = (&'static str, fn(u64) -> bool);

const CONDITIONS: [Condition; 6] = [
    ("line LIKE '%word3%'", |n| n % 10 == 3),
    ("line ILIKE 'WORD%' AND kind = 'k7'", |n| n % 9 == 7),
    ("kind IN ('k1', 'k2') AND NOT line LIKE '%word_'", |_| false),
    ("n % 11 = 5", |n| n % 11 == 5),
    ("kind = 'k4' AND LEN(line) > 3", |n| n % 9 == 4),
    ("line = 'word8' OR kind = 'k8'", |n| {
        n % 10 == 8 || n % 9 == 8
    }),
];

fn event(n: u64) -> String {
    format!(
        "{{\"n\":{n},\"kind\":\"k{}\",\"line\":\"word{}\"}}\n",
        n % 9,
        n % 10
    )
}

/// How far whoever writes the events has come.
#[derive(Default)]
struct Written {
    /// Numbers below have been sent, or were lost with a server.
    sent: AtomicU64,
    /// So many events are surely in the topic.
    kept: AtomicU64,
    is_over: AtomicBool,
}

impl Written {
    fn next(&self) -> (String, u64) {
        let first = self.sent.fetch_add(TOGETHER, Ordering::SeqCst);
        let events = (first..first + TOGETHER).map(event).collect();
        (events, TOGETHER)
    }

    fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    fn kept(&self) -> u64 {
        self.kept.load(Ordering::SeqCst)
    }

    fn feed(
        self: &Arc<Self>,
        mut write: impl FnMut(&str) -> bool + Send + 'static,
    ) -> JoinHandle<()> {
        let written = self.clone();
        std::thread::spawn(move || {
            while !written.is_over.load(Ordering::SeqCst) {
                let (events, count) = written.next();
                if write(&events) {
                    written.kept.fetch_add(count, Ordering::SeqCst);
                }
                std::thread::sleep(PACE);
            }
        })
    }
}

/// A rule, and what is known of when it was there.
#[derive(Debug)]
struct Rule {
    number: usize,
    condition: usize,
    /// So many events were in the topic before it was asked for.
    not_before: u64,
    /// Events from this number on came after it was accepted; `None` while nobody knows whether it was.
    from: Option<u64>,
    /// Events from this number on came after it was dropped.
    until: Option<u64>,
}

impl Rule {
    fn id(&self) -> String {
        format!("RULE_{}", self.number)
    }

    fn statement(&self) -> String {
        let (id, (condition, _)) = (self.id(), CONDITIONS[self.condition]);
        format!(
            "INSERT INTO alerts WITH (QUERY_ID='{id}') SELECT {} AS rule, n, ROWOFFSET AS place FROM events WHERE {condition};",
            self.number
        )
    }

    /// `events` are all, by offset; `alerts` are this rule's, by the events' offsets. Gives how often it began again.
    fn check(&self, events: &[u64], alerts: &[u64]) -> usize {
        let is_wanted = CONDITIONS[self.condition].1;
        let number = |at: u64| events[at as usize];
        let all = 0..events.len() as u64;
        let wanted: Vec<u64> = all.filter(|at| is_wanted(number(*at))).collect();
        // What came after it was accepted is there from the first on, and for one that runs to the last.
        let due = wanted
            .iter()
            .position(|at| self.from.is_some_and(|from| number(*at) >= from));
        let places = alerts.iter().map(|at| {
            let place = wanted.binary_search(at);
            place.unwrap_or_else(|_| panic!("{self:?} alerts of {}, at {at}", number(*at)))
        });
        let places: Vec<usize> = places.collect();
        let (Some(first), Some(last)) = (places.first(), places.iter().max()) else {
            assert!(
                due.is_none() || self.until.is_some(),
                "{self:?} has no alerts"
            );
            return 0;
        };
        assert!(
            wanted[*first] >= self.not_before,
            "{self:?} begins at {}",
            wanted[*first]
        );
        assert!(
            due.is_none_or(|due| *first <= due),
            "{self:?} begins at {}",
            wanted[*first]
        );
        let (mut highest, mut again) = (*first, 0);
        for pair in places.windows(2) {
            if pair[1] != pair[0] + 1 {
                again += 1;
                let is_known = (*first..=highest).contains(&pair[1]);
                let (one, other) = (wanted[pair[0]], wanted[pair[1]]);
                assert!(is_known, "{self:?} goes on at {other} after {one}");
            }
            highest = highest.max(pair[1]);
        }
        match self.until {
            Some(until) => {
                let after = number(wanted[*last]) >= until;
                assert!(
                    !after,
                    "{self:?} alerts at {}, and was dropped",
                    wanted[*last]
                );
            }
            None => assert_eq!(
                *last,
                wanted.len() - 1,
                "{self:?} ends at {}",
                wanted[*last]
            ),
        }
        again
    }
}

/// A server on a broker, and what is done to it.
struct Case {
    place: Place,
    target: Target,
    written: Arc<Written>,
    /// Where the server is that runs.
    url: Arc<Mutex<String>>,
    rules: Vec<Rule>,
}

impl Case {
    fn new(place: Place, target: Target) -> Self {
        Self {
            place,
            target,
            written: Arc::default(),
            url: Arc::default(),
            rules: Vec::new(),
        }
    }

    fn topic(&self, name: &str) -> String {
        (self.target.topic)(name)
    }

    fn start(&self) -> Server {
        let server = Server::start(
            &self.place,
            &self.target,
            &["--set", "commit.interval.ms=300"],
        );
        *self.url.lock().unwrap() = server.address().to_owned();
        server
    }

    fn declare(&self, server: &Server) {
        let (events, alerts) = (self.topic("events"), self.topic("alerts"));
        let declarations = format!(
            "CREATE STREAM events (n BIGINT, kind VARCHAR, line VARCHAR) WITH (KAFKA_TOPIC='{events}', VALUE_FORMAT='JSON', PARTITIONS=1); \
             CREATE STREAM alerts (rule INT, n BIGINT, place BIGINT) WITH (KAFKA_TOPIC='{alerts}', VALUE_FORMAT='JSON', PARTITIONS=1);"
        );
        server.ksql(&declarations).ok();
    }

    /// Events through the server: what it had not written when it was killed is lost with it.
    fn feed_server(&self) -> JoinHandle<()> {
        let (url, topic) = (self.url.clone(), self.topic("events"));
        self.written.feed(move |events| {
            let address = url.lock().unwrap().clone();
            let request = format!(
                "POST /topics/{topic}/records HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-ndjson\r\n\
                 Connection: close\r\nContent-Length: {}\r\n\r\n{events}",
                events.len()
            );
            let answer = ask(&address, &request);
            answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
        })
    }

    /// Events past the server, which flow while there is none.
    fn feed_kafka(&self) -> (JoinHandle<()>, Process) {
        let topic = self.topic("events");
        let produce = self.target.on(&["produce", &topic]);
        let mut producer = Process::start(&mut self.place.weir(&produce));
        let mut input = producer.take_input();
        let feeder = self.written.feed(move |events| {
            let written = input
                .write_all(events.as_bytes())
                .and_then(|()| input.flush());
            written.unwrap();
            // In the pipe, and who knows how much further.
            false
        });
        (feeder, producer)
    }

    fn new_rule(&mut self) -> String {
        let number = self.rules.len();
        let rule = Rule {
            number,
            condition: number % CONDITIONS.len(),
            not_before: self.written.kept(),
            from: None,
            until: None,
        };
        let statement = rule.statement();
        self.rules.push(rule);
        statement
    }

    /// The rules that run, as far as is known.
    fn running(&self) -> Vec<usize> {
        let running = self.rules.iter().filter(|rule| rule.until.is_none());
        running.map(|rule| rule.number).collect()
    }

    /// One life of a server: rules come, some go, and it is killed in the middle of a statement.
    fn live(&mut self, server: Server) {
        while self.rules.len() % (RULES / LIVES) != RULES / LIVES - 1 {
            let statement = self.new_rule();
            server.ksql(&statement).ok();
            self.rules.last_mut().unwrap().from = Some(self.written.sent());
            if self.rules.len().is_multiple_of(3) {
                let running = self.running();
                let gone = running[self.rules.len() * 7 % running.len()];
                server.ksql(&format!("TERMINATE RULE_{gone};")).ok();
                self.rules[gone].until = Some(self.written.sent());
            }
        }
        let gone = self.running()[0];
        let last = format!("TERMINATE RULE_{gone}; {}", self.new_rule());
        let (address, body) = (
            server.address().to_owned(),
            serde_json::json!({"ksql": last}).to_string(),
        );
        let asking = std::thread::spawn(move || {
            let request = format!(
                "POST /ksql HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nConnection: close\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            // Whether there is an answer is a matter of luck.
            let _ = ask(&address, &request);
        });
        std::thread::sleep(Duration::from_millis(7 * self.rules.len() as u64 % 30));
        server.process.kill_hard();
        asking.join().unwrap();
    }

    /// What became of the statements that the server was killed at.
    fn look(&mut self, server: &Server) {
        let shown = server.ksql("SHOW QUERIES;").ok();
        let queries = shown[0]["queries"].as_array().unwrap().iter();
        let ids: Vec<&str> = queries.map(|query| query["id"].as_str().unwrap()).collect();
        let sent = self.written.sent();
        for rule in &mut self.rules {
            let is_there = ids.contains(&&*rule.id());
            match (rule.from, rule.until) {
                (None, None) if is_there => rule.from = Some(sent),
                // It was not accepted: it has no alert.
                (None, None) => rule.until = Some(0),
                (Some(_), None) if !is_there => rule.until = Some(sent),
                (_, Some(_)) => assert!(!is_there, "{rule:?} is there again"),
                (Some(_), None) => {}
            }
        }
    }

    /// What stands in the topics: events by offset, and each rule's alerts, by the offsets of the events.
    fn found(&self, server: &Server) -> (Vec<u64>, BTreeMap<usize, Vec<u64>>) {
        let events = rows(server, "SELECT n FROM events;");
        let events = events.iter().map(|row| row[0].as_u64().unwrap()).collect();
        let mut alerts: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
        for row in rows(server, "SELECT rule, place FROM alerts;") {
            let of_rule = alerts.entry(row[0].as_u64().unwrap() as usize).or_default();
            of_rule.push(row[1].as_u64().unwrap());
        }
        (events, alerts)
    }

    /// Waits until every rule that runs has looked at every event.
    fn settle(&self, server: &Server) -> (Vec<u64>, BTreeMap<usize, Vec<u64>>) {
        let since = Instant::now();
        loop {
            let (events, alerts) = self.found(server);
            let is_through = |rule: &Rule| {
                let is_wanted = CONDITIONS[rule.condition].1;
                let last = events.iter().rposition(|n| is_wanted(*n));
                let last = last.filter(|at| rule.from.is_some_and(|from| events[*at] >= from));
                let seen = alerts
                    .get(&rule.number)
                    .and_then(|alerts| alerts.iter().max());
                rule.until.is_some()
                    || last.is_none_or(|last| seen.is_some_and(|seen| *seen >= last as u64))
            };
            if self.rules.iter().all(is_through) {
                return (events, alerts);
            }
            assert!(since.elapsed() < LIMIT, "not all alerts come");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn run(mut self, feed: impl FnOnce(&Self) -> (JoinHandle<()>, Option<Process>)) {
        let mut server = self.start();
        self.declare(&server);
        let (feeder, producer) = feed(&self);
        for _ in 0..LIVES {
            self.live(server);
            server = self.start();
            self.look(&server);
        }
        assert_eq!(self.rules.len(), RULES);
        // They go on as before.
        std::thread::sleep(Duration::from_millis(300));
        self.written.is_over.store(true, Ordering::SeqCst);
        feeder.join().unwrap();
        if let Some(producer) = producer {
            producer.done().ok();
        }
        let (events, alerts) = self.settle(&server);
        server.stop();
        let of_rule = |rule: &Rule| alerts.get(&rule.number).map_or(&[][..], Vec::as_slice);
        let (mut again, mut dropped) = (0, 0);
        for rule in &self.rules {
            let times = rule.check(&events, of_rule(rule));
            assert!(times <= LIVES, "{rule:?} began {times} times again");
            again += times;
            dropped += usize::from(rule.until.is_some());
        }
        let count: usize = alerts.values().map(Vec::len).sum();
        println!(
            "{} events, {count} alerts, {dropped} rules dropped, {again} times one began again",
            events.len()
        );
        assert!(events.len() > 500 && count > 1_000 && dropped > RULES / 4);
    }
}

/// The answer, if there is one.
fn ask(address: &str, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(request.as_bytes())?;
    std::io::read_to_string(stream)
}

fn rows(server: &Server, query: &str) -> Vec<Value> {
    let elements = server.query(query).into_iter();
    elements
        .filter_map(|mut element| Some(element.get_mut("row")?["columns"].take()))
        .collect()
}

#[test]
fn the_alerts_of_a_hundred_rules_are_exact_on_the_embedded_broker() {
    let place = Place::new();
    let target = Target::embedded(&place);
    Case::new(place, target).run(|case| (case.feed_server(), None));
}

#[test]
fn the_alerts_of_a_hundred_rules_are_exact_on_kafka() {
    let place = Place::new();
    let Some(target) = Target::kafka(&place, "rules") else {
        return;
    };
    Case::new(place, target).run(|case| {
        let (feeder, producer) = case.feed_kafka();
        (feeder, Some(producer))
    });
}
