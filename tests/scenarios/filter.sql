-- WHERE on a stream (reference: WHERE, pseudo columns; comparison and logic).

--@test: only rows for which the predicate is TRUE go on
CREATE STREAM logins (id INT KEY, user_name VARCHAR, failures INT) WITH (kafka_topic='logins', value_format='JSON');
CREATE STREAM suspects AS SELECT id, user_name, failures FROM logins WHERE failures >= 5;
INSERT INTO logins VALUES (1, 'ann', 4);
INSERT INTO logins VALUES (2, 'bob', 5);
INSERT INTO logins VALUES (3, 'cyd', 50);
ASSERT VALUES suspects (id, user_name, failures) VALUES (2, 'bob', 5);
ASSERT VALUES suspects (id, user_name, failures) VALUES (3, 'cyd', 50);
ASSERT COUNT 2 IN suspects;

--@test: NOT binds tighter than AND, and AND tighter than OR
CREATE STREAM s (id INT KEY, a BOOLEAN, b BOOLEAN, c BOOLEAN) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, a FROM s WHERE a OR b AND NOT c;
INSERT INTO s VALUES (1, true, false, true);
INSERT INTO s VALUES (2, false, true, false);
INSERT INTO s VALUES (3, false, true, true);
INSERT INTO s VALUES (4, false, false, false);
ASSERT VALUES o (id) VALUES (1);
ASSERT VALUES o (id) VALUES (2);
ASSERT COUNT 2 IN o;

--@test: a column of the key can be filtered by
CREATE STREAM s (k VARCHAR KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s WHERE k = 'wanted';
INSERT INTO s VALUES ('other', 1);
INSERT INTO s VALUES ('wanted', 2);
ASSERT VALUES o (k, v) VALUES ('wanted', 2);
ASSERT COUNT 1 IN o;

--@test: a filter has no row for a record whose value is NULL, and a query without one passes it through
CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON', wrap_single_value=false);
CREATE STREAM filtered AS SELECT * FROM s WHERE k > 0;
CREATE STREAM whole AS SELECT * FROM s;
INSERT INTO s VALUES (1, NULL);
INSERT INTO s VALUES (2, 20);
ASSERT NULL VALUES whole (k) KEY (1);
ASSERT VALUES whole (k, v) VALUES (2, 20);
ASSERT VALUES filtered (k, v) VALUES (2, 20);
ASSERT COUNT 1 IN filtered;

--@test: what is no BOOLEAN is no predicate
--@expected.error: io.confluent.ksql.util.KsqlStatementException
--@expected.message: Type error in WHERE expression: Should evaluate to boolean but is
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, v FROM s WHERE v + 1;

--@test: WHERE sees the source's columns and no aliases
--@expected.error: io.confluent.ksql.util.KsqlStatementException
--@expected.message: WHERE column 'W' cannot be resolved.
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, v AS w FROM s WHERE w > 1;

--@test: one stream feeds another
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM over_ten AS SELECT * FROM s WHERE v > 10;
CREATE STREAM even AS SELECT id, v / 2 AS half FROM over_ten WHERE v % 2 = 0;
INSERT INTO s VALUES (1, 8);
INSERT INTO s VALUES (2, 11);
INSERT INTO s VALUES (3, 12);
ASSERT COUNT 2 IN over_ten;
ASSERT VALUES even (id, half) VALUES (3, 6);
ASSERT COUNT 1 IN even;
