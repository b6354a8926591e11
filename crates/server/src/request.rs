//! What a request says: its body, and the session that it brings.

use std::{collections::BTreeMap, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio_util::sync::DropGuard;
use weir_engine::Session;

use crate::{Limits, app::App, error::Refusal};

/// The body of `/ksql` and `/query`. What else is in it is not looked at: clients send more.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KsqlRequest {
    #[serde(default)]
    pub ksql: Option<String>,
    #[serde(default)]
    pub streams_properties: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    pub session_variables: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    pub command_sequence_number: Option<i64>,
}

/// The body of `/query-stream`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryStreamRequest {
    #[serde(default)]
    pub sql: Option<String>,
    #[serde(default)]
    pub properties: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    pub session_variables: Option<BTreeMap<String, Value>>,
}

impl From<QueryStreamRequest> for KsqlRequest {
    fn from(request: QueryStreamRequest) -> Self {
        Self {
            ksql: request.sql,
            streams_properties: request.properties,
            session_variables: request.session_variables,
            command_sequence_number: None,
        }
    }
}

/// Statements, and what is in force for them.
pub struct Statements {
    pub text: String,
    pub session: Session,
    /// Held for as long as the client waits.
    pub waiting: DropGuard,
}

impl KsqlRequest {
    /// Checks properties and lengths; waits for the statement that the client wants to see the effect of.
    pub async fn prepare(self, app: &App) -> Result<Statements, Refusal> {
        let text = self.ksql.ok_or_else(|| {
            Refusal::bad_request("the request has no statements: `ksql` or `sql` is missing")
        })?;
        if text.len() > app.options.limits.statement_bytes {
            return Err(Refusal::bad_request(format!(
                "the statements have {} bytes, and at most {} are taken (weir.http.max.statement.bytes)",
                text.len(),
                app.options.limits.statement_bytes
            )));
        }
        let (session, waiting) = session(
            app,
            self.streams_properties.unwrap_or_default(),
            self.session_variables.unwrap_or_default(),
        )?;
        if let Some(number) = self.command_sequence_number {
            wait_for(app, number).await?;
        }
        Ok(Statements {
            text,
            session,
            waiting,
        })
    }
}

/// A session out of a request's properties and variables.
pub fn session(
    app: &App,
    properties: BTreeMap<String, Value>,
    variables: BTreeMap<String, Value>,
) -> Result<(Session, DropGuard), Refusal> {
    let (mut session, waiting) = app.engine.session().remote();
    for (name, value) in properties {
        // UNSET, in effect.
        let Some(value) = plain(&name, value)? else {
            continue;
        };
        session
            .set_property(&name, &value)
            .map_err(|error| Refusal::bad_request(error.message))?;
    }
    for (name, value) in variables {
        if let Some(value) = plain(&name, value)? {
            session.variables.define(&name, value);
        }
    }
    Ok((session, waiting))
}

/// Strings as they are, numbers and booleans as they are written.
fn plain(name: &str, value: Value) -> Result<Option<String>, Refusal> {
    Ok(match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => {
            return Err(Refusal::bad_request(format!(
                "the value of {name} is neither text nor number nor boolean"
            )));
        }
    })
}

async fn wait_for(app: &App, number: i64) -> Result<(), Refusal> {
    let applied = app.engine.has_applied(number);
    let waited = tokio::time::timeout(app.options.limits.command_time, applied).await;
    waited.map_err(|_| {
        Refusal::new(
            50301,
            format!(
                "Timed out while waiting for a previous command to execute. Sequence number: {number}"
            ),
        )
    })
}

/// The whole body, within bounds of size and time.
pub async fn read_body(body: Body, limits: &Limits) -> Result<Bytes, Refusal> {
    let limited = Limited::new(body, limits.body_bytes);
    let collected = in_time(limits.body_time, limited.collect()).await?;
    collected
        .map(http_body_util::Collected::to_bytes)
        .map_err(
            |error| match error.is::<http_body_util::LengthLimitError>() {
                true => Refusal::new(
                    41300,
                    format!(
                        "the body is longer than {} bytes (weir.http.max.body.bytes)",
                        limits.body_bytes
                    ),
                ),
                false => Refusal::bad_request("the body ended early"),
            },
        )
}

async fn in_time<F: Future>(time: Duration, future: F) -> Result<F::Output, Refusal> {
    tokio::time::timeout(time, future).await.map_err(|_| {
        Refusal::new(
            40800,
            format!(
                "the body did not come within {} ms (weir.http.body.timeout.ms)",
                time.as_millis()
            ),
        )
    })
}

/// A body that is one JSON value.
pub async fn read_json<T: DeserializeOwned>(body: Body, limits: &Limits) -> Result<T, Refusal> {
    let bytes = read_body(body, limits).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Refusal::bad_request(format!("Malformed request body: {error}")))
}
