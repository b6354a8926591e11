//! The session that the first users know: look at the topics, declare the stream, look at it, deploy the rule, test it.
//! Each step is a run of `weir sql` of its own, on a broker that outlives them.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::{Place, Process, Target, read};

const STREAM: &str = "rules/winlogevents.sql";
const RULE: &str = "rules/antivirus_enumeration.sql";

/// An event that the rule finds; the `JSON` of Winlogbeat, cut down.
fn event(host: &str) -> String {
    format!(
        r#"{{"winlog":{{"event_id":4688,"event_data":{{"CommandLine":"wmic path AntiVirusProduct get displayName,productState","ParentProcessName":"C:\\Windows\\explorer.exe"}}}},"host":{{"hostname":"{host}"}}}}"#
    ) + "\n"
}

struct Session {
    place: Place,
    target: Target,
}

impl Session {
    fn sql(&self, statements: &str) -> String {
        let arguments = self.target.on(&["sql", "--execute", statements]);
        self.place.run(&arguments).ok()
    }

    fn produce(&self, topic: &str, lines: &str) {
        let arguments = self.target.on(&["produce", topic]);
        self.place.run_with(&arguments, lines.as_bytes()).ok();
    }
}

#[test]
fn statement_by_statement() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let session = Session { place, target };
    let cases = read("examples/windows-events/seedrule-cases.ndjson");
    session.produce("wineventlogs", &cases);

    // The topics: internal ones are hidden, ALL shows them.
    let expected = "
 Kafka Topic                 | Partitions | Partition Replicas 
---------------------------------------------------------------
 default_ksql_processing_log | 1          | 1                  
 wineventlogs                | 1          | 1                  
---------------------------------------------------------------
";
    assert_eq!(session.sql("LIST TOPICS;"), expected);
    assert_eq!(session.sql("SHOW TOPICS"), expected);
    let all = session.sql("SHOW ALL TOPICS;");
    assert!(all.contains(" _weir_default__statements"), "{all}");

    // The records as they are.
    let printed = session.sql("PRINT wineventlogs FROM BEGINNING LIMIT 3;");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 6, "{printed}");
    assert!(lines[0].starts_with("Key format: "), "{printed}");
    assert_eq!(lines[1], "Value format: JSON or KAFKA_STRING");
    for (line, case) in lines[2..5].iter().zip(cases.lines()) {
        let rest = line.split_once(", key: <null>, value: ");
        let (time, value) = rest.unwrap_or_else(|| panic!("{line}"));
        assert!(
            time.starts_with("rowtime: 2") && time.ends_with(" Z"),
            "{time}"
        );
        assert_eq!(value, format!("{case}, partition: 0"));
    }
    assert_eq!(lines[5], "Topic printing ceased");
    let wrong = session
        .target
        .on(&["sql", "--execute", "PRINT WinEventLogs;"]);
    let text = session.place.run(&wrong).refused();
    assert!(
        text.contains("Could not find topic 'WinEventLogs'"),
        "{text}"
    );
    assert!(
        text.contains("Did you mean:\n\tprint wineventlogs"),
        "{text}"
    );

    // The declaration, with everything that is in it.
    let created = session.sql(&read(STREAM));
    assert!(created.contains(" Stream created "), "{created}");
    let described = session.sql("DESCRIBE winlogevents;");
    for field in [
        "Name                 : WINLOGEVENTS\n",
        " @timestamp | VARCHAR(STRING) ",
        "EVENT_DATA STRUCT<PROCESSID VARCHAR(STRING), COMMANDLINE VARCHAR(STRING)",
        "PROCESS STRUCT<PID INTEGER, THREAD STRUCT<ID INTEGER>>",
        "KEYWORDS ARRAY<VARCHAR(STRING)>",
    ] {
        assert!(described.contains(field), "{field} in {described}");
    }
    let again = session.target.on(&["sql", "--file"]);
    let stream = session.place.file("stream.sql", read(STREAM));
    let text = session
        .place
        .run(&[&again[..2], &[stream.as_str()], &again[2..]].concat())
        .refused();
    assert!(
        text.contains("A stream with the same name already exists"),
        "{text}"
    );

    // A look at it: what is there already only if asked for.
    let rows = session.sql(
        "SET 'auto.offset.reset'='earliest';
         SELECT `@timestamp`, winlog->event_id, host->os->name, winlog->keywords[1] AS word
         FROM WINLOGEVENTS EMIT CHANGES LIMIT 2;",
    );
    assert!(
        rows.contains("Successfully changed local property 'auto.offset.reset' to 'earliest'.")
    );
    assert!(
        rows.contains(
            "|@timestamp        |EVENT_ID          |NAME              |WORD              |"
        ),
        "{rows}"
    );
    assert!(rows.contains("|2024-12-23T10:00:0|4688 "), "{rows}");
    assert!(
        rows.ends_with("Limit Reached\nQuery terminated\n"),
        "{rows}"
    );
    let select = [
        "sql",
        "--execute",
        "SELECT * FROM WINLOGEVENTS EMIT CHANGES;",
    ];
    let mut looking = Process::start(&mut session.place.weir(&session.target.on(&select)));
    looking.wait_for_output("|@times|@metad|WINLOG|");
    looking.signal(Signal::SIGINT);
    let output = looking.done().ok();
    assert!(!output.contains("|2024-"), "no record is new: {output}");
    assert!(output.ends_with("-+\nQuery terminated\n"), "{output}");

    // The rule. Its topic is there already, as somebody made it.
    session.produce("windows_alerts", "");
    let created = session.sql(&read(RULE));
    assert!(
        created.contains(" Created query with ID CSAS_WINDOWS_ALERTS_1 "),
        "{created}"
    );
    let queries = session.sql("SHOW QUERIES;");
    assert!(
        queries.contains(
            " CSAS_WINDOWS_ALERTS_1 | PERSISTENT | RUNNING:1 | WINDOWS_ALERTS | windows_alerts "
        ),
        "{queries}"
    );

    // The test: a record from now on, and only that one, is an alert.
    session.produce("wineventlogs", &event("PC1"));
    let select =
        "SET 'auto.offset.reset'='earliest'; SELECT * FROM WINDOWS_ALERTS EMIT CHANGES LIMIT 1;";
    let alert = session.sql(select);
    assert!(
        alert.contains(
            "|HOST                    |COMMANDLINE             |PARENTIMAGE             |"
        ),
        "{alert}"
    );
    assert!(
        alert.contains(
            "|PC1                     |wmic path AntiVirusProdu|C:\\Windows\\explorer.exe |"
        ),
        "{alert}"
    );
    let consume = [
        "consume",
        "windows_alerts",
        "--from-beginning",
        "--max",
        "1",
    ];
    let alert = session.place.run(&session.target.on(&consume)).ok();
    let expected = "{\"HOST\":\"PC1\",\"COMMANDLINE\":\"wmic path AntiVirusProduct get displayName,productState\",\"PARENTIMAGE\":\"C:\\\\Windows\\\\explorer.exe\"}\n";
    assert_eq!(alert, expected);

    // The end of it, in the order that lets go.
    let dropped = session.sql("TERMINATE CSAS_WINDOWS_ALERTS_1; DROP STREAM WINDOWS_ALERTS DELETE TOPIC; SHOW QUERIES; SHOW TOPICS;");
    assert!(!dropped.contains("| windows_alerts"), "{dropped}");
    assert!(
        dropped.contains("Source `WINDOWS_ALERTS` (topic: windows_alerts) was dropped."),
        "{dropped}"
    );
}

#[test]
fn answers_as_json() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let session = Session { place, target };
    session.produce("wineventlogs", &event("PC1"));
    session.sql(&read(STREAM));
    let select = "SELECT host->hostname AS h, winlog->version AS v FROM WINLOGEVENTS;";
    let arguments = [
        "sql",
        "--output",
        "json",
        "--execute",
        &format!("SHOW STREAMS; {select}"),
    ];
    let output = session.place.run(&session.target.on(&arguments)).ok();
    let values: Vec<Value> = serde_json::Deserializer::from_str(&output)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(values.len(), 4, "{output}");
    assert_eq!(values[0][0]["@type"], "streams");
    assert_eq!(values[1]["header"]["schema"], "`H` STRING, `V` INTEGER");
    assert_eq!(
        values[2]["row"]["columns"],
        serde_json::json!(["PC1", null])
    );
    assert_eq!(values[3]["finalMessage"], "Query Completed");
}

#[test]
fn a_script_stops_at_the_first_error_and_names_its_place() {
    let place = Place::new();
    let target = Target::embedded(&place);
    let script = "SHOW STREAMS;\n\nCREATE STREAM s (a INT)\n  WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);\nSELECT a,\n  b FROM s;\nSHOW TOPICS;\n";
    let script = place.file("script.sql", script);
    let done = place.run(&target.on(&["sql", "--file", &script]));
    assert_eq!(done.status.code(), Some(1));
    assert!(done.stdout.contains(" Stream created "), "{done:#?}");
    assert!(!done.stdout.contains("Partition Replicas"), "{done:#?}");
    let expected = format!(
        "error: Line: 6, Col: 3: SELECT column 'B' cannot be resolved.\n  --> {script}:6:3\n  6 |   b FROM s;\n        ^\nhint: did you mean `A`?\n"
    );
    assert_eq!(done.stderr, expected);
}

/// The same without a terminal: statements on standard input.
#[test]
fn statements_are_read_from_a_pipe() {
    let place = Place::new();
    let output = place
        .run_with(&["sql"], b"SHOW STREAMS;\nSHOW QUERIES;\n")
        .ok();
    assert!(output.contains(" KSQL_PROCESSING_LOG "), "{output}");
    assert!(output.contains("EXPLAIN <Query ID>;"), "{output}");
    let left = std::fs::read_dir(place.temporary()).unwrap().count();
    assert_eq!(left, 0, "the temporary folder is gone");
}

#[test]
fn a_full_description_has_what_queries_did() {
    let script =
        b"CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
        CREATE STREAM x AS SELECT * FROM s WHERE a = 1;
        DESCRIBE s EXTENDED;";
    let output = Place::new().run_with(&["sql"], script).ok();
    let expected = "\nLocal runtime statistics\n------------------------\n\
                    CSAS_X_1: 0 records read, 0 looked at, 0 matched, 0 errors, 0.000000 s\n";
    assert!(output.contains(expected), "{output}");
}

#[test]
fn the_temporary_folder_is_gone_however_it_ends() {
    let place = Place::new();
    let select = "SELECT * FROM KSQL_PROCESSING_LOG EMIT CHANGES;";
    for (signal, status) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 0)] {
        let mut process = Process::start(&mut place.weir(&["sql", "--execute", select]));
        process.wait_for_output("+---");
        assert_eq!(std::fs::read_dir(place.temporary()).unwrap().count(), 1);
        process.signal(signal);
        assert_eq!(process.done().status.code(), Some(status), "{signal}");
        assert_eq!(
            std::fs::read_dir(place.temporary()).unwrap().count(),
            0,
            "{signal}"
        );
    }
}

/// A look at what comes, while somebody else produces it: two processes, so on a Kafka.
#[test]
fn kafka_rows_come_while_they_are_looked_at() {
    let place = Place::new();
    let Some(target) = Target::kafka(&place, "look") else {
        return;
    };
    let session = Session { place, target };
    let topic = (session.target.topic)("wineventlogs");
    session.produce(&topic, &event("EARLY"));
    let declaration = read(STREAM).replace("'wineventlogs'", &format!("'{topic}'"));
    let select = "SELECT host->hostname, winlog->event_id FROM WINLOGEVENTS EMIT CHANGES;";
    let sql = format!("{declaration}\n{select}");
    let arguments = session.target.on(&["sql", "--execute", &sql]);
    let mut looking = Process::start(&mut session.place.weir(&arguments));
    looking.wait_for_output("|HOSTNAME ");
    for host in ["PC1", "PC2"] {
        session.produce(&topic, &event(host));
        looking.wait_for_output(&format!("|{host} "));
    }
    looking.signal(Signal::SIGINT);
    let output = looking.done().ok();
    assert!(!output.contains("EARLY"), "{output}");
    assert!(output.ends_with("Query terminated\n"), "{output}");
}
