//! `GET /status…`: what became of statements.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use serde_json::json;

use super::answer;
use crate::{app::App, error::Refusal};

pub async fn all(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Refusal> {
    let statuses: BTreeMap<_, _> = app
        .engine
        .command_statuses()
        .into_iter()
        .map(|(id, status)| (id, status.status))
        .collect();
    answer(&headers, &json!({"commandStatuses": statuses}))
}

pub async fn one(
    State(app): State<Arc<App>>,
    Path((kind, entity, action)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let id = format!("{kind}/{entity}/{action}");
    match app.engine.command_statuses().remove(&id) {
        Some(status) => answer(&headers, &status),
        None => Err(Refusal::new(40400, "Command not found")),
    }
}
