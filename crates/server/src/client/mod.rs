//! The client of a server: ksqlDB's HTTP protocol as a caller sees it (reference, "HTTP API").
//!
//! It talks HTTP/1.1 to a Weir or ksqlDB server. A query is a stream that is read as its caller wishes: what is not read
//! waits at the server, and dropping the stream closes the connection, which ends the query.

mod connection;
mod error;
mod lines;
mod query;
mod topics;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use weir_engine::Entity;

use connection::Connection;
pub use error::Error;
pub use lines::LineStream;
pub use query::{Ended, Event, Header, QueryStream};
pub use topics::{ConsumeOptions, Produced, ProducedOffsets};

/// How long something small may take.
const SHORT: Duration = Duration::from_secs(10);

/// The form of the protocol that carries a query's header, rows and end.
const V1: &str = "application/vnd.ksql.v1+json";

/// Who asks, and whom is trusted.
#[derive(Clone, Default)]
pub struct Options {
    pub user: Option<String>,
    pub password: Option<String>,
    /// A bearer token, in the place of user and password.
    pub token: Option<String>,
    /// Certificates in PEM form that are trusted in the place of the system's.
    pub ca: Option<Vec<u8>>,
}

/// A server. Cheap to clone: all clones share their connections.
#[derive(Clone)]
pub struct Client {
    connection: Arc<Connection>,
}

/// What a server says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServerInfo {
    pub version: String,
    pub kafka_cluster_id: String,
    pub ksql_service_id: String,
    pub server_status: Option<String>,
}

/// What goes with statements.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// What SET changed.
    pub properties: &'a BTreeMap<String, String>,
    /// What DEFINE defined.
    pub variables: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KsqlRequest<'a> {
    ksql: &'a str,
    streams_properties: &'a BTreeMap<String, String>,
    session_variables: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command_sequence_number: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QueryRequest<'a> {
    sql: &'a str,
    properties: &'a BTreeMap<String, String>,
    session_variables: &'a BTreeMap<String, String>,
}

impl Client {
    /// A client of the server at this URL; whether it answers is not asked.
    pub fn new(url: &str, options: &Options) -> Result<Self, Error> {
        let connection = Arc::new(Connection::new(url, options)?);
        Ok(Self { connection })
    }

    /// The server's address, without a slash at its end.
    pub fn url(&self) -> &str {
        self.connection.url()
    }

    pub async fn info(&self) -> Result<ServerInfo, Error> {
        #[derive(Deserialize)]
        struct Info {
            #[serde(rename = "KsqlServerInfo")]
            info: ServerInfo,
        }
        let answer = self.connection.get("/info", "application/json");
        let body = self.connection.within(SHORT, answer).await?;
        let info: Info = self.connection.parse(&body)?;
        Ok(info.info)
    }

    /// Runs statements that are no SELECT and no PRINT. The server has seen command `sequence` before it does.
    pub async fn execute(
        &self,
        sql: &str,
        settings: Settings<'_>,
        sequence: Option<i64>,
    ) -> Result<Vec<Entity>, Error> {
        let request = KsqlRequest {
            ksql: sql,
            streams_properties: settings.properties,
            session_variables: settings.variables,
            command_sequence_number: sequence,
        };
        let body = self.connection.post("/ksql", V1, &request).await?;
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Vec::new());
        }
        self.connection.parse(&body)
    }

    /// The rows of a SELECT.
    pub async fn query(&self, sql: &str, settings: Settings<'_>) -> Result<QueryStream, Error> {
        let request = QueryRequest {
            sql,
            properties: settings.properties,
            session_variables: settings.variables,
        };
        let body = self.connection.body_of(&request)?;
        let headers = [("accept", V1), ("content-type", V1)];
        let answer = self
            .connection
            .send(Method::POST, "/query-stream", &headers, body)
            .await?;
        QueryStream::open(LineStream::new(answer)).await
    }

    /// The lines of a PRINT.
    pub async fn print(&self, sql: &str, settings: Settings<'_>) -> Result<LineStream, Error> {
        let request = KsqlRequest {
            ksql: sql,
            streams_properties: settings.properties,
            session_variables: settings.variables,
            command_sequence_number: None,
        };
        let body = self.connection.body_of(&request)?;
        let headers = [("accept", "*/*"), ("content-type", V1)];
        let answer = self
            .connection
            .send(Method::POST, "/query", &headers, body)
            .await?;
        Ok(LineStream::new(answer))
    }

    /// Ends a push query of this server.
    pub async fn close_query(&self, id: &str) -> Result<(), Error> {
        let request = json!({ "queryId": id });
        let answer = self.connection.post("/close-query", V1, &request);
        self.connection.within(SHORT, answer).await?;
        Ok(())
    }

    /// Whether SET may change a property; why not is the error.
    pub async fn is_valid_property(&self, name: &str) -> Result<bool, Error> {
        let path = format!("/is_valid_property/{}", connection::encoded(name));
        let answer = self.connection.get(&path, "application/json");
        let body = self.connection.within(SHORT, answer).await?;
        self.connection.parse(&body)
    }

    /// Writes records to a topic, one a line; empty lines are no records. What stands before `key_separator` on a line
    /// is its key, and a topic that is not there yet gets so many partitions.
    pub async fn produce(
        &self,
        topic: &str,
        lines: Bytes,
        key_separator: Option<&str>,
        partitions: Option<i32>,
    ) -> Result<Produced, Error> {
        topics::produce(&self.connection, topic, lines, key_separator, partitions).await
    }

    /// A topic's records, one a line.
    pub async fn consume(&self, topic: &str, options: ConsumeOptions) -> Result<LineStream, Error> {
        topics::consume(&self.connection, topic, options).await
    }
}
