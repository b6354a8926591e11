//! What changes under queries that run: streams that grow, and queries that take the places of others.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use weir_engine::parts::{QueryState, TopicPartition};

use crate::support::{House, each};

const WITH: &str = "WITH (kafka_topic='e', value_format='JSON')";

/// Numbered; what the grown stream says of some of them does not fit.
fn events(numbers: std::ops::Range<usize>) -> Vec<String> {
    let event = |number: usize| {
        let n = match number % 5 {
            0 => json!("none"),
            _ => json!(number),
        };
        json!({"a": format!("a{number}"), "o": {"x": format!("x{}", number % 3), "l": [{"m": "m", "k": number}], "n": n}, "b": {"c": format!("c{number}")}})
            .to_string()
    };
    numbers.map(event).collect()
}

async fn put(house: &House, numbers: std::ops::Range<usize>) {
    let events = events(numbers);
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    house.put("e", &events).await;
}

async fn all_run(house: &House, count: usize) {
    house
        .until("all run", async || {
            let statuses = house.engine.statuses();
            let mut states = statuses.values().map(|status| status.state);
            statuses.len() == count && states.all(|state| state == QueryState::Running)
        })
        .await;
}

#[tokio::test]
async fn a_stream_grows_under_queries_that_read_it_and_their_rows_do_not_change() {
    let mut house = House::new().await;
    house.topic("e", 1).await;
    house
        .go(&format!(
            "CREATE STREAM e (a VARCHAR, o STRUCT<x VARCHAR, l ARRAY<STRUCT<m VARCHAR>>>) {WITH}; \
             CREATE STREAM some AS SELECT a, o->x AS x FROM e WHERE o->x = 'x1'; \
             CREATE STREAM whole AS SELECT * FROM e;"
        ))
        .await;
    all_run(&house, 2).await;
    put(&house, 0..30).await;
    house.texts("WHOLE", 30).await;
    let read = TopicPartition::new("e", 0);
    let before = house.engine.reader_stats()[&read];

    house
        .go(&format!(
            "CREATE OR REPLACE STREAM e (a VARCHAR, o STRUCT<x VARCHAR, l ARRAY<STRUCT<m VARCHAR, k INT>>, n INT>, b STRUCT<c VARCHAR>) {WITH};"
        ))
        .await;
    house
        .go("CREATE STREAM more AS SELECT a, o->n AS n, o->l[1]->k AS k, b->c AS c FROM e WHERE o->n % 2 = 0;")
        .await;
    all_run(&house, 3).await;
    put(&house, 30..60).await;
    house.texts("WHOLE", 60).await;
    house.caught_up("CSAS_MORE_4", "e").await;
    let stats = house.engine.reader_stats()[&read];
    assert_eq!(
        stats.records_fetched,
        before.records_fetched + 30,
        "nothing is read again"
    );
    assert_eq!(stats.readers, 1);

    // The stream is what it has become, and its queries what they were.
    let mut house = house.restarted().await;
    all_run(&house, 3).await;
    put(&house, 60..90).await;
    house.texts("WHOLE", 90).await;
    house.caught_up("CSAS_MORE_4", "e").await;
    house.caught_up("CSAS_SOME_1", "e").await;
    let wanted = |test: fn(&usize) -> bool, from: usize, row: fn(usize) -> Value| -> Vec<Value> {
        (from..90).filter(test).map(row).collect()
    };
    let some = wanted(
        |n| n % 3 == 1,
        0,
        |n| json!({"A": format!("a{n}"), "X": "x1"}),
    );
    assert_eq!(house.jsons("SOME", some.len()).await, some);
    let whole = wanted(
        |_| true,
        0,
        |n| json!({"A": format!("a{n}"), "O": {"X": format!("x{}", n % 3), "L": [{"M": "m"}]}}),
    );
    assert_eq!(house.jsons("WHOLE", 90).await, whole);
    let more = wanted(
        |n| n % 2 == 0 && n % 5 != 0,
        30,
        |n| json!({"A": format!("a{n}"), "N": n, "K": n, "C": format!("c{n}")}),
    );
    assert_eq!(house.jsons("MORE", more.len()).await, more);
    // What is bad is bad for the one query that names it.
    let bad = |id: &str| {
        house.engine.statuses()[id]
            .bad_records
            .values()
            .sum::<u64>()
    };
    assert_eq!((bad("CSAS_SOME_1"), bad("CSAS_WHOLE_2")), (0, 0));
    assert_eq!(bad("CSAS_MORE_4"), 6, "of the thirty since the restart");
    let described = house.ask("DESCRIBE e;").await;
    let fields = &described["sourceDescription"]["fields"];
    assert_eq!(each(fields, "name"), ["A", "O", "B"]);
    assert_eq!(
        each(&fields[1]["schema"]["fields"], "name"),
        ["X", "L", "N"]
    );
}

#[tokio::test]
async fn a_stream_does_not_shrink_or_turn_into_another() {
    let mut house = House::new().await;
    house.topic("e", 1).await;
    let types = [
        ("STRUCT<x VARCHAR, m MAP<VARCHAR, STRUCT<y INT>>>", true),
        (
            "STRUCT<x VARCHAR, m MAP<VARCHAR, STRUCT<y INT, z INT>>, w INT>",
            true,
        ),
        // Of the grown one.
        (
            "STRUCT<x VARCHAR, m MAP<VARCHAR, STRUCT<y INT>>, w INT>",
            false,
        ),
        (
            "STRUCT<x VARCHAR, m MAP<VARCHAR, STRUCT<y INT, z INT>>>",
            false,
        ),
        (
            "STRUCT<w INT, x VARCHAR, m MAP<VARCHAR, STRUCT<y INT, z INT>>>",
            false,
        ),
        (
            "STRUCT<x INT, m MAP<VARCHAR, STRUCT<y INT, z INT>>, w INT>",
            false,
        ),
        (
            "STRUCT<x VARCHAR, m MAP<VARCHAR, STRUCT<y INT, z BIGINT>>, w INT>",
            false,
        ),
        (
            "STRUCT<x VARCHAR, m MAP<VARCHAR, STRUCT<z INT, y INT>>, w INT>",
            false,
        ),
        ("VARCHAR", false),
    ];
    for (sql_type, is_allowed) in types {
        let statement = format!("CREATE OR REPLACE STREAM e (o {sql_type}) {WITH};");
        match is_allowed {
            true => house.go(&statement).await,
            false => {
                let part = "The following columns are changed, missing or reordered: [`O` STRUCT<";
                house.refuses(&statement, part).await;
            }
        }
    }
    // A key is what it is.
    let keyed = |sql_type: &str| {
        format!(
            "CREATE OR REPLACE STREAM k (k {sql_type} KEY, a INT) WITH (kafka_topic='e', format='JSON');"
        )
    };
    house.go(&keyed("STRUCT<x INT>")).await;
    let part = "Key columns must be identical.";
    house.refuses(&keyed("STRUCT<x INT, y INT>"), part).await;
}

const SINK: &str = "CREATE STREAM s (n INT) WITH (kafka_topic='t', value_format='JSON', partitions=1); \
     CREATE STREAM alerts (n INT, rule VARCHAR) WITH (kafka_topic='alerts', value_format='JSON', partitions=1);";

fn rule(id: &str, version: usize, condition: &str) -> String {
    format!(
        "INSERT INTO alerts WITH (query_id='{id}', or_replace=true) SELECT n, '{id}-{version}' AS rule FROM s WHERE {condition};"
    )
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("{{\"n\":{n}}}")).collect()
}

/// For each number the rules that found it, in order.
fn by_number(alerts: &[Value]) -> BTreeMap<u64, Vec<String>> {
    let mut found: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for alert in alerts {
        let of_number = found.entry(alert["N"].as_u64().unwrap()).or_default();
        of_number.push(alert["RULE"].as_str().unwrap().to_owned());
    }
    found
}

#[tokio::test]
async fn a_query_that_takes_the_place_of_another_misses_nothing_and_repeats_nothing() {
    const VERSIONS: usize = 12;
    const CHUNK: usize = 25;
    let mut house = House::new().await;
    house.go(SINK).await;
    house.go(&rule("r", 0, "n % 2 = 0")).await;
    house.go(&rule("still", 0, "n % 10 = 7")).await;
    let mut version = 0;
    let mut written = 0;
    for round in 0..3 {
        let engine = house.engine.clone();
        let writing = async {
            for _ in 0..VERSIONS * 2 {
                let chunk = numbers(written..written + CHUNK);
                written += CHUNK;
                let chunk: Vec<&str> = chunk.iter().map(String::as_str).collect();
                house.put("t", &chunk).await;
                tokio::task::yield_now().await;
            }
        };
        let replacing = async {
            for _ in 0..VERSIONS {
                version += 1;
                let statement = rule("R", version, "n % 2 = 0");
                engine
                    .execute(&mut engine.session(), &statement)
                    .await
                    .unwrap();
                tokio::task::yield_now().await;
            }
        };
        tokio::join!(writing, replacing);
        if round < 2 {
            house = house.restarted().await;
        }
    }
    let evens = written / 2;
    let others = written / 10;
    let alerts = house.jsons("alerts", evens + others).await;
    house.caught_up("R", "t").await;
    house.caught_up("STILL", "t").await;
    assert_eq!(house.ends("alerts").await, [(evens + others) as i64]);
    let (still, alerts): (Vec<Value>, Vec<Value>) = alerts
        .into_iter()
        .partition(|alert| alert["RULE"] == "still-0");
    assert_eq!(still.len(), others);
    let found = by_number(&alerts);
    assert!(found.values().all(|rules| rules.len() == 1), "each once");
    let expected: Vec<u64> = (0..written as u64).filter(|n| n % 2 == 0).collect();
    assert!(found.keys().eq(&expected), "none is missed");
    let versions = found.values().map(|rules| {
        let (_, version) = rules[0].split_once('-').unwrap();
        version.parse::<usize>().unwrap()
    });
    assert!(
        versions.is_sorted(),
        "the newer one begins where the older one ends"
    );
    assert!(
        alerts.last().unwrap()["RULE"]
            .as_str()
            .unwrap()
            .ends_with(&format!("-{version}"))
    );
}

#[tokio::test]
async fn many_queries_are_replaced_together_and_each_goes_on_where_it_was() {
    const RULES: usize = 300;
    let mut house = House::new().await;
    house.go(SINK).await;
    let all = |version: usize| -> String {
        let one = |number: usize| {
            rule(
                &format!("r{number}"),
                version,
                &format!("n % {RULES} = {number}"),
            )
        };
        (0..RULES).map(one).collect()
    };
    house.go(&all(0)).await;
    for version in 0..3 {
        let chunk = numbers(version * RULES..(version + 1) * RULES);
        let chunk: Vec<&str> = chunk.iter().map(String::as_str).collect();
        house.put("t", &chunk).await;
        // Some are past these numbers when they are replaced, and some are not.
        house.go(&all(version + 1)).await;
        // The same one twice in a request: the last one is it.
        house
            .go(&(rule("r5", 90, "FALSE") + &rule("r5", version + 1, &format!("n % {RULES} = 5"))))
            .await;
    }
    let alerts = house.jsons("alerts", 3 * RULES).await;
    for number in 0..RULES {
        house.caught_up(&format!("R{number}"), "t").await;
    }
    assert_eq!(house.ends("alerts").await, [3 * RULES as i64]);
    let found = by_number(&alerts);
    assert_eq!(found.len(), 3 * RULES);
    for (number, rules) in found {
        let expected = format!("r{}-", number as usize % RULES);
        assert!(rules[0].starts_with(&expected), "{number}: {rules:?}");
    }
    // One that is wrong among many changes none of them.
    let wrong = format!("{} INSERT INTO alerts SELECT nothing FROM s;", all(9));
    assert!(house.run(&wrong).await.is_err());
    let queries = house.ask("SHOW QUERIES;").await;
    let texts = each(&queries["queries"], "queryString");
    assert_eq!(texts.len(), RULES);
    assert!(
        texts.iter().all(|text| text.contains("-3'")),
        "{}",
        texts[0]
    );
}

#[tokio::test]
async fn queries_that_end_in_one_request_end_together() {
    const RULES: usize = 300;
    let mut house = House::new().await;
    house.go(SINK).await;
    let one = |number: usize| rule(&format!("r{number}"), 0, &format!("n % {RULES} = {number}"));
    house.go(&(0..RULES).map(one).collect::<String>()).await;
    let chunk = numbers(0..RULES);
    let chunk: Vec<&str> = chunk.iter().map(String::as_str).collect();
    house.put("t", &chunk).await;
    house.texts("alerts", RULES).await;
    let end = |numbers: std::ops::Range<usize>| -> String {
        numbers
            .map(|number| format!("TERMINATE r{number};"))
            .collect()
    };
    // One that is not there, or there no more: none ends.
    for wrong in ["TERMINATE r300;", "TERMINATE r5;"] {
        house
            .refuses(
                &(end(0..290) + wrong),
                "Failed to terminate query with query ID: 'R",
            )
            .await;
    }
    assert_eq!(house.engine.statuses().len(), RULES);
    let answers = house.run(&end(0..290)).await.unwrap();
    assert_eq!(answers.len(), 290);
    let mut house = house.restarted().await;
    all_run(&house, 10).await;
    house.put("t", &[r#"{"n":0}"#, r#"{"n":295}"#]).await;
    assert_eq!(house.jsons("alerts", RULES + 1).await[RULES]["N"], 295);
    house.caught_up("R290", "t").await;
    assert_eq!(house.ends("alerts").await, [RULES as i64 + 1]);
    // An id that is free begins anew.
    house.go(&rule("r0", 1, "n = 0")).await;
    house.put("t", &[r#"{"n":0}"#]).await;
    let alerts = house.jsons("alerts", RULES + 2).await;
    assert_eq!(alerts[RULES + 1], json!({"N": 0, "RULE": "r0-1"}));
}

#[tokio::test]
async fn a_paused_query_stays_so_and_what_cannot_go_on_is_refused() {
    let mut house = House::new().await;
    house.go(SINK).await;
    house.go("CREATE STREAM again (n INT) WITH (kafka_topic='t', value_format='JSON'); CREATE STREAM other (n INT) WITH (kafka_topic='o', value_format='JSON', partitions=1); CREATE STREAM dated (n BIGINT) WITH (kafka_topic='t', value_format='JSON', timestamp='n');").await;
    // Without one before it, it begins.
    assert_eq!(
        house.say(&rule("r", 0, "n > 0")).await,
        "Created query with ID R"
    );
    house.go("PAUSE r;").await;
    house.put("t", &[r#"{"n":1}"#]).await;
    house.go(&rule("r", 1, "n > 0")).await;
    assert_eq!(house.state_of("R").await, "PAUSED");
    let mut house = house.restarted().await;
    assert_eq!(house.state_of("R").await, "PAUSED");
    house.go("RESUME r;").await;
    assert_eq!(house.texts("alerts", 1).await, [r#"{"N":1,"RULE":"r-1"}"#]);

    let insert = |with: &str, sink: &str, select: &str| {
        format!("INSERT INTO {sink} WITH ({with}) {select};")
    };
    let own = "query_id='r', or_replace=true";
    let select = "SELECT n, 'x' AS rule FROM s";
    house
        .refuses(
            &insert("or_replace=true", "alerts", select),
            "there is no QUERY_ID",
        )
        .await;
    house
        .refuses(
            &insert("query_id='r', or_replace=1", "alerts", select),
            "Expected value to be either true or false",
        )
        .await;
    house
        .refuses(
            &insert("query_id='r', or_replace=false", "alerts", select),
            "Query ID 'R' already exists.",
        )
        .await;
    house
        .refuses(&insert(own, "again", "SELECT n FROM s"), "Query 'R' writes into `ALERTS`, and cannot be replaced by one that writes into `AGAIN`.")
        .await;
    house
        .refuses(
            &insert(own, "alerts", "SELECT n, 'x' AS rule FROM other"),
            "must have matching topicName. Values differ: t vs. o",
        )
        .await;
    house
        .refuses(
            &insert(
                own,
                "alerts",
                "SELECT CAST(n AS INT) AS n, 'x' AS rule FROM dated",
            ),
            "must have matching timestampColumn",
        )
        .await;
    house
        .refuses(
            &insert(own, "alerts", &format!("{select} PARTITION BY n")),
            "",
        )
        .await;
    // Another stream over the same topic is as good.
    house
        .go(&insert(
            own,
            "alerts",
            "SELECT n, 'y' AS rule FROM again WHERE n > 1",
        ))
        .await;
    house.put("t", &[r#"{"n":2}"#]).await;
    assert_eq!(house.texts("alerts", 2).await[1], r#"{"N":2,"RULE":"y"}"#);

    let mut house = house
        .restarted_with(|builder| builder.property("ksql.create.or.replace.enabled", "false"))
        .await;
    house
        .refuses(
            &rule("r", 2, "n > 0"),
            "OR_REPLACE of INSERT INTO is currently disabled, as CREATE OR REPLACE is. You can enable both by setting ksql.create.or.replace.enabled=true",
        )
        .await;
}
