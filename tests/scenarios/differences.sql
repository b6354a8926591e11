-- Where Weir differs from ksqlDB on purpose, each row of docs/differences.md.

--@test: LIKE with NULL is FALSE, its negation TRUE, and the rest of the predicate counts
CREATE STREAM s (id INT KEY, image VARCHAR, parent VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s WHERE image LIKE '%cmd.exe' AND NOT (parent LIKE '%explorer.exe');
CREATE STREAM either AS SELECT * FROM s WHERE parent LIKE '%explorer.exe' OR image LIKE '%cmd.exe';
INSERT INTO s VALUES (1, 'cmd.exe', NULL);
INSERT INTO s VALUES (2, 'cmd.exe', 'explorer.exe');
INSERT INTO s VALUES (3, NULL, NULL);
ASSERT VALUES o (id) VALUES (1);
ASSERT COUNT 1 IN o;
ASSERT VALUES either (id) VALUES (1);
ASSERT VALUES either (id) VALUES (2);
ASSERT COUNT 2 IN either;

--@test: a wildcard matches a line break
CREATE STREAM s (id INT KEY, command VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s WHERE command LIKE 'powershell%-enc%';
CREATE STREAM one AS SELECT * FROM s WHERE command LIKE 'a_b';
INSERT INTO s VALUES (1, 'powershell
 -enc AAAA');
INSERT INTO s VALUES (2, 'a
b');
ASSERT VALUES o (id) VALUES (1);
ASSERT VALUES one (id) VALUES (2);

--@test: a bad field that a query does not name is not looked at
CREATE STREAM s (id INT, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM ids AS SELECT id FROM s;
CREATE STREAM whole AS SELECT * FROM s;
--@events: events/mistyped.ndjson INTO s
ASSERT VALUES ids (id) VALUES (1);
ASSERT VALUES ids (id) VALUES (2);
ASSERT VALUES whole (id, v) VALUES (2, 20);
ASSERT COUNT 2 IN ids;
ASSERT COUNT 1 IN whole;

--@test: an operand that fails makes its comparison FALSE, and no more
CREATE STREAM s (id INT KEY, v INT, t VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s WHERE 10 / v > 1 OR CAST(t AS INT) = 7 OR t = 'alert';
INSERT INTO s VALUES (1, 0, 'alert');
INSERT INTO s VALUES (2, 0, 'x');
INSERT INTO s VALUES (3, 0, '7');
ASSERT VALUES o (id) VALUES (1);
ASSERT VALUES o (id) VALUES (3);
ASSERT COUNT 2 IN o;
