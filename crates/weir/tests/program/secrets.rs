//! No secret in any line that the program writes of itself, at any level: what comes in by the properties file, `--set`, the
//! environment, statements and the wire to a broker is grepped for in all that goes out.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use crate::{
    http::Server,
    support::{Done, LIMIT, Place, Process},
};

/// Every one ends alike, so that one search finds all.
const MARK: &str = "hunter2";

const EVERYTHING: [&str; 4] = ["--log", "trace", "--log-format", "json"];

#[track_caller]
fn check(done: &Done) {
    for (stream, text) in [("stdout", &done.stdout), ("stderr", &done.stderr)] {
        for line in text.lines() {
            assert!(!line.contains(MARK), "a secret on {stream}: {line}");
        }
    }
}

/// A broker that speaks so much of Kafka's protocol that a client tells it its password, and then does not believe it.
fn doubting_broker() -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let sender = sender.clone();
            std::thread::spawn(move || serve(stream, |password| sender.send(password).unwrap()));
        }
    });
    (address, told)
}

/// Answers until the other side leaves.
fn serve(mut stream: TcpStream, heard: impl Fn(Vec<u8>)) {
    let mut size = [0; 4];
    while stream.read_exact(&mut size).is_ok() {
        let mut request = vec![0; u32::from_be_bytes(size) as usize];
        stream.read_exact(&mut request).unwrap();
        let key = u16::from_be_bytes([request[0], request[1]]);
        let mut answer = request[4..8].to_vec();
        match key {
            // ApiVersions, for whatever version: "not supported", in version 0, and what is.
            18 => {
                answer.extend(35_u16.to_be_bytes());
                answer.extend(3_u32.to_be_bytes());
                for (key, most) in [(17_u16, 1_u16), (18, 0), (36, 1)] {
                    for number in [key, 0, most] {
                        answer.extend(number.to_be_bytes());
                    }
                }
            }
            // SaslHandshake: PLAIN will do.
            17 => {
                answer.extend(0_u16.to_be_bytes());
                answer.extend(1_u32.to_be_bytes());
                answer.extend(5_u16.to_be_bytes());
                answer.extend(b"PLAIN");
            }
            // SaslAuthenticate: failed.
            36 => {
                heard(request);
                answer.extend(58_u16.to_be_bytes());
                answer.extend(2_u16.to_be_bytes());
                answer.extend(b"no");
                answer.extend(0_u32.to_be_bytes());
                answer.extend(0_u64.to_be_bytes());
            }
            other => panic!("request {other} before we know who asks"),
        }
        let size = u32::try_from(answer.len()).unwrap();
        stream.write_all(&size.to_be_bytes()).unwrap();
        stream.write_all(&answer).unwrap();
    }
}

#[test]
fn a_password_goes_to_the_broker_and_nowhere_else() {
    let (address, told) = doubting_broker();
    let jaas = |password: &str| {
        format!(
            "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"alice\" password=\"{password}\";"
        )
    };
    let connection = format!(
        "bootstrap.servers={address}\nsecurity.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nrequest.timeout.ms=4000\n"
    );
    // What is for others than the client comes along in such files.
    let others = format!(
        "ksql.schema.registry.basic.auth.user.info=user:{MARK}\nksql.schema.registry.ssl.keystore.password={MARK}\n"
    );
    let place = Place::new();
    let script = place.file(
        "rules.sql",
        "CREATE STREAM s (a INT) WITH (kafka_topic='s', value_format='JSON');",
    );
    // The same secret by each of the three ways.
    for way in ["file", "set", "environment"] {
        let password = format!("{way}-{MARK}");
        let jaas = jaas(&password);
        let mut file = format!("{connection}{others}");
        if way == "file" {
            file.push_str(&format!("sasl.jaas.config={jaas}\n"));
        }
        let file = place.file("client.properties", file);
        let data = place.path("data");
        let set = format!("sasl.jaas.config={jaas}");
        let mut arguments = vec!["run", &script, "--config", &file, "--data", &data];
        arguments.extend(EVERYTHING);
        if way == "set" {
            arguments.extend(["--set", &set]);
        }
        let mut command = place.weir(&arguments);
        command.env("KSQL_CONFLUENT_METADATA_TOKEN", MARK);
        if way == "environment" {
            command.env("KSQL_SASL_JAAS_CONFIG", &jaas);
        }
        let done = Process::start(&mut command).done();
        // It is really sent, so that there was something to leak.
        let heard = told.recv_timeout(LIMIT).unwrap();
        let sent = String::from_utf8_lossy(&heard).into_owned();
        assert!(sent.contains(&password), "{way}: {sent}");
        while told.recv_timeout(Duration::ZERO).is_ok() {}
        check(&done);
        assert_eq!(done.status.code(), Some(1), "{done:#?}");
        // The lines of the client are among those that were looked at.
        let is_trace = |target: &str| done.stderr.contains(&format!("\"target\":\"{target}"));
        assert!(is_trace("krafka::network"), "{}", done.stderr);
        assert!(
            done.stderr.contains("alice"),
            "who we are is said: {}",
            done.stderr
        );
    }
}

#[test]
fn secrets_that_are_configured_wrongly_are_not_repeated() {
    let place = Place::new();
    let data = place.path("data");
    let key =
        format!("ssl.keystore.key=-----BEGIN PRIVATE KEY-----{MARK}-----END PRIVATE KEY-----");
    let check_set = |settings: &[&str]| {
        let mut arguments = vec!["sql", "--execute", "SHOW TOPICS;", "--data", &data];
        arguments.extend(EVERYTHING);
        arguments.extend(["--bootstrap-servers", "127.0.0.1:1"]);
        arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        let done = place.run(&arguments);
        check(&done);
        assert!(!done.status.success(), "{done:#?}");
    };
    let jaas = format!("sasl.jaas.config=nonsense password={MARK}");
    check_set(&[
        "security.protocol=SASL_PLAINTEXT",
        "sasl.mechanism=PLAIN",
        &jaas,
    ]);
    check_set(&["sasl.mechanism=PLAIN", &jaas]);
    let password = format!("ssl.key.password={MARK}");
    check_set(&[
        "security.protocol=SSL",
        "ssl.keystore.type=PEM",
        &key,
        &password,
    ]);
    check_set(&["security.protocol=SSL", &password]);
    check_set(&[&password]);
    check_set(&[&format!("ssl.key.password:{MARK}")]);
    check_set(&[
        &format!("ssl.keystore.password={MARK}"),
        "ssl.keystore.type=JKS",
    ]);
}

#[test]
fn what_a_request_says_of_who_asks_is_in_no_log() {
    let place = Place::new();
    let (data, token, password) = (place.path("data"), format!("t-{MARK}"), format!("p-{MARK}"));
    let credentials = place.file(
        "credentials",
        format!("user:alice:{password}\ntoken:{token}\n"),
    );
    let mut arguments = vec!["server", "--listen", "127.0.0.1:0", "--embedded", &data];
    arguments.extend(["--credentials", &credentials]);
    arguments.extend(EVERYTHING);
    let server = Server::of(Process::start(&mut place.weir(&arguments)));
    let address = server.address().to_owned();
    let ask = |request: &str, authorization: &str, body: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let length = body.len();
        write!(stream, "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{authorization}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(ask("GET /info", &bearer, ""), "200");
    // alice:p-hunter2, and the same with another password.
    let basic = |text: &str| format!("Authorization: Basic {text}\r\n");
    assert_eq!(ask("GET /info", &basic("YWxpY2U6cC1odW50ZXIy"), ""), "200");
    assert_eq!(
        ask("GET /info", &basic("YWxpY2U6cC1odW50ZXIyMg=="), ""),
        "401"
    );
    let wrong = format!("Authorization: Bearer {MARK}\r\n");
    assert_eq!(ask("GET /info", &wrong, ""), "401");
    // Not a WebSocket's handshake: what counts is that the token stands in the path.
    ask(&format!("GET /ws/query?access_token={token}"), "", "");
    ask(&format!("GET /ws/query?access_token=no-{MARK}"), "", "");
    let statement =
        format!(r#"{{"ksql":"CREATE SOURCE CONNECTOR c WITH ('connection.password'='{MARK}');"}}"#);
    assert_eq!(ask("POST /ksql", &bearer, &statement), "400");
    let setting =
        format!(r#"{{"ksql":"SHOW TOPICS;","streamsProperties":{{"sasl.jaas.config":"{MARK}"}}}}"#);
    ask("POST /ksql", &bearer, &setting);
    let torn = format!(r#"{{"ksql":"SHOW TOPICS;","ssl.key.password":"{MARK}""#);
    ask("POST /ksql", &bearer, &torn);
    let done = server.stop();
    check(&done);
    for encoded in ["YWxpY2U6cC1odW50ZXIy", "YWxpY2U6cC1odW50ZXIyMg"] {
        assert!(!done.stderr.contains(encoded), "{encoded} is in a log line");
    }
    assert!(
        done.stderr.contains("\"target\":\"weir_server"),
        "no request is logged"
    );
}

#[test]
fn secrets_in_statements_are_covered() {
    let place = Place::new();
    let folder = place.path("broker");
    for statement in [
        format!("SET 'sasl.jaas.config' = 'password={MARK}';"),
        format!("SET 'ssl.key.password' = '{MARK}"),
        format!(
            "CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', SSL_KEY_PASSWORD='{MARK}', PARTITIONS=1);"
        ),
        format!(
            "CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1, 'basic.auth.credentials'='{MARK}');"
        ),
        format!(
            "CREATE SOURCE CONNECTOR c WITH ('connector.class'='x', \"connection.password\"='{MARK}');"
        ),
        format!(
            "CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', ssl_key_password='{MARK}') oops;"
        ),
    ] {
        let mut arguments = vec!["sql", "--execute", &statement, "--embedded", &folder];
        arguments.extend(EVERYTHING);
        let done = place.run(&arguments);
        check(&done);
        assert!(!done.status.success(), "{statement}: {done:#?}");
        let mut arguments = vec!["sql", "--embedded", &folder, "--file", "-"];
        arguments.extend(EVERYTHING);
        let done = place.run_with(
            &arguments,
            format!("SHOW TOPICS;\n{statement}\n").as_bytes(),
        );
        check(&done);
    }
}
