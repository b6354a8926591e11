//! Whatever a rule's values are: what is written is read as the same tree, on one line and on many, and nothing panics.

#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

use proptest::prelude::*;
use weir_sigma::{Mapping, Options, Placeholders, Rules, convert};
use weir_sql::{Variables, parse_statement};

fn texts() -> impl Strategy<Value = String> + Clone {
    let signs = prop::sample::select(vec![
        "\\", "*", "?", "%", "_", "'", "`", "\"", "-", "/", " ", "\n", "\r", "\0", "é", "ſ", "K",
        "😀", "!", "#", "~", "^", "|", "$", "${x}", "a", "Z", "0", ";", "--", "/*", "\u{2028}",
        "(", "[", "{", "}", "]", ")", "+", ".",
    ]);
    prop::collection::vec(signs, 0..12).prop_map(|signs| signs.concat())
}

fn keys() -> impl Strategy<Value = String> + Clone {
    let modifiers = prop::sample::select(vec![
        "",
        "|contains",
        "|startswith",
        "|endswith",
        "|contains|all",
        "|cased",
        "|contains|cased",
        "|windash",
        "|contains|windash|all",
        "|base64",
        "|base64offset|contains",
        "|wide|base64offset|contains",
        "|utf16|base64",
        "|re",
        "|re|i",
        "|fieldref",
        "|neq",
        "|fieldref|endswith",
        "|expand",
        "|gt",
        "|hour",
        "|exists",
        "|cidr",
    ]);
    (texts(), modifiers)
        .prop_map(|(field, modifiers)| format!("{}{modifiers}", field.replace('|', "")))
}

fn selections() -> impl Strategy<Value = serde_json::Value> {
    let value = prop_oneof![
        8 => texts().prop_map(serde_json::Value::from),
        1 => any::<i64>().prop_map(serde_json::Value::from),
        1 => Just(serde_json::Value::Null),
        1 => any::<bool>().prop_map(serde_json::Value::from),
    ];
    let values = prop_oneof![
        value.clone(),
        prop::collection::vec(value, 1..5).prop_map(serde_json::Value::from),
    ];
    let map = prop::collection::btree_map(keys(), values, 1..4)
        .prop_map(|map| serde_json::Value::Object(map.into_iter().collect()));
    prop_oneof![
        map.clone(),
        prop::collection::vec(map, 1..4).prop_map(serde_json::Value::from)
    ]
}

fn conditions() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "a and not b",
        "not (a or b) and c",
        "1 of them",
        "2 of them",
        "all of them",
        "not 1 of them",
        "a or b and c",
        "not (a and (b or not c))",
    ])
}

/// `PROPTEST_CASES` says how many.
fn cases(usual: u32) -> u32 {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default().cases,
        None => usual,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(400), ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_as_the_same(
        a in selections(), b in selections(), c in selections(), condition in conditions(), title in texts(),
        source in prop::sample::select(vec!["process_creation", "registry_delete"]),
        layout in prop::sample::select(vec!["winlogbeat", "flat"]),
    ) {
        let document = serde_json::json!({
            "title": format!("T{title}"),
            "tags": [title],
            "logsource": {"product": "windows", "category": source},
            "detection": {"a": a, "b": b, "c": c, "condition": condition},
        });
        let mut options = Options::new(Mapping::built_in(layout).unwrap(), title.clone(), title.clone());
        options.placeholders = Placeholders::default();
        let rules = Rules::parse(&document.to_string(), None);
        // Some of what is made is no rule: a key that stands twice, a pattern that is none.
        for converted in rules.rules.iter().filter_map(|rule| convert(rule, &options).ok()) {
            for text in [converted.text, converted.statement.to_string()] {
                let read = parse_statement(&text, &Variables::default());
                let read = read.map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
                prop_assert!(read.statement == converted.statement, "{text}");
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), more in texts()) {
        let rules = Rules::parse(&format!("title: x\nlogsource: {{product: windows}}\ndetection:\n  a: {text}\n  condition: a{more}\n"), None);
        let options = Options::new(Mapping::built_in("flat").unwrap(), "t", "s");
        for rule in &rules.rules {
            let _ = convert(rule, &options);
        }
        let _ = Rules::parse(&text, None);
    }
}
