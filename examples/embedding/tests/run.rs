//! The programs do what the README shows.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const LIMIT: Duration = Duration::from_secs(60);

const PROGRAMS: [(&str, &str); 5] = [
    ("filter", env!("CARGO_BIN_EXE_filter")),
    ("function", env!("CARGO_BIN_EXE_function")),
    ("alerts", env!("CARGO_BIN_EXE_alerts")),
    ("web", env!("CARGO_BIN_EXE_web")),
    ("kafka", env!("CARGO_BIN_EXE_kafka")),
];

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What the README shows of each program: the text block in the section of its command.
fn shown() -> BTreeMap<String, String> {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let sections = readme.split("\n## ").skip(1);
    let of_section = sections.filter_map(|section| {
        let name = section.split("--bin ").nth(1)?.split_whitespace().next()?;
        let text = section.split("```text\n").nth(1)?.split("```").next()?;
        Some((name.to_owned(), text.to_owned()))
    });
    of_section.collect()
}

/// A program that ends with the test.
struct Running(Child);

impl Running {
    fn start(name: &str, arguments: &[&str], input: Stdio) -> Self {
        let (_, path) = PROGRAMS.iter().find(|(known, _)| *known == name).unwrap();
        let mut command = Command::new(path);
        let command = command.args(arguments).stdin(input).stdout(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    fn lines(&mut self) -> impl Iterator<Item = String> + use<> {
        let output = BufReader::new(self.0.stdout.take().unwrap());
        output.lines().map(|line| line.unwrap() + "\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn no_program_is_longer_than_thirty_lines_and_each_has_its_section() {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    for (name, _) in PROGRAMS {
        let source = std::fs::read_to_string(folder().join(format!("src/bin/{name}.rs"))).unwrap();
        assert!(
            source.lines().count() <= 30,
            "{name}: {}",
            source.lines().count()
        );
        assert!(
            readme.contains(&format!("--package weir-examples --bin {name}")),
            "{name}"
        );
    }
}

#[test]
fn the_filter_and_the_function_print_what_the_readme_shows() {
    for name in ["filter", "function"] {
        let printed: String = Running::start(name, &[], Stdio::null()).lines().collect();
        assert_eq!(printed, shown()[name], "{name}");
    }
}

#[test]
fn alerts_come_as_the_readme_shows_and_ctrl_c_ends_the_program() {
    let events = std::fs::File::open(folder().join("events.ndjson")).unwrap();
    let mut alerts = Running::start("alerts", &[], events.into());
    let expected = &shown()["alerts"];
    let mut lines = alerts.lines();
    // Two rules write them: their order is that of the records only within a rule.
    let mut printed: Vec<String> = lines.by_ref().take(2).collect();
    printed.sort();
    assert_eq!(printed.concat(), *expected);
    let process = nix::unistd::Pid::from_raw(i32::try_from(alerts.0.id()).unwrap());
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGINT).unwrap();
    assert_eq!(lines.next(), None);
    assert!(alerts.0.wait().unwrap().success());
}

#[test]
fn the_web_handler_answers_what_the_readme_shows() {
    let mut web = Running::start("web", &["127.0.0.1:0"], Stdio::null());
    let address = web.lines().next().unwrap();
    let address = address.trim().strip_prefix("http://").unwrap().to_owned();
    let ask = |method: &str, path: &str, body: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let body = readme
        .split("--data-binary '")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    ask("POST", "/events", r#"{"host":"WS1","command":"dir"}"#);
    ask("POST", "/events", body);
    let started = Instant::now();
    let mut hosts = String::new();
    while hosts.is_empty() && started.elapsed() < LIMIT {
        hosts = ask("GET", "/alerts", "");
    }
    assert_eq!(hosts, shown()["web"]);
}

#[tokio::test]
async fn the_program_against_kafka_finds_the_records() {
    let Ok(servers) = std::env::var("WEIR_TEST_KAFKA") else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "WEIR_TEST_KAFKA must name a Kafka in CI"
        );
        let _ = writeln!(
            std::io::stderr(),
            "skipped: the example against Kafka needs one that WEIR_TEST_KAFKA names"
        );
        return;
    };
    use weir_engine::{Engine, parts::NewRecord};
    let builder = Engine::builder().cluster().headless(true).without_data();
    let builder = builder.property("ksql.logging.processing.topic.auto.create", "false");
    let engine = builder
        .property("bootstrap.servers", &servers)
        .build()
        .await
        .unwrap();
    let topic = format!("example-kafka-{}", std::process::id());
    let topics = engine.topics();
    topics.create(&topic, 2, BTreeMap::new()).await.unwrap();
    let records =
        (0..8).map(|number| NewRecord::value(format!("{} {number}", ["no", "yes"][number % 2])));
    topics.produce(&topic, records.collect()).await.unwrap();
    let printed: Vec<String> = Running::start("kafka", &[&servers, &topic, "yes"], Stdio::null())
        .lines()
        .collect();
    assert_eq!(printed.len(), 3, "{printed:?}");
    assert!(
        printed.iter().all(|line| line.starts_with("\"yes ")),
        "{printed:?}"
    );
    topics.delete(&topic).await.unwrap();
}
