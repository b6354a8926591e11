-- The TIMESTAMP property (reference: timestamps).

--@test: a column dates the rows of a stream
CREATE STREAM s (id INT KEY, ts BIGINT) WITH (kafka_topic='s', value_format='JSON', timestamp='ts');
CREATE STREAM o AS SELECT id, ts, ROWTIME AS t FROM s;
INSERT INTO s (id, ts, rowtime) VALUES (1, 5000, 1);
ASSERT VALUES o (id, ts, t, rowtime) VALUES (1, 5000, 5000, 5000);

--@test: a TIMESTAMP column does too
CREATE STREAM s (id INT KEY, ts TIMESTAMP) WITH (kafka_topic='s', value_format='JSON', timestamp='ts');
CREATE STREAM o AS SELECT id, ts FROM s;
INSERT INTO s VALUES (1, '2025-03-10T09:00:00');
ASSERT VALUES o (id, ts, rowtime) VALUES (1, '2025-03-10T09:00:00', 1741597200000);

--@test: a row without a time is no row
CREATE STREAM s (id INT KEY, ts BIGINT) WITH (kafka_topic='s', value_format='JSON', timestamp='ts');
CREATE STREAM o AS SELECT * FROM s;
INSERT INTO s VALUES (1, NULL);
INSERT INTO s VALUES (2, -1);
INSERT INTO s VALUES (3, 3000);
ASSERT VALUES o (id, ts, rowtime) VALUES (3, 3000, 3000);
ASSERT COUNT 1 IN o;

--@test: a result is dated by a column of its own
CREATE STREAM s (id INT KEY, ts BIGINT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o WITH (timestamp='ts') AS SELECT * FROM s;
INSERT INTO s (id, ts, rowtime) VALUES (1, 7000, 1);
ASSERT VALUES o (id, ts, rowtime) VALUES (1, 7000, 7000);
ASSERT STREAM o (id INT KEY, ts BIGINT) WITH (timestamp='ts');

--@test: a result keeps its source's time, and not its setting
CREATE STREAM s (id INT KEY, ts BIGINT) WITH (kafka_topic='s', value_format='JSON', timestamp='ts');
CREATE STREAM o AS SELECT id, ts + 1 AS ts FROM s;
INSERT INTO s (id, ts, rowtime) VALUES (1, 7000, 1);
ASSERT VALUES o (id, ts, rowtime) VALUES (1, 7001, 7000);

--@test: the column must be there
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: The TIMESTAMP column set in the WITH clause does not exist in the schema: 'NOPE'
CREATE STREAM s (id INT KEY, ts BIGINT) WITH (kafka_topic='s', value_format='JSON', timestamp='nope');

--@test: the column must hold a time
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified
CREATE STREAM s (id INT KEY, ts DOUBLE) WITH (kafka_topic='s', value_format='JSON', timestamp='ts');
