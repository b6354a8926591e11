//! `POST /close-query`: ends a push query.

use std::sync::Arc;

use axum::{body::Body, extract::State, http::StatusCode};
use serde::Deserialize;

use crate::{app::App, error::Refusal, request::read_json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CloseQuery {
    query_id: String,
}

pub async fn close_query(State(app): State<Arc<App>>, body: Body) -> Result<StatusCode, Refusal> {
    let request: CloseQuery = read_json(body, &app).await?;
    match app.engine.close_query(&request.query_id).await {
        true => Ok(StatusCode::OK),
        false => Err(Refusal::bad_request(format!(
            "No query with id {}",
            request.query_id
        ))),
    }
}
