-- Variables, SET and UNSET, RUN SCRIPT, types (reference: variables; SET; DROP, TYPE; test tools).

--@test: variables stand for names, values and parts of texts
DEFINE topic = 'events';
DEFINE stream_name = 'o';
DEFINE least = '5';
CREATE STREAM s (id INT KEY, v INT, t VARCHAR) WITH (kafka_topic='${topic}', value_format='JSON');
CREATE STREAM ${stream_name} AS SELECT id, t || '-${topic}' AS t FROM s WHERE v > ${least};
INSERT INTO s VALUES (1, 5, 'a');
INSERT INTO s VALUES (2, 6, 'b');
ASSERT VALUES o (id, t) VALUES (2, 'b-events');
ASSERT COUNT 1 IN o;

--@test: a variable that is not defined stays as it is written
CREATE STREAM s (id INT KEY, t VARCHAR) WITH (kafka_topic='s', value_format='JSON');
INSERT INTO s VALUES (1, '${nobody}');
ASSERT VALUES s (t) VALUES ('${nobody}');

--@test: what was undefined is unknown again
DEFINE x = 'known';
UNDEFINE x;
CREATE STREAM s (id INT KEY, t VARCHAR) WITH (kafka_topic='s', value_format='JSON');
INSERT INTO s VALUES (1, '${x}');
ASSERT VALUES s (t) VALUES ('${x}');

--@test: a variable cannot bring in SQL
--@expected.error: io.confluent.ksql.util.KsqlException
DEFINE condition = 'v > 1 OR true';
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s WHERE ${condition};

--@test: a query that starts at the latest record has none of those before
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
INSERT INTO s VALUES (1, 1);
SET 'auto.offset.reset'='latest';
CREATE STREAM late AS SELECT * FROM s;
UNSET 'auto.offset.reset';
CREATE STREAM early AS SELECT * FROM s;
INSERT INTO s VALUES (2, 2);
ASSERT VALUES late VALUES (2, 2);
ASSERT COUNT 1 IN late;
ASSERT VALUES early VALUES (1, 1);
ASSERT VALUES early VALUES (2, 2);

--@test: a property that there is not
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Unknown property: no.such.property
SET 'no.such.property'='1';

--@test: a script of another file runs in its place
RUN SCRIPT 'scripts/doubled.ksql';
INSERT INTO numbers VALUES (1, 21);
ASSERT VALUES doubled VALUES (1, 42);

--@test: a type of one's own is what it stands for
CREATE TYPE endpoint AS STRUCT<host VARCHAR, port INT>;
CREATE STREAM s (id INT KEY, src endpoint, dst endpoint) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, src->host AS h, dst->port AS p FROM s;
INSERT INTO s VALUES (1, STRUCT(host := 'a', port := 1), STRUCT(host := 'b', port := 2));
DROP TYPE endpoint;
INSERT INTO s VALUES (2, STRUCT(host := 'c', port := 3), STRUCT(host := 'd', port := 4));
ASSERT VALUES o VALUES (1, 'a', 2);
ASSERT VALUES o VALUES (2, 'c', 4);
ASSERT STREAM s (id INT KEY, src STRUCT<host VARCHAR, port INT>, dst STRUCT<host VARCHAR, port INT>) WITH (kafka_topic='s');

--@test: a type that there is not
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Cannot resolve unknown type: ENDPOINT
CREATE STREAM s (id INT KEY, src endpoint) WITH (kafka_topic='s', value_format='JSON');
