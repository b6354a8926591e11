//! What Kafka says went wrong, as an [`Error`] that names the topic, the server and the remedy.

use std::io;

use krafka::error::{ErrorCode, KrafkaError};

use super::config::ClusterConfig;
use crate::{Error, ErrorKind};

/// What the client itself found, while it was `doing` something (`reading \`orders-0\``).
pub(super) fn from_client(config: &ClusterConfig, doing: &str, error: &KrafkaError) -> Error {
    let servers = config.servers();
    if is_tls_failure(error) {
        return not_accepted(config, doing, &error.to_string());
    }
    match error {
        KrafkaError::Broker { code, message } => from_code(config, doing, *code, Some(message)),
        KrafkaError::Auth { message, .. } => not_accepted(config, doing, message),
        KrafkaError::Network(_)
        | KrafkaError::Timeout { .. }
        | KrafkaError::DeliveryTimeout { .. } => Error::new(
            ErrorKind::Unavailable,
            format!(
                "{doing}: the Kafka cluster at {servers} cannot be reached: {error}; check `bootstrap.servers`, \
                 `security.protocol` and that the broker runs"
            ),
        ),
        KrafkaError::Config { message } => {
            Error::new(ErrorKind::Invalid, format!("{doing}: {message}"))
        }
        KrafkaError::UnknownTopic { .. } => Error::new(
            ErrorKind::UnknownTopic,
            format!("{doing}: there is no such topic at {servers}"),
        ),
        KrafkaError::Protocol { .. } | KrafkaError::Compression { .. } if error.is_retriable() => {
            Error::new(
                ErrorKind::Unavailable,
                format!("{doing} at {servers}: {error}"),
            )
        }
        KrafkaError::Closed { .. } => Error::new(
            ErrorKind::Unavailable,
            format!("{doing}: the connection to {servers} is closed"),
        ),
        _ => Error::new(ErrorKind::Corrupt, format!("{doing} at {servers}: {error}")),
    }
}

fn not_accepted(config: &ClusterConfig, doing: &str, what: &str) -> Error {
    Error::new(
        ErrorKind::Unauthorized,
        format!(
            "{doing}: the Kafka cluster at {} and {} did not accept each other: {what}; check `security.protocol`, \
             `sasl.mechanism`, `sasl.jaas.config` and the `ssl.` properties",
            config.servers(),
            config.security.who()
        ),
    )
}

/// Whether TLS is at the bottom of it. In TLS 1.3 a broker looks at our certificate when the handshake is over for us: its refusal
/// comes in place of the first answer, and the client takes it for a connection that broke, which would be tried again for ever.
fn is_tls_failure(error: &KrafkaError) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<rustls::Error>() {
            return true;
        }
        // What an `io::Error` holds is not its source, but itself.
        cause = match (
            error.downcast_ref::<KrafkaError>(),
            error.downcast_ref::<io::Error>(),
        ) {
            (Some(KrafkaError::Network(inner)), _) => inner.get_ref().map(|inner| inner as _),
            (_, Some(inner)) => inner.get_ref().map(|inner| inner as _),
            _ => error.source(),
        };
    }
    // Until it connects again the client repeats the last failure as a text.
    matches!(error, KrafkaError::Network(_)) && error.to_string().contains(ALERT)
}

/// How rustls begins to tell of an alert.
const ALERT: &str = "received fatal alert: ";

/// What a broker answered.
pub(super) fn from_code(
    config: &ClusterConfig,
    doing: &str,
    code: ErrorCode,
    detail: Option<&str>,
) -> Error {
    let kind = kind(code);
    let servers = config.servers();
    let name = kafka_name(code);
    // Kafka often has nothing to add but the code itself.
    let debug = format!("{code:?}");
    let detail = match detail.map(str::trim) {
        None | Some("") => name.clone(),
        Some(text) if text == debug => name.clone(),
        Some(text) => format!("{text} ({name})"),
    };
    let remedy = match kind {
        ErrorKind::Unauthorized => {
            format!("; {} needs an ACL for it", config.security.who())
        }
        ErrorKind::UnknownTopic => "; there is no such topic or partition now".into(),
        ErrorKind::TooLarge => "; raise the topic's `max.message.bytes`".into(),
        ErrorKind::Storage => "; the broker's disk fails or is full".into(),
        ErrorKind::Unavailable => "; it may succeed when tried again".into(),
        _ => String::new(),
    };
    Error::new(
        kind,
        format!("{doing}: the Kafka cluster at {servers} answered {detail}{remedy}"),
    )
}

fn kind(code: ErrorCode) -> ErrorKind {
    use ErrorCode as C;
    match code {
        C::UnknownTopicOrPartition | C::UnknownTopicId | C::InconsistentTopicId => {
            ErrorKind::UnknownTopic
        }
        C::TopicAlreadyExists => ErrorKind::TopicExists,
        C::OffsetOutOfRange => ErrorKind::OffsetOutOfRange,
        C::MessageTooLarge | C::RecordListTooLarge => ErrorKind::TooLarge,
        C::TopicAuthorizationFailed
        | C::GroupAuthorizationFailed
        | C::ClusterAuthorizationFailed
        | C::TransactionalIdAuthorizationFailed
        | C::SaslAuthenticationFailed
        | C::UnsupportedSaslMechanism
        | C::IllegalSaslState
        | C::SecurityDisabled => ErrorKind::Unauthorized,
        C::KafkaStorageException | C::LogDirNotFound => ErrorKind::Storage,
        C::CorruptMessage => ErrorKind::Corrupt,
        C::UnsupportedVersion
        | C::UnsupportedForMessageFormat
        | C::UnsupportedCompressionType
        | C::TopicDeletionDisabled => ErrorKind::Unsupported,
        code if code.is_retriable() || matches!(code, C::UnknownServerError) => {
            ErrorKind::Unavailable
        }
        _ => ErrorKind::Invalid,
    }
}

/// As Kafka's own documentation writes it: `NOT_ENOUGH_REPLICAS`.
fn kafka_name(code: ErrorCode) -> String {
    let mut name = String::new();
    for character in format!("{code:?}").chars() {
        if character.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(character.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use rustls::AlertDescription;

    use super::*;

    fn network(
        kind: io::ErrorKind,
        inner: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> KrafkaError {
        KrafkaError::network(io::Error::new(kind, inner))
    }

    #[test]
    fn what_tls_refuses_is_not_taken_for_a_broker_that_is_away() {
        let config = ClusterConfig::new("one:9092").expect("config");
        let check = |error: KrafkaError, kind, text: &str| {
            let error = from_client(&config, "connecting", &error);
            assert_eq!(error.kind, kind, "{error}");
            assert!(error.message.contains(text), "{error}");
        };
        for alert in [
            AlertDescription::BadCertificate,
            AlertDescription::CertificateRequired,
            AlertDescription::CertificateUnknown,
            AlertDescription::UnknownCA,
            AlertDescription::HandshakeFailure,
            AlertDescription::ProtocolVersion,
        ] {
            let tls = rustls::Error::AlertReceived(alert);
            assert!(tls.to_string().starts_with(ALERT), "{tls}");
            // In place of the first answer, alone and as the reason why no server could be reached.
            let refused = network(io::ErrorKind::InvalidData, tls.clone());
            check(
                refused.clone(),
                ErrorKind::Unauthorized,
                "received fatal alert",
            );
            let unreachable = network(io::ErrorKind::NotConnected, refused.clone());
            check(unreachable, ErrorKind::Unauthorized, "`ssl.` properties");
            // While the client waits before it connects again.
            let waiting = network(
                io::ErrorKind::ConnectionRefused,
                format!("not now; last error: {refused}"),
            );
            check(waiting, ErrorKind::Unauthorized, "received fatal alert");
        }
        let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        check(
            network(io::ErrorKind::InvalidData, unknown),
            ErrorKind::Unauthorized,
            "UnknownIssuer",
        );
        for kind in [
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::UnexpectedEof,
            io::ErrorKind::InvalidData,
        ] {
            check(
                network(kind, "gone"),
                ErrorKind::Unavailable,
                "`bootstrap.servers`",
            );
        }
    }

    #[test]
    fn a_code_becomes_a_kind_and_a_text_that_says_what_to_do() {
        let config = ClusterConfig::new("one:9092,two:9092").expect("config");
        let check = |code, detail, kind, text: &str| {
            let error = from_code(&config, "creating topic `a`", code, detail);
            assert_eq!((error.kind, error.message.as_str()), (kind, text));
        };
        check(
            ErrorCode::TopicAlreadyExists,
            Some("Topic 'a' already exists."),
            ErrorKind::TopicExists,
            "creating topic `a`: the Kafka cluster at one:9092,two:9092 answered Topic 'a' already exists. (TOPIC_ALREADY_EXISTS)",
        );
        check(
            ErrorCode::TopicAuthorizationFailed,
            None,
            ErrorKind::Unauthorized,
            "creating topic `a`: the Kafka cluster at one:9092,two:9092 answered TOPIC_AUTHORIZATION_FAILED; an anonymous client needs an ACL for it",
        );
        check(
            ErrorCode::NotEnoughReplicas,
            Some("NotEnoughReplicas"),
            ErrorKind::Unavailable,
            "creating topic `a`: the Kafka cluster at one:9092,two:9092 answered NOT_ENOUGH_REPLICAS; it may succeed when tried again",
        );
    }
}
