//! CREATE STREAM, CREATE TYPE, ALTER.

use serde_json::json;
use weir_engine::parts::Broker as _;

use crate::support::{House, each, text};

#[tokio::test]
async fn a_stream_with_nested_types_and_quoted_names_is_declared_and_read() {
    let mut house = House::earliest().await;
    let said = house
        .say(
            "CREATE STREAM `Win-events` (`@timestamp` TIMESTAMP, winlog STRUCT<event_data STRUCT<`CommandLine` VARCHAR, ids ARRAY<BIGINT>>, n INT>, \
             tags ARRAY<STRUCT<k VARCHAR, v MAP<STRING, ARRAY<INT>>>>, host VARCHAR KEY) \
             WITH (KAFKA_TOPIC='events', value_format='json', PARTITIONS=2);",
        )
        .await;
    assert_eq!(said, "Stream created");
    let fields = house.ask("DESCRIBE `Win-events`;").await["sourceDescription"]["fields"].clone();
    // Keys come first.
    assert_eq!(
        each(&fields, "name"),
        ["HOST", "@timestamp", "WINLOG", "TAGS"]
    );
    assert_eq!(fields[0]["type"], "KEY");
    assert_eq!(
        fields[2]["schema"],
        json!({"type": "STRUCT", "memberSchema": null, "fields": [
            {"name": "EVENT_DATA", "schema": {"type": "STRUCT", "memberSchema": null, "fields": [
                {"name": "CommandLine", "schema": {"type": "STRING", "fields": null, "memberSchema": null}},
                {"name": "IDS", "schema": {"type": "ARRAY", "fields": null, "memberSchema": {"type": "BIGINT", "fields": null, "memberSchema": null}}}]}},
            {"name": "N", "schema": {"type": "INTEGER", "fields": null, "memberSchema": null}}]})
    );
    house
        .put(
            "events",
            &[
                r#"{"@timestamp":1,"winlog":{"event_data":{"CommandLine":"a.exe","commandline":"no","ids":[1,2]},"n":3},"tags":[{"k":"x","v":{"y":[4]}}]}"#,
            ],
        )
        .await;
    let rows = house
        .rows("SELECT `@timestamp`, winlog->event_data->`CommandLine`, winlog->event_data->ids[-1] AS last, tags[1]->v['y'][1] AS deep, host FROM `Win-events`;")
        .await;
    assert_eq!(
        rows,
        [json!(["1970-01-01T00:00:00.001", "a.exe", 2, 4, null])]
    );
}

#[tokio::test]
async fn partitions_create_the_topic_and_must_agree_with_one_that_is_there() {
    let mut house = House::new().await;
    let missing = house
        .refusal("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    assert_eq!(
        missing,
        "Topic 't' does not exist. If you want to create a new topic for the stream/table please re-run the statement \
         providing the required 'PARTITIONS' configuration in the WITH clause (and optionally 'REPLICAS'). For example: \
         CREATE STREAM/TABLE ... WITH (KAFKA_TOPIC='t', PARTITIONS=1, ...)"
    );
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON', partitions=3, replicas=1);")
        .await;
    assert_eq!(house.ends("t").await.len(), 3);
    house
        .refuses(
            "CREATE STREAM s2 (a INT) WITH (kafka_topic='t', value_format='JSON', partitions=4);",
            "A Kafka topic with the name 't' already exists, with different partition/replica configuration than required.",
        )
        .await;
    house
        .go("CREATE STREAM s2 (a INT) WITH (kafka_topic='t', value_format='JSON', partitions=3);")
        .await;
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_or_only_warned_of() {
    let mut house = House::new().await;
    house.topic("t", 1).await;
    house.topic("t2", 1).await;
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    assert_eq!(
        house
            .refusal("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON');")
            .await,
        "Cannot add stream 'S': A stream with the same name already exists"
    );
    let answer = house
        .ask("CREATE STREAM IF NOT EXISTS s (b INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    assert_eq!(answer["@type"], "warning_entity");
    assert_eq!(
        answer["message"],
        "Cannot add stream `S`: A stream with the same name already exists."
    );
    // What was there is as it was.
    let fields = house.ask("DESCRIBE s;").await["sourceDescription"]["fields"].clone();
    assert_eq!(each(&fields, "name"), ["A"]);
}

#[tokio::test]
async fn or_replace_adds_columns_at_the_end_and_nothing_else() {
    let mut house = House::new().await;
    house.topic("t", 1).await;
    house.topic("t2", 1).await;
    house
        .go("CREATE STREAM s (k INT KEY, a INT, b INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    assert_eq!(
        house
            .say("CREATE OR REPLACE STREAM s (k INT KEY, a INT, b INT, c INT) WITH (kafka_topic='t', value_format='JSON');")
            .await,
        "Stream created"
    );
    let with = "WITH (kafka_topic='t', value_format='JSON')";
    for (columns, part) in [
        (
            "k INT KEY, b INT, a INT, c INT",
            "(The following columns are changed, missing or reordered: [`A` INTEGER, `B` INTEGER])",
        ),
        (
            "k INT KEY, a BIGINT, b INT, c INT",
            "(The following columns are changed, missing or reordered: [`A` INTEGER])",
        ),
        (
            "k BIGINT KEY, a INT, b INT, c INT",
            "Key columns must be identical.",
        ),
    ] {
        house
            .refuses(
                &format!("CREATE OR REPLACE STREAM s ({columns}) {with};"),
                "Cannot upgrade data source: DataSource '`S`' has schema = `K` INTEGER KEY, `A` INTEGER, `B` INTEGER, `C` INTEGER which is not upgradeable to ",
            )
            .await;
        house
            .refuses(
                &format!("CREATE OR REPLACE STREAM s ({columns}) {with};"),
                part,
            )
            .await;
    }
    house
        .refuses(
            "CREATE OR REPLACE STREAM s (k INT KEY, a INT, b INT, c INT) WITH (kafka_topic='t2', value_format='JSON');",
            "Cannot upgrade data source: DataSource '`S`' has topic = t which is not upgradeable to t2",
        )
        .await;
    house
        .refuses(
            "CREATE OR REPLACE STREAM s (k INT KEY, a INT, b INT, c INT) WITH (kafka_topic='t', value_format='DELIMITED');",
            "Cannot upgrade data source: DataSource '`S`' has value format = JSON which is not upgradeable to DELIMITED",
        )
        .await;
    // A new name is as good as without OR REPLACE.
    house
        .go("CREATE OR REPLACE STREAM fresh (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
}

#[tokio::test]
async fn or_replace_can_be_switched_off() {
    let mut house =
        House::with(|builder| builder.property("ksql.create.or.replace.enabled", "false")).await;
    house.topic("t", 1).await;
    house
        .refuses(
            "CREATE OR REPLACE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON');",
            "CREATE OR REPLACE functionality is currently disabled. You can enable it by setting ksql.create.or.replace.enabled=true",
        )
        .await;
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
}

#[tokio::test]
async fn what_cannot_be_declared_is_refused_in_ksqldbs_words() {
    let mut house = House::new().await;
    house.topic("t", 1).await;
    for (columns, properties, part) in [
        (
            "a INT, a INT",
            "value_format='JSON'",
            "Duplicate column names: ",
        ),
        (
            "rowtime BIGINT",
            "value_format='JSON'",
            "'ROWTIME' is a reserved column name. ",
        ),
        (
            "windowstart BIGINT",
            "value_format='JSON'",
            "'WINDOWSTART' is a reserved column name. ",
        ),
        (
            "a INT PRIMARY KEY, b INT",
            "value_format='JSON'",
            "Column `A` is a 'PRIMARY KEY' column: please use 'KEY' for streams.",
        ),
        (
            "k MAP<STRING, INT> KEY, b INT",
            "format='JSON'",
            "Map keys, including types that contain maps, are not supported",
        ),
        (
            "a FOO",
            "value_format='JSON'",
            "Cannot resolve unknown type: FOO",
        ),
        (
            "a STRUCT<x INT, X INT>",
            "value_format='JSON'",
            "Duplicate field names",
        ),
        ("a INT", "value_format='FOO'", "Unknown format: FOO"),
        (
            "a INT",
            "key_format='JSON'",
            "Statement is missing the 'VALUE_FORMAT' property from the WITH clause.",
        ),
        (
            "a INT",
            "value_format='JSON', foo='x'",
            "Invalid config variable(s) in the WITH clause: FOO",
        ),
        (
            "a INT",
            "format='JSON', value_format='JSON'",
            "Cannot supply both 'VALUE_FORMAT' and 'FORMAT' properties",
        ),
        (
            "a INT",
            "value_format='JSON', cleanup_policy='compact'",
            "Invalid config variable in the WITH clause: CLEANUP_POLICY.",
        ),
        (
            "a INT, b INT",
            "value_format='JSON', wrap_single_value=true",
            "'WRAP_SINGLE_VALUE' is only valid for single-field value schemas",
        ),
        (
            "a INT",
            "value_format='DELIMITED', wrap_single_value=true",
            "Format 'DELIMITED' does not support 'WRAP_SINGLE_VALUE' set to 'true'.",
        ),
        (
            "a INT",
            "value_format='JSON', value_delimiter=';'",
            "JSON does not support the following configs: [delimiter]",
        ),
        (
            "a INT",
            "value_format='DELIMITED', value_delimiter='ab'",
            "Invalid delimiter value: 'ab'. Delimiter must be a single character or TAB,SPACE",
        ),
        (
            "a INT, b INT",
            "value_format='KAFKA'",
            "The 'KAFKA' format only supports a single field. Got: [`A` INTEGER, `B` INTEGER]",
        ),
        (
            "a BOOLEAN",
            "value_format='KAFKA'",
            "The 'KAFKA' format does not support type 'BOOLEAN'",
        ),
        (
            "a ARRAY<INT>",
            "value_format='DELIMITED'",
            "The 'DELIMITED' format does not support type 'ARRAY', column: `A`",
        ),
        (
            "a INT",
            "value_format='NONE'",
            "The 'NONE' format can only be used when no columns are defined. Got: [`A` INTEGER]",
        ),
        (
            "a INT",
            "value_format='JSON', timestamp='b'",
            "The TIMESTAMP column set in the WITH clause does not exist in the schema: 'B'",
        ),
        (
            "a INT",
            "value_format='JSON', timestamp='a'",
            "should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified",
        ),
        (
            "h ARRAY<STRUCT<key STRING, value BYTES>> HEADERS, g ARRAY<STRUCT<key STRING, value BYTES>> HEADERS",
            "value_format='JSON'",
            "Schema already contains a HEADERS column.",
        ),
        (
            "h STRING HEADERS",
            "value_format='JSON'",
            "Invalid type for HEADERS column: expected ARRAY<STRUCT<`KEY` STRING, `VALUE` BYTES>>, got STRING",
        ),
        (
            "a DECIMAL(0, 0)",
            "value_format='JSON'",
            "DECIMAL precision must be >= 1",
        ),
        (
            "a DECIMAL(2, 3)",
            "value_format='JSON'",
            "DECIMAL precision must be >= scale",
        ),
    ] {
        house
            .refuses(
                &format!("CREATE STREAM s ({columns}) WITH (kafka_topic='t', {properties});"),
                part,
            )
            .await;
    }
    for (statement, part) in [
        (
            "CREATE STREAM s WITH (kafka_topic='t', value_format='JSON');",
            "The statement does not define any columns.",
        ),
        (
            "CREATE STREAM s (a INT) WITH (value_format='JSON');",
            "Missing required property \"KAFKA_TOPIC\" which has no default value.",
        ),
        (
            "CREATE STREAM s (a INT) WITH (kafka_topic=7, value_format='JSON');",
            "Invalid value 7 for property KAFKA_TOPIC: Expected value to be a string",
        ),
        (
            "CREATE STREAM `s.x` (a INT) WITH (kafka_topic='t', value_format='JSON');",
            "Source names may only contain alphanumeric values, '_' or '-'.",
        ),
        (
            "CREATE STREAM s (a INT WITH (kafka_topic='t');",
            "Syntax Error",
        ),
        (
            "CREATE STREM s (a INT) WITH (kafka_topic='t');",
            "line 1:8: Syntax Error",
        ),
        (
            "CREAT STREAM s;",
            "line 1:1: Syntax Error\nUnknown statement 'CREAT'",
        ),
        (
            "CREATE STREAM s (size INT) WITH (kafka_topic='t', value_format='JSON');",
            "\"size\" is a reserved keyword and it can't be used as an identifier.",
        ),
        (
            "CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON')",
            "missing ';' at '<EOF>'",
        ),
    ] {
        house.refuses(statement, part).await;
    }
    assert_eq!(
        each(&house.ask("SHOW STREAMS;").await["streams"], "name"),
        ["KSQL_PROCESSING_LOG"]
    );
}

#[tokio::test]
async fn a_source_stream_is_read_only() {
    let mut house = House::new().await;
    house.topic("t", 1).await;
    house
        .go("CREATE SOURCE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    house
        .go("CREATE STREAM other (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    for (statement, part) in [
        (
            "INSERT INTO s (a) VALUES (1);",
            "Cannot insert values into read-only stream: S",
        ),
        (
            "INSERT INTO s SELECT * FROM other;",
            "Cannot insert into read-only stream: S",
        ),
        (
            "ALTER STREAM s ADD b INT;",
            "ALTER operations are not supported on source streams.",
        ),
        (
            "CREATE OR REPLACE STREAM s (a INT, b INT) WITH (kafka_topic='t', value_format='JSON');",
            "Cannot add stream 'S': CREATE OR REPLACE is not supported on source streams.",
        ),
        (
            "CREATE OR REPLACE SOURCE STREAM other (a INT, b INT) WITH (kafka_topic='t', value_format='JSON');",
            "CREATE OR REPLACE is not supported on source streams.",
        ),
        (
            "DROP STREAM s DELETE TOPIC;",
            "Cannot delete topic for read-only source: S",
        ),
    ] {
        house.refuses(statement, part).await;
    }
    house.go("DROP STREAM s;").await;
}

#[tokio::test]
async fn types_are_aliases_that_are_put_in_where_they_are_used() {
    let mut house = House::new().await;
    house.topic("t", 1).await;
    assert_eq!(
        house
            .say("CREATE TYPE address AS STRUCT<street VARCHAR, no INT>;")
            .await,
        "Registered custom type with name 'ADDRESS' and SQL type STRUCT<`STREET` STRING, `NO` INTEGER>"
    );
    house
        .go("CREATE TYPE people AS ARRAY<STRUCT<name STRING, home ADDRESS>>;")
        .await;
    assert_eq!(
        house.refusal("CREATE TYPE address AS INT;").await,
        "Cannot register custom type 'ADDRESS' since it is already registered with type: STRUCT<`STREET` STRING, `NO` INTEGER>"
    );
    assert_eq!(
        house.say("CREATE TYPE IF NOT EXISTS address AS INT;").await,
        "ADDRESS is already registered with type STRUCT<`STREET` STRING, `NO` INTEGER>"
    );
    let types = house.ask("SHOW TYPES;").await;
    assert_eq!(types["@type"], "type_list");
    assert_eq!(types["types"]["ADDRESS"]["type"], "STRUCT");
    assert_eq!(types["types"]["ADDRESS"]["fields"][1]["name"], "NO");
    house
        .go("CREATE STREAM s (p people) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    assert_eq!(
        house.say("DROP TYPE address;").await,
        "Dropped type 'ADDRESS'"
    );
    assert_eq!(
        house.refusal("DROP TYPE address;").await,
        "Type ADDRESS does not exist."
    );
    assert_eq!(
        house.say("DROP TYPE IF EXISTS address;").await,
        "Type 'ADDRESS' does not exist"
    );
    house
        .refuses(
            "CREATE STREAM s2 (a address) WITH (kafka_topic='t', value_format='JSON');",
            "Cannot resolve unknown type: ADDRESS",
        )
        .await;
    // Who used it keeps it.
    let stream = house.ask("DESCRIBE s;").await;
    let member = &stream["sourceDescription"]["fields"][0]["schema"]["memberSchema"];
    assert_eq!(
        text(&member["fields"][1]["schema"]["fields"][0]["name"]),
        "STREET"
    );
}

#[tokio::test]
async fn alter_adds_columns_to_what_was_declared() {
    let mut house = House::earliest().await;
    house.topic("t", 1).await;
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    assert_eq!(
        house
            .say("ALTER STREAM s ADD COLUMN b INT, ADD c STRUCT<d INT>;")
            .await,
        "Stream S altered."
    );
    house.put("t", &[r#"{"a":1,"b":2,"c":{"d":3}}"#]).await;
    assert_eq!(
        house.rows("SELECT * FROM s;").await,
        [json!([1, 2, {"D": 3}])]
    );
    for (statement, part) in [
        (
            "ALTER STREAM s ADD b INT;",
            "Cannot add column `B` to schema. A column with the same name already exists.",
        ),
        (
            "ALTER STREAM nope ADD b INT;",
            "Source NOPE does not exist.",
        ),
        (
            "ALTER TABLE s ADD d INT;",
            "Incompatible data source type is STREAM, but statement was ALTER TABLE",
        ),
        (
            "ALTER STREAM s ADD rowtime INT;",
            "'ROWTIME' is a reserved column name.",
        ),
    ] {
        house.refuses(statement, part).await;
    }
    house.go("CREATE STREAM x AS SELECT * FROM s;").await;
    house
        .refuses(
            "ALTER STREAM x ADD d INT;",
            "ALTER command is not supported for CREATE ... AS statements.",
        )
        .await;
}

#[tokio::test]
async fn what_a_later_version_has_is_refused_by_its_name() {
    let mut house = House::new().await;
    house.topic("t", 1).await;
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    for (statement, part) in [
        (
            "CREATE TABLE x (a INT PRIMARY KEY, b INT) WITH (kafka_topic='t', value_format='JSON');",
            "Tables are not in this version",
        ),
        (
            "CREATE STREAM x AS SELECT a, COUNT(*) FROM s GROUP BY a;",
            "are not in this version",
        ),
        (
            "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='AVRO');",
            "AVRO",
        ),
        ("SHOW CONNECTORS;", "not in this version"),
        (
            "ALTER SYSTEM 'a'='b';",
            "Cannot alter system configs when KSQL_SHARED_RUNTIME_ENABLED is turned off.",
        ),
    ] {
        house.refuses(statement, part).await;
    }
}

#[tokio::test]
async fn a_topic_that_is_there_must_be_as_the_sink_wants_it() {
    let mut house = House::earliest().await;
    house.topic("t", 2).await;
    house.topic("X", 3).await;
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    house
        .refuses(
            "CREATE STREAM x WITH (partitions=2) AS SELECT * FROM s;",
            "A Kafka topic with the name 'X' already exists, with different partition/replica configuration than required. \
             KSQL expects 2 partitions (topic has 3), 1 replication factor (topic has 1).",
        )
        .await;
    house
        .refuses(
            "CREATE STREAM x WITH (partitions=3, replicas=2) AS SELECT * FROM s;",
            "KSQL expects 3 partitions (topic has 3), 2 replication factor (topic has 1).",
        )
        .await;
    house
        .go("CREATE STREAM x WITH (partitions=3) AS SELECT * FROM s;")
        .await;
    // What was accepted is accepted again when the statements are read again.
    let broker = &house.world.broker;
    broker.add_partitions("X", 5).await.unwrap();
    let mut house = house.restarted().await;
    house.put("t", &[r#"{"a":1}"#]).await;
    assert_eq!(house.texts("X", 1).await, [r#"{"A":1}"#]);
    let names = each(&house.ask("SHOW STREAMS;").await["streams"], "name");
    assert_eq!(names, ["KSQL_PROCESSING_LOG", "S", "X"]);
}

#[tokio::test]
async fn sinks_have_the_partitions_of_their_source_unless_they_are_told() {
    let mut house = House::new().await;
    house.topic("t", 3).await;
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON'); \
             CREATE STREAM same AS SELECT * FROM s; \
             CREATE STREAM one WITH (partitions=1, replicas=1, retention_ms=1000) AS SELECT * FROM same; \
             CREATE STREAM two WITH (kafka_topic='given', partitions='2') AS SELECT * FROM one;")
        .await;
    assert_eq!(house.ends("SAME").await.len(), 3);
    assert_eq!(house.ends("ONE").await.len(), 1);
    assert_eq!(house.ends("given").await.len(), 2);
}

#[tokio::test]
async fn headers_can_be_switched_off() {
    let mut house =
        House::with(|builder| builder.property("ksql.headers.columns.enabled", "false")).await;
    house.topic("t", 1).await;
    house
        .refuses(
            "CREATE STREAM s (a INT, x BYTES HEADER('x')) WITH (kafka_topic='t', value_format='JSON');",
            "Cannot create Stream because schema with headers columns is disabled.",
        )
        .await;
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON');")
        .await;
}

#[tokio::test]
async fn a_query_that_runs_keeps_the_columns_that_there_were() {
    let mut house = House::earliest().await;
    house.topic("t", 1).await;
    house
        .go(
            "CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON'); \
             CREATE STREAM before AS SELECT * FROM s; \
             ALTER STREAM s ADD COLUMN b INT, ADD c VARCHAR; \
             CREATE STREAM behind AS SELECT * FROM s;",
        )
        .await;
    let with_all = r#"{"a":1,"b":2,"c":"x"}"#;
    house.put("t", &[with_all]).await;
    assert_eq!(house.texts("BEFORE", 1).await, [r#"{"A":1}"#]);
    assert_eq!(house.texts("BEHIND", 1).await, [r#"{"A":1,"B":2,"C":"x"}"#]);
    // The same after the statements were read again.
    let mut house = house.restarted().await;
    house.put("t", &[with_all]).await;
    assert_eq!(house.texts("BEFORE", 2).await[1], r#"{"A":1}"#);
    assert_eq!(
        house.texts("BEHIND", 2).await[1],
        r#"{"A":1,"B":2,"C":"x"}"#
    );
    let fields = house.ask("DESCRIBE s;").await["sourceDescription"]["fields"].clone();
    assert_eq!(each(&fields, "name"), ["A", "B", "C"]);
    // Issued again, SELECT * is what the stream has now.
    house
        .go("CREATE OR REPLACE STREAM before AS SELECT * FROM s;")
        .await;
    house.put("t", &[with_all]).await;
    assert_eq!(
        house.texts("BEFORE", 3).await[2],
        r#"{"A":1,"B":2,"C":"x"}"#
    );
}

#[tokio::test]
async fn or_replace_of_a_stream_that_a_query_fills_leaves_the_query() {
    let mut house = House::earliest().await;
    house.topic("t", 1).await;
    house
        .go("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON'); \
             CREATE STREAM x AS SELECT * FROM s; \
             CREATE OR REPLACE STREAM x (a INT, more INT) WITH (kafka_topic='X', value_format='JSON');")
        .await;
    house.put("t", &[r#"{"a":1}"#]).await;
    assert_eq!(house.texts("X", 1).await, [r#"{"A":1}"#]);
    assert_eq!(house.rows("SELECT * FROM x;").await, [json!([1, null])]);
    // The query still ends with its stream.
    house.go("DROP STREAM x;").await;
    let queries = house.ask("SHOW QUERIES;").await;
    assert_eq!(each(&queries["queries"], "id").len(), 0);
}

#[tokio::test]
async fn or_replace_goes_on_from_where_the_only_writer_was() {
    let mut house = House::earliest().await;
    house.topic("t", 1).await;
    house
        .go(
            "CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON'); \
             CREATE STREAM x (a INT) WITH (kafka_topic='x', value_format='JSON', partitions=1); \
             INSERT INTO x SELECT * FROM s;",
        )
        .await;
    house.put("t", &[r#"{"a":1}"#]).await;
    assert_eq!(house.texts("x", 1).await, [r#"{"A":1}"#]);
    // The query that inserts is the one that is replaced, and keeps its name.
    assert_eq!(
        house
            .say(
                "CREATE OR REPLACE STREAM x WITH (kafka_topic='x') AS SELECT a, a + 1 AS b FROM s;"
            )
            .await,
        "Created query with ID INSERTQUERY_2"
    );
    house.put("t", &[r#"{"a":2}"#]).await;
    assert_eq!(house.texts("x", 2).await[1], r#"{"A":2,"B":3}"#);
    let mut house = house.restarted().await;
    house.put("t", &[r#"{"a":3}"#]).await;
    assert_eq!(house.texts("x", 3).await[2], r#"{"A":3,"B":4}"#);
    assert_eq!(house.state_of("INSERTQUERY_2").await, "RUNNING");
    for (statement, part) in [
        (
            "CREATE STREAM other (a INT) WITH (kafka_topic='t', value_format='DELIMITED'); \
             CREATE OR REPLACE STREAM x WITH (kafka_topic='x', value_format='JSON') AS SELECT a, a AS b FROM other;",
            "Query is not upgradeable. Plan step of type StreamSource must have matching formats. Values differ: KAFKA and JSON vs. KAFKA and DELIMITED",
        ),
        (
            "CREATE STREAM later (a INT, t BIGINT) WITH (kafka_topic='t', value_format='JSON', timestamp='t'); \
             CREATE OR REPLACE STREAM x WITH (kafka_topic='x') AS SELECT a, a AS b FROM later;",
            "must have matching timestampColumn. Values differ: none vs. `T`",
        ),
    ] {
        house.refuses(statement, part).await;
    }
}

#[tokio::test]
async fn a_stream_whose_query_was_terminated_gets_another_one() {
    let mut house = House::earliest().await;
    house.topic("t", 1).await;
    house
        .go(
            "CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON'); \
             CREATE STREAM x AS SELECT * FROM s; TERMINATE ALL;",
        )
        .await;
    assert_eq!(
        house
            .say("CREATE OR REPLACE STREAM x AS SELECT a, a AS b FROM s;")
            .await,
        "Created query with ID CSAS_X_3"
    );
    house.put("t", &[r#"{"a":1}"#]).await;
    assert_eq!(house.texts("X", 1).await, [r#"{"A":1,"B":1}"#]);
    house.go("DROP STREAM x;").await;
    let queries = house.ask("SHOW QUERIES;").await;
    assert_eq!(each(&queries["queries"], "id").len(), 0);
}

#[tokio::test]
async fn several_queries_write_into_one_stream() {
    let mut house = House::earliest().await;
    house.topic("t", 1).await;
    house
        .go("CREATE STREAM s (k INT KEY, a INT) WITH (kafka_topic='t', value_format='JSON', key_format='JSON'); \
             CREATE STREAM x AS SELECT * FROM s WHERE a = 1; \
             INSERT INTO x SELECT k, a * 10 AS a FROM s WHERE a = 2; \
             INSERT INTO x WITH (query_id='Third_1') SELECT k, a FROM s WHERE a = 3 EMIT CHANGES;")
        .await;
    let ids = each(&house.ask("SHOW QUERIES;").await["queries"], "id");
    assert_eq!(ids, ["CSAS_X_1", "INSERTQUERY_2", "THIRD_1"]);
    house
        .put("t", &[r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#])
        .await;
    let mut texts = house.texts("X", 3).await;
    texts.sort();
    assert_eq!(texts, [r#"{"A":1}"#, r#"{"A":20}"#, r#"{"A":3}"#]);
    let mut house = house.restarted().await;
    house.put("t", &[r#"{"a":2}"#]).await;
    assert_eq!(house.texts("X", 4).await[3], r#"{"A":20}"#);
    // One that is terminated leaves the others.
    house.go("TERMINATE insertquery_2;").await;
    house.put("t", &[r#"{"a":2}"#, r#"{"a":3}"#]).await;
    assert_eq!(house.texts("X", 5).await[4], r#"{"A":3}"#);
    house
        .refuses(
            "DROP STREAM x;",
            "The following queries write into this source: [THIRD_1].",
        )
        .await;
}

#[tokio::test]
async fn topics_are_asserted_with_all_that_is_wrong_of_them() {
    let mut house = House::new().await;
    house.topic("Mixed", 2).await;
    let answer = house
        .ask("ASSERT TOPIC Mixed WITH (PARTITIONS=2, replicas=1) TIMEOUT 1 SECONDS;")
        .await;
    assert_eq!(answer["@type"], "assert_topic");
    assert_eq!(answer["topicName"], "Mixed");
    assert_eq!(answer["exists"], true);
    // What WITH says is not looked at where the topic is not to exist.
    let answer = house
        .ask("ASSERT NOT EXISTS TOPIC mixed WITH (partitions=7);")
        .await;
    assert_eq!(answer["exists"], false);
    let error = house
        .run("ASSERT TOPIC `Mixed` WITH (partitions='2', replicas=3, colour=1) TIMEOUT 1 MILLISECONDS;")
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind, weir_engine::ErrorKind::Assertion);
    assert_eq!(
        error.message,
        "Mismatched configuration for topic Mixed: For config partitions, expected 2 got 2\n\
         Mismatched configuration for topic Mixed: For config replicas, expected 3 got 1\n\
         Cannot assert unknown topic property: COLOUR"
    );
}

#[tokio::test]
async fn types_outlive_the_process_and_the_streams_outlive_the_types() {
    let mut house = House::earliest().await;
    house.topic("t", 1).await;
    house
        .go("CREATE TYPE address AS STRUCT<street VARCHAR, no INT>; \
             CREATE TYPE person AS STRUCT<name VARCHAR, homes ARRAY<address>>; \
             CREATE STREAM s (p person) WITH (kafka_topic='t', value_format='JSON'); \
             DROP TYPE address; DROP TYPE IF EXISTS address; CREATE TYPE IF NOT EXISTS person AS INT;")
        .await;
    let mut house = house.restarted().await;
    let types = house.ask("SHOW TYPES;").await["types"].clone();
    let names: Vec<&String> = types.as_object().unwrap().keys().collect();
    assert_eq!(names, ["PERSON"]);
    assert_eq!(types["PERSON"]["type"], "STRUCT");
    house
        .put(
            "t",
            &[r#"{"p":{"name":"x","homes":[{"street":"y","no":1}]}}"#],
        )
        .await;
    house.go("SET 'auto.offset.reset'='earliest';").await;
    assert_eq!(
        house
            .rows("SELECT p->homes[1]->street AS street FROM s;")
            .await,
        [json!(["y"])]
    );
    // What an address was is known in the type that has it inside, and not by its name.
    house
        .go("CREATE STREAM again (p person) WITH (kafka_topic='t', value_format='JSON');")
        .await;
    house
        .refuses(
            "CREATE TYPE other AS ARRAY<address>;",
            "Cannot resolve unknown type: ADDRESS",
        )
        .await;
}

#[tokio::test]
async fn a_source_stream_is_one_after_a_restart_too() {
    let mut house = House::earliest().await;
    house.topic("t", 1).await;
    house
        .go("CREATE SOURCE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON'); CREATE STREAM x AS SELECT * FROM s;")
        .await;
    let mut house = house.restarted().await;
    for (statement, part) in [
        (
            "INSERT INTO s VALUES (1);",
            "Cannot insert values into read-only stream: S",
        ),
        (
            "INSERT INTO s SELECT * FROM x;",
            "Cannot insert into read-only stream: S",
        ),
        (
            "ALTER STREAM s ADD COLUMN b INT;",
            "Cannot alter stream 'S': ALTER operations are not supported on source streams.",
        ),
        (
            "CREATE OR REPLACE SOURCE STREAM s (a INT) WITH (kafka_topic='t', value_format='JSON');",
            "Cannot add stream 'S': CREATE OR REPLACE is not supported on source streams.",
        ),
        (
            "CREATE OR REPLACE STREAM s AS SELECT * FROM x;",
            "Cannot add stream 'S': CREATE OR REPLACE is not supported on source streams.",
        ),
        (
            "DROP STREAM x; DROP STREAM s DELETE TOPIC;",
            "Cannot delete topic for read-only source: S",
        ),
    ] {
        house.refuses(statement, part).await;
    }
    house.put("t", &[r#"{"a":1}"#]).await;
    assert_eq!(house.texts("X", 1).await, [r#"{"A":1}"#]);
}
