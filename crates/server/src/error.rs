//! What is refused, in ksqlDB's words and numbers (reference, "Errors").

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use weir_engine::{Entity, Error, ErrorKind, parts::Position};

use crate::negotiate::V1;

/// A request that was not done. The HTTP status is the code's first three digits.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub code: u32,
    pub message: String,
    /// The statement that failed, and the answers of those before it.
    pub statement: Option<(String, Vec<Entity>)>,
    /// Weir's own, for its prompt.
    pub remedy: Option<Box<Remedy>>,
}

/// Where in the statement it is wrong, and what to do about it.
#[derive(Debug, Clone)]
pub struct Remedy {
    pub place: Option<Position>,
    pub hint: Option<String>,
}

impl Refusal {
    pub fn new(code: u32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            statement: None,
            remedy: None,
        }
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(40000, message)
    }

    pub fn not_acceptable() -> Self {
        Self::new(
            40600,
            "Not Acceptable: none of the forms that the request accepts is offered here",
        )
    }

    /// SELECT or PRINT where there are no rows.
    pub fn wants_query_endpoint(statement: &str) -> Self {
        Self {
            code: 40002,
            message: "The following statement types should be issued to the websocket endpoint '/query':\n\t* PRINT\n\t* SELECT\n".to_owned(),
            statement: Some((with_semicolon(statement), Vec::new())),
            remedy: None,
        }
    }

    pub fn shutting_down() -> Self {
        Self::new(50303, "The server is shutting down")
    }

    pub fn terminated() -> Self {
        Self::new(
            50304,
            "The server has been terminated and will not process commands.",
        )
    }

    /// A statement that failed, after others had their answers.
    pub fn of_statement(error: Error, entities: Vec<Entity>) -> Self {
        if error.kind == ErrorKind::HasRows {
            return Self::wants_query_endpoint(&error.statement_shown().unwrap_or_default());
        }
        let code = match error.kind {
            ErrorKind::User | ErrorKind::Unsupported | ErrorKind::HasRows => 40001,
            ErrorKind::Forbidden => 40301,
            ErrorKind::External => 50300,
            ErrorKind::Internal => 50000,
            ErrorKind::Assertion => 41700,
        };
        let statement = error
            .statement_shown()
            .map(|statement| with_semicolon(&statement));
        Self {
            remedy: Some(Box::new(Remedy {
                place: error.position(),
                hint: error.hint,
            })),
            code,
            message: error.message,
            statement: statement
                .filter(|_| code == 40001 || !entities.is_empty())
                .map(|statement| (statement, entities)),
        }
    }

    pub fn status(&self) -> StatusCode {
        u16::try_from(self.code / 100)
            .ok()
            .and_then(|status| StatusCode::from_u16(status).ok())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub fn body(&self) -> Value {
        let mut body = self.body_of_ksqldb();
        let remedy = self.remedy.as_ref();
        if let Some(place) = remedy.and_then(|remedy| remedy.place) {
            body["line"] = place.line.into();
            body["column"] = place.column.into();
        }
        if let Some(hint) = remedy.and_then(|remedy| remedy.hint.as_deref()) {
            body["hint"] = hint.into();
        }
        body
    }

    fn body_of_ksqldb(&self) -> Value {
        match &self.statement {
            None => json!({
                "@type": "generic_error",
                "error_code": self.code,
                "message": self.message,
            }),
            Some((text, entities)) => json!({
                "@type": "statement_error",
                "error_code": self.code,
                "message": self.message,
                "statementText": text,
                "entities": entities,
            }),
        }
    }

    /// The body without a statement: what stands in a stream that had begun.
    pub fn generic(&self) -> Value {
        let plain = Self {
            statement: None,
            remedy: None,
            ..self.clone()
        };
        plain.body()
    }
}

/// As answers repeat statements.
fn with_semicolon(statement: &str) -> String {
    format!("{};", statement.trim_end().trim_end_matches(';'))
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::of_statement(error, Vec::new())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body().to_string()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(V1));
        if self.code == 50302 {
            headers.insert(header::RETRY_AFTER, header::HeaderValue::from_static("10"));
        }
        if self.code == 40100 {
            let challenge =
                header::HeaderValue::from_static("Basic realm=\"weir\", charset=\"UTF-8\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
