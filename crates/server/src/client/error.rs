//! What can go wrong between a client and its server.

use serde::Deserialize;
use weir_engine::Entity;

/// Displays as the message alone; [`Error::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What should be a server's address is none.
    #[error("`{url}` is no server's address: {why}")]
    Address { url: String, why: String },
    /// What goes with the address cannot be used.
    #[error("{0}")]
    Options(String),
    /// Nobody answers.
    #[error("no server can be reached at {url}: {why}")]
    Unreachable { url: String, why: String },
    /// It was reached, and then it was not.
    #[error("the connection to {url} was lost: {why}")]
    Lost { url: String, why: String },
    /// Something answers, and it is no server of this kind.
    #[error("{url} does not answer as a ksqlDB or Weir server: {why}")]
    Foreign { url: String, why: String },
    /// The server said no.
    #[error("{}", .0.message)]
    Refused(Box<Refusal>),
}

/// Why a server said no.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Refusal {
    /// The HTTP status.
    #[serde(skip)]
    pub status: u16,
    #[serde(rename = "error_code")]
    pub code: i64,
    pub message: String,
    /// The statement at fault, where it was one.
    #[serde(rename = "statementText")]
    pub statement: Option<String>,
    /// What was done before it.
    pub entities: Vec<Entity>,
    /// What to do about it. Weir's own: ksqlDB gives none.
    pub hint: Option<String>,
    /// Where in the statement, if the message does not say so. Weir's own.
    pub line: Option<usize>,
    pub column: Option<usize>,
}

impl Error {
    /// What to do about it, if that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Address { .. } => Some("write http://HOST:PORT or https://HOST:PORT".to_owned()),
            Self::Unreachable { why, .. } if why.contains("certificate") => {
                Some("name the authority that signed the server's certificate with --cacert FILE".to_owned())
            }
            Self::Unreachable { .. } => Some(
                "start one with `weir server`, or name another address; without an address `weir sql` has an engine of its own"
                    .to_owned(),
            ),
            Self::Foreign { url, .. } if url.starts_with("http:") => {
                Some("a server with TLS has an address that begins with https://".to_owned())
            }
            Self::Refused(refusal) if refusal.hint.is_some() => refusal.hint.clone(),
            Self::Refused(refusal) if refusal.status == 401 => {
                Some("say who you are with --user NAME, or with --token TOKEN".to_owned())
            }
            Self::Options(_) | Self::Lost { .. } | Self::Foreign { .. } | Self::Refused(_) => None,
        }
    }
}
