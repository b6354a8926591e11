//! How to reach a cluster, in Kafka's own property names, so that a file written for another client works here.
//!
//! **Invariant:** no secret is ever in a `Debug`, a message or a log: passwords, keys and the JAAS line are [`Secret`]s from the
//! moment they are read.
//!
//! A property that is not known, or a value that is not supported, is an error that names the property: a setting that silently
//! does nothing is found out at the worst time.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::{
    codec::Compression,
    security::{Sasl, Security, Tls},
};
use crate::{Error, ErrorKind, Result};

/// What both halves of the cluster broker, the reading and the writing one, are made from.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    pub bootstrap_servers: Vec<String>,
    pub client_id: String,
    pub security: Security,
    pub compression: Compression,
    pub acks: Acks,
    /// How often a write is tried again; the time limit is [`Self::delivery_timeout`].
    pub retries: u32,
    pub request_timeout: Duration,
    pub connect_timeout: Duration,
    /// How long one write is tried before the caller hears of it. Shorter than in other clients: the query's state then says what is
    /// wrong, and the same batch is written again, which the broker recognises.
    pub delivery_timeout: Duration,
    pub metadata_max_age: Duration,
    pub retry_backoff: Duration,
    pub retry_backoff_max: Duration,
    pub fetch_max_bytes: i32,
    pub fetch_min_bytes: i32,
    pub fetch_max_wait: Duration,
    pub max_partition_fetch_bytes: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acks {
    Leader,
    All,
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// What [`ClusterConfig::from_properties`] reads, besides all `ssl.` and `sasl.` names.
const PROPERTIES: &[&str] = &[
    "acks",
    "bootstrap.servers",
    "client.dns.lookup",
    "client.id",
    "compression.type",
    "delivery.timeout.ms",
    "enable.idempotence",
    "fetch.max.bytes",
    "fetch.max.wait.ms",
    "fetch.min.bytes",
    "isolation.level",
    "max.partition.fetch.bytes",
    "metadata.max.age.ms",
    "request.timeout.ms",
    "retries",
    "retry.backoff.max.ms",
    "retry.backoff.ms",
    "security.protocol",
    "socket.connection.setup.timeout.ms",
];

/// What krafka itself refuses to exceed in one response.
const LARGEST_FETCH: i32 = 96 * 1024 * 1024;

impl ClusterConfig {
    /// The defaults of Kafka's own clients, without TLS or SASL.
    pub fn new(bootstrap_servers: &str) -> Result<Self> {
        let properties =
            BTreeMap::from([("bootstrap.servers".to_owned(), bootstrap_servers.to_owned())]);
        Self::from_properties(&properties)
    }

    /// Whether a property of a larger file is meant for [`Self::from_properties`].
    pub fn is_property(name: &str) -> bool {
        name.starts_with("ssl.") || name.starts_with("sasl.") || PROPERTIES.contains(&name)
    }

    pub fn from_properties(properties: &BTreeMap<String, String>) -> Result<Self> {
        refuse_unknown(properties)?;
        let given = Given(properties);
        refuse_unsupported(&given)?;
        let (tls, sasl) = (
            Tls::from_properties(&given)?,
            Sasl::from_properties(&given)?,
        );
        let config = Self {
            bootstrap_servers: given.servers()?,
            client_id: given.text("client.id").unwrap_or("weir").to_owned(),
            security: Security::from_properties(&given, tls, sasl)?,
            compression: given.compression()?,
            acks: given.acks()?,
            retries: given.number("retries", i32::MAX, 0..=i32::MAX)? as u32,
            request_timeout: given.millis("request.timeout.ms", 30_000, 1)?,
            connect_timeout: given.millis("socket.connection.setup.timeout.ms", 10_000, 1)?,
            delivery_timeout: given.millis("delivery.timeout.ms", 10_000, 1)?,
            metadata_max_age: given.millis("metadata.max.age.ms", 300_000, 0)?,
            retry_backoff: given.millis("retry.backoff.ms", 100, 1)?,
            retry_backoff_max: given.millis("retry.backoff.max.ms", 1_000, 1)?,
            fetch_max_bytes: given.number("fetch.max.bytes", 52_428_800, 1..=LARGEST_FETCH)?,
            fetch_min_bytes: given.number("fetch.min.bytes", 1, 1..=LARGEST_FETCH)?,
            fetch_max_wait: given.millis("fetch.max.wait.ms", 500, 1)?,
            max_partition_fetch_bytes: given.number(
                "max.partition.fetch.bytes",
                1_048_576,
                1..=LARGEST_FETCH,
            )?,
        };
        config.check()
    }

    /// The servers as a message names them.
    pub fn servers(&self) -> String {
        self.bootstrap_servers.join(",")
    }

    fn check(mut self) -> Result<Self> {
        // A connection that may take longer than the request it is for would make the request's limit a lie.
        self.connect_timeout = self.connect_timeout.min(self.request_timeout);
        self.retry_backoff_max = self.retry_backoff_max.max(self.retry_backoff);
        if self.fetch_max_wait > self.request_timeout {
            return Err(invalid(
                "fetch.max.wait.ms",
                "is longer than `request.timeout.ms`: each fetch of a quiet topic would time out",
            ));
        }
        Ok(self)
    }
}

/// Properties with the readers for their values.
pub(super) struct Given<'a>(pub &'a BTreeMap<String, String>);

impl<'a> Given<'a> {
    /// `None` too for a value that is blank.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        let value = self.0.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.text(name).map(Secret::new)
    }

    fn number(
        &self,
        name: &str,
        default: i32,
        within: std::ops::RangeInclusive<i32>,
    ) -> Result<i32> {
        let Some(text) = self.text(name) else {
            return Ok(default);
        };
        let number = text.parse().ok().filter(|number| within.contains(number));
        number.ok_or_else(|| {
            let (low, high) = (within.start(), within.end());
            invalid(
                name,
                format!("is `{text}`; expected a number from {low} to {high}"),
            )
        })
    }

    fn millis(&self, name: &str, default: i32, low: i32) -> Result<Duration> {
        let millis = self.number(name, default, low..=i32::MAX)?;
        Ok(Duration::from_millis(millis as u64))
    }

    fn servers(&self) -> Result<Vec<String>> {
        let remedy = "expected `host:port`, or several of them with commas between";
        let Some(text) = self.text("bootstrap.servers") else {
            return Err(invalid(
                "bootstrap.servers",
                format!("is missing; {remedy}"),
            ));
        };
        let servers = text
            .split(',')
            .map(str::trim)
            .filter(|server| !server.is_empty());
        servers
            .map(|server| {
                let port = server.rsplit_once(':').filter(|(host, _)| !host.is_empty());
                match port.and_then(|(_, port)| port.parse::<u16>().ok()) {
                    Some(port) if port > 0 => Ok(server.to_owned()),
                    _ => Err(invalid(
                        "bootstrap.servers",
                        format!("has `{server}`; {remedy}"),
                    )),
                }
            })
            .collect()
    }

    fn compression(&self) -> Result<Compression> {
        let name = self.text("compression.type").unwrap_or("none");
        Compression::from_name(name).ok_or_else(|| {
            let remedy = "expected none, gzip, snappy, lz4 or zstd";
            invalid("compression.type", format!("is `{name}`; {remedy}"))
        })
    }

    fn acks(&self) -> Result<Acks> {
        match self.text("acks").unwrap_or("all") {
            "all" | "-1" => Ok(Acks::All),
            "1" => Ok(Acks::Leader),
            "0" => Err(invalid(
                "acks",
                "is 0: an alert that no broker acknowledged may be lost; use `all`, or 1",
            )),
            other => Err(invalid(
                "acks",
                format!("is `{other}`; expected all, -1 or 1"),
            )),
        }
    }
}

fn refuse_unknown(properties: &BTreeMap<String, String>) -> Result<()> {
    match properties
        .keys()
        .find(|name| !ClusterConfig::is_property(name))
    {
        None => Ok(()),
        Some(name) => Err(invalid(
            name,
            format!(
                "is not a setting of the Kafka connection; remove it. Known are ssl.*, sasl.*, {}",
                PROPERTIES.join(", ")
            ),
        )),
    }
}

/// Values that other clients take and that would change what Weir promises.
fn refuse_unsupported(given: &Given<'_>) -> Result<()> {
    match given.text("isolation.level") {
        None | Some("read_committed") => {}
        Some(other) => {
            let what = format!("is `{other}`; Weir reads committed records only: remove it");
            return Err(invalid("isolation.level", what));
        }
    }
    match given.text("enable.idempotence") {
        None | Some("true") => {}
        Some(other) => {
            let what = format!("is `{other}`; Weir's writes are idempotent: remove it");
            return Err(invalid("enable.idempotence", what));
        }
    }
    match given.text("client.dns.lookup") {
        None | Some("use_all_dns_ips") => Ok(()),
        Some(other) => {
            let what = format!("is `{other}`; only `use_all_dns_ips`, the default, is supported");
            Err(invalid("client.dns.lookup", what))
        }
    }
}

pub(super) fn invalid(property: &str, what: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Invalid, format!("`{property}` {what}"))
}

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
