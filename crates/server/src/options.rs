//! What a server is told: where it listens, whom it lets in, and how much of everything there may be.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use weir_engine::Error;

use crate::{Credentials, TlsFiles};

/// Where a server listens unless it is told otherwise.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8088);

#[derive(Debug, Clone)]
pub struct Options {
    pub listen: SocketAddr,
    pub tls: Option<TlsFiles>,
    /// `None`: everybody on this machine may ask.
    pub credentials: Option<Credentials>,
    /// Web pages of these origins may ask (`access.control.allow.origin`).
    pub origins: Vec<String>,
    pub limits: Limits,
}

/// Bounds, each with a property of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub body_bytes: usize,
    pub statement_bytes: usize,
    pub header_bytes: usize,
    pub header_time: Duration,
    pub body_time: Duration,
    /// How long a client may take no byte of what it asked for.
    pub stall_time: Duration,
    pub connections: usize,
    /// Statements that run at a time.
    pub statements: usize,
    pub push_queries: usize,
    pub push_queries_per_client: usize,
    /// How long a request waits for the statement that its `commandSequenceNumber` names.
    pub command_time: Duration,
    /// How long running requests have at the end.
    pub stop_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 16 << 20,
            statement_bytes: 8 << 20,
            header_bytes: 64 << 10,
            header_time: Duration::from_secs(30),
            body_time: Duration::from_secs(30),
            stall_time: Duration::from_secs(30),
            connections: 4096,
            statements: 64,
            push_queries: 100,
            push_queries_per_client: 100,
            command_time: Duration::from_secs(5),
            stop_time: Duration::from_millis(700),
        }
    }
}

/// What may be set, and what it bounds.
const PROPERTIES: &[&str] = &[
    "access.control.allow.origin",
    "ksql.max.push.queries",
    "ksql.server.command.response.timeout.ms",
    "listeners",
    "weir.http.credentials.file",
    "weir.http.max.body.bytes",
    "weir.http.max.connections",
    "weir.http.max.header.bytes",
    "weir.http.max.push.queries.per.client",
    "weir.http.max.statement.bytes",
    "weir.http.max.statements",
    "weir.http.body.timeout.ms",
    "weir.http.header.timeout.ms",
    "weir.http.stall.timeout.ms",
    "weir.http.tls.certificate",
    "weir.http.tls.key",
];

/// Whether a property is the server's, and not the engine's.
pub fn is_property(name: &str) -> bool {
    PROPERTIES.contains(&name)
}

impl Options {
    /// Reads the server's properties; a credentials file is read, TLS files are not yet.
    pub fn from_properties(properties: &BTreeMap<String, String>) -> Result<Self, Error> {
        if let Some(unknown) = properties
            .keys()
            .find(|name| name.starts_with("weir.http.") && !is_property(name))
        {
            let known: Vec<_> = PROPERTIES
                .iter()
                .filter(|name| name.starts_with("weir.http."))
                .copied()
                .collect();
            return Err(Error::user(format!("Unknown property: {unknown}"))
                .hint(format!("there are {}", known.join(", "))));
        }
        let get = |name: &str| properties.get(name).map(|value| value.trim());
        let tls =
            TlsFiles::from_properties(get("weir.http.tls.certificate"), get("weir.http.tls.key"))?;
        let listen = match get("listeners") {
            Some(listeners) => parse_listener(listeners, tls.is_some())?,
            None => DEFAULT_LISTEN,
        };
        let credentials = get("weir.http.credentials.file")
            .map(|path| Credentials::read(&PathBuf::from(path)))
            .transpose()?;
        let origins = get("access.control.allow.origin").unwrap_or_default();
        let origins = origins.split(',').map(str::trim);
        Ok(Self {
            listen,
            tls,
            credentials,
            origins: origins
                .filter(|origin| !origin.is_empty())
                .map(str::to_owned)
                .collect(),
            limits: Limits::from_properties(properties)?,
        })
    }

    /// Refuses what would let anybody in who can reach this machine.
    pub fn check(&self) -> Result<(), Error> {
        if self.credentials.is_none() && !self.listen.ip().is_loopback() {
            return Err(Error::user(format!(
                "{} can be reached from other machines, and nobody would have to say who they are",
                self.listen
            ))
            .hint(
                "name a file of users and tokens with --credentials FILE, or listen on 127.0.0.1",
            ));
        }
        if self.credentials.is_some() && self.tls.is_none() && !self.listen.ip().is_loopback() {
            tracing::warn!(listen = %self.listen, "passwords and tokens pass in the clear: there is no TLS");
        }
        Ok(())
    }
}

impl Limits {
    fn from_properties(properties: &BTreeMap<String, String>) -> Result<Self, Error> {
        let default = Self::default();
        let number = |name: &str, default: usize| match properties.get(name) {
            None => Ok(default),
            Some(text) => match text.trim().parse::<usize>() {
                Ok(number) if number > 0 => Ok(number),
                _ => Err(Error::user(format!(
                    "Invalid value {text} for configuration {name}: expected a number above 0"
                ))),
            },
        };
        let time = |name: &str, default: Duration| {
            let milliseconds = number(name, default.as_millis() as usize)?;
            Ok::<_, Error>(Duration::from_millis(milliseconds as u64))
        };
        let push_queries = number("ksql.max.push.queries", default.push_queries)?;
        Ok(Self {
            body_bytes: number("weir.http.max.body.bytes", default.body_bytes)?,
            statement_bytes: number("weir.http.max.statement.bytes", default.statement_bytes)?,
            // hyper needs this much to work.
            header_bytes: number("weir.http.max.header.bytes", default.header_bytes)?.max(8192),
            header_time: time("weir.http.header.timeout.ms", default.header_time)?,
            body_time: time("weir.http.body.timeout.ms", default.body_time)?,
            stall_time: time("weir.http.stall.timeout.ms", default.stall_time)?,
            connections: number("weir.http.max.connections", default.connections)?,
            statements: number("weir.http.max.statements", default.statements)?,
            push_queries,
            push_queries_per_client: number("weir.http.max.push.queries.per.client", push_queries)?,
            command_time: time(
                "ksql.server.command.response.timeout.ms",
                default.command_time,
            )?,
            stop_time: default.stop_time,
        })
    }
}

/// `http://localhost:8088`, as ksqlDB's `listeners` has it, or `HOST:PORT`.
pub fn parse_listener(listeners: &str, has_tls: bool) -> Result<SocketAddr, Error> {
    let refuse = |why: &str| {
        Error::user(format!("cannot listen on `{listeners}`: {why}"))
            .hint("write HOST:PORT or http://HOST:PORT, as in 127.0.0.1:8088")
    };
    if listeners.contains(',') {
        return Err(refuse("there is one listener"));
    }
    let address = match listeners.split_once("://") {
        Some(("http", address)) if !has_tls => address,
        Some(("https", address)) if has_tls => address,
        Some(("http", _)) => return Err(refuse("it says http, and there is a TLS certificate")),
        Some(("https", _)) => {
            return Err(refuse(
                "it says https, and --tls-certificate and --tls-key name no files",
            ));
        }
        Some(_) => return Err(refuse("the scheme is neither http nor https")),
        None => listeners,
    };
    let address = address.trim_end_matches('/');
    let with_port = match address.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => address.to_owned(),
        _ => format!("{address}:8088"),
    };
    std::net::ToSocketAddrs::to_socket_addrs(&with_port)
        .ok()
        .and_then(|mut addresses| addresses.next())
        .ok_or_else(|| refuse("no such address"))
}

#[cfg(test)]
mod tests {
    use super::{Limits, Options, parse_listener};

    #[test]
    fn listeners_are_those_of_ksqldb_or_plain_addresses() {
        let check = |text: &str, expected: &str| {
            assert_eq!(
                parse_listener(text, false).unwrap().to_string(),
                expected,
                "{text}"
            );
        };
        check("http://0.0.0.0:8088", "0.0.0.0:8088");
        check("127.0.0.1:9", "127.0.0.1:9");
        check("127.0.0.1", "127.0.0.1:8088");
        check("http://[::1]:1/", "[::1]:1");
        for wrong in [
            "https://127.0.0.1:1",
            "ftp://127.0.0.1:1",
            "a,b",
            "no such host:1",
        ] {
            assert!(parse_listener(wrong, false).is_err(), "{wrong}");
        }
    }

    #[test]
    fn whoever_can_be_reached_from_outside_asks_who_it_is() {
        let options = |listeners: &str| {
            let properties = [("listeners".to_owned(), listeners.to_owned())].into();
            Options::from_properties(&properties).unwrap()
        };
        assert!(options("http://127.0.0.1:8088").check().is_ok());
        let refused = options("http://0.0.0.0:8088").check().unwrap_err();
        assert!(refused.hint.unwrap().contains("--credentials"));
    }

    #[test]
    fn limits_are_numbers_above_nothing() {
        let of = |name: &str, value: &str| {
            Limits::from_properties(&[(name.to_owned(), value.to_owned())].into())
        };
        assert_eq!(of("ksql.max.push.queries", "7").unwrap().push_queries, 7);
        assert!(of("weir.http.max.body.bytes", "0").is_err());
        assert!(of("weir.http.max.body.bytes", "many").is_err());
    }

    #[test]
    fn a_misspelt_property_is_refused() {
        let properties = [("weir.http.max.bodies".to_owned(), "1".to_owned())].into();
        let error = Options::from_properties(&properties).unwrap_err();
        assert!(error.message.contains("weir.http.max.bodies"), "{error}");
    }
}
