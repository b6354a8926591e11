-- The select list (reference: projection rules and column names).

--@test: a column is named by its alias, its own name, its member's name, or by number
CREATE STREAM s (id INT KEY, v INT, w STRUCT<inner_name VARCHAR>) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, v AS renamed, v, w->inner_name, v + 1, v * 2 FROM s;
INSERT INTO s VALUES (1, 3, STRUCT(inner_name := 'x'));
ASSERT VALUES o (id, renamed, v, inner_name, ksql_col_0, ksql_col_1) VALUES (1, 3, 3, 'x', 4, 6);
ASSERT STREAM o (id INT KEY, renamed INT, v INT, inner_name VARCHAR, ksql_col_0 INT, ksql_col_1 INT) WITH (kafka_topic='O');

--@test: members of one name are told apart by a number
CREATE STREAM s (id INT KEY, a STRUCT<x INT>, b STRUCT<x INT>) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, a->x, b->x FROM s;
INSERT INTO s VALUES (1, STRUCT(x := 10), STRUCT(x := 20));
ASSERT VALUES o (id, x, x_1) VALUES (1, 10, 20);

--@test: a star is the key, then the values
CREATE STREAM s (v INT, id INT KEY, w VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s;
ASSERT STREAM o (id INT KEY, v INT, w VARCHAR) WITH (kafka_topic='O', key_format='KAFKA', value_format='JSON');

--@test: the members of a STRUCT become columns with a star
CREATE STREAM s (id INT KEY, w STRUCT<a INT, b VARCHAR>) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, w->* FROM s;
INSERT INTO s VALUES (1, STRUCT(a := 2, b := 'three'));
ASSERT VALUES o (id, a, b) VALUES (1, 2, 'three');

--@test: the key comes first, wherever it is selected
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT v, id AS number FROM s;
INSERT INTO s VALUES (1, 2);
ASSERT VALUES o VALUES (1, 2);
ASSERT STREAM o (number INT KEY, v INT) WITH (kafka_topic='O');

--@test: the key must be selected
--@expected.error: io.confluent.ksql.util.KsqlStatementException
--@expected.message: must include the key column ID in its projection
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT v FROM s;

--@test: the key must be selected once only
--@expected.error: io.confluent.ksql.util.KsqlStatementException
--@expected.message: The projection contains a key column (`ID`) more than once, aliased as: ID and ID2.
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, id AS id2, v FROM s;

--@test: AS_VALUE copies the key into the value
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, AS_VALUE(id) AS id_too, v FROM s;
INSERT INTO s VALUES (7, 1);
ASSERT VALUES o (id, id_too, v) VALUES (7, 7, 1);
ASSERT STREAM o (id INT KEY, id_too INT, v INT) WITH (kafka_topic='O');

--@test: a stream has at least one column in its value
--@expected.error: io.confluent.ksql.util.KsqlStatementException
--@expected.message: The projection contains no value columns.
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id FROM s;

--@test: two columns of one name are refused
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Duplicate value columns found in schema: `V` INTEGER
CREATE STREAM s (id INT KEY, v INT, w INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, v, w AS v FROM s;

--@test: the names of pseudo columns are not for results
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: `ROWTIME` is a reserved column name. You cannot use it as an alias for a column.
CREATE STREAM s (id INT KEY, v BIGINT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, v AS rowtime FROM s;

--@test: names between back-quotes keep their case
CREATE STREAM s (id INT KEY, `@timestamp` VARCHAR, `Value` INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, `@timestamp`, `Value` AS `the value` FROM s;
INSERT INTO s (id, `@timestamp`, `Value`) VALUES (1, 'now', 2);
ASSERT VALUES o (id, `@timestamp`, `the value`) VALUES (1, 'now', 2);

--@test: NULL alone has no type
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Can't infer a type of null. Please explicitly cast it to a required type, e.g. CAST(null AS VARCHAR).
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, null AS nothing FROM s;
