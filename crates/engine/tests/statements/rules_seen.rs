//! What one can see of rules: how they are found, by EXPLAIN, and what they did, by DESCRIBE EXTENDED and the metrics.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{House, text};

const EVENTS: &str = "CREATE STREAM e (n INT, c VARCHAR, w STRUCT<`channel` VARCHAR, id INT>, tags ARRAY<VARCHAR>) \
                      WITH (kafka_topic='e', value_format='JSON', partitions=1);";

const ALERTS: &str =
    "CREATE STREAM alerts (n INT) WITH (kafka_topic='alerts', value_format='JSON', partitions=1);";

async fn house() -> House {
    let mut house = House::earliest().await;
    house.go(EVENTS).await;
    house.go(ALERTS).await;
    house
}

async fn rule(house: &mut House, id: &str, condition: &str) {
    house.go(&insert(id, condition)).await;
}

fn insert(id: &str, condition: &str) -> String {
    format!("INSERT INTO alerts WITH (query_id='{id}') SELECT n FROM e WHERE {condition};")
}

/// The lines of what runs for it, after the first.
async fn explained(house: &mut House, what: &str) -> Vec<String> {
    let answer = house.ask(&format!("EXPLAIN {what};")).await;
    lines_of(&answer["queryDescription"])
}

fn lines_of(description: &Value) -> Vec<String> {
    let topology = text(&description["topology"]);
    topology.lines().skip(1).map(str::to_owned).collect()
}

async fn extended(house: &mut House, source: &str, member: &str) -> String {
    let described = house.ask(&format!("DESCRIBE {source} EXTENDED;")).await;
    text(&described["sourceDescription"][member])
}

/// A line without the time at its end, which no test knows.
fn untimed(line: &str) -> &str {
    let (figures, time) = line.rsplit_once(", ").unwrap();
    let seconds: f64 = time.strip_suffix(" s").unwrap().parse().unwrap();
    assert!((0.0..20.0).contains(&seconds), "{line}");
    figures
}

#[tokio::test]
async fn a_rule_has_a_witness_and_shares_atoms() {
    let mut house = house().await;
    let channel = "w->`channel` ILIKE 'Security'";
    for (id, condition) in [
        ("r1", format!("{channel} AND c ILIKE '%Shadow%'")),
        (
            "r2",
            format!("{channel} AND c ILIKE '%delete%' AND w->id = 7"),
        ),
        (
            "r3",
            format!("{channel} AND w->id = 7 AND NOT c LIKE '%Shadow%'"),
        ),
        ("r4", format!("{channel} AND c ILIKE '%shadow%'")),
    ] {
        rule(&mut house, id, &condition).await;
    }
    assert_eq!(
        explained(&mut house, "r1").await,
        [
            "rule: yes, beside 3 others over topic e",
            "witness: C ILIKE '%shadow%'",
            "atoms: 2, 2 of them in other rules too",
            "  W->channel ILIKE 'security': in 3, R2, R3, R4",
            "  C ILIKE '%shadow%': in 1, R4",
            "raw filter: 'shadow' in any case",
            "raw filter of the topic: 3 texts for all its rules",
        ]
    );
    // Case makes another atom.
    assert_eq!(
        explained(&mut house, "r3").await,
        [
            "rule: yes, beside 3 others over topic e",
            "witness: W->channel ILIKE 'security'",
            "atoms: 3, 2 of them in other rules too",
            "  W->channel ILIKE 'security': in 3, R1, R2, R4",
            "  W->ID = 7: in 1, R2",
            "raw filter: 'security' in any case",
            "raw filter of the topic: 3 texts for all its rules",
        ]
    );
    house.go("TERMINATE r4;").await;
    rule(
        &mut house,
        "r5",
        "c = 'whole' OR c LIKE 'start%' OR n IN (3, 1)",
    )
    .await;
    assert_eq!(
        explained(&mut house, "r5").await,
        [
            "rule: yes, beside 3 others over topic e",
            "witness: one of 2 atoms",
            "  (C = 'whole' OR C LIKE 'start%')",
            "  N IN (1, 3)",
            "atoms: 2, none of them in other rules",
            "raw filter: none, because a record may match whatever texts are in its bytes",
            "raw filter of the topic: none, because this rule may match any record",
        ]
    );
    let of_first = explained(&mut house, "r1").await;
    assert_eq!(of_first[3], "  W->channel ILIKE 'security': in 2, R2, R3");
    assert_eq!(
        of_first.last().unwrap(),
        "raw filter of the topic: none, because R5 may match any record"
    );
}

#[tokio::test]
async fn a_rule_without_a_witness_says_why_it_is_asked_of_every_record() {
    let mut house = house().await;
    for (condition, why) in [
        (
            "ARRAY_CONTAINS(tags, 'x')",
            "it asks only what no index knows",
        ),
        ("NOT c LIKE '%x%'", "it asks only that something is not so"),
        (
            "c IS NULL AND n > 3",
            "it asks only whether a column is NULL, and what no index knows",
        ),
        (
            "c LIKE '%x%' OR n > 3",
            "one of its alternatives asks only what no index knows",
        ),
        ("TRUE", "it is always TRUE"),
    ] {
        let lines = explained(
            &mut house,
            &insert("r", condition)[..insert("r", condition).len() - 1],
        )
        .await;
        assert_eq!(lines[0], "rule: yes, the only one over topic e");
        assert_eq!(
            lines[1],
            format!("witness: none, it is asked of every record, because {why}"),
            "{condition}"
        );
    }
}

#[tokio::test]
async fn what_is_no_rule_says_why() {
    let mut house = house().await;
    house
        .go("CREATE STREAM plain AS SELECT n, c FROM e; \
             CREATE STREAM dated WITH (timestamp='t') AS SELECT n, CAST(n AS BIGINT) AS t FROM e WHERE c LIKE '%x%'; \
             SET 'ksql.timestamp.throw.on.invalid'='true'; CREATE STREAM strict AS SELECT n FROM e WHERE c LIKE '%x%'; \
             UNSET 'ksql.timestamp.throw.on.invalid'; \
             SET 'weir.rules.index.enable'='false'; CREATE STREAM alone AS SELECT n FROM e WHERE c LIKE '%x%'; \
             UNSET 'weir.rules.index.enable';")
        .await;
    for (what, why) in [
        ("csas_plain_2", "it has no condition"),
        (
            "csas_dated_3",
            "its sink has a TIMESTAMP column: a row may be dated by the highest time of all records before it",
        ),
        (
            "csas_strict_4",
            "ksql.timestamp.throw.on.invalid is true: a record that cannot be dated stops it, whatever its condition says",
        ),
        ("csas_alone_5", "weir.rules.index.enable is false"),
        (
            "SELECT n FROM e WHERE c LIKE '%x%'",
            "it ends at an offset, and counts what it reads",
        ),
        ("SELECT n FROM e EMIT CHANGES", "it has no condition"),
    ] {
        assert_eq!(
            explained(&mut house, what).await,
            [format!("rule: no, every record is handed to it: {why}")],
            "{what}"
        );
    }
    // A push query is a rule while it runs, and so is what a statement would run.
    let lines = explained(
        &mut house,
        "SELECT n FROM e WHERE c LIKE '%abc%' EMIT CHANGES",
    )
    .await;
    assert_eq!(
        lines,
        [
            "rule: yes, the only one over topic e",
            "witness: C LIKE '%abc%'",
            "atoms: 1, none of them in other rules",
            "raw filter: 'abc'",
            "raw filter of the topic: none, because CSAS_ALONE_5 is no rule, and is handed every record",
        ]
    );
    let lines = explained(
        &mut house,
        "CREATE STREAM y AS SELECT n FROM e WHERE COALESCE(c, w->`channel`) = 'a''b'",
    )
    .await;
    assert_eq!(lines[1], "witness: COALESCE(C, W->channel) = 'a''b'");
}

#[tokio::test]
async fn the_witness_is_the_one_that_the_records_show_to_be_rare() {
    let mut house = house().await;
    let condition = "w->`channel` = 'Security' AND c LIKE '%a long text%'";
    rule(&mut house, "r", condition).await;
    rule(&mut house, "other", "c LIKE '%a long text%' AND n IS NULL").await;
    let taken = "witness: C LIKE '%a long text%'";
    assert_eq!(explained(&mut house, "r").await[1], taken);
    let value = r#"{"n":1,"c":"with a long text in each","w":{"channel":"System"}}"#;
    for _ in 0..10 {
        house.put("e", &[value; 500]).await;
        house.caught_up("R", "e").await;
    }
    assert_eq!(
        explained(&mut house, "r").await[1],
        "witness: W->channel = 'Security'"
    );
    assert_eq!(explained(&mut house, "other").await[1], taken);
    // What does not run yet has seen nothing.
    let text = format!("SELECT n FROM e WHERE {condition} EMIT CHANGES");
    assert_eq!(explained(&mut house, &text).await[1], taken);
}

#[tokio::test]
async fn a_new_index_is_seen_though_all_records_since_were_skipped() {
    let mut house = House::earliest().await;
    // Records are skipped while a mebibyte of them waits: here it comes in one batch.
    let bytes = ("max.message.bytes".to_owned(), (8 << 20).to_string());
    let topics = house.engine.topics();
    topics.create("e", 1, [bytes].into()).await.unwrap();
    house.go(EVENTS).await;
    house.go(ALERTS).await;
    let condition = "w->`channel` = 'Security' AND c LIKE '%a long text%'";
    rule(&mut house, "r", condition).await;
    let value = r#"{"n":1,"c":"with a long text in each","w":{"channel":"System"}}"#;
    for _ in 0..10 {
        house.put("e", &[value; 500]).await;
        house.caught_up("R", "e").await;
    }
    let shown = "witness: W->channel = 'Security'";
    assert_eq!(explained(&mut house, "r").await[1], shown);
    // With one more, both get a new index, which has counted nothing yet.
    house.go("SET 'auto.offset.reset' = 'latest';").await;
    rule(&mut house, "more", "c LIKE '%word%'").await;
    house.engine.settled(Duration::from_secs(60)).await.unwrap();
    let filling = format!(r#"{{"filling":"{}"}}"#, "-".repeat(600_000));
    house.put("e", &[&filling, &filling]).await;
    house.engine.settled(Duration::from_secs(60)).await.unwrap();
    let stats = house.engine.reader_stats().into_values().next().unwrap();
    assert_eq!(stats.records_skipped, 2, "{stats:?}");
    let taken = "witness: C LIKE '%a long text%'";
    assert_eq!(explained(&mut house, "r").await[1], taken);
}

#[tokio::test]
async fn a_query_that_would_take_anothers_place_does_not_share_with_it() {
    let mut house = house().await;
    house
        .go("CREATE STREAM found AS SELECT n FROM e WHERE c LIKE '%needle%';")
        .await;
    let replacing =
        "CREATE OR REPLACE STREAM found AS SELECT n FROM e WHERE c LIKE '%needle%' AND n = 1";
    for what in [replacing, "csas_found_2"] {
        let lines = explained(&mut house, what).await;
        assert_eq!(lines[0], "rule: yes, the only one over topic e", "{what}");
        assert_eq!(lines[1], "witness: C LIKE '%needle%'");
        assert!(lines[2].ends_with("none of them in other rules"));
        assert_eq!(
            lines[4],
            "raw filter of the topic: 1 text for all its rules"
        );
    }
    // Whoever stands still is not in the rule set.
    house.go("PAUSE csas_found_2;").await;
    let other = explained(
        &mut house,
        "SELECT n FROM e WHERE c LIKE '%needle%' EMIT CHANGES",
    )
    .await;
    assert_eq!(other[0], "rule: yes, the only one over topic e");
    house.go("RESUME csas_found_2;").await;
    let other = explained(
        &mut house,
        "SELECT n FROM e WHERE c LIKE '%needle%' EMIT CHANGES",
    )
    .await;
    assert_eq!(other[0], "rule: yes, beside 1 other over topic e");
    assert_eq!(other[3], "  C LIKE '%needle%': in 1, CSAS_FOUND_2");
}

#[tokio::test]
async fn the_raw_filter_says_why_it_parses_every_record() {
    let mut house = house().await;
    house
        .go("CREATE STREAM dated (n INT, t BIGINT, c VARCHAR) WITH (kafka_topic='e', value_format='JSON', timestamp='t'); \
             CREATE STREAM found AS SELECT n FROM dated WHERE c LIKE '%abc%'; \
             SET 'weir.rules.raw.filter'='false'; CREATE STREAM other AS SELECT n FROM e WHERE c LIKE '%abc%'; \
             UNSET 'weir.rules.raw.filter';")
        .await;
    let found = explained(&mut house, "csas_found_3").await;
    assert_eq!(
        found[2..],
        [
            "atoms: 1, 1 of them in other rules too",
            "  C LIKE '%abc%': in 1, CSAS_OTHER_4",
            "raw filter: none, because its stream has a TIMESTAMP column, which is read of every record",
            "raw filter of the topic: none, because this rule takes every record: its stream has a TIMESTAMP column, which is read of every record",
        ]
    );
    let other = explained(&mut house, "csas_other_4").await;
    assert_eq!(
        other[4],
        "raw filter: none, because weir.rules.raw.filter is false"
    );
}

#[tokio::test]
async fn a_rule_of_thousands_of_atoms_is_explained_in_a_few_lines() {
    let mut house = house().await;
    let alternatives: Vec<String> = (0..3_000)
        .map(|n| format!("(c LIKE '%name{n:04}%' AND n = {n})"))
        .collect();
    let condition = alternatives.join(" OR ");
    rule(&mut house, "big", &condition).await;
    rule(&mut house, "big_too", &condition).await;
    let lines = explained(&mut house, "big").await;
    assert_eq!(
        lines[..3],
        [
            "rule: yes, beside 1 other over topic e",
            "witness: one of 3000 atoms",
            "  C LIKE '%name0000%'",
        ]
    );
    assert_eq!(lines[12], "  … and 2990 more");
    assert_eq!(lines[13], "atoms: 6000, 6000 of them in other rules too");
    assert_eq!(lines[24], "  … and 5990 more");
    assert_eq!(lines[25], "raw filter: one of 3000 texts");
    assert_eq!(
        lines.last().unwrap(),
        "raw filter of the topic: none, because too many texts would have to be looked for"
    );
    assert!(lines.join("\n").len() < 2_500, "{}", lines.join("\n"));
    // One atom of many literals.
    let literals: Vec<String> = (0..3_000).map(|n| format!("'%{n:04}x%'")).collect();
    rule(
        &mut house,
        "wide",
        &format!("c ILIKE ANY ({})", literals.join(", ")),
    )
    .await;
    let lines = explained(&mut house, "wide").await;
    assert_eq!(
        lines[1],
        "witness: C ILIKE ANY ('%0000x%', '%0001x%', '%0002x%', '%0003x%', '%0004x%', … and 2995 more)"
    );
}

/// Records with an `x` every fourth time, one that is bad for all, and one that is bad for who reads `n`.
async fn known_traffic(house: &House) {
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
}

async fn four_queries() -> House {
    let mut house = house().await;
    rule(&mut house, "sure", "c LIKE '%x%'").await;
    rule(&mut house, "open", "c LIKE '%x%' AND ABS(n) > 5").await;
    rule(&mut house, "never", "c LIKE '%nothing%'").await;
    house
        .go("CREATE STREAM all_of_it AS SELECT c FROM e;")
        .await;
    known_traffic(&house).await;
    for id in ["SURE", "OPEN", "NEVER", "CSAS_ALL_OF_IT_5"] {
        house.caught_up(id, "e").await;
    }
    house
}

#[tokio::test]
async fn a_source_and_a_sink_say_what_their_queries_did() {
    let mut house = four_queries().await;
    let of_source = extended(&mut house, "e", "statistics").await;
    let lines: Vec<&str> = of_source.lines().collect();
    assert_eq!(
        untimed(lines[0]),
        "4 queries: 34 looked at, 29 matched, 7 errors"
    );
    let mut each: Vec<&str> = lines[1..].iter().map(|line| untimed(line)).collect();
    each.sort_unstable();
    assert_eq!(
        each,
        [
            "CSAS_ALL_OF_IT_5: 22 records read, 22 looked at, 21 matched, 1 errors",
            // Of the records with an x one has no number.
            "NEVER: 22 records read, 0 looked at, 0 matched, 2 errors",
            "OPEN: 22 records read, 6 looked at, 3 matched, 2 errors",
            "SURE: 22 records read, 6 looked at, 5 matched, 2 errors",
        ]
    );
    let of_sink = extended(&mut house, "alerts", "statistics").await;
    assert_eq!(of_sink.lines().count(), 4, "{of_sink}");
    let of_other = extended(&mut house, "all_of_it", "statistics").await;
    assert_eq!(
        untimed(&of_other),
        "CSAS_ALL_OF_IT_5: 22 records read, 22 looked at, 21 matched, 1 errors"
    );
    let short = house.ask("DESCRIBE e;").await;
    assert_eq!(short["sourceDescription"]["statistics"], "");
    // Counted since this process started them.
    let mut house = house.restarted().await;
    house.caught_up("SURE", "e").await;
    let again = extended(&mut house, "alerts", "statistics").await;
    assert!(
        again.starts_with("3 queries: 0 looked at, 0 matched, 0 errors, 0.000000 s\n"),
        "{again}"
    );
}

#[tokio::test]
async fn metrics_say_what_rules_did() {
    let house = four_queries().await;
    let page = house.engine.metrics().await.encode();
    let value = |name: &str, query: &str| -> f64 {
        let start = format!("{name}{{query=\"{query}\"}} ");
        let mut lines = page.lines();
        let found = lines.find_map(|line| line.strip_prefix(&start));
        found
            .unwrap_or_else(|| panic!("no {start} in {page}"))
            .parse()
            .unwrap()
    };
    for (query, looked_at, matched) in [
        ("SURE", 6.0, 5.0),
        ("OPEN", 6.0, 3.0),
        ("NEVER", 0.0, 0.0),
        ("CSAS_ALL_OF_IT_5", 22.0, 21.0),
    ] {
        assert_eq!(
            value("weir_query_looked_at_records_total", query),
            looked_at,
            "{query}"
        );
        assert_eq!(
            value("weir_query_matched_records_total", query),
            matched,
            "{query}"
        );
        let busy = value("weir_query_busy_seconds_total", query);
        assert!(
            busy <= value("weir_query_epoch_seconds_sum", query),
            "{query}"
        );
        assert!(busy > 0.0, "{query}");
    }
    let partition = r#"{topic="e",partition="0"} "#;
    let at = |name: &str| -> f64 {
        let start = format!("{name}{partition}");
        let found = page.lines().find_map(|line| line.strip_prefix(&start));
        found
            .unwrap_or_else(|| panic!("no {start} in {page}"))
            .parse()
            .unwrap()
    };
    assert_eq!(at("weir_partition_skipped_records_total"), 0.0);
    assert!(at("weir_partition_rules_seconds_total") > 0.0);
}

#[tokio::test]
async fn records_that_are_skipped_are_counted_and_read_all_the_same() {
    let mut house = house().await;
    let filling = "-".repeat(1_000);
    let values: Vec<String> = (0..3_000)
        .map(|n| {
            let word = if n % 1_000 == 0 { "needle" } else { "hay" };
            format!(r#"{{"n":{n},"c":"{word}","filling":"{filling}"}}"#)
        })
        .collect();
    for values in values.chunks(500) {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        house.put("e", &values).await;
    }
    rule(&mut house, "r", "c LIKE '%needle%'").await;
    house.caught_up("R", "e").await;
    let stats = house.engine.reader_stats().into_values().next().unwrap();
    assert!(stats.records_skipped > 1_000, "{stats:?}");
    assert_eq!(stats.records_skipped + stats.records_decoded, 3_000);
    let page = house.engine.metrics().await.encode();
    let line = format!(
        "weir_partition_skipped_records_total{{topic=\"e\",partition=\"0\"}} {}",
        stats.records_skipped
    );
    assert!(page.lines().any(|found| found == line), "{page}");
    let said = extended(&mut house, "alerts", "statistics").await;
    assert_eq!(
        untimed(&said),
        "R: 3000 records read, 3 looked at, 3 matched, 0 errors"
    );
}

/// As many rules as there are public ones for Windows: what is said of them stays short, and comes at once.
#[tokio::test]
async fn of_many_rules_a_few_are_named() {
    const RULES: usize = 1_418;
    let mut house = house().await;
    let rules: Vec<String> = (0..RULES)
        .map(|n| {
            insert(
                &format!("rule_{n:04}"),
                &format!(
                    "w->`channel` ILIKE 'security' AND c ILIKE '%word{n}%' AND n = {}",
                    n % 7
                ),
            )
        })
        .collect();
    house.go(&rules.concat()).await;
    house
        .put(
            "e",
            &[r#"{"n":5,"c":"a word5 b","w":{"channel":"Security"}}"#, "{"],
        )
        .await;
    house
        .until("all have seen both", async || {
            let statuses = house.engine.statuses();
            statuses.len() == RULES
                && statuses
                    .values()
                    .all(|status| status.positions.get(&0) == Some(&2))
        })
        .await;
    let time =
        |what: &str, since: Instant| println!("{RULES} rules, {what}: {:?}", since.elapsed());
    let since = Instant::now();
    let said = extended(&mut house, "e", "statistics").await;
    time("DESCRIBE EXTENDED of the source", since);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        untimed(lines[0]),
        "1418 queries: 1 looked at, 1 matched, 1418 errors"
    );
    assert_eq!(lines.len(), 22, "{said}");
    assert_eq!(lines[21], "… and 1398 more that took less time");
    let since = Instant::now();
    let wrong = extended(&mut house, "alerts", "errorStats").await;
    time("DESCRIBE EXTENDED of the sink", since);
    assert_eq!(wrong.lines().count(), 21, "{wrong}");
    assert_eq!(wrong.lines().last().unwrap(), "… and 1398 more queries");
    let since = Instant::now();
    let lines = explained(&mut house, "rule_0005").await;
    time("EXPLAIN of one", since);
    assert_eq!(
        lines[..5],
        [
            "rule: yes, beside 1417 others over topic e",
            "witness: C ILIKE '%word5%'",
            "atoms: 3, 2 of them in other rules too",
            "  W->channel ILIKE 'security': in 1417, RULE_0000, RULE_0001, RULE_0002, …",
            "  N = 5: in 201, RULE_0012, RULE_0019, RULE_0026, …",
        ]
    );
    let since = Instant::now();
    let all = house.ask("SHOW QUERIES EXTENDED;").await;
    time("SHOW QUERIES EXTENDED", since);
    assert_eq!(lines_of(&all["queryDescriptions"][5]), lines);
    let since = Instant::now();
    let metrics = house.engine.metrics().await;
    time("a look at all measures", since);
    let since = Instant::now();
    let page = metrics.encode();
    time("their page", since);
    println!("{} bytes", page.len());
    assert!(page.contains("weir_query_matched_records_total{query=\"RULE_0005\"} 1\n"));
}
