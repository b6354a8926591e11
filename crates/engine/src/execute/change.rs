//! Statements that change what exists: CREATE, INSERT … SELECT, DROP, ALTER, TERMINATE, PAUSE, RESUME.
//!
//! ```text
//! apply to a copy ─▶ Effects ─▶ topics made ─▶ statement logged ─▶ copy becomes the state ─▶ queries start or stop
//! ```
//!
//! A statement that fails has changed nothing; one that is in the log applies again when the engine starts. What it does
//! to the copy is in [`super::apply`].

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use weir_kafka::{ErrorKind, NewTopic, Offset, OffsetSpec, PartitionId};
use weir_plan::{QueryPlan, TopicSpec};
use weir_runtime::Query;
use weir_sql::{ParsedStatement, Statement, statement::QueryTarget};

use super::{Response, apply::Effects, placed, warning};
use crate::{
    Engine, Error, Session,
    commands::Command,
    engine::{Change, State, World},
    statement_log::Entry,
};

/// How long a query may take to stop at a checkpoint.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How many topics are made for statements that are logged together, about: each takes a cluster a while, and none of them is
/// logged before.
const MOST_TOPICS: usize = 16;

/// Where queries that begin together begin: by topic, and whether that is at its beginning.
pub(crate) type Starts = BTreeMap<(String, bool), BTreeMap<PartitionId, Offset>>;

/// A statement that may be logged.
struct Prepared {
    effects: Effects,
    number: i64,
    /// `None`: it has nothing to do.
    entry: Option<Entry>,
}

/// Statements that may be logged together.
struct Together<'a> {
    prepared: Vec<(&'a ParsedStatement, Prepared)>,
    entries: Vec<Entry>,
    /// What is the matter with the statement after them.
    wrong: Option<Error>,
    /// Those after them.
    left: &'a [ParsedStatement],
}

/// What becomes of the statements before one that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    AreDone,
    AreNotDone,
}

/// Whether a statement adds to what there is, or puts a query in the place of another: it may be logged and begun together
/// with others.
pub(super) fn is_beginning(statement: &Statement) -> bool {
    match statement {
        Statement::CreateSource(create) => !create.or_replace,
        Statement::CreateAsSelect(create) => !create.or_replace,
        Statement::InsertSelect(_) => true,
        _ => false,
    }
}

impl Engine {
    /// Runs a statement that changes what exists.
    pub(crate) async fn change(
        &self,
        session: &Session,
        statement: &Statement,
        text: &str,
    ) -> Result<Response, Error> {
        self.refuse_headless()?;
        let mut change = self.change_state_for(session).await?;
        let mut world = World::look(&self.inner.parts.broker).await?;
        let mut next = change.copy(self.inner.parts.clock.now()).await?;
        let mut starts = Starts::new();
        let prepared = self.prepare(&mut next, &mut world, session, statement, text, &mut starts);
        let Prepared {
            mut effects,
            number,
            entry,
        } = prepared.await?;
        let Some(entry) = entry else {
            return Ok(warning(effects.message, text));
        };
        change.record_all(&mut next, vec![entry]).await?;
        change.publish(&next);
        let done = self.carry_out(&mut next, &mut effects).await;
        change.publish(&next);
        if let Err(error) = done {
            // It is in the log and in force; what it was to set going did not start.
            self.remember_failure(&effects.command_id, number, &error);
            return Err(error);
        }
        let command = Command {
            id: effects.command_id,
            message: effects.message,
            number,
        };
        Ok(self.status(command, effects.start, text))
    }

    /// Runs statements that follow one another ([`is_beginning`]): each is validated in its turn, with those before it in
    /// force; then they are logged in one batch, apply, and their queries start together, those first stopping whose places they
    /// take. Of those behind one that is wrong none is done. Where a query does not start, `answers` has those of all the others.
    pub(super) async fn change_together(
        &self,
        session: &Session,
        statements: &[ParsedStatement],
        before_wrong: Before,
        answers: &mut Vec<Response>,
    ) -> Result<(), Error> {
        let Some(first) = statements.first() else {
            return Ok(());
        };
        let of_all = |error: Error| placed(error, first);
        let (mut change, mut next) = self.change_for_all(session).await.map_err(of_all)?;
        let together = self.prepare_all(&mut next, session, statements).await;
        let mut together = together.map_err(of_all)?;
        if let Some(error) = together
            .wrong
            .take_if(|_| before_wrong == Before::AreNotDone)
        {
            return Err(error);
        }
        let entries = std::mem::take(&mut together.entries);
        match change.record_all(&mut next, entries).await {
            Ok(()) => {}
            Err(error) if error.kind == crate::ErrorKind::User && together.prepared.len() > 1 => {
                // The log takes no batch so large, and has none of it.
                drop(change);
                let (some, others) = statements.split_at(together.prepared.len() / 2);
                Box::pin(self.change_together(session, some, before_wrong, answers)).await?;
                return Box::pin(self.change_together(session, others, before_wrong, answers))
                    .await;
            }
            Err(error) => return Err(of_all(error)),
        }
        change.publish(&next);
        let failed = self.carry_out_all(&mut next, &together.prepared).await;
        change.publish(&next);
        drop(change);
        self.answer_all(together.prepared, failed, answers)?;
        match together.wrong {
            Some(error) => Err(error),
            None => {
                let left = self.change_together(session, together.left, before_wrong, answers);
                Box::pin(left).await
            }
        }
    }

    /// The turn of statements that are logged together, and a copy of the state for them.
    pub(super) async fn change_for_all(
        &self,
        session: &Session,
    ) -> Result<(Change<'_>, State), Error> {
        self.check_ours()?;
        self.refuse_headless()?;
        let mut change = self.change_state_for(session).await?;
        let next = change.copy(self.inner.parts.clock.now()).await?;
        Ok((change, next))
    }

    /// Validates statements, each in its turn, up to one that is wrong or to as many as are logged together.
    async fn prepare_all<'a>(
        &self,
        next: &mut State,
        session: &Session,
        statements: &'a [ParsedStatement],
    ) -> Result<Together<'a>, Error> {
        let mut world = World::look(&self.inner.parts.broker).await?;
        let mut together = Together {
            prepared: Vec::new(),
            entries: Vec::new(),
            wrong: None,
            left: statements,
        };
        let (mut starts, mut topics) = (Starts::new(), 0);
        while let Some((parsed, rest)) = together.left.split_first()
            && topics < MOST_TOPICS
        {
            let (statement, text) = (&parsed.statement, &parsed.text);
            let one = self.prepare(next, &mut world, session, statement, text, &mut starts);
            match one.await {
                Ok(mut one) => {
                    topics += usize::from(one.effects.create_topic.is_some());
                    together.entries.extend(one.entry.take());
                    together.prepared.push((parsed, one));
                    together.left = rest;
                }
                Err(error) => {
                    together.wrong = Some(placed(error, parsed));
                    break;
                }
            }
        }
        Ok(together)
    }

    /// Stops the queries whose places others take, and starts those of all statements together; by id, the errors of those that
    /// do not start.
    async fn carry_out_all(
        &self,
        state: &mut State,
        prepared: &[(&ParsedStatement, Prepared)],
    ) -> BTreeMap<String, Error> {
        let effects = || prepared.iter().map(|(_, one)| &one.effects);
        let replaced = effects().flat_map(|effects| &effects.stop);
        stop_all(&replaced.cloned().collect::<Vec<_>>()).await;
        let hold = self.inner.parts.runtime.hold();
        let ids: BTreeSet<&String> = effects()
            .filter_map(|effects| effects.start.as_ref())
            .collect();
        let starting = ids.into_iter().filter_map(|id| state.queries.get(id));
        let started = self.start_all(starting).await;
        drop(hold);
        let mut failed = BTreeMap::new();
        for (id, started) in started {
            match started {
                Ok(running) => {
                    if let Some(query) = state.queries.get_mut(&id) {
                        query.query = Some(running);
                    }
                }
                Err(error) => drop(failed.insert(id, Error::from(error))),
            }
        }
        failed
    }

    /// Answers statements that are in force; an error, that of the first, if queries did not start.
    fn answer_all(
        &self,
        prepared: Vec<(&ParsedStatement, Prepared)>,
        mut failed: BTreeMap<String, Error>,
        answers: &mut Vec<Response>,
    ) -> Result<(), Error> {
        let mut first_failed = None;
        for (parsed, one) in prepared {
            let (effects, number) = (one.effects, one.number);
            if effects.is_warning {
                answers.push(warning(effects.message, &parsed.text));
                continue;
            }
            let id = effects.start.as_deref().unwrap_or_default();
            if let Some(error) = failed.remove(id) {
                tracing::error!(query = %id, %error, "a query cannot be started; the others are");
                self.remember_failure(&effects.command_id, number, &error);
                first_failed.get_or_insert((answers.len(), placed(error, parsed)));
                continue;
            }
            let command = Command {
                id: effects.command_id,
                message: effects.message,
                number,
            };
            answers.push(self.status(command, effects.start, &parsed.text));
        }
        let Some((before, error)) = first_failed else {
            return Ok(());
        };
        // In the log they are all, and the failed ones start with the next process.
        let after = answers.len() - before;
        Err(match after {
            0 => error,
            _ => error.hint(format!(
                "{after} of the statements after it are in force: send only what is not"
            )),
        })
    }

    /// Validates a statement as the next one, sees to its topic, and finds where its query starts. `state` has changed only
    /// if this succeeds.
    async fn prepare(
        &self,
        state: &mut State,
        world: &mut World,
        session: &Session,
        statement: &Statement,
        text: &str,
        starts: &mut Starts,
    ) -> Result<Prepared, Error> {
        let mut next = state.clone();
        let number = next.sequence;
        let effects = self.apply(&mut next, world, session, statement, text, None)?;
        if effects.is_warning {
            return Ok(Prepared {
                effects,
                number,
                entry: None,
            });
        }
        if let Some(spec) = &effects.create_topic {
            self.create_topic(spec).await?;
        }
        let mut entry = self.entry(text, session);
        if let Some(query) = effects
            .start
            .as_ref()
            .and_then(|id| next.queries.get_mut(id))
        {
            let is_new = !state.queries.contains_key(&query.id);
            if is_new && query.start.is_empty() {
                query.start = self
                    .start_offsets(&query.plan, &query.overridden, starts)
                    .await?;
            }
            entry.query_id = Some(query.id.clone());
            entry.start = query.start.clone();
            let spec = query.spec(&self.inner.parts.settings);
            self.inner.parts.runtime.check(&spec)?;
            // Others may come before it starts.
            query.plan.rest();
            if is_new {
                self.begin_anew(&query.id).await?;
            }
        }
        next.sequence += 1;
        *state = next;
        Ok(Prepared {
            effects,
            number,
            entry: Some(entry),
        })
    }

    /// Stops and starts queries, deletes a topic.
    async fn carry_out(&self, state: &mut State, effects: &mut Effects) -> Result<(), Error> {
        stop_all(&effects.stop).await;
        for id in &effects.forget {
            self.forget(id).await;
        }
        if let Some(query) = effects
            .start
            .as_ref()
            .and_then(|id| state.queries.get_mut(id))
        {
            query.query = None;
            let spec = query.spec(&self.inner.parts.settings);
            query.query = Some(self.inner.parts.runtime.start(spec).await?);
        }
        if let Some(topic) = &effects.delete_topic {
            match self.inner.parts.broker.delete_topic(topic).await {
                Err(error) if error.kind != ErrorKind::UnknownTopic => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes what another query may have left under the id of one that is new. Ids come again: QUERY_ID names one, and the
    /// numbers in the others begin anew with a new statement log.
    async fn begin_anew(&self, id: &str) -> Result<(), Error> {
        // Before the statement is in the log: once it is, whatever is kept under the id is its own.
        Ok(self.inner.parts.checkpoints.remove(id).await?)
    }

    /// Removes the positions of a query that has ended. Those that are left behind do no harm: who has the id next begins
    /// anew.
    pub(super) async fn forget(&self, id: &str) {
        if let Err(error) = self.inner.parts.checkpoints.remove(id).await {
            tracing::warn!(query = %id, %error, "the positions of a query that has ended could not be removed");
        }
    }

    pub(crate) async fn create_topic(&self, spec: &TopicSpec) -> Result<(), Error> {
        if self.inner.parts.broker.topic(&spec.name).await?.is_some() {
            return Ok(());
        }
        // The broker may have another default: a stream's records of one key are not each other's replacement.
        let policy = ("cleanup.policy".to_owned(), "delete".to_owned());
        let mut config = BTreeMap::from([policy]);
        if let Some(retention) = spec.retention_ms {
            config.insert("retention.ms".to_owned(), retention.to_string());
        }
        let topic = NewTopic {
            name: spec.name.clone(),
            partitions: spec.partitions.unwrap_or(1),
            replicas: spec.replicas,
            config,
        };
        match self.inner.parts.broker.create_topic(&topic).await {
            Err(error) if error.kind != ErrorKind::TopicExists => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Where a query begins: at the end of its source unless `auto.offset.reset` says otherwise. Queries that begin together
    /// ask once for each topic.
    pub(crate) async fn start_offsets(
        &self,
        plan: &QueryPlan,
        overridden: &BTreeMap<String, String>,
        known: &mut Starts,
    ) -> Result<BTreeMap<PartitionId, Offset>, Error> {
        let reset = overridden
            .get("auto.offset.reset")
            .or_else(|| self.inner.parts.settings.get("auto.offset.reset"));
        let is_earliest = reset.is_some_and(|reset| reset.eq_ignore_ascii_case("earliest"));
        let question = (plan.source.topic.clone(), is_earliest);
        if let Some(offsets) = known.get(&question) {
            return Ok(offsets.clone());
        }
        let spec = match is_earliest {
            true => OffsetSpec::Earliest,
            false => OffsetSpec::Latest,
        };
        let offsets = self.offsets(&plan.source.topic, spec).await?;
        known.insert(question, offsets.clone());
        Ok(offsets)
    }

    /// An offset of each partition of a topic; none if the topic is not there.
    pub(crate) async fn offsets(
        &self,
        topic: &str,
        spec: OffsetSpec,
    ) -> Result<BTreeMap<PartitionId, Offset>, Error> {
        let broker = &self.inner.parts.broker;
        let Some(facts) = broker.topic(topic).await? else {
            return Ok(BTreeMap::new());
        };
        let partitions: Vec<PartitionId> = (0..facts.partitions).collect();
        let offsets = broker.offsets(topic, &partitions, spec).await?;
        Ok(partitions.into_iter().zip(offsets).collect())
    }

    pub(crate) async fn pause(
        &self,
        session: &Session,
        target: &QueryTarget,
        is_paused: bool,
        text: &str,
    ) -> Result<Response, Error> {
        let mut change = self.change_state_for(session).await?;
        let mut next = change.copy(self.inner.parts.clock.now()).await?;
        let ids = known_ids(&next, target)?;
        self.refuse_headless()?;
        let number = next.sequence;
        change.record(&mut next, self.entry(text, session)).await?;
        set_paused(&mut next, target, is_paused);
        change.publish(&next);
        for query in ids
            .iter()
            .filter_map(|id| next.queries.get(id)?.query.as_ref())
        {
            if is_paused {
                query.pause();
            } else {
                query.resume();
            }
        }
        Ok(self.status(paused(&ids, is_paused, number), None, text))
    }

    pub(super) fn refuse_headless(&self) -> Result<(), Error> {
        if self.inner.parts.is_headless {
            return Err(Error::user(
                "A headless engine runs its file and nothing else.",
            ));
        }
        Ok(())
    }
}

/// What TERMINATE did.
pub(super) fn terminated(ids: &[String], number: i64) -> Command {
    Command {
        id: format!("terminate/{}/execute", one_or_all(ids)),
        message: "Query terminated.".to_owned(),
        number,
    }
}

/// What PAUSE or RESUME did.
pub(super) fn paused(ids: &[String], is_paused: bool, number: i64) -> Command {
    let (word, message) = match is_paused {
        true => ("pause", "Query paused."),
        false => ("resume", "Query resumed."),
    };
    Command {
        id: format!("{word}/{}/execute", one_or_all(ids)),
        message: message.to_owned(),
        number,
    }
}

fn one_or_all(ids: &[String]) -> &str {
    match ids {
        [one] => one,
        _ => "ALL",
    }
}

/// The queries that PAUSE or RESUME means.
pub(super) fn known_ids(state: &State, target: &QueryTarget) -> Result<Vec<String>, Error> {
    let ids = ids(state, target);
    match target {
        QueryTarget::Query(id) if ids.is_empty() => {
            Err(Error::user(format!("Unknown queryId: {}", id.value))
                .hint("SHOW QUERIES lists them"))
        }
        _ => Ok(ids),
    }
}

/// The queries that TERMINATE means.
pub(super) fn to_terminate(state: &State, target: &QueryTarget) -> Result<Vec<String>, Error> {
    let ids = ids(state, target);
    match target {
        QueryTarget::Query(id) if ids.is_empty() => Err(Error::user(format!(
            "Failed to terminate query with query ID: '{}'",
            id.value
        ))
        .hint("SHOW QUERIES lists them")),
        _ => Ok(ids),
    }
}

pub(super) fn ids(state: &State, target: &QueryTarget) -> Vec<String> {
    match target {
        QueryTarget::All => state.queries.keys().cloned().collect(),
        QueryTarget::Query(id) => state
            .queries
            .keys()
            .filter(|known| **known == id.value)
            .cloned()
            .collect(),
    }
}

pub(super) fn set_paused(state: &mut State, target: &QueryTarget, is_paused: bool) {
    for id in ids(state, target) {
        if let Some(query) = state.queries.get_mut(&id) {
            query.is_paused = is_paused;
        }
    }
}

/// Stops queries at a checkpoint, all at a time.
pub(super) async fn stop_all(queries: &[Query]) {
    let stops = queries.iter().map(async |query| {
        if let Err(error) = query.stop(PATIENCE).await {
            tracing::warn!(query = query.id(), %error, "a query was cut off");
        }
    });
    futures::future::join_all(stops).await;
}
