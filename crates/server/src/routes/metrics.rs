//! `GET /metrics`: what the engine measures, for Prometheus. `docs/operations.md` names every metric.

use std::sync::Arc;

use axum::{extract::State, http::header, response::IntoResponse};
use weir_engine::Metrics;

use crate::app::App;

pub async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    let text = app.engine.metrics().await.encode();
    ([(header::CONTENT_TYPE, Metrics::CONTENT_TYPE)], text)
}
