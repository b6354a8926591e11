-- ROWTIME, ROWPARTITION and ROWOFFSET (reference: WHERE, pseudo columns; projection rules).

--@test: every record has a time, a partition and an offset
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, ROWTIME AS t, ROWPARTITION AS p, ROWOFFSET AS n FROM s;
INSERT INTO s (id, v, rowtime) VALUES (1, 1, 1000);
INSERT INTO s (id, v, rowtime) VALUES (2, 2, 500);
ASSERT VALUES o (id, t, p, n, rowtime) VALUES (1, 1000, 0, 0, 1000);
ASSERT VALUES o (id, t, p, n, rowtime) VALUES (2, 500, 0, 1, 500);

--@test: without a ROWTIME it is the clock's, which stands still in a test
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
INSERT INTO s VALUES (1, 1);
ASSERT VALUES s (id, rowtime) VALUES (1, 1577836800000);

--@test: a text that ROWTIME is compared with is a time
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s WHERE ROWTIME >= '2025-03-10T09:00:00' AND ROWTIME < '2025-03-11';
INSERT INTO s (id, v, rowtime) VALUES (1, 1, 1741597199999);
INSERT INTO s (id, v, rowtime) VALUES (2, 2, 1741597200000);
INSERT INTO s (id, v, rowtime) VALUES (3, 3, 1741651200000);
ASSERT VALUES o (id) VALUES (2);
ASSERT COUNT 1 IN o;

--@test: a pseudo column needs an alias in a result
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Reserved column name in select: `ROWTIME`. Please remove or alias the column.
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, ROWTIME, v FROM s;

--@test: a stream declares no column of such a name
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: 'ROWOFFSET' is a reserved column name.
CREATE STREAM s (id INT KEY, rowoffset BIGINT) WITH (kafka_topic='s', value_format='JSON');

--@test: the offset is not inserted
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Inserting into column `ROWOFFSET` is not allowed.
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
INSERT INTO s (id, v, rowoffset) VALUES (1, 1, 7);
