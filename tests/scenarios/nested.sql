-- STRUCT, ARRAY and MAP (reference: access; types).

--@test: members of a STRUCT are reached at any depth, and what is missing is NULL
CREATE STREAM s (id INT KEY, winlog STRUCT<event_data STRUCT<image VARCHAR, user_name VARCHAR>>) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, winlog->event_data->image AS image FROM s;
INSERT INTO s VALUES (1, STRUCT(event_data := STRUCT(image := 'a.exe', user_name := 'ann')));
INSERT INTO s VALUES (2, STRUCT(event_data := STRUCT(user_name := 'bob')));
INSERT INTO s (id) VALUES (3);
ASSERT VALUES o VALUES (1, 'a.exe');
ASSERT VALUES o VALUES (2, NULL);
ASSERT VALUES o VALUES (3, NULL);

--@test: a member that was not declared is refused
--@expected.error: io.confluent.ksql.util.KsqlException
CREATE STREAM s (id INT KEY, w STRUCT<a INT>) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, w->b AS b FROM s;

--@test: arrays are counted from 1, and from the end below 0
CREATE STREAM s (id INT KEY, v ARRAY<INT>) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, v[1] AS first, v[-1] AS last, v[0] AS zeroth, v[9] AS ninth FROM s;
INSERT INTO s VALUES (1, ARRAY[10, 20, 30]);
INSERT INTO s VALUES (2, NULL);
ASSERT VALUES o VALUES (1, 10, 30, NULL, NULL);
ASSERT VALUES o VALUES (2, NULL, NULL, NULL, NULL);

--@test: a key that is not in a MAP gives NULL
CREATE STREAM s (id INT KEY, m MAP<VARCHAR, VARCHAR>) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, m['Threat Name'] AS threat, m['none'] AS none FROM s;
INSERT INTO s VALUES (1, MAP('Threat Name' := 'Mimikatz'));
INSERT INTO s VALUES (2, NULL);
ASSERT VALUES o VALUES (1, 'Mimikatz', NULL);
ASSERT VALUES o VALUES (2, NULL, NULL);

--@test: constructors build what is asserted whole
CREATE STREAM s (id INT KEY, a INT, b VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, ARRAY[a, a + 1] AS items, MAP('k' := a) AS entries, STRUCT(x := a, y := b) AS both FROM s;
INSERT INTO s VALUES (1, 5, 'five');
ASSERT VALUES o (id, items, entries, both) VALUES (1, ARRAY[5, 6], MAP('k' := 5), STRUCT(x := 5, y := 'five'));

--@test: a STRUCT in an ARRAY
CREATE STREAM s (id INT KEY, hits ARRAY<STRUCT<host VARCHAR, score INT>>) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, hits[1]->host AS host, hits[1]->score > 50 AS is_high FROM s;
INSERT INTO s VALUES (1, ARRAY[STRUCT(host := 'dc01', score := 90)]);
ASSERT VALUES o VALUES (1, 'dc01', true);

--@test: ARRAY_CONTAINS and ARRAY_LENGTH
CREATE STREAM s (id INT KEY, keywords ARRAY<VARCHAR>) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, ARRAY_LENGTH(keywords) AS n FROM s WHERE ARRAY_CONTAINS(keywords, 'Audit Failure');
INSERT INTO s VALUES (1, ARRAY['Audit Success']);
INSERT INTO s VALUES (2, ARRAY['Audit Failure', 'x']);
ASSERT VALUES o VALUES (2, 2);
ASSERT COUNT 1 IN o;
