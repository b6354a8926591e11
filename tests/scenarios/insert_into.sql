-- INSERT INTO … SELECT and INSERT … VALUES (reference: sections of these names).

--@test: several queries write to one stream, one after the other
CREATE STREAM auth (id INT KEY, severity VARCHAR) WITH (kafka_topic='auth', value_format='JSON');
CREATE STREAM alerts (id INT KEY, severity VARCHAR, origin VARCHAR) WITH (kafka_topic='alerts', value_format='JSON');
INSERT INTO alerts SELECT id, severity, 'by severity' AS origin FROM auth WHERE severity = 'high';
INSERT INTO alerts SELECT id, severity, 'by number' AS origin FROM auth WHERE id > 1;
INSERT INTO auth VALUES (1, 'high');
INSERT INTO auth VALUES (2, 'high');
INSERT INTO auth VALUES (3, 'low');
ASSERT VALUES alerts VALUES (1, 'high', 'by severity');
ASSERT VALUES alerts VALUES (2, 'high', 'by severity');
ASSERT VALUES alerts VALUES (2, 'high', 'by number');
ASSERT VALUES alerts VALUES (3, 'low', 'by number');
ASSERT COUNT 4 IN alerts;

--@test: streams of different topics come together in one
CREATE STREAM network (id INT KEY, src VARCHAR) WITH (kafka_topic='network', value_format='JSON');
CREATE STREAM endpoint (id INT KEY, host VARCHAR) WITH (kafka_topic='endpoint', value_format='JSON');
CREATE STREAM siem (id INT KEY, entity VARCHAR) WITH (kafka_topic='siem', value_format='JSON');
INSERT INTO siem SELECT id, src AS entity FROM network;
INSERT INTO siem SELECT id, host AS entity FROM endpoint;
INSERT INTO endpoint VALUES (1, 'pc17');
INSERT INTO network VALUES (2, '10.0.0.8');
ASSERT VALUES siem VALUES (1, 'pc17');
ASSERT VALUES siem VALUES (2, '10.0.0.8');

--@test: names, types and order must be those of the target
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Incompatible schema between results and sink.
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM t (id INT KEY, v BIGINT) WITH (kafka_topic='t', value_format='JSON');
INSERT INTO t SELECT id, v FROM s;

--@test: a query can be given its id
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM t (id INT KEY, v INT) WITH (kafka_topic='t', value_format='JSON');
INSERT INTO t WITH (query_id='my_route') SELECT * FROM s;
INSERT INTO s VALUES (1, 1);
TERMINATE my_route;
INSERT INTO s VALUES (2, 2);
ASSERT VALUES t VALUES (1, 1);
ASSERT COUNT 1 IN t;

--@test: the prefixes of the engine's own ids are not for others
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Query IDs must not start with a reserved query ID prefix
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM t (id INT KEY, v INT) WITH (kafka_topic='t', value_format='JSON');
INSERT INTO t WITH (query_id='csas_t_1') SELECT * FROM s;

--@test: values that are not given are NULL
CREATE STREAM s (id INT KEY, a INT, b VARCHAR, c ARRAY<INT>) WITH (kafka_topic='s', value_format='JSON');
INSERT INTO s (b) VALUES ('only b');
ASSERT VALUES s (id, a, b, c) VALUES (NULL, NULL, 'only b', NULL);

--@test: values may be expressions, and numbers widen to what the column is
CREATE STREAM s (id INT KEY, a BIGINT, b DOUBLE, c DECIMAL(6, 2), d VARCHAR) WITH (kafka_topic='s', value_format='JSON');
INSERT INTO s VALUES (1 + 1, 2, 3, 4, CONCAT('x', 'y'));
ASSERT VALUES s VALUES (2, 2, 3.0, 4.00, 'xy');

--@test: as many values as columns
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Expected a value for each column.
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
INSERT INTO s VALUES (1);

--@test: a column that there is not
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Column name `NOPE` does not exist.
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
INSERT INTO s (id, nope) VALUES (1, 2);

--@test: nothing is inserted into a stream that is read-only
--@expected.error: io.confluent.ksql.util.KsqlException
CREATE SOURCE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
INSERT INTO s VALUES (1, 2);
