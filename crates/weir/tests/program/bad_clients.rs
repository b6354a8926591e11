//! Clients that do harm, meaning it or not, and what the others notice of it.
//!
//! Each sort of them is let loose for a while; beside it, somebody asks `/info` and `/ksql` fifty times a second, each time
//! on a connection of its own. Their waits are the figures. The short form runs with the other tests and wants no more than
//! that everybody is answered; the long one is `just bad-clients`.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    http::Server,
    support::{Place, Process, Target},
};

/// How much of each there is.
struct Scale {
    seconds: u64,
    flood_seconds: u64,
    flood_rate: u64,
    half_open: usize,
    stalled: usize,
    pushes: usize,
}

const SHORT: Scale = Scale {
    seconds: 1,
    flood_seconds: 1,
    flood_rate: 1000,
    half_open: 100,
    stalled: 5,
    pushes: 50,
};

const LONG: Scale = Scale {
    seconds: 10,
    flood_seconds: 30,
    flood_rate: 10_000,
    half_open: 1000,
    stalled: 100,
    pushes: 500,
};

#[test]
fn bad_clients_do_not_keep_others_from_being_answered() {
    run(&SHORT, None);
}

#[test]
#[ignore = "two minutes: just bad-clients"]
fn bad_clients_for_long() {
    run(&LONG, std::env::var("WEIR_TEST_PROGRAM").ok().as_deref());
}

fn run(scale: &Scale, program: Option<&str>) {
    let place = Place::new();
    let server = start(&place, program);
    let address: SocketAddr = server.address().parse().unwrap();
    server
        .ksql("CREATE STREAM s (k VARCHAR KEY, v VARCHAR) WITH (kafka_topic='s', value_format='JSON', partitions=1);")
        .ok();
    let pid = server.process.id();
    let report = |what: &str, waits: Vec<Duration>, note: String| {
        assert!(!waits.is_empty(), "{what}: nobody was answered");
        println!(
            "{what:<28} {:>6} asked, median {:>6.1} ms, p99 {:>6.1} ms, longest {:>6.1} ms; {} MB resident; {note}",
            waits.len(),
            milliseconds(&waits, 0.5),
            milliseconds(&waits, 0.99),
            milliseconds(&waits, 1.0),
            memory(pid) >> 20,
        );
        milliseconds(&waits, 0.99)
    };
    let time = Duration::from_secs(scale.seconds);
    report(
        "nobody else",
        probe_while(address, || std::thread::sleep(time)),
        String::new(),
    );

    let sent = Arc::new(AtomicU64::new(0));
    let waits = probe_while(address, || malformed(address, time, &sent));
    report(
        "malformed bodies",
        waits,
        format!("{} of them", sent.load(Ordering::Relaxed)),
    );

    let waits = probe_while(address, || slow_loris(address, scale.half_open, time));
    report(
        "half-open, a byte a second",
        waits,
        format!("{} connections", scale.half_open),
    );

    let waits = probe_while(address, || stall(&server, address, scale.stalled, time));
    report(
        "readers that stall",
        waits,
        format!("{} push queries that nobody reads", scale.stalled),
    );

    let answered = Arc::new(AtomicU64::new(0));
    let waits = probe_while(address, || {
        flood(
            address,
            scale.flood_rate,
            Duration::from_secs(scale.flood_seconds),
            &answered,
        );
    });
    report(
        "a flood of requests",
        waits,
        format!(
            "{} answered in {} s",
            answered.load(Ordering::Relaxed),
            scale.flood_seconds
        ),
    );

    let bytes = Arc::new(AtomicU64::new(0));
    let waits = probe_while(address, || {
        pushes(&server, address, scale.pushes, time, &bytes)
    });
    report(
        "push queries at once",
        waits,
        format!(
            "{} of them, {} MB read",
            scale.pushes,
            bytes.load(Ordering::Relaxed) / 1_000_000
        ),
    );
    println!("most memory: {} MB", peak(pid) >> 20);
    server.stop();
}

fn start(place: &Place, program: Option<&str>) -> Server {
    let target = Target::embedded(place);
    let sets = [
        "--set=ksql.max.push.queries=1000",
        "--set=weir.http.stall.timeout.ms=5000",
        "--set=weir.http.header.timeout.ms=5000",
    ];
    let Some(program) = program else {
        return Server::start(place, &target, &sets);
    };
    let mut command = std::process::Command::new(program);
    let mut arguments = target.on(&["server", "--listen", "127.0.0.1:0"]);
    arguments.extend(sets);
    command.args(arguments);
    place.shield(&mut command);
    Server::of(Process::start(&mut command))
}

fn milliseconds(waits: &[Duration], part: f64) -> f64 {
    let mut sorted = waits.to_vec();
    sorted.sort();
    let at = ((sorted.len() - 1) as f64 * part).round() as usize;
    sorted[at].as_secs_f64() * 1000.0
}

fn status(pid: u32, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    let kilobytes = line.split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() << 10
}

fn memory(pid: u32) -> u64 {
    status(pid, "VmRSS:")
}

fn peak(pid: u32) -> u64 {
    status(pid, "VmHWM:")
}

/// What well-behaved clients wait while something else goes on.
fn probe_while(address: SocketAddr, what: impl FnOnce()) -> Vec<Duration> {
    let done = Arc::new(AtomicBool::new(false));
    let probing = probe(address, done.clone());
    what();
    done.store(true, Ordering::Release);
    probing.join().unwrap()
}

fn probe(address: SocketAddr, done: Arc<AtomicBool>) -> JoinHandle<Vec<Duration>> {
    std::thread::spawn(move || {
        let body = json!({"ksql": "SHOW STREAMS;"}).to_string();
        let requests = [
            format!("GET /info HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"),
            format!(
                "POST /ksql HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        ];
        let mut waits = Vec::new();
        while !done.load(Ordering::Acquire) {
            let started = Instant::now();
            let request = &requests[waits.len() % 2];
            let mut stream = TcpStream::connect(address).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(20)))
                .unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            waits.push(started.elapsed());
            std::thread::sleep(Duration::from_millis(20).saturating_sub(started.elapsed()));
        }
        waits
    })
}

fn malformed(address: SocketAddr, time: Duration, sent: &AtomicU64) {
    let bodies = [
        "",
        "{",
        "[]",
        "null",
        "{\"ksql\":1}",
        "{\"ksql\":\"SELECT",
        "\u{0}\u{1}",
        "{\"ksql\":\"'\"}",
    ];
    let until = Instant::now() + time;
    std::thread::scope(|scope| {
        for client in 0..4 {
            scope.spawn(move || {
                let mut next = client;
                while Instant::now() < until {
                    let body = bodies[next % bodies.len()];
                    let path = ["/ksql", "/query", "/query-stream", "/close-query"][next % 4];
                    next += 1;
                    let Ok(mut stream) = TcpStream::connect(address) else { continue };
                    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
                    let request = format!(
                        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    let _ = stream.write_all(request.as_bytes());
                    let mut answer = Vec::new();
                    let _ = stream.read_to_end(&mut answer);
                    assert!(answer.starts_with(b"HTTP/1.1 4"), "{:?}", String::from_utf8_lossy(&answer));
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
}

/// Connections that never finish their request.
fn slow_loris(address: SocketAddr, count: usize, time: Duration) {
    let until = Instant::now() + time;
    let mut streams: Vec<TcpStream> = (0..count)
        .filter_map(|_| TcpStream::connect(address).ok())
        .collect();
    assert_eq!(streams.len(), count);
    let mut text = b"GET /info HTTP/1.1\r\nX-Slow: "
        .iter()
        .chain(std::iter::repeat(&b'x'));
    while Instant::now() < until {
        let byte = [*text.next().unwrap()];
        // Those that were closed meanwhile are.
        streams.retain_mut(|stream| stream.write_all(&byte).is_ok());
        std::thread::sleep(
            Duration::from_secs(1).min(until.saturating_duration_since(Instant::now())),
        );
    }
}

fn push_query(address: SocketAddr) -> TcpStream {
    let body = json!({"ksql": "SELECT * FROM s EMIT CHANGES;"}).to_string();
    let request = format!(
        "POST /query HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// Records of a kilobyte each, in batches.
fn feed(server: &Server, time: Duration) {
    let line = format!("{{\"v\":\"{}\"}}\n", "x".repeat(1000));
    let lines = line.repeat(100);
    let until = Instant::now() + time;
    while Instant::now() < until {
        let ndjson = "Content-Type: application/x-ndjson";
        server.ask("POST /topics/s/records", ndjson, &lines).ok();
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Push queries whose rows nobody takes, while rows come.
fn stall(server: &Server, address: SocketAddr, count: usize, time: Duration) {
    let streams: Vec<TcpStream> = (0..count).map(|_| push_query(address)).collect();
    feed(server, time);
    drop(streams);
}

/// Requests at a rate, on a few connections, answers read as they come.
fn flood(address: SocketAddr, rate: u64, time: Duration, answered: &Arc<AtomicU64>) {
    const CONNECTIONS: u64 = 4;
    // So many at a time, so often.
    const AT_ONCE: u64 = 25;
    let request = format!("GET /info HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let bunch = request.repeat(AT_ONCE as usize);
    let every = Duration::from_secs_f64((AT_ONCE * CONNECTIONS) as f64 / rate as f64);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            let bunch = bunch.as_bytes();
            scope.spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.set_nodelay(true).unwrap();
                let reader = stream.try_clone().unwrap();
                let counted = answered.clone();
                let counting = std::thread::spawn(move || count(reader, &counted));
                let mut due = Duration::ZERO;
                while due < time {
                    std::thread::sleep(due.saturating_sub(started.elapsed()));
                    stream.write_all(bunch).unwrap();
                    due += every;
                }
                stream.shutdown(std::net::Shutdown::Write).unwrap();
                counting.join().unwrap();
            });
        }
    });
}

/// Counts answers to the end of a connection.
fn count(mut stream: TcpStream, answered: &AtomicU64) {
    let mut chunk = vec![0; 64 << 10];
    let mut before = Vec::new();
    while let Ok(length @ 1..) = stream.read(&mut chunk) {
        before.extend_from_slice(&chunk[..length]);
        let marks = before
            .windows(12)
            .filter(|window| *window == b"HTTP/1.1 200")
            .count();
        answered.fetch_add(marks as u64, Ordering::Relaxed);
        // What may be the beginning of the next one.
        let keep = before.len().min(11);
        before.drain(..before.len() - keep);
    }
}

/// Push queries that read what comes.
fn pushes(
    server: &Server,
    address: SocketAddr,
    count: usize,
    time: Duration,
    bytes: &Arc<AtomicU64>,
) {
    let streams: Vec<TcpStream> = (0..count).map(|_| push_query(address)).collect();
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = streams
        .chunks(count.div_ceil(4))
        .map(|part| {
            let mut part: Vec<TcpStream> = part
                .iter()
                .map(|stream| stream.try_clone().unwrap())
                .collect();
            let (done, bytes) = (done.clone(), bytes.clone());
            std::thread::spawn(move || {
                for stream in &part {
                    stream.set_nonblocking(true).unwrap();
                }
                let mut chunk = vec![0; 256 << 10];
                while !done.load(Ordering::Acquire) {
                    for stream in &mut part {
                        // Not looked at: what is to be measured is the server.
                        while let Ok(length @ 1..) = stream.read(&mut chunk) {
                            bytes.fetch_add(length as u64, Ordering::Relaxed);
                        }
                    }
                    std::thread::sleep(Duration::from_millis(10));
                }
            })
        })
        .collect();
    feed(server, time);
    done.store(true, Ordering::Release);
    for reader in readers {
        reader.join().unwrap();
    }
    assert!(
        bytes.load(Ordering::Relaxed) / 1_000_000 > 0,
        "no push query got a row"
    );
}
