//! `GET /openapi.json`: this API, described for programs.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

pub const DESCRIPTION: &str = include_str!("openapi.json");

pub async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION).into_response()
}
