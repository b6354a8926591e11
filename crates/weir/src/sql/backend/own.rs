//! An engine in this process.

use serde_json::Value;
use weir_engine::{
    Engine, Entity, Error, PrintLine, PrintStream, Response, RowStream, Session, StreamEnd,
    rows::{Lag, to_json},
};

use super::{Answer, End, Lines, RowsOf};

#[derive(Clone)]
pub struct Own {
    pub engine: Engine,
}

impl Own {
    pub async fn run(&self, session: &mut Session, text: &str) -> Result<Vec<Answer>, Error> {
        let responses = self.engine.execute_statement(session, text).await?;
        Ok(responses.into_iter().map(answer).collect())
    }

    /// One after the other, as several at once are tried out first, which asks the broker for its topics.
    pub async fn look(&self, statements: &[String]) -> Result<Vec<Entity>, Error> {
        let mut session = self.engine.session();
        let mut entities = Vec::new();
        for statement in statements {
            let responses = self
                .engine
                .execute_statement(&mut session, statement)
                .await?;
            entities.extend(responses.into_iter().filter_map(|response| match response {
                Response::Entity(entity) => Some(entity),
                _ => None,
            }));
        }
        Ok(entities)
    }
}

fn answer(response: Response) -> Answer {
    match response {
        Response::Entity(entity) => Answer::Entity(Box::new(entity)),
        Response::Note(note) => Answer::Note(note),
        Response::Done => Answer::Done,
        Response::Print(stream) => Answer::Print(Box::new(Lines::Own(Box::new(stream)))),
        Response::Rows(stream) => {
            let columns = stream.schema.columns.iter();
            let names = columns.clone().map(|column| column.name.clone()).collect();
            let columns: Vec<_> = columns
                .map(|column| format!("`{}` {}", column.name, column.sql_type))
                .collect();
            Answer::Rows(Box::new(super::Rows {
                query_id: stream.query_id.clone(),
                schema: columns.join(", "),
                names,
                inner: RowsOf::Own(Box::new(Rows { stream })),
            }))
        }
    }
}

pub struct Rows {
    stream: RowStream,
}

impl Rows {
    pub async fn next(&mut self) -> Option<Vec<Vec<Value>>> {
        let batch = self.stream.next().await?;
        Some(to_json(&batch, &self.stream.schema))
    }

    pub async fn end(&self) -> Result<End, Error> {
        match self.stream.end().await {
            StreamEnd::LimitReached => Ok(End::Message("Limit Reached".to_owned())),
            StreamEnd::Completed => Ok(End::Message("Query Completed".to_owned())),
            StreamEnd::Terminated => Ok(End::Terminated),
            StreamEnd::Failed(why) => Err(Error::external(why)),
        }
    }

    pub async fn terminate(&self) {
        self.stream.terminate().await;
    }

    pub fn lag(&self) -> Lag {
        self.stream.lag()
    }
}

pub async fn next_lines(stream: &mut PrintStream) -> Result<Option<Vec<String>>, Error> {
    let lines = stream.next().await?;
    Ok(lines.map(|lines| {
        let texts = lines.into_iter().map(|line| match line {
            PrintLine::Format(text) | PrintLine::Record(text) => text,
        });
        texts.collect()
    }))
}
