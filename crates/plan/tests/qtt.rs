//! ksqlDB's own cases, as far as statements go: what it accepts is planned, what it refuses is refused, in its words.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::io::Write as _;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use serde_json::Value;
use weir_catalog::{Catalog, Schema, SqlType};
use weir_functions::Registry;
use weir_plan::{
    Context, Error, ErrorKind, Plan, TopicFacts, Topics, check_replaceable, plan, resolve_type,
};
use weir_sql::{Statement, Variables, parse_statement, statement};

/// Every topic is there, with as many partitions as the first statement that counts them says.
#[derive(Default)]
struct AllTopics(BTreeMap<String, i32>);

impl Topics for AllTopics {
    fn topic(&self, name: &str) -> Option<TopicFacts> {
        Some(TopicFacts {
            partitions: *self.0.get(name).unwrap_or(&4),
            replicas: 1,
        })
    }
}

/// How a case went.
#[derive(Debug, PartialEq)]
enum Verdict {
    /// Needs what this version has not.
    Later,
    Passes,
    /// Refused as it should be, but in other words than these.
    OtherWords(String),
    Fails(String),
}

struct Session {
    catalog: Catalog,
    functions: Registry,
    topics: AllTopics,
    properties: BTreeMap<String, String>,
}

enum Refusal {
    Parse(String),
    Plan(Error),
}

impl Session {
    fn new(case: &Value) -> Self {
        let properties = case["properties"].as_object().unwrap().iter();
        let mut topics = AllTopics::default();
        for topic in case["topics"].as_array().unwrap() {
            let partitions = topic["partitions"].as_i64().unwrap_or(4) as i32;
            topics
                .0
                .insert(topic["name"].as_str().unwrap().to_owned(), partitions);
        }
        Self {
            catalog: Catalog::default(),
            functions: Registry::builtin(),
            topics,
            properties: properties
                .map(|(name, value)| {
                    let text = value.as_str().map_or(value.to_string(), str::to_owned);
                    (name.clone(), text)
                })
                .collect(),
        }
    }

    fn run(&mut self, text: &str) -> Result<(), Refusal> {
        let parsed = parse_statement(text, &Variables::default())
            .map_err(|error| Refusal::Parse(error.message))?;
        self.execute(&parsed.statement, text).map_err(Refusal::Plan)
    }

    fn execute(&mut self, parsed: &Statement, text: &str) -> Result<(), Error> {
        match parsed {
            Statement::CreateType {
                name, definition, ..
            } => {
                let sql_type = resolve_type(definition, &self.catalog)?;
                self.catalog.add_type(name.value.clone(), sql_type);
                return Ok(());
            }
            Statement::DropType { name, .. } => {
                self.catalog.drop_type(&name.value);
                return Ok(());
            }
            Statement::DropSource(drop) => {
                self.catalog.drop(&drop.name.value);
                return Ok(());
            }
            Statement::CreateSource(create) => self.declare_topic(&create.properties),
            _ => {}
        }
        let context = Context {
            catalog: &self.catalog,
            functions: &self.functions,
            topics: &self.topics,
            properties: &self.properties,
        };
        let (source, or_replace, if_not_exists) = match plan(parsed, text, &context)? {
            Plan::CreateSource(plan) => (plan.source, plan.or_replace, plan.if_not_exists),
            Plan::CreateAsSelect(plan) => {
                (plan.source.clone(), plan.or_replace, plan.if_not_exists)
            }
            _ => return Ok(()),
        };
        match self.catalog.source(&source.name) {
            Some(old) if or_replace => check_replaceable(old, &source)?,
            Some(_) if if_not_exists => return Ok(()),
            Some(_) => {
                return self
                    .catalog
                    .add(source)
                    .map_err(|error| Error::new(ErrorKind::Exists, error.to_string()));
            }
            None => {}
        }
        self.catalog.replace(source);
        Ok(())
    }

    fn declare_topic(&mut self, properties: &statement::Properties) {
        let number = properties
            .get("PARTITIONS")
            .and_then(|entry| entry.value.to_string().parse().ok());
        let name = properties.get("KAFKA_TOPIC").map(|entry| &entry.value);
        if let (Some(number), Some(weir_sql::expression::Literal::String(name))) = (number, name) {
            self.topics.0.entry(name.clone()).or_insert(number);
        }
    }
}

fn is_later(error: &Error) -> bool {
    matches!(
        error.kind,
        ErrorKind::Unsupported | ErrorKind::UnknownFunction
    )
}

fn judge(case: &Value) -> Verdict {
    let mut session = Session::new(case);
    let statements: Vec<&str> = case["statements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect();
    let wanted = &case["expect_error"];
    for (index, text) in statements.iter().enumerate() {
        let is_last = index + 1 == statements.len();
        match session.run(text) {
            Ok(()) => {}
            Err(Refusal::Plan(error)) if is_later(&error) => return Verdict::Later,
            Err(Refusal::Plan(error)) if is_last && wanted["phase"] == "statement" => {
                return words(&error.message, wanted);
            }
            Err(Refusal::Parse(message)) if wanted["phase"] == "parse" => {
                return words(&message, wanted);
            }
            Err(Refusal::Parse(message)) if is_last && wanted["phase"] == "statement" => {
                return words(&message, wanted);
            }
            Err(Refusal::Plan(Error { message, .. }) | Refusal::Parse(message)) => {
                return Verdict::Fails(format!("refused: {message}\n    by {text}"));
            }
        }
    }
    match wanted["phase"].as_str() {
        None | Some("runtime") => sources(&session, &case["post"]),
        Some(_) => Verdict::Fails(format!("not refused: {}", wanted["message"])),
    }
}

fn words(message: &str, wanted: &Value) -> Verdict {
    let has = |field: &str| {
        wanted[field]
            .as_str()
            .is_none_or(|text| message.contains(text))
    };
    if has("message") && has("cause_message") {
        Verdict::Passes
    } else {
        Verdict::OtherWords(format!("{message}\n    wanted {wanted}"))
    }
}

/// The schemas that must be there at the end.
fn sources(session: &Session, post: &Value) -> Verdict {
    for source in post["sources"].as_array().into_iter().flatten() {
        let name = source["name"].as_str().unwrap();
        let Some(found) = session.catalog.source(name) else {
            return Verdict::Fails(format!("{name} is not there"));
        };
        let Some(wanted) = source["schema"].as_str() else {
            continue;
        };
        let declaration = format!("CREATE STREAM X ({wanted}) WITH (KAFKA_TOPIC='t');");
        let Ok(parsed) = parse_statement(&declaration, &Variables::default()) else {
            continue;
        };
        let Statement::CreateSource(create) = parsed.statement else {
            continue;
        };
        let columns: Vec<(String, SqlType, bool)> = create
            .columns
            .iter()
            .map(|column| {
                let sql_type = resolve_type(&column.type_name, &session.catalog).unwrap();
                let is_key = matches!(
                    column.role,
                    statement::ColumnRole::Key | statement::ColumnRole::PrimaryKey
                );
                (column.name.value.clone(), sql_type, is_key)
            })
            .collect();
        if columns != flat(&found.schema) {
            return Verdict::Fails(format!("{name} is {}, not {wanted}", found.schema));
        }
    }
    Verdict::Passes
}

fn flat(schema: &Schema) -> Vec<(String, SqlType, bool)> {
    schema
        .keys_first()
        .map(|column| {
            let is_key = column.role == weir_catalog::ColumnRole::Key;
            (column.name.clone(), column.sql_type.clone(), is_key)
        })
        .collect()
}

/// Cases that fail, each with its reason.
const KNOWN: &[(&str, &str)] = &[
    (
        "qtt/asserts/should not parse ASSERT",
        "refused in other words",
    ),
    (
        "qtt/avro/full schema name used with non-Avro format",
        "properties of schema-registry formats are not checked against others",
    ),
    (
        "qtt/cast/to null",
        "the place is counted from the statement, not from the file",
    ),
    ("qtt/delimited/MAP - key", "refused in other words"),
    ("qtt/delimited/MAP - C* - key", "refused in other words"),
    (
        "qtt/delimited/validate delimiter is not a space",
        "refused in other words",
    ),
    (
        "qtt/delimited/validate delimiter is not a tab character",
        "refused in other words",
    ),
    (
        "qtt/drop_source/drop a non-existing stream should fail",
        "DROP is checked by the engine, not by the plan",
    ),
    (
        "qtt/elements/validate without elements FAILS@KAFKA",
        "refused in other words",
    ),
    ("qtt/insert-into/unknown", "refused in other words"),
    ("qtt/kafka/MAP - C* - key", "refused in other words"),
    (
        "qtt/key-schemas/create stream explicit unsupported KEY type",
        "refused in other words",
    ),
    (
        "qtt/literals/BIGINT literal positive overflow",
        "the place is counted from the statement, not from the file",
    ),
    (
        "qtt/none/as key format of keyed stream",
        "refused in other words",
    ),
    (
        "qtt/project-filter/projection with missing multi-key column",
        "refused in other words",
    ),
    (
        "qtt/select/multi-key columns reordered -- old planner",
        "the old planner of ksqlDB is not followed",
    ),
    (
        "qtt/select/unknown aliased column",
        "refused in other words",
    ),
    (
        "qtt/source-stream/rejects DROP ... DELETE TOPIC statements for source streams",
        "DROP is checked by the engine, not by the plan",
    ),
    (
        "qtt/source-stream/rejects ALTER ... statements on existing source streams",
        "ALTER is not planned yet",
    ),
    (
        "qtt/suppress/should throw if no group by for aggregation",
        "refused in other words",
    ),
    (
        "qtt/timestampformat/timestamp with column that does not exist should throw exception",
        "refused in other words",
    ),
];

#[test]
fn ksqldbs_own_cases_are_planned_or_refused() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/qtt");
    let Ok(files) = std::fs::read_dir(&folder) else {
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
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    let mut known = BTreeSet::new();
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    for path in paths
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
    {
        let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for case in file["cases"].as_array().unwrap() {
            if !case["skip"].is_null() {
                continue;
            }
            let id = case["id"].as_str().unwrap();
            let verdict = judge(case);
            let name = match &verdict {
                Verdict::Later => "later",
                Verdict::Passes => "passes",
                Verdict::OtherWords(_) => "other words",
                Verdict::Fails(_) => "fails",
            };
            *counts.entry(name).or_default() += 1;
            if let Verdict::Fails(why) | Verdict::OtherWords(why) = verdict {
                match KNOWN.iter().find(|(known, _)| *known == id) {
                    Some((id, _)) => {
                        known.insert(*id);
                    }
                    None => failures.push(format!("{id} ({name}): {why}")),
                }
            }
        }
    }
    println!("{counts:?}");
    assert!(
        failures.is_empty(),
        "{}\n{}",
        failures.len(),
        failures.join("\n")
    );
    let gone: Vec<_> = KNOWN.iter().filter(|(id, _)| !known.contains(id)).collect();
    assert!(gone.is_empty(), "these pass now: {gone:?}");
}
