//! Rules find the same rows however they are run: asked one by one, by the index, and with records skipped by their bytes; alone
//! and beside others; and from where they were added on to where they were dropped.
//!
//! Predicates and records are random, and full of what tells these ways apart: letters in any case and in any spelling
//! that JSON has, members that come twice, numbers and objects where a text is declared, bytes that are no text.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::time::Duration;

use bytes::Bytes;
use proptest::{collection::vec, prelude::*, sample::select};
use weir_engine::{
    Engine, Session,
    hunt::Hunt,
    parts::{Broker, NewRecord, RuleOptions, TopicPartition},
    testing::World,
};

const DECLARATION: &str = "CREATE STREAM events (a VARCHAR, b VARCHAR, `a` VARCHAR, n INT, k BIGINT, \
    m MAP<VARCHAR, VARCHAR>, o STRUCT<x VARCHAR, `Y y` VARCHAR, z INT>) WITH (KAFKA_TOPIC = 'events', VALUE_FORMAT = 'JSON', PARTITIONS = 1)";

/// What texts and literals are made of.
const PIECES: &[&str] = &[
    "cmd",
    "CMD.exe",
    "powershell",
    "PowerShell",
    "-enc",
    "\\",
    "\\\\",
    "/",
    "'",
    "\"",
    "_",
    "%",
    " ",
    "\n",
    "<b>",
    "&",
    "é",
    "É",
    "ſ",
    "K",
    "ß",
    "İ",
    "😀",
    "Σς",
    "a,b",
    "{x:1}",
    "[",
    "1",
    "42",
    "4.2e1",
    "-7",
    "true",
    "null",
    "s",
    "kk",
    "\u{2028}",
    "\u{1}",
    "user",
    "\u{fffd}",
    "!",
    "\t",
    "\r\n",
    "\u{7f}",
    "\u{a0}",
    "\u{feff}",
    "ı",
    "i\u{307}",
    "ẞ",
    "ς",
    "ΟΔΥΣΣΕΎΣ",
    "ﬃ",
    "ǅ",
    "Å",
];

/// Longer than what is in one piece anywhere.
const LONG: usize = 400;

#[derive(Debug, Clone)]
enum Json {
    Null,
    Bool(bool),
    Raw(String),
    Text(String),
    Object(Vec<(String, Json)>),
    List(Vec<Json>),
}

fn texts() -> impl Strategy<Value = String> {
    let pieces = vec(select(PIECES), 0..4).prop_map(|pieces| pieces.concat());
    (pieces, 0..120_u8, select(PIECES)).prop_map(|(text, how, piece)| match how {
        0 => format!("{}{text}", piece.repeat(LONG)),
        1 => format!("{text}{}", piece.repeat(LONG)),
        _ => text,
    })
}

fn values() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        8 => texts().prop_map(Json::Text),
        1 => Just(Json::Null),
        1 => any::<bool>().prop_map(Json::Bool),
        2 => select(&["1", "42", "4.2e1", "1E2", "-7", "0.10", "12345678901234567890"][..])
            .prop_map(|number| Json::Raw(number.to_owned())),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            vec(
                (select(&["k", "K", "x", "Y y", "z"][..]), inner.clone()),
                0..3
            )
            .prop_map(|members| {
                let members = members.into_iter();
                Json::Object(
                    members
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
            vec(inner, 0..3).prop_map(Json::List),
        ]
    })
}

/// Members come twice, and in other cases.
fn records() -> impl Strategy<Value = Vec<u8>> {
    let names = select(
        &[
            "A", "a", "B", "b", "N", "n", "K", "k", "M", "m", "O", "o", "message",
        ][..],
    );
    let object = vec((names, values()), 0..7).prop_map(|members| {
        let members = members.into_iter();
        Json::Object(
            members
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    });
    let whole = prop_oneof![20 => object, 1 => values()];
    let spelling = vec(any::<u8>(), 64);
    (whole, spelling, 0..40_u8, any::<u8>()).prop_map(|(json, spelling, how, noise)| {
        let mut out = Vec::new();
        let mut spell = spelling.into_iter().cycle();
        write(&json, &mut spell, &mut out);
        match how {
            // Not a text, cut off, or something behind it.
            0 if !out.is_empty() => {
                let at = usize::from(noise) % out.len();
                out[at] = 0xff;
            }
            1 => out.truncate(usize::from(noise) % (out.len() + 1)),
            2 => out.extend_from_slice(b" x"),
            3 => out.extend_from_slice(b"\r\n "),
            // A mark of the order of bytes, and brackets too many.
            4 => drop(out.splice(0..0, "\u{feff}".bytes())),
            5 => out.extend_from_slice(b"}}"),
            _ => {}
        }
        out
    })
}

fn write(json: &Json, spell: &mut impl Iterator<Item = u8>, out: &mut Vec<u8>) {
    let blank = |spell: &mut dyn Iterator<Item = u8>, out: &mut Vec<u8>| {
        if spell.next().unwrap_or(0).is_multiple_of(4) {
            out.push(b' ');
        }
    };
    match json {
        Json::Null => out.extend_from_slice(b"null"),
        Json::Bool(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Json::Raw(text) => out.extend_from_slice(text.as_bytes()),
        Json::Text(text) => write_text(text, spell, out),
        Json::Object(members) => {
            out.push(b'{');
            for (index, (name, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                blank(spell, out);
                write_text(name, spell, out);
                blank(spell, out);
                out.push(b':');
                blank(spell, out);
                write(value, spell, out);
            }
            blank(spell, out);
            out.push(b'}');
        }
        Json::List(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                blank(spell, out);
                write(item, spell, out);
            }
            out.push(b']');
        }
    }
}

/// Each character as itself where JSON lets it, or in one of its other spellings.
fn write_text(text: &str, spell: &mut impl Iterator<Item = u8>, out: &mut Vec<u8>) {
    out.push(b'"');
    for character in text.chars() {
        let how = spell.next().unwrap_or(0) % 16;
        let must = matches!(character, '"' | '\\') || character < ' ';
        match (character, how) {
            ('"' | '\\' | '/', 0..8) => {
                out.push(b'\\');
                out.push(character as u8);
            }
            ('\n', 0..8) => out.extend_from_slice(b"\\n"),
            ('\r', 0..8) => out.extend_from_slice(b"\\r"),
            ('\t', 0..8) => out.extend_from_slice(b"\\t"),
            // As it must not stand there, and does in some logs.
            ('\n' | '\t', 8) => out.push(character as u8),
            // Half of a pair.
            ('😀', 2) => out.extend_from_slice(b"\\ud83d"),
            ('😀', 3) => out.extend_from_slice(b"\\ude00"),
            (_, 0) => escape(character, false, out),
            (_, 1) => escape(character, true, out),
            _ if must => escape(character, how.is_multiple_of(2), out),
            _ => {
                let mut buffer = [0; 4];
                out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
            }
        }
    }
    out.push(b'"');
}

fn escape(character: char, is_upper: bool, out: &mut Vec<u8>) {
    let mut units = [0; 2];
    for unit in character.encode_utf16(&mut units) {
        let digits = match is_upper {
            true => format!("\\u{unit:04X}"),
            false => format!("\\u{unit:04x}"),
        };
        out.extend_from_slice(digits.as_bytes());
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The texts that are compared: columns, members, and what is made of them.
fn operands() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        6 => select(&["a", "b", "`a`", "o->x", "o->`Y y`"][..]),
        3 => select(&[
            "m['k']",
            "m['K']",
            "COALESCE(a, b)",
            "COALESCE(b, `a`, o->x)",
            "COALESCE(a, 'cmd')",
            "COALESCE(m['k'], a)",
            "COALESCE(UCASE(a), b)",
            "IFNULL(a, b)",
            "NULLIF(a, 'cmd')",
            "UCASE(a)",
            "LCASE(o->x)",
            "UCASE(COALESCE(a, b))",
            "TRIM(a)",
            "REPLACE(a, 'cmd', 's')",
            "SUBSTRING(a, 2)",
            "a + b",
            "CASE WHEN n = 1 THEN a ELSE b END",
            "CASE WHEN a LIKE 'cmd%' THEN o->x WHEN b IS NULL THEN `a` END",
            "CAST(n AS VARCHAR)",
            "CAST(o->z AS VARCHAR)",
        ][..]),
    ]
}

fn patterns() -> impl Strategy<Value = String> {
    let part = prop_oneof![3 => select(PIECES), 1 => Just("%"), 1 => Just("_")];
    (vec(part, 0..4), 0..4_u8).prop_map(|(parts, how)| {
        let text = parts.concat();
        match how {
            0 => text,
            1 => format!("{text}%"),
            2 => format!("%{text}"),
            _ => format!("%{text}%"),
        }
    })
}

fn predicates() -> impl Strategy<Value = String> {
    let like = (
        operands(),
        select(&["LIKE", "ILIKE", "NOT LIKE", "NOT ILIKE"][..]),
        vec(patterns(), 1..4),
        any::<bool>(),
    )
        .prop_map(|(operand, operator, patterns, escapes)| {
            let escape = if escapes && patterns.len() == 1 {
                " ESCAPE '!'"
            } else {
                ""
            };
            match patterns.as_slice() {
                [only] => {
                    // One that ends in its escape character is refused.
                    let ends = only.chars().rev().take_while(|last| *last == '!').count();
                    let more = if ends % 2 == 1 { "!" } else { "" };
                    format!(
                        "{operand} {operator} {}{escape}",
                        quoted(&format!("{only}{more}"))
                    )
                }
                several => {
                    let several: Vec<String> = several.iter().map(|one| quoted(one)).collect();
                    format!("{operand} {operator} ANY ({})", several.join(", "))
                }
            }
        });
    let equal = (
        operands(),
        select(&["=", "<>", "IN", "NOT IN"][..]),
        vec(texts(), 1..3),
    )
        .prop_map(|(operand, operator, values)| {
            let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
            match operator.ends_with("IN") {
                true => format!("{operand} {operator} ({})", values.join(", ")),
                false => format!("{operand} {operator} {}", values[0]),
            }
        });
    let functions = select(
        &[
            "CONTAINS",
            "ICONTAINS",
            "STARTS_WITH",
            "ISTARTS_WITH",
            "ENDS_WITH",
            "IENDS_WITH",
        ][..],
    );
    let function = (functions, operands(), texts())
        .prop_map(|(function, operand, text)| format!("{function}({operand}, {})", quoted(&text)));
    let number = select(
        &[
            "n = 1",
            "n <> 42",
            "k IN (1, 42, -7)",
            "n > 2",
            "o->z = 42",
            "n IS NULL",
            "NOT (k = 1)",
            "k <> 1 OR k IS NULL",
            "n = k",
            "n BETWEEN 1 AND 42",
            "m IS NULL",
            "o IS NOT NULL",
            "ARRAY_CONTAINS(MAP_KEYS(m), 'k')",
            "LEN(a) > 3",
            "TRUE",
            "NOT FALSE",
        ][..],
    )
    .prop_map(str::to_owned);
    let null = (operands(), any::<bool>()).prop_map(|(operand, is_there)| {
        format!("{operand} IS {}NULL", if is_there { "NOT " } else { "" })
    });
    let leaf = prop_oneof![5 => like, 3 => equal, 3 => function, 1 => number, 1 => null];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (vec(inner.clone(), 2..4), any::<bool>()).prop_map(|(operands, is_and)| {
                let join = if is_and { ") AND (" } else { ") OR (" };
                format!("({})", operands.join(join))
            }),
            inner.prop_map(|operand| format!("NOT ({operand})")),
        ]
    })
}

/// More records than an index counts before it makes itself anew, and as many again.
const RECOUNTED: usize = 5_000;

/// A condition, and what else its query names.
#[derive(Debug, Clone)]
struct Rule {
    named: &'static str,
    predicate: String,
}

fn rules() -> impl Strategy<Value = Rule> {
    let named = select(&["n", "'x' AS x", "a", "k, m", "o", "`a`, o->z AS z"][..]);
    (named, predicates()).prop_map(|(named, predicate)| Rule { named, predicate })
}

/// What the rules find.
#[derive(Debug, PartialEq)]
struct Found {
    /// Rule and place of every match, in order.
    matches: Vec<(usize, u32)>,
    /// Records that are bad for a rule: once for each.
    bad: u64,
}

fn find(rules: &[Rule], records: &[Option<Bytes>], options: RuleOptions) -> Found {
    let mut hunt = Hunt::new();
    hunt.declare(DECLARATION).unwrap();
    for Rule { named, predicate } in rules {
        let statement = format!("SELECT {named} FROM events WHERE {predicate} EMIT CHANGES");
        hunt.add(&statement)
            .unwrap_or_else(|error| panic!("{statement}\n{error}"));
    }
    let program = hunt.ready(options).unwrap();
    let mut pipeline = program.pipeline().unwrap();
    let (mut matches, mut start) = (Vec::new(), 0);
    let together = if records.len() < RECOUNTED { 7 } else { 256 };
    for batch in records.chunks(together) {
        pipeline
            .process(batch, |rule, places| {
                matches.extend(places.iter().map(|place| (rule, start + *place)));
            })
            .unwrap();
        start += batch.len() as u32;
    }
    matches.sort_unstable();
    Found {
        matches,
        bad: pipeline.stats().bad,
    }
}

fn values_of(records: Vec<Vec<u8>>) -> Vec<Option<Bytes>> {
    let records = records.into_iter();
    records
        .map(|record| Some(Bytes::from(record)))
        .chain([None])
        .collect()
}

/// Where the other ways are measured by it: each rule is asked of each record.
const PLAIN: RuleOptions = RuleOptions {
    has_index: false,
    has_raw_filter: false,
};

const INDEXED: RuleOptions = RuleOptions {
    has_index: true,
    has_raw_filter: false,
};

const SKIPPING: RuleOptions = RuleOptions {
    has_index: true,
    has_raw_filter: true,
};

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(200), ..ProptestConfig::default() })]

    #[test]
    fn rules_find_the_same_however_they_are_run(
        rules in vec(rules(), 1..6),
        records in vec(records(), 1..24),
        length in 0..12_u8,
    ) {
        let mut records = values_of(records);
        if length == 0 {
            // So many that an index is made anew by what was counted.
            records = records.iter().cycle().take(RECOUNTED).cloned().collect();
        }
        let plain = find(&rules, &records, PLAIN);
        let matches = |options| find(&rules, &records, options).matches;
        prop_assert_eq!(&matches(INDEXED), &plain.matches, "by the index");
        prop_assert_eq!(&matches(SKIPPING), &plain.matches, "by the index, after a look at the bytes");
        // Each alone: nobody else has named a column, and with one rule far more records are skipped.
        let mut bad = 0;
        for (number, rule) in rules.iter().enumerate() {
            let alone = find(std::slice::from_ref(rule), &records, PLAIN);
            let beside = plain.matches.iter().filter(|(of, _)| *of == number);
            let beside: Vec<_> = beside.map(|(_, place)| (0, *place)).collect();
            prop_assert_eq!(&beside, &alone.matches, "{:?} beside others", rule);
            let skipping = find(std::slice::from_ref(rule), &records, SKIPPING);
            prop_assert_eq!(&skipping.matches, &alone.matches, "{:?} alone", rule);
            bad += alone.bad;
        }
        prop_assert_eq!(plain.bad, bad, "records are bad for a rule whatever others name");
    }
}

/// Fewer where a case takes longer; `PROPTEST_CASES` says how many.
fn cases(few: u32) -> u32 {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default().cases,
        None => few,
    }
}

/// When a rule is there: it comes before a step and goes before another, and may be paused between two.
#[derive(Debug, Clone)]
struct Life {
    rule: Rule,
    comes: usize,
    goes: usize,
    pauses: Option<(usize, usize)>,
}

const STEPS: usize = 5;

fn lives() -> impl Strategy<Value = Life> {
    let times = (0..STEPS, 1..=STEPS, 0..STEPS, 1..STEPS, any::<bool>());
    (rules(), times).prop_map(|(rule, (comes, lasts, at, for_so_long, pauses))| Life {
        rule,
        comes,
        goes: comes + lasts,
        pauses: pauses.then_some((at, at + for_so_long)),
    })
}

impl Life {
    /// The steps whose records it sees.
    fn sees(&self) -> std::ops::Range<usize> {
        let end = self.goes.min(STEPS);
        match self.pauses {
            // Of what comes after it was paused it sees all or nothing: that it goes on with what it has not seen.
            Some((from, until)) if from > self.comes && from < end && until >= end => {
                self.comes..from
            }
            _ => self.comes..end,
        }
    }

    fn is_paused_at(&self, step: usize) -> bool {
        self.pauses
            .is_some_and(|(from, _)| from == step && from > self.comes && from < self.goes)
    }

    fn is_resumed_at(&self, step: usize) -> bool {
        self.pauses.is_some_and(|(from, until)| {
            until == step && from > self.comes && from < self.goes && until < self.goes
        })
    }
}

/// Runs the lives in an engine; rule and offset of every match, in order.
async fn live(lives: &[Life], steps: &[Vec<Option<Bytes>>], others: usize) -> Vec<(usize, u32)> {
    const PATIENCE: Duration = Duration::from_secs(60);
    let world = World::new(1);
    let engine = world.engine().await.unwrap();
    let mut session = engine.session();
    let alerts = "CREATE STREAM alerts (rule INT, place BIGINT) WITH (KAFKA_TOPIC = 'alerts', VALUE_FORMAT = 'JSON', PARTITIONS = 1)";
    say(&engine, &mut session, &format!("{DECLARATION}; {alerts};")).await;
    // Enough of them that some are in one index, and some in the other.
    let more = (0..others).map(|number| {
        format!("INSERT INTO alerts WITH (QUERY_ID = 'OTHER{number}') SELECT -1 AS rule, ROWOFFSET AS place FROM events WHERE a = 'other {number}' AND n = 1;")
    });
    say(&engine, &mut session, &more.collect::<String>()).await;
    let mut writer = world.broker.writer("test").await.unwrap();
    for (step, records) in steps.iter().enumerate() {
        let mut script = String::new();
        for (number, life) in lives.iter().enumerate() {
            let Rule { predicate, .. } = &life.rule;
            if life.comes == step {
                script += &format!(
                    "INSERT INTO alerts WITH (QUERY_ID = 'R{number}') SELECT {number} AS rule, ROWOFFSET AS place FROM events WHERE {predicate};"
                );
            }
            if life.goes == step {
                script += &format!("TERMINATE R{number};");
            }
            if life.is_paused_at(step) {
                script += &format!("PAUSE R{number};");
            }
            if life.is_resumed_at(step) {
                script += &format!("RESUME R{number};");
            }
        }
        say(&engine, &mut session, &script).await;
        let records = records.iter().map(|value| NewRecord {
            timestamp: 1_700_000_000_000,
            key: None,
            value: value.clone(),
            headers: Vec::new(),
        });
        let to = TopicPartition::new("events", 0);
        writer.write(&to, records.collect()).await.unwrap();
        engine.settled(PATIENCE).await.unwrap();
    }
    engine.settled(PATIENCE).await.unwrap();
    world.stop(engine).await.unwrap();
    let alerts = world.records("alerts").await.unwrap();
    let alerts = alerts[0].iter().map(|alert| {
        let alert: serde_json::Value =
            serde_json::from_slice(alert.value.as_ref().unwrap()).unwrap();
        let (rule, place) = (&alert["RULE"], &alert["PLACE"]);
        (
            rule.as_u64().unwrap() as usize,
            place.as_u64().unwrap() as u32,
        )
    });
    let mut alerts: Vec<_> = alerts.collect();
    alerts.sort_unstable();
    alerts
}

async fn say(engine: &Engine, session: &mut Session, script: &str) {
    if let Err(error) = engine.execute(session, script).await {
        panic!("{script}\n{}", error.render());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(16), ..ProptestConfig::default() })]

    #[test]
    fn rules_find_what_came_while_they_were_there(
        lives in vec(lives(), 1..8),
        steps in vec(vec(records(), 0..6), STEPS),
        others in select(&[0, 0, 0, 70][..]),
    ) {
        let steps: Vec<Vec<Option<Bytes>>> = steps.into_iter().map(values_of).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let found = runtime.block_on(live(&lives, &steps, others));
        let all: Vec<Option<Bytes>> = steps.concat();
        let starts: Vec<usize> = (0..=STEPS).map(|step| steps[..step].iter().map(Vec::len).sum()).collect();
        let mut wanted = Vec::new();
        for (number, life) in lives.iter().enumerate() {
            let rule = Rule { named: "'x' AS x", ..life.rule.clone() };
            let matches = find(&[rule], &all, PLAIN).matches;
            let sees = life.sees();
            let seen = starts[sees.start] as u32..starts[sees.end] as u32;
            let matches = matches.into_iter().filter(|(_, place)| seen.contains(place));
            wanted.extend(matches.map(|(_, place)| (number, place)));
        }
        prop_assert_eq!(found, wanted);
    }
}
