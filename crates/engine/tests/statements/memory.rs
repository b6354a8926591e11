//! What a query costs in memory.

use crate::support::House;

/// What the process has of the machine's memory.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let digits = line.unwrap().split_whitespace().nth(1);
    digits.unwrap().parse::<usize>().unwrap() * 1_024
}

/// A rule of the usual size.
fn rule(number: usize) -> String {
    let tools: Vec<String> = (0..8)
        .map(|tool| format!("'%\\tool{tool}-{number}.exe%'"))
        .collect();
    format!(
        "INSERT INTO alerts WITH (QUERY_ID = 'R{number}') \
         SELECT 'rule {number}' AS rule, 'What is seen when somebody does what nobody should' AS title, \
           ARRAY['attack.execution', 'attack.t1059'] AS tags, ROWOFFSET AS place, RAW_VALUE AS event \
         FROM events WHERE channel ILIKE 'Security' AND image ILIKE '%\\cmd{number}.exe' \
           AND line ILIKE ANY ({}) EMIT CHANGES;",
        tools.join(", ")
    )
}

#[cfg(target_os = "linux")]
#[tokio::test]
#[ignore = "a measurement: it is to be alone in its process"]
async fn a_rule_that_waits_for_its_first_match_is_small() {
    let mut house = House::new().await;
    house
        .go("CREATE STREAM events (channel VARCHAR, image VARCHAR, line VARCHAR) \
               WITH (kafka_topic='events', value_format='JSON', partitions=1); \
             CREATE STREAM alerts (rule VARCHAR, title VARCHAR, tags ARRAY<VARCHAR>, place BIGINT, event VARCHAR) \
               WITH (kafka_topic='alerts', value_format='JSON', partitions=1);")
        .await;
    let some = |from: usize, to: usize| (from..to).map(rule).collect::<String>();
    // What is made once.
    house.go(&some(0, 200)).await;
    let before = resident();
    for from in (200..1_600).step_by(200) {
        house.go(&some(from, from + 200)).await;
    }
    let each = (resident() - before) / 1_400;
    println!("{each} bytes for each query");
    assert!(each < 20_000, "{each}");
}
