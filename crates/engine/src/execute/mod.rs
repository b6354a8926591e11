//! Where a statement becomes what it does: parse → plan → run.

mod assert;
mod change;
mod describe;
mod explain;
mod insert_values;
mod select;
mod session;
mod show;

use weir_sql::{Statement, StatementText, statement::QueryTarget};

use crate::{
    Engine, Entity, Error, PrintStream, RowStream, Session,
    engine::{State, World},
    entity::{Body, CommandStatus, Warning},
};

/// What a statement answers.
#[allow(clippy::large_enum_variant, reason = "made once a statement")]
pub enum Response {
    Entity(Entity),
    Rows(RowStream),
    Print(PrintStream),
    /// Nothing to say: INSERT VALUES, SET, DEFINE.
    Done,
    /// A sentence for the session only.
    Note(String),
}

impl Engine {
    /// Runs a script: validated whole first, on a copy; then statement by statement. A SELECT or PRINT answers with a
    /// stream and the next statement does not wait for its end.
    pub async fn execute(
        &self,
        session: &mut Session,
        script: &str,
    ) -> Result<Vec<Response>, Error> {
        let statements =
            weir_sql::split(script).map_err(|error| Error::from(error).within(script))?;
        if statements.len() > 1 {
            self.validate(session, &statements).await?;
        }
        let mut responses = Vec::with_capacity(statements.len());
        for statement in statements {
            responses.push(self.execute_one(session, &statement.text).await?);
        }
        Ok(responses)
    }

    /// Runs one statement.
    pub async fn execute_one(&self, session: &mut Session, text: &str) -> Result<Response, Error> {
        self.check_ours()?;
        let parsed = weir_sql::parse_statement(text, &session.variables)
            .map_err(|error| Error::from(error).within(text))?;
        let response = Box::pin(self.run(session, &parsed.statement, &parsed.text)).await;
        response.map_err(|error| error.within(&parsed.text))
    }

    /// The rows of a query, all of them.
    pub async fn query(&self, sql: &str) -> Result<Vec<arrow::record_batch::RecordBatch>, Error> {
        let mut stream = self.subscribe(sql).await?;
        let mut batches = Vec::new();
        while let Some(batch) = stream.next().await {
            batches.push(batch);
        }
        Ok(batches)
    }

    /// The rows of a query, as they come.
    pub async fn subscribe(&self, sql: &str) -> Result<RowStream, Error> {
        let text = sql.trim().trim_end_matches(';');
        match self.execute_one(&mut self.session(), text).await? {
            Response::Rows(stream) => Ok(stream),
            _ => Err(Error::user("the statement is no SELECT").within(text)),
        }
    }

    async fn run(
        &self,
        session: &mut Session,
        statement: &Statement,
        text: &str,
    ) -> Result<Response, Error> {
        match statement {
            Statement::CreateSource(_)
            | Statement::CreateAsSelect(_)
            | Statement::InsertSelect(_)
            | Statement::DropSource(_)
            | Statement::AlterSource(_)
            | Statement::CreateType { .. }
            | Statement::DropType { .. } => self.change(session, statement, text).await,
            Statement::Terminate(target) => self.terminate(session, target, text).await,
            Statement::Pause(target) => self.pause(session, target, true, text).await,
            Statement::Resume(target) => self.pause(session, target, false, text).await,
            Statement::InsertValues(_) => self.insert_values(session, statement, text).await,
            Statement::Select(_) => self.select(session, statement, text).await,
            Statement::Print(print) => self.print(session, print).await,
            Statement::Show(show) => self.show(session, show, text).await,
            Statement::Describe {
                source,
                is_extended,
            } => self.describe(source, *is_extended, text).await,
            Statement::DescribeFunction { name } => self.describe_function(name, text),
            Statement::Explain(explain) => self.explain(session, explain, text).await,
            Statement::Set { .. }
            | Statement::Unset { .. }
            | Statement::Define { .. }
            | Statement::Undefine { .. } => Self::change_session(session, statement, text),
            Statement::RunScript { path } => self.run_script(session, path).await,
            Statement::AssertTopic(assert) => self.assert_topic(assert, text).await,
            Statement::AlterSystem { .. } => Err(Error::user(
                "Cannot alter system configs when KSQL_SHARED_RUNTIME_ENABLED is turned off.",
            )),
            Statement::Connector { statement } => Err(Error::user(format!(
                "{statement} needs Kafka Connect, which is not in this version."
            ))),
            Statement::AssertSchema(_) => Err(Error::user(
                "ASSERT SCHEMA needs a schema registry, which is not in this version.",
            )),
            Statement::AssertValues(_)
            | Statement::AssertNullValues(_)
            | Statement::AssertSource(_) => Err(Error::user(
                "This form of ASSERT belongs to the test runner, which is not in this version.",
            )),
        }
    }

    async fn run_script(&self, session: &mut Session, path: &str) -> Result<Response, Error> {
        const MOST: u64 = 64 << 20;
        let cannot = |error: &dyn std::fmt::Display| {
            Error::user(format!("Failed to read file: {path}: {error}"))
        };
        let length = tokio::fs::metadata(path)
            .await
            .map_err(|error| cannot(&error))?
            .len();
        if length > MOST {
            return Err(cannot(&format!("it has {length} bytes, more than {MOST}")));
        }
        let script = tokio::fs::read_to_string(path)
            .await
            .map_err(|error| cannot(&error))?;
        let responses = Box::pin(self.execute(session, &script)).await?;
        let last = responses.into_iter().last();
        Ok(last.unwrap_or(Response::Done))
    }

    /// Runs all statements of a script against a copy of the catalog, so that one that is wrong stops them all.
    pub(crate) async fn validate(
        &self,
        session: &Session,
        statements: &[StatementText],
    ) -> Result<(), Error> {
        let mut session = session.clone();
        let mut world = World::look(&self.inner.parts.broker).await?;
        let state = self.inner.state.lock().await;
        let mut sandbox = State {
            catalog: state.catalog.clone(),
            queries: state.queries.clone(),
            log: None,
            sequence: 0,
        };
        drop(state);
        for statement in statements {
            let parsed = weir_sql::parse_statement(&statement.text, &session.variables)
                .map_err(|error| Error::from(error).within(&statement.text))?;
            let checked = self.check(
                &mut sandbox,
                &mut world,
                &mut session,
                &parsed.statement,
                &parsed.text,
            );
            checked.map_err(|error| error.within(&parsed.text))?;
        }
        Ok(())
    }

    fn check(
        &self,
        sandbox: &mut State,
        world: &mut World,
        session: &mut Session,
        statement: &Statement,
        text: &str,
    ) -> Result<(), Error> {
        match statement {
            Statement::Set { .. }
            | Statement::Unset { .. }
            | Statement::Define { .. }
            | Statement::Undefine { .. } => {
                Self::change_session(session, statement, text).map(|_| ())
            }
            Statement::InsertValues(_) | Statement::Select(_) => {
                let settings = self.settings(session);
                weir_plan::plan(
                    statement,
                    text,
                    &self.context(&sandbox.catalog, world, &settings),
                )?;
                Ok(())
            }
            Statement::Terminate(QueryTarget::Query(id))
                if !sandbox.queries.contains_key(&id.value) =>
            {
                Ok(())
            }
            _ => self
                .apply(sandbox, world, session, statement, text, None)
                .map(|_| ()),
        }
    }
}

/// An entity with nothing to warn of.
pub(crate) fn entity(body: Body, text: &str) -> Response {
    Response::Entity(Entity {
        body,
        statement_text: statement_text(text),
        warnings: Vec::new(),
    })
}

/// The statement as answers repeat it.
fn statement_text(text: &str) -> String {
    format!("{};", text.trim_end().trim_end_matches(';'))
}

/// The answer of a statement that changed something.
pub(crate) fn status(
    command_id: String,
    message: String,
    query_id: Option<String>,
    sequence: i64,
    text: &str,
) -> Response {
    let command_status = CommandStatus {
        status: "SUCCESS",
        message,
        query_id,
    };
    entity(
        Body::CurrentStatus {
            command_id,
            command_status,
            command_sequence_number: sequence,
        },
        text,
    )
}

/// The answer of a statement that had nothing to do.
pub(crate) fn warning(message: String, text: &str) -> Response {
    Response::Entity(Entity {
        body: Body::Warning {
            message: message.clone(),
        },
        statement_text: statement_text(text),
        warnings: vec![Warning { message }],
    })
}
