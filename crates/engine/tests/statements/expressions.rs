//! Every operator, in SELECT and in WHERE.

use serde_json::{Value, json};

use crate::support::House;

const DECLARED: &str = "CREATE STREAM r (b BOOLEAN, i INT, l BIGINT, d DOUBLE, m DECIMAL(6,2), s VARCHAR, y BYTES, t TIME, da DATE, ts TIMESTAMP, \
    a ARRAY<INT>, mp MAP<VARCHAR, INT>, st STRUCT<f INT, `g` STRUCT<h VARCHAR>>, sa ARRAY<STRUCT<f INT>>, \
    nb BOOLEAN, ni INT, ns VARCHAR, nd DECIMAL(6,2), na ARRAY<INT>, nm MAP<VARCHAR, INT>, nst STRUCT<f INT>, nt TIMESTAMP) \
    WITH (kafka_topic='r', value_format='JSON', partitions=1);";

const ROW: &str = r#"{"b":true,"i":7,"l":8,"d":2.5,"m":12.50,"s":"hello","y":"AQI=","t":45000000,"da":18321,"ts":1577836800500,
    "a":[1,2,3],"mp":{"k":5},"st":{"f":1,"g":{"h":"deep"}},"sa":[{"f":9}]}"#;

async fn house() -> House {
    let mut house = House::earliest().await;
    house.go(DECLARED).await;
    house.put("r", &[ROW]).await;
    house
}

/// Each expression, and its value as a client gets it.
async fn check(cases: &[(&str, Value)]) {
    let mut house = house().await;
    let mut wrong = Vec::new();
    for (expression, wanted) in cases {
        let statement = format!("SELECT {expression} AS x FROM r;");
        let found = match house.run(&statement).await {
            Ok(_) => house.rows(&statement).await,
            Err(error) => vec![json!([error.message])],
        };
        if found != [json!([wanted])] {
            wrong.push(format!("{expression}\n   is {found:?}\n  not {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

/// Each expression, and what is said of it.
async fn check_refused(cases: &[(&str, &str)]) {
    let mut house = house().await;
    let mut wrong = Vec::new();
    for (expression, part) in cases {
        match house
            .run(&format!("SELECT {expression} AS x FROM r;"))
            .await
        {
            Ok(_) => wrong.push(format!("{expression}: not refused")),
            Err(error) if error.message.contains(part) => {}
            Err(error) => wrong.push(format!(
                "{expression}\n  says {}\n  not {part}",
                error.message
            )),
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn arithmetic() {
    check(&[
        ("i + 1", json!(8)),
        ("i - l", json!(-1)),
        ("i * 2", json!(14)),
        ("i / 2", json!(3)),
        ("-7 / 2", json!(-3)),
        ("i % 4", json!(3)),
        ("-7 % 4", json!(-3)),
        ("-i", json!(-7)),
        ("+i", json!(7)),
        ("- -i", json!(7)),
        ("1 + 2 * 3", json!(7)),
        ("(1 + 2) * 3", json!(9)),
        ("10 - 2 - 3", json!(5)),
        ("i / 0", Value::Null),
        ("i % 0", Value::Null),
        ("l / 0", Value::Null),
        ("d / 0", json!("Infinity")),
        ("-d / 0", json!("-Infinity")),
        ("0E0 / 0", json!("NaN")),
        ("i + 2147483647", json!(-2147483642)),
        ("l + 9223372036854775807", json!(-9223372036854775801_i64)),
        ("i + l", json!(15)),
        ("i + d", json!(9.5)),
        ("i + ni", Value::Null),
        ("-ni", Value::Null),
        ("CAST(m * 2 AS VARCHAR)", json!("25.00")),
        ("CAST(m + 1.125 AS VARCHAR)", json!("13.625")),
        ("CAST(10.0 / 4 AS VARCHAR)", json!("2.500000000000")),
        ("1.0 / 3", Value::Null),
        ("m / 0", Value::Null),
        ("m + d", json!(15.0)),
        ("CAST(m % 5 AS VARCHAR)", json!("2.50")),
        ("s + 'x'", json!("hellox")),
        ("s || 'x' || ns || 'y'", json!("helloxy")),
        ("ns || ns", json!("")),
        ("y || y", json!("AQIBAg==")),
        ("1.", json!(1)),
        (".5", json!(0.5)),
        ("1.5E1", json!(15.0)),
        ("2147483648", json!(2147483648_i64)),
        ("DECIMAL '1.25'", json!(1.25)),
    ])
    .await;
    check_refused(&[
        ("i + s", "Unsupported arithmetic types. INTEGER STRING"),
        ("b + 1", "Unsupported arithmetic types. BOOLEAN INTEGER"),
        ("s - 'x'", "Unsupported arithmetic types. STRING STRING"),
        ("da + 1", "Unsupported arithmetic types. DATE INTEGER"),
        ("-s", "STRING"),
        ("s || 1", "Function 'concat' does not accept parameters"),
        (
            "1 + NULL",
            "Arithmetic on types INTEGER and null are not supported.",
        ),
        ("1 +", "Syntax Error"),
        ("FOO '1'", ""),
    ])
    .await;
}

#[tokio::test]
async fn comparisons() {
    let yes = [
        "i = 7",
        "i <> 8",
        "i != 8",
        "i < 8",
        "i <= 7",
        "i > 6",
        "i >= 7",
        "i = 7.0",
        "l = 8E0",
        "m = 12.5",
        "m > 12",
        "d = 2.5",
        "s = 'hello'",
        "s < 'i'",
        "s <> 'Hello'",
        "b = true",
        "b",
        "a = ARRAY[1, 2, 3]",
        "a <> ARRAY[1]",
        "st->`g` = STRUCT(h := 'deep')",
        "mp = MAP('k' := 5)",
        "da < '2030-01-01'",
        "da = '2020-02-29'",
        "ts = '2020-01-01T00:00:00.500'",
        "ts < da",
        "t = '12:30:00'",
        "ts > '2020'",
        "y = y",
        "NOT (ni = 1)",
        "NOT (ni <> 1)",
        "NOT (ns = 'x')",
        "ni IS NULL",
        "i IS NOT NULL",
        "nst IS NULL",
        "i IS DISTINCT FROM ni",
        "ni IS NOT DISTINCT FROM CAST(NULL AS INT)",
        "i IS NOT DISTINCT FROM 7",
        "i IS DISTINCT FROM 8",
        "i BETWEEN 7 AND 9",
        "i BETWEEN 5 AND 7",
        "i NOT BETWEEN 8 AND 9",
        "ni NOT BETWEEN 1 AND 2",
        "s BETWEEN 'a' AND 'z'",
        "da BETWEEN '2020-01-01' AND '2021-01-01'",
        "i IN (1, 7)",
        "i IN ('7', 8)",
        "i NOT IN (1, 2)",
        "ni NOT IN (1, 2)",
        "s IN ('hello', NULL)",
        "i IN (i)",
        "a IN (ARRAY[1, 2, 3])",
        "i = 7 AND s = 'hello'",
        "i = 8 OR s = 'hello'",
        "NOT i = 8",
        "NOT (i = 8 OR i = 9)",
        "i = 7 OR i = 8 AND i = 9",
        "(i = 8 OR i = 7) AND NOT i = 9",
        "i/0 = 1 OR i = 7",
        "CASE WHEN i > 5 THEN true ELSE false END",
        "NOT (0E0/0 = 0E0/0)",
        "NOT (0E0/0 <> 0E0/0)",
        "CAST('yes' AS BOOLEAN)",
    ];
    let no = [
        "i = 8",
        "ni = 1",
        "ni <> 1",
        "ni < 1",
        "ni = ni",
        "ns LIKE '%'",
        "ni BETWEEN 0 AND 9",
        "ni IN (1, 2)",
        "nb",
        "i IS NULL",
        "ns = ''",
        "i NOT IN (7)",
        "NOT b",
        "i BETWEEN 9 AND 5",
        "i/0 = 1",
        "i IS DISTINCT FROM 7",
        "s = 'HELLO'",
        "m = 12.51",
        "a = ARRAY[3, 2, 1]",
    ];
    let mut house = house().await;
    let mut wrong = Vec::new();
    for (predicate, wanted) in yes.iter().map(|p| (p, 1)).chain(no.iter().map(|p| (p, 0))) {
        match house
            .run(&format!("SELECT i FROM r WHERE {predicate};"))
            .await
        {
            Err(error) => wrong.push(format!("{predicate}: {}", error.message)),
            Ok(_) => {
                let rows = house
                    .rows(&format!("SELECT i FROM r WHERE {predicate};"))
                    .await
                    .len();
                if rows != wanted {
                    wrong.push(format!("{predicate}: {rows} rows"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    check(&[
        ("i = 7", json!(true)),
        ("ni = 1", json!(false)),
        ("NOT (ni = 1)", json!(true)),
        ("ni IN (1)", json!(false)),
        ("i = 7 AND b", json!(true)),
    ])
    .await;
    check_refused(&[
        (
            "i = NULL",
            "Comparison with NULL not supported: INTEGER = NULL\nUse 'IS NULL' or 'IS NOT NULL' instead.",
        ),
        (
            "i = 'x'",
            "Cannot compare I (INTEGER) to 'x' (STRING) with EQUAL.",
        ),
        (
            "b < true",
            "Cannot compare B (BOOLEAN) to true (BOOLEAN) with LESS_THAN.",
        ),
        (
            "a < a",
            "Cannot compare A (ARRAY<INTEGER>) to A (ARRAY<INTEGER>) with LESS_THAN.",
        ),
        ("t = da", "Cannot compare T (TIME) to DA (DATE) with EQUAL."),
        (
            "i IN ('x')",
            "invalid input syntax for type INTEGER: \"x\".",
        ),
        ("i IN (s)", "operator does not exist: INTEGER = STRING (S)"),
        ("i IN ()", "Syntax Error"),
        ("NOT i", ""),
        ("i AND b", ""),
        ("i LIKE '7'", ""),
    ])
    .await;
}

#[tokio::test]
async fn access() {
    check(&[
        ("a[1]", json!(1)),
        ("a[-1]", json!(3)),
        ("a[0]", Value::Null),
        ("a[4]", Value::Null),
        ("a[-4]", Value::Null),
        ("a[ni]", Value::Null),
        ("na[1]", Value::Null),
        ("mp['k']", json!(5)),
        ("mp['K']", Value::Null),
        ("nm['k']", Value::Null),
        ("st->f", json!(1)),
        ("st->`g`->h", json!("deep")),
        ("nst->f", Value::Null),
        ("sa[1]->f", json!(9)),
        ("sa[2]->f", Value::Null),
        ("ARRAY[4, 5][2]", json!(5)),
        ("STRUCT(x := 3)->x", json!(3)),
        ("MAP('a' := 1)['a']", json!(1)),
        ("r.i", json!(7)),
        ("r.st->f", json!(1)),
    ])
    .await;
    check_refused(&[
        ("st->nope", "NOPE"),
        ("st->g", "G"),
        ("i->f", ""),
        ("i[1]", ""),
        ("a['x']", ""),
        ("mp[1]", ""),
        ("x.i", "column 'X.I' cannot be resolved."),
    ])
    .await;
}

#[tokio::test]
async fn case_takes_the_first_branch_that_is_true() {
    check(&[
        (
            "CASE WHEN i > 5 THEN 'big' WHEN i > 3 THEN 'mid' ELSE 'small' END",
            json!("big"),
        ),
        (
            "CASE WHEN i > 8 THEN 'big' WHEN i > 3 THEN 'mid' END",
            json!("mid"),
        ),
        ("CASE WHEN i > 8 THEN 'big' END", Value::Null),
        ("CASE WHEN ni > 8 THEN 1 ELSE 2 END", json!(2)),
        ("CASE WHEN i > 5 THEN NULL ELSE 2 END", Value::Null),
        ("CASE WHEN i = 0 THEN 1 / i WHEN true THEN 9 END", json!(9)),
        ("CASE WHEN b THEN ARRAY[1] ELSE ARRAY[2] END", json!([1])),
    ])
    .await;
    check_refused(&[
        (
            "CASE WHEN i > 5 THEN 'x' ELSE 1 END",
            "Invalid Case expression. ",
        ),
        (
            "CASE WHEN i > 5 THEN 1 WHEN i > 4 THEN 'x' END",
            "Invalid Case expression. ",
        ),
        (
            "CASE WHEN i THEN 1 END",
            "WHEN operand type should be boolean.",
        ),
        ("CASE WHEN b THEN NULL END", "Invalid Case expression. "),
        ("CASE i WHEN 7 THEN 1 END", ""),
        ("CASE END", "Syntax Error"),
    ])
    .await;
}

#[tokio::test]
async fn casts() {
    check(&[
        ("CAST(b AS VARCHAR)", json!("true")),
        ("CAST(i AS BIGINT)", json!(7)),
        ("CAST(i AS DOUBLE)", json!(7.0)),
        ("CAST(CAST(i AS DECIMAL(4,2)) AS VARCHAR)", json!("7.00")),
        ("CAST(4294967303 AS INT)", json!(7)),
        ("CAST(12.99 AS INT)", json!(12)),
        (
            "CAST(CAST(12.345 AS DECIMAL(4,2)) AS VARCHAR)",
            json!("12.35"),
        ),
        ("CAST(CAST(9.96 AS DECIMAL(2,1)) AS VARCHAR)", json!("10.0")),
        ("CAST(CAST(10.0 AS DECIMAL(2,1)) AS VARCHAR)", Value::Null),
        ("CAST(2.5E0 AS INT)", json!(2)),
        ("CAST(1E300 AS INT)", json!(2147483647)),
        ("CAST(0E0 / 0 AS INT)", json!(0)),
        ("CAST(1E10 AS VARCHAR)", json!("1.0E10")),
        ("CAST(d AS VARCHAR)", json!("2.5")),
        ("CAST(' 12 ' AS INT)", json!(12)),
        ("CAST('x' AS INT)", Value::Null),
        ("CAST('12345678901' AS INT)", Value::Null),
        ("CAST('tr' AS BOOLEAN)", json!(true)),
        ("CAST('nope' AS BOOLEAN)", json!(false)),
        ("CAST('1.5' AS DOUBLE)", json!(1.5)),
        ("CAST('NaN' AS DOUBLE)", Value::Null),
        (
            "CAST('2020' AS TIMESTAMP)",
            json!("2020-01-01T00:00:00.000"),
        ),
        (
            "CAST('2020-02-29T01:02:03.004+02:00' AS TIMESTAMP)",
            json!("2020-02-28T23:02:03.004"),
        ),
        ("CAST('2020-02-29' AS DATE)", json!("2020-02-29")),
        ("CAST('2020-02-30' AS DATE)", Value::Null),
        ("CAST('12:30' AS TIME)", json!("12:30")),
        ("CAST('12:30:01' AS TIME)", json!("12:30:01")),
        ("CAST('AQI=' AS BYTES)", json!("AQI=")),
        ("CAST(ts AS VARCHAR)", json!("2020-01-01T00:00:00.500")),
        ("CAST(ts AS DATE)", json!("2020-01-01")),
        ("CAST(ts AS TIME)", json!("00:00")),
        ("CAST(da AS TIMESTAMP)", json!("2020-02-29T00:00:00.000")),
        ("CAST(da AS VARCHAR)", json!("2020-02-29")),
        ("CAST(a AS ARRAY<VARCHAR>)", json!(["1", "2", "3"])),
        ("CAST(mp AS MAP<VARCHAR, DOUBLE>)", json!({"k": 5.0})),
        ("CAST(nst AS STRUCT<f BIGINT>)", Value::Null),
        (
            "CAST(STRUCT(f := 1) AS STRUCT<f BIGINT, g VARCHAR>)",
            json!({"F": 1, "G": null}),
        ),
        ("CAST(a AS VARCHAR)", json!("[1, 2, 3]")),
        ("CAST(mp AS VARCHAR)", json!("{k=5}")),
        ("CAST(sa[1] AS VARCHAR)", json!("Struct{F=9}")),
        ("CAST(NULL AS INT)", Value::Null),
        ("CAST(ni AS VARCHAR)", Value::Null),
        ("CAST(i AS STRING)", json!("7")),
    ])
    .await;
    check_refused(&[
        (
            "CAST(y AS VARCHAR)",
            "Cast of BYTES to STRING is not supported",
        ),
        (
            "CAST(i AS BOOLEAN)",
            "Cast of INTEGER to BOOLEAN is not supported",
        ),
        ("CAST(da AS TIME)", "Cast of DATE to TIME is not supported"),
        (
            "CAST(a AS INT)",
            "Cast of ARRAY<INTEGER> to INTEGER is not supported",
        ),
        ("CAST(i AS NOPE)", "Cannot resolve unknown type: NOPE"),
        ("CAST(i INT)", "Syntax Error"),
    ])
    .await;
}

#[tokio::test]
async fn constructors() {
    check(&[
        ("ARRAY[1, 2]", json!([1, 2])),
        (
            "ARRAY[1, NULL, 9223372036854775807]",
            json!([1, null, 9223372036854775807_i64]),
        ),
        ("ARRAY[i, '8']", json!([7, 8])),
        ("ARRAY[1, 2.5E0]", json!([1.0, 2.5])),
        ("ARRAY[ARRAY[1], ARRAY[2, 3]]", json!([[1], [2, 3]])),
        ("MAP('a' := 1, 'b' := i)", json!({"a": 1, "b": 7})),
        ("MAP(1 := 'a', i := s)", json!({"1": "a", "7": "hello"})),
        ("MAP(1 := 'a', i := s)[7]", json!("hello")),
        ("CAST(MAP(true := 1) AS VARCHAR)", json!("{true=1}")),
        (
            "STRUCT(x := 1, `y` := s, z := STRUCT(q := ARRAY[1]))",
            json!({"X": 1, "y": "hello", "Z": {"Q": [1]}}),
        ),
        ("STRUCT()", json!({})),
        (
            "ARRAY[STRUCT(a := 1), STRUCT(b := 2)]",
            json!([{"A": 1, "B": null}, {"A": null, "B": 2}]),
        ),
        ("ARRAY[i / 0, 1]", json!([null, 1])),
    ])
    .await;
    check_refused(&[
        (
            "ARRAY[]",
            "Array constructor cannot be empty. Please supply at least one element",
        ),
        (
            "ARRAY[NULL]",
            "Cannot construct an array with all NULL elements",
        ),
        (
            "MAP()",
            "Map constructor cannot be empty. Please supply at least one key value pair",
        ),
        (
            "MAP('a' := NULL)",
            "Cannot construct a map with all NULL values",
        ),
        (
            "ARRAY[1, 'x']",
            "invalid input syntax for type INTEGER: \"x\".",
        ),
        (
            "ARRAY[i, s]",
            "operator does not exist: INTEGER = STRING (S)",
        ),
        (
            "STRUCT(a := 1, A := 2)",
            "Duplicate field names found in STRUCT",
        ),
        ("ARRAY[1", "Syntax Error"),
    ])
    .await;
}
