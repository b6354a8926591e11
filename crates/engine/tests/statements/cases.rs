//! ksqlDB's own cases, run whole: statements, records in, records out. They lie beside the repository; where they do not,
//! a line says so.

use std::io::Write as _;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use weir_engine::{
    StreamEnd,
    parts::{NewRecord, Record},
};
use weir_sql::{Statement, Variables, expression::Literal, parse_statement};

use crate::support::{House, each, text};

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    skip: Option<String>,
    statements: Vec<String>,
    properties: BTreeMap<String, Value>,
    topics: Vec<Value>,
    inputs: Vec<Given>,
    outputs: Vec<Given>,
    #[serde(default)]
    responses: Vec<Value>,
    expect_error: Option<Value>,
    features: Vec<String>,
    #[serde(default)]
    wait_for_push_query: bool,
}

#[derive(Deserialize)]
struct Given {
    topic: String,
    /// As they are spelled: numbers keep their digits.
    key: Box<RawValue>,
    value: Box<RawValue>,
    timestamp: Option<i64>,
    #[serde(default)]
    headers: Vec<Header>,
    window: Option<Value>,
}

#[derive(Deserialize)]
struct Header {
    key: String,
    value: Option<String>,
}

#[derive(Debug, PartialEq)]
enum Verdict {
    /// Needs what this version has not, or is no case of records.
    Later,
    Passes,
    Fails(String),
}

/// How a part of a record is spelled.
#[derive(Clone)]
struct Spelling {
    format: String,
    sql_type: String,
}

/// Cases that fail, each with its reason.
const KNOWN: &[(&str, &str)] = &[
    (
        "qtt/create_map/create map from named tuples and cast null key",
        "a NULL key is left out of a map",
    ),
    (
        "rest/push-queries/NULL Arithmetic Behavior - MAP addition",
        "keys of a MAP are STRINGs",
    ),
];

#[tokio::test]
async fn ksqldbs_own_cases_give_their_records() {
    run_all("qtt", async |case| judge(case).await).await;
}

#[tokio::test]
async fn ksqldbs_own_cases_of_its_server_give_their_answers() {
    run_all("qtt-rest", async |case| judge_answers(case).await).await;
}

async fn run_all(folder: &str, judge: impl AsyncFn(&Case) -> Verdict) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared")
        .join(folder);
    let Ok(files) = std::fs::read_dir(&path) else {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "what lies beside the checkout is missing, and CI tests with it"
        );
        // Past the test runner, which shows nothing of tests that pass.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: ksqlDB's cases are not beside the repository"
        );
        return;
    };
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    paths.sort();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    let mut known = BTreeSet::new();
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let file: File = serde_json::from_slice(&bytes).unwrap();
        for case in file.cases.iter().filter(|case| case.skip.is_none()) {
            let verdict = judge(case).await;
            let name = match &verdict {
                Verdict::Later => "later",
                Verdict::Passes => "passes",
                Verdict::Fails(_) => "fails",
            };
            *counts.entry(name).or_default() += 1;
            if let Verdict::Fails(why) = verdict {
                match KNOWN.iter().find(|(id, _)| *id == case.id) {
                    Some((id, _)) => {
                        known.insert(*id);
                    }
                    None => failures.push(format!("{}: {why}", case.id)),
                }
            }
        }
    }
    println!("{folder}: {counts:?}");
    assert!(
        failures.is_empty(),
        "{}\n{}",
        failures.len(),
        failures.join("\n")
    );
    let prefix = folder.strip_prefix("qtt-").unwrap_or(folder);
    let of_these = KNOWN
        .iter()
        .filter(|(id, _)| id.split('/').next() == Some(prefix));
    let gone: Vec<_> = of_these.filter(|(id, _)| !known.contains(id)).collect();
    assert!(gone.is_empty(), "these pass now: {gone:?}");
}

/// Statements and queries as they come to a server. What comes from several partitions has no order.
async fn judge_answers(case: &Case) -> Verdict {
    // A query that is to run before the first record comes.
    if case.wait_for_push_query
        || case
            .features
            .iter()
            .any(|feature| feature == "scalable-push")
    {
        return Verdict::Later;
    }
    if case
        .inputs
        .iter()
        .chain(&case.outputs)
        .any(|given| given.window.is_some())
    {
        return Verdict::Later;
    }
    let mut house = prepared(case, 4).await;
    let (selects, statements): (Vec<_>, Vec<_>) = case
        .statements
        .iter()
        .partition(|statement| statement.starts_with("SELECT "));
    for statement in statements {
        if let Err(error) = house.run(statement).await {
            return refused(case, statement, &error.message);
        }
    }
    for given in &case.inputs {
        let Some(record) = record_of(&mut house, given).await else {
            return Verdict::Later;
        };
        house
            .engine
            .topics()
            .produce(&given.topic, vec![record])
            .await
            .unwrap();
    }
    run_one_after_the_other(&mut house).await;
    let mut wanted = case
        .responses
        .iter()
        .filter_map(|response| response.get("query"));
    for select in selects {
        match house.run(select).await {
            Err(error) => return refused(case, select, &error.message),
            Ok(_) if case.expect_error.is_some() => {
                return Verdict::Fails(format!("not refused: {select}"));
            }
            Ok(_) => {}
        }
        if let Some(wanted) = wanted.next()
            && let Err(why) = compare_rows(&mut house, select, wanted).await
        {
            return Verdict::Fails(why);
        }
    }
    match &case.expect_error {
        Some(_) => Verdict::Fails("nothing was refused".to_owned()),
        None if case.outputs.is_empty() => Verdict::Passes,
        None => compare(&mut house, case).await,
    }
}

fn refused(case: &Case, statement: &str, message: &str) -> Verdict {
    if NOT_YET.iter().any(|part| message.contains(part)) {
        return Verdict::Later;
    }
    match case.expect_error.as_ref().map(|error| &error["message"]) {
        Some(Value::String(wanted)) if message.contains(wanted) => Verdict::Passes,
        Some(wanted) => Verdict::Fails(format!("refused: {message}\n  not {wanted}")),
        None => Verdict::Fails(format!("refused: {message}\n    by {statement}")),
    }
}

/// The answer to a query: its schema, its rows in any order, how it ends.
async fn compare_rows(house: &mut House, select: &str, wanted: &Value) -> Result<(), String> {
    let mut stream = house.stream(select).await;
    let mut found = Vec::new();
    while let Ok(Some(batch)) =
        tokio::time::timeout(std::time::Duration::from_secs(10), stream.next()).await
    {
        found.extend(
            weir_engine::rows::to_json(&batch, &stream.schema)
                .into_iter()
                .map(Value::Array),
        );
    }
    let wanted = wanted.as_array().unwrap();
    let schema = stream.schema.to_string();
    let end = match stream.end().await {
        StreamEnd::LimitReached => "Limit Reached",
        _ => "Query Completed",
    };
    let mut left: Vec<&Value> = wanted
        .iter()
        .filter_map(|row| row.get("row"))
        .map(|row| &row["columns"])
        .collect();
    for row in &found {
        match left.iter().position(|wanted| matches(row, wanted)) {
            Some(place) => drop(left.remove(place)),
            None => return Err(format!("{row} is not among {left:?}")),
        }
    }
    for element in wanted {
        if let Some(wanted) = element.get("header").map(|header| &header["schema"])
            && *wanted != schema
        {
            return Err(format!("the schema is {schema}, not {wanted}"));
        }
        if let Some(wanted) = element.get("finalMessage")
            && wanted != end
        {
            return Err(format!("it ends with {end}, not {wanted}"));
        }
    }
    if left.is_empty() {
        Ok(())
    } else {
        Err(format!("{select}: these did not come: {left:?}"))
    }
}

/// Sentences with which this version refuses what it has not.
const NOT_YET: [&str; 3] = [
    "not in this version",
    "Can't find any functions with the name",
    "are not supported yet",
];

async fn judge(case: &Case) -> Verdict {
    let is_for_tables = |given: &Given| given.window.is_some();
    let has = |feature: &str| case.features.iter().any(|known| known == feature);
    if case.expect_error.is_some()
        || has("chained-overridden")
        || case.inputs.iter().chain(&case.outputs).any(is_for_tables)
    {
        return Verdict::Later;
    }
    if topics(case, 1).values().any(|partitions| *partitions != 1) {
        return Verdict::Later;
    }
    let mut house = prepared(case, 1).await;
    for statement in &case.statements {
        if let Err(error) = house.run(statement).await {
            return refused(case, statement, &error.message);
        }
    }
    if !each(&house.ask("SHOW QUERIES;").await["queries"], "id").is_empty() {
        house.go("PAUSE ALL;").await;
    }
    for given in &case.inputs {
        let Some(record) = record_of(&mut house, given).await else {
            return Verdict::Later;
        };
        house.write(&given.topic, 0, vec![record]).await;
    }
    run_one_after_the_other(&mut house).await;
    compare(&mut house, case).await
}

/// An engine with the topics and the properties of a case.
async fn prepared(case: &Case, partitions: i32) -> House {
    let mut house = House::with(|builder| {
        let builder = builder.service_id("some.ksql.service.id");
        case.properties
            .iter()
            .fold(builder, |builder, (name, value)| {
                builder.property(
                    name,
                    value.as_str().map_or(value.to_string(), str::to_owned),
                )
            })
    })
    .await;
    house
        .session
        .properties
        .insert("auto.offset.reset".to_owned(), "earliest".to_owned());
    for (name, partitions) in topics(case, partitions) {
        house.topic(&name, partitions).await;
    }
    house
}

/// The record of an input, by what is declared on its topic; `None` if this version has not the format.
async fn record_of(house: &mut House, given: &Given) -> Option<NewRecord> {
    let (key, value) = spellings(house, &given.topic).await?;
    let (key, value) = (encode(&given.key, &key)?, encode(&given.value, &value)?);
    let headers = given.headers.iter().map(|header| weir_kafka::Header {
        key: header.key.as_str().into(),
        value: header.value.as_deref().map(|text| base64(text).into()),
    });
    Some(NewRecord {
        timestamp: given.timestamp.unwrap_or(0),
        key: key.map(Into::into),
        value: value.map(Into::into),
        headers: headers.collect(),
    })
}

/// The topics that are there before the first statement, with their partitions.
fn topics(case: &Case, default: i32) -> BTreeMap<String, i32> {
    let mut topics = BTreeMap::new();
    for topic in &case.topics {
        topics.insert(
            text(&topic["name"]),
            topic["partitions"]
                .as_i64()
                .map_or(default, |number| number as i32),
        );
    }
    for statement in &case.statements {
        let Ok(parsed) = parse_statement(statement, &Variables::default()) else {
            continue;
        };
        let Statement::CreateSource(create) = parsed.statement else {
            continue;
        };
        let partitions = match create
            .properties
            .get("PARTITIONS")
            .map(|property| &property.value)
        {
            Some(Literal::Integer(partitions)) => *partitions,
            _ => default,
        };
        if let Some(Literal::String(name)) = create
            .properties
            .get("KAFKA_TOPIC")
            .map(|property| &property.value)
        {
            topics.entry(name.clone()).or_insert(partitions);
        }
    }
    for given in &case.inputs {
        topics.entry(given.topic.clone()).or_insert(default);
    }
    topics
}

/// How the key and the value of a topic are spelled, by the stream that is declared on it.
async fn spellings(house: &mut House, topic: &str) -> Option<(Spelling, Spelling)> {
    let streams = house.ask("SHOW STREAMS;").await;
    let stream = streams["streams"]
        .as_array()
        .unwrap()
        .iter()
        .find(|stream| stream["topic"] == topic)?
        .clone();
    let name = text(&stream["name"]);
    let described = house.ask(&format!("DESCRIBE `{name}`;")).await;
    let of = |format: &str, role: Value| {
        let fields = described["sourceDescription"]["fields"].as_array().unwrap();
        let field = fields.iter().find(|field| field["type"] == role);
        Spelling {
            format: text(&stream[format]),
            sql_type: field.map_or("STRING".to_owned(), |field| text(&field["schema"]["type"])),
        }
    };
    Some((
        of("keyFormat", Value::from("KEY")),
        of("valueFormat", Value::Null),
    ))
}

/// The bytes of a part of a record; the outer `None`: this version has not the format.
fn encode(given: &RawValue, spelling: &Spelling) -> Option<Option<Vec<u8>>> {
    let value: Value = serde_json::from_str(given.get()).unwrap();
    if value.is_null() {
        return Some(None);
    }
    let plain = || value.as_str().map_or(value.to_string(), str::to_owned);
    let number = || {
        value
            .as_f64()
            .or_else(|| value.as_str()?.parse().ok())
            .unwrap_or_default()
    };
    match (spelling.format.as_str(), spelling.sql_type.as_str()) {
        ("JSON", _) => Some(Some(given.get().as_bytes().to_vec())),
        ("DELIMITED", _) => Some(Some(plain().into_bytes())),
        ("NONE", _) => Some(None),
        ("KAFKA", "INTEGER") => Some(Some((number() as i32).to_be_bytes().to_vec())),
        ("KAFKA", "BIGINT") => {
            let exact = value.as_i64().unwrap_or(number() as i64);
            Some(Some(exact.to_be_bytes().to_vec()))
        }
        ("KAFKA", "DOUBLE") => Some(Some(number().to_be_bytes().to_vec())),
        ("KAFKA", _) => Some(Some(plain().into_bytes())),
        _ => None,
    }
}

fn decode(bytes: Option<&[u8]>, spelling: &Spelling) -> Value {
    let Some(bytes) = bytes else {
        return Value::Null;
    };
    let plain = || Value::from(String::from_utf8_lossy(bytes).into_owned());
    match (spelling.format.as_str(), spelling.sql_type.as_str()) {
        ("JSON", _) => serde_json::from_slice(bytes).unwrap_or_else(|_| plain()),
        ("KAFKA", "INTEGER") => Value::from(i32::from_be_bytes(bytes.try_into().unwrap())),
        ("KAFKA", "BIGINT") => Value::from(i64::from_be_bytes(bytes.try_into().unwrap())),
        ("KAFKA", "DOUBLE") => Value::from(f64::from_be_bytes(bytes.try_into().unwrap())),
        _ => plain(),
    }
}

fn base64(text: &str) -> Vec<u8> {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
}

/// Each query has read its whole source before the next one begins.
async fn run_one_after_the_other(house: &mut House) {
    let mut ids = each(&house.ask("SHOW QUERIES;").await["queries"], "id");
    let number = |id: &str| {
        id.rsplit('_')
            .next()
            .and_then(|number| number.parse::<i64>().ok())
    };
    ids.sort_by_key(|id| number(id));
    for id in ids {
        let explained = house.ask(&format!("EXPLAIN {id};")).await;
        let source = text(&explained["queryDescription"]["sources"][0]);
        let described = house.ask(&format!("DESCRIBE `{source}`;")).await;
        let topic = text(&described["sourceDescription"]["topic"]);
        house.go(&format!("RESUME `{id}`;")).await;
        house.caught_up(&id, &topic).await;
        house.go(&format!("TERMINATE `{id}`;")).await;
    }
}

async fn compare(house: &mut House, case: &Case) -> Verdict {
    let names: BTreeSet<&str> = case
        .outputs
        .iter()
        .map(|output| output.topic.as_str())
        .collect();
    for name in names {
        let wanted: Vec<&Given> = case
            .outputs
            .iter()
            .filter(|output| output.topic == name)
            .collect();
        if house.engine.topics().get(name).await.unwrap().is_none() {
            return Verdict::Fails(format!("topic {name} is not there"));
        }
        let records = house.records(name).await;
        let Some((key, value)) = spellings(house, name).await else {
            return Verdict::Later;
        };
        if records.len() != wanted.len() {
            let found: Vec<_> = records.iter().map(crate::support::shown).collect();
            return Verdict::Fails(format!(
                "{} records, not {}: {found:?}",
                records.len(),
                wanted.len()
            ));
        }
        let mut left = records.iter().collect::<Vec<_>>();
        let has_order = house.ends(name).await.len() == 1;
        for (number, wanted) in wanted.into_iter().enumerate() {
            let verdicts: Vec<_> = left
                .iter()
                .map(|record| compare_one(record, wanted, &key, &value))
                .collect();
            let place = verdicts
                .iter()
                .position(Result::is_ok)
                .filter(|place| *place == 0 || !has_order);
            match (place, verdicts.into_iter().next()) {
                (Some(place), _) => drop(left.remove(place)),
                (None, Some(Err(why))) => {
                    return Verdict::Fails(format!("record {number} of {name}: {why}"));
                }
                (None, _) => {
                    return Verdict::Fails(format!("record {number} of {name} is not there"));
                }
            }
        }
    }
    Verdict::Passes
}

fn compare_one(
    record: &Record,
    wanted: &Given,
    key: &Spelling,
    value: &Spelling,
) -> Result<(), String> {
    let wanted_key: Value = serde_json::from_str(wanted.key.get()).unwrap();
    let wanted_value: Value = serde_json::from_str(wanted.value.get()).unwrap();
    let found_key = decode(record.key.as_deref(), key);
    let found_value = decode(record.value.as_deref(), value);
    if !matches(&found_key, &wanted_key) {
        return Err(format!("key {found_key}, not {wanted_key}"));
    }
    if !matches(&found_value, &wanted_value) {
        return Err(format!("value {found_value}, not {wanted_value}"));
    }
    if wanted
        .timestamp
        .is_some_and(|wanted| wanted != record.timestamp)
    {
        return Err(format!(
            "timestamp {}, not {:?}",
            record.timestamp, wanted.timestamp
        ));
    }
    let found: Vec<_> = record
        .headers
        .iter()
        .map(|header| {
            (
                header.key.to_string(),
                header.value.as_deref().map(<[u8]>::to_vec),
            )
        })
        .collect();
    let wanted: Vec<_> = wanted
        .headers
        .iter()
        .map(|header| (header.key.clone(), header.value.as_deref().map(base64)))
        .collect();
    if found != wanted {
        return Err(format!("headers {found:?}, not {wanted:?}"));
    }
    Ok(())
}

/// By the rules of the cases; digits of decimals after the last one that counts are not compared.
fn matches(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Number(found), Value::Number(wanted)) => match (found.as_i64(), wanted.as_i64()) {
            (Some(found), Some(wanted)) => found == wanted,
            _ => found.as_f64() == wanted.as_f64(),
        },
        // Numbers of more digits than a double has are spelled as text in some cases.
        (Value::Number(found), Value::String(wanted)) => {
            wanted.parse::<f64>().ok() == found.as_f64()
        }
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len()
                && found
                    .iter()
                    .zip(wanted)
                    .all(|(found, wanted)| matches(found, wanted))
        }
        (Value::Object(found), Value::Object(wanted)) => {
            found.len() == wanted.len()
                && wanted.iter().all(|(name, wanted)| {
                    let found = found.get(name).or_else(|| found.get(&name.to_uppercase()));
                    found.is_some_and(|found| matches(found, wanted))
                })
        }
        (Value::String(found), Value::Number(wanted)) => *found == wanted.to_string(),
        (found, wanted) => found == wanted,
    }
}
