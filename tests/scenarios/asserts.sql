-- What the assertions themselves do (reference: `run-ksql-test`).

--@test: the next record is compared that was not read yet, by the columns that are listed
CREATE STREAM foo (id INT KEY, col1 INT, col2 VARCHAR) WITH (kafka_topic='foo', value_format='JSON');
INSERT INTO foo (rowtime, id, col1, col2) VALUES (1, 2, 3, 'ABC');
ASSERT VALUES foo (col1) VALUES (3);
INSERT INTO foo (rowtime, id, col1, col2) VALUES (2, 4, 5, 'DEF');
ASSERT VALUES foo (col2, rowtime, id) VALUES ('DEF', 2, 4);

--@test: a record that is not as expected
--@expected.error: java.lang.AssertionError
--@expected.message: Expected record does not match actual.
CREATE STREAM foo (id INT KEY, col1 INT) WITH (kafka_topic='foo', value_format='JSON');
INSERT INTO foo VALUES (1, 1);
ASSERT VALUES foo (id, col1) VALUES (1, 2);

--@test: one record more than there is
--@expected.error: java.lang.AssertionError
--@expected.message: Expected another record, but all records have already been read:
CREATE STREAM foo (id INT KEY, col1 INT) WITH (kafka_topic='foo', value_format='JSON');
INSERT INTO foo VALUES (1, 1);
ASSERT VALUES foo (id, col1) VALUES (1, 1);
ASSERT VALUES foo (id, col1) VALUES (1, 1);

--@test: a record with values is no tombstone
--@expected.error: java.lang.AssertionError
--@expected.message: Expected record does not match actual.
CREATE STREAM foo (id INT KEY, col1 INT) WITH (kafka_topic='foo', value_format='JSON');
INSERT INTO foo VALUES (1, NULL);
ASSERT NULL VALUES foo (id) KEY (1);

--@test: a tombstone is no record with values
--@expected.error: java.lang.AssertionError
--@expected.message: Expected record does not match actual.
CREATE STREAM foo (id INT KEY, col1 INT) WITH (kafka_topic='foo', value_format='JSON', wrap_single_value=false);
INSERT INTO foo VALUES (1, NULL);
ASSERT VALUES foo (id, col1) VALUES (1, NULL);

--@test: another number of records
--@expected.error: java.lang.AssertionError
--@expected.message: Expected a count of 3 in FOO, but was 1.
CREATE STREAM foo (id INT KEY, col1 INT) WITH (kafka_topic='foo', value_format='JSON');
INSERT INTO foo VALUES (1, 1);
ASSERT COUNT 3 IN foo;

--@test: another schema
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Expected schema does not match actual for source BAR.
CREATE STREAM foo (id INT KEY, col1 INT) WITH (kafka_topic='foo', value_format='JSON');
CREATE STREAM bar AS SELECT * FROM foo;
ASSERT STREAM bar (id INT KEY, col1 VARCHAR) WITH (kafka_topic='BAR', value_format='JSON');

--@test: another kind of source
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Expected type does not match actual for source FOO.
CREATE STREAM foo (id INT KEY, col1 INT) WITH (kafka_topic='foo', value_format='JSON');
ASSERT TABLE foo (id INT PRIMARY KEY, col1 INT) WITH (kafka_topic='foo', value_format='JSON');

--@test: another topic
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Expected kafka topic does not match actual for source BAR.
CREATE STREAM foo (id INT KEY, col1 INT) WITH (kafka_topic='foo', value_format='JSON');
CREATE STREAM bar AS SELECT * FROM foo;
ASSERT STREAM bar (id INT KEY, col1 INT) WITH (kafka_topic='BAZ', value_format='JSON');

--@test: another format of the value
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Expected value format does not match actual for source BAR.
CREATE STREAM foo (id INT KEY, col1 INT) WITH (kafka_topic='foo', value_format='JSON');
CREATE STREAM bar AS SELECT * FROM foo;
ASSERT STREAM bar (id INT KEY, col1 INT) WITH (kafka_topic='BAR', value_format='AVRO');

--@test: another TIMESTAMP column
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Expected timestamp column does not match actual for source BAR.
CREATE STREAM foo (id INT KEY, col1 BIGINT, col2 BIGINT) WITH (kafka_topic='foo', value_format='JSON');
CREATE STREAM bar WITH (timestamp='col1') AS SELECT * FROM foo;
ASSERT STREAM bar (id INT KEY, col1 BIGINT, col2 BIGINT) WITH (kafka_topic='BAR', value_format='JSON', timestamp='col2');

--@test: another wrapping of a single value
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Expected value serde features does not match actual for source BAR
CREATE STREAM foo (id INT KEY, col1 INT) WITH (kafka_topic='foo', value_format='JSON');
CREATE STREAM bar AS SELECT * FROM foo;
ASSERT STREAM bar (id INT KEY, col1 INT) WITH (kafka_topic='BAR', value_format='JSON', wrap_single_value=false);

--@test: what is no SQL
--@expected.error: io.confluent.ksql.parser.exception.ParseFailedException
--@expected.message: Syntax Error
CREATE STREAM foo (id INT KEY WITH (kafka_topic='foo', value_format='JSON');

--@test: a semicolon and two dashes in a text are text
CREATE STREAM foo (id INT KEY, v VARCHAR) WITH (kafka_topic='foo', value_format='JSON');
INSERT INTO foo VALUES (1, 'a; --@test: no
--@events: nor this INTO foo');
ASSERT VALUES foo (v) VALUES ('a; --@test: no
--@events: nor this INTO foo');
