//! EXPLAIN: of a query that runs, or of a statement that might.

use std::collections::BTreeMap;

use weir_plan::{Plan, QueryPlan, explain::explain};
use weir_runtime::QuerySpec;
use weir_sql::{Statement, statement::Explain};

use super::{Response, entity, explain_rule::topology, select::read_spec, show::state_of};
use crate::{
    Engine, Error, Session,
    engine::{State, World},
    entity::{Body, Field, QueryDescription, QueryError},
    queries::Persistent,
};

impl Engine {
    pub(crate) async fn explain(
        &self,
        session: &Session,
        what: &Explain,
        text: &str,
    ) -> Result<Response, Error> {
        let state = self.state();
        let description = match what {
            Explain::Query(id) => {
                let queries = [query(&state, &id.value)?];
                self.descriptions(&queries).await?.remove(0)
            }
            Explain::Statement(statement) => {
                let world = World::look(&self.inner.parts.broker).await?;
                let (described, spec) =
                    self.plan_explained(&state, &world, session, statement, text)?;
                let explained = self
                    .inner
                    .parts
                    .runtime
                    .explain(std::slice::from_ref(&spec))?;
                QueryDescription {
                    topology: topology(&spec.plan, &explained[0]),
                    ..described
                }
            }
        };
        Ok(entity(
            Body::QueryDescription {
                query_description: Box::new(description),
            },
            text,
        ))
    }

    /// Persistent queries, described, in order.
    pub(super) async fn descriptions(
        &self,
        queries: &[&Persistent],
    ) -> Result<Vec<QueryDescription>, Error> {
        let parts = &self.inner.parts;
        let specs: Vec<QuerySpec> = queries
            .iter()
            .map(|query| query.spec(&parts.settings))
            .collect();
        let explained = parts.runtime.explain(&specs)?;
        let mut described = Vec::with_capacity(queries.len());
        for (query, explained) in queries.iter().zip(explained) {
            described.push(QueryDescription {
                topology: topology(&query.plan, &explained),
                ..description(query)?
            });
            // Of a thousand queries each is planned for it.
            tokio::task::yield_now().await;
        }
        Ok(described)
    }

    /// What a statement would run, and how.
    pub(super) fn plan_explained(
        &self,
        state: &State,
        world: &World,
        session: &Session,
        statement: &Statement,
        text: &str,
    ) -> Result<(QueryDescription, QuerySpec), Error> {
        let settings = self.settings(session);
        let inner = explained(text);
        let plan = weir_plan::plan(
            statement,
            &inner.into(),
            &self.context(&state.catalog, world, &settings),
        )?;
        let (query, sinks) = match plan {
            Plan::Select(query) => (query, Vec::new()),
            Plan::CreateAsSelect(create) => {
                (create.query.clone(), vec![create.source.name.clone()])
            }
            Plan::InsertSelect(insert) => (insert.query, vec![insert.target]),
            _ => {
                return Err(Error::user(
                    "The provided statement does not run a ksql query",
                ));
            }
        };
        let described = plan_description(&query)?;
        let (query_type, spec) = match sinks.is_empty() {
            true => (described.query_type, of_read(query, &settings)),
            false => {
                // Whether it could be created, too.
                let mut next = state.clone();
                let effects = self.apply(
                    &mut next,
                    &mut world.clone(),
                    session,
                    statement,
                    inner,
                    None,
                )?;
                let created = effects.start.and_then(|id| next.queries.get(&id).cloned());
                let spec = match created {
                    Some(created) => created.spec(&self.inner.parts.settings),
                    // It has nothing to do, as what it would create is there.
                    None => of_read(query, &settings),
                };
                ("PERSISTENT".into(), spec)
            }
        };
        let described = QueryDescription {
            statement_text: inner.to_owned(),
            sinks,
            overridden_properties: session.properties.clone(),
            query_type,
            ..described
        };
        Ok((described, spec))
    }
}

/// A push or pull query, as far as it can be explained.
fn of_read(plan: QueryPlan, settings: &BTreeMap<String, String>) -> QuerySpec {
    let until = (!plan.is_continuous).then(BTreeMap::new);
    // Nobody takes rows, and none are made.
    let (rows, _) = tokio::sync::mpsc::channel(1);
    read_spec(String::new(), plan, BTreeMap::new(), until, rows, settings)
}

/// The query of an id.
pub(super) fn query<'a>(state: &'a State, id: &str) -> Result<&'a Persistent, Error> {
    state.queries.get(id).ok_or_else(|| {
        Error::user(format!(
            "Query with id:{id} does not exist, use SHOW QUERIES to view the full set of queries."
        ))
    })
}

/// The statement behind EXPLAIN, as it is written.
fn explained(text: &str) -> &str {
    // Before the word there may be comments, which may have anything in them.
    let start = weir_sql::split(&format!("{text};"));
    let start = start.ok().and_then(|all| Some(all.first()?.span.start));
    let statement = text.get(start.unwrap_or(0)..).unwrap_or(text);
    statement
        .get("EXPLAIN".len()..)
        .unwrap_or(text)
        .trim_start()
}

/// A persistent query, described; without what it is as a rule.
fn description(query: &Persistent) -> Result<QueryDescription, Error> {
    let errors = query
        .query
        .as_ref()
        .map(|running| running.status().errors)
        .unwrap_or_default();
    Ok(QueryDescription {
        id: query.id.clone(),
        statement_text: query.statement.to_string(),
        sinks: vec![query.target.clone()],
        overridden_properties: query.overridden.clone(),
        ksql_host_query_status: BTreeMap::from([(
            "localhost".to_owned(),
            state_of(query).to_owned(),
        )]),
        query_type: "PERSISTENT".into(),
        query_errors: errors
            .into_iter()
            .map(|(timestamp, error_message)| QueryError {
                timestamp,
                error_message,
                kind: "SYSTEM".into(),
            })
            .collect(),
        state: Some(state_of(query).to_owned()),
        ..plan_description(&query.plan)?
    })
}

fn plan_description(plan: &QueryPlan) -> Result<QueryDescription, Error> {
    Ok(QueryDescription {
        id: String::new(),
        statement_text: String::new(),
        window_type: None,
        fields: plan.schema.keys_first().map(Field::of).collect(),
        sources: vec![plan.source.name.clone()],
        sinks: Vec::new(),
        topology: String::new(),
        execution_plan: explain(plan)?,
        overridden_properties: BTreeMap::new(),
        ksql_host_query_status: BTreeMap::new(),
        query_type: if plan.is_continuous { "PUSH" } else { "PULL" }.into(),
        query_errors: Vec::new(),
        tasks_metadata: Vec::new(),
        consumer_group_id: None,
        state: None,
    })
}
