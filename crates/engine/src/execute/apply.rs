//! What a statement does to the state: to a copy, before anything is done, or to what the statement log rebuilds.
//!
//! Nothing here starts a query or makes a topic: [`Effects`] says what is to be done. And nothing here asks whether a
//! statement may do what it does: [`super::admit`] is asked first, for statements that are new.

use std::{collections::BTreeMap, sync::Arc};

use weir_catalog::{Column, Source};
use weir_kafka::{Offset, PartitionId};
use weir_plan::{Plan, QueryPlan, Sink, TopicSpec, in_other_case, resolve_type};
use weir_runtime::Query;
use weir_sql::{
    Statement,
    expression::Literal,
    statement::{AlterSource, DropSource, SourceKind},
};

use super::{
    admit::{admit, admit_plan},
    change::{ids, paused, set_paused, terminated},
};
use crate::{
    Engine, Error, Session,
    commands::Command,
    engine::{State, World},
    queries::Persistent,
    statement_log::Entry,
};

/// What a statement does besides changing the catalog.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub command_id: String,
    pub message: String,
    /// Nothing changed; the message says why.
    pub is_warning: bool,
    pub create_topic: Option<TopicSpec>,
    pub delete_topic: Option<String>,
    /// The query to start; its place in the new state.
    pub start: Option<String>,
    /// Queries that end, or that a changed one takes the place of.
    pub stop: Vec<Query>,
    /// Queries whose positions nobody needs any more.
    pub forget: Vec<String>,
}

impl Engine {
    /// Applies a logged statement again.
    pub(crate) fn reapply(
        &self,
        state: &mut State,
        world: &mut World,
        number: Offset,
        entry: &Entry,
    ) -> Result<(), Error> {
        let session = Session {
            properties: entry.properties.clone(),
            logged: Some(entry.settings.clone()),
            ..Session::default()
        };
        let parsed = weir_sql::parse_statement(&entry.statement, &session.variables)?;
        let (command, query_id) = match &parsed.statement {
            Statement::Terminate(target) => {
                let ids = ids(state, target);
                for id in &ids {
                    state.queries.remove(id);
                }
                (terminated(&ids, number), None)
            }
            Statement::Pause(target) => {
                set_paused(state, target, true);
                (paused(&ids(state, target), true, number), None)
            }
            Statement::Resume(target) => {
                set_paused(state, target, false);
                (paused(&ids(state, target), false, number), None)
            }
            _ => {
                let effects = self.apply(
                    state,
                    world,
                    &session,
                    &parsed.statement,
                    &parsed.text,
                    Some(entry),
                )?;
                if let Some(id) = &effects.start {
                    state.queries.rest(id);
                }
                let command = Command {
                    id: effects.command_id,
                    message: effects.message,
                    number,
                };
                (command, effects.start)
            }
        };
        self.remember(&command, query_id);
        Ok(())
    }

    /// Changes a state as the statement says; no query starts, no topic is made.
    pub(crate) fn apply(
        &self,
        state: &mut State,
        world: &mut World,
        session: &Session,
        statement: &Statement,
        text: &str,
        logged: Option<&Entry>,
    ) -> Result<Effects, Error> {
        let settings = self.settings(session);
        if logged.is_none() {
            admit(state, statement, &settings)?;
        }
        match statement {
            Statement::CreateSource(_)
            | Statement::CreateAsSelect(_)
            | Statement::InsertSelect(_) => {
                if logged.is_some() {
                    // What was created then need not be there now: the query waits for it, and says so.
                    imagine_topics(world, statement);
                }
                let text: Arc<str> = text.into();
                let plan = weir_plan::plan(
                    statement,
                    &text,
                    &self.context(&state.catalog, world, &settings),
                )?;
                if logged.is_none() {
                    admit_plan(state, world, &settings, &plan)?;
                }
                apply_plan(state, world, session, plan, &text, logged)
            }
            Statement::DropSource(drop) => Ok(apply_drop(state, drop)),
            Statement::AlterSource(alter) => apply_alter(state, alter),
            Statement::CreateType {
                name,
                if_not_exists,
                definition,
            } => {
                let sql_type = resolve_type(definition, &state.catalog)?;
                let mut effects = Effects {
                    command_id: format!("type/{}/create", name.value),
                    ..Effects::default()
                };
                if let Some(known) = state.catalog.custom_type(&name.value)
                    && *if_not_exists
                {
                    effects.message =
                        format!("{} is already registered with type {known}", name.value);
                    return Ok(effects);
                }
                effects.message = format!(
                    "Registered custom type with name '{}' and SQL type {sql_type}",
                    name.value
                );
                state.catalog.add_type(name.value.clone(), sql_type);
                Ok(effects)
            }
            Statement::DropType { name, .. } => {
                let was_there = state.catalog.drop_type(&name.value).is_some();
                let message = if was_there {
                    format!("Dropped type '{}'", name.value)
                } else {
                    format!("Type '{}' does not exist", name.value)
                };
                Ok(Effects {
                    command_id: format!("type/{}/drop", name.value),
                    message,
                    ..Effects::default()
                })
            }
            _ => Ok(Effects::default()),
        }
    }
}

/// The topic that a logged statement names, as the statement knew it: since then it may have gone, or grown.
fn imagine_topics(world: &mut World, statement: &Statement) {
    let Statement::CreateSource(create) = statement else {
        return;
    };
    let literal = |name: &str| create.properties.get(name).map(|property| &property.value);
    let Some(Literal::String(topic)) = literal("KAFKA_TOPIC") else {
        return;
    };
    match literal("PARTITIONS") {
        Some(Literal::Integer(partitions)) => {
            world.topics.remove(topic);
            world.add(topic, *partitions, i16::MAX);
        }
        _ => world.add(topic, 1, i16::MAX),
    }
}

fn apply_plan(
    state: &mut State,
    world: &mut World,
    session: &Session,
    plan: Plan,
    text: &Arc<str>,
    logged: Option<&Entry>,
) -> Result<Effects, Error> {
    // A statement that had nothing to do is not in the log.
    let is_there = |if_not_exists: bool, name: &str, state: &State| {
        if_not_exists && logged.is_none() && state.catalog.source(name).is_some()
    };
    match plan {
        Plan::CreateSource(plan) => {
            let name = plan.source.name.clone();
            let mut effects = Effects {
                command_id: format!("stream/`{name}`/create"),
                message: "Stream created".to_owned(),
                ..Effects::default()
            };
            if is_there(plan.if_not_exists, &name, state) {
                effects.is_warning = true;
                effects.message = exists_already(&name);
                return Ok(effects);
            }
            if let Some(existing) = state.catalog.source(&name).cloned()
                && plan.or_replace
            {
                // The query that fills it goes on doing so.
                state.catalog.replace(Source {
                    created_by: existing.created_by.clone(),
                    ..plan.source
                });
                return Ok(effects);
            }
            state.catalog.replace(plan.source);
            if plan.topic.partitions.is_some() {
                world.make(&plan.topic);
                effects.create_topic = Some(plan.topic);
            }
            Ok(effects)
        }
        Plan::CreateAsSelect(plan) => {
            let name = plan.source.name.clone();
            if is_there(plan.if_not_exists, &name, state) {
                return Ok(Effects {
                    is_warning: true,
                    message: exists_already(&name),
                    ..Effects::default()
                });
            }
            let logged_id = logged.and_then(|entry| entry.query_id.clone());
            // What fills the stream is replaced, be it the query that created it or one that inserts into it.
            let replaced = match &logged_id {
                Some(id) => state.queries.get(id),
                None => replaced_by(&plan, state),
            };
            let replaced_id = replaced.map(|query| query.id.clone());
            // In capitals, so that it need not be quoted.
            let id = logged_id
                .or(replaced_id)
                .unwrap_or_else(|| format!("CSAS_{}_{}", name.to_uppercase(), state.sequence));
            let mut effects = Effects {
                command_id: format!("stream/`{name}`/create"),
                message: format!("Created query with ID {id}"),
                start: Some(id.clone()),
                create_topic: Some(plan.topic.clone()),
                ..Effects::default()
            };
            world.make(&plan.topic);
            let mut start = logged.map(|entry| entry.start.clone()).unwrap_or_default();
            let mut is_paused = false;
            if let Some(old) = replaced {
                start = old.start.clone();
                is_paused = old.is_paused;
                effects.stop.extend(old.query.clone());
            }
            state.catalog.replace(Source {
                created_by: Some(id.clone()),
                ..plan.source.clone()
            });
            let mut query = persistent(
                id,
                text,
                Arc::new(plan.query.clone()),
                Arc::new(plan.sink.clone()),
                name,
                session,
                start,
                Some(plan),
            )?;
            // Who paused it did not mean that a change of its statement should set it going.
            query.is_paused = is_paused;
            state.queries.insert(query);
            Ok(effects)
        }
        Plan::InsertSelect(mut plan) => {
            let id = logged
                .and_then(|entry| entry.query_id.clone())
                .unwrap_or_else(|| insert_id(&plan, state));
            let mut start = logged.map(|entry| entry.start.clone()).unwrap_or_default();
            let mut effects = Effects {
                command_id: format!("stream/{}/create", plan.target),
                message: format!("Created query with ID {id}"),
                start: Some(id.clone()),
                ..Effects::default()
            };
            let sink = shared_sink(state, &plan.target, plan.sink, &mut plan.query);
            let mut is_paused = false;
            if let Some(old) = state.queries.get(&id).filter(|_| plan.or_replace) {
                start = old.start.clone();
                is_paused = old.is_paused;
                effects.stop.extend(old.query.clone());
            }
            let mut query = persistent(
                id,
                text,
                Arc::new(plan.query),
                sink,
                plan.target,
                session,
                start,
                None,
            )?;
            query.is_paused = is_paused;
            state.queries.insert(query);
            Ok(effects)
        }
        Plan::InsertValues(_) | Plan::Select(_) => Ok(Effects::default()),
    }
}

/// A thousand rules that write into one stream have one sink, and results of the same columns.
fn shared_sink(state: &State, target: &str, sink: Sink, query: &mut QueryPlan) -> Arc<Sink> {
    let mut queries = state.queries.values();
    let known = queries.find(|query| query.target == target);
    let Some(known) = known.filter(|known| *known.sink == sink) else {
        return Arc::new(sink);
    };
    if query.schema == known.plan.schema {
        query.schema = known.plan.schema.clone();
    }
    known.sink.clone()
}

#[expect(clippy::too_many_arguments, reason = "a query is made of these")]
fn persistent(
    id: String,
    text: &Arc<str>,
    plan: Arc<QueryPlan>,
    sink: Arc<Sink>,
    target: String,
    session: &Session,
    start: BTreeMap<PartitionId, Offset>,
    created: Option<Arc<weir_plan::PersistentPlan>>,
) -> Result<Persistent, Error> {
    let fingerprint = weir_plan::fingerprint(&plan, &sink)?;
    Ok(Persistent {
        id,
        statement: text.clone(),
        fingerprint,
        plan,
        sink,
        target,
        created,
        overridden: session.properties.clone(),
        start,
        is_paused: false,
        query: None,
    })
}

fn exists_already(name: &str) -> String {
    format!("Cannot add stream `{name}`: A stream with the same name already exists.")
}

/// The query whose place a new one takes: what fills the stream, be it the query that created it or one that inserts into it.
pub(super) fn replaced_by<'a>(
    plan: &weir_plan::PersistentPlan,
    state: &'a State,
) -> Option<&'a Persistent> {
    let mut queries = state.queries.values();
    plan.or_replace
        .then(|| queries.find(|query| query.target == plan.source.name))?
}

/// The id of a query that inserts.
pub(super) fn insert_id(plan: &weir_plan::InsertSelectPlan, state: &State) -> String {
    let named = plan.query_id.clone();
    named.unwrap_or_else(|| format!("INSERTQUERY_{}", state.sequence))
}

fn apply_drop(state: &mut State, drop: &DropSource) -> Effects {
    let name = &drop.name.value;
    let Some(source) = state.catalog.source(name).cloned() else {
        return Effects {
            command_id: format!("{}/{name}/drop", kind_of(drop.kind).to_lowercase()),
            message: format!("Source `{name}` does not exist."),
            ..Effects::default()
        };
    };
    let mut effects = Effects {
        command_id: format!("stream/{name}/drop"),
        message: format!("Source `{name}` (topic: {}) was dropped.", source.topic),
        ..Effects::default()
    };
    if drop.delete_topic {
        effects.delete_topic = Some(source.topic.clone());
    }
    if let Some(query) = source
        .created_by
        .as_ref()
        .and_then(|id| state.queries.remove(id))
    {
        effects.forget.push(query.id);
        effects.stop.extend(query.query);
    }
    state.catalog.drop(name);
    effects
}

fn apply_alter(state: &mut State, alter: &AlterSource) -> Result<Effects, Error> {
    let name = &alter.name.value;
    let Some(source) = state.catalog.source(name) else {
        return Err(no_source(name, state));
    };
    let mut changed = source.as_ref().clone();
    for (column, type_name) in &alter.columns {
        let sql_type = resolve_type(type_name, &state.catalog)?;
        // Two columns of one name are none: one that is read again gives way to what is there now.
        if changed.schema.column(&column.value).is_none() {
            changed
                .schema
                .columns
                .push(Column::value(column.value.clone(), sql_type));
        }
    }
    state.catalog.replace(changed);
    Ok(Effects {
        command_id: format!("stream/{name}/alter"),
        message: format!("Stream {name} altered."),
        ..Effects::default()
    })
}

/// ALTER of what is not there.
pub(super) fn no_source(name: &str, state: &State) -> Error {
    let near = in_other_case(name, &state.catalog);
    Error::user(format!("Source {name} does not exist.{near}"))
        .hint("SHOW STREAMS lists what there is")
}

/// As statements write it.
pub(super) fn kind_of(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Stream => "STREAM",
        SourceKind::Table => "TABLE",
    }
}
