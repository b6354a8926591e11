//! PARTITION BY: new keys, in queries that run and in those of a client.

use serde_json::{Value, json};
use weir_kafka::partitioner::partition_for_key;

use crate::support::{House, START, record};

const S: &str = "CREATE STREAM s (id INT KEY, name VARCHAR, age INT, address STRUCT<town VARCHAR>) WITH (kafka_topic='t', format='JSON', partitions=1);";

async fn house() -> House {
    let mut house = House::earliest().await;
    house.go(S).await;
    house
}

/// What DESCRIBE says of a stream: `K STRING KEY, V INTEGER`.
async fn columns(house: &mut House, name: &str) -> String {
    let described = house.ask(&format!("DESCRIBE {name};")).await;
    let fields = described["sourceDescription"]["fields"].as_array().unwrap();
    let fields = fields.iter().map(|field| {
        let (name, sql_type) = (&field["name"], &field["schema"]["type"]);
        let key = if field["type"] == "KEY" { " KEY" } else { "" };
        format!(
            "{} {}{key}",
            name.as_str().unwrap(),
            sql_type.as_str().unwrap()
        )
    });
    fields.collect::<Vec<_>>().join(", ")
}

/// Keys and values of a topic's records, as JSON.
async fn pairs(house: &House, topic: &str, count: usize) -> Vec<(Value, Value)> {
    house
        .until("the records come", async || {
            house.records(topic).await.len() >= count
        })
        .await;
    let parsed = |bytes: Option<&[u8]>| match bytes {
        None => Value::Null,
        Some(bytes) => serde_json::from_slice(bytes).unwrap(),
    };
    let records = house.records(topic).await;
    let pair = |record: &weir_engine::parts::Record| {
        (
            parsed(record.key.as_deref()),
            parsed(record.value.as_deref()),
        )
    };
    records.iter().map(pair).collect()
}

#[tokio::test]
async fn the_new_key_leaves_the_value_and_the_old_one_enters_it() {
    let mut house = house().await;
    house
        .go("CREATE STREAM one AS SELECT * FROM s PARTITION BY name;
             CREATE STREAM two AS SELECT age, s.id, name AS n FROM s PARTITION BY s.age, id;
             CREATE STREAM town AS SELECT * FROM s PARTITION BY address->town;
             CREATE STREAM made AS SELECT * FROM s PARTITION BY UCASE(name), age + 1;
             CREATE STREAM named AS SELECT UCASE(name) AS k, name FROM s PARTITION BY UCASE(name);")
        .await;
    assert_eq!(
        columns(&mut house, "one").await,
        "NAME STRING KEY, AGE INTEGER, ADDRESS STRUCT, ID INTEGER"
    );
    assert_eq!(
        columns(&mut house, "two").await,
        "AGE INTEGER KEY, ID INTEGER KEY, N STRING"
    );
    assert_eq!(
        columns(&mut house, "town").await,
        "TOWN STRING KEY, NAME STRING, AGE INTEGER, ADDRESS STRUCT, ID INTEGER"
    );
    assert_eq!(
        columns(&mut house, "made").await,
        "KSQL_COL_0 STRING KEY, KSQL_COL_1 INTEGER KEY, NAME STRING, AGE INTEGER, ADDRESS STRUCT, ID INTEGER"
    );
    assert_eq!(
        columns(&mut house, "named").await,
        "K STRING KEY, NAME STRING"
    );
    let mut given = record(
        Some(b"7"),
        Some(br#"{"name":"bob","age":30,"address":{"town":"Ulm"}}"#),
    );
    given.timestamp = START + 5;
    given.headers = vec![weir_kafka::Header {
        key: "h".into(),
        value: None,
    }];
    house.write("t", 0, vec![given]).await;
    let address = json!({"TOWN": "Ulm"});
    assert_eq!(
        pairs(&house, "ONE", 1).await,
        [(
            json!("bob"),
            json!({"AGE": 30, "ADDRESS": address, "ID": 7})
        )]
    );
    assert_eq!(
        pairs(&house, "TWO", 1).await,
        [(json!({"AGE": 30, "ID": 7}), json!({"N": "bob"}))]
    );
    assert_eq!(pairs(&house, "TOWN", 1).await[0].0, json!("Ulm"));
    assert_eq!(
        pairs(&house, "MADE", 1).await[0].0,
        json!({"KSQL_COL_0": "BOB", "KSQL_COL_1": 31})
    );
    assert_eq!(
        pairs(&house, "NAMED", 1).await,
        [(json!("BOB"), json!({"NAME": "bob"}))]
    );
    // Time and headers are those of the row that it comes from.
    let record = &house.records("ONE").await[0];
    assert_eq!((record.timestamp, record.headers.len()), (START + 5, 1));
}

#[tokio::test]
async fn a_record_goes_to_the_partition_of_its_new_key() {
    let mut house = house().await;
    house
        .go("CREATE STREAM x WITH (partitions=5) AS SELECT * FROM s PARTITION BY name;")
        .await;
    let names: Vec<String> = (0..20).map(|number| format!("name {number}")).collect();
    let given = names.iter().map(|name| {
        let value = json!({"name": name}).to_string();
        record(Some(b"1"), Some(value.as_bytes()))
    });
    house.write("t", 0, given.collect()).await;
    let wanted = names.iter().fold(vec![0; 5], |mut wanted, name| {
        let key = json!(name).to_string();
        wanted[partition_for_key(key.as_bytes(), 5) as usize] += 1;
        wanted
    });
    assert!(
        wanted.iter().filter(|count| **count > 0).count() > 2,
        "{wanted:?}"
    );
    house
        .until("they come", async || {
            house.ends("X").await.iter().sum::<i64>() == 20
        })
        .await;
    assert_eq!(house.ends("X").await, wanted);
}

#[tokio::test]
async fn what_has_no_value_keeps_what_its_old_key_says() {
    let mut house = house().await;
    house
        .go("CREATE STREAM old AS SELECT * FROM s PARTITION BY id * 2;
             CREATE STREAM new AS SELECT * FROM s PARTITION BY COALESCE(name, 'none');
             CREATE STREAM both AS SELECT id, rowtime AS time, 1 AS one, age FROM s PARTITION BY id, rowtime, 1;
             CREATE STREAM filtered AS SELECT * FROM s WHERE age IS NULL PARTITION BY age;")
        .await;
    let mut given = vec![
        record(Some(b"4"), None),
        record(None, None),
        record(Some(b"5"), Some(b"{}")),
    ];
    for record in &mut given {
        record.timestamp = 9;
    }
    house.write("t", 0, given).await;
    let value = |pairs: &[(Value, Value)]| -> Vec<bool> {
        pairs.iter().map(|(_, value)| value.is_null()).collect()
    };
    let keys = |pairs: Vec<(Value, Value)>| -> Vec<Value> {
        pairs.into_iter().map(|(key, _)| key).collect()
    };
    let old = pairs(&house, "OLD", 3).await;
    assert_eq!(value(&old), [true, true, false]);
    assert_eq!(keys(old), [json!(8), json!(null), json!(10)]);
    assert_eq!(
        keys(pairs(&house, "NEW", 3).await),
        [json!(null), json!(null), json!("none")]
    );
    // A key of several columns is there whatever is in it.
    assert_eq!(
        keys(pairs(&house, "BOTH", 3).await),
        [
            json!({"ID": 4, "TIME": null, "ONE": 1}),
            json!({"ID": null, "TIME": null, "ONE": 1}),
            json!({"ID": 5, "TIME": 9, "ONE": 1}),
        ]
    );
    // WHERE comes first, and takes no row without a value.
    assert_eq!(keys(pairs(&house, "FILTERED", 1).await), [json!(null)]);
}

#[tokio::test]
async fn a_key_of_several_columns_is_passed_on_as_it_came() {
    let mut house = House::earliest().await;
    house
        .go("CREATE STREAM s (a INT KEY, b INT KEY, v INT) WITH (kafka_topic='t', format='JSON', partitions=1);
             CREATE STREAM x AS SELECT b AS b2, v, a FROM s;")
        .await;
    assert_eq!(
        columns(&mut house, "x").await,
        "A INTEGER KEY, B2 INTEGER KEY, V INTEGER"
    );
    let keys: [Option<&[u8]>; 4] = [
        Some(br#"{"a":1,"b":2}"#),
        Some(br#"{"A":null,"B":null}"#),
        Some(b"null"),
        None,
    ];
    let given = keys.map(|key| record(key, Some(br#"{"v":1}"#)));
    house.write("t", 0, given.to_vec()).await;
    let keys: Vec<Value> = pairs(&house, "X", 4)
        .await
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    assert_eq!(
        keys,
        [
            json!({"A": 1, "B2": 2}),
            json!({"A": null, "B2": null}),
            json!(null),
            json!(null)
        ]
    );
    house
        .go("SET 'ksql.new.query.planner.enabled'='true'; CREATE STREAM y AS SELECT b, v, a FROM s;")
        .await;
    assert_eq!(
        columns(&mut house, "y").await,
        "B INTEGER KEY, A INTEGER KEY, V INTEGER"
    );
}

#[tokio::test]
async fn partition_by_null_takes_the_key_away() {
    let mut house = House::with(|builder| {
        builder
            .property("auto.offset.reset", "earliest")
            .property("ksql.persistence.default.format.key", "DELIMITED")
    })
    .await;
    house.go(S).await;
    house
        .go(
            "CREATE STREAM x AS SELECT id, name FROM s PARTITION BY NULL;
             CREATE STREAM y WITH (key_format='NONE') AS SELECT * FROM s PARTITION BY null;",
        )
        .await;
    assert_eq!(columns(&mut house, "x").await, "ID INTEGER, NAME STRING");
    let described = house.ask("DESCRIBE x EXTENDED;").await;
    assert_eq!(described["sourceDescription"]["keyFormat"], "NONE");
    let given = vec![
        record(Some(b"4"), Some(br#"{"name":"a"}"#)),
        record(Some(b"5"), None),
    ];
    house.write("t", 0, given).await;
    assert_eq!(
        pairs(&house, "X", 2).await,
        [
            (Value::Null, json!({"ID": 4, "NAME": "a"})),
            (Value::Null, Value::Null)
        ]
    );
    house
        .refuses(
            "CREATE STREAM z WITH (key_format='JSON') AS SELECT * FROM s PARTITION BY NULL;",
            "Key format specified for stream without key columns.",
        )
        .await;
    // What is partitioned again has keys, in the format that is the default.
    house
        .go("CREATE STREAM z AS SELECT *, 1 AS one FROM x PARTITION BY id, name;")
        .await;
    let described = house.ask("DESCRIBE z EXTENDED;").await;
    assert_eq!(described["sourceDescription"]["keyFormat"], "DELIMITED");
    house
        .until("they come", async || house.records("Z").await.len() == 2)
        .await;
    let records = house.records("Z").await;
    assert_eq!(records[0].key.as_deref(), Some(&b"4,a"[..]));
}

#[tokio::test]
async fn a_client_sees_the_columns_in_their_new_order() {
    let mut house = house().await;
    house
        .write(
            "t",
            0,
            vec![record(Some(b"7"), Some(br#"{"name":"bob","age":3}"#))],
        )
        .await;
    let mut stream = house
        .stream("SELECT * FROM s PARTITION BY name, age + 1 EMIT CHANGES LIMIT 1;")
        .await;
    assert_eq!(
        stream.schema.to_string(),
        "`NAME` STRING, `KSQL_COL_0` INTEGER, `AGE` INTEGER, `ADDRESS` STRUCT<`TOWN` STRING>, `ID` INTEGER"
    );
    assert_eq!(
        house.take(&mut stream, 1).await,
        [json!(["bob", 4, 3, null, 7])]
    );
    // Not even the key must be selected there.
    let mut stream = house
        .stream("SELECT id, age FROM s PARTITION BY name EMIT CHANGES LIMIT 1;")
        .await;
    assert_eq!(house.take(&mut stream, 1).await, [json!([7, 3])]);
}

#[tokio::test]
async fn refusals_are_in_the_words_of_ksqldb() {
    let mut house = house().await;
    house
        .go("CREATE STREAM k (id INT KEY, a INT, l ARRAY<INT>) WITH (kafka_topic='k', value_format='JSON', partitions=1);")
        .await;
    for (query, message) in [
        (
            "SELECT * FROM s PARTITION BY ()",
            "PARTITION BY requires at least one expression",
        ),
        (
            "SELECT * FROM s PARTITION BY NULL, id",
            "Cannot PARTITION BY multiple columns including NULL",
        ),
        (
            "SELECT id, a AS b FROM k PARTITION BY b",
            "PARTITION BY column 'B' cannot be resolved. 'B' must be a column in the source schema since PARTITION BY is applied on the input.",
        ),
        (
            "SELECT id, age FROM s PARTITION BY name",
            "Key missing from projection (ie, SELECT). See https://cnfl.io/2LV7ouS.\nThe query used to build `X` must include the partitioning expression S.NAME in its projection (eg, SELECT S.NAME...).",
        ),
        (
            "SELECT name, id FROM s PARTITION BY name, age + 1",
            "Keys missing from projection (ie, SELECT). See https://cnfl.io/2LV7ouS.\nThe query used to build `X` must include the partitioning expressions S.NAME and (S.AGE + 1) in its projection (eg, SELECT S.NAME, (S.AGE + 1)...).",
        ),
        (
            "SELECT UCASE(name) AS b, UCASE(s.name) AS a, id FROM s PARTITION BY UCASE(name)",
            "The projection contains a key column (`KSQL_COL_0`) more than once, aliased as: A and B.",
        ),
        (
            "SELECT name FROM s PARTITION BY name",
            "The projection contains no value columns.",
        ),
        (
            "SELECT * FROM s PARTITION BY name, name",
            "Duplicate key columns found in schema: `NAME` STRING KEY",
        ),
        (
            "SELECT rowtime, id FROM s PARTITION BY rowtime",
            "Reserved column name in select: `ROWTIME`. Please remove or alias the column.",
        ),
        (
            "SELECT * FROM s PARTITION BY EXPLODE(ARRAY[id])",
            "Can't find any functions with the name 'EXPLODE'",
        ),
        (
            "SELECT * FROM k PARTITION BY id, a",
            "Key format does not support schema.\nformat: KAFKA\nschema: Persistence{columns=[`ID` INTEGER KEY, `A` INTEGER KEY], features=[]}\nreason: The 'KAFKA' format only supports a single field. Got: [`ID` INTEGER KEY, `A` INTEGER KEY]",
        ),
        (
            "SELECT * FROM k PARTITION BY l",
            "Key format does not support schema.\nformat: KAFKA\nschema: Persistence{columns=[`L` ARRAY<INTEGER> KEY], features=[]}\nreason: The 'KAFKA' format does not support type 'ARRAY'",
        ),
        (
            "SELECT * FROM k PARTITION BY MAP('a' := 1)",
            "Map keys, including types that contain maps, are not supported as they may lead to unexpected behavior due to inconsistent serialization. Key column name: `KSQL_COL_0`. Column type: MAP<STRING, INTEGER>.",
        ),
    ] {
        house
            .refuses(&format!("CREATE STREAM x AS {query};"), message)
            .await;
    }
}

#[tokio::test]
async fn or_replace_keeps_the_partitioning() {
    let mut house = house().await;
    house
        .go("CREATE STREAM x AS SELECT * FROM s PARTITION BY age + 1;
             CREATE OR REPLACE STREAM x AS SELECT * FROM s WHERE age > 1 PARTITION BY age + 1;")
        .await;
    house
        .refuses(
            "CREATE OR REPLACE STREAM x AS SELECT * FROM s PARTITION BY age + 2;",
            "Query is not upgradeable. Plan type StreamSelectKey must have matching keyExpressions. Values differ: '[(AGE + 1)]' vs. '[(AGE + 2)]'",
        )
        .await;
}

#[tokio::test]
async fn explain_shows_the_new_keys() {
    let mut house = house().await;
    let answer = house
        .ask("EXPLAIN SELECT UCASE(name) AS k, age FROM s WHERE age > 1 PARTITION BY UCASE(name), age EMIT CHANGES;")
        .await;
    let plan = answer["queryDescription"]["executionPlan"]
        .as_str()
        .unwrap();
    let steps: Vec<&str> = plan.lines().map(|line| line.trim()).collect();
    assert!(
        steps[1].starts_with(
            "> [ REKEY ] | KSQL_KEY_KSQL_COL_0 STRING := UCASE(NAME), KSQL_KEY_AGE INTEGER := AGE"
        ),
        "{plan}"
    );
    assert!(steps[2].starts_with("> [ FILTER ]"), "{plan}");
    let answer = house
        .ask("EXPLAIN SELECT id FROM s PARTITION BY NULL EMIT CHANGES;")
        .await;
    let plan = answer["queryDescription"]["executionPlan"]
        .as_str()
        .unwrap();
    assert!(plan.contains("[ REKEY ] | NULL"), "{plan}");
}
