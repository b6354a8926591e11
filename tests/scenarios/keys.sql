-- Keys and the formats of keys (reference: CREATE STREAM; formats).

--@test: a stream needs no key
CREATE STREAM s (v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT v FROM s;
INSERT INTO s VALUES (1);
ASSERT VALUES o (v) VALUES (1);
ASSERT STREAM o (v INT) WITH (kafka_topic='O', key_format='KAFKA');

--@test: a key of several columns, as JSON
CREATE STREAM s (a INT KEY, b VARCHAR KEY, v INT) WITH (kafka_topic='s', format='JSON');
CREATE STREAM o AS SELECT a, b, v FROM s WHERE b = 'x';
INSERT INTO s VALUES (1, 'x', 2);
INSERT INTO s VALUES (1, 'y', 3);
ASSERT VALUES o (a, b, v) VALUES (1, 'x', 2);
ASSERT COUNT 1 IN o;

--@test: a key of several columns, DELIMITED
CREATE STREAM s (a INT KEY, b VARCHAR KEY, v INT) WITH (kafka_topic='s', key_format='DELIMITED', value_format='JSON');
CREATE STREAM o WITH (key_format='JSON') AS SELECT a, b, v FROM s;
INSERT INTO s VALUES (1, 'x,y', 2);
ASSERT VALUES o (a, b, v) VALUES (1, 'x,y', 2);
ASSERT STREAM o (a INT KEY, b VARCHAR KEY, v INT) WITH (kafka_topic='O', key_format='JSON', value_format='JSON');

--@test: the KAFKA format has one column
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: The 'KAFKA' format only supports a single field.
CREATE STREAM s (a INT KEY, b INT KEY, v INT) WITH (kafka_topic='s', key_format='KAFKA', value_format='JSON');

--@test: a key that is a STRUCT
CREATE STREAM s (k STRUCT<host VARCHAR, pid INT> KEY, v INT) WITH (kafka_topic='s', format='JSON');
CREATE STREAM o AS SELECT k, k->host AS host, v FROM s;
INSERT INTO s VALUES (STRUCT(host := 'dc01', pid := 4), 1);
ASSERT VALUES o (k, host, v) VALUES (STRUCT(host := 'dc01', pid := 4), 'dc01', 1);

--@test: a MAP is no key
--@expected.error: io.confluent.ksql.util.KsqlException
CREATE STREAM s (k MAP<VARCHAR, INT> KEY, v INT) WITH (kafka_topic='s', format='JSON');

--@test: a stream has no PRIMARY KEY
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: please use 'KEY' for streams
CREATE STREAM s (k INT PRIMARY KEY, v INT) WITH (kafka_topic='s', value_format='JSON');

--@test: the format of the key changes on the way
CREATE STREAM s (k BIGINT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o WITH (key_format='JSON') AS SELECT * FROM s;
CREATE STREAM o_text (k VARCHAR KEY, v INT) WITH (kafka_topic='O', value_format='JSON');
INSERT INTO s VALUES (17, 1);
ASSERT VALUES o_text (k) VALUES ('17');
ASSERT STREAM o (k BIGINT KEY, v INT) WITH (kafka_topic='O', key_format='JSON');

--@test: records of one key keep their order across partitions
CREATE STREAM s (k VARCHAR KEY, v INT) WITH (kafka_topic='s', value_format='JSON', partitions=3);
CREATE STREAM o AS SELECT * FROM s;
INSERT INTO s VALUES ('a', 1);
INSERT INTO s VALUES ('b', 2);
INSERT INTO s VALUES ('a', 3);
INSERT INTO s VALUES ('c', 4);
ASSERT VALUES o VALUES ('a', 1);
ASSERT VALUES o VALUES ('b', 2);
ASSERT VALUES o VALUES ('a', 3);
ASSERT VALUES o VALUES ('c', 4);
ASSERT TOPIC 'O' WITH (partitions=3);
