//! The prompt, scripts, `produce` and `consume` over a server.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::{
    http::Server,
    prompt::Terminal,
    support::{Place, Process, Target, read},
};

/// What statements print, given to `weir sql` with the server's URL.
fn sql(server: &Server, place: &Place, statements: &str) -> String {
    place
        .run(&["sql", &server.url, "--execute", statements])
        .ok()
}

/// What is pasted: line ends are not keys.
fn pasted(text: &str) -> String {
    format!("\u{1b}[200~{text}\u{1b}[201~")
}

fn event(host: &str) -> String {
    format!(
        r#"{{"winlog":{{"event_id":4688,"event_data":{{"CommandLine":"wmic path AntiVirusProduct get displayName,productState","ParentProcessName":"C:\\Windows\\explorer.exe"}}}},"host":{{"hostname":"{host}"}}}}"#
    ) + "\n"
}

/// The session that the first users know, typed in a terminal against a server.
fn session_against(place: &Place, target: &Target) {
    let server = Server::start(place, target, &[]);
    let (events, alerts) = (
        (target.topic)("wineventlogs"),
        (target.topic)("windows_alerts"),
    );
    let produce = |lines: &str| {
        let arguments = ["produce", &events, "--url", &server.url];
        let done = place.run_with(&arguments, lines.as_bytes());
        assert_eq!(
            done.stderr,
            format!(
                "{} written to `{events}`\n",
                match lines.lines().count() {
                    1 => "1 record".to_owned(),
                    several => format!("{several} records"),
                }
            )
        );
        done.ok();
    };
    let cases = read("examples/windows-events/seedrule-cases.ndjson");
    produce(&cases);
    let Some(mut terminal) = Terminal::open_with(place, &["sql", &server.url], &[]) else {
        return;
    };
    // A Kafka may have more topics than the screen has lines.
    let shown = terminal.run("\\pset pager off");
    assert!(shown.contains("Pager usage is off."), "{shown}");
    let shown = terminal.run("LIST TOPICS;");
    assert!(shown.contains(&format!(" {events}")), "{shown}");
    let shown = terminal.run(&format!("PRINT '{events}' FROM BEGINNING LIMIT 1;"));
    assert!(
        shown.contains("Value format: JSON or KAFKA_STRING\r\n"),
        "{shown}"
    );
    assert!(shown.contains(", key: <null>, value: {"), "{shown}");
    assert!(shown.contains("Topic printing ceased"), "{shown}");
    let declaration = read("rules/winlogevents.sql");
    let declaration = declaration.replace("'wineventlogs'", &format!("'{events}'"));
    let shown = terminal.run(&pasted(declaration.trim_end()));
    assert!(shown.contains(" Stream created "), "{shown}");
    let shown = terminal.run("DESCRIBE winlogevents;");
    assert!(
        shown.contains("Name                 : WINLOGEVENTS\r\n"),
        "{shown}"
    );
    // What was declared is completed, down into its members.
    terminal.keys("SELECT winlog->event_data->comm");
    terminal.press_until_screen("\t", "a member is completed", |screen| {
        screen.contains("SELECT winlog->event_data->commandline")
    });
    terminal.drop_line();
    let shown = terminal.run("SET 'auto.offset.reset'='earliest';");
    assert!(
        shown.contains("Successfully changed local property 'auto.offset.reset' to 'earliest'."),
        "{shown}"
    );
    let shown = terminal
        .run("SELECT host->os->name, winlog->event_id FROM WINLOGEVENTS EMIT CHANGES LIMIT 2;");
    assert!(shown.contains("|NAME "), "{shown}");
    assert!(shown.contains("|4688 "), "{shown}");
    assert!(
        shown.contains("Limit Reached\r\nQuery terminated\r\n"),
        "{shown}"
    );
    let rule = read("rules/antivirus_enumeration.sql");
    let rule = rule.replace("'windows_alerts'", &format!("'{alerts}'"));
    terminal.run("UNSET 'auto.offset.reset';");
    let shown = terminal.run(&pasted(rule.trim_end()));
    assert!(
        shown.contains(" Created query with ID CSAS_WINDOWS_ALERTS_"),
        "{shown}"
    );
    let shown = terminal.run("SHOW QUERIES;");
    assert!(shown.contains("RUNNING:1"), "{shown}");
    // An alert comes while it is looked for.
    terminal.keys("SELECT host, commandline FROM WINDOWS_ALERTS EMIT CHANGES;\r");
    terminal.wait_for("|HOST ");
    terminal.wait_for_screen("a line says how it goes", |screen| {
        screen.contains("0 rows, 0 rows/s")
    });
    produce(&event("PC1"));
    terminal.wait_for("|PC1 ");
    terminal.wait_for_screen("the line counts", |screen| screen.contains("1 row, "));
    terminal.keys("\u{3}");
    terminal.wait_for("Query terminated");
    terminal.wait_for_prompt();
    terminal.wait_for_screen("the line is gone", |screen| !screen.contains("rows/s"));
    // It is gone at the server as well.
    let shown = terminal.run("SHOW QUERIES;");
    assert!(!shown.contains("transient_"), "{shown}");
    let consume = [
        "consume",
        &alerts,
        "--from-beginning",
        "--max",
        "1",
        "--url",
        &server.url,
    ];
    let alert: Value = serde_json::from_str(&place.run(&consume).ok()).unwrap();
    assert_eq!(alert["HOST"], "PC1");
    let shown = terminal.run("SELECT nope FROM WINLOGEVENTS;");
    assert!(shown.contains("'NOPE' cannot be resolved"), "{shown}");
    assert!(
        shown.contains("  1 | SELECT nope FROM WINLOGEVENTS;\r\n             ^^^^\r\n"),
        "{shown}"
    );
    for (typed, expected) in [
        ("version", "Version: "),
        ("server", server.url.as_str()),
        ("request-pipelining ON", "configuration: ON"),
        ("request-pipelining off", "configuration: OFF"),
        (
            "server http://127.0.0.1:1",
            "no server can be reached at http://127.0.0.1:1",
        ),
        ("SHOW TYPES;", "Type Name"),
        ("SET 'no.such.property' = '1';", "no.such.property"),
        ("SET 'auto.offset.reset' = 'somewhere';", "somewhere"),
        ("DEFINE who = 'PC1';", ""),
        ("SELECT '${who}' AS w FROM WINLOGEVENTS LIMIT 1;", "|PC1 "),
        ("SHOW VARIABLES;", " who "),
        (
            "UNDEFINE nobody;",
            "Cannot undefine variable 'nobody' which was never defined",
        ),
    ] {
        let shown = terminal.run(typed);
        assert!(shown.contains(expected), "{typed}: {shown}");
    }
    let shown = terminal.run("TERMINATE ALL; DROP STREAM WINDOWS_ALERTS DELETE TOPIC; DROP STREAM WINLOGEVENTS DELETE TOPIC;");
    assert!(shown.contains("`WINLOGEVENTS`"), "{shown}");
    terminal.keys("\u{4}");
    terminal.ends();
    server.stop();
}

#[test]
fn the_session_on_the_embedded_broker() {
    let place = Place::new();
    session_against(&place, &Target::embedded(&place));
}

#[test]
fn kafka_the_session() {
    let place = Place::new();
    if let Some(target) = Target::kafka(&place, "remote-session") {
        session_against(&place, &target);
    }
}

#[test]
fn scripts_run_at_a_server() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let server = Server::start(&place, &target, &[]);
    let created = sql(
        &server,
        &place,
        "CREATE STREAM s (a INT, b DECIMAL(30, 5)) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1); INSERT INTO s VALUES (1, 1234567890123456789012345.12345); INSERT INTO s VALUES (2, 0.50000)",
    );
    assert!(created.contains(" Stream created "), "{created}");
    let arguments = [
        "sql",
        &server.url,
        "--output",
        "json",
        "--define",
        "least=1",
        "--execute",
        "SHOW STREAMS; SELECT * FROM s WHERE a >= ${least};",
    ];
    let output = place.run(&arguments).ok();
    let values: Vec<Value> = serde_json::Deserializer::from_str(&output)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(values[0][0]["@type"], "streams");
    assert_eq!(
        values[1]["header"]["schema"],
        "`A` INTEGER, `B` DECIMAL(30, 5)"
    );
    assert_eq!(
        values[2]["row"]["columns"],
        serde_json::json!([1, "1234567890123456789012345.12345"]),
        "digits are kept"
    );
    assert_eq!(
        values[3]["row"]["columns"],
        serde_json::json!([2, "0.50000"])
    );
    assert_eq!(values[4]["finalMessage"], "Query Completed");
    // A statement that is refused is a failure, and has its place.
    let script = place.file(
        "script.sql",
        "SHOW STREAMS;\n\nSELECT a,\n  nope FROM s;\nSHOW TOPICS;\n",
    );
    let done = place.run(&["sql", &server.url, "--file", &script]);
    assert_eq!(done.status.code(), Some(1));
    assert!(done.stdout.contains(" Stream Name "), "{done:#?}");
    assert!(!done.stdout.contains("Partition Replicas"), "{done:#?}");
    assert!(
        done.stderr.contains(&format!(
            "  --> {script}:4:3\n  4 |   nope FROM s;\n        ^^^^\n"
        )),
        "{done:#?}"
    );
    // A file as one, in which the first statements were done.
    let as_one = place.file("one.sql", "CREATE STREAM t (a INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);\nSHOW STREAMS;\n");
    let output = sql(&server, &place, &format!("RUN SCRIPT '{as_one}';"));
    assert!(
        output.contains(" Stream created ") && output.contains(" T "),
        "{output}"
    );
    // Queries without an end have one here.
    let select = "SET 'auto.offset.reset'='earliest'; SELECT a FROM s EMIT CHANGES;";
    let limited = [
        "sql",
        &server.url,
        "--query-row-limit",
        "1",
        "--execute",
        select,
    ];
    let output = place.run(&limited).ok();
    assert!(
        output.ends_with("Limit Reached\nQuery terminated\n"),
        "{output}"
    );
    let timed = [
        "sql",
        &server.url,
        "--query-timeout",
        "500",
        "--execute",
        select,
    ];
    let output = place.run(&timed).ok();
    assert!(
        output.contains("|2 ") && output.ends_with("\nQuery terminated\n"),
        "{output}"
    );
    // Ctrl-C ends a query, and that is no failure.
    let mut looking = Process::start(&mut place.weir(&["sql", &server.url, "--execute", select]));
    looking.wait_for_output("|2 ");
    looking.signal(Signal::SIGINT);
    assert!(looking.done().ok().ends_with("Query terminated\n"));
    let left = sql(&server, &place, "SHOW QUERIES;");
    assert!(!left.contains("transient_"), "{left}");
    server.stop();
}

#[test]
fn the_server_of_a_folder_is_found() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let server = Server::start(&place, &target, &[]);
    let done = place.run_with(
        &target.on(&["produce", "t", "--partitions", "2"]),
        b"a\n\nb c\nd\n",
    );
    let note = format!(
        "is the folder of the server at {}; going on through it\n",
        server.url
    );
    assert!(done.stderr.contains(&note), "{done:#?}");
    assert!(
        done.stderr.ends_with("3 records written to `t`\n"),
        "{done:#?}"
    );
    done.ok();
    let consume = target.on(&["consume", "t", "--from-beginning", "--max", "3"]);
    let consumed = place.run(&consume).ok();
    let mut lines: Vec<_> = consumed.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["a", "b c", "d"]);
    let done = place.run(&target.on(&["sql", "--execute", "SHOW TOPICS;"]));
    assert!(done.stderr.contains(&note), "{done:#?}");
    assert!(done.ok().contains(" t                           | 2 "));
    // Keys, as without a server.
    let keyed = target.on(&["produce", "k", "--key-separator", "::"]);
    place.run_with(&keyed, b"k1::v1\nno key\n").ok();
    let print = target.on(&["sql", "--execute", "PRINT k FROM BEGINNING LIMIT 2;"]);
    let printed = place.run(&print).ok();
    assert!(
        printed.contains(", key: k1, value: v1, ")
            && printed.contains(", key: <null>, value: no key, "),
        "{printed}"
    );
    // A consumer that waits is ended by a signal.
    let mut waiting =
        Process::start(&mut place.weir(&target.on(&["consume", "t", "--from-beginning"])));
    waiting.wait_for_output("b c");
    waiting.signal(Signal::SIGTERM);
    waiting.done().ok();
    let text = place
        .run(&["consume", "nothing", "--url", &server.url])
        .refused();
    assert!(
        text.starts_with("error: Topic 'nothing' does not exist."),
        "{text}"
    );
    // Without a server the folder is one's own again.
    server.stop();
    assert_eq!(place.run(&consume).stderr, "");
}

#[test]
fn who_is_not_there_is_named() {
    let place = Place::new();
    let text = place
        .run(&["sql", "http://127.0.0.1:1", "--execute", "SHOW TOPICS;"])
        .refused();
    assert!(
        text.starts_with("error: no server can be reached at http://127.0.0.1:1: ")
            && text.contains("\nhint: start one with `weir server`"),
        "{text}"
    );
    let text = place
        .run(&["sql", "localhost:8088", "--execute", "x"])
        .refused();
    assert!(
        text.starts_with("error: `localhost:8088` is no server's address")
            && text.contains("\nhint: write http://HOST:PORT"),
        "{text}"
    );
    // Something else answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut connection, _) = listener.accept().unwrap();
        let _ = connection.read(&mut [0; 4096]);
        let _ = connection.write_all(b"220 mail.example ESMTP\r\n");
    });
    let text = place.run(&["sql", &url, "--execute", "x"]).refused();
    assert!(
        text.contains("does not answer as a ksqlDB or Weir server")
            || text.contains("the connection to"),
        "{text}"
    );
    answering.join().unwrap();
}

#[test]
fn a_server_that_wants_to_know_who_asks() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let credentials = place.file(
        "credentials",
        "user:alice:correct horse\ntoken:0123456789\n",
    );
    let server = Server::start(&place, &target, &["--credentials", &credentials]);
    let sql = ["sql", &server.url, "--execute", "SHOW TOPICS;"];
    let text = place.run(&sql).refused();
    assert!(
        text.contains("\nhint: say who you are with --user NAME"),
        "{text}"
    );
    let run = |more: &[&str], variables: &[(&str, &str)]| {
        let mut command = place.weir(&[&sql[..], more].concat());
        command.envs(variables.iter().copied());
        let mut process = Process::start(&mut command);
        process.close();
        process.done()
    };
    let right = [("WEIR_PASSWORD", "correct horse")];
    assert!(
        run(&["--user", "alice"], &right)
            .ok()
            .contains("Kafka Topic")
    );
    assert!(
        run(&["--user", "alice", "--password", "correct horse"], &[])
            .ok()
            .contains("Kafka Topic")
    );
    assert!(
        run(&[], &[("WEIR_TOKEN", "0123456789")])
            .ok()
            .contains("Kafka Topic")
    );
    let text = run(&["--user", "alice", "--password", "wrong horse"], &[]).refused();
    assert!(!text.contains("horse"), "{text}");
    let text = run(&["--user", "alice"], &[]).refused();
    assert!(text.contains("hint: give it in WEIR_PASSWORD"), "{text}");
    // At a terminal it is asked for, and not shown.
    let arguments = ["sql", &server.url, "--user", "alice"];
    let Some(mut terminal) = Terminal::start(&place, &arguments, &[]) else {
        return;
    };
    terminal.wait_for("Password of alice: ");
    terminal.keys("correct horse\r");
    let shown = terminal.wait_for("ksql>");
    assert!(!shown.contains("horse"), "{shown}");
    terminal.keys("\u{4}");
    terminal.ends();
    server.stop();
}

#[test]
fn a_server_with_tls() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])
        .unwrap();
    let certificate = place.file("certificate.pem", made.cert.pem());
    let key = place.file("key.pem", made.signing_key.serialize_pem());
    let tls = ["--tls-certificate", &certificate, "--tls-key", &key];
    let server = Server::start(&place, &target, &tls);
    assert!(server.url.starts_with("https://"), "{}", server.url);
    let sql = ["sql", &server.url, "--execute", "SHOW TOPICS;"];
    let trusted = [&sql[..], &["--cacert", &certificate]].concat();
    assert!(place.run(&trusted).ok().contains("Kafka Topic"));
    let text = place.run(&sql).refused();
    assert!(
        text.contains("certificate") && text.contains("hint: name the authority"),
        "{text}"
    );
    let plain = server.url.replace("https:", "http:");
    let text = place
        .run(&["sql", &plain, "--execute", "SHOW TOPICS;"])
        .refused();
    assert!(text.contains(&plain), "{text}");
    let text = place
        .run(&[&sql[..], &["--cacert", &key]].concat())
        .refused();
    assert!(text.contains("holds no certificate in PEM form"), "{text}");
    server.stop();
}

/// A server that says who it is, and then nothing any more.
fn silent_server() -> String {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut first = String::new();
            let _ = BufReader::new(&connection).read_line(&mut first);
            if first.starts_with("GET /info ") {
                let body = r#"{"KsqlServerInfo":{"version":"9.9","kafkaClusterId":"c","ksqlServiceId":"s","serverStatus":"RUNNING","more":1}}"#;
                let _ = write!(
                    connection,
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                continue;
            }
            open.push(connection);
        }
    });
    url
}

#[test]
fn a_server_that_does_not_answer_holds_nobody_up() {
    let place = Place::new();
    let url = silent_server();
    let Some(mut terminal) = Terminal::open_with(&place, &["sql", &url], &[]) else {
        return;
    };
    let shown = terminal.run("version");
    assert!(shown.contains("Version: 9.9"), "{shown}");
    // Names are not there; keywords are.
    terminal.keys("sel\t\t 1\u{15}");
    terminal.keys("SHOW TOPICS;\r");
    terminal.wait_for("\u{1b}[?2004l");
    terminal.press_until("\u{3}", "The answer was not waited for");
    terminal.wait_for_prompt();
    terminal.keys("\u{4}");
    terminal.ends();
}

/// A push query over a server, in a script, that has begun.
fn pushing(place: &Place, server: &Server) -> Process {
    let query = "SELECT message FROM KSQL_PROCESSING_LOG EMIT CHANGES;";
    let mut process = Process::start(&mut place.weir(&["sql", &server.url, "--execute", query]));
    process.wait_for_output("|MESSAGE ");
    process
}

#[test]
fn a_script_over_a_server_ends_when_it_is_told_to() {
    let place = Place::new();
    let server = Server::start(&place, &Target::embedded(&place), &[]);
    let process = pushing(&place, &server);
    process.signal(Signal::SIGTERM);
    assert_eq!(process.done().status.code(), Some(128 + 15));
    server.stop();
}

#[test]
fn a_query_that_the_servers_end_cut_off_is_a_failure() {
    let place = Place::new();
    let server = Server::start(&place, &Target::embedded(&place), &[]);
    let process = pushing(&place, &server);
    server.stop();
    let done = process.done();
    assert_eq!(done.status.code(), Some(1), "{done:#?}");
    assert!(done.stderr.contains("came to an early end"), "{done:#?}");
}
