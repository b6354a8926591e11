//! `kill -9` of a process that writes: what it was told is durable is there, and the rest is a prefix of what it wrote.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use weir_kafka::Broker;

use crate::world::{end, make_topic, open, partition, read_from, record};

const DIR: &str = "WEIR_TEST_KILL_DIR";
const ROUNDS: u64 = 6;

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(dir.path());
    make_topic(&broker, "t", &[("segment.bytes", "20000")]).await;
    broker.close().await.unwrap();
    drop(broker);
    let mut acknowledged = 0;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child_writes", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        let reading = std::thread::spawn(move || last_acknowledged(output));
        // At a different moment each time: between writes, in one, in a sync, in the making of a file.
        std::thread::sleep(Duration::from_millis(150 + round * 37));
        child.kill().unwrap();
        child.wait().unwrap();
        let told = reading.join().unwrap();
        acknowledged = told.unwrap_or(acknowledged);
        let broker = open(dir.path());
        let there = end(&broker, "t").await.unwrap();
        assert!(there >= acknowledged, "{there} of {acknowledged} are there");
        let read = read_from(&broker, "t", 0).await.unwrap();
        let expected = (0..there).map(|number| number.to_string());
        assert_eq!(read, expected.collect::<Vec<_>>());
        broker.close().await.unwrap();
    }
    assert!(acknowledged > 100, "only {acknowledged} were written");
}

/// The largest offset that the child was told is durable.
fn last_acknowledged(output: impl std::io::Read) -> Option<i64> {
    let lines = BufReader::new(output).lines().map_while(Result::ok);
    // A line that the kill tore may be half a number, which is a smaller one.
    let told = lines.filter_map(|line| line.strip_prefix("told ")?.parse().ok());
    told.max()
}

/// Not a test of its own: what the process does that is killed.
#[tokio::test]
async fn child_writes() {
    let Ok(dir) = std::env::var(DIR) else {
        return;
    };
    let broker = open(dir.as_ref());
    let mut next = end(&broker, "t").await.unwrap();
    let mut writer = broker.writer("w").await.unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    println!();
    while Instant::now() < until {
        for size in 1..=7 {
            let numbers = next..next + size;
            let records = numbers.map(|number| record(&number.to_string())).collect();
            writer.write(&partition("t"), records).await.unwrap();
            next += size;
        }
        writer.commit(&[]).await.unwrap();
        println!("told {next}");
    }
}
