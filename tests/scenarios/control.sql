-- PAUSE, RESUME, TERMINATE and DROP (reference: sections of these names).

--@test: a paused query reads nothing, and goes on where it was
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM t (id INT KEY, v INT) WITH (kafka_topic='t', value_format='JSON');
INSERT INTO t WITH (query_id='route') SELECT * FROM s;
INSERT INTO s VALUES (1, 1);
PAUSE route;
INSERT INTO s VALUES (2, 2);
ASSERT COUNT 1 IN t;
RESUME route;
INSERT INTO s VALUES (3, 3);
ASSERT VALUES t VALUES (1, 1);
ASSERT VALUES t VALUES (2, 2);
ASSERT VALUES t VALUES (3, 3);
ASSERT COUNT 3 IN t;

--@test: all queries are paused and resumed at once
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM a AS SELECT * FROM s;
CREATE STREAM b AS SELECT * FROM s;
PAUSE ALL;
INSERT INTO s VALUES (1, 1);
ASSERT COUNT 0 IN a;
ASSERT COUNT 0 IN b;
RESUME ALL;
ASSERT COUNT 1 IN a;
ASSERT COUNT 1 IN b;

--@test: a terminated query leaves its stream and its topic
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s;
INSERT INTO s VALUES (1, 1);
TERMINATE ALL;
INSERT INTO s VALUES (2, 2);
ASSERT VALUES o VALUES (1, 1);
ASSERT COUNT 1 IN o;
ASSERT TOPIC 'O';

--@test: a query that there is not
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Unknown queryId: NOBODY
PAUSE nobody;

--@test: a query that there is not cannot be terminated
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Failed to terminate query with query ID: 'NOBODY'
TERMINATE nobody;

--@test: DROP ends the query that made the stream, and leaves its topic
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s;
INSERT INTO s VALUES (1, 1);
DROP STREAM o;
INSERT INTO s VALUES (2, 2);
CREATE STREAM o_again (id INT KEY, v INT) WITH (kafka_topic='O', value_format='JSON');
ASSERT VALUES o_again VALUES (1, 1);
ASSERT COUNT 1 IN o_again;

--@test: DELETE TOPIC takes the topic too
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s;
DROP STREAM o DELETE TOPIC;
ASSERT NOT EXISTS TOPIC 'O';
ASSERT TOPIC s;

--@test: what was dropped begins anew when it is made again
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s WHERE v > 1;
INSERT INTO s VALUES (1, 2);
ASSERT VALUES o VALUES (1, 2);
DROP STREAM o DELETE TOPIC;
CREATE STREAM o AS SELECT * FROM s WHERE v > 0;
INSERT INTO s VALUES (2, 1);
ASSERT VALUES o VALUES (1, 2);
ASSERT VALUES o VALUES (2, 1);

--@test: a stream that others read is not dropped
--@expected.error: io.confluent.ksql.util.KsqlStatementException
--@expected.message: The following streams and/or tables read from this source: [O].
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s;
DROP STREAM s;

--@test: a stream that a query writes to is not dropped
--@expected.error: io.confluent.ksql.util.KsqlStatementException
--@expected.message: You need to terminate them before dropping T.
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM t (id INT KEY, v INT) WITH (kafka_topic='t', value_format='JSON');
INSERT INTO t SELECT * FROM s;
DROP STREAM t;

--@test: a stream that there is not
--@expected.error: io.confluent.ksql.util.KsqlStatementException
--@expected.message: Stream NOPE does not exist.
DROP STREAM nope;

--@test: IF EXISTS drops what there is
DROP STREAM IF EXISTS nope;
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
DROP STREAM IF EXISTS s;
CREATE STREAM s (id INT KEY, w VARCHAR) WITH (kafka_topic='s', value_format='JSON');
ASSERT STREAM s (id INT KEY, w VARCHAR) WITH (kafka_topic='s');
