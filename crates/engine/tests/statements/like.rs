//! LIKE: what hides an attack elsewhere must not hide it here.

use serde_json::{Value, json};

use crate::support::House;

/// Pattern, and which of the values match.
async fn check(values: &[Value], cases: &[(&str, &[usize])]) {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM e (n INT, c VARCHAR, p VARCHAR) WITH (kafka_topic='e', value_format='JSON', partitions=1);")
        .await;
    let records: Vec<String> = (0..)
        .zip(values)
        .map(|(number, value)| json!({"n": number, "c": value, "p": "a%"}).to_string())
        .collect();
    house
        .put("e", &records.iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    let mut wrong = Vec::new();
    for (pattern, wanted) in cases {
        let rows = house
            .rows(&format!("SELECT n FROM e WHERE c LIKE {pattern};"))
            .await;
        let wanted_rows: Vec<Value> = wanted.iter().map(|number| json!([number])).collect();
        if rows != wanted_rows {
            wrong.push(format!("LIKE {pattern}: {rows:?}, not {wanted:?}"));
        }
        // What is not LIKE is all the rest, NULL too.
        let others = house
            .rows(&format!("SELECT n FROM e WHERE c NOT LIKE {pattern};"))
            .await;
        let wanted_rows: Vec<Value> = (0..values.len())
            .filter(|number| !wanted.contains(number))
            .map(|number| json!([number]))
            .collect();
        if others != wanted_rows {
            wrong.push(format!("NOT LIKE {pattern}: {others:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_backslash_is_a_character_like_any_other() {
    check(
        &[
            json!(r"C:\Windows\cmd.exe"),
            json!(r"C:\Windows\System32\"),
            json!("C:/Windows/cmd.exe"),
            json!(r"\%"),
            Value::Null,
        ],
        &[
            (r"'%\cmd.exe'", &[0]),
            (r"'C:\Windows\%'", &[0, 1]),
            // A pattern that ends in a backslash.
            (r"'%\'", &[1]),
            (r"'%\System32\'", &[1]),
            (r"'\%'", &[3]),
            (r"'%\\%'", &[]),
            (r"'%'", &[0, 1, 2, 3]),
            (r"'C__Windows%'", &[0, 1, 2]),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_escape_character_makes_a_wildcard_plain() {
    check(
        &[
            json!("100%"),
            json!("100"),
            json!("a_b"),
            json!("axb"),
            json!("wow!"),
            json!("a\\b"),
        ],
        &[
            ("'100!%' ESCAPE '!'", &[0]),
            ("'%!%' ESCAPE '!'", &[0]),
            ("'a!_b' ESCAPE '!'", &[2]),
            ("'a_b' ESCAPE '!'", &[2, 3, 5]),
            ("'wow!!' ESCAPE '!'", &[4]),
            ("'%!!' ESCAPE '!'", &[4]),
            (r"'a\\b' ESCAPE '\'", &[5]),
            (r"'a\_b' ESCAPE '\'", &[2]),
            ("'100'", &[1]),
        ],
    )
    .await;
}

#[tokio::test]
async fn line_breaks_and_any_other_characters_are_matched() {
    check(
        &[
            json!("powershell\n-enc\r\nAAAA"),
            json!("powershell -enc"),
            json!("grün 💥 x"),
            json!(""),
            json!("Powershell\n-enc"),
        ],
        &[
            ("'powershell%-enc%'", &[0, 1]),
            ("'%\n-enc%'", &[0, 4]),
            ("'powershell_-enc%'", &[0, 1]),
            ("'gr_n _ x'", &[2]),
            ("'%💥%'", &[2]),
            ("''", &[3]),
            ("'_%'", &[0, 1, 2, 4]),
            ("'%%'", &[0, 1, 2, 3, 4]),
        ],
    )
    .await;
}

#[tokio::test]
async fn patterns_may_be_columns_and_bad_ones_are_refused() {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM e (c VARCHAR, p VARCHAR, i INT) WITH (kafka_topic='e', value_format='JSON', partitions=1);")
        .await;
    house
        .put(
            "e",
            &[
                r#"{"c":"abc","p":"a%"}"#,
                r#"{"c":"abc","p":"b%"}"#,
                r#"{"c":"abc"}"#,
                r#"{"c":"abc","p":"abc!"}"#,
            ],
        )
        .await;
    assert_eq!(
        house.rows("SELECT p FROM e WHERE c LIKE p;").await,
        [json!(["a%"])]
    );
    assert_eq!(
        house
            .rows("SELECT p FROM e WHERE c LIKE p ESCAPE '!';")
            .await,
        [json!(["a%"])]
    );
    assert_eq!(
        house.rows("SELECT c LIKE p AS x FROM e;").await,
        [
            json!([true]),
            json!([false]),
            json!([false]),
            json!([false])
        ]
    );
    for (predicate, part) in [
        (
            "c LIKE 'a' ESCAPE 'xy'",
            "Expected single character escape, but got: ",
        ),
        (
            "c LIKE 'a' ESCAPE ''",
            "Expected single character escape, but got: ",
        ),
        ("i LIKE 'a'", ""),
        ("c LIKE 1", ""),
    ] {
        house
            .refuses(&format!("SELECT c FROM e WHERE {predicate};"), part)
            .await;
    }
}

#[tokio::test]
async fn ilike_and_any_are_words_and_no_reserved_ones() {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM e (ilike VARCHAR, any VARCHAR, n INT) WITH (kafka_topic='e', value_format='JSON', partitions=1);")
        .await;
    house
        .put(
            "e",
            &[
                r#"{"ilike": "C:\\PowerShell.EXE", "any": "%shell%", "n": 1}"#,
                r#"{"ilike": "cmd /c WHOAMI", "any": "x", "n": 2}"#,
                r#"{"ilike": null, "any": "%", "n": 3}"#,
            ],
        )
        .await;
    let mut check = async |condition: &str, expected: &[i64]| {
        let rows = house
            .rows(&format!("SELECT n FROM e WHERE {condition};"))
            .await;
        let expected: Vec<Value> = expected.iter().map(|number| json!([number])).collect();
        assert_eq!(rows, expected, "{condition}");
    };
    check("ilike ILIKE '%powershell.exe'", &[1]).await;
    check("ilike NOT ILIKE '%powershell.exe'", &[2, 3]).await;
    check("ilike ILIKE any", &[1]).await;
    check("ilike LIKE any", &[]).await;
    check("ilike LIKE ANY ('%/c who%', '%.EXE')", &[1]).await;
    check("ilike ILIKE ANY ('%/c who%', '%.exe')", &[1, 2]).await;
    check("ilike ILIKE ANY ('%/c who%', any)", &[1, 2]).await;
    check(
        "NOT ilike ILIKE ANY ('%/c who%', '%.exe') AND any = '%'",
        &[3],
    )
    .await;
    check("ilike NOT ILIKE ANY ('%/c who%', NULL)", &[1, 3]).await;
    check("ilike ILIKE ANY ('C:\\\\PO%') ESCAPE '\\'", &[1]).await;
    check("UCASE(ilike) ILIKE LCASE(ilike)", &[1, 2]).await;
    // As names.
    let rows = house.rows("SELECT n ilike FROM e WHERE any = 'x';").await;
    assert_eq!(rows, [json!([2])]);
    let why = house
        .refusal("SELECT n FROM e WHERE ilike ILIKE ANY ('a', 'b!') ESCAPE '!';")
        .await;
    assert!(
        why.contains("must not end in its escape character: 'b!'"),
        "{why}"
    );
    let why = house.refusal("SELECT n FROM e WHERE n ILIKE 'x';").await;
    assert!(
        why.contains("Like condition must be between strings. Got: N (INTEGER)."),
        "{why}"
    );
}
