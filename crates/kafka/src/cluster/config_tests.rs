use super::*;

fn properties(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (name, value) = line.split_once('=').expect("name=value");
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

fn config(text: &str) -> Result<ClusterConfig> {
    ClusterConfig::from_properties(&properties(text))
}

fn check_refused(text: &str, expected: &str) {
    let with_servers = format!("bootstrap.servers=localhost:9092\n{text}");
    let error = config(&with_servers).expect_err(text);
    assert_eq!(error.kind, ErrorKind::Invalid, "{text}");
    assert!(
        error.message.starts_with(expected),
        "{text}\n{}",
        error.message
    );
    assert!(!error.message.contains("s3cret"), "{}", error.message);
}

#[test]
fn the_defaults_are_those_of_kafkas_clients() {
    let config = ClusterConfig::new(" one:9092, two:9093,").expect("config");
    assert_eq!(config.bootstrap_servers, ["one:9092", "two:9093"]);
    assert_eq!(config.compression, Compression::None);
    assert_eq!(config.acks, Acks::All);
    assert_eq!(config.fetch_max_bytes, 52_428_800);
    assert_eq!(config.max_partition_fetch_bytes, 1_048_576);
    assert_eq!(config.fetch_max_wait, Duration::from_millis(500));
    assert_eq!(config.request_timeout, Duration::from_secs(30));
}

#[test]
fn values_are_read() {
    let config = config(
        "bootstrap.servers=[::1]:9092
        client.id=soc
        compression.type=zstd
        acks=1
        retries=3
        fetch.max.bytes=2000000
        max.partition.fetch.bytes=1000000
        fetch.min.bytes=10
        fetch.max.wait.ms=100
        request.timeout.ms=5000
        isolation.level=read_committed",
    )
    .expect("config");
    assert_eq!(config.client_id, "soc");
    assert_eq!(config.compression, Compression::Zstd);
    assert_eq!((config.acks, config.retries), (Acks::Leader, 3));
    assert_eq!(config.fetch_max_wait, Duration::from_millis(100));
    // No connection may take longer than the request that it is for.
    assert_eq!(config.connect_timeout, Duration::from_secs(5));
}

#[test]
fn what_is_wrong_names_the_property() {
    check_refused(
        "bootstrap.server=a:1",
        "`bootstrap.server` is not a setting",
    );
    check_refused(
        "compression.type=brotli",
        "`compression.type` is `brotli`; expected none, gzip",
    );
    check_refused("acks=0", "`acks` is 0: an alert that no broker");
    check_refused(
        "retries=many",
        "`retries` is `many`; expected a number from 0",
    );
    check_refused(
        "fetch.max.bytes=-1",
        "`fetch.max.bytes` is `-1`; expected a number from 1",
    );
    check_refused(
        "fetch.max.wait.ms=60000",
        "`fetch.max.wait.ms` is longer than",
    );
    check_refused(
        "isolation.level=read_uncommitted",
        "`isolation.level` is `read_uncommitted`",
    );
    check_refused(
        "enable.idempotence=false",
        "`enable.idempotence` is `false`",
    );
    check_refused(
        "security.protocol=TLS",
        "`security.protocol` is `TLS`; expected PLAINTEXT",
    );
    for servers in [
        "",
        "localhost",
        "localhost:",
        ":9092",
        "localhost:99999",
        "a:1,b",
    ] {
        let error = ClusterConfig::new(servers).expect_err(servers);
        assert!(
            error.message.contains("`bootstrap.servers`"),
            "{}",
            error.message
        );
    }
}

const PLAIN: &str = r#"sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="s3cret";"#;

#[test]
fn sasl_is_checked_before_anything_connects() {
    check_refused(
        "security.protocol=SASL_SSL",
        "`sasl.mechanism` is missing, but `security.protocol` is SASL_SSL",
    );
    check_refused(
        &format!("sasl.mechanism=PLAIN\n{PLAIN}"),
        "`security.protocol` is PLAINTEXT, but `sasl.mechanism` is set",
    );
    check_refused(
        &format!("security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI\n{PLAIN}"),
        "`sasl.mechanism` is `GSSAPI`; expected PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
    );
    check_refused(
        &format!("security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-256\n{PLAIN}"),
        "`sasl.jaas.config` is for another login module than SCRAM-SHA-256 needs",
    );
    check_refused(
        &format!(
            "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n{}",
            PLAIN.trim_end_matches(';')
        ),
        "`sasl.jaas.config` does not end with a semicolon",
    );
    check_refused(
        &format!(
            "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.kerberos.service.name=kafka\n{PLAIN}"
        ),
        "`sasl.kerberos.service.name` is not supported",
    );
}

#[test]
fn javas_stores_are_refused_with_the_way_to_pem() {
    check_refused(
        "security.protocol=SSL\nssl.truststore.location=/etc/trust.jks\nssl.truststore.type=JKS\nssl.truststore.password=s3cret",
        "`ssl.truststore.type` is JKS; only PEM is read: convert it with `keytool -list -rfc -keystore /etc/trust.jks > truststore.pem`",
    );
    check_refused(
        "security.protocol=SSL\nssl.keystore.location=/etc/key.p12\nssl.keystore.type=PKCS12\nssl.keystore.password=s3cret",
        "`ssl.keystore.type` is PKCS12; only PEM is read: convert it with `keytool -importkeystore",
    );
    let folder = tempfile::tempdir().expect("folder");
    let store = folder.path().join("store");
    std::fs::write(&store, [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2]).expect("written");
    check_refused(
        &format!(
            "security.protocol=SSL\nssl.truststore.location={}",
            store.display()
        ),
        &format!(
            "`ssl.truststore.location` names `{}`, which is not PEM; convert",
            store.display()
        ),
    );
}

#[test]
fn tls_settings_are_checked() {
    let refused = |text: &str, expected: &str| {
        check_refused(&format!("security.protocol=SSL\n{text}"), expected)
    };
    refused(
        "ssl.truststore.location=/no/such.pem",
        "`ssl.truststore.location` names `/no/such.pem`, which cannot be read",
    );
    refused(
        "ssl.endpoint.identification.algorithm=",
        "`ssl.endpoint.identification.algorithm` may only be `https`",
    );
    refused(
        "ssl.keystore.key=s3cret",
        "`ssl.keystore.certificate.chain` is missing",
    );
    refused(
        "ssl.key.password=s3cret",
        "`ssl.key.password` is set, but there is no",
    );
    refused(
        "ssl.cipher.suites=x",
        "`ssl.cipher.suites` is not supported",
    );
    refused(
        "ssl.truststore.certificates=s3cret",
        "`ssl.truststore.certificates` has no `-----BEGIN CERTIFICATE",
    );
    check_refused(
        "ssl.truststore.certificates=x",
        "`ssl.truststore.certificates` has no",
    );
}

#[test]
fn tls_properties_without_tls_are_refused() {
    let pem = "-----BEGIN CERTIFICATE----- QUJD -----END CERTIFICATE-----";
    check_refused(
        &format!("ssl.truststore.certificates={pem}"),
        "`security.protocol` is PLAINTEXT, but `ssl.` properties are set",
    );
}

#[test]
fn no_secret_is_ever_shown() {
    let key = "-----BEGIN PRIVATE KEY----- s3cret -----END PRIVATE KEY-----";
    let certificate = "-----BEGIN CERTIFICATE----- QUJD -----END CERTIFICATE-----";
    let config = config(&format!(
        "bootstrap.servers=a:1
        security.protocol=SASL_SSL
        sasl.mechanism=PLAIN
        {PLAIN}
        ssl.key.password=s3cret
        ssl.keystore.password=s3cret
        ssl.keystore.key={key}
        ssl.keystore.certificate.chain={certificate}"
    ))
    .expect("config");
    let shown = format!("{config:?} {config:#?}");
    assert!(
        shown.contains("alice") && shown.contains("[hidden]"),
        "{shown}"
    );
    assert!(!shown.contains("s3cret"), "{shown}");
}
