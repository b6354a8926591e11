//! Where rules are deployed to: an engine of this process, or a server. Both are told statements and say what became of them.

use std::collections::BTreeMap;

use weir_engine::{Engine, Entity, ErrorKind, Response, entity::Body};
use weir_server::client::{self, Client, Settings};

use crate::failure::Failure;

/// Codes with which a server refuses a statement, and not a request (reference, "Errors").
const OF_STATEMENTS: std::ops::Range<i64> = 40001..40100;

/// A body that is too long: fewer statements may fit.
const TOO_LONG: i64 = 41300;

/// So may they where this is in the way. What the server says of it has the code of everything that is wrong with a request.
const LONGEST_TEXT: &str = "weir.http.max.statement.bytes";

pub enum Target {
    Own(Engine),
    Server(Client),
}

/// Why statements were not run, or not all of them.
pub enum Refused {
    /// One of them is wrong.
    Statement {
        text: String,
        /// How many of those before it are done.
        done: usize,
        reason: String,
    },
    /// They are too many, or one is too long, for one request.
    TooLong(Failure),
    Failed(Failure),
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Statement { reason, .. } => Self::new(reason),
            Refused::TooLong(failure) | Refused::Failed(failure) => failure,
        }
    }
}

impl Target {
    /// Runs statements that follow one another, with these properties in force.
    pub async fn run(
        &self,
        statements: &[String],
        properties: &BTreeMap<String, String>,
    ) -> Result<Vec<Entity>, Refused> {
        let script = statements.join(";\n") + ";";
        match self {
            Self::Own(engine) => run_own(engine, &script, properties).await,
            Self::Server(server) => {
                let settings = Settings {
                    properties,
                    variables: &BTreeMap::new(),
                };
                let answer = server.execute(&script, settings, None).await;
                answer.map_err(refused_by_server)
            }
        }
    }

    /// What a statement answers that only looks.
    pub async fn look(&self, statement: &str) -> Result<Body, Failure> {
        let mut entities = self.run(&[statement.to_owned()], &BTreeMap::new()).await?;
        match entities.pop() {
            Some(entity) => Ok(entity.body),
            None => Err(Failure::new(format!("`{statement}` has no answer"))),
        }
    }
}

async fn run_own(
    engine: &Engine,
    script: &str,
    properties: &BTreeMap<String, String>,
) -> Result<Vec<Entity>, Refused> {
    let mut session = engine.session();
    session.properties.clone_from(properties);
    let mut answers = Vec::new();
    let done = engine
        .execute_into(&mut session, script, &mut answers)
        .await;
    let entities = answers.into_iter().filter_map(|answer| match answer {
        Response::Entity(entity) => Some(entity),
        _ => None,
    });
    let entities: Vec<Entity> = entities.collect();
    match done {
        Ok(()) => Ok(entities),
        Err(error) if matches!(error.kind, ErrorKind::User | ErrorKind::Unsupported) => {
            Err(Refused::Statement {
                text: error.statement.unwrap_or_default(),
                done: entities.len(),
                reason: with_hint(&error.message, error.hint.as_deref()),
            })
        }
        Err(error) => Err(Refused::Failed(error.into())),
    }
}

fn refused_by_server(error: client::Error) -> Refused {
    let hint = error.hint();
    match error {
        client::Error::Refused(refusal) if OF_STATEMENTS.contains(&refusal.code) => {
            Refused::Statement {
                text: refusal.statement.unwrap_or_default(),
                done: refusal.entities.len(),
                reason: with_hint(&refusal.message, hint.as_deref()),
            }
        }
        client::Error::Refused(refusal)
            if refusal.code == TOO_LONG
                || refusal.status == 413
                || refusal.message.contains(LONGEST_TEXT) =>
        {
            Refused::TooLong(client::Error::Refused(refusal).into())
        }
        error => Refused::Failed(error.into()),
    }
}

/// On one line.
fn with_hint(message: &str, hint: Option<&str>) -> String {
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match hint {
        Some(hint) => format!("{message} ({hint})"),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use weir_server::client::Error;

    use super::{Refused, refused_by_server};

    #[test]
    fn only_what_is_too_long_is_sent_again_in_parts() {
        let refused = |status: u16, code: i64, message: &str| {
            let mut error = Error::Refused(Box::default());
            if let Error::Refused(refusal) = &mut error {
                (refusal.status, refusal.code) = (status, code);
                refusal.message = message.to_owned();
            }
            refused_by_server(error)
        };
        let long =
            "the statements have 9 bytes, and at most 8 are taken (weir.http.max.statement.bytes)";
        assert!(matches!(refused(400, 40000, long), Refused::TooLong(_)));
        assert!(matches!(refused(413, 41300, ""), Refused::TooLong(_)));
        assert!(matches!(refused(413, 0, ""), Refused::TooLong(_)));
        assert!(matches!(
            refused(400, 40000, "Malformed request body"),
            Refused::Failed(_)
        ));
        assert!(matches!(refused(400, 40001, ""), Refused::Statement { .. }));
        assert!(matches!(refused(503, 50300, ""), Refused::Failed(_)));
    }
}
