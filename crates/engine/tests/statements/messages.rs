//! What is refused, and in which words: a table of statements that are wrong, each with the part of the message that is
//! ksqlDB's. A snapshot keeps what a person reads of each: message, place, remedy.

use std::collections::BTreeSet;

use weir_engine::ErrorKind;

use crate::support::House;

/// What there is when the statements are tried.
const WORLD: &str = "
    CREATE TYPE address AS STRUCT<street VARCHAR, no INT>;
    CREATE STREAM s (k INT KEY, i INT, l BIGINT, d DOUBLE, m DECIMAL(4,2), v VARCHAR, o BOOLEAN, y BYTES, t TIME, da DATE, ts TIMESTAMP,
        a ARRAY<INT>, p MAP<VARCHAR, INT>, st STRUCT<f INT, g VARCHAR>) WITH (kafka_topic='t', value_format='JSON', partitions=2);
    CREATE STREAM two (a INT KEY, b INT KEY, c INT) WITH (kafka_topic='two', format='JSON', partitions=1);
    CREATE STREAM plain (x INT, y INT) WITH (kafka_topic='plain', value_format='JSON', partitions=1);
    CREATE STREAM `Quoted` (x INT) WITH (kafka_topic='plain', value_format='JSON');
    CREATE STREAM heads (x INT, h ARRAY<STRUCT<key STRING, value BYTES>> HEADERS) WITH (kafka_topic='heads', value_format='JSON', partitions=1);
    CREATE SOURCE STREAM src (x INT, y INT) WITH (kafka_topic='src', value_format='JSON', partitions=1);
    CREATE STREAM copy AS SELECT * FROM plain;
    CREATE STREAM written AS SELECT * FROM plain;
    INSERT INTO written WITH (QUERY_ID = 'more') SELECT * FROM plain;
    CREATE STREAM keyed AS SELECT * FROM plain PARTITION BY x;
    CREATE STREAM windowed (k INT KEY, a INT) WITH (kafka_topic='windowed', value_format='JSON', partitions=1, window_type='SESSION');
    CREATE STREAM over_schemas (x INT) WITH (kafka_topic='_schemas', value_format='JSON', partitions=1);
";

/// A statement, and what ksqlDB says of it.
const REFUSED: &[(&str, &str)] = &[
    // Tokens and the grammar.
    (
        "SELEKT * FROM s;",
        "line 1:1: Syntax Error\nUnknown statement 'SELEKT'",
    ),
    ("SELECT * FROM s WHERE;", "line 1:22: Syntax Error"),
    ("SELECT * FROM s ORDER BY i;", "line 1:23: Syntax Error"),
    (
        "SELECT topic FROM s;",
        "\"topic\" is a reserved keyword and it can't be used as an identifier. You can use it as an identifier by escaping it as 'topic'",
    ),
    ("SELECT * FROM s", "missing ';' at '<EOF>'"),
    (
        "SELECT 9223372036854775808 FROM s;",
        "Failed to prepare statement: line 1:9: Invalid numeric literal: 9223372036854775808",
    ),
    (
        "SELECT -9223372036854775809 FROM s;",
        "Invalid numeric literal: -9223372036854775809",
    ),
    ("SELECT 1E999 FROM s;", "Number overflows DOUBLE: 1E999"),
    ("SELECT FOO 'x' FROM s;", "Unknown type"),
    (
        "SELECT ${gone} FROM s;",
        "Illegal argument at Line: 1, Col: 8. Got: '${gone}'",
    ),
    (
        "DROP STREAM `a.b`;",
        "Source names may only contain alphanumeric values, '_' or '-'.",
    ),
    (
        "SELECT * FROM s WHERE i IN ();",
        "Syntax error at or near ')' at line 1:29",
    ),
    (
        "SELECT CAST(i AS NULL) FROM s;",
        "Syntax error at or near 'NULL' at line 1:18",
    ),
    (
        "CREATE STREAM x (k INT (KEY)) WITH (kafka_topic='t', value_format='JSON');",
        "line 1:25: Syntax Error\nExpecting {'STRING', INTEGER_VALUE}",
    ),
    // Types.
    (
        "CREATE STREAM x (a nope) WITH (kafka_topic='t', value_format='JSON');",
        "Cannot resolve unknown type: NOPE",
    ),
    (
        "CREATE STREAM x (a STRUCT<f INT, F INT>) WITH (kafka_topic='t', value_format='JSON');",
        "Duplicate field names found in STRUCT: '`F` INTEGER'.",
    ),
    (
        "CREATE STREAM x (a DECIMAL(5)) WITH (kafka_topic='t', value_format='JSON');",
        "line 1:29: Syntax Error\nExpecting ','",
    ),
    (
        "CREATE STREAM x (a DECIMAL(0, 0)) WITH (kafka_topic='t', value_format='JSON');",
        "DECIMAL precision must be >= 1",
    ),
    (
        "CREATE STREAM x (a DECIMAL(2, 3)) WITH (kafka_topic='t', value_format='JSON');",
        "DECIMAL precision must be >= scale",
    ),
    (
        "CREATE TYPE address AS INT;",
        "Cannot register custom type 'ADDRESS' since it is already registered with type: STRUCT<`STREET` STRING, `NO` INTEGER>",
    ),
    (
        "CREATE TYPE other AS ARRAY<nope>;",
        "Cannot resolve unknown type: NOPE",
    ),
    ("DROP TYPE nope;", "Type NOPE does not exist."),
    // Expressions.
    (
        "SELECT null FROM s;",
        "Can't infer a type of null. Please explicitly cast it to a required type, e.g. CAST(null AS VARCHAR).",
    ),
    (
        "SELECT nope FROM s;",
        "Line: 1, Col: 8: SELECT column 'NOPE' cannot be resolved.",
    ),
    (
        "SELECT z.i FROM s z WHERE z.nope = 1;",
        "WHERE column 'Z.NOPE' cannot be resolved.",
    ),
    ("SELECT u.i FROM s z;", "column 'U.I' cannot be resolved."),
    (
        "SELECT u.* FROM s z;",
        "'U' is not a valid stream/table name or alias.",
    ),
    ("SELECT st->nope FROM s;", "NOPE"),
    (
        "SELECT o + 1 FROM s;",
        "Unsupported arithmetic types. BOOLEAN INTEGER",
    ),
    (
        "SELECT 1 + NULL FROM s;",
        "Error processing expression: (1 + null). Arithmetic on types INTEGER and null are not supported.",
    ),
    (
        "SELECT i FROM s WHERE i = NULL;",
        "Use 'IS NULL' or 'IS NOT NULL' instead.",
    ),
    (
        "SELECT i FROM s WHERE i > 'a';",
        "Error in WHERE expression: Cannot compare I (INTEGER) to 'a' (STRING) with GREATER_THAN.",
    ),
    ("SELECT st < st FROM s;", "with LESS_THAN."),
    (
        "SELECT i FROM s WHERE i + 1;",
        "Type error in WHERE expression: Should evaluate to boolean but is (I + 1) (INTEGER) instead.",
    ),
    (
        "SELECT i FROM s WHERE i IN (1, 'x');",
        "Invalid Predicate: invalid input syntax for type INTEGER: \"x\".",
    ),
    (
        "SELECT i FROM s WHERE i IN (1, v);",
        "Invalid Predicate: operator does not exist: INTEGER = STRING (V)\nHint: You might need to add explicit type casts.",
    ),
    (
        "SELECT i FROM s WHERE o IN (true, 10);",
        "operator does not exist: BOOLEAN = INTEGER (10)",
    ),
    (
        "SELECT CASE WHEN i = 1 THEN null ELSE null END AS c FROM s;",
        "Invalid Case expression. All case branches have NULL type",
    ),
    (
        "SELECT CASE WHEN i = 1 THEN 1 ELSE 'a' END AS c FROM s;",
        "Invalid Case expression.",
    ),
    (
        "SELECT CAST(y AS VARCHAR) FROM s;",
        "Cast of BYTES to STRING is not supported",
    ),
    (
        "SELECT CAST(v AS STRUCT<f INT>) FROM s;",
        "Invalid Select: Cast of STRING to STRUCT<`F` INTEGER> is not supported",
    ),
    (
        "SELECT ARRAY[] FROM s;",
        "Array constructor cannot be empty.",
    ),
    (
        "SELECT ARRAY[NULL] FROM s;",
        "Cannot construct an array with all NULL elements (see https://github.com/confluentinc/ksql/issues/4239). As a workaround, you may cast a NULL value to the desired type.",
    ),
    (
        "SELECT ARRAY[1, 'no'] FROM s;",
        "invalid input syntax for type INTEGER: \"no\"",
    ),
    (
        "SELECT MAP() FROM s;",
        "Map constructor cannot be empty. Please supply at least one key value pair (see https://github.com/confluentinc/ksql/issues/4239).",
    ),
    (
        "SELECT MAP(NULL := 1) FROM s;",
        "Cannot construct a map with all NULL keys",
    ),
    (
        "SELECT MAP('a' := NULL) FROM s;",
        "Cannot construct a map with all NULL values",
    ),
    (
        "SELECT STRUCT(f := 1, f := 2) FROM s;",
        "Duplicate field names found in STRUCT",
    ),
    (
        "SELECT nope(i) FROM s;",
        "Can't find any functions with the name 'NOPE'",
    ),
    (
        "SELECT SUBSTRING(o) FROM s;",
        "Function 'substring' does not accept parameters (BOOLEAN).\nValid alternatives are:",
    ),
    (
        "SELECT GREATEST(null, null) FROM s;",
        "Function 'greatest' cannot be resolved due to ambiguous method parameters (null, null).",
    ),
    (
        "SELECT GREATEST(i, l) FROM s;",
        "Function 'greatest' cannot be resolved due to ambiguous method parameters (INTEGER, BIGINT).",
    ),
    (
        "SELECT DATEADD(DAY, 5, da) FROM s;",
        "SELECT column 'DAY' cannot be resolved.",
    ),
    ("SELECT i->* FROM s;", "STRUCT"),
    // Lambdas.
    (
        "SELECT FILTER(a, x > 1) FROM s;",
        "SELECT column 'X' cannot be resolved.",
    ),
    (
        "SELECT TRANSFORM(a, i => i + 1) FROM s;",
        "Lambda function argument can't be a column name: I",
    ),
    (
        "SELECT TRANSFORM(a, e => REDUCE(a, 0, (e, n) => e + n)) FROM s;",
        "Reusing lambda arguments in nested lambda is not allowed: E",
    ),
    (
        "SELECT REDUCE(a, 0, (n, n) => n) FROM s;",
        "Lambda arguments have duplicates: [",
    ),
    // Time.
    (
        "SELECT DATEADD(da, 5, da) FROM s;",
        "Function 'dateadd' does not accept parameters (DATE, INTEGER, DATE).",
    ),
    (
        "SELECT TIMESTAMPADD(DAYS, 'x', ts) FROM s;",
        "Function 'timestampadd' does not accept parameters (",
    ),
    // CREATE STREAM.
    (
        "CREATE STREAM s (x INT) WITH (kafka_topic='t', value_format='JSON');",
        "Cannot add stream 'S': A stream with the same name already exists",
    ),
    (
        "CREATE STREAM x WITH (kafka_topic='t', value_format='JSON');",
        "The statement does not define any columns.",
    ),
    (
        "CREATE STREAM x (a INT PRIMARY KEY, b INT) WITH (kafka_topic='t', value_format='JSON');",
        "Column `A` is a 'PRIMARY KEY' column: please use 'KEY' for streams.\nTables have PRIMARY KEYs, which are unique and NON NULL.\nStreams have KEYs, which have no uniqueness or NON NULL constraints.",
    ),
    (
        "CREATE STREAM x (a INT, b INT, a INT, B INT) WITH (kafka_topic='t', value_format='JSON');",
        "Duplicate column names: `A`, `B`",
    ),
    (
        "CREATE STREAM x (rowtime BIGINT) WITH (kafka_topic='t', value_format='JSON');",
        "'ROWTIME' is a reserved column name. You cannot use it as a name for a column.",
    ),
    (
        "CREATE STREAM x (h STRING HEADERS) WITH (kafka_topic='t', value_format='JSON');",
        "Invalid type for HEADERS column: expected ARRAY<STRUCT<`KEY` STRING, `VALUE` BYTES>>, got STRING",
    ),
    (
        "CREATE STREAM x (h STRING HEADER('x')) WITH (kafka_topic='t', value_format='JSON');",
        "Invalid type for HEADER('x') column: expected BYTES, got STRING",
    ),
    (
        "CREATE STREAM x (g ARRAY<STRUCT<key STRING, value BYTES>> HEADERS, h ARRAY<STRUCT<key STRING, value BYTES>> HEADERS) WITH (kafka_topic='t', value_format='JSON');",
        "Schema already contains a HEADERS column.",
    ),
    (
        "CREATE STREAM x (g BYTES HEADER('x'), h BYTES HEADER('x')) WITH (kafka_topic='t', value_format='JSON');",
        "Schema already contains a HEADER('x') column.",
    ),
    (
        "CREATE STREAM x (k MAP<STRING, INT> KEY, b INT) WITH (kafka_topic='t', format='JSON');",
        "Map keys, including types that contain maps, are not supported as they may lead to unexpected behavior due to inconsistent serialization. Key column name: `K`. Column type: MAP<STRING, INTEGER>.",
    ),
    (
        "CREATE OR REPLACE STREAM plain (y INT, x INT) WITH (kafka_topic='plain', value_format='JSON');",
        "Cannot upgrade data source: DataSource '`PLAIN`' has schema = `X` INTEGER, `Y` INTEGER which is not upgradeable to `Y` INTEGER, `X` INTEGER. (The following columns are changed, missing or reordered: [`X` INTEGER, `Y` INTEGER])",
    ),
    (
        "CREATE OR REPLACE STREAM two (a INT KEY, c INT) WITH (kafka_topic='two', format='JSON');",
        "(Key columns must be identical. The following key columns are changed, missing or reordered: [`B` INTEGER KEY])",
    ),
    (
        "CREATE OR REPLACE STREAM plain (x INT, y INT) WITH (kafka_topic='two', value_format='DELIMITED');",
        "\n\tAND DataSource '`PLAIN`' has ",
    ),
    (
        "CREATE OR REPLACE STREAM src (x INT, y INT, z INT) WITH (kafka_topic='src', value_format='JSON');",
        "Cannot add stream 'SRC': CREATE OR REPLACE is not supported on source streams.",
    ),
    (
        "CREATE OR REPLACE SOURCE STREAM fresh (x INT) WITH (kafka_topic='src', value_format='JSON');",
        "Cannot add stream 'FRESH': CREATE OR REPLACE is not supported on source streams.",
    ),
    // WITH.
    (
        "CREATE STREAM x (a INT) WITH (value_format='JSON');",
        "Missing required property \"KAFKA_TOPIC\" which has no default value.",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='gone', value_format='JSON');",
        "Topic 'gone' does not exist. If you want to create a new topic for the stream/table please re-run the statement providing the required 'PARTITIONS' configuration in the WITH clause (and optionally 'REPLICAS').",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='JSON', partitions=3);",
        "A Kafka topic with the name 't' already exists, with different partition/replica configuration than required. KSQL expects 3 partitions (topic has 2), -1 replication factor (topic has 1).",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='JSON', replicas=3);",
        "KSQL expects 2 partitions (topic has 2), 3 replication factor (topic has 1).",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='JSON', colour='red');",
        "Invalid config variable(s) in the WITH clause: COLOUR",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topc='t', value_format='JSON');",
        "Invalid config variable(s) in the WITH clause: KAFKA_TOPC",
    ),
    (
        "CREATE STREAM x WITH (partition=3) AS SELECT * FROM s;",
        "Invalid config variable(s) in the WITH clause: PARTITION",
    ),
    (
        "INSERT INTO plain WITH (queryid='x') SELECT * FROM src;",
        "Invalid config variable(s) in the WITH clause: QUERYID",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='JSON', value_format='KAFKA');",
        "Multiple entries with same key",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t');",
        "Statement is missing the 'VALUE_FORMAT' property from the WITH clause. Either provide one or set a default via the 'ksql.persistence.default.format.value' config.",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='XML');",
        "Unknown format: XML",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', key_format='XML', value_format='JSON');",
        "Unknown format: XML",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', format='JSON', value_format='JSON');",
        "Cannot supply both 'VALUE_FORMAT' and 'FORMAT' properties, as 'FORMAT' sets both key and value formats. Either use just 'FORMAT', or use 'KEY_FORMAT' and 'VALUE_FORMAT'.",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', format='JSON', key_format='JSON');",
        "Cannot supply both 'KEY_FORMAT' and 'FORMAT' properties",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic=7, value_format='JSON');",
        "Invalid value 7 for property KAFKA_TOPIC",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='JSON', partitions='many');",
        "Invalid value many for property PARTITIONS: Not a number of type INT",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='new', value_format='JSON', partitions=0);",
        "Number of partitions must be larger than 0",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='new', value_format='JSON', partitions=1, replicas=0);",
        "Replication factor must be larger than 0",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='new', value_format='JSON', partitions=1, retention_ms=-7);",
        "Value must be at least -1",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='JSON', wrap_single_value='perhaps');",
        "Invalid value perhaps for property WRAP_SINGLE_VALUE: Expected value to be either true or false",
    ),
    (
        "CREATE STREAM x (a INT, b INT) WITH (kafka_topic='t', value_format='JSON', wrap_single_value=false);",
        "'WRAP_SINGLE_VALUE' is only valid for single-field value schemas",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='DELIMITED', wrap_single_value=true);",
        "Format 'DELIMITED' does not support 'WRAP_SINGLE_VALUE' set to 'true'.",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='KAFKA', wrap_single_value=true);",
        "Format 'KAFKA' does not support 'WRAP_SINGLE_VALUE' set to 'true'.",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='JSON', cleanup_policy='compact');",
        "Invalid config variable in the WITH clause: CLEANUP_POLICY.\nThe CLEANUP_POLICY config is automatically inferred based on the type of source (STREAM or TABLE).\nUsers can't set the CLEANUP_POLICY config manually.",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='JSON', value_delimiter=';');",
        "JSON does not support the following configs: [delimiter]",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='DELIMITED', value_delimiter=' ');",
        "Failed to prepare statement: Configuration VALUE_DELIMITER is invalid: Delimiter cannot be empty, if you meant to have a tab or space for delimiter, please use the special values 'TAB' or 'SPACE'\nExample valid value: ';'",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', format='DELIMITED', key_delimiter='ab');",
        "Invalid delimiter value: 'ab'. Delimiter must be a single character or TAB,SPACE\nExample valid value: ';'",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='JSON', value_avro_schema_full_name='x');",
        "JSON does not support the following configs: [fullSchemaName]",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='JSON', key_schema_id=1);",
        "KAFKA does not support the following configs: [schemaId]",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='DELIMITED', value_protobuf_nullable_representation='WRAPPER');",
        "DELIMITED does not support the following configs: [nullableRepresentation]",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='JSON', timestamp='nope');",
        "The TIMESTAMP column set in the WITH clause does not exist in the schema: 'NOPE'",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='JSON', timestamp='a');",
        "Timestamp column, `A`, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified",
    ),
    (
        "CREATE STREAM x (a INT, b INT) WITH (kafka_topic='t', value_format='KAFKA');",
        "The 'KAFKA' format only supports a single field. Got: [`A` INTEGER, `B` INTEGER]",
    ),
    (
        "CREATE STREAM x (k BOOLEAN KEY, a INT) WITH (kafka_topic='t', value_format='JSON');",
        "Key format does not support schema.\nformat: KAFKA\nschema: Persistence{columns=[`K` BOOLEAN KEY], features=[]}\nreason: The 'KAFKA' format does not support type 'BOOLEAN'",
    ),
    (
        "CREATE STREAM x (i INT, a ARRAY<INT>) WITH (kafka_topic='t', value_format='DELIMITED');",
        "The 'DELIMITED' format does not support type 'ARRAY', column: `A`",
    ),
    (
        "CREATE STREAM x (a MAP<INT, INT>) WITH (kafka_topic='t', value_format='JSON');",
        "JSON only supports MAP types with STRING keys",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='NONE');",
        "The 'NONE' format can only be used when no columns are defined. Got: [`A` INTEGER]",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='JSON', window_type='SESSION');",
        "Windowed sources require a key column.",
    ),
    (
        "CREATE STREAM x (k INT KEY, a INT) WITH (kafka_topic='t', value_format='JSON', window_type='Hopping', window_size='30 bobs');",
        "Configuration WINDOW_SIZE is invalid: Invalid duration: '30 bobs'. Unknown time unit: 'BOBS'",
    ),
    (
        "CREATE STREAM x (k INT KEY, a INT) WITH (kafka_topic='t', value_format='JSON', window_type='TUMBLING');",
        "'WINDOW_SIZE'",
    ),
    (
        "CREATE STREAM x (k INT KEY, a INT) WITH (kafka_topic='t', value_format='JSON', window_type='SESSION', window_size='1 DAY');",
        "'WINDOW_SIZE' should not be set for SESSION windows.",
    ),
    (
        "INSERT INTO windowed VALUES (1, 2);",
        "Cannot insert values into windowed stream/table!",
    ),
    // CREATE STREAM … AS SELECT, and what every query is asked.
    (
        "CREATE STREAM x AS SELECT * FROM s LIMIT 3;",
        "CREATE STREAM AS SELECT statements don't support LIMIT clause.",
    ),
    (
        "CREATE TABLE x AS SELECT * FROM s;",
        "Invalid result type. Your SELECT query produces a STREAM. Please use CREATE STREAM AS SELECT statement instead.",
    ),
    (
        "CREATE STREAM copy AS SELECT * FROM s;",
        "Cannot add stream 'COPY': A stream with the same name already exists",
    ),
    (
        "CREATE STREAM x AS SELECT * FROM nope;",
        "NOPE does not exist.",
    ),
    (
        "CREATE STREAM x AS SELECT i FROM s;",
        "Key missing from projection (ie, SELECT). See https://cnfl.io/2LV7ouS.\nThe query used to build `X` must include the key column K in its projection (eg, SELECT K...).",
    ),
    (
        "CREATE STREAM x AS SELECT k, k AS k2, i FROM s;",
        "The projection contains a key column (`K`) more than once, aliased as: K and K2.",
    ),
    (
        "CREATE STREAM x AS SELECT k FROM s;",
        "The projection contains no value columns.",
    ),
    (
        "CREATE STREAM x AS SELECT k, i, l AS i FROM s;",
        "Duplicate value columns found in schema: `I` BIGINT",
    ),
    (
        "CREATE STREAM x AS SELECT k, i AS rowtime FROM s;",
        "`ROWTIME` is a reserved column name. You cannot use it as an alias for a column.",
    ),
    (
        "CREATE STREAM x AS SELECT k, rowoffset FROM s;",
        "Reserved column name in select: `ROWOFFSET`. Please remove or alias the column.",
    ),
    (
        "CREATE STREAM x WITH (kafka_topic='plain', partitions=7) AS SELECT * FROM s;",
        "A Kafka topic with the name 'plain' already exists, with different partition/replica configuration than required. KSQL expects 7 partitions (topic has 1)",
    ),
    (
        "CREATE STREAM x WITH (value_format='KAFKA') AS SELECT k, a FROM s;",
        "Value format does not support schema.\nformat: KAFKA",
    ),
    (
        "CREATE STREAM x WITH (kafka_topic='_schemas') AS SELECT * FROM plain;",
        "Cannot insert into read-only topic: _schemas",
    ),
    (
        "CREATE OR REPLACE STREAM written AS SELECT * FROM plain;",
        "REPLACE for sink `WRITTEN` is not supported because there are multiple queries writing into it: [",
    ),
    (
        "CREATE OR REPLACE STREAM copy AS SELECT * FROM src;",
        "Query is not upgradeable. Plan step of type StreamSource must have matching topicName. Values differ: plain vs. src",
    ),
    (
        "CREATE OR REPLACE STREAM copy AS SELECT y, x FROM plain;",
        "(The following columns are changed, missing or reordered: [`X` INTEGER, `Y` INTEGER])",
    ),
    (
        "SELECT * FROM s WINDOW TUMBLING (SIZE 1 DAY) EMIT CHANGES;",
        "WINDOW clause requires a GROUP BY clause.",
    ),
    (
        "SELECT * FROM s EMIT FINAL;",
        "EMIT FINAL is only supported for windowed aggregations.",
    ),
    (
        "CREATE STREAM x AS SELECT c FROM two;",
        "The query used to build `X` must include the key columns A and B in its projection (eg, SELECT A, B...).",
    ),
    // PARTITION BY and table functions.
    (
        "CREATE STREAM x AS SELECT * FROM s PARTITION BY ();",
        "PARTITION BY requires at least one expression",
    ),
    (
        "CREATE STREAM x AS SELECT * FROM s PARTITION BY NULL, i;",
        "Cannot PARTITION BY multiple columns including NULL",
    ),
    (
        "CREATE STREAM x AS SELECT i AS z, v FROM s PARTITION BY z;",
        "PARTITION BY column 'Z' cannot be resolved.",
    ),
    (
        "CREATE STREAM x AS SELECT * FROM s PARTITION BY i, v;",
        "reason: The 'KAFKA' format only supports a single field. Got: [`I` INTEGER KEY, `V` STRING KEY]",
    ),
    (
        "CREATE STREAM x AS SELECT * FROM s PARTITION BY p;",
        "Key column name: `P`. Column type: MAP<STRING, INTEGER>. See https://github.com/confluentinc/ksql/issues/6621 for more.",
    ),
    (
        "CREATE STREAM x WITH (key_format='JSON') AS SELECT * FROM s PARTITION BY NULL;",
        "Key format specified for stream without key columns.",
    ),
    (
        "CREATE STREAM x AS SELECT k, v FROM s PARTITION BY i;",
        "must include the partitioning expression S.I in its projection (eg, SELECT S.I...).",
    ),
    (
        "CREATE OR REPLACE STREAM keyed AS SELECT * FROM plain PARTITION BY x + 0;",
        "Cannot upgrade data source: DataSource '`KEYED`' has schema = ",
    ),
    (
        "SELECT EXPLODE(ARRAY[EXPLODE(a)]) FROM s EMIT CHANGES;",
        "Table functions cannot be nested: ",
    ),
    (
        "SELECT i FROM s WHERE EXPLODE(a) = 1 EMIT CHANGES;",
        "Can't find any functions with the name 'EXPLODE'",
    ),
    (
        "SELECT CASE WHEN i = 1 THEN EXPLODE(a) END AS c FROM s EMIT CHANGES;",
        "Table functions cannot be used in CASE: ",
    ),
    // Pull queries.
    (
        "SELECT * FROM s GROUP BY i;",
        "Pull queries don't support GROUP BY clauses. See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push query.",
    ),
    (
        "SELECT * FROM s PARTITION BY i;",
        "Pull queries don't support PARTITION BY clauses.",
    ),
    (
        "SELECT * FROM s HAVING i = 1;",
        "Pull queries don't support HAVING clauses.",
    ),
    (
        "SELECT s.i FROM s JOIN two ON s.k = two.a;",
        "Pull queries don't support JOIN clauses.",
    ),
    (
        "SELECT i, rowpartition FROM s;",
        "Pull queries don't support the following columns in SELECT clauses: `ROWPARTITION`",
    ),
    (
        "SELECT i FROM s WHERE rowoffset > 1;",
        "Pull queries don't support the following columns in WHERE clauses: `ROWOFFSET`",
    ),
    // INSERT INTO.
    (
        "INSERT INTO nope SELECT * FROM plain;",
        "Line: 1, Col: 13: Source `NOPE` does not exist.",
    ),
    (
        "INSERT INTO src SELECT * FROM plain;",
        "Cannot insert into read-only stream: SRC",
    ),
    (
        "INSERT INTO heads SELECT x FROM plain;",
        "Cannot insert into HEADS because it has header columns",
    ),
    (
        "INSERT INTO over_schemas SELECT x FROM plain;",
        "Cannot insert into read-only topic: _schemas",
    ),
    (
        "INSERT INTO plain SELECT x FROM src;",
        "Incompatible schema between results and sink.\nResult schema is `X` INTEGER\nSink schema is `X` INTEGER, `Y` INTEGER",
    ),
    (
        "INSERT INTO plain SELECT y, x FROM src;",
        "Result schema is `Y` INTEGER, `X` INTEGER\nSink schema is `X` INTEGER, `Y` INTEGER",
    ),
    (
        "INSERT INTO plain SELECT x, CAST(y AS BIGINT) AS y FROM src;",
        "Result schema is `X` INTEGER, `Y` BIGINT\nSink schema is `X` INTEGER, `Y` INTEGER",
    ),
    (
        "INSERT INTO plain SELECT * FROM two;",
        "Result schema is `A` INTEGER KEY, `B` INTEGER KEY, `C` INTEGER\nSink schema is `X` INTEGER, `Y` INTEGER",
    ),
    (
        "INSERT INTO plain WITH (QUERY_ID='a-b') SELECT * FROM src;",
        "Query IDs may contain only alphanumeric characters and '_'. Got: 'a-b'",
    ),
    (
        "INSERT INTO plain WITH (QUERY_ID='csas_x') SELECT * FROM src;",
        "Query IDs must not start with a reserved query ID prefix (INSERTQUERY_, CTAS_, CSAS_, CST_). Got 'CSAS_X'.",
    ),
    (
        "INSERT INTO plain WITH (QUERY_ID='more') SELECT * FROM src;",
        "Query ID 'MORE' already exists.",
    ),
    // INSERT VALUES.
    (
        "INSERT INTO nope VALUES (1);",
        "Cannot insert values into an unknown stream/table: `NOPE`",
    ),
    (
        "INSERT INTO quoted VALUES (1);",
        "Cannot insert values into an unknown stream/table: `QUOTED`\nDid you mean \"Quoted\"? Hint: wrap the source name in double quotes to make it case-sensitive.",
    ),
    (
        "INSERT INTO \"plain\" VALUES (1, 2);",
        "Cannot insert values into an unknown stream/table: `plain`\nDid you mean PLAIN? Hint: try removing double quotes from the source name.",
    ),
    (
        "INSERT INTO src VALUES (1, 2);",
        "Cannot insert values into read-only stream: SRC",
    ),
    (
        "INSERT INTO over_schemas VALUES (1);",
        "Cannot insert values into read-only topic: _schemas",
    ),
    (
        "INSERT INTO plain VALUES (1);",
        "Expected a value for each column. Expected Columns: [",
    ),
    (
        "INSERT INTO plain (x, y) VALUES (1);",
        "Expected number columns and values to match: 2, 1",
    ),
    (
        "INSERT INTO plain (x, z) VALUES (1, 2);",
        "Column name `Z` does not exist.",
    ),
    (
        "INSERT INTO plain (x, rowpartition) VALUES (1, 2);",
        "Inserting into column `ROWPARTITION` is not allowed.",
    ),
    (
        "INSERT INTO heads VALUES (1, ARRAY[STRUCT(key := 'a', value := null)]);",
        "Cannot insert into HEADER columns: H",
    ),
    (
        "INSERT INTO plain (x) VALUES ('one');",
        "invalid input syntax for type INTEGER: \"one\".",
    ),
    ("INSERT INTO plain (x) VALUES (true);", "true"),
    (
        "INSERT INTO plain (x) VALUES (y);",
        "'Y' cannot be resolved",
    ),
    // DROP and ALTER.
    ("DROP STREAM nope;", "Stream NOPE does not exist."),
    (
        "DROP STREAM quoted;",
        "Stream QUOTED does not exist.\nDid you mean \"Quoted\"? Hint: wrap the source name in double quotes to make it case-sensitive.",
    ),
    (
        "DROP TABLE copy;",
        "Incompatible data source type is stream, but statement was DROP table",
    ),
    (
        "DROP STREAM plain;",
        "Cannot drop PLAIN.\nThe following streams and/or tables read from this source: [COPY, KEYED, WRITTEN].\nYou need to drop them before dropping PLAIN.",
    ),
    (
        "DROP STREAM written;",
        "Cannot drop WRITTEN.\nThe following queries read from this source: [].\nThe following queries write into this source: [MORE].\nYou need to terminate them before dropping WRITTEN.",
    ),
    (
        "DROP STREAM src DELETE TOPIC;",
        "Cannot delete topic for read-only source: SRC",
    ),
    (
        "DROP STREAM `Quoted` DELETE TOPIC;",
        "Refusing to delete topic. Found other data sources (PLAIN) using topic plain",
    ),
    (
        "ALTER STREAM nope ADD COLUMN z INT;",
        "Source NOPE does not exist.",
    ),
    (
        "ALTER TABLE plain ADD COLUMN z INT;",
        "Incompatible data source type is STREAM, but statement was ALTER TABLE",
    ),
    (
        "ALTER STREAM copy ADD COLUMN z INT;",
        "ALTER command is not supported for CREATE ... AS statements.",
    ),
    (
        "ALTER STREAM src ADD COLUMN z INT;",
        "Cannot alter stream 'SRC': ALTER operations are not supported on source streams.",
    ),
    (
        "ALTER STREAM plain ADD COLUMN z INT, ADD COLUMN x INT;",
        "Cannot add column `X` to schema. A column with the same name already exists.",
    ),
    // Queries, sources and topics by name.
    (
        "TERMINATE nope;",
        "Failed to terminate query with query ID: 'NOPE'",
    ),
    ("PAUSE nope;", "Unknown queryId: NOPE"),
    (
        "EXPLAIN nope;",
        "Query with id:NOPE does not exist, use SHOW QUERIES to view the full set of queries.",
    ),
    (
        "EXPLAIN SHOW STREAMS;",
        "The provided statement does not run a ksql query",
    ),
    (
        "DESCRIBE nope;",
        "Could not find STREAM/TABLE 'NOPE' in the Metastore",
    ),
    (
        "DESCRIBE FUNCTION nope;",
        "Can't find any functions with the name 'NOPE'",
    ),
    ("PRINT nope;", "Could not find topic 'nope'"),
    // The session.
    (
        "SET 'no.such.thing' = '1';",
        "Unknown property: no.such.thing",
    ),
    (
        "SET 'ksql.service.id' = 'x';",
        "One or more properties overrides set locally are prohibited by the KSQL server (use UNSET to reset their default value): [ksql.service.id]",
    ),
    (
        "SET 'auto.offset.reset' = 'middle';",
        "Invalid value middle for configuration auto.offset.reset",
    ),
    (
        "ALTER SYSTEM 'ksql.streams.num.stream.threads' = '2';",
        "Cannot alter system configs when KSQL_SHARED_RUNTIME_ENABLED is turned off.",
    ),
    // ASSERT.
    (
        "ASSERT TOPIC gone TIMEOUT 1 MILLISECONDS;",
        "Topic gone does not exist",
    ),
    (
        "ASSERT NOT EXISTS TOPIC plain TIMEOUT 1 MILLISECONDS;",
        "Topic plain exists",
    ),
    (
        "ASSERT TOPIC plain WITH (partitions=3, replicas='many', colour='red') TIMEOUT 1 MILLISECONDS;",
        "Mismatched configuration for topic plain: For config partitions, expected 3 got 1\nMismatched configuration for topic plain: For config replicas, expected many got 1\nCannot assert unknown topic property: COLOUR",
    ),
    (
        "ASSERT STREAM plain (x INT);",
        "This form of ASSERT is for scenarios",
    ),
    (
        "ASSERT TABLE plain (x INT PRIMARY KEY);",
        "This form of ASSERT is for scenarios",
    ),
    (
        "ASSERT VALUES plain (x) VALUES (1);",
        "This form of ASSERT is for scenarios",
    ),
    (
        "ASSERT NULL VALUES plain (x) KEY (1);",
        "This form of ASSERT is for scenarios",
    ),
    (
        "ASSERT COUNT 0 IN plain;",
        "This form of ASSERT is for scenarios",
    ),
];

/// What ksqlDB has and this version has not: it says so.
const LATER: &[(&str, &str)] = &[
    ("SELECT CASE i WHEN 1 THEN 2 END AS c FROM s;", "CASE"),
    (
        "CREATE TABLE x (k INT PRIMARY KEY, a INT) WITH (kafka_topic='t', value_format='JSON');",
        "Tables",
    ),
    (
        "CREATE STREAM x AS SELECT i, COUNT(*) FROM s GROUP BY i;",
        "GROUP BY",
    ),
    (
        "SELECT s.i FROM s JOIN two WITHIN 1 DAY ON s.k = two.a EMIT CHANGES;",
        "Joins",
    ),
    (
        "SELECT i, COUNT(*) FROM s WINDOW TUMBLING (SIZE 1 DAY) GROUP BY i EMIT CHANGES;",
        "Windows",
    ),
    ("SELECT SUM(i) FROM s EMIT CHANGES;", "SUM is an aggregate"),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', value_format='AVRO');",
        "needs a schema registry, which is not in this version",
    ),
    (
        "CREATE STREAM x (a INT) WITH (kafka_topic='t', key_format='PROTOBUF', value_format='JSON');",
        "needs a schema registry, which is not in this version",
    ),
    (
        "CREATE STREAM x WITH (format='JSON_SR') AS SELECT * FROM s;",
        "needs a schema registry, which is not in this version",
    ),
    (
        "ASSERT SCHEMA SUBJECT x TIMEOUT 1 SECONDS;",
        "ASSERT SCHEMA needs a schema registry, which is not in this version.",
    ),
    (
        "CREATE SOURCE CONNECTOR c WITH ('a'='b');",
        "needs Kafka Connect, which is not in this version.",
    ),
    (
        "DROP CONNECTOR c;",
        "needs Kafka Connect, which is not in this version.",
    ),
];

/// Messages without a place: what they are about is the whole statement, or a text in quotes.
const WITHOUT_A_PLACE: &[&str] = &[
    "SET ",
    "ALTER SYSTEM ",
    "EXPLAIN SHOW",
    "ASSERT SCHEMA",
    "CREATE SOURCE CONNECTOR",
    "DROP CONNECTOR",
];

#[tokio::test]
async fn what_is_refused_says_so_in_ksqldbs_words_with_its_place_and_a_remedy() {
    let mut house = House::new().await;
    house.go(WORLD).await;
    let mut shown = String::new();
    let mut messages = BTreeSet::new();
    let mut wrong = Vec::new();
    for (statement, expected) in REFUSED.iter().chain(LATER) {
        let Err(error) = house.run(statement).await else {
            wrong.push(format!("not refused: {statement}"));
            continue;
        };
        let is_later = LATER.iter().any(|(later, _)| later == statement);
        let is_of_its_kind = match error.kind {
            ErrorKind::Unsupported => is_later,
            ErrorKind::User | ErrorKind::Assertion => !is_later,
            _ => false,
        };
        if !is_of_its_kind {
            wrong.push(format!("{statement}\n  is {:?}: {error}", error.kind));
        }
        if !error.message.contains(expected) {
            wrong.push(format!(
                "{statement}\n  not: {expected}\n  but: {}",
                error.message
            ));
        }
        let may_be_anywhere = WITHOUT_A_PLACE
            .iter()
            .any(|start| statement.starts_with(start));
        if error.position().is_none() && !may_be_anywhere {
            wrong.push(format!("{statement}\n  without a place: {}", error.message));
        }
        messages.insert(error.message.clone());
        shown.push_str(&format!("-- {statement}\n{}\n", error.render()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(messages.len() >= 150, "{} messages differ", messages.len());
    insta::assert_snapshot!(shown);
}
