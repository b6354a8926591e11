-- HEADERS and HEADER('key') (reference: CREATE STREAM; INSERT … VALUES).

--@test: a record without headers has an empty list of them, and NULL for each key
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM listed (v INT, h ARRAY<STRUCT<key VARCHAR, value BYTES>> HEADERS) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM one (v INT, t BYTES HEADER('trace')) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM counts AS SELECT v, ARRAY_LENGTH(h) AS n FROM listed;
CREATE STREAM traces AS SELECT v, t FROM one;
INSERT INTO s VALUES (1, 2);
ASSERT VALUES counts (v, n) VALUES (2, 0);
ASSERT VALUES traces (v, t) VALUES (2, NULL);

--@test: where a row came from, in headers that the next stream can read
SET 'weir.sink.origin.headers'='true';
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s;
CREATE STREAM traced (id INT KEY, v INT, origin_topic BYTES HEADER('weir.origin.topic'), place BYTES HEADER('weir.origin.offset')) WITH (kafka_topic='O', value_format='JSON');
CREATE STREAM shown AS SELECT id, v, FROM_BYTES(origin_topic, 'utf8') AS origin, FROM_BYTES(place, 'utf8') AS origin_offset FROM traced;
INSERT INTO s VALUES (1, 10);
INSERT INTO s VALUES (2, 20);
ASSERT VALUES shown (id, v, origin, origin_offset) VALUES (1, 10, 's', '0');
ASSERT VALUES shown (id, v, origin, origin_offset) VALUES (2, 20, 's', '1');

--@test: nothing is inserted into a header
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Cannot insert into HEADER columns: T
CREATE STREAM s (v INT, t BYTES HEADER('trace')) WITH (kafka_topic='s', value_format='JSON');
INSERT INTO s (v, t) VALUES (1, 'IQ==');

--@test: a stream with headers needs a list of columns
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Cannot insert into HEADER columns: T
CREATE STREAM s (v INT, t BYTES HEADER('trace')) WITH (kafka_topic='s', value_format='JSON');
INSERT INTO s VALUES (1, 'IQ==');

--@test: HEADERS is a list of keys and values
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Invalid type for HEADERS column
CREATE STREAM s (v INT, h ARRAY<VARCHAR> HEADERS) WITH (kafka_topic='s', value_format='JSON');

--@test: a stream has one HEADERS
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Schema already contains a HEADERS column.
CREATE STREAM s (v INT, h ARRAY<STRUCT<key VARCHAR, value BYTES>> HEADERS, t BYTES HEADER('trace')) WITH (kafka_topic='s', value_format='JSON');
