//! Who runs the statements of a prompt: an engine of its own, or a server. Both answer alike.

mod own;
mod remote;

use serde_json::Value;
use weir_engine::{Entity, Error, Session};

pub use own::Own;
pub use remote::Remote;

#[derive(Clone)]
pub enum Backend {
    Own(Own),
    Remote(Remote),
}

/// What a statement answers.
pub enum Answer {
    Entity(Box<Entity>),
    /// A sentence for the session only.
    Note(String),
    /// Nothing to say.
    Done,
    Rows(Box<Rows>),
    Print(Box<Lines>),
    /// What came before it was done; this was not.
    Failed(Box<Error>),
}

/// The rows of a query as they come. Dropping it ends the query.
pub struct Rows {
    pub query_id: String,
    /// Names and types, as the protocol has them.
    pub schema: String,
    pub names: Vec<String>,
    inner: RowsOf,
}

enum RowsOf {
    Own(Box<own::Rows>),
    Remote(Box<remote::Rows>),
}

/// How a query came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// With words of the engine's: `Limit Reached`.
    Message(String),
    Terminated,
}

/// The lines of a PRINT as they come.
pub enum Lines {
    Own(Box<weir_engine::PrintStream>),
    Remote(Box<weir_server::client::LineStream>),
}

impl Backend {
    /// Runs one statement, without its semicolon.
    pub async fn run(&self, session: &mut Session, text: &str) -> Result<Vec<Answer>, Error> {
        match self {
            Self::Own(own) => own.run(session, text).await,
            Self::Remote(remote) => remote.run(session, text).await,
        }
    }

    /// What statements answer that only look.
    pub async fn look(&self, statements: &[String]) -> Result<Vec<Entity>, Error> {
        match self {
            Self::Own(own) => own.look(statements).await,
            Self::Remote(remote) => remote.look(statements).await,
        }
    }

    pub fn remote(&self) -> Option<&Remote> {
        match self {
            Self::Own(_) => None,
            Self::Remote(remote) => Some(remote),
        }
    }
}

impl Rows {
    /// The rows that are there, waiting only for the first; `None` at the end. Nothing is lost if it is not waited for to
    /// the end.
    pub async fn next(&mut self) -> Result<Option<Vec<Vec<Value>>>, Error> {
        match &mut self.inner {
            RowsOf::Own(rows) => Ok(rows.next().await),
            RowsOf::Remote(rows) => rows.next().await,
        }
    }

    /// How it ended, behind the last row.
    pub async fn end(&mut self) -> Result<End, Error> {
        match &mut self.inner {
            RowsOf::Own(rows) => rows.end().await,
            RowsOf::Remote(rows) => Ok(rows.end()),
        }
    }

    /// Ends the query.
    pub async fn terminate(&mut self) {
        match &mut self.inner {
            RowsOf::Own(rows) => rows.terminate().await,
            RowsOf::Remote(rows) => rows.terminate(&self.query_id).await,
        }
    }

    /// What says how far the query is behind, where that can be known.
    pub fn lag(&self) -> Option<weir_engine::rows::Lag> {
        match &self.inner {
            RowsOf::Own(rows) => Some(rows.lag()),
            RowsOf::Remote(_) => None,
        }
    }
}

impl Lines {
    /// The lines that are there, waiting only for the first; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<String>>, Error> {
        match self {
            Self::Own(stream) => own::next_lines(stream).await,
            Self::Remote(stream) => remote::next_lines(stream).await,
        }
    }
}
