//! `weir server`: what every client sees, byte for byte where clients look.

use std::{
    io::{Read, Write},
    process::Command,
    time::Instant,
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::{
    http::{SOON, Server, read_answer, read_until},
    support::{Place, Process, Target},
};

const CREATE: &str = "CREATE STREAM s (k VARCHAR KEY, v INT, d DECIMAL(30, 10)) WITH (kafka_topic='s', value_format='JSON', partitions=1);";

fn start() -> (Place, Server) {
    let place = Place::new();
    let server = Server::start(&place, &Target::embedded(&place), &[]);
    (place, server)
}

#[test]
fn statements_are_answered_with_entities() {
    let (_place, server) = start();
    let created = server.ksql(CREATE).ok();
    let entity = &created[0];
    assert_eq!(entity["@type"], "currentStatus");
    assert_eq!(entity["statementText"], CREATE);
    assert_eq!(entity["commandId"], "stream/`S`/create");
    assert_eq!(
        entity["commandStatus"],
        json!({"status": "SUCCESS", "message": "Stream created", "queryId": null})
    );
    // Statements that have nothing to say have no entity.
    let inserted = server.ksql(
        "SET 'auto.offset.reset'='earliest'; DEFINE n='1'; INSERT INTO s VALUES ('a', ${n}, 12345678901234567890.0123456789);",
    );
    assert_eq!(inserted.ok(), json!([]));
    assert_eq!(
        server.query("SELECT * FROM s EMIT CHANGES LIMIT 1;")[1..],
        [
            // A JSON number holds all digits of it.
            serde_json::from_str::<Value>(
                r#"{"row":{"columns":["a",1,12345678901234567890.0123456789]}}"#
            )
            .unwrap(),
            json!({"finalMessage": "Limit Reached"})
        ]
    );
    let status = server.get("/status/stream/%60S%60/create").ok();
    assert_eq!(status["status"], "SUCCESS");
    assert_eq!(
        server.get("/status").ok(),
        json!({"commandStatuses": {"stream/`S`/create": "SUCCESS"}})
    );
    server.get("/status/stream/x/create").refused(40400);
    server.stop();
}

#[test]
fn rows_have_the_form_that_was_asked_for() {
    let (_place, server) = start();
    server.ksql(CREATE).ok();
    server
        .ksql("INSERT INTO s VALUES ('a', 1, 2.5); INSERT INTO s VALUES ('b', NULL, NULL);")
        .ok();
    let ask = |path: &str, accept: &str, body: Value| {
        let headers = format!("Content-Type: application/json\n{accept}");
        let answer = server.ask(&format!("POST {path}"), &headers, &body.to_string());
        let content_type = answer
            .head
            .lines()
            .find_map(|line| line.strip_prefix("content-type: "));
        let content_type = content_type.unwrap_or_default().to_owned();
        // The id is another each time.
        let id = answer.body.find("query_").unwrap();
        let end = id + answer.body[id..].find('"').unwrap();
        (
            content_type,
            answer.body.replace(&answer.body[id..end], "ID"),
        )
    };
    let v1 = "[{\"header\":{\"queryId\":\"ID\",\"schema\":\"`K` STRING, `V` INTEGER, `D` DECIMAL(30, 10)\"}},\n{\"row\":{\"columns\":[\"a\",1,2.5000000000]}},\n{\"row\":{\"columns\":[\"b\",null,null]}},\n{\"finalMessage\":\"Query Completed\"}]";
    let metadata = r#"{"queryId":"ID","columnNames":["K","V","D"],"columnTypes":["STRING","INTEGER","DECIMAL(30, 10)"]}"#;
    let query = || json!({"ksql": "SELECT * FROM s;"});
    let sql = || json!({"sql": "SELECT * FROM s;"});
    let v1_type = "application/vnd.ksql.v1+json".to_owned();
    assert_eq!(ask("/query", "", query()), (v1_type.clone(), v1.to_owned()));
    assert_eq!(
        ask("/query", "Accept: application/json", query()),
        ("application/json".to_owned(), v1.to_owned())
    );
    assert_eq!(
        ask(
            "/query-stream",
            "Accept: application/vnd.ksql.v1+json",
            sql()
        ),
        (v1_type, v1.to_owned())
    );
    assert_eq!(
        ask("/query-stream", "", sql()),
        (
            "application/vnd.ksqlapi.delimited.v1".to_owned(),
            format!("{metadata}\n[\"a\",1,2.5000000000]\n[\"b\",null,null]\n")
        )
    );
    assert_eq!(
        ask("/query-stream", "Accept: application/json", sql()),
        (
            "application/json".to_owned(),
            format!("[{metadata},[\"a\",1,2.5000000000],[\"b\",null,null]]")
        )
    );
    server
        .ask(
            "POST /query-stream",
            "Accept: text/html",
            &sql().to_string(),
        )
        .refused(40600);
    server.stop();
}

#[test]
fn what_is_wrong_has_a_code_and_a_place() {
    let (_place, server) = start();
    server.ksql(CREATE).ok();
    let syntax = server.ksql("SHOW NOTHING;").refused(40001);
    assert_eq!(syntax["@type"], "statement_error");
    assert_eq!(syntax["statementText"], "SHOW NOTHING;");
    assert_eq!(syntax["entities"], json!([]));
    assert!(
        syntax["message"]
            .as_str()
            .unwrap()
            .starts_with("line 1:6: ")
    );
    server.ksql("SELECT * FROM s;").refused(40002);
    // Nothing runs, wherever the SELECT comes from.
    server
        .ksql("DEFINE t='s'; CREATE STREAM never AS SELECT * FROM s; SELECT * FROM ${t} EMIT CHANGES;")
        .refused(40002);
    let json = server.ask(
        "POST /ksql",
        "Content-Type: application/json\nAccept: application/json",
        "{",
    );
    assert!(
        json.head.contains("content-type: application/json\r"),
        "{json:?}"
    );
    server.ksql("PRINT s;").refused(40002);
    // Nobody reads this machine's files from outside.
    let script = server.ksql("RUN SCRIPT '/etc/hostname';").refused(40001);
    assert!(
        script["message"]
            .as_str()
            .unwrap()
            .contains("not taken from others")
    );
    server
        .ksql("SHOW STREAMS; RUN SCRIPT '/etc/hostname';")
        .refused(40001);
    // One that is wrong leaves none done.
    server
        .ksql("CREATE STREAM t AS SELECT * FROM s; CREATE STREAM u AS SELECT nope FROM s;")
        .refused(40001);
    assert_eq!(server.ksql("SHOW QUERIES;").ok()[0]["queries"], json!([]));
    // One that fails when it runs leaves those before it done, and they have their answers.
    let late = server
        .ksql("CREATE STREAM t AS SELECT * FROM s; ASSERT TOPIC none TIMEOUT 1 MILLISECONDS;")
        .refused(41700);
    assert_eq!(late["@type"], "statement_error");
    assert_eq!(late["entities"][0]["commandStatus"]["status"], "SUCCESS");
    assert_eq!(
        late["statementText"],
        "ASSERT TOPIC none TIMEOUT 1 MILLISECONDS;"
    );
    let unknown = json!({"ksql": "SHOW STREAMS;", "streamsProperties": {"nope": 1}});
    let unknown = server.post("/ksql", &unknown).refused(40000);
    assert_eq!(unknown["@type"], "generic_error");
    assert_eq!(unknown["message"], "Unknown property: nope");
    let late = json!({"ksql": "SHOW STREAMS;", "commandSequenceNumber": 1000});
    let waited = Instant::now();
    server.post("/ksql", &late).refused(50301);
    assert!(waited.elapsed().as_secs() >= 5);
    let early = json!({"ksql": "SHOW STREAMS;", "commandSequenceNumber": 0});
    server.post("/ksql", &early).ok();
    server
        .post("/query", &json!({"ksql": "SHOW STREAMS;"}))
        .refused(40001);
    server
        .post(
            "/query",
            &json!({"ksql": "SELECT * FROM s; SELECT * FROM s;"}),
        )
        .refused(40000);
    server
        .post("/query", &json!({"ksql": "SELECT * FROM nope;"}))
        .refused(40001);
    server
        .post("/ksql", &json!({"sql": "SHOW STREAMS;"}))
        .refused(40000);
    let broken = server.ask(
        "POST /ksql",
        "Content-Type: application/json",
        "{\"ksql\": ",
    );
    assert!(
        broken.refused(40000)["message"]
            .as_str()
            .unwrap()
            .contains("column 9")
    );
    server
        .ask("POST /ksql", "Content-Type: text/plain", "{}")
        .refused(41500);
    server
        .post("/close-query", &json!({"queryId": "X"}))
        .refused(40000);
    server
        .post("/inserts-stream", &json!({"target": "s"}))
        .refused(40004);
    server.post("/heartbeat", &json!({})).refused(40005);
    let nothing = server.get("/nothing");
    assert_eq!((nothing.status, nothing.body.as_str()), (404, "Not Found"));
    assert_eq!(server.get("/ksql").status, 405);
    server.stop();
}

#[test]
fn the_server_says_what_and_how_it_is() {
    let (_place, server) = start();
    let info = server.get("/info").ok();
    assert_eq!(info["KsqlServerInfo"]["ksqlServiceId"], "default_");
    assert_eq!(info["KsqlServerInfo"]["serverStatus"], "RUNNING");
    let root = server.get("/");
    assert!(
        root.status == 307 && root.head.contains("location: /info"),
        "{root:?}"
    );
    let health = server.get("/healthcheck").ok();
    assert_eq!(health["isHealthy"], true);
    assert_eq!(health["serverState"], "READY");
    assert_eq!(server.get("/chc/ready").ok(), json!({}));
    assert_eq!(server.get("/chc/live").ok(), json!({}));
    let id = server.get("/v1/metadata/id").ok();
    assert_eq!(server.get("/v1/metadata").ok()["clusterId"], id);
    assert_eq!(id["scope"]["clusters"]["ksql-cluster"], "default_");
    assert_eq!(
        server.get("/clusterStatus").ok()["clusterStatus"][server.address()]["hostAlive"],
        true
    );
    assert_eq!(
        server.get("/is_valid_property/auto.offset.reset").ok(),
        true
    );
    server
        .get("/is_valid_property/ksql.service.id")
        .refused(40000);
    server.stop();
}

#[test]
fn pages_of_other_sites_are_refused() {
    let (_place, server) = start();
    server
        .ask("GET /info", "Host: evil.example", "")
        .refused(40300);
    server
        .ask("GET /info", "Origin: http://evil.example", "")
        .refused(40300);
    server.ask("GET /info", "Origin: null", "").refused(40300);
    let own = format!("Origin: {}", server.url);
    server.ask("GET /info", &own, "").ok();
    let local = server.address().replace("127.0.0.1", "localhost");
    server.ask("GET /info", &format!("Host: {local}"), "").ok();
    server.stop();
}

#[test]
fn pages_of_origins_that_may_are_let_in() {
    let place = Place::new();
    let file = place.file("people", "token:t0ken\n");
    let allowed = "--set=access.control.allow.origin=https://soc.example,https://b.example";
    let server = Server::start(
        &place,
        &Target::embedded(&place),
        &["--credentials", &file, allowed],
    );
    // A browser asks first, and says nothing of who it is.
    let preflight = "Origin: https://soc.example\nAccess-Control-Request-Method: POST\nAccess-Control-Request-Headers: authorization";
    let may = server.ask("OPTIONS /ksql", preflight, "");
    assert_eq!(may.status, 200, "{may:?}");
    assert!(
        may.head
            .contains("access-control-allow-origin: https://soc.example"),
        "{may:?}"
    );
    assert!(may.head.contains("authorization"), "{may:?}");
    let asked = server.ask(
        "GET /info",
        "Origin: https://soc.example\nAuthorization: Bearer t0ken\nSec-Fetch-Site: cross-site",
        "",
    );
    assert!(
        asked
            .head
            .contains("access-control-allow-origin: https://soc.example"),
        "{asked:?}"
    );
    asked.ok();
    let others = server.ask("OPTIONS /ksql", &preflight.replace("soc", "evil"), "");
    assert!(
        !others.head.contains("access-control-allow-origin"),
        "{others:?}"
    );
    server
        .ask(
            "GET /info",
            "Origin: https://evil.example\nAuthorization: Bearer t0ken",
            "",
        )
        .refused(40300);
    server.stop();
}

#[test]
fn who_is_not_in_the_file_is_not_let_in() {
    let place = Place::new();
    let file = place.file("people", "user:alice:wonder:land\ntoken:t0ken\n");
    let server = Server::start(&place, &Target::embedded(&place), &["--credentials", &file]);
    let refused = server.get("/info");
    assert!(
        refused.head.contains("www-authenticate: basic"),
        "{refused:?}"
    );
    refused.refused(40100);
    server
        .ask("GET /info", "Authorization: Basic YWxpY2U6bm8=", "")
        .refused(40100);
    server
        .ask(
            "GET /info",
            "Authorization: Basic YWxpY2U6d29uZGVyOmxhbmQ=",
            "",
        )
        .ok();
    server
        .ask("GET /info", "Authorization: Bearer t0ken", "")
        .ok();
    // A proxy in front of it may call it by another name.
    server
        .ask(
            "GET /info",
            "Host: soc.example\nAuthorization: Bearer t0ken",
            "",
        )
        .ok();
    server.stop();
    // Nobody is let in from outside without it.
    let open = place.run(&[
        "server",
        "--embedded",
        &place.path("b"),
        "--listen",
        "0.0.0.0:0",
    ]);
    assert!(
        open.refused()
            .contains("hint: name a file of users and tokens with --credentials")
    );
}

#[test]
fn tls_is_spoken_in_both_versions_of_http() {
    let place = Place::new();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]);
    let made = made.unwrap();
    let certificate = place.file("server.crt", made.cert.pem());
    let key = place.file("server.key", made.signing_key.serialize_pem());
    let server = Server::start(
        &place,
        &Target::embedded(&place),
        &["--tls-certificate", &certificate, "--tls-key", &key],
    );
    assert!(server.url.starts_with("https://"), "{}", server.url);
    for version in ["--http1.1", "--http2"] {
        let output = Command::new("curl")
            .args([
                "--silent",
                "--show-error",
                version,
                "--cacert",
                &certificate,
            ])
            .args(["--write-out", " HTTP/%{http_version}"])
            .arg(format!("{}/info", server.url))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("KsqlServerInfo"), "{output:?}");
        assert!(
            text.ends_with(&version.replace("--http", " HTTP/")),
            "{text}"
        );
    }
    server.stop();
    let alone = place.run(&["server", "--embedded", &place.path("b"), "--tls-key", &key]);
    assert!(alone.refused().contains("name both"));
}

#[test]
fn a_push_query_ends_when_it_is_closed_terminated_or_left() {
    let (_place, server) = start();
    server.ksql(CREATE).ok();
    let open = || {
        let mut stream = server.connect();
        let body = json!({"ksql": "SELECT * FROM s EMIT CHANGES;"}).to_string();
        let request = format!(
            "POST /query HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            server.address(),
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let head = read_until(&mut stream, "\"queryId\":\"");
        let head = match head.contains("\",\"schema\"") {
            true => head,
            false => head + &read_until(&mut stream, "\",\"schema\""),
        };
        let id = head.split("\"queryId\":\"").nth(1).unwrap();
        (stream, id.split('"').next().unwrap().to_owned())
    };
    let rest = |mut stream: std::net::TcpStream| {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    let (closed, id) = open();
    let listed = server.ksql("SHOW QUERIES;").ok();
    assert_eq!(listed[0]["queries"][0]["id"], id.as_str());
    assert_eq!(listed[0]["queries"][0]["queryType"], "PUSH");
    assert_eq!(
        server.post("/close-query", &json!({"queryId": id})).status,
        200
    );
    assert!(rest(closed).contains("]\r\n0\r\n"), "the array is closed");
    let (terminated, id) = open();
    let answer = server.ksql(&format!("TERMINATE {id};")).ok();
    assert_eq!(answer[0]["@type"], "terminate_query");
    assert_eq!(answer[0]["wasTerminated"], true);
    assert!(rest(terminated).contains("{\"finalMessage\":\"Query Terminated\"}]"));
    let (left, _) = open();
    drop(left);
    let since = Instant::now();
    while server.ksql("SHOW QUERIES;").ok()[0]["queries"] != json!([]) {
        assert!(since.elapsed() < SOON, "a query outlives its client");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // At the end of the server, too, there is a last message.
    let (at_the_end, _) = open();
    let stopping = Instant::now();
    server.stop();
    assert!(stopping.elapsed() < SOON, "{:?}", stopping.elapsed());
    assert!(rest(at_the_end).contains("{\"finalMessage\":\"The server is shutting down\"}]"));
}

#[test]
fn there_are_bounds_and_each_says_so() {
    let place = Place::new();
    let sets = [
        "--set=weir.http.max.body.bytes=2000",
        "--set=weir.http.max.statement.bytes=1000",
        "--set=ksql.max.push.queries=1",
        "--set=weir.http.header.timeout.ms=300",
        "--set=weir.http.body.timeout.ms=300",
    ];
    let server = Server::start(&place, &Target::embedded(&place), &sets);
    server.ksql(CREATE).ok();
    let long = server.ksql(&format!("SHOW STREAMS; -- {}", "x".repeat(1000)));
    assert!(
        long.refused(40000)["message"]
            .as_str()
            .unwrap()
            .contains("weir.http.max.statement.bytes")
    );
    let longer = server.ksql(&"x".repeat(3000)).refused(41300);
    assert!(
        longer["message"]
            .as_str()
            .unwrap()
            .contains("weir.http.max.body.bytes")
    );
    // A head that is too long, one that never ends, and a body that never comes.
    let large = server.ask(
        "GET /info",
        &format!("X-Large: {}", "x".repeat(200_000)),
        "",
    );
    assert_eq!(large.status, 431, "{large:?}");
    let mut slow = server.connect();
    slow.write_all(b"GET /info HT").unwrap();
    let mut nothing = String::new();
    // Closed, whether or not with a word about it.
    let _ = slow.read_to_string(&mut nothing);
    assert!(
        nothing.is_empty() || nothing.starts_with("HTTP/1.1 4"),
        "{nothing}"
    );
    let mut half = server.connect();
    let head = format!(
        "POST /ksql HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 100\r\n\r\n{{",
        server.address()
    );
    half.write_all(head.as_bytes()).unwrap();
    let answer = read_answer(half);
    assert!(
        answer.refused(40800)["message"]
            .as_str()
            .unwrap()
            .contains("weir.http.body.timeout.ms")
    );
    let mut first = server.connect();
    let follow = format!(
        "GET /topics/s/records?follow=true HTTP/1.1\r\nHost: {}\r\n\r\n",
        server.address()
    );
    first.write_all(follow.as_bytes()).unwrap();
    read_until(&mut first, "200 OK");
    let asked = server.post(
        "/query",
        &json!({"ksql": "SELECT * FROM s EMIT CHANGES LIMIT 1;"}),
    );
    let refused = asked.refused(40003);
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("ksql.max.push.queries")
    );
    server.stop();
}

#[test]
fn lines_go_into_topics_and_come_out() {
    let (_place, server) = start();
    server.ksql(CREATE).ok();
    let ndjson = "Content-Type: application/x-ndjson";
    let written = server.ask(
        "POST /topics/s/records?key_separator=%7C",
        ndjson,
        "a|{\"v\":1}\n\nb|{\"v\":2}",
    );
    assert_eq!(
        written.ok(),
        json!({"topic": "s", "records": 2, "offsets": [{"partition": 0, "first": 0, "last": 1}]})
    );
    let values = server.get("/topics/s/records");
    assert_eq!(values.body, "{\"v\":1}\n{\"v\":2}\n");
    assert!(values.head.contains("content-type: application/x-ndjson"));
    let one = server.get("/topics/s/records?envelope=true&limit=1").body;
    let one: Value = serde_json::from_str(&one).unwrap();
    assert_eq!((&one["key"], &one["offset"]), (&json!("a"), &json!(0)));
    assert_eq!(
        server.query("SELECT k, v FROM s;")[1]["row"]["columns"],
        json!(["a", 1])
    );
    // A line without the separator has no key; a topic that is not there is made if somebody says how.
    let made = "POST /topics/made/records?key_separator=%7C&partitions=1";
    assert_eq!(server.ask(made, ndjson, "c|{}\n{}").ok()["records"], 2);
    let made = server.get("/topics/made/records?envelope=true").body;
    let keys: Vec<Value> = made
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["key"].clone())
        .collect();
    assert_eq!(keys, [json!("c"), Value::Null]);
    server
        .ask("POST /topics/none/records", ndjson, "{}")
        .refused(40400);
    server
        .ask(
            "POST /topics/_weir_default__statements/records",
            ndjson,
            "{}",
        )
        .refused(40300);
    server
        .ask("POST /topics/s/records", "Content-Type: text/plain", "{}")
        .refused(41500);
    server.stop();
}

#[test]
fn a_server_that_starts_again_goes_on() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let server = Server::start(&place, &target, &[]);
    server.ksql(CREATE).ok();
    let query = server.ksql("CREATE STREAM t AS SELECT k, v FROM s;").ok();
    let id = query[0]["commandStatus"]["queryId"]
        .as_str()
        .unwrap()
        .to_owned();
    let sign = std::fs::read_to_string(place.path("broker/server.json")).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&sign).unwrap()["url"],
        server.url.as_str()
    );
    server.stop();
    assert!(!std::path::Path::new(&place.path("broker/server.json")).exists());
    let server = Server::start(&place, &target, &[]);
    assert_eq!(
        server.get("/status/stream/%60T%60/create").ok()["queryId"],
        id.as_str()
    );
    server.ksql("INSERT INTO s VALUES ('a', 1, 2);").ok();
    let rows = server.query("SELECT * FROM t EMIT CHANGES LIMIT 1;");
    assert_eq!(rows[1]["row"]["columns"], json!(["a", 1]));
    // Two servers on one folder: the second names the first.
    let second = place.run(&target.on(&["server", "--listen", "127.0.0.1:0"]));
    let pid = server.process.id().to_string();
    assert!(second.refused().contains(&pid));
    server.stop();
}

#[test]
fn the_whole_service_can_be_ended() {
    let (_place, server) = start();
    server.ksql(CREATE).ok();
    server.ksql("CREATE STREAM keep WITH (kafka_topic='keep') AS SELECT * FROM s; CREATE STREAM gone WITH (kafka_topic='gone') AS SELECT * FROM s;").ok();
    server
        .post("/ksql/terminate", &json!({"deleteTopicList": ["("]}))
        .refused(40000);
    let ended = server
        .post(
            "/ksql/terminate",
            &json!({"deleteTopicList": ["go.*", "s"]}),
        )
        .ok();
    assert_eq!(ended[0]["commandStatus"]["status"], "SUCCESS");
    server.ksql("SHOW STREAMS;").refused(50304);
    assert_eq!(server.get("/healthcheck").ok()["serverState"], "TERMINATED");
    server.get("/topics/gone/records").refused(50304);
    server.stop();
}

#[test]
fn a_signal_while_it_starts_ends_it_too() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let process =
        Process::start(&mut place.weir(&target.on(&["server", "--listen", "127.0.0.1:0"])));
    process.signal(Signal::SIGTERM);
    let done = process.done();
    // Before it listened to signals, or after.
    assert!(done.status.code().is_none_or(|code| code == 0), "{done:?}");
}

/// One frame of a WebSocket: its opcode, and what is in it. Servers mask nothing.
fn frame(stream: &mut std::net::TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    stream.read_exact(&mut head).unwrap();
    let length = match head[1] {
        126 => {
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            usize::from(u16::from_be_bytes(length))
        }
        short => usize::from(short),
    };
    let mut content = vec![0; length];
    stream.read_exact(&mut content).unwrap();
    (head[0] & 0x0f, content)
}

/// All frames of a query over a WebSocket: texts, then the code of the close frame.
fn over_websocket(server: &Server, request: &Value) -> (Vec<Value>, u16) {
    let request: String = request
        .to_string()
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    let mut stream = server.connect();
    let upgrade = format!(
        "GET /ws/query?version=1&request={request} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.address()
    );
    stream.write_all(upgrade.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(
        head.starts_with(b"HTTP/1.1 101"),
        "{}",
        String::from_utf8_lossy(&head)
    );
    let mut texts = Vec::new();
    loop {
        match frame(&mut stream) {
            (1, text) => texts.push(serde_json::from_slice(&text).unwrap()),
            (8, close) => return (texts, u16::from_be_bytes([close[0], close[1]])),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn rows_come_over_a_websocket() {
    let (_place, server) = start();
    server.ksql(CREATE).ok();
    server
        .ksql("INSERT INTO s VALUES ('a', 1, 2.5); INSERT INTO s VALUES ('b', 2, 1);")
        .ok();
    let earliest = json!({"auto.offset.reset": "earliest"});
    let query =
        json!({"ksql": "SELECT k, v FROM s EMIT CHANGES LIMIT 2;", "streamsProperties": earliest});
    let (texts, code) = over_websocket(&server, &query);
    let field = |name: &str, kind: &str| json!({"name": name, "schema": {"type": kind, "fields": null, "memberSchema": null}});
    assert_eq!(
        texts,
        [
            json!([field("K", "STRING"), field("V", "INTEGER")]),
            json!({"row": {"columns": ["a", 1]}}),
            json!({"row": {"columns": ["b", 2]}}),
            json!({"error": "done"}),
        ]
    );
    assert_eq!(code, 1000);
    let print = json!({"ksql": "PRINT s FROM BEGINNING LIMIT 1;"});
    let (texts, code) = over_websocket(&server, &print);
    assert!(
        texts[2].as_str().unwrap().starts_with("rowtime: "),
        "{texts:?}"
    );
    assert_eq!(code, 1000);
    let (texts, code) = over_websocket(&server, &json!({"ksql": "SELECT nope FROM s;"}));
    assert!(
        texts[0]["error"]
            .as_str()
            .unwrap()
            .contains("'NOPE' cannot be resolved")
    );
    assert_eq!(code, 1003);
    server.stop();
}
