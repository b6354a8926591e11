//! Several statements at once, and RUN SCRIPT.
//!
//! All of them run on a copy of the state first, so that one that is wrong leaves nothing done.

use tokio::io::AsyncReadExt;
use weir_sql::{
    Statement, StatementText,
    statement::{Explain, QueryTarget},
};

use super::{change, not_here, of_statement, refuse_rows};
use crate::{
    Engine, Error, Session,
    engine::{State, World},
    print,
};

/// How deep scripts may run scripts: one that runs itself comes to an end.
const DEEPEST: usize = 16;

/// The longest file that is read.
const LONGEST: u64 = 64 << 20;

/// The state as a script changes it, before anything is done.
struct Sandbox {
    state: State,
    world: World,
    session: Session,
}

/// The text of a script's file.
pub(super) async fn read(session: &Session, path: &str, depth: usize) -> Result<String, Error> {
    if session.is_remote {
        return Err(Error::user(
            "RUN SCRIPT reads a file of the machine that runs the server, and is not taken from others.",
        )
        .hint("send the statements that are in the file"));
    }
    let cannot = |error: &dyn std::fmt::Display| {
        Error::user(format!("Failed to read file: {path}: {error}"))
    };
    if depth >= DEEPEST {
        return Err(cannot(&format!(
            "scripts run scripts more than {DEEPEST} deep"
        )));
    }
    let file = tokio::fs::File::open(path)
        .await
        .map_err(|error| cannot(&error))?;
    // What is no regular file has no length to be asked before.
    let mut script = String::new();
    let read = file.take(LONGEST + 1).read_to_string(&mut script).await;
    if read.map_err(|error| cannot(&error))? as u64 > LONGEST {
        return Err(cannot(&format!("it has more than {LONGEST} bytes")));
    }
    Ok(script)
}

impl Engine {
    /// Runs all statements of a script on a copy, so that one that is wrong stops them all.
    pub(super) async fn validate(
        &self,
        session: &Session,
        statements: &[StatementText],
        depth: usize,
    ) -> Result<(), Error> {
        let world = World::look(&self.inner.parts.broker).await?;
        let mut sandbox = Sandbox {
            state: State::clone(&self.state()),
            world,
            session: session.clone(),
        };
        self.check_all(&mut sandbox, statements, depth).await
    }

    async fn check_all(
        &self,
        sandbox: &mut Sandbox,
        statements: &[StatementText],
        depth: usize,
    ) -> Result<(), Error> {
        for statement in statements {
            let parsed = self.parse(&sandbox.session, &statement.text)?;
            if let Statement::RunScript { path } = &parsed.statement {
                let script = read(&sandbox.session, path, depth).await?;
                let inner =
                    weir_sql::split(&script).map_err(|error| Error::from(error).within(&script))?;
                Box::pin(self.check_all(sandbox, &inner, depth + 1)).await?;
                continue;
            }
            self.check(sandbox, &parsed.statement, &parsed.text)
                .map_err(|error| of_statement(error, &parsed.statement).within(&parsed.text))?;
        }
        Ok(())
    }

    fn check(&self, sandbox: &mut Sandbox, statement: &Statement, text: &str) -> Result<(), Error> {
        let Sandbox {
            state,
            world,
            session,
        } = sandbox;
        refuse_rows(session, statement)?;
        match statement {
            Statement::CreateSource(_)
            | Statement::CreateAsSelect(_)
            | Statement::InsertSelect(_)
            | Statement::DropSource(_)
            | Statement::AlterSource(_)
            | Statement::CreateType { .. }
            | Statement::DropType { .. } => {
                self.refuse_headless()?;
                let effects = self.apply(state, world, session, statement, text, None)?;
                if let Some(topic) = &effects.delete_topic {
                    world.topics.remove(topic);
                }
                if let Some(id) = &effects.start {
                    state.queries.rest(id);
                }
                // The numbers in the ids are those that the statements will have.
                state.sequence += i64::from(!effects.is_warning);
                Ok(())
            }
            Statement::Terminate(QueryTarget::Query(id))
                if self.push_query(&id.value).is_some() =>
            {
                Ok(())
            }
            Statement::Terminate(target) => {
                for id in change::to_terminate(state, target)? {
                    state.queries.remove(&id);
                }
                state.sequence += 1;
                Ok(())
            }
            Statement::Pause(target) | Statement::Resume(target) => {
                change::known_ids(state, target)?;
                state.sequence += 1;
                Ok(())
            }
            Statement::Set { .. }
            | Statement::Unset { .. }
            | Statement::Define { .. }
            | Statement::Undefine { .. } => {
                Self::change_session(session, statement, text).map(|_| ())
            }
            Statement::InsertValues(_) | Statement::Select(_) => {
                let settings = self.settings(session);
                let context = self.context(&state.catalog, world, &settings);
                weir_plan::plan(statement, &text.into(), &context).map(|_| ())?;
                Ok(())
            }
            Statement::Explain(Explain::Statement(inner)) => self
                .plan_explained(state, world, session, inner, text)
                .map(|_| ()),
            Statement::Explain(Explain::Query(id)) => {
                super::explain::query(state, &id.value).map(|_| ())
            }
            Statement::Describe { source, .. } => {
                super::describe::find(&state.catalog, source).map(|_| ())
            }
            Statement::DescribeFunction { name } => self.describe_function(name, text).map(|_| ()),
            Statement::Print(print) => {
                let name = &print.topic.value;
                match world.topics.contains_key(name) {
                    true => Ok(()),
                    false => Err(print::no_topic(name, world.topics.keys())),
                }
            }
            Statement::Show(_) | Statement::AssertTopic(_) | Statement::RunScript { .. } => Ok(()),
            Statement::AlterSystem { .. }
            | Statement::Connector { .. }
            | Statement::AssertSchema(_)
            | Statement::AssertValues(_)
            | Statement::AssertNullValues(_)
            | Statement::AssertCount { .. }
            | Statement::AssertSource(_) => Err(not_here(statement)),
        }
    }
}
