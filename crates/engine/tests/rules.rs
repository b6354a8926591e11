//! Rules find the same rows however they are run: asked one by one, by the index, and with records skipped by their bytes.
//!
//! Predicates and records are random, and full of what tells the three ways apart: letters in any case and in any spelling
//! that JSON has, members that come twice, numbers and objects where a text is declared, bytes that are no text.

#![allow(clippy::unwrap_used, reason = "a test")]

use bytes::Bytes;
use proptest::{collection::vec, prelude::*, sample::select};
use weir_engine::{hunt::Hunt, parts::RuleOptions};

const DECLARATION: &str = "CREATE STREAM events (a VARCHAR, b VARCHAR, `a` VARCHAR, n INT, k BIGINT, \
    m MAP<VARCHAR, VARCHAR>, o STRUCT<x VARCHAR, `Y y` VARCHAR, z INT>) WITH (KAFKA_TOPIC = 'events', VALUE_FORMAT = 'JSON')";

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
];

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
    vec(select(PIECES), 0..4).prop_map(|pieces| pieces.concat())
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
        2 => select(&[
            "m['k']",
            "COALESCE(a, b)",
            "COALESCE(a, 'cmd')",
            "UCASE(a)",
            "CASE WHEN n = 1 THEN a ELSE b END",
            "CAST(n AS VARCHAR)",
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
                [only] => format!("{operand} {operator} {}{escape}", quoted(only)),
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

/// Rule and place of every match, in order.
fn matches(rules: &[String], records: &[Option<Bytes>], options: RuleOptions) -> Vec<(usize, u32)> {
    let mut hunt = Hunt::new();
    hunt.declare(DECLARATION).unwrap();
    for rule in rules {
        let statement = format!("SELECT n FROM events WHERE {rule} EMIT CHANGES");
        hunt.add(&statement)
            .unwrap_or_else(|error| panic!("{statement}\n{error}"));
    }
    let program = hunt.ready(options).unwrap();
    let mut pipeline = program.pipeline().unwrap();
    let mut found = Vec::new();
    for batch in records.chunks(7) {
        let start = found.len();
        pipeline
            .process(batch, |rule, places| {
                found.extend(places.iter().map(|place| (rule, *place)));
            })
            .unwrap();
        found[start..].sort_unstable();
        found.push((usize::MAX, 0));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn rules_find_the_same_however_they_are_run(
        rules in vec(predicates(), 1..6),
        records in vec(records(), 1..24),
    ) {
        let records: Vec<Option<Bytes>> = records
            .into_iter()
            .map(|record| Some(Bytes::from(record)))
            .chain([None])
            .collect();
        let run = |has_index, has_raw_filter| {
            matches(&rules, &records, RuleOptions { has_index, has_raw_filter })
        };
        let plain = run(false, false);
        prop_assert_eq!(&run(true, false), &plain, "by the index");
        prop_assert_eq!(&run(true, true), &plain, "by the index, after a look at the bytes");
        // Each alone: with one rule, far more records are skipped.
        for rule in &rules {
            let rule = std::slice::from_ref(rule);
            let alone = |has_index, has_raw_filter| {
                matches(rule, &records, RuleOptions { has_index, has_raw_filter })
            };
            prop_assert_eq!(alone(true, true), alone(false, false), "{:?} alone", rule);
        }
    }
}
