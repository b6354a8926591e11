//! What a statement does to the state: to a copy, before anything is done, or to what the statement log rebuilds.
//!
//! Nothing here starts a query or makes a topic: [`Effects`] says what is to be done.

use std::{collections::BTreeMap, sync::Arc};

use weir_catalog::{Column, Source};
use weir_kafka::{Offset, PartitionId};
use weir_plan::{
    Plan, QueryPlan, Sink, TopicSpec, check_key_upgrade, check_like, check_may_be_replaced,
    check_query_upgrade, check_read_alike, check_replaceable, check_table_upgrade,
    create_source::RESERVED_COLUMNS, in_other_case, resolve_type,
};
use weir_runtime::Query;
use weir_sql::{
    Statement,
    expression::Literal,
    statement::{AlterSource, DropSource, SourceKind},
};

use super::{
    change::{ids, paused, set_paused, terminated},
    read_only::{refuse_own_topic, refuse_read_only},
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
            logged: entry.settings.clone(),
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
        match statement {
            Statement::CreateSource(_)
            | Statement::CreateAsSelect(_)
            | Statement::InsertSelect(_) => {
                let mut settings = self.settings(session);
                if logged.is_none() {
                    check_may_replace(state, statement, &settings)?;
                } else {
                    accept_as_before(&mut settings);
                }
                if logged.is_some() {
                    // What was created then need not be there now: the query waits for it, and says so.
                    imagine_topics(world, statement);
                }
                let plan = weir_plan::plan(
                    statement,
                    text,
                    &self.context(&state.catalog, world, &settings),
                )?;
                apply_plan(state, world, session, plan, text, logged, &settings)
            }
            Statement::DropSource(drop) => apply_drop(state, drop),
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
                if let Some(known) = state.catalog.custom_type(&name.value) {
                    if !if_not_exists {
                        return Err(Error::user(format!(
                            "Cannot register custom type '{}' since it is already registered with type: {known}",
                            name.value
                        ))
                        .hint(format!(
                            "DROP TYPE {} first: streams that use it keep what they have",
                            name.value
                        )));
                    }
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
            Statement::DropType { name, if_exists } => {
                let was_there = state.catalog.drop_type(&name.value).is_some();
                let message = if was_there {
                    format!("Dropped type '{}'", name.value)
                } else {
                    format!("Type '{}' does not exist", name.value)
                };
                if !was_there && !if_exists {
                    return Err(Error::user(format!("Type {} does not exist.", name.value))
                        .hint("SHOW TYPES lists them"));
                }
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

/// OR REPLACE may be switched off, and does not take a stream from under other queries that write into it.
fn check_may_replace(
    state: &State,
    statement: &Statement,
    settings: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let (name, is_query) = match statement {
        Statement::CreateSource(create) if create.or_replace => (&create.name.value, false),
        Statement::CreateAsSelect(create) if create.or_replace => (&create.name.value, true),
        _ => return Ok(()),
    };
    let switch = settings.get("ksql.create.or.replace.enabled");
    if switch.is_some_and(|value| value.eq_ignore_ascii_case("false")) {
        return Err(Error::user(
            "CREATE OR REPLACE functionality is currently disabled. You can enable it by setting ksql.create.or.replace.enabled=true",
        ));
    }
    let is_source = matches!(statement, Statement::CreateSource(create) if create.is_source);
    let existing = state.catalog.source(name).map(|source| &**source);
    check_may_be_replaced(name, is_source, existing)?;
    let writers: Vec<&str> = state
        .queries
        .values()
        .filter(|query| query.target == *name)
        .map(|query| query.id.as_str())
        .collect();
    if is_query && writers.len() > 1 {
        return Err(Error::user(format!(
            "REPLACE for sink `{name}` is not supported because there are multiple queries writing into it: [{}]",
            writers.join(", ")
        ))
        .hint("TERMINATE all but the one that is to be replaced"));
    }
    Ok(())
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
    text: &str,
    logged: Option<&Entry>,
    settings: &BTreeMap<String, String>,
) -> Result<Effects, Error> {
    match plan {
        Plan::CreateSource(plan) => {
            let name = plan.source.name.clone();
            let mut effects = Effects {
                command_id: format!("stream/`{name}`/create"),
                message: "Stream created".to_owned(),
                ..Effects::default()
            };
            if let Some(existing) = state.catalog.source(&name).cloned() {
                if plan.if_not_exists {
                    effects.is_warning = true;
                    effects.message = exists_already(&name);
                    return Ok(effects);
                }
                if plan.or_replace {
                    check_replaceable(&existing, &plan.source)?;
                    // The query that fills it goes on doing so.
                    state.catalog.replace(Source {
                        created_by: existing.created_by.clone(),
                        ..plan.source
                    });
                    return Ok(effects);
                }
            }
            state.catalog.add(plan.source)?;
            if plan.topic.partitions.is_some() {
                world.make(&plan.topic);
                effects.create_topic = Some(plan.topic);
            }
            Ok(effects)
        }
        Plan::CreateAsSelect(plan) => {
            refuse_read_only(settings, &plan.topic.name, "Cannot insert into")?;
            let name = plan.source.name.clone();
            let existing = state.catalog.source(&name).cloned();
            if plan.if_not_exists && existing.is_some() {
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
                None if plan.or_replace => {
                    state.queries.values().find(|query| query.target == name)
                }
                None => None,
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
            let topic_there = world.topics.get(&plan.topic.name).copied();
            world.make(&plan.topic);
            let mut start = logged.map(|entry| entry.start.clone()).unwrap_or_default();
            if let Some(old) = replaced {
                if let Some(existing) = &existing {
                    check_query_upgrade(&old.plan.source.topic, existing, &plan)?;
                    check_read_alike(&old.plan.source, &plan.query.source)?;
                    check_key_upgrade(&old.plan, &plan.query)?;
                    check_table_upgrade(&old.plan, &plan.query)?;
                }
                start = old.start.clone();
                effects.stop.extend(old.query.clone());
            } else if let Some(existing) = existing.as_ref().filter(|_| plan.or_replace) {
                check_replaceable(existing, &plan.source)?;
            }
            let source = Source {
                created_by: Some(id.clone()),
                ..plan.source.clone()
            };
            if existing.is_some() && plan.or_replace {
                state.catalog.replace(source);
            } else {
                state.catalog.add(source)?;
            }
            if logged.is_none() {
                check_like(&plan.topic, topic_there)?;
            }
            let query = persistent(
                id,
                text,
                Arc::new(plan.query.clone()),
                plan.sink.clone(),
                name,
                session,
                start,
                Some(plan),
            );
            state.queries.insert(query);
            Ok(effects)
        }
        Plan::InsertSelect(plan) => {
            refuse_read_only(settings, &plan.sink.topic, "Cannot insert into")?;
            let id = plan
                .query_id
                .clone()
                .or_else(|| logged.and_then(|entry| entry.query_id.clone()))
                .unwrap_or_else(|| format!("INSERTQUERY_{}", state.sequence));
            if state.queries.contains_key(&id) {
                return Err(Error::user(format!("Query ID '{id}' already exists."))
                    .hint("SHOW QUERIES lists those that there are"));
            }
            let start = logged.map(|entry| entry.start.clone()).unwrap_or_default();
            let effects = Effects {
                command_id: format!("stream/{}/create", plan.target),
                message: format!("Created query with ID {id}"),
                start: Some(id.clone()),
                ..Effects::default()
            };
            let query = persistent(
                id,
                text,
                Arc::new(plan.query),
                plan.sink,
                plan.target,
                session,
                start,
                None,
            );
            state.queries.insert(query);
            Ok(effects)
        }
        Plan::InsertValues(_) | Plan::Select(_) => Ok(Effects::default()),
    }
}

#[expect(clippy::too_many_arguments, reason = "a query is made of these")]
fn persistent(
    id: String,
    text: &str,
    plan: Arc<QueryPlan>,
    sink: Sink,
    target: String,
    session: &Session,
    start: BTreeMap<PartitionId, Offset>,
    created: Option<Arc<weir_plan::PersistentPlan>>,
) -> Persistent {
    Persistent {
        id,
        statement: text.to_owned(),
        plan,
        sink,
        target,
        created,
        overridden: session.properties.clone(),
        start,
        is_paused: false,
        query: None,
    }
}

/// A statement that is read again was accepted: what decides only that is not asked once more.
fn accept_as_before(settings: &mut BTreeMap<String, String>) {
    for (name, value) in [
        ("ksql.lambdas.enabled", "true"),
        ("ksql.headers.columns.enabled", "true"),
        ("ksql.readonly.topics", ""),
    ] {
        settings.insert(name.to_owned(), value.to_owned());
    }
}

fn exists_already(name: &str) -> String {
    format!("Cannot add stream `{name}`: A stream with the same name already exists.")
}

fn apply_drop(state: &mut State, drop: &DropSource) -> Result<Effects, Error> {
    let name = &drop.name.value;
    let wanted = match drop.kind {
        SourceKind::Stream => "Stream",
        SourceKind::Table => "Table",
    };
    let Some(source) = state.catalog.source(name).cloned() else {
        if drop.if_exists {
            return Ok(Effects {
                command_id: format!("{}/{name}/drop", wanted.to_lowercase()),
                message: format!("Source `{name}` does not exist."),
                ..Effects::default()
            });
        }
        let near = in_other_case(name, &state.catalog);
        return Err(
            Error::user(format!("{wanted} {name} does not exist.{near}")).hint(format!(
                "SHOW STREAMS lists what there is; DROP {} IF EXISTS {name} is no error",
                wanted.to_uppercase()
            )),
        );
    };
    if source.kind.to_string() != wanted.to_uppercase() {
        return Err(Error::user(format!(
            "Incompatible data source type is {}, but statement was DROP {}",
            source.kind.to_string().to_lowercase(),
            wanted.to_lowercase()
        )));
    }
    refuse_used(state, name, source.created_by.as_deref())?;
    let mut effects = Effects {
        command_id: format!("stream/{name}/drop"),
        message: format!("Source `{name}` (topic: {}) was dropped.", source.topic),
        ..Effects::default()
    };
    if drop.delete_topic {
        refuse_own_topic(&source.topic)?;
        refuse_shared_topic(state, &source)?;
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
    Ok(effects)
}

fn refuse_used(state: &State, name: &str, own: Option<&str>) -> Result<(), Error> {
    let others = || {
        state
            .queries
            .values()
            .filter(|query| Some(query.id.as_str()) != own)
    };
    let created: Vec<&str> = others()
        .filter(|query| query.reads(name) && query.created.is_some())
        .map(|query| query.target.as_str())
        .collect();
    if !created.is_empty() {
        return Err(Error::user(format!(
            "Cannot drop {name}.\nThe following streams and/or tables read from this source: [{}].\nYou need to drop them before dropping {name}.",
            created.join(", ")
        )));
    }
    let list = |queries: Vec<&str>| queries.join(", ");
    let readers: Vec<&str> = others()
        .filter(|query| query.reads(name))
        .map(|query| query.id.as_str())
        .collect();
    let writers: Vec<&str> = others()
        .filter(|query| query.target == name)
        .map(|query| query.id.as_str())
        .collect();
    if readers.is_empty() && writers.is_empty() {
        return Ok(());
    }
    Err(Error::user(format!(
        "Cannot drop {name}.\nThe following queries read from this source: [{}].\nThe following queries write into this source: [{}].\nYou need to terminate them before dropping {name}.",
        list(readers),
        list(writers)
    )))
}

fn refuse_shared_topic(state: &State, source: &Source) -> Result<(), Error> {
    if source.is_source {
        return Err(Error::user(format!(
            "Cannot delete topic for read-only source: {}",
            source.name
        )));
    }
    let others: Vec<&str> = state
        .catalog
        .sources()
        .filter(|other| other.topic == source.topic && other.name != source.name)
        .map(|other| other.name.as_str())
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(Error::user(format!(
        "Refusing to delete topic. Found other data sources ({}) using topic {}",
        others.join(", "),
        source.topic
    )))
}

fn apply_alter(state: &mut State, alter: &AlterSource) -> Result<Effects, Error> {
    let name = &alter.name.value;
    let Some(source) = state.catalog.source(name) else {
        let near = in_other_case(name, &state.catalog);
        return Err(Error::user(format!("Source {name} does not exist.{near}"))
            .hint("SHOW STREAMS lists what there is"));
    };
    let wanted = match alter.kind {
        SourceKind::Stream => "STREAM",
        SourceKind::Table => "TABLE",
    };
    if source.kind.to_string() != wanted {
        return Err(Error::user(format!(
            "Incompatible data source type is {}, but statement was ALTER {wanted}",
            source.kind
        )));
    }
    if source.created_by.is_some() {
        return Err(
            Error::user("ALTER command is not supported for CREATE ... AS statements.").hint(
                "CREATE OR REPLACE STREAM … AS SELECT adds columns behind those that there are",
            ),
        );
    }
    if source.is_source {
        return Err(Error::user(format!(
            "Cannot alter {} '{name}': ALTER operations are not supported on source streams.",
            source.kind.to_string().to_lowercase()
        )));
    }
    let mut changed = source.as_ref().clone();
    for (column, type_name) in &alter.columns {
        if RESERVED_COLUMNS.contains(&column.value.as_str()) {
            return Err(Error::user(format!(
                "'{}' is a reserved column name. You cannot use it as a name for a column.",
                column.value
            ))
            .about(column.span));
        }
        if changed.schema.column(&column.value).is_some() {
            return Err(Error::user(format!(
                "Cannot add column `{}` to schema. A column with the same name already exists.",
                column.value
            ))
            .about(column.span));
        }
        let sql_type = resolve_type(type_name, &state.catalog)?;
        changed
            .schema
            .columns
            .push(Column::value(column.value.clone(), sql_type));
    }
    state.catalog.replace(changed);
    Ok(Effects {
        command_id: format!("stream/{name}/alter"),
        message: format!("Stream {name} altered."),
        ..Effects::default()
    })
}
