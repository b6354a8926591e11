//! `POST /ksql`: all statements but SELECT and PRINT.

use std::sync::Arc;

use axum::{body::Body, extract::State, http::HeaderMap, response::Response};
use weir_engine::{Entity, Response as Answer, Session};

use super::{answer, check_json, check_serving, json_form};
use crate::{
    app::App,
    error::Refusal,
    request::{KsqlRequest, Statements, read_json},
};

/// Bytes of statements that take a while.
const LONG: usize = 32 << 10;

pub async fn ksql(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    check_json(&headers)?;
    json_form(&headers)?;
    check_serving(&app)?;
    let request: KsqlRequest = read_json(body, &app).await?;
    let Statements {
        text,
        session,
        waiting: _waiting,
        held,
    } = request.prepare(&app).await?;
    let turn = app.statements.clone().acquire_owned();
    let turn = tokio::time::timeout(app.options.limits.command_time, turn).await;
    let Ok(Ok(turn)) = turn else {
        return Err(Refusal::new(
            50300,
            "Too many statements are running (weir.http.max.statements): try again later",
        ));
    };
    // A client that goes away does not leave a statement half done; what only waits, stops.
    let is_long = text.len() > LONG;
    let working = {
        let app = app.clone();
        async move {
            let done = run(&app, &text, session).await;
            drop((turn, held));
            done
        }
    };
    let done = match is_long {
        true => app.long_texts.run(working).await.ok(),
        false => tokio::spawn(working).await.ok(),
    };
    let entities =
        done.ok_or_else(|| Refusal::new(50000, "the statements came to an unexpected end"))??;
    answer(&headers, &entities)
}

async fn run(app: &App, text: &str, session: Session) -> Result<Vec<Entity>, Refusal> {
    let mut session = session.without_rows();
    let mut answers = Vec::new();
    let done = app
        .engine
        .execute_into(&mut session, text, &mut answers)
        .await;
    // SET, DEFINE and INSERT VALUES have no entity.
    let entities = answers.into_iter().filter_map(|answer| match answer {
        Answer::Entity(entity) => Some(entity),
        _ => None,
    });
    let entities: Vec<Entity> = entities.collect();
    match done {
        Ok(()) => Ok(entities),
        Err(error) => Err(Refusal::of_statement(error, entities)),
    }
}
