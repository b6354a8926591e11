//! `POST /ksql/terminate`: ends the service for good.

use std::sync::Arc;

use axum::{body::Body, extract::State, http::HeaderMap, response::Response};
use serde::Deserialize;
use serde_json::json;

use super::{answer, check_json, check_serving};
use crate::{app::App, error::Refusal, request::read_json};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Terminate {
    #[serde(default)]
    delete_topic_list: Option<Vec<String>>,
}

pub async fn terminate(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    check_json(&headers)?;
    check_serving(&app)?;
    let request: Terminate = read_json(body, &app).await?;
    let topics = request.delete_topic_list.unwrap_or_default();
    let ending = tokio::spawn({
        let app = app.clone();
        async move { app.engine.dismantle(&topics).await }
    });
    ending
        .await
        .map_err(|_| Refusal::new(50000, "the service came to an unexpected end"))?
        .map_err(|error| match error.kind {
            weir_engine::ErrorKind::User => Refusal::bad_request(error.message),
            _ => Refusal::from(error),
        })?;
    let entity = json!([{
        "@type": "currentStatus",
        "statementText": "TERMINATE CLUSTER;",
        "commandId": "cluster/TerminateCluster/terminate",
        "commandStatus": {"status": "SUCCESS", "message": "Cluster terminated.", "queryId": null},
        "commandSequenceNumber": 0,
        "warnings": [],
    }]);
    answer(&headers, &entity)
}
