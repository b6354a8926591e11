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

pub async fn ksql(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    check_json(&headers)?;
    json_form(&headers)?;
    check_serving(&app)?;
    let request: KsqlRequest = read_json(body, &app.options.limits).await?;
    let Statements {
        text,
        session,
        waiting: _waiting,
    } = request.prepare(&app).await?;
    // A client that goes away does not leave a statement half done; what only waits, stops.
    let running = tokio::spawn(async move { run(&app, &text, session).await });
    let entities = running
        .await
        .map_err(|_| Refusal::new(50000, "the statements came to an unexpected end"))??;
    answer(&headers, &entities)
}

async fn run(app: &App, text: &str, mut session: Session) -> Result<Vec<Entity>, Refusal> {
    for statement in weir_engine::statements(text)? {
        if app.engine.is_read(&session, &statement.text) {
            return Err(Refusal::wants_query_endpoint(&statement.text));
        }
    }
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
