-- OR REPLACE and ALTER (reference: OR REPLACE, ALTER).

--@test: a filter changes, and the query goes on where it was
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s WHERE v > 10;
INSERT INTO s VALUES (1, 11);
INSERT INTO s VALUES (2, 5);
CREATE OR REPLACE STREAM o AS SELECT * FROM s WHERE v < 10;
INSERT INTO s VALUES (3, 6);
INSERT INTO s VALUES (4, 12);
ASSERT VALUES o VALUES (1, 11);
ASSERT VALUES o VALUES (3, 6);
ASSERT COUNT 2 IN o;

--@test: a query gains a column at the end
CREATE STREAM s (id INT KEY, a INT, b INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, a FROM s;
INSERT INTO s VALUES (1, 1, 10);
CREATE OR REPLACE STREAM o AS SELECT id, a, b FROM s;
INSERT INTO s VALUES (2, 2, 20);
ASSERT VALUES o (id, a, b) VALUES (1, 1, NULL);
ASSERT VALUES o (id, a, b) VALUES (2, 2, 20);
ASSERT STREAM o (id INT KEY, a INT, b INT) WITH (kafka_topic='O');

--@test: a query loses no column
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: The following columns are changed, missing or reordered
CREATE STREAM s (id INT KEY, a INT, b INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, a, b FROM s;
CREATE OR REPLACE STREAM o AS SELECT id, a FROM s;

--@test: ALTER adds a column; a query that runs keeps the columns that it has
CREATE STREAM s (id INT KEY, a INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM before AS SELECT * FROM s;
ALTER STREAM s ADD COLUMN b VARCHAR;
CREATE STREAM after AS SELECT * FROM s;
INSERT INTO s VALUES (1, 2, 'new');
ASSERT STREAM before (id INT KEY, a INT) WITH (kafka_topic='BEFORE');
ASSERT VALUES before VALUES (1, 2);
ASSERT VALUES after (id, a, b) VALUES (1, 2, 'new');

--@test: what a query made is not altered
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: ALTER command is not supported for CREATE ... AS statements.
CREATE STREAM s (id INT KEY, a INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s;
ALTER STREAM o ADD COLUMN b VARCHAR;

--@test: ALTER adds no column that is there
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: A column with the same name already exists.
CREATE STREAM s (id INT KEY, a INT) WITH (kafka_topic='s', value_format='JSON');
ALTER STREAM s ADD COLUMN a INT;

--@test: IF NOT EXISTS leaves alone what is there
CREATE STREAM s (id INT KEY, a INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM IF NOT EXISTS s (id INT KEY, b VARCHAR) WITH (kafka_topic='s', value_format='JSON');
ASSERT STREAM s (id INT KEY, a INT) WITH (kafka_topic='s');

--@test: a name is given once
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: A stream with the same name already exists
CREATE STREAM s (id INT KEY, a INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM s (id INT KEY, b INT) WITH (kafka_topic='s', value_format='JSON');
