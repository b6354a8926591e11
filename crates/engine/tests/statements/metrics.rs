//! What the engine measures: figures after known traffic, in a text that keeps Prometheus's rules.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use weir_engine::parts::{Clock, QueryState};
use weir_kafka::memory::Call;

use crate::support::{House, START, record};

/// The samples of a text, by name and sorted labels as they would be written without escapes.
struct Page {
    text: String,
    samples: BTreeMap<String, f64>,
    /// By name of the metric, without a histogram's suffixes.
    kinds: BTreeMap<String, String>,
}

impl Page {
    async fn of(house: &House) -> Self {
        Self::read(house.engine.metrics().await.encode())
    }

    /// Reads the text by the rules of the format's version 0.0.4, and by those that Prometheus asks of names; panics where it
    /// breaks one.
    fn read(text: String) -> Self {
        let (mut samples, mut kinds) = (BTreeMap::new(), BTreeMap::new());
        let (mut named, mut current) = (BTreeSet::new(), String::new());
        assert!(text.ends_with('\n'));
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                assert!(named.insert(name.to_owned()), "{name} comes twice");
                assert!(!help.trim().is_empty(), "{name} says nothing");
                current = name.to_owned();
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert_eq!(name, current, "its help stands before it");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
                kinds.insert(name.to_owned(), kind.to_owned());
            } else {
                let (name, labels, value) = sample(line);
                let base = match kinds[&current].as_str() {
                    "histogram" => ["_bucket", "_sum", "_count"]
                        .iter()
                        .find_map(|suffix| name.strip_suffix(suffix))
                        .unwrap_or_else(|| panic!("{line}")),
                    _ => name,
                };
                assert_eq!(base, current, "samples stand together, under their type");
                let key = format!("{name}{labels:?}");
                assert!(samples.insert(key, value).is_none(), "twice: {line}");
            }
        }
        let page = Self {
            text,
            samples,
            kinds,
        };
        page.check_histograms();
        page
    }

    /// Buckets grow, and the last one holds all.
    fn check_histograms(&self) {
        let buckets = self.text.lines().filter(|line| line.contains("_bucket{"));
        let mut series: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
        for line in buckets {
            let (name, mut labels, value) = sample(line);
            let bound = labels.remove("le").unwrap();
            let bound = if bound == "+Inf" {
                f64::INFINITY
            } else {
                bound.parse().unwrap()
            };
            let key = format!("{}{labels:?}", name.strip_suffix("_bucket").unwrap());
            series.entry(key).or_default().push((bound, value));
        }
        for (key, buckets) in series {
            assert!(buckets.is_sorted(), "{key} {buckets:?}");
            let (bound, all) = *buckets.last().unwrap();
            assert_eq!(bound, f64::INFINITY);
            assert_eq!(all, self.samples[&key.replacen('{', "_count{", 1)], "{key}");
        }
    }

    fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: BTreeMap<_, _> = labels.iter().copied().collect();
        self.samples.get(&format!("{name}{labels:?}")).copied()
    }

    fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.find(name, labels)
            .unwrap_or_else(|| panic!("no {name} {labels:?} in\n{}", self.text))
    }

    /// How many series name this query.
    fn series_of(&self, query: &str) -> usize {
        let label = format!("query=\"{query}\"");
        self.text
            .lines()
            .filter(|line| line.contains(&label))
            .count()
    }
}

/// Name, labels, value.
fn sample(line: &str) -> (&str, BTreeMap<String, String>, f64) {
    let end = line.find(['{', ' ']).unwrap();
    let (name, mut rest) = line.split_at(end);
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    assert!(
        name.chars().all(is_part) && !name.starts_with(|c: char| c.is_ascii_digit()),
        "{line}"
    );
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (label, after) = rest.split_once("=\"").unwrap();
            assert!(label.chars().all(is_part), "{line}");
            let mut value = String::new();
            let mut characters = after.char_indices();
            let end = loop {
                match characters.next().unwrap() {
                    (at, '"') => break at,
                    (_, '\\') => value.push(match characters.next().unwrap().1 {
                        'n' => '\n',
                        escaped @ ('\\' | '"') => escaped,
                        other => panic!("\\{other} in {line}"),
                    }),
                    (_, character) => value.push(character),
                }
            };
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            rest = after[end + 1..].trim_start_matches(',');
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').unwrap();
    (name, labels, value.parse().unwrap())
}

async fn house() -> House {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM e (n INT, c VARCHAR) WITH (kafka_topic='e', value_format='JSON', partitions=2); \
             CREATE STREAM found AS SELECT n FROM e WHERE c LIKE '%x%'; \
             CREATE STREAM all_of_it AS SELECT * FROM e;")
        .await;
    house
}

const FOUND: (&str, &str) = ("query", "CSAS_FOUND_1");

#[tokio::test]
async fn figures_after_known_traffic() {
    let house = house().await;
    let values: Vec<String> = (0..20)
        .map(|n| {
            format!(
                r#"{{"n":{n},"c":"{}"}}"#,
                if n % 4 == 0 { "ax" } else { "b" }
            )
        })
        .chain([r#"{"n":"#.to_owned(), r#"{"n":[],"c":"x"}"#.to_owned()])
        .collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    house.put("e", &values).await;
    house
        .write(
            "e",
            1,
            vec![record(Some(b"key"), Some(br#"{"n":99,"c":"x"}"#))],
        )
        .await;
    house.caught_up("CSAS_FOUND_1", "e").await;
    house.caught_up("CSAS_ALL_OF_IT_2", "e").await;
    let page = Page::of(&house).await;
    let bytes: usize = values.iter().map(|value| value.len()).sum::<usize>() + 3 + 16;
    let of_query = |name: &str| page.value(name, &[FOUND]);
    assert_eq!(of_query("weir_query_input_records_total"), 23.0);
    assert_eq!(of_query("weir_query_input_bytes_total"), bytes as f64);
    assert_eq!(of_query("weir_query_output_records_total"), 6.0);
    // {"N":0} … {"N":16} and {"N":99}: three of one digit, three of two. The stream has no key.
    assert_eq!(
        of_query("weir_query_output_bytes_total"),
        3.0 * 7.0 + 3.0 * 8.0
    );
    assert_eq!(of_query("weir_query_restarts_total"), 0.0);
    assert_eq!(of_query("weir_query_missed_records_total"), 0.0);
    assert_eq!(of_query("weir_query_dropped_log_entries_total"), 0.0);
    assert_eq!(of_query("weir_query_lag_records"), 0.0);
    assert_eq!(of_query("weir_query_lag_seconds"), 0.0);
    assert!(of_query("weir_query_epoch_seconds_count") >= 2.0);
    assert!(of_query("weir_query_epoch_seconds_sum") > 0.0);
    assert_eq!(
        page.value("weir_query_state", &[FOUND, ("state", "running")]),
        1.0
    );
    assert_eq!(page.value("weir_queries", &[("state", "running")]), 2.0);
    let statuses = house.engine.statuses();
    let bad = &statuses["CSAS_FOUND_1"].bad_records;
    assert_eq!(bad.values().sum::<u64>(), 2);
    for (reason, count) in bad {
        let counted = page.value("weir_query_bad_records_total", &[FOUND, ("reason", reason)]);
        assert_eq!(counted, *count as f64);
    }
    for (partition, records) in [("0", 22.0), ("1", 1.0)] {
        let at = [("topic", "e"), ("partition", partition)];
        assert_eq!(
            page.value("weir_partition_fetched_records_total", &at),
            records
        );
        assert_eq!(
            page.value("weir_partition_decoded_records_total", &at),
            records
        );
        assert_eq!(page.value("weir_partition_lag_records", &at), 0.0);
        assert_eq!(page.value("weir_partition_readers", &at), 1.0);
    }
    let first = [("topic", "e"), ("partition", "0")];
    let fetched = page.value("weir_partition_fetched_bytes_total", &first);
    assert_eq!(fetched, (bytes - 19) as f64);
    assert_eq!(page.value("weir_push_queries", &[]), 0.0);
    assert_eq!(page.value("weir_metrics_omitted_queries", &[]), 0.0);
    assert_eq!(page.value("weir_metrics_omitted_partitions", &[]), 0.0);
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    assert_eq!(page.value("weir_build_info", &version), 1.0);
    assert!(page.value("weir_uptime_seconds", &[]) > 0.0);
    assert!(page.value("process_resident_memory_bytes", &[]) > 1e6);
    assert!(page.value("process_cpu_seconds_total", &[]) > 0.0);
    assert_eq!(page.kinds["weir_query_epoch_seconds"], "histogram");
}

#[tokio::test]
async fn a_paused_query_has_records_and_time_before_it() {
    let mut house = house().await;
    house.put("e", &[r#"{"n":1,"c":"x"}"#]).await;
    house.caught_up("CSAS_FOUND_1", "e").await;
    house.go("PAUSE csas_found_1;").await;
    house
        .until("it stands", async || {
            house.engine.statuses()["CSAS_FOUND_1"].state == QueryState::Paused
        })
        .await;
    house.put("e", &[r#"{"n":2,"c":"x"}"#; 3]).await;
    house.caught_up("CSAS_ALL_OF_IT_2", "e").await;
    // The ends of topics may be a second old.
    house
        .until("the lag is seen", async || {
            Page::of(&house)
                .await
                .value("weir_query_lag_records", &[FOUND])
                == 3.0
        })
        .await;
    house.clock.advance(Duration::from_secs(600));
    let page = Page::of(&house).await;
    // Its last record is of the tests' beginning.
    let age = (house.clock.now() - START) as f64 / 1_000.0;
    assert!(age >= 600.0);
    assert_eq!(page.value("weir_query_lag_seconds", &[FOUND]), age);
    assert_eq!(
        page.value("weir_query_state", &[FOUND, ("state", "paused")]),
        1.0
    );
    assert_eq!(
        page.find("weir_query_state", &[FOUND, ("state", "running")]),
        None
    );
    let other = ("query", "CSAS_ALL_OF_IT_2");
    assert_eq!(page.value("weir_query_lag_records", &[other]), 0.0);
    assert_eq!(page.value("weir_query_lag_seconds", &[other]), 0.0);
    house.go("RESUME csas_found_1;").await;
    house.caught_up("CSAS_FOUND_1", "e").await;
    let page = Page::of(&house).await;
    assert_eq!(page.value("weir_query_lag_seconds", &[FOUND]), 0.0);
}

#[tokio::test]
async fn a_terminated_query_has_no_series_any_more() {
    let mut house = house().await;
    house.caught_up("CSAS_FOUND_1", "e").await;
    assert!(Page::of(&house).await.series_of("CSAS_FOUND_1") > 15);
    house.go("TERMINATE csas_found_1;").await;
    let page = Page::of(&house).await;
    assert_eq!(page.series_of("CSAS_FOUND_1"), 0);
    assert_eq!(page.value("weir_queries", &[("state", "running")]), 1.0);
    house.go("TERMINATE ALL;").await;
    house
        .until("nobody reads", async || {
            !Page::of(&house).await.text.contains("topic=\"e\"")
        })
        .await;
    // Every metric still says what it is.
    let page = Page::of(&house).await;
    assert_eq!(page.kinds["weir_query_lag_seconds"], "gauge");
    assert_eq!(page.find("weir_queries", &[("state", "running")]), None);
}

#[tokio::test]
async fn failures_are_counted_as_restarts() {
    let house = house().await;
    house.caught_up("CSAS_FOUND_1", "e").await;
    let faults = house.world.broker.faults();
    // When what was written is to be made sure of, at the next checkpoint.
    faults.fail_next_of(Call::Commit, 2, weir_kafka::ErrorKind::Storage);
    house.put("e", &[r#"{"n":1,"c":"x"}"#]).await;
    house
        .until("both failures are overcome", async || {
            let page = Page::of(&house).await;
            let restarts =
                |query: &str| page.value("weir_query_restarts_total", &[("query", query)]);
            restarts("CSAS_FOUND_1") + restarts("CSAS_ALL_OF_IT_2") == 2.0
        })
        .await;
    house.caught_up("CSAS_FOUND_1", "e").await;
}

#[tokio::test]
async fn a_push_query_is_counted_and_has_no_series() {
    let mut house = house().await;
    let mut stream = house.stream("SELECT n FROM e EMIT CHANGES;").await;
    house.put("e", &[r#"{"n":1,"c":"x"}"#]).await;
    house.take(&mut stream, 1).await;
    let page = Page::of(&house).await;
    assert_eq!(page.value("weir_push_queries", &[]), 1.0);
    assert_eq!(page.series_of(&stream.query_id), 0);
}

#[tokio::test]
async fn queries_beyond_the_bound_are_counted_without_series() {
    let mut house = House::with(|builder| builder.property("weir.metrics.queries.max", "2")).await;
    house
        .go(
            "CREATE STREAM e (n INT) WITH (kafka_topic='e', value_format='JSON', partitions=1); \
             CREATE STREAM m AS SELECT * FROM e; CREATE STREAM z AS SELECT * FROM e;",
        )
        .await;
    house.clock.advance(Duration::from_secs(1));
    house.go("CREATE STREAM a AS SELECT * FROM e;").await;
    let page = Page::of(&house).await;
    assert!(page.series_of("CSAS_M_1") > 0 && page.series_of("CSAS_Z_2") > 0);
    assert_eq!(page.series_of("CSAS_A_3"), 0);
    assert_eq!(page.value("weir_metrics_omitted_queries", &[]), 1.0);
    let states: f64 = ["starting", "running"]
        .iter()
        .filter_map(|state| page.find("weir_queries", &[("state", state)]))
        .sum();
    assert_eq!(states, 3.0);
    house.go("TERMINATE csas_m_1;").await;
    let page = Page::of(&house).await;
    assert!(page.series_of("CSAS_A_3") > 0);
    assert_eq!(page.value("weir_metrics_omitted_queries", &[]), 0.0);
}

#[tokio::test]
async fn a_bound_that_is_no_number_is_refused() {
    for value in ["-1", "many"] {
        let house = weir_engine::Engine::builder()
            .memory(0)
            .property("weir.metrics.queries.max", value)
            .build()
            .await;
        let refusal = house.err().unwrap();
        assert!(
            refusal.message.contains("weir.metrics.queries.max"),
            "{refusal}"
        );
    }
}

#[tokio::test]
async fn a_broker_that_does_not_answer_leaves_the_lag_out_and_nothing_else() {
    let house = house().await;
    house.caught_up("CSAS_FOUND_1", "e").await;
    house.world.broker.faults().set_available(false);
    let page = Page::of(&house).await;
    house.world.broker.faults().set_available(true);
    assert_eq!(page.find("weir_query_lag_records", &[FOUND]), None);
    assert_eq!(page.value("weir_query_input_records_total", &[FOUND]), 0.0);
}

/// What a query adds to the page has a bound.
#[tokio::test]
async fn many_queries_make_a_page_of_bounded_size() {
    const QUERIES: usize = 200;
    let mut house = House::earliest().await;
    let mut script = "CREATE STREAM e (n INT, c VARCHAR) WITH (kafka_topic='e', value_format='JSON', partitions=1);".to_owned();
    script.push_str("CREATE STREAM found (n INT) WITH (kafka_topic='found', value_format='JSON', partitions=1);");
    for number in 0..QUERIES {
        script.push_str(&format!(
            "INSERT INTO found WITH (query_id='rule_{number}') SELECT n FROM e WHERE c LIKE '%{number}%';"
        ));
    }
    house.go(&script).await;
    house.put("e", &[r#"{"n":1,"c":"x"}"#]).await;
    house.caught_up("RULE_199", "e").await;
    let since = Instant::now();
    let metrics = house.engine.metrics().await;
    let looked = since.elapsed();
    let since = Instant::now();
    let text = metrics.encode();
    let written = since.elapsed();
    let series = text.lines().filter(|line| !line.starts_with('#')).count();
    println!(
        "{QUERIES} queries: looked at in {looked:?}, written in {written:?}: {} bytes, {series} series",
        text.len()
    );
    assert!(text.len() < QUERIES * 1_500, "{}", text.len());
    assert!((QUERIES * 23..QUERIES * 25).contains(&series), "{series}");
    Page::read(text);
}
