//! The endpoints (reference, "Endpoints"), one a file.

mod close_query;
mod info;
mod inserts;
mod ksql;
mod metrics;
mod openapi;
mod property;
mod query;
mod records;
mod status;
mod terminate;
mod websocket;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};

use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::{app::App, error::Refusal, guard, negotiate};

pub use info::Health;

/// Each path, and what answers there.
fn routes() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![
        ("/", get(info::root)),
        ("/info", get(info::info)),
        ("/healthcheck", get(info::healthcheck)),
        ("/clusterStatus", get(info::cluster_status)),
        ("/v1/metadata", get(info::metadata)),
        ("/v1/metadata/id", get(info::metadata_id)),
        ("/chc/ready", get(info::ready)),
        ("/chc/live", get(info::live)),
        ("/ksql", post(ksql::ksql)),
        ("/ksql/terminate", post(terminate::terminate)),
        ("/query", post(query::query)),
        ("/query-stream", post(query::query_stream)),
        ("/close-query", post(close_query::close_query)),
        ("/inserts-stream", post(inserts::inserts_stream)),
        ("/status", get(status::all)),
        ("/status/{kind}/{entity}/{action}", get(status::one)),
        (
            "/is_valid_property/{name}",
            get(property::is_valid_property),
        ),
        ("/ws/query", get(websocket::query)),
        ("/heartbeat", post(internal)),
        ("/lag", post(internal)),
        (
            "/topics/{topic}/records",
            get(records::read).post(records::write),
        ),
        ("/metrics", get(metrics::metrics)),
        ("/openapi.json", get(openapi::openapi)),
    ]
}

pub fn router(app: Arc<App>) -> Router {
    let router = routes()
        .into_iter()
        .fold(Router::new(), |router, (path, answers)| {
            router.route(path, answers)
        });
    let cors = cors(&app.options.origins);
    router
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        // Bodies are bounded where they are read, by the server's own limits.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        // Before the guard: a browser asks whether it may ask, and says nothing of who it is (CORS preflight).
        .layer(cors)
        .layer(middleware::from_fn(safe_headers))
        .with_state(app)
}

/// Lets the pages of these origins read answers; without any, browsers let none.
fn cors(origins: &[String]) -> CorsLayer {
    let cors = CorsLayer::new();
    if origins.is_empty() {
        return cors;
    }
    let allowed = match origins.iter().any(|origin| origin == "*") {
        true => AllowOrigin::any(),
        false => AllowOrigin::list(origins.iter().filter_map(|origin| origin.parse().ok())),
    };
    cors.allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::ACCEPT, header::AUTHORIZATION, header::CONTENT_TYPE])
}

/// Between the nodes of a ksqlDB cluster; there is one node here.
async fn internal() -> Refusal {
    Refusal::new(
        40005,
        "This endpoint is for the nodes of a cluster, and not for clients",
    )
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "Not Found").into_response()
}

async fn wrong_method() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed").into_response()
}

/// What is sent is what it says it is, and for whoever asked.
async fn safe_headers(request: axum::extract::Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let started = std::time::Instant::now();
    let form = json_form(request.headers()).ok();
    let mut response = next.run(request).await;
    let status = response.status().as_u16();
    tracing::debug!(%method, path = %path.escape_debug(), status, elapsed = ?started.elapsed(), "request");
    let headers = response.headers_mut();
    // A refusal knows nothing of the request: it is sent in the form that was asked for, if that is JSON.
    if let (400.., Some(form)) = (status, form)
        && headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|found| found == negotiate::V1)
    {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(form));
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A value in the form that the client accepts.
fn answer(headers: &header::HeaderMap, value: &impl serde::Serialize) -> Result<Response, Refusal> {
    let form = json_form(headers)?;
    let text = serde_json::to_string(value)
        .map_err(|error| Refusal::new(50000, format!("the answer is no JSON: {error}")))?;
    Ok(([(header::CONTENT_TYPE, form)], text).into_response())
}

/// One of the two forms of JSON, or 406.
fn json_form(headers: &header::HeaderMap) -> Result<&'static str, Refusal> {
    negotiate::choose(
        text(headers, &header::ACCEPT),
        &[negotiate::V1, negotiate::JSON],
    )
    .ok_or_else(Refusal::not_acceptable)
}

/// Refuses a body in another form than JSON: what a web page's form sends is not looked at.
fn check_json(headers: &header::HeaderMap) -> Result<(), Refusal> {
    match negotiate::is_json(text(headers, &header::CONTENT_TYPE)) {
        true => Ok(()),
        false => Err(Refusal::new(
            41500,
            format!(
                "Unsupported media type: the body must be {} or {}",
                negotiate::V1,
                negotiate::JSON
            ),
        )),
    }
}

/// A header, if it is text.
pub fn text<'a>(headers: &'a header::HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Refuses statements when the server or its service has come to its end.
fn check_serving(app: &App) -> Result<(), Refusal> {
    if app.stopping.is_cancelled() {
        return Err(Refusal::shutting_down());
    }
    if app.engine.is_dismantled() {
        return Err(Refusal::terminated());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{openapi::DESCRIPTION, routes};

    #[test]
    fn every_path_is_described_and_no_other() {
        let description: serde_json::Value = serde_json::from_str(DESCRIPTION).unwrap();
        assert_eq!(description["info"]["version"], env!("CARGO_PKG_VERSION"));
        let described: BTreeSet<&str> = description["paths"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let there: BTreeSet<&str> = routes().iter().map(|(path, _)| *path).collect();
        assert_eq!(described, there);
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let description: serde_json::Value = serde_json::from_str(DESCRIPTION).unwrap();
        let mut waiting = vec![&description];
        while let Some(value) = waiting.pop() {
            match value {
                serde_json::Value::Object(members) => {
                    if let Some(target) = members.get("$ref").and_then(|target| target.as_str()) {
                        let pointer = target.trim_start_matches('#');
                        assert!(description.pointer(pointer).is_some(), "{target}");
                    }
                    waiting.extend(members.values());
                }
                serde_json::Value::Array(items) => waiting.extend(items),
                _ => {}
            }
        }
    }
}
