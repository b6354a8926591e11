-- NULL in predicates and expressions (reference: comparison and logic; NULL in expressions).

--@test: a comparison with NULL is FALSE, and NOT of it is TRUE
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM same AS SELECT * FROM s WHERE v = 1;
CREATE STREAM other AS SELECT * FROM s WHERE v <> 1;
CREATE STREAM not_same AS SELECT * FROM s WHERE NOT (v = 1);
INSERT INTO s VALUES (1, 1);
INSERT INTO s VALUES (2, 2);
INSERT INTO s VALUES (3, NULL);
ASSERT VALUES same (id) VALUES (1);
ASSERT COUNT 1 IN same;
ASSERT VALUES other (id) VALUES (2);
ASSERT COUNT 1 IN other;
ASSERT VALUES not_same (id) VALUES (2);
ASSERT VALUES not_same (id) VALUES (3);
ASSERT COUNT 2 IN not_same;

--@test: BETWEEN and IN are FALSE for NULL, and their negations TRUE
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM inside AS SELECT * FROM s WHERE v BETWEEN 1 AND 9;
CREATE STREAM outside AS SELECT * FROM s WHERE v NOT BETWEEN 1 AND 9;
CREATE STREAM among AS SELECT * FROM s WHERE v IN (1, 2, NULL);
CREATE STREAM not_among AS SELECT * FROM s WHERE NOT (v IN (1, 2, NULL));
INSERT INTO s VALUES (1, NULL);
ASSERT COUNT 0 IN inside;
ASSERT VALUES outside (id, v) VALUES (1, NULL);
ASSERT COUNT 0 IN among;
ASSERT VALUES not_among (id) VALUES (1);

--@test: IS DISTINCT FROM compares with NULL
CREATE STREAM s (id INT KEY, a INT, b INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, a IS DISTINCT FROM b AS d, a IS NOT DISTINCT FROM b AS n FROM s;
INSERT INTO s VALUES (1, NULL, NULL);
INSERT INTO s VALUES (2, 1, NULL);
INSERT INTO s VALUES (3, 1, 1);
ASSERT VALUES o VALUES (1, false, true);
ASSERT VALUES o VALUES (2, true, false);
ASSERT VALUES o VALUES (3, false, true);

--@test: the literal NULL is not compared with
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Use 'IS NULL' or 'IS NOT NULL' instead.
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s WHERE v = NULL;

--@test: IS NULL and IS NOT NULL look at what is there
CREATE STREAM s (id INT KEY, v VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM missing AS SELECT * FROM s WHERE v IS NULL;
CREATE STREAM present AS SELECT * FROM s WHERE v IS NOT NULL;
INSERT INTO s (id) VALUES (1);
INSERT INTO s VALUES (2, '');
ASSERT VALUES missing (id, v) VALUES (1, NULL);
ASSERT VALUES present (id, v) VALUES (2, '');
ASSERT COUNT 1 IN missing;
ASSERT COUNT 1 IN present;

--@test: arithmetic with a column that is NULL is NULL
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, v + 1 AS plus, -v AS minus FROM s;
INSERT INTO s VALUES (1, NULL);
ASSERT VALUES o VALUES (1, NULL, NULL);

--@test: arithmetic with the literal NULL is refused
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Arithmetic on types INTEGER and null are not supported.
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, 1 + NULL AS w FROM s;

--@test: two bars pass over NULL, a plus sign spells it
CREATE STREAM s (id INT KEY, v VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, 'a' || v || 'b' AS bars, 'a' + v AS plus FROM s;
INSERT INTO s VALUES (1, NULL);
INSERT INTO s VALUES (2, 'x');
ASSERT VALUES o VALUES (1, 'ab', 'anull');
ASSERT VALUES o VALUES (2, 'axb', 'ax');

--@test: COALESCE, IFNULL and NULLIF
CREATE STREAM s (id INT KEY, a INT, b INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, COALESCE(a, b, 0) AS c, IFNULL(a, 9) AS i, NULLIF(b, 2) AS n FROM s;
INSERT INTO s VALUES (1, NULL, 2);
INSERT INTO s VALUES (2, 1, 3);
INSERT INTO s VALUES (3, NULL, NULL);
ASSERT VALUES o VALUES (1, 2, 9, NULL);
ASSERT VALUES o VALUES (2, 1, 1, 3);
ASSERT VALUES o VALUES (3, 0, 9, NULL);
