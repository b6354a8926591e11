-- Records that are not what was declared (reference: formats, errors; processing log).

--@test: what is no JSON is set aside, and the query goes on
CREATE STREAM s (id INT, v VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, v FROM s;
--@events: events/broken.ndjson INTO s
ASSERT VALUES o VALUES (1, 'good');
ASSERT VALUES o VALUES (5, 'good again');
ASSERT COUNT 2 IN o;

--@test: what is set aside is in the processing log
CREATE STREAM s (id INT, v VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, v FROM s;
CREATE STREAM problems AS SELECT message->type AS type, message->deserializationError->target AS target, message->deserializationError->`topic` AS topic_name FROM KSQL_PROCESSING_LOG;
--@events: events/broken.ndjson INTO s
ASSERT COUNT 3 IN problems;
ASSERT VALUES problems (type, target, topic_name) VALUES (0, 'value', 's');

--@test: one bad field is the whole record's end
CREATE STREAM s (id INT, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, v FROM s;
--@events: events/mistyped.ndjson INTO s
ASSERT VALUES o VALUES (2, 20);
ASSERT COUNT 1 IN o;

--@test: an expression that fails is one column's NULL
CREATE STREAM s (id INT KEY, v INT, t VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, 10 / v AS q, CAST(t AS INT) AS n, v FROM s;
INSERT INTO s VALUES (1, 0, 'none');
ASSERT VALUES o VALUES (1, NULL, NULL, 0);

--@test: events packed with gzip are the same events
CREATE STREAM s (id INT, v VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, v FROM s;
--@events: events/broken.ndjson.gz INTO s
ASSERT VALUES o VALUES (1, 'good');
ASSERT COUNT 5 IN s;
ASSERT COUNT 2 IN o;
