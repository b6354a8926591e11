//! A case in memory: its statements, its records through one query after the other, its outputs compared.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use weir_engine::{
    Engine, Error, ErrorKind, Response, Session,
    parts::{Catalog, ColumnRole, Format, QueryState, Record, Schema, Source, Window},
    testing::World,
};

use super::{
    Level, Met, Miss, Verdict,
    file::{Case, ExpectedError, RecordGiven, SourceGiven, TopicAfter},
    record::{Spelling, Tolerance},
};

/// How long a query may take with all its records.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many partitions a topic has unless something says otherwise. All records go through the first one; with more
/// than one, records of different keys would be written in batches of their own and out of order.
const PARTITIONS: i32 = 1;

/// What a case says to its runner and not to the engine.
const EXACT_DOUBLES: &str = "use.exact.numeric.comparison";

/// A case on its way.
struct Run<'a> {
    case: &'a Case,
    world: World,
    engine: Engine,
    session: Session,
}

pub async fn judge(case: &Case) -> Verdict {
    let world = World::new(1);
    world.broker.write_to_first_partition();
    let engine = engine(&world, case).await?;
    let mut session = engine.session();
    let earliest = ("auto.offset.reset".to_owned(), "earliest".to_owned());
    session.properties.extend([earliest]);
    let run = Run {
        case,
        world: world.clone(),
        engine: engine.clone(),
        session,
    };
    let verdict = run.run().await;
    let stopped = world.stop(engine).await;
    stopped.map_err(|error| Miss::Error(format!("the engine did not stop: {error}")))?;
    verdict
}

async fn engine(world: &World, case: &Case) -> Result<Engine, Miss> {
    let builder = world
        .builder()
        .service_id("some.ksql.service.id")
        .property("ksql.headers.columns.enabled", "true");
    let given = case.properties.iter();
    let builder =
        given
            .filter(|(name, _)| *name != EXACT_DOUBLES)
            .fold(builder, |builder, (name, value)| {
                let text = value.as_str().map(str::to_owned);
                builder.property(name, text.unwrap_or_else(|| value.to_string()))
            });
    let engine = builder.build().await;
    engine.map_err(|error| Miss::Error(format!("no engine: {error}")))
}

impl Run<'_> {
    async fn run(mut self) -> Verdict {
        self.make_topics().await?;
        if let Err((number, error)) = self.state().await {
            return self.refused(number, &error);
        }
        let wanted = self.case.expect_error.as_ref();
        if let Some(wanted) = wanted.filter(|wanted| wanted.phase.as_deref() != Some("runtime")) {
            let message = wanted.message.as_deref().unwrap_or("an error");
            return Err(Miss::Fail(format!("NOT REFUSED: expected {message}")));
        }
        self.ask("PAUSE ALL;").await?;
        // What INSERT VALUES wrote comes before.
        let written = self.feed().await?;
        let failure = self.process().await?;
        match (wanted, failure) {
            (Some(wanted), Some(why)) => return Ok(Some(met(wanted, &why))),
            (Some(_), None) => return Err(Miss::Fail("NOT REFUSED: no query failed".to_owned())),
            (None, Some(why)) => return Err(Miss::Error(format!("unexpected: {why}"))),
            (None, None) => {}
        }
        self.compare_outputs(&written).await?;
        self.compare_after().await?;
        Ok(None)
    }

    /// Every topic that a case declares or fills is there before the first statement. One that only its outputs name is
    /// made by the query that writes to it, with as many partitions as the query says.
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
            let topics = self.engine.topics();
            let made = topics.create(&name, partitions, BTreeMap::new()).await;
            made.map_err(|error| Miss::Error(format!("topic {name}: {error}")))?;
        }
        Ok(())
    }

    /// Runs the statements one by one; positions in errors are those of the whole script.
    async fn state(&mut self) -> Result<(), (usize, Error)> {
        let script = self.case.statements.join("\n");
        let mut start = 0;
        for (number, statement) in self.case.statements.iter().enumerate() {
            let done = self.engine.execute(&mut self.session, statement).await;
            done.map_err(|error| (number, error.placed(&script, start)))?;
            start += statement.len() + 1;
        }
        Ok(())
    }

    /// A statement of the runner's own.
    async fn ask(&mut self, statement: &str) -> Result<Vec<Response>, Miss> {
        let answers = self.engine.execute(&mut self.session, statement).await;
        answers.map_err(|error| Miss::Error(format!("{statement} {error}")))
    }

    fn refused(&self, number: usize, error: &Error) -> Verdict {
        let message = &error.message;
        let Some(wanted) = &self.case.expect_error else {
            return Err(Miss::Error(format!("unexpected: {message}")));
        };
        let is_last = number + 1 == self.case.statements.len();
        match error.kind {
            ErrorKind::User => {}
            ErrorKind::Unsupported => {
                return Err(Miss::Fail(format!("NOT IN THIS VERSION: {message}")));
            }
            kind => return Err(Miss::Fail(format!("{kind:?}: {message}"))),
        }
        match wanted.phase.as_deref() {
            Some("runtime") => Err(Miss::Fail(format!("REFUSED EARLY: {message}"))),
            // ksqlDB reads a whole script before it runs any of it.
            Some("parse") => Ok(Some(met(wanted, message))),
            _ if is_last => Ok(Some(met(wanted, message))),
            _ => Err(Miss::Fail(format!("REFUSED EARLY: {message}"))),
        }
    }

    /// Writes the inputs in their order. Gives the number of records that each topic has from them and from before.
    async fn feed(&self) -> Result<BTreeMap<String, usize>, Miss> {
        let catalog = self.engine.catalog();
        let mut records: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for input in &self.case.inputs {
            let spelling = spelling(&catalog, &input.topic)?;
            let record = spelling.encode(input);
            let record = record.map_err(|why| Miss::Error(format!("INPUT {why}")))?;
            records.entry(&input.topic).or_default().push(record);
        }
        let mut written = BTreeMap::new();
        for (topic, records) in records {
            written.insert(topic.to_owned(), records.len());
            let done = self.engine.topics().produce(topic, records).await;
            done.map_err(|error| Miss::Error(format!("INPUT {error}")))?;
        }
        Ok(written)
    }

    /// Each query reads its whole source before the next one begins. Says why one failed, if one did.
    async fn process(&mut self) -> Result<Option<String>, Miss> {
        let number = |id: &String| {
            id.rsplit('_')
                .next()
                .and_then(|text| text.parse::<i64>().ok())
        };
        let mut ids: Vec<String> = self.engine.statuses().into_keys().collect();
        ids.sort_by_key(number);
        for id in ids {
            self.ask(&format!("RESUME `{id}`;")).await?;
            let settled = self.engine.settled(PATIENCE).await;
            if let Some(status) = self.engine.statuses().get(&id)
                && matches!(status.state, QueryState::Failed | QueryState::Retrying)
            {
                let why = status.errors.last().map(|(_, why)| why.clone());
                return Ok(Some(why.unwrap_or_default()));
            }
            settled.map_err(|error| Miss::Fail(error.message))?;
            self.ask(&format!("PAUSE `{id}`;")).await?;
        }
        Ok(None)
    }

    /// Only topics that occur in the outputs are looked at, without what was `written` to them as input.
    async fn compare_outputs(&self, written: &BTreeMap<String, usize>) -> Result<(), Miss> {
        let catalog = self.engine.catalog();
        let exact = self.case.properties.get(EXACT_DOUBLES);
        let is_loose = exact.is_some_and(|value| value == false || value == "false");
        let tolerance = if is_loose {
            Tolerance::Millionth
        } else {
            Tolerance::None
        };
        let mut by_topic: BTreeMap<&str, Vec<&RecordGiven>> = BTreeMap::new();
        for output in &self.case.outputs {
            by_topic.entry(&output.topic).or_default().push(output);
        }
        for (topic, wanted) in by_topic {
            let spelling = spelling(&catalog, topic)?;
            let found = self.world.records(topic).await;
            let found = found.map_err(|error| Miss::Fail(format!("OUTPUT {topic}: {error}")))?;
            let inputs = written.get(topic).copied().unwrap_or(0);
            let found: Vec<&Record> = found.iter().flatten().skip(inputs).collect();
            if found.len() != wanted.len() {
                let shown: Vec<String> =
                    found.iter().take(3).map(|one| spelling.show(one)).collect();
                return Err(Miss::Fail(format!(
                    "OUTPUT {topic}: expected {} records, were {}: {}",
                    wanted.len(),
                    found.len(),
                    shown.join(" ")
                )));
            }
            for (number, (wanted, found)) in wanted.into_iter().zip(found).enumerate() {
                let compared = spelling.matches(wanted, found, tolerance);
                let compared = compared.and_then(|()| spelling.has_headers(wanted, found));
                compared.map_err(|why| {
                    Miss::Fail(format!("OUTPUT record {number} of {topic}: {why}"))
                })?;
            }
        }
        Ok(())
    }

    /// What must hold of sources and topics at the end.
    async fn compare_after(&self) -> Result<(), Miss> {
        let Some(after) = &self.case.post else {
            return Ok(());
        };
        for wanted in &after.sources {
            let catalog = self.engine.catalog();
            let schema = wanted.schema.as_deref();
            let expected = schema.map(|schema| weir_engine::testing::schema(schema, &catalog));
            let expected = expected
                .transpose()
                .map_err(|error| Miss::Error(format!("SOURCE {}: {error}", wanted.name)))?;
            compare_source(&catalog, wanted, expected.as_ref())
                .map_err(|why| Miss::Fail(format!("SOURCE {}: {why}", wanted.name)))?;
        }
        for wanted in after.topics.iter().filter(|topic| !topic.internal) {
            self.compare_topic(wanted)
                .await
                .map_err(|why| Miss::Fail(format!("TOPIC {}: {why}", wanted.name)))?;
        }
        Ok(())
    }

    async fn compare_topic(&self, wanted: &TopicAfter) -> Result<(), String> {
        let topic = self.engine.topics().get(&wanted.name).await;
        let topic = topic.map_err(|error| error.message)?;
        let Some(topic) = topic else {
            return Err("it is not there".to_owned());
        };
        // ksqlDB's own runner takes 4 where nothing says a number.
        let is_default = |partitions| partitions == 4 && topic.partitions == PARTITIONS;
        if let Some(partitions) = wanted.partitions
            && partitions != topic.partitions
            && !is_default(partitions)
        {
            return Err(format!(
                "expected {partitions} partitions, were {}",
                topic.partitions
            ));
        }
        let catalog = self.engine.catalog();
        let source = source_on(&catalog, &wanted.name).ok_or("no source is declared on it")?;
        for (what, wanted, found) in [
            ("key", &wanted.key_format, source.key_format.format),
            ("value", &wanted.value_format, source.value_format.format),
        ] {
            if let Some(wanted) = wanted
                && wanted.format != found.to_string()
            {
                return Err(format!(
                    "expected {what} format {}, was {found}",
                    wanted.format
                ));
            }
        }
        Ok(())
    }
}

/// How well a refusal meets what is wanted.
fn met(wanted: &ExpectedError, message: &str) -> Met {
    let has = |text: &Option<String>| text.as_deref().is_none_or(|text| message.contains(text));
    let level = match has(&wanted.message) && has(&wanted.cause_message) {
        true => Level::Message,
        false => Level::Rejects,
    };
    let message = message.to_owned();
    Met { level, message }
}

fn source_on<'a>(catalog: &'a Catalog, topic: &str) -> Option<&'a Source> {
    let mut on_topic = catalog.sources().filter(|source| source.topic == topic);
    on_topic.next().map(AsRef::as_ref)
}

/// How the records of a topic are written, by the source that is declared on it.
fn spelling(catalog: &Catalog, topic: &str) -> Result<Spelling, Miss> {
    let source = source_on(catalog, topic);
    let source =
        source.ok_or_else(|| Miss::Error(format!("no source is declared on topic {topic}")))?;
    Ok(Spelling::of(source))
}

fn compare_source(
    catalog: &Catalog,
    wanted: &SourceGiven,
    schema: Option<&Schema>,
) -> Result<(), String> {
    let source = catalog.source(&wanted.name).ok_or("it is not there")?;
    if wanted
        .kind
        .as_deref()
        .is_some_and(|kind| kind != source.kind.to_string())
    {
        return Err(format!("it is a {}", source.kind));
    }
    let columns = |schema: &Schema| schema.keys_first().cloned().collect::<Vec<_>>();
    if let Some(schema) = schema
        && columns(schema) != columns(&source.schema)
    {
        return Err(format!("expected {schema}, was {}", source.schema));
    }
    if let Some(key) = &wanted.key_format {
        if key
            .format
            .as_deref()
            .is_some_and(|format| format != source.key_format.format.to_string())
        {
            return Err(format!("its keys are {}", source.key_format.format));
        }
        let window = source.key_format.window;
        let size = match window {
            Some(Window::Tumbling { size_ms } | Window::Hopping { size_ms }) => Some(size_ms),
            Some(Window::Session) | None => None,
        };
        let found = (window.map(|window| window.to_string()), size);
        let wanted = (key.window_type.clone(), key.window_size_ms);
        if found != wanted {
            return Err(format!(
                "expected keys with window {wanted:?}, was {found:?}"
            ));
        }
    }
    if wanted
        .value_format
        .as_deref()
        .is_some_and(|format| format != source.value_format.format.to_string())
    {
        return Err(format!("its values are {}", source.value_format.format));
    }
    if wanted
        .is_source
        .is_some_and(|is_source| is_source != source.is_source)
    {
        return Err(format!("it is SOURCE: {}", source.is_source));
    }
    let Some(features) = &wanted.value_features else {
        return Ok(());
    };
    let values = source
        .schema
        .columns
        .iter()
        .filter(|column| column.role == ColumnRole::Value);
    let is_bare = values.count() == 1
        && source.value_format.format == Format::Json
        && !source.value_format.wrap_single;
    let found: BTreeSet<&str> = is_bare.then_some("UNWRAP_SINGLES").into_iter().collect();
    let features: BTreeSet<&str> = features
        .iter()
        .map(String::as_str)
        .filter(|one| *one != "WRAP_SINGLES")
        .collect();
    match features == found {
        true => Ok(()),
        false => Err(format!(
            "expected value features {features:?}, were {found:?}"
        )),
    }
}
