//! Statements to plans and to refusals.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::{collections::BTreeMap, sync::Arc};

use weir_catalog::{Catalog, SqlType};
use weir_functions::Registry;
use weir_plan::{
    Context, Error, Plan, TopicFacts, Topics,
    explain::{explain, explain_query},
    fingerprint, plan,
};
use weir_sql::{Variables, parse_statement};

struct OneTopic;

impl Topics for OneTopic {
    fn topic(&self, name: &str) -> Option<TopicFacts> {
        (name == "t").then_some(TopicFacts {
            partitions: 3,
            replicas: 1,
        })
    }
}

/// A catalog with a stream `ODD`, whose keys, headers and names are odd, and `S (K STRING KEY, A INT, B STRING, C STRUCT<D STRING, E BIGINT>, F DECIMAL(4, 2), G BOOLEAN, H ARRAY<STRING>, M MAP<STRING, INT>)`.
fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    let create = "CREATE STREAM S (k VARCHAR KEY, a INT, b VARCHAR, c STRUCT<d VARCHAR, e BIGINT>, f DECIMAL(4, 2), g BOOLEAN, h ARRAY<VARCHAR>, m MAP<VARCHAR, INT>) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON')";
    let Plan::CreateSource(created) = planned(create, &catalog).unwrap() else {
        panic!()
    };
    catalog.add(created.source).unwrap();
    let create = "CREATE STREAM ODD (h BYTES HEADER('h'), k1 INT KEY, a INT, k2 INT KEY, c STRUCT<d VARCHAR>, ksql_col_1 INT) WITH (KAFKA_TOPIC='t', FORMAT='JSON')";
    let Plan::CreateSource(created) = planned(create, &catalog).unwrap() else {
        panic!()
    };
    catalog.add(created.source).unwrap();
    catalog
}

fn planned(text: &str, catalog: &Catalog) -> Result<Plan, Error> {
    planned_under(text, catalog, &BTreeMap::new())
}

fn planned_under(
    text: &str,
    catalog: &Catalog,
    properties: &BTreeMap<String, String>,
) -> Result<Plan, Error> {
    let functions = Registry::builtin();
    let context = Context {
        catalog,
        functions: &functions,
        topics: &OneTopic,
        properties,
    };
    let parsed = parse_statement(text, &Variables::default()).unwrap();
    plan(&parsed.statement, &parsed.text.into(), &context)
}

fn assert_explains(text: &str, expected: &str) {
    let plan = planned(text, &catalog()).unwrap_or_else(|error| panic!("{text}\n{error}"));
    let query = match &plan {
        Plan::Select(query) => query,
        Plan::CreateAsSelect(create) => &create.query,
        Plan::InsertSelect(insert) => &insert.query,
        _ => panic!("{text} has no query"),
    };
    assert_eq!(explain(query).unwrap(), expected, "{text}");
    // Made again out of the statement it is the same.
    let made = format!("{:?}", query.dataflow().unwrap());
    query.rest();
    assert_eq!(explain(query).unwrap(), expected, "{text}");
    assert_eq!(format!("{:?}", query.dataflow().unwrap()), made, "{text}");
}

fn assert_refused(text: &str, message: &str) {
    let error = planned(text, &catalog())
        .err()
        .unwrap_or_else(|| panic!("{text} was planned"));
    assert!(
        error.message.contains(message),
        "{text}\n{error}\nexpected {message}"
    );
}

fn schema(text: &str) -> String {
    match planned(text, &catalog()).unwrap_or_else(|error| panic!("{text}\n{error}")) {
        Plan::Select(query) => query.schema.to_string(),
        Plan::CreateAsSelect(create) => create.source.schema.to_string(),
        _ => panic!("{text} has no schema"),
    }
}

#[test]
fn a_scan_reads_just_the_leaves_that_are_named() {
    assert_explains(
        "CREATE STREAM X AS SELECT k, c->d AS d FROM s WHERE b LIKE '%x%' AND NOT c->d = 'y'",
        " > [ PROJECT ] | `K` STRING KEY := K, `D` STRING := C->D\n\t > [ FILTER ] | B LIKE '%x%' AND NOT (C->D = 'y')\n\t\t > [ STREAM ] S | topic: t | key: KAFKA | value: JSON | columns: B STRING, C->D STRING, K STRING\n",
    );
}

#[test]
fn a_plan_names_the_loggers_of_its_steps() {
    let Plan::CreateAsSelect(created) = planned(
        "CREATE STREAM X AS SELECT k, a FROM s WHERE a > 1",
        &catalog(),
    )
    .unwrap() else {
        panic!()
    };
    assert_eq!(
        explain_query(&created.query, "CSAS_X_1").unwrap(),
        " > [ PROJECT ] | `K` STRING KEY := K, `A` INTEGER := A | Logger: processing.CSAS_X_1.Project\n\t > [ FILTER ] | (A > 1) | Logger: processing.CSAS_X_1.WhereFilter\n\t\t > [ STREAM ] S | topic: t | key: KAFKA | value: JSON | columns: A INTEGER, K STRING | Logger: processing.CSAS_X_1.KsqlTopic.Source.deserializer\n"
    );
}

#[test]
fn a_fingerprint_is_of_all_that_a_plan_says() {
    let of = |query: &str| {
        let text = format!("CREATE STREAM X AS SELECT k, b FROM s WHERE {query}");
        let Plan::CreateAsSelect(created) = planned(&text, &catalog()).unwrap() else {
            panic!()
        };
        fingerprint(&created.query, &created.sink).unwrap()
    };
    // Kept in checkpoints on disk: a change of this text orphans them.
    assert_eq!(of("b LIKE '%x%'"), "d6decf94f26c6bca");
    assert_eq!(of("b LIKE '%x%'"), of("(b   LIKE '%x%')"));
    let long = |last: &str| {
        let mut terms: Vec<String> = (0..2000).map(|n| format!("b LIKE '%{n}%'")).collect();
        terms.push(last.to_owned());
        of(&terms.join(" OR "))
    };
    let different = [
        of("b LIKE '%x%'"),
        of("b LIKE '%y%'"),
        of("b NOT LIKE '%x%'"),
        of("b LIKE '%x%' ESCAPE '!'"),
        of("b = '%x%'"),
        of("c->d LIKE '%x%'"),
        of("a IN (1, 2)"),
        of("a IN (1, 3)"),
        of("CASE WHEN a = 1 THEN b ELSE 'x' END = 'y'"),
        of("CASE WHEN a = 1 THEN b ELSE 'z' END = 'y'"),
        of("b LIKE c->d"),
        of("b LIKE c->d ESCAPE '!'"),
        long("b LIKE '%this%'"),
        long("b LIKE '%that%'"),
    ];
    let distinct: std::collections::BTreeSet<&String> = different.iter().collect();
    assert_eq!(distinct.len(), different.len(), "{different:?}");
}

#[test]
fn columns_are_named_as_in_ksqldb() {
    assert_eq!(
        schema("SELECT * FROM s EMIT CHANGES"),
        "`K` STRING, `A` INTEGER, `B` STRING, `C` STRUCT<`D` STRING, `E` BIGINT>, `F` DECIMAL(4, 2), `G` BOOLEAN, `H` ARRAY<STRING>, `M` MAP<STRING, INTEGER>"
    );
    assert_eq!(
        schema("SELECT a + 1, c->d, c->d, UCASE(b), a AS z FROM s EMIT CHANGES"),
        "`KSQL_COL_0` INTEGER, `D` STRING, `D_1` STRING, `KSQL_COL_1` STRING, `Z` INTEGER"
    );
    assert_eq!(
        schema("CREATE STREAM X AS SELECT a, k AS key2 FROM s"),
        "`KEY2` STRING KEY, `A` INTEGER"
    );
    // Names that the list gives do not count, those of the source do; a number at a member's end is no part of its name.
    assert_eq!(
        schema(
            "SELECT STRUCT(a := 1, d_7 := 2)->a, STRUCT(a := 1, d_7 := 2)->d_7, c->d, KSQL_COL_1 FROM odd EMIT CHANGES"
        ),
        "`A_1` INTEGER, `D` INTEGER, `D_1` STRING, `KSQL_COL_1` INTEGER"
    );
    assert_eq!(
        schema("SELECT 1, 2, 3 FROM odd EMIT CHANGES"),
        "`KSQL_COL_0` INTEGER, `KSQL_COL_2` INTEGER, `KSQL_COL_3` INTEGER"
    );
    assert_eq!(
        schema("SELECT * FROM odd EMIT CHANGES"),
        "`K1` INTEGER, `K2` INTEGER, `A` INTEGER, `C` STRUCT<`D` STRING>, `KSQL_COL_1` INTEGER, `H` BYTES"
    );
    assert_eq!(
        schema("CREATE STREAM X AS SELECT a, k2, odd.k1 AS z, h FROM odd"),
        "`Z` INTEGER KEY, `K2` INTEGER KEY, `A` INTEGER, `H` BYTES"
    );
    assert_eq!(
        schema("SELECT c->* , x.rowtime FROM s x EMIT CHANGES"),
        "`D` STRING, `E` BIGINT, `ROWTIME` BIGINT"
    );
}

#[test]
fn types_follow_the_tables_of_the_reference() {
    let check = |expression: &str, expected: &str| {
        assert_eq!(
            schema(&format!("SELECT {expression} AS x FROM s EMIT CHANGES")),
            format!("`X` {expected}"),
            "{expression}"
        );
    };
    check("1", "INTEGER");
    check("2147483648", "BIGINT");
    check("0.05", "DECIMAL(3, 2)");
    check("1.", "DECIMAL(1, 0)");
    check("1E0", "DOUBLE");
    check("a + c->e", "BIGINT");
    check("f + f", "DECIMAL(5, 2)");
    check("f * f", "DECIMAL(9, 4)");
    check("f / f", "DECIMAL(11, 7)");
    check("f % f", "DECIMAL(4, 2)");
    check("f + 1", "DECIMAL(13, 2)");
    check("f + 1E0", "DOUBLE");
    check("b + 'x'", "STRING");
    check("a = 1 OR g", "BOOLEAN");
    check("h[1]", "STRING");
    check("m['x']", "INTEGER");
    check("ARRAY[1, c->e, '3']", "ARRAY<BIGINT>");
    check("MAP('a' := 1, 'b' := 2.5)", "MAP<STRING, DECIMAL(11, 1)>");
    check("STRUCT(x := 1, y := b)->y", "STRING");
    check("MAP(1 := 'a', 2147483648 := b)", "MAP<BIGINT, STRING>");
    check("MAP(a := b)[a]", "STRING");
    check("CAST(m AS MAP<BOOLEAN, STRING>)", "MAP<BOOLEAN, STRING>");
    check(
        "ARRAY[STRUCT(x := 1, y := 2), STRUCT(y := '3.0', z := b)]",
        "ARRAY<STRUCT<`Y` DECIMAL(11, 1), `Z` STRING, `X` INTEGER>>",
    );
    check("ARRAY[1, '2147483647']", "ARRAY<BIGINT>");
    check("ARRAY[0.5, '0.05']", "ARRAY<DECIMAL(3, 2)>");
    check("TO_BYTES(b, 'utf8') || TO_BYTES(b, 'utf8')", "BYTES");
    check("CASE WHEN g THEN NULL ELSE 1.5 END", "DECIMAL(2, 1)");
    check("CASE WHEN g THEN 1 ELSE NULL END", "INTEGER");
    check("CAST(a AS DECIMAL(10, 2))", "DECIMAL(10, 2)");
    check("COALESCE(b, 'none')", "STRING");
    check("CAST(NULL AS VARCHAR)", "STRING");
}

#[test]
fn a_unit_of_time_is_a_bare_word() {
    let check = |call: &str, expected: &str| {
        let found = schema(&format!("SELECT {call} AS x FROM s EMIT CHANGES;"));
        assert_eq!(found, format!("`X` {expected}"), "{call}");
    };
    check("DATEADD(DAYS, 1, FROM_DAYS(a))", "DATE");
    check("timesub(milliseconds, -a, '10:15')", "TIME");
    check("TIMESTAMPADD(HOURS, 1, NOW())", "TIMESTAMP");
    assert_refused(
        "SELECT DATEADD(FROM_DAYS(a), 5, FROM_DAYS(a)) FROM s;",
        "Function 'dateadd' does not accept parameters (DATE, INTEGER, DATE).",
    );
    assert_refused(
        "SELECT DATEADD('DAYS', 5, FROM_DAYS(a)) FROM s;",
        "Function 'dateadd' does not accept parameters (STRING, INTEGER, DATE).",
    );
    assert_refused(
        "SELECT UCASE(DAYS) FROM s;",
        "Function 'ucase' does not accept parameters (INTERVALUNIT).",
    );
    assert_refused(
        "SELECT COALESCE(DAYS, 'a') FROM s;",
        "Function 'COALESCE' does not accept parameters (INTERVALUNIT, STRING).",
    );
    assert_refused(
        "SELECT * FROM s WHERE ROWTIME > 'soon';",
        "Failed to parse timestamp 'soon'.",
    );
}

#[test]
fn refusals_are_in_the_words_of_ksqldb() {
    assert_refused(
        "SELECT x FROM s EMIT CHANGES",
        "SELECT column 'X' cannot be resolved.",
    );
    assert_refused(
        "SELECT a FROM s WHERE x = 1 EMIT CHANGES",
        "WHERE column 'X' cannot be resolved.",
    );
    assert_refused(
        "SELECT i.x FROM s i EMIT CHANGES",
        "SELECT column 'I.X' cannot be resolved.",
    );
    assert_refused(
        "CREATE STREAM X WITH (TIMESTAMP='nope') AS SELECT a FROM s",
        "The TIMESTAMP column set in the WITH clause does not exist in the schema: 'NOPE'",
    );
    assert_refused(
        "SELECT a FROM nowhere EMIT CHANGES",
        "NOWHERE does not exist.",
    );
    assert_refused(
        "SELECT c->x FROM s EMIT CHANGES",
        "Could not find field 'X' in 'C'.",
    );
    assert_refused(
        "SELECT a->x FROM s EMIT CHANGES",
        "Expected STRUCT type, got: INTEGER",
    );
    assert_refused(
        "SELECT a FROM s WHERE a EMIT CHANGES",
        "Type error in WHERE expression: Should evaluate to boolean but is A (INTEGER) instead.",
    );
    assert_refused(
        "SELECT a FROM s WHERE a = NULL EMIT CHANGES",
        "Error in WHERE expression: Comparison with NULL not supported: INTEGER = NULL\nUse 'IS NULL' or 'IS NOT NULL' instead.",
    );
    assert_refused(
        "SELECT a FROM s WHERE a = b EMIT CHANGES",
        "Error in WHERE expression: Cannot compare A (INTEGER) to B (STRING) with EQUAL.",
    );
    assert_refused(
        "SELECT a FROM s WHERE g > TRUE EMIT CHANGES",
        "Error in WHERE expression: Cannot compare G (BOOLEAN) to true (BOOLEAN) with GREATER_THAN.",
    );
    assert_refused(
        "SELECT a FROM s WHERE a LIKE '1%' EMIT CHANGES",
        "Like condition must be between strings. Got: A (INTEGER).",
    );
    assert_refused(
        "SELECT a FROM s WHERE b LIKE 'x!' ESCAPE '!' EMIT CHANGES",
        "LIKE pattern must not end in its escape character",
    );
    assert_refused(
        "SELECT a + NULL FROM s EMIT CHANGES",
        "Arithmetic on types INTEGER and null are not supported.",
    );
    assert_refused(
        "SELECT a + b FROM s EMIT CHANGES",
        "Error processing expression: (A + B). Unsupported arithmetic types. INTEGER STRING",
    );
    assert_refused(
        "SELECT NULL FROM s EMIT CHANGES",
        "Can't infer a type of null. Please explicitly cast it to a required type, e.g. CAST(null AS VARCHAR).",
    );
    assert_refused(
        "SELECT CAST(a AS BOOLEAN) FROM s EMIT CHANGES",
        "Cast of INTEGER to BOOLEAN is not supported",
    );
    assert_refused(
        "SELECT CASE WHEN g THEN 1 ELSE 'x' END FROM s EMIT CHANGES",
        "Invalid Case expression. Type for the default clause should be the same as for 'THEN' clauses.\nTHEN type: INTEGER.\nDEFAULT type: STRING.",
    );
    assert_refused(
        "SELECT CASE WHEN g THEN 1 WHEN a > 1 THEN 'x' END FROM s EMIT CHANGES",
        "Invalid Case expression. Type for all 'THEN' clauses should be the same.\nTHEN expression 'WHEN (A > 1) THEN 'x'' has type: STRING.\nPrevious THEN expression(s) type: INTEGER.",
    );
    assert_refused(
        "SELECT CASE WHEN a THEN 1 END FROM s EMIT CHANGES",
        "WHEN operand type should be boolean.\nType for 'A' is INTEGER",
    );
    assert_refused(
        "SELECT a FROM s WHERE CASE WHEN g THEN NULL ELSE NULL END EMIT CHANGES",
        "Error in WHERE expression: Invalid Case expression. All case branches have NULL type",
    );
    assert_refused(
        "SELECT a[1] FROM s EMIT CHANGES",
        "Subscript expression (A[1]) do not apply to INTEGER.",
    );
    assert_refused(
        "SELECT MAP(1 := 2)['1'] FROM s EMIT CHANGES",
        "Map key must be INTEGER, but '1' is STRING.",
    );
    assert_refused(
        "SELECT c['d'] FROM s EMIT CHANGES",
        "Use the dereference operator for STRUCTS: C->'d'",
    );
    assert_refused(
        "SELECT b || a FROM s EMIT CHANGES",
        "Function 'concat' does not accept parameters (STRING, INTEGER).\nValid alternatives are:",
    );
    assert_refused(
        "SELECT b || 'x' || g FROM s EMIT CHANGES",
        "Function 'concat' does not accept parameters (STRING, BOOLEAN).",
    );
    assert_refused(
        "SELECT MAP(NULL := 1) FROM s EMIT CHANGES",
        "Cannot construct a map with all NULL keys (see https://github.com/confluentinc/ksql/issues/4239). As a workaround, you may cast a NULL key to the desired type.",
    );
    assert_refused(
        "SELECT NOSUCH(a) FROM s EMIT CHANGES",
        "Can't find any functions with the name 'NOSUCH'",
    );
    assert_refused(
        "SELECT UCASE(a) FROM s EMIT CHANGES",
        "Function 'ucase' does not accept parameters (INTEGER).\nValid alternatives are:\nUCASE(STRING input)",
    );
    assert_refused(
        "SELECT ARRAY[NULL] FROM s EMIT CHANGES",
        "Cannot construct an array with all NULL elements",
    );
    assert_refused(
        "SELECT ARRAY[1, b] FROM s EMIT CHANGES",
        "operator does not exist: INTEGER = STRING (B)",
    );
    assert_refused(
        "SELECT ARRAY[1, 'x'] FROM s EMIT CHANGES",
        "invalid input syntax for type INTEGER: \"x\".",
    );
    assert_refused(
        "SELECT a, a FROM s EMIT CHANGES",
        "Duplicate value columns found in schema: `A` INTEGER",
    );
    assert_refused(
        "CREATE STREAM X AS SELECT a FROM s",
        "Key missing from projection (ie, SELECT).",
    );
    assert_refused(
        "SELECT k1, k1, a FROM odd EMIT CHANGES",
        "Duplicate key columns found in schema: `K1` INTEGER KEY",
    );
    assert_refused(
        "SELECT a AS d, c->d FROM s EMIT CHANGES",
        "Duplicate value columns found in schema: `D` STRING",
    );
    assert_refused(
        "CREATE STREAM X AS SELECT k1, a FROM odd",
        "Keys missing from projection (ie, SELECT). See https://cnfl.io/2LV7ouS.\nThe query used to build `X` must include the key columns K1 and K2 in its projection (eg, SELECT K1, K2...).",
    );
    assert_refused(
        "SELECT a AS `windowEnd` FROM s EMIT CHANGES",
        "`WINDOWEND` is a reserved column name. You cannot use it as an alias for a column.",
    );
    assert_refused(
        "CREATE STREAM X AS SELECT k, windowstart FROM s",
        "Reserved column name in select: `WINDOWSTART`. Please remove or alias the column.",
    );
    assert_refused(
        "CREATE STREAM X AS SELECT k, rowtime AS rowtime FROM s",
        "Reserved column name in select: `ROWTIME`. Please remove or alias the column.",
    );
    assert_refused(
        "SELECT other.* FROM s EMIT CHANGES",
        "'OTHER' is not a valid stream/table name or alias.",
    );
    assert_refused(
        "CREATE STREAM X AS SELECT k, k AS k2, a FROM s",
        "The projection contains a key column (`K`) more than once, aliased as: K and K2.",
    );
    assert_refused(
        "CREATE STREAM X AS SELECT k FROM s",
        "The projection contains no value columns.",
    );
    assert_refused(
        "CREATE STREAM X AS SELECT k, a AS rowtime FROM s",
        "`ROWTIME` is a reserved column name. You cannot use it as an alias for a column.",
    );
    assert_refused(
        "CREATE STREAM X AS SELECT k, rowtime FROM s",
        "Reserved column name in select: `ROWTIME`. Please remove or alias the column.",
    );
    assert_refused(
        "CREATE STREAM X AS SELECT * FROM s LIMIT 3",
        "CREATE STREAM AS SELECT statements don't support LIMIT clause.",
    );
    assert_refused(
        "CREATE TABLE X AS SELECT * FROM s",
        "Invalid result type. Your SELECT query produces a STREAM. Please use CREATE STREAM AS SELECT statement instead.",
    );
    assert_refused(
        "SELECT a FROM s GROUP BY a",
        "Pull queries don't support GROUP BY clauses. See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push query.",
    );
    assert_refused(
        "SELECT ROWOFFSET FROM s",
        "Pull queries don't support the following columns in SELECT clauses: `ROWOFFSET`",
    );
    assert_refused(
        "SELECT a FROM s EMIT FINAL",
        "EMIT FINAL is only supported for windowed aggregations.",
    );
}

#[test]
fn refusals_of_declarations_are_in_the_words_of_ksqldb() {
    let create = |columns: &str, properties: &str| {
        format!("CREATE STREAM n ({columns}) WITH ({properties})")
    };
    let json = "KAFKA_TOPIC='t', VALUE_FORMAT='JSON'";
    assert_refused(
        &create("a INT", "VALUE_FORMAT='JSON'"),
        "Missing required property \"KAFKA_TOPIC\" which has no default value.",
    );
    assert_refused(
        &create("a INT", "KAFKA_TOPIC='t'"),
        "Statement is missing the 'VALUE_FORMAT' property from the WITH clause.",
    );
    assert_refused(
        &create("a INT", "KAFKA_TOPIC='u', VALUE_FORMAT='JSON'"),
        "Topic 'u' does not exist. If you want to create a new topic for the stream/table please re-run the statement providing the required 'PARTITIONS' configuration in the WITH clause (and optionally 'REPLICAS').",
    );
    assert_refused(
        &create("a INT", "KAFKA_TOPIC='t', VALUE_FORMAT='JSON', NOPE=1"),
        "Invalid config variable(s) in the WITH clause: NOPE",
    );
    assert_refused(
        &create("a INT", "KAFKA_TOPIC='t', VALUE_FORMAT='FOO'"),
        "Unknown format: FOO",
    );
    assert_refused(
        &create("a INT", "KAFKA_TOPIC='t', VALUE_FORMAT='AVRO'"),
        "needs a schema registry",
    );
    assert_refused(
        &create(
            "a INT",
            "KAFKA_TOPIC='t', FORMAT='JSON', VALUE_FORMAT='JSON'",
        ),
        "Cannot supply both 'VALUE_FORMAT' and 'FORMAT' properties",
    );
    assert_refused(
        &create("a INT, b INT", "KAFKA_TOPIC='t', VALUE_FORMAT='KAFKA'"),
        "The 'KAFKA' format only supports a single field.",
    );
    assert_refused(
        &create("k BOOLEAN KEY, a INT", json),
        "Key format does not support schema.\nformat: KAFKA\nschema: Persistence{columns=[`K` BOOLEAN KEY], features=[]}\nreason: The 'KAFKA' format does not support type 'BOOLEAN'",
    );
    assert_refused(
        &create("a ARRAY<INT>", "KAFKA_TOPIC='t', VALUE_FORMAT='DELIMITED'"),
        "The 'DELIMITED' format does not support type 'ARRAY'",
    );
    assert_refused(
        &create("a INT", "KAFKA_TOPIC='t', VALUE_FORMAT='NONE'"),
        "The 'NONE' format can only be used when no columns are defined.",
    );
    assert_refused(
        &create(
            "a INT, b INT",
            "KAFKA_TOPIC='t', VALUE_FORMAT='JSON', WRAP_SINGLE_VALUE=true",
        ),
        "'WRAP_SINGLE_VALUE' is only valid for single-field value schemas",
    );
    assert_refused(
        &create(
            "a INT",
            "KAFKA_TOPIC='t', VALUE_FORMAT='JSON', VALUE_DELIMITER='|'",
        ),
        "JSON does not support the following configs: [delimiter]",
    );
    assert_refused(
        &create(
            "a INT",
            "KAFKA_TOPIC='t', VALUE_FORMAT='DELIMITED', VALUE_DELIMITER='||'",
        ),
        "Invalid delimiter value: '||'",
    );
    assert_refused(
        &create(
            "a INT",
            "KAFKA_TOPIC='t', VALUE_FORMAT='JSON', TIMESTAMP='x'",
        ),
        "The TIMESTAMP column set in the WITH clause does not exist in the schema: 'X'",
    );
    assert_refused(
        &create(
            "a BOOLEAN",
            "KAFKA_TOPIC='t', VALUE_FORMAT='JSON', TIMESTAMP='a'",
        ),
        "Timestamp column, `A`, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified.",
    );
    let stamped = |columns: &str, stamp: &str| {
        create(
            columns,
            &format!("KAFKA_TOPIC='t', VALUE_FORMAT='JSON', {stamp}"),
        )
    };
    assert_refused(
        &stamped("a STRING", "TIMESTAMP='a'"),
        "A String timestamp field has been specified without also specifying the timestamp_format",
    );
    assert_refused(
        &stamped("a BIGINT", "TIMESTAMP='a', TIMESTAMP_FORMAT='yyyy'"),
        "'TIMESTAMP_FORMAT' set in the WITH clause can only be used when the timestamp column is of type STRING.",
    );
    for stamp in [
        "TIMESTAMP='a', TIMESTAMP_FORMAT='invalid'",
        "TIMESTAMP_FORMAT='invalid'",
    ] {
        assert_refused(
            &stamped("a STRING", stamp),
            "Invalid datetime format for config:TIMESTAMP_FORMAT, reason:Unknown pattern letter: i",
        );
    }
    assert_refused(
        &create(
            "a INT",
            "KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=9",
        ),
        "already exists, with different partition/replica configuration than required.",
    );
    assert_refused(
        &create("a INT, a BIGINT", json),
        "Duplicate column names: `A`",
    );
    assert_refused(
        &create("rowtime BIGINT", json),
        "'ROWTIME' is a reserved column name.",
    );
    assert_refused(
        &create("a NOSUCH", json),
        "Cannot resolve unknown type: NOSUCH",
    );
    assert_refused(
        &create("a INT PRIMARY KEY, b INT", json),
        "Column `A` is a 'PRIMARY KEY' column: please use 'KEY' for streams.",
    );
    assert_refused(
        &create(
            "a MAP<VARCHAR, INT> KEY, b INT",
            "KAFKA_TOPIC='t', FORMAT='JSON'",
        ),
        "Map keys, including types that contain maps, are not supported",
    );
    assert_refused(
        &create("a DECIMAL(2, 3)", json),
        "DECIMAL precision must be >= scale: DECIMAL(2,3)",
    );
    assert_refused(
        "CREATE STREAM n WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON')",
        "The statement does not define any columns.",
    );
}

#[test]
fn refusals_of_inserts_are_in_the_words_of_ksqldb() {
    assert_refused(
        "INSERT INTO s (k, a) VALUES ('x')",
        "Expected number columns and values to match: 2, 1",
    );
    assert_refused(
        "INSERT INTO s VALUES ('x')",
        "Expected a value for each column.",
    );
    assert_refused(
        "INSERT INTO s (nope) VALUES (1)",
        "Column name `NOPE` does not exist.",
    );
    assert_refused(
        "INSERT INTO s (ROWPARTITION) VALUES (1)",
        "Inserting into column `ROWPARTITION` is not allowed.",
    );
    assert_refused(
        "INSERT INTO s (a) VALUES (b)",
        "column 'B' cannot be resolved",
    );
    assert_refused(
        "INSERT INTO s (a) VALUES ('x')",
        "invalid input syntax for type INTEGER: \"x\".",
    );
    assert_refused(
        "INSERT INTO s (a) VALUES (TRUE)",
        "Expected type INTEGER for field `A` but got true(BOOLEAN)",
    );
    assert_refused(
        "INSERT INTO nowhere SELECT * FROM s",
        "Source `NOWHERE` does not exist.",
    );
    assert_refused(
        "INSERT INTO s SELECT k, a FROM s",
        "Incompatible schema between results and sink.\nResult schema is `K` STRING KEY, `A` INTEGER\nSink schema is",
    );
    assert_refused(
        "INSERT INTO s WITH (QUERY_ID='CSAS_X') SELECT * FROM s",
        "Query IDs must not start with a reserved query ID prefix",
    );
    assert!(
        planned(
            "INSERT INTO s (ROWTIME, k, f, g, m) VALUES (5, 'x', 1, 'yes', MAP('a' := 1))",
            &catalog()
        )
        .is_ok()
    );
    assert!(planned("INSERT INTO s SELECT * FROM s", &catalog()).is_ok());
    // Number literals fit themselves to a DECIMAL that they fit into; nothing else does.
    let insert =
        |item: &str| format!("INSERT INTO s SELECT k, a, b, c, {item} AS f, g, h, m FROM s");
    for item in ["1", "-0.5", "12.25"] {
        assert!(planned(&insert(item), &catalog()).is_ok(), "{item}");
    }
    for item in ["123", "0.125", "1E0", "1 + 1"] {
        assert_refused(
            &insert(item),
            "Incompatible schema between results and sink.",
        );
    }
}

#[test]
fn a_hundred_thousand_alternatives_are_planned_on_a_small_stack() {
    let small = std::thread::Builder::new().stack_size(2 << 20);
    let planned = small.spawn(|| {
        let terms: Vec<String> = (0..100_000).map(|n| format!("b LIKE '%{n}%'")).collect();
        let plan = planned(
            &format!("SELECT a FROM s WHERE {} EMIT CHANGES", terms.join(" OR ")),
            &catalog(),
        )
        .unwrap();
        let Plan::Select(query) = plan else { panic!() };
        assert!(explain(&query).unwrap().len() < 20_000);
        drop(query.clone());
        let deep = format!(
            "SELECT a FROM s WHERE {}g{} EMIT CHANGES",
            "NOT (".repeat(120),
            ")".repeat(120)
        );
        assert!(self::planned(&deep, &catalog()).is_ok());
    });
    planned.unwrap().join().unwrap();
}

#[test]
fn a_query_that_rests_needs_nothing_but_its_statement_and_what_it_read() {
    let mut catalog = catalog();
    catalog.add_type("PLACE", SqlType::String);
    let insert = "INSERT INTO x WITH (QUERY_ID = 'Q') SELECT k, CAST(a AS place) AS `${b}` FROM s WHERE FILTER(h, x => x LIKE '%y%') IS NOT NULL PARTITION BY k";
    let target = "CREATE STREAM X (k VARCHAR KEY, `${b}` VARCHAR) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON')";
    let Plan::CreateSource(created) = planned(target, &catalog).unwrap() else {
        panic!()
    };
    catalog.add(created.source).unwrap();
    let Plan::InsertSelect(planned) = planned(insert, &catalog).unwrap() else {
        panic!()
    };
    let (query, before) = (&planned.query, planned.query.dataflow().unwrap());
    let clone = query.clone();
    query.rest();
    // Whoever has it shares it.
    assert!(Arc::ptr_eq(&before, &clone.dataflow().unwrap()));
    let text = format!("{before:?}");
    drop(before);
    let again = query.dataflow().unwrap();
    assert!(Arc::ptr_eq(&again, &clone.dataflow().unwrap()));
    assert_eq!(format!("{again:?}"), text);
}

#[test]
fn a_query_for_a_client_does_not_rest() {
    let Plan::Select(query) = planned("SELECT a FROM s EMIT CHANGES", &catalog()).unwrap() else {
        panic!()
    };
    let before = query.dataflow().unwrap();
    query.rest();
    assert!(Arc::ptr_eq(&before, &query.dataflow().unwrap()));
}

#[test]
fn a_query_that_rests_is_under_the_properties_that_it_was_planned_under() {
    let catalog = catalog();
    let under = |value: &str| {
        let property = "ksql.new.query.planner.enabled".to_owned();
        let properties = BTreeMap::from([(property, value.to_owned())]);
        let text = "CREATE STREAM x AS SELECT k2, a, k1 FROM odd EMIT CHANGES";
        let Plan::CreateAsSelect(plan) = planned_under(text, &catalog, &properties).unwrap() else {
            panic!()
        };
        let before = explain(&plan.query).unwrap();
        plan.query.rest();
        assert_eq!(explain(&plan.query).unwrap(), before);
        before
    };
    assert_ne!(
        under("true"),
        under("false"),
        "the keys are in another order"
    );
}
