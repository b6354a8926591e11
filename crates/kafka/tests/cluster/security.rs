//! TLS, mutual TLS, SASL; and what is said when they fail.

use weir_kafka::{Broker, ErrorKind, cluster::ClusterBroker};

use crate::fixture::{connect, read_to, reader, topic, value, variable};

/// What an administrator sees: it lists, creates, writes and reads.
async fn check_works(broker: &ClusterBroker) {
    assert!(!broker.cluster_id().await.unwrap().is_empty());
    let partition = topic(broker, "secure").await;
    let mut writer = broker.writer("test").await.unwrap();
    writer.write(&partition, vec![value("v")]).await.unwrap();
    let records = read_to(&mut *reader(broker, &partition, 0).await, 1).await;
    assert_eq!(records.len(), 1);
    broker.close().await.unwrap();
}

async fn check_refused(
    servers: &str,
    properties: &[(&str, &str)],
    kind: ErrorKind,
    parts: &[&str],
) {
    let error = connect(servers, properties).await.map(drop).unwrap_err();
    assert_eq!(error.kind, kind, "{error}");
    for part in parts {
        assert!(error.message.contains(part), "{part} is not in: {error}");
    }
    assert!(!error.message.contains("secret"), "{error}");
}

struct Certificates {
    folder: String,
}

impl Certificates {
    fn there() -> Option<Self> {
        variable("WEIR_TEST_KAFKA_CERTS").map(|folder| Self { folder })
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}

#[tokio::test]
async fn tls_with_the_right_authority() {
    let (Some(servers), Some(certificates)) =
        (variable("WEIR_TEST_KAFKA_SSL"), Certificates::there())
    else {
        return;
    };
    let authority = certificates.path("ca.pem");
    let by_file = [
        ("security.protocol", "SSL"),
        ("ssl.truststore.type", "PEM"),
        ("ssl.truststore.location", &authority),
        ("ssl.endpoint.identification.algorithm", "https"),
    ];
    check_works(&connect(&servers, &by_file).await.unwrap()).await;
    // As in one line of a properties file.
    let text = certificates.text("ca.pem").replace('\n', " ");
    let by_text = [
        ("security.protocol", "SSL"),
        ("ssl.truststore.certificates", &text),
    ];
    check_works(&connect(&servers, &by_text).await.unwrap()).await;
}

#[tokio::test]
async fn tls_with_a_stranger_is_refused() {
    let (Some(servers), Some(certificates)) =
        (variable("WEIR_TEST_KAFKA_SSL"), Certificates::there())
    else {
        return;
    };
    let stranger = certificates.path("stranger-ca.pem");
    let properties = [
        ("security.protocol", "SSL"),
        ("ssl.truststore.location", &stranger),
    ];
    check_refused(
        &servers,
        &properties,
        ErrorKind::Unauthorized,
        &[&servers, "certificate", "`ssl.`"],
    )
    .await;
    // Mozilla's authorities did not sign it either.
    let properties = [("security.protocol", "SSL")];
    check_refused(
        &servers,
        &properties,
        ErrorKind::Unauthorized,
        &[&servers, "certificate"],
    )
    .await;
}

#[tokio::test]
async fn mutual_tls() {
    let (Some(servers), Some(certificates)) =
        (variable("WEIR_TEST_KAFKA_MTLS"), Certificates::there())
    else {
        return;
    };
    let authority = certificates.path("ca.pem");
    let keystore = certificates.path("client-keystore.pem");
    let tls = [
        ("security.protocol", "SSL"),
        ("ssl.truststore.location", authority.as_str()),
    ];
    let by_file = [
        &tls[..],
        &[
            ("ssl.keystore.type", "PEM"),
            ("ssl.keystore.location", &keystore),
        ],
    ]
    .concat();
    check_works(&connect(&servers, &by_file).await.unwrap()).await;

    let (chain, key) = (
        certificates.text("client.pem"),
        certificates.text("client-encrypted.key"),
    );
    let by_text = [
        &tls[..],
        &[
            ("ssl.keystore.certificate.chain", chain.as_str()),
            ("ssl.keystore.key", key.as_str()),
            ("ssl.key.password", "key-secret"),
        ],
    ]
    .concat();
    check_works(&connect(&servers, &by_text).await.unwrap()).await;

    check_refused(&servers, &tls, ErrorKind::Unauthorized, &[&servers]).await;
}

#[tokio::test]
async fn tls_spoken_to_a_plain_listener_and_the_other_way_round() {
    let (Some(plain), Some(tls)) = (variable("WEIR_TEST_KAFKA"), variable("WEIR_TEST_KAFKA_SSL"))
    else {
        return;
    };
    let short = ("request.timeout.ms", "3000");
    let error = connect(&plain, &[("security.protocol", "SSL"), short])
        .await
        .unwrap_err();
    assert!(error.message.contains(&plain), "{error}");
    let error = connect(&tls, &[short]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    assert!(error.message.contains("`security.protocol`"), "{error}");
}

fn login(mechanism: &str, user: &str, password: &str) -> String {
    let module = match mechanism {
        "PLAIN" => "plain.PlainLoginModule",
        _ => "scram.ScramLoginModule",
    };
    format!(
        r#"org.apache.kafka.common.security.{module} required username="{user}" password="{password}";"#
    )
}

#[tokio::test]
async fn sasl_with_and_without_tls() {
    let (Some(sasl), Some(sasl_ssl), Some(certificates)) = (
        variable("WEIR_TEST_KAFKA_SASL"),
        variable("WEIR_TEST_KAFKA_SASL_SSL"),
        Certificates::there(),
    ) else {
        return;
    };
    let user = variable("WEIR_TEST_KAFKA_USER").unwrap();
    let password = variable("WEIR_TEST_KAFKA_PASSWORD").unwrap();
    let authority = certificates.path("ca.pem");
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let login = login(mechanism, &user, &password);
        let properties = [
            ("sasl.mechanism", mechanism),
            ("sasl.jaas.config", login.as_str()),
        ];
        let plain = [&properties[..], &[("security.protocol", "SASL_PLAINTEXT")]].concat();
        check_works(&connect(&sasl, &plain).await.unwrap()).await;
        let tls = [
            &properties[..],
            &[
                ("security.protocol", "SASL_SSL"),
                ("ssl.truststore.location", &authority),
            ],
        ]
        .concat();
        check_works(&connect(&sasl_ssl, &tls).await.unwrap()).await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_said_to_be_one() {
    let Some(servers) = variable("WEIR_TEST_KAFKA_SASL") else {
        return;
    };
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        for (user, password) in [("alice", "wrong-secret"), ("nobody", "alice-secret")] {
            let login = login(mechanism, user, password);
            let properties = [
                ("security.protocol", "SASL_PLAINTEXT"),
                ("sasl.mechanism", mechanism),
                ("sasl.jaas.config", &login),
            ];
            let user = format!("user `{user}` with {mechanism}");
            let parts = [servers.as_str(), &user, "`sasl.jaas.config`"];
            check_refused(&servers, &properties, ErrorKind::Unauthorized, &parts).await;
        }
    }
}

#[tokio::test]
async fn no_broker_at_all_is_unavailable() {
    let properties = [("request.timeout.ms", "2000")];
    check_refused(
        "127.0.0.1:1",
        &properties,
        ErrorKind::Unavailable,
        &["127.0.0.1:1", "`bootstrap.servers`"],
    )
    .await;
}
