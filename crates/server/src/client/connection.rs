//! Requests and answers: one server, its address, and who asks.

use std::{error::Error as _, fmt::Write, future::Future, sync::Arc, time::Duration};

use base64::Engine as _;
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, Uri,
    header::{AUTHORIZATION, USER_AGENT},
};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as HttpClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{Error, Options, V1, error::Refusal};

/// How long it may take until a server takes a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// The longest answer that is read whole.
const LONGEST: usize = 64 << 20;

pub struct Connection {
    http: HttpClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: Arc<str>,
    authorization: Option<HeaderValue>,
}

/// An answer with its body to come.
pub struct Answer {
    pub url: Arc<str>,
    pub body: Incoming,
}

impl Connection {
    pub fn new(url: &str, options: &Options) -> Result<Self, Error> {
        let (url, user_info) = address(url)?;
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(CONNECT));
        connector.set_nodelay(true);
        let tls = tls(url.starts_with("https:"), options)?;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let authorization = match (&options.token, &options.user, user_info) {
            (Some(token), ..) => Some(format!("Bearer {token}")),
            (None, Some(user), _) => {
                let password = options.password.as_deref().unwrap_or_default();
                Some(basic(&format!("{user}:{password}")))
            }
            (None, None, Some(user_info)) => Some(basic(&user_info)),
            (None, None, None) => None,
        };
        let authorization = authorization.map(|text| {
            let mut value = HeaderValue::from_str(&text).map_err(|_| {
                Error::Options(
                    "a token or a password has characters that HTTP cannot carry".to_owned(),
                )
            })?;
            value.set_sensitive(true);
            Ok(value)
        });
        Ok(Self {
            http: HttpClient::builder(TokioExecutor::new()).build(connector),
            url: url.into(),
            authorization: authorization.transpose()?,
        })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub async fn get(&self, path: &str, accept: &str) -> Result<Bytes, Error> {
        let headers = [("accept", accept)];
        let answer = self.send(Method::GET, path, &headers, Bytes::new()).await?;
        self.whole(answer.body).await
    }

    pub async fn post(
        &self,
        path: &str,
        accept: &str,
        request: &impl Serialize,
    ) -> Result<Bytes, Error> {
        let headers = [("accept", accept), ("content-type", V1)];
        let body = self.body_of(request)?;
        let answer = self.send(Method::POST, path, &headers, body).await?;
        self.whole(answer.body).await
    }

    pub fn body_of(&self, request: &impl Serialize) -> Result<Bytes, Error> {
        let body = serde_json::to_vec(request);
        Ok(body.map_err(|error| self.foreign(&error))?.into())
    }

    /// Sends a request; an answer that is no success is an error.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Bytes,
    ) -> Result<Answer, Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(USER_AGENT, concat!("weir/", env!("CARGO_PKG_VERSION")));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let request = request.body(Full::new(body));
        let request = request.map_err(|error| Error::Address {
            url: self.url.to_string(),
            why: error.to_string(),
        })?;
        let answer = self.http.request(request).await;
        let answer = answer.map_err(|error| self.failed(&error))?;
        if answer.status().is_success() {
            return Ok(Answer {
                url: self.url.clone(),
                body: answer.into_body(),
            });
        }
        Err(self.refusal(answer).await)
    }

    /// What is small answers soon.
    pub async fn within<T>(
        &self,
        limit: Duration,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match tokio::time::timeout(limit, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::Unreachable {
                url: self.url.to_string(),
                why: format!("there was no answer within {} seconds", limit.as_secs()),
            }),
        }
    }

    pub fn parse<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, Error> {
        serde_json::from_slice(body).map_err(|error| self.foreign(&error))
    }

    pub async fn whole(&self, body: Incoming) -> Result<Bytes, Error> {
        match Limited::new(body, LONGEST).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {
                Err(self.foreign(&format!("its answer is longer than {} MiB", LONGEST >> 20)))
            }
            Err(error) => Err(Error::Lost {
                url: self.url.to_string(),
                why: error.to_string(),
            }),
        }
    }

    /// What a server says with an answer that is no success.
    async fn refusal(&self, answer: Response<Incoming>) -> Error {
        let status = answer.status();
        let body = match self.whole(answer.into_body()).await {
            Ok(body) => body,
            Err(error) => return error,
        };
        if let Ok(mut refusal) = serde_json::from_slice::<Refusal>(&body)
            && !refusal.message.is_empty()
        {
            refusal.status = status.as_u16();
            return Error::Refused(Box::new(refusal));
        }
        let text = String::from_utf8_lossy(&body);
        let text: String = text.trim().chars().take(200).collect();
        let mut message = format!("the server answers {status}");
        if !text.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(message, ": {text}");
        }
        Error::Refused(Box::new(Refusal {
            status: status.as_u16(),
            message,
            ..Refusal::default()
        }))
    }

    fn failed(&self, error: &hyper_util::client::legacy::Error) -> Error {
        let url = self.url.to_string();
        let why = root_cause(error);
        match error.is_connect() {
            true => Error::Unreachable { url, why },
            // What is no HTTP at all fails while the answer's first line is read.
            false if is_no_http(error) => Error::Foreign { url, why },
            false => Error::Lost { url, why },
        }
    }

    fn foreign(&self, why: &impl ToString) -> Error {
        Error::Foreign {
            url: self.url.to_string(),
            why: why.to_string(),
        }
    }
}

/// The last of a chain of errors: that the connection was refused, and not that there was an error.
pub fn root_cause(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

fn is_no_http(error: &hyper_util::client::legacy::Error) -> bool {
    let inner = error
        .source()
        .and_then(|source| source.downcast_ref::<hyper::Error>());
    inner.is_some_and(hyper::Error::is_parse)
}

fn basic(user_info: &str) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(user_info);
    format!("Basic {encoded}")
}

/// Scheme, host and port of a server, and who is named before its host.
fn address(text: &str) -> Result<(String, Option<String>), Error> {
    let refuse = |why: &str| Error::Address {
        // A password may stand in it.
        url: text
            .rsplit_once('@')
            .map_or(text, |(_, host)| host)
            .to_owned(),
        why: why.to_owned(),
    };
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => return Err(refuse("it does not begin with http:// or https://")),
    };
    if scheme != "http" && scheme != "https" {
        return Err(refuse("it does not begin with http:// or https://"));
    }
    let (user_info, host) = match rest.rsplit_once('@') {
        Some((user_info, host)) => (Some(decoded(user_info)), host),
        None => (None, rest),
    };
    let url = format!("{scheme}://{}", host.trim_end_matches('/'));
    let uri: Uri = url.parse().map_err(|_| refuse("it cannot be read"))?;
    match uri.host() {
        None | Some("") => Err(refuse("it names no host")),
        Some(_) if uri.query().is_some() => Err(refuse("it has a query")),
        Some(_) => Ok((url, user_info)),
    }
}

/// What may stand in a path or a query as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// As a part of a path or of a query.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Certificates are looked for only where they are needed: that takes a while.
fn tls(is_needed: bool, options: &Options) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    match &options.ca {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let added =
                    certificate
                        .map_err(|error| error.to_string())
                        .and_then(|certificate| {
                            roots.add(certificate).map_err(|error| error.to_string())
                        });
                added.map_err(|why| {
                    Error::Options(format!(
                        "the file of --cacert holds what is no certificate: {why}"
                    ))
                })?;
            }
            if roots.is_empty() {
                return Err(Error::Options(
                    "the file of --cacert holds no certificate in PEM form".to_owned(),
                ));
            }
        }
        None if is_needed => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            }
        }
        None => {}
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder =
        versions.map_err(|error| Error::Options(format!("TLS cannot be used: {error}")))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::{address, decoded, encoded};

    #[test]
    fn addresses_are_read() {
        let check = |text: &str, expected: Option<(&str, Option<&str>)>| {
            let found = address(text).ok();
            let expected = expected.map(|(url, user)| (url.to_owned(), user.map(str::to_owned)));
            assert_eq!(found, expected, "{text}");
        };
        check(
            "http://localhost:8088/",
            Some(("http://localhost:8088", None)),
        );
        check("HTTPS://h", Some(("https://h", None)));
        check("https://proxy/ksql/", Some(("https://proxy/ksql", None)));
        check("http://[::1]:8088", Some(("http://[::1]:8088", None)));
        check(
            "http://me:p%40ss@h:1",
            Some(("http://h:1", Some("me:p@ss"))),
        );
        check("localhost:8088", None);
        check("ftp://h", None);
        check("http://", None);
        check("http://h?x=1", None);
    }

    #[test]
    fn a_password_is_not_repeated() {
        let error = address("ftp://me:secret@host").unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for text in ["a b", "ü/%?&=", "::", ""] {
            assert_eq!(decoded(&encoded(text)), text);
        }
        assert_eq!(encoded("a/ü"), "a%2F%C3%BC");
        assert_eq!(decoded("%zz%"), "%zz%");
    }
}
