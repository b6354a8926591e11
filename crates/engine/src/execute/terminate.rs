//! TERMINATE: a query ends, all end, or several by their names in one go.

use std::collections::BTreeSet;

use weir_runtime::Query;
use weir_sql::{ParsedStatement, Statement, statement::QueryTarget};

use super::{
    Response,
    change::{PATIENCE, stop_all, terminated, to_terminate},
    entity, placed,
};
use crate::{Engine, Error, Session, commands::Command, engine::State, entity::Body};

/// What several statements end, before it is ended.
#[derive(Default)]
struct Ending {
    ids: Vec<String>,
    queries: Vec<Query>,
    commands: Vec<Command>,
}

impl Ending {
    /// Takes the queries that a statement means out of the state.
    fn take(&mut self, state: &mut State, target: &QueryTarget) -> Result<(), Error> {
        let ids = to_terminate(state, target)?;
        self.commands.push(terminated(&ids, state.sequence));
        let ended = ids.iter().filter_map(|id| state.queries.remove(id)?.query);
        self.queries.extend(ended);
        self.ids.extend(ids);
        Ok(())
    }
}

impl Engine {
    pub(crate) async fn terminate(
        &self,
        session: &Session,
        target: &QueryTarget,
        text: &str,
    ) -> Result<Response, Error> {
        if let QueryTarget::Query(id) = target
            && let Some((_, query)) = self.push_query(&id.value)
        {
            let query_id = query.id().to_owned();
            let was_terminated = query.stop(PATIENCE).await.is_ok();
            return Ok(entity(
                Body::TerminateQuery {
                    query_id,
                    was_terminated,
                },
                text,
            ));
        }
        let mut change = self.change_state_for(session).await?;
        let mut next = change.copy(self.inner.parts.clock.now()).await?;
        let mut ending = Ending::default();
        ending.take(&mut next, target)?;
        self.refuse_headless()?;
        change.record(&mut next, self.entry(text, session)).await?;
        change.publish(&next);
        self.end(&ending).await;
        let command = ending.commands.pop();
        let command = command.ok_or_else(|| Error::external("the statement ended nothing"))?;
        Ok(self.status(command, None, text))
    }

    /// The statements at the beginning of these that each end one persistent query.
    pub(super) fn ending(
        &self,
        session: &Session,
        statements: &[weir_sql::StatementText],
    ) -> Vec<ParsedStatement> {
        let mut ids = BTreeSet::new();
        let parsed = statements.iter().map_while(|statement| {
            let parsed = self.parse(session, &statement.text).ok()?;
            let Statement::Terminate(QueryTarget::Query(id)) = &parsed.statement else {
                return None;
            };
            let is_own = self.push_query(&id.value).is_none() && ids.insert(id.value.clone());
            is_own.then_some(parsed)
        });
        parsed.take(super::MOST_TOGETHER).collect()
    }

    /// Runs statements that each end a query: they are logged in one batch, and the queries stop together. Of those behind one
    /// that is wrong none is done.
    pub(super) async fn terminate_together(
        &self,
        session: &Session,
        statements: &[ParsedStatement],
        answers: &mut Vec<Response>,
    ) -> Result<(), Error> {
        let Some(first) = statements.first() else {
            return Ok(());
        };
        let of_all = |error: Error| placed(error, first);
        let (mut change, mut next) = self.change_for_all(session).await.map_err(of_all)?;
        let (mut ending, mut entries, mut wrong) = (Ending::default(), Vec::new(), None);
        for parsed in statements {
            let Statement::Terminate(target) = &parsed.statement else {
                break;
            };
            if let Err(error) = ending.take(&mut next, target) {
                wrong = Some(placed(error, parsed));
                break;
            }
            entries.push(self.entry(&parsed.text, session));
            next.sequence += 1;
        }
        let recorded = change.record_all(&mut next, entries).await;
        recorded.map_err(of_all)?;
        change.publish(&next);
        self.end(&ending).await;
        drop(change);
        for (parsed, command) in statements.iter().zip(ending.commands) {
            answers.push(self.status(command, None, &parsed.text));
        }
        wrong.map_or(Ok(()), Err)
    }

    /// Stops queries, and removes their positions.
    async fn end(&self, ending: &Ending) {
        stop_all(&ending.queries).await;
        let forgotten = ending.ids.iter().map(|id| self.forget(id));
        futures::future::join_all(forgotten).await;
    }
}
