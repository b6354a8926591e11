//! What is asked of a statement before it takes effect.
//!
//! **Invariant:** a statement is asked once, when it is new. One that is read again was accepted, and what is asked today
//! need not be what was asked then: a check that belongs here can be added, and what ran before still runs after. So
//! [`super::apply`], which does what a statement says, refuses only what cannot be done at all; and for the planner, which
//! refuses as it goes, [`accept_as_before`] takes away what would only refuse.

use std::collections::{BTreeMap, HashSet};

use weir_catalog::Source;
use weir_plan::{
    InsertSelectPlan, Plan, QueryShape, check_insert_upgrade, check_like, check_may_be_replaced,
    check_query_upgrade, check_replaceable, create_source::RESERVED_COLUMNS, in_other_case,
};
use weir_sql::{
    Statement,
    statement::{AlterSource, DropSource},
};

use super::{
    apply::{insert_id, kind_of, no_source, replaced_by},
    read_only::{refuse_own_topic, refuse_read_only},
};
use crate::{
    Error,
    engine::{State, World},
};

/// Refuses what a statement by itself must not do.
pub(super) fn admit(
    state: &State,
    statement: &Statement,
    settings: &BTreeMap<String, String>,
) -> Result<(), Error> {
    match statement {
        Statement::CreateSource(_) | Statement::CreateAsSelect(_) => {
            check_may_replace(state, statement, settings)
        }
        Statement::DropSource(drop) => admit_drop(state, drop),
        Statement::AlterSource(alter) => admit_alter(state, alter),
        Statement::CreateType {
            name,
            if_not_exists: false,
            ..
        } => match state.catalog.custom_type(&name.value) {
            None => Ok(()),
            Some(known) => Err(Error::user(format!(
                "Cannot register custom type '{}' since it is already registered with type: {known}",
                name.value
            ))
            .hint(format!(
                "DROP TYPE {} first: streams that use it keep what they have",
                name.value
            ))),
        },
        Statement::DropType {
            name,
            if_exists: false,
        } if state.catalog.custom_type(&name.value).is_none() => {
            Err(Error::user(format!("Type {} does not exist.", name.value))
                .hint("SHOW TYPES lists them"))
        }
        _ => Ok(()),
    }
}

/// Refuses what a statement must not do now that its plan is known.
pub(super) fn admit_plan(
    state: &State,
    world: &World,
    settings: &BTreeMap<String, String>,
    plan: &Plan,
) -> Result<(), Error> {
    match plan {
        Plan::CreateSource(plan) => {
            let existing = state.catalog.source(&plan.source.name);
            match existing {
                Some(_) if plan.if_not_exists => Ok(()),
                Some(existing) if plan.or_replace => Ok(check_replaceable(existing, &plan.source)?),
                _ => Ok(state.catalog.check_free(&plan.source)?),
            }
        }
        Plan::CreateAsSelect(plan) => {
            refuse_read_only(settings, &plan.topic.name, "Cannot insert into")?;
            let existing = state.catalog.source(&plan.source.name);
            match (existing, replaced_by(plan, state)) {
                // It is left as it is.
                (Some(_), _) if plan.if_not_exists => return Ok(()),
                (Some(existing), Some(old)) => {
                    check_query_upgrade(&QueryShape::of(&old.plan)?, existing, plan)?;
                }
                (Some(existing), None) if plan.or_replace => {
                    check_replaceable(existing, &plan.source)?;
                }
                _ => state.catalog.check_free(&plan.source)?,
            }
            Ok(check_like(
                &plan.topic,
                world.topics.get(&plan.topic.name).copied(),
            )?)
        }
        Plan::InsertSelect(plan) => {
            refuse_read_only(settings, &plan.sink.topic, "Cannot insert into")?;
            admit_insert(state, settings, plan)
        }
        Plan::InsertValues(_) | Plan::Select(_) => Ok(()),
    }
}

/// An id is that of one query; with OR_REPLACE another one of the same source and sink may have it.
fn admit_insert(
    state: &State,
    settings: &BTreeMap<String, String>,
    plan: &InsertSelectPlan,
) -> Result<(), Error> {
    if plan.or_replace && is_replacing_switched_off(settings) {
        return Err(Error::user(
            "OR_REPLACE of INSERT INTO is currently disabled, as CREATE OR REPLACE is. You can enable both by setting ksql.create.or.replace.enabled=true",
        ));
    }
    let id = insert_id(plan, state);
    let Some(old) = state.queries.get(&id) else {
        return Ok(());
    };
    if !plan.or_replace {
        return Err(Error::user(format!("Query ID '{id}' already exists."))
            .hint("SHOW QUERIES lists those that there are; OR_REPLACE = true beside QUERY_ID lets this one go on where that one is"));
    }
    if old.target != plan.target {
        return Err(Error::user(format!(
            "Query '{id}' writes into `{}`, and cannot be replaced by one that writes into `{}`.",
            old.target, plan.target
        ))
        .hint(format!(
            "TERMINATE {id} first, for a query that begins anew"
        )));
    }
    Ok(check_insert_upgrade(
        &QueryShape::of(&old.plan)?,
        &plan.query,
    )?)
}

/// What switches in the configuration would have the planner refuse, a statement that is read again may do.
pub(crate) fn accept_as_before(settings: &mut BTreeMap<String, String>) {
    for name in ["ksql.lambdas.enabled", "ksql.headers.columns.enabled"] {
        settings.insert(name.to_owned(), "true".to_owned());
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
    if is_replacing_switched_off(settings) {
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

fn is_replacing_switched_off(settings: &BTreeMap<String, String>) -> bool {
    let switch = settings.get("ksql.create.or.replace.enabled");
    switch.is_some_and(|value| value.eq_ignore_ascii_case("false"))
}

fn admit_drop(state: &State, drop: &DropSource) -> Result<(), Error> {
    let (name, wanted) = (&drop.name.value, kind_of(drop.kind));
    let Some(source) = state.catalog.source(name) else {
        if drop.if_exists {
            return Ok(());
        }
        let near = in_other_case(name, &state.catalog);
        let kind = match wanted {
            "STREAM" => "Stream",
            _ => "Table",
        };
        return Err(
            Error::user(format!("{kind} {name} does not exist.{near}")).hint(format!(
                "SHOW STREAMS lists what there is; DROP {wanted} IF EXISTS {name} is no error"
            )),
        );
    };
    if source.kind.to_string() != wanted {
        return Err(Error::user(format!(
            "Incompatible data source type is {}, but statement was DROP {}",
            source.kind.to_string().to_lowercase(),
            wanted.to_lowercase()
        )));
    }
    refuse_used(state, name, source.created_by.as_deref())?;
    if drop.delete_topic {
        refuse_own_topic(&source.topic)?;
        refuse_shared_topic(state, source)?;
    }
    Ok(())
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

fn admit_alter(state: &State, alter: &AlterSource) -> Result<(), Error> {
    let (name, wanted) = (&alter.name.value, kind_of(alter.kind));
    let Some(source) = state.catalog.source(name) else {
        return Err(no_source(name, state));
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
    let mut added = HashSet::new();
    for (column, _) in &alter.columns {
        if RESERVED_COLUMNS.contains(&column.value.as_str()) {
            return Err(Error::user(format!(
                "'{}' is a reserved column name. You cannot use it as a name for a column.",
                column.value
            ))
            .about(column.span));
        }
        if source.schema.column(&column.value).is_some() || !added.insert(&column.value) {
            return Err(Error::user(format!(
                "Cannot add column `{}` to schema. A column with the same name already exists.",
                column.value
            ))
            .about(column.span));
        }
    }
    Ok(())
}
