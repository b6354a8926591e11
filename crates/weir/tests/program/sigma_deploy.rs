//! `weir sigma deploy`: rules come, change and go on a server while events flow, and each event's alerts are exact.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    http::Server,
    sigma_eval::shared,
    support::{Done, LIMIT, Place, Process, Target},
};

/// Of a rule by its number.
fn id(number: usize) -> String {
    format!("5a1c0a4e-0000-4000-8000-{number:012}")
}

fn query_id(number: usize) -> String {
    format!("SIGMA_{}", id(number).to_uppercase().replace('-', "_"))
}

/// A rule that asks for a word in a field.
fn rule(place: &Place, number: usize, title: &str, field: &str, word: &str) {
    let text = format!(
        "title: {title}\nid: {}\nlevel: high\nlogsource: {{product: windows, category: process_creation}}\ndetection:\n  word: {{{field}|contains: '{word}'}}\n  condition: word\n",
        id(number)
    );
    std::fs::create_dir_all(place.path("rules")).unwrap();
    place.file(&format!("rules/{number}.yml"), text);
}

/// An event by its offset: `two` is in every second one, `three` in every third, `five` in the other field of every fifth.
fn event(number: usize) -> String {
    let word = |of: usize, word: &str| match number.is_multiple_of(of) {
        true => word.to_owned(),
        false => String::new(),
    };
    let command = format!("{} {} {number}", word(2, "two"), word(3, "three"));
    format!(
        r#"{{ "winlog" : {{"channel":"Security","event_id":4688,"event_data":{{"CommandLine":"{command}","CurrentDirectory":"{}"}}}} }}"#,
        word(5, "five")
    )
}

const ARGUMENTS: [&str; 9] = [
    "sigma", "deploy", "rules", "--topic", "events", "--sink", "alerts", "--output", "json",
];

/// Deploys; by title the action and the reason of each.
#[track_caller]
fn deployed(done: Done) -> BTreeMap<String, (String, String)> {
    let text = done.ok();
    let lines = text.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        (text("title"), (text("action"), text("reason")))
    });
    lines.collect()
}

#[track_caller]
fn check(done: Done, expected: &[(&str, &str)]) -> BTreeMap<String, (String, String)> {
    let lines = deployed(done);
    let actions: Vec<_> = lines
        .iter()
        .map(|(title, (action, _))| (title.as_str(), action.as_str()))
        .collect();
    assert_eq!(actions, expected, "{lines:?}");
    lines
}

fn on<'a>(server: &'a Server, more: &[&'a str]) -> Vec<&'a str> {
    [&ARGUMENTS[..], &["--url", &server.url], more].concat()
}

/// Its offset, the rule's id and title, the event.
type Alert = (usize, String, String, String);

/// What is in the alerts' stream, once there are so many.
#[track_caller]
fn rows(server: &Server, sink: &str, count: usize) -> Vec<Value> {
    let until = std::time::Instant::now() + LIMIT;
    loop {
        let mut found = server.query(&format!("SELECT SOURCE_OFFSET, RULE_ID FROM `{sink}`;"));
        found.retain(|element| element.get("row").is_some());
        if found.len() >= count {
            return found;
        }
        assert!(std::time::Instant::now() < until, "{found:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// All alerts that there are.
fn alerts(server: &Server) -> Vec<Alert> {
    let rows = server.query("SELECT SOURCE_OFFSET, RULE_ID, RULE_TITLE, EVENT FROM `alerts`;");
    let rows = rows
        .iter()
        .filter_map(|element| element["row"]["columns"].as_array());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let alert = |row: &Vec<Value>| {
        let offset = row[0].as_u64().unwrap() as usize;
        (offset, text(&row[1]), text(&row[2]), text(&row[3]))
    };
    rows.map(alert).collect()
}

/// The alerts, once they are as they should be: those that are on their way arrive.
#[track_caller]
fn landed(server: &Server, test: impl Fn(&[Alert]) -> bool) -> Vec<Alert> {
    let until = std::time::Instant::now() + LIMIT;
    loop {
        let alerts = alerts(server);
        if test(&alerts) {
            return alerts;
        }
        assert!(std::time::Instant::now() < until, "{} alerts", alerts.len());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until every query that is to run has read all events.
fn settle(server: &Server, sink: &str, events: usize) {
    let until = std::time::Instant::now() + 4 * LIMIT;
    loop {
        let answer = server.ksql(&format!("DESCRIBE `{sink}` EXTENDED;")).ok();
        let summaries = answer[0]["sourceDescription"]["queryOffsetSummaries"].clone();
        let mut offsets = summaries.as_array().unwrap().iter().map(|summary| {
            let offsets = &summary["topicSummaries"][0]["offsets"][0];
            (
                offsets["consumerOffset"].as_u64(),
                offsets["logEndOffset"].as_u64(),
            )
        });
        let end = Some(events as u64);
        if offsets.all(|offsets| offsets == (end, end)) {
            return;
        }
        assert!(std::time::Instant::now() < until, "{summaries}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Writes events until it is told to stop; gives how many there are then.
fn flow(
    place: &Arc<Place>,
    url: &str,
    from: usize,
) -> (Arc<AtomicBool>, std::thread::JoinHandle<usize>) {
    let is_over = Arc::new(AtomicBool::new(false));
    let (told, place, url) = (is_over.clone(), place.clone(), url.to_owned());
    let thread = std::thread::spawn(move || {
        let mut process = Process::start(&mut place.weir(&["produce", "events", "--url", &url]));
        let mut count = from;
        while !told.load(Ordering::Acquire) {
            for _ in 0..7 {
                process.write(format!("{}\n", event(count)).as_bytes());
                count += 1;
            }
            std::thread::sleep(Duration::from_millis(3));
        }
        process.close();
        process.done().ok();
        count
    });
    (is_over, thread)
}

#[test]
fn rules_come_change_and_go_while_events_flow_and_no_alert_is_missed_or_repeated() {
    let place = Arc::new(Place::new());
    rule(&place, 1, "Every second", "CommandLine", "two");
    rule(&place, 2, "Every third", "CommandLine", "three");
    let target = Target::embedded(&place);
    let server = Server::start(&place, &target, &[]);
    let deploy = |more: &[&str]| place.run(&on(&server, more));
    let said = deploy(&[]).refused();
    assert!(
        said.contains("error: there is no topic `events`\nhint: events come from it: is its name right? --partitions N makes it"),
        "{said}"
    );
    let all = [("Every second", "created"), ("Every third", "created")];
    check(deploy(&["--partitions", "1", "--dry-run"]), &all);
    assert_eq!(
        server.ksql("SHOW STREAMS;").ok()[0]["streams"]
            .as_array()
            .unwrap()
            .len(),
        1,
        "the processing log's"
    );
    check(deploy(&["--partitions", "1"]), &all);

    let (is_over, flowing) = flow(&place, &server.url, 0);
    let unchanged = [("Every second", "unchanged"), ("Every third", "unchanged")];
    check(deploy(&[]), &unchanged);
    let log = server.ksql("SHOW QUERIES;").ok();
    check(deploy(&[]), &unchanged);
    assert_eq!(
        server.ksql("SHOW QUERIES;").ok(),
        log,
        "nothing was touched"
    );

    // Another title, the same question.
    rule(&place, 1, "Every 2nd", "CommandLine", "two");
    let (mut second, third) = ("Every 2nd", ("Every third", "unchanged"));
    check(deploy(&[]), &[(second, "replaced"), third]);
    // By hand, and put right again.
    let by_hand = server.ksql(&format!(
        "INSERT INTO `alerts` WITH (QUERY_ID = '{}', OR_REPLACE = TRUE) SELECT '{}' AS RULE_ID, 'By hand' AS RULE_TITLE, 'low' AS RULE_LEVEL, ARRAY['x'] AS RULE_TAGS, 'me' AS RULE_AUTHOR, FROM_UNIXTIME(ROWTIME) AS EVENT_TIME, 'events' AS SOURCE_TOPIC, ROWPARTITION AS SOURCE_PARTITION, ROWOFFSET AS SOURCE_OFFSET, RAW_VALUE AS EVENT FROM `events` WHERE `winlog`->`event_data`->`CommandLine` LIKE '%two%';",
        query_id(1), id(1)
    ));
    assert_eq!(by_hand.status, 200, "{by_hand:?}");
    check(deploy(&["--dry-run"]), &[(second, "replaced"), third]);
    check(deploy(&[]), &[(second, "replaced"), third]);

    // A field that the stream has not, and a rule that is none.
    rule(&place, 3, "Every fifth", "CurrentDirectory", "five");
    rule(&place, 4, "Broken", "CommandLine|some", "x");
    let lines = check(
        deploy(&[]),
        &[
            ("Broken", "left_out"),
            (second, "unchanged"),
            ("Every fifth", "created"),
            third,
        ],
    );
    assert!(
        lines["Broken"]
            .1
            .contains("rules/4.yml:6:10: the modifier `some` is not known"),
        "{lines:?}"
    );
    let strict = deploy(&["--strict"]);
    assert_eq!(strict.status.code(), Some(3), "{strict:?}");
    // What becomes a wrong rule goes on as it was.
    rule(&place, 1, "Every other", "CommandLine|some", "two");
    let lines = check(
        deploy(&["--prune"]),
        &[
            ("Broken", "left_out"),
            ("Every fifth", "unchanged"),
            ("Every other", "left_out"),
            third,
        ],
    );
    assert!(
        lines["Every other"]
            .1
            .ends_with("; what was deployed of it before goes on"),
        "{lines:?}"
    );
    second = "Every other";
    rule(&place, 1, second, "CommandLine", "two");
    std::fs::remove_file(place.path("rules/4.yml")).unwrap();

    // One that is gone is listed, and goes when that is asked for, unless it may be in a file that cannot be read.
    std::fs::remove_file(place.path("rules/2.yml")).unwrap();
    check(
        deploy(&[]),
        &[
            ("Every fifth", "unchanged"),
            (second, "replaced"),
            ("Every third", "gone"),
        ],
    );
    let torn = place.file("rules/torn.yml", "title: [torn");
    let lines = check(
        deploy(&["--prune"]),
        &[
            ("", "left_out"),
            ("Every fifth", "unchanged"),
            (second, "unchanged"),
            ("Every third", "gone"),
        ],
    );
    let kept = "it is not dropped while something is left out that has no whole id: it may be that";
    assert_eq!(lines["Every third"].1, kept);
    // Nor while it may be in one that is cut off, and is YAML all the same.
    for rest in [
        "",
        "title: Every third\n",
        "title: Every third\nid: 5a1c0a4e\n",
    ] {
        std::fs::write(&torn, rest).unwrap();
        let lines = deployed(deploy(&["--prune"]));
        let gone = lines.values().filter(|(_, reason)| reason == kept);
        assert_eq!(gone.count(), 1, "{rest}: {lines:?}");
    }
    std::fs::remove_file(torn).unwrap();
    check(
        deploy(&["--prune"]),
        &[
            ("Every fifth", "unchanged"),
            (second, "unchanged"),
            ("Every third", "dropped"),
        ],
    );
    check(
        deploy(&["--prune"]),
        &[("Every fifth", "unchanged"), (second, "unchanged")],
    );

    is_over.store(true, Ordering::Release);
    let count = flowing.join().unwrap();
    let every = |of: usize, range: std::ops::Range<usize>| -> Vec<usize> {
        range.filter(|offset| offset.is_multiple_of(of)).collect()
    };
    let offsets = |number: usize, of: &[Alert]| -> Vec<usize> {
        let of_rule = of.iter().filter(|(_, rule_id, ..)| *rule_id == id(number));
        of_rule.map(|(offset, ..)| *offset).collect()
    };
    settle(&server, "alerts", count);
    let before = landed(&server, |alerts| {
        offsets(1, alerts).len() >= every(2, 0..count).len()
            && offsets(3, alerts).last() == every(5, 0..count).last()
    });
    assert_eq!(
        offsets(1, &before),
        every(2, 0..count),
        "each once, in order"
    );
    let thirds = offsets(2, &before);
    let last = *thirds.last().unwrap();
    assert_eq!(thirds, every(3, 0..last + 1), "up to where it was dropped");
    assert!(thirds.len() > 3 && last + 3 < count, "{thirds:?}");
    let fifths = offsets(3, &before);
    assert_eq!(
        fifths,
        every(5, fifths[0]..count),
        "from where it was accepted"
    );
    assert!(fifths.len() > 3 && fifths[0] > 0, "{fifths:?}");
    for (offset, rule_id, _, of_alert) in &before {
        assert_eq!(*of_alert, event(*offset), "{rule_id}: byte for byte");
    }
    let of_first = before.iter().filter(|(_, rule_id, ..)| *rule_id == id(1));
    let mut titles: Vec<&str> = of_first.map(|(_, _, title, _)| title.as_str()).collect();
    titles.dedup();
    let in_order = [
        "Every second",
        "Every 2nd",
        "By hand",
        "Every 2nd",
        "Every other",
    ];
    assert_eq!(titles, in_order, "one version after the other");

    // A server that is cut off goes on with all of it. What it had not acknowledged may come twice.
    server.process.kill_hard();
    let server = Server::start(&place, &target, &[]);
    let (is_over, flowing) = flow(&place, &server.url, count);
    let deploy = |more: &[&str]| place.run(&on(&server, more));
    check(
        deploy(&[]),
        &[("Every fifth", "unchanged"), (second, "unchanged")],
    );
    rule(&place, 5, "Every sixth", "CommandLine", "two three");
    check(
        deploy(&["--set", "auto.offset.reset=earliest"]),
        &[
            ("Every fifth", "unchanged"),
            (second, "unchanged"),
            ("Every sixth", "created"),
        ],
    );
    is_over.store(true, Ordering::Release);
    let count = flowing.join().unwrap();
    settle(&server, "alerts", count);
    let set = |number: usize, of: &[Alert]| -> Vec<usize> {
        let offsets: BTreeSet<usize> = offsets(number, of).into_iter().collect();
        offsets.into_iter().collect()
    };
    let found = landed(&server, |alerts| {
        let has_all = |number, of| set(number, alerts).last() == every(of, 0..count).last();
        has_all(1, 2) && has_all(3, 5) && has_all(5, 6)
    });
    assert_eq!(found[..before.len()], before);
    assert_eq!(set(1, &found), every(2, 0..count));
    assert_eq!(set(3, &found), every(5, fifths[0]..count));
    assert_eq!(offsets(2, &found), thirds, "what was dropped stays away");
    let sixths = offsets(5, &found);
    assert_eq!(
        sixths,
        every(6, 0..count),
        "all that there is, as --set says"
    );
    server.stop();
}

#[test]
fn a_folder_is_deployed_to_and_its_server_runs_the_rules() {
    let place = Place::new();
    rule(&place, 1, "Every second", "CommandLine", "two");
    rule(&place, 2, "Every third", "CommandLine", "three");
    let target = Target::embedded(&place);
    let events: String = (0..20).map(|number| event(number) + "\n").collect();
    let events = place.file("events.ndjson", events);
    place.run(&target.on(&["produce", "events", &events])).ok();

    let said = place.run(&ARGUMENTS).refused();
    assert!(
        said.contains("none was named\nhint: name a server with --url"),
        "{said}"
    );
    let summary = place.path("summary.json");
    let arguments = [
        &ARGUMENTS[..7],
        &[
            "--set",
            "auto.offset.reset=earliest",
            "--no-event",
            "--summary",
            &summary,
        ],
    ]
    .concat();
    let done = place.run(&target.on(&arguments));
    assert!(done.stderr.contains("the stream of events is declared\nthe stream of alerts is declared\nrules: 2 created, 0 replaced, 0 unchanged, 0 left out, 0 gone, 0 dropped in "), "{done:?}");
    assert_eq!(
        done.ok(),
        format!(
            "created\t{}\tEvery second\ncreated\t{}\tEvery third\n",
            id(1),
            id(2)
        )
    );
    let sums: Value = serde_json::from_str(&std::fs::read_to_string(&summary).unwrap()).unwrap();
    assert_eq!(
        (&sums["created"], &sums["left_out"]),
        (&json!(2), &json!(0)),
        "{sums}"
    );

    // With and without their events alerts do not go into one stream.
    let said = place.run(&target.on(&ARGUMENTS)).refused();
    assert!(said.contains("has no column `EVENT VARCHAR`, and alerts have one (its alerts carry no events: deploy with --no-event"), "{said}");

    let server = Server::start(&place, &target, &[]);
    settle(&server, "alerts", 20);
    let alerts = rows(&server, "alerts", 10 + 7);
    assert_eq!(alerts.len(), 10 + 7, "{alerts:?}");
    // The folder is the server's now: what is deployed to it goes through the server.
    rule(&place, 2, "Every 3rd", "CommandLine", "three");
    let arguments = [&ARGUMENTS[..7], &["--no-event"]].concat();
    let done = place.run(&target.on(&arguments));
    assert!(done.stderr.contains("going on through it"), "{done:?}");
    assert_eq!(done.ok(), format!("replaced\t{}\tEvery 3rd\n", id(2)));

    // One file is not all the rules, and another folder is hardly meant.
    let queries = || server.ksql("SHOW QUERIES;").ok()[0]["queries"].clone();
    let before = queries();
    let from = |path: &str, prune: &str| {
        let mut arguments = on(&server, &["--no-event", prune]);
        arguments[2] = path;
        place.run(&arguments)
    };
    let said = from("rules/1.yml", "--prune").refused();
    assert!(
        said.contains("error: `rules/1.yml` is no folder, and --prune ends the queries of all rules that are not there\nhint: name the folder that has all rules"),
        "{said}"
    );
    rule(&place, 9, "Elsewhere", "CommandLine", "two");
    std::fs::create_dir(place.path("others")).unwrap();
    std::fs::rename(place.path("rules/9.yml"), place.path("others/9.yml")).unwrap();
    let said = from("others", "--prune").refused();
    assert!(
        said.contains("error: 2 queries would end, as their rules are not in `others`, and 0 would go on\nhint: is it the right folder?"),
        "{said}"
    );
    // What is to be written and cannot be is said before anything is changed.
    rule(&place, 9, "Another", "CommandLine", "two");
    let more = ["--no-event", "--summary", "none/x"];
    let said = place.run(&on(&server, &more)).refused();
    assert!(said.contains("error: cannot write `none/x`: "), "{said}");
    std::fs::remove_file(place.path("rules/9.yml")).unwrap();
    assert_eq!(queries(), before);

    // An empty folder is no wish to have none.
    std::fs::remove_dir_all(place.path("rules")).unwrap();
    std::fs::create_dir(place.path("rules")).unwrap();
    let said = place
        .run(&on(&server, &["--no-event", "--prune"]))
        .refused();
    assert!(
        said.contains("error: `rules` has no rule that can be deployed"),
        "{said}"
    );
    assert_eq!(
        server.ksql("SHOW QUERIES;").ok()[0]["queries"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    server.stop();
}

#[test]
fn streams_of_the_sites_own_are_kept_or_what_is_in_the_way_is_said() {
    let place = Place::new();
    rule(&place, 1, "Every second", "CommandLine", "two");
    rule(&place, 2, "Every fifth", "CurrentDirectory", "five");
    let server = Server::start(&place, &Target::embedded(&place), &[]);
    let declare = |name: &str, columns: &str, more: &str| {
        let statement = format!(
            "CREATE STREAM {name} ({columns}) WITH (KAFKA_TOPIC = 'events', VALUE_FORMAT = 'JSON'{more});"
        );
        server.ksql(&statement).ok();
    };
    // In capitals, as one writes it: it stays what it is, and the rules have their own beside it.
    declare(
        "events",
        "winlog STRUCT<channel VARCHAR, event_id INT>",
        ", PARTITIONS = 1",
    );
    server
        .ksql("CREATE STREAM copies AS SELECT * FROM events;")
        .ok();
    let all = [("Every fifth", "created"), ("Every second", "created")];
    check(place.run(&on(&server, &["--no-event"])), &all);
    let events: String = (0..20).map(|number| event(number) + "\n").collect();
    place
        .run_with(
            &["produce", "events", "--url", &server.url],
            events.as_bytes(),
        )
        .ok();
    settle(&server, "alerts", 20);
    assert_eq!(rows(&server, "alerts", 10 + 4).len(), 10 + 4);
    let described =
        |name: &str| server.ksql(&format!("DESCRIBE {name};")).ok()[0]["sourceDescription"].clone();
    assert_eq!(described("events")["fields"].as_array().unwrap().len(), 1);

    // The same rules for another stream or another sink would be queries of the same ids.
    let more = ["--no-event", "--topic", "events", "--sink", "others"];
    let arguments = [&ARGUMENTS[..3], &["--url", &server.url], &more].concat();
    let done = place.run(&arguments);
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert!(
        done.stdout
            .contains("its query runs already, from the topic `events` into `alerts`"),
        "{done:?}"
    );

    // Another stream over the topic, whose own columns stay before those that the rules need.
    declare(
        "`theirs`",
        "host STRUCT<name VARCHAR>, `winlog` STRUCT<`z` VARCHAR, `event_data` STRUCT<`User` VARCHAR>>",
        "",
    );
    let with =
        |stream: &'static str| [&on(&server, &["--no-event"])[..], &["--stream", stream]].concat();
    let replaced = [("Every fifth", "replaced"), ("Every second", "replaced")];
    check(place.run(&with("theirs")), &replaced);
    let fields = described("`theirs`")["fields"].clone();
    let names = |fields: &Value| -> Vec<String> {
        let fields = fields.as_array().unwrap().iter();
        fields
            .map(|field| field["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&fields)[..2], ["HOST", "winlog"]);
    let members = &fields[1]["schema"]["fields"];
    assert_eq!(names(members)[..2], ["z", "event_data"]);
    assert_eq!(
        names(&members[1]["schema"]["fields"]),
        ["User", "CommandLine", "CurrentDirectory"]
    );

    // A stream that cannot be theirs.
    declare("`numbers`", "`winlog` STRUCT<`event_id` INT>", "");
    let said = place.run(&with("numbers")).refused();
    assert!(said.contains("error: the field `winlog->event_id` is INTEGER in the stream, and rules need it to be VARCHAR\nhint: name a stream of the rules' own over the topic with --stream"), "{said}");
    server
        .ksql("CREATE STREAM `result` AS SELECT * FROM `theirs`;")
        .ok();
    let said = place.run(&with("result")).refused();
    assert!(
        said.contains("the stream `result` is over the topic `result`, and not over `events`"),
        "{said}"
    );
    // One that dates its events cannot take over what the other has read.
    declare(
        "`dated`",
        "`winlog` STRUCT<`channel` VARCHAR>, `t` BIGINT",
        ", TIMESTAMP = '`t`'",
    );
    rule(&place, 3, "New", "CommandLine", "two");
    let done = place.run(&with("dated"));
    assert!(
        done.stderr
            .contains("note: the stream dates events by its column `t`"),
        "{done:?}"
    );
    let lines = check(
        done,
        &[
            ("Every fifth", "left_out"),
            ("Every second", "left_out"),
            ("New", "created"),
        ],
    );
    assert!(
        lines["Every fifth"]
            .1
            .contains("must have matching timestampColumn"),
        "{lines:?}"
    );
    server.stop();
}

#[test]
fn a_server_that_takes_little_at_a_time_is_told_little_at_a_time() {
    let place = Place::new();
    for number in 0..12 {
        rule(
            &place,
            number,
            &format!("Rule {number:02}"),
            "CommandLine",
            &format!("two {number}"),
        );
    }
    let long = "x".repeat(4_000);
    rule(&place, 90, "Too long", "CommandLine", &long);
    let server = Server::start(
        &place,
        &Target::embedded(&place),
        &["--set", "weir.http.max.statement.bytes=3500"],
    );
    let lines = deployed(place.run(&on(&server, &["--partitions", "2"])));
    let created = lines.values().filter(|(action, _)| action == "created");
    assert_eq!(created.count(), 12, "{lines:?}");
    assert!(
        lines["Too long"]
            .1
            .contains("weir.http.max.statement.bytes"),
        "{lines:?}"
    );
    assert_eq!(lines["Too long"].0, "left_out");
    // What is gone may be what it is to take the place of.
    std::fs::remove_file(place.path("rules/11.yml")).unwrap();
    let lines = deployed(place.run(&on(&server, &["--prune"])));
    let (action, reason) = &lines["Rule 11"];
    assert_eq!(action, "gone");
    assert!(
        reason.contains("not dropped, as a new rule was refused"),
        "{reason}"
    );
    let lines = deployed(place.run(&on(&server, &["--prune=all"])));
    assert_eq!(lines["Rule 11"].0, "dropped");
    rule(&place, 11, "Rule 11", "CommandLine", "two 11");
    let done = place.run(&on(&server, &["--set", "auto.offset.reset=earliest"]));
    assert!(
        done.stderr
            .contains("note: --set is for queries that are created or replaced"),
        "{done:?}"
    );
    assert_eq!(deployed(done)["Rule 11"].0, "created");
    server.stop();

    // Who is not let in is told so, and what is set for queries is what SET may.
    let file = place.file("people", "token:t0ken\n");
    let server = Server::start(&place, &Target::embedded(&place), &["--credentials", &file]);
    let said = place.run(&on(&server, &[])).refused();
    assert!(said.contains("hint: say who you are"), "{said}");
    let said = place
        .run(&on(
            &server,
            &["--token", "t0ken", "--set", "ksql.service.id=x"],
        ))
        .refused();
    assert!(
        said.contains("hint: --set beside --url is what SET may say of a query"),
        "{said}"
    );
    let said = place
        .run(&on(
            &server,
            &["--token", "t0ken", "--set", "auto.offset.reset=first"],
        ))
        .refused();
    assert!(said.contains("expected earliest or latest"), "{said}");
    let produce = ["produce", "t", "--url", &server.url, "--set", "a=b"];
    let said = place.run(&produce).refused();
    assert!(
        said.contains("error: --set is for an engine of this process, and --url names a server"),
        "{said}"
    );
    let lines = deployed(place.run(&on(&server, &["--token", "t0ken"])));
    assert_eq!(
        lines
            .values()
            .filter(|(action, _)| action == "unchanged")
            .count(),
        12,
        "{lines:?}"
    );
    server.stop();
}

/// The judged rules and events of a recording through a broker: each alert once, with its event as it was.
fn judged(place: &Place, target: &Target, events: &str, expected: &str) {
    let rules = shared("sigma").unwrap();
    let (topic, sink) = ((target.topic)("judged"), (target.topic)("alerts"));
    let mut lines = Vec::new();
    MultiGzDecoder::new(File::open(shared(events).unwrap()).unwrap())
        .read_to_end(&mut lines)
        .unwrap();
    let expected = std::fs::read_to_string(shared(expected).unwrap()).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let server = Server::start(place, target, &[]);
    let done = place.run(&[
        "sigma",
        "deploy",
        rules.to_str().unwrap(),
        "--topic",
        &topic,
        "--sink",
        &sink,
        "--partitions",
        "1",
        "--output",
        "json",
        "--url",
        &server.url,
    ]);
    let is_judged = |id: &str| {
        let without = expected["rules_without_match"].as_array().unwrap();
        expected["rules"].get(id).is_some() || without.iter().any(|other| other == id)
    };
    for line in done.ok().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let id = line["rule_id"].as_str().unwrap();
        assert!(line["action"] == "created" || !is_judged(id), "{line}");
    }
    let produce = ["produce", &topic, "--url", &server.url];
    let mut produce = Process::start(&mut place.weir(&produce));
    let mut input = produce.take_input();
    let written = lines.clone();
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut input, &written));
    produce.done().ok();
    writer.join().unwrap().unwrap();

    let events: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').collect();
    let wanted = expected["matches"].as_u64().unwrap();
    settle(&server, &sink, events.len() - 1);
    let consume = ["consume", &sink, "--url", &server.url, "--from-beginning"];
    let alerts = place
        .run(&[&consume[..], &["--max", &wanted.to_string()]].concat())
        .ok();
    let mut found: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for alert in alerts.lines() {
        let alert: Value = serde_json::from_str(alert).unwrap();
        let id = alert["RULE_ID"].as_str().unwrap().to_owned();
        let offset = alert["SOURCE_OFFSET"].as_u64().unwrap();
        let event = alert["EVENT"].as_str().unwrap().as_bytes();
        assert_eq!(event, events[offset as usize], "{id} {offset}");
        assert_eq!(alert["SOURCE_TOPIC"], topic);
        let is_first = found.entry(id.clone()).or_default().insert(offset);
        assert!(is_first, "{id} has {offset} twice");
    }
    for (id, rule) in expected["rules"].as_object().unwrap() {
        let lines = found.remove(id).unwrap_or_default();
        let joined: Vec<String> = lines.iter().map(u64::to_string).collect();
        let digest = Sha256::digest(joined.join(","));
        let digest = digest
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        let (count, of) = (lines.len(), &rule["count"]);
        assert_eq!(digest, rule["all_lines_sha256"], "{id}: {count} of {of}");
    }
    assert_eq!(found.len(), 0, "nothing else matches");
    // None comes behind the last one that was wanted, and no query is in trouble.
    assert_eq!(rows(&server, &sink, 0).len() as u64, wanted);
    let queries = server.ksql("SHOW QUERIES;").ok()[0]["queries"].clone();
    let mut states = queries
        .as_array()
        .unwrap()
        .iter()
        .map(|query| &query["state"]);
    assert!(states.all(|state| state == "RUNNING"));
    server.stop();
}

const RECORDINGS: [(&str, &str); 2] = [
    (
        "data/wineventlogs.ndjson.gz",
        "data/wineventlogs-sigma-expected.json",
    ),
    (
        "data/sigma-synth.ndjson.gz",
        "data/sigma-synth-expected.json",
    ),
];

/// Whether all files are there.
fn has_recordings() -> bool {
    let files = RECORDINGS
        .iter()
        .flat_map(|(events, expected)| [events, expected]);
    let mut files = files.chain([&"sigma"]);
    files.all(|file| shared(file).is_some())
}

#[test]
fn the_judged_rules_through_kafka_give_the_alerts_that_they_should() {
    for (events, expected) in RECORDINGS {
        let place = Place::new();
        // Queries have the ids of their rules: one service for each recording.
        let target = Target::kafka(&place, "sigma-deploy");
        let Some(target) = target.filter(|_| has_recordings()) else {
            return;
        };
        judged(&place, &target, events, expected);
    }
}

#[test]
fn the_judged_rules_through_the_embedded_broker_give_the_alerts_that_they_should() {
    if has_recordings() {
        let place = Place::new();
        let (events, expected) = RECORDINGS[1];
        judged(&place, &Target::embedded(&place), events, expected);
    }
}
