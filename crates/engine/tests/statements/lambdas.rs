//! Lambdas: FILTER, TRANSFORM and REDUCE from a statement to its rows, and what is refused.

use serde_json::{Value, json};

use crate::support::House;

const DECLARED: &str = "CREATE STREAM r (id INT, n INT, s VARCHAR, a ARRAY<INT>, b ARRAY<INT>, w ARRAY<VARCHAR>, \
    aa ARRAY<ARRAY<INT>>, m MAP<VARCHAR, INT>, ma MAP<VARCHAR, ARRAY<INT>>, st ARRAY<STRUCT<c VARCHAR, d INT>>, \
    wide STRUCT<`F` INT, few ARRAY<INT>>) WITH (kafka_topic='r', value_format='JSON', partitions=1);";

const ROWS: &[&str] = &[
    r#"{"id":1,"n":10,"s":"x","a":[1,2,3],"b":[7,8],"w":["ab","c"],"aa":[[1,2],[3]],"m":{"k":1,"l":2},
        "ma":{"a":[2,5,4],"b":[-1]},"st":[{"c":"q","d":1},{"c":"p","d":2}],"wide":{"F":3,"few":[5,6]}}"#,
    r#"{"id":2,"n":20,"s":null,"a":[5,null],"b":[],"w":[],"aa":[[],null,[4,null]],"m":{"k":null},
        "ma":{},"st":[null,{"c":null,"d":0}],"wide":{"F":0,"few":null}}"#,
    r#"{"id":3,"a":[],"m":{}}"#,
    r#"{"id":4,"n":40}"#,
    r#"{"id":5,"n":50,"s":"yy","a":[9,8,7,6,5,4,3,2,1,0,-1,-2,-3,-4,-5,-6,-7,-8,-9,-10],"b":[1],"w":["x","yy","zzz"],
        "aa":[[1],[2],[3]],"m":{"a":1,"b":2,"c":3},"ma":{"z":[]},"st":[],"wide":null}"#,
];

async fn house() -> House {
    let mut house = House::earliest().await;
    house.go(DECLARED).await;
    house.put("r", ROWS).await;
    house
}

/// Each expression, and its value in each of the rows.
async fn check(cases: &[(&str, [Value; 5])]) {
    let mut house = house().await;
    let mut wrong = Vec::new();
    for (expression, wanted) in cases {
        let statement = format!("SELECT {expression} AS x FROM r;");
        let found = match house.run(&statement).await {
            Ok(_) => house.rows(&statement).await,
            Err(error) => vec![json!([error.message])],
        };
        let wanted: Vec<Value> = wanted.iter().map(|value| json!([value])).collect();
        if found != wanted {
            wrong.push(format!("{expression}\n   is {found:?}\n  not {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn arrays_are_filtered_transformed_and_reduced() {
    let null = Value::Null;
    check(&[
        (
            "FILTER(a, x => x > 2)",
            [
                json!([3]),
                json!([5]),
                json!([]),
                null.clone(),
                json!([9, 8, 7, 6, 5, 4, 3]),
            ],
        ),
        (
            "TRANSFORM(a, x => x * 2 + 1)",
            [
                json!([3, 5, 7]),
                null.clone(),
                json!([]),
                null.clone(),
                json!([
                    19, 17, 15, 13, 11, 9, 7, 5, 3, 1, -1, -3, -5, -7, -9, -11, -13, -15, -17, -19
                ]),
            ],
        ),
        (
            "TRANSFORM(w, x => UCASE(x))",
            [
                json!(["AB", "C"]),
                json!([]),
                null.clone(),
                null.clone(),
                json!(["X", "YY", "ZZZ"]),
            ],
        ),
        (
            "TRANSFORM(a, x => x IS NULL)",
            [
                json!([false, false, false]),
                json!([false, true]),
                json!([]),
                null.clone(),
                json!(vec![false; 20]),
            ],
        ),
        (
            "REDUCE(a, 100, (t, x) => t + x)",
            [json!(106), null.clone(), json!(100), json!(100), json!(90)],
        ),
        (
            "REDUCE(a, '', (t, x) => t || CAST(x AS STRING))",
            [
                json!("123"),
                json!("5"),
                json!(""),
                json!(""),
                json!("9876543210-1-2-3-4-5-6-7-8-9-10"),
            ],
        ),
        // A member of a STRUCT, and the STRUCT that is made of it.
        (
            "TRANSFORM(st, e => e->c)",
            [
                json!(["q", "p"]),
                json!([null, null]),
                null.clone(),
                null.clone(),
                json!([]),
            ],
        ),
        (
            "TRANSFORM(FILTER(st, e => e->d > 0), e => STRUCT(q := e->d + 5, p := e->c + 'h'))",
            [
                json!([{"Q": 6, "P": "qh"}, {"Q": 7, "P": "ph"}]),
                json!([]),
                null.clone(),
                null.clone(),
                json!([]),
            ],
        ),
        (
            "TRANSFORM(wide->few, i => i + wide->`F`)",
            [
                json!([8, 9]),
                null.clone(),
                null.clone(),
                null.clone(),
                null.clone(),
            ],
        ),
        (
            "TRANSFORM(aa, l => ARRAY_LENGTH(l))",
            [
                json!([2, 1]),
                json!([0, null, 2]),
                null.clone(),
                null.clone(),
                json!([1, 1, 1]),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn maps_are_filtered_transformed_and_reduced() {
    let null = Value::Null;
    check(&[
        (
            "FILTER(m, (k, v) => v > 1)",
            [
                json!({"l": 2}),
                json!({}),
                json!({}),
                null.clone(),
                json!({"b": 2, "c": 3}),
            ],
        ),
        // A value that is NULL cannot be kept.
        (
            "FILTER(m, (k, v) => k = 'k')",
            [
                json!({"k": 1}),
                null.clone(),
                json!({}),
                null.clone(),
                json!({}),
            ],
        ),
        (
            "TRANSFORM(m, (k, v) => k + '_', (k, v) => v + 1)",
            [
                json!({"k_": 2, "l_": 3}),
                null.clone(),
                json!({}),
                null.clone(),
                json!({"a_": 2, "b_": 3, "c_": 4}),
            ],
        ),
        // Two keys that are the same.
        (
            "TRANSFORM(m, (k, v) => 'x', (k, v) => 1)",
            [
                null.clone(),
                json!({"x": 1}),
                json!({}),
                null.clone(),
                null.clone(),
            ],
        ),
        (
            "REDUCE(m, 0, (t, k, v) => t + v + LEN(k))",
            [json!(5), null.clone(), json!(0), json!(0), json!(9)],
        ),
    ])
    .await;
}

#[tokio::test]
async fn bodies_read_columns_and_other_lambdas() {
    let null = Value::Null;
    check(&[
        (
            "TRANSFORM(b, x => x + n)",
            [json!([17, 18]), json!([]), null.clone(), null.clone(), json!([51])],
        ),
        (
            "TRANSFORM(w, x => x + s)",
            [
                json!(["abx", "cx"]),
                json!([]),
                null.clone(),
                null.clone(),
                json!(["xyy", "yyyy", "zzzyy"]),
            ],
        ),
        (
            "TRANSFORM(b, x => TRANSFORM(w, y => y + CAST(x + n AS STRING)))",
            [
                json!([["ab17", "c17"], ["ab18", "c18"]]),
                json!([]),
                null.clone(),
                null.clone(),
                json!([["x51", "yy51", "zzz51"]]),
            ],
        ),
        (
            "TRANSFORM(aa, l => REDUCE(l, n, (t, x) => t + x))",
            // What fails inside ends all of it only if it is no argument of another function.
            [json!([13, 13]), json!([20, 20, null]), null.clone(), null.clone(), json!([51, 52, 53])],
        ),
        (
            "FILTER(ma, (k, v) => REDUCE(v, 0, (t, x) => t + x) > 0)",
            [json!({"a": [2, 5, 4]}), json!({}), null.clone(), null.clone(), json!({})],
        ),
        (
            "TRANSFORM(TRANSFORM(ma, (x, y) => x, (x, y) => FILTER(y, z => z < 5)), (x, y) => UCASE(x), (k, v) => ARRAY_LENGTH(v))",
            [json!({"A": 2, "B": 1}), json!({}), null.clone(), null.clone(), json!({"Z": 0})],
        ),
        (
            "TRANSFORM(a, x => CASE WHEN x > 2 THEN 'big' WHEN n > 10 THEN 'late' ELSE NULL END)",
            [
                json!([null, null, "big"]),
                json!(["big", "late"]),
                json!([]),
                null.clone(),
                json!([
                    "big", "big", "big", "big", "big", "big", "big", "late", "late", "late", "late", "late", "late",
                    "late", "late", "late", "late", "late", "late", "late"
                ]),
            ],
        ),
        (
            "REDUCE(TRANSFORM(b, x => x * n), 0, (t, x) => t + x) + ARRAY_LENGTH(b)",
            [json!(152), json!(0), null.clone(), null.clone(), json!(51)],
        ),
        (
            "TRANSFORM(b, x => ROWTIME - ROWTIME + x)",
            [json!([7, 8]), json!([]), null.clone(), null.clone(), json!([1])],
        ),
        ("TRANSFORM(ARRAY[n, 1], x => id)", [json!([1, 1]), json!([2, 2]), json!([3, 3]), json!([4, 4]), json!([5, 5])]),
    ])
    .await;
}

#[tokio::test]
async fn lambdas_work_in_a_filter_and_in_a_persistent_query() {
    let mut house = house().await;
    house
        .go("CREATE STREAM big AS SELECT id, FILTER(a, x => x > 4) AS big, TRANSFORM(m, (k, v) => UCASE(k), (k, v) => v) AS m \
             FROM r WHERE ARRAY_LENGTH(FILTER(a, x => x > n - 40)) > 0 EMIT CHANGES;")
        .await;
    assert_eq!(
        house.jsons("BIG", 2).await,
        [
            json!({"ID": 1, "BIG": [], "M": {"K": 1, "L": 2}}),
            json!({"ID": 2, "BIG": [5], "M": null}),
        ]
    );
}

#[tokio::test]
async fn what_is_no_lambda_of_this_place_is_refused() {
    let mut house = house().await;
    for (expression, part) in [
        (
            "TRANSFORM(a, n => n + 1)",
            "Lambda function argument can't be a column name: N",
        ),
        (
            "TRANSFORM(m, (k, a) => k, (k, v) => v)",
            "Lambda function argument can't be a column name: A",
        ),
        (
            "TRANSFORM(aa, l => FILTER(l, l => true))",
            "Reusing lambda arguments in nested lambda is not allowed",
        ),
        (
            "REDUCE(a, 0, (x, x) => x)",
            "Lambda arguments have duplicates: [X, X]",
        ),
        ("TRANSFORM(a, x => y + 1)", "column 'Y' cannot be resolved"),
        ("TRANSFORM(a, x => x) + y", "column 'Y' cannot be resolved"),
        ("UCASE(s) || x", "column 'X' cannot be resolved"),
        (
            "TRANSFORM(a, (x, y) => x)",
            "Function 'transform' does not accept parameters (ARRAY<INTEGER>, LAMBDA).",
        ),
        (
            "TRANSFORM(m, (x, y) => x)",
            "Function 'transform' does not accept parameters (MAP<STRING, INTEGER>, LAMBDA).",
        ),
        (
            "FILTER(n, x => true)",
            "Function 'filter' does not accept parameters (INTEGER, LAMBDA).",
        ),
        (
            "UCASE(s, x => x)",
            "Function 'ucase' does not accept parameters (STRING, LAMBDA).",
        ),
        (
            "FILTER(a, x => x)",
            "Cannot infer generics for LAMBDA (T) => BOOLEAN from LAMBDA (INTEGER) => INTEGER because they do not have the same schema structure.",
        ),
        (
            "REDUCE(a, '', (s1, x) => x)",
            "Found invalid instance of generic schema when mapping LAMBDA (S, T) => S to LAMBDA (STRING, INTEGER) => INTEGER. Cannot map S to both STRING and INTEGER",
        ),
        (
            "TRANSFORM(NULL, x => x)",
            "Could not resolve type for generic T.",
        ),
        ("TRANSFORM(a, x => NULL)", "Can't infer a type of null."),
        (
            "TRANSFORM(w, x => x * 2)",
            "Unsupported arithmetic types. STRING INTEGER",
        ),
    ] {
        house
            .refuses(&format!("SELECT {expression} FROM r EMIT CHANGES;"), part)
            .await;
    }
    for statement in [
        "SELECT x => 1 FROM r EMIT CHANGES;",
        "SELECT FILTER(x => x > 1, a) FROM r EMIT CHANGES;",
        "SELECT FILTER(a, x => x > 1, a) FROM r EMIT CHANGES;",
        "SELECT FILTER(a, () => true) FROM r EMIT CHANGES;",
    ] {
        house.refuses(statement, "Syntax Error").await;
    }
}

#[tokio::test]
async fn lambdas_can_be_switched_off() {
    let mut house = house().await;
    house.go("SET 'ksql.lambdas.enabled'='false';").await;
    house
        .refuses(
            "SELECT FILTER(a, x => x > 1) FROM r EMIT CHANGES;",
            "Lambdas are not enabled at this time.",
        )
        .await;
    house.go("SELECT a FROM r;").await;
}

#[tokio::test]
async fn a_plan_shows_lambdas_as_they_are_written() {
    let mut house = house().await;
    let answer = house
        .ask("EXPLAIN SELECT TRANSFORM(a, x => x + n) AS t FROM r WHERE REDUCE(a, 0, (s1, x) => s1 + x) > 1 EMIT CHANGES;")
        .await;
    let plan = answer["queryDescription"]["executionPlan"]
        .as_str()
        .unwrap();
    assert!(plan.contains("TRANSFORM(A, X => (X + N))"), "{plan}");
    assert!(
        plan.contains("REDUCE(A, 0, (S1, X) => (S1 + X)) > 1"),
        "{plan}"
    );
}

#[tokio::test]
async fn lambdas_nest_so_deep_and_no_deeper() {
    let mut house = house().await;
    let nested = |depth: usize| {
        let open: String = (0..depth)
            .map(|level| format!("TRANSFORM(b, x{level} => "))
            .collect();
        let sum: String = (0..depth).map(|level| format!("x{level} + ")).collect();
        format!(
            "SELECT {open}{sum}n{} AS x FROM r WHERE id = 5;",
            ")".repeat(depth)
        )
    };
    let rows = house.rows(&nested(8)).await;
    assert_eq!(rows, [json!([[[[[[[[[58]]]]]]]]])]);
    house
        .refuses(
            &nested(9).replace(';', " EMIT CHANGES;"),
            "Lambdas may stand in one another 8 deep.",
        )
        .await;
}

/// An array captured by the body over another is copied for each element: that is done in pieces.
#[tokio::test]
async fn large_arrays_in_one_another_take_no_large_memory() {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM big (a ARRAY<INT>, w ARRAY<VARCHAR>) WITH (kafka_topic='big', value_format='JSON', partitions=1);")
        .await;
    let numbers: Vec<i32> = (0..1_000).collect();
    let words: Vec<String> = (0..500).map(|n| format!("word number {n}")).collect();
    let record = json!({"a": numbers, "w": words}).to_string();
    house.put("big", &[&record, &record]).await;
    let statement = "SELECT REDUCE(TRANSFORM(a, x => ARRAY_LENGTH(FILTER(w, y => LEN(y) > 13))), 0, (t, x) => t + x) AS n FROM big;";
    let rows = house.rows(statement).await;
    assert_eq!(rows, [json!([490_000]), json!([490_000])]);
}
