//! A file as the wanted state: what `weir run` runs.
//!
//! The file is validated whole before anything starts. Positions belong to the service id and the sink: a query that is
//! still in the file goes on where it was, one that is gone leaves its position behind, a new one starts as
//! `auto.offset.reset` says.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use weir_catalog::Source;
use weir_kafka::{Offset, OffsetSpec, PartitionId};
use weir_plan::QueryShape;
use weir_sql::{Statement, StatementText, Variables};

use crate::{
    Engine, Error, Session,
    engine::{State, World},
    execute::{Starts, of_statement},
    queries::Persistent,
};

/// How often progress is looked at while the end is waited for.
const LOOK: Duration = Duration::from_millis(10);

/// What a deployment is told.
#[derive(Debug, Clone, Default)]
pub struct DeployOptions {
    /// Properties in force before the first statement of the file.
    pub properties: BTreeMap<String, String>,
}

/// The queries of a file, running.
pub struct Deployment {
    engine: Engine,
    /// In the order of the file.
    ids: Vec<String>,
    ends: BTreeMap<String, BTreeMap<PartitionId, Offset>>,
}

impl Engine {
    /// Runs a file's statements: CREATE STREAM, CREATE … AS SELECT, INSERT INTO … SELECT, CREATE TYPE, SET, DEFINE.
    pub async fn deploy(&self, script: &str, options: DeployOptions) -> Result<Deployment, Error> {
        let statements =
            weir_sql::split(script).map_err(|error| Error::from(error).within(script))?;
        let mut session = Session {
            properties: options.properties,
            ..Session::default()
        };
        self.check_ours()?;
        let change = self.change_state().await;
        let mut world = World::look(&self.inner.parts.broker).await?;
        let mut wanted = State {
            catalog: self.state().catalog.clone(),
            ..State::default()
        };
        let (mut ids, mut topics) = (Vec::new(), Vec::new());
        let mut ordinals = BTreeMap::new();
        for statement in &statements {
            let (id, topic) = self.want(
                &mut wanted,
                &mut ordinals,
                &mut world,
                &mut session,
                statement,
                script,
            )?;
            ids.extend(id);
            topics.extend(topic);
        }
        if ids.is_empty() {
            return Err(
                Error::user("The SQL file does not contain any persistent queries.").hint(
                    "a persistent query is CREATE STREAM … AS SELECT or INSERT INTO … SELECT",
                ),
            );
        }
        let before = self.deployed_before(&ids).await?;
        check_upgrades(&wanted, &before)?;
        for topic in &topics {
            self.create_topic(topic).await?;
        }
        let ends = self.ends_of_sources(&wanted).await?;
        self.place(&mut wanted, &ids, &before).await?;
        let hold = self.inner.parts.runtime.hold();
        let in_order = ids.iter().filter_map(|id| wanted.queries.get(id));
        for (id, started) in self.start_all(in_order).await {
            if let Some(query) = wanted.queries.get_mut(&id) {
                query.query = Some(started?);
            }
        }
        drop(hold);
        change.publish(&wanted);
        drop(change);
        Ok(Deployment {
            engine: self.clone(),
            ids,
            ends,
        })
    }

    /// What the queries of these names were when they ran last.
    async fn deployed_before(&self, ids: &[String]) -> Result<BTreeMap<String, Deployed>, Error> {
        let checkpoints = &self.inner.parts.checkpoints;
        let kept = ids.iter().map(|id| checkpoints.load_plan(id));
        let kept = futures::future::try_join_all(kept).await?;
        let mut before = BTreeMap::new();
        for (id, text) in ids.iter().zip(kept) {
            let deployed = text.map(|text| Deployed::read(id, &text)).transpose()?;
            before.extend(deployed.flatten().map(|deployed| (id.clone(), deployed)));
        }
        Ok(before)
    }

    /// Finds where queries start in partitions that they have no position in, and keeps that: a partition that appears
    /// while nothing runs is read from its first record, as it is while something does.
    async fn place(
        &self,
        wanted: &mut State,
        ids: &[String],
        before: &BTreeMap<String, Deployed>,
    ) -> Result<(), Error> {
        let parts = &self.inner.parts;
        let mut topics: BTreeMap<String, Option<String>> = BTreeMap::new();
        let mut starts = Starts::new();
        let mut plans = Vec::new();
        for id in ids {
            let Some(query) = wanted.queries.get_mut(id) else {
                continue;
            };
            let name = &query.plan.source.topic;
            if !topics.contains_key(name) {
                let topic = parts.broker.topic(name).await?;
                topics.insert(name.clone(), topic.map(|topic| topic.id));
            }
            let topic_id = topics.get(name).cloned().flatten();
            let before = before.get(id);
            // A changed CREATE … AS SELECT goes on by the topic, whatever it calls its source; another INSERT is another query.
            let is_another =
                before.is_some_and(|before| query.created.is_none() && !before.is_of(query));
            if is_another {
                // The positions are those of the other one, also where both read one topic.
                parts.checkpoints.remove(id).await?;
            }
            query.start = match before.filter(|_| !is_another) {
                Some(before) if before.topic_id == topic_id => before.start.clone(),
                // Made since: another topic, and all of it is new.
                Some(_) => BTreeMap::new(),
                None => {
                    self.start_offsets(&query.plan, &query.overridden, &mut starts)
                        .await?
                }
            };
            let deployed = Deployed::of(query, topic_id)?;
            if before != Some(&deployed) {
                plans.push((id, deployed.to_text()?));
            }
        }
        let saves = plans
            .iter()
            .map(|(id, text)| parts.checkpoints.save_plan(id, text));
        futures::future::try_join_all(saves).await?;
        Ok(())
    }

    /// Adds one statement to the wanted state; gives the query that it starts and the topic that it needs.
    fn want(
        &self,
        wanted: &mut State,
        ordinals: &mut BTreeMap<String, usize>,
        world: &mut World,
        session: &mut Session,
        statement: &StatementText,
        script: &str,
    ) -> Result<(Option<String>, Option<weir_plan::TopicSpec>), Error> {
        let place = |error: Error| {
            error
                .within(&statement.text)
                .placed(script, statement.span.start)
        };
        let parsed = weir_sql::parse_statement(&statement.text, &session.variables)
            .map_err(|error| place(error.into()))?;
        match &parsed.statement {
            Statement::Set { .. } | Statement::Unset { .. } | Statement::Define { .. } | Statement::Undefine { .. } => {
                Self::change_session(session, &parsed.statement, &parsed.text).map_err(place)?;
                Ok((None, None))
            }
            Statement::CreateSource(_) | Statement::CreateType { .. } => {
                let effects = self.apply(wanted, world, session, &parsed.statement, &parsed.text, None).map_err(place)?;
                Ok((None, effects.create_topic))
            }
            Statement::CreateAsSelect(_) | Statement::InsertSelect(_) => {
                let before = wanted.queries.len();
                let effects = self.apply(wanted, world, session, &parsed.statement, &parsed.text, None).map_err(place)?;
                let added = effects.start.as_deref().filter(|_| wanted.queries.len() > before);
                let id = added.and_then(|added| rename(wanted, ordinals, added));
                let id = id.ok_or_else(|| place(Error::user("the statement starts no query")))?;
                wanted.queries.rest(&id);
                Ok((Some(id), effects.create_topic))
            }
            other => Err(place(Error::user(format!(
                "`{}` is not for a file that is run: its statements are CREATE STREAM, CREATE STREAM … AS SELECT, INSERT INTO … SELECT, CREATE TYPE, SET and DEFINE",
                match other {
                    Statement::InsertValues(_) => "INSERT INTO … VALUES".to_owned(),
                    _ => first_words(&other.to_string()),
                }
            ))
            .hint("`weir sql --file FILE` runs any statement"))),
        }
    }

    async fn ends_of_sources(
        &self,
        wanted: &State,
    ) -> Result<BTreeMap<String, BTreeMap<PartitionId, Offset>>, Error> {
        let mut ends = BTreeMap::new();
        for topic in wanted
            .queries
            .values()
            .map(|query| &query.plan.source.topic)
        {
            if !ends.contains_key(topic) {
                ends.insert(
                    topic.clone(),
                    self.offsets(topic, OffsetSpec::Latest).await?,
                );
            }
        }
        Ok(ends)
    }
}

/// Whether each query may go on from where the one of its name stood: under the rules of OR REPLACE.
fn check_upgrades(wanted: &State, before: &BTreeMap<String, Deployed>) -> Result<(), Error> {
    for (id, deployed) in before {
        let Some(query) = wanted.queries.get(id) else {
            continue;
        };
        match (&query.created, &deployed.sink) {
            (Some(new), Some(old)) => {
                weir_plan::check_query_upgrade(&deployed.shape_for(query)?, old, new)
                    .map_err(|error| refused(error.into(), query))?;
            }
            _ if !deployed.is_of(query) => tracing::warn!(
                query = %id, read = %deployed.reads, reads = %query.plan.source.name,
                "the INSERT at this place reads another source than before, and starts there as auto.offset.reset says; WITH (QUERY_ID = '…') keeps queries apart whatever their order"
            ),
            _ if deployed.fingerprint != query.fingerprint => tracing::warn!(
                query = %id,
                "the INSERT at this place is another one than before, and goes on from its position; WITH (QUERY_ID = '…') keeps queries apart whatever their order"
            ),
            _ => {}
        }
    }
    Ok(())
}

/// The refusal of a changed query, with the place of its name.
fn refused(error: Error, query: &Persistent) -> Error {
    let parsed = weir_sql::parse_statement(&query.statement, &Variables::default());
    let error = match parsed {
        Ok(parsed) => of_statement(error, &parsed.statement),
        Err(_) => error,
    };
    error
        .within(&query.statement)
        .hint("positions belong to the service id and the stream: a changed query goes on from its position; under another name it starts anew")
}

/// What is kept of a query beside its positions: what a changed one is checked against, and where it started.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Deployed {
    version: u32,
    /// The source that it reads, and its topic.
    reads: String,
    topic: String,
    topic_id: Option<String>,
    fingerprint: String,
    /// Of the statement's text.
    words: String,
    shape: QueryShape,
    /// The stream that it fills, for CREATE … AS SELECT.
    sink: Option<Source>,
    start: BTreeMap<PartitionId, Offset>,
}

impl Deployed {
    const VERSION: u32 = 1;

    fn of(query: &Persistent, topic_id: Option<String>) -> Result<Self, Error> {
        // Each start has its own words and ids; what counts is what the stream is.
        let bare = |source: &Source| Source {
            statement: String::new(),
            created_by: None,
            ..source.clone()
        };
        let shape = QueryShape::of(&query.plan)?;
        Ok(Self {
            version: Self::VERSION,
            reads: query.plan.source.name.clone(),
            topic: query.plan.source.topic.clone(),
            topic_id,
            fingerprint: query.fingerprint.clone(),
            words: weir_plan::fingerprint_of_text(&query.statement),
            shape: QueryShape {
                source: bare(&shape.source),
                ..shape
            },
            sink: query.created.as_ref().map(|plan| bare(&plan.source)),
            start: query.start.clone(),
        })
    }

    /// What a query is checked against. The same words are the same keys and functions, in whatever words another version of the
    /// program wrote them down.
    fn shape_for(&self, query: &Persistent) -> Result<QueryShape, Error> {
        Ok(
            match self.words == weir_plan::fingerprint_of_text(&query.statement) {
                false => self.shape.clone(),
                true => QueryShape {
                    source: self.shape.source.clone(),
                    ..QueryShape::of(&query.plan)?
                },
            },
        )
    }

    /// Whether it read what the query reads.
    fn is_of(&self, query: &Persistent) -> bool {
        self.reads == query.plan.source.name && self.topic == query.plan.source.topic
    }

    /// `None`, and a line in the log, for what this version cannot read: the query goes on unchecked.
    fn read(id: &str, text: &str) -> Result<Option<Self>, Error> {
        match serde_json::from_str::<Self>(text) {
            Ok(deployed) if deployed.version <= Self::VERSION => Ok(Some(deployed)),
            Ok(deployed) => Err(Error::user(format!(
                "query `{id}` was last run by a newer version of the program (its plan has version {}, this one knows {})",
                deployed.version,
                Self::VERSION
            ))
            .hint("run the newer version, or choose another --service-id")),
            Err(error) => {
                tracing::warn!(query = id, %error, "what the query was before cannot be read, it goes on unchecked");
                Ok(None)
            }
        }
    }

    fn to_text(&self) -> Result<String, Error> {
        serde_json::to_string(self)
            .map_err(|error| Error::external(format!("a plan cannot be kept: {error}")))
    }
}

/// Gives the query that was just added an id that does not depend on what else is in the file: its sink, and for INSERT
/// its place among those into that sink, which `ordinals` counts.
fn rename(
    wanted: &mut State,
    ordinals: &mut BTreeMap<String, usize>,
    added: &str,
) -> Option<String> {
    let mut query = wanted.queries.remove(added)?;
    let is_named = query.created.is_none() && !added.starts_with("INSERTQUERY_");
    let id = match &query.created {
        Some(_) => format!("CSAS_{}", query.target),
        None if is_named => added.to_owned(),
        None => {
            let next = ordinals.entry(query.target.clone()).or_default();
            *next += 1;
            format!("INSERTQUERY_{}_{}", query.target, *next - 1)
        }
    };
    query.id = id.clone();
    if let Some(source) = wanted.catalog.source(&query.target).cloned()
        && query.created.is_some()
    {
        let mut source = source.as_ref().clone();
        source.created_by = Some(id.clone());
        wanted.catalog.replace(source);
    }
    wanted.queries.insert(query);
    wanted.sequence += 1;
    Some(id)
}

fn first_words(statement: &str) -> String {
    statement
        .split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
}

impl Deployment {
    /// Ids of the queries, in the order of the file.
    pub fn queries(&self) -> &[String] {
        &self.ids
    }

    /// Returns when all queries run, or one cannot.
    pub async fn ready(&self) -> Result<(), Error> {
        loop {
            let statuses = self.engine.statuses();
            for (id, status) in &statuses {
                if status.state == weir_runtime::QueryState::Failed {
                    let why = status
                        .errors
                        .last()
                        .map_or("it failed", |(_, why)| why.as_str());
                    return Err(Error::external(format!("query {id} cannot run: {why}")));
                }
            }
            if statuses
                .values()
                .all(|status| status.state != weir_runtime::QueryState::Starting)
            {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Takes the ends of the source topics as they are now for those that [`Deployment::until_end`] waits for.
    pub async fn mark_end(&mut self) -> Result<(), Error> {
        let state = self.engine.state();
        self.ends = self.engine.ends_of_sources(&state).await?;
        Ok(())
    }

    /// The lowest position of all queries over a topic, by partition: how far a source was read.
    pub async fn positions(&self, topic: &str) -> BTreeMap<PartitionId, Offset> {
        let state = self.engine.state();
        let mut lowest: BTreeMap<PartitionId, Offset> = BTreeMap::new();
        for query in state
            .queries
            .values()
            .filter(|query| query.plan.source.topic == topic)
        {
            for (partition, position) in positions(query) {
                lowest
                    .entry(partition)
                    .and_modify(|known| *known = position.min(*known))
                    .or_insert(position);
            }
        }
        lowest
    }

    /// Returns when everything up to the marked ends is processed, through queries that read what others write; then all
    /// queries have stopped, at a checkpoint.
    pub async fn until_end(&self) -> Result<(), Error> {
        for level in self.levels().await {
            for id in &level {
                self.wait_for(id).await?;
            }
            for id in &level {
                let query = self
                    .engine
                    .state()
                    .queries
                    .get(id)
                    .and_then(|query| query.query.clone());
                if let Some(query) = query {
                    query.stop(Duration::from_secs(60)).await?;
                }
            }
        }
        Ok(())
    }

    /// Queries, those first that read nothing that another query of the file writes.
    async fn levels(&self) -> Vec<Vec<String>> {
        let state = self.engine.state();
        let mut left: Vec<&Persistent> = self
            .ids
            .iter()
            .filter_map(|id| state.queries.get(id))
            .collect();
        let mut levels = Vec::new();
        while !left.is_empty() {
            let written: BTreeSet<&str> =
                left.iter().map(|query| query.sink.topic.as_str()).collect();
            let (ready, waiting): (Vec<_>, Vec<_>) = left
                .iter()
                .copied()
                .partition(|query| !written.contains(query.plan.source.topic.as_str()));
            // Queries that feed each other in a circle have no end of their own: they are one level.
            let (level, rest) = if ready.is_empty() {
                (waiting, Vec::new())
            } else {
                (ready, waiting)
            };
            levels.push(level.iter().map(|query| query.id.clone()).collect());
            left = rest;
        }
        levels
    }

    async fn wait_for(&self, id: &str) -> Result<(), Error> {
        let topic = match self.engine.state().queries.get(id) {
            Some(query) => query.plan.source.topic.clone(),
            None => return Ok(()),
        };
        let is_written_here = {
            let state = self.engine.state();
            state
                .queries
                .values()
                .any(|query| query.sink.topic == topic)
        };
        let ends = match (is_written_here, self.ends.get(&topic)) {
            (false, Some(ends)) => ends.clone(),
            _ => self.engine.offsets(&topic, OffsetSpec::Latest).await?,
        };
        loop {
            let reached = {
                let state = self.engine.state();
                let Some(query) = state.queries.get(id) else {
                    return Ok(());
                };
                if let Some(status) = query.query.as_ref().map(weir_runtime::Query::status)
                    && status.state == weir_runtime::QueryState::Failed
                {
                    let why = status
                        .errors
                        .last()
                        .map_or("it failed", |(_, why)| why.as_str());
                    return Err(Error::external(format!("query {id} cannot go on: {why}")));
                }
                let positions = positions(query);
                ends.iter()
                    .all(|(partition, end)| positions.get(partition).copied().unwrap_or(0) >= *end)
            };
            if reached {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// The next offsets that a query reads; where it has not begun, those that it starts at.
fn positions(query: &Persistent) -> BTreeMap<PartitionId, Offset> {
    let mut positions = query.start.clone();
    if let Some(running) = &query.query {
        positions.extend(running.status().positions);
    }
    positions
}
