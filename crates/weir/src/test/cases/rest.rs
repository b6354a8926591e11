//! A case against a server: statements over HTTP, records into topics, answers and topics compared.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use serde_json::json;
use weir_engine::{Engine, testing::World};
use weir_server::{Options, Server};

use super::{
    Level, Met, Miss, Verdict, answer,
    file::{Case, ExpectedError},
    http::{self, Answer},
    json::Json,
    record::{Spelling, Tolerance},
};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many partitions a topic has unless something says otherwise.
const PARTITIONS: i32 = 4;

/// What a text says that refuses what this version has not.
const NOT_YET: [&str; 4] = [
    "not in this version",
    "not supported yet",
    "not implemented",
    "must be STRING here",
];

/// A case on its way.
struct Run<'a> {
    case: &'a Case,
    world: World,
    engine: Engine,
    server: SocketAddr,
    /// What was answered, with its kind.
    answers: Vec<(&'static str, Json)>,
}

/// An answer that is a refusal.
struct Refusal {
    status: u16,
    body: Json,
}

/// What an answer is.
enum Answered {
    Body(Json),
    Refused(Refusal),
}

pub async fn judge(case: &Case) -> Verdict {
    let world = World::new(1);
    let engine = engine(&world).await?;
    let options =
        Options::from_properties(&[("listeners".to_owned(), "127.0.0.1:0".to_owned())].into());
    let options = options.map_err(|error| Miss::Error(error.message))?;
    let server = Server::start(engine.clone(), options).await;
    let server = server.map_err(|error| Miss::Error(error.message))?;
    let run = Run {
        case,
        world: world.clone(),
        engine: engine.clone(),
        server: server.address(),
        answers: Vec::new(),
    };
    let verdict = tokio::time::timeout(PATIENCE, run.run()).await;
    server.stop().await;
    let stopped = world.stop(engine).await;
    let verdict =
        verdict.unwrap_or_else(|_| Err(Miss::Fail(format!("it did not end within {PATIENCE:?}"))));
    stopped.map_err(|error| Miss::Error(format!("the engine did not stop: {error}")))?;
    verdict
}

/// As the cases want a server: queries start at the beginning, scalable push queries are on.
async fn engine(world: &World) -> Result<Engine, Miss> {
    let builder = world
        .builder()
        .service_id("some.ksql.service.id")
        .property("auto.offset.reset", "earliest")
        .property("ksql.headers.columns.enabled", "true")
        .property("ksql.query.pull.table.scan.enabled", "true")
        .property("ksql.query.push.v2.enabled", "true");
    let engine = builder.build().await;
    engine.map_err(|error| Miss::Error(format!("no engine: {error}")))
}

impl Run<'_> {
    async fn run(mut self) -> Verdict {
        self.make_topics().await?;
        let is_select = |statement: &&String| statement.starts_with("SELECT ");
        let (selects, others): (Vec<&String>, Vec<&String>) =
            self.case.statements.iter().partition(is_select);
        if !others.is_empty() {
            let script: Vec<&str> = others.iter().map(|statement| statement.as_str()).collect();
            match self.ask("/ksql", &script.join("\n")).await? {
                Answered::Body(body) => {
                    let entities = body.items().iter().cloned();
                    self.answers
                        .extend(entities.map(|entity| ("admin", entity)));
                }
                Answered::Refused(refusal) => return self.refused(&refusal, selects.is_empty()),
            }
        }
        if !self.case.wait_for_push_query {
            self.feed().await?;
        }
        for (number, select) in selects.iter().enumerate() {
            let mut answer = self.post("/query", select).await?;
            if answer.status() == 200 && self.case.wait_for_push_query && number == 0 {
                // The header comes when the query has its start: what is written from here on is read.
                while !answer.body().contains(&b'\n') && answer.more().await.map_err(Miss::Fail)? {}
                self.feed().await?;
            }
            match read(answer).await? {
                Answered::Body(rows) => self.answers.push(("query", rows)),
                Answered::Refused(refusal) => {
                    return self.refused(&refusal, number + 1 == selects.len());
                }
            }
        }
        if let Some(wanted) = &self.case.expect_error {
            let message = wanted.message.as_deref().unwrap_or("an error");
            return Err(Miss::Fail(format!("NOT REFUSED: expected {message}")));
        }
        self.compare_answers()?;
        self.compare_outputs().await?;
        Ok(None)
    }

    /// Every topic that a case declares or fills is there before the first statement; queries make those of their outputs.
    async fn make_topics(&self) -> Result<(), Miss> {
        let mut topics: BTreeMap<String, i32> = BTreeMap::new();
        for topic in &self.case.topics {
            topics.insert(topic.name.clone(), topic.partitions.unwrap_or(1));
        }
        let script = self.case.statements.join("\n");
        for (topic, partitions) in weir_engine::declared_topics(&script) {
            topics
                .entry(topic)
                .or_insert(partitions.unwrap_or(PARTITIONS));
        }
        for record in &self.case.inputs {
            topics.entry(record.topic.clone()).or_insert(PARTITIONS);
        }
        for (name, partitions) in topics {
            let made = self
                .engine
                .topics()
                .create(&name, partitions, BTreeMap::new())
                .await;
            made.map_err(|error| Miss::Error(format!("topic {name}: {error}")))?;
        }
        Ok(())
    }

    /// Writes the inputs, topic by topic, and waits until the persistent queries have nothing left to do.
    async fn feed(&self) -> Result<(), Miss> {
        let mut by_topic = BTreeMap::new();
        for input in &self.case.inputs {
            if !by_topic.contains_key(input.topic.as_str()) {
                let spelling = self.spelling(&input.topic)?;
                by_topic.insert(input.topic.as_str(), (spelling, Vec::new()));
            }
            if let Some((spelling, records)) = by_topic.get_mut(input.topic.as_str()) {
                let record = spelling.encode(input);
                records.push(record.map_err(|why| Miss::Error(format!("INPUT {why}")))?);
            }
        }
        for (topic, (_, records)) in by_topic {
            let written = self.engine.topics().produce(topic, records).await;
            written.map_err(|error| Miss::Error(format!("INPUT {error}")))?;
        }
        let settled = self.engine.settled(PATIENCE / 2).await;
        settled.map_err(|error| Miss::Fail(error.message))
    }

    async fn post(&self, path: &str, statements: &str) -> Result<Answer, Miss> {
        let body = json!({"ksql": statements, "streamsProperties": self.case.properties});
        let answer = http::post(self.server, path, body.to_string()).await;
        answer.map_err(Miss::Error)
    }

    async fn ask(&self, path: &str, statements: &str) -> Result<Answered, Miss> {
        read(self.post(path, statements).await?).await
    }

    /// `is_last`: whether it was the last statement that was sent.
    fn refused(&self, refusal: &Refusal, is_last: bool) -> Verdict {
        let message = refusal
            .body
            .get("message")
            .and_then(Json::text)
            .unwrap_or_default();
        let Some(wanted) = &self.case.expect_error else {
            return Err(Miss::Error(format!("unexpected: {message}")));
        };
        if !is_last {
            return Err(Miss::Fail(format!("REFUSED EARLY: {message}")));
        }
        let is_orderly = refusal.body.get("error_code").is_some() && !message.is_empty();
        if !(400..500).contains(&refusal.status) || !is_orderly {
            let body = &refusal.body;
            return Err(Miss::Fail(format!("ERROR BODY: {} {body}", refusal.status)));
        }
        if NOT_YET.iter().any(|words| message.contains(words)) {
            return Err(Miss::Fail(format!("NOT IN THIS VERSION: {message}")));
        }
        let level = match self.is_in_words(wanted, refusal, message) {
            true => Level::Message,
            false => Level::Rejects,
        };
        let message = message.to_owned();
        Ok(Some(Met { level, message }))
    }

    fn is_in_words(&self, wanted: &ExpectedError, refusal: &Refusal, message: &str) -> bool {
        let has_status = wanted.status.is_none_or(|status| status == refusal.status);
        let has_message = wanted
            .message
            .as_deref()
            .is_none_or(|text| message.contains(text));
        // A statement's error says which statement it was.
        let names_statement = wanted.class.as_deref().is_none_or(|class| {
            let text = refusal.body.get("statementText").and_then(Json::text);
            let last = self.case.statements.last().map_or("", String::as_str);
            !class.ends_with(".KsqlStatementErrorMessage")
                || text.is_some_and(|text| text.contains(last.trim_end_matches(';')))
        });
        has_status && has_message && names_statement
    }

    fn compare_answers(&self) -> Result<(), Miss> {
        for (number, wanted) in self.case.responses.iter().enumerate() {
            let Some((kind, wanted)) = wanted.iter().next() else {
                continue;
            };
            let wrong = |why: String| Miss::Fail(format!("RESPONSE {number}: {why}"));
            let wanted = Json::parse(wanted.get()).map_err(|error| wrong(error.to_string()))?;
            if kind == "queryProto" {
                return Err(wrong("rows in Protobuf are not in this version".to_owned()));
            }
            let Some((found_kind, found)) = self.answers.get(number) else {
                return Err(wrong(format!("expected a `{kind}`, there is none")));
            };
            if kind != found_kind {
                return Err(wrong(format!("expected a `{kind}`, was {found}")));
            }
            let compared = match kind.as_str() {
                "query" => answer::rows(wanted.items(), found.items(), self.case.verify_order),
                _ => answer::has_members(&wanted, found),
            };
            compared.map_err(wrong)?;
        }
        Ok(())
    }

    async fn compare_outputs(&self) -> Result<(), Miss> {
        let mut by_topic: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for output in &self.case.outputs {
            by_topic.entry(&output.topic).or_default().push(output);
        }
        for (topic, wanted) in by_topic {
            let spelling = self.spelling(topic)?;
            let found = self.world.records(topic).await;
            let found = found.map_err(|error| Miss::Fail(format!("OUTPUT {topic}: {error}")))?;
            let mut left: Vec<_> = found.iter().flatten().collect();
            if left.len() != wanted.len() {
                let why = format!(
                    "OUTPUT {topic}: expected {} records, were {}",
                    wanted.len(),
                    left.len()
                );
                return Err(Miss::Fail(why));
            }
            // Nothing is ordered across partitions.
            let in_order = found.len() == 1;
            for (number, wanted) in wanted.into_iter().enumerate() {
                let compared: Vec<_> = left
                    .iter()
                    .map(|record| spelling.matches(wanted, record, Tolerance::None))
                    .collect();
                let at = compared.iter().position(Result::is_ok);
                match at.filter(|at| !in_order || *at == 0) {
                    Some(at) => drop(left.remove(at)),
                    None => {
                        let why = compared
                            .into_iter()
                            .find_map(Result::err)
                            .unwrap_or_default();
                        return Err(Miss::Fail(format!(
                            "OUTPUT record {number} of {topic}: {why}"
                        )));
                    }
                }
            }
        }
        Ok(())
    }

    /// How the records of a topic are written, by the source that is declared on it.
    fn spelling(&self, topic: &str) -> Result<Spelling, Miss> {
        let catalog = self.engine.catalog();
        let source = catalog.sources().find(|source| source.topic == topic);
        let source =
            source.ok_or_else(|| Miss::Error(format!("no source is declared on topic {topic}")))?;
        Ok(Spelling::of(source))
    }
}

async fn read(answer: Answer) -> Result<Answered, Miss> {
    let status = answer.status();
    let text = answer.text().await.map_err(Miss::Fail)?;
    let body = Json::parse(&text);
    let body = body.map_err(|error| Miss::Fail(format!("{text:.200} is no JSON: {error}")))?;
    Ok(match status {
        200 => Answered::Body(body),
        _ => Answered::Refused(Refusal { status, body }),
    })
}
