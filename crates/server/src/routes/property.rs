//! `GET /is_valid_property/{name}`: what a command line's SET asks first.

use axum::{extract::Path, http::HeaderMap, response::Response};

use super::answer;
use crate::error::Refusal;

pub async fn is_valid_property(
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    match weir_engine::properties::settable(&name) {
        Ok(_) => answer(&headers, &true),
        Err(error) => Err(Refusal::bad_request(error.message)),
    }
}
