//! Where a statement becomes what it does: parse → plan → run.

mod admit;
mod apply;
mod assert;
mod change;
mod describe;
mod dismantle;
mod explain;
mod explain_rule;
mod insert_values;
mod read_only;
mod script;
mod select;
mod session;
mod show;
mod terminate;

pub(crate) use admit::accept_as_before;
use change::Before;
pub(crate) use change::Starts;
pub(crate) use read_only::READ_ONLY;

use weir_sql::{
    Ident, ParsedStatement, Statement, StatementText, Variables,
    statement::{Explain, QueryTarget},
};

use crate::{
    Engine, Entity, Error, ErrorKind, PrintStream, RowStream, Session,
    commands::Command,
    entity::{Body, Warning},
};

/// How many statements are logged and begun together, at most, and how much text: one batch of the log.
const MOST_TOGETHER: usize = 256;
const BYTES_TOGETHER: usize = 512 << 10;

/// What a statement answers.
#[allow(clippy::large_enum_variant, reason = "made once a statement")]
pub enum Response {
    /// What ksqlDB's REST API answers.
    Entity(Entity),
    /// The rows of a SELECT, as they come.
    Rows(RowStream),
    /// The lines of a PRINT, as they come.
    Print(PrintStream),
    /// Nothing to say: INSERT VALUES, SET, DEFINE.
    Done,
    /// A sentence for the session only.
    Note(String),
}

/// How the rows of a statement end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// With what was there at the start: a pull query.
    ToTheEnd,
    /// When somebody ends it, or at a LIMIT that may never be reached: a push query, or PRINT.
    OnAndOn,
}

impl Engine {
    /// Runs a script: validated whole first, on a copy; then statement by statement. A SELECT or PRINT answers with a
    /// stream and the next statement does not wait for its end. What RUN SCRIPT runs answers in its place.
    pub async fn execute(
        &self,
        session: &mut Session,
        script: &str,
    ) -> Result<Vec<Response>, Error> {
        let mut answers = Vec::new();
        self.execute_into(session, script, &mut answers).await?;
        Ok(answers)
    }

    /// As [`Engine::execute`]; when a statement fails, `answers` holds those of the statements before it.
    pub async fn execute_into(
        &self,
        session: &mut Session,
        script: &str,
        answers: &mut Vec<Response>,
    ) -> Result<(), Error> {
        self.execute_script(session, script, 0, answers).await
    }

    pub(crate) async fn execute_script(
        &self,
        session: &mut Session,
        script: &str,
        depth: usize,
        answers: &mut Vec<Response>,
    ) -> Result<(), Error> {
        let statements =
            weir_sql::split(script).map_err(|error| Error::from(error).within(script))?;
        if statements.len() > 1 {
            // Queries that follow one another are validated in one go before any is begun: twice would be once too often.
            let together = self.beginning(session, &statements);
            let is_insert =
                |parsed: &ParsedStatement| matches!(parsed.statement, Statement::InsertSelect(_));
            if together.len() == statements.len() && together.iter().all(is_insert) {
                let all = self.change_together(session, &together, Before::AreNotDone, answers);
                return Box::pin(all).await;
            }
            self.validate(session, &statements, depth).await?;
        }
        let mut left = &statements[..];
        while let Some((first, rest)) = left.split_first() {
            let ending = self.ending(session, left);
            if ending.len() > 1 {
                let all = self.terminate_together(session, &ending, answers);
                Box::pin(all).await?;
                left = &left[ending.len()..];
                continue;
            }
            let together = self.beginning(session, left);
            left = match together.len() {
                0 | 1 => {
                    self.answer(session, &first.text, depth, answers).await?;
                    rest
                }
                many => {
                    let all = self.change_together(session, &together, Before::AreDone, answers);
                    Box::pin(all).await?;
                    &left[many..]
                }
            };
        }
        Ok(())
    }

    /// The statements at the beginning of these that can be begun together.
    fn beginning(&self, session: &Session, statements: &[StatementText]) -> Vec<ParsedStatement> {
        let mut together = Vec::new();
        let mut bytes = 0;
        for statement in statements {
            bytes += statement.text.len();
            if together.len() == MOST_TOGETHER || bytes > BYTES_TOGETHER {
                break;
            }
            // One that is wrong is for its own turn.
            match self.parse(session, &statement.text) {
                Ok(parsed) if change::is_beginning(&parsed.statement) => together.push(parsed),
                _ => break,
            }
        }
        together
    }

    /// Runs one statement; RUN SCRIPT answers with all answers of its file.
    pub async fn execute_statement(
        &self,
        session: &mut Session,
        text: &str,
    ) -> Result<Vec<Response>, Error> {
        let mut answers = Vec::new();
        self.answer(session, text, 0, &mut answers).await?;
        Ok(answers)
    }

    /// How a statement's rows end; `None` for a statement that has none. An error is one of syntax.
    pub fn reading(&self, session: &Session, text: &str) -> Result<Option<Reading>, Error> {
        Ok(match self.parse(session, text)?.statement {
            Statement::Select(query) if query.emit.is_none() => Some(Reading::ToTheEnd),
            Statement::Select(_) | Statement::Print(_) => Some(Reading::OnAndOn),
            _ => None,
        })
    }

    async fn answer(
        &self,
        session: &mut Session,
        text: &str,
        depth: usize,
        answers: &mut Vec<Response>,
    ) -> Result<(), Error> {
        let parsed = self.parse(session, text)?;
        let Statement::RunScript { path } = &parsed.statement else {
            answers.push(self.run_parsed(session, &parsed).await?);
            return Ok(());
        };
        let script = script::read(session, path, depth).await?;
        Box::pin(self.execute_script(session, &script, depth + 1, answers)).await
    }

    pub(crate) fn parse(&self, session: &Session, text: &str) -> Result<ParsedStatement, Error> {
        let switch = self
            .inner
            .parts
            .settings
            .get("ksql.variable.substitution.enable");
        let parsed = match switch {
            Some(value) if value.eq_ignore_ascii_case("false") => {
                weir_sql::parse_statement(text, &Variables::default())
            }
            _ => weir_sql::parse_statement(text, &session.variables),
        };
        parsed.map_err(|error| Error::from(error).within(text))
    }

    pub(crate) async fn run_parsed(
        &self,
        session: &mut Session,
        parsed: &ParsedStatement,
    ) -> Result<Response, Error> {
        self.check_ours()?;
        refuse_rows(session, &parsed.statement).map_err(|error| error.within(&parsed.text))?;
        let response = Box::pin(self.run(session, &parsed.statement, &parsed.text)).await;
        response.map_err(|error| of_statement(error, &parsed.statement).within(&parsed.text))
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
        let answers = self.execute_statement(&mut self.session(), text).await?;
        match answers.into_iter().last() {
            Some(Response::Rows(stream)) => Ok(stream),
            _ => Err(Error::user("the statement is no SELECT").within(text)),
        }
    }

    /// The answer of a statement that changed something.
    pub(crate) fn status(
        &self,
        command: Command,
        query_id: Option<String>,
        text: &str,
    ) -> Response {
        let command_status = self.remember(&command, query_id);
        entity(
            Body::CurrentStatus {
                command_id: command.id,
                command_status,
                command_sequence_number: command.number,
            },
            text,
        )
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
            Statement::AssertTopic(assert) => self.assert_topic(session, assert, text).await,
            other => Err(not_here(other)),
        }
    }
}

/// An error of a statement: without a place of its own it is about the name that the statement is about.
pub(crate) fn of_statement(error: Error, statement: &Statement) -> Error {
    use ErrorKind::{Assertion, Forbidden, Unsupported, User};
    match subject(statement) {
        Some(name) if matches!(error.kind, User | Unsupported | Assertion | Forbidden) => {
            error.about(name.span)
        }
        _ => error,
    }
}

/// [`of_statement`], with the place in its text.
fn placed(error: Error, parsed: &ParsedStatement) -> Error {
    of_statement(error, &parsed.statement).within(&parsed.text)
}

/// The name that a statement is about.
fn subject(statement: &Statement) -> Option<&Ident> {
    match statement {
        Statement::CreateSource(create) => Some(&create.name),
        Statement::CreateAsSelect(create) => Some(&create.name),
        Statement::InsertSelect(insert) => Some(&insert.target),
        Statement::InsertValues(insert) => Some(&insert.target),
        Statement::DropSource(drop) => Some(&drop.name),
        Statement::AlterSource(alter) => Some(&alter.name),
        Statement::CreateType { name, .. }
        | Statement::DropType { name, .. }
        | Statement::DescribeFunction { name } => Some(name),
        Statement::Describe { source, .. } => Some(source),
        Statement::Print(print) => Some(&print.topic),
        Statement::AssertTopic(assert) => Some(&assert.topic),
        Statement::AssertSource(assert) => Some(&assert.name),
        Statement::AssertValues(assert) | Statement::AssertNullValues(assert) => {
            Some(&assert.source)
        }
        Statement::AssertCount { source, .. } => Some(source),
        Statement::Explain(Explain::Query(id))
        | Statement::Terminate(QueryTarget::Query(id))
        | Statement::Pause(QueryTarget::Query(id))
        | Statement::Resume(QueryTarget::Query(id)) => Some(id),
        _ => None,
    }
}

/// Refuses what has rows where there is nobody to take them.
fn refuse_rows(session: &Session, statement: &Statement) -> Result<(), Error> {
    let has_rows = matches!(statement, Statement::Select(_) | Statement::Print(_));
    match has_rows && session.takes_no_rows {
        true => Err(Error::has_rows()),
        false => Ok(()),
    }
}

/// Why a statement that is read is not run.
fn not_here(statement: &Statement) -> Error {
    match statement {
        Statement::AlterSystem { .. } => Error::user(
            "Cannot alter system configs when KSQL_SHARED_RUNTIME_ENABLED is turned off.",
        ),
        Statement::Connector { statement } => Error::unsupported(format!(
            "{statement} needs Kafka Connect, which is not in this version."
        )),
        Statement::RunScript { .. } => {
            Error::user("RUN SCRIPT is run by its statements, and by none as a whole.")
        }
        Statement::AssertSchema(_) => Error::unsupported(
            "ASSERT SCHEMA needs a schema registry, which is not in this version.",
        ),
        _ => Error::user("This form of ASSERT is for scenarios: `weir test` runs them."),
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
    let shown = crate::mask::without_secrets(text);
    format!("{};", shown.trim_end().trim_end_matches(';'))
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
