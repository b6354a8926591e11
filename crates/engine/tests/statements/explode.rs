//! EXPLODE and CUBE_EXPLODE: rows from rows.

use serde_json::json;

use crate::support::{House, START, record};

const S: &str = "CREATE STREAM s (k VARCHAR KEY, a INT, l ARRAY<INT>, m ARRAY<STRUCT<f INT, g VARCHAR>>) WITH (kafka_topic='t', value_format='JSON', partitions=1);";

async fn house() -> House {
    let mut house = House::earliest().await;
    house.go(S).await;
    house
}

#[tokio::test]
async fn each_element_is_a_record_with_the_key_the_time_and_the_headers_of_its_row() {
    let mut house = house().await;
    house
        .go("CREATE STREAM x AS SELECT k, EXPLODE(l) AS e, a, EXPLODE(l) + a, EXPLODE(m)->g FROM s;")
        .await;
    let values: [Option<&[u8]>; 6] = [
        Some(br#"{"a":1,"l":[10,null,30],"m":[{"g":"x"},{"g":"y"}]}"#),
        Some(br#"{"a":2,"l":[],"m":null}"#),
        None,
        Some(br#"{"a":3,"l":null,"m":[{"g":"z"}]}"#),
        Some(br#"{"a":4,"l":null}"#),
        Some(br#"{"a":5,"l":[50]}"#),
    ];
    let mut time = START;
    let given = values.map(|value| {
        let mut record = record(Some(b"key"), value);
        time += 1;
        record.timestamp = time;
        record.headers = vec![weir_kafka::Header {
            key: "h".into(),
            value: None,
        }];
        record
    });
    house.write("t", 0, given.to_vec()).await;
    assert_eq!(
        house.texts("X", 5).await,
        [
            r#"{"E":10,"A":1,"KSQL_COL_0":11,"G":"x"}"#,
            r#"{"E":null,"A":1,"KSQL_COL_0":null,"G":"y"}"#,
            r#"{"E":30,"A":1,"KSQL_COL_0":31,"G":null}"#,
            r#"{"E":null,"A":3,"KSQL_COL_0":null,"G":"z"}"#,
            r#"{"E":50,"A":5,"KSQL_COL_0":55,"G":null}"#,
        ]
    );
    let records = house.records("X").await;
    let times: Vec<i64> = records
        .iter()
        .map(|record| record.timestamp - START)
        .collect();
    assert_eq!(times, [1, 1, 1, 4, 6]);
    assert!(
        records
            .iter()
            .all(|record| record.headers.len() == 1 && record.key.as_deref() == Some(&b"key"[..]))
    );
}

#[tokio::test]
async fn rows_are_made_before_the_functions_and_lambdas_around_them() {
    let mut house = house().await;
    house
        .put("t", &[r#"{"a":10,"l":[1,2],"m":[{"f":1},{"f":2}]}"#])
        .await;
    assert_eq!(
        house
            .rows("SELECT ABS(EXPLODE(l) - a) AS x, TRANSFORM(ARRAY[EXPLODE(l), a], y => y + a) AS y, EXPLODE(TRANSFORM(m, z => z->f * a)) AS z FROM s;")
            .await,
        [json!([9, [11, 20], 10]), json!([8, [12, 20], 20])]
    );
}

#[tokio::test]
async fn a_cube_is_every_way_to_leave_elements_out() {
    let mut house = house().await;
    house
        .go("CREATE STREAM x AS SELECT k, CUBE_EXPLODE(ARRAY[k, CAST(a AS STRING)]) AS c FROM s;")
        .await;
    house
        .write(
            "t",
            0,
            vec![
                record(Some(b"k"), Some(br#"{"a":1}"#)),
                record(None, Some(br#"{"a":2}"#)),
            ],
        )
        .await;
    assert_eq!(
        house.jsons("X", 6).await,
        [
            json!({"C": [null, null]}),
            json!({"C": [null, "1"]}),
            json!({"C": ["k", null]}),
            json!({"C": ["k", "1"]}),
            json!({"C": [null, null]}),
            json!({"C": [null, "2"]}),
        ]
    );
}

#[tokio::test]
async fn a_client_gets_as_many_rows_as_it_asks_for() {
    let mut house = house().await;
    house
        .put("t", &[r#"{"l":[1,2,3],"a":7}"#, r#"{"l":[4]}"#])
        .await;
    assert_eq!(
        house.rows("SELECT EXPLODE(l) AS e, a FROM s;").await,
        [
            json!([1, 7]),
            json!([2, 7]),
            json!([3, 7]),
            json!([4, null])
        ]
    );
    assert_eq!(
        house
            .rows("SELECT EXPLODE(l) AS e FROM s EMIT CHANGES LIMIT 2;")
            .await,
        [json!([1]), json!([2])]
    );
    // A million rows of twenty elements, of which three are wanted.
    let numbers: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    house
        .put(
            "t",
            &[&format!(r#"{{"l":[{}],"a":20}}"#, numbers.join(","))],
        )
        .await;
    let rows = house
        .rows("SELECT ARRAY_LENGTH(CUBE_EXPLODE(l)) AS n, a FROM s WHERE a = 20 EMIT CHANGES LIMIT 3;")
        .await;
    assert_eq!(rows, vec![json!([20, 20]); 3]);
}

#[tokio::test]
async fn rows_that_are_made_have_the_key_of_partition_by() {
    let mut house = house().await;
    house
        .go("CREATE STREAM x AS SELECT a, EXPLODE(l) AS e, k FROM s PARTITION BY a;
             CREATE STREAM y WITH (key_format='JSON') AS SELECT *, EXPLODE(l) AS e FROM s PARTITION BY a, k;")
        .await;
    house
        .write(
            "t",
            0,
            vec![record(Some(b"k"), Some(br#"{"a":1,"l":[1,2]}"#))],
        )
        .await;
    assert_eq!(
        house.texts("X", 2).await,
        [r#"{"E":1,"K":"k"}"#, r#"{"E":2,"K":"k"}"#]
    );
    assert_eq!(
        house.records("X").await[1].key.as_deref(),
        Some(&[0, 0, 0, 1][..])
    );
    assert_eq!(
        house.texts("Y", 2).await,
        [
            r#"{"L":[1,2],"M":null,"E":1}"#,
            r#"{"L":[1,2],"M":null,"E":2}"#
        ]
    );
    assert_eq!(
        house.records("Y").await[0].key.as_deref(),
        Some(&br#"{"A":1,"K":"k"}"#[..])
    );
}

#[tokio::test]
async fn table_functions_stand_in_the_select_list_only() {
    let mut house = house().await;
    for (query, message) in [
        (
            "SELECT k, EXPLODE(EXPLODE(ARRAY[l])) AS e FROM s",
            "Table functions cannot be nested: `EXPLODE`(`EXPLODE`())",
        ),
        (
            "SELECT k, CASE WHEN a = 1 THEN EXPLODE(l) ELSE 0 END AS e FROM s",
            "Table functions cannot be used in CASE: (CASE WHEN (S.A = 1) THEN EXPLODE(S.L) ELSE 0 END)",
        ),
        (
            "SELECT k, a FROM s WHERE EXPLODE(l) = 1",
            "Can't find any functions with the name 'EXPLODE'",
        ),
        (
            "SELECT k, EXPLODE(l), COUNT(*) FROM s GROUP BY k",
            "Table functions cannot be used with aggregations.",
        ),
        (
            "SELECT k, EXPLODE(a) FROM s",
            "Function 'explode' does not accept parameters (INTEGER).\nValid alternatives are:\nEXPLODE(ARRAY<T> array)",
        ),
        (
            "SELECT k, CUBE_EXPLODE(l, l) FROM s",
            "Function 'cube_explode' does not accept parameters (ARRAY<INTEGER>, ARRAY<INTEGER>).",
        ),
    ] {
        house
            .refuses(&format!("CREATE STREAM x AS {query};"), message)
            .await;
    }
    house
        .refuses(
            "INSERT INTO s (a) VALUES (EXPLODE(ARRAY[1]));",
            "Can't find any functions with the name 'EXPLODE'",
        )
        .await;
}

#[tokio::test]
async fn table_functions_are_listed_and_described_and_explained() {
    let mut house = house().await;
    let answer = house.ask("SHOW FUNCTIONS;").await;
    let functions = answer["functions"].as_array().unwrap();
    let kinds: Vec<_> = functions
        .iter()
        .filter(|function| function["type"] == "TABLE")
        .map(|function| function["name"].clone())
        .collect();
    assert_eq!(kinds, ["CUBE_EXPLODE", "EXPLODE"]);
    let answer = house.ask("DESCRIBE FUNCTION explode;").await;
    assert_eq!(
        (&answer["name"], &answer["type"]),
        (&json!("EXPLODE"), &json!("TABLE"))
    );
    assert_eq!(answer["functions"][0]["arguments"][0]["type"], "ARRAY<T>");
    assert_eq!(answer["functions"][0]["returnType"], "T");
    let answer = house
        .ask("EXPLAIN SELECT k, EXPLODE(l) + 1 AS e FROM s EMIT CHANGES;")
        .await;
    let plan = answer["queryDescription"]["executionPlan"]
        .as_str()
        .unwrap();
    assert!(
        plan.contains("> [ FLATMAP ] | KSQL_SYNTH_0 INTEGER := EXPLODE(L)"),
        "{plan}"
    );
    assert!(plan.contains("`E` INTEGER := (KSQL_SYNTH_0 + 1)"), "{plan}");
}
