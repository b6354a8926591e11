-- CASE, CAST, BETWEEN, IN and arithmetic (reference: numeric result types; comparison and logic; coercion; CAST).

--@test: CASE takes the first branch that is TRUE, and NULL without an ELSE
CREATE STREAM s (id INT KEY, level INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id,
    CASE WHEN level >= 4 THEN 'critical' WHEN level >= 2 THEN 'warning' ELSE 'info' END AS severity,
    CASE WHEN level >= 4 THEN 'page' END AS action
  FROM s;
INSERT INTO s VALUES (1, 5);
INSERT INTO s VALUES (2, 3);
INSERT INTO s VALUES (3, NULL);
ASSERT VALUES o VALUES (1, 'critical', 'page');
ASSERT VALUES o VALUES (2, 'warning', NULL);
ASSERT VALUES o VALUES (3, 'info', NULL);

--@test: a branch that is not taken is not evaluated
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, CASE WHEN v = 0 THEN 0 ELSE 100 / v END AS q FROM s;
INSERT INTO s VALUES (1, 0);
INSERT INTO s VALUES (2, 7);
ASSERT VALUES o VALUES (1, 0);
ASSERT VALUES o VALUES (2, 14);

--@test: the branches of a CASE have one type
--@expected.error: io.confluent.ksql.util.KsqlException
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, CASE WHEN v = 0 THEN 'none' ELSE v END AS q FROM s;

--@test: CAST to numbers cuts, wraps and saturates
CREATE STREAM s (id INT KEY, d DOUBLE, b BIGINT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, CAST(d AS INT) AS i, CAST(d AS BIGINT) AS l, CAST(b AS INT) AS wrapped FROM s;
INSERT INTO s VALUES (1, 3.9E0, 4294967297);
INSERT INTO s VALUES (2, -3.9E0, 5);
INSERT INTO s VALUES (3, 1E30, 0);
ASSERT VALUES o VALUES (1, 3, 3, 1);
ASSERT VALUES o VALUES (2, -3, -3, 5);
ASSERT VALUES o VALUES (3, 2147483647, 9223372036854775807, 0);

--@test: CAST of text that does not fit is NULL, and of BOOLEAN text FALSE
CREATE STREAM s (id INT KEY, v VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, CAST(v AS INT) AS i, CAST(v AS BOOLEAN) AS b FROM s;
INSERT INTO s VALUES (1, ' 42 ');
INSERT INTO s VALUES (2, '0x2a');
INSERT INTO s VALUES (3, 'tr');
ASSERT VALUES o VALUES (1, 42, false);
ASSERT VALUES o VALUES (2, NULL, false);
ASSERT VALUES o VALUES (3, NULL, true);

--@test: CAST to DECIMAL rounds half up, and to text keeps the zeros
CREATE STREAM s (id INT KEY, v DECIMAL(6, 3)) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, CAST(v AS DECIMAL(5, 1)) AS r, CAST(v AS VARCHAR) AS t FROM s;
INSERT INTO s VALUES (1, 1.250);
INSERT INTO s VALUES (2, -1.250);
ASSERT VALUES o VALUES (1, 1.3, '1.250');
ASSERT VALUES o VALUES (2, -1.3, '-1.250');

--@test: doubles are spelled as Java spells them
CREATE STREAM s (id INT KEY, v DOUBLE) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, CAST(v AS VARCHAR) AS t FROM s;
INSERT INTO s VALUES (1, 1);
INSERT INTO s VALUES (2, 1E10);
ASSERT VALUES o VALUES (1, '1.0');
ASSERT VALUES o VALUES (2, '1.0E10');

--@test: BETWEEN counts both of its ends
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s WHERE v BETWEEN 4624 AND 4634;
INSERT INTO s VALUES (1, 4623);
INSERT INTO s VALUES (2, 4624);
INSERT INTO s VALUES (3, 4634);
INSERT INTO s VALUES (4, 4635);
ASSERT VALUES o (id) VALUES (2);
ASSERT VALUES o (id) VALUES (3);
ASSERT COUNT 2 IN o;

--@test: the texts in an IN become the numbers that they spell
CREATE STREAM s (id INT KEY, code INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s WHERE code IN (1102, '104');
INSERT INTO s VALUES (1, 104);
INSERT INTO s VALUES (2, 1102);
INSERT INTO s VALUES (3, 4);
ASSERT VALUES o (id) VALUES (1);
ASSERT VALUES o (id) VALUES (2);
ASSERT COUNT 2 IN o;

--@test: a text in an IN that spells no number is refused
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: invalid input syntax for type INTEGER: "x".
CREATE STREAM s (id INT KEY, code INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s WHERE code IN (1, 'x');

--@test: whole numbers are divided without a rest, wrap around, and give NULL by zero
CREATE STREAM s (id INT KEY, a INT, b INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, a / b AS q, a % b AS r, a + b AS p FROM s;
INSERT INTO s VALUES (1, -7, 2);
INSERT INTO s VALUES (2, 1, 0);
INSERT INTO s VALUES (3, 2147483647, 1);
ASSERT VALUES o VALUES (1, -3, -1, -5);
ASSERT VALUES o VALUES (2, NULL, NULL, 1);
ASSERT VALUES o VALUES (3, 2147483647, 0, -2147483648);

--@test: a quotient of decimals that has no end is NULL
CREATE STREAM s (id INT KEY, v DECIMAL(4, 2)) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, v / 3 AS third, v * 2 AS twice FROM s;
INSERT INTO s VALUES (1, 1.00);
INSERT INTO s VALUES (2, 3.00);
ASSERT VALUES o (id, third, twice) VALUES (1, NULL, 2.00);
ASSERT VALUES o (id, third, twice) VALUES (2, 1, 6.00);

--@test: what cannot be compared is refused
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Cannot compare
CREATE STREAM s (id INT KEY, v INT, w VARCHAR) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT * FROM s WHERE v = w;

--@test: a function that there is not is refused with its name
--@expected.error: io.confluent.ksql.util.KsqlException
--@expected.message: Can't find any functions with the name 'NO_SUCH'
CREATE STREAM s (id INT KEY, v INT) WITH (kafka_topic='s', value_format='JSON');
CREATE STREAM o AS SELECT id, NO_SUCH(v) AS w FROM s;
