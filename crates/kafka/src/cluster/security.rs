//! Who the broker is and who we are: `security.protocol`, `ssl.*` and `sasl.*`.
//!
//! Certificates and keys are PEM. Java's own stores (JKS, PKCS12) are refused with the command that turns them into PEM.

use krafka::auth::{AuthConfig, TlsConfig};

use super::{
    config::{Given, Secret, invalid},
    jaas, pem,
};
use crate::Result;

/// How a connection is secured.
#[derive(Debug, Clone)]
pub struct Security {
    tls: Option<Tls>,
    sasl: Option<Sasl>,
}

/// What the broker's certificate is checked against, and our own certificate if it asks for one.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// PEM; `None`: the roots that Mozilla trusts.
    authorities: Option<Vec<u8>>,
    identity: Option<Identity>,
}

#[derive(Debug, Clone)]
struct Identity {
    certificates: Vec<u8>,
    key: Secret,
    key_password: Option<Secret>,
}

#[derive(Debug, Clone)]
pub struct Sasl {
    mechanism: Mechanism,
    username: String,
    password: Secret,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mechanism {
    Plain,
    ScramSha256,
    ScramSha512,
}

const SSL_PROPERTIES: &[&str] = &[
    "ssl.endpoint.identification.algorithm",
    "ssl.key.password",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.keystore.type",
    "ssl.truststore.certificates",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.truststore.type",
];

const SASL_PROPERTIES: &[&str] = &["sasl.jaas.config", "sasl.mechanism"];

impl Security {
    pub(super) fn from_properties(
        given: &Given<'_>,
        tls: Option<Tls>,
        sasl: Option<Sasl>,
    ) -> Result<Self> {
        let protocol = given.text("security.protocol").unwrap_or("PLAINTEXT");
        let (wants_tls, wants_sasl) = match protocol.to_ascii_uppercase().as_str() {
            "PLAINTEXT" => (false, false),
            "SSL" => (true, false),
            "SASL_PLAINTEXT" => (false, true),
            "SASL_SSL" => (true, true),
            _ => {
                let what =
                    format!("is `{protocol}`; expected PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL");
                return Err(invalid("security.protocol", what));
            }
        };
        // Somebody who names a password and not the protocol means the protocol: without this the password stays unused
        // and the data goes over the wire as it is.
        if sasl.is_some() && !wants_sasl {
            let what = format!(
                "is {protocol}, but `sasl.mechanism` is set: use SASL_SSL or SASL_PLAINTEXT"
            );
            return Err(invalid("security.protocol", what));
        }
        if tls.is_some() && !wants_tls {
            let what = format!("is {protocol}, but `ssl.` properties are set: use SSL or SASL_SSL");
            return Err(invalid("security.protocol", what));
        }
        if wants_sasl && sasl.is_none() {
            let what = format!(
                "is missing, but `security.protocol` is {protocol}: set PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
            );
            return Err(invalid("sasl.mechanism", what));
        }
        Ok(Self {
            tls: wants_tls.then(|| tls.unwrap_or_default()),
            sasl,
        })
    }

    pub(super) fn auth(&self) -> Option<AuthConfig> {
        let tls = self.tls.as_ref().map(Tls::config);
        match (&self.sasl, tls) {
            (None, None) => None,
            (None, Some(tls)) => Some(AuthConfig::ssl(tls)),
            (Some(sasl), None) => Some(sasl.config()),
            (Some(sasl), Some(tls)) => Some(sasl.config().with_tls(tls)),
        }
    }

    /// As a message names who we are: `user \`alice\` with SCRAM-SHA-256`.
    pub(super) fn who(&self) -> String {
        match (&self.sasl, &self.tls) {
            (Some(sasl), _) => format!("user `{}` with {}", sasl.username, sasl.mechanism.name()),
            (None, Some(tls)) if tls.identity.is_some() => {
                "the certificate in `ssl.keystore`".into()
            }
            _ => "an anonymous client".into(),
        }
    }
}

impl Tls {
    pub(super) fn from_properties(given: &Given<'_>) -> Result<Option<Self>> {
        let mut names = given
            .0
            .keys()
            .filter(|name| name.starts_with("ssl."))
            .peekable();
        if names.peek().is_none() {
            return Ok(None);
        }
        if let Some(name) = names.find(|name| !SSL_PROPERTIES.contains(&name.as_str())) {
            let known = SSL_PROPERTIES.join(", ");
            return Err(invalid(
                name,
                format!("is not supported; remove it. Supported are {known}"),
            ));
        }
        match given
            .0
            .get("ssl.endpoint.identification.algorithm")
            .map(|text| text.trim())
        {
            None | Some("https" | "HTTPS") => {}
            Some(_) => {
                return Err(invalid(
                    "ssl.endpoint.identification.algorithm",
                    "may only be `https`: the broker's certificate must carry the name it is reached by. If it does not, \
                     reissue it with that name as a subjectAltName",
                ));
            }
        }
        Ok(Some(Self {
            authorities: authorities(given)?,
            identity: identity(given)?,
        }))
    }

    fn config(&self) -> TlsConfig {
        let mut config = TlsConfig::new();
        if let Some(authorities) = &self.authorities {
            config = config.with_ca_cert_pem(authorities.clone());
        }
        if let Some(identity) = &self.identity {
            let key = identity.key.reveal().as_bytes().to_vec();
            config = config.with_client_cert_pem(identity.certificates.clone(), key);
            if let Some(password) = &identity.key_password {
                config = config.with_client_key_password(password.reveal());
            }
        }
        config
    }
}

fn authorities(given: &Given<'_>) -> Result<Option<Vec<u8>>> {
    if let Some(text) = given.text("ssl.truststore.certificates") {
        pem::expect_type(given, "ssl.truststore.type")?;
        let text = pem::lines(text);
        pem::expect("ssl.truststore.certificates", &text, "CERTIFICATE")?;
        return Ok(Some(text.into_bytes()));
    }
    let Some(text) = pem::file(given, "ssl.truststore")? else {
        return Ok(None);
    };
    pem::expect("ssl.truststore.location", &text, "CERTIFICATE")?;
    Ok(Some(text.into_bytes()))
}

fn identity(given: &Given<'_>) -> Result<Option<Identity>> {
    let key_password = given.secret("ssl.key.password");
    let chain = given.text("ssl.keystore.certificate.chain");
    let key = given.text("ssl.keystore.key");
    match (chain, key) {
        (Some(chain), Some(key)) => {
            pem::expect_type(given, "ssl.keystore.type")?;
            let (chain, key) = (pem::lines(chain), pem::lines(key));
            pem::expect("ssl.keystore.certificate.chain", &chain, "CERTIFICATE")?;
            pem::expect("ssl.keystore.key", &key, "PRIVATE KEY")?;
            let (certificates, key) = (chain.into_bytes(), Secret::new(key));
            return Ok(Some(Identity {
                certificates,
                key,
                key_password,
            }));
        }
        (Some(_), None) => {
            return Err(invalid(
                "ssl.keystore.key",
                "is missing beside `ssl.keystore.certificate.chain`",
            ));
        }
        (None, Some(_)) => {
            return Err(invalid(
                "ssl.keystore.certificate.chain",
                "is missing beside `ssl.keystore.key`",
            ));
        }
        (None, None) => {}
    }
    let Some(text) = pem::file(given, "ssl.keystore")? else {
        return match key_password {
            None => Ok(None),
            Some(_) => Err(invalid(
                "ssl.key.password",
                "is set, but there is no `ssl.keystore.location`",
            )),
        };
    };
    let name = "ssl.keystore.location";
    pem::expect(name, &text, "CERTIFICATE")?;
    pem::expect(name, &text, "PRIVATE KEY")?;
    let certificates = pem::sections(&text, "CERTIFICATE").into_bytes();
    let key = Secret::new(pem::sections(&text, "PRIVATE KEY"));
    Ok(Some(Identity {
        certificates,
        key,
        key_password,
    }))
}

impl Sasl {
    pub(super) fn from_properties(given: &Given<'_>) -> Result<Option<Self>> {
        let mut names = given
            .0
            .keys()
            .filter(|name| name.starts_with("sasl."))
            .peekable();
        if names.peek().is_none() {
            return Ok(None);
        }
        if let Some(name) = names.find(|name| !SASL_PROPERTIES.contains(&name.as_str())) {
            let what =
                "is not supported; remove it. Supported are sasl.mechanism and sasl.jaas.config";
            return Err(invalid(name, what));
        }
        let supported = "expected PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512";
        let Some(name) = given.text("sasl.mechanism") else {
            return Err(invalid(
                "sasl.mechanism",
                format!("is missing; {supported}"),
            ));
        };
        let Some(mechanism) = Mechanism::from_name(name) else {
            return Err(invalid(
                "sasl.mechanism",
                format!("is `{name}`; {supported}"),
            ));
        };
        let example = format!(
            "{} required username=\"…\" password=\"…\";",
            mechanism.login_module()
        );
        let Some(line) = given.secret("sasl.jaas.config") else {
            return Err(invalid(
                "sasl.jaas.config",
                format!("is missing; expected {example}"),
            ));
        };
        // What is wrong is told without the line: it holds the password.
        let login = jaas::parse(line.reveal())
            .map_err(|what| invalid("sasl.jaas.config", format!("{what}; expected {example}")))?;
        if login.module != mechanism.login_module() {
            let what = format!("is for another login module than {name} needs; expected {example}");
            return Err(invalid("sasl.jaas.config", what));
        }
        let (username, password) = (login.username, login.password);
        Ok(Some(Self {
            mechanism,
            username,
            password,
        }))
    }

    fn config(&self) -> AuthConfig {
        let (username, password) = (self.username.as_str(), self.password.reveal());
        match self.mechanism {
            Mechanism::Plain => AuthConfig::sasl_plain(username, password),
            Mechanism::ScramSha256 => AuthConfig::sasl_scram_sha256(username, password),
            Mechanism::ScramSha512 => AuthConfig::sasl_scram_sha512(username, password),
        }
    }
}

impl Mechanism {
    fn from_name(name: &str) -> Option<Self> {
        [Self::Plain, Self::ScramSha256, Self::ScramSha512]
            .into_iter()
            .find(|mechanism| mechanism.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }

    fn login_module(self) -> &'static str {
        match self {
            Self::Plain => "org.apache.kafka.common.security.plain.PlainLoginModule",
            _ => "org.apache.kafka.common.security.scram.ScramLoginModule",
        }
    }
}
