//! What the server is, and how it is.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use super::answer;
use crate::{KSQLDB_VERSION, app::App, error::Refusal};

/// How long an answer of `/healthcheck` holds.
const FRESH: Duration = Duration::from_secs(5);

/// How long the broker may take to show that it is there.
const PATIENCE: Duration = Duration::from_secs(3);

/// The last look at the broker.
#[derive(Default)]
pub struct Health {
    last: Mutex<Option<(Instant, bool)>>,
}

pub async fn root() -> Redirect {
    Redirect::temporary("/info")
}

pub async fn info(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Refusal> {
    let status = match app.engine.is_dismantled() {
        true => "ERROR",
        false => "RUNNING",
    };
    answer(
        &headers,
        &json!({"KsqlServerInfo": {
            "version": KSQLDB_VERSION,
            "weirVersion": env!("CARGO_PKG_VERSION"),
            "kafkaClusterId": app.engine.cluster_id(),
            "ksqlServiceId": app.engine.service_id(),
            "serverStatus": status,
        }}),
    )
}

pub async fn healthcheck(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let broker = broker_is_there(&app).await;
    let is_ended = app.engine.is_dismantled();
    let state = match () {
        () if is_ended => "TERMINATED",
        () if app.stopping.is_cancelled() => "TERMINATING",
        () => "READY",
    };
    let detail = |is_healthy: bool| json!({"isHealthy": is_healthy});
    answer(
        &headers,
        &json!({
            "isHealthy": broker && !is_ended,
            "details": {
                "metastore": detail(true),
                "kafka": detail(broker),
                "commandRunner": detail(!is_ended),
            },
            "serverState": state,
        }),
    )
}

/// Asked at most every few seconds, whoever asks.
async fn broker_is_there(app: &App) -> bool {
    let mut last = app.health.last.lock().await;
    if let Some((when, found)) = *last
        && when.elapsed() < FRESH
    {
        return found;
    }
    let looked = tokio::time::timeout(PATIENCE, app.engine.topics().list()).await;
    let found = matches!(looked, Ok(Ok(_)));
    *last = Some((Instant::now(), found));
    found
}

pub async fn cluster_status(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |time| time.as_millis() as u64);
    let host = json!({
        "hostAlive": true,
        "lastStatusUpdateMs": now,
        // No query keeps tables that a pull query could read.
        "activeStandbyPerQuery": {},
        "hostStoreLags": {"stateStoreLags": {}, "updateTimeMs": now},
    });
    let hosts = Map::from_iter([(app.address.to_string(), host)]);
    answer(&headers, &json!({"clusterStatus": hosts}))
}

fn cluster_id(app: &App) -> Value {
    json!({
        "id": "",
        "scope": {
            "path": [],
            "clusters": {
                "kafka-cluster": app.engine.cluster_id(),
                "ksql-cluster": app.engine.service_id(),
            },
        },
    })
}

pub async fn metadata(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    answer(
        &headers,
        &json!({"version": KSQLDB_VERSION, "clusterId": cluster_id(&app)}),
    )
}

pub async fn metadata_id(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    answer(&headers, &cluster_id(&app))
}

/// Whether requests should be sent here.
pub async fn ready(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let is_ready =
        !app.stopping.is_cancelled() && !app.engine.is_dismantled() && broker_is_there(&app).await;
    match is_ready {
        true => answer(&headers, &json!({})).into_response(),
        false => Refusal::new(50302, "Server is not ready").into_response(),
    }
}

/// Whether the process is to be left alone.
pub async fn live(headers: HeaderMap) -> Result<Response, Refusal> {
    answer(&headers, &json!({}))
}
