//! A server that is reached over HTTP. SET and DEFINE change the session here, and go with each statement.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::io::AsyncReadExt;
use weir_engine::{
    Entity, Error, Session, SessionStatement,
    entity::{Body, Variable, Warning},
    parts::Position,
    properties,
};
use weir_server::client::{
    self, Client, Ended, Event, LineStream, QueryStream, ServerInfo, Settings,
};

use super::{Answer, End, Lines, RowsOf};
use crate::sql::scan;

/// No script is longer.
const LONGEST: u64 = 64 << 20;

/// How long the server may take to hear that nobody wants a query's rows any more.
const GOODBYE: Duration = Duration::from_secs(2);

/// The number that stands for no command at all.
const NONE: i64 = -1;

#[derive(Clone)]
pub struct Remote {
    client: Client,
    pub info: Arc<ServerInfo>,
    /// The last command that was answered: the next statement waits for it.
    sequence: Arc<AtomicI64>,
    /// Whether statements are sent without waiting for the commands before them.
    is_pipelining: Arc<AtomicBool>,
}

impl Remote {
    /// Asks the server who it is.
    pub async fn connect(client: Client) -> Result<Self, client::Error> {
        let info = client.info().await?;
        Ok(Self {
            client,
            info: Arc::new(info),
            sequence: Arc::new(AtomicI64::new(NONE)),
            is_pipelining: Arc::default(),
        })
    }

    pub fn url(&self) -> &str {
        self.client.url()
    }

    pub fn is_pipelining(&self) -> bool {
        self.is_pipelining.load(Ordering::Relaxed)
    }

    pub fn set_pipelining(&self, is_on: bool) {
        self.is_pipelining.store(is_on, Ordering::Relaxed);
    }

    pub async fn run(&self, session: &mut Session, text: &str) -> Result<Vec<Answer>, Error> {
        if let Some(statement) = SessionStatement::parse(session, text)? {
            return self.change(session, statement, text).await;
        }
        let first = scan::first_words(text, 2);
        let first: Vec<&str> = first.iter().map(String::as_str).collect();
        let variables = variables(session);
        let settings = Settings {
            properties: &session.properties,
            variables: &variables,
        };
        let sql = format!("{text}\n;");
        match first.as_slice() {
            ["SELECT", ..] => {
                let stream = self.client.query(&sql, settings).await;
                let stream = stream.map_err(|error| error_in(error, text))?;
                Ok(vec![Answer::Rows(Box::new(self.rows(stream)))])
            }
            ["PRINT", ..] => {
                let lines = self.client.print(&sql, settings).await;
                let lines = lines.map_err(|error| error_in(error, text))?;
                Ok(vec![Answer::Print(Box::new(Lines::Remote(Box::new(
                    lines,
                ))))])
            }
            ["RUN", "SCRIPT"] => {
                let path = scan::words(text).into_iter().nth(2);
                let path = path.map_or("", |token| token.text(text)).trim_matches('\'');
                let script = read(path).await?;
                self.execute(&script, &script, settings).await
            }
            _ => self.execute(&sql, text, settings).await,
        }
    }

    pub async fn look(&self, statements: &[String]) -> Result<Vec<Entity>, Error> {
        let none = BTreeMap::new();
        let settings = Settings {
            properties: &none,
            variables: &none,
        };
        let sql = statements.join(";\n") + ";";
        let entities = self.client.execute(&sql, settings, None).await;
        entities.map_err(|error| error_in(error, &sql))
    }

    async fn execute(
        &self,
        sql: &str,
        shown: &str,
        settings: Settings<'_>,
    ) -> Result<Vec<Answer>, Error> {
        let sequence = match self.sequence.load(Ordering::Relaxed) {
            NONE => None,
            _ if self.is_pipelining() => None,
            sequence => Some(sequence),
        };
        match self.client.execute(sql, settings, sequence).await {
            Ok(entities) => Ok(self.answers(entities)),
            Err(client::Error::Refused(mut refusal)) if !refusal.entities.is_empty() => {
                let mut answers = self.answers(std::mem::take(&mut refusal.entities));
                let error = error_in(client::Error::Refused(refusal), shown);
                answers.push(Answer::Failed(Box::new(error)));
                Ok(answers)
            }
            Err(error) => Err(error_in(error, shown)),
        }
    }

    fn answers(&self, entities: Vec<Entity>) -> Vec<Answer> {
        for entity in &entities {
            if let Body::CurrentStatus {
                command_sequence_number,
                ..
            } = &entity.body
            {
                self.sequence
                    .fetch_max(*command_sequence_number, Ordering::Relaxed);
            }
        }
        match entities.is_empty() {
            true => vec![Answer::Done],
            false => entities
                .into_iter()
                .map(|entity| Answer::Entity(Box::new(entity)))
                .collect(),
        }
    }

    /// SET, UNSET, DEFINE, UNDEFINE, SHOW VARIABLES.
    async fn change(
        &self,
        session: &mut Session,
        statement: SessionStatement,
        text: &str,
    ) -> Result<Vec<Answer>, Error> {
        let answer = match statement {
            SessionStatement::Set { name, value } => {
                let name = properties::plain_name(&name);
                let is_valid = self.client.is_valid_property(name).await;
                if !is_valid.map_err(|error| error_in(error, text))? {
                    return Err(Error::user(format!("Unknown property: {name}")).within(text));
                }
                self.try_setting(session, name, &value, text).await?;
                Answer::Note(session.set_checked(name, &value))
            }
            SessionStatement::Unset { name } => {
                Answer::Note(session.unset(&name).map_err(|error| error.within(text))?)
            }
            SessionStatement::Define { name, value } => {
                session.variables.define(&name, value);
                Answer::Done
            }
            SessionStatement::Undefine { name } => match session.variables.undefine(&name) {
                true => Answer::Done,
                false => {
                    let message = format!(
                        "Cannot undefine variable '{}' which was never defined",
                        name.to_lowercase()
                    );
                    let warnings = vec![Warning {
                        message: message.clone(),
                    }];
                    entity(Body::Warning { message }, text, warnings)
                }
            },
            SessionStatement::ShowVariables => {
                let variables = session.variables.iter().map(|(name, value)| Variable {
                    name: name.to_lowercase(),
                    value: value.to_owned(),
                });
                let variables = variables.collect();
                entity(Body::Variables { variables }, text, Vec::new())
            }
        };
        Ok(vec![answer])
    }

    /// A value that the server does not take would go with every statement from here on: it is tried with one that does
    /// nothing.
    async fn try_setting(
        &self,
        session: &Session,
        name: &str,
        value: &str,
        text: &str,
    ) -> Result<(), Error> {
        let mut properties = session.properties.clone();
        properties.insert(name.to_owned(), value.to_owned());
        let settings = Settings {
            properties: &properties,
            variables: &BTreeMap::new(),
        };
        match self.client.execute("SHOW TYPES;", settings, None).await {
            Ok(_) => Ok(()),
            Err(client::Error::Refused(refusal)) => Err(Error::user(refusal.message).within(text)),
            Err(error) => Err(error_in(error, text)),
        }
    }

    fn rows(&self, stream: QueryStream) -> super::Rows {
        super::Rows {
            query_id: stream.header.query_id.clone(),
            schema: stream.header.schema.clone(),
            names: names_of(&stream.header.schema),
            inner: RowsOf::Remote(Box::new(Rows {
                stream: Some(stream),
                client: self.client.clone(),
                ended: None,
            })),
        }
    }
}

fn entity(body: Body, text: &str, warnings: Vec<Warning>) -> Answer {
    Answer::Entity(Box::new(Entity {
        body,
        statement_text: format!("{text};"),
        warnings,
    }))
}

fn variables(session: &Session) -> BTreeMap<String, String> {
    let variables = session.variables.iter();
    variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

async fn read(path: &str) -> Result<String, Error> {
    let cannot =
        |why: &dyn std::fmt::Display| Error::user(format!("Failed to read file: {path}: {why}"));
    let file = tokio::fs::File::open(path).await;
    let file = file.map_err(|error| cannot(&error))?;
    let mut script = String::new();
    let read = file.take(LONGEST + 1).read_to_string(&mut script).await;
    if read.map_err(|error| cannot(&error))? as u64 > LONGEST {
        return Err(cannot(&format!("it has more than {LONGEST} bytes")));
    }
    Ok(script)
}

/// What a server or the way to it says about a statement, as the engine itself would say it.
pub fn error_in(error: client::Error, statement: &str) -> Error {
    let hint = error.hint();
    let mut rendered = Error::external(error.to_string());
    if let client::Error::Refused(refusal) = error {
        if (400..500).contains(&refusal.status) || refusal.code / 100 / 100 == 4 {
            rendered = Error::user(refusal.message);
        }
        rendered = rendered.within(statement);
        rendered = match (refusal.line, refusal.column) {
            (Some(line), Some(column)) => rendered.at(Position { line, column }),
            _ => rendered.at_named_place(),
        };
    }
    rendered.hint = hint;
    rendered
}

pub struct Rows {
    /// `None` when the query was ended from here.
    stream: Option<QueryStream>,
    client: Client,
    ended: Option<Ended>,
}

impl Rows {
    pub async fn next(&mut self) -> Result<Option<Vec<Vec<Value>>>, Error> {
        let (Some(stream), None) = (&mut self.stream, &self.ended) else {
            return Ok(None);
        };
        match stream.next().await {
            Ok(Event::Rows(rows)) => Ok(Some(rows)),
            Ok(Event::End(ended)) => {
                self.ended = Some(ended);
                Ok(None)
            }
            Err(error) => Err(Error {
                statement: None,
                span: None,
                ..error_in(error, "")
            }),
        }
    }

    pub fn end(&mut self) -> End {
        match self.ended.take() {
            Some(Ended::Message(message)) => End::Message(message),
            Some(Ended::Quietly) => End::Message("Query Completed".to_owned()),
            None => End::Terminated,
        }
    }

    pub async fn terminate(&mut self, id: &str) {
        // A pull query, or one that has ended by now, is not known there: the connection's end is enough. So it is where
        // nobody answers.
        let _ = tokio::time::timeout(GOODBYE, self.client.close_query(id)).await;
        self.stream = None;
    }
}

pub async fn next_lines(stream: &mut LineStream) -> Result<Option<Vec<String>>, Error> {
    let lines = stream.next().await.map_err(|error| error_in(error, ""))?;
    Ok(lines.map(|lines| {
        // Servers keep a connection open with blank lines.
        let lines = lines.iter().filter(|line| !line.is_empty());
        lines
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect()
    }))
}

/// The names of a schema: `` `K` STRING KEY, `V` STRUCT<`A` INTEGER> ``.
fn names_of(schema: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut is_name_due = true;
    for token in scan::words(schema) {
        match token.text(schema) {
            "<" | "(" => depth += 1,
            ">" | ")" => depth -= 1,
            "," if depth == 0 => is_name_due = true,
            text if is_name_due => {
                names.push(token.name(schema).unwrap_or_else(|| text.to_owned()));
                is_name_due = false;
            }
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::names_of;

    #[test]
    fn names_are_read_out_of_a_schema() {
        let check = |schema: &str, expected: &[&str]| assert_eq!(names_of(schema), expected);
        check(
            "`K` STRING KEY, `V` STRUCT<`A` INTEGER, `B` MAP<STRING, INTEGER>>, `@t` DECIMAL(4, 2), `a``b` ARRAY<STRING>",
            &["K", "V", "@t", "a`b"],
        );
        check("", &[]);
    }
}
